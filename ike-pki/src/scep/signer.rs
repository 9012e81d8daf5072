//! Who signs a request and can read its reply: the router by a temporary
//! certificate, or by the certificate that it renews (P-022).

use ike_crypto::{Hash, KeySpec, PrivateKey};

use crate::{
    ca::{CertRequestSpec, build},
    certificate::Certificate,
    name::Name,
    oid,
    scep::{Fault, ScepError, Step},
    writer::{self, sequence, set_of, tlv},
};

/// Validity of a temporary certificate, seconds: ten years (P-022).
const TEN_YEARS: i64 = 10 * 365 * 86_400;

/// The certificate and the RSA key that sign requests and decrypt replies. A
/// key on a curve cannot decrypt: a router with such a key signs with the
/// temporary certificate of an RSA key that lives as long as the transaction,
/// and the request inside has the other key (its own signature proves that).
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// The certificate that is sent along.
    pub certificate: &'a Certificate,
    /// Its key.
    pub key: &'a PrivateKey,
}

impl Signer<'_> {
    /// Whether it can sign and decrypt at `at`.
    pub(crate) fn check(&self, step: Step, at: i64) -> Result<(), ScepError> {
        let validity = self.certificate.not_before()..=self.certificate.not_after();
        let problem = match self.key.public().kind() {
            KeySpec::Rsa { .. } if validity.contains(&at) => return Ok(()),
            KeySpec::Rsa { .. } => "the certificate that signs the request is not valid now",
            _ => "only an RSA key can decrypt the reply; sign with a temporary RSA key",
        };
        Err(Fault::Signer(problem).at(step))
    }
}

/// The certificate that IOS makes for an enrolment: signed by itself, subject
/// and issuer `unstructuredName=FQDN` as UTF8String, ten years from `at`
/// (P-022).
///
/// # Errors
/// The key cannot sign.
pub fn temporary_certificate(
    fqdn: &str,
    key: &PrivateKey,
    at: i64,
) -> Result<Certificate, ScepError> {
    let value = tlv(crate::der::tag::UTF8_STRING, &[fqdn.as_bytes()]);
    let attribute = sequence(&[&writer::oid(oid::UNSTRUCTURED_NAME), &value]);
    let name = Name::written(sequence(&[&set_of(vec![attribute])]));
    let public = key.public();
    let mut spec = CertRequestSpec::router(name.clone(), &public, at, at.saturating_add(TEN_YEARS));
    spec.hash = Hash::Sha256;
    build(&spec, &name, key, 1, None)
        .map_err(|error| Fault::Ca(error).at(Step::TemporaryCertificate))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{NOW, rsa};

    /// P-022.
    #[test]
    fn the_temporary_certificate_names_the_router_twice() {
        let key = rsa(512);
        let made = temporary_certificate("R1.cisco.com", &key, NOW).unwrap();
        assert_eq!(made.subject().to_string(), "hostname=R1.cisco.com");
        assert_eq!(made.subject().der().get(17..19), Some(&[0x0c, 12][..]));
        assert!(made.is_self_issued());
        assert_eq!(made.verify(&key.public()), Ok(()));
        assert_eq!(made.not_after() - made.not_before(), TEN_YEARS);
    }

    #[test]
    fn a_signer_is_valid_and_can_decrypt() {
        let key = rsa(512);
        let made = temporary_certificate("R1", &key, NOW).unwrap();
        let signer = Signer {
            certificate: &made,
            key: &key,
        };
        assert!(signer.check(Step::PkcsReq, NOW).is_ok());
        let error = signer.check(Step::PkcsReq, NOW - 1).unwrap_err();
        assert!(
            error.to_string().contains("PKCSReq: the certificate"),
            "{error}"
        );
        let curve = PrivateKey::generate(KeySpec::EcP256).unwrap();
        let signer = Signer {
            certificate: &made,
            key: &curve,
        };
        let error = signer.check(Step::PkcsReq, NOW).unwrap_err();
        assert!(error.to_string().contains("temporary RSA key"), "{error}");
    }
}
