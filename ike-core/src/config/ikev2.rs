//! Global IKEv2 commands (G-008, G-044) and our extensions; the objects have a file each.
//!
//! Extensions, unknown to IOS 15.3T: `crypto ikev2 mode`, `digital-signature`, `mobike`, `childless`, `http-url fetch`; in a proposal
//! `additional-ke`, the AES-CCM, AES-CTR, ChaCha20 and XCBC algorithms and group 31; in a keyring `ppk`; in a profile `keyring ppk`,
//! `reauth` and `digital-signature`.
use super::grammar::{Args, Command, Fault};
use super::model::*;
use super::state::{State, add};

pub(super) mod authorization;
pub(super) mod keyring;
mod match_identity;
pub(super) mod names;
pub(super) mod profile;
mod profile_show;
pub(super) mod proposal;
pub(super) mod show;

type Run = Result<(), Fault>;

/// Global commands.
pub(super) const COMMANDS: &[Command<State>] = &[
    Command {
        patterns: &["crypto ikev2 dpd <10-3600> <2-60> {on-demand|periodic}"],
        run: |state, args| set(&mut state.config.ikev2.dpd, dpd(args), args),
    },
    Command {
        patterns: &["crypto ikev2 nat keepalive <5-3600>"],
        run: |state, args| set(&mut state.config.ikev2.nat_keepalive, args.number(0), args),
    },
    Command {
        patterns: &["crypto ikev2 window <1-20>"],
        run: window,
    },
    Command {
        patterns: &["crypto ikev2 cookie-challenge <1-1000>"],
        run: |state, args| {
            let slot = &mut state.config.ikev2.cookie_challenge;
            set(slot, args.number(0), args)
        },
    },
    Command {
        patterns: LIMIT,
        run: limit,
    },
    Command {
        patterns: &[
            "crypto ikev2 fragmentation",
            "crypto ikev2 fragmentation mtu <96-1500>",
        ],
        run: fragmentation,
    },
    Command {
        patterns: &[
            "crypto ikev2 http-url {cert}",
            "crypto ikev2 http-url {fetch} <word>",
        ],
        run: http_url,
    },
    Command {
        patterns: &["crypto ikev2 certificate-cache <1-2000>"],
        run: |state, args| {
            let slot = &mut state.config.ikev2.certificate_cache;
            set(slot, args.number(0), args)
        },
    },
    Command {
        patterns: &[
            "crypto ikev2 diagnose error",
            "crypto ikev2 diagnose error <1-1000>",
        ],
        run: |state, args| {
            let entries = args.number(0).or(Some(DIAGNOSE_ENTRIES));
            set(&mut state.config.ikev2.diagnose_error, entries, args)
        },
    },
    Command {
        patterns: &[
            "crypto ikev2 redirect client",
            "crypto ikev2 redirect client max-redirects <1-255>",
        ],
        run: |state, args| {
            let redirects = args.number(0).or(Some(MAX_REDIRECTS));
            set(&mut state.config.ikev2.redirect_client, redirects, args)
        },
    },
    Command {
        patterns: &["crypto logging ikev2"],
        run: |state, args| set_flag(&mut state.config.ikev2.logging, args),
    },
    Command {
        patterns: &["crypto ikev2 mode {ios|modern}"],
        run: mode,
    },
    Command {
        patterns: &["crypto ikev2 digital-signature"],
        run: digital_signature,
    },
    Command {
        patterns: &["crypto ikev2 mobike"],
        run: |state, args| set_flag(&mut state.config.ikev2.mobike, args),
    },
    Command {
        patterns: &[
            "crypto ikev2 childless",
            "crypto ikev2 childless {required}",
        ],
        run: childless,
    },
];

const LIMIT: &[&str] = &[
    // The misspelling is IOS's (G-044).
    "crypto ikev2 limit {max-in-negotation-sa} <1-1000>",
    "crypto ikev2 limit {max-in-negotation-sa} <1-1000> {incoming|outgoing}",
    "crypto ikev2 limit {max-sa} <1-99999>",
];

