//! Chains as a whole: limits, critical payloads, versions.
use crate::octets;
use bytes::Bytes;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v2::{self, Body, CertRequest, Chain, Message, Payload};
use ike_wire::{DecodeErrorKind, Flags, Header, MessageId, Spi};

pub(crate) fn header() -> Header {
    Header::v2(
        Spi([1; 8]),
        Spi::ZERO,
        ExchangeType::IKE_SA_INIT,
        Flags::INITIATOR,
        MessageId(0),
    )
}

fn vendors(count: usize) -> Vec<Payload> {
    vec![Body::Vendor(Bytes::from_static(b"v")).into(); count]
}

pub(crate) fn decode(payloads: &[Payload]) -> Result<Chain, DecodeErrorKind> {
    let (first, octets) = v2::encode_chain(payloads).unwrap();
    Chain::decode(first, octets, 28).map_err(|error| error.kind)
}

#[test]
fn a_chain_gives_back_each_payload_and_its_body() {
    let id = v2::Identification::fqdn("R1");
    let payloads = [
        Body::Vendor(Bytes::from_static(b"one")).into(),
        Body::IdI(id.clone()).into(),
        Body::Vendor(Bytes::from_static(b"two")).into(),
    ];
    let (first, octets) = v2::encode_chain(&payloads).unwrap();
    let chain = Chain::decode(first, octets.clone(), 28).unwrap();
    assert_eq!(
        (chain.len(), chain.first_type()),
        (3, PayloadType::V2_VENDOR)
    );
    assert_eq!(chain.raw(0), &b"\x23\x00\x00\x07one"[..]);
    assert_eq!(chain.body(1), id.octets(), "RFC 7296 2.15");
    assert_eq!(chain.octets(), octets);
    assert!(chain.raw(3).is_empty() && chain.body(9).is_empty());
    let (index, body) = chain.find(PayloadType::V2_ID_INITIATOR).unwrap();
    assert_eq!((index, body), (1, &Body::IdI(id)));
    let indices = chain.all(PayloadType::V2_VENDOR).map(|(index, _)| index);
    assert!(indices.eq([0, 2]));
}

/// THREATS A1: a payload that points at itself cannot loop.
#[test]
fn payload_lengths_below_four_are_refused() {
    for length in 0..4 {
        let octets = vec![43, 0, 0, length].into();
        let error = Chain::decode(PayloadType::V2_VENDOR, octets, 28).unwrap_err();
        let found = usize::from(length);
        let kind = DecodeErrorKind::PayloadLength { found, at_least: 4 };
        assert_eq!((error.offset, error.kind), (28, kind));
    }
}

/// The caller takes the padding of a decrypted chain away, so nothing may follow (RFC 7296 3.14).
#[test]
fn octets_after_the_last_payload_are_an_error() {
    let (first, octets) = v2::encode_chain(&vendors(1)).unwrap();
    let padded = Bytes::from([&octets[..], &[0]].concat());
    let error = Chain::decode(first, padded, 28).unwrap_err();
    let kind = DecodeErrorKind::Trailing { octets: 1 };
    assert_eq!((error.offset, error.kind), (33, kind));
    let error = Chain::decode(PayloadType::NONE, Bytes::from_static(&[0]), 28).unwrap_err();
    assert_eq!(error.offset, 28);
}

/// THREATS B10, B11.
#[test]
fn payloads_and_authorities_are_capped() {
    assert_eq!(decode(&vendors(128)).unwrap().len(), 128);
    let limit = 128;
    assert_eq!(
        decode(&vendors(129)),
        Err(DecodeErrorKind::TooMany { limit })
    );
    let request = |hashes| Body::CertReq(CertRequest::from_hashes(vec![[0; 20]; hashes])).into();
    assert!(decode(&[request(3000), request(0), request(1000)]).is_ok());
    let limit = 4000;
    let refused = decode(&[request(3000), request(1001)]);
    assert_eq!(refused, Err(DecodeErrorKind::TooMany { limit }));
}

/// THREATS A8.
#[test]
fn proposals_and_transforms_are_capped() {
    let sa = |proposals, transforms| {
        let transforms = vec![v2::Transform::default(); transforms];
        let proposal = v2::Proposal {
            transforms,
            ..v2::Proposal::default()
        };
        Body::Sa(v2::SecurityAssociation::new(vec![proposal; proposals])).into()
    };
    assert!(decode(&[sa(64, 16)]).is_ok());
    let limit = 64;
    assert_eq!(
        decode(&[sa(65, 1)]),
        Err(DecodeErrorKind::TooMany { limit })
    );
    let limit = 1024;
    assert_eq!(
        decode(&[sa(64, 17)]),
        Err(DecodeErrorKind::TooMany { limit })
    );
    assert!(v2::encode_chain(&[sa(1, 256)]).is_err(), "THREATS K2");
    let attributes = vec![v2::Attribute::short(14u16, 128u16); 129];
    let mut one = v2::Transform::new(v2::TransformType::ENCR, 12u16);
    one.attributes = attributes;
    let transforms = vec![one];
    let proposal = v2::Proposal {
        transforms,
        ..v2::Proposal::default()
    };
    let limit = 128;
    let refused = decode(&[Body::Sa(v2::SecurityAssociation::new(vec![proposal])).into()]);
    assert_eq!(refused, Err(DecodeErrorKind::TooMany { limit }));
}

