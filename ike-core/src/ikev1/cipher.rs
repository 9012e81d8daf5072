//! Encryption of ISAKMP messages: CBC with the chained IV of RFC 2409 appendix B.

use bytes::Bytes;
use ike_crypto::{CbcKey, CryptoError};
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Chain, Padding};
use ike_wire::{DecodeError, Header};

use super::keymat::Keys;

/// Why an encrypted message could not be read. All causes look the same to the peer (D11).
#[derive(Debug)]
pub enum OpenError {
    /// Not a whole number of blocks.
    Length,
    /// The clear text is not a payload chain: wrong key, wrong IV or a broken peer.
    Payloads(DecodeError),
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Length => f.write_str("the encrypted part is not a whole number of blocks"),
            Self::Payloads(e) => write!(f, "the decrypted part does not decode: {e}"),
        }
    }
}

/// A decrypted message and the IV of the next one.
pub(super) struct Opened {
    /// The payloads.
    pub chain: Chain,
    /// Last block of the cipher text.
    pub next_iv: Vec<u8>,
}

/// Decrypts the part behind the header.
///
/// # Errors
/// See [`OpenError`].
pub(super) fn open(
    keys: &Keys,
    iv: &[u8],
    first: PayloadType,
    cipher_text: &[u8],
) -> Result<Opened, OpenError> {
    let block = keys.cipher().block_len();
    if cipher_text.is_empty() || !cipher_text.len().is_multiple_of(block) {
        return Err(OpenError::Length);
    }
    let next_iv = cipher_text[cipher_text.len() - block..].to_vec();
    let mut clear = cipher_text.to_vec();
    CbcKey::new(keys.cipher(), keys.message_key().expose())
        .and_then(|key| key.decrypt(iv, &mut clear))
        .map_err(|_| OpenError::Length)?;
    let chain = Chain::decode(first, Bytes::from(clear), Header::LEN, Padding::Allowed)
        .map_err(OpenError::Payloads)?;
    Ok(Opened { chain, next_iv })
}

/// Encrypts encoded payloads. Padding is at least one octet and up to a whole block of
/// zeros (W-003, U-16). Returns the cipher text and the IV of the next message.
///
/// # Errors
/// The library refuses key, IV or length; nothing may be sent then.
pub(super) fn seal(
    keys: &Keys,
    iv: &[u8],
    payloads: &[u8],
) -> Result<(Vec<u8>, Vec<u8>), CryptoError> {
    let block = keys.cipher().block_len();
    let mut data = payloads.to_vec();
    data.resize((data.len() / block + 1) * block, 0);
    CbcKey::new(keys.cipher(), keys.message_key().expose())?.encrypt(iv, &mut data)?;
    let next_iv = data[data.len() - block..].to_vec();
    Ok((data, next_iv))
}
