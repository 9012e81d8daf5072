//! Hostile IKEv2 datagrams against an engine: from strangers, and from a peer with the right keys and bad
//! intent (THREATS A, B, C, H).

#![allow(clippy::unwrap_used)]

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use ike_core::entropy::Entropy;
use ike_core::ikev2::keymat::Keys;
use ike_core::ikev2::sk::Sk;
use ike_core::sa::Role;
use ike_core::sa::action::Transmit;
use ike_core::sim::{Fate, Network, Simulation};
use ike_crypto::Secret;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v2::{
    Body, Delete, Message, Notify, NotifyType, Payload, ProtocolId, encode_message,
};
use ike_wire::{Flags, Header, MessageId, Spi};
use support::{Story, ikev2_psk_routers, ikev2_routers};

fn address(last: u8) -> SocketAddr {
    SocketAddr::new([192, 168, 0, last].into(), 500)
}

fn from_stranger(bytes: impl Into<Bytes>, last: u8) -> Transmit {
    Transmit {
        local: address(last),
        remote: address(1),
        bytes: bytes.into(),
    }
}

/// The datagrams of a good run, in order.
fn good_run() -> Vec<Bytes> {
    let sim = ikev2_routers().negotiate(1);
    sim.datagrams().iter().map(|d| d.bytes.clone()).collect()
}

/// A2: every truncation and extension of every message is dropped without state and without answer.
#[test]
fn truncated_and_stretched_datagrams_leave_nothing() {
    let mut sim = ikev2_routers().start();
    for message in good_run() {
        for length in 0..message.len() {
            sim.inject(0, from_stranger(message.slice(..length), 66));
        }
        let mut stretched = message.to_vec();
        stretched.extend([0; 4]);
        sim.inject(0, from_stranger(stretched, 66));
    }
    assert!(sim.ikev2_sas(0).is_empty());
    assert!(sim.datagrams().is_empty(), "nothing was answered");
}

/// A12, B6: messages of SAs we do not know get no answer, and few log lines (B20).
#[test]
fn unknown_spis_get_no_answer() {
    let mut sim = ikev2_routers().start();
    for message in good_run().iter().skip(1) {
        for _ in 0..200 {
            sim.inject(0, from_stranger(message.clone(), 66));
        }
    }
    assert!(sim.ikev2_sas(0).is_empty() && sim.datagrams().is_empty());
    let lines = sim.node(0).traces.len();
    assert!((1..=16).contains(&lines), "{lines} lines");
}

/// B5: whatever a first message looks like, what it gets back is not larger, except for IKE_SA_INIT
/// responses, which the protocol makes (S-071).
#[test]
fn mutated_first_messages_never_amplify() {
    let first = good_run()[0].clone();
    let mut answered = 0;
    for position in 0..first.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut sim = ikev2_routers().start();
            let mut message = first.to_vec();
            message[position] = value;
            sim.inject(0, from_stranger(message, 66));
            let sas = sim.ikev2_sas(0).len();
            for datagram in sim.datagrams() {
                answered += 1;
                assert_eq!(
                    sas, 0,
                    "an SA at once: its answer needs a computation first"
                );
                assert!(
                    datagram.bytes.len() <= first.len(),
                    "octet {position} = {value:#x}"
                );
            }
        }
    }
    assert!(answered > 20, "{answered} refusals");
}

/// A19: a higher major version is told ours; a minor one is let through; a response never is answered.
#[test]
fn versions_are_kept_apart() {
    let first = good_run()[0].clone();
    let with = |version: u8, flags: u8| {
        let mut sim = ikev2_routers().start();
        let mut message = first.to_vec();
        message[17] = version;
        message[19] = flags;
        sim.inject(0, from_stranger(message, 66));
        sim.settle(Duration::from_secs(1));
        sim.datagrams()
            .iter()
            .map(|d| d.bytes.clone())
            .collect::<Vec<_>>()
    };
    let told = with(0x30, 0x08);
    assert_eq!(told.len(), 1);
    let told = Message::decode(told[0].clone()).unwrap();
    let Some((_, Body::Notify(notify))) = told.chain.find(PayloadType::V2_NOTIFY) else {
        panic!("a notify expected")
    };
    assert_eq!(notify.ty, NotifyType::INVALID_MAJOR_VERSION);
    assert_eq!(with(0x21, 0x08).len(), 1, "version 2.1 is served");
    assert!(with(0x30, 0x28).is_empty() && with(0x20, 0x28).is_empty());
}

