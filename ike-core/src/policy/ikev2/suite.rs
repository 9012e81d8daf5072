//! The algorithms of an IKE SA and their transform numbers (RFC 7296 3.3.2).
//!
//! Only what `ike-crypto` can do has a value here, so nothing else is ever offered or taken (A7).

use ike_crypto::{Aead, Cipher, CtrCipher, Group, Hash, Integrity, Prf, TagLen};
use ike_wire::v2::{Transform, TransformType};

use crate::config::{Ikev2Encryption, Ikev2Integrity, Ikev2Prf};

/// How the SK payload is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// A block cipher in CBC mode; needs an integrity algorithm (RFC 7296 3.14).
    Cbc(Cipher),
    /// AES in counter mode; needs an integrity algorithm (RFC 5930).
    Ctr(CtrCipher),
    /// A combined mode with its own checksum of a length (RFC 5282, RFC 7634).
    Aead(Aead, TagLen),
}

/// The algorithms of an IKE SA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IkeSuite {
    /// Encryption of the SK payload.
    pub encryption: Encryption,
    /// Pseudo-random function.
    pub prf: Prf,
    /// Integrity; `None` with a combined mode only.
    pub integrity: Option<Integrity>,
    /// Key exchange group.
    pub group: Group,
}

impl IkeSuite {
    /// Octets of the checksum at the end of an SK payload.
    #[must_use]
    pub fn icv_len(&self) -> usize {
        match (self.encryption, self.integrity) {
            (Encryption::Aead(_, tag), _) => tag.octets(),
            (_, Some(integrity)) => integrity.icv_len(),
            (_, None) => 0,
        }
    }
}

impl Encryption {
    /// Every algorithm there is.
    pub fn every() -> impl Iterator<Item = Self> {
        let combined = |aead| TagLen::ALL.map(|tag| Self::Aead(aead, tag));
        let whole = Self::Aead(Aead::ChaCha20Poly1305, TagLen::Sixteen);
        let with_tags = COMBINED.into_iter().flat_map(combined);
        let cbc = CBC.into_iter().map(Self::Cbc);
        let ctr = CTR.into_iter().map(Self::Ctr);
        cbc.chain(ctr).chain(with_tags).chain([whole])
    }

    /// Octets of SK_ei and SK_er, what the nonce takes of them included (RFC 5282 7.1, RFC 5930 2).
    #[must_use]
    pub fn key_len(self) -> usize {
        self.salt_len()
            + match self {
                Self::Cbc(cipher) => cipher.key_len(),
                Self::Ctr(cipher) => cipher.key_len(),
                Self::Aead(aead, _) => aead.key_len(),
            }
    }

    /// Octets of the nonce that are at the end of the key material.
    #[must_use]
    pub fn salt_len(self) -> usize {
        match self {
            Self::Cbc(_) => 0,
            Self::Ctr(_) => CtrCipher::NONCE_LEN,
            Self::Aead(aead, _) => aead.salt_len(),
        }
    }

    /// Octets of the IV before the cipher text.
    #[must_use]
    pub fn iv_len(self) -> usize {
        match self {
            Self::Cbc(cipher) => cipher.block_len(),
            Self::Ctr(_) => CtrCipher::IV_LEN,
            Self::Aead(..) => Aead::IV_LEN,
        }
    }

    /// The octets the padded clear text is a multiple of.
    #[must_use]
    pub fn block_len(self) -> usize {
        match self {
            Self::Cbc(cipher) => cipher.block_len(),
            Self::Ctr(_) | Self::Aead(..) => 1,
        }
    }

