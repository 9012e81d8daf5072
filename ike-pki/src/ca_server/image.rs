//! The CA as files, so that it survives a restart: certificates, requests, and
//! an index. Private keys are not among them, only the labels they are kept
//! by. What is read back is held against signatures: certificates against the
//! CA's key, requests against their own.

use ike_crypto::PrivateKey;
use serde::{Deserialize, Serialize};

use crate::{
    ca::LabCa,
    ca_crl::RevocationReason,
    ca_server::{CaOptions, CaServer, Issued, Ra, Request, RequestState, decrypts, ledger::Ledger},
    certificate::Certificate,
    image::{Damage, Image},
    pkcs10::Csr,
    scep::issued,
};

/// Path of the index.
const INDEX: &str = "index.json";
/// Version of the format; a reader refuses a newer one.
const VERSION: u32 = 1;
/// Numbers beyond it are damage: the next ones must still count up.
const MAX_COUNTER: u64 = 1 << 62;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    version: u32,
    key_label: String,
    ra_key_label: Option<String>,
    last_serial: u64,
    last_crl: u64,
    last_request: u64,
    chain: usize,
    requests: Vec<StoredRequest>,
    issued: Vec<StoredIssued>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredRequest {
    id: u64,
    transaction: String,
    received_at: i64,
    renewal: bool,
    state: String,
    /// Hex of the certificate's serial number.
    serial: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredIssued {
    serial: String,
    revoked_at: Option<i64>,
    reason: Option<u8>,
}

impl CaServer {
    /// Every file of the CA by relative path.
    pub fn image(&self) -> Image {
        let mut image = Image::new();
        let mut put = |name: String, octets: &[u8]| {
            image.insert(name, octets.to_vec());
        };
        put("ca.cer".to_owned(), self.certificate().der());
        if let Some(ra) = &self.ra {
            put("ra.cer".to_owned(), ra.certificate.der());
        }
        if let Some(next) = &self.next_ca {
            put("next.cer".to_owned(), next.der());
        }
        for (number, above) in self.chain.iter().enumerate() {
            put(format!("chain/{number}.cer"), above.der());
        }
        for request in self.ledger.requests() {
            put(request_file(request.id), request.request.der());
        }
        for issued in self.ledger.issued() {
            let serial = hex(issued.certificate.serial());
            put(issued_file(&serial), issued.certificate.der());
        }
        // Strings and numbers only: cannot fail.
        let text = serde_json::to_vec_pretty(&self.index()).unwrap_or_default();
        put(INDEX.to_owned(), &text);
        image
    }

    /// The labels of the CA's key, and of the RA's key if there is an RA, which
    /// [`CaServer::from_image`] needs.
    ///
    /// # Errors
    /// The index is missing or damaged.
    pub fn key_labels(image: &Image) -> Result<(String, Option<String>), Damage> {
        let index = read_index(image)?;
        Ok((index.key_label, index.ra_key_label))
    }

    /// Reads an image; `ra_key` when it has an RA. What is damaged is left out
    /// and named: a certificate that is lost cannot be revoked any more.
    ///
    /// # Errors
    /// The index or the certificate of CA or RA is damaged, or the key is
    /// another's.
    pub fn from_image(
        image: &Image,
        options: CaOptions,
        key: PrivateKey,
        ra_key: Option<PrivateKey>,
    ) -> Result<(Self, Vec<Damage>), Damage> {
        let index = read_index(image)?;
        let certificate = own_certificate(image, "ca.cer", &key)?;
        let ra = match &index.ra_key_label {
            None => None,
            Some(label) => Some(read_ra(image, label, ra_key, &certificate)?),
        };
        if ra.is_none() {
            decrypts(&key).map_err(|error| damage("ca.cer", error.to_string(), KEY_REMEDY))?;
        }
        let mut lost = Vec::new();
        let ledger = read_ledger(&index, image, &certificate, &mut lost);
        let last_serial = highest(&ledger).max(index.last_serial);
        let mut ca = LabCa::with_certificate(certificate, key, last_serial);
        ca.resume_lists(index.last_crl);
        for one in ledger.issued() {
            if let Some((at, reason)) = one.revoked {
                ca.revoke_serial(one.certificate.serial(), at, reason);
            }
        }
        let mut server = Self::of(ca, &index.key_label, options, ra);
        server.ledger = ledger;
        let mut optional = |file: &str| match image.contains_key(file) {
            true => lost_or(read_certificate(image, file), &mut lost),
            false => None,
        };
        server.next_ca = optional("next.cer");
        let files = (0..index.chain).map(|number| format!("chain/{number}.cer"));
        server.chain = files.filter_map(|file| optional(&file)).collect();
        Ok((server, lost))
    }

    fn index(&self) -> Index {
        let (last_serial, last_crl) = self.ca.counters();
        Index {
            version: VERSION,
            key_label: self.key_label.clone(),
            ra_key_label: self.ra.as_ref().map(|ra| ra.key_label.clone()),
            last_serial,
            last_crl,
            last_request: self.ledger.last_id(),
            chain: self.chain.len(),
            requests: self.ledger.requests().map(stored_request).collect(),
            issued: self.ledger.issued().map(stored_issued).collect(),
        }
    }
}

const KEY_REMEDY: &str = "give the key that belongs to the certificate";
const BACKUP: &str = "restore it from a backup";

fn damage(file: &str, problem: String, remedy: &str) -> Damage {
    Damage {
        file: file.to_owned(),
        problem,
        remedy: remedy.to_owned(),
    }
}

fn read_index(image: &Image) -> Result<Index, Damage> {
    let text = image.get(INDEX);
    let text = text.ok_or_else(|| damage(INDEX, "is missing".to_owned(), BACKUP))?;
    let index: Index = serde_json::from_slice(text)
        .map_err(|error| damage(INDEX, format!("cannot be read ({error})"), BACKUP))?;
    let counters = [index.last_serial, index.last_crl, index.last_request];
    match index.version {
        VERSION if counters.iter().any(|counter| *counter > MAX_COUNTER) => {
            Err(damage(INDEX, "counts beyond 2^62".to_owned(), BACKUP))
        }
        VERSION => Ok(index),
        other => {
            let problem = format!("has format version {other}, this program knows {VERSION}");
            Err(damage(INDEX, problem, "use the program that wrote it"))
        }
    }
}

fn read_certificate(image: &Image, file: &str) -> Result<Certificate, Damage> {
    let octets = image.get(file);
    let octets = octets.ok_or_else(|| damage(file, "is missing".to_owned(), BACKUP))?;
    Certificate::from_der(octets.clone()).map_err(|error| damage(file, error.to_string(), BACKUP))
}

fn own_certificate(image: &Image, file: &str, key: &PrivateKey) -> Result<Certificate, Damage> {
    let certificate = read_certificate(image, file)?;
    match certificate.spki_der() == key.public().spki_der() {
        true => Ok(certificate),
        false => Err(damage(file, "is for another key".to_owned(), KEY_REMEDY)),
    }
}

fn read_ra(
    image: &Image,
    label: &str,
    key: Option<PrivateKey>,
    ca: &Certificate,
) -> Result<Ra, Damage> {
    const FILE: &str = "ra.cer";
    let key = key.ok_or_else(|| damage(FILE, format!("needs the key {label}"), KEY_REMEDY))?;
    let certificate = own_certificate(image, FILE, &key)?;
    decrypts(&key).map_err(|error| damage(FILE, error.to_string(), KEY_REMEDY))?;
    match issued(ca, &certificate) {
        true => Ok(Ra {
            certificate,
            key,
            key_label: label.to_owned(),
        }),
        false => Err(damage(FILE, "is not issued by the CA".to_owned(), BACKUP)),
    }
}

fn read_ledger(index: &Index, image: &Image, ca: &Certificate, lost: &mut Vec<Damage>) -> Ledger {
    let mut ledger = Ledger::default();
    for stored in &index.issued {
        if let Some(read) = lost_or(read_issued(stored, image, ca), lost) {
            ledger.restore_issued(read);
        }
    }
    for stored in &index.requests {
        if let Some(read) = lost_or(read_request(stored, image), lost) {
            ledger.restore(read);
        }
    }
    ledger.resume_ids(index.last_request);
    ledger
}

fn lost_or<T>(read: Result<T, Damage>, lost: &mut Vec<Damage>) -> Option<T> {
    read.map_err(|damage| lost.push(damage)).ok()
}

fn read_issued(stored: &StoredIssued, image: &Image, ca: &Certificate) -> Result<Issued, Damage> {
    let file = issued_file(&stored.serial);
    let certificate = read_certificate(image, &file)?;
    if !issued(ca, &certificate) || hex(certificate.serial()) != stored.serial {
        let problem = "is not the certificate that the CA issued".to_owned();
        return Err(damage(&file, problem, BACKUP));
    }
    let reason = stored.reason.and_then(RevocationReason::of_number);
    Ok(Issued {
        certificate,
        revoked: stored.revoked_at.map(|at| (at, reason)),
    })
}

fn read_request(stored: &StoredRequest, image: &Image) -> Result<Request, Damage> {
    let file = request_file(stored.id);
    let remedy = "the router has to ask again";
    let problem = |text: String| damage(&file, text, remedy);
    let octets = image.get(&file);
    let octets = octets.ok_or_else(|| problem("is missing".to_owned()))?;
    let request = Csr::from_der(octets.clone()).map_err(|error| problem(error.to_string()))?;
    let serial = stored.serial.as_deref().and_then(octets_of);
    let state = match (stored.state.as_str(), serial) {
        ("pending", None) => RequestState::Pending,
        ("rejected", None) => RequestState::Rejected,
        ("granted", Some(serial)) => RequestState::Granted(serial),
        ("revoked", Some(serial)) => RequestState::Revoked(serial),
        _ => return Err(problem("has a state that is not known".to_owned())),
    };
    Ok(Request {
        id: stored.id,
        transaction: stored.transaction.clone(),
        request,
        received_at: stored.received_at,
        renewal: stored.renewal,
        state,
    })
}

fn stored_request(request: &Request) -> StoredRequest {
    let (state, serial) = match &request.state {
        RequestState::Pending => ("pending", None),
        RequestState::Rejected => ("rejected", None),
        RequestState::Granted(serial) => ("granted", Some(hex(serial))),
        RequestState::Revoked(serial) => ("revoked", Some(hex(serial))),
    };
    StoredRequest {
        id: request.id,
        transaction: request.transaction.clone(),
        received_at: request.received_at,
        renewal: request.renewal,
        state: state.to_owned(),
        serial,
    }
}

fn stored_issued(issued: &Issued) -> StoredIssued {
    StoredIssued {
        serial: hex(issued.certificate.serial()),
        revoked_at: issued.revoked.map(|(at, _)| at),
        reason: issued
            .revoked
            .and_then(|(_, reason)| Some(reason?.number())),
    }
}

/// The highest serial number that was given out: it is never used again, even
/// when the index is older than the certificates.
fn highest(ledger: &Ledger) -> u64 {
    let numbers = ledger
        .issued()
        .filter_map(|issued| number(issued.certificate.serial()));
    let usable = numbers.filter(|number| *number <= MAX_COUNTER);
    usable.max().unwrap_or(0)
}

fn number(serial: &[u8]) -> Option<u64> {
    serial.iter().try_fold(0_u64, |value, octet| {
        Some(value.checked_mul(256)? | u64::from(*octet))
    })
}

fn request_file(id: u64) -> String {
    format!("requests/{id}.csr")
}

fn issued_file(serial: &str) -> String {
    format!("issued/{serial}.cer")
}

fn hex(octets: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(octets)
}

fn octets_of(hex: &str) -> Option<Vec<u8>> {
    data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()
}
