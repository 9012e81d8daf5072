//! pkiMessage (RFC 8894 section 3): a SignedData with the attributes of SCEP
//! around an EnvelopedData.

use std::fmt;

use bytes::Bytes;
use data_encoding::BASE64;

use crate::{
    cms::{CmsError, SignedData, Signing, attribute, normal, sign},
    der::tag,
    http::HttpRequest,
    oid,
    scep::{Capabilities, ScepUrl, error::harmless, media},
    writer::tlv,
};

/// Octets of a nonce.
pub(crate) const NONCE: usize = 16;
/// Longest nonce of another that is repeated, octets.
const MAX_NONCE: usize = 64;
/// Longest transactionID, octets.
const MAX_TRANSACTION: usize = 255;

/// messageType (RFC 8894 3.2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageType {
    CertRep,
    RenewalReq,
    PkcsReq,
    GetCertInitial,
    GetCert,
    GetCrl,
}

const TYPES: [(MessageType, &str); 6] = [
    (MessageType::CertRep, "3"),
    (MessageType::RenewalReq, "17"),
    (MessageType::PkcsReq, "19"),
    (MessageType::GetCertInitial, "20"),
    (MessageType::GetCert, "21"),
    (MessageType::GetCrl, "22"),
];

/// Why a server refuses (RFC 8894 3.2.1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailInfo {
    /// An algorithm it does not take.
    BadAlg,
    /// Integrity or decryption failed.
    BadMessageCheck,
    /// The transaction is not permitted.
    BadRequest,
    /// The signing time is too far off.
    BadTime,
    /// No certificate is found by what was given.
    BadCertId,
    /// Nothing, or something that is not in the RFC.
    Unknown,
}

const FAILURES: [(FailInfo, &str, &str); 5] = [
    (FailInfo::BadAlg, "0", "badAlg"),
    (FailInfo::BadMessageCheck, "1", "badMessageCheck"),
    (FailInfo::BadRequest, "2", "badRequest"),
    (FailInfo::BadTime, "3", "badTime"),
    (FailInfo::BadCertId, "4", "badCertId"),
];

impl fmt::Display for FailInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = FAILURES.iter().find(|(info, ..)| info == self);
        f.write_str(known.map_or("without failInfo", |(.., word)| word))
    }
}

/// pkiStatus (RFC 8894 3.2.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PkiStatus {
    Success,
    Failure(FailInfo, Option<String>),
    Pending,
}

/// A message to be written.
pub(crate) struct Outgoing<'a> {
    pub(crate) kind: MessageType,
    pub(crate) transaction: &'a str,
    pub(crate) sender_nonce: &'a [u8],
    pub(crate) recipient_nonce: Option<&'a [u8]>,
    pub(crate) status: Option<PkiStatus>,
    /// The EnvelopedData.
    pub(crate) content: Option<&'a [u8]>,
}

impl Outgoing<'_> {
    /// The signed message (P-022).
    pub(crate) fn sign(&self, signing: &Signing<'_>) -> Result<Vec<u8>, CmsError> {
        let text = |kind, value: &str| attribute(kind, &printable(value));
        let nonce = |kind, value| attribute(kind, &tlv(tag::OCTET_STRING, &[value]));
        let known = TYPES.iter().find(|(kind, _)| *kind == self.kind);
        let number = known.map_or("", |(_, number)| number);
        let mut all = vec![
            text(oid::SCEP_MESSAGE_TYPE, number),
            text(oid::SCEP_TRANSACTION_ID, self.transaction),
            nonce(oid::SCEP_SENDER_NONCE, self.sender_nonce),
        ];
        if let Some(value) = self.recipient_nonce {
            all.push(nonce(oid::SCEP_RECIPIENT_NONCE, value));
        }
        all.extend(
            self.status
                .as_ref()
                .map(status_attributes)
                .into_iter()
                .flatten(),
        );
        sign(signing, self.content, all)
    }
}

fn status_attributes(status: &PkiStatus) -> Vec<Vec<u8>> {
    let text = |kind, value: &str| attribute(kind, &printable(value));
    match status {
        PkiStatus::Success => vec![text(oid::SCEP_PKI_STATUS, "0")],
        PkiStatus::Pending => vec![text(oid::SCEP_PKI_STATUS, "3")],
        PkiStatus::Failure(info, words) => {
            let known = FAILURES.iter().find(|(known, ..)| known == info);
            let number = known.map_or("2", |(_, number, _)| number);
            let mut all = vec![
                text(oid::SCEP_PKI_STATUS, "2"),
                text(oid::SCEP_FAIL_INFO, number),
            ];
            if let Some(words) = words {
                let value = tlv(tag::UTF8_STRING, &[words.as_bytes()]);
                all.push(attribute(oid::SCEP_FAIL_INFO_TEXT, &value));
            }
            all
        }
    }
}

