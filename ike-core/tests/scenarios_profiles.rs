//! Scenarios of other projects about the choice among profiles and among own certificates
//! (`docs/scenarios.md`). R2 has the profiles to choose from.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use ike_core::sa::action::Command;
use ike_core::sim::{Network, Simulation};
use ike_wire::v2::{Body, IdType, Identification};
use support::forge::{contents, printed, rewriting_auth};
use support::pki::{Party, below, leaf, leaf_of, leaf_with, meet, name, root};
use support::{WALL, ikev2_routers, keys};

const MATCH_R1: &str = "  match identity remote address 192.168.0.1 255.255.255.255\n";

/// A crypto map to the other router between two networks, with this profile; a configuration of
/// [`Party`] ends in the block of its interface.
fn with_map(text: &str, router: usize, profile: &str) -> String {
    let (own, peer) = ([1, 2][router], [2, 1][router]);
    format!(
        "{text}  crypto map M\n!\n\
         access-list 101 permit ip 192.168.{own}00.0 0.0.0.255 192.168.{peer}00.0 0.0.0.255\n\
         crypto map M 10 ipsec-isakmp\n  set peer 192.168.0.{peer}\n  set transform-set TS\n  \
         set {profile}\n  match address 101\n"
    )
}

/// Two routers with these configurations and the stores of these parties.
fn met(texts: [String; 2], parties: [&Party; 2]) -> Simulation {
    meet(texts, parties.map(|p| p.store.clone()), Network::default())
}

fn up(sim: &mut Simulation, tunnel: &str) {
    sim.command(0, Command::Up(tunnel.to_owned()));
    sim.settle(Duration::from_secs(5));
}

/// The tunnels that have a child SA at a router.
fn children(sim: &Simulation, node: usize) -> Vec<String> {
    let sas = sim.ikev2_sas(node);
    let established = sas.iter().filter_map(|sa| sa.established.as_ref());
    let children = established.flat_map(|e| &e.children);
    children.map(|c| c.protection.clone()).collect()
}

/// R2's prof1 and prof2: each takes the peers of its certificate map, and serves one tunnel.
fn two_profiles(gateway: &Party, maps: [&str; 2], trusted: [&str; 2]) -> String {
    let text = gateway.config(2);
    let (before, profile) = text.split_once("crypto ikev2 profile prof1\n").unwrap();
    let (profile, after) = profile.split_once("!\n").unwrap();
    let mut out = before.to_owned();
    for (n, (map, trusted)) in (1..).zip(maps.into_iter().zip(trusted)) {
        let profile = profile.replace(MATCH_R1, &format!("  match certificate M{n}\n"));
        out += &format!(
            "crypto pki certificate map M{n} 10\n  {map}\n!\ncrypto ikev2 profile prof{n}\n{profile}  \
             pki trustpoint {trusted} verify\n!\n"
        );
    }
    with_map(&(out + after), 1, "ikev2-profile prof2")
}

/// A peer gets the tunnel of its own profile; the other's is refused and the IKE SA stays.
fn reaches_only(peer: &Party, gateway: (&Party, String), own: &str, other: &str) {
    let texts = [
        with_map(&peer.config(2), 0, "ikev2-profile prof1"),
        gateway.1,
    ];
    let mut sim = met(texts, [peer, gateway.0]);
    up(&mut sim, own);
    assert_eq!([0, 1].map(|n| children(&sim, n)), [[own]; 2]);
    up(&mut sim, other);
    assert_eq!(contents(&sim, 1)[1], "NOTIFY(TS_UNACCEPTABLE)");
    assert!(printed(
        &sim,
        1,
        "map_db_check_isakmp_profile profile did not match"
    ));
    for node in [0, 1] {
        assert_eq!(sim.ikev2_sas(node).len(), 1);
        assert_eq!(sim.ikev2_sas(node)[0].status, "READY");
        assert_eq!(children(&sim, node), [own]);
    }
    assert!(sim.carries());
}

