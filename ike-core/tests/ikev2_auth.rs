//! Every way to prove oneself in IKE_AUTH, and every mismatch (RFC 7296 2.15, RFC 4754, RFC 7427; C4, C6,
//! C11, C12).

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use ike_core::sim::Simulation;
use ike_crypto::{KeySpec, PrivateKey};
use support::{Story, ikev2_routers};

fn key(spec: KeySpec) -> Arc<PrivateKey> {
    Arc::new(PrivateKey::generate(spec).unwrap())
}

/// Both routers with keys of one kind and `authentication` lines for it.
fn story(method: &str, specs: [KeySpec; 2], digital: bool) -> Story {
    let mut story = ikev2_routers();
    for text in &mut story.configs {
        *text = text.replace("rsa-sig", method);
        if digital {
            text.push_str("\ncrypto ikev2 digital-signature\n");
        }
    }
    Story {
        keys: Some(specs.map(key)),
        ..story
    }
}

fn up(story: Story) -> Simulation {
    let mut sim = story.start();
    sim.up(0, None);
    sim.run_until(Duration::from_secs(60), Simulation::certain);
    assert!(sim.verdict().up && sim.carries(), "{:?}", sim.verdict());
    sim
}

fn methods(sim: &Simulation) -> (String, String) {
    let sa = sim.ikev2_sas(0).remove(0).established.unwrap();
    (sa.own_method, sa.peer_method)
}

/// RFC 7296 2.15, RFC 4754: method 1, and 9, 10, 11 by curve.
#[test]
fn each_kind_of_key_has_its_classic_method() {
    let rsa = KeySpec::Rsa { bits: 2048 };
    let cases = [
        ("rsa-sig", rsa, "RSA"),
        ("ecdsa-sig", KeySpec::EcP256, "ECDSA"),
        ("ecdsa-sig", KeySpec::EcP384, "ECDSA"),
        ("ecdsa-sig", KeySpec::EcP521, "ECDSA"),
    ];
    for (line, spec, printed) in cases {
        let sim = up(story(line, [spec; 2], false));
        assert_eq!(methods(&sim), (printed.to_owned(), printed.to_owned()));
    }
}

/// RFC 7427, RFC 8420: method 14 with every kind of key, also of two kinds in one SA.
#[test]
fn digital_signatures_carry_every_kind_of_key() {
    let rsa = KeySpec::Rsa { bits: 2048 };
    let pairs = [
        ("rsa-sig", [rsa; 2]),
        ("ecdsa-sig", [KeySpec::EcP256; 2]),
        ("digital-signature", [KeySpec::EcP384, KeySpec::EcP521]),
        ("digital-signature", [KeySpec::Ed25519; 2]),
        ("digital-signature", [KeySpec::Ed25519, rsa]),
    ];
    for (line, specs) in pairs {
        let sim = up(story(line, specs, true));
        let printed = "Digital Signature".to_owned();
        assert_eq!(
            methods(&sim),
            (printed.clone(), printed),
            "{line} {specs:?}"
        );
    }
}

/// Only one side knows RFC 7427: both fall back to the classic method.
#[test]
fn one_side_without_digital_signatures_is_enough_to_leave_them() {
    let rsa = KeySpec::Rsa { bits: 2048 };
    let mut story = story("rsa-sig", [rsa; 2], false);
    story.configs[0].push_str("\ncrypto ikev2 digital-signature\n");
    assert_eq!(methods(&up(story)), ("RSA".to_owned(), "RSA".to_owned()));
}

/// G-043: each side has its own method.
#[test]
fn the_two_sides_may_use_different_methods() {
    let story = ikev2_routers()
        .edit(
            0,
            "authentication local rsa-sig",
            "authentication local pre-share key one-way-only-12345",
        )
        .edit(
            1,
            "authentication remote rsa-sig",
            "authentication remote pre-share key one-way-only-12345",
        );
    assert_eq!(methods(&up(story)), ("PSK".to_owned(), "RSA".to_owned()));
}

fn refused(story: Story, because: &str) {
    let mut sim = story.start();
    sim.up(0, None);
    sim.run_until(Duration::from_secs(60), Simulation::certain);
    let verdict = sim.verdict();
    assert!(!verdict.up);
    let reason = verdict.reason.unwrap();
    assert!(reason.contains(because), "{reason}");
    assert!(
        sim.node(1)
            .traces
            .iter()
            .any(|t| t.contains("NOTIFY(AUTHENTICATION_FAILED)"))
    );
}

/// C6: the method of the wire must be in the profile.
#[test]
fn a_method_that_the_profile_does_not_allow_is_refused() {
    let secret = "authentication local pre-share key some-secret-of-mine";
    let story = ikev2_routers().edit(0, "authentication local rsa-sig", secret);
    refused(
        story,
        "does not allow the peer's authentication method 'PSK'",
    );
    let story = ikev2_routers().edit(
        1,
        "authentication remote rsa-sig",
        "authentication remote ecdsa-sig",
    );
    refused(
        story,
        "does not allow the peer's authentication method 'RSA'",
    );
}

#[test]
fn another_secret_is_refused() {
    let story = support::ikev2_psk_routers().edit(
        0,
        "local pre-share key cisco123cisco123cisco1",
        "local pre-share key cisco123cisco123cisco2",
    );
    refused(story, "the pre-shared keys differ");
}

/// C4: an initiator that wants EAP sends no AUTH; it is refused cleanly.
#[test]
fn a_peer_that_wants_eap_is_refused() {
    let sim = {
        let mut sim = ikev2_routers().start();
        sim.up(0, None);
        sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() == 2);
        sim
    };
    // The engine's own IKE_AUTH, less its AUTH payload: sealed with its keys.
    let mut sim = sim;
    support::seal_instead(&mut sim, |payloads| {
        payloads.retain(|p| p.payload_type() != ike_wire::registry::PayloadType::V2_AUTH);
    });
    let lines = &sim.node(1).traces;
    assert!(
        lines
            .iter()
            .any(|t| t.contains("NOTIFY(AUTHENTICATION_FAILED)")),
        "{lines:#?}"
    );
    assert!(lines.iter().any(|t| t.contains("EAP")));
}

/// C11: AUTH data that is empty, zero, cut or longer by one.
#[test]
fn spoiled_auth_data_is_refused() {
    type Spoil = fn(&mut Vec<u8>);
    let spoils: [Spoil; 6] = [
        Vec::clear,
        |d| d.fill(0),
        |d| d.fill(0xff),
        |d| d.truncate(d.len() - 1),
        |d| d.push(0),
        |d| d[0] ^= 1,
    ];
    for spoil in spoils {
        let mut sim = ikev2_routers().start();
        sim.up(0, None);
        sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() == 2);
        support::seal_instead(&mut sim, |payloads| {
            for payload in payloads {
                if let ike_wire::v2::Body::Auth(auth) = &mut payload.body {
                    let mut data = auth.data.to_vec();
                    spoil(&mut data);
                    auth.data = data.into();
                }
            }
        });
        assert_eq!(
            sim.record(1).unwrap().stopped_at.as_deref(),
            Some("IKE_AUTH")
        );
        assert!(sim.node(1).installed.inbound.is_empty());
    }
}