    /// The ENCR transform: number and key length in bits.
    #[must_use]
    pub fn transform(self) -> (u16, Option<u16>) {
        match self {
            Self::Cbc(Cipher::DesCbc) => (2, None),
            Self::Cbc(Cipher::TripleDesCbc) => (3, None),
            Self::Cbc(Cipher::Aes128Cbc) => (12, Some(128)),
            Self::Cbc(Cipher::Aes192Cbc) => (12, Some(192)),
            Self::Cbc(Cipher::Aes256Cbc) => (12, Some(256)),
            Self::Ctr(CtrCipher::Aes128Ctr) => (13, Some(128)),
            Self::Ctr(CtrCipher::Aes192Ctr) => (13, Some(192)),
            Self::Ctr(CtrCipher::Aes256Ctr) => (13, Some(256)),
            Self::Aead(Aead::Aes128Ccm, tag) => (14 + rank(tag), Some(128)),
            Self::Aead(Aead::Aes192Ccm, tag) => (14 + rank(tag), Some(192)),
            Self::Aead(Aead::Aes256Ccm, tag) => (14 + rank(tag), Some(256)),
            Self::Aead(Aead::Aes128Gcm, tag) => (18 + rank(tag), Some(128)),
            Self::Aead(Aead::Aes192Gcm, tag) => (18 + rank(tag), Some(192)),
            Self::Aead(Aead::Aes256Gcm, tag) => (18 + rank(tag), Some(256)),
            Self::Aead(Aead::ChaCha20Poly1305, _) => (28, None),
        }
    }

    /// The algorithm of an ENCR transform. A missing or superfluous key length is refused (D14).
    #[must_use]
    pub fn from_transform(number: u16, key_length: Option<u16>) -> Option<Self> {
        Self::every().find(|e| e.transform() == (number, key_length))
    }

    /// A combined mode needs no integrity algorithm.
    #[must_use]
    pub fn is_aead(self) -> bool {
        matches!(self, Self::Aead(..))
    }
}

/// Place of a tag among the numbers of its algorithm (RFC 5282 7.2).
fn rank(tag: TagLen) -> u16 {
    match tag {
        TagLen::Eight => 0,
        TagLen::Twelve => 1,
        TagLen::Sixteen => 2,
    }
}

const CBC: [Cipher; 5] = [
    Cipher::DesCbc,
    Cipher::TripleDesCbc,
    Cipher::Aes128Cbc,
    Cipher::Aes192Cbc,
    Cipher::Aes256Cbc,
];
const CTR: [CtrCipher; 3] = [
    CtrCipher::Aes128Ctr,
    CtrCipher::Aes192Ctr,
    CtrCipher::Aes256Ctr,
];
/// Those with a choice of tags.
const COMBINED: [Aead; 6] = [
    Aead::Aes128Gcm,
    Aead::Aes192Gcm,
    Aead::Aes256Gcm,
    Aead::Aes128Ccm,
    Aead::Aes192Ccm,
    Aead::Aes256Ccm,
];

/// The ENCR transform of a configured algorithm; `None` when this build cannot do it.
#[must_use]
pub fn encryption(configured: Ikev2Encryption) -> Option<Encryption> {
    let (number, bits) = match configured {
        Ikev2Encryption::Des => (2, None),
        Ikev2Encryption::TripleDes => (3, None),
        Ikev2Encryption::AesCbc(bits) => (12, Some(bits)),
        Ikev2Encryption::AesCtr(bits) => (13, Some(bits)),
        Ikev2Encryption::AesCcm { bits, icv } => (13 + u16::from(icv) / 4 - 1, Some(bits)),
        Ikev2Encryption::AesGcm { bits, icv } => (17 + u16::from(icv) / 4 - 1, Some(bits)),
        Ikev2Encryption::ChaCha20Poly1305 => (28, None),
    };
    Encryption::from_transform(number, bits)
}

/// The PRF of a configured name.
#[must_use]
pub fn prf(configured: Ikev2Prf) -> Prf {
    match configured {
        Ikev2Prf::Md5 => Prf::Hmac(Hash::Md5),
        Ikev2Prf::Sha1 => Prf::Hmac(Hash::Sha1),
        Ikev2Prf::Sha256 => Prf::Hmac(Hash::Sha256),
        Ikev2Prf::Sha384 => Prf::Hmac(Hash::Sha384),
        Ikev2Prf::Sha512 => Prf::Hmac(Hash::Sha512),
        Ikev2Prf::AesXcbc => Prf::Aes128Xcbc,
        Ikev2Prf::AesCmac => Prf::Aes128Cmac,
    }
}

/// The integrity algorithm of a configured name.
#[must_use]
pub fn integrity(configured: Ikev2Integrity) -> Integrity {
    match configured {
        Ikev2Integrity::Md5 => Integrity::Hmac(Hash::Md5),
        Ikev2Integrity::Sha1 => Integrity::Hmac(Hash::Sha1),
        Ikev2Integrity::Sha256 => Integrity::Hmac(Hash::Sha256),
        Ikev2Integrity::Sha384 => Integrity::Hmac(Hash::Sha384),
        Ikev2Integrity::Sha512 => Integrity::Hmac(Hash::Sha512),
        Ikev2Integrity::AesXcbc => Integrity::AesXcbc96,
        Ikev2Integrity::AesCmac => Integrity::AesCmac96,
    }
}

