//! A small CA for laboratories and tests: what IOS needs and common tools do
//! not make (repeated O, multi-valued RDN, version 1, MD5 and SHA-1, small
//! keys). Keys are given by the caller; no entropy is drawn here, except what
//! randomised signature schemes draw inside `ike-crypto`.

use ike_crypto::{CryptoError, Hash, KeySpec, PrivateKey, PublicKey, SignatureScheme};

use crate::{
    algorithm,
    ca_crl::{List, RevocationReason, Revoked},
    ca_error::CaError,
    ca_extensions::{extensions, key_id},
    certificate::Certificate,
    crl::Crl,
    der::tag,
    extensions::KeyUsage,
    name::Name,
    time,
    writer::{self, sequence, tlv},
};

/// Version of an issued certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// No extensions.
    V1,
    /// keyUsage, authorityKeyIdentifier, subjectKeyIdentifier (W-005) and
    /// what the request adds.
    V3,
}

/// What to issue.
#[derive(Clone, Debug)]
pub struct CertRequestSpec<'a> {
    /// Subject; see [`Name::router_subject`].
    pub subject: Name,
    /// The subject's key.
    pub public: &'a PublicKey,
    /// First second of validity, since 1970-01-01T00:00:00Z.
    pub not_before: i64,
    /// Last second of validity.
    pub not_after: i64,
    /// Version.
    pub version: Version,
    /// Hash of the CA's signature; ignored for an Ed25519 CA.
    pub hash: Hash,
    /// extendedKeyUsage as dotted OIDs; empty = no extension.
    pub eku: Vec<String>,
    /// dNSName entries of subjectAltName.
    pub dns_names: Vec<String>,
    /// iPAddress entries of subjectAltName.
    pub addresses: Vec<std::net::IpAddr>,
    /// More names of subjectAltName: the content of a GeneralNames that a
    /// request asked for.
    pub alternative_names: Vec<u8>,
    /// Where the CA's revocation list is (CRLDistributionPoints).
    pub crl_urls: Vec<String>,
    /// Where its OCSP responder is (AuthorityInfoAccess).
    pub ocsp_urls: Vec<String>,
    /// A CA below this one, with its pathLenConstraint.
    pub ca: Option<Option<u8>>,
    /// keyUsage in place of the usual one; `Some(None)` = no extension.
    pub usage: Option<Option<KeyUsage>>,
    /// Critical extensions that no reader knows, as dotted OIDs.
    pub critical: Vec<String>,
    /// id-pkix-ocsp-nocheck, for the certificate of an OCSP responder.
    pub ocsp_no_check: bool,
}

impl<'a> CertRequestSpec<'a> {
    /// A version 3 router certificate with SHA-1, as the CAs of the seed
    /// issued it (W-005).
    pub fn router(subject: Name, public: &'a PublicKey, not_before: i64, not_after: i64) -> Self {
        Self {
            subject,
            public,
            not_before,
            not_after,
            version: Version::V3,
            hash: Hash::Sha1,
            eku: Vec::new(),
            dns_names: Vec::new(),
            addresses: Vec::new(),
            alternative_names: Vec::new(),
            crl_urls: Vec::new(),
            ocsp_urls: Vec::new(),
            ca: None,
            usage: None,
            critical: Vec::new(),
            ocsp_no_check: false,
        }
    }
}

/// A laboratory CA. Serial numbers count up from that of its own certificate.
#[derive(Debug)]
pub struct LabCa {
    pub(crate) key: PrivateKey,
    pub(crate) certificate: Certificate,
    last_serial: u64,
    last_crl: u64,
    pub(crate) revoked: Vec<Revoked>,
}

impl LabCa {
    /// A CA with a self-signed version 3 certificate, signed with SHA-256
    /// (IOS: SHA-1; see [`LabCa::with_hash`]).
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn new(
        name: &Name,
        key: PrivateKey,
        serial: u64,
        not_before: i64,
        not_after: i64,
    ) -> Result<Self, CaError> {
        Self::with_hash(name, key, Hash::Sha256, serial, not_before, not_after)
    }

    /// As [`LabCa::new`], with another hash.
    ///
    /// # Errors
    /// The key cannot sign with it.
    pub fn with_hash(
        name: &Name,
        key: PrivateKey,
        hash: Hash,
        serial: u64,
        not_before: i64,
        not_after: i64,
    ) -> Result<Self, CaError> {
        let public = key.public();
        let mut spec = CertRequestSpec::router(name.clone(), &public, not_before, not_after);
        spec.hash = hash;
        spec.ca = Some(None);
        let certificate = build(&spec, name, &key, serial, None)?;
        Ok(Self {
            key,
            certificate,
            last_serial: serial,
            last_crl: 0,
            revoked: Vec::new(),
        })
    }

