//! Everything else of IKEv1 on two engines: pre-shared keys, algorithms, PFS, NAT, rekeying,
//! deletion, liveness, selection edge cases.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use ike_core::sa::action::Command;
use ike_core::sim::{Fate, Network, Simulation, Translation};
use support::{R1, R2, Story, seed_routers};

const PSK: &str = "crypto isakmp key s3cret-and-long-enough address 0.0.0.0\n";

fn policy(story: Story, from: &str, to: &str) -> Story {
    story.edit(0, from, to).edit(1, from, to)
}

fn pre_shared() -> Story {
    let story = policy(
        seed_routers(),
        "  encr 3des\n",
        "  encr aes\n  authentication pre-share\n",
    );
    policy(
        story,
        "crypto isakmp profile prof1\n",
        &format!("{PSK}crypto isakmp profile prof1\n"),
    )
}

fn assert_up(sim: &Simulation, story: &str) {
    let verdict = sim.verdict();
    assert!(
        verdict.up,
        "{story}: {verdict:?}\n{}\n---\n{}",
        tail(sim, 0),
        tail(sim, 1)
    );
    assert!(sim.carries(), "{story}: the ends do not agree on keys");
}

fn tail(sim: &Simulation, node: usize) -> String {
    let traces = &sim.node(node).traces;
    traces[traces.len().saturating_sub(25)..].join("\n")
}

/// W-015 with a key: ID, HASH, N(INITIAL_CONTACT); 15.x PSK lengths of W-006 for AES/SHA/g2.
#[test]
fn pre_shared_keys_bring_the_tunnel_up_from_both_sides() {
    for initiator in [0, 1] {
        let sim = pre_shared().negotiate(initiator);
        assert_up(&sim, "pre-shared key");
        assert!(
            sim.verdict().certreq.is_empty(),
            "no certificate is asked for"
        );
    }
}

/// D17: other keys at the two ends: the responder sees a wrong HASH, nobody says a word.
#[test]
fn different_pre_shared_keys_fail_in_silence() {
    let story = pre_shared().edit(1, "s3cret-and-long-enough", "another-secret");
    let sim = story.negotiate(0);
    let verdict = sim.verdict();
    assert!(!verdict.up);
    assert_eq!(verdict.stopped_at.as_deref(), Some("MM5"), "{verdict:?}");
}

/// G-021: every cipher, hash and group brings the tunnel up.
#[test]
fn every_phase1_algorithm_works() {
    let suites = [
        ("des", "sha", "1"),
        ("3des", "md5", "5"),
        ("aes", "sha", "14"),
        ("aes 192", "sha256", "15"),
        ("aes 256", "sha384", "16"),
        ("aes 256", "sha512", "19"),
        ("aes", "sha256", "20"),
        ("3des", "sha", "21"),
    ];
    for (cipher, hash, group) in suites {
        let text = format!("  encr {cipher}\n  hash {hash}\n  group {group}\n");
        let story = policy(
            seed_routers(),
            "  encr 3des\n  hash md5\n  group 2\n",
            &text,
        );
        assert_up(&story.negotiate(0), &text);
    }
}

/// RFC 7634: IKEv1 has no number for ChaCha20-Poly1305, so a set with it is passed over.
#[test]
fn a_transform_set_that_ikev1_cannot_name_is_passed_over() {
    let set = "crypto ipsec transform-set TS esp-aes esp-sha256-hmac\n";
    let sets = format!("crypto ipsec transform-set NEW esp-chacha20-poly1305\n!\n{set}");
    let both = policy(seed_routers(), set, &sets);
    let (one, two) = ("  set transform-set TS\n", "  set transform-set NEW TS\n");
    let sim = policy(both, one, two).negotiate(0);
    assert_up(&sim, "both sets");
    let alone = policy(seed_routers(), set, &sets);
    let sim = policy(alone, one, "  set transform-set NEW\n").negotiate(0);
    assert!(!sim.verdict().up);
}

/// G-080, G-081: transform sets of every kind, transport mode, PFS with MODP and ECP groups.
#[test]
fn every_phase2_algorithm_and_pfs_group_works() {
    let sets = [
        "esp-3des esp-sha-hmac",
        "esp-aes 256 esp-sha512-hmac",
        "esp-gcm",
        "esp-gcm 256",
        "esp-des esp-md5-hmac",
        "esp-null esp-sha384-hmac",
    ];
    for (index, set) in sets.iter().enumerate() {
        let mode = if index % 2 == 0 {
            "transport"
        } else {
            "tunnel"
        };
        let from = "crypto ipsec transform-set TS esp-aes esp-sha256-hmac\n  mode tunnel\n";
        let story = policy(
            seed_routers(),
            from,
            &format!("crypto ipsec transform-set TS {set}\n  mode {mode}\n"),
        );
        assert_up(&story.negotiate(0), set);
    }
    for group in ["group2", "group14", "group19", "group21"] {
        let to = format!("  set pfs {group}\n  set isakmp-profile prof1\n");
        let sim = policy(seed_routers(), "  set isakmp-profile prof1\n", &to).negotiate(0);
        assert_up(&sim, group);
        assert!(
            sim.node(0)
                .installed
                .inbound
                .values()
                .all(|s| s.pfs.is_some()),
            "{group}"
        );
    }
}

