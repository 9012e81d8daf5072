//! `crypto ikev2 profile` (G-043).
use super::keyring::key;
use super::match_identity;
use super::proposal::{MATCH_FVRF, fvrf};
use crate::config::codes;
use crate::config::grammar::{Args, Command, Fault};
use crate::config::interface::address_or_interface;
use crate::config::model::*;
use crate::config::state::{Mode, State, enter};

type Run = Result<(), Fault>;

/// Global commands.
pub(in crate::config) const COMMANDS: &[Command<State>] = &[Command {
    patterns: &["crypto ikev2 profile <word>"],
    run: profile,
}];

/// The sub-mode.
pub(in crate::config) const PROFILE: &[Command<Ikev2Profile>] = &[
    Command {
        patterns: MATCH_IDENTITY,
        run: |profile, args| {
            let statement = match_identity::read(args);
            super::put(&mut profile.match_identity, statement, args);
            Ok(())
        },
    },
    Command {
        patterns: &["match certificate <word>"],
        run: |profile, args| {
            let map = args.get(0).map(str::to_owned);
            super::put(&mut profile.match_certificate, map, args);
            Ok(())
        },
    },
    Command {
        patterns: MATCH_FVRF,
        run: |profile, args| {
            profile.fvrf = fvrf(args);
            Ok(())
        },
    },
    Command {
        patterns: &[
            "match address local <address>",
            "match address local interface <if>",
        ],
        run: |profile, args| {
            let which = args.get(0).and_then(address_or_interface);
            super::put(&mut profile.match_local, which, args);
            Ok(())
        },
    },
    Command {
        patterns: &[
            "identity local {address} <address>",
            "identity local {dn}",
            "identity local {fqdn|email|key-id} <word>",
        ],
        run: identity_local,
    },
    Command {
        patterns: AUTHENTICATION_LOCAL,
        run: authentication_local,
    },
    Command {
        patterns: AUTHENTICATION_REMOTE,
        run: authentication_remote,
    },
    Command {
        patterns: &[
            "pki trustpoint <word>",
            "pki trustpoint <word> {sign|verify}",
        ],
        run: trustpoint,
    },
    Command {
        patterns: &["keyring {local|ppk} <word>", "keyring <word>"],
        run: keyring,
    },
    Command {
        patterns: &["lifetime <120-86400>"],
        run: lifetime,
    },
    Command {
        patterns: &["reauth <60-604800>"],
        run: |profile, args| super::set(&mut profile.reauth, args.number(0), args),
    },
    Command {
        patterns: &["dpd <10-3600> <2-60> {on-demand|periodic}"],
        run: |profile, args| super::set(&mut profile.dpd, super::dpd(args), args),
    },
    Command {
        patterns: &["nat keepalive <5-3600>"],
        run: |profile, args| super::set(&mut profile.nat_keepalive, args.number(0), args),
    },
    Command {
        patterns: &["initial-contact force"],
        run: |profile, args| super::set_flag(&mut profile.initial_contact_force, args),
    },
    Command {
        patterns: &["ivrf <word>"],
        run: |profile, args| super::set(&mut profile.ivrf, Some(args.text(0)), args),
    },
    Command {
        patterns: &["shutdown"],
        run: |profile, args| super::set_flag(&mut profile.shutdown, args),
    },
    Command {
        patterns: &["description <line>"],
        run: |profile, args| super::set(&mut profile.description, Some(args.text(0)), args),
    },
    Command {
        patterns: &[
            "config-exchange {request}",
            "config-exchange set {accept|send}",
        ],
        run: config_exchange,
    },
    Command {
        patterns: &[
            "aaa authorization group {cert|psk|eap} list default <word>",
            "aaa authorization group {cert|psk|eap} list default <word> {override}",
        ],
        run: authorization,
    },
    Command {
        patterns: UNSUPPORTED,
        run: unsupported,
    },
];

const MATCH_IDENTITY: &[&str] = &[
    "match identity remote {address} <address>",
    "match identity remote {address} <ip> <mask>",
    "match identity remote {address} <prefix>",
    "match identity remote {fqdn|email} <word>",
    "match identity remote {fqdn|email} {domain} <word>",
    "match identity remote {key-id} <word>",
    "match identity remote {any}",
];
const AUTHENTICATION_LOCAL: &[&str] = &[
    "authentication local {rsa-sig|ecdsa-sig|pre-share|eap|digital-signature}",
    "authentication local {pre-share} key <word>",
    "authentication local {pre-share} key {0|6|hex} <word>",
];
const AUTHENTICATION_REMOTE: &[&str] = &[
    "authentication remote {rsa-sig|ecdsa-sig|pre-share|eap|digital-signature}",
    "authentication remote {pre-share} key <word>",
    "authentication remote {pre-share} key {0|6|hex} <word>",
    "authentication remote {eap} {query-identity}",
];
/// What IOS has and this daemon has not (G-043 for virtual templates).
const UNSUPPORTED: &[&str] = &[
    "virtual-template <line>",
    "aaa accounting <line>",
    "aaa authentication <line>",
    "aaa authorization user <line>",
];

