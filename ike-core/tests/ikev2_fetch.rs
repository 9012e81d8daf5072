//! Certificates named by hash and URL (RFC 7296 3.6; F7, B15, B16).
//!
//! R1 shows its certificate; on the way its place is taken by hash and URL.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use bytes::Bytes;
use ike_core::sim::{Fate, Simulation};
use ike_crypto::Hash;
use ike_wire::v2::{Body, CertEncoding, Certificate, Payload};
use support::forge::{contents, losing, printed, rewrite_last, with_global};
use support::{Story, ikev2_psk_routers, ikev2_routers};

const URL: &str = "http://certs.cisco.com/ike/peer.cer";
const LINE: &str = "crypto ikev2 http-url fetch http://certs.cisco.com/ike/";

fn allowed(router: usize) -> Story {
    with_global(ikev2_routers(), router, LINE)
}

/// What takes the place of certificates.
type Certificates = fn(&[Bytes]) -> Vec<Payload>;

/// CERT payload with hash and URL of something.
fn named(encoding: CertEncoding, url: &str, octets: &[u8]) -> Payload {
    let hash = Hash::Sha1.digest(&[octets]);
    let data = [&hash, url.as_bytes()].concat();
    Body::Cert(Certificate {
        encoding,
        data: data.into(),
    })
    .into()
}

fn certificate(payload: &Payload) -> Option<Bytes> {
    match &payload.body {
        Body::Cert(c) => Some(c.data.clone()),
        _ => None,
    }
}

/// Takes the certificates out and puts others in the place of the first; returns those that were there.
fn replace(payloads: &mut Vec<Payload>, with: impl FnOnce(&[Bytes]) -> Vec<Payload>) -> Vec<Bytes> {
    let at = payloads
        .iter()
        .position(|p| certificate(p).is_some())
        .unwrap();
    let own: Vec<Bytes> = payloads.iter().filter_map(certificate).collect();
    payloads.retain(|p| certificate(p).is_none());
    payloads.splice(at..at, with(&own));
    own
}

/// R1 and R2 up to the n-th datagram, which is delivered with other certificates; `publish` sees the true
/// ones before.
fn exchange(
    story: Story,
    n: usize,
    publish: impl FnOnce(&mut Simulation, &[Bytes]),
    with: impl FnOnce(&[Bytes]) -> Vec<Payload>,
) -> Simulation {
    let mut sim = losing(story, n..n + 1).start();
    sim.up(0, None);
    sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() > n);
    let lost = sim.datagrams()[n].clone();
    let forge = support::forge::Forge::of(&sim, 0);
    let own: Vec<Bytes> = forge.open(&lost).iter().filter_map(certificate).collect();
    publish(&mut sim, &own);
    rewrite_last(&mut sim, |p| {
        replace(p, with);
    });
    sim.run_until(Duration::from_secs(1), Simulation::certain);
    sim
}

fn by_url(own: &[Bytes]) -> Vec<Payload> {
    vec![named(CertEncoding::HASH_AND_URL, URL, &own[0])]
}

fn serve(sim: &mut Simulation, own: &[Bytes]) {
    sim.web.publish(URL, own[0].clone());
}

/// RFC 7296 3.6: the certificate is fetched and proves what it proves when it is sent itself, either way.
#[test]
fn a_certificate_is_fetched_where_that_is_allowed() {
    for (router, n) in [(1, 2), (0, 3)] {
        let sim = exchange(allowed(router), n, serve, by_url);
        assert!(sim.verdict().up && sim.carries(), "{:?}", sim.verdict());
        assert_eq!(sim.web.fetched, [URL]);
        assert!(printed(
            &sim,
            router,
            "Fetching certificate from http://certs"
        ));
        assert_eq!(sim.verdict().signed_with["R1"], "TP1");
    }
}

/// B16, F7: nothing is fetched without configuration, from elsewhere, or where no signature comes.
#[test]
fn nothing_is_fetched_from_where_it_is_not_allowed() {
    let elsewhere = |own: &[Bytes]| {
        let url = "http://127.0.0.1/peer.cer";
        vec![named(CertEncoding::HASH_AND_URL, url, &own[0])]
    };
    let short = |_: &[Bytes]| {
        let data = vec![1; 19].into();
        let encoding = CertEncoding::HASH_AND_URL;
        vec![Body::Cert(Certificate { encoding, data }).into()]
    };
    let cases: [(Story, Certificates); 3] = [
        (ikev2_routers(), by_url),
        (allowed(1), elsewhere),
        (allowed(1), short),
    ];
    for (story, with) in cases {
        let sim = exchange(story, 2, serve, with);
        assert!(!sim.verdict().up);
        assert_eq!(contents(&sim, 1), ["NOTIFY(AUTHENTICATION_FAILED)"]);
        assert!(sim.web.fetched.is_empty());
    }
    let story = with_global(ikev2_psk_routers(), 1, LINE);
    let mut sim = losing(story, 2..3).start();
    sim.up(0, None);
    sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() > 2);
    rewrite_last(&mut sim, |p| {
        p.push(named(CertEncoding::HASH_AND_URL, URL, &[1]))
    });
    sim.run_until(Duration::from_secs(1), Simulation::certain);
    assert!(sim.verdict().up && sim.web.fetched.is_empty());
}

