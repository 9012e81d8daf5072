//! An additional key exchange with ML-KEM-768 in IKE_INTERMEDIATE (RFC 9242, RFC 9370; H8, H9, C2, C7).

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use ike_core::engine::view_ikev2::EstablishedView;
use ike_core::sa::action::{Command, Rekey};
use ike_core::sim::{Datagram, Fate, Simulation};
use ike_wire::v2::{Body, KeyExchange, NotifyType, Payload};
use support::forge::{
    Forge, contents, losing, notifies, notify, printed, rewrite_last, with_global,
};
use support::{Story, ikev2_psk_routers, ikev2_routers};

const ML_KEM_768: u16 = 36;

/// A router whose proposal has the additional key exchange.
fn hybrid(story: Story, router: usize) -> Story {
    let proposal = "crypto ikev2 proposal prop-1\n";
    let line = format!("{proposal}  additional-ke 1 mlkem768\n");
    story.edit(router, proposal, &line)
}

fn both(story: Story) -> Story {
    hybrid(hybrid(story, 0), 1)
}

fn view(sim: &Simulation, node: usize) -> EstablishedView {
    let mut sas = sim.ikev2_sas(node);
    sas.retain(|sa| sa.status == "READY");
    sas.pop().unwrap().established.unwrap()
}

fn methods(sim: &Simulation) -> [Option<u16>; 2] {
    [0, 1].map(|n| view(sim, n).additional_ke)
}

/// RFC 9370 2.2.2: one exchange more, then everything under the new keys; with keys and certificates.
#[test]
fn both_sides_make_their_keys_of_two_secrets() {
    for story in [ikev2_psk_routers, ikev2_routers] {
        for initiator in [0, 1] {
            let mut sim = both(story()).negotiate(initiator);
            assert!(sim.verdict().up && sim.carries(), "{:?}", sim.verdict());
            assert_eq!(sim.datagrams().len(), 6);
            assert_eq!(methods(&sim), [Some(ML_KEM_768); 2]);
            for node in 0..2 {
                assert_eq!(contents(&sim, node)[0], "KE");
                assert!(printed(&sim, node, "IKEv2 IKE_INTERMEDIATE Exchange"));
            }
            for what in [Rekey::Ike, Rekey::Child, Rekey::Ike] {
                sim.command(1 - initiator, Command::Rekey("Tunnel1".to_owned(), what));
                sim.settle(Duration::from_secs(1));
                assert!(sim.carries(), "{what:?}");
            }
            assert_eq!(view(&sim, 0).children.len(), 1);
        }
    }
}

/// RFC 9370 2.2.1: a peer without it takes the same proposal without it.
#[test]
fn a_side_that_lacks_it_gets_the_plain_proposal() {
    for router in 0..2 {
        let sim = hybrid(ikev2_psk_routers(), router).negotiate(0);
        assert!(sim.verdict().up && sim.carries());
        assert_eq!(sim.datagrams().len(), 4);
        assert_eq!(methods(&sim), [None; 2]);
    }
    let sim = ikev2_psk_routers().negotiate(0);
    assert!(!printed(&sim, 0, "INTERMEDIATE"));
}

/// RFC 7383, RFC 9242 3.3.1: the exchange goes in fragments, and AUTH covers it as if it had not.
#[test]
fn the_key_goes_in_fragments_where_it_has_to() {
    let story = both(ikev2_routers());
    let story = with_global(story, 0, "crypto ikev2 fragmentation mtu 576");
    let story = with_global(story, 1, "crypto ikev2 fragmentation mtu 576");
    let sim = story.negotiate(0);
    assert!(sim.verdict().up && sim.carries());
    let intermediate = |d: &&Datagram| d.bytes[18] == 43;
    let count = sim.datagrams().iter().filter(intermediate).count();
    assert!(count >= 6, "{count} datagrams");
    let largest = sim.datagrams().iter().skip(2).map(|d| d.bytes.len()).max();
    assert!(largest.unwrap() <= 576 - 28);
}

/// RFC 9370 and RFC 8784 together: the PPK is mixed into the last keys.
#[test]
fn a_post_quantum_key_comes_on_top() {
    let mut story = both(ikev2_psk_routers());
    for router in 0..2 {
        let keyring = "crypto ikev2 keyring Q\n peer ANY\n  address 0.0.0.0 0.0.0.0\n  ppk manual id P key secret required\n!";
        story = with_global(story, router, keyring);
        story = support::forge::with_profile(story, router, "keyring ppk Q");
    }
    let sim = story.negotiate(0);
    assert!(sim.verdict().up && sim.carries());
    assert!(view(&sim, 0).quantum_resistance && view(&sim, 0).additional_ke.is_some());
}

/// Brings R1 to its n-th datagram, which is lost and delivered with other payloads.
fn rewriting(
    story: Story,
    n: usize,
    rewrite: impl FnOnce(&mut Vec<Payload>),
) -> (Simulation, Forge) {
    let mut sim = losing(story, n..n + 1).start();
    sim.up(0, None);
    sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() > n);
    let forge = rewrite_last(&mut sim, rewrite);
    sim.settle(Duration::from_secs(1));
    (sim, forge)
}

