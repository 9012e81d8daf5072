//! Captures by hand: packets of both families, link headers, files of every form.

use bytes::Bytes;
use ike_wire::registry::ExchangeType;
use ike_wire::v1::{
    self, Attribute, Body, Identification, Proposal, ProtocolId, SecurityAssociation, Transform,
};
use ike_wire::{Flags, Header, MessageId, Spi, v2};

/// Seconds and microseconds of every packet.
const TIME: (u32, u32) = (1_700_000_000, 123_456);

fn main_mode(payloads: Vec<Body>) -> Vec<u8> {
    let (exchange, id) = (ExchangeType::MAIN, MessageId(0));
    let header = Header::v1(Spi([0x11; 8]), Spi::ZERO, exchange, Flags::NONE, id);
    let payloads: Vec<v1::Payload> = payloads.into_iter().map(Into::into).collect();
    v1::encode_message(&header, &payloads)
        .expect("short enough")
        .to_vec()
}

/// The first message of a Main Mode, as IOS offers it.
pub(super) fn offer() -> Vec<u8> {
    let values = [(1u16, 7u16), (14, 256), (2, 2), (4, 14), (3, 3), (11, 1)];
    let mut attributes: Vec<Attribute> = values
        .into_iter()
        .map(|(ty, value)| Attribute::short(ty, value))
        .collect();
    attributes.push(Attribute::number(12u16, 86_400));
    let transforms = vec![Transform {
        number: 1,
        id: 1,
        attributes,
        ..Transform::default()
    }];
    let proposal = Proposal {
        number: 1,
        protocol: ProtocolId::ISAKMP,
        transforms,
        ..Proposal::default()
    };
    main_mode(vec![
        Body::Sa(SecurityAssociation::new(vec![proposal])),
        Body::Vendor(v1::vendor::KnownVendor::Dpd.bytes()),
    ])
}

/// A message with text that would act on a terminal.
pub(super) fn hostile() -> Vec<u8> {
    let name = "R1\n%FAKE\x1b[2J\u{202e}";
    main_mode(vec![
        Body::Id(Identification::fqdn(name, 17, 500)),
        Body::Vendor(Bytes::from_static(b"a\x07b")),
    ])
}

/// Requests for a CA that IOS knows, for octets that are no name and for anyone; then no certificate.
pub(super) fn authorities() -> Vec<u8> {
    let known = ike_pki::predefined().pop().expect("five of them");
    let request = |authority: &[u8]| {
        Body::CertReq(v1::CertRequest {
            encoding: v1::CertEncoding::X509_SIGNATURE,
            authority: Bytes::copy_from_slice(authority),
        })
    };
    main_mode(vec![
        request(known.der()),
        request(b"CN=CA1"),
        request(&[]),
        Body::Cert(v1::Certificate::x509(&b"DER?"[..])),
    ])
}

/// The first message of IKEv2, with more in it than is usual.
pub(super) fn init() -> Vec<u8> {
    use v2::{Body, CertRequest, KeyExchange, Notify, NotifyType, TransformType as T};
    let (exchange, id) = (ExchangeType::IKE_SA_INIT, MessageId(0));
    let header = Header::v2(Spi([0x22; 8]), Spi::ZERO, exchange, Flags::INITIATOR, id);
    let chosen = [(T::ENCR, 12), (T::PRF, 7), (T::INTEG, 14), (T::DH, 14)];
    let mut transforms: Vec<v2::Transform> = chosen
        .into_iter()
        .map(|(ty, id)| v2::Transform {
            ty,
            id,
            ..v2::Transform::default()
        })
        .collect();
    transforms[0].attributes = vec![Attribute::short(14u16, 256u16)];
    let proposal = v2::Proposal {
        number: 1,
        protocol: v2::ProtocolId::IKE,
        transforms,
        ..v2::Proposal::default()
    };
    let hashes = NotifyType::SIGNATURE_HASH_ALGORITHMS;
    let payloads = [
        Body::Sa(v2::SecurityAssociation::new(vec![proposal])),
        Body::KeyExchange(KeyExchange::new(14u16, vec![7; 256])),
        Body::Notify(Notify::new(hashes, vec![0, 2, 0, 4])),
        Body::CertReq(CertRequest::from_hashes([[0xab; 20]])),
        Body::Vendor(Bytes::from_static(b"CISCO-DELETE-REASON")),
    ];
    v2::encode_message(&header, &payloads.map(Into::into))
        .expect("short enough")
        .to_vec()
}

fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 8).expect("short enough");
    let mut datagram = [port, port, length, 0].map(u16::to_be_bytes).concat();
    datagram.extend(payload);
    datagram
}

