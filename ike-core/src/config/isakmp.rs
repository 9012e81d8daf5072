//! Global IKEv1 commands and policies (G-020 to G-030).
use super::codes;
use super::grammar::{Args, Command, Fault};
use super::model::*;
use super::state::{Mode, State, enter_sorted};

type Run = Result<(), Fault>;

/// Global commands.
pub(super) const COMMANDS: &[Command<State>] = &[
    Command {
        patterns: &["crypto isakmp enable"],
        run: enable,
    },
    Command {
        patterns: &["crypto isakmp default policy"],
        run: default_policy,
    },
    Command {
        patterns: &["crypto isakmp policy <1-10000>"],
        run: policy,
    },
    Command {
        patterns: IDENTITY,
        run: identity,
    },
    Command {
        patterns: KEEPALIVE,
        run: keepalive,
    },
    Command {
        patterns: &["crypto isakmp nat keepalive <5-3600>"],
        run: nat_keepalive,
    },
    Command {
        patterns: &["crypto isakmp fragmentation"],
        run: fragmentation,
    },
    Command {
        patterns: &["crypto isakmp invalid-spi-recovery"],
        run: invalid_spi_recovery,
    },
    Command {
        patterns: &["crypto isakmp aggressive-mode disable"],
        run: aggressive_mode,
    },
    Command {
        patterns: &["crypto call admission limit ike sa <1-99999>"],
        run: max_sa,
    },
    Command {
        patterns: &["crypto call admission limit ike in-negotiation-sa <10-99999>"],
        run: max_in_negotiation,
    },
    Command {
        patterns: &["crypto logging session"],
        run: logging_session,
    },
];

/// `crypto isakmp policy N` (G-021).
pub(super) const POLICY: &[Command<IsakmpPolicy>] = &[
    Command {
        patterns: &[
            "encryption {des|3des|aes}",
            "encryption {aes} {128|192|256}",
        ],
        run: encryption,
    },
    Command {
        patterns: &["hash {md5|sha|sha256|sha384|sha512}"],
        run: hash,
    },
    Command {
        patterns: &["authentication {rsa-sig|rsa-encr|pre-share|ecdsa-sig}"],
        run: authentication,
    },
    Command {
        patterns: &["group {1|2|5|14|15|16|19|20|21|24}"],
        run: group,
    },
    Command {
        patterns: &["lifetime <60-86400>"],
        run: lifetime,
    },
];

const IDENTITY: &[&str] = &[
    "crypto isakmp identity {address|dn|hostname}",
    "crypto isakmp identity {key-id} <word>",
];
const KEEPALIVE: &[&str] = &[
    "crypto isakmp keepalive <10-3600>",
    "crypto isakmp keepalive <10-3600> {periodic|on-demand}",
    "crypto isakmp keepalive <10-3600> <2-60>",
    "crypto isakmp keepalive <10-3600> <2-60> {periodic|on-demand}",
];
fn enable(state: &mut State, args: &Args) -> Run {
    state.config.isakmp.enabled = !args.no;
    Ok(())
}

fn default_policy(state: &mut State, args: &Args) -> Run {
    state.config.isakmp.default_policies = !args.no;
    Ok(())
}

fn policy(state: &mut State, args: &Args) -> Run {
    let Some(priority) = args.number(0) else {
        return Ok(());
    };
    let policies = &mut state.config.isakmp_policies;
    if !args.sets() {
        policies.retain(|policy| policy.priority != priority);
        return Ok(());
    }
    let index = enter_sorted(
        policies,
        &priority,
        |policy| policy.priority,
        || IsakmpPolicy::new(priority),
    );
    state.mode = Mode::Policy(index);
    Ok(())
}

fn identity(state: &mut State, args: &Args) -> Run {
    state.config.isakmp.identity = match args.get(0).filter(|_| args.sets()) {
        Some("dn") => SelfIdentity::Dn,
        Some("hostname") => SelfIdentity::Fqdn,
        Some("key-id") => SelfIdentity::KeyId(args.text(1)),
        _ => SelfIdentity::Address,
    };
    Ok(())
}

