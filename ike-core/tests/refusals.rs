//! What we do not do is refused politely: an exact answer, a line that names why, and nothing is left
//! (RFC 2408 3.14.1, 5.2; draft-dukes-ike-mode-cfg, draft-beaulieu-ike-xauth; W-053).

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use bytes::Bytes;
use ike_core::sim::Simulation;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v1::{
    Attribute, Body, Chain, ConfigAttribute, ConfigType, Message, ModeConfig, NotifyType, Payload,
    ProtocolId,
};
use ike_wire::{Flags, Spi};
use support::forge::printed;
use support::forge_v1::{self as by_hand, COOKIE, Peer, ask};

/// The one notify of a clear Informational about our hand-made offer.
fn clear_notify(datagrams: &[Bytes]) -> NotifyType {
    let [datagram] = datagrams else {
        panic!("{} datagrams", datagrams.len())
    };
    let message = Message::decode(datagram.clone()).unwrap();
    let header = &message.header;
    assert_eq!(header.exchange, ExchangeType::INFORMATIONAL);
    assert_eq!((header.initiator, header.responder), (COOKIE, Spi::ZERO));
    assert_eq!(header.flags, Flags::NONE);
    assert_ne!(header.message_id.0, 0);
    assert_eq!(message.chain.len(), 1);
    let Some((_, Body::Notify(notify))) = message.chain.find(PayloadType::NOTIFY) else {
        panic!("no notify")
    };
    assert_eq!((notify.doi, notify.protocol), (1, ProtocolId::ISAKMP));
    assert!(notify.spi.is_empty() && notify.data.is_empty());
    notify.ty
}

fn nothing_left(sim: &Simulation, node: usize) {
    assert!(sim.isakmp_sas(node).is_empty());
    assert!(sim.node(node).engine.next_deadline().is_none());
}

/// W-053, draft-beaulieu-ike-xauth 7: a method of XAUTH is no method of ours, and the reason says so.
#[test]
fn an_offer_of_xauth_is_refused_by_name() {
    for (method, name) in [
        (65_001, "XAUTHInitPreShared"),
        (65_005, "XAUTHInitRSA"),
        (64_221, "HybridInitRSA"),
    ] {
        let mut sim = by_hand::routers().start();
        sim.hold();
        let offer = [Body::Sa(by_hand::offer(method)).into()];
        let mm1 = by_hand::clear(ExchangeType::MAIN, Spi::ZERO, &offer);
        let answer = ask(&mut sim, mm1.clone());
        assert_eq!(clear_notify(&answer), NotifyType::NO_PROPOSAL_CHOSEN);
        assert!(answer[0].len() <= mm1.len());
        let why = format!("the peer wants XAUTH ({name}), which is not carried out");
        assert!(printed(&sim, 1, &why));
        let record = sim.record(1).unwrap();
        assert_eq!(record.stopped_at.as_deref(), Some("MM1"));
        assert_eq!(record.reason, Some(format!("{why}: NO-PROPOSAL-CHOSEN")));
        nothing_left(&sim, 1);
    }
}

/// RFC 2408 5.2, 3.14.1; B5: an offer of Aggressive Mode is answered with UNSUPPORTED-EXCHANGE-TYPE and leaves
/// nothing; what is no offer is not answered at all.
#[test]
fn aggressive_mode_is_refused() {
    let mut sim = by_hand::routers().start();
    sim.hold();
    let offer: [Payload; 3] = [
        Body::Sa(by_hand::offer(1)).into(),
        Body::KeyExchange(vec![1; 128].into()).into(),
        Body::Nonce(vec![2; 20].into()).into(),
    ];
    let first = by_hand::clear(ExchangeType::AGGRESSIVE, Spi::ZERO, &offer);
    let answer = ask(&mut sim, first);
    assert_eq!(clear_notify(&answer), NotifyType::UNSUPPORTED_EXCHANGE_TYPE);
    assert!(printed(&sim, 1, "Aggressive Mode is not carried out"));
    assert!(printed(
        &sim,
        1,
        "Processing of Aggressive mode failed with peer at 192.168.0.1"
    ));
    let bare = by_hand::clear(ExchangeType::AGGRESSIVE, Spi::ZERO, &offer[1..]);
    assert!(ask(&mut sim, bare).is_empty());
    nothing_left(&sim, 1);
}

fn attributes(ty: ConfigType, attributes: Vec<Attribute>) -> Payload {
    Body::Attributes(ModeConfig {
        ty,
        reserved: 0,
        identifier: 0x1234,
        attributes,
    })
    .into()
}

fn empty(ty: ConfigAttribute) -> Attribute {
    Attribute::long(ty, Bytes::new())
}