/// F7: what comes must be what the peer means; nothing, another certificate and too much are not.
#[test]
fn what_does_not_have_the_hash_is_refused() {
    let publish: [fn(&mut Simulation, &[Bytes]); 3] = [
        |_, _| (),
        |sim, own| sim.web.publish(URL, [&own[0], &[0][..]].concat()),
        |sim, _| sim.web.publish(URL, vec![1; 70_000]),
    ];
    for publish in publish {
        let sim = exchange(allowed(1), 2, publish, by_url);
        assert!(!sim.verdict().up);
        assert_eq!(contents(&sim, 1), ["NOTIFY(AUTHENTICATION_FAILED)"]);
        assert_eq!(sim.web.fetched, [URL]);
    }
    let large = vec![1; 70_000];
    let body = large.clone();
    let sim = exchange(
        allowed(1),
        2,
        move |sim, _| sim.web.publish(URL, body),
        move |_| vec![named(CertEncoding::HASH_AND_URL, URL, &large)],
    );
    assert_eq!(contents(&sim, 1), ["NOTIFY(AUTHENTICATION_FAILED)"], "B15");
}

/// DER of one element.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], content].concat()
}

/// RFC 7296 3.6: a bundle has more than one certificate; the first is the peer's.
#[test]
fn a_bundle_brings_the_chain() {
    let bundle = |own: &[Bytes]| {
        let list: Vec<u8> = own.iter().flat_map(|c| der(0xa0, c)).collect();
        der(0x30, &list)
    };
    let sim = exchange(
        allowed(1),
        2,
        |sim, own| sim.web.publish(URL, bundle(own)),
        |own| vec![named(CertEncoding::HASH_AND_URL_BUNDLE, URL, &bundle(own))],
    );
    assert!(sim.verdict().up && sim.carries());
    let sim = exchange(
        allowed(1),
        2,
        |sim, own| sim.web.publish(URL, own[0].clone()),
        |own| vec![named(CertEncoding::HASH_AND_URL_BUNDLE, URL, &own[0])],
    );
    assert!(!sim.verdict().up, "a certificate is no bundle");
    let sim = exchange(
        allowed(1),
        2,
        |sim, _| sim.web.publish(URL, vec![0x30, 0]),
        |_| vec![named(CertEncoding::HASH_AND_URL_BUNDLE, URL, &[0x30, 0])],
    );
    let reason = sim.record(1).unwrap().reason.unwrap();
    assert!(reason.contains("no X.509 certificate"), "{reason}");
}

/// F7: one fetch in an exchange: not for repetitions, not for further certificates.
#[test]
fn one_thing_is_fetched_in_an_exchange() {
    let mut story = losing(allowed(1), 0..0);
    story.network.job_time = Duration::from_secs(4);
    story.network.faults = Box::new(|n, _| match n {
        2 => Fate::lost(),
        _ => Fate::delivered(),
    });
    let mut sim = story.start();
    sim.up(0, None);
    sim.run_until(Duration::from_secs(60), |s| {
        s.datagrams().iter().any(|d| d.bytes[18] == 35)
    });
    let lost = sim.datagrams().last().unwrap().clone();
    let mut forge = support::forge::Forge::of(&sim, 0);
    let mut payloads = forge.open(&lost);
    let own = replace(&mut payloads, |own| {
        let more = named(CertEncoding::HASH_AND_URL, &format!("{URL}2"), b"more");
        [by_url(own), vec![more; 5]].concat()
    });
    sim.web.publish(URL, own[0].clone());
    let forged = forge.instead(&lost, &payloads);
    for _ in 0..5 {
        let again = forged.clone();
        sim.inject(1, again);
    }
    sim.settle(Duration::from_secs(30));
    assert_eq!(sim.web.fetched, [URL]);
    assert!(sim.ikev2_sas(1).iter().any(|sa| sa.established.is_some()));
}