/// W-053: policies that do not meet: a clear NO-PROPOSAL-CHOSEN, no state at the responder.
#[test]
fn unlike_policies_are_refused_without_state() {
    let sim = seed_routers()
        .edit(1, "  encr 3des\n", "  encr aes\n")
        .negotiate(0);
    let verdict = sim.verdict();
    assert_eq!(verdict.stopped_at.as_deref(), Some("MM1"), "{verdict:?}");
    assert!(sim.isakmp_sas(1).is_empty());
    assert!(
        sim.node(1)
            .traces
            .iter()
            .any(|t| t.contains("Encryption algorithm offered does not match policy!"))
    );
}

/// W-053: transform sets that do not meet: phase 1 stays, Quick Mode is refused.
#[test]
fn unlike_transform_sets_are_refused_in_quick_mode() {
    let sim = seed_routers()
        .edit(1, "esp-aes esp-sha256-hmac", "esp-3des esp-sha-hmac")
        .negotiate(0);
    let verdict = sim.verdict();
    assert_eq!(verdict.stopped_at.as_deref(), Some("QM1"), "{verdict:?}");
    assert!(sim.record(1).unwrap().phase1);
    assert!(
        sim.node(1)
            .traces
            .iter()
            .any(|t| t.contains("invalidated proposal with error 256"))
    );
}

/// S-094, T-15: the profile bound to the peer is not the tunnel's.
#[test]
fn a_peer_of_no_profile_gets_phase_one_and_no_tunnel() {
    let sim = seed_routers()
        .edit(
            1,
            "match identity host R1.cisco.com",
            "match identity host other.cisco.com",
        )
        .negotiate(0);
    let verdict = sim.verdict();
    assert!(!verdict.up && sim.record(0).unwrap().phase1, "{verdict:?}");
    let said = |text: &str| sim.node(1).traces.iter().any(|t| t.contains(text));
    assert!(said("peer matches *none* of the profiles"));
    assert!(said("map_db_check_isakmp_profile profile did not match"));
    assert!(said("IPSec policy invalidated proposal with error 32"));
}

/// U-4, T-13: nothing we hold answers the peer's requests.
#[test]
fn no_answerable_request_ends_before_mm5() {
    let sim = seed_routers()
        .order(0, &["IOSCA1"])
        .order(1, &["IOSCA2"])
        .edit(0, "  ca trust-point IOSCA1\n", "")
        .negotiate(0);
    let verdict = sim.verdict();
    assert_eq!(verdict.stopped_at.as_deref(), Some("MM4"), "{verdict:?}");
    assert_eq!(sim.isakmp_sas(1)[0].state, "MM_KEY_EXCH");
}

const NAT: &str = "192.168.0.77";

/// R1 behind a NAT, tunnels of plain IP since GRE proxies name the private address. `extra` goes
/// into R1's configuration.
fn behind_nat(extra: &str) -> Story {
    let vti = |text: &str| {
        text.replace(
            "  tunnel source",
            "  tunnel mode ipsec ipv4\n  tunnel source",
        )
    };
    let outside = NAT;
    let r2 = vti(R2).replace(
        "tunnel destination 192.168.0.1",
        &format!("tunnel destination {outside}"),
    );
    let nat = Translation {
        inside: 0,
        inside_address: "192.168.0.1".parse().unwrap(),
        outside_address: outside.parse().unwrap(),
        port_offset: 20_000,
    };
    let network = Network {
        nat: Some(nat),
        ..Network::default()
    };
    Story {
        configs: [vti(R1) + extra, r2],
        network,
        ..seed_routers()
    }
}

/// G-026: the end behind the NAT keeps its mapping alive, the other end need not.
#[test]
fn a_router_behind_a_nat_sends_keepalives_when_told_to() {
    let mut sim = behind_nat("crypto isakmp nat keepalive 20\n").negotiate(0);
    sim.settle(Duration::from_secs(65));
    let sent: Vec<String> = sim
        .node(0)
        .keepalives
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(sent, ["192.168.0.2:4500"; 3]);
    assert!(sim.node(1).keepalives.is_empty());
}