/// THREATS A8: 129 attributes without a value.
#[test]
fn configuration_attributes_are_capped() {
    let config = |count| {
        let attribute = v2::ConfigAttribute {
            ty: 1,
            value: Bytes::new(),
        };
        let attributes = vec![attribute; count];
        Body::Config(v2::Configuration::new(v2::ConfigType::REQUEST, attributes)).into()
    };
    assert!(decode(&[config(128)]).is_ok());
    let limit = 128;
    assert_eq!(
        decode(&[config(129)]),
        Err(DecodeErrorKind::TooMany { limit })
    );
}

/// RFC 7296 2.5, THREATS A20: the first unknown critical payload is named; known types may carry the bit.
#[test]
fn an_unknown_critical_payload_is_named() {
    let unknown = |ty, flags| {
        let body = Body::Unknown {
            ty: PayloadType(ty),
            body: Bytes::new(),
        };
        Payload { flags, body }
    };
    let mut known = vendors(1);
    known[0].flags = 0xff;
    assert!(known[0].is_critical());
    let critical = |payloads: &[Payload]| decode(payloads).unwrap().unsupported_critical();
    assert_eq!(critical(&known), None);
    assert_eq!(critical(&[unknown(200, 0x7f), known[0].clone()]), None);
    let both = [unknown(200, 0), unknown(5, 0x80), unknown(201, 0x80)];
    assert_eq!(critical(&both), Some(PayloadType(5)));
}

/// THREATS A2, A11, A19: any minor version of 2, and nothing else.
#[test]
fn messages_are_opened_by_version_and_length() {
    let whole = v2::encode_message(&header(), &vendors(2)).unwrap();
    for version in [0x20, 0x21, 0x2f] {
        let mut octets = whole.to_vec();
        octets[17] = version;
        let octets = Bytes::from(octets);
        let message = Message::decode(octets.clone()).unwrap();
        let written = v2::encode_message(&message.header, &message.chain.payloads);
        assert_eq!(written, Ok(octets));
    }
    for found in [0x00, 0x10, 0x1f, 0x30, 0xf0] {
        let mut octets = whole.to_vec();
        octets[17] = found;
        let error = Message::decode(octets.into()).unwrap_err();
        let kind = DecodeErrorKind::Version { found, expected: 2 };
        assert_eq!((error.offset, error.kind), (17, kind));
    }
    let twice = Bytes::from([&whole[..], &whole[..]].concat());
    assert!(Message::decode(twice).is_err());
    for end in 0..whole.len() {
        assert!(Message::decode(whole.slice(..end)).is_err(), "{end} octets");
    }
}

/// THREATS K2.
#[test]
fn lengths_that_do_not_fit_are_errors_when_writing() {
    let vendor = |octets| Payload::from(Body::Vendor(vec![0; octets].into()));
    assert_eq!(
        v2::encode_chain(&[vendor(65_532)]).unwrap_err().at_most,
        65_535
    );
    let half = || vendor(40_000);
    assert!(v2::encode_message(&header(), &[half(), half()]).is_err());
    let none = Body::Unknown {
        ty: PayloadType::NONE,
        body: Bytes::new(),
    };
    assert!(v2::encode_chain(&[none.into()]).is_err());
    let spi = vec![0; 256].into();
    let ty = v2::NotifyType::REKEY_SA;
    let notify = v2::Notify {
        spi,
        ..v2::Notify::new(ty, Bytes::new())
    };
    assert!(v2::encode_chain(&[Body::Notify(notify).into()]).is_err());
    let delete = v2::Delete {
        spi_size: 8,
        ..v2::Delete::ipsec(v2::ProtocolId::ESP, &[1])
    };
    assert!(v2::encode_chain(&[Body::Delete(delete).into()]).is_err());
}

/// THREATS A22: a request of IKE_SA_INIT in which each RESERVED bit is set reads and writes.
#[test]
fn reserved_bits_change_nothing() {
    let bytes = octets(
        "227f0014 00ff0010 01010001 00ff0008 01ff0003 \
         287f0008 0002ffff 007f0014 000102030405060708090a0b0c0d0e0f",
    );
    let chain = Chain::decode(PayloadType::V2_SA, bytes.clone(), 28).unwrap();
    assert_eq!(v2::encode_chain(&chain.payloads).unwrap().1, bytes);
    let Body::Sa(sa) = &chain.payloads[0].body else {
        panic!("{chain:?}")
    };
    let transform = &sa.proposals[0].transforms[0];
    assert_eq!((transform.ty, transform.id), (v2::TransformType::ENCR, 3));
    assert!(chain.payloads.iter().all(|payload| !payload.is_critical()));
}

/// THREATS K9: a chain in a log shows types and lengths.
#[test]
fn a_chain_in_a_log_shows_no_octets() {
    let chain = decode(&vendors(1)).unwrap();
    assert_eq!(format!("{chain:?}"), "{\"VID\": 5}");
}
