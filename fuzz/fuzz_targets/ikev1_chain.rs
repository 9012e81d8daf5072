//! Any decrypted chain (first octet: its first payload type): never a panic, octets survive, fragments stay bounded.
#![no_main]
use bytes::Bytes;
use ike_wire::dissect;
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Body, Chain, MAX_MESSAGE, Padding, Reassembly, encode_chain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Some((&first, rest)) = octets.split_first() else { return };
    let octets = Bytes::copy_from_slice(rest);
    let Ok(chain) = Chain::decode(PayloadType(first), octets.clone(), 28, Padding::Allowed) else { return };
    assert_eq!(encode_chain(&chain.payloads), Ok((PayloadType(first), chain.octets())));
    assert_eq!([chain.octets(), chain.padding()].concat(), octets);
    let _ = dissect::chain(&chain);
    let mut buffer = Reassembly::default();
    for (_, body) in chain.bodies() {
        if let Body::Fragment(fragment) = body {
            let _ = buffer.insert(fragment);
            assert!(buffer.octets() <= MAX_MESSAGE);
        }
    }
});
