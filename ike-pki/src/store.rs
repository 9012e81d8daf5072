//! The ordered certificate store: one order for `show crypto pki
//! certificates`, MM3, MM4 and the IKE_SA_INIT response (S-020, N-2).
//!
//! The order is that of installation, newest first, never that of serial
//! numbers, dates or configuration text (P-001). Pure: times come from the
//! caller, files from [`Store::image`].

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    anchor::{Anchor, RevocationMethod},
    certificate::Certificate,
    chain::MAX_DEPTH,
    crl::Crl,
    crl_cache::{CrlCache, CrlKeeping, CrlOrigin},
    name::Name,
    pending::Pending,
    predefined::predefined,
    trustpool::PoolCa,
};

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// The CA certificate of a trustpoint.
    Ca,
    /// The router's own certificate.
    Identity,
    /// The router's own certificate, signed by itself.
    SelfSigned,
}

/// One installed certificate (P-001).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Order of installation; larger is newer, never used twice.
    pub sequence: u64,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub installed_at: i64,
    /// Name of the trustpoint, case-sensitive.
    pub trustpoint: String,
    /// What it is.
    pub kind: RecordKind,
    /// The certificate.
    pub certificate: Arc<Certificate>,
    /// Label of the key pair, for an own certificate.
    pub key_label: Option<String>,
    /// File name (P-008), unique except among records of the same
    /// certificate.
    pub file_name: String,
    /// Whether `write memory` has saved it: `Storage:` is printed only then
    /// (T-84).
    pub saved: bool,
}

/// One CA of the global list (S-013).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobalCa {
    /// Its name.
    pub name: Name,
    /// The newest trustpoint of this CA; `None` for a predefined one.
    pub trustpoint: Option<String>,
}

/// The store. Cheap to clone: certificates are shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Store {
    /// Oldest first.
    pub(crate) records: Vec<Record>,
    /// The last sequence number given out.
    pub(crate) sequence: u64,
    /// Running number of self-signed files (P-008).
    pub(crate) self_signed: u64,
    /// Revocation lists.
    pub crls: CrlCache,
    pub(crate) trustpool_clean: bool,
    /// Imported CAs of the trustpool, oldest first.
    pub(crate) pool: Vec<PoolCa>,
    /// Next certificates of CAs, by trustpoint.
    pub(crate) next_cas: BTreeMap<String, PoolCa>,
    /// Requests the CA has not decided, oldest first.
    pub(crate) pending: Vec<Pending>,
}

impl Store {
    /// Installs the CA certificate of a trustpoint; takes a new sequence
    /// number (P-002). An older CA certificate of the trustpoint goes.
    pub fn authenticate(&mut self, trustpoint: &str, ca: impl Into<Arc<Certificate>>, at: i64) {
        self.remove_records(trustpoint, &[RecordKind::Ca]);
        self.install(trustpoint, RecordKind::Ca, ca.into(), None, at);
    }

    /// Installs the router's own certificate; takes a new sequence number
    /// (P-002). An older one of the trustpoint goes (P-003). A self-signed
    /// certificate of a trustpoint without CA is recorded as such. A pending
    /// request of the trustpoint is answered by it.
    pub fn enroll(
        &mut self,
        trustpoint: &str,
        certificate: impl Into<Arc<Certificate>>,
        key_label: &str,
        at: i64,
    ) {
        let certificate = certificate.into();
        self.remove_records(trustpoint, &[RecordKind::Identity, RecordKind::SelfSigned]);
        self.take_pending(trustpoint);
        let own = certificate.is_self_issued() && self.ca(trustpoint).is_none();
        let kind = if own {
            RecordKind::SelfSigned
        } else {
            RecordKind::Identity
        };
        self.install(
            trustpoint,
            kind,
            certificate,
            Some(key_label.to_owned()),
            at,
        );
    }

    /// Deletes everything of a trustpoint (`no crypto pki trustpoint`,
    /// P-003). Re-adding it starts at the front.
    pub fn remove_trustpoint(&mut self, trustpoint: &str) {
        self.records
            .retain(|record| record.trustpoint != trustpoint);
        self.crls.remove_trustpoint(trustpoint);
        self.next_cas.remove(trustpoint);
        self.take_pending(trustpoint);
    }

    /// Deletes the own certificate of a trustpoint, as when its key pair goes
    /// (`crypto key zeroize`, G-060).
    pub fn remove_identity(&mut self, trustpoint: &str) {
        self.remove_records(trustpoint, &[RecordKind::Identity, RecordKind::SelfSigned]);
    }

