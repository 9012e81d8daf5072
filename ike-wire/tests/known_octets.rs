//! Hand-written octets of every payload, read and written back, each truncation refused (RFC 2408 3.4-3.15).
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use ike_wire::registry::PayloadType;
use ike_wire::v1::{
    self, Attribute, Body, CertEncoding, Chain, ConfigType, IdValue, NotifyType, Padding, Payload,
    ProtocolId,
};
use ike_wire::{DecodeError, DecodeErrorKind, Spi};

fn octets(hex: &str) -> Bytes {
    let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
    digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap())
        .collect()
}

fn decode(ty: PayloadType, bytes: &Bytes) -> Result<Chain, DecodeError> {
    Chain::decode(ty, bytes.clone(), 28, Padding::Forbidden)
}

/// Reads one payload from hexadecimal, checks that it is written back the same and that no shorter text is accepted.
fn both_ways(ty: PayloadType, hex: &str) -> Body {
    let bytes = octets(hex);
    let chain = decode(ty, &bytes).unwrap();
    assert_eq!(
        v1::encode_chain(&chain.payloads),
        Ok((ty, bytes.clone())),
        "{hex}"
    );
    for end in 0..bytes.len() {
        let error = decode(ty, &bytes.slice(..end)).unwrap_err();
        assert!(
            (28..=28 + end).contains(&error.offset),
            "{end} octets: {error}"
        );
    }
    chain.payloads[0].body.clone()
}

/// W-043: the attributes of the seed's MM1.
#[test]
fn the_seeds_offer_reads_and_writes() {
    let body = both_ways(
        PayloadType::SA,
        "00000038 00000001 00000001 0000002c 01010001 00000024 01010000 \
         80010005 80020001 80040002 80030003 800b0001 000c0004 00015180",
    );
    let Body::Sa(sa) = body else {
        panic!("{body:?}")
    };
    let transform = &sa.proposals[0].transforms[0];
    assert_eq!(
        (sa.proposals[0].protocol, transform.id),
        (ProtocolId::ISAKMP, 1)
    );
    let group = transform
        .attribute(v1::OakleyAttribute::GROUP)
        .and_then(Attribute::as_u64);
    let life = transform
        .attribute(v1::OakleyAttribute::LIFE_DURATION)
        .and_then(Attribute::as_u64);
    assert_eq!((group, life), (Some(2), Some(86400)));
}

#[test]
fn proposals_spis_transforms_and_reserved_octets_survive() {
    let body = both_ways(
        PayloadType::SA,
        "00ff0048 00000001 00000001 \
         02ee0020 01030402 c0ffee01 03dd000c 010caabb 80060080 00000008 02030000 \
         0000001c 01020401 c0ffee02 00000010 01020000 80050001 00990000",
    );
    let Body::Sa(sa) = body else {
        panic!("{body:?}")
    };
    assert_eq!(
        (sa.proposals.len(), sa.proposals[0].transforms.len()),
        (2, 2)
    );
    assert_eq!(
        (
            sa.proposals[0].reserved,
            sa.proposals[0].transforms[0].reserved2
        ),
        (0xee, 0xaabb)
    );
    assert_eq!(&*sa.proposals[1].spi, [0xc0, 0xff, 0xee, 0x02]);
}

/// THREATS A8: counts and lengths that lie.
#[test]
fn offers_with_lying_counts_are_refused() {
    let cases = [
        ("DOI", "00000014 00000000 00000001 00000008 01010000"),
        ("situation", "00000014 00000001 00000002 00000008 01010000"),
        (
            "no transform",
            "00000014 00000001 00000001 00000008 01010000",
        ),
        (
            "count 2, one transform",
            "0000001c 00000001 00000001 00000010 01010002 00000008 01010000",
        ),
        (
            "count 1, two transforms",
            "00000024 00000001 00000001 00000018 01010001 03000008 01010000 00000008 02010000",
        ),
        (
            "octets after a proposal",
            "00000020 00000001 00000001 00000010 01010001 00000008 01010000 00000000",
        ),
        (
            "transform length 7",
            "0000001c 00000001 00000001 00000010 01010001 00000007 01010000",
        ),
        (
            "transform length over the end",
            "0000001c 00000001 00000001 00000010 01010001 00000009 01010000",
        ),
        (
            "next payload 9 in a transform",
            "0000001c 00000001 00000001 00000010 01010001 09000008 01010000",
        ),
        (
            "SPI over the end",
            "0000001c 00000001 00000001 00000010 0101ff01 00000008 01010000",
        ),
    ];
    for (story, hex) in cases {
        assert!(decode(PayloadType::SA, &octets(hex)).is_err(), "{story}");
    }
}

