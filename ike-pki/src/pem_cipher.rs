//! The old encryption of PEM (RFC 1421 4.6.1.1 as OpenSSL uses it): what `crypto pki export
//! TP pem terminal 3des PASSPHRASE` of IOS writes around an RSA key. Read only.

use ike_crypto::{CbcKey, Cipher, Hash};
use zeroize::Zeroizing;

use crate::pkcs12::{Pkcs12Error, pbe::unpadded};

/// The header fields and the base64 of a section, `None` when it has no `Proc-Type`.
pub(crate) fn parts(body: &str) -> Option<(&str, &str)> {
    let body = body.trim_start();
    if !body.starts_with("Proc-Type:") {
        return None;
    }
    // A blank line ends the header, with either line end.
    let end = body.find("\n\n").or_else(|| body.find("\n\r\n"))?;
    Some(body.split_at(end))
}

/// Decrypts the octets of a section with this header.
pub(crate) fn decrypt(
    header: &str,
    octets: &[u8],
    passphrase: &str,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let info = header
        .lines()
        .find_map(|line| line.strip_prefix("DEK-Info:"));
    let info = info.and_then(|info| info.trim().split_once(','));
    let (name, iv) = info.ok_or_else(|| Pkcs12Error::unsupported("PEM without DEK-Info"))?;
    let cipher = match name.trim() {
        "DES-CBC" => Cipher::DesCbc,
        "DES-EDE3-CBC" => Cipher::TripleDesCbc,
        "AES-128-CBC" => Cipher::Aes128Cbc,
        "AES-192-CBC" => Cipher::Aes192Cbc,
        "AES-256-CBC" => Cipher::Aes256Cbc,
        _ => return Err(Pkcs12Error::unsupported("this cipher of PEM")),
    };
    let iv = data_encoding::HEXUPPER_PERMISSIVE.decode(iv.trim().as_bytes());
    let iv = iv.map_err(|_| Pkcs12Error::unsupported("this DEK-Info of PEM"))?;
    let salt = iv.get(..8).unwrap_or_default();
    let key = derive(passphrase, salt, cipher.key_len());
    let mut plain = Zeroizing::new(octets.to_vec());
    CbcKey::new(cipher, &key)?.decrypt(&iv, &mut plain)?;
    let len = unpadded(&plain, cipher.block_len()).ok_or(Pkcs12Error::Passphrase)?;
    plain.truncate(len);
    Ok(plain)
}

/// `EVP_BytesToKey` with MD5 and one round: D_i = MD5(D_(i-1) | passphrase | salt).
fn derive(passphrase: &str, salt: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(len + 16));
    let mut last = Zeroizing::new(Vec::new());
    while out.len() < len {
        last = Zeroizing::new(Hash::Md5.digest(&[&last, passphrase.as_bytes(), salt]));
        out.extend_from_slice(&last);
    }
    out.truncate(len);
    out
}
