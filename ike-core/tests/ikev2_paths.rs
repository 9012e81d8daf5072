//! IKEv2 over NAT and over IPv6, several child SAs, narrowing, lifetimes by volume (RFC 7296 2.9, 2.23;
//! W-062, W-073).

#![allow(clippy::unwrap_used)]

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use ike_core::sa::Role;
use ike_core::sa::action::{Command, DataplaneEvent, Rekey, Transmit};
use ike_core::sim::{Network, Simulation, Translation};
use support::forge::Forge;
use support::{Story, ikev2_psk_routers};

fn settle(story: Story, initiator: usize) -> Simulation {
    let mut sim = story.negotiate(initiator);
    assert!(sim.verdict().up, "{:?}", sim.verdict());
    sim.settle(Duration::from_secs(2));
    sim
}

/// R1 behind a NAT that shows 192.168.0.9; a VTI, since GRE's selectors would name the inner address.
fn behind_nat() -> Story {
    let nat = Translation {
        inside: 0,
        inside_address: [192, 168, 0, 1].into(),
        outside_address: [192, 168, 0, 9].into(),
        port_offset: 1000,
    };
    let network = Network {
        nat: Some(nat),
        ..Network::default()
    };
    let mut story = Story {
        network,
        ..ikev2_psk_routers()
    };
    for text in &mut story.configs {
        *text = text.replace(
            "  tunnel source Ethernet0/0\n",
            "  tunnel source Ethernet0/0\n  tunnel mode ipsec ipv4\n",
        );
    }
    story
        .edit(
            1,
            "tunnel destination 192.168.0.1",
            "tunnel destination 192.168.0.9",
        )
        .edit(
            0,
            "  lifetime 3600\n",
            "  lifetime 3600\n  nat keepalive 20\n",
        )
}

/// RFC 7296 2.23: NAT is found, IKE_AUTH goes from port 4500, ESP is wrapped in UDP.
#[test]
fn a_nat_is_found_and_the_exchange_floats() {
    let sim = settle(behind_nat(), 0);
    let sent: Vec<u16> = sim
        .datagrams()
        .iter()
        .filter(|d| d.sender == 1)
        .map(|d| d.from.port())
        .collect();
    assert_eq!(sent, [500, 4500]);
    let views = [0, 1].map(|n| sim.ikev2_sas(n).remove(0));
    assert_eq!((views[0].nat, views[1].nat), ((true, false), (false, true)));
    assert_eq!(views[1].remote.to_string(), "192.168.0.9:5500");
    let inbound = sim.node(1).installed.inbound.values().next().unwrap();
    assert_eq!(inbound.encapsulation, 3, "tunnel in UDP");
    assert!(sim.carries());
}

/// RFC 3948 4: the end behind the NAT keeps its mapping; the other does not.
#[test]
fn only_the_end_behind_the_nat_sends_keepalives() {
    let mut sim = settle(behind_nat(), 0);
    sim.settle(Duration::from_secs(100));
    assert!(sim.node(0).keepalives.len() >= 4);
    assert!(sim.node(1).keepalives.is_empty());
}

/// Rekeying behind a NAT keeps ports and encapsulation.
#[test]
fn rekeying_behind_a_nat_stays_on_port_4500() {
    for what in [Rekey::Child, Rekey::Ike] {
        for node in [0, 1] {
            let mut sim = settle(behind_nat(), 0);
            sim.command(node, Command::Rekey("Tunnel1".to_owned(), what));
            sim.settle(Duration::from_secs(100));
            assert!(sim.carries(), "{what:?} by {node}");
            assert_eq!(sim.ikev2_sas(node).len(), 1);
            assert_eq!(sim.ikev2_sas(node)[0].local.port(), 4500);
        }
    }
}

/// H7: an old message from elsewhere moves nothing; a new authentic one moves a peer behind a NAT.
#[test]
fn a_replayed_message_from_elsewhere_moves_nothing() {
    let mut sim = settle(behind_nat(), 0);
    let old = sim.datagrams()[2].clone();
    sim.inject(
        1,
        Transmit {
            local: "203.0.113.7:4500".parse().unwrap(),
            remote: old.to,
            bytes: old.bytes,
        },
    );
    assert_eq!(sim.ikev2_sas(1)[0].remote.to_string(), "192.168.0.9:5500");
}

