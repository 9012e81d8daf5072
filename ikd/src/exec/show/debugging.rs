//! `show debugging` (O-080).

use serde::Serialize;

use super::{Lines, View};
use crate::log::Switch;

#[derive(Serialize)]
pub(super) struct Debugging {
    debugging: Vec<State>,
}

#[derive(Serialize)]
struct State {
    name: &'static str,
    on: bool,
}

pub(super) fn view(is_on: impl Fn(Switch) -> bool) -> Debugging {
    let state = |(switch, name)| State {
        name,
        on: is_on(switch),
    };
    Debugging {
        debugging: Switch::NAMED.into_iter().map(state).collect(),
    }
}

impl View for Debugging {
    /// Only what is on, as in IOS.
    fn text(&self) -> String {
        let mut out = Lines::default();
        let on: Vec<&State> = self.debugging.iter().filter(|state| state.on).collect();
        if !on.is_empty() {
            out.line("Cryptographic Subsystem:");
        }
        on.iter()
            .for_each(|state| out.line(format!("  {} is on", state.name)));
        out.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::View;
    use crate::log::Switch;

    /// O-080: what is off does not show.
    #[test]
    fn only_switches_that_are_on_show() {
        let text = super::view(|s| s == Switch::Isakmp || s == Switch::Pki).text();
        assert_eq!(
            text,
            "Cryptographic Subsystem:\n  Crypto ISAKMP debugging is on\n  Crypto PKI Validation Path debugging is on\n"
        );
        assert_eq!(super::view(|_| false).text(), "");
    }

    /// O-080: the four of IKEv2 show by the names of IOS.
    #[test]
    fn ikev2_has_four_switches() {
        let packet = super::view(|s| s == Switch::Ikev2Packet).text();
        assert_eq!(
            packet,
            "Cryptographic Subsystem:\n  IKEv2 packet debugging is on\n"
        );
        let all = super::view(|_| true).text();
        assert_eq!(all.matches("  IKEv2 ").count(), 4);
    }
}
