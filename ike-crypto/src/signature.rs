//! Signature schemes by name.

use crate::hash::Hash as HashFunction;

/// How a message is hashed, padded and encoded when it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 8.2) with DigestInfo.
    RsaPkcs1(HashFunction),
    /// RSASSA-PSS (RFC 8017 8.1), MGF1 with the same hash, salt as long as it.
    RsaPss(HashFunction),
    /// ECDSA with the signature as DER SEQUENCE (RFC 3279 2.2.3, RFC 7427).
    Ecdsa(HashFunction),
    /// ECDSA with the signature as r | s of fixed length (RFC 4754: IKEv2
    /// authentication methods 9, 10, 11).
    EcdsaFixed(HashFunction),
    /// Ed25519 (RFC 8032).
    Ed25519,
}
