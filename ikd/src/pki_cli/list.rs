//! `ikd pki list`: what the store holds, in its order.

use std::fmt::Write;
use std::sync::Arc;

use clap::Args;
use ike_pki::{Certificate, IosTime, Record, RecordKind};
use serde::Serialize;

use super::{Answer, Outcome, StoreArgs, numbered, plain};
use crate::keystore::{Access, Keystore};
use crate::system::wall;

/// Arguments of `ikd pki list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// JSON in place of text.
    #[arg(long)]
    json: bool,
}

/// A store as it is listed.
#[derive(Debug, Serialize)]
pub(super) struct Listing {
    /// CAs a peer is asked for, first one first.
    pub(super) certificate_requests: Vec<String>,
    /// Newest first.
    pub(super) certificates: Vec<Listed>,
    /// Requests that wait for a CA.
    pub(super) pending: Vec<Waiting>,
    /// Every key pair.
    pub(super) keys: Vec<Key>,
    /// Whether the keys are encrypted.
    pub(super) encrypted: bool,
    /// Subjects of imported CAs of the trustpool, oldest first (G-064).
    pub(super) trustpool: Vec<String>,
    /// Subjects of certificates that CAs will have next.
    pub(super) next_cas: Vec<String>,
}

/// One certificate. Times are seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    pub(super) kind: &'static str,
    pub(super) trustpoint: String,
    pub(super) serial: String,
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    pub(super) expired: bool,
    pub(super) file: String,
    pub(super) key: Option<String>,
    /// Whether that key is there and belongs to it.
    pub(super) can_sign: Option<bool>,
}

/// One pending request.
#[derive(Debug, Serialize)]
pub(super) struct Waiting {
    trustpoint: String,
    subject: String,
    key: String,
    polls: u32,
    requested_at: i64,
    next_poll_at: i64,
}

/// One key pair, without the key.
#[derive(Debug, Serialize)]
pub(super) struct Key {
    label: String,
    file: String,
    exportable: bool,
    generated_at: i64,
    spki_sha256: String,
}

pub(super) fn run(args: &ListArgs) -> Outcome {
    let keystore = args.store.open(Access::Read)?;
    let listing = listing(&keystore, wall());
    Ok(Answer::of(args.json, &listing, || text(&listing)))
}

pub(super) fn listing(keystore: &Keystore, now: i64) -> Listing {
    let store = &keystore.store;
    let waiting = store.all_pending().iter().map(|request| Waiting {
        trustpoint: request.trustpoint.clone(),
        subject: request.subject.to_string(),
        key: request.key_label.clone(),
        polls: request.polls,
        requested_at: request.requested_at,
        next_poll_at: request.next_poll_at,
    });
    let keys = keystore.key_table().keys.values().map(|entry| Key {
        label: entry.label.clone(),
        file: entry.file.clone(),
        exportable: entry.exportable,
        generated_at: entry.generated_at,
        spki_sha256: entry.spki_sha256.clone(),
    });
    let certificates = store.listing().into_iter();
    let trustpoints = store.ca_trustpoints();
    let next = trustpoints.iter().filter_map(|name| store.next_ca(name));
    Listing {
        certificate_requests: store.certificate_request_order(),
        certificates: certificates.map(|r| listed(keystore, r, now)).collect(),
        pending: waiting.collect(),
        keys: keys.collect(),
        encrypted: keystore.key_table().protection.is_some(),
        trustpool: subjects(store.trustpool().iter().map(|ca| &ca.certificate)),
        next_cas: subjects(next),
    }
}

fn subjects<'a>(certificates: impl Iterator<Item = &'a Arc<Certificate>>) -> Vec<String> {
    certificates.map(|c| c.subject().to_string()).collect()
}

fn listed(keystore: &Keystore, record: &Record, now: i64) -> Listed {
    let certificate = &record.certificate;
    Listed {
        kind: match record.kind {
            RecordKind::Ca => "CA",
            RecordKind::Identity => "own",
            RecordKind::SelfSigned => "self-signed",
        },
        trustpoint: record.trustpoint.clone(),
        serial: certificate.serial_hex(),
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        expired: certificate.not_after() < now,
        file: format!("nvram/{}", record.file_name),
        key: record.key_label.clone(),
        can_sign: record.key_label.as_ref().map(|_| keystore.can_sign(record)),
    }
}

fn text(listing: &Listing) -> String {
    let mut out = String::from("Peers are asked for:\n");
    out += &numbered(&listing.certificate_requests);
    out += "Certificates, newest first:\n";
    listing
        .certificates
        .iter()
        .for_each(|c| certificate(c, &mut out));
    for request in &listing.pending {
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "  pending      {}  {}\n               key {}, asked {} times, next at {}",
            plain(&request.trustpoint),
            plain(&request.subject),
            plain(&request.key),
            request.polls,
            IosTime(request.next_poll_at)
        );
    }
    for (what, subjects) in [
        ("Trustpool, imported", &listing.trustpool),
        ("Next certificates of CAs", &listing.next_cas),
    ] {
        if !subjects.is_empty() {
            let _ = writeln!(out, "{what}:\n{}", numbered(subjects).trim_end());
        }
    }
    let protection = if listing.encrypted {
        "encrypted"
    } else {
        "not encrypted"
    };
    let _ = writeln!(out, "Key pairs ({protection}):");
    for key in &listing.keys {
        let export = if key.exportable {
            "exportable"
        } else {
            "not exportable"
        };
        let _ = writeln!(out, "  {}  {export}  {}", plain(&key.label), key.file);
    }
    out
}

fn certificate(listed: &Listed, out: &mut String) {
    let _ = writeln!(
        out,
        "  {:<11}  {}  serial {}  {}",
        listed.kind,
        plain(&listed.trustpoint),
        listed.serial,
        plain(&listed.subject)
    );
    let expired = if listed.expired { "EXPIRED " } else { "" };
    let _ = writeln!(
        out,
        "               {expired}{} to {}  {}",
        IosTime(listed.not_before),
        IosTime(listed.not_after),
        listed.file
    );
    if let Some(label) = &listed.key {
        let state = match listed.can_sign {
            Some(true) => "",
            _ => " IS MISSING OR ANOTHER ONE",
        };
        let _ = writeln!(out, "               key {}{state}", plain(label));
    }
}