    /// A certificate that its own key signs (`enrollment selfsigned`), of
    /// serial number 1.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn self_signed(
        spec: &CertRequestSpec<'_>,
        key: &PrivateKey,
    ) -> Result<Certificate, CaError> {
        build(spec, &spec.subject, key, 1, None)
    }

    /// A CA with a certificate that exists: a restored one, or a sub-CA that
    /// another [`LabCa`] issued.
    pub fn with_certificate(certificate: Certificate, key: PrivateKey, last_serial: u64) -> Self {
        Self {
            key,
            certificate,
            last_serial,
            last_crl: 0,
            revoked: Vec::new(),
        }
    }

    /// The CA's own certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The CA's own key: it signs and decrypts what the CA says over SCEP.
    pub(crate) fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// Issues a certificate with the next serial number.
    ///
    /// # Errors
    /// The key cannot sign with the hash, or the request is malformed.
    pub fn issue(&mut self, spec: &CertRequestSpec<'_>) -> Result<Certificate, CaError> {
        let serial = self.last_serial + 1;
        let key_id = key_id(self.certificate.spki_der());
        let name = self.certificate.subject();
        let issued = build(spec, name, &self.key, serial, Some(&key_id))?;
        self.last_serial = serial;
        Ok(issued)
    }

    /// Issues the certificate of a CA below this one, of any path length; with it and its key it is a
    /// [`LabCa::with_certificate`].
    ///
    /// # Errors
    /// As [`LabCa::issue`].
    pub fn issue_ca(
        &mut self,
        name: &Name,
        public: &PublicKey,
        hash: Hash,
        not_before: i64,
        not_after: i64,
    ) -> Result<Certificate, CaError> {
        let mut spec = CertRequestSpec::router(name.clone(), public, not_before, not_after);
        spec.hash = hash;
        spec.ca = Some(None);
        self.issue(&spec)
    }

    /// Puts a certificate on the next list.
    pub fn revoke(&mut self, certificate: &Certificate, at: i64) {
        self.revoke_serial(certificate.serial(), at, None);
    }

    /// Puts a serial number (content octets) on the next list, with the reason.
    pub fn revoke_serial(&mut self, serial: &[u8], at: i64, reason: Option<RevocationReason>) {
        self.revoked.push(Revoked {
            serial: serial.to_vec(),
            at,
            reason,
        });
    }

    /// The last serial number and the last number of a list that were given
    /// out: what a restored CA must not use again.
    pub(crate) fn counters(&self) -> (u64, u64) {
        (self.last_serial, self.last_crl)
    }

    /// Continues behind the last number of a list.
    pub(crate) fn resume_lists(&mut self, last_crl: u64) {
        self.last_crl = last_crl;
    }

    /// A revocation list with everything revoked so far.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn crl(&mut self, this_update: i64, next_update: i64) -> Result<Crl, CaError> {
        self.crl_with(Hash::Sha256, this_update, next_update)
    }

    /// As [`LabCa::crl`], with another hash.
    ///
    /// # Errors
    /// The key cannot sign with it.
    pub fn crl_with(
        &mut self,
        hash: Hash,
        this_update: i64,
        next_update: i64,
    ) -> Result<Crl, CaError> {
        self.last_crl += 1;
        let list = List {
            revoked: &self.revoked,
            number: self.last_crl,
            hash,
            this_update,
            next_update,
        };
        list.sign(&self.certificate, &self.key)
    }
}

/// A certificate of `issuer`, signed with its key; `authority_key` is that key's
/// identifier, `None` for what signs itself.
pub(crate) fn build(
    spec: &CertRequestSpec<'_>,
    issuer: &Name,
    key: &PrivateKey,
    serial: u64,
    authority_key: Option<&[u8]>,
) -> Result<Certificate, CaError> {
    let scheme = scheme(key, spec.hash);
    let algorithm = algorithm_identifier(scheme)?;
    let (version, extensions) = match spec.version {
        Version::V1 => (Vec::new(), Vec::new()),
        Version::V3 => (
            tlv(tag::constructed(0), &[&writer::unsigned(&[2])]),
            tlv(
                tag::constructed(3),
                &[&sequence(&[&extensions(spec, authority_key)?])],
            ),
        ),
    };
    let tbs = sequence(&[
        &version,
        &writer::unsigned(&serial.to_be_bytes()),
        &algorithm,
        issuer.der(),
        &sequence(&[
            &time::encode(spec.not_before),
            &time::encode(spec.not_after),
        ]),
        spec.subject.der(),
        spec.public.spki_der(),
        &extensions,
    ]);
    Ok(Certificate::from_der(signed(
        &tbs, &algorithm, key, scheme,
    )?)?)
}

/// How a key signs with a hash.
pub(crate) fn scheme(key: &PrivateKey, hash: Hash) -> SignatureScheme {
    match key.public().kind() {
        KeySpec::Rsa { .. } => SignatureScheme::RsaPkcs1(hash),
        KeySpec::EcP256 | KeySpec::EcP384 | KeySpec::EcP521 => SignatureScheme::Ecdsa(hash),
        KeySpec::Ed25519 => SignatureScheme::Ed25519,
    }
}

