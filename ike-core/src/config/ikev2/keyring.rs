//! `crypto ikev2 keyring` and its peers (G-042).
use ike_crypto::Secret;

use super::match_identity;
use crate::config::codes;
use crate::config::grammar::{Args, Command, Fault};
use crate::config::keyring::encrypted_key;
use crate::config::model::*;
use crate::config::state::{Mode, State, enter};
use crate::config::value;

type Run = Result<(), Fault>;

/// Global commands.
pub(in crate::config) const COMMANDS: &[Command<State>] = &[Command {
    patterns: &["crypto ikev2 keyring <word>"],
    run: keyring,
}];

/// `crypto ikev2 keyring NAME`; also understood below one of its peers.
pub(in crate::config) const KEYRING: &[Command<State>] = &[Command {
    patterns: &["peer <word>"],
    run: peer,
}];

/// `peer NAME`.
pub(in crate::config) const PEER: &[Command<Ikev2Peer>] = &[
    Command {
        patterns: &["description <line>"],
        run: |peer, args| super::set(&mut peer.description, Some(args.text(0)), args),
    },
    Command {
        patterns: &[
            "address <address>",
            "address <ip> <mask>",
            "address <prefix>",
        ],
        run: |peer, args| {
            super::put(&mut peer.addresses, args.network(0), args);
            Ok(())
        },
    },
    Command {
        patterns: &["hostname <word>"],
        run: |peer, args| super::set(&mut peer.hostname, Some(args.text(0)), args),
    },
    Command {
        patterns: &[
            "identity {address} <address>",
            "identity {fqdn|email} <word>",
            "identity {fqdn|email} {domain} <word>",
            "identity {key-id} <word>",
        ],
        run: |peer, args| super::set(&mut peer.identity, match_identity::read(args), args),
    },
    Command {
        patterns: &[
            "pre-shared-key <word>",
            "pre-shared-key {0|6|hex} <word>",
            "pre-shared-key {local|remote} <word>",
            "pre-shared-key {local|remote} {0|6|hex} <word>",
        ],
        run: pre_shared_key,
    },
    Command {
        patterns: &[
            "ppk manual id <word> key <word>",
            "ppk manual id <word> key <word> {required}",
            "ppk manual id <word> key {0|6|hex} <word>",
            "ppk manual id <word> key {0|6|hex} <word> {required}",
        ],
        run: ppk,
    },
];

fn keyring(state: &mut State, args: &Args) -> Run {
    let name = args.text(0);
    let keyrings = &mut state.config.ikev2_keyrings;
    if !args.sets() {
        keyrings.retain(|keyring| keyring.name != name);
        return Ok(());
    }
    let new = || Ikev2Keyring {
        name: name.clone(),
        peers: Vec::new(),
    };
    state.mode = Mode::Ikev2Keyring(enter(keyrings, |keyring| keyring.name == name, new));
    Ok(())
}

fn peer(state: &mut State, args: &Args) -> Run {
    let (Mode::Ikev2Keyring(index) | Mode::Ikev2Peer(index, _)) = state.mode else {
        return Ok(());
    };
    let Some(keyring) = state.config.ikev2_keyrings.get_mut(index) else {
        return Ok(());
    };
    let name = args.text(0);
    if !args.sets() {
        keyring.peers.retain(|peer| peer.name != name);
        state.mode = Mode::Ikev2Keyring(index);
        return Ok(());
    }
    let new = || Ikev2Peer {
        name: name.clone(),
        ..Ikev2Peer::default()
    };
    let peer = enter(&mut keyring.peers, |peer| peer.name == name, new);
    state.mode = Mode::Ikev2Peer(index, peer);
    Ok(())
}

/// Without `local` or `remote` one key serves both directions.
fn pre_shared_key(peer: &mut Ikev2Peer, args: &Args) -> Run {
    let side = args
        .get(0)
        .filter(|word| ["local", "remote"].contains(word));
    let key = if args.sets() {
        Some(key(args, usize::from(side.is_some()))?)
    } else {
        None
    };
    if side != Some("remote") {
        peer.key_local = key.clone();
    }
    if side != Some("local") {
        peer.key_remote = key;
    }
    Ok(())
}

fn ppk(peer: &mut Ikev2Peer, args: &Args) -> Run {
    if !args.sets() {
        peer.ppk = None;
        return Ok(());
    }
    let typed = args.get(1).is_some_and(is_type) && args.values.len() > 2;
    let after = if typed { 3 } else { 2 };
    // `key 0 required` is the key "required", of type 0.
    peer.ppk = Some(Ikev2Ppk {
        id: args.text(0),
        key: key(args, 1)?,
        required: args.get(after) == Some("required"),
    });
    Ok(())
}

/// `[0|6|hex] KEY` from a value on.
pub(super) fn key(args: &Args, at: usize) -> Result<Secret, Fault> {
    let kind = args.get(at).filter(|kind| is_type(kind));
    let Some((kind, key)) = kind.zip(args.get(at + 1)) else {
        return Ok(Secret::from(args.text(at).into_bytes()));
    };
    match kind {
        "6" => Err(encrypted_key(at)),
        "hex" => value::hex(key).map(Secret::from).ok_or_else(|| Fault {
            value: at + 1,
            code: codes::BAD_VALUE,
            message: "not a key: an even number of hexadecimal digits expected".to_owned(),
            help: None,
        }),
        _ => Ok(Secret::from(key.as_bytes())),
    }
}

fn is_type(word: &str) -> bool {
    ["0", "6", "hex"].contains(&word)
}
