//! The dissector's words for IKEv2.
use bytes::Bytes;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v2::{self, Body, NotifyType, Payload, Transform, TransformType};
use ike_wire::{Flags, Header, MessageId, Spi, dissect};

fn header(exchange: ExchangeType) -> Header {
    let (initiator, responder) = (Spi([0x11; 8]), Spi::ZERO);
    Header::v2(
        initiator,
        responder,
        exchange,
        Flags::INITIATOR,
        MessageId(1),
    )
}

fn chain(bodies: Vec<Body>) -> String {
    let payloads: Vec<Payload> = bodies.into_iter().map(Payload::from).collect();
    let (first, octets) = v2::encode_chain(&payloads).unwrap();
    dissect::chain_v2(&v2::Chain::decode(first, octets, 28).unwrap())
}

#[test]
fn a_first_message_prints_names_and_numbers() {
    let transforms = vec![
        Transform::with_key_length(TransformType::ENCR, v2::EncryptionId::AES_CBC, 128),
        Transform::new(TransformType::DH, v2::GroupId::MODP_1024),
        Transform::new(TransformType::ADDKE1, v2::GroupId::ML_KEM_768),
    ];
    let proposal = v2::Proposal {
        number: 1,
        protocol: v2::ProtocolId::IKE,
        transforms,
        ..v2::Proposal::default()
    };
    let bodies = [
        Body::Sa(v2::SecurityAssociation::new(vec![proposal])),
        Body::KeyExchange(v2::KeyExchange::new(v2::GroupId::MODP_1024, &[0xab; 2][..])),
        Body::Vendor(Bytes::from_static(b"CISCO-DELETE-REASON")),
        Body::CertReq(v2::CertRequest::from_hashes([[0xcd; 20]])),
    ];
    let payloads = bodies.map(Payload::from);
    let octets = v2::encode_message(&header(ExchangeType::IKE_SA_INIT), &payloads).unwrap();
    let expected = "ISAKMP 2.0, IKE_SA_INIT
  initiator 1111111111111111, responder 0000000000000000
  flags initiator (0x08), message ID 00000001, 126 octets
  SA (33), 40 octets
    proposal 1: IKE (1), SPI none
      ENCR (1): ENCR_AES_CBC (12)
        Key Length (14): 128
      DH (4): 1024-bit MODP Group (2)
      ADDKE1 (6): ml-kem-768 (36)
  KE (34), 10 octets
    1024-bit MODP Group (2), 2 octets: abab
  VID (43), 23 octets
    434953434f2d44454c4554452d524541534f4e (CISCO-DELETE-REASON)
  CERTREQ (38), 25 octets
    X.509 Certificate - Signature (4), 20 octets, 1 authorities
      cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd
";
    assert_eq!(dissect::datagram(&octets), expected);
    let message = v2::Message::decode(octets).unwrap();
    assert_eq!(dissect::message_v2(&message), expected);
}