/// Where R2 sends from now on: a request of its own, as the NAT delivers it, and ESP.
fn sends_to(sim: &mut Simulation) -> (SocketAddr, SocketAddr) {
    let before = sim.datagrams().len();
    sim.command(1, Command::Rekey("Tunnel1".to_owned(), Rekey::Child));
    sim.settle(Duration::from_millis(1));
    let traffic = sim.node(1).installed.outbound.last().unwrap().remote;
    (sim.datagrams()[before].to, traffic)
}

/// Another port of the NAT, and what it stands for inside.
fn rebound() -> (SocketAddr, SocketAddr) {
    let outside = "192.168.0.9:6000".parse().unwrap();
    (outside, "192.168.0.1:5000".parse().unwrap())
}

/// RFC 7296 2.23: "the last valid authenticated packet" counts, of ESP too: requests of ours would go to a
/// mapping that is gone, and the SA would end.
#[test]
fn an_esp_packet_from_another_port_moves_the_ike_sa_with_it() {
    let mut sim = settle(behind_nat(), 0);
    let spi_in = *sim.node(1).installed.inbound.keys().next().unwrap();
    let (from, inside) = rebound();
    sim.dataplane(1, DataplaneEvent::Moved { spi_in, from });
    assert_eq!(sim.node(1).installed.inbound[&spi_in].remote, from);
    assert_eq!(sends_to(&mut sim), (inside, from));
}

/// RFC 7296 2.23: and a message of IKE moves ESP.
#[test]
fn a_message_from_another_port_moves_the_traffic_with_it() {
    let mut sim = settle(behind_nat(), 0);
    let (from, inside) = rebound();
    let bytes = Forge::of(&sim, 0).inform(Role::Initiator, 2, &[]);
    let transmit = Transmit {
        local: from,
        remote: "192.168.0.2:4500".parse().unwrap(),
        bytes,
    };
    sim.inject(1, transmit);
    assert_eq!(sends_to(&mut sim), (inside, from));
}

/// H7: a peer that is not behind a NAT does not move, and the end behind one never follows.
#[test]
fn an_esp_packet_from_elsewhere_moves_nobody_else() {
    for (story, node) in [(ikev2_psk_routers(), 1), (behind_nat(), 0)] {
        let mut sim = settle(story, 0);
        let spi_in = *sim.node(node).installed.inbound.keys().next().unwrap();
        let before = sim.ikev2_sas(node)[0].remote;
        let from = "203.0.113.7:4500".parse().unwrap();
        sim.dataplane(node, DataplaneEvent::Moved { spi_in, from });
        assert_eq!(sim.ikev2_sas(node)[0].remote, before);
        assert_eq!(sim.node(node).installed.inbound[&spi_in].remote, before);
    }
}

/// A second tunnel of the same peer is a second child SA of the same IKE SA.
#[test]
fn a_second_tunnel_is_a_second_child() {
    let mut story = ikev2_psk_routers();
    for (text, (own, peer)) in story.configs.iter_mut().zip([(1, 2), (2, 1)]) {
        text.push_str(&format!(
            "\ninterface Tunnel2\n  ip address 10.0.1.{own} 255.255.255.0\n  tunnel source Ethernet0/0\n  \
             tunnel mode ipsec ipv4\n  tunnel destination 192.168.0.{peer}\n  \
             tunnel protection ipsec profile profile1\n"
        ));
    }
    let mut sim = story.start();
    for name in ["Tunnel1", "Tunnel2"] {
        sim.command(0, Command::Up(name.to_owned()));
        sim.settle(Duration::from_secs(5));
    }
    for node in [0, 1] {
        let sas = sim.ikev2_sas(node);
        assert_eq!(sas.len(), 1);
        let children = &sas[0].established.as_ref().unwrap().children;
        let names: Vec<&str> = children.iter().map(|c| c.protection.as_str()).collect();
        assert_eq!(names, ["Tunnel1", "Tunnel2"]);
    }
    // The first goes alone, the IKE SA with the second.
    sim.command(0, Command::Down("Tunnel1".to_owned()));
    sim.settle(Duration::from_secs(5));
    assert_eq!(sim.node(1).installed.inbound.len(), 1);
    sim.command(1, Command::Down("Tunnel2".to_owned()));
    sim.settle(Duration::from_secs(100));
    assert!(sim.ikev2_sas(0).is_empty() && sim.ikev2_sas(1).is_empty());
}