/// A20: an unknown critical payload is refused by its number; an uncritical one is skipped.
#[test]
fn unknown_critical_payloads_are_refused_by_number() {
    let first = Message::decode(good_run()[0].clone()).unwrap();
    let with = |flags: u8| {
        let mut payloads = first.chain.payloads.clone();
        let body = Body::Unknown {
            ty: PayloadType(99),
            body: Bytes::from_static(b"?"),
        };
        payloads.push(Payload { flags, body });
        let mut sim = ikev2_routers().start();
        let message = encode_message(&first.header, &payloads).unwrap();
        sim.inject(0, from_stranger(message, 66));
        sim.settle(Duration::from_millis(100));
        let answer = sim.datagrams()[0].bytes.clone();
        let chain = Message::decode(answer).unwrap().chain;
        let ty = chain.payloads[0].payload_type();
        let data = match chain.find(PayloadType::V2_NOTIFY) {
            Some((_, Body::Notify(n))) => (n.ty, n.data.to_vec()),
            _ => panic!("no notify"),
        };
        (ty, data)
    };
    let (_, critical) = with(0x80);
    assert_eq!(
        critical,
        (NotifyType::UNSUPPORTED_CRITICAL_PAYLOAD, vec![99])
    );
    assert_eq!(with(0).0, PayloadType::V2_SA);
}

/// A first message as a fresh stranger would send it.
fn first_message(number: u32) -> Bytes {
    let mut message = good_first().to_vec();
    message[..4].copy_from_slice(&number.to_be_bytes());
    message.into()
}

fn good_first() -> &'static Bytes {
    static FIRST: std::sync::OnceLock<Bytes> = std::sync::OnceLock::new();
    FIRST.get_or_init(|| good_run()[0].clone())
}

/// B1, B2, RFC 7296 2.6: a flood makes a bounded number of SAs and computations; the rest gets cookies.
#[test]
fn a_flood_of_first_messages_is_bounded() {
    let mut sim = ikev2_routers().start();
    for number in 1..5_000u32 {
        let last = u8::try_from(10 + number % 200).unwrap();
        sim.inject(0, from_stranger(first_message(number), last));
    }
    let half_open = sim.ikev2_sas(0).len();
    assert!(half_open <= 21, "{half_open} half-open SAs");
    let stats = sim.node(0).engine.ikev2_stats();
    assert!(stats.cookies_sent > 4_900, "{stats:?}");
    let largest = sim.datagrams().iter().map(|d| d.bytes.len()).max().unwrap();
    assert!(largest <= good_first().len(), "{largest} octets");
}

/// B2: one address does not take everything.
#[test]
fn one_address_needs_cookies_early() {
    let mut sim = ikev2_routers().start();
    for number in 1..100u32 {
        sim.inject(0, from_stranger(first_message(number), 66));
    }
    assert!(sim.ikev2_sas(0).len() <= 8);
    sim.inject(0, from_stranger(first_message(7_000), 67));
    assert!(sim.ikev2_sas(0).len() <= 9);
}

/// T-68: with cookies asked for, our own initiator brings one and comes up, in the middle of a flood.
#[test]
fn a_cookie_brings_an_honest_peer_through_a_flood() {
    let mut sim = ikev2_routers().start();
    for number in 1..1_000u32 {
        let last = u8::try_from(10 + number % 200).unwrap();
        sim.inject(0, from_stranger(first_message(number), last));
    }
    sim.up(1, None);
    sim.settle(Duration::from_secs(20));
    let ready = |n| sim.ikev2_sas(n).iter().any(|sa| sa.status == "READY");
    assert!(ready(0) && ready(1));
    assert!(
        sim.node(1)
            .traces
            .iter()
            .any(|t| t.contains("Received notify COOKIE"))
    );
}

