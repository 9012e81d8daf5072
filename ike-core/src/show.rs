//! IOS's words for algorithms, as configuration, debug and `show` all print them.

use ike_crypto::{Cipher, Hash};
use ike_wire::v2::{NotifyType, Transform, TransformType};

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
        EspEncryption::ChaCha20Poly1305 => "esp-chacha20-poly1305".to_owned(),
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

/// A transform of IKEv2 as `debug crypto ikev2` and `show crypto ikev2 proposal` print it (O-023, O-083,
/// W-064).
#[must_use]
pub fn ikev2_transform(transform: &Transform) -> String {
    let id = transform.id;
    let known = match transform.ty {
        TransformType::ENCR => match id {
            2 => "DES",
            3 => "3DES",
            11 => "NULL",
            12 => "AES-CBC",
            13 => "AES-CTR",
            14..=16 => "AES-CCM",
            18..=20 => "AES-GCM",
            28 => "CHACHA20-POLY1305",
            _ => "",
        },
        TransformType::PRF => match id {
            1 => "MD5",
            2 => "SHA1",
            4 => "AES-XCBC",
            5 => "SHA256",
            6 => "SHA384",
            7 => "SHA512",
            8 => "AES-CMAC",
            _ => "",
        },
        TransformType::INTEG => match id {
            1 => "MD596",
            2 => "SHA96",
            5 => "AES-XCBC-96",
            8 => "AES-CMAC-96",
            12 => "SHA256",
            13 => "SHA384",
            14 => "SHA512",
            _ => "",
        },
        TransformType::DH => return ikev2_group(id),
        TransformType::ESN => {
            if id == 0 {
                "Don't use ESN"
            } else {
                "Use ESN"
            }
        }
        _ => "",
    };
    if known.is_empty() {
        format!("{}-{id}", transform.ty)
    } else {
        known.to_owned()
    }
}

/// A notify of IKEv2: IOS shortens two names of the registry (S-072).
#[must_use]
pub fn ikev2_notify(ty: NotifyType) -> String {
    match ty {
        NotifyType::ESP_TFC_PADDING_NOT_SUPPORTED => "ESP_TFC_NO_SUPPORT".to_owned(),
        NotifyType::NON_FIRST_FRAGMENTS_ALSO => "NON_FIRST_FRAGS".to_owned(),
        other => other.to_string(),
    }
}

/// `DH_GROUP_1024_MODP/Group 2` (O-023).
#[must_use]
pub fn ikev2_group(number: u16) -> String {
    let name = match number {
        1 => "DH_GROUP_768_MODP",
        2 => "DH_GROUP_1024_MODP",
        5 => "DH_GROUP_1536_MODP",
        14 => "DH_GROUP_2048_MODP",
        15 => "DH_GROUP_3072_MODP",
        16 => "DH_GROUP_4096_MODP",
        17 => "DH_GROUP_6144_MODP",
        18 => "DH_GROUP_8192_MODP",
        19 => "DH_GROUP_256_ECP",
        20 => "DH_GROUP_384_ECP",
        21 => "DH_GROUP_521_ECP",
        31 => "DH_GROUP_CURVE25519",
        _ => "DH_GROUP",
    };
    format!("{name}/Group {number}")
}
