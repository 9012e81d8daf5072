//! The ciphers under the SK payload, with the keys of one direction: CBC and counter mode with an
//! integrity algorithm (RFC 7296 3.14, RFC 5930), combined modes (RFC 5282, RFC 7634).

use bytes::BytesMut;
use ike_crypto::{AeadKey, CbcKey, CryptoError, CtrKey, Secret};

use super::sk::OpenError;
use crate::policy::ikev2::suite::{Encryption, IkeSuite};

/// The keys of the messages that one side sends.
pub(super) struct Direction<'a> {
    pub(super) suite: IkeSuite,
    /// SK_ei or SK_er.
    pub(super) encryption: &'a Secret,
    /// SK_ai or SK_ar.
    pub(super) integrity: &'a Secret,
}

impl Direction<'_> {
    /// Puts IV, encrypted `data` and checksum behind the message in `out`, which the checksum covers
    /// from its first octet.
    pub(super) fn seal(
        &self,
        iv: &[u8],
        out: &mut BytesMut,
        mut data: Vec<u8>,
    ) -> Result<(), CryptoError> {
        let (key, salt) = self.split();
        let icv = match self.suite.encryption {
            Encryption::Aead(aead, tag) => {
                let key = AeadKey::with_tag_len(aead, tag, key)?;
                Some(key.seal(&[salt, iv].concat(), out, &mut data)?)
            }
            Encryption::Cbc(cipher) => {
                CbcKey::new(cipher, key)?.encrypt(iv, &mut data)?;
                None
            }
            Encryption::Ctr(cipher) => {
                CtrKey::new(cipher, key)?.apply(salt, iv, &mut data)?;
                None
            }
        };
        out.extend_from_slice(iv);
        out.extend_from_slice(&data);
        match (icv, self.suite.integrity) {
            (Some(tag), _) => out.extend_from_slice(tag.as_ref()),
            (None, Some(algorithm)) => {
                let icv = algorithm.sign(self.integrity.expose(), &[out]);
                out.extend_from_slice(&icv);
            }
            (None, None) => return Err(CryptoError::Internal("no integrity algorithm")),
        }
        Ok(())
    }

    /// Checks the checksum over `aad` and what follows, then decrypts `data`.
    pub(super) fn open(
        &self,
        aad: &[u8],
        iv: &[u8],
        data: &[u8],
        icv: &[u8],
    ) -> Result<Vec<u8>, OpenError> {
        let (key, salt) = self.split();
        let mut clear = data.to_vec();
        let syntax = |e: CryptoError| OpenError::Syntax(e.to_string());
        match self.suite.encryption {
            Encryption::Aead(aead, tag) => AeadKey::with_tag_len(aead, tag, key)
                .and_then(|key| key.open(&[salt, iv].concat(), aad, &mut clear, icv))
                .map_err(|_| OpenError::Checksum)?,
            Encryption::Cbc(cipher) => {
                self.verify(&[aad, iv, data], icv)?;
                CbcKey::new(cipher, key)
                    .and_then(|key| key.decrypt(iv, &mut clear))
                    .map_err(syntax)?;
            }
            Encryption::Ctr(cipher) => {
                self.verify(&[aad, iv, data], icv)?;
                CtrKey::new(cipher, key)
                    .and_then(|key| key.apply(salt, iv, &mut clear))
                    .map_err(syntax)?;
            }
        }
        Ok(clear)
    }

    fn verify(&self, covered: &[&[u8]], icv: &[u8]) -> Result<(), OpenError> {
        let algorithm = self.suite.integrity.ok_or(OpenError::Checksum)?;
        match algorithm.verify(self.integrity.expose(), covered, icv) {
            true => Ok(()),
            false => Err(OpenError::Checksum),
        }
    }

    /// The key, and what the nonce takes of the end of its material (RFC 5282 7.1, RFC 5930 2).
    fn split(&self) -> (&[u8], &[u8]) {
        let key_len = self
            .encryption
            .len()
            .saturating_sub(self.suite.encryption.salt_len());
        self.encryption.expose().split_at(key_len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ike_crypto::{Aead, Group, Hash, Prf, TagLen};

    /// RFC 7634 appendix B: an INFORMATIONAL request with N(SET_WINDOW_SIZE). The octets in front of the
    /// IV are the associated data.
    #[test]
    fn the_published_message_of_chacha20_poly1305_is_sealed_and_opened() {
        let key: Vec<u8> = (0x80..0xa4).collect();
        let (encryption, integrity) = (Secret::from(key), Secret::default());
        let direction = Direction {
            suite: IkeSuite {
                encryption: Encryption::Aead(Aead::ChaCha20Poly1305, TagLen::Sixteen),
                prf: Prf::Hmac(Hash::Sha256),
                integrity: None,
                group: Group::Curve25519,
            },
            encryption: &encryption,
            integrity: &integrity,
        };
        let head = b"\xc0\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\
            \x2e\x20\x25\x00\x00\x00\x00\x09\x00\x00\x00\x45\x29\x00\x00\x29";
        let iv = b"\x10\x11\x12\x13\x14\x15\x16\x17";
        let clear = b"\x00\x00\x00\x0c\x00\x00\x40\x01\x00\x00\x00\x0a\x00";
        let data = b"\x61\x03\x94\x70\x1f\x8d\x01\x7f\x7c\x12\x92\x48\x89";
        let tag = b"\x6b\x71\xbf\xe2\x52\x36\xef\xd7\xcd\xc6\x70\x66\x90\x63\x15\xb2";
        let mut out = BytesMut::from(&head[..]);
        direction.seal(iv, &mut out, clear.to_vec()).unwrap();
        assert_eq!(out, [&head[..], iv, data, tag].concat());
        assert_eq!(direction.open(head, iv, data, tag).unwrap(), clear);
    }
}
