//! The `debug` switches (O-080).
//!
//! A trace may be shown by several: `debug crypto ikev2` tells the whole story of a negotiation,
//! `debug crypto ikev2 packet` and `error` each a part of it.

use std::sync::atomic::{AtomicU16, Ordering};

use ike_core::trace::{Facility, Trace, Traced};

/// One switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Switch {
    /// `debug crypto isakmp`.
    Isakmp = 1,
    /// `debug crypto ipsec`.
    Ipsec = 2,
    /// `debug crypto pki validation`.
    Pki = 4,
    /// `debug crypto why`: the rule behind each decision of both versions.
    Why = 8,
    /// `debug crypto isakmp error`: dropped datagrams.
    Drops = 16,
    /// `debug crypto ikev2`: the lines of the seed.
    Ikev2 = 32,
    /// `debug crypto ikev2 packet`: messages and proposals alone.
    Ikev2Packet = 64,
    /// `debug crypto ikev2 error`: dropped datagrams and failures alone.
    Ikev2Error = 128,
    /// `debug crypto ikev2 internal`: the rule behind each decision of IKEv2.
    Ikev2Internal = 256,
    /// `debug crypto pki messages`: what goes to a CA and comes back.
    PkiMessages = 512,
    /// `debug crypto pki transactions`: the steps of a conversation with a CA.
    PkiTransactions = 1024,
    /// Syslog: cannot be switched off.
    Always = 1 << 15,
}

/// Switches of which each shows a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown(u16);

impl Shown {
    /// The switches that show a trace.
    pub fn by(traced: &Traced) -> Self {
        match (&traced.trace, traced.facility()) {
            (Trace::Why(_), _) => Self::any(&[Switch::Why]),
            (Trace::WhyIkev2(_), _) => Self::any(&[Switch::Why, Switch::Ikev2Internal]),
            (Trace::Dropped { .. }, _) => Self::any(&[Switch::Drops]),
            (Trace::DroppedIkev2 { .. }, _) => Self::any(&[Switch::Ikev2Error]),
            (Trace::Ikev2(t), _) if t.is_packet() => {
                Self::any(&[Switch::Ikev2, Switch::Ikev2Packet])
            }
            (Trace::Ikev2(t), _) if t.is_failure() => {
                Self::any(&[Switch::Ikev2, Switch::Ikev2Error])
            }
            (_, Facility::Ikev2) => Self::any(&[Switch::Ikev2]),
            (_, Facility::Isakmp) => Self::any(&[Switch::Isakmp]),
            (_, Facility::Ipsec) => Self::any(&[Switch::Ipsec]),
            (_, Facility::Pki) => Self::any(&[Switch::Pki]),
            (_, Facility::Syslog) => Self::any(&[Switch::Always]),
        }
    }

    fn any(switches: &[Switch]) -> Self {
        Self(switches.iter().fold(0, |all, s| all | *s as u16))
    }
}

impl Switch {
    /// Every switch an operator can turn, with the words of `show debug`.
    pub const NAMED: [(Self, &'static str); 11] = [
        (Self::Isakmp, "Crypto ISAKMP debugging"),
        (Self::Ikev2, "IKEv2 default debugging"),
        (Self::Ikev2Error, "IKEv2 error debugging"),
        (Self::Ikev2Internal, "IKEv2 internal debugging"),
        (Self::Ikev2Packet, "IKEv2 packet debugging"),
        (Self::Ipsec, "Crypto IPSEC debugging"),
        (Self::PkiMessages, "Crypto PKI Msg debugging"),
        (Self::PkiTransactions, "Crypto PKI Trans debugging"),
        (Self::Pki, "Crypto PKI Validation Path debugging"),
        (Self::Why, "Crypto decision debugging"),
        (Self::Drops, "Crypto ISAKMP Error debugging"),
    ];
}

/// All switches of the process.
#[derive(Debug)]
pub struct Switches(AtomicU16);

static SWITCHES: Switches = Switches(AtomicU16::new(Switch::Always as u16));

/// The process's switches.
pub fn switches() -> &'static Switches {
    &SWITCHES
}

impl Switches {
    /// Whether a switch is on.
    pub fn is_on(&self, switch: Switch) -> bool {
        self.0.load(Ordering::Relaxed) & switch as u16 != 0
    }

    /// Whether one of these switches is on.
    pub fn show(&self, shown: Shown) -> bool {
        self.0.load(Ordering::Relaxed) & shown.0 != 0
    }

    /// Turns a switch.
    pub fn set(&self, switch: Switch, on: bool) {
        if on {
            self.0.fetch_or(switch as u16, Ordering::Relaxed);
        } else {
            self.0
                .fetch_and(!(switch as u16) | Switch::Always as u16, Ordering::Relaxed);
        }
    }

    /// `undebug all` and its opposite.
    pub fn set_all(&self, on: bool) {
        for (switch, _) in Switch::NAMED {
            self.set(switch, on);
        }
    }
}

#[cfg(test)]
mod tests {
    use ike_core::sa::record::Explained;
    use ike_core::trace::{Ikev2Trace, IsakmpTrace};

    use super::*;

    fn shown(trace: Trace) -> Shown {
        Shown::by(&Traced {
            sa: None,
            connection: 1,
            trace,
        })
    }

    /// O-080: each switch of `debug crypto ikev2` shows its part, the plain one the seed's lines.
    #[test]
    fn the_parts_of_ikev2_have_switches_of_their_own() {
        let packet = Trace::Ikev2(Ikev2Trace::BuildingForEncryption(Vec::new()));
        let failure = Trace::Ikev2(Ikev2Trace::Verified(false));
        let success = Trace::Ikev2(Ikev2Trace::Verified(true));
        let why = Trace::WhyIkev2(Explained::new("S-090", "x", "y"));
        let dropped = Trace::DroppedIkev2 {
            from: [192, 0, 2, 1].into(),
            reason: "z".into(),
        };
        let by = Shown::any;
        assert_eq!(shown(packet), by(&[Switch::Ikev2, Switch::Ikev2Packet]));
        assert_eq!(shown(failure), by(&[Switch::Ikev2, Switch::Ikev2Error]));
        assert_eq!(shown(success), by(&[Switch::Ikev2]));
        assert_eq!(shown(why), by(&[Switch::Why, Switch::Ikev2Internal]));
        assert_eq!(shown(dropped), by(&[Switch::Ikev2Error]));
        let isakmp = Trace::Isakmp(IsakmpTrace::BeginMainMode);
        assert_eq!(shown(isakmp), by(&[Switch::Isakmp]));
    }

    /// Turning one switch leaves the others; the log of the daemon itself cannot be turned off.
    #[test]
    fn switches_turn_one_by_one() {
        let all = Switches(AtomicU16::new(Switch::Always as u16));
        all.set(Switch::Ikev2Packet, true);
        assert!(all.show(Shown::any(&[Switch::Ikev2, Switch::Ikev2Packet])));
        assert!(!all.is_on(Switch::Ikev2));
        all.set_all(true);
        all.set(Switch::Always, false);
        all.set_all(false);
        assert!(all.is_on(Switch::Always));
        assert!(!all.is_on(Switch::Ikev2Packet));
    }
}