    /// Every record, newest first; identity before CA within one enrolment,
    /// because the CA certificate came earlier (P-004).
    pub fn listing(&self) -> Vec<&Record> {
        self.records.iter().rev().collect()
    }

    /// The CAs to ask for, in order: an identity contributes the CA of its
    /// trustpoint, a CA certificate itself, a self-signed one its own name
    /// (U-9); each name once; then what was imported into the trustpool, and
    /// the five predefined ones if `trustpool` and they were not removed
    /// (S-013, S-020, P-005, G-064).
    pub fn global_list(&self, trustpool: bool) -> Vec<GlobalCa> {
        let mut list: Vec<GlobalCa> = Vec::new();
        let own = self.listing().into_iter().map(|record| GlobalCa {
            name: self.authority(record).clone(),
            trustpoint: Some(record.trustpoint.clone()),
        });
        let imported = self.pool_names().into_iter().filter_map(|pool| {
            let name = self.pool_certificate(&pool)?.subject().clone();
            Some(GlobalCa {
                name,
                trustpoint: Some(pool),
            })
        });
        let pool = predefined().into_iter().map(|name| GlobalCa {
            name,
            trustpoint: None,
        });
        let pool = pool.filter(|_| trustpool && !self.trustpool_clean);
        for entry in own.chain(imported).chain(pool) {
            if !list.iter().any(|known| known.name == entry.name) {
                list.push(entry);
            }
        }
        list
    }

    /// The own certificates whose trustpoint has the CA `name`, newest first
    /// (P-007), names compared as W-024 says; after them those whose subordinate
    /// CAs lead up to it, which a peer that anchors there can validate.
    pub fn identities_by_ca(&self, name: &Name) -> Vec<&Record> {
        let own = self.identities().into_iter();
        let (mut found, others): (Vec<_>, Vec<_>) =
            own.partition(|record| self.authority(record).matches(name));
        let below = |record: &&Record| {
            let chain = self.chain(&record.trustpoint);
            chain.iter().skip(1).any(|ca| ca.issuer().matches(name))
        };
        found.extend(others.into_iter().filter(below));
        found
    }

    /// Every own certificate, newest first.
    pub fn identities(&self) -> Vec<&Record> {
        let mut own = self.listing();
        own.retain(|record| record.kind != RecordKind::Ca);
        own
    }

    /// The own certificate of a trustpoint.
    pub fn identity(&self, trustpoint: &str) -> Option<&Record> {
        self.identities()
            .into_iter()
            .find(|record| record.trustpoint == trustpoint)
    }

    /// The CA certificate of a trustpoint.
    pub fn ca(&self, trustpoint: &str) -> Option<&Record> {
        let ca =
            |record: &&Record| record.kind == RecordKind::Ca && record.trustpoint == trustpoint;
        self.records.iter().find(ca)
    }

    /// The certificates a peer needs for the identity of a trustpoint: that one, then the subordinate CAs
    /// above it that this store has, without the self-signed end of the chain.
    pub fn chain(&self, trustpoint: &str) -> Vec<&Certificate> {
        let mut chain: Vec<&Certificate> = Vec::new();
        let mut next = self.identity(trustpoint).map(|r| &*r.certificate);
        while let Some(certificate) = next.filter(|_| chain.len() < MAX_DEPTH) {
            chain.push(certificate);
            let issuer = certificate.issuer();
            let above = |r: &&Record| {
                r.kind == RecordKind::Ca
                    && !r.certificate.is_self_issued()
                    && r.certificate.subject().matches(issuer)
            };
            next = self.records.iter().find(above).map(|r| &*r.certificate);
        }
        chain
    }

    /// Every trustpoint that can be an anchor, in the order of
    /// [`Store::listing`], then the imported CAs of the trustpool (G-064).
    pub fn ca_trustpoints(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for record in self.listing() {
            let known = names.contains(&record.trustpoint);
            if !known && self.anchor_certificate(&record.trustpoint).is_some() {
                names.push(record.trustpoint.clone());
            }
        }
        let pool = self.pool_names();
        names.extend(pool.into_iter().filter(|name| self.ca(name).is_none()));
        names
    }

    /// The anchor of a trustpoint: its CA certificate (a self-signed
    /// trustpoint: its own), with every list of the store.
    pub fn anchor(&self, trustpoint: &str, revocation: Vec<RevocationMethod>) -> Option<Anchor> {
        let certificate = Arc::clone(self.anchor_certificate(trustpoint)?);
        let mut anchor = Anchor::new(trustpoint, certificate);
        anchor.revocation = revocation;
        anchor.crls = self.crls.lists(CrlKeeping::default(), 0);
        Some(anchor)
    }

