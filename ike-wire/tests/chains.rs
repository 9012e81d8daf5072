//! Chains as a whole: limits, padding, the octets that hashes run over, and random input.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v1::{self, Body, CertRequest, Chain, Message, Padding, Payload};
use ike_wire::{DecodeErrorKind, Flags, Header, MessageId, Spi, dissect, natt};
use proptest::prelude::*;

fn header(flags: Flags) -> Header {
    Header::v1(
        Spi([1; 8]),
        Spi([2; 8]),
        ExchangeType::MAIN,
        flags,
        MessageId(0),
    )
}

fn nonces(count: usize) -> Vec<Payload> {
    (0..count)
        .map(|_| Body::Nonce(Bytes::from_static(b"n")).into())
        .collect()
}

/// RFC 2409 5.5: HASH(1) covers everything after the HASH payload, generic headers included, padding excluded.
#[test]
fn a_chain_gives_the_octets_that_hashes_cover() {
    let bodies = [
        Body::Hash(Bytes::from_static(b"hash")),
        Body::Nonce(Bytes::from_static(b"nonce")),
        Body::KeyExchange(Bytes::from_static(b"ke")),
    ];
    let payloads: Vec<Payload> = bodies.into_iter().map(Payload::from).collect();
    let (first, octets) = v1::encode_chain(&payloads).unwrap();
    let padded = [&octets[..], &[0; 7]].concat();
    let chain = Chain::decode(first, padded.into(), 28, Padding::Allowed).unwrap();
    assert_eq!(chain.body(1), "nonce");
    assert_eq!(chain.raw(1), &b"\x04\x00\x00\x09nonce"[..]);
    assert_eq!(
        chain.after(0),
        &b"\x04\x00\x00\x09nonce\x00\x00\x00\x06ke"[..]
    );
    assert_eq!(
        (chain.padding(), chain.octets()),
        (Bytes::from_static(&[0; 7]), octets)
    );
    assert_eq!(
        chain
            .find(PayloadType::KEY_EXCHANGE)
            .map(|(index, _)| index),
        Some(2)
    );
    assert!(chain.after(2).is_empty() && chain.raw(3).is_empty() && chain.body(9).is_empty());
    assert_eq!(chain.octet_from_body(0, 8), Some(b'n'));
    assert_eq!(chain.octet_from_body(2, 99), None);
}

#[test]
fn octets_after_the_last_payload_are_padding_or_an_error() {
    let (first, octets) = v1::encode_chain(&nonces(1)).unwrap();
    let padded = Bytes::from([&octets[..], &[0]].concat());
    let error = Chain::decode(first, padded.clone(), 28, Padding::Forbidden).unwrap_err();
    assert_eq!(
        (error.offset, error.kind),
        (33, DecodeErrorKind::Trailing { octets: 1 })
    );
    assert!(Chain::decode(first, padded, 28, Padding::Allowed).is_ok());
}

/// THREATS A1: a payload that points at itself cannot loop.
#[test]
fn payload_lengths_below_four_are_refused() {
    for length in 0..4 {
        let error = Chain::decode(
            PayloadType::NONCE,
            vec![10, 0, 0, length].into(),
            28,
            Padding::Allowed,
        )
        .unwrap_err();
        let found = usize::from(length);
        assert_eq!(
            (error.offset, error.kind),
            (28, DecodeErrorKind::PayloadLength { found, at_least: 4 })
        );
    }
}

/// THREATS B10, B11.
#[test]
fn counts_are_capped() {
    let decode = |payloads: &[Payload]| {
        let (first, octets) = v1::encode_chain(payloads).unwrap();
        Chain::decode(first, octets, 28, Padding::Forbidden)
    };
    assert_eq!(decode(&nonces(128)).unwrap().len(), 128);
    assert_eq!(
        decode(&nonces(129)).unwrap_err().kind,
        DecodeErrorKind::TooMany { limit: 128 }
    );
    let requests = |count| -> Vec<Payload> {
        (0..count)
            .map(|_| Body::CertReq(CertRequest::x509(Bytes::new())).into())
            .collect()
    };
    assert_eq!(
        decode(&requests(64))
            .unwrap()
            .all(PayloadType::CERT_REQ)
            .count(),
        64
    );
    assert_eq!(
        decode(&requests(65)).unwrap_err().kind,
        DecodeErrorKind::TooMany { limit: 64 }
    );
}

