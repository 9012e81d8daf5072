//! Pre-shared keys: global ones and keyrings (G-023, G-031).
use super::codes;
use super::grammar::{Args, Command, Fault};
use super::interface::address_or_interface;
use super::isakmp::no_vrf;
use super::model::*;
use super::state::{Mode, State, enter};

type Run = Result<(), Fault>;

/// Global commands.
pub(super) const COMMANDS: &[Command<State>] = &[
    Command {
        patterns: KEY,
        run: global_key,
    },
    Command {
        patterns: &["crypto keyring <word>", "crypto keyring <word> vrf <word>"],
        run: keyring,
    },
];

/// `crypto keyring NAME` (G-031).
pub(super) const KEYRING: &[Command<Keyring>] = &[
    Command {
        patterns: KEYRING_KEY,
        run: keyring_key,
    },
    Command {
        patterns: &["local-address <address>", "local-address <if>"],
        run: keyring_local,
    },
    Command {
        patterns: &["description <line>"],
        run: keyring_description,
    },
];

const KEY: &[&str] = &[
    "crypto isakmp key <word> {address} <ip>",
    "crypto isakmp key <word> {address} <ip> {no-xauth}",
    "crypto isakmp key <word> {address} <ip> <mask>",
    "crypto isakmp key <word> {address} <ip> <mask> {no-xauth}",
    "crypto isakmp key <word> {address} {ipv6} <prefix>",
    "crypto isakmp key <word> {address} {ipv6} <prefix> {no-xauth}",
    "crypto isakmp key <word> {hostname} <word>",
    "crypto isakmp key <word> {hostname} <word> {no-xauth}",
    "crypto isakmp key {0|6} <word> {address} <ip>",
    "crypto isakmp key {0|6} <word> {address} <ip> {no-xauth}",
    "crypto isakmp key {0|6} <word> {address} <ip> <mask>",
    "crypto isakmp key {0|6} <word> {address} <ip> <mask> {no-xauth}",
    "crypto isakmp key {0|6} <word> {address} {ipv6} <prefix>",
    "crypto isakmp key {0|6} <word> {address} {ipv6} <prefix> {no-xauth}",
    "crypto isakmp key {0|6} <word> {hostname} <word>",
    "crypto isakmp key {0|6} <word> {hostname} <word> {no-xauth}",
];
const KEYRING_KEY: &[&str] = &[
    "pre-shared-key {address} <ip> key <word>",
    "pre-shared-key {address} <ip> key {0|6} <word>",
    "pre-shared-key {address} <ip> <mask> key <word>",
    "pre-shared-key {address} <ip> <mask> key {0|6} <word>",
    "pre-shared-key {address} {ipv6} <prefix> key <word>",
    "pre-shared-key {address} {ipv6} <prefix> key {0|6} <word>",
    "pre-shared-key {hostname} <word> key <word>",
    "pre-shared-key {hostname} <word> key {0|6} <word>",
];

fn global_key(state: &mut State, args: &Args) -> Run {
    put_key(&mut state.config.isakmp_keys, args, |values| {
        let mut values = values.to_vec();
        let no_xauth = values.last().is_some_and(|last| last == "no-xauth") && values.len() > 3;
        values.truncate(values.len() - usize::from(no_xauth));
        let kind = ["0", "6"].contains(&values.first()?.as_str()) && values.len() > 3;
        let kind = kind.then(|| values.remove(0));
        // `KEY address A` and `KEY address A MASK` have three and four values: `0 KEY address` alone cannot occur.
        let key = values.remove(0);
        Some((kind.unwrap_or_default(), key, peer(&values)?, no_xauth))
    })
}

fn keyring_key(keyring: &mut Keyring, args: &Args) -> Run {
    if let Some(peer) = peer(&args.values).filter(|_| !args.sets()) {
        keyring.keys.retain(|known| known.peer != peer);
        return Ok(());
    }
    put_key(&mut keyring.keys, args, |values| {
        let (key, rest) = values.split_last()?;
        let kind = rest
            .last()
            .filter(|last| rest.len() > 2 && ["0", "6"].contains(&last.as_str()));
        let named = if kind.is_some() {
            rest.get(..rest.len() - 1)?
        } else {
            rest
        };
        Some((
            kind.cloned().unwrap_or_default(),
            key.clone(),
            peer(named)?,
            false,
        ))
    })
}

type KeyParts = (String, String, KeyPeer, bool);

/// Adds a key, or removes that of the peer. One peer has one key; a new one takes the old one's place.
fn put_key(
    keys: &mut Vec<PreSharedKey>,
    args: &Args,
    read: impl Fn(&[String]) -> Option<KeyParts>,
) -> Run {
    let Some((kind, key, peer, no_xauth)) = read(&args.values) else {
        return Ok(());
    };
    if kind == "6" {
        return Err(encrypted_key(0));
    }
    if !args.sets() {
        keys.retain(|known| known.peer != peer);
        return Ok(());
    }
    let new = PreSharedKey {
        peer,
        key: key.into_bytes(),
        no_xauth,
    };
    match keys.iter_mut().find(|known| known.peer == new.peer) {
        Some(known) => *known = new,
        None => keys.push(new),
    }
    Ok(())
}

/// A key of type 6: only the router that wrote it can read it.
pub(super) fn encrypted_key(value: usize) -> Fault {
    Fault {
        value,
        code: codes::UNSUPPORTED,
        message: "an encrypted key (type 6) cannot be read here".to_owned(),
        help: Some("give the key in clear, type 0".to_owned()),
    }
}

/// `address A [MASK]`, `address ipv6 A/LENGTH` or `hostname H`.
fn peer(values: &[String]) -> Option<KeyPeer> {
    match values {
        [kind, name] if kind == "hostname" => Some(KeyPeer::Hostname(name.clone())),
        [_, family, prefix] if family == "ipv6" => {
            let (address, length) = super::value::prefix6(prefix)?;
            Some(KeyPeer::Address(address.into(), length))
        }
        [_, address] => Some(KeyPeer::Address(address.parse().ok()?, 32)),
        [_, address, mask] => Some(KeyPeer::Address(
            address.parse().ok()?,
            super::value::prefix_length(mask.parse().ok()?)?,
        )),
        _ => None,
    }
}

fn keyring(state: &mut State, args: &Args) -> Run {
    let name = args.text(0);
    if !args.sets() {
        state.config.keyrings.retain(|keyring| keyring.name != name);
        return Ok(());
    }
    if args.get(1).is_some() {
        return Err(no_vrf(1));
    }
    let new = || Keyring {
        name: name.clone(),
        ..Keyring::default()
    };
    state.mode = Mode::Keyring(enter(
        &mut state.config.keyrings,
        |keyring| keyring.name == name,
        new,
    ));
    Ok(())
}

fn keyring_local(keyring: &mut Keyring, args: &Args) -> Run {
    keyring.local_address = args
        .get(0)
        .filter(|_| args.sets())
        .and_then(address_or_interface);
    Ok(())
}

fn keyring_description(keyring: &mut Keyring, args: &Args) -> Run {
    keyring.description = args.sets().then(|| args.text(0));
    Ok(())
}
