//! Diffie-Hellman groups of IKE by IANA number: MODP (RFC 2409, RFC 3526) here,
//! ECP (RFC 5903) in `ecp`, Curve25519 (RFC 8031) in `x25519`.
//!
//! Private values are octets the caller draws; both functions are then
//! deterministic, so a recorded exchange can be replayed.

use std::sync::OnceLock;

use crate::{
    ecp,
    error::{CryptoError, expect_len},
    ffi::{Curve, Modulus},
    secret::Secret,
    x25519,
};

/// A key exchange group; the discriminant is the IANA transform number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Group {
    /// 768-bit MODP (RFC 2409 6.1). Only for old peers.
    Modp768 = 1,
    /// 1024-bit MODP (RFC 2409 6.2). Only for old peers.
    Modp1024 = 2,
    /// 1536-bit MODP (RFC 3526).
    Modp1536 = 5,
    /// 2048-bit MODP (RFC 3526).
    Modp2048 = 14,
    /// 3072-bit MODP (RFC 3526).
    Modp3072 = 15,
    /// 4096-bit MODP (RFC 3526).
    Modp4096 = 16,
    /// 6144-bit MODP (RFC 3526).
    Modp6144 = 17,
    /// 8192-bit MODP (RFC 3526).
    Modp8192 = 18,
    /// NIST P-256 (RFC 5903).
    Ecp256 = 19,
    /// NIST P-384 (RFC 5903).
    Ecp384 = 20,
    /// NIST P-521 (RFC 5903).
    Ecp521 = 21,
    /// Curve25519 (RFC 8031).
    Curve25519 = 31,
}

impl Group {
    /// Every group, in the order of their numbers.
    pub const ALL: [Self; 12] = [
        Self::Modp768,
        Self::Modp1024,
        Self::Modp1536,
        Self::Modp2048,
        Self::Modp3072,
        Self::Modp4096,
        Self::Modp6144,
        Self::Modp8192,
        Self::Ecp256,
        Self::Ecp384,
        Self::Ecp521,
        Self::Curve25519,
    ];

    /// The group of an IANA number (the same in IKEv1 and IKEv2).
    pub fn from_iana(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.iana() == number)
    }

    /// The IANA number.
    pub const fn iana(self) -> u16 {
        self as u16
    }

    /// Octets of the public value in a KE payload: the modulus, x | y, or u.
    pub const fn public_len(self) -> usize {
        match self.family() {
            Family::Modp(bits) => bits / 8,
            Family::Ecp(curve) => 2 * curve.octets(),
            Family::X25519 => x25519::LEN,
        }
    }

    /// Octets of the private value: uniformly random, drawn by the caller.
    pub const fn private_len(self) -> usize {
        match self.family() {
            Family::Modp(bits) => exponent_len(bits),
            Family::Ecp(curve) => ecp::private_len(curve),
            Family::X25519 => x25519::LEN,
        }
    }

    const fn family(self) -> Family {
        match self {
            Self::Modp768 => Family::Modp(768),
            Self::Modp1024 => Family::Modp(1024),
            Self::Modp1536 => Family::Modp(1536),
            Self::Modp2048 => Family::Modp(2048),
            Self::Modp3072 => Family::Modp(3072),
            Self::Modp4096 => Family::Modp(4096),
            Self::Modp6144 => Family::Modp(6144),
            Self::Modp8192 => Family::Modp(8192),
            Self::Ecp256 => Family::Ecp(Curve::P256),
            Self::Ecp384 => Family::Ecp(Curve::P384),
            Self::Ecp521 => Family::Ecp(Curve::P521),
            Self::Curve25519 => Family::X25519,
        }
    }
}

enum Family {
    /// Bits of the modulus.
    Modp(usize),
    Ecp(Curve),
    X25519,
}

/// Octets of the private value of a MODP group: at least twice its strength
/// (NIST SP 800-56A rev. 3 5.6.1.1.1 and table 25: 112, 128, 152, 176 and 200
/// bits from group 14 to 18; RFC 3526 8 agrees within its lower estimates).
/// Longer ones cost time and add nothing.
const fn exponent_len(bits: usize) -> usize {
    match bits {
        ..=3072 => 32,
        3073..=4096 => 40,
        4097..=6144 => 48,
        _ => 56,
    }
}

/// The public value of `private` (`private_len()` octets), `public_len()`
/// octets. ECP: the private value is reduced modulo the order of the curve.
pub fn dh_public(group: Group, private: &Secret) -> Result<Vec<u8>, CryptoError> {
    expect_len("private value", group.private_len(), private.len())?;
    match group.family() {
        Family::Modp(bits) => prime(group, bits)?.power(&[2], private.expose()),
        Family::Ecp(curve) => ecp::public(curve, private),
        Family::X25519 => x25519::public(private),
    }
}

/// The shared secret, of fixed length: g^xy with its leading zeros
/// (RFC 2409 5, RFC 7296 2.14), the x coordinate (RFC 5903 section 7), or u.
/// `peer` must have `public_len()` octets and be 1 < y < p-1 or a point on the
/// curve (RFC 6989 section 2); with Curve25519 the secret must not be zero
/// (RFC 8031 3.2).
pub fn dh_agree(group: Group, private: &Secret, peer: &[u8]) -> Result<Secret, CryptoError> {
    expect_len("private value", group.private_len(), private.len())?;
    expect_len(
        "Diffie-Hellman public value",
        group.public_len(),
        peer.len(),
    )?;
    match group.family() {
        Family::Modp(bits) => {
            let prime = prime(group, bits)?;
            in_range(prime, peer)?;
            prime.power(peer, private.expose()).map(Secret::from)
        }
        Family::Ecp(curve) => ecp::agree(curve, private, peer),
        Family::X25519 => x25519::agree(private, peer),
    }
}

