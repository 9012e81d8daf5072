//! PEM of private keys and of several certificates: what `crypto pki import TP
//! pem` takes and other programs write.

use data_encoding::{BASE64, BASE64_MIME_PERMISSIVE};
use ike_crypto::PrivateKey;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use zeroize::Zeroizing;

use crate::{
    certificate::Certificate,
    cms::certificates_of_pkcs7,
    pem::{MAX_PEM, PemError, begin, private_key_from_pem},
    pem_cipher,
    pkcs12::Pkcs12Error,
    private_key::private_key_from_der,
};

/// Certificates that are read from one text.
const MAX_CERTIFICATES: usize = 32;
/// Sections that hold a key in another form than `PRIVATE KEY`.
const OTHER_KEYS: [&str; 3] = ["ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];

/// Every CERTIFICATE section of a text, at most 32, in its order, then those of
/// PKCS7 sections; none is no error.
///
/// # Errors
/// The text is too long, or one of them cannot be read.
pub fn certificates_from_pem(text: &str) -> Result<Vec<Certificate>, PemError> {
    if text.len() > MAX_PEM {
        return Err(PemError::TooLarge(text.len()));
    }
    let sections = CertificateDer::pem_slice_iter(text.as_bytes());
    let mut out = Vec::new();
    for section in sections.take(MAX_CERTIFICATES) {
        // The reader of a single certificate says which line is wrong.
        let Ok(der) = section else {
            return Certificate::from_pem(text).map(|only| vec![only]);
        };
        let read = Certificate::from_der(der.as_ref().to_vec());
        out.push(read.map_err(|error| PemError::Certificate {
            line: begin(text, "CERTIFICATE"),
            error,
        })?);
    }
    out.extend(certificates_of_containers(text)?);
    out.truncate(MAX_CERTIFICATES);
    Ok(out)
}

/// RFC 7468 8: PKCS7, or CMS as newer programs say.
fn certificates_of_containers(text: &str) -> Result<Vec<Certificate>, PemError> {
    let mut out = Vec::new();
    for label in ["PKCS7", "CMS"] {
        let Some(body) = body(text, label) else {
            continue;
        };
        let line = begin(text, label);
        let decoded = BASE64_MIME_PERMISSIVE.decode(body.trim().as_bytes());
        let der = decoded.map_err(|_| PemError::Base64 {
            line,
            label: label.to_owned(),
        })?;
        let read = certificates_of_pkcs7(&der.into());
        out.extend(read.map_err(|error| PemError::Container { line, error })?);
    }
    Ok(out)
}

/// The first private key of a text in any customary form, `None` when there is
/// none. The passphrase is looked at for an encrypted one.
///
/// # Errors
/// The section cannot be read; never a part of the text.
pub fn any_private_key_from_pem(
    text: &str,
    passphrase: Option<&str>,
) -> Result<Option<PrivateKey>, PemError> {
    if text.len() > MAX_PEM {
        return Err(PemError::TooLarge(text.len()));
    }
    if text.contains("-----BEGIN PRIVATE KEY-----") {
        return private_key_from_pem(text).map(Some);
    }
    let label = OTHER_KEYS
        .into_iter()
        .find(|label| text.contains(&format!("-----BEGIN {label}-----")));
    let Some(label) = label else {
        return Ok(None);
    };
    let line = begin(text, label);
    let error = |error| PemError::KeyForm { line, error };
    let body = body(text, label).ok_or(PemError::Armour {
        line,
        expected: "the -----END line of the section",
    })?;
    let (header, base64) = pem_cipher::parts(body).map_or((None, body), |(h, b)| (Some(h), b));
    let decoded = BASE64_MIME_PERMISSIVE.decode(base64.trim().as_bytes());
    let mut der = Zeroizing::new(decoded.map_err(|_| PemError::Base64 {
        line,
        label: label.to_owned(),
    })?);
    if let Some(header) = header {
        let passphrase = passphrase.ok_or_else(|| error(Pkcs12Error::Passphrase))?;
        der = pem_cipher::decrypt(header, &der, passphrase).map_err(error)?;
        // One time in 256 a wrong passphrase leaves a valid padding.
        let read = private_key_from_der(&der, None);
        return read.map(Some).map_err(|_| error(Pkcs12Error::Passphrase));
    }
    private_key_from_der(&der, passphrase)
        .map(Some)
        .map_err(error)
}

/// An EncryptedPrivateKeyInfo as PEM.
pub fn encrypted_key_to_pem(der: &[u8]) -> String {
    let label = "ENCRYPTED PRIVATE KEY";
    let base64 = BASE64.encode(der);
    let lines = base64.as_bytes().chunks(64);
    let lines = lines.map(|line| String::from_utf8_lossy(line).into_owned() + "\n");
    format!(
        "-----BEGIN {label}-----\n{}-----END {label}-----\n",
        lines.collect::<String>()
    )
}

fn body<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    Some(body)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use ike_crypto::KeySpec;

    #[test]
    fn an_encrypted_key_goes_out_and_comes_back() {
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
        let der = crate::encrypted_private_key(&key, "geheim", 10, &[5; 32]).unwrap();
        let pem = encrypted_key_to_pem(&der);
        let read = any_private_key_from_pem(&pem, Some("geheim")).unwrap();
        assert_eq!(read.unwrap().public(), key.public());
        let text = any_private_key_from_pem(&pem, None)
            .unwrap_err()
            .to_string();
        assert!(text.starts_with("PEM, line 1: wrong passphrase"), "{text}");
        let short = pem.replace("-----END", "");
        assert!(any_private_key_from_pem(&short, Some("geheim")).is_err());
        assert!(any_private_key_from_pem("nothing", None).unwrap().is_none());
    }

    /// What IOS exports: the old encryption of PEM, judged by openssl, which writes it, too.
    #[test]
    fn the_old_encryption_of_pem_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let run = |arguments: &str| {
            let mut openssl = Command::new("openssl");
            let output = openssl
                .args(arguments.split(' '))
                .current_dir(dir.path())
                .output();
            let output = output.expect("openssl is needed; install the package openssl");
            assert!(output.status.success(), "{output:?}");
        };
        let key = PrivateKey::generate(KeySpec::Rsa { bits: 1024 }).unwrap();
        let plain = key.to_pkcs8_der().unwrap();
        std::fs::write(dir.path().join("k.der"), plain.expose()).unwrap();
        for cipher in ["des3", "aes256"] {
            run(&format!(
                "rsa -inform DER -in k.der -traditional -{cipher} -passout pass:geheim -out k.pem"
            ));
            let pem = std::fs::read_to_string(dir.path().join("k.pem")).unwrap();
            assert!(pem.contains("Proc-Type: 4,ENCRYPTED"));
            for pem in [pem.replace('\n', "\r\n"), pem] {
                let read = any_private_key_from_pem(&pem, Some("geheim"))
                    .unwrap()
                    .unwrap();
                assert_eq!(read.public(), key.public());
                for wrong in [Some("falsch"), None] {
                    let text = any_private_key_from_pem(&pem, wrong)
                        .unwrap_err()
                        .to_string();
                    assert!(text.contains("wrong passphrase"), "{text}");
                }
                let odd = pem.replace("DEK-Info: ", "DEK-Info: IDEA-CBC,");
                assert!(any_private_key_from_pem(&odd, Some("geheim")).is_err());
            }
        }
    }

    #[test]
    fn all_certificates_of_a_text_are_read() {
        let name = crate::Name::from_subject_name("cn=CA").unwrap();
        let ca = |serial| {
            let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
            crate::LabCa::new(&name, key, serial, 0, 86_400).unwrap()
        };
        let both = [ca(1), ca(2)].map(|ca| ca.certificate().clone());
        let text = format!("x\n{}\n{}", both[0].to_pem(), both[1].to_pem());
        assert_eq!(certificates_from_pem(&text).unwrap(), both);
        assert!(certificates_from_pem("x").unwrap().is_empty());
        let cut = text.replace("-----END CERTIFICATE-----", "");
        assert!(certificates_from_pem(&cut).is_err());
        let der = crate::pkcs7_of(&[&both[0], &both[1]]);
        let base64 = BASE64.encode(&der);
        let text = format!("-----BEGIN PKCS7-----\n{base64}\n-----END PKCS7-----\n");
        assert_eq!(certificates_from_pem(&text).unwrap(), both);
        let odd = text.replace(&base64[..20], "");
        let error = certificates_from_pem(&odd).unwrap_err().to_string();
        assert!(error.starts_with("PEM, line 1: "), "{error}");
    }
}
