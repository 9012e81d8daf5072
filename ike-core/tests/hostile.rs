//! Hostile datagrams against an engine: dropped and counted, no answer larger than the
//! question, no state left, no panic (THREATS A, B, C).

#![allow(clippy::unwrap_used)]

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use ike_core::sa::action::Transmit;
use ike_core::sim::Simulation;
use support::seed_routers;

fn from_stranger(bytes: impl Into<Bytes>) -> Transmit {
    Transmit {
        local: SocketAddr::new([192, 168, 0, 66].into(), 500),
        remote: SocketAddr::new([192, 168, 0, 1].into(), 500),
        bytes: bytes.into(),
    }
}

/// The datagrams of a good run, in order.
fn good_run() -> Vec<Bytes> {
    let mut sim = seed_routers().negotiate(0);
    sim.settle(Duration::from_secs(1));
    sim.datagrams().iter().map(|d| d.bytes.clone()).collect()
}

fn quiet(sim: &Simulation) {
    let sas = sim.isakmp_sas(0);
    assert!(sas.is_empty(), "state is left: {sas:?}");
}

/// A2: every truncation and every extension of every message is dropped without state.
#[test]
fn truncated_and_stretched_datagrams_leave_nothing() {
    let mut sim = seed_routers().start();
    for message in good_run() {
        for length in 0..message.len() {
            sim.inject(0, from_stranger(message.slice(..length)));
        }
        let mut stretched = message.to_vec();
        stretched.extend([0; 4]);
        sim.inject(0, from_stranger(stretched));
    }
    quiet(&sim);
    assert!(sim.datagrams().is_empty(), "nothing was answered");
}

/// W-055, A12: messages of SAs we do not know are dropped; the syslog line comes rarely (B20).
#[test]
fn unknown_cookies_get_no_answer() {
    let mut sim = seed_routers().start();
    let run = good_run();
    for message in run.iter().skip(1) {
        for _ in 0..50 {
            sim.inject(0, from_stranger(message.clone()));
        }
    }
    quiet(&sim);
    assert!(sim.datagrams().is_empty());
    let lines = sim
        .node(0)
        .traces
        .iter()
        .filter(|t| t.contains("%CRYPTO-4-IKMP_NO_SA"))
        .count();
    assert!((1..=12).contains(&lines), "{lines} lines");
}

/// Wrong exchange types and versions open nothing (A19, H15); an offer of Aggressive Mode alone is answered,
/// with less than it said (B5).
#[test]
fn other_exchanges_and_versions_open_nothing() {
    let mut sim = seed_routers().start();
    let first = good_run()[0].clone();
    for exchange in 0..=255u8 {
        let mut message = first.to_vec();
        message[18] = exchange;
        if exchange != 2 {
            sim.inject(0, from_stranger(message.clone()));
        }
        message[18] = 2;
        message[17] = exchange;
        if exchange != 0x10 {
            sim.inject(0, from_stranger(message));
        }
    }
    quiet(&sim);
    let answers = sim.datagrams();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(answers[0].bytes.len() < first.len());
}

/// Each octet of MM1 changed: the answer, if any, is never larger than the question (B5).
#[test]
fn mutated_first_messages_never_amplify() {
    let first = good_run()[0].clone();
    for position in 0..first.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut sim = seed_routers().start();
            let mut message = first.to_vec();
            message[position] = value;
            sim.inject(0, from_stranger(message));
            let answered: usize = sim.datagrams().iter().map(|d| d.bytes.len()).sum();
            assert!(
                answered <= first.len(),
                "octet {position} = {value:#x}: {answered} octets"
            );
        }
    }
}

