//! IKEv2 between two routers in invented time: the tech note's second half (S-070 to S-098).

#![allow(clippy::unwrap_used)]

mod support;

use support::ikev2_routers;

/// T-50: R1 starts and the tunnel comes up.
#[test]
fn certificates_bring_the_tunnel_up_from_both_sides() {
    for initiator in [0, 1] {
        let sim = ikev2_routers().negotiate(initiator);
        let verdict = sim.verdict();
        assert!(verdict.up && sim.carries());
    }
}
