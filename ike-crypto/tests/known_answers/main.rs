//! Published values of every primitive.

#![allow(clippy::unwrap_used)]

mod aead;
mod ciphers;
mod encapsulation;
mod key_exchange;
mod macs;
mod signatures;
#[path = "../support/mod.rs"]
mod support;

/// A file that nobody reads proves nothing.
#[test]
fn every_file_of_wycheproof_is_named_by_a_test() {
    let tests = [
        include_str!("aead.rs"),
        include_str!("ciphers.rs"),
        include_str!("encapsulation.rs"),
        include_str!("key_exchange.rs"),
        include_str!("macs.rs"),
        include_str!("signatures.rs"),
    ]
    .concat();
    for name in support::wycheproof_names() {
        assert!(tests.contains(&format!("\"{name}\"")), "{name}");
    }
}
