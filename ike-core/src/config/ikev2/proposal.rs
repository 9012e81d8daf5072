//! `crypto ikev2 proposal` and `crypto ikev2 policy` (G-040, G-041, G-045).
use super::names;
use crate::config::grammar::{Args, Command, Fault};
use crate::config::model::*;
use crate::config::state::{Mode, State, add, enter};

type Run = Result<(), Fault>;

/// Global commands.
pub(in crate::config) const COMMANDS: &[Command<State>] = &[
    Command {
        patterns: &["crypto ikev2 proposal <word>"],
        run: proposal,
    },
    Command {
        patterns: &["crypto ikev2 policy <word>"],
        run: policy,
    },
];

/// `crypto ikev2 proposal NAME`. A list that comes again takes the place of the old one.
pub(in crate::config) const PROPOSAL: &[Command<Ikev2Proposal>] = &[
    Command {
        patterns: &[
            "encryption {des|3des|aes-cbc-128|aes-cbc-192|aes-cbc-256|aes-gcm-128|aes-gcm-192|aes-gcm-256|aes-gcm-128-icv8|aes-gcm-192-icv8|aes-gcm-256-icv8|aes-gcm-128-icv12|aes-gcm-192-icv12|aes-gcm-256-icv12|aes-ctr-128|aes-ctr-192|aes-ctr-256|aes-ccm-128|aes-ccm-192|aes-ccm-256|aes-ccm-128-icv8|aes-ccm-192-icv8|aes-ccm-256-icv8|aes-ccm-128-icv12|aes-ccm-192-icv12|aes-ccm-256-icv12|chacha20-poly1305}+",
        ],
        run: |proposal, args| list(&mut proposal.encryption, names::ENCRYPTIONS, 0, args),
    },
    Command {
        patterns: &["integrity {md5|sha1|sha256|sha384|sha512|aes-xcbc|aes-cmac}+"],
        run: |proposal, args| list(&mut proposal.integrity, names::INTEGRITIES, 0, args),
    },
    Command {
        patterns: &["prf {md5|sha1|sha256|sha384|sha512|aes-xcbc|aes-cmac}+"],
        run: |proposal, args| list(&mut proposal.prf, names::PRFS, 0, args),
    },
    Command {
        patterns: &["group {1|2|5|14|15|16|17|18|19|20|21|24|31}+"],
        run: groups,
    },
    Command {
        patterns: &["additional-ke {1} {mlkem512|mlkem768|mlkem1024}+"],
        run: |proposal, args| list(&mut proposal.additional_ke, names::ADDITIONAL_KES, 1, args),
    },
];

/// `crypto ikev2 policy NAME`.
pub(in crate::config) const POLICY: &[Command<Ikev2Policy>] = &[
    Command {
        patterns: MATCH_FVRF,
        run: |policy, args| {
            policy.fvrf = fvrf(args);
            Ok(())
        },
    },
    Command {
        patterns: &["match address local <address>"],
        run: |policy, args| {
            super::put(&mut policy.local, args.address(0), args);
            Ok(())
        },
    },
    Command {
        patterns: &["proposal <word>+"],
        run: proposals,
    },
];

/// `match fvrf` of policies and profiles.
pub(super) const MATCH_FVRF: &[&str] = &["match fvrf {any|global}", "match fvrf <word>"];

/// The built-in proposal and policy of this name are replaced, removed and restored (G-045).
const DEFAULT: &str = "default";

fn proposal(state: &mut State, args: &Args) -> Run {
    let Some(name) = name(args) else {
        return Ok(());
    };
    let config = &mut state.config;
    if name == DEFAULT {
        config.ikev2.default_proposal = !args.no;
    }
    if !args.sets() {
        config.ikev2_proposals.retain(|known| known.name != name);
        return Ok(());
    }
    let new = || match name {
        DEFAULT => Ikev2Proposal::built_in(),
        _ => Ikev2Proposal {
            name: name.to_owned(),
            ..Ikev2Proposal::default()
        },
    };
    let index = enter(&mut config.ikev2_proposals, |known| known.name == name, new);
    state.mode = Mode::Ikev2Proposal(index);
    Ok(())
}

fn policy(state: &mut State, args: &Args) -> Run {
    let Some(name) = name(args) else {
        return Ok(());
    };
    let config = &mut state.config;
    if name == DEFAULT {
        config.ikev2.default_policy = !args.no;
    }
    if !args.sets() {
        config.ikev2_policies.retain(|known| known.name != name);
        return Ok(());
    }
    let new = || match name {
        DEFAULT => Ikev2Policy::built_in(),
        _ => Ikev2Policy {
            name: name.to_owned(),
            ..Ikev2Policy::default()
        },
    };
    let index = enter(&mut config.ikev2_policies, |known| known.name == name, new);
    state.mode = Mode::Ikev2Policy(index);
    Ok(())
}

/// The name; `default crypto ikev2 proposal` means the built-in one.
fn name(args: &Args) -> Option<&str> {
    args.get(0).or(args.default.then_some(DEFAULT))
}

/// A `default` object that is as built in is none of the configuration's own.
pub(in crate::config) fn forget_built_in(config: &mut RunningConfig) {
    let (proposal, policy) = (Ikev2Proposal::built_in(), Ikev2Policy::built_in());
    config.ikev2_proposals.retain(|known| *known != proposal);
    config.ikev2_policies.retain(|known| *known != policy);
}

/// The algorithms from a value on, each once.
fn list<T: Copy + PartialEq>(
    slot: &mut Vec<T>,
    table: &[(&str, T)],
    first: usize,
    args: &Args,
) -> Run {
    slot.clear();
    let keywords = args.values.iter().skip(first).filter(|_| args.sets());
    for value in keywords.filter_map(|keyword| names::value(table, keyword)) {
        add(slot, value);
    }
    Ok(())
}

fn groups(proposal: &mut Ikev2Proposal, args: &Args) -> Run {
    proposal.groups.clear();
    let numbers = args.values.iter().filter(|_| args.sets());
    for group in numbers.filter_map(|number| number.parse().ok()) {
        add(&mut proposal.groups, group);
    }
    Ok(())
}

pub(super) fn fvrf(args: &Args) -> Fvrf {
    match args.get(0).filter(|_| args.sets()) {
        None | Some("global") => Fvrf::Global,
        Some("any") => Fvrf::Any,
        Some(name) => Fvrf::Named(name.to_owned()),
    }
}

fn proposals(policy: &mut Ikev2Policy, args: &Args) -> Run {
    if args.values.is_empty() {
        policy.proposals.clear();
    }
    for name in &args.values {
        super::put(&mut policy.proposals, Some(name.clone()), args);
    }
    Ok(())
}
