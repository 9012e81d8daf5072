//! Traffic selector payloads (RFC 7296 3.13).
use crate::{both_ways, decode, octets, refused};
use ike_wire::DecodeErrorKind;
use ike_wire::registry::PayloadType;
use ike_wire::v2::{self, AddressRange, Body, TsType};

/// W-073: GRE between two addresses.
#[test]
fn traffic_selectors_of_both_families_read_and_write() {
    let hex = "00000018 01aabbcc 072f0010 0000ffff c0a80001 c0a80001";
    let Body::TsI(selectors) = both_ways(PayloadType::V2_TS_INITIATOR, hex) else {
        panic!("no selectors")
    };
    let address = [192, 168, 0, 1].into();
    let gre = v2::TrafficSelector::addresses(47, address, address).unwrap();
    assert_eq!(
        (selectors.reserved, &selectors.selectors[..]),
        ([0xaa, 0xbb, 0xcc], &[gre][..])
    );
    let hex = format!(
        "00000030 01000000 08060028 00500050 {}01 {}02",
        "00".repeat(15),
        "00".repeat(15)
    );
    let Body::TsR(selectors) = both_ways(PayloadType::V2_TS_RESPONDER, &hex) else {
        panic!("no selectors")
    };
    let one = &selectors.selectors[0];
    assert_eq!((one.protocol, one.start_port, one.end_port), (6, 80, 80));
    assert_eq!(
        one.range,
        AddressRange::V6(1u128.to_be_bytes().into(), 2u128.to_be_bytes().into())
    );
}

/// RFC 9478: a security label has neither ports nor addresses.
#[test]
fn selectors_of_other_types_keep_their_octets() {
    let hex = "0000001e 02000000 0a000006 abcd 07000010 0000ffff 00000000 ffffffff";
    let Body::TsI(selectors) = both_ways(PayloadType::V2_TS_INITIATOR, hex) else {
        panic!("no selectors")
    };
    let label = &selectors.selectors[0];
    assert_eq!((label.ty, label.start_port), (TsType::SECLABEL, 0));
    assert_eq!(label.range, AddressRange::Raw(octets("abcd")));
    let v6 = std::net::Ipv6Addr::LOCALHOST.into();
    assert_eq!(
        v2::TrafficSelector::addresses(0, [0, 0, 0, 0].into(), v6),
        None
    );
}

/// THREATS A16.
#[test]
fn selectors_with_lying_counts_and_lengths_are_refused() {
    let one = "07000010 0000ffff 00000000 ffffffff";
    let cases = [
        ("no selector", "00000008 00000000".to_owned()),
        (
            "count 255, one selector",
            format!("00000018 ff000000 {one}"),
        ),
        ("count 2, one selector", format!("00000018 02000000 {one}")),
        (
            "count 1, two selectors",
            format!("00000028 01000000 {one} {one}"),
        ),
        ("count 0, one selector", format!("00000018 00000000 {one}")),
        ("length 7", "0000000f 01000000 07000007 0000ff".to_owned()),
        (
            "IPv4 of 17 octets",
            "00000019 01000000 07000011 0000ffff 00000000 ffffffff 00".to_owned(),
        ),
        (
            "IPv6 in 16 octets",
            "00000018 01000000 08000010 0000ffff 00000000 ffffffff".to_owned(),
        ),
        (
            "length 3 of type 9",
            "00000010 01000000 09000003 00000000".to_owned(),
        ),
    ];
    let cases = cases.each_ref().map(|(story, hex)| (*story, &**hex));
    refused(PayloadType::V2_TS_INITIATOR, &cases);
    let many = vec![
        v2::TrafficSelector::addresses(0, [0; 4].into(), [255; 4].into()).unwrap();
        v2::MAX_SELECTORS + 1
    ];
    let body = Body::TsR(v2::TrafficSelectors::new(many));
    let (ty, bytes) = v2::encode_chain(&[body.into()]).unwrap();
    assert_eq!(
        decode(ty, &bytes).unwrap_err().kind,
        DecodeErrorKind::TooMany {
            limit: v2::MAX_SELECTORS
        }
    );
}