fn printable(text: &str) -> Vec<u8> {
    tlv(tag::PRINTABLE_STRING, &[text.as_bytes()])
}

/// A message that came. Its signature is not checked yet.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// The number, as it came.
    pub(crate) kind: String,
    pub(crate) transaction: String,
    pub(crate) sender_nonce: Vec<u8>,
    pub(crate) recipient_nonce: Vec<u8>,
    /// The number, as it came.
    pub(crate) status: String,
    pub(crate) data: SignedData,
    fail_info: String,
    fail_text: Option<String>,
}

impl Incoming {
    /// Reads BER or DER with its attributes.
    pub(crate) fn read(octets: &Bytes) -> Result<Self, CmsError> {
        let data = SignedData::read(&normal(octets)?)?;
        let signer = data.signer.as_ref().ok_or(CmsError::Missing("signer"))?;
        let text = |kind| {
            signer
                .attribute(kind, &TEXT)
                .map(harmless)
                .unwrap_or_default()
        };
        let nonce = |kind| {
            let value = signer.attribute(kind, &[tag::OCTET_STRING]);
            value.unwrap_or_default().to_vec()
        };
        let transaction = signer.attribute(oid::SCEP_TRANSACTION_ID, &TEXT);
        let transaction = transaction.ok_or(CmsError::Missing("transactionID"))?;
        let transaction = std::str::from_utf8(transaction)
            .ok()
            .filter(|text| usable(text));
        let transaction = transaction.ok_or(CmsError::Missing("printable transactionID"))?;
        let sender_nonce = nonce(oid::SCEP_SENDER_NONCE);
        if sender_nonce.len() > MAX_NONCE {
            return Err(CmsError::TooMany("octets of senderNonce"));
        }
        Ok(Self {
            kind: text(oid::SCEP_MESSAGE_TYPE),
            transaction: transaction.to_owned(),
            recipient_nonce: nonce(oid::SCEP_RECIPIENT_NONCE),
            status: text(oid::SCEP_PKI_STATUS),
            fail_info: text(oid::SCEP_FAIL_INFO),
            fail_text: signer
                .attribute(oid::SCEP_FAIL_INFO_TEXT, &TEXT)
                .map(harmless),
            sender_nonce,
            data,
        })
    }

    /// The type, when it is one of SCEP.
    pub(crate) fn message_type(&self) -> Option<MessageType> {
        let known = TYPES.iter().find(|(_, number)| *number == self.kind);
        known.map(|(kind, _)| *kind)
    }

    /// The status, when it is one of SCEP.
    pub(crate) fn pki_status(&self) -> Option<PkiStatus> {
        match self.status.as_str() {
            "0" => Some(PkiStatus::Success),
            "3" => Some(PkiStatus::Pending),
            "2" => {
                let known = FAILURES
                    .iter()
                    .find(|(_, number, _)| *number == self.fail_info);
                let info = known.map_or(FailInfo::Unknown, |(info, ..)| *info);
                Some(PkiStatus::Failure(info, self.fail_text.clone()))
            }
            _ => None,
        }
    }
}

/// String types that servers write texts in.
const TEXT: [u8; 3] = [tag::PRINTABLE_STRING, tag::UTF8_STRING, tag::IA5_STRING];

fn usable(transaction: &str) -> bool {
    let fits = (1..=MAX_TRANSACTION).contains(&transaction.len());
    fits && transaction
        .bytes()
        .all(|octet| (0x20..0x7f).contains(&octet))
}

/// A message to be sent to a CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PkiOperation(Bytes);

impl PkiOperation {
    pub(crate) fn new(der: Vec<u8>) -> Self {
        Self(der.into())
    }

    /// The DER of the pkiMessage.
    pub fn der(&self) -> &Bytes {
        &self.0
    }

    /// The HTTP request: POST when the CA takes it, else GET with the message
    /// in base64 (P-022).
    pub fn request(&self, url: &ScepUrl, capabilities: &Capabilities) -> HttpRequest {
        const OPERATION: &str = "PKIOperation";
        match capabilities.post {
            true => HttpRequest::post(
                url.target(OPERATION, None),
                media::PKI_MESSAGE,
                self.0.clone(),
            ),
            false => HttpRequest::get(url.target(OPERATION, Some(&BASE64.encode(&self.0)))),
        }
    }
}