/// RFC 7296 2.9: a wide offer is narrowed to the responder's tunnel, and the initiator takes it.
#[test]
fn a_wide_offer_is_narrowed() {
    let story = ikev2_psk_routers().edit(
        0,
        "  tunnel source Ethernet0/0\n",
        "  tunnel source Ethernet0/0\n  tunnel mode ipsec ipv4\n",
    );
    let sim = settle(story, 0);
    let spec = sim
        .node(0)
        .installed
        .inbound
        .values()
        .next()
        .unwrap()
        .clone();
    assert_eq!(
        spec.local_selector.to_string(),
        "192.168.0.1/255.255.255.255/47/0"
    );
    assert!(sim.carries());
}

/// G-082: volume limits: near the limit a child SA is replaced, at it deleted.
#[test]
fn volume_limits_replace_and_end_a_child() {
    let mut sim = settle(ikev2_psk_routers(), 0);
    let spi = |sim: &Simulation| *sim.node(0).installed.inbound.keys().next().unwrap();
    let spi_in = spi(&sim);
    sim.dataplane(
        0,
        DataplaneEvent::Expire {
            spi_in,
            hard: false,
        },
    );
    sim.settle(Duration::from_secs(5));
    assert_ne!(spi(&sim), spi_in);
    assert!(sim.carries());
    let spi_in = spi(&sim);
    sim.dataplane(0, DataplaneEvent::Expire { spi_in, hard: true });
    sim.settle(Duration::from_secs(5));
    assert!(sim.node(0).installed.inbound.is_empty() && sim.node(1).installed.inbound.is_empty());
    // Traffic asks for a new one, on the same IKE SA.
    let protection = "Tunnel1".to_owned();
    sim.dataplane(1, DataplaneEvent::Acquire { protection });
    sim.settle(Duration::from_secs(5));
    assert!(sim.carries());
    assert_eq!(sim.ikev2_sas(1).len(), 1);
}

/// PFS: the child's own exchange, in rekeying as in new child SAs.
#[test]
fn perfect_forward_secrecy_is_asked_for_and_given() {
    for wanted in [14, 31] {
        let pfs = format!("  set transform-set trans\n  set pfs group{wanted}\n");
        let story = ikev2_psk_routers()
            .edit(0, "  set transform-set trans\n", &pfs)
            .edit(1, "  set transform-set trans\n", &pfs);
        let mut sim = settle(story, 0);
        let group = |sim: &Simulation| sim.node(1).installed.inbound.values().next().unwrap().pfs;
        assert_eq!(group(&sim), None, "IKE_AUTH has no exchange of its own");
        sim.command(1, Command::Rekey("Tunnel1".to_owned(), Rekey::Child));
        sim.settle(Duration::from_secs(5));
        assert_eq!(group(&sim), Some(wanted));
        assert!(sim.carries());
    }
}

/// IPv6 outside: IPv6 endpoints, IPv6 identities, NAT detection over sixteen octets.
#[test]
fn ikev2_runs_over_ipv6() {
    let mut story = ikev2_psk_routers();
    for text in &mut story.configs {
        *text = text
            .replace(
                "match identity remote address 192.168.0.",
                "match identity remote address 2001:db8::",
            )
            .replace(" 255.255.255.255\n  identity", "/128\n  identity")
            .replace(
                "identity local address 192.168.0.",
                "identity local address 2001:db8::",
            )
            .replace(
                "  tunnel source Ethernet0/0\n",
                "  tunnel source Ethernet0/0\n  tunnel mode gre ipv6\n",
            )
            .replace(
                "tunnel destination 192.168.0.",
                "tunnel destination 2001:db8::",
            )
            .replace(
                "ip address 192.168.0.1 255.255.255.0\n",
                "ipv6 address 2001:db8::1/64\n",
            )
            .replace(
                "ip address 192.168.0.2 255.255.255.0\n",
                "ipv6 address 2001:db8::2/64\n",
            );
    }
    let sim = settle(story, 1);
    let sa = sim.ikev2_sas(0).remove(0);
    assert_eq!(sa.remote.to_string(), "[2001:db8::2]:500");
    assert_eq!(sa.nat, (false, false));
    assert_eq!(sa.established.unwrap().remote_id, "2001:db8::2");
    assert!(sim.carries());
}
