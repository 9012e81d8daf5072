//! IKEv2 between two routers in invented time: the tech note's second half (S-070 to S-098) and the cases
//! of IOS-FACTS section 6.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use ike_core::sim::Simulation;
use support::{Story, ikev2_routers, ip_lengths};

/// The payload lists a router printed for its messages, in order.
fn payloads(sim: &Simulation, node: usize, head: &str) -> Vec<String> {
    let of = |line: &String| {
        let (_, list) = line.split_once("Payload contents: \n ")?;
        line.contains(head).then(|| list.trim().to_owned())
    };
    sim.node(node).traces.iter().filter_map(of).collect()
}

fn printed(sim: &Simulation, node: usize, line: &str) -> bool {
    sim.node(node).traces.iter().any(|t| t.contains(line))
}

fn certreq(sim: &Simulation, message: &str) -> Vec<String> {
    let verdict = sim.verdict();
    let found = verdict.certreq.iter().find(|c| c.message == message);
    let issuers = found.map(|c| c.issuers.clone()).unwrap_or_default();
    let short = |name: String| {
        let (head, _) = name.split_once(',').unwrap();
        head.trim_start_matches("cn=").to_owned()
    };
    issuers.into_iter().map(short).collect()
}

/// T-50, S-070 to S-073: both directions come up with the seed's payload lists.
#[test]
fn certificates_bring_the_tunnel_up_from_both_sides() {
    for initiator in [0, 1] {
        let sim = ikev2_routers().negotiate(initiator);
        let verdict = sim.verdict();
        assert!(verdict.up && sim.carries(), "{verdict:?}");
        assert_eq!(verdict.version, "ikev2");
        let (i, r) = (initiator, 1 - initiator);
        assert_eq!(
            payloads(&sim, i, "Exchange REQUEST")[0],
            "SA KE N VID VID NOTIFY(NAT_DETECTION_SOURCE_IP) NOTIFY(NAT_DETECTION_DESTINATION_IP)"
        );
        assert_eq!(
            payloads(&sim, r, "Exchange RESPONSE")[0],
            "SA KE N VID VID NOTIFY(NAT_DETECTION_SOURCE_IP) NOTIFY(NAT_DETECTION_DESTINATION_IP) CERTREQ \
             NOTIFY(HTTP_CERT_LOOKUP_SUPPORTED)"
        );
        assert_eq!(
            payloads(&sim, i, "Building packet for encryption"),
            [
                "VID IDi CERT CERTREQ NOTIFY(HTTP_CERT_LOOKUP_SUPPORTED) AUTH CFG SA TSi TSr \
                 NOTIFY(INITIAL_CONTACT) NOTIFY(SET_WINDOW_SIZE) NOTIFY(ESP_TFC_NO_SUPPORT) \
                 NOTIFY(NON_FIRST_FRAGS)"
            ]
        );
        assert_eq!(
            payloads(&sim, r, "Building packet for encryption"),
            [
                "VID IDr CERT AUTH SA TSi TSr NOTIFY(SET_WINDOW_SIZE) NOTIFY(ESP_TFC_NO_SUPPORT) \
                 NOTIFY(NON_FIRST_FRAGS)"
            ]
        );
    }
}

/// W-068: 3DES, MD5, group 2, 20-octet nonces, two VIDs, four CAs whose keys are known.
#[test]
fn the_first_two_messages_have_the_sizes_of_the_seed() {
    let sim = ikev2_routers().negotiate(0);
    let isakmp: Vec<usize> = ip_lengths(&sim).iter().map(|n| n - 28).collect();
    assert_eq!(isakmp[..2], [332, 332 + (5 + 20 * 4) + 8]);
}