/// C1: nothing that is not authentic ends a half-open SA, and the exchange goes on.
#[test]
fn forged_messages_do_not_end_a_negotiation() {
    let run = good_run();
    for (index, message) in run.iter().enumerate().skip(1) {
        for position in (0..message.len()).step_by(11) {
            let mut sim = ikev2_routers().start();
            sim.up(1, None);
            sim.run_until(Duration::from_secs(5), |s| s.datagrams().len() > index);
            let real = sim.datagrams()[index].clone();
            let mut forged = real.bytes.to_vec();
            forged[position] ^= 0x55;
            let receiver = 1 - real.sender;
            let forged = Transmit {
                local: real.from,
                remote: real.to,
                bytes: forged.into(),
            };
            sim.inject(receiver, forged);
            sim.run_until(Duration::from_secs(60), Simulation::certain);
            // The clear first answer is not authentic by itself: a changed one may spoil AUTH, never more.
            let up = sim.verdict().up;
            assert!(
                up || index == 1,
                "message {index} octet {position}: {:?}",
                sim.verdict()
            );
        }
    }
}

/// H3: an unprotected refusal is believed only when no answer comes.
#[test]
fn a_forged_refusal_does_not_stop_the_real_answer() {
    for ty in [
        NotifyType::NO_PROPOSAL_CHOSEN,
        NotifyType::INVALID_SYNTAX,
        NotifyType::AUTHENTICATION_FAILED,
    ] {
        let mut sim = ikev2_routers().start();
        sim.up(1, None);
        sim.run_until(Duration::from_secs(1), |s| !s.datagrams().is_empty());
        let request = Message::decode(sim.datagrams()[0].bytes.clone()).unwrap();
        let header = Header::v2(
            request.header.initiator,
            Spi([9; 8]),
            ExchangeType::IKE_SA_INIT,
            Flags::RESPONSE,
            MessageId(0),
        );
        let refusal = Body::Notify(Notify::new(ty, Bytes::new())).into();
        let bytes = encode_message(&header, &[refusal]).unwrap();
        let forged = Transmit {
            local: address(1),
            remote: address(2),
            bytes,
        };
        sim.inject(1, forged);
        sim.run_until(Duration::from_secs(60), Simulation::certain);
        assert!(sim.verdict().up, "{ty}");
    }
}

/// H4: INVALID_KE_PAYLOAD for a group we did not offer is no reason to do anything.
#[test]
fn a_forged_group_is_not_taken() {
    let mut sim = ikev2_routers().start();
    sim.up(1, None);
    sim.run_until(Duration::from_secs(1), |s| !s.datagrams().is_empty());
    let request = Message::decode(sim.datagrams()[0].bytes.clone()).unwrap();
    let (spi, ty) = (request.header.initiator, NotifyType::INVALID_KE_PAYLOAD);
    let header = Header::v2(
        spi,
        Spi([0; 8]),
        ExchangeType::IKE_SA_INIT,
        Flags::RESPONSE,
        MessageId(0),
    );
    let refusal = Body::Notify(Notify::new(ty, vec![0, 1])).into();
    let bytes = encode_message(&header, &[refusal]).unwrap();
    sim.inject(
        1,
        Transmit {
            local: address(1),
            remote: address(2),
            bytes,
        },
    );
    sim.run_until(Duration::from_secs(60), Simulation::certain);
    assert!(sim.verdict().up);
    assert_eq!(sim.datagrams().len(), 4);
}

/// C8: every message mirrored back to its sender makes nothing and ends nothing.
#[test]
fn reflected_messages_change_nothing() {
    let run = good_run();
    for index in 0..run.len() {
        let mut sim = ikev2_routers().start();
        sim.up(1, None);
        sim.run_until(Duration::from_secs(5), |s| s.datagrams().len() > index);
        let real = sim.datagrams()[index].clone();
        let mirrored = Transmit {
            local: real.to,
            remote: real.from,
            bytes: real.bytes,
        };
        sim.inject(real.sender, mirrored);
        sim.run_until(Duration::from_secs(60), Simulation::certain);
        assert!(sim.verdict().up, "message {index}");
        assert_eq!((sim.ikev2_sas(0).len(), sim.ikev2_sas(1).len()), (1, 1));
    }
}

/// A peer that has the keys of router 0's SA and says what it likes.
struct Impostor {
    sk: Sk,
    spis: (Spi, Spi),
    role: Role,
    entropy: Entropy,
}

