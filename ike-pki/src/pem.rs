//! PEM (RFC 7468) for `crypto pki import` and `crypto pki export`: armour is
//! read by `rustls-pki-types`; errors name the line and the label.

use std::fmt;

use data_encoding::BASE64;
use ike_crypto::{CryptoError, PrivateKey};
use rustls_pki_types::{
    CertificateDer, PrivatePkcs8KeyDer,
    pem::{Error, PemObject},
};

use crate::{
    certificate::Certificate, certificate_error::CertificateError, cms::CmsError,
    pkcs12::Pkcs12Error,
};

/// Longest text that is read, octets.
pub(crate) const MAX_PEM: usize = 1 << 20;

const CERTIFICATE: &str = "CERTIFICATE";
const PRIVATE_KEY: &str = "PRIVATE KEY";

/// Why a text is not the PEM that was wanted. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PemError {
    /// Longer than 1 MB.
    TooLarge(usize),
    /// No section with the wanted label; the sections that are there instead.
    Missing {
        /// The wanted label.
        label: &'static str,
        /// Line and label of every section found.
        found: Vec<(usize, String)>,
    },
    /// A BEGIN or END line that is not written as it should be.
    Armour {
        /// Its line.
        line: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// Something that is not base64 in a section.
    Base64 {
        /// The line of it, or of the section when none can be blamed.
        line: usize,
        /// The section's label.
        label: String,
    },
    /// The section is no certificate.
    Certificate {
        /// Line of its BEGIN.
        line: usize,
        /// Why not.
        error: CertificateError,
    },
    /// The section is no PKCS#8 key that can be used.
    Key {
        /// Line of its BEGIN.
        line: usize,
        /// Why not.
        error: CryptoError,
    },
    /// The section is a key of another form that cannot be read.
    KeyForm {
        /// Line of its BEGIN.
        line: usize,
        /// Why not.
        error: Pkcs12Error,
    },
    /// The section is no container of certificates.
    Container {
        /// Line of its BEGIN.
        line: usize,
        /// Why not.
        error: CmsError,
    },
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(len) => write!(f, "PEM of {len} octets, at most {MAX_PEM} are read"),
            Self::Missing { label, found } if found.is_empty() => {
                write!(f, "PEM: no line -----BEGIN {label}-----")
            }
            Self::Missing { label, found } => {
                let found: Vec<_> = found
                    .iter()
                    .map(|(line, label)| format!("{label} in line {line}"))
                    .collect();
                write!(f, "PEM: no {label}, only {}", found.join(", "))
            }
            Self::Armour { line, expected } => write!(f, "PEM, line {line}: expected {expected}"),
            Self::Base64 { line, label } => {
                write!(f, "PEM, line {line}: no base64 in the section {label}")
            }
            Self::Certificate { line, error } => write!(f, "PEM, line {line}: {error}"),
            Self::Key { line, error } => write!(f, "PEM, line {line}: {error}"),
            Self::KeyForm { line, error } => write!(f, "PEM, line {line}: {error}"),
            Self::Container { line, error } => write!(f, "PEM, line {line}: {error}"),
        }
    }
}

impl std::error::Error for PemError {}

impl Certificate {
    /// Reads the first CERTIFICATE section of a PEM text; what stands outside
    /// of it, other sections too, is passed over.
    ///
    /// # Errors
    /// The line and label of what is wrong.
    pub fn from_pem(text: &str) -> Result<Self, PemError> {
        let der: CertificateDer<'static> = section(text, CERTIFICATE)?;
        Self::from_der(der.as_ref().to_vec()).map_err(|error| PemError::Certificate {
            line: begin(text, CERTIFICATE),
            error,
        })
    }

    /// The certificate as PEM: lines of 64 characters, each with its newline.
    pub fn to_pem(&self) -> String {
        let base64 = BASE64.encode(self.der());
        let mut out = format!("-----BEGIN {CERTIFICATE}-----\n");
        for line in base64.as_bytes().chunks(64) {
            out.extend(line.iter().map(|octet| char::from(*octet)));
            out.push('\n');
        }
        out + "-----END " + CERTIFICATE + "-----\n"
    }
}

/// Reads the first unencrypted PKCS#8 key, section PRIVATE KEY (RFC 7468
/// section 10), of a PEM text.
///
/// # Errors
/// The line and label of what is wrong; never a part of the text.
pub fn private_key_from_pem(text: &str) -> Result<PrivateKey, PemError> {
    let mut der: PrivatePkcs8KeyDer<'static> = section(text, PRIVATE_KEY)?;
    let key = PrivateKey::from_pkcs8_der(der.secret_pkcs8_der());
    zeroize::Zeroize::zeroize(&mut der);
    key.map_err(|error| PemError::Key {
        line: begin(text, PRIVATE_KEY),
        error,
    })
}

fn section<T: PemObject>(text: &str, label: &'static str) -> Result<T, PemError> {
    if text.len() > MAX_PEM {
        return Err(PemError::TooLarge(text.len()));
    }
    T::from_pem_slice(text.as_bytes()).map_err(|error| explain(text, label, &error))
}

