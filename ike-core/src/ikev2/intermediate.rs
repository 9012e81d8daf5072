//! IKE_INTERMEDIATE and the additional key exchange in it (RFC 9242, RFC 9370): between IKE_SA_INIT and
//! IKE_AUTH the keys are made anew with a second shared secret, and AUTH covers the exchange. Here is what
//! both roles share.

use bytes::Bytes;
use ike_crypto::{Kem, Secret};
use ike_wire::registry::PayloadType;
use ike_wire::v2::{Chain, NotifyType, Payload, encode_chain, encode_encrypted};
use ike_wire::{EncodeError, Header};

use super::init::Material;
use super::keymat::{self, Contributions, Keys};
use super::notify::{self, notify};
use super::shell::Shell;
use super::sk::Sk;
use crate::config::Ikev2Proposal;
use crate::sa::Role;

/// What of the additional key exchange is to come or is done.
#[derive(Debug, Default)]
pub(super) enum Additional {
    /// None was agreed, or it is done; then what AUTH covers of it.
    #[default]
    None,
    /// It comes before IKE_AUTH.
    Pending(Kem),
    /// It is done.
    Done(IntAuth),
}

/// What AUTH covers of the intermediate exchanges (RFC 9242 3.3).
#[derive(Clone, Debug, Default)]
pub(super) struct IntAuth {
    /// IntAuth_i1.
    initiator: Vec<u8>,
    /// IntAuth_r1.
    responder: Vec<u8>,
}

impl Additional {
    /// IntAuth_iN | IntAuth_rN | IKE_AUTH_MID: nothing without such an exchange (RFC 9242 3.3.2). One
    /// exchange stands before IKE_AUTH, whose message ID is two then.
    pub(super) fn auth_octets(&self) -> Vec<u8> {
        match self {
            Self::Done(IntAuth {
                initiator,
                responder,
            }) => [&initiator[..], responder, &2u32.to_be_bytes()].concat(),
            Self::None | Self::Pending(_) => Vec::new(),
        }
    }
}

/// INTERMEDIATE_EXCHANGE_SUPPORTED in the request: a proposal of ours has an additional key exchange
/// (RFC 9370 2.2.1).
pub(super) fn ask(proposals: &[Ikev2Proposal]) -> Option<Payload> {
    let any = proposals.iter().any(|p| !p.additional_ke.is_empty());
    any.then(supported)
}

/// The notify that both sides send.
pub(super) fn supported() -> Payload {
    notify(NotifyType::INTERMEDIATE_EXCHANGE_SUPPORTED, Bytes::new())
}

/// The other side sent it.
pub(super) fn is_supported(chain: &Chain) -> bool {
    notify::find(chain, NotifyType::INTERMEDIATE_EXCHANGE_SUPPORTED).is_some()
}

impl IntAuth {
    /// Takes in a message as it would stand on the wire without IV, padding, checksum and fragments:
    /// prf(SK_p, A | P), with the keys that protect it (RFC 9242 3.3.1).
    pub(super) fn add(
        &mut self,
        sk: &Sk,
        sender: Role,
        header: &Header,
        content: &Content,
    ) -> Result<(), EncodeError> {
        let (first, clear) = (content.first, content.clear.as_ref());
        let head = encode_encrypted(header, first, &[], clear.len())?;
        let key = match sender {
            Role::Initiator => &sk.keys.pi,
            Role::Responder => &sk.keys.pr,
        };
        let value = sk.suite.prf.compute(key.expose(), &[&head, clear]);
        match sender {
            Role::Initiator => self.initiator = value,
            Role::Responder => self.responder = value,
        }
        Ok(())
    }
}

/// The clear text of an encrypted message.
pub(super) struct Content {
    first: PayloadType,
    clear: Bytes,
}

impl Content {
    /// That of a message that goes out.
    ///
    /// # Errors
    /// It does not fit its fields.
    pub(super) fn of(payloads: &[Payload]) -> Result<Self, EncodeError> {
        let (first, clear) = encode_chain(payloads)?;
        Ok(Self { first, clear })
    }
}

impl From<&Chain> for Content {
    /// That of a message that came: its octets as they were decrypted and joined.
    fn from(chain: &Chain) -> Self {
        Self {
            first: chain.first_type(),
            clear: chain.octets(),
        }
    }
}

/// SKEYSEED(1) = prf(SK_d(0), SK(1) | Ni | Nr), and all keys from it (RFC 9370 2.2.2).
pub(super) fn update_keys(
    shell: &mut Shell,
    material: &mut Material,
    shared: &Secret,
    done: IntAuth,
) {
    let (nonce_i, nonce_r) = (&material.nonce_i, &material.nonce_r);
    let (suite, old) = (material.sk.suite, &material.sk.keys.d);
    let seed = keymat::skeyseed_rekeyed(suite.prf, old, nonce_i, nonce_r, shared);
    let from = Contributions {
        nonce_i,
        nonce_r,
        spi_i: shell.spi_i,
        spi_r: shell.spi_r,
    };
    material.sk = Sk::new(suite, Keys::derive(&suite, &seed, from), shell.role);
    if let Additional::Pending(kem) = material.additional {
        material.abilities.additional_ke = Some(kem.iana());
    }
    material.additional = Additional::Done(done);
    shell.remember_keys(&material.sk);
}