/// The payload of the answer, whose HASH covers it.
fn answered(chain: &Chain) -> ModeConfig {
    assert_eq!(chain.first_type(), PayloadType::HASH);
    assert_eq!(chain.len(), 2);
    match chain.find(PayloadType::ATTRIBUTES) {
        Some((1, Body::Attributes(answer))) => answer.clone(),
        other => panic!("{other:?}"),
    }
}

/// draft-dukes-ike-mode-cfg 3.2, draft-beaulieu-ike-xauth 5: whatever the peer wants in a transaction exchange,
/// the protected answer ends it; a repetition gets the same octets, and nothing is ever sent unasked.
#[test]
fn transactions_get_the_answer_that_ends_them() {
    let fail = Attribute::short(ConfigAttribute::XAUTH_STATUS, 0u16);
    let password = Attribute::long(ConfigAttribute::XAUTH_USER_PASSWORD, &b"hunter2"[..]);
    let cases = [
        (
            ConfigType::REQUEST,
            vec![empty(ConfigAttribute::XAUTH_USER_NAME), password],
            Some((ConfigType::REPLY, vec![fail.clone()])),
            "XAUTH, which is not carried out: XAUTH-STATUS FAIL",
        ),
        (
            ConfigType::REQUEST,
            vec![empty(ConfigAttribute::INTERNAL_IP4_ADDRESS)],
            Some((ConfigType::REPLY, vec![])),
            "IKEv1 has no addresses or settings to give",
        ),
        (
            ConfigType::SET,
            vec![Attribute::long(
                ConfigAttribute::INTERNAL_IP4_ADDRESS,
                vec![10, 0, 0, 9],
            )],
            Some((ConfigType::ACK, vec![])),
            "settings of a peer are not taken",
        ),
        (
            ConfigType::SET,
            vec![fail],
            Some((ConfigType::ACK, vec![empty(ConfigAttribute::XAUTH_STATUS)])),
            "Config payload SET",
        ),
        (ConfigType::REPLY, vec![], None, "we asked for nothing"),
    ];
    for (ty, asked, expected, line) in cases {
        let mut sim = by_hand::routers().start();
        sim.hold();
        let peer = Peer::establish(&mut sim, &[]);
        let question = [attributes(ty, asked)];
        let (message, iv) = peer.phase2(ExchangeType::TRANSACTION, 0xfeed, &question);
        let answers = ask(&mut sim, message.clone());
        assert!(printed(&sim, 1, line), "{line}");
        assert!(!printed(&sim, 1, "hunter2"));
        let told: Option<_> = answers.first().map(|answer| {
            let answer = answered(&peer.open(answer, &iv).0);
            assert_eq!(answer.identifier, 0x1234);
            (answer.ty, answer.attributes)
        });
        assert_eq!(told, expected);
        sim.settle(Duration::from_secs(1));
        let again = ask(&mut sim, message);
        assert_eq!(again, answers, "a repetition gets the same answer");
        let sent = sim.datagrams().len();
        sim.settle(Duration::from_secs(100));
        assert_eq!(sim.datagrams().len(), sent, "nothing is sent unasked");
        assert_eq!(sim.isakmp_sas(1).len(), 1, "the SA is the peer's to end");
    }
}

/// C16, C17: a transaction under a wrong HASH, in the clear or with a message ID taken is not acted on.
#[test]
fn forged_transactions_are_dropped() {
    let mut sim = by_hand::routers().start();
    sim.hold();
    let peer = Peer::establish(&mut sim, &[]);
    let question = |name| [attributes(ConfigType::REQUEST, vec![empty(name)])];
    let first = question(ConfigAttribute::INTERNAL_IP4_ADDRESS);
    let (message, _) = peer.phase2(ExchangeType::TRANSACTION, 7, &first);
    let mut spoiled = message.to_vec();
    spoiled[40] ^= 1;
    assert!(ask(&mut sim, spoiled.into()).is_empty());
    let mut naked = message.to_vec();
    naked[19] = 0;
    assert!(ask(&mut sim, naked.into()).is_empty());
    assert_eq!(ask(&mut sim, message).len(), 1);
    let other = question(ConfigAttribute::INTERNAL_IP4_DNS);
    let (taken, _) = peer.phase2(ExchangeType::TRANSACTION, 7, &other);
    assert!(ask(&mut sim, taken).is_empty());
    // Many questions are answered; only the last answers are kept.
    for id in 100..400 {
        let (message, _) = peer.phase2(ExchangeType::TRANSACTION, id, &other);
        assert_eq!(ask(&mut sim, message).len(), 1);
    }
}
