//! Decoding and encoding IKEv2: an IKE_SA_INIT response with seven authorities (W-068: 485 octets) and what IKE_AUTH hides.
use bytes::Bytes;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v2::{
    self, Body, Chain, EncryptionId, GroupId, IntegrityId, Message, NotifyType, Payload, PrfId,
    Transform, TransformType, encode_chain, encode_message,
};
use ike_wire::{Flags, Header, MessageId, Spi};

fn main() {
    divan::main();
}

fn header() -> Header {
    Header::v2(
        Spi([1; 8]),
        Spi([2; 8]),
        ExchangeType::IKE_SA_INIT,
        Flags::RESPONSE,
        MessageId(0),
    )
}

fn notify(ty: NotifyType, octets: usize) -> Body {
    Body::Notify(v2::Notify::new(ty, vec![0; octets]))
}

fn offer(protocol: v2::ProtocolId, transforms: Vec<Transform>) -> Body {
    let proposal = v2::Proposal {
        number: 1,
        protocol,
        transforms,
        ..v2::Proposal::default()
    };
    Body::Sa(v2::SecurityAssociation::new(vec![proposal]))
}

fn vendor(body: &'static [u8]) -> Body {
    Body::Vendor(Bytes::from_static(body))
}

/// S-071.
fn response() -> Vec<Payload> {
    let transforms = vec![
        Transform::new(TransformType::ENCR, EncryptionId::TRIPLE_DES),
        Transform::new(TransformType::PRF, PrfId::HMAC_MD5),
        Transform::new(TransformType::INTEG, IntegrityId::HMAC_MD5_96),
        Transform::new(TransformType::DH, GroupId::MODP_1024),
    ];
    let bodies = [
        offer(v2::ProtocolId::IKE, transforms),
        Body::KeyExchange(v2::KeyExchange::new(GroupId::MODP_1024, vec![0; 128])),
        Body::Nonce(vec![0; 20].into()),
        vendor(b"CISCO-DELETE-REASON"),
        vendor(b"FLEXVPN-SUPPORTED"),
        notify(NotifyType::NAT_DETECTION_SOURCE_IP, 20),
        notify(NotifyType::NAT_DETECTION_DESTINATION_IP, 20),
        Body::CertReq(v2::CertRequest::from_hashes([[0; 20]; 7])),
        notify(NotifyType::HTTP_CERT_LOOKUP_SUPPORTED, 0),
    ];
    bodies.map(Payload::from).into()
}

/// S-072, with a certificate of the seed's size (W-005).
fn auth() -> Vec<Payload> {
    let address = [192, 168, 0, 1].into();
    let gre: Vec<_> = v2::TrafficSelector::addresses(47, address, address)
        .into_iter()
        .collect();
    let transforms = vec![
        Transform::new(TransformType::ENCR, EncryptionId::TRIPLE_DES),
        Transform::new(TransformType::INTEG, IntegrityId::HMAC_SHA1_96),
        Transform::new(TransformType::ESN, v2::EsnId::NONE),
    ];
    let version = v2::ConfigAttributeType::APPLICATION_VERSION;
    let asked = vec![v2::ConfigAttribute::new(version, vec![b'v'; 250])];
    let bodies = [
        vendor(&[7; 16]),
        Body::IdI(v2::Identification::ip(address)),
        Body::Cert(v2::Certificate::x509(vec![0; 556])),
        Body::CertReq(v2::CertRequest::from_hashes([[0; 20]; 7])),
        notify(NotifyType::HTTP_CERT_LOOKUP_SUPPORTED, 0),
        Body::Auth(v2::Auth::new(v2::AuthMethod::RSA, vec![0; 64])),
        Body::Config(v2::Configuration::new(v2::ConfigType::REQUEST, asked)),
        offer(v2::ProtocolId::ESP, transforms),
        Body::TsI(v2::TrafficSelectors::new(gre.clone())),
        Body::TsR(v2::TrafficSelectors::new(gre)),
        notify(NotifyType::INITIAL_CONTACT, 0),
        notify(NotifyType::SET_WINDOW_SIZE, 4),
        notify(NotifyType::ESP_TFC_PADDING_NOT_SUPPORTED, 0),
        notify(NotifyType::NON_FIRST_FRAGMENTS_ALSO, 0),
    ];
    bodies.map(Payload::from).into()
}

#[divan::bench]
fn decode_init_response(bencher: divan::Bencher) {
    let octets = encode_message(&header(), &response()).unwrap_or_default();
    bencher.bench(|| Message::decode(octets.clone()));
}

#[divan::bench]
fn decode_auth_inner(bencher: divan::Bencher) {
    let (first, octets) = encode_chain(&auth()).unwrap_or_default();
    assert_eq!(first, PayloadType::V2_VENDOR);
    bencher.bench(|| Chain::decode(first, octets.clone(), Header::LEN));
}

#[divan::bench]
fn encode_init_response(bencher: divan::Bencher) {
    let (header, payloads) = (header(), response());
    bencher.bench(|| encode_message(&header, &payloads));
}

#[divan::bench]
fn encode_auth_inner(bencher: divan::Bencher) {
    let payloads = auth();
    bencher.bench(|| encode_chain(&payloads));
}