/// T-51, S-075: without `pki trustpoint` the initiator stops after IKE_SA_INIT.
#[test]
fn an_initiator_without_trustpoint_sends_no_ike_auth() {
    let sim = ikev2_routers()
        .edit(0, "  pki trustpoint TP1\n", "")
        .negotiate(0);
    let verdict = sim.verdict();
    assert_eq!(sim.datagrams().len(), 2);
    assert_eq!(verdict.stopped_at.as_deref(), Some("IKE_SA_INIT"));
    assert!(printed(&sim, 0, "Failed to build certificate payload"));
    assert!(printed(&sim, 0, "Retrieved trustpoint(s): 'TP1'"));
    assert!(printed(&sim, 0, "Retrieved trustpoint(s): 'TP2'"));
    assert!(printed(&sim, 0, "Trust-Point TP2 picked up"));
}

fn both_trustpoints(story: Story, router: usize) -> Story {
    story.edit(
        router,
        "  pki trustpoint TP1\n",
        "  pki trustpoint TP1\n  pki trustpoint TP2\n",
    )
}

/// T-52, S-078, S-079: R2 shows the CA2 certificate, which R1's profile does not believe.
#[test]
fn the_tech_notes_failure_ends_in_authentication_failed() {
    let sim = both_trustpoints(ikev2_routers(), 1).negotiate(1);
    let verdict = sim.verdict();
    assert_eq!(certreq(&sim, "IKE_SA_INIT")[..2], ["CA2", "CA1"]);
    assert_eq!(certreq(&sim, "IKE_AUTH"), ["CA1", "CA2"]);
    assert!(!verdict.up);
    assert_eq!(verdict.signed_with["R2"], "TP2");
    assert!(printed(&sim, 0, "Retrieved trustpoint(s): 'TP1'"));
    let seed = [
        "[IKEv2 -> PKI] Getting cert chain for the trustpoint TP1",
        "[PKI -> IKEv2] Getting of cert chain for the trustpoint PASSED",
        "Get peer's authentication method",
        "Peer's authentication method is 'RSA'",
        "[IKEv2 -> PKI] Validating certificate chain",
        "[PKI -> IKEv2] Validation of certificate chain FAILED",
        "Verification of peer's authentication data FAILED",
        "Sending authentication failure notify",
        "Building packet for encryption",
    ];
    let mut lines = sim.node(0).traces.iter();
    for wanted in seed {
        assert!(lines.any(|line| line.contains(wanted)), "{wanted}");
    }
    assert_eq!(
        payloads(&sim, 0, "Building packet for encryption"),
        ["NOTIFY(AUTHENTICATION_FAILED)"]
    );
    assert_eq!(sim.datagrams().len(), 4, "E-5: no further packet");
}

/// T-53, T-55, T-56, T-96: the order of the store and the profiles decide who signs with what.
#[test]
fn store_order_and_profiles_decide_who_signs() {
    let t52 = || both_trustpoints(ikev2_routers(), 1);
    let cases = [
        ("T-53", t52().order(0, &["TP1", "TP2"]), ("TP1", "TP1")),
        ("T-55", both_trustpoints(t52(), 0), ("TP2", "TP1")),
        (
            "T-56",
            ikev2_routers().edit(0, "  pki trustpoint TP1\n", ""),
            ("TP1", "TP1"),
        ),
        ("T-96", ikev2_routers(), ("TP1", "TP1")),
    ];
    for (name, story, (initiator, responder)) in cases {
        let sim = story.negotiate(1);
        let verdict = sim.verdict();
        assert!(verdict.up && sim.carries(), "{name}: {verdict:?}");
        assert_eq!(verdict.signed_with["R2"], initiator, "{name}");
        assert_eq!(verdict.signed_with["R1"], responder, "{name}");
    }
}

/// Three profiles with the same match on R2, as in the tech note.
fn three_profiles(tunnel: &str) -> Story {
    let profile = |name: &str| {
        format!(
            "crypto ikev2 profile {name}\n  match identity remote address 192.168.0.1 255.255.255.255\n  \
             identity local address 192.168.0.2\n  authentication remote rsa-sig\n  authentication local rsa-sig\n  \
             pki trustpoint TP1\n!\n"
        )
    };
    let more = format!("{}{}", profile("profile2"), profile("profile3"));
    ikev2_routers()
        .edit(
            1,
            "crypto ipsec transform-set",
            &format!("{more}crypto ipsec transform-set"),
        )
        .edit(
            1,
            "set ikev2-profile profile1",
            &format!("set ikev2-profile {tunnel}"),
        )
}

