//! What a CA grants: who may ask, for what, and what is written into the
//! certificate. A refusal says why, in a failInfo and a sentence.

use ike_crypto::{Cipher, Hash, KeySpec, PublicKey, SignatureScheme, ct_eq};

use crate::{
    ca::CertRequestSpec,
    ca_server::{CaServer, CaServerError, GrantPolicy, Issued, Request, RequestState},
    certificate::Certificate,
    extensions::KeyUsage,
    name::Name,
    pkcs10::Csr,
    scep::{FailInfo, PkiStatus},
};

/// Smallest RSA key without `allow_weak`, bits.
const MIN_RSA_BITS: u32 = 1024;

/// A refusal.
pub(super) type Refused = (FailInfo, &'static str);

/// A request as it came.
pub(super) struct Asked<'a> {
    pub(super) transaction: &'a str,
    pub(super) request: Csr,
    pub(super) renewal: bool,
    /// Who signed the message.
    pub(super) signer: &'a Certificate,
}

impl CaServer {
    /// The answer to PKCSReq or RenewalReq, with the certificate when it is
    /// granted. Asked again, the answer is the same (RFC 8894 3.3.1): no
    /// second certificate.
    pub(super) fn enrol(
        &mut self,
        asked: Asked<'_>,
        now: i64,
    ) -> Result<(PkiStatus, Option<Certificate>), Refused> {
        self.check(&asked, now)?;
        if let Some(known) = self.repeated(&asked, now) {
            return self.fate(known);
        }
        let manual = match self.options.policy {
            GrantPolicy::Automatic => false,
            GrantPolicy::Manual => true,
            GrantPolicy::Reject => return Err((FailInfo::BadRequest, "no requests are granted")),
        };
        if !self.ledger.has_room(manual) {
            return Err((FailInfo::BadRequest, "too many requests"));
        }
        let certificate = match manual {
            true => None,
            false => Some(self.issue(&asked.request, now).map_err(unable)?),
        };
        let Asked { request, .. } = asked;
        let id = self
            .ledger
            .add(asked.transaction, request, asked.renewal, now);
        self.changes += 1;
        match certificate {
            None => Ok((PkiStatus::Pending, None)),
            Some(certificate) => {
                self.ledger.granted(id, certificate.clone());
                Ok((PkiStatus::Success, Some(certificate)))
            }
        }
    }

    /// The answer for a request that is remembered.
    pub(super) fn fate(
        &self,
        known: &Request,
    ) -> Result<(PkiStatus, Option<Certificate>), Refused> {
        match &known.state {
            RequestState::Pending => Ok((PkiStatus::Pending, None)),
            RequestState::Rejected => Err((FailInfo::BadRequest, "the request was rejected")),
            RequestState::Revoked(_) => Err((FailInfo::BadRequest, "the certificate is revoked")),
            RequestState::Granted(serial) => match self.ledger.by_serial(serial) {
                Some(certificate) => Ok((PkiStatus::Success, Some(certificate.clone()))),
                None => Err((FailInfo::BadCertId, "the certificate is lost")),
            },
        }
    }

    /// The request this one repeats: same transaction, key and name, and what
    /// was granted has not expired.
    fn repeated(&self, asked: &Asked<'_>, now: i64) -> Option<&Request> {
        let known = self.ledger.of_transaction(asked.transaction)?;
        let same = known.renewal == asked.renewal
            && known.request.public_key() == asked.request.public_key()
            && known.request.subject() == asked.request.subject();
        let lives = match &known.state {
            RequestState::Granted(serial) => {
                let certificate = self.ledger.by_serial(serial);
                certificate.is_none_or(|one| now <= one.not_after())
            }
            _ => true,
        };
        (same && lives).then_some(known)
    }

    fn check(&self, asked: &Asked<'_>, now: i64) -> Result<(), Refused> {
        self.check_strength(&asked.request)?;
        match asked.renewal {
            true => self.check_renewal(asked, now),
            false => self.check_password(&asked.request),
        }
    }

    fn check_strength(&self, request: &Csr) -> Result<(), Refused> {
        let weak_key = match request.public_key().kind() {
            KeySpec::Rsa { bits } => bits < MIN_RSA_BITS,
            _ => false,
        };
        let weak_hash = request.signature_scheme() == SignatureScheme::RsaPkcs1(Hash::Md5);
        match () {
            () if self.options.allow_weak => Ok(()),
            () if weak_key => Err((FailInfo::BadAlg, "an RSA key of less than 1024 bits")),
            () if weak_hash => Err((FailInfo::BadAlg, "a request signed with MD5")),
            () => Ok(()),
        }
    }