/// Mutations of every later message inside a living negotiation never end it: nothing before
/// MM6 is authenticated, so nothing forged may count (C1, D11).
#[test]
fn forged_messages_do_not_end_a_negotiation() {
    let run = good_run();
    for (index, message) in run.iter().enumerate().skip(1).take(5) {
        for position in (16..message.len()).step_by(23) {
            let mut sim = seed_routers().start();
            sim.up(0, None);
            // Let the real run come to this message, then forge one before it.
            sim.run_until(Duration::from_secs(5), |s| s.datagrams().len() > index);
            let real = sim.datagrams()[index].clone();
            let mut forged = real.bytes.to_vec();
            let at = position.min(forged.len() - 1);
            forged[at] ^= 0x55;
            let receiver = 1 - real.sender;
            sim.inject(
                receiver,
                Transmit {
                    local: real.from,
                    remote: real.to,
                    bytes: forged.into(),
                },
            );
            sim.run_until(Duration::from_secs(200), |s| s.verdict().up);
            // A forged KE or nonce that arrives first poisons unauthenticated Main Mode: then
            // both ends must clear up instead.
            sim.settle(Duration::from_secs(400));
            let verdict = sim.verdict();
            if !verdict.up {
                let mut left = (0..2).flat_map(|n| sim.isakmp_sas(n));
                let stuck = left.find(|sa| sa.state != "QM_IDLE");
                assert!(stuck.is_none(), "message {index}, octet {at}: {stuck:?}");
            }
        }
    }
}

/// H3: a refusal in the clear, with a responder's cookie that we never learnt, is told and noted;
/// the SA goes on: the real answer still brings the tunnel up.
#[test]
fn a_forged_refusal_does_not_end_a_negotiation() {
    let mut sim = seed_routers().start();
    sim.up(0, None);
    let first = sim.datagrams()[0].clone();
    let mut forged = vec![0; 40];
    forged[..8].copy_from_slice(&first.bytes[..8]);
    forged[8..16].copy_from_slice(b"stranger");
    forged[16..20].copy_from_slice(&[11, 0x10, 5, 0]);
    forged[27] = 40;
    forged[28..40].copy_from_slice(&[0, 0, 0, 12, 0, 0, 0, 1, 1, 0, 0, 14]);
    sim.inject(
        0,
        Transmit {
            local: first.to,
            remote: first.from,
            bytes: forged.into(),
        },
    );
    assert!(
        sim.node(0)
            .traces
            .iter()
            .any(|t| t.contains("NO-PROPOSAL-CHOSEN"))
    );
    assert!(
        sim.record(0)
            .unwrap()
            .reason
            .unwrap()
            .contains("unprotected")
    );
    sim.run_until(Duration::from_secs(5), |s| {
        (0..2).all(|n| s.record(n).is_some_and(|r| r.up))
    });
    assert!(sim.verdict().up && sim.carries());
}

/// C8: everything we send comes back to us: nothing is established, nothing loops.
#[test]
fn reflected_messages_go_nowhere() {
    let mut sim = seed_routers().start();
    sim.up(0, None);
    for _ in 0..3 {
        let sent: Vec<_> = sim
            .datagrams()
            .iter()
            .filter(|d| d.sender == 0)
            .cloned()
            .collect();
        for d in sent {
            sim.inject(
                0,
                Transmit {
                    local: d.to,
                    remote: d.from,
                    bytes: d.bytes,
                },
            );
        }
    }
    assert_eq!(sim.isakmp_sas(0).len(), 1);
    assert!(sim.datagrams().len() <= 4);
}

/// B3: a flood of first messages is bounded, and a real peer still gets through.
#[test]
fn a_flood_of_first_messages_is_bounded() {
    let first = good_run()[0].clone();
    let mut sim = seed_routers().start();
    for number in 0..3000u32 {
        let mut message = first.to_vec();
        message[..4].copy_from_slice(&(number + 1).to_be_bytes());
        let [_, _, c, d] = number.to_be_bytes();
        let transmit = Transmit {
            local: SocketAddr::new([10, 0, c, d].into(), 500),
            remote: SocketAddr::new([192, 168, 0, 1].into(), 500),
            bytes: message.into(),
        };
        sim.inject(0, transmit);
    }
    assert!(
        sim.isakmp_sas(0).len() <= 1000,
        "{} half-open SAs",
        sim.isakmp_sas(0).len()
    );
    sim.up(1, None);
    sim.run_until(Duration::from_secs(10), Simulation::certain);
    assert_eq!(
        sim.record(1).unwrap().certreq.unwrap().message,
        "MM3",
        "R2 was answered"
    );
}