#[test]
fn what_ike_auth_hides_prints_after_decryption() {
    let address = [192, 168, 0, 1].into();
    let gre = v2::TrafficSelector::addresses(47, address, address).unwrap();
    let version =
        v2::ConfigAttribute::new(v2::ConfigAttributeType::APPLICATION_VERSION, &b"15.3"[..]);
    let text = chain(vec![
        Body::IdI(v2::Identification::ip(address)),
        Body::Auth(v2::Auth::new(v2::AuthMethod::RSA, &[1, 2][..])),
        Body::Config(v2::Configuration::new(
            v2::ConfigType::REQUEST,
            vec![version],
        )),
        Body::TsI(v2::TrafficSelectors::new(vec![gre])),
        Body::Notify(v2::Notify::new(
            NotifyType::SET_WINDOW_SIZE,
            &[0, 0, 0, 5][..],
        )),
        Body::Notify(v2::Notify::new(
            NotifyType::INVALID_KE_PAYLOAD,
            &[0, 31][..],
        )),
        Body::Notify(v2::Notify::new(
            NotifyType::SIGNATURE_HASH_ALGORITHMS,
            &[0, 2, 0, 5][..],
        )),
        Body::Delete(v2::Delete::ipsec(v2::ProtocolId::ESP, &[0xc0ff_ee01])),
    ]);
    let expected = "  IDi (35), 12 octets
    IPV4_ADDR (1): 192.168.0.1
  AUTH (39), 10 octets
    RSA Digital Signature (1), 2 octets: 0102
  CFG (47), 16 octets
    CFG_REQUEST (1)
      APPLICATION_VERSION (7): 15.3
  TSi (44), 24 octets
    TS_IPV4_ADDR_RANGE (7): 192.168.0.1-192.168.0.1, protocol 47, ports 0-65535
  NOTIFY (41), 12 octets
    SET_WINDOW_SIZE (16385) about NONE (0), SPI none
    data 5
  NOTIFY (41), 10 octets
    INVALID_KE_PAYLOAD (17) about NONE (0), SPI none
    data Curve25519 (31)
  NOTIFY (41), 12 octets
    SIGNATURE_HASH_ALGORITHMS (16431) about NONE (0), SPI none
    data SHA2-256 Identity
  DELETE (42), 12 octets
    1 SPIs of ESP (3)
      c0ffee01
";
    assert_eq!(text, expected);
}

#[test]
fn encrypted_broken_and_critical_payloads_say_so() {
    let first = PayloadType::V2_ID_INITIATOR;
    let auth = header(ExchangeType::IKE_AUTH);
    let open = v2::encode_encrypted(&auth, first, &[], 16).unwrap();
    let sealed = Bytes::from([&open[..], &[7; 16]].concat());
    let text = dissect::datagram(&sealed);
    assert!(
        text.ends_with("  SK (46), 20 octets\n    encrypted, 16 octets, first payload IDi\n"),
        "{text}"
    );
    let open = v2::encode_fragment(&auth, first, 2, 3, 1).unwrap();
    let text = dissect::datagram(&Bytes::from([&open[..], &[7]].concat()));
    assert!(
        text.ends_with("    number 2 of 3, encrypted, 1 octets, first payload NONE\n"),
        "{text}"
    );
    let text = dissect::datagram(&sealed.slice(..40));
    assert!(
        text.starts_with("not an IKE message: at octet 24: header length 48"),
        "{text}"
    );
    let short = Payload::from(Body::Nonce(Bytes::from_static(&[7; 3])));
    let broken = v2::encode_message(&auth, &[short]).unwrap();
    let text = dissect::datagram(&broken);
    assert!(
        text.contains("malformed: at octet 32: nonce data of 3 octets: 16 to 256 expected"),
        "{text}"
    );
    let body = Body::Unknown {
        ty: PayloadType(99),
        body: Bytes::new(),
    };
    let unknown = v2::encode_message(&auth, &[Payload { flags: 0x80, body }]).unwrap();
    assert!(dissect::datagram(&unknown).contains("  unknown-99 (99), 4 octets, critical\n"));
}

/// THREATS J4, K9: no control character of the peer and no password reaches a terminal.
#[test]
fn hostile_text_is_escaped_and_eap_is_not_shown() {
    let banner = v2::ConfigAttribute::new(v2::ConfigAttributeType::UNITY_BANNER, &b"hi\x1b[2J"[..]);
    let text = chain(vec![
        Body::IdR(v2::Identification::fqdn("R1\n%FAKE\x1b[2J")),
        Body::Vendor(Bytes::from_static(b"a\x1b[2J")),
        Body::Config(v2::Configuration::new(v2::ConfigType::REPLY, vec![banner])),
        Body::Eap(Bytes::from_static(b"\x02\x01\x00\x0b\x06secret")),
    ]);
    assert!(text.contains("FQDN (2): R1\\x0a%FAKE\\x1b[2J\n"), "{text}");
    assert!(
        text.contains("code 2, identifier 1, 11 octets, not shown\n"),
        "{text}"
    );
    assert!(
        !text.contains("secret") && !text.contains("736563726574"),
        "{text}"
    );
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
}