/// 3: each profile believes one CA below the root, and a map by issuer selects it.
#[test]
fn the_issuer_decides_which_tunnel_a_peer_gets() {
    let mut root = root("Root");
    let [mut research, mut sales] = ["Research", "Sales"].map(|cn| below(&mut root, cn, None));
    let own = leaf(&mut root, 1);
    let gateway = Party::new(1)
        .signs("ROOT", root.certificate(), own)
        .holds("RESEARCH", research.certificate(), "none")
        .holds("SALES", sales.certificate(), "none");
    let maps = ["issuer-name co cn = research", "issuer-name co cn = sales"];
    let text = two_profiles(&gateway, maps, ["RESEARCH", "SALES"]);
    for (ca, own, other) in [
        (&mut research, "Tunnel1", "M/10"),
        (&mut sales, "M/10", "Tunnel1"),
    ] {
        let leaf = leaf(ca, 0);
        let peer = Party::new(0)
            .signs("BRANCH", ca.certificate(), leaf)
            .trusts("ANCHOR", root.certificate(), "none");
        reaches_only(&peer, (&gateway, text.clone()), own, other);
    }
}

/// 17: the same CA, maps by a part of the subject.
#[test]
fn the_department_decides_which_tunnel_a_peer_gets() {
    let mut ca = root("CA");
    let own = leaf(&mut ca, 1);
    let gateway = Party::new(1).signs("CA", ca.certificate(), own);
    let maps = [
        "subject-name co ou = research",
        "subject-name co ou = accounting",
    ];
    let text = two_profiles(&gateway, maps, ["CA", "CA"]);
    for (department, own, other) in [
        ("Research", "Tunnel1", "M/10"),
        ("Accounting", "M/10", "Tunnel1"),
    ] {
        let subject = name(&format!("CN=R1,OU={department},O=cisco"));
        let leaf = leaf_with(&mut ca, 0, |c| c.subject = subject);
        let peer = Party::new(0).enrolled("CA", ca.certificate(), leaf, "none");
        reaches_only(&peer, (&gateway, text.clone()), own, other);
    }
}

/// The text with a copy of the block of `prof1` behind it, changed.
fn with_copy(text: &str, head: &str, change: impl Fn(&str) -> String) -> String {
    let (before, block) = text.split_once(&format!("{head} prof1\n")).unwrap();
    let (block, after) = block.split_once("!\n").unwrap();
    let copy = change(block);
    format!("{before}{head} prof1\n{block}!\n{head} prof2\n{copy}!\n{after}")
}

/// 7: two certificates of one identity, by two CAs for two keys, each with an SA of its own; the second
/// is no first contact and does not end the first.
#[test]
fn two_certificates_of_one_identity_have_an_sa_each() {
    let (mut one, mut two) = (root("One"), root("Two"));
    let other = keys()[0].public();
    let (first, own) = (leaf(&mut one, 0), leaf(&mut one, 1));
    let second = leaf_of(&mut two, 0, &other, |_| ());
    let mut peer = Party::new(0)
        .enrolled("A", one.certificate(), first, "none")
        .holds("B", two.certificate(), "none");
    peer.store.enroll("B", second, "other", WALL);
    let gateway = Party::new(1)
        .enrolled("A", one.certificate(), own, "none")
        .trusts("B", two.certificate(), "none");
    for (version, head, set, listed) in [
        (
            1,
            "crypto isakmp profile",
            "isakmp-profile",
            "ca trust-point A\n",
        ),
        (
            2,
            "crypto ikev2 profile",
            "ikev2-profile",
            "pki trustpoint A\n",
        ),
    ] {
        let both = listed.replace("A\n", "B\n  ") + listed;
        let text = with_copy(&peer.config(version), head, |block| {
            block.replace(listed, &both)
        });
        let texts = [
            with_map(&text, 0, &format!("{set} prof2")),
            with_map(&gateway.config(version), 1, &format!("{set} prof1")),
        ];
        let mut sim = met(texts, [&peer, &gateway]);
        for name in ["Tunnel1", "M/10"] {
            up(&mut sim, name);
        }
        let one = sim.isakmp_sas(1).into_iter().map(|sa| sa.validated_by);
        let two = sim.ikev2_sas(1).into_iter();
        let two = two.map(|sa| sa.established.unwrap().validated_by);
        let vouched: Vec<_> = one.chain(two).flatten().collect();
        assert_eq!(vouched, ["A", "B"], "IKEv{version}");
        for node in [0, 1] {
            assert_eq!(sim.node(node).installed.inbound.len(), 2, "IKEv{version}");
        }
        assert!(sim.carries());
    }
}