/// W-046, T-35: behind a NAT the initiator floats to 4500, presents port 0, and both ends use
/// UDP encapsulation.
#[test]
fn a_nat_between_the_routers_is_found_and_crossed() {
    let sim = behind_nat("").negotiate(0);
    assert_up(&sim, "NAT");
    let spec = sim.node(1).installed.outbound[0].clone();
    assert_eq!((spec.encapsulation, spec.local.port()), (3, 4500));
    assert_eq!(spec.remote.to_string(), format!("{NAT}:24500"));
    assert!(
        sim.node(0)
            .traces
            .iter()
            .any(|t| t.contains("my_port 4500 peer_port 4500 (I) MM_KEY_EXCH"))
    );
}

/// Phase 2 is replaced before it ends and the old pair goes; traffic always has a pair.
#[test]
fn child_sas_are_rekeyed_before_they_end() {
    let set = "crypto ipsec security-association lifetime seconds 600\ncrypto isakmp policy 10\n";
    let mut sim = policy(seed_routers(), "crypto isakmp policy 10\n", set).negotiate(0);
    let first = *sim.node(0).installed.inbound.keys().next().unwrap();
    for minute in 0..25 {
        sim.settle(Duration::from_secs(60));
        assert!(sim.carries(), "minute {minute}");
        assert!(sim.node(0).installed.inbound.len() <= 2, "minute {minute}");
    }
    assert!(!sim.node(0).installed.inbound.contains_key(&first));
}

/// Phase 1 is replaced by its initiator; the child SAs live on (O-061).
#[test]
fn isakmp_sas_are_rekeyed_before_they_end() {
    let story = policy(seed_routers(), "  group 2\n", "  group 2\n  lifetime 300\n");
    let mut sim = story.negotiate(0);
    let cookie = sim.isakmp_sas(0)[0].initiator_cookie.clone();
    for minute in 0..20 {
        sim.settle(Duration::from_secs(60));
        assert!(sim.carries(), "minute {minute}: {}", tail(&sim, 0));
        let live = sim
            .isakmp_sas(0)
            .iter()
            .filter(|sa| sa.status == "ACTIVE")
            .count();
        assert!((1..=2).contains(&live), "minute {minute}: {live} live SAs");
    }
    assert!(
        sim.isakmp_sas(0)
            .iter()
            .all(|sa| sa.initiator_cookie != cookie)
    );
}

/// `down` at one end is told to the other: nothing is left at either (RFC 2408 3.15).
#[test]
fn down_deletes_at_both_ends() {
    let mut sim = seed_routers().negotiate(0);
    sim.settle(Duration::from_secs(1));
    sim.command(1, Command::Down("Tunnel1".to_owned()));
    sim.settle(Duration::from_secs(1));
    for node in [0, 1] {
        assert!(
            sim.node(node).installed.inbound.is_empty()
                && sim.node(node).installed.outbound.is_empty()
        );
        assert!(
            sim.isakmp_sas(node)
                .iter()
                .all(|sa| sa.status.contains("deleted"))
        );
    }
}

/// G-025, RFC 3706: a peer that falls silent is found dead and its SAs go.
#[test]
fn a_silent_peer_is_found_dead() {
    let cut = std::rc::Rc::new(std::cell::Cell::new(false));
    let seen = cut.clone();
    let network = Network {
        faults: Box::new(move |_, _| {
            if seen.get() {
                Fate::lost()
            } else {
                Fate::delivered()
            }
        }),
        ..Network::default()
    };
    let keepalive = "crypto isakmp keepalive 10 2 periodic\ncrypto isakmp policy 10\n";
    let story = Story {
        network,
        ..seed_routers()
    };
    let mut sim = policy(story, "crypto isakmp policy 10\n", keepalive).negotiate(0);
    sim.settle(Duration::from_secs(60));
    assert!(sim.carries(), "probes are answered: {}", tail(&sim, 0));
    cut.set(true);
    sim.settle(Duration::from_secs(60));
    assert!(sim.node(0).installed.inbound.is_empty() && sim.node(1).installed.inbound.is_empty());
}

/// C24: both start at once: whichever SAs remain, both ends agree and traffic flows.
#[test]
fn simultaneous_starts_end_in_agreement() {
    let story = seed_routers().edit(0, "  ca trust-point IOSCA1\n", "");
    let mut sim = story.start();
    sim.up(0, None);
    sim.up(1, None);
    sim.settle(Duration::from_secs(30));
    assert!(sim.carries(), "{}\n---\n{}", tail(&sim, 0), tail(&sim, 1));
}

