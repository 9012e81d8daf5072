//! Certs-only SignedData (RFC 5652 5.1, RFC 8894 3.4): certificates and lists
//! without a signer, certificate encoding 1 of IKE and the content of SCEP
//! replies.

use bytes::Bytes;

use crate::{
    certificate::Certificate,
    cms::{
        CmsError, normal,
        signed::{SignedData, data},
    },
    crl::Crl,
    der::tag,
    writer::tlv,
};

/// Most certificates of one message (B14).
pub const MAX_PKCS7_CERTIFICATES: usize = 32;

/// What a message without signer brings.
#[derive(Clone, Debug, Default)]
pub struct Pkcs7 {
    /// Certificates, in their order.
    pub certificates: Vec<Certificate>,
    /// Revocation lists, in their order.
    pub lists: Vec<Crl>,
}

impl Pkcs7 {
    /// Reads BER or DER, 256 kB at most. A signer or content, if there is one,
    /// is passed over: nothing of a container is believed for its sake.
    ///
    /// # Errors
    /// It is no SignedData (E20: an encrypted container too), has more than 32
    /// certificates, or one that cannot be read.
    pub fn read(octets: &Bytes) -> Result<Self, CmsError> {
        let data = SignedData::read(&normal(octets)?)?;
        Ok(Self {
            certificates: data.certificates,
            lists: data.lists,
        })
    }
}

/// The certificates of a PKCS#7 container in their order; see [`Pkcs7::read`].
///
/// # Errors
/// As [`Pkcs7::read`].
pub fn certificates_of_pkcs7(octets: &Bytes) -> Result<Vec<Certificate>, CmsError> {
    Ok(Pkcs7::read(octets)?.certificates)
}

/// A certs-only container, in the order given.
pub fn pkcs7_of(certificates: &[&Certificate]) -> Vec<u8> {
    pkcs7_with_lists(certificates, &[])
}

/// A container of certificates and revocation lists, in the order given.
pub fn pkcs7_with_lists(certificates: &[&Certificate], lists: &[&Crl]) -> Vec<u8> {
    data(&[], None, certificates, lists, &tlv(tag::SET, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cms::{Signing, seal, sign},
        openssl::{openssl, openssl_with_files},
        test_support::{Lab, drawn},
    };
    use ike_crypto::{Cipher, Hash};

    #[test]
    fn certificates_and_lists_survive_the_container_in_their_order() {
        let mut lab = Lab::new();
        let router = lab.router();
        let list = lab.ca.crl(0, 86_400).unwrap();
        let ca = lab.ca.certificate();
        for order in [[ca, &router], [&router, ca]] {
            let octets = Bytes::from(pkcs7_with_lists(&order, &[&list]));
            let read = Pkcs7::read(&octets).unwrap();
            assert_eq!(read.certificates.iter().collect::<Vec<_>>(), order);
            assert_eq!(read.lists[0].der(), list.der());
        }
        let alone = Bytes::from(pkcs7_of(&[ca]));
        assert_eq!(
            certificates_of_pkcs7(&alone).unwrap(),
            std::slice::from_ref(ca)
        );
    }

    /// The judge is OpenSSL's reader.
    #[test]
    fn openssl_reads_the_container() {
        let mut lab = Lab::new();
        let router = lab.router();
        let octets = pkcs7_of(&[&router, lab.ca.certificate()]);
        let Some(text) = openssl(&["pkcs7", "-inform", "DER", "-print_certs"], &octets) else {
            return;
        };
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2, "{text}");
    }

    /// E20, CVE-2026-35329: an encrypted container is refused, not opened.
    #[test]
    fn an_encrypted_container_is_refused() {
        let lab = Lab::new();
        let sealed = seal(b"x", lab.ca.certificate(), Cipher::Aes128Cbc, &mut drawn(1));
        let error = certificates_of_pkcs7(&sealed.unwrap().into()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "CMS: content type 1.2.840.113549.1.7.3 where SignedData was expected"
        );
    }

    /// B14: a thousand certificates are refused before the 33rd is read.
    #[test]
    fn a_crowd_of_certificates_is_refused() {
        let lab = Lab::new();
        let ca = lab.ca.certificate();
        let most = Bytes::from(pkcs7_of(&[ca; MAX_PKCS7_CERTIFICATES]));
        assert_eq!(certificates_of_pkcs7(&most).unwrap().len(), 32);
        let crowd = Bytes::from(pkcs7_of(&[ca; 200]));
        let error = certificates_of_pkcs7(&crowd).unwrap_err();
        assert_eq!(error, CmsError::TooMany("certificates"));
    }

    #[test]
    fn every_truncation_is_refused() {
        let lab = Lab::new();
        let octets = Bytes::from(pkcs7_of(&[lab.ca.certificate()]));
        for end in 0..octets.len() {
            assert!(
                certificates_of_pkcs7(&octets.slice(..end)).is_err(),
                "{end}"
            );
        }
    }

    /// BER with indefinite lengths and content in pieces, as OpenSSL streams it.
    #[test]
    fn a_streamed_message_of_openssl_verifies() {
        let lab = Lab::new();
        let ca = lab.ca.certificate();
        let files = [
            ("ca.pem", ca.to_pem().into_bytes()),
            (
                "key.der",
                lab.ca.key().to_pkcs8_der().unwrap().expose().to_vec(),
            ),
        ];
        let content = vec![b'x'; 9_000];
        for identifier in ["-nosmimecap", "-keyid"] {
            let arguments = [
                "cms",
                "-sign",
                "-binary",
                "-nodetach",
                "-stream",
                identifier,
                "-signer",
                "ca.pem",
                "-inkey",
                "key.der",
                "-keyform",
                "DER",
                "-outform",
                "DER",
            ];
            let Some(ber) = openssl_with_files(&arguments, &content, &files) else {
                return;
            };
            let ber = Bytes::from(ber);
            assert!(SignedData::read(&ber).is_err(), "it is BER");
            let read = SignedData::read(&normal(&ber).unwrap()).unwrap();
            assert_eq!(read.content.as_deref(), Some(&content[..]));
            assert_eq!(read.verify(ca), Ok(()));
        }
    }

    /// What is signed verifies, by us and by OpenSSL; nothing altered does.
    #[test]
    fn a_signed_message_verifies_and_an_altered_one_does_not() {
        let lab = Lab::new();
        let ca = lab.ca.certificate();
        for digest in [Hash::Md5, Hash::Sha1, Hash::Sha256, Hash::Sha512] {
            let signing = Signing {
                certificate: ca,
                key: lab.ca.key(),
                digest,
                certificates: &[ca],
            };
            let octets = sign(&signing, Some(b"content"), Vec::new()).unwrap();
            let read = SignedData::read(&octets).unwrap();
            assert_eq!(read.content.as_deref(), Some(&b"content"[..]));
            assert_eq!(read.signer_certificate(), Some(ca));
            assert_eq!(read.verify(ca), Ok(()));
            if digest != Hash::Md5 {
                let arguments = ["cms", "-verify", "-noverify", "-inform", "DER"];
                let judged = openssl(&arguments, &octets);
                assert!(judged.is_none_or(|text| text == "content"));
            }
            for at in 0..octets.len() {
                let mut other = octets.clone();
                other[at] ^= 1;
                let read = SignedData::read(&other);
                let passes = read.is_ok_and(|read| {
                    read.verify(ca).is_ok() && read.content.as_deref() != Some(b"content")
                });
                assert!(!passes, "{at}");
            }
        }
    }
}
