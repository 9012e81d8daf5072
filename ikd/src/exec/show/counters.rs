//! `show crypto counters`: what was dropped, by cause. Ours.

use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Counters {
    malformed: u64,
    no_sa: u64,
    admission: u64,
    unsupported: u64,
    ikev2: Ikev2,
    /// Absent without a data plane.
    esp: Option<Esp>,
}

#[derive(Serialize)]
struct Ikev2 {
    malformed: u64,
    no_sa: u64,
    admission: u64,
    refused: u64,
    cookies_wrong: u64,
}

#[derive(Serialize)]
struct Esp {
    unknown_spi: u64,
    replay_failures: u64,
    auth_failures: u64,
    malformed: u64,
    policy_failures: u64,
    no_sa_drops: u64,
    io_errors: u64,
}

pub(super) fn view(now: &Snapshot<'_>) -> Counters {
    let ike_core::engine::Counters {
        malformed,
        no_sa,
        admission,
        unsupported,
    } = now.counters;
    Counters {
        malformed,
        no_sa,
        admission,
        unsupported,
        ikev2: ikev2(now),
        esp: now.traffic.as_ref().map(esp),
    }
}

fn ikev2(now: &Snapshot<'_>) -> Ikev2 {
    let stats = now.ikev2_stats;
    Ikev2 {
        malformed: stats.malformed,
        no_sa: stats.no_sa,
        admission: stats.rejected,
        refused: stats.refused,
        cookies_wrong: stats.cookies_wrong,
    }
}

fn esp(traffic: &crate::dataplane::counters::Counters) -> Esp {
    let sum = |of: fn(&crate::dataplane::counters::TunnelCounters) -> u64| {
        traffic.tunnels.values().map(of).sum()
    };
    Esp {
        unknown_spi: traffic.unknown_spi,
        replay_failures: sum(|t| t.replay_failures),
        auth_failures: sum(|t| t.auth_failures),
        malformed: sum(|t| t.malformed),
        policy_failures: sum(|t| t.policy_failures),
        no_sa_drops: sum(|t| t.no_sa_drops),
        io_errors: sum(|t| t.io_errors),
    }
}

impl View for Counters {
    fn text(&self) -> String {
        let mut out = Lines::default();
        let mut row = |label: &str, count: u64| out.line(format!("  {label:<44}{count:>12}"));
        let Self {
            malformed,
            no_sa,
            admission,
            unsupported,
            ikev2,
            esp,
        } = self;
        row("IKE datagrams that do not decode", *malformed);
        row("IKE messages for no SA", *no_sa);
        row("IKE first messages refused by a limit", *admission);
        row("IKE exchanges that are not carried out", *unsupported);
        row("IKEv2 datagrams that do not decode", ikev2.malformed);
        row("IKEv2 messages for no SA", ikev2.no_sa);
        row("IKEv2 first messages refused by a limit", ikev2.admission);
        row("IKEv2 first messages answered with an error", ikev2.refused);
        row(
            "IKEv2 first messages with a wrong cookie",
            ikev2.cookies_wrong,
        );
        if let Some(esp) = esp {
            row("ESP packets for no SA", esp.unknown_spi);
            row("ESP packets that were replays", esp.replay_failures);
            row("ESP packets with a wrong ICV", esp.auth_failures);
            row("ESP packets that are malformed", esp.malformed);
            row(
                "ESP packets that do not fit their tunnel",
                esp.policy_failures,
            );
            row("Packets dropped for want of an SA", esp.no_sa_drops);
            row("Packets the kernel would not take", esp.io_errors);
        }
        format!("Dropped, by cause:\n{}", out.0)
    }
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, json, shown, traffic};

    /// Without a data plane only IKE is counted.
    #[test]
    fn drops_are_counted_by_cause() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.counters.no_sa = 7;
        now.ikev2_stats.cookies_wrong = 2;
        assert_eq!(
            shown("show crypto counters", &now),
            "Dropped, by cause:
  IKE datagrams that do not decode                       0
  IKE messages for no SA                                 7
  IKE first messages refused by a limit                  0
  IKE exchanges that are not carried out                 0
  IKEv2 datagrams that do not decode                     0
  IKEv2 messages for no SA                               0
  IKEv2 first messages refused by a limit                0
  IKEv2 first messages answered with an error            0
  IKEv2 first messages with a wrong cookie               2
"
        );
        now.traffic = Some(traffic());
        let value = json("show crypto counters", &now);
        assert_eq!(value["esp"]["unknown_spi"], 3);
        assert_eq!(value["esp"]["replay_failures"], 2);
    }
}