/// Octets of a packet where `fragmentation` names none.
pub(super) const FRAGMENT_MTU: u16 = 576;
/// Entries of the exit path table where `diagnose error` names no number (O-026).
pub(super) const DIAGNOSE_ENTRIES: u32 = 50;
/// Redirects followed where `redirect client` names no number.
pub(super) const MAX_REDIRECTS: u32 = 5;

/// A single-valued command: the value, or nothing.
fn set<T>(slot: &mut Option<T>, value: Option<T>, args: &Args) -> Run {
    *slot = value.filter(|_| args.sets());
    Ok(())
}

/// A command that is there or not.
fn set_flag(slot: &mut bool, args: &Args) -> Run {
    *slot = args.sets();
    Ok(())
}

/// Appends an item of a repeatable command, or removes it; a `no` that names none removes all.
fn put<T: PartialEq>(list: &mut Vec<T>, item: Option<T>, args: &Args) {
    match item {
        Some(item) if args.sets() => add(list, item),
        Some(item) => list.retain(|known| *known != item),
        None => list.clear(),
    }
}

/// `INTERVAL RETRY {on-demand|periodic}` (G-043, G-044).
fn dpd(args: &Args) -> Option<Ikev2Dpd> {
    Some(Ikev2Dpd {
        interval: args.number(0)?,
        retry: args.number(1)?,
        periodic: args.get(2) == Some("periodic"),
    })
}

fn window(state: &mut State, args: &Args) -> Run {
    let default = Ikev2Global::default().window;
    state.config.ikev2.window = args.number(0).filter(|_| args.sets()).unwrap_or(default);
    Ok(())
}

fn limit(state: &mut State, args: &Args) -> Run {
    let (ikev2, default) = (&mut state.config.ikev2, Ikev2Global::default());
    let value = args.number(1).filter(|_| args.sets());
    let what = args.get(0);
    if what != Some("max-in-negotation-sa") {
        ikev2.max_sa = value;
    }
    if what != Some("max-sa") && args.get(2) != Some("outgoing") {
        ikev2.max_in_negotiation_incoming = value.unwrap_or(default.max_in_negotiation_incoming);
    }
    if what != Some("max-sa") && args.get(2) != Some("incoming") {
        ikev2.max_in_negotiation_outgoing = value.unwrap_or(default.max_in_negotiation_outgoing);
    }
    Ok(())
}

fn fragmentation(state: &mut State, args: &Args) -> Run {
    let mtu = args.number(0).and_then(|mtu| u16::try_from(mtu).ok());
    let slot = &mut state.config.ikev2.fragmentation;
    set(slot, mtu.or(Some(FRAGMENT_MTU)), args)
}

fn http_url(state: &mut State, args: &Args) -> Run {
    let ikev2 = &mut state.config.ikev2;
    match args.get(0) {
        Some("fetch") => put(
            &mut ikev2.http_url_fetch,
            args.get(1).map(str::to_owned),
            args,
        ),
        _ => ikev2.http_url_cert = !args.no,
    }
    Ok(())
}

fn mode(state: &mut State, args: &Args) -> Run {
    state.config.ikev2.mode = match args.get(0).filter(|_| args.sets()) {
        Some("modern") => Ikev2Mode::Modern,
        _ => Ikev2Mode::Ios,
    };
    Ok(())
}

/// `no` forbids what the modern mode allows; `default` leaves it to the mode.
fn digital_signature(state: &mut State, args: &Args) -> Run {
    state.config.ikev2.digital_signature = (!args.default).then_some(!args.no);
    Ok(())
}

fn childless(state: &mut State, args: &Args) -> Run {
    let kind = if args.get(0).is_some() {
        Ikev2Childless::Required
    } else {
        Ikev2Childless::Allowed
    };
    set(&mut state.config.ikev2.childless, Some(kind), args)
}
