//! Cryptographic primitives of IKEv1 (RFC 2409), IKEv2 (RFC 7296) and ESP.
//!
//! One small interface over two libraries: `ring` for the modern set, AWS-LC
//! for what `ring` lacks (3DES, DES, MD5, AES-CBC, AES-CTR, AES-CCM, short tags,
//! MODP groups, P-384/P-521, ML-KEM, the raw PKCS#1 signature of IKEv1, small RSA
//! keys). Of our own are paddings and AES-XCBC and AES-CMAC, a chain of blocks
//! around AES. No type of either library appears here. Everything is pure except
//! key generation and the nonces of randomised signatures, which draw entropy
//! inside the library.
//!
//! Policy (which key sizes, hashes and groups are acceptable) is decided by
//! the caller; this crate refuses only what is malformed or meaningless.

#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod aead;
mod cbc;
mod cbc_mac;
mod ctr;
mod dh;
mod ecp;
mod error;
#[allow(unsafe_code)]
mod ffi;
mod hash;
mod hmac;
mod integrity;
mod kem;
mod key;
mod pbkdf2;
mod pkcs12_kdf;
mod prf;
mod random;
mod rsa;
mod secret;
mod signature;
#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod support;
mod transport;
mod x25519;

pub use aead::{Aead, AeadKey, TagLen};
pub use cbc::{CbcKey, Cipher};
pub use ctr::{CtrCipher, CtrKey};
pub use dh::{Group, dh_agree, dh_public};
pub use error::CryptoError;
pub use hash::Hash;
pub use hmac::{HmacKey, Tag, hmac};
pub use integrity::Integrity;
pub use kem::{Kem, kem_decapsulate, kem_encapsulate, kem_public};
pub use key::{KeySpec, PrivateKey, PublicKey};
pub use pbkdf2::pbkdf2;
pub use pkcs12_kdf::{Pkcs12Purpose, pkcs12_kdf};
pub use prf::Prf;
pub use random::{NoEntropy, fill_random};
pub use secret::{Secret, ct_eq};
pub use signature::SignatureScheme;