/// T-58, S-091, S-093, W-069: the last of equal profiles is bound; the tunnel wants another.
#[test]
fn a_tunnel_of_another_profile_gets_ts_unacceptable() {
    let mut sim = three_profiles("profile1").negotiate(0);
    assert!(printed(
        &sim,
        1,
        "Searching policy based on peer's identity '192.168.0.1' of type 'IPv4 address'"
    ));
    assert!(printed(&sim, 1, "found matching IKEv2 profile 'profile3'"));
    let seed = [
        "map_db_check_isakmp_profile profile did not match",
        "map_db_find_best did not find matching map",
        "IPSEC(ipsec_process_proposal): proxy identities not supported",
        "There was no IPSEC policy found for received TS",
        "Sending TS unacceptable notify",
    ];
    let mut lines = sim.node(1).traces.iter();
    for wanted in seed {
        assert!(lines.any(|line| line.contains(wanted)), "{wanted}");
    }
    assert_eq!(
        payloads(&sim, 1, "Building packet for encryption")[0],
        "VID IDr CERT AUTH NOTIFY(TS_UNACCEPTABLE)"
    );
    sim.settle(Duration::from_secs(5));
    assert!(printed(
        &sim,
        0,
        "Queuing IKE SA delete request reason: unknown"
    ));
    assert_eq!(
        payloads(&sim, 0, "Building packet for encryption")[1..],
        ["DELETE", "DELETE"],
        "W-069: the ESP SPI, then the IKE SA"
    );
    sim.settle(Duration::from_secs(200));
    assert!(sim.ikev2_sas(0).is_empty() && sim.ikev2_sas(1).is_empty());
}

/// T-59: the same with the tunnel on the last profile.
#[test]
fn the_last_of_equal_profiles_serves_its_tunnel() {
    let sim = three_profiles("profile3").negotiate(0);
    assert!(sim.verdict().up);
    assert_eq!(sim.verdict().profile["R2"], "profile3");
}

/// T-61: a host is more specific than its network, whatever their order.
#[test]
fn the_more_specific_profile_wins() {
    let story = three_profiles("profile1").edit(
        1,
        "crypto ikev2 profile profile3\n  match identity remote address 192.168.0.1 255.255.255.255",
        "crypto ikev2 profile profile3\n  match identity remote address 192.168.0.0 255.255.255.0",
    );
    let story = story.edit(
        1,
        "crypto ikev2 profile profile2\n  match identity remote address 192.168.0.1 255.255.255.255",
        "crypto ikev2 profile profile2\n  match identity remote address 192.168.0.0 255.255.0.0",
    );
    let sim = story.negotiate(0);
    assert_eq!(sim.verdict().profile["R2"], "profile1");
    assert!(sim.verdict().up);
}

/// T-62, S-098: the last profile wants a pre-shared key; it is selected all the same.
#[test]
fn the_method_plays_no_part_in_selection() {
    let story = three_profiles("profile3");
    let (head, tail) = story.configs[1].split_once("profile profile3").unwrap();
    let tail = tail.replacen(
        "authentication remote rsa-sig",
        "authentication remote pre-share key cisco123",
        1,
    );
    let text = format!("{head}profile profile3{tail}");
    let mut story = story;
    story.configs[1] = text;
    let sim = story.negotiate(0);
    let verdict = sim.verdict();
    assert_eq!(verdict.stopped_at.as_deref(), Some("IKE_AUTH"));
    assert!(printed(&sim, 1, "Sending authentication failure notify"));
}

