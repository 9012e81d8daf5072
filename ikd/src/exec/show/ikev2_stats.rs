//! `show crypto ikev2 stats` (O-025): SAs, requests and cookies.

use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Statistics {
    /// 0 = no limit.
    max_sas: u32,
    max_in_negotiation: Pair<u32>,
    incoming: Sas,
    outgoing: Sas,
    incoming_requests: Requests,
    outgoing_requests: Requests,
    /// Refused by a limit of SAs.
    sa_limit: u64,
    dropped_at_dispatch: u64,
    cookies: Cookies,
}

#[derive(Serialize)]
struct Pair<T> {
    incoming: T,
    outgoing: T,
}

#[derive(Serialize)]
struct Sas {
    total: usize,
    active: usize,
    negotiating: usize,
}

#[derive(Serialize)]
struct Requests {
    total: u64,
    accepted: u64,
    rejected: u64,
}

#[derive(Serialize)]
struct Cookies {
    challenged: u64,
    accepted: u64,
    rejected: u64,
    rejected_no_cookie: u64,
}

pub(super) fn view(now: &Snapshot<'_>) -> Statistics {
    let (config, stats) = (&now.config.ikev2, now.ikev2_stats);
    let refused = stats.rejected + stats.refused;
    Statistics {
        max_sas: config.max_sa.unwrap_or(0),
        max_in_negotiation: Pair {
            incoming: config.max_in_negotiation_incoming,
            outgoing: config.max_in_negotiation_outgoing,
        },
        incoming: sas(now, false),
        outgoing: sas(now, true),
        incoming_requests: Requests {
            total: stats.accepted + refused,
            accepted: stats.accepted,
            rejected: refused,
        },
        outgoing_requests: Requests {
            total: stats.initiated,
            accepted: stats.initiated,
            rejected: 0,
        },
        sa_limit: stats.rejected,
        dropped_at_dispatch: stats.malformed + stats.no_sa,
        cookies: Cookies {
            challenged: stats.cookies_sent,
            accepted: stats.cookies_accepted,
            rejected: stats.cookies_wrong,
            rejected_no_cookie: stats.cookies_sent.saturating_sub(stats.cookies_wrong),
        },
    }
}

/// Those that we started, or others did.
fn sas(now: &Snapshot<'_>, initiator: bool) -> Sas {
    let count = |status: &str| {
        let found = now.ikev2.iter();
        found
            .filter(|sa| sa.initiator == initiator && sa.status == status)
            .count()
    };
    let (active, negotiating) = (count("READY"), count("IN-NEG"));
    Sas {
        total: active + negotiating,
        active,
        negotiating,
    }
}

impl View for Statistics {
    fn text(&self) -> String {
        let mut out = Lines::default();
        let mut line = |text: String| out.line(text.trim_end());
        let rule = "-".repeat(80);
        line(rule.clone());
        line(format!("{:26}Crypto IKEv2 SA Statistics", ""));
        line(rule);
        let limits = &self.max_in_negotiation;
        line(format!(
            "System Resource Limit:   {:<9}Max IKEv2 SAs: {:<9}Max in nego(in/out): {}/{}",
            0, self.max_sas, limits.incoming, limits.outgoing
        ));
        for (name, sas) in [("incoming", &self.incoming), ("outgoing", &self.outgoing)] {
            line(format!(
                "Total {name} IKEv2 SA Count:    {:<9}active:        {:<9}negotiating: {}",
                sas.total, sas.active, sas.negotiating
            ));
        }
        let requests = [
            ("Incoming", &self.incoming_requests),
            ("Outgoing", &self.outgoing_requests),
        ];
        for (name, requests) in requests {
            line(format!(
                "{name} IKEv2 Requests: {:<9}accepted:      {:<9}rejected:    {}",
                requests.total, requests.accepted, requests.rejected
            ));
        }
        line(format!(
            "Rejected IKEv2 Requests: {:<9}rsrc low:      {:<9}SA limit:    {}",
            self.sa_limit, 0, self.sa_limit
        ));
        line(format!(
            "IKEv2 packets dropped at dispatch: {}",
            self.dropped_at_dispatch
        ));
        let cookies = &self.cookies;
        line(format!(
            "Incoming IKEV2 Cookie Challenged Requests: {}",
            cookies.challenged
        ));
        line(format!(
            "    accepted: {:<9}rejected: {:<9}rejected no cookie: {}",
            cookies.accepted, cookies.rejected, cookies.rejected_no_cookie
        ));
        out.0
    }
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, ikev2_sa, json, shown};

    /// O-025: limits, SAs by who started them, requests and cookies.
    #[test]
    fn statistics_of_ikev2() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.ikev2 = vec![ikev2_sa(1), ikev2_sa(2)];
        now.ikev2[1].initiator = false;
        now.ikev2[1].status = "IN-NEG".into();
        now.ikev2_stats.initiated = 18;
        now.ikev2_stats.accepted = 2;
        now.ikev2_stats.rejected = 1;
        now.ikev2_stats.no_sa = 4;
        now.ikev2_stats.cookies_sent = 3;
        now.ikev2_stats.cookies_wrong = 1;
        now.ikev2_stats.cookies_accepted = 2;
        assert_eq!(
            shown("show crypto ikev2 stats", &now),
            "--------------------------------------------------------------------------------
                          Crypto IKEv2 SA Statistics
--------------------------------------------------------------------------------
System Resource Limit:   0        Max IKEv2 SAs: 0        Max in nego(in/out): 40/400
Total incoming IKEv2 SA Count:    1        active:        0        negotiating: 1
Total outgoing IKEv2 SA Count:    1        active:        1        negotiating: 0
Incoming IKEv2 Requests: 3        accepted:      2        rejected:    1
Outgoing IKEv2 Requests: 18       accepted:      18       rejected:    0
Rejected IKEv2 Requests: 1        rsrc low:      0        SA limit:    1
IKEv2 packets dropped at dispatch: 4
Incoming IKEV2 Cookie Challenged Requests: 3
    accepted: 2        rejected: 1        rejected no cookie: 2
"
        );
        let value = json("show crypto ikev2 stats", &now);
        assert_eq!(value["max_in_negotiation"]["outgoing"], 400);
    }
}
