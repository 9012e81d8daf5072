//! The message lengths of the tech note's IKEv2 captures, from messages built with our encoder (W-060, W-061, W-065, W-068, W-070).
use bytes::Bytes;
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{
    self, Body, EncryptionId, GroupId, IntegrityId, NotifyType, Payload, PrfId, ProtocolId,
    Transform, TransformType,
};
use ike_wire::{Flags, Header, MessageId, Spi};

/// Plain text, W-060.
const DELETE_REASON: &[u8] = b"CISCO-DELETE-REASON";
const REVISION: &[u8] = b"CISCOVPN-REV-02";
const DYNAMIC_ROUTE: &[u8] = b"CISCO-DYNAMIC-ROUTE";
const FLEXVPN: &[u8] = b"FLEXVPN-SUPPORTED";

fn message(payloads: Vec<Body>) -> usize {
    let header = Header::v2(
        Spi([1; 8]),
        Spi::ZERO,
        ExchangeType::IKE_SA_INIT,
        Flags::INITIATOR,
        MessageId(0),
    );
    let payloads: Vec<Payload> = payloads.into_iter().map(Payload::from).collect();
    v2::encode_message(&header, &payloads).unwrap().len()
}

fn notify(ty: NotifyType, octets: usize) -> Body {
    Body::Notify(v2::Notify::new(ty, vec![0; octets]))
}

fn vendors(bodies: &[&'static [u8]]) -> Vec<Body> {
    let vendor = |body: &&'static [u8]| Body::Vendor(Bytes::from_static(body));
    bodies.iter().map(vendor).collect()
}

fn offer(transforms: Vec<Transform>) -> Body {
    let proposal = v2::Proposal {
        number: 1,
        protocol: ProtocolId::IKE,
        transforms,
        ..v2::Proposal::default()
    };
    Body::Sa(v2::SecurityAssociation::new(vec![proposal]))
}

/// S-002: 3DES, MD5, group 2.
fn seed_offer() -> Body {
    offer(vec![
        Transform::new(TransformType::ENCR, EncryptionId::TRIPLE_DES),
        Transform::new(TransformType::PRF, PrfId::HMAC_MD5),
        Transform::new(TransformType::INTEG, IntegrityId::HMAC_MD5_96),
        Transform::new(TransformType::DH, GroupId::MODP_1024),
    ])
}

/// S-070, W-062: SA KE N VID VID N(NATD_S) N(NATD_D).
fn request(
    offer: Body,
    group: GroupId,
    public: usize,
    nonce: usize,
    vids: &[&'static [u8]],
) -> Vec<Body> {
    let mut bodies = vec![
        offer,
        Body::KeyExchange(v2::KeyExchange::new(group, vec![0; public])),
        Body::Nonce(vec![0; nonce].into()),
    ];
    bodies.extend(vendors(vids));
    bodies.push(notify(NotifyType::NAT_DETECTION_SOURCE_IP, 20));
    bodies.push(notify(NotifyType::NAT_DETECTION_DESTINATION_IP, 20));
    bodies
}

fn seed_request() -> Vec<Body> {
    request(
        seed_offer(),
        GroupId::MODP_1024,
        128,
        20,
        &[DELETE_REASON, FLEXVPN],
    )
}

/// W-068.
#[test]
fn the_seeds_request_has_three_hundred_and_thirty_two_octets() {
    assert_eq!(message(seed_request()), 332);
}

/// S-071, W-065, W-068: CERTREQ of 5 + 20n octets and a notification of 8.
#[test]
fn the_seeds_response_grows_by_twenty_octets_per_authority() {
    for (authorities, length) in [(1, 365), (2, 385), (7, 485)] {
        let mut bodies = seed_request();
        let request = v2::CertRequest::from_hashes(vec![[0; 20]; authorities]);
        bodies.push(Body::CertReq(request));
        bodies.push(notify(NotifyType::HTTP_CERT_LOOKUP_SUPPORTED, 0));
        assert_eq!(message(bodies), length, "{authorities} authorities");
    }
}

/// W-060, W-063: AES-CBC-256, SHA-384, group 20, nonces of 32 octets, four vendor IDs.
#[test]
fn the_newer_capture_has_three_hundred_and_fifty_eight_octets() {
    let offer = offer(vec![
        Transform::with_key_length(TransformType::ENCR, EncryptionId::AES_CBC, 256),
        Transform::new(TransformType::PRF, PrfId::HMAC_SHA2_384),
        Transform::new(TransformType::INTEG, IntegrityId::HMAC_SHA2_384_192),
        Transform::new(TransformType::DH, GroupId::ECP_384),
    ]);
    let vids = [DELETE_REASON, REVISION, DYNAMIC_ROUTE, FLEXVPN];
    let lengths = vids.map(|body| body.len() + 4);
    assert_eq!(lengths, [23, 19, 23, 21]);
    assert_eq!(
        message(request(offer, GroupId::ECP_384, 96, 32, &vids)),
        358
    );
}

/// W-070: the vendor ID of IKE_AUTH has 16 octets, a configuration request of five empty attributes and no version 28.
#[test]
fn payloads_of_ike_auth_have_the_lengths_of_the_capture() {
    use v2::ConfigAttributeType as Type;
    let length = |body: Body| v2::encode_chain(&[body.into()]).unwrap().1.len();
    assert_eq!(length(Body::Vendor(vec![0; 16].into())), 20);
    let asked = [
        Type::UNITY_SPLIT_DNS,
        Type::UNITY_BANNER,
        Type::UNITY_CONFIG_URL,
        Type::UNITY_BACKUP_GATEWAY,
        Type::UNITY_DEF_DOMAIN,
    ];
    assert_eq!(asked.map(u16::from), [28675, 28672, 28692, 28681, 28674]);
    let asked = asked.map(|ty| v2::ConfigAttribute::new(ty, Bytes::new()));
    let config =
        |attributes| Body::Config(v2::Configuration::new(v2::ConfigType::REQUEST, attributes));
    assert_eq!(length(config(asked.into())), 28);
    let gre = v2::TrafficSelector::addresses(47, [192, 168, 0, 1].into(), [192, 168, 0, 1].into());
    let selectors = v2::TrafficSelectors::new(vec![gre.unwrap()]);
    assert_eq!(length(Body::TsI(selectors)), 24, "W-073");
    assert_eq!(length(notify(NotifyType::SET_WINDOW_SIZE, 4)), 12, "W-072");
}