/// RFC 9242 3.3.2, C7: who knows the first keys can change the exchange, but not without being found out.
#[test]
fn a_change_of_the_exchange_breaks_the_proof() {
    let harmless = || notify(NotifyType::ESP_TFC_PADDING_NOT_SUPPORTED, Vec::new());
    for n in [2, 3] {
        let (sim, _) = rewriting(both(ikev2_psk_routers()), n, |p| p.push(harmless()));
        assert!(!sim.verdict().up);
        assert!(printed(&sim, 1, "the AUTH payload is wrong"));
    }
    let (sim, _) = rewriting(both(ikev2_psk_routers()), 2, |_| ());
    assert!(sim.verdict().up, "the same payloads are the same exchange");
}

/// D2, A3: a key of another method or size, or none, ends the negotiation.
#[test]
fn a_wrong_key_is_refused() {
    let exchange = |method: u16, octets: usize| -> Payload {
        Body::KeyExchange(KeyExchange::new(method, vec![1; octets])).into()
    };
    for payload in [
        exchange(ML_KEM_768, 1183),
        exchange(37, 1568),
        exchange(31, 32),
        // Numbers that are not below the modulus (FIPS 203 7.2).
        Body::KeyExchange(KeyExchange::new(ML_KEM_768, vec![0xff; 1184])).into(),
        notify(NotifyType::COOKIE2, vec![1; 16]),
    ] {
        let replace = |p: &mut Vec<Payload>| *p = vec![payload];
        let (sim, forge) = rewriting(both(ikev2_psk_routers()), 2, replace);
        let answer = forge.open(&sim.datagrams()[3]);
        assert_eq!(notifies(&answer), [NotifyType::INVALID_SYNTAX]);
        assert_eq!(
            sim.record(0).unwrap().stopped_at.as_deref(),
            Some("IKE_INTERMEDIATE")
        );
        assert!(sim.ikev2_sas(1).iter().all(|sa| sa.status == "DELETE"));
    }
    let (sim, _) = rewriting(both(ikev2_psk_routers()), 3, |p| {
        *p = vec![exchange(ML_KEM_768, 1087)];
    });
    assert!(!sim.verdict().up);
    let reason = sim.record(0).unwrap().reason.unwrap();
    assert!(reason.contains("of another method or size"), "{reason}");
}

/// The datagram with another exchange type in its header: it opens no more, but comes too early to be opened.
fn of_exchange(sim: &Simulation, n: usize, exchange: u8) -> ike_core::sa::action::Transmit {
    let datagram = &sim.datagrams()[n];
    let mut bytes = datagram.bytes.to_vec();
    bytes[18] = exchange;
    ike_core::sa::action::Transmit {
        local: datagram.from,
        remote: datagram.to,
        bytes: bytes.into(),
    }
}

/// H9, C2: the exchange only where it was agreed; where it was, IKE_AUTH does not come before it.
#[test]
fn no_other_exchange_is_taken_than_the_one_that_is_next() {
    for (story, other) in [(ikev2_psk_routers(), 43), (both(ikev2_psk_routers()), 35)] {
        let mut sim = losing(story, 2..3).start();
        sim.up(0, None);
        sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() > 2);
        let early = of_exchange(&sim, 2, other);
        sim.inject(1, early);
        assert_eq!(sim.datagrams().len(), 3, "no answer");
        assert!(printed(&sim, 1, "another exchange is next"));
        sim.run_until(Duration::from_secs(10), Simulation::certain);
        assert!(sim.verdict().up, "the real one comes again");
    }
}

/// RFC 7296 2.1: each datagram lost, doubled or late once: the same result.
#[test]
fn a_disturbed_datagram_changes_nothing() {
    for victim in 0..7 {
        for fate in [
            Fate::lost(),
            Fate::doubled(Duration::from_millis(1)),
            Fate::doubled(Duration::from_secs(3)),
            Fate::delayed(Duration::from_millis(2500)),
        ] {
            let what = format!("{victim} {fate:?}");
            let story = both(ikev2_psk_routers()).with_fault(victim..victim + 1, fate);
            let mut sim = story.start();
            sim.up(0, None);
            sim.settle(Duration::from_secs(300));
            assert!(sim.carries(), "{what}");
            assert_eq!(methods(&sim), [Some(ML_KEM_768); 2], "{what}");
            assert!((0..2).all(|n| sim.ikev2_sas(n).len() == 1), "{what}");
        }
    }
}

/// H9: rekeying takes no additional key exchange, which it has no exchange for (RFC 9370 2.2.4).
#[test]
fn rekeying_offers_the_plain_proposal() {
    let mut sim = both(ikev2_psk_routers()).negotiate(0);
    let before = sim.datagrams().len();
    sim.command(0, Command::Rekey("Tunnel1".to_owned(), Rekey::Ike));
    sim.settle(Duration::from_secs(1));
    assert!(sim.carries());
    assert_eq!(
        sim.datagrams().len(),
        before + 4,
        "CREATE_CHILD_SA and DELETE"
    );
}
