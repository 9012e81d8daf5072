//! The certificates of a CA and its RA (RFC 8894 4.2), and the next ones of a
//! CA that rolls over (4.7).

use ike_crypto::Hash;

use crate::{
    certificate::Certificate,
    cms::{CmsError, Pkcs7, SignedData, normal},
    extensions::KeyUsage,
    http::{HttpReply, HttpRequest},
    scep::{Fault, ScepError, ScepUrl, Step, error::harmless, media},
    show::fingerprint,
};

/// The request for the CA's certificates; `trustpoint` names the CA where a
/// server has several (P-020).
pub fn get_ca_cert(url: &ScepUrl, trustpoint: &str) -> HttpRequest {
    HttpRequest::get(url.target("GetCACert", Some(trustpoint)))
}

/// The request for the CA's capabilities (P-021).
pub fn get_ca_caps(url: &ScepUrl, trustpoint: &str) -> HttpRequest {
    HttpRequest::get(url.target("GetCACaps", Some(trustpoint)))
}

/// The request for the CA's next certificate.
pub fn get_next_ca_cert(url: &ScepUrl, trustpoint: &str) -> HttpRequest {
    HttpRequest::get(url.target("GetNextCACert", Some(trustpoint)))
}

/// The certificates of a CA. Nothing here is believed before the operator, or
/// `fingerprint` of the trustpoint, confirms [`CaCertificates::fingerprints`];
/// an RA is believed because the CA issued its certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaCertificates {
    /// The CA that issues.
    pub ca: Certificate,
    /// CAs above it and others, in the order of the reply.
    pub chain: Vec<Certificate>,
    /// The RA's certificate that signs replies.
    pub ra_signing: Option<Certificate>,
    /// The RA's certificate that requests are encrypted for.
    pub ra_encryption: Option<Certificate>,
}

/// The digests that IOS shows before it asks (P-030).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprints {
    /// Four groups of eight hex digits.
    pub md5: String,
    /// Five groups.
    pub sha1: String,
}

impl Fingerprints {
    /// Whether `configured`, hex in any case and grouping, is one of them:
    /// `fingerprint` of a trustpoint (T-85).
    pub fn contain(&self, configured: &str) -> bool {
        let digits = |text: &str| {
            let digits = text.chars().filter(|c| c.is_ascii_hexdigit());
            digits.collect::<String>().to_ascii_uppercase()
        };
        let wanted = digits(configured);
        wanted == digits(&self.md5) || wanted == digits(&self.sha1)
    }
}

impl CaCertificates {
    /// A CA alone, without RA.
    pub fn alone(ca: Certificate) -> Self {
        Self {
            ca,
            chain: Vec::new(),
            ra_signing: None,
            ra_encryption: None,
        }
    }

    /// Reads a reply to GetCACert: one certificate, or PKCS#7 with RA or chain.
    /// At an enrolment the caller holds `ca` against the certificate that the
    /// trustpoint has authenticated.
    ///
    /// # Errors
    /// HTTP status, media type, what cannot be read, or certificates that do
    /// not belong together.
    pub fn from_reply(reply: &HttpReply) -> Result<Self, ScepError> {
        let step = Step::GetCaCert;
        success(reply, step)?;
        match reply.media_type().as_str() {
            media::CA_CERT => {
                let read = Certificate::from_der(reply.body.clone());
                let read = read.map_err(|error| Fault::Certificate(error).at(step))?;
                Ok(Self::alone(read))
            }
            media::CA_RA_CERT => {
                let read = Pkcs7::read(&reply.body);
                let read = read.map_err(|error| Fault::Message(error).at(step))?;
                Self::sort(read.certificates, step)
            }
            _ => Err(Fault::ContentType(harmless(reply.content_type.as_bytes())).at(step)),
        }
    }