impl Impostor {
    /// Takes the place of router 1 towards router 0.
    fn of(sim: &Simulation) -> Self {
        let keys = sim.node(0).engine.ikev2_keys().remove(0);
        let view = sim.ikev2_sas(0).remove(0);
        let role = match view.initiator {
            true => Role::Responder,
            false => Role::Initiator,
        };
        let spi = |text: &str| {
            let octet = |i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap();
            Spi(std::array::from_fn(octet))
        };
        let secret = || Secret::from(vec![0; 32]);
        let material = Keys {
            d: secret(),
            ai: keys.ai.clone(),
            ar: keys.ar.clone(),
            ei: keys.ei.clone(),
            er: keys.er.clone(),
            pi: secret(),
            pr: secret(),
        };
        Self {
            sk: Sk::new(keys.suite, material, role),
            spis: (spi(&keys.spi_i), spi(&keys.spi_r)),
            role,
            entropy: Entropy::new([5; 32]),
        }
    }

    fn request(&mut self, sim: &mut Simulation, ty: ExchangeType, id: u32, payloads: &[Payload]) {
        let flags = match self.role {
            Role::Initiator => Flags::INITIATOR,
            Role::Responder => Flags::NONE,
        };
        let header = Header::v2(self.spis.0, self.spis.1, ty, flags, MessageId(id));
        let sealed = self
            .sk
            .seal(&mut self.entropy, &header, payloads, None)
            .unwrap();
        sim.inject(
            0,
            Transmit {
                local: address(2),
                remote: address(1),
                bytes: sealed[0].clone(),
            },
        );
    }

    /// The payloads of the newest answer of router 0.
    fn answer(&self, sim: &Simulation) -> Vec<Body> {
        let sent = sim
            .datagrams()
            .iter()
            .rev()
            .find(|d| d.sender == 0)
            .unwrap();
        let message = Message::decode(sent.bytes.clone()).unwrap();
        let chain = self
            .sk
            .open(&sent.bytes, &message)
            .unwrap()
            .chain()
            .unwrap();
        chain.payloads.into_iter().map(|p| p.body).collect()
    }

    fn notified(&self, sim: &Simulation) -> Vec<NotifyType> {
        let of = |body: Body| match body {
            Body::Notify(n) => Some(n.ty),
            _ => None,
        };
        self.answer(sim).into_iter().filter_map(of).collect()
    }
}

fn established() -> Simulation {
    let mut sim = ikev2_psk_routers().negotiate(1);
    sim.settle(Duration::from_secs(1));
    assert!(sim.verdict().up);
    sim
}

const INFORMATIONAL: ExchangeType = ExchangeType::V2_INFORMATIONAL;
const CREATE_CHILD: ExchangeType = ExchangeType::CREATE_CHILD_SA;

/// C2, C3: before IKE_AUTH is done nothing else is served, right keys or not.
#[test]
fn nothing_but_ike_auth_before_the_peer_is_authenticated() {
    let network = Network {
        faults: Box::new(|n, _| {
            if n < 2 {
                Fate::delivered()
            } else {
                Fate::lost()
            }
        }),
        ..Network::default()
    };
    let mut sim = Story {
        network,
        ..ikev2_psk_routers()
    }
    .start();
    sim.up(1, None);
    sim.settle(Duration::from_secs(1));
    let mut peer = Impostor::of(&sim);
    let sent = sim.datagrams().iter().filter(|d| d.sender == 0).count();
    let delete: Payload = Body::Delete(Delete::ike()).into();
    for ty in [
        INFORMATIONAL,
        CREATE_CHILD,
        ExchangeType::IKE_INTERMEDIATE,
        ExchangeType::IKE_SESSION_RESUME,
    ] {
        peer.request(&mut sim, ty, 1, std::slice::from_ref(&delete));
        assert_eq!(sim.ikev2_sas(0)[0].status, "IN-NEG", "{ty}");
    }
    let now = sim.datagrams().iter().filter(|d| d.sender == 0).count();
    assert_eq!(sent, now, "nothing was answered");
}

/// A3: authentic messages without their payloads are refused, and the SA lives.
#[test]
fn missing_payloads_are_invalid_syntax() {
    let mut sim = established();
    let mut peer = Impostor::of(&sim);
    let nonce: Payload = Body::Nonce(Bytes::from_static(&[7; 32])).into();
    peer.request(&mut sim, CREATE_CHILD, 2, &[nonce]);
    assert_eq!(peer.notified(&sim), [NotifyType::INVALID_SYNTAX]);
    assert_eq!(sim.ikev2_sas(0)[0].status, "READY");
}

