//! EnvelopedData (RFC 5652 section 6) with RSA key transport and a block
//! cipher in CBC mode.
//!
//! Opening is no oracle: a wrong padding of the key, a wrong padding of the
//! content and a key for another message all end as
//! [`CmsError::Undecryptable`] or as content that is not what was expected.

use ike_crypto::{CbcKey, Cipher, CryptoError, PrivateKey, Secret};
use zeroize::Zeroizing;

use crate::{
    certificate::Certificate,
    cms::{
        CmsError, algorithm, content_info, signed::issuer_and_serial, signer_info::Identifier, wrap,
    },
    der::{Tlv, required, tag},
    oid,
    writer::{self, sequence, tlv},
};

/// Most recipients of one message.
const MAX_RECIPIENTS: usize = 16;

const CIPHERS: [(&[u8], Cipher); 5] = [
    (oid::DES_CBC, Cipher::DesCbc),
    (oid::DES_EDE3_CBC, Cipher::TripleDesCbc),
    (oid::AES128_CBC, Cipher::Aes128Cbc),
    (oid::AES192_CBC, Cipher::Aes192Cbc),
    (oid::AES256_CBC, Cipher::Aes256Cbc),
];

/// Encrypts `content` for `recipient`, whose key is RSA.
pub(crate) fn seal(
    content: &[u8],
    recipient: &Certificate,
    cipher: Cipher,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<Vec<u8>, CmsError> {
    let key = content_key(cipher, random);
    let mut iv = vec![0; cipher.block_len()];
    random(&mut iv);
    let mut octets = pad(content, cipher.block_len());
    CbcKey::new(cipher, key.expose())?.encrypt(&iv, &mut octets)?;
    let sealed = recipient.public_key()?.encrypt_key(&key, random)?;
    let transport = sequence(&[
        &writer::unsigned(&[0]),
        &issuer_and_serial(recipient),
        &sequence(&[&writer::oid(oid::RSA), &tlv(tag::NULL, &[])]),
        &tlv(tag::OCTET_STRING, &[&sealed]),
    ]);
    let algorithm = sequence(&[
        &writer::oid(oid_of(cipher)),
        &tlv(tag::OCTET_STRING, &[&iv]),
    ]);
    let encrypted = sequence(&[
        &writer::oid(oid::DATA),
        &algorithm,
        &tlv(tag::context(0), &[&octets]),
    ]);
    let data = sequence(&[
        &writer::unsigned(&[0]),
        &tlv(tag::SET, &[&transport]),
        &encrypted,
    ]);
    Ok(wrap(oid::ENVELOPED_DATA, &data))
}

/// Decrypts what is for `certificate`; `der` went through [`super::normal`].
pub(crate) fn open(
    der: &[u8],
    certificate: &Certificate,
    key: &PrivateKey,
) -> Result<Zeroizing<Vec<u8>>, CmsError> {
    let (data, recipients, content) = parts(der)?;
    let sealed = sealed_for(&recipients, certificate)?;
    let content = Content::read(&content, &data)?;
    let content_key = key.decrypt_key(sealed, content.cipher.key_len());
    let content_key = content_key.map_err(|error| match error {
        CryptoError::SchemeMismatch => CmsError::Crypto(error),
        _ => CmsError::Undecryptable,
    })?;
    content.decrypt(&content_key)
}

/// The cipher of a message.
pub(crate) fn cipher_of(der: &[u8]) -> Result<Cipher, CmsError> {
    let (data, _, content) = parts(der)?;
    Ok(Content::read(&content, &data)?.cipher)
}

/// EnvelopedData, its recipients and its EncryptedContentInfo.
fn parts(der: &[u8]) -> Result<(Tlv<'_>, Tlv<'_>, Tlv<'_>), CmsError> {
    const ORDER: [u8; 5] = [
        tag::INTEGER,
        tag::constructed(0),
        tag::SET,
        tag::SEQUENCE,
        tag::constructed(1),
    ];
    let data = content_info(der, oid::ENVELOPED_DATA, "EnvelopedData")?;
    let fields = data.reader().fields(ORDER, "the end of EnvelopedData")?;
    let [version, _, recipients, content, _] = fields;
    required(version, &data, "version")?;
    Ok((
        data,
        required(recipients, &data, "recipientInfos")?,
        required(content, &data, "encryptedContentInfo")?,
    ))
}

/// The encrypted key for `certificate`.
fn sealed_for<'a>(recipients: &Tlv<'a>, certificate: &Certificate) -> Result<&'a [u8], CmsError> {
    const ORDER: [u8; 5] = [
        tag::INTEGER,
        tag::SEQUENCE,
        tag::context(0),
        tag::SEQUENCE,
        tag::OCTET_STRING,
    ];
    let mut rest = recipients.reader();
    for _ in 0..MAX_RECIPIENTS {
        if rest.is_empty() {
            return Err(CmsError::NotForUs);
        }
        let recipient = rest.any()?;
        if recipient.tag != tag::SEQUENCE {
            continue;
        }
        let fields = recipient.reader().fields(ORDER, "the end of the recipient");
        let [version, serial, id, algorithm_field, sealed] = fields?;
        required(version, &recipient, "version")?;
        if Identifier::read(serial, id, &recipient)?.is(certificate) {
            let field = required(algorithm_field, &recipient, "keyEncryptionAlgorithm")?;
            supported(algorithm(&field)?.0, oid::RSA, "key transport")?;
            return Ok(required(sealed, &recipient, "encryptedKey")?.content);
        }
    }
    Err(CmsError::TooMany("recipients"))
}