    /// Digest and cipher of the message itself.
    pub(super) fn check_algorithms(&self, digest: Hash, cipher: Cipher) -> Result<(), Refused> {
        match () {
            () if self.options.allow_weak => Ok(()),
            () if digest == Hash::Md5 => Err((FailInfo::BadAlg, "MD5 is not allowed")),
            () if cipher == Cipher::DesCbc => Err((FailInfo::BadAlg, "DES is not allowed")),
            () => Ok(()),
        }
    }

    fn check_password(&self, request: &Csr) -> Result<(), Refused> {
        let Some(wanted) = &self.options.challenge_password else {
            return Ok(());
        };
        let given = request.challenge_password();
        match given.is_some_and(|given| ct_eq(given.expose(), wanted.expose())) {
            true => Ok(()),
            false => Err((FailInfo::BadRequest, "wrong challenge password")),
        }
    }

    /// RFC 8894 3.3.1.2: signed with a certificate of this CA that stands, for
    /// the same subject.
    fn check_renewal(&self, asked: &Asked<'_>, now: i64) -> Result<(), Refused> {
        let signer = asked.signer;
        let refuse = |text| Err((FailInfo::BadRequest, text));
        match () {
            () if !self.options.capabilities.renewal => refuse("no renewal here"),
            () if !self.ledger.stands(signer) => refuse("signed by no certificate that stands"),
            () if !(signer.not_before()..=signer.not_after()).contains(&now) => {
                refuse("the certificate to renew is not valid now")
            }
            () if signer.subject() != asked.request.subject() => {
                refuse("another subject than the certificate to renew")
            }
            () => Ok(()),
        }
    }

    /// Issues the certificate of a CA below this one (P-040), valid until `not_after` and no longer than
    /// this CA itself; it can be revoked as any other. Times are in seconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// This CA has expired, remembers as much as it can, or cannot sign.
    pub fn issue_below(
        &mut self,
        name: &Name,
        public: &PublicKey,
        now: i64,
        not_after: i64,
    ) -> Result<Certificate, CaServerError> {
        let not_after = not_after.min(self.certificate().not_after());
        if not_after <= now {
            return Err(CaServerError::Expired);
        }
        if !self.ledger.has_room(false) {
            return Err(CaServerError::Full);
        }
        let mut spec = CertRequestSpec::router(name.clone(), public, now - 60, not_after);
        spec.hash = self.options.hash;
        spec.ca = Some(None);
        spec.crl_urls = self.options.crl_url.iter().cloned().collect();
        spec.ocsp_urls = self.options.ocsp_url.iter().cloned().collect();
        let certificate = self.ca.issue(&spec)?;
        self.ledger.restore_issued(Issued {
            certificate: certificate.clone(),
            revoked: None,
        });
        self.changes += 1;
        Ok(certificate)
    }

    /// Issues a certificate: the subject and the other names of the request as
    /// they are, keyUsage as the CAs of the seed (W-005).
    pub(super) fn issue(&mut self, request: &Csr, now: i64) -> Result<Certificate, CaServerError> {
        let ca = self.ca.certificate();
        let not_after = now
            .saturating_add(self.options.validity)
            .min(ca.not_after());
        if not_after <= now {
            return Err(CaServerError::Expired);
        }
        let subject = request.subject().clone();
        let mut spec = CertRequestSpec::router(subject, request.public_key(), now, not_after);
        spec.hash = self.options.hash;
        spec.critical.clone_from(&self.options.critical);
        spec.alternative_names = request.alternative_names().to_vec();
        spec.crl_urls = self.options.crl_url.iter().cloned().collect();
        spec.ocsp_urls = self.options.ocsp_url.iter().cloned().collect();
        if !matches!(request.public_key().kind(), KeySpec::Rsa { .. }) {
            // RFC 8813: a key on a curve has no keyEncipherment.
            spec.usage = Some(Some(KeyUsage::DIGITAL_SIGNATURE));
        }
        Ok(self.ca.issue(&spec)?)
    }
}

fn unable(error: CaServerError) -> Refused {
    match error {
        CaServerError::Expired => (FailInfo::BadRequest, "the CA has expired"),
        _ => (FailInfo::BadRequest, "the CA cannot issue this"),
    }
}
