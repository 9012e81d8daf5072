//! IOS's words for algorithms, as configuration, debug and `show` all print them.

use ike_crypto::{Cipher, Hash};

use crate::config::{EspAuthentication, EspEncryption, IsakmpAuthentication, TransformSet};
use crate::policy::ipsec::EspSuite;

/// `esp-aes esp-sha256-hmac`, as in `show crypto ipsec sa` (O-060).
#[must_use]
pub fn transform_names(suite: EspSuite) -> String {
    names(Some(suite.cipher), suite.integrity)
}

/// `esp-aes esp-sha256-hmac (Tunnel)`, as in `debug crypto ipsec`.
#[must_use]
pub fn transform_set(set: &TransformSet) -> String {
    let mode = if set.transport { "Transport" } else { "Tunnel" };
    format!("{} ({mode})", names(set.cipher, set.integrity))
}

fn names(cipher: Option<EspEncryption>, integrity: Option<EspAuthentication>) -> String {
    let sized = |name: &str, bits: u16| match bits {
        128 => name.to_owned(),
        other => format!("esp-{other}-{}", name.trim_start_matches("esp-")),
    };
    let cipher = cipher.map(|c| match c {
        EspEncryption::Null => "esp-null".to_owned(),
        EspEncryption::Des => "esp-des".to_owned(),
        EspEncryption::TripleDes => "esp-3des".to_owned(),
        EspEncryption::Aes(bits) => sized("esp-aes", bits),
        EspEncryption::Gcm(bits) => sized("esp-gcm", bits),
        EspEncryption::Gmac(bits) => sized("esp-gmac", bits),
    });
    let integrity = integrity.map(|i| {
        match i {
            EspAuthentication::Md5 => "esp-md5-hmac",
            EspAuthentication::Sha => "esp-sha-hmac",
            EspAuthentication::Sha256 => "esp-sha256-hmac",
            EspAuthentication::Sha384 => "esp-sha384-hmac",
            EspAuthentication::Sha512 => "esp-sha512-hmac",
        }
        .to_owned()
    });
    cipher
        .into_iter()
        .chain(integrity)
        .collect::<Vec<_>>()
        .join(" ")
}

/// `Encr` column of `show crypto isakmp sa detail` (O-005).
#[must_use]
pub fn cipher(cipher: Cipher) -> &'static str {
    match cipher {
        Cipher::DesCbc => "des",
        Cipher::TripleDesCbc => "3des",
        Cipher::Aes128Cbc => "aes",
        Cipher::Aes192Cbc => "aes 192",
        Cipher::Aes256Cbc => "aes 256",
    }
}

/// `Hash` column (O-005).
#[must_use]
pub fn hash(hash: Hash) -> &'static str {
    match hash {
        Hash::Md5 => "md5",
        Hash::Sha1 => "sha",
        Hash::Sha256 => "sha256",
        Hash::Sha384 => "sha384",
        Hash::Sha512 => "sha512",
    }
}

/// `Auth` column (O-005).
#[must_use]
pub fn authentication(method: IsakmpAuthentication) -> &'static str {
    match method {
        IsakmpAuthentication::RsaSig => "rsig",
        IsakmpAuthentication::RsaEncr => "renc",
        IsakmpAuthentication::PreShare => "psk",
        IsakmpAuthentication::EcdsaSig => "ecsig",
    }
}
