//! The ciphers under the SK payload, with the keys of one direction: CBC and counter mode with an
//! integrity algorithm (RFC 7296 3.14, RFC 5930), combined modes (RFC 5282, RFC 7634).

use bytes::BytesMut;
use ike_crypto::{AeadKey, CbcKey, CryptoError, CtrKey, Secret};

use super::sk::OpenError;
use crate::policy::ikev2_suite::{Encryption, IkeSuite};

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
