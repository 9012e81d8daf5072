//! Certificates and keys in and out of a store: what `ikd pki import|export` and
//! `crypto pki import|export` (O-087) share. Nothing here writes: a plan says what a commit
//! would change, and whoever owns the store carries it out.

mod chains;
mod export;
mod import;

pub(crate) use chains::{blocks, chain_of, missing, of_config};
pub(crate) use export::{exportable_key, key_pem, of_trustpoint, pkcs7, pkcs12};
pub(crate) use import::{Plan, Wanted, label_by_key, plan};

/// Text of others without control characters (J5).
pub(crate) fn plain(text: &str) -> String {
    let escaped = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escaped).collect()
}
