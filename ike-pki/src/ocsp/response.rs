//! OCSPResponse (RFC 6960 4.2), read strictly and in bounds. Reading believes
//! nothing of it.

use std::fmt;

use bytes::Bytes;
use ike_crypto::SignatureScheme;

use crate::{
    algorithm,
    ca_crl::RevocationReason,
    certificate::{Certificate, name},
    certificate_form::{check_extensions, identifier, only, whole_octets},
    crl_form::extension,
    der::{DerError, MAX_DER, Reader, Tlv, required, tag},
    ocsp::{CertId, ResponderName, request::read_nonce},
    oid, time,
};

/// Single answers of one response that are read.
const MAX_SINGLE: usize = 64;
/// Certificates of one response that are read.
const MAX_CERTIFICATES: usize = 4;

/// Why octets are no usable OCSP response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OcspError {
    /// The encoding is wrong; says where and what was expected.
    Der(DerError),
    /// Longer than 64 kB.
    TooLarge(usize),
    /// An extension appears twice (dotted OID).
    DuplicateExtension(String),
    /// A critical extension that is not understood (dotted OID).
    UnknownCritical(String),
    /// A response of another type than id-pkix-ocsp-basic (dotted OID).
    Type(String),
    /// The responder gives no answer: `malformedRequest`, `tryLater`…
    Declined(&'static str),
}

impl fmt::Display for OcspError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Der(error) => write!(f, "OCSP: {error}"),
            Self::TooLarge(len) => write!(f, "OCSP: {len} octets, at most {MAX_DER} are read"),
            Self::DuplicateExtension(oid) => write!(f, "OCSP: extension {oid} is repeated"),
            Self::UnknownCritical(oid) => write!(f, "OCSP: unknown critical extension {oid}"),
            Self::Type(oid) => write!(f, "OCSP: response of type {oid}, not a basic one"),
            Self::Declined(status) => write!(f, "the OCSP responder answered {status}"),
        }
    }
}

impl std::error::Error for OcspError {}

impl From<DerError> for OcspError {
    fn from(error: DerError) -> Self {
        Self::Der(error)
    }
}

/// What a responder says about a certificate (RFC 6960 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertStatus {
    /// Not revoked.
    Good,
    /// Revoked at that time, seconds since 1970-01-01T00:00:00Z.
    Revoked {
        /// When.
        at: i64,
        /// Why, if the responder says so and it is a reason that is known here.
        reason: Option<RevocationReason>,
    },
    /// The responder does not know; no verdict (F3).
    Unknown,
}

/// A successful response with its signature.
#[derive(Clone, PartialEq, Eq)]
pub struct OcspResponse {
    pub(super) tbs: Bytes,
    pub(super) scheme: Option<SignatureScheme>,
    pub(super) signature: Bytes,
    pub(super) responder: ResponderName,
    pub(super) nonce: Option<Vec<u8>>,
    pub(super) answers: Vec<Single>,
    pub(super) certificates: Vec<Certificate>,
}

/// The answer about one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Single {
    pub(super) cert_id: CertId,
    pub(super) status: CertStatus,
    pub(super) this_update: i64,
    pub(super) next_update: Option<i64>,
}

impl OcspResponse {
    /// Reads one DER OCSPResponse and nothing after it; no more than 64 kB.
    ///
    /// # Errors
    /// What is wrong, with its offset; [`OcspError::Declined`] for a response
    /// that is no answer.
    pub fn from_der(der: impl Into<Bytes>) -> Result<Self, OcspError> {
        let der: Bytes = der.into();
        if der.len() > MAX_DER {
            return Err(OcspError::TooLarge(der.len()));
        }
        let whole = Reader::new(&der).check_sequence()?;
        let order = [tag::ENUMERATED, tag::constructed(0)];
        let [status, bytes] = fields_of(&whole, order, "the end of the response")?;
        successful(&required(status, &whole, "responseStatus")?)?;
        let bytes = only(&required(bytes, &whole, "responseBytes")?, "ResponseBytes")?;
        let order = [tag::OID, tag::OCTET_STRING];
        let [kind, basic] = fields_of(&bytes, order, "the end of ResponseBytes")?;
        let kind = required(kind, &bytes, "responseType")?.content;
        if kind != oid::OCSP_BASIC {
            return Err(OcspError::Type(oid::dotted(kind)));
        }
        let basic = required(basic, &bytes, "response")?;
        let basic = basic.reader().check_sequence()?;
        Self::basic(&der, &basic)
    }

    /// BasicOCSPResponse.
    fn basic(der: &Bytes, whole: &Tlv<'_>) -> Result<Self, OcspError> {
        let order = [
            tag::SEQUENCE,
            tag::SEQUENCE,
            tag::BIT_STRING,
            tag::constructed(0),
        ];
        let parts = fields_of(whole, order, "the end of BasicOCSPResponse")?;
        let [tbs, algorithm, signature, certs] = parts;
        let tbs = required(tbs, whole, "tbsResponseData")?;
        let algorithm = identifier(required(algorithm, whole, "signatureAlgorithm")?)?;
        let signature = whole_octets(&required(signature, whole, "signature")?)?;
        let mut out = Self {
            tbs: der.slice_ref(tbs.raw),
            scheme: algorithm::of(&algorithm),
            signature: der.slice_ref(signature),
            certificates: certs.map_or(Ok(Vec::new()), |certs| certificates(der, &certs))?,
            responder: ResponderName::Key(Vec::new()),
            nonce: None,
            answers: Vec::new(),
        };
        out.data(der, &tbs)?;
        Ok(out)
    }

