//! The PKI side of IOS: names, certificates, revocation lists, the ordered
//! store and path validation.
//!
//! Pure: no file, clock or entropy. Times are seconds since
//! 1970-01-01T00:00:00Z, given by the caller; keys come from `ike-crypto`. What a peer
//! sends is hostile: every reader is strict, bounded and returns an error with
//! the offset, and a peer's certificate is believed only through
//! [`validate`], whose result [`ValidatedChain`] nothing else can make.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod algorithm;
mod anchor;
mod bundle;
mod ca;
mod ca_extensions;
mod certificate;
mod certificate_error;
mod certificate_form;
mod chain;
mod constraints;
mod crl;
mod crl_cache;
mod crl_entry;
mod crl_form;
mod crl_image;
mod crl_scope;
mod der;
mod der_check;
mod evidence;
mod extensions;
mod fetch_policy;
mod file_name;
mod general_name;
mod image;
mod key_hash;
mod link;
mod name;
mod name_value;
pub mod ocsp;
mod oid;
mod path;
mod pem;
mod policy_tree;
mod predefined;
mod profile;
mod refusal;
mod responder;
mod revocation;
mod search;
mod show;
mod store;
mod subject_name;
mod time;
mod writer;

pub use anchor::{Anchor, Asks, CertificateRules, RevocationMethod, Rules};
pub use bundle::certificates_of_bundle;
pub use ca::{CaError, CertRequestSpec, LabCa, Version};
pub use certificate::Certificate;
pub use certificate_error::CertificateError;
pub use chain::{
    Attempt, ChainPolicy, Examination, MAX_DEPTH, MAX_PEER_CERTIFICATES, MAX_SIGNATURE_CHECKS,
    Unchecked, ValidatedChain, attempt, examine, validate,
};
pub use crl::{Crl, CrlError, MAX_CRL};
pub use crl_cache::{CachedCrl, CrlCache, CrlKeeping, CrlOrigin};
pub use der::{DerError, MAX_DER};
pub use evidence::{Evidence, MAX_SOURCES, Source};
pub use extensions::KeyUsage;
pub use fetch_policy::{FetchPolicy, address_allowed, may_fetch};
pub use image::{Damage, INDEX, Image, StoreError};
pub use key_hash::KEY_HASH;
pub use name::Name;
pub use ocsp::{CertId, CertStatus, OcspError, OcspRequest, OcspResponse};
pub use pem::{PemError, private_key_from_pem};
pub use predefined::{PREDEFINED, predefined};
pub use refusal::{Refusal, ValidationError};
pub use show::{CertificateView, Details, fingerprint};
pub use store::{GlobalCa, Record, RecordKind, Store};
pub use subject_name::SubjectNameError;
pub use time::IosTime;