    /// Reads a reply to GetNextCACert, which the CA of now, `self`, has signed.
    ///
    /// # Errors
    /// As [`CaCertificates::from_reply`]; signed by another.
    pub fn next_from_reply(&self, reply: &HttpReply) -> Result<Self, ScepError> {
        let step = Step::GetNextCaCert;
        success(reply, step)?;
        if reply.media_type() != media::NEXT_CA_CERT {
            return Err(Fault::ContentType(harmless(reply.content_type.as_bytes())).at(step));
        }
        let message = |error| Fault::Message(error).at(step);
        let data = normal(&reply.body).and_then(|der| SignedData::read(&der));
        let data = data.map_err(message)?;
        self.verify(&data).map_err(|fault| fault.at(step))?;
        let content = data
            .content
            .ok_or_else(|| message(CmsError::Missing("content")))?;
        let read = Pkcs7::read(&content).map_err(message)?;
        Self::sort(read.certificates, step)
    }

    /// MD5 and SHA-1 of the CA's certificate (P-030).
    pub fn fingerprints(&self) -> Fingerprints {
        Fingerprints {
            md5: fingerprint(Hash::Md5, self.ca.der()),
            sha1: fingerprint(Hash::Sha1, self.ca.der()),
        }
    }

    /// Whom requests are encrypted for.
    pub fn recipient(&self) -> &Certificate {
        self.ra_encryption.as_ref().unwrap_or(&self.ca)
    }

    /// Checks that the CA or its RA signed `data`.
    pub(crate) fn verify(&self, data: &SignedData) -> Result<(), Fault> {
        let signers = [Some(&self.ca), self.ra_signing.as_ref()];
        for signer in signers.into_iter().flatten() {
            match data.verify(signer) {
                Err(CmsError::OtherSigner) => {}
                verdict => return verdict.map_err(Fault::Message),
            }
        }
        Err(Fault::UnknownSigner)
    }

    /// Tells CA, RA and chain apart: those that are no CA are the RA's, and
    /// the CA is their issuer; without RA it is the lowest of the chain.
    fn sort(all: Vec<Certificate>, step: Step) -> Result<Self, ScepError> {
        let (cas, ras): (Vec<_>, Vec<_>) = all.into_iter().partition(is_authority);
        let lowest = |ca: &&Certificate| {
            let above = |other: &Certificate| other != *ca && issued(ca, other);
            !cas.iter().any(above)
        };
        let ca = match ras.first() {
            Some(ra) => cas.iter().find(|ca| issued(ca, ra)),
            None => cas.iter().find(lowest),
        };
        let ca = ca
            .cloned()
            .ok_or_else(|| Fault::Authority("no CA certificate that issued the others").at(step))?;
        if !ras.iter().all(|ra| issued(&ca, ra)) {
            let problem = "an RA certificate that the CA did not issue";
            return Err(Fault::Authority(problem).at(step));
        }
        let with = |usage| ras.iter().find(|ra| may(ra, usage)).cloned();
        Ok(Self {
            ra_signing: with(KeyUsage::DIGITAL_SIGNATURE),
            ra_encryption: with(KeyUsage::KEY_ENCIPHERMENT),
            chain: cas.into_iter().filter(|other| *other != ca).collect(),
            ca,
        })
    }
}

/// Status 200, or the error with what the server said.
pub(crate) fn success(reply: &HttpReply, step: Step) -> Result<(), ScepError> {
    match reply.status {
        200 => Ok(()),
        status => {
            let text = match reply.media_type().as_str() {
                "text/plain" => harmless(&reply.body),
                _ => String::new(),
            };
            Err(Fault::Status(status, text).at(step))
        }
    }
}

/// Says CA; a version 1 root cannot say it (E12: by explicit trustpoint only,
/// which this is).
fn is_authority(certificate: &Certificate) -> bool {
    certificate.is_ca() || (certificate.version() == 1 && certificate.is_self_issued())
}

/// Whether `ca` signed `certificate`.
pub(crate) fn issued(ca: &Certificate, certificate: &Certificate) -> bool {
    let key = ca.public_key();
    certificate.issuer().matches(ca.subject())
        && key.is_ok_and(|key| certificate.verify(&key).is_ok())
}

fn may(certificate: &Certificate, usage: KeyUsage) -> bool {
    certificate
        .key_usage()
        .is_none_or(|all| all.contains(usage))
}