/// RFC 6989 2.1: 1 < y < p-1. Both are public and of equal length.
///
/// That is all RFC 6989 asks of these groups: their moduli are safe primes, so
/// no other small subgroup exists. A y outside the subgroup of g tells its
/// sender the lowest bit of a private value that serves one exchange. To find
/// such a y (y^q = 1) takes an exponent as long as the modulus, seven times the
/// agreement itself with group 14 and eighteen times with group 18, which a
/// peer nobody knows yet could ask for; AWS-LC has no Jacobi symbol.
fn in_range(prime: &Modulus, y: &[u8]) -> Result<(), CryptoError> {
    let mut below = prime.octets()?;
    if let Some(last) = below.last_mut() {
        *last = last.wrapping_sub(1); // p is odd: no borrow
    }
    let small = y
        .split_last()
        .is_none_or(|(last, rest)| *last < 2 && rest.iter().all(|octet| *octet == 0));
    match () {
        () if small => Err(CryptoError::InvalidPublicValue("0 or 1")),
        () if y >= below.as_slice() => Err(CryptoError::InvalidPublicValue("p-1 or larger")),
        () => Ok(()),
    }
}

/// The modulus, prepared once per process.
fn prime(group: Group, bits: usize) -> Result<&'static Modulus, CryptoError> {
    static PRIMES: [OnceLock<Option<Modulus>>; 8] = [const { OnceLock::new() }; 8];
    let place = Group::ALL.iter().position(|other| *other == group);
    place
        .and_then(|place| PRIMES.get(place))
        .and_then(|cell| cell.get_or_init(|| new_prime(bits).ok()).as_ref())
        .ok_or(CryptoError::Internal("MODP prime"))
}

fn new_prime(bits: usize) -> Result<Modulus, CryptoError> {
    match bits {
        768 => Modulus::new(&PRIME_768),
        1024 => Modulus::new(&PRIME_1024),
        _ => Modulus::rfc3526(bits),
    }
}

/// Modulus of group 1 (RFC 2409 6.1).
#[rustfmt::skip]
const PRIME_768: [u8; 96] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc9, 0x0f, 0xda, 0xa2, 0x21, 0x68, 0xc2, 0x34,
    0xc4, 0xc6, 0x62, 0x8b, 0x80, 0xdc, 0x1c, 0xd1, 0x29, 0x02, 0x4e, 0x08, 0x8a, 0x67, 0xcc, 0x74,
    0x02, 0x0b, 0xbe, 0xa6, 0x3b, 0x13, 0x9b, 0x22, 0x51, 0x4a, 0x08, 0x79, 0x8e, 0x34, 0x04, 0xdd,
    0xef, 0x95, 0x19, 0xb3, 0xcd, 0x3a, 0x43, 0x1b, 0x30, 0x2b, 0x0a, 0x6d, 0xf2, 0x5f, 0x14, 0x37,
    0x4f, 0xe1, 0x35, 0x6d, 0x6d, 0x51, 0xc2, 0x45, 0xe4, 0x85, 0xb5, 0x76, 0x62, 0x5e, 0x7e, 0xc6,
    0xf4, 0x4c, 0x42, 0xe9, 0xa6, 0x3a, 0x36, 0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
];

/// Modulus of group 2 (RFC 2409 6.2).
#[rustfmt::skip]
const PRIME_1024: [u8; 128] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc9, 0x0f, 0xda, 0xa2, 0x21, 0x68, 0xc2, 0x34,
    0xc4, 0xc6, 0x62, 0x8b, 0x80, 0xdc, 0x1c, 0xd1, 0x29, 0x02, 0x4e, 0x08, 0x8a, 0x67, 0xcc, 0x74,
    0x02, 0x0b, 0xbe, 0xa6, 0x3b, 0x13, 0x9b, 0x22, 0x51, 0x4a, 0x08, 0x79, 0x8e, 0x34, 0x04, 0xdd,
    0xef, 0x95, 0x19, 0xb3, 0xcd, 0x3a, 0x43, 0x1b, 0x30, 0x2b, 0x0a, 0x6d, 0xf2, 0x5f, 0x14, 0x37,
    0x4f, 0xe1, 0x35, 0x6d, 0x6d, 0x51, 0xc2, 0x45, 0xe4, 0x85, 0xb5, 0x76, 0x62, 0x5e, 0x7e, 0xc6,
    0xf4, 0x4c, 0x42, 0xe9, 0xa6, 0x37, 0xed, 0x6b, 0x0b, 0xff, 0x5c, 0xb6, 0xf4, 0x06, 0xb7, 0xed,
    0xee, 0x38, 0x6b, 0xfb, 0x5a, 0x89, 0x9f, 0xa5, 0xae, 0x9f, 0x24, 0x11, 0x7c, 0x4b, 0x1f, 0xe6,
    0x49, 0x28, 0x66, 0x51, 0xec, 0xe6, 0x53, 0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
];
