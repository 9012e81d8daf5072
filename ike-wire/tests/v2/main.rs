//! IKEv2: hand-written octets of every payload, read and written back, each truncation refused (RFC 7296 3.3-3.16, RFC 7383 2.5);
//! chains as a whole; the sizes of the seed; the dissector's words.
#![allow(clippy::unwrap_used)]

mod chains;
mod identities;
mod notices;
mod offers;
mod random;
mod sealed;
mod seed_sizes;
mod text;
mod traffic;

use bytes::Bytes;
use ike_wire::DecodeError;
use ike_wire::registry::PayloadType;
use ike_wire::v2::{self, Body, Chain};

fn octets(hex: &str) -> Bytes {
    let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
    digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap())
        .collect()
}

fn decode(ty: PayloadType, bytes: &Bytes) -> Result<Chain, DecodeError> {
    Chain::decode(ty, bytes.clone(), 28)
}

/// Reads one payload from hexadecimal, checks that it is written back the same and that no shorter text is accepted.
fn both_ways(ty: PayloadType, hex: &str) -> Body {
    let bytes = octets(hex);
    let chain = decode(ty, &bytes).unwrap();
    assert_eq!(
        v2::encode_chain(&chain.payloads),
        Ok((ty, bytes.clone())),
        "{hex}"
    );
    for end in 0..bytes.len() {
        let error = decode(ty, &bytes.slice(..end)).unwrap_err();
        assert!(
            (28..=28 + end).contains(&error.offset),
            "{end} octets: {error}"
        );
    }
    chain.payloads[0].body.clone()
}

/// Refuses each text, and says which one was accepted.
fn refused(ty: PayloadType, cases: &[(&str, &str)]) {
    for (story, hex) in cases {
        assert!(decode(ty, &octets(hex)).is_err(), "{story}");
    }
}
