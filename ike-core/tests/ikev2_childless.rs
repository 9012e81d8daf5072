//! IKE SAs without a child SA in IKE_AUTH (RFC 6023).

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use ike_core::sim::Simulation;
use ike_wire::registry::PayloadType;
use ike_wire::v2::NotifyType;
use support::forge::{Forge, contents, losing, notifies, printed, with_global};
use support::{Story, ikev2_psk_routers};

fn with(story: Story, router: usize, kind: &str) -> Story {
    with_global(story, router, &format!("crypto ikev2 childless{kind}"))
}

/// RFC 6023 3: IKE_AUTH without SA and TS, then the child SA with CREATE_CHILD_SA.
#[test]
fn the_first_child_comes_after_ike_auth_when_both_want_it_so() {
    for responder in ["", " required"] {
        let story = with(with(ikev2_psk_routers(), 0, " required"), 1, responder);
        let sim = story.negotiate(0);
        assert!(sim.verdict().up && sim.carries(), "{:?}", sim.verdict());
        let sent = contents(&sim, 0);
        assert!(!sent[0].contains("SA TSi"), "{}", sent[0]);
        assert!(sent[1].starts_with("SA N TSi TSr"), "{}", sent[1]);
        assert!(!contents(&sim, 1)[0].contains("SA TSi"));
        assert_eq!(sim.datagrams().len(), 6);
    }
}

/// RFC 6023 3: who may make one either way makes it in IKE_AUTH; the responder announces in any case.
#[test]
fn a_responder_that_takes_both_announces_it_and_takes_the_usual_way() {
    let sim = with(with(ikev2_psk_routers(), 0, ""), 1, "").negotiate(0);
    assert!(sim.verdict().up && sim.carries());
    assert_eq!(sim.datagrams().len(), 4);
    assert!(printed(&sim, 1, "NOTIFY(CHILDLESS_IKEV2_SUPPORTED)"));
}

/// W-077: 15.3T has no such extension.
#[test]
fn nobody_announces_it_unasked() {
    let sim = ikev2_psk_routers().negotiate(0);
    assert!(!printed(&sim, 1, "CHILDLESS"));
}

/// RFC 6023 3: without the announcement no such request may be sent.
#[test]
fn an_initiator_that_requires_it_stops_before_ike_auth() {
    let sim = with(ikev2_psk_routers(), 0, " required").negotiate(0);
    let verdict = sim.verdict();
    assert_eq!(sim.datagrams().len(), 2);
    assert_eq!(verdict.stopped_at.as_deref(), Some("IKE_SA_INIT"));
    assert!(verdict.reason.unwrap().contains("childless is required"));
}

/// RFC 7296 1.2: the child SA alone is refused; the initiator then deletes the IKE SA (W-069).
#[test]
fn a_responder_that_requires_it_refuses_the_child_of_ike_auth() {
    let mut sim = with(ikev2_psk_routers(), 1, " required").negotiate(0);
    assert!(contents(&sim, 1)[0].ends_with("AUTH NOTIFY(NO_PROPOSAL_CHOSEN)"));
    sim.settle(Duration::from_secs(200));
    assert!(sim.ikev2_sas(0).is_empty() && sim.ikev2_sas(1).is_empty());
}

/// RFC 6023 3, H9: a request without child SA that was not announced is a syntax error.
#[test]
fn an_unannounced_request_without_child_is_refused() {
    let child = [
        PayloadType::V2_SA,
        PayloadType::V2_TS_INITIATOR,
        PayloadType::V2_TS_RESPONDER,
    ];
    let send = |story: Story| -> (Simulation, Vec<NotifyType>) {
        let mut sim = losing(story, 2..3).start();
        sim.up(0, None);
        sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() > 2);
        let request = sim.datagrams()[2].clone();
        let mut forge = Forge::of(&sim, 0);
        let mut payloads = forge.open(&request);
        payloads.retain(|p| !child.contains(&p.payload_type()));
        let forged = forge.instead(&request, &payloads);
        sim.inject(1, forged);
        sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() > 3);
        let answer = forge.open(&sim.datagrams()[3]);
        (sim, notifies(&answer))
    };
    let (sim, answer) = send(ikev2_psk_routers());
    assert_eq!(answer, [NotifyType::INVALID_SYNTAX]);
    assert!(sim.ikev2_sas(1).iter().all(|sa| sa.established.is_none()));
    let (sim, answer) = send(with(ikev2_psk_routers(), 1, ""));
    assert!(!answer.contains(&NotifyType::INVALID_SYNTAX));
    assert!(sim.ikev2_sas(1)[0].established.is_some());
}