/// U-5, C14: a restarted peer's INITIAL_CONTACT takes its old SAs away at the other end.
#[test]
fn initial_contact_replaces_the_old_sas_of_the_same_peer() {
    let mut sim = seed_routers().negotiate(0);
    sim.settle(Duration::from_secs(5));
    let old = sim.isakmp_sas(1)[0].initiator_cookie.clone();
    sim.restart(0, 99);
    sim.up(0, None);
    sim.settle(Duration::from_secs(5));
    let said = |text: &str| sim.node(1).traces.iter().any(|t| t.contains(text));
    assert!(said("Process initial contact"), "{}", tail(&sim, 1));
    let live: Vec<_> = sim
        .isakmp_sas(1)
        .into_iter()
        .filter(|sa| sa.status == "ACTIVE")
        .collect();
    assert_eq!(live.len(), 1, "{live:?}");
    assert_ne!(live[0].initiator_cookie, old);
    assert_eq!(
        sim.node(1).installed.inbound.len(),
        1,
        "the old ESP SAs are gone"
    );
    assert!(sim.carries());
}

/// O-085, T-27, U-12: an FQDN that is not the certificate's is told twice and is not fatal.
#[test]
fn an_identity_outside_the_certificate_is_told_and_not_fatal() {
    let story = seed_routers()
        .edit(0, "hostname R1\n", "hostname RX\n")
        .edit(
            1,
            "match identity host R1.cisco.com",
            "match identity host RX.cisco.com",
        );
    let sim = story.negotiate(0);
    assert_up(&sim, "other identity");
    let told = "%CRYPTO-6-IKMP_NO_ID_CERT_FQDN_MATCH: ID of RX.cisco.com (type 2) and certificate fqdn with R1.cisco.com";
    assert_eq!(
        sim.node(1).traces.iter().filter(|t| *t == told).count(),
        2,
        "{}",
        tail(&sim, 1)
    );
}

/// P-006: `pki-order definition` puts the last defined trustpoint first, whatever was enrolled last.
#[test]
fn the_order_of_definition_can_replace_the_order_of_enrolment() {
    let story = seed_routers().edit(
        1,
        "crypto isakmp policy 10",
        "pki-order definition\ncrypto isakmp policy 10",
    );
    let sim = story.negotiate(1);
    assert_eq!(sim.verdict().certreq[0].issuers[0], "cn=CA2,o=cisco,o=com");
}

/// G-020: a router with ISAKMP off answers nobody. G-007: with session logging the tunnel's
/// coming up is told.
#[test]
fn isakmp_can_be_off_and_sessions_can_be_logged() {
    let sim = seed_routers()
        .edit(
            1,
            "crypto isakmp policy 10",
            "no crypto isakmp enable\ncrypto isakmp policy 10",
        )
        .negotiate(0);
    assert!(!sim.verdict().up && sim.isakmp_sas(1).is_empty());
    let sim = seed_routers()
        .edit(
            0,
            "crypto isakmp policy 10",
            "crypto logging session\ncrypto isakmp policy 10",
        )
        .negotiate(0);
    let told =
        "%CRYPTO-5-SESSION_STATUS: Crypto tunnel is UP .  Peer 192.168.0.2:500  Id: R2.cisco.com";
    assert!(
        sim.node(0).traces.iter().any(|t| t == told),
        "{}",
        tail(&sim, 0)
    );
}

/// W-054: a refused Quick Mode is told by its mnemonic; W-032: so are odd vendor IDs.
#[test]
fn failures_and_odd_vendor_ids_are_told() {
    let sim = seed_routers()
        .edit(1, "esp-aes esp-sha256-hmac", "esp-3des esp-sha-hmac")
        .negotiate(0);
    let said = |text: &str| sim.node(1).traces.iter().any(|t| t.contains(text));
    assert!(said(
        "%CRYPTO-6-IKMP_MODE_FAILURE: Processing of Quick mode failed with peer at 192.168.0.1"
    ));
    for major in [69, 245, 157, 123] {
        assert!(said(&format!(
            "vendor ID seems Unity/DPD but major {major} mismatch"
        )));
    }
}

/// IOS names every refusal: `up` of nothing says what there is.
#[test]
fn up_of_an_unknown_name_says_what_there_is() {
    let mut sim = seed_routers().start();
    sim.command(0, Command::Up("Tunnel9".to_owned()));
    let reply = format!("{:?}", sim.node(0).replies.last());
    assert!(
        reply.contains("Tunnel9") && reply.contains("there is Tunnel1"),
        "{reply}"
    );
}