/// The library's error with the line it is about.
fn explain(text: &str, label: &'static str, error: &Error) -> PemError {
    let found = sections(text);
    let of_line = |wanted: &[u8]| {
        let mut lines = text.lines();
        lines
            .position(|line| line.as_bytes() == wanted)
            .unwrap_or(0)
            + 1
    };
    match error {
        Error::NoItemsFound => PemError::Missing { label, found },
        Error::IllegalSectionStart { line } => PemError::Armour {
            line: of_line(line),
            expected: "-----BEGIN label-----",
        },
        Error::MissingSectionEnd { .. } => PemError::Armour {
            line: text.lines().count(),
            expected: "the -----END line of the section",
        },
        _ => blame(text, found, label),
    }
}

/// The first line inside a section that has a character foreign to base64.
fn blame(text: &str, found: Vec<(usize, String)>, label: &str) -> PemError {
    let foreign = |c: char| !(c.is_ascii_alphanumeric() || "+/= \t\r".contains(c));
    let mut inside = None;
    for (index, line) in text.lines().enumerate() {
        let armour = line.starts_with("-----");
        match &inside {
            Some(label) if !armour && line.contains(foreign) => {
                return PemError::Base64 {
                    line: index + 1,
                    label: String::clone(label),
                };
            }
            _ if line.starts_with("-----BEGIN ") => inside = Some(label_of(line)),
            _ if armour => inside = None,
            _ => {}
        }
    }
    let whole = found.into_iter().find(|(_, found)| found == label);
    let (line, label) = whole.unwrap_or((1, label.to_owned()));
    PemError::Base64 { line, label }
}

/// Line and label of every section.
fn sections(text: &str) -> Vec<(usize, String)> {
    let numbered = text.lines().enumerate();
    let begins = numbered.filter(|(_, line)| line.starts_with("-----BEGIN "));
    begins
        .map(|(index, line)| (index + 1, label_of(line)))
        .collect()
}

pub(crate) fn begin(text: &str, label: &str) -> usize {
    let mut all = sections(text).into_iter();
    all.find(|(_, found)| found == label)
        .map_or(1, |(line, _)| line)
}

/// Control characters are not repeated in messages.
fn label_of(line: &str) -> String {
    let label = line.trim_start_matches("-----BEGIN ").trim_end();
    let label = label.trim_end_matches('-').chars().take(64);
    label.filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ca::LabCa, name::Name};
    use ike_crypto::KeySpec;

    fn sample() -> Certificate {
        let name = Name::from_subject_name("cn=CA1,o=cisco,o=com").unwrap();
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
        let ca = LabCa::new(&name, key, 1, 0, 86_400).unwrap();
        ca.certificate().clone()
    }

    fn text_of(certificate: &Certificate) -> String {
        Certificate::from_pem(&certificate.to_pem())
            .unwrap()
            .to_pem()
    }

    #[test]
    fn a_certificate_survives_pem() {
        let certificate = sample();
        let pem = certificate.to_pem();
        assert_eq!(text_of(&certificate), pem);
        assert!(pem.lines().all(|line| line.len() <= 64 && !line.is_empty()));
        let noisy = format!("subject=CA1\r\n{}\r\ntrailer", pem.replace('\n', "\r\n"));
        assert_eq!(Certificate::from_pem(&noisy).unwrap(), certificate);
    }

    #[test]
    fn a_pkcs8_key_is_read_and_signs_with_the_same_public_key() {
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
        let base64 = BASE64.encode(key.to_pkcs8_der().unwrap().expose());
        let pem = format!("\n-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n");
        let read = private_key_from_pem(&pem).unwrap();
        assert_eq!(read.public().spki_der(), key.public().spki_der());
        let error = private_key_from_pem(&pem.replace(&base64, "AAAA")).unwrap_err();
        assert!(matches!(error, PemError::Key { line: 2, .. }), "{error}");
    }

    /// What is wrong is named by line and label, and no octet of a key is
    /// repeated.
    #[test]
    fn errors_name_line_and_label() {
        let pem = sample().to_pem();
        let error = |text: &str| Certificate::from_pem(text).unwrap_err().to_string();
        assert_eq!(error(""), "PEM: no line -----BEGIN CERTIFICATE-----");
        let other = "x\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(
            error(other),
            "PEM: no CERTIFICATE, only PRIVATE KEY in line 2"
        );
        let mut lines: Vec<&str> = pem.lines().collect();
        lines[2] = "Z*Z";
        assert_eq!(
            error(&lines.join("\n")),
            "PEM, line 3: no base64 in the section CERTIFICATE"
        );
        let open = pem.replace("-----END CERTIFICATE-----\n", "");
        assert!(error(&open).ends_with("expected the -----END line of the section"));
        let start = pem.replace("BEGIN CERTIFICATE-----", "BEGIN CERTIFICATE--");
        assert_eq!(error(&start), "PEM, line 1: expected -----BEGIN label-----");
        let empty = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        assert!(error(empty).starts_with("PEM, line 1: certificate: DER at offset"));
        assert!(error(&"x".repeat(MAX_PEM + 1)).contains("at most"));
        let secret = other.replace("AAAA", "secret*");
        let text = private_key_from_pem(&secret).unwrap_err().to_string();
        assert_eq!(text, "PEM, line 3: no base64 in the section PRIVATE KEY");
    }

    #[test]
    fn every_truncation_is_refused() {
        let pem = sample().to_pem();
        let end = pem.trim_end().len();
        for cut in 0..end {
            assert!(Certificate::from_pem(&pem[..cut]).is_err(), "{cut}");
        }
    }
}