/// From 192.0.2.1 to 192.0.2.2.
pub(super) fn udp4(port: u16, payload: &[u8]) -> Vec<u8> {
    let body = udp(port, payload);
    let total = u16::try_from(body.len() + 20).expect("short enough");
    let mut packet = vec![0x45, 0];
    packet.extend(total.to_be_bytes());
    packet.extend([0, 7, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    packet.extend(body);
    packet
}

/// From 2001:db8::1 to 2001:db8::2, behind a header of destination options.
pub(super) fn udp6(port: u16, payload: &[u8]) -> Vec<u8> {
    let body = udp(port, payload);
    let length = u16::try_from(body.len() + 8).expect("short enough");
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([60, 64]);
    for last in [1, 2] {
        packet.extend([0x20, 0x01, 0x0d, 0xb8]);
        packet.extend([0; 11]);
        packet.push(last);
    }
    packet.extend([17, 0, 1, 4, 0, 0, 0, 0]);
    packet.extend(body);
    packet
}

/// The packet behind every kind of link header: the link type, and the packet.
pub(super) fn links(packet: &[u8], kind: u16, family: u32) -> Vec<(u16, Vec<u8>)> {
    let kind = kind.to_be_bytes();
    let with = |header: &[u8]| [header, packet].concat();
    let tag = |id: [u8; 2]| [id, [0, 5]].concat();
    let one = [&[2; 12][..], &tag([0x81, 0]), &kind].concat();
    let two = [&[2; 12][..], &tag([0x88, 0xa8]), &tag([0x81, 0]), &kind].concat();
    let mut cooked_2 = kind.to_vec();
    cooked_2.extend([0; 18]);
    vec![
        (1, with(&[&[2; 12][..], &kind].concat())),
        (1, with(&one)),
        (1, with(&two)),
        (101, packet.to_vec()),
        (12, packet.to_vec()),
        (113, with(&[&[0; 14][..], &kind].concat())),
        (276, with(&cooked_2)),
        (0, with(&family.to_le_bytes())),
        (0, with(&family.to_be_bytes())),
        (108, with(&family.to_be_bytes())),
    ]
}

/// The forms of a classic file.
#[derive(Clone, Copy, Default)]
pub(super) struct Form {
    pub(super) big: bool,
    pub(super) nanoseconds: bool,
}

fn number(big: bool, number: u32) -> [u8; 4] {
    if big {
        number.to_be_bytes()
    } else {
        number.to_le_bytes()
    }
}

fn short(big: bool, number: u16) -> [u8; 2] {
    if big {
        number.to_be_bytes()
    } else {
        number.to_le_bytes()
    }
}

/// A classic file with one packet.
pub(super) fn pcap(form: Form, link: u16, packet: &[u8]) -> Vec<u8> {
    let Form { big, nanoseconds } = form;
    let length = u32::try_from(packet.len()).expect("short enough");
    let (magic, unit) = if nanoseconds {
        (0xa1b2_3c4d, 1000)
    } else {
        (0xa1b2_c3d4, 1)
    };
    let mut file = number(big, magic).to_vec();
    file.extend([short(big, 2), short(big, 4)].concat());
    for field in [
        0,
        0,
        65_535,
        link.into(),
        TIME.0,
        TIME.1 * unit,
        length,
        length,
    ] {
        file.extend(number(big, field));
    }
    file.extend(packet);
    file
}

/// A pcapng file with one packet, of an interface that counts in milliseconds from ten seconds on.
pub(super) fn pcapng(big: bool, link: u16, packet: &[u8]) -> Vec<u8> {
    let n = |value| number(big, value);
    let s = |value| short(big, value);
    let offset = if big {
        10i64.to_be_bytes()
    } else {
        10i64.to_le_bytes()
    };
    let section = [&n(0x1a2b_3c4d)[..], &s(1), &s(0), &[0xff; 8]].concat();
    let interface = [
        &[s(link), s(0)].concat()[..],
        &n(0),
        &[s(9), s(1)].concat(),
        &[3, 0, 0, 0],
        &[s(14), s(8)].concat(),
        &offset,
        &n(0),
    ]
    .concat();
    let time = u64::from(TIME.0) * 1000 + u64::from(TIME.1) / 1000;
    let length = u32::try_from(packet.len()).expect("short enough");
    let (high, low) = ((time >> 32) as u32, time as u32);
    let mut stamped = [0, high, low, length, length].map(n).concat();
    stamped.extend(packet);
    stamped.resize(stamped.len().next_multiple_of(4), 0);
    let block = |kind: u32, body: Vec<u8>| {
        let length = n(u32::try_from(body.len() + 12).expect("short enough"));
        [&n(kind)[..], &length, &body, &length].concat()
    };
    // A block of a kind that nobody knows is passed over.
    let unknown = block(0x0bad, vec![0; 8]);
    let blocks = [
        block(0x0a0d_0d0a, section),
        block(1, interface),
        unknown,
        block(6, stamped),
    ];
    blocks.concat()
}
