//! Published values of every primitive but the signatures.

#![allow(clippy::unwrap_used)]

mod aead;
mod ciphers;
mod encapsulation;
mod key_exchange;
mod macs;
#[path = "../support/mod.rs"]
mod support;