fn supported(found: &[u8], wanted: &[u8], what: &'static str) -> Result<(), CmsError> {
    match found == wanted {
        true => Ok(()),
        false => Err(CmsError::Unsupported {
            what,
            oid: oid::dotted(found),
        }),
    }
}

/// EncryptedContentInfo.
struct Content {
    cipher: Cipher,
    iv: Vec<u8>,
    octets: Vec<u8>,
}

impl Content {
    fn read(info: &Tlv<'_>, parent: &Tlv<'_>) -> Result<Self, CmsError> {
        const ORDER: [u8; 4] = [
            tag::OID,
            tag::SEQUENCE,
            tag::context(0),
            tag::constructed(0),
        ];
        let fields = info.reader().fields(ORDER, "the end of the content")?;
        let [kind, field, whole, pieces] = fields;
        let kind = required(kind, info, "contentType")?.content;
        supported(kind, oid::DATA, "encrypted content of type")?;
        let field = required(field, info, "contentEncryptionAlgorithm")?;
        let (cipher, iv) = algorithm(&field)?;
        let iv = required(iv, &field, "IV")?;
        let octets = match (whole, pieces) {
            (Some(whole), None) => whole.content.to_vec(),
            // The tag of IMPLICIT OCTET STRING hides from `normal` that these
            // are pieces of one.
            (None, Some(pieces)) => {
                let pieces = pieces.reader().all(tag::OCTET_STRING, "OCTET STRING")?;
                pieces
                    .iter()
                    .flat_map(|piece| piece.content)
                    .copied()
                    .collect()
            }
            _ => return Err(parent.error("encrypted content").into()),
        };
        Ok(Self {
            cipher: cipher_by(cipher)?,
            iv: iv.content.to_vec(),
            octets,
        })
    }

    fn decrypt(self, key: &Secret) -> Result<Zeroizing<Vec<u8>>, CmsError> {
        let block = self.cipher.block_len();
        let mut octets = Zeroizing::new(self.octets);
        CbcKey::new(self.cipher, key.expose())?
            .decrypt(&self.iv, &mut octets)
            .map_err(|_| CmsError::Undecryptable)?;
        let len = unpadded(&octets, block).ok_or(CmsError::Undecryptable)?;
        octets.truncate(len);
        Ok(octets)
    }
}

/// The cipher of an OID, in CMS and in PKCS#5 (RFC 3370 5, RFC 3565 4.1).
pub(crate) fn cipher_known_as(kind: &[u8]) -> Option<Cipher> {
    let known = CIPHERS.iter().find(|(known, _)| *known == kind);
    known.map(|(_, cipher)| *cipher)
}

fn cipher_by(kind: &[u8]) -> Result<Cipher, CmsError> {
    cipher_known_as(kind).ok_or_else(|| CmsError::Unsupported {
        what: "content cipher",
        oid: oid::dotted(kind),
    })
}

pub(crate) fn oid_of(cipher: Cipher) -> &'static [u8] {
    let known = CIPHERS.iter().find(|(_, known)| *known == cipher);
    known.map_or(oid::AES128_CBC, |(oid, _)| oid)
}

/// A new key; DES keys get their odd parity, which some readers want.
fn content_key(cipher: Cipher, random: &mut dyn FnMut(&mut [u8])) -> Secret {
    let mut key = vec![0; cipher.key_len()];
    random(&mut key);
    if matches!(cipher, Cipher::DesCbc | Cipher::TripleDesCbc) {
        let odd =
            |octet: u8| (octet & 0xfe) | u8::from((octet >> 1).count_ones().is_multiple_of(2));
        key.iter_mut().for_each(|octet| *octet = odd(*octet));
    }
    Secret::from(key)
}

/// RFC 5652 6.3: whole blocks, each octet added says how many.
fn pad(content: &[u8], block: usize) -> Vec<u8> {
    let count = block - content.len() % block;
    // Never grown: no copy of the content is left behind.
    let mut out = Vec::with_capacity(content.len() + count);
    out.extend_from_slice(content);
    out.resize(content.len() + count, count as u8);
    out
}

