//! What both sides put into phase 1, once everything is there.

use bytes::Bytes;
use ike_crypto::Secret;
use ike_wire::Spi;

use super::keymat::{Contributions, Keys};
use super::shell::Shell;
use crate::policy::isakmp::Suite;
use crate::sa::Role;
use crate::sa::natt::Nat;

/// The finished key exchange of Main Mode.
#[derive(Clone)]
pub struct Material {
    /// Agreed algorithms.
    pub suite: Suite,
    /// SAi_b, as it came or went.
    pub sa_body: Bytes,
    /// g^xi.
    pub public_i: Bytes,
    /// g^xr.
    pub public_r: Bytes,
    /// Keys.
    pub keys: Keys,
    /// NAT on the path.
    pub nat: Nat,
    /// The peer knows DPD (RFC 3706 5.1).
    pub peer_dpd: bool,
}

/// What goes into [`Material`] besides the shared secret.
pub struct Inputs {
    /// Agreed algorithms.
    pub suite: Suite,
    /// SAi_b.
    pub sa_body: Bytes,
    /// g^xi.
    pub public_i: Bytes,
    /// g^xr.
    pub public_r: Bytes,
    /// Ni_b.
    pub nonce_i: Bytes,
    /// Nr_b.
    pub nonce_r: Bytes,
}

impl Material {
    /// Derives the keys (RFC 2409 5).
    #[must_use]
    pub fn derive(
        inputs: Inputs,
        cookies: (Spi, Spi),
        shared: &Secret,
        preshared: Option<&[u8]>,
    ) -> Self {
        let from = Contributions {
            public_i: &inputs.public_i,
            public_r: &inputs.public_r,
            nonce_i: &inputs.nonce_i,
            nonce_r: &inputs.nonce_r,
            cookie_i: cookies.0,
            cookie_r: cookies.1,
        };
        let keys = Keys::derive(
            inputs.suite.hash,
            inputs.suite.cipher,
            from,
            shared,
            preshared,
        );
        Self {
            suite: inputs.suite,
            sa_body: inputs.sa_body,
            public_i: inputs.public_i,
            public_r: inputs.public_r,
            keys,
            nat: Nat::default(),
            peer_dpd: false,
        }
    }

    /// HASH_I for the initiator's ID body, HASH_R for the responder's (RFC 2409 5).
    #[must_use]
    pub fn hash(&self, shell: &Shell, signer: Role, id_body: &[u8]) -> Vec<u8> {
        let initiator = (&self.public_i[..], shell.cookie_i);
        let responder = (&self.public_r[..], shell.cookie_r);
        let (first, second) = match signer {
            Role::Initiator => (initiator, responder),
            Role::Responder => (responder, initiator),
        };
        self.keys
            .authentication_hash(first, second, &self.sa_body, id_body)
    }
}