fn keepalive(state: &mut State, args: &Args) -> Run {
    let interval = args.number(0).filter(|_| args.sets());
    let retry = args.number(1).unwrap_or(2);
    let periodic = args.values.iter().any(|value| value == "periodic");
    state.config.isakmp.keepalive = interval.map(|interval| Keepalive {
        interval,
        retry,
        periodic,
    });
    Ok(())
}

fn nat_keepalive(state: &mut State, args: &Args) -> Run {
    state.config.isakmp.nat_keepalive = args.number(0).filter(|_| args.sets());
    Ok(())
}

fn fragmentation(state: &mut State, args: &Args) -> Run {
    state.config.isakmp.fragmentation = args.sets();
    Ok(())
}

fn invalid_spi_recovery(state: &mut State, args: &Args) -> Run {
    state.config.isakmp.invalid_spi_recovery = args.sets();
    Ok(())
}

fn aggressive_mode(state: &mut State, args: &Args) -> Run {
    state.config.isakmp.aggressive_mode_disabled = args.sets();
    Ok(())
}

fn max_sa(state: &mut State, args: &Args) -> Run {
    state.config.isakmp.max_sa = args.number(0).filter(|_| args.sets());
    Ok(())
}

fn max_in_negotiation(state: &mut State, args: &Args) -> Run {
    let default = IsakmpGlobal::default().max_in_negotiation;
    state.config.isakmp.max_in_negotiation =
        args.number(0).filter(|_| args.sets()).unwrap_or(default);
    Ok(())
}

fn logging_session(state: &mut State, args: &Args) -> Run {
    state.config.isakmp.logging_session = args.sets();
    Ok(())
}

/// VRFs are network namespaces here: one daemon serves one of them.
pub(super) fn no_vrf(value: usize) -> Fault {
    let help = Some("run one daemon per namespace".to_owned());
    Fault {
        value,
        code: codes::UNSUPPORTED,
        message: "a VRF is not supported here".to_owned(),
        help,
    }
}

fn encryption(policy: &mut IsakmpPolicy, args: &Args) -> Run {
    policy.encryption = match (args.get(0).filter(|_| args.sets()), args.number(1)) {
        (Some("aes"), Some(bits)) => IsakmpEncryption::Aes(u16::try_from(bits).unwrap_or(128)),
        (Some("aes"), None) => IsakmpEncryption::Aes(128),
        (Some("3des"), _) => IsakmpEncryption::TripleDes,
        _ => IsakmpEncryption::Des,
    };
    Ok(())
}

fn hash(policy: &mut IsakmpPolicy, args: &Args) -> Run {
    policy.hash = args
        .get(0)
        .filter(|_| args.sets())
        .and_then(hash_by_name)
        .unwrap_or(IsakmpHash::Sha);
    Ok(())
}

/// A hash by IOS keyword; `sha` and `sha1` are the same.
pub(super) fn hash_by_name(name: &str) -> Option<IsakmpHash> {
    Some(match name {
        "md5" => IsakmpHash::Md5,
        "sha" | "sha1" => IsakmpHash::Sha,
        "sha256" => IsakmpHash::Sha256,
        "sha384" => IsakmpHash::Sha384,
        "sha512" => IsakmpHash::Sha512,
        _ => return None,
    })
}

fn authentication(policy: &mut IsakmpPolicy, args: &Args) -> Run {
    policy.authentication = match args.get(0).filter(|_| args.sets()) {
        Some("rsa-encr") => IsakmpAuthentication::RsaEncr,
        Some("pre-share") => IsakmpAuthentication::PreShare,
        Some("ecdsa-sig") => IsakmpAuthentication::EcdsaSig,
        _ => IsakmpAuthentication::RsaSig,
    };
    Ok(())
}

fn group(policy: &mut IsakmpPolicy, args: &Args) -> Run {
    let group = args
        .number(0)
        .filter(|_| args.sets())
        .and_then(|group| u16::try_from(group).ok());
    policy.group = group.unwrap_or(1);
    Ok(())
}

fn lifetime(policy: &mut IsakmpPolicy, args: &Args) -> Run {
    policy.lifetime = args.number(0).filter(|_| args.sets()).unwrap_or(86_400);
    Ok(())
}