    /// ResponseData.
    fn data(&mut self, der: &Bytes, tbs: &Tlv<'_>) -> Result<(), OcspError> {
        let order = [
            tag::constructed(0),
            tag::constructed(1),
            tag::constructed(2),
            tag::GENERALIZED_TIME,
            tag::SEQUENCE,
            tag::constructed(1),
        ];
        let parts = fields_of(tbs, order, "the end of ResponseData")?;
        let [version, by_name, by_key, produced, responses, extensions] = parts;
        // Version 1 is the default and never written (X.690 11.5).
        if let Some(version) = version {
            return Err(version.error("version 1").into());
        }
        self.responder = responder(der, tbs, by_name, by_key)?;
        time::decode(&required(produced, tbs, "producedAt")?)?;
        let responses = required(responses, tbs, "responses")?;
        let all = responses.reader().all(tag::SEQUENCE, "a SingleResponse")?;
        if all.len() > MAX_SINGLE {
            return Err(responses.error("at most 64 answers").into());
        }
        self.answers = all.iter().map(single).collect::<Result<_, _>>()?;
        if let Some(field) = extensions {
            self.nonce = read_nonce(&only(&field, "Extensions")?)?;
        }
        Ok(())
    }
}

impl fmt::Debug for OcspResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OcspResponse({} answers)", self.answers.len())
    }
}

fn fields_of<'a, const N: usize>(
    whole: &Tlv<'a>,
    order: [u8; N],
    end: &'static str,
) -> Result<[Option<Tlv<'a>>; N], DerError> {
    whole.reader().fields(order, end)
}

/// OCSPResponseStatus (RFC 6960 4.2.1).
fn successful(status: &Tlv<'_>) -> Result<(), OcspError> {
    Err(OcspError::Declined(match status.content {
        [0] => return Ok(()),
        [1] => "malformedRequest",
        [2] => "internalError",
        [3] => "tryLater",
        [5] => "sigRequired",
        [6] => "unauthorized",
        _ => return Err(status.error("an OCSPResponseStatus").into()),
    }))
}

fn responder(
    der: &Bytes,
    tbs: &Tlv<'_>,
    by_name: Option<Tlv<'_>>,
    by_key: Option<Tlv<'_>>,
) -> Result<ResponderName, DerError> {
    match (by_name, by_key) {
        (Some(field), None) => {
            let whole = only(&field, "a Name")?;
            Ok(ResponderName::Name(name(der, whole.raw)?))
        }
        (None, Some(field)) => {
            let mut inner = field.reader();
            let hash = inner.expect(tag::OCTET_STRING, "a KeyHash")?;
            inner.end("the end of the KeyHash")?;
            Ok(ResponderName::Key(hash.content.to_vec()))
        }
        _ => Err(tbs.error("one responderID")),
    }
}

fn single(whole: &Tlv<'_>) -> Result<Single, OcspError> {
    let order = [
        tag::SEQUENCE,
        tag::context(0),
        tag::constructed(1),
        tag::context(2),
        tag::GENERALIZED_TIME,
        tag::constructed(0),
        tag::constructed(1),
    ];
    let parts = fields_of(whole, order, "the end of the SingleResponse")?;
    let [id, good, revoked, unknown, this, next, extensions] = parts;
    let status = match (good, revoked, unknown) {
        (Some(null), None, None) if null.content.is_empty() => CertStatus::Good,
        (None, Some(info), None) => revocation(&info)?,
        (None, None, Some(null)) if null.content.is_empty() => CertStatus::Unknown,
        _ => return Err(whole.error("one certStatus").into()),
    };
    if let Some(field) = extensions {
        no_critical(&only(&field, "Extensions")?)?;
    }
    Ok(Single {
        cert_id: CertId::read(&required(id, whole, "a CertID")?)?,
        status,
        this_update: time::decode(&required(this, whole, "thisUpdate")?)?,
        next_update: next.map(|field| next_update(&field)).transpose()?,
    })
}

fn revocation(info: &Tlv<'_>) -> Result<CertStatus, DerError> {
    let order = [tag::GENERALIZED_TIME, tag::constructed(0)];
    let [at, reason] = fields_of(info, order, "the end of RevokedInfo")?;
    Ok(CertStatus::Revoked {
        at: time::decode(&required(at, info, "revocationTime")?)?,
        reason: reason.as_ref().and_then(revocation_reason),
    })
}

/// Revoked is revoked, whatever the reason: one that cannot be read is none.
fn revocation_reason(field: &Tlv<'_>) -> Option<RevocationReason> {
    let number = field.reader().expect(tag::ENUMERATED, "a CRLReason").ok()?;
    match number.content {
        [number] => RevocationReason::of_number(*number),
        _ => None,
    }
}

fn next_update(field: &Tlv<'_>) -> Result<i64, DerError> {
    let mut inner = field.reader();
    let at = inner.expect(tag::GENERALIZED_TIME, "nextUpdate")?;
    inner.end("the end of nextUpdate")?;
    time::decode(&at)
}

fn no_critical(list: &Tlv<'_>) -> Result<(), OcspError> {
    check_extensions(list, OcspError::DuplicateExtension)?;
    let mut rest = list.reader();
    while !rest.is_empty() {
        let one = extension(&mut rest)?;
        if one.critical {
            return Err(OcspError::UnknownCritical(oid::dotted(one.oid)));
        }
    }
    Ok(())
}

/// The certificates sent along, as far as they can be read.
fn certificates(der: &Bytes, field: &Tlv<'_>) -> Result<Vec<Certificate>, DerError> {
    let list = only(field, "certs")?;
    if list.content.is_empty() {
        return Ok(Vec::new());
    }
    let all = list.reader().all(tag::SEQUENCE, "a Certificate")?;
    let read = |tlv: &Tlv<'_>| Certificate::from_der(der.slice_ref(tlv.raw)).ok();
    Ok(all.iter().take(MAX_CERTIFICATES).filter_map(read).collect())
}
