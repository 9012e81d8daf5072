//! Crypto maps and the access lists they use (G-083, G-084).
use super::codes;
use super::grammar::{Args, Command, Fault};
use super::ipsec::{LIFETIME, PFS, set, set_lifetime, set_list, set_pfs};
use super::model::*;
use super::state::{Mode, State, add, enter, enter_sorted};
use super::value;
use std::net::Ipv4Addr;

type Run = Result<(), Fault>;

/// Global commands.
pub(super) const COMMANDS: &[Command<State>] = &[
    Command {
        patterns: &[
            "crypto map <word> <1-65535>",
            "crypto map <word> <1-65535> ipsec-isakmp",
        ],
        run: crypto_map,
    },
    Command {
        patterns: &["ip access-list extended <word>"],
        run: access_list,
    },
    Command {
        patterns: &["access-list <100-2699> {permit|deny} <line>"],
        run: numbered,
    },
];

/// `crypto map NAME SEQ ipsec-isakmp`.
pub(super) const MAP: &[Command<CryptoMap>] = &[
    Command {
        patterns: &["set peer <ip>"],
        run: peer,
    },
    Command {
        patterns: &["set transform-set <line>"],
        run: |map, args| set_list(&mut map.transform_sets, args),
    },
    Command {
        patterns: &["match address <word>"],
        run: |map, args| set(&mut map.access_list, args),
    },
    Command {
        patterns: &["set isakmp-profile <word>"],
        run: |map, args| set(&mut map.isakmp_profile, args),
    },
    Command {
        patterns: &["set ikev2-profile <word>"],
        run: |map, args| set(&mut map.ikev2_profile, args),
    },
    Command {
        patterns: PFS,
        run: |map, args| set_pfs(&mut map.pfs, args),
    },
    Command {
        patterns: LIFETIME,
        run: |map, args| set_lifetime(&mut map.lifetime_seconds, &mut map.lifetime_kilobytes, args),
    },
    Command {
        patterns: &["reverse-route", "reverse-route static"],
        run: reverse_route,
    },
];

/// `ip access-list extended`.
pub(super) const ACCESS_LIST: &[Command<AccessList>] = &[Command {
    patterns: &[
        "{permit|deny} <line>",
        "<1-2147483647> {permit|deny} <line>",
    ],
    run: entry,
}];

fn crypto_map(state: &mut State, args: &Args) -> Run {
    let (name, sequence) = (args.text(0), args.number(1));
    let maps = &mut state.config.crypto_maps;
    if !args.sets() {
        maps.retain(|map| {
            map.name != name || sequence.is_some_and(|sequence| map.sequence != sequence)
        });
        return Ok(());
    }
    let key = (name, sequence.unwrap_or_default());
    let new = || CryptoMap {
        name: key.0.clone(),
        sequence: key.1,
        ..CryptoMap::default()
    };
    state.mode = Mode::CryptoMap(enter_sorted(
        maps,
        &key,
        |map| (map.name.clone(), map.sequence),
        new,
    ));
    Ok(())
}

fn peer(map: &mut CryptoMap, args: &Args) -> Run {
    match args.ip(0) {
        Some(ip) if args.sets() => add(&mut map.peers, ip),
        Some(ip) => map.peers.retain(|known| *known != ip),
        None => map.peers.clear(),
    }
    Ok(())
}

fn reverse_route(map: &mut CryptoMap, args: &Args) -> Run {
    map.reverse_route = args.sets();
    Ok(())
}

fn access_list(state: &mut State, args: &Args) -> Run {
    let name = args.text(0);
    if !args.sets() {
        state.config.access_lists.retain(|list| list.name != name);
        return Ok(());
    }
    state.mode = Mode::AccessList(enter_list(state, &name));
    Ok(())
}

fn enter_list(state: &mut State, name: &str) -> usize {
    let new = || AccessList {
        name: name.to_owned(),
        ..AccessList::default()
    };
    enter(
        &mut state.config.access_lists,
        |list| list.name == name,
        new,
    )
}

/// `access-list N …`; `no access-list N` removes the whole list, as IOS does.
fn numbered(state: &mut State, args: &Args) -> Run {
    let name = args.text(0);
    if !args.sets() {
        state.config.access_lists.retain(|list| list.name != name);
        return Ok(());
    }
    let entry = read_entry(args.get(1), args.get(2)).ok_or_else(|| bad_entry(2))?;
    let index = enter_list(state, &name);
    state
        .config
        .access_lists
        .get_mut(index)
        .into_iter()
        .for_each(|list| list.entries.push(entry.clone()));
    Ok(())
}

fn entry(list: &mut AccessList, args: &Args) -> Run {
    let mut last = args.values.iter().rev().map(String::as_str);
    let (line, action) = (last.next(), last.next());
    let entry =
        read_entry(action, line).ok_or_else(|| bad_entry(args.values.len().saturating_sub(1)))?;
    if args.sets() {
        list.entries.push(entry);
    } else {
        list.entries.retain(|known| *known != entry);
    }
    Ok(())
}

fn bad_entry(value: usize) -> Fault {
    let message = "not understood: `PROTOCOL SOURCE DESTINATION` expected".to_owned();
    let help = Some("an end is `any`, `host A` or `A WILDCARD`".to_owned());
    Fault {
        value,
        code: codes::BAD_VALUE,
        message,
        help,
    }
}

fn read_entry(action: Option<&str>, line: Option<&str>) -> Option<AccessEntry> {
    let mut words = line?.split_whitespace();
    let protocol = value::protocol(words.next()?)?;
    let (source, destination) = (read_end(&mut words)?, read_end(&mut words)?);
    let permit = action? == "permit";
    words.next().is_none().then_some(AccessEntry {
        permit,
        protocol,
        source,
        destination,
    })
}

/// An end of a line: network and wildcard, in canonical form (no address bits under the wildcard).
fn read_end<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let (address, wildcard) = match words.next()? {
        "any" => (Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST),
        "host" => (words.next()?.parse().ok()?, Ipv4Addr::UNSPECIFIED),
        address => (address.parse().ok()?, words.next()?.parse().ok()?),
    };
    Some((
        Ipv4Addr::from(u32::from(address) & !u32::from(wildcard)),
        wildcard,
    ))
}
