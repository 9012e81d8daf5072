//! Encrypted payloads, their fragments, and payloads that keep their octets unread (RFC 7296 3.12, 3.14, 3.16, RFC 7383 2.5).
use crate::{both_ways, decode, octets, refused};
use bytes::Bytes;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v2::{self, Body, Message, Notify, NotifyType, Payload};
use ike_wire::{DecodeErrorKind, Flags, Header, MessageId, Spi};

fn header() -> Header {
    Header::v2(
        Spi([1; 8]),
        Spi([2; 8]),
        ExchangeType::IKE_AUTH,
        Flags::INITIATOR,
        MessageId(1),
    )
}

fn notify() -> Payload {
    Body::Notify(Notify::new(NotifyType::INITIAL_CONTACT, Bytes::new())).into()
}

#[test]
fn an_encrypted_payload_keeps_the_type_of_what_it_hides() {
    let Body::Encrypted(sealed) = both_ways(PayloadType::V2_ENCRYPTED, "23000008 01020304") else {
        panic!("not encrypted")
    };
    assert_eq!(sealed.first, PayloadType::V2_ID_INITIATOR);
    assert_eq!(&*sealed.body, [1, 2, 3, 4]);
    let hex = "0000000c 00020003 01020304";
    let Body::EncryptedFragment(piece) = both_ways(PayloadType::V2_ENCRYPTED_FRAGMENT, hex) else {
        panic!("no fragment")
    };
    assert_eq!(
        (piece.first, piece.number, piece.total),
        (PayloadType::NONE, 2, 3)
    );
    assert_eq!(&*piece.body, [1, 2, 3, 4]);
}

/// RFC 7383 2.6, THREATS C1.
#[test]
fn fragments_outside_their_total_are_refused() {
    let cases = [
        ("0 of 0", "00000008 00000000"),
        ("0 of 1", "00000008 00000001"),
        ("2 of 1", "00000008 00020001"),
        ("no total", "00000006 0001"),
    ];
    refused(PayloadType::V2_ENCRYPTED_FRAGMENT, &cases);
}

/// RFC 7296 3.14: SK is the last payload, whatever type it names.
#[test]
fn nothing_follows_an_encrypted_payload() {
    let bytes = octets("29000004 0000000800004000");
    let error = decode(PayloadType::V2_ENCRYPTED, &bytes).unwrap_err();
    assert_eq!(
        (error.offset, error.kind),
        (32, DecodeErrorKind::Trailing { octets: 8 })
    );
    let sealed = v2::Encrypted {
        first: PayloadType::NONE,
        body: Bytes::new(),
    };
    let sealed = Payload::from(Body::Encrypted(sealed));
    assert!(v2::encode_chain(&[sealed.clone(), notify()]).is_err());
    assert!(v2::encode_chain(&[notify(), sealed.clone()]).is_ok());
    assert!(v2::encode_encrypted(&header(), PayloadType::NONE, &[sealed], 0).is_err());
}

/// RFC 7296 3.14, RFC 5282 5.1: the associated data is everything in front of the IV, lengths included.
#[test]
fn an_open_message_ends_where_the_cipher_begins() {
    let first = PayloadType::V2_ID_INITIATOR;
    for before in [vec![], vec![notify()]] {
        let open = v2::encode_encrypted(&header(), first, &before, 5).unwrap();
        let whole = Bytes::from([&open[..], b"abcde"].concat());
        let message = Message::decode(whole.clone()).unwrap();
        let sealed = v2::Encrypted {
            first,
            body: Bytes::from_static(b"abcde"),
        };
        assert_eq!(message.chain.encrypted_offset(), Some(open.len()));
        assert_eq!(
            message.chain.payloads.last(),
            Some(&Body::Encrypted(sealed).into())
        );
        let written = v2::encode_message(&message.header, &message.chain.payloads);
        assert_eq!(written, Ok(whole));
    }
}

/// RFC 7383 2.5, 2.5.3: the numbers are associated data too; only fragment 1 names what is inside.
#[test]
fn an_open_fragment_ends_where_the_cipher_begins() {
    let inside = PayloadType::V2_ID_INITIATOR;
    for (number, first) in [(1, inside), (2, PayloadType::NONE)] {
        let open = v2::encode_fragment(&header(), inside, number, 2, 5).unwrap();
        assert_eq!(open.len(), 36);
        let whole = Bytes::from([&open[..], b"abcde"].concat());
        let message = Message::decode(whole.clone()).unwrap();
        assert_eq!(message.chain.encrypted_offset(), Some(36));
        let Body::EncryptedFragment(piece) = &message.chain.payloads[0].body else {
            panic!("{message:?}")
        };
        assert_eq!((piece.first, piece.number, piece.total), (first, number, 2));
        let written = v2::encode_message(&message.header, &message.chain.payloads);
        assert_eq!(written, Ok(whole));
    }
}

/// THREATS K2.
#[test]
fn bodies_that_do_not_fit_are_errors_before_sealing() {
    let first = PayloadType::V2_ID_INITIATOR;
    let open = |octets| v2::encode_encrypted(&header(), first, &[], octets);
    assert!(open(65_507 - 32).is_ok());
    assert_eq!(open(65_507 - 31).unwrap_err().at_most, v2::MAX_MESSAGE);
    assert_eq!(open(65_532).unwrap_err().at_most, 65_535);
    assert!(open(usize::MAX).is_err());
    assert!(v2::encode_fragment(&header(), first, 1, 1, 65_507 - 36).is_ok());
    assert!(v2::encode_fragment(&header(), first, 1, 1, 65_507 - 35).is_err());
}

#[test]
fn a_clear_message_has_no_encrypted_offset() {
    let (first, bytes) = v2::encode_chain(&[notify()]).unwrap();
    assert_eq!(decode(first, &bytes).unwrap().encrypted_offset(), None);
    let empty = decode(PayloadType::NONE, &Bytes::new()).unwrap();
    assert_eq!((empty.encrypted_offset(), empty.is_empty()), (None, true));
}

/// THREATS A4: IKEv1's numbers mean nothing here, not even with a body that IKEv1 would read.
#[test]
fn opaque_and_unknown_payloads_keep_their_octets() {
    let hex = "00000008 01020304";
    let body = Bytes::from_static(&[1, 2, 3, 4]);
    let vendor = both_ways(PayloadType::V2_VENDOR, hex);
    assert_eq!(vendor, Body::Vendor(body.clone()));
    assert_eq!(both_ways(PayloadType::V2_EAP, hex), Body::Eap(body.clone()));
    for number in (1..=32).chain([49, 50, 51, 52, 54, 99, 130, 132, 255]) {
        let ty = PayloadType(number);
        let body = body.clone();
        assert_eq!(both_ways(ty, hex), Body::Unknown { ty, body }, "{number}");
    }
}