fn profile(state: &mut State, args: &Args) -> Run {
    let name = args.text(0);
    let profiles = &mut state.config.ikev2_profiles;
    if !args.sets() {
        profiles.retain(|profile| profile.name != name);
        return Ok(());
    }
    let new = || Ikev2Profile::new(name.clone());
    state.mode = Mode::Ikev2Profile(enter(profiles, |profile| profile.name == name, new));
    Ok(())
}

fn identity_local(profile: &mut Ikev2Profile, args: &Args) -> Run {
    let identity = match args.get(0) {
        Some("address") => args.address(1).map(Ikev2LocalIdentity::Address),
        Some("dn") => Some(Ikev2LocalIdentity::Dn),
        Some("fqdn") => Some(Ikev2LocalIdentity::Fqdn(args.text(1))),
        Some("email") => Some(Ikev2LocalIdentity::Email(args.text(1))),
        _ => Some(Ikev2LocalIdentity::KeyId(args.text(1))),
    };
    super::set(&mut profile.identity_local, identity, args)
}

fn authentication_local(profile: &mut Ikev2Profile, args: &Args) -> Run {
    profile.auth_local = method(args)?.filter(|_| args.sets());
    Ok(())
}

/// The remote methods are a list; a pre-shared key that comes again takes the place of the old one.
fn authentication_remote(profile: &mut Ikev2Profile, args: &Args) -> Run {
    let Some(method) = method(args)? else {
        profile.auth_remote.clear();
        profile.eap_query_identity = false;
        return Ok(());
    };
    let same = |known: &Ikev2Auth| std::mem::discriminant(known) == std::mem::discriminant(&method);
    if method == Ikev2Auth::Eap {
        let asks = args.get(1) == Some("query-identity");
        profile.eap_query_identity = args.sets() && asks;
    }
    match profile.auth_remote.iter_mut().find(|known| same(known)) {
        Some(known) if args.sets() => *known = method,
        None if args.sets() => profile.auth_remote.push(method),
        _ => profile.auth_remote.retain(|known| !same(known)),
    }
    Ok(())
}

/// `METHOD [key [0|6|hex] KEY]`.
fn method(args: &Args) -> Result<Option<Ikev2Auth>, Fault> {
    Ok(Some(match args.get(0) {
        None => return Ok(None),
        Some("rsa-sig") => Ikev2Auth::RsaSig,
        Some("ecdsa-sig") => Ikev2Auth::EcdsaSig,
        Some("eap") => Ikev2Auth::Eap,
        Some("digital-signature") => Ikev2Auth::DigitalSignature,
        Some(_) if args.get(1).is_some() => Ikev2Auth::PreShare(Some(key(args, 1)?)),
        Some(_) => Ikev2Auth::PreShare(None),
    }))
}

/// One trustpoint has one line; a new use takes the place of the old one.
fn trustpoint(profile: &mut Ikev2Profile, args: &Args) -> Run {
    let Some(name) = args.get(0) else {
        profile.trustpoints.clear();
        return Ok(());
    };
    let used = match args.get(1) {
        Some("sign") => TrustpointUse::Sign,
        Some("verify") => TrustpointUse::Verify,
        _ => TrustpointUse::Both,
    };
    let list = &mut profile.trustpoints;
    match list.iter_mut().find(|(known, _)| known == name) {
        Some(known) if args.sets() => known.1 = used,
        None if args.sets() => list.push((name.to_owned(), used)),
        _ => list.retain(|(known, _)| known != name),
    }
    Ok(())
}

fn keyring(profile: &mut Ikev2Profile, args: &Args) -> Run {
    match args.get(0) {
        Some("ppk") => super::set(&mut profile.ppk_keyring, Some(args.text(1)), args),
        // `keyring NAME` is the form of older images.
        _ => super::set(&mut profile.keyring, args.values.last().cloned(), args),
    }
}

fn lifetime(profile: &mut Ikev2Profile, args: &Args) -> Run {
    let default = Ikev2Profile::default().lifetime;
    profile.lifetime = args.number(0).filter(|_| args.sets()).unwrap_or(default);
    Ok(())
}

fn config_exchange(profile: &mut Ikev2Profile, args: &Args) -> Run {
    match args.get(0) {
        Some("accept") => profile.config_exchange_set_accept = args.sets(),
        Some("send") => profile.config_exchange_set_send = args.sets(),
        _ => profile.config_exchange_request = !args.no,
    }
    Ok(())
}

fn authorization(profile: &mut Ikev2Profile, args: &Args) -> Run {
    profile.authorization_by = match args.get(0).filter(|_| args.sets()) {
        Some("psk") => Ikev2AuthorizationBy::PreShare,
        Some("eap") => Ikev2AuthorizationBy::Eap,
        _ => Ikev2AuthorizationBy::Certificate,
    };
    profile.authorization_override = args.sets() && args.get(2).is_some();
    super::set(&mut profile.authorization_policy, Some(args.text(1)), args)
}

fn unsupported(_: &mut Ikev2Profile, args: &Args) -> Run {
    if !args.sets() {
        return Ok(());
    }
    Err(Fault {
        value: 0,
        code: codes::UNSUPPORTED,
        message: "not supported here: a tunnel interface names the profile, and AAA is local"
            .to_owned(),
        help: None,
    })
}
