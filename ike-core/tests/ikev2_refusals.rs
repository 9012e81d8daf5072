//! IKEv2: what we do not do is refused with an exact, protected answer, a line that names why, and nothing is
//! left (RFC 7296 2.16, 2.19, 2.21.2, 3.15.4; RFC 5998).

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use bytes::Bytes;
use ike_core::sim::Simulation;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v2::{
    Body, ConfigAttribute, ConfigAttributeType, ConfigType, Configuration, Message, NotifyType,
    Payload,
};
use support::forge::{self, Forge, notifies, notify, printed, rewrite_last, rewriting_auth};
use support::ikev2_psk_routers;

/// The newest datagram of a router: its exchange and its payloads.
fn last_of(sim: &Simulation, forge: &Forge, node: usize) -> (ExchangeType, Vec<Payload>) {
    let mut sent = sim.datagrams().iter().rev();
    let last = sent.find(|d| d.sender == node).unwrap();
    let header = Message::decode(last.bytes.clone()).unwrap().header;
    (header.exchange, forge.open(last))
}

fn nothing_left(sim: &mut Simulation, node: usize) {
    assert!(sim.node(node).installed.inbound.is_empty());
    sim.settle(Duration::from_secs(300));
    assert!(sim.ikev2_sas(node).is_empty());
    assert!(sim.node(node).engine.next_deadline().is_none());
}

fn eap_identity_request() -> Payload {
    Body::Eap(Bytes::from_static(&[1, 7, 0, 5, 1])).into()
}

/// RFC 7296 2.16, 2.21.2, C4; RFC 5998 3: an initiator that wants EAP sends no AUTH, and perhaps says that EAP
/// alone is enough. It gets AUTHENTICATION_FAILED, protected and alone.
#[test]
fn an_initiator_that_wants_eap_gets_authentication_failed() {
    for only in [false, true] {
        let (mut sim, forge) = rewriting_auth(ikev2_psk_routers(), |payloads| {
            payloads.retain(|p| p.payload_type() != PayloadType::V2_AUTH);
            let eap_only = notify(NotifyType::EAP_ONLY_AUTHENTICATION, Bytes::new());
            payloads.extend(only.then_some(eap_only));
        });
        let (exchange, answer) = last_of(&sim, &forge, 1);
        assert_eq!(exchange, ExchangeType::IKE_AUTH);
        assert_eq!(answer.len(), 1);
        assert_eq!(notifies(&answer), [NotifyType::AUTHENTICATION_FAILED]);
        let alone = "the peer wants EAP alone (EAP_ONLY_AUTHENTICATION), which is not built";
        assert_eq!(printed(&sim, 1, alone), only);
        assert!(printed(&sim, 1, "the peer wants EAP"));
        let sent = sim.datagrams().iter().filter(|d| d.sender == 1).count();
        nothing_left(&mut sim, 1);
        let later = sim.datagrams().iter().filter(|d| d.sender == 1).count();
        // R1 repeats the request that was changed on its way: another one with the same message ID.
        assert_eq!(sent, later, "nothing more is said");
    }
}

/// RFC 7296 2.16, 2.21.2: a responder that answers our AUTH with EAP, with or without a proof of its own, is told
/// AUTHENTICATION_FAILED in an INFORMATIONAL, once.
#[test]
fn a_responder_that_wants_eap_is_told_and_left() {
    for with_proof in [false, true] {
        let mut sim = forge::losing(ikev2_psk_routers(), 3..4).start();
        sim.up(0, None);
        sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() > 3);
        let forge = rewrite_last(&mut sim, |payloads| {
            let mut keep = vec![PayloadType::V2_ID_RESPONDER];
            keep.extend(with_proof.then_some(PayloadType::V2_AUTH));
            payloads.retain(|p| keep.contains(&p.payload_type()));
            payloads.push(eap_identity_request());
        });
        let (exchange, told) = last_of(&sim, &forge, 0);
        assert_eq!(exchange, ExchangeType::V2_INFORMATIONAL);
        assert_eq!(told.len(), 1);
        assert_eq!(notifies(&told), [NotifyType::AUTHENTICATION_FAILED]);
        let why = "the peer wants EAP, which is not built";
        let record = sim.record(0).unwrap();
        assert_eq!(record.stopped_at.as_deref(), Some("IKE_AUTH"));
        assert_eq!(record.reason.as_deref(), Some(why));
        let sent = sim.datagrams().iter().filter(|d| d.sender == 0).count();
        nothing_left(&mut sim, 0);
        let later = sim.datagrams().iter().filter(|d| d.sender == 0).count();
        assert_eq!(sent, later, "nothing is repeated");
    }
}

/// RFC 7296 2.19, 3.15.4: without addresses to give the request for one is ignored, not refused: neither CFG_REPLY
/// nor FAILED_CP_REQUIRED nor INTERNAL_ADDRESS_FAILURE, and the child SA comes up.
#[test]
fn a_request_for_an_address_is_ignored_where_none_is_configured() {
    let policy = "aaa authorization group psk list default AP";
    let global = "crypto ikev2 authorization policy AP\n  dns 10.0.0.53\n!\ncrypto ikev2 proposal";
    let plain = ikev2_psk_routers();
    let settings = ikev2_psk_routers().edit(1, "crypto ikev2 proposal", global);
    let settings = forge::with_profile(settings, 1, policy);
    for (story, reason, replies) in [
        (plain, "no authorization policy is for it", false),
        (settings, "authorization policy AP has no pool for it", true),
    ] {
        let (sim, forge) = rewriting_auth(story, |payloads| {
            let empty = |ty| ConfigAttribute::new(ty, Bytes::new());
            let asked = vec![
                empty(ConfigAttributeType::INTERNAL_IP4_ADDRESS),
                empty(ConfigAttributeType::INTERNAL_IP4_DNS),
            ];
            let request = Configuration::new(ConfigType::REQUEST, asked);
            payloads.retain(|p| p.payload_type() != PayloadType::V2_CONFIGURATION);
            payloads.push(Body::Config(request).into());
        });
        let (exchange, answer) = last_of(&sim, &forge, 1);
        assert_eq!(exchange, ExchangeType::IKE_AUTH);
        let told = answer.iter().find_map(|p| match &p.body {
            Body::Config(c) => Some(c),
            _ => None,
        });
        assert_eq!(told.is_some(), replies);
        let address = ConfigAttributeType::INTERNAL_IP4_ADDRESS;
        assert!(told.is_none_or(|c| c.attribute(address).is_none()));
        let errors = notifies(&answer).into_iter().filter(|ty| ty.0 < 16_384);
        assert_eq!(errors.count(), 0);
        assert!(
            answer
                .iter()
                .any(|p| p.payload_type() == PayloadType::V2_SA)
        );
        assert!(printed(&sim, 1, reason), "{reason}");
        assert_eq!(sim.node(1).installed.outbound.len(), 1);
    }
}