/// 9: one tunnel by IKEv1 and another by IKEv2 between the same two routers at the same time; each goes its
/// own way when the other ends.
#[test]
fn both_versions_serve_the_same_two_routers() {
    let mut ca = root("CA");
    let parties = [0, 1].map(|n| {
        let own = leaf(&mut ca, n);
        Party::new(n).enrolled("CA", ca.certificate(), own, "none")
    });
    let texts = [0, 1].map(|n| {
        let (one, two) = (parties[n].config(1), parties[n].config(2));
        let (_, ike) = two.split_once("crypto ikev2 proposal").unwrap();
        let (ike, _) = ike.split_once("crypto ipsec transform-set").unwrap();
        let text = one.replace(
            "crypto ipsec transform-set",
            &format!("crypto ikev2 proposal{ike}crypto ipsec transform-set"),
        );
        with_map(&text, n, "ikev2-profile prof1")
    });
    for initiator in [0, 1] {
        let mut sim = met(texts.clone(), parties.each_ref());
        for name in ["Tunnel1", "M/10"] {
            sim.command(initiator, Command::Up(name.to_owned()));
        }
        sim.settle(Duration::from_secs(5));
        for node in [0, 1] {
            assert_eq!(sim.isakmp_sas(node)[0].state, "QM_IDLE");
            assert_eq!(children(&sim, node), ["M/10"]);
            assert_eq!(sim.node(node).installed.inbound.len(), 2);
        }
        sim.command(1 - initiator, Command::Down("M/10".to_owned()));
        sim.settle(Duration::from_secs(100));
        for node in [0, 1] {
            assert!(sim.ikev2_sas(node).is_empty());
            assert_eq!(sim.isakmp_sas(node)[0].state, "QM_IDLE");
            assert_eq!(sim.node(node).installed.inbound.len(), 1);
        }
        assert!(sim.carries());
    }
}

/// 40: a profile for the peer's address, which does not trust its CA, stands before or behind the one for
/// its name; the identity of MM5 binds the right one, whatever was configured first (S-041).
#[test]
fn a_profile_that_fits_by_address_distracts_nobody() {
    let (mut ca, other) = (root("CA"), root("Other"));
    let [peer, gateway] = [0, 1].map(|n| {
        let own = leaf(&mut ca, n);
        Party::new(n).enrolled("CA", ca.certificate(), own, "none")
    });
    let gateway = gateway.holds("OTHER", other.certificate(), "none");
    let near = "crypto isakmp profile near\n  ca trust-point OTHER\n  \
                match identity address 192.168.0.1 255.255.255.255\n!\n";
    let text = gateway.config(1);
    for before in ["crypto isakmp profile prof1", "crypto ipsec transform-set"] {
        let text = text.replace(before, &format!("{near}{before}"));
        let mut sim = met([peer.config(1), text], [&peer, &gateway]);
        up(&mut sim, "Tunnel1");
        assert!(sim.verdict().up && sim.carries(), "{:?}", sim.verdict());
        assert_eq!(sim.verdict().profile["R2"], "prof1");
        let decisions = sim.record(1).unwrap().decisions;
        let because = "only prof1 matches R1.cisco.com";
        assert!(
            decisions
                .iter()
                .any(|d| d.rule == "S-041" && d.because == because)
        );
    }
}

