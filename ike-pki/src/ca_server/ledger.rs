//! What a CA remembers: requests with their fate, and certificates. Bounded,
//! because strangers fill it.

use std::collections::BTreeMap;

use ike_crypto::Hash;

use crate::{
    ca_crl::RevocationReason, ca_server::CaServerError, certificate::Certificate, pkcs10::Csr,
};

/// Most requests that wait for the operator.
pub const MAX_PENDING: usize = 1000;
/// Most requests, and most certificates, that are remembered.
const MAX_RECORDS: usize = 20_000;

/// The fate of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// Waits for the operator.
    Pending,
    /// Granted; the serial number (content octets) of the certificate.
    Granted(Vec<u8>),
    /// Refused by the operator.
    Rejected,
    /// Granted, and the certificate was revoked since.
    Revoked(Vec<u8>),
}

/// A request that is remembered.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its number, which the operator uses.
    pub id: u64,
    /// transactionID.
    pub transaction: String,
    /// What is asked for.
    pub request: Csr,
    /// When it came, seconds since 1970-01-01T00:00:00Z.
    pub received_at: i64,
    /// A certificate is renewed.
    pub renewal: bool,
    /// Its fate.
    pub state: RequestState,
}

/// A certificate that was issued.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate.
    pub certificate: Certificate,
    /// When and why it was revoked.
    pub revoked: Option<(i64, Option<RevocationReason>)>,
}

/// Everything that is remembered.
#[derive(Default)]
pub(super) struct Ledger {
    requests: BTreeMap<u64, Request>,
    last_id: u64,
    /// The newest request of a transaction.
    by_transaction: BTreeMap<String, u64>,
    issued: BTreeMap<Vec<u8>, Issued>,
    /// Serial number by the SHA-1 of the certificate in hex.
    hashes: BTreeMap<String, Vec<u8>>,
    pending: usize,
}

impl Ledger {
    pub(super) fn requests(&self) -> impl Iterator<Item = &Request> {
        self.requests.values()
    }

    pub(super) fn issued(&self) -> impl Iterator<Item = &Issued> {
        self.issued.values()
    }

    pub(super) fn by_sha1(&self, hex: &str) -> Option<&Certificate> {
        self.by_serial(self.hashes.get(hex)?)
    }

    pub(super) fn by_serial(&self, serial: &[u8]) -> Option<&Certificate> {
        Some(&self.issued.get(serial)?.certificate)
    }

    /// The newest request of a transaction.
    pub(super) fn of_transaction(&self, transaction: &str) -> Option<&Request> {
        self.requests.get(self.by_transaction.get(transaction)?)
    }

    /// Whether the certificate is ours and not revoked.
    pub(super) fn stands(&self, certificate: &Certificate) -> bool {
        let known = self.issued.get(certificate.serial());
        known.is_some_and(|known| known.certificate == *certificate && known.revoked.is_none())
    }

    /// Whether one more pending request, or one more certificate, fits.
    pub(super) fn has_room(&self, pending: bool) -> bool {
        let records = self.requests.len().max(self.issued.len());
        records < MAX_RECORDS && !(pending && self.pending >= MAX_PENDING)
    }

    /// Remembers a request as pending; its number.
    pub(super) fn add(
        &mut self,
        transaction: &str,
        request: Csr,
        renewal: bool,
        received_at: i64,
    ) -> u64 {
        self.restore(Request {
            id: self.last_id + 1,
            transaction: transaction.to_owned(),
            request,
            received_at,
            renewal,
            state: RequestState::Pending,
        })
    }

    /// Puts a request in its place.
    pub(super) fn restore(&mut self, request: Request) -> u64 {
        let id = request.id;
        self.last_id = self.last_id.max(id);
        self.pending += usize::from(request.state == RequestState::Pending);
        self.by_transaction.insert(request.transaction.clone(), id);
        self.requests.insert(id, request);
        id
    }

    /// Puts a certificate in its place.
    pub(super) fn restore_issued(&mut self, issued: Issued) {
        let serial = issued.certificate.serial().to_vec();
        self.hashes
            .insert(sha1(&issued.certificate), serial.clone());
        self.issued.insert(serial, issued);
    }

    pub(super) fn last_id(&self) -> u64 {
        self.last_id
    }

    pub(super) fn resume_ids(&mut self, last: u64) {
        self.last_id = self.last_id.max(last);
    }

    /// A request that is pending.
    pub(super) fn pending(&self, id: u64) -> Result<&Request, CaServerError> {
        let request = self
            .requests
            .get(&id)
            .ok_or(CaServerError::UnknownRequest(id))?;
        match request.state {
            RequestState::Pending => Ok(request),
            _ => Err(CaServerError::NotPending(id)),
        }
    }

    pub(super) fn granted(&mut self, id: u64, certificate: Certificate) {
        let serial = certificate.serial().to_vec();
        self.decide(id, RequestState::Granted(serial));
        self.restore_issued(Issued {
            certificate,
            revoked: None,
        });
    }

    pub(super) fn rejected(&mut self, id: u64) {
        self.decide(id, RequestState::Rejected);
    }

    fn decide(&mut self, id: u64, state: RequestState) {
        if let Some(request) = self.requests.get_mut(&id) {
            self.pending -= usize::from(request.state == RequestState::Pending);
            request.state = state;
        }
    }

    pub(super) fn forget(&mut self, id: u64) -> Result<(), CaServerError> {
        let request = self
            .requests
            .get(&id)
            .ok_or(CaServerError::UnknownRequest(id))?;
        if request.state == RequestState::Pending {
            return Err(CaServerError::Pending(id));
        }
        if self.by_transaction.get(&request.transaction) == Some(&id) {
            self.by_transaction.remove(&request.transaction);
        }
        self.requests.remove(&id);
        Ok(())
    }

    pub(super) fn revoke(
        &mut self,
        serial: &[u8],
        at: i64,
        reason: Option<RevocationReason>,
    ) -> Result<(), CaServerError> {
        let hex = || serial.iter().map(|octet| format!("{octet:02X}")).collect();
        let known = self.issued.get_mut(serial);
        let known = known.ok_or_else(|| CaServerError::UnknownSerial(hex()))?;
        if known.revoked.is_some() {
            return Err(CaServerError::AlreadyRevoked(hex()));
        }
        known.revoked = Some((at, reason));
        let granted = RequestState::Granted(serial.to_vec());
        let all = self.requests.values_mut();
        for request in all.filter(|request| request.state == granted) {
            request.state = RequestState::Revoked(serial.to_vec());
        }
        Ok(())
    }
}

/// SHA-1 of the DER in lower-case hex (RFC 7296 3.6).
pub(super) fn sha1(certificate: &Certificate) -> String {
    let digest = Hash::Sha1.digest(&[certificate.der()]);
    digest.iter().map(|octet| format!("{octet:02x}")).collect()
}
