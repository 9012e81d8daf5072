//! NAT detection and the float to port 4500 (RFC 3947, W-014, W-046).

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use ike_crypto::Hash;
use ike_wire::Spi;

/// UDP port of IKE.
pub const IKE_PORT: u16 = 500;
/// UDP port of IKE and ESP behind NAT.
pub const NAT_PORT: u16 = 4500;

/// Which end is behind a NAT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nat {
    /// We are.
    pub here: bool,
    /// The peer is.
    pub there: bool,
}

impl Nat {
    /// Any NAT on the path.
    #[must_use]
    pub fn found(self) -> bool {
        self.here || self.there
    }

    /// Compares received NAT-D hashes with what we see: the first is about the address the
    /// peer sent to (ours), the others about its own (RFC 3947 3.2). Fewer than two hashes
    /// say nothing.
    #[must_use]
    pub fn detect(hashes: &[Bytes], ours: &[u8], theirs: &[u8]) -> Self {
        match hashes {
            [about_us, about_them @ ..] if !about_them.is_empty() => Self {
                here: about_us.as_ref() != ours,
                there: !about_them.iter().any(|h| h.as_ref() == theirs),
            },
            _ => Self::default(),
        }
    }
}

/// HASH(CKY-I | CKY-R | IP | port), the address in four or sixteen octets (RFC 3947 3.2).
#[must_use]
pub fn hash(hash: Hash, initiator: Spi, responder: Spi, endpoint: SocketAddr) -> Bytes {
    let port = endpoint.port().to_be_bytes();
    let digest = |address: &[u8]| hash.digest(&[&initiator.0, &responder.0, address, &port]);
    match endpoint.ip() {
        IpAddr::V4(address) => digest(&address.octets()),
        IpAddr::V6(address) => digest(&address.octets()),
    }
    .into()
}