/// T-64: no profile matches IDi.
#[test]
fn a_peer_of_no_profile_is_not_authenticated() {
    let sim = ikev2_routers()
        .edit(
            1,
            "match identity remote address 192.168.0.1 255.255.255.255",
            "match identity remote address 192.168.0.9 255.255.255.255",
        )
        .negotiate(0);
    assert_eq!(sim.verdict().stopped_at.as_deref(), Some("IKE_AUTH"));
    assert_eq!(
        payloads(&sim, 1, "Building packet for encryption"),
        ["NOTIFY(AUTHENTICATION_FAILED)"]
    );
}

/// T-67: the responder does another group only; the same offer comes again with it.
#[test]
fn a_wrong_group_costs_one_round_trip() {
    let sim = ikev2_routers()
        .edit(0, "  group 2\n", "  group 5 2\n")
        .negotiate(0);
    assert!(sim.verdict().up && sim.carries());
    assert_eq!(sim.datagrams().len(), 6);
    assert!(printed(&sim, 0, "INVALID_KE_PAYLOAD, group 2"));
}

/// T-69, W-069: transform sets that have nothing in common.
#[test]
fn a_child_without_proposal_is_refused_with_a_proven_peer() {
    let mut sim = ikev2_routers()
        .edit(1, "esp-3des esp-sha-hmac", "esp-aes esp-sha256-hmac")
        .negotiate(0);
    assert_eq!(
        payloads(&sim, 1, "Building packet for encryption")[0],
        "VID IDr CERT AUTH NOTIFY(NO_PROPOSAL_CHOSEN)"
    );
    sim.settle(Duration::from_secs(200));
    assert!(printed(
        &sim,
        0,
        "Session with IKE ID PAIR (192.168.0.2, 192.168.0.1) is UP"
    ));
    assert!(sim.ikev2_sas(0).is_empty() && sim.ikev2_sas(1).is_empty());
}

/// T-71, O-085: an address that is not in the certificate is told twice, and the tunnel is up.
#[test]
fn an_address_that_is_not_in_the_certificate_is_told_and_taken() {
    let story = ikev2_routers();
    let text = story.configs[0].replace("  ip-address 192.168.0.1\n", "  ip-address none\n");
    let mut story = story;
    story.configs[0] = text;
    let sim = story.negotiate(0);
    assert!(sim.verdict().up);
    let told = |line: &&String| line.contains("%CRYPTO-6-IKMP_NO_ID_CERT_ADDR_MATCH");
    assert_eq!(sim.node(1).traces.iter().filter(told).count(), 2);
}

/// T-65: the initiator's only trustpoint is not in the responder's list; it is used anyway.
#[test]
fn an_unasked_certificate_is_shown_and_the_responder_decides() {
    let story = ikev2_routers()
        .edit(1, "  pki trustpoint TP1\n", "  pki trustpoint TP2\n")
        .order(0, &["TP1"]);
    let sim = story.negotiate(1);
    let verdict = sim.verdict();
    assert_eq!(verdict.signed_with["R2"], "TP2");
    assert_eq!(verdict.stopped_at.as_deref(), Some("IKE_AUTH"));
}

/// G-043, G-062, U-10: a certificate map selects the profile, on both sides, and fails closed.
#[test]
fn a_certificate_map_selects_the_profile() {
    let with_map = |text: &str, name: &str| {
        let map = format!("crypto pki certificate map M 10\n  subject-name co cn={name}\n!\n");
        let (head, tail) = text.split_once("crypto ikev2 proposal").unwrap();
        let tail: Vec<&str> = tail
            .lines()
            .map(|l| match l.contains("match identity remote") {
                true => "  match certificate M",
                false => l,
            })
            .collect();
        format!("{head}{map}crypto ikev2 proposal{}\n", tail.join("\n"))
    };
    for (wanted, up) in [
        (["r2", "r1"], true),
        (["r9", "r1"], false),
        (["r2", "r9"], false),
    ] {
        let mut story = ikev2_routers();
        for (text, name) in story.configs.iter_mut().zip(wanted) {
            *text = with_map(text, name);
        }
        let sim = story.negotiate(0);
        assert_eq!(sim.verdict().up, up, "{wanted:?}: {:?}", sim.verdict());
    }
}