/// A transform of a type, with its key length where it has one.
#[must_use]
pub fn transform(ty: TransformType, (number, bits): (u16, Option<u16>)) -> Transform {
    match bits {
        Some(bits) => Transform::with_key_length(ty, number, bits),
        None => Transform::new(ty, number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7296 3.3.2, RFC 5282 7.2, RFC 5930 3, RFC 7634 3.
    #[test]
    fn every_algorithm_has_a_transform_of_its_own() {
        let all: Vec<_> = Encryption::every().map(Encryption::transform).collect();
        let key_sizes = |number| [128, 192, 256].map(|bits| (number, Some(bits)));
        let mut expected = vec![(2, None), (3, None), (28, None)];
        expected.extend(
            [12, 13, 14, 15, 16, 18, 19, 20]
                .into_iter()
                .flat_map(key_sizes),
        );
        assert_eq!(all.len(), expected.len());
        for (number, bits) in expected {
            let found = Encryption::from_transform(number, bits).unwrap();
            assert_eq!(found.transform(), (number, bits));
        }
    }

    /// D14: AES without a key length, others with one, sizes AES does not have, numbers not known.
    #[test]
    fn a_transform_with_a_wrong_key_length_names_nothing() {
        for (number, bits) in [
            (12, None),
            (13, None),
            (20, Some(160)),
            (16, Some(0)),
            (3, Some(192)),
            (28, Some(256)),
            (17, Some(128)),
            (21, Some(128)),
            (11, None),
        ] {
            assert_eq!(Encryption::from_transform(number, bits), None, "{number}");
        }
    }

    /// RFC 5282 3 and 4, RFC 5930 2: what the key material, the IV and the checksum take.
    #[test]
    fn sizes_are_those_of_the_rfcs() {
        let sizes = |number, bits| {
            let encryption = Encryption::from_transform(number, bits).unwrap();
            let suite = IkeSuite {
                encryption,
                prf: Prf::Aes128Cmac,
                integrity: (!encryption.is_aead()).then_some(Integrity::AesXcbc96),
                group: Group::Curve25519,
            };
            let (key, iv) = (encryption.key_len(), encryption.iv_len());
            (key, iv, encryption.block_len(), suite.icv_len())
        };
        assert_eq!(sizes(3, None), (24, 8, 8, 12));
        assert_eq!(sizes(12, Some(256)), (32, 16, 16, 12));
        assert_eq!(sizes(13, Some(192)), (28, 8, 1, 12));
        assert_eq!(sizes(14, Some(128)), (19, 8, 1, 8));
        assert_eq!(sizes(15, Some(128)), (19, 8, 1, 12));
        assert_eq!(sizes(16, Some(256)), (35, 8, 1, 16));
        assert_eq!(sizes(18, Some(256)), (36, 8, 1, 8));
        assert_eq!(sizes(19, Some(192)), (28, 8, 1, 12));
        assert_eq!(sizes(20, Some(128)), (20, 8, 1, 16));
        assert_eq!(sizes(28, None), (36, 8, 1, 16));
    }

    #[test]
    fn every_configured_cipher_can_be_done() {
        use Ikev2Encryption as E;
        for bits in [128, 192, 256] {
            let lengths = [8, 12, 16];
            let ccm = lengths.map(|icv| E::AesCcm { bits, icv });
            let gcm = lengths.map(|icv| E::AesGcm { bits, icv });
            for (configured, icv) in ccm.into_iter().chain(gcm).zip(lengths.iter().cycle()) {
                let Some(Encryption::Aead(_, tag)) = encryption(configured) else {
                    panic!("{configured:?}")
                };
                assert_eq!(tag.octets(), usize::from(*icv), "{configured:?}");
            }
            let ctr = encryption(E::AesCtr(bits)).unwrap();
            assert_eq!(ctr.transform(), (13, Some(bits)));
        }
        assert!(encryption(E::ChaCha20Poly1305).is_some());
    }
}