/// C20: REKEY_SA for a protocol that is not ESP, or for no SA of ours.
#[test]
fn rekeying_what_is_not_there_is_refused() {
    let mut sim = established();
    let mut peer = Impostor::of(&sim);
    let real = sim.datagrams()[0].bytes.clone();
    let sa = Message::decode(real).unwrap().chain.payloads[0].clone();
    let traffic = |initiator: bool| {
        let all = ike_core::policy::protection::Selector::ANY_V4;
        let ts = ike_core::policy::ikev2::selectors::to_wire(&all);
        Payload::from(if initiator {
            Body::TsI(ts)
        } else {
            Body::TsR(ts)
        })
    };
    let cases = [
        (0, vec![1, 2, 3, 4], NotifyType::INVALID_SYNTAX),
        (1, vec![1, 2, 3, 4], NotifyType::INVALID_SYNTAX),
        (255, vec![1, 2, 3, 4], NotifyType::INVALID_SYNTAX),
        (3, vec![1, 2, 3], NotifyType::INVALID_SYNTAX),
        (3, vec![1, 2, 3, 4], NotifyType::CHILD_SA_NOT_FOUND),
    ];
    for ((protocol, spi, expected), id) in cases.into_iter().zip(2..) {
        let rekey = Notify {
            protocol: ProtocolId(protocol),
            spi: spi.into(),
            ty: NotifyType::REKEY_SA,
            data: Bytes::new(),
        };
        let mut offer = sa.clone();
        if let Body::Sa(sa) = &mut offer.body {
            sa.proposals[0].protocol = ProtocolId::ESP;
        }
        let payloads = [
            Body::Notify(rekey).into(),
            offer,
            Body::Nonce(Bytes::from_static(&[7; 32])).into(),
            traffic(true),
            traffic(false),
        ];
        peer.request(&mut sim, CREATE_CHILD, id, &payloads);
        assert_eq!(peer.notified(&sim), [expected], "protocol {protocol}");
    }
    assert_eq!(sim.ikev2_sas(0)[0].status, "READY");
}

/// C15: several deletions in one message are one deletion; later ones find nothing.
#[test]
fn repeated_deletions_are_one() {
    let mut sim = established();
    let mut peer = Impostor::of(&sim);
    let child: Payload = Body::Delete(Delete::ipsec(ProtocolId::ESP, &[1, 2, 3])).into();
    peer.request(&mut sim, INFORMATIONAL, 2, &[child.clone(), child]);
    assert!(peer.answer(&sim).is_empty());
    let ike: Payload = Body::Delete(Delete::ike()).into();
    peer.request(&mut sim, INFORMATIONAL, 3, &[ike.clone(), ike.clone(), ike]);
    assert!(peer.answer(&sim).is_empty());
    assert_eq!(sim.ikev2_sas(0)[0].status, "DELETE");
    assert!(sim.node(0).installed.inbound.is_empty());
}

/// H1, H2: IDs beyond the window and other requests with a used ID are dropped.
#[test]
fn message_ids_are_used_once_and_in_the_window() {
    let mut sim = established();
    let mut peer = Impostor::of(&sim);
    let count = |sim: &Simulation| sim.datagrams().iter().filter(|d| d.sender == 0).count();
    peer.request(&mut sim, INFORMATIONAL, 2, &[]);
    let answered = count(&sim);
    for id in [0, 1, 2, 8, 9, 1_000, u32::MAX] {
        let other: Payload = Body::Notify(Notify::new(NotifyType::COOKIE2, vec![1; 16])).into();
        peer.request(&mut sim, INFORMATIONAL, id, &[other]);
    }
    assert_eq!(count(&sim), answered);
    peer.request(&mut sim, INFORMATIONAL, 7, &[]);
    assert_eq!(
        count(&sim),
        answered + 1,
        "the last ID of the window of five"
    );
}

/// B17: ten thousand failed attempts of one peer leave nothing.
#[test]
fn failed_authentications_leave_nothing() {
    let mut sim = ikev2_psk_routers()
        .edit(
            1,
            "local pre-share key cisco123cisco123cisco1",
            "local pre-share key wrong",
        )
        .start();
    for _ in 0..200 {
        sim.up(1, None);
        sim.settle(Duration::from_secs(2));
    }
    sim.settle(Duration::from_secs(200));
    assert!(sim.ikev2_sas(0).is_empty() && sim.ikev2_sas(1).is_empty());
    assert!(sim.node(0).engine.records().len() <= 64);
}