/// Octets before the padding.
fn unpadded(octets: &[u8], block: usize) -> Option<usize> {
    let count = usize::from(*octets.last()?);
    let start = octets.len().checked_sub(count)?;
    let padding = octets.get(start..)?;
    let good = (1..=block).contains(&count) && padding.iter().all(|o| usize::from(*o) == count);
    good.then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        openssl::openssl_with_files,
        test_support::{Lab, drawn},
    };

    const ALL: [Cipher; 5] = [
        Cipher::DesCbc,
        Cipher::TripleDesCbc,
        Cipher::Aes128Cbc,
        Cipher::Aes192Cbc,
        Cipher::Aes256Cbc,
    ];

    #[test]
    fn content_of_every_length_survives_every_cipher() {
        let lab = Lab::new();
        let ca = lab.ca.certificate();
        for cipher in ALL {
            for len in [0, 1, 7, 8, 15, 16, 17, 300] {
                let content = vec![5; len];
                let sealed = seal(&content, ca, cipher, &mut drawn(len as u8 + 1)).unwrap();
                assert_eq!(cipher_of(&sealed), Ok(cipher));
                assert_eq!(*open(&sealed, ca, lab.ca.key()).unwrap(), content);
            }
        }
    }

    #[test]
    fn what_is_for_another_is_not_opened() {
        let (mut lab, other) = (Lab::new(), Lab::new());
        let router = lab.router();
        let ca = lab.ca.certificate();
        let sealed = seal(b"secret", ca, Cipher::Aes128Cbc, &mut drawn(3)).unwrap();
        let error = open(&sealed, &router, other.ca.key()).unwrap_err();
        assert_eq!(error, CmsError::NotForUs);
        // Another key: one time in 256 the wrong content ends in a padding.
        match open(&sealed, ca, other.ca.key()) {
            Ok(content) => assert_ne!(*content, b"secret"),
            Err(error) => assert_eq!(error, CmsError::Undecryptable),
        }
        let ec = PrivateKey::generate(ike_crypto::KeySpec::EcP256).unwrap();
        let error = open(&sealed, ca, &ec).unwrap_err();
        assert_eq!(error, CmsError::Crypto(CryptoError::SchemeMismatch));
    }

    /// E7: an alteration anywhere never panics, and a wrong key block looks
    /// like wrong content.
    #[test]
    fn alterations_and_truncations_are_refused() {
        let lab = Lab::new();
        let ca = lab.ca.certificate();
        let sealed = seal(b"secret", ca, Cipher::TripleDesCbc, &mut drawn(3)).unwrap();
        for at in 0..sealed.len() {
            assert!(open(&sealed[..at], ca, lab.ca.key()).is_err(), "{at}");
            let mut other = sealed.clone();
            other[at] ^= 0x55;
            drop(open(&other, ca, lab.ca.key()));
        }
    }

    #[test]
    fn paddings_that_are_not_exact_are_refused() {
        assert_eq!(unpadded(&[1, 1, 1, 1, 1, 1, 1, 1], 8), Some(7));
        assert_eq!(unpadded(&[8; 8], 8), Some(0));
        for bad in [&[][..], &[0; 8], &[9; 16], &[1, 1, 1, 1, 1, 1, 2, 3], &[3]] {
            assert_eq!(unpadded(bad, 8), None, "{bad:?}");
        }
    }

    /// OpenSSL decrypts ours, and we what it encrypts, in BER with indefinite
    /// lengths and pieces.
    #[test]
    fn openssl_and_ours_open_each_others_envelopes() {
        let lab = Lab::new();
        let ca = lab.ca.certificate();
        let files = [
            ("ca.pem", ca.to_pem().into_bytes()),
            (
                "key.der",
                lab.ca.key().to_pkcs8_der().unwrap().expose().to_vec(),
            ),
        ];
        let sealed = seal(b"to openssl", ca, Cipher::Aes256Cbc, &mut drawn(4)).unwrap();
        let decrypt = [
            "cms", "-decrypt", "-inform", "DER", "-inkey", "key.der", "-keyform", "DER",
        ];
        let Some(opened) = openssl_with_files(&decrypt, &sealed, &files) else {
            return;
        };
        assert_eq!(opened, b"to openssl");
        for cipher in ["-des3", "-aes128", "-aes-256-cbc"] {
            for stream in ["-stream", "-nocerts"] {
                let encrypt = [
                    "cms", "-encrypt", "-binary", "-outform", "DER", cipher, stream, "ca.pem",
                ];
                let content = vec![b'x'; 10_000];
                let sealed = openssl_with_files(&encrypt, &content, &files).unwrap();
                let der = super::super::normal(&sealed.into()).unwrap();
                assert_eq!(*open(&der, ca, lab.ca.key()).unwrap(), content);
            }
        }
    }
}
