//! Notify, Delete and Configuration payloads (RFC 7296 3.10, 3.11, 3.15).
use crate::{both_ways, decode, refused};
use bytes::Bytes;
use ike_wire::DecodeErrorKind;
use ike_wire::registry::PayloadType;
use ike_wire::v2::{self, Body, ConfigAttributeType, ConfigType, NotifyType, ProtocolId};

#[test]
fn notifications_read_and_write_with_and_without_an_spi() {
    let Body::Notify(notify) = both_ways(PayloadType::V2_NOTIFY, "0000000a 00004006 abcd") else {
        panic!("no notification")
    };
    assert_eq!(
        notify,
        v2::Notify::new(NotifyType::COOKIE, &[0xab, 0xcd][..])
    );
    let hex = "0000000c 03044009 c0ffee01";
    let Body::Notify(notify) = both_ways(PayloadType::V2_NOTIFY, hex) else {
        panic!("no notification")
    };
    let rekey = v2::Notify::about(
        ProtocolId::ESP,
        0xc0ff_ee01,
        NotifyType::REKEY_SA,
        Bytes::new(),
    );
    assert_eq!(notify, rekey);
    refused(
        PayloadType::V2_NOTIFY,
        &[("SPI over the end", "0000000b 03044009 c0ffee")],
    );
}

/// RFC 7296 3.10.1: numbers below 16384 are errors, unknown ones too; 0 and private states are not.
#[test]
fn errors_and_states_are_told_apart() {
    let error = |number| NotifyType(number).is_error();
    assert!(error(1) && error(14) && error(9000) && error(16383));
    assert!(!error(0) && !error(16384) && !error(40960));
    assert_eq!(NotifyType::NO_PPK_AUTH.to_string(), "NO_PPK_AUTH");
    assert_eq!(NotifyType(40960).to_string(), "unknown-40960");
}

#[test]
fn deletes_read_and_write_for_both_kinds_of_sa() {
    let Body::Delete(delete) = both_ways(PayloadType::V2_DELETE, "00000008 01000000") else {
        panic!("no delete")
    };
    assert_eq!(delete, v2::Delete::ike());
    let hex = "00000010 03040002 c0ffee01 c0ffee02";
    let Body::Delete(delete) = both_ways(PayloadType::V2_DELETE, hex) else {
        panic!("no delete")
    };
    let spis = [0xc0ff_ee01, 0xc0ff_ee02];
    assert_eq!(delete, v2::Delete::ipsec(ProtocolId::ESP, &spis));
}

/// THREATS A10.
#[test]
fn deletes_with_lying_counts_are_refused() {
    let cases = [
        ("65535 SPIs of no size", "00000008 0300ffff"),
        ("65535 SPIs of four octets", "0000000c 0304ffff 00000000"),
        ("count 1, two SPIs", "00000010 03040001 00000001 00000002"),
        ("count 2, one and a half", "0000000e 03040002 00000001 0000"),
    ];
    refused(PayloadType::V2_DELETE, &cases);
    let many = v2::Delete::ipsec(ProtocolId::ESP, &[7; v2::MAX_SPIS + 1]);
    let (ty, bytes) = v2::encode_chain(&[Body::Delete(many).into()]).unwrap();
    let error = decode(ty, &bytes).unwrap_err();
    assert_eq!(
        error.kind,
        DecodeErrorKind::TooMany {
            limit: v2::MAX_SPIS
        }
    );
}

/// W-070: a request asks with empty attributes; a set RESERVED bit survives and does not change the type.
#[test]
fn configuration_reads_and_writes() {
    let hex = "00000017 01aabbcc 00010000 80070003 313233 70010000";
    let Body::Config(config) = both_ways(PayloadType::V2_CONFIGURATION, hex) else {
        panic!("no configuration")
    };
    assert_eq!(
        (config.ty, config.reserved),
        (ConfigType::REQUEST, [0xaa, 0xbb, 0xcc])
    );
    let version = config
        .attribute(ConfigAttributeType::APPLICATION_VERSION)
        .unwrap();
    assert_eq!((version.ty, &*version.value), (0x8007, &b"123"[..]));
    assert_eq!(
        config.attributes[2].attribute_type(),
        ConfigAttributeType::UNITY_SAVE_PASSWORD
    );
    refused(
        PayloadType::V2_CONFIGURATION,
        &[("value over the end", "0000000d 01000000 00010002 aa")],
    );
}
