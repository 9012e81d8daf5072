//! Typed debug: the engine says what happened as values, this module knows IOS's words for it.
//!
//! `ikd` turns every [`Traced`] into log events; nothing else formats debug lines. Each line
//! is cited in `docs/debug-catalogue.md`. Text from a peer is escaped before it is printed (J4).

mod ikev2;
mod ipsec;
mod isakmp;
mod isakmp_authentication;
mod isakmp_exchange;
mod pki;
mod state;
mod syslog;

pub use ikev2::{Ikev2Trace, Packet};
pub use ipsec::IpsecTrace;
pub use isakmp::{IsakmpTrace, PkiCall, TransformLine};
pub use pki::PkiTrace;
pub use state::{Fsm, Input, SaState};
pub use syslog::Syslog;

use std::fmt::Write;
use std::net::IpAddr;

use crate::policy::Rejected;
use crate::sa::SaId;
use crate::sa::record::Explained;

/// A trace and the SA it belongs to.
#[derive(Clone, Debug)]
pub struct Traced {
    /// The SA, if there is one.
    pub sa: Option<SaId>,
    /// The number in brackets: 0 until keys exist (O-004).
    pub connection: u32,
    /// What happened.
    pub trace: Trace,
}

/// Something worth telling, by the `debug` command that shows it.
#[derive(Clone, Debug)]
pub enum Trace {
    /// `debug crypto isakmp`.
    Isakmp(IsakmpTrace),
    /// `debug crypto ikev2`.
    Ikev2(Ikev2Trace),
    /// The rule behind a decision of IKEv2; shown with `debug crypto ikev2 internal`.
    WhyIkev2(Explained),
    /// A datagram for IKEv2 was dropped; shown with `debug crypto ikev2 error`.
    DroppedIkev2 {
        /// The sender.
        from: IpAddr,
        /// Why, in a few words.
        reason: String,
    },
    /// `debug crypto ipsec`.
    Ipsec(IpsecTrace),
    /// `debug crypto pki ...`.
    Pki(PkiTrace),
    /// Always shown: a `%FACILITY-n-MNEMONIC` message.
    Syslog(Syslog),
    /// The rule behind a decision of IKEv1; shown with `debug crypto why`.
    Why(Explained),
    /// A datagram was dropped; shown with `debug crypto isakmp error`.
    Dropped {
        /// The sender.
        from: IpAddr,
        /// Why, in a few words.
        reason: String,
    },
}

/// Which switch shows a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facility {
    /// `debug crypto isakmp`.
    Isakmp,
    /// `debug crypto ikev2`.
    Ikev2,
    /// `debug crypto ipsec`.
    Ipsec,
    /// `debug crypto pki validation` and its sisters.
    Pki,
    /// No switch.
    Syslog,
}

impl Traced {
    /// The switch that shows it.
    #[must_use]
    pub fn facility(&self) -> Facility {
        match self.trace {
            Trace::Isakmp(_) | Trace::Why(_) | Trace::Dropped { .. } => Facility::Isakmp,
            Trace::Ikev2(_) | Trace::WhyIkev2(_) | Trace::DroppedIkev2 { .. } => Facility::Ikev2,
            Trace::Ipsec(_) => Facility::Ipsec,
            Trace::Pki(_) => Facility::Pki,
            Trace::Syslog(_) => Facility::Syslog,
        }
    }

    /// The text IOS prints, without timestamp; continuation lines after `\n`.
    #[must_use]
    pub fn text(&self) -> String {
        let n = self.connection;
        match &self.trace {
            Trace::Isakmp(t) => t.text(n),
            Trace::Ikev2(t) => t.text(n),
            Trace::WhyIkev2(e) => format!(
                "IKEv2:(SA ID = {n}):why: {} [{}: {}]{}",
                escaped(&e.decision),
                e.rule,
                escaped(&e.because),
                rejected(e)
            ),
            Trace::DroppedIkev2 { from, reason } => {
                format!("IKEv2:Dropped packet from {from}: {reason}")
            }
            Trace::Ipsec(t) => t.text(),
            Trace::Pki(t) => t.text(n),
            Trace::Syslog(t) => t.to_string(),
            Trace::Why(e) => format!(
                "ISAKMP:({n}): why: {} [{}: {}]{}",
                escaped(&e.decision),
                e.rule,
                escaped(&e.because),
                rejected(e)
            ),
            Trace::Dropped { from, reason } => {
                format!("ISAKMP: dropped packet from {from}: {reason}")
            }
        }
    }
}

/// A line for each of the first candidates that were rejected.
fn rejected(explained: &Explained) -> String {
    const SHOWN: usize = 8;
    let candidates = explained.candidates.iter();
    let rejected = candidates.filter_map(|c| Some((&c.name, c.rejected.as_ref()?)));
    let line = |(name, no): (&String, &Rejected)| {
        format!(
            "\n    not {} [{}: {}]",
            escaped(name),
            no.rule,
            escaped(&no.because)
        )
    };
    rejected.take(SHOWN).map(line).collect()
}

/// Peer text made safe for a terminal, a log and a page: control characters and those that nobody sees, or that
/// change the order in which others are seen, as `\xNN` (J4, J5).
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match is_plain(c) {
            true => out.push(c),
            // Writing into a String does not fail.
            false => drop(write!(out, "\\x{:02x}", u32::from(c))),
        }
    }
    out
}

/// Neither a control character (Cc) nor a format character (Cf) nor a separator of lines (Zl, Zp) of Unicode 16.
#[must_use]
pub fn is_plain(c: char) -> bool {
    let hidden = matches!(
        c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
            | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e007f}'
    );
    !c.is_control() && !hidden
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Candidate;

    /// J4, J5: neither colours nor another order of the letters: isolates (U+2066 to U+2069) do that as overrides do.
    #[test]
    fn what_nobody_sees_is_escaped() {
        for (text, shown) in [
            ("R1\u{1b}[31m\n", "R1\\x1b[31m\\x0a"),
            ("a\u{202e}b\u{2066}c\u{2069}d", "a\\x202eb\\x2066c\\x2069d"),
            (
                "\u{200b}\u{200f}\u{61c}\u{feff}",
                "\\x200b\\x200f\\x61c\\xfeff",
            ),
            ("\u{85}\u{9b}31m\u{2028}", "\\x85\\x9b31m\\x2028"),
            ("\u{e0041}", "\\xe0041"),
            ("CN=Zoë, O=東京 🔑", "CN=Zoë, O=東京 🔑"),
        ] {
            assert_eq!(escaped(text), shown);
        }
    }

    /// Those that were rejected follow the decision, a line each, the first few; a peer cannot make another line.
    #[test]
    fn rejected_candidates_follow_their_decision() {
        let mut explained = Explained::new("S-041", "the peer is bound to prof1", "only it fits");
        let no = |n: usize| Candidate::new(format!("profile {n}\n"), None).rejected("S-096", "no");
        explained.candidates = (0..20).map(no).collect();
        explained
            .candidates
            .insert(0, Candidate::new("profile prof1", None).chosen());
        let traced = Traced {
            sa: None,
            connection: 0,
            trace: Trace::Why(explained),
        };
        let text = traced.text();
        let mut lines = text.lines();
        let first = "ISAKMP:(0): why: the peer is bound to prof1 [S-041: only it fits]";
        assert_eq!(lines.next(), Some(first));
        assert_eq!(lines.next(), Some("    not profile 0\\x0a [S-096: no]"));
        assert_eq!(lines.count(), 7);
    }
}
