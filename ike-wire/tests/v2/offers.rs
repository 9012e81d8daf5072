//! Security Association payloads (RFC 7296 3.3).
use crate::{both_ways, refused};
use ike_wire::registry::PayloadType;
use ike_wire::v2::{self, Body, ProtocolId, TransformType};

/// S-002, W-063: 3DES, MD5, MD5, group 2 in the order of IOS.
#[test]
fn the_seeds_offer_reads_and_writes() {
    let body = both_ways(
        PayloadType::V2_SA,
        "0000002c 00000028 01010004 \
         03000008 01000003 03000008 02000001 03000008 03000001 00000008 04000002",
    );
    let Body::Sa(sa) = body else {
        panic!("{body:?}")
    };
    let proposal = &sa.proposals[0];
    assert_eq!((proposal.number, proposal.protocol), (1, ProtocolId::IKE));
    let algorithms = proposal.transforms.iter().map(|one| (one.ty, one.id));
    assert!(algorithms.eq([
        (TransformType::ENCR, v2::EncryptionId::TRIPLE_DES.0),
        (TransformType::PRF, v2::PrfId::HMAC_MD5.0),
        (TransformType::INTEG, v2::IntegrityId::HMAC_MD5_96.0),
        (TransformType::DH, v2::GroupId::MODP_1024.0),
    ]));
    assert!(sa.is_numbered_as_offer());
}

/// RFC 7296 3.3.5: the key length as TV; an unknown attribute, RESERVED octets and SPIs survive.
#[test]
fn key_lengths_spis_and_reserved_octets_survive() {
    let body = both_ways(
        PayloadType::V2_SA,
        "0080004c \
         02ee0028 01030402 c0ffee01 03dd000c 01cc000c 800e0080 00000010 05000000 00630004 deadbeef \
         00000020 02030402 c0ffee02 0300000c 0100000c 800e0100 00000008 fe00fffe",
    );
    let Body::Sa(sa) = body else {
        panic!("{body:?}")
    };
    let (first, second) = (&sa.proposals[0], &sa.proposals[1]);
    assert_eq!((first.reserved, first.transforms[0].reserved), (0xee, 0xdd));
    assert_eq!(first.transforms[0].reserved2, 0xcc);
    let lengths = [first, second].map(|one| one.transforms[0].key_length());
    assert_eq!(lengths, [Some(128), Some(256)]);
    assert_eq!(first.transforms[1].attribute(0x63u16).unwrap().ty, 0x63);
    assert_eq!(&*second.spi, [0xc0, 0xff, 0xee, 0x02]);
    assert_eq!(second.transforms[1].ty, TransformType(254));
    assert_eq!(second.of_type(TransformType::ENCR).count(), 1);
}

/// RFC 7296 3.3.1: the numbers of an offer count up from 1; reading does not insist.
#[test]
fn proposals_numbered_otherwise_are_read_but_are_no_offer() {
    for (numbers, is_offer) in [("01 02", true), ("02 03", false), ("01 01", false)] {
        let (first, second) = numbers.split_once(' ').unwrap();
        let hex = format!("00000014 02000008 {first}010000 00000008 {second}010000");
        let Body::Sa(sa) = both_ways(PayloadType::V2_SA, &hex) else {
            panic!("{hex}")
        };
        assert_eq!(sa.is_numbered_as_offer(), is_offer, "{numbers}");
    }
}

/// RFC 7296 3.3.5.
#[test]
fn a_long_key_length_is_no_key_length() {
    let hex = "0000001a 00000016 01010001 0000000e 0100000c 000e0002 0080";
    let Body::Sa(sa) = both_ways(PayloadType::V2_SA, hex) else {
        panic!("{hex}")
    };
    assert_eq!(sa.proposals[0].transforms[0].key_length(), None);
}

/// THREATS A8: counts and lengths that lie.
#[test]
fn offers_with_lying_counts_are_refused() {
    let cases = [
        (
            "count 2, one transform",
            "00000014 00000010 01010002 00000008 01000003",
        ),
        (
            "count 1, two transforms",
            "0000001c 00000018 01010001 03000008 01000003 00000008 02000001",
        ),
        (
            "count 0, one transform",
            "00000014 00000010 01010000 00000008 01000003",
        ),
        (
            "octets after a proposal",
            "00000018 00000010 01010001 00000008 01000003 00000000",
        ),
        (
            "transform length 0",
            "00000014 00000010 01010001 00000000 01000003",
        ),
        (
            "transform length 7",
            "00000014 00000010 01010001 00000007 01000003",
        ),
        (
            "transform length over the end",
            "00000014 00000010 01010001 00000009 01000003",
        ),
        (
            "last substructure 2 in a transform",
            "00000014 00000010 01010001 02000008 01000003",
        ),
        (
            "last substructure 3 in a proposal",
            "00000014 03000010 01010001 00000008 01000003",
        ),
        (
            "SPI over the end",
            "00000014 00000010 0101ff01 00000008 01000003",
        ),
        (
            "attribute over the end",
            "00000018 00000014 01010001 0000000c 01000003 000e0001",
        ),
        ("proposal length 7", "0000000c 00000007 01010000"),
    ];
    refused(PayloadType::V2_SA, &cases);
}