/// THREATS K2.
#[test]
fn lengths_that_do_not_fit_are_errors_when_writing() {
    let payload = Payload::from(Body::Nonce(vec![0; 70_000].into()));
    assert_eq!(v1::encode_chain(&[payload]).unwrap_err().at_most, 65_535);
    let half = || Payload::from(Body::Nonce(vec![0; 40_000].into()));
    assert!(v1::encode_message(&header(Flags::NONE), &[half(), half()]).is_err());
    assert!(v1::encode_encrypted(&header(Flags::NONE), PayloadType::ID, &[0; 65_480]).is_err());
    let none = Payload::from(Body::Unknown {
        ty: PayloadType::NONE,
        body: Bytes::new(),
    });
    assert!(v1::encode_chain(&[none]).is_err());
}

#[test]
fn messages_are_opened_by_version_and_encryption() {
    let clear = v1::encode_message(&header(Flags::NONE), &nonces(1)).unwrap();
    let message = Message::decode(clear.clone()).unwrap();
    assert_eq!(
        v1::encode_message(&message.header, &message.chain.payloads),
        Ok(clear.clone())
    );
    for version in [0x00, 0x11, 0x20, 0x30] {
        let mut octets = clear.to_vec();
        octets[17] = version;
        let error = Message::decode(octets.into()).unwrap_err();
        assert_eq!(
            error.kind,
            DecodeErrorKind::Version {
                found: version,
                expected: 1
            },
            "THREATS A19"
        );
    }
    let sealed = v1::encode_encrypted(&header(Flags::NONE), PayloadType::ID, &[0; 8]).unwrap();
    assert_eq!(
        Message::decode(sealed.clone()).unwrap_err().kind,
        DecodeErrorKind::Encrypted
    );
    assert_eq!(Header::open(&sealed).unwrap().1.len(), 8);
    let twice = Bytes::from([&clear[..], &clear[..]].concat());
    assert!(Message::decode(twice).is_err(), "THREATS A11");
}

#[test]
fn a_fragment_is_clear_whatever_its_flags_say() {
    let fragment = v1::Fragment {
        id: 1,
        number: 1,
        flags: 1,
        data: Bytes::from_static(b"x"),
    };
    let octets = v1::encode_message(
        &header(Flags::ENCRYPTED),
        &[Body::Fragment(fragment).into()],
    )
    .unwrap();
    assert_eq!(
        Message::decode(octets).unwrap().chain.first_type(),
        PayloadType::FRAGMENT
    );
}

proptest! {
    /// THREATS A1-A22, K1: no octets make a decoder or the printer panic, and what is read is written back the same.
    #[test]
    fn random_octets_never_panic(first: u8, octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let octets = Bytes::from(octets);
        for padding in [Padding::Forbidden, Padding::Allowed] {
            if let Ok(chain) = Chain::decode(PayloadType(first), octets.clone(), 28, padding) {
                prop_assert_eq!(v1::encode_chain(&chain.payloads).unwrap().1, chain.octets());
                let _ = dissect::chain(&chain);
            }
        }
        let _ = (dissect::datagram(&octets), natt::Udp4500::decode(octets));
    }

    /// The same behind a header that fits, so that every payload reader is reached with plausible lengths.
    #[test]
    fn random_bodies_never_panic(ty in 0u8..=22, body in proptest::collection::vec(any::<u8>(), 0..120)) {
        let payload = Payload::from(Body::Unknown { ty: PayloadType(ty.max(1)), body: body.into() });
        let octets = v1::encode_message(&header(Flags::NONE), &[payload]).unwrap();
        let _ = dissect::datagram(&octets);
        if let Ok(message) = Message::decode(octets.clone()) {
            prop_assert_eq!(v1::encode_message(&message.header, &message.chain.payloads).unwrap(), octets);
        }
    }
}
