//! The frame lengths of the tech note's captures, from messages built with our encoder (section 2.1 of the rules, W-002, W-006).
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use ike_wire::registry::ExchangeType;
use ike_wire::v1::vendor::{KnownVendor, ios_vid};
use ike_wire::v1::{
    self, Attribute, AttributeValue, Body, CertRequest, IpsecAttribute, OakleyAttribute, Payload,
    Proposal, ProtocolId, SecurityAssociation, Transform,
};
use ike_wire::{Flags, Header, MessageId, Spi};

/// IPv4 and UDP headers in front of the ISAKMP message.
const IP_UDP: usize = 28;
/// Lengths of the seven authorities' DER names, CA1 first (W-023).
const NAMES: [usize; 7] = [46, 46, 97, 48, 59, 55, 45];

fn frame(payloads: Vec<Body>) -> usize {
    let header = Header::v1(
        Spi([1; 8]),
        Spi([2; 8]),
        ExchangeType::MAIN,
        Flags::NONE,
        MessageId(0),
    );
    let payloads: Vec<Payload> = payloads.into_iter().map(Payload::from).collect();
    v1::encode_message(&header, &payloads).unwrap().len() + IP_UDP
}

/// W-043; with a key length as in the AES captures.
fn phase_one_sa(key_length: Option<u16>) -> Body {
    let mut attributes: Vec<Attribute> = [(1u16, 5u16), (2, 1), (4, 2), (3, 3), (11, 1)]
        .map(|(ty, value)| Attribute::short(ty, value))
        .into();
    attributes.extend(key_length.map(|bits| Attribute::short(OakleyAttribute::KEY_LENGTH, bits)));
    attributes.push(Attribute::number(OakleyAttribute::LIFE_DURATION, 86400));
    sa(ProtocolId::ISAKMP, Bytes::new(), 1, attributes)
}

fn sa(protocol: ProtocolId, spi: Bytes, id: u8, attributes: Vec<Attribute>) -> Body {
    let transforms = vec![Transform {
        number: 1,
        id,
        attributes,
        ..Transform::default()
    }];
    Body::Sa(SecurityAssociation::new(vec![Proposal {
        number: 1,
        protocol,
        spi,
        transforms,
        reserved: 0,
    }]))
}

fn vendors(list: &[KnownVendor]) -> Vec<Body> {
    list.iter()
        .map(|vendor| Body::Vendor(vendor.bytes()))
        .collect()
}

/// W-012, W-013: KE, nonce, requests, vendor IDs, NAT-D twice.
fn key_exchange(requests: &[usize], unity: bool, hash: usize) -> Vec<Body> {
    let mut bodies = vec![
        Body::KeyExchange(vec![0; 128].into()),
        Body::Nonce(vec![0; 20].into()),
    ];
    bodies.extend(
        requests
            .iter()
            .map(|&length| Body::CertReq(CertRequest::x509(vec![0; length]))),
    );
    if unity {
        bodies.extend(vendors(&[KnownVendor::Unity]));
    }
    bodies.extend(vendors(&[KnownVendor::Dpd]));
    bodies.push(Body::Vendor(Bytes::copy_from_slice(&ios_vid(
        Spi([1; 8]),
        [0; 8],
    ))));
    bodies.extend(vendors(&[KnownVendor::Xauth]));
    bodies.extend([Body::nat_d(vec![0; hash]), Body::nat_d(vec![0; hash])]);
    bodies
}

#[test]
fn main_mode_frames_have_the_lengths_of_the_tech_note() {
    let offered = [
        KnownVendor::NatTRfc3947,
        KnownVendor::NatT07,
        KnownVendor::NatT03,
        KnownVendor::NatT02,
    ];
    let mm1 = [vec![phase_one_sa(None)], vendors(&offered)].concat();
    let mm2 = [vec![phase_one_sa(None)], vendors(&offered[..1])].concat();
    assert_eq!((frame(mm1), frame(mm2)), (192, 132));
    assert_eq!(frame(key_exchange(&NAMES[..1], false, 16)), 355);
    assert_eq!(frame(key_exchange(&NAMES, false, 16)), 735);
    assert_eq!(frame(key_exchange(&NAMES, true, 16)), 755);
}

/// W-006: the capture of IOS 15.x with AES-128, SHA-1 and a pre-shared key.
#[test]
fn the_lengths_of_the_pre_shared_key_capture_follow_too() {
    let offered = [
        KnownVendor::NatTRfc3947,
        KnownVendor::NatT07,
        KnownVendor::NatT03,
        KnownVendor::NatT02,
    ];
    let mm1 = [vec![phase_one_sa(Some(128))], vendors(&offered)].concat();
    assert_eq!(frame(mm1), 168 + IP_UDP);
    assert_eq!(frame(key_exchange(&[], false, 20)), 284 + IP_UDP);
    assert_eq!(frame(key_exchange(&[], true, 20)), 304 + IP_UDP);
}

/// W-044, section 2.1: HASH, SA, nonce and two identities come to 132 octets, 136 encrypted.
#[test]
fn the_quick_mode_frame_has_the_length_of_the_tech_note() {
    let mut attributes: Vec<Attribute> = [(4u16, 1u16), (1, 1), (2, 3600), (1, 2)]
        .map(|(ty, value)| Attribute::short(ty, value))
        .into();
    attributes.push(Attribute::number(IpsecAttribute::LIFE_DURATION, 4_608_000));
    assert!(matches!(attributes[4].value, AttributeValue::Long(_)));
    attributes.extend([Attribute::short(5u16, 5u16), Attribute::short(6u16, 128u16)]);
    let id = || Body::Id(v1::Identification::ipv4([192, 168, 0, 1].into(), 47, 0));
    let bodies = [
        Body::Hash(vec![0; 16].into()),
        sa(ProtocolId::ESP, vec![0; 4].into(), 12, attributes),
        Body::Nonce(vec![0; 20].into()),
        id(),
        id(),
    ];
    let (_, clear) = v1::encode_chain(&bodies.map(Payload::from)).unwrap();
    assert_eq!(clear.len(), 132);
    let header = Header::v1(
        Spi([1; 8]),
        Spi([2; 8]),
        ExchangeType::QUICK,
        Flags::NONE,
        MessageId(7),
    );
    let sealed =
        v1::encode_encrypted(&header, ike_wire::registry::PayloadType::HASH, &[0; 136]).unwrap();
    assert_eq!(sealed.len() + IP_UDP, 192);
}
