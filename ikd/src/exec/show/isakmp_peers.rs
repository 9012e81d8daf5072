//! `show crypto isakmp peers` (O-008).

use std::net::IpAddr;

use ike_core::trace::escaped;
use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Peers {
    peers: Vec<Peer>,
}

#[derive(Serialize)]
struct Peer {
    address: IpAddr,
    port: u16,
    local: IpAddr,
    phase1_id: Option<String>,
}

/// Each pair of endpoints once; a proven identity wins over none.
pub(super) fn view(now: &Snapshot<'_>) -> Peers {
    let mut peers: Vec<Peer> = Vec::new();
    for sa in &now.isakmp {
        let phase1_id = sa.phase1_id.as_deref().map(escaped);
        let known =
            |p: &&mut Peer| (p.address, p.port, p.local) == (sa.remote, sa.remote_port, sa.local);
        match peers.iter_mut().find(known) {
            Some(peer) => peer.phase1_id = phase1_id.or(peer.phase1_id.take()),
            None => peers.push(Peer {
                address: sa.remote,
                port: sa.remote_port,
                local: sa.local,
                phase1_id,
            }),
        }
    }
    Peers { peers }
}

impl View for Peers {
    fn text(&self) -> String {
        let mut out = Lines::default();
        for peer in &self.peers {
            out.line(format!(
                "Peer: {} Port: {} Local: {}",
                peer.address, peer.port, peer.local
            ));
            out.line(format!(
                " Phase1 id: {}",
                peer.phase1_id.as_deref().unwrap_or("(none)")
            ));
        }
        out.0
    }
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, isakmp_sa, shown};

    /// O-008; two SAs with one peer are one peer, and its identity cannot drive a terminal.
    #[test]
    fn a_peer_shows_once_and_escaped() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.isakmp = vec![isakmp_sa(1001, "R"), isakmp_sa(1002, "I")];
        now.isakmp[0].phase1_id = Some("R2\u{1b}[2J.cisco.com".into());
        now.isakmp[1].phase1_id = None;
        assert_eq!(
            shown("show crypto isakmp peers", &now),
            "Peer: 192.168.0.2 Port: 500 Local: 192.168.0.1\n Phase1 id: R2\\x1b[2J.cisco.com\n"
        );
    }
}