    /// The anchors of these trustpoints, in this order, with
    /// `revocation-check crl` (S-050); unknown ones are left out.
    pub fn anchors(&self, trustpoints: &[String]) -> Vec<Anchor> {
        let anchor = |name: &String| self.anchor(name, vec![RevocationMethod::Crl]);
        trustpoints.iter().filter_map(anchor).collect()
    }

    /// The anchors of every trustpoint, newest first (S-050).
    pub fn all_anchors(&self) -> Vec<Anchor> {
        self.anchors(&self.ca_trustpoints())
    }

    /// Puts the revocation list of a trustpoint's CA there by hand; no new
    /// sequence number (P-002). An older one than there is changes nothing
    /// (F4).
    pub fn set_crl(&mut self, trustpoint: &str, crl: impl Into<Arc<Crl>>) {
        let crl = crl.into();
        let (origin, at) = (
            CrlOrigin::Installed(trustpoint.to_owned()),
            crl.this_update(),
        );
        self.crls.put(origin, crl, at);
    }

    /// The revocation list of a trustpoint, or else of its CA.
    pub fn crl_for(&self, trustpoint: &str) -> Option<&Arc<Crl>> {
        let ca = self.anchor_certificate(trustpoint);
        let issuer = ca.map(|certificate| certificate.subject());
        self.crls.of_trustpoint(trustpoint, issuer)
    }

    /// `clear crypto pki crls` (O-086).
    pub fn clear_crls(&mut self) {
        self.crls.clear();
    }

    /// Gives the records of these trustpoints new sequence numbers so that
    /// the first named is the newest; within a trustpoint the order stays.
    /// For laboratories and `pki-order definition` (P-006).
    pub fn set_order(&mut self, newest_first: &[&str]) {
        for trustpoint in newest_first.iter().rev() {
            let mut of_trustpoint: Vec<&mut Record> = self
                .records
                .iter_mut()
                .filter(|r| r.trustpoint == *trustpoint)
                .collect();
            of_trustpoint.sort_by_key(|record| record.sequence);
            for record in of_trustpoint {
                self.sequence += 1;
                record.sequence = self.sequence;
            }
        }
        self.records.sort_by_key(|record| record.sequence);
    }

    /// Whether `crypto pki trustpool clean` removed the predefined CAs
    /// (G-064).
    pub fn set_trustpool_clean(&mut self, clean: bool) {
        self.trustpool_clean = clean;
    }

    /// Whether the predefined CAs were removed.
    pub fn is_trustpool_clean(&self) -> bool {
        self.trustpool_clean
    }

    /// Marks every record as saved (`write memory`, T-84).
    pub fn mark_saved(&mut self) {
        self.records
            .iter_mut()
            .for_each(|record| record.saved = true);
    }

    fn install(
        &mut self,
        trustpoint: &str,
        kind: RecordKind,
        certificate: Arc<Certificate>,
        key_label: Option<String>,
        at: i64,
    ) {
        self.sequence += 1;
        let file_name = self.new_file_name(&certificate, kind);
        self.records.push(Record {
            sequence: self.sequence,
            installed_at: at,
            trustpoint: trustpoint.to_owned(),
            kind,
            certificate,
            key_label,
            file_name,
            saved: false,
        });
    }

    fn remove_records(&mut self, trustpoint: &str, kinds: &[RecordKind]) {
        self.records
            .retain(|r| r.trustpoint != trustpoint || !kinds.contains(&r.kind));
    }

    /// The CA a record stands for in a certificate request.
    fn authority<'a>(&'a self, record: &'a Record) -> &'a Name {
        match record.kind {
            RecordKind::Ca | RecordKind::SelfSigned => record.certificate.subject(),
            // Enrolled without the CA's certificate: the issuer's name is all
            // there is.
            RecordKind::Identity => self
                .ca(&record.trustpoint)
                .map_or(record.certificate.issuer(), |ca| ca.certificate.subject()),
        }
    }

    pub(crate) fn anchor_certificate(&self, trustpoint: &str) -> Option<&Arc<Certificate>> {
        let own = || {
            let kind = RecordKind::SelfSigned;
            self.records
                .iter()
                .find(|r| r.kind == kind && r.trustpoint == trustpoint)
        };
        self.ca(trustpoint)
            .or_else(own)
            .map(|record| &record.certificate)
            .or_else(|| self.pool_certificate(trustpoint))
    }
}
