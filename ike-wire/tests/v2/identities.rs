//! What a peer shows of itself: keys, nonces, identities, certificates, proofs (RFC 7296 3.4-3.9).
use crate::{both_ways, decode, octets};
use ike_wire::DecodeErrorKind;
use ike_wire::registry::PayloadType;
use ike_wire::v2::{self, AuthMethod, Body, CertEncoding, IdValue, Payload};

#[test]
fn key_exchange_and_nonce_keep_their_octets() {
    let body = both_ways(PayloadType::V2_KEY_EXCHANGE, "0000000c 001fbeef 01020304");
    let Body::KeyExchange(exchange) = body else {
        panic!("{body:?}")
    };
    assert_eq!((exchange.group, exchange.reserved), (31, 0xbeef));
    assert_eq!(&*exchange.data, [1, 2, 3, 4]);
    let hex = "00000014 000102030405060708090a0b0c0d0e0f";
    let Body::Nonce(nonce) = both_ways(PayloadType::V2_NONCE, hex) else {
        panic!("{hex}")
    };
    assert_eq!(nonce.len(), 16);
}

/// RFC 7296 3.9, THREATS D8.
#[test]
fn nonces_have_sixteen_to_two_hundred_and_fifty_six_octets() {
    for (length, sound) in [
        (0, false),
        (15, false),
        (16, true),
        (256, true),
        (257, false),
    ] {
        let nonce = Payload::from(Body::Nonce(vec![7; length].into()));
        let (ty, bytes) = v2::encode_chain(&[nonce]).unwrap();
        assert_eq!(decode(ty, &bytes).is_ok(), sound, "{length} octets");
    }
}

#[test]
fn identities_of_both_ends_keep_their_reserved_octets() {
    let body = both_ways(PayloadType::V2_ID_INITIATOR, "0000000c 01aabbcc c0a80001");
    let Body::IdI(id) = body else {
        panic!("{body:?}")
    };
    assert_eq!(id.value(), IdValue::Ipv4([192, 168, 0, 1].into()));
    assert_eq!(id.octets(), octets("01aabbcc c0a80001"), "what AUTH covers");
    let body = both_ways(PayloadType::V2_ID_RESPONDER, "0000000a 02000000 5231");
    let Body::IdR(id) = body else {
        panic!("{body:?}")
    };
    assert_eq!(id.value(), IdValue::Fqdn(b"R1"));
}

#[test]
fn each_identity_type_has_its_view_and_reads_back() {
    let v6 = std::net::Ipv6Addr::LOCALHOST;
    let new = v2::Identification::new;
    let cases = [
        (v2::Identification::ip(v6.into()), IdValue::Ipv6(v6)),
        (v2::Identification::fqdn("a.b"), IdValue::Fqdn(b"a.b")),
        (v2::Identification::rfc822("a@b"), IdValue::Rfc822(b"a@b")),
        (
            v2::Identification::dn(&b"\x30\x00"[..]),
            IdValue::Dn(b"\x30\x00"),
        ),
        (v2::Identification::key_id(&b"k"[..]), IdValue::KeyId(b"k")),
        (
            new(v2::IdType::DER_ASN1_GN, &b"g"[..]),
            IdValue::GeneralName(b"g"),
        ),
        (new(v2::IdType::NULL, &b""[..]), IdValue::Null),
        (new(v2::IdType(77), &b"x"[..]), IdValue::Other(b"x")),
    ];
    for (id, value) in cases {
        assert_eq!(id.value(), value);
        let (ty, bytes) = v2::encode_chain(&[Body::IdI(id.clone()).into()]).unwrap();
        let chain = decode(ty, &bytes).unwrap();
        assert_eq!(chain.payloads[0].body, Body::IdI(id));
    }
}

/// THREATS A14, A15.
#[test]
fn identities_whose_size_does_not_fit_the_type_are_refused() {
    for (ty, wrong) in [
        (1, 3),
        (1, 5),
        (5, 15),
        (5, 17),
        (2, 0),
        (9, 2049),
        (11, 0),
        (13, 2049),
    ] {
        let id = v2::Identification::new(v2::IdType(ty), vec![1; wrong]);
        let (ty, bytes) = v2::encode_chain(&[Body::IdR(id).into()]).unwrap();
        let error = decode(ty, &bytes).unwrap_err();
        assert!(
            matches!(error.kind, DecodeErrorKind::Size { .. }),
            "{error}"
        );
        assert_eq!(error.offset, 36);
    }
}

#[test]
fn certificates_and_proofs_read_and_write() {
    let Body::Cert(cert) = both_ways(PayloadType::V2_CERT, "00000007 043000") else {
        panic!("no certificate")
    };
    assert_eq!(cert, v2::Certificate::x509(&b"\x30\x00"[..]));
    let Body::Auth(auth) = both_ways(PayloadType::V2_AUTH, "0000000a 01aabbcc 1234") else {
        panic!("no proof")
    };
    assert_eq!(
        (auth.method, auth.reserved),
        (AuthMethod::RSA, [0xaa, 0xbb, 0xcc])
    );
    assert_eq!(&*auth.data, [0x12, 0x34]);
}

/// W-065: one payload, encoding 4, 20 octets per authority; encodings 12 and 13 have the same body.
#[test]
fn a_request_lists_its_authorities() {
    let hash = |octet| [octet; 20];
    let request = v2::CertRequest::from_hashes([hash(1), hash(2)]);
    assert_eq!(request.encoding, CertEncoding::X509_SIGNATURE);
    assert!(request.hashes().eq([hash(1), hash(2)]));
    let twenty = "00".repeat(20);
    for encoding in ["04", "0c", "0d"] {
        let hex = format!("00000019 {encoding} {twenty}");
        let bytes = octets(&hex);
        let chain = decode(PayloadType::V2_CERT_REQ, &bytes).unwrap();
        let Body::CertReq(request) = &chain.payloads[0].body else {
            panic!("{chain:?}")
        };
        assert!(request.hashes().eq([hash(0)]), "{encoding}");
        let ragged = format!("00000018 {encoding} {}", "00".repeat(19));
        assert!(decode(PayloadType::V2_CERT_REQ, &octets(&ragged)).is_err());
    }
    let Body::CertReq(any) = both_ways(PayloadType::V2_CERT_REQ, "00000005 04") else {
        panic!("no request")
    };
    assert_eq!(any.hashes().len(), 0);
    let Body::CertReq(other) = both_ways(PayloadType::V2_CERT_REQ, "00000007 0e1234") else {
        panic!("no request")
    };
    assert_eq!((other.hashes().len(), other.authority.len()), (0, 2));
    assert!(
        decode(PayloadType::V2_CERT_REQ, &octets("00000004")).is_err(),
        "THREATS A9"
    );
}