#[test]
fn opaque_payloads_keep_their_octets() {
    let hex = "00070008 01020304";
    let data = Bytes::from_static(&[1, 2, 3, 4]);
    assert_eq!(
        both_ways(PayloadType::KEY_EXCHANGE, hex),
        Body::KeyExchange(data.clone())
    );
    assert_eq!(both_ways(PayloadType::HASH, hex), Body::Hash(data.clone()));
    assert_eq!(both_ways(PayloadType::SIG, hex), Body::Sig(data.clone()));
    assert_eq!(
        both_ways(PayloadType::NONCE, hex),
        Body::Nonce(data.clone())
    );
    assert_eq!(
        both_ways(PayloadType::VENDOR, hex),
        Body::Vendor(data.clone())
    );
    for ty in [
        PayloadType::NAT_D,
        PayloadType::NAT_D_DRAFT,
        PayloadType::NAT_D_OLD,
    ] {
        assert_eq!(
            both_ways(ty, hex),
            Body::NatD {
                ty,
                hash: data.clone()
            }
        );
    }
    for ty in [PayloadType(17), PayloadType::V2_SA, PayloadType(255)] {
        assert_eq!(
            both_ways(ty, hex),
            Body::Unknown {
                ty,
                body: data.clone()
            }
        );
    }
}

/// S-042.
#[test]
fn identities_read_and_write() {
    let body = both_ways(
        PayloadType::ID,
        "00000014 021101f4 52312e636973636f2e636f6d",
    );
    let Body::Id(id) = &body else {
        panic!("{body:?}")
    };
    assert_eq!(
        (id.value(), id.protocol, id.port),
        (IdValue::Fqdn(b"R1.cisco.com"), 17, 500)
    );
}

/// S-014, W-002: an authority as a DER name, 51 octets for the seed's CA1.
#[test]
fn certificates_and_requests_read_and_write() {
    let Body::Cert(cert) = both_ways(PayloadType::CERT, "00000008 04300101").clone() else {
        panic!()
    };
    assert_eq!(
        (cert.encoding, &*cert.data),
        (CertEncoding::X509_SIGNATURE, &[0x30, 1, 1][..])
    );
    let ca1 = "302c310c300a060355040a1303636f6d310e300c060355040a1305636973636f310c300a06035504031303434131";
    let Body::CertReq(request) = both_ways(PayloadType::CERT_REQ, &format!("00000033 04{ca1}"))
    else {
        panic!()
    };
    assert_eq!(request.authority, octets(ca1));
    let any = both_ways(PayloadType::CERT_REQ, "00000005 04");
    assert!(matches!(any, Body::CertReq(request) if request.authority.is_empty()));
    assert!(
        decode(PayloadType::CERT_REQ, &octets("00000004")).is_err(),
        "THREATS A9"
    );
}

/// W-017: INITIAL_CONTACT takes 28 octets.
#[test]
fn notifications_read_and_write() {
    let hex = "0000001c 00000001 01106002 01010101 01010101 02020202 02020202";
    let built = v1::Notify::isakmp(
        NotifyType::INITIAL_CONTACT,
        Spi([1; 8]),
        Spi([2; 8]),
        Bytes::new(),
    );
    let payload = Payload::from(Body::Notify(built.clone()));
    assert_eq!(v1::encode_chain(&[payload]).unwrap().1, octets(hex));
    assert_eq!(both_ways(PayloadType::NOTIFY, hex), Body::Notify(built));
    let dpd = both_ways(PayloadType::NOTIFY, "00000010 00000001 01028d28 aabb ccdd");
    assert!(
        matches!(dpd, Body::Notify(notify) if notify.ty == NotifyType::R_U_THERE && notify.data.len() == 2)
    );
}

