//! Any decrypted chain (first octet: its first payload type): never a panic, octets survive, the views of its values hold.
#![no_main]
use bytes::Bytes;
use ike_wire::dissect;
use ike_wire::registry::PayloadType;
use ike_wire::v2::{Body, Chain, MAX_HASHES, encode_chain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Some((&first, rest)) = octets.split_first() else { return };
    let octets = Bytes::copy_from_slice(rest);
    let Ok(chain) = Chain::decode(PayloadType(first), octets.clone(), 28) else { return };
    assert_eq!(encode_chain(&chain.payloads), Ok((PayloadType(first), octets.clone())));
    assert_eq!((0..chain.len()).map(|index| chain.raw(index).len()).sum::<usize>(), octets.len());
    let _ = dissect::chain_v2(&chain);
    let mut hashes = 0;
    for (index, body) in chain.bodies() {
        match body {
            Body::IdI(id) | Body::IdR(id) => assert_eq!(id.octets(), chain.body(index)),
            Body::CertReq(request) => hashes += request.hashes().count(),
            _ => {}
        }
    }
    assert!(hashes <= MAX_HASHES);
});
