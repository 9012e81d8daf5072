//! What a file brings for a trustpoint, and whether it belongs there: `crypto
//! pki import`. All checks come before the store is touched.

use std::{fmt, sync::Arc};

use ike_crypto::PrivateKey;

use crate::{
    certificate::Certificate,
    key_pem::{any_private_key_from_pem, certificates_from_pem},
    pem::PemError,
    pkcs12::Pkcs12,
    store::Store,
};

/// A key and certificates from a file, in no particular order.
#[derive(Clone, Debug, Default)]
pub struct Import {
    /// The private key, if there is one.
    pub key: Option<Arc<PrivateKey>>,
    /// Every certificate.
    pub certificates: Vec<Certificate>,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The CA certificate is new to the trustpoint.
    pub authenticated: bool,
    /// The router's own certificate was installed.
    pub enrolled: bool,
    /// Subjects of certificates that have no place in the trustpoint.
    pub passed_over: Vec<String>,
}

/// Why nothing was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportError {
    /// There is neither a certificate nor a key.
    Nothing,
    /// The certificate of that subject does not belong to the key.
    OtherKey(String),
    /// No certificate belongs to a key that is there; their subjects.
    NoKey(Vec<String>),
    /// The trustpoint's CA did not issue the certificate: subject and issuer.
    OtherCa {
        /// Subject of the certificate.
        subject: String,
        /// Its issuer.
        issuer: String,
    },
    /// There is no CA certificate, neither in the file nor in the store: the issuer.
    NoCa(String),
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("no certificate and no private key in it"),
            Self::OtherKey(subject) => write!(
                f,
                "the certificate of {subject} does not belong to the private key; \
                 import the key it was requested with"
            ),
            Self::NoKey(subjects) => write!(
                f,
                "no private key for {}; import it together with its key, \
                 or make the request with a key of this store",
                subjects.join(" | ")
            ),
            Self::OtherCa { subject, issuer } => write!(
                f,
                "the certificate of {subject} is not signed by the trustpoint's CA but by {issuer}; \
                 give the CA's certificate in the same file, or another trustpoint"
            ),
            Self::NoCa(issuer) => write!(
                f,
                "the trustpoint has no CA certificate; import that of {issuer} first, \
                 or in the same file"
            ),
        }
    }
}

impl std::error::Error for ImportError {}

impl From<Pkcs12> for Import {
    fn from(file: Pkcs12) -> Self {
        let mut certificates = vec![file.certificate];
        certificates.extend(file.authorities);
        Self {
            key: Some(file.key),
            certificates,
        }
    }
}

impl Import {
    /// Every certificate and the first private key of a PEM text.
    ///
    /// # Errors
    /// A section cannot be read, or the passphrase is missing or wrong.
    pub fn from_pem(text: &str, passphrase: Option<&str>) -> Result<Self, PemError> {
        Ok(Self {
            key: any_private_key_from_pem(text, passphrase)?.map(Arc::new),
            certificates: certificates_from_pem(text)?,
        })
    }

    /// The certificate of the key `public` (DER), and the rest.
    fn own(&self, public: &[u8]) -> Option<&Certificate> {
        let mut all = self.certificates.iter();
        all.find(|certificate| certificate.spki_der() == public)
    }
}

impl Store {
    /// Installs what an import brings: the CA's certificate first, then the
    /// router's own (P-002, P-004). `known` is the SubjectPublicKeyInfo of the
    /// key under `label`, for a certificate that comes without key. A CA that
    /// the trustpoint has already keeps its place.
    ///
    /// # Errors
    /// Something does not belong together; the store is as before.
    pub fn import(
        &mut self,
        trustpoint: &str,
        import: &Import,
        label: &str,
        known: Option<&[u8]>,
        at: i64,
    ) -> Result<Imported, ImportError> {
        let public = import.key.as_ref().map(|key| key.public());
        let public = public.as_ref().map(|p| p.spki_der()).or(known);
        let own = public.and_then(|public| import.own(public));
        let Some(own) = own else {
            return self.import_ca(trustpoint, import, at);
        };
        let ca = self.issuer_for(trustpoint, import, own)?;
        let new = ca.filter(|ca| self.ca(trustpoint).is_none_or(|r| *r.certificate != *ca));
        let used = |c: &&Certificate| *c != own && Some(*c) != new.as_ref();
        let unused = import.certificates.iter().filter(used);
        let passed_over = unused.map(|c| c.subject().to_string()).collect();
        let authenticated = new.is_some();
        if let Some(ca) = new {
            self.authenticate(trustpoint, ca, at);
        }
        self.enroll(trustpoint, own.clone(), label, at);
        Ok(Imported {
            authenticated,
            enrolled: true,
            passed_over,
        })
    }

    /// The CA of an own certificate: in the file, or the trustpoint's; `None`
    /// for one that is signed by itself.
    fn issuer_for(
        &self,
        trustpoint: &str,
        import: &Import,
        own: &Certificate,
    ) -> Result<Option<Certificate>, ImportError> {
        let here = self
            .ca(trustpoint)
            .map(|record| (*record.certificate).clone());
        let candidates = here
            .clone()
            .into_iter()
            .chain(import.certificates.iter().cloned());
        let mut issuers = candidates.filter(|c| is_issued_by(own, c) && c != own);
        match (issuers.next(), here) {
            (Some(ca), _) => Ok(Some(ca)),
            (None, None) if is_issued_by(own, own) => Ok(None),
            (None, None) => Err(ImportError::NoCa(own.issuer().to_string())),
            (None, Some(_)) => Err(ImportError::OtherCa {
                subject: own.subject().to_string(),
                issuer: own.issuer().to_string(),
            }),
        }
    }

    /// Without an own certificate only that of a CA can be meant.
    fn import_ca(
        &mut self,
        trustpoint: &str,
        import: &Import,
        at: i64,
    ) -> Result<Imported, ImportError> {
        let subjects = || import.certificates.iter().map(|c| c.subject().to_string());
        match (&import.key, import.certificates.as_slice()) {
            (None, []) => Err(ImportError::Nothing),
            (Some(_), [first, ..]) => Err(ImportError::OtherKey(first.subject().to_string())),
            (Some(_), []) => Ok(Imported::default()),
            (None, [ca]) if ca.is_ca() || is_issued_by(ca, ca) => {
                self.authenticate(trustpoint, ca.clone(), at);
                Ok(Imported {
                    authenticated: true,
                    ..Imported::default()
                })
            }
            (None, _) => Err(ImportError::NoKey(subjects().collect())),
        }
    }
}

/// Whether the signature is by the key of `ca`, whose name is the issuer's.
pub fn is_issued_by(certificate: &Certificate, ca: &Certificate) -> bool {
    let (Ok(key), Some(scheme)) = (ca.public_key(), certificate.signature_scheme()) else {
        return false;
    };
    certificate.issuer().matches(ca.subject())
        && key
            .verify(scheme, certificate.tbs(), certificate.signature())
            .is_ok()
}
