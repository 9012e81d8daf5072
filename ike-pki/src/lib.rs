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
mod ca_crl;
mod ca_error;
mod ca_extensions;
pub mod ca_server;
mod certificate;
mod certificate_error;
mod certificate_form;
mod chain;
mod cms;
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
#[cfg(fuzzing)]
pub mod fuzzing;
mod general_name;
pub mod http;
mod image;
mod import;
mod index;
mod judgement;
mod key_hash;
mod key_pem;
mod key_table;
mod link;
mod name;
mod name_value;
pub mod ocsp;
mod oid;
#[cfg(test)]
#[path = "../tests/support/openssl.rs"]
mod openssl;
mod path;
mod pem;
mod pem_cipher;
mod pending;
mod pkcs10;
mod pkcs12;
mod policy_tree;
mod predefined;
mod private_key;
mod profile;
mod refusal;
mod responder;
mod revocation;
mod rollover;
pub mod scep;
mod search;
mod show;
mod show_details;
mod store;
mod subject_name;
#[cfg(test)]
mod test_support;
#[cfg(test)]
mod test_world;
mod time;
mod trustpool;
mod writer;

pub use anchor::{Anchor, Asks, CertificateRules, RevocationMethod, Rules};
pub use bundle::certificates_of_bundle;
pub use ca::{CertRequestSpec, LabCa, Version};
pub use ca_crl::RevocationReason;
pub use ca_error::CaError;
pub use certificate::Certificate;
pub use certificate_error::CertificateError;
pub use chain::{
    Attempt, ChainPolicy, Examination, MAX_DEPTH, MAX_PEER_CERTIFICATES, MAX_SIGNATURE_CHECKS,
    Unchecked, ValidatedChain, attempt, examine, validate,
};
pub use cms::{
    CmsError, MAX_CMS, MAX_PKCS7_CERTIFICATES, Pkcs7, certificates_of_pkcs7, pkcs7_of,
    pkcs7_with_lists,
};
pub use crl::{Crl, CrlError, MAX_CRL};
pub use crl_cache::{CachedCrl, CrlCache, CrlKeeping, CrlOrigin};
pub use der::{DerError, MAX_DER};
pub use evidence::{Evidence, MAX_SOURCES, Source};
pub use extensions::KeyUsage;
pub use fetch_policy::{FetchPolicy, address_allowed, may_fetch, url_parts};
pub use image::{Damage, INDEX, Image, StoreError};
pub use import::{Import, ImportError, Imported, is_issued_by};
pub use index::Manifest;
pub use judgement::{Judgement, MAX_JUDGEMENTS, Opinion};
pub use key_hash::KEY_HASH;
pub use key_pem::{any_private_key_from_pem, certificates_from_pem, encrypted_key_to_pem};
pub use key_table::{KeyEntry, KeyTable, Protection, sha256_hex};
pub use name::Name;
pub use ocsp::{CertId, CertStatus, OcspError, OcspRequest, OcspResponse};
pub use pem::{PemError, private_key_from_pem};
pub use pending::Pending;
pub use pkcs10::{Csr, CsrError, CsrSpec};
pub use pkcs12::{MAX_ITERATIONS, MAX_PKCS12, PKCS12_RANDOM, Pkcs12, Pkcs12Error, Pkcs12Form};
pub use predefined::{PREDEFINED, predefined};
pub use private_key::{KeyForm, StoreKey, encrypted_private_key, private_key_from_der};
pub use refusal::{Refusal, ValidationError};
pub use show::{CertificateView, fingerprint};
pub use show_details::Details;
pub use store::{GlobalCa, Record, RecordKind, Store};
pub use subject_name::SubjectNameError;
pub use time::IosTime;
pub use trustpool::{MAX_TRUSTPOOL, PoolCa, PoolImported, PoolView};
