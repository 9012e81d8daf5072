//! Stories of `show crypto session`.

use crate::exec::Snapshot;
use crate::exec::fixture::{R1, child, child_of_ikev2, ikev2_sa, isakmp_sa, json, shown, traffic};

/// O-061: an ISAKMP SA and a pair.
#[test]
fn a_session_that_is_up() {
    let world = R1::new();
    let mut now = world.snapshot();
    now.isakmp = vec![isakmp_sa(1001, "R")];
    now.children = vec![child()];
    assert_eq!(
        shown("show crypto session", &now),
        "Crypto session current status

Interface: Tunnel1
Profile: prof1
Session status: UP-ACTIVE
Peer: 192.168.0.2 port 500
  IKEv1 SA: local 192.168.0.1/500 remote 192.168.0.2/500 Active
  IPSEC FLOW: permit 47 host 192.168.0.1 host 192.168.0.2
        Active SAs: 2, origin: crypto map

"
    );
}

/// O-061 `detail`: legend, identity, capabilities, packets and what is left.
#[test]
fn detail_adds_identity_and_traffic() {
    let world = R1::new();
    let mut now = world.snapshot();
    now.isakmp = vec![isakmp_sa(1001, "R")];
    now.children = vec![child()];
    now.traffic = Some(traffic());
    assert_eq!(
        shown("show crypto session detail", &now),
        "Crypto session current status

Code: C - IKE Configuration mode, D - Dead Peer Detection
K - Keepalives, N - NAT-traversal, T - cTCP encapsulation
X - IKE Extended Authentication, F - IKE Fragmentation

Interface: Tunnel1
Profile: prof1
Uptime: 00:00:59
Session status: UP-ACTIVE
Peer: 192.168.0.2 port 500 fvrf: (none) ivrf: (none)
      Phase1_id: R2.cisco.com
      Desc: (none)
  IKEv1 SA: local 192.168.0.1/500 remote 192.168.0.2/500 Active
          Capabilities:(none) connid:1001 lifetime:23:59:01
  IPSEC FLOW: permit 47 host 192.168.0.1 host 192.168.0.2
        Active SAs: 2, origin: crypto map
        Inbound:  #pkts dec'ed 4 drop 2 life (KB/Sec) 4607999/3599
        Outbound: #pkts enc'ed 5 drop 1 life (KB/Sec) 4608000/3599

"
    );
}

fn status(now: &Snapshot<'_>) -> String {
    json("show crypto session", now)["sessions"][0]["status"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// O-061: the five states.
#[test]
fn the_status_follows_from_both_phases() {
    let world = R1::new();
    let mut now = world.snapshot();
    assert_eq!(status(&now), "DOWN");
    now.children = vec![child()];
    assert_eq!(status(&now), "UP-NO-IKE");
    now.isakmp = vec![isakmp_sa(1001, "R")];
    assert_eq!(status(&now), "UP-ACTIVE");
    now.children.clear();
    assert_eq!(status(&now), "UP-IDLE");
    now.isakmp[0].suite = None;
    assert_eq!(status(&now), "DOWN-NEGOTIATING");
    now.isakmp[0].status = "ACTIVE (deleted)".into();
    assert_eq!(status(&now), "DOWN");
}

/// A peer that no protection is for shows under the interface it reached.
#[test]
fn strangers_show_too() {
    let world = R1::new();
    let mut now = world.snapshot();
    now.isakmp = vec![isakmp_sa(1001, "R")];
    now.isakmp[0].remote = [192, 168, 0, 9].into();
    let text = shown("show crypto session", &now);
    assert!(text.contains("\nInterface: Ethernet0/0\nProfile: prof1\nSession status: UP-IDLE\nPeer: 192.168.0.9 port 500\n"), "{text}");
}

/// O-061: `IKEv2 SA:` lines, with what is left of the lifetime and the tunnel number.
#[test]
fn a_session_of_ikev2() {
    let world = R1::new();
    let mut now = world.snapshot();
    now.ikev2 = vec![ikev2_sa(1)];
    now.children = vec![child_of_ikev2()];
    let text = shown("show crypto session detail", &now);
    let part = "Interface: Tunnel1
Profile: profile1
Uptime: 00:00:20
Session status: UP-ACTIVE
Peer: 192.168.0.2 port 500 fvrf: (none) ivrf: (none)
      Phase1_id: 192.168.0.2
      Desc: (none)
  IKEv2 SA: local 192.168.0.1/500 remote 192.168.0.2/500 Active
          Capabilities:(none) connid:1 lifetime:23:59:40
  IPSEC FLOW: permit 47 host 192.168.0.1 host 192.168.0.2
        Active SAs: 2, origin: crypto map
";
    assert!(text.contains(part), "{text}");
    now.ikev2[0].nat = (true, false);
    now.ikev2[0].fragmentation = Some(1272);
    now.ikev2[0].established.as_mut().unwrap().dpd = Some((10, 2));
    let text = shown("show crypto session detail", &now);
    assert!(text.contains("Capabilities:DNF connid:1"), "{text}");
}

/// O-061: a peer with an SA of each version is one session, whose status follows from both.
#[test]
fn both_versions_show_together() {
    let world = R1::new();
    let mut now = world.snapshot();
    now.isakmp = vec![isakmp_sa(1001, "R")];
    now.ikev2 = vec![ikev2_sa(2)];
    let text = shown("show crypto session", &now);
    let lines = "Session status: UP-IDLE
Peer: 192.168.0.2 port 500
  IKEv1 SA: local 192.168.0.1/500 remote 192.168.0.2/500 Active
  IKEv2 SA: local 192.168.0.1/500 remote 192.168.0.2/500 Active
";
    assert!(text.contains(lines), "{text}");
    now.isakmp.clear();
    now.ikev2[0].status = "IN-NEG".into();
    assert_eq!(status(&now), "DOWN-NEGOTIATING");
    now.ikev2[0].status = "DELETE".into();
    assert_eq!(status(&now), "DOWN");
    now.ikev2[0].remote = ([192, 168, 0, 9], 500).into();
    assert!(
        shown("show crypto session", &now).contains("Peer: 192.168.0.9 port 500\n  IKEv2 SA: ")
    );
}
