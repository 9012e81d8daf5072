//! The `debug` switches (O-080).

use std::sync::atomic::{AtomicU8, Ordering};

use ike_core::trace::{Facility, Trace, Traced};

/// One switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Switch {
    /// `debug crypto isakmp`.
    Isakmp = 1,
    /// `debug crypto ipsec`.
    Ipsec = 2,
    /// `debug crypto pki ...`.
    Pki = 4,
    /// `debug crypto why`: the rule behind each decision.
    Why = 8,
    /// `debug crypto isakmp error`: dropped datagrams.
    Drops = 16,
    /// Syslog: cannot be switched off.
    Always = 128,
}

impl Switch {
    /// The switch that shows a trace.
    pub fn of(traced: &Traced) -> Self {
        match (&traced.trace, traced.facility()) {
            (Trace::Why(_), _) => Self::Why,
            (Trace::Dropped { .. }, _) => Self::Drops,
            (_, Facility::Isakmp) => Self::Isakmp,
            (_, Facility::Ipsec) => Self::Ipsec,
            (_, Facility::Pki) => Self::Pki,
            (_, Facility::Syslog) => Self::Always,
        }
    }

    /// Every switch an operator can turn, with the words of `show debug`.
    pub const NAMED: [(Self, &'static str); 5] = [
        (Self::Isakmp, "Crypto ISAKMP debugging"),
        (Self::Ipsec, "Crypto IPSEC debugging"),
        (Self::Pki, "Crypto PKI Validation Path debugging"),
        (Self::Why, "Crypto decision debugging"),
        (Self::Drops, "Crypto ISAKMP Error debugging"),
    ];
}

/// All switches of the process.
#[derive(Debug)]
pub struct Switches(AtomicU8);

static SWITCHES: Switches = Switches(AtomicU8::new(Switch::Always as u8));

/// The process's switches.
pub fn switches() -> &'static Switches {
    &SWITCHES
}

impl Switches {
    /// Whether a switch is on.
    pub fn is_on(&self, switch: Switch) -> bool {
        self.0.load(Ordering::Relaxed) & switch as u8 != 0
    }

    /// Turns a switch.
    pub fn set(&self, switch: Switch, on: bool) {
        if on {
            self.0.fetch_or(switch as u8, Ordering::Relaxed);
        } else {
            self.0
                .fetch_and(!(switch as u8) | Switch::Always as u8, Ordering::Relaxed);
        }
    }

    /// `undebug all` and its opposite.
    pub fn set_all(&self, on: bool) {
        for (switch, _) in Switch::NAMED {
            self.set(switch, on);
        }
    }
}
