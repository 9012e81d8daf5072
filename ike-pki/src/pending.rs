//! Enrolment requests that wait for the CA, and what a renewal will do to the
//! order of certificate requests.
//!
//! A pending request has no sequence number and no place in the order (T-83):
//! it takes one only when its certificate is installed.

use std::fmt;

use ike_crypto::Hash;

use crate::{
    name::Name,
    show::fingerprint,
    store::{Record, RecordKind, Store},
};

/// A request the CA has not decided (P-024). `Debug` shows neither the request,
/// which carries the challenge password (P-023), nor the transaction.
#[derive(Clone, PartialEq, Eq)]
pub struct Pending {
    /// Name of the trustpoint.
    pub trustpoint: String,
    /// The subject asked for.
    pub subject: Name,
    /// The PKCS#10 request, DER.
    pub request_der: Vec<u8>,
    /// Label of the key pair it was made with.
    pub key_label: String,
    /// What the protocol needs to ask again; opaque here.
    pub transaction: Vec<u8>,
    /// How often the CA was asked since.
    pub polls: u32,
    /// When it was sent, seconds since 1970-01-01T00:00:00Z.
    pub requested_at: i64,
    /// When the CA is to be asked next, as `requested_at`.
    pub next_poll_at: i64,
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("trustpoint", &self.trustpoint)
            .field("subject", &self.subject)
            .field("key_label", &self.key_label)
            .field("polls", &self.polls)
            .field("requested_at", &self.requested_at)
            .field("next_poll_at", &self.next_poll_at)
            .finish_non_exhaustive()
    }
}

impl Pending {
    /// Its block of `show crypto pki certificates` (O-041).
    pub(crate) fn text(&self) -> String {
        let name = self.subject.fqdn().or_else(|| self.subject.common_name());
        let name = crate::name_value::escaped(&name.unwrap_or_default());
        let digest = |hash| fingerprint(hash, &self.request_der);
        format!(
            "Certificate\n  Subject:\n    Name: {name}\n   Status: Pending\n   \
             Key Usage: General Purpose\n   \
             Certificate Request Fingerprint MD5: {}\n   \
             Certificate Request Fingerprint SHA1: {}\n   Associated Trustpoint: {} \n",
            digest(Hash::Md5),
            digest(Hash::Sha1),
            self.trustpoint
        )
    }
}

impl Store {
    /// Keeps a request; an older one of the trustpoint goes. No sequence
    /// number, no place in the order (T-83).
    pub fn set_pending(&mut self, request: Pending) {
        self.pending
            .retain(|known| known.trustpoint != request.trustpoint);
        self.pending.push(request);
    }

    /// The request of a trustpoint.
    pub fn pending(&self, trustpoint: &str) -> Option<&Pending> {
        self.pending
            .iter()
            .find(|request| request.trustpoint == trustpoint)
    }

    /// Every request, in the order they were made; `show` lists them last.
    pub fn all_pending(&self) -> &[Pending] {
        &self.pending
    }

    /// Takes the request of a trustpoint away: granted, rejected or given up.
    pub fn take_pending(&mut self, trustpoint: &str) -> Option<Pending> {
        let waits = |request: &Pending| request.trustpoint == trustpoint;
        let position = self.pending.iter().position(waits)?;
        Some(self.pending.remove(position))
    }

    /// Names of the own CAs in the order of certificate requests, then those
    /// imported into the trustpool; the predefined ones are left out (P-005).
    pub fn certificate_request_order(&self) -> Vec<String> {
        let list = self.global_list(false);
        list.iter().map(|ca| ca.name.to_string()).collect()
    }

    /// [`Store::certificate_request_order`] after an enrolment or renewal of
    /// this trustpoint: it moves to the front (P-003). A trustpoint without
    /// any certificate changes nothing that could be foretold.
    pub fn order_after_enrolling(&self, trustpoint: &str) -> Vec<String> {
        let mut after = self.clone();
        let own = after.identity(trustpoint).cloned();
        let stand_in = own.or_else(|| {
            let ca = after.ca(trustpoint)?.clone();
            Some(Record {
                kind: RecordKind::Identity,
                ..ca
            })
        });
        if let Some(mut record) = stand_in {
            after
                .records
                .retain(|r| r.trustpoint != trustpoint || r.kind == RecordKind::Ca);
            after.sequence += 1;
            record.sequence = after.sequence;
            after.records.push(record);
        }
        after.certificate_request_order()
    }

    /// The order before and after an enrolment of this trustpoint, when they
    /// differ: what an operator is warned of before a renewal.
    pub fn would_change_certreq(&self, trustpoint: &str) -> Option<(Vec<String>, Vec<String>)> {
        let before = self.certificate_request_order();
        let after = self.order_after_enrolling(trustpoint);
        (before != after).then_some((before, after))
    }
}
