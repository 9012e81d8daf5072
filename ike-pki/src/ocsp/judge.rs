//! Whether an OCSP answer is believed, as far as it can be seen from the
//! answer, the certificate and its issuer (RFC 6960 3.2, F3).

use crate::{
    ca_extensions::key_id,
    certificate::Certificate,
    chain::ChainPolicy,
    extensions::KeyUsage,
    name::Name,
    ocsp::{CertStatus, OcspRequest, OcspResponse, response::Single},
    oid,
    path::{require, weak_hash},
};

/// Seconds that the responder's clock may be ahead of ours.
const SKEW: i64 = 300;
/// Seconds that an answer without nextUpdate counts when no nonce shows that
/// it is new: newer ones are always to be had (RFC 6960 4.2.2.1).
const MAX_AGE: i64 = 300;

/// ResponderID (RFC 6960 4.2.2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Responder {
    Name(Name),
    /// SHA-1 of the key's bits.
    Key(Vec<u8>),
}

/// An answer that is about the certificate, in time and fresh.
pub(crate) struct Answer<'r> {
    response: &'r OcspResponse,
    pub(crate) status: CertStatus,
}

/// Finds the answer to `request`.
///
/// # Errors
/// Why it is none, for people.
pub(crate) fn judge<'r>(
    response: &'r OcspResponse,
    request: &OcspRequest,
    now: i64,
    policy: &ChainPolicy,
) -> Result<Answer<'r>, &'static str> {
    // RFC 6960 4.4.1: an answer without our nonce may be a replay. A
    // responder that signs beforehand needs `ocsp disable-nonce`.
    match (&request.nonce, &response.nonce) {
        (Some(_), None) => return Err("the OCSP answer has no nonce (see ocsp disable-nonce)"),
        (Some(sent), Some(came)) if sent != came => {
            return Err("the OCSP answer has another nonce");
        }
        _ => {}
    }
    if weak_hash(response.scheme, policy).is_some() {
        return Err("the OCSP answer is signed with a hash that is not allowed");
    }
    let mut of_certificate = response.answers.iter();
    let single = of_certificate.find(|single| single.cert_id == request.cert_id);
    let single = single.ok_or("the OCSP answer is about other certificates")?;
    in_time(single, now, request.nonce.is_some())?;
    Ok(Answer {
        response,
        status: single.status,
    })
}

fn in_time(single: &Single, now: i64, fresh: bool) -> Result<(), &'static str> {
    if single.this_update > now.saturating_add(SKEW) {
        return Err("the OCSP answer is not valid yet");
    }
    let too_old = match single.next_update {
        Some(next) => now > next,
        None => !fresh && now.saturating_sub(single.this_update) > MAX_AGE,
    };
    match too_old {
        true => Err("the OCSP answer is out of date"),
        false => Ok(()),
    }
}

impl Answer<'_> {
    /// Who may have signed it: the issuer itself, or certificates sent along
    /// that the responder's name fits.
    pub(crate) fn signers<'a>(&'a self, issuer: &'a Certificate) -> Vec<&'a Certificate> {
        let sent = self.response.certificates.iter();
        let all = std::iter::once(issuer).chain(sent.filter(|other| *other != issuer));
        all.filter(|certificate| self.is_named(certificate))
            .collect()
    }

    fn is_named(&self, certificate: &Certificate) -> bool {
        match &self.response.responder {
            Responder::Name(name) => certificate.subject().matches(name),
            Responder::Key(hash) => *hash == key_id(certificate.spki_der()),
        }
    }

    /// Whether the signer's key made the signature.
    pub(crate) fn is_signed_by(&self, signer: &Certificate) -> bool {
        let (Some(scheme), Ok(key)) = (self.response.scheme, signer.public_key()) else {
            return false;
        };
        let (tbs, signature) = (&self.response.tbs, &self.response.signature);
        key.verify(scheme, tbs, signature).is_ok()
    }
}

/// RFC 6960 4.2.2.2: the delegate's certificate says that it answers for its
/// issuer. That the issuer signed it, and its dates, are seen elsewhere.
pub(crate) fn is_delegate(certificate: &Certificate) -> bool {
    let eku = certificate.extensions.eku.as_ref();
    eku.is_some_and(|usages| usages.iter().any(|usage| usage == oid::EKU_OCSP_SIGNING))
        && require(certificate, KeyUsage::DIGITAL_SIGNATURE, "digitalSignature").is_ok()
}