/// 41: two profiles for peers from anywhere, with different identities and methods; each peer gets its own
/// in either order, and the wrong proof for an identity gets nothing.
#[test]
fn identity_and_method_choose_between_profiles_for_anybody() {
    let mut ca = root("CA");
    let [peer, gateway] = [0, 1].map(|n| {
        let own = leaf(&mut ca, n);
        Party::new(n).enrolled("CA", ca.certificate(), own, "none")
    });
    let (key, local) = (
        "pre-share key a-long-enough-secret",
        "identity local address 192.168.0.1",
    );
    let as_peer = |fqdn: &str, method: &str| {
        let text = peer
            .config(2)
            .replace(local, &format!("identity local fqdn {fqdn}"));
        text.replace("local rsa-sig", &format!("local {method}"))
    };
    let head = "crypto ikev2 profile";
    let of = |block: &str, fqdn: &str, method: &str| {
        let matched = format!("  match identity remote fqdn {fqdn}\n");
        block
            .replace(MATCH_R1, &matched)
            .replacen("remote rsa-sig", &format!("remote {method}"), 1)
    };
    let orders = [
        ("a.cisco.com", "b.cisco.com"),
        ("b.cisco.com", "a.cisco.com"),
    ];
    for (first, second) in orders {
        let method = |fqdn: &str| {
            if fqdn.starts_with('a') {
                key
            } else {
                "rsa-sig"
            }
        };
        let text = with_copy(&gateway.config(2), head, |block| {
            of(block, second, method(second))
        });
        let text = of(&text, first, method(first));
        for (fqdn, shown, bound) in [
            (first, method(first), "prof1"),
            (second, method(second), "prof2"),
            (first, method(second), "prof1"),
            (second, method(first), "prof2"),
        ] {
            let text = text.replace(
                "set ikev2-profile prof1",
                &format!("set ikev2-profile {bound}"),
            );
            let mut sim = met([as_peer(fqdn, shown), text], [&peer, &gateway]);
            up(&mut sim, "Tunnel1");
            let verdict = sim.verdict();
            assert_eq!(verdict.profile["R2"], bound, "{fqdn} with {shown}");
            if shown == method(fqdn) {
                assert!(
                    verdict.up && sim.carries(),
                    "{fqdn} with {shown}: {verdict:?}"
                );
            } else {
                assert_eq!(contents(&sim, 1), ["NOTIFY(AUTHENTICATION_FAILED)"]);
                let reason = verdict.reason.unwrap();
                let because =
                    format!("profile {bound} does not allow the peer's authentication method");
                assert!(reason.starts_with(&because), "{reason}");
            }
        }
    }
}

/// 42: an initiator that names whom it wants to meet (IDr) meets the router that is there: R2 signs with what
/// its profile and the requested CAs say and presents the identity of its profile, as IOS does.
#[test]
fn the_name_an_initiator_asks_for_chooses_no_certificate() {
    for wanted in ["R2.cisco.com", "other.cisco.com"] {
        let (mut sim, forge) = rewriting_auth(ikev2_routers(), |payloads| {
            let id = Identification::new(IdType::FQDN, wanted.as_bytes().to_vec());
            payloads.insert(2, Body::IdR(id).into());
        });
        sim.settle(Duration::from_secs(1));
        let decisions = sim.record(1).unwrap().decisions;
        assert!(
            decisions
                .iter()
                .any(|d| d.rule == "S-077" && d.decision == "TP1 signs")
        );
        let answer = forge.open(sim.datagrams().last().unwrap());
        let presented = answer.iter().find_map(|p| match &p.body {
            Body::IdR(id) => Some((id.id_type, id.data.to_vec())),
            _ => None,
        });
        assert_eq!(presented, Some((IdType::IPV4_ADDR, vec![192, 168, 0, 2])));
        assert_eq!(children(&sim, 1), ["Tunnel1"]);
    }
}