pub(crate) fn algorithm_identifier(scheme: SignatureScheme) -> Result<Vec<u8>, CaError> {
    algorithm::identifier(scheme).ok_or(CaError::Crypto(CryptoError::SchemeMismatch))
}

pub(crate) fn signed(
    tbs: &[u8],
    algorithm: &[u8],
    key: &PrivateKey,
    scheme: SignatureScheme,
) -> Result<Vec<u8>, CaError> {
    let signature = key.sign(scheme, tbs)?;
    Ok(sequence(&[tbs, algorithm, &writer::bit_string(&signature)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crl::CrlError;

    fn seed_ca() -> LabCa {
        let name = Name::from_subject_name("cn=CA1,o=cisco,o=com").unwrap();
        let key = PrivateKey::generate(KeySpec::Rsa { bits: 1024 }).unwrap();
        LabCa::with_hash(&name, key, Hash::Sha1, 1, 1_371_000_000, 1_500_000_000).unwrap()
    }

    fn r1() -> Name {
        let ip = std::net::Ipv4Addr::new(192, 168, 0, 1);
        let text = "CN=R1,OU=IT,O=cisco,O=com";
        Name::router_subject(text, Some("100"), Some(ip), Some("R1.cisco.com")).unwrap()
    }

    /// W-005: R1's certificate of the seed has exactly 556 octets.
    #[test]
    fn the_router_certificate_of_the_seed_has_556_octets() {
        let mut ca = seed_ca();
        let key = PrivateKey::generate(KeySpec::Rsa { bits: 512 })
            .unwrap()
            .public();
        let spec = CertRequestSpec::router(r1(), &key, 1_371_475_429, 1_403_011_429);
        let issued = ca.issue(&spec).unwrap();
        assert_eq!(issued.der().len(), 556);
        assert_eq!(issued.serial_hex(), "02");
        assert_eq!(ca.issue(&spec).unwrap().serial_hex(), "03");
        assert_eq!(issued.issuer(), ca.certificate().subject());
        assert_eq!(issued.subject(), &r1());
        assert_eq!(
            issued.addresses(),
            [std::net::IpAddr::from([192, 168, 0, 1])]
        );
        assert_eq!(issued.host_names(), ["R1.cisco.com"]);
    }

    #[test]
    fn what_the_ca_writes_is_what_the_reader_reads() {
        let mut ca = seed_ca();
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap().public();
        let mut spec = CertRequestSpec::router(r1(), &key, 0, 4_102_444_800);
        spec.hash = Hash::Md5;
        spec.eku = vec!["1.3.6.1.5.5.7.3.17".into()];
        spec.dns_names = vec!["r1.example".into()];
        spec.addresses = vec!["2001:db8::1".parse().unwrap()];
        spec.ca = Some(Some(0));
        spec.critical = vec!["1.3.6.1.4.1.36906.1".into()];
        let issued = ca.issue(&spec).unwrap();
        assert_eq!(
            issued.signature_scheme(),
            Some(SignatureScheme::RsaPkcs1(Hash::Md5))
        );
        assert_eq!(
            (issued.is_ca(), issued.path_len(), issued.version()),
            (true, Some(0), 3)
        );
        assert_eq!(issued.eku().unwrap(), ["1.3.6.1.5.5.7.3.17"]);
        assert_eq!(issued.dns_names(), ["r1.example"]);
        assert_eq!(
            issued.ip_addresses(),
            ["2001:db8::1".parse::<std::net::IpAddr>().unwrap()]
        );
        assert_eq!(
            (issued.not_before(), issued.not_after()),
            (0, 4_102_444_800)
        );
        assert_eq!(issued.authority_key_id(), ca.certificate().subject_key_id());
        assert_eq!(issued.unknown_critical_extensions(), spec.critical);
        assert!(issued.key_usage().is_some());
        spec.usage = Some(None);
        assert_eq!(ca.issue(&spec).unwrap().key_usage(), None);
        spec.version = Version::V1;
        spec.eku.clear();
        assert_eq!(ca.issue(&spec).unwrap().version(), 1);
    }

    #[test]
    fn revoked_serials_are_on_the_signed_list() {
        let mut ca = seed_ca();
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap().public();
        let spec = CertRequestSpec::router(r1(), &key, 0, 1);
        let (good, bad) = (ca.issue(&spec).unwrap(), ca.issue(&spec).unwrap());
        assert!(ca.crl(10, 20).unwrap().is_empty());
        ca.revoke(&bad, 15);
        let crl = ca.crl(20, 30).unwrap();
        assert!(crl.is_revoked(bad.serial()) && !crl.is_revoked(good.serial()));
        assert_eq!(crl.verify(&ca.certificate().public_key().unwrap()), Ok(()));
        assert_eq!(crl.verify(&key), Err(CrlError::BadSignature));
        assert!(crl.is_current(20) && crl.is_current(30) && !crl.is_current(31));
    }
}
