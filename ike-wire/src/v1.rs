//! IKEv1 messages (RFC 2408, RFC 2409, RFC 2407, RFC 3947, RFC 3706, Cisco fragmentation).
//!
//! A [`Message`] is a header and a [`Chain`] of [`Payload`]s. A chain keeps the octets it was read from, because IKEv1 hashes run
//! over them: [`Chain::body`] is RFC 2409's `<P>_b`, [`Chain::after`] what HASH(1) covers.

mod cert;
mod chain;
mod config_mode;
mod fragment;
mod id;
mod message;
mod nat;
mod notify;
mod payload;
mod reassembly;
mod sa;
pub mod vendor;

pub use crate::attribute::{Attribute, AttributeValue};
pub use crate::encode::MAX_MESSAGE;
pub use crate::registry::v1::*;
pub use cert::{CertRequest, Certificate};
pub use chain::{Chain, MAX_CERT_REQUESTS, MAX_PAYLOADS, Padding, encode_chain};
pub use config_mode::ModeConfig;
pub use fragment::Fragment;
pub use id::{IdValue, Identification, MAX_ID};
pub use message::{Message, encode_encrypted, encode_message};
pub use nat::NatOriginalAddress;
pub use notify::{Delete, MAX_SPIS, Notify};
pub use payload::{Body, Payload};
pub use reassembly::{FragmentError, Reassembly};
pub use sa::{MAX_PROPOSALS, Proposal, SecurityAssociation, Transform};
