//! IKEv2 messages (RFC 7296 and its extensions; RFC 7383 fragments, RFC 9242 and RFC 9370 exchanges).
//!
//! A [`Message`] is a header and a [`Chain`] of [`Payload`]s; the chain of a protected message ends with [`Body::Encrypted`] or
//! [`Body::EncryptedFragment`], whose decrypted content is read with [`Chain::decode`] again. What lies before
//! [`Chain::encrypted_offset`] is the associated data of the cipher. To send, [`encode_encrypted`] writes everything up to there,
//! with all lengths final; the caller appends the sealed octets.

mod auth;
mod cert;
mod chain;
mod config;
mod encrypted;
mod id;
mod key_exchange;
mod message;
mod notify;
mod payload;
mod sa;
mod traffic;

pub use crate::attribute::{Attribute, AttributeValue};
pub use crate::encode::MAX_MESSAGE;
pub use crate::registry::v2::*;
pub use auth::Auth;
pub use cert::{CertRequest, Certificate, MAX_HASHES};
pub use chain::{Chain, MAX_PAYLOADS, encode_chain};
pub use config::{ConfigAttribute, Configuration};
pub use encrypted::{Encrypted, EncryptedFragment};
pub use id::{IdValue, Identification, MAX_ID};
pub use key_exchange::{KeyExchange, MAX_NONCE, MIN_NONCE};
pub use message::{Message, encode_encrypted, encode_fragment, encode_message};
pub use notify::{Delete, MAX_SPIS, Notify};
pub use payload::{Body, Payload};
pub use sa::{MAX_PROPOSALS, MAX_TRANSFORMS, Proposal, SecurityAssociation, Transform};
pub use traffic::{AddressRange, MAX_SELECTORS, TrafficSelector, TrafficSelectors};
