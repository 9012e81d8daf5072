//! IKEv1 between IPv6 addresses on two engines: the same exchanges, other endpoints, identities
//! and selectors (RFC 2407 4.6.2.5, 4.6.2.7; G-023, G-086).

#![allow(clippy::unwrap_used)]

mod support;

use ike_core::sim::{Network, Simulation, Translation};
use support::{R1, R2, Story, seed_routers};

/// The seed's routers on an IPv6 wire, their tunnels in this mode.
fn over_ipv6(mode: &str) -> Story {
    let router = |text: &str, own: u8, other: u8| {
        let wire = format!("ip address 192.168.0.{own} 255.255.255.0");
        let end = format!("tunnel destination 192.168.0.{other}");
        assert!(text.contains(&wire) && text.contains(&end));
        text.replace(&wire, &format!("ipv6 address 2001:db8::{own}/64"))
            .replace(
                &end,
                &format!("tunnel mode {mode}\n  tunnel destination 2001:db8::{other}"),
            )
    };
    Story {
        configs: [router(R1, 1, 2), router(R2, 2, 1)],
        ..seed_routers()
    }
}

/// The same with pre-shared keys, each router taken for its address; both have these lines.
fn with_keys(mode: &str, keys: &str) -> Story {
    let mut story = over_ipv6(mode);
    for (router, peer) in [(0, "R2.cisco.com"), (1, "R1.cisco.com")] {
        story = story
            .edit(
                router,
                "  encr 3des\n",
                "  encr aes\n  authentication pre-share\n",
            )
            .edit(
                router,
                "crypto isakmp profile prof1\n",
                &format!("{keys}crypto isakmp profile prof1\n"),
            )
            .edit(router, "  self-identity fqdn\n", "")
            .edit(
                router,
                &format!("match identity host {peer}"),
                "match identity address ipv6 2001:db8::/64",
            );
    }
    story
}

const KEY: &str = "crypto isakmp key s3cret-and-long-enough address ipv6 2001:db8::/32\n";

fn assert_up(sim: &Simulation) {
    let verdict = sim.verdict();
    let tail = |node: usize| sim.node(node).traces.join("\n");
    assert!(verdict.up, "{verdict:?}\n{}\n---\n{}", tail(0), tail(1));
    assert!(sim.carries(), "the ends do not agree on keys");
}

fn selectors(sim: &Simulation) -> Vec<(String, String)> {
    let out = &sim.node(0).installed.outbound;
    out.iter()
        .map(|s| (s.local_selector.to_string(), s.remote_selector.to_string()))
        .collect()
}

/// S-060 over IPv6: certificates, GRE between IPv6 hosts.
#[test]
fn certificates_bring_a_gre_tunnel_up_over_ipv6() {
    let sim = over_ipv6("gre ipv6").negotiate(0);
    assert_up(&sim);
    let gre = |host: &str| format!("{host}/128/47/0");
    assert_eq!(selectors(&sim), [(gre("2001:db8::1"), gre("2001:db8::2"))]);
    assert!(
        sim.datagrams()
            .iter()
            .all(|d| d.from.is_ipv6() && d.from.port() == 500)
    );
}

/// RFC 2407 4.6.2.5: an IPv6 router presents ID_IPV6_ADDR, and is matched by prefix.
#[test]
fn an_ipv6_router_is_known_by_its_address() {
    for initiator in [0, 1] {
        let sim = with_keys("ipsec ipv6", KEY).negotiate(initiator);
        assert_up(&sim);
        let all = "::/0/0/0".to_owned();
        assert_eq!(selectors(&sim), [(all.clone(), all)]);
        for node in [0, 1] {
            let sa = &sim.isakmp_sas(node)[0];
            assert_eq!(sa.phase1_id, Some(sa.remote.to_string()));
            assert_eq!(sa.profile.as_deref(), Some("prof1"));
        }
    }
}

/// G-023: the longest prefix that holds the peer wins; a key for 0.0.0.0 is for IPv4 peers.
#[test]
fn keys_are_chosen_by_ipv6_prefix() {
    let key = |prefix: &str| KEY.replace("2001:db8::/32", prefix);
    let wide = key("::/0").replace("s3cret", "other");
    let both = with_keys("ipsec ipv6", &format!("{wide}{KEY}"));
    assert_up(&both.edit(0, KEY, &key("2001:db8::2/128")).negotiate(0));
    let any4 = KEY.replace("ipv6 2001:db8::/32", "0.0.0.0");
    let sim = with_keys("ipsec ipv6", &any4).negotiate(0);
    assert!(!sim.verdict().up);
}

/// G-031: a keyring serves the address that one of the interface's addresses is.
#[test]
fn a_keyring_serves_an_ipv6_address_of_its_interface() {
    let keyring = "crypto keyring K\n  local-address Ethernet0/0\n  \
                   pre-shared-key address ipv6 2001:db8::/64 key s3cret-and-long-enough\n!\n";
    let story = with_keys("ipsec ipv6", keyring);
    let ring = "  match identity address ipv6";
    let named = format!("  keyring K\n{ring}");
    assert_up(
        &story
            .edit(0, ring, &named)
            .edit(1, ring, &named)
            .negotiate(0),
    );
}

/// O-085, T-26: an address that the certificate does not name is told and not fatal.
#[test]
fn an_ipv6_address_outside_the_certificate_is_told() {
    let own = "  self-identity fqdn\n";
    let story = over_ipv6("gre ipv6")
        .edit(0, own, "  self-identity address\n")
        .edit(
            1,
            "match identity host R1.cisco.com",
            "match identity address ipv6 2001:db8::1/128",
        );
    let sim = story.negotiate(0);
    assert_up(&sim);
    let told = |line: &&String| line.contains("2001:db8::1 (type 5)");
    let traces = &sim.node(1).traces;
    assert_eq!(
        traces.iter().filter(told).count(),
        2,
        "{}",
        traces.join("\n")
    );
}

/// RFC 3947 3.2 with sixteen octets in each hash: no NAT is seen where there is none, and one
/// that translates IPv6 is found and crossed in UDP 4500.
#[test]
fn a_nat_of_ipv6_is_found_and_crossed() {
    let plain = with_keys("ipsec ipv6", KEY).negotiate(0);
    assert!(plain.datagrams().iter().all(|d| d.to.port() == 500));
    let outside = "2001:db8::9";
    let nat = Translation {
        inside: 0,
        inside_address: "2001:db8::1".parse().unwrap(),
        outside_address: outside.parse().unwrap(),
        port_offset: 20_000,
    };
    let story = with_keys("ipsec ipv6", KEY).edit(
        1,
        "tunnel destination 2001:db8::1",
        &format!("tunnel destination {outside}"),
    );
    let network = Network {
        nat: Some(nat),
        ..Network::default()
    };
    let sim = Story { network, ..story }.negotiate(0);
    assert_up(&sim);
    let last = sim.datagrams().last().unwrap();
    assert_eq!(last.to.port(), 4500);
    assert_eq!(sim.node(0).installed.outbound[0].encapsulation, 3);
}
