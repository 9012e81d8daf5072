//! `crypto isakmp profile` (G-032).
use super::grammar::{Args, Command, Fault};
use super::interface::address_or_interface;
use super::isakmp::no_vrf;
use super::model::*;
use super::state::{Mode, State, add, enter};

type Run = Result<(), Fault>;

/// Global commands.
pub(super) const COMMANDS: &[Command<State>] = &[Command {
    patterns: &["crypto isakmp profile <word>"],
    run: profile,
}];

/// The sub-mode.
pub(super) const PROFILE: &[Command<IsakmpProfile>] = &[
    Command {
        patterns: MATCH_IDENTITY,
        run: match_identity,
    },
    Command {
        patterns: &["match certificate <word>"],
        run: match_certificate,
    },
    Command {
        patterns: &[
            "self-identity {address|fqdn}",
            "self-identity {user-fqdn} <word>",
        ],
        run: self_identity,
    },
    Command {
        patterns: &["ca trust-point <word>"],
        run: trustpoint,
    },
    Command {
        patterns: &["keyring <word>"],
        run: keyring,
    },
    Command {
        patterns: &["local-address <address>", "local-address <if>"],
        run: local_address,
    },
    Command {
        patterns: &["vrf <word>"],
        run: vrf,
    },
    Command {
        patterns: &["keepalive <10-3600> retry <2-60>"],
        run: keepalive,
    },
    Command {
        patterns: &["initiate mode aggressive"],
        run: initiate,
    },
    Command {
        patterns: &["description <line>"],
        run: description,
    },
];

const MATCH_IDENTITY: &[&str] = &[
    "match identity {address} <ip>",
    "match identity {address} <ip> <mask>",
    "match identity {address} {ipv6} <prefix>",
    "match identity {host} <word>",
    "match identity {host} {domain} <word>",
    "match identity {user} <word>",
    "match identity {user} {domain} <word>",
    "match identity {group} <word>",
];

fn profile(state: &mut State, args: &Args) -> Run {
    let name = args.text(0);
    let profiles = &mut state.config.isakmp_profiles;
    if !args.sets() {
        profiles.retain(|profile| profile.name != name);
        return Ok(());
    }
    let new = || IsakmpProfile {
        name: name.clone(),
        ..IsakmpProfile::default()
    };
    state.mode = Mode::Profile(enter(profiles, |profile| profile.name == name, new));
    Ok(())
}

fn match_identity(profile: &mut IsakmpProfile, args: &Args) -> Run {
    let Some(item) = identity(args) else {
        profile.match_identity.clear();
        return Ok(());
    };
    put(&mut profile.match_identity, item, args);
    Ok(())
}

fn identity(args: &Args) -> Option<MatchIdentity> {
    let last = args.values.last()?.clone();
    Some(match (args.get(0)?, args.get(1)?, args.get(2)) {
        ("address", "ipv6", Some(_)) => {
            let (address, length) = args.prefix(2)?;
            MatchIdentity::Address(address.into(), length)
        }
        ("address", _, mask) => {
            let length = if mask.is_some() { args.length(2)? } else { 32 };
            MatchIdentity::Address(args.ip(1)?.into(), length)
        }
        ("host", "domain", Some(_)) => MatchIdentity::HostDomain(last),
        ("host", _, _) => MatchIdentity::Host(last),
        ("user", "domain", Some(_)) => MatchIdentity::UserDomain(last),
        ("user", _, _) => MatchIdentity::User(last),
        _ => MatchIdentity::Group(last),
    })
}

/// Appends an item of a repeatable command, or removes it.
fn put<T: PartialEq>(list: &mut Vec<T>, item: T, args: &Args) {
    if args.sets() {
        add(list, item);
    } else {
        list.retain(|known| *known != item);
    }
}

fn match_certificate(profile: &mut IsakmpProfile, args: &Args) -> Run {
    match args.get(0) {
        Some(map) => put(&mut profile.match_certificate, map.to_owned(), args),
        None => profile.match_certificate.clear(),
    }
    Ok(())
}

fn self_identity(profile: &mut IsakmpProfile, args: &Args) -> Run {
    profile.self_identity = match args.get(0).filter(|_| args.sets()) {
        Some("address") => Some(SelfIdentity::Address),
        Some("fqdn") => Some(SelfIdentity::Fqdn),
        Some(_) => Some(SelfIdentity::UserFqdn(args.text(1))),
        None => None,
    };
    Ok(())
}

fn trustpoint(profile: &mut IsakmpProfile, args: &Args) -> Run {
    match args.get(0) {
        Some(name) => put(&mut profile.trustpoints, name.to_owned(), args),
        None => profile.trustpoints.clear(),
    }
    Ok(())
}

fn keyring(profile: &mut IsakmpProfile, args: &Args) -> Run {
    profile.keyring = args.get(0).filter(|_| args.sets()).map(str::to_owned);
    Ok(())
}

fn local_address(profile: &mut IsakmpProfile, args: &Args) -> Run {
    profile.local_address = args
        .get(0)
        .filter(|_| args.sets())
        .and_then(address_or_interface);
    Ok(())
}

fn vrf(profile: &mut IsakmpProfile, args: &Args) -> Run {
    if args.sets() {
        return Err(no_vrf(0));
    }
    profile.vrf = None;
    Ok(())
}

fn keepalive(profile: &mut IsakmpProfile, args: &Args) -> Run {
    let interval = args.number(0).filter(|_| args.sets());
    let retry = args.number(1).unwrap_or(2);
    profile.keepalive = interval.map(|interval| Keepalive {
        interval,
        retry,
        periodic: false,
    });
    Ok(())
}

fn initiate(profile: &mut IsakmpProfile, args: &Args) -> Run {
    profile.initiate_aggressive = args.sets();
    Ok(())
}

fn description(profile: &mut IsakmpProfile, args: &Args) -> Run {
    profile.description = args.sets().then(|| args.text(0));
    Ok(())
}