/// THREATS A10.
#[test]
fn deletes_read_and_write_and_their_count_is_exact() {
    let body = both_ways(
        PayloadType::DELETE,
        "00000014 00000001 03040002 c0ffee01 c0ffee02",
    );
    assert_eq!(
        body,
        Body::Delete(v1::Delete::ipsec(
            ProtocolId::ESP,
            &[0xc0ff_ee01, 0xc0ff_ee02]
        ))
    );
    let body = both_ways(
        PayloadType::DELETE,
        "0000001c 00000001 01100001 01010101 01010101 02020202 02020202",
    );
    assert_eq!(
        body,
        Body::Delete(v1::Delete::isakmp(Spi([1; 8]), Spi([2; 8])))
    );
    let lies = [
        "0000000c 00000001 0304ffff",
        "0000000c 00000001 0300ffff",
        "0000000e 00000001 03040001 c0ff",
    ];
    for hex in lies
        .into_iter()
        .chain(["00000011 00000001 03040001 c0ffee01 00"])
    {
        assert!(decode(PayloadType::DELETE, &octets(hex)).is_err(), "{hex}");
    }
    let bomb = [octets("0000100c 00000001 03011000"), vec![0; 4096].into()].concat();
    let error = decode(PayloadType::DELETE, &bomb.into()).unwrap_err();
    assert_eq!(
        error.kind,
        DecodeErrorKind::TooMany {
            limit: v1::MAX_SPIS
        }
    );
}

#[test]
fn configuration_attributes_read_and_write() {
    let body = both_ways(
        PayloadType::ATTRIBUTES,
        "00000013 01aa1234 00010000 40890003 616263",
    );
    let Body::Attributes(config) = body else {
        panic!("{body:?}")
    };
    assert_eq!(
        (config.ty, config.reserved, config.identifier),
        (ConfigType::REQUEST, 0xaa, 0x1234)
    );
    let expected = [
        Attribute::long(1u16, Bytes::new()),
        Attribute::long(16521u16, &b"abc"[..]),
    ];
    assert_eq!(config.attributes, expected);
}

/// RFC 3947 5.2.
#[test]
fn original_addresses_read_and_write() {
    for ty in [
        PayloadType::NAT_OA,
        PayloadType::NAT_OA_DRAFT,
        PayloadType::NAT_OA_OLD,
    ] {
        let body = both_ways(ty, "0000000c 01aabbcc 0a000001");
        assert!(matches!(body, Body::NatOa(nat) if nat.ip() == Some([10, 0, 0, 1].into())));
    }
    both_ways(
        PayloadType::NAT_OA,
        "00000018 05000000 fe800000 00000000 00000000 00000001",
    );
    assert!(decode(PayloadType::NAT_OA, &octets("0000000d 01000000 0a00000100")).is_err());
    assert!(decode(PayloadType::NAT_OA, &octets("0000000c 02000000 0a000001")).is_err());
}

/// THREATS B7.
#[test]
fn fragments_read_and_write_and_short_ones_are_refused() {
    let body = both_ways(PayloadType::FRAGMENT, "0000000b 00070301 616263");
    let Body::Fragment(fragment) = body else {
        panic!("{body:?}")
    };
    assert_eq!(
        (
            fragment.id,
            fragment.number,
            fragment.is_last(),
            &*fragment.data
        ),
        (7, 3, true, &b"abc"[..])
    );
    for hex in [
        "00000004",
        "00000007 000703",
        "00000008 00070301",
        "0000000b 00070001 616263",
        "00000000 00070301",
    ] {
        assert!(
            decode(PayloadType::FRAGMENT, &octets(hex)).is_err(),
            "{hex}"
        );
    }
}
