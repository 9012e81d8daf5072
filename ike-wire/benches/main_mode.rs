//! Decoding and encoding an MM4 with seven certificate requests (W-013: 727 octets).
use bytes::Bytes;
use ike_wire::registry::ExchangeType;
use ike_wire::v1::vendor::{KnownVendor, ios_vid};
use ike_wire::v1::{Body, CertRequest, Message, Payload, encode_message};
use ike_wire::{Flags, Header, MessageId, Spi};

fn main() {
    divan::main();
}

fn header() -> Header {
    Header::v1(
        Spi([1; 8]),
        Spi([2; 8]),
        ExchangeType::MAIN,
        Flags::NONE,
        MessageId(0),
    )
}

fn payloads() -> Vec<Payload> {
    let mut bodies = vec![
        Body::KeyExchange(vec![0; 128].into()),
        Body::Nonce(vec![0; 20].into()),
    ];
    bodies.extend(
        [46, 46, 97, 48, 59, 55, 45]
            .map(|length| Body::CertReq(CertRequest::x509(vec![0; length]))),
    );
    bodies
        .extend([KnownVendor::Unity, KnownVendor::Dpd].map(|vendor| Body::Vendor(vendor.bytes())));
    bodies.push(Body::Vendor(Bytes::copy_from_slice(&ios_vid(
        Spi([2; 8]),
        [0; 8],
    ))));
    bodies.push(Body::Vendor(KnownVendor::Xauth.bytes()));
    bodies.extend([Body::nat_d(vec![0; 16]), Body::nat_d(vec![0; 16])]);
    bodies.into_iter().map(Payload::from).collect()
}

fn datagram() -> Bytes {
    encode_message(&header(), &payloads()).unwrap_or_default()
}

#[divan::bench]
fn decode(bencher: divan::Bencher) {
    let octets = datagram();
    bencher.bench(|| Message::decode(octets.clone()));
}

#[divan::bench]
fn encode(bencher: divan::Bencher) {
    let (header, payloads) = (header(), payloads());
    bencher.bench(|| encode_message(&header, &payloads));
}
