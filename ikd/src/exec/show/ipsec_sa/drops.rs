//! `show crypto ipsec sa detail`: a line for each reason to drop, in the words of later IOS.

use serde::Serialize;

use crate::dataplane::counters::TunnelCounters;
use crate::exec::show::Lines;

/// Packets that went no further, by reason.
#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Drops {
    no_sa: u64,
    invalid_spi: u64,
    not_sent: u64,
    replayed: u64,
    wrong_icv: u64,
    malformed: u64,
    other_selectors: u64,
}

impl Drops {
    pub(super) fn of(counted: &TunnelCounters, invalid_spi: u64) -> Self {
        Self {
            no_sa: counted.no_sa_drops,
            invalid_spi,
            not_sent: counted.io_errors,
            replayed: counted.replay_failures,
            wrong_icv: counted.auth_failures,
            malformed: counted.malformed,
            other_selectors: counted.policy_failures,
        }
    }

    pub(super) fn lines(&self, out: &mut Lines) {
        let Self {
            no_sa,
            invalid_spi,
            not_sent,
            replayed,
            wrong_icv,
            malformed,
            other_selectors,
        } = self;
        for line in [
            format!("no sa (send) {no_sa}, #pkts invalid sa (rcv) {invalid_spi}"),
            format!("encaps failed (send) {not_sent}, #pkts decaps failed (rcv) 0"),
            format!("invalid prot (recv) 0, #pkts verify failed: {wrong_icv}"),
            format!(
                "invalid identity (recv) {other_selectors}, #pkts invalid len (rcv) {malformed}"
            ),
            "replay rollover (send): 0, #pkts replay rollover (rcv) 0".to_owned(),
        ] {
            out.line(format!("    #pkts {line}"));
        }
        // IOS has two signs here.
        out.line(format!("    ##pkts replay failed (rcv): {replayed}"));
        out.line("    #pkts tagged (send): 0, #pkts untagged (rcv): 0");
        out.line("    #pkts not tagged (send): 0, #pkts not untagged (rcv): 0");
        out.line("    #pkts internal err (send): 0, #pkts internal err (recv) 0");
    }
}
