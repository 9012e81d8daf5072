//! Wireshark's names of ciphers (epan/dissectors/packet-isakmp.c), and ours for those it has none for.

use ike_crypto::{Hash, Integrity};

use crate::policy::ikev2::suite::Encryption;

/// Wireshark's name where it does not check: AES-XCBC and AES-CMAC, for which it wants no key.
pub(super) const UNCHECKED: &str = "ANY 96-bits of Authentication [No Checking]";
/// No integrity algorithm beside a combined mode.
pub(super) const NONE: &str = "NONE [RFC4306]";

/// The name of an ENCR transform, and whether it is one of Wireshark's.
pub(super) fn encryption(encryption: Encryption) -> (String, bool) {
    let (number, bits) = encryption.transform();
    let bits = bits.unwrap_or_default();
    let name = match number {
        3 => "3DES [RFC2451]".to_owned(),
        12 => format!("AES-CBC-{bits} [RFC3602]"),
        13 => format!("AES-CTR-{bits} [RFC5930]"),
        14..=16 => format!(
            "AES-CCM-{bits} with {} octet ICV [RFC5282]",
            4 * (number - 12)
        ),
        18..=20 => format!(
            "AES-GCM-{bits} with {} octet ICV [RFC5282]",
            4 * (number - 16)
        ),
        28 => return ("CHACHA20-POLY1305 [RFC7634]".to_owned(), false),
        _ => return ("DES-CBC [RFC2405]".to_owned(), false),
    };
    (name, true)
}

/// The algorithm of a name.
pub(super) fn encryption_of(name: &str) -> Option<Encryption> {
    Encryption::every().find(|one| encryption(*one).0 == name)
}

/// The name of an INTEG transform, and whether it is one of Wireshark's.
pub(super) fn integrity(integrity: Option<Integrity>) -> (&'static str, bool) {
    let name = match integrity {
        None => NONE,
        Some(Integrity::Hmac(Hash::Md5)) => "HMAC_MD5_96 [RFC2403]",
        Some(Integrity::Hmac(Hash::Sha1)) => "HMAC_SHA1_96 [RFC2404]",
        Some(Integrity::Hmac(Hash::Sha256)) => "HMAC_SHA2_256_128 [RFC4868]",
        Some(Integrity::Hmac(Hash::Sha384)) => "HMAC_SHA2_384_192 [RFC4868]",
        Some(Integrity::Hmac(Hash::Sha512)) => "HMAC_SHA2_512_256 [RFC4868]",
        Some(Integrity::AesXcbc96) => return ("AES_XCBC_96 [RFC3566]", false),
        Some(Integrity::AesCmac96) => return ("AES_CMAC_96 [RFC4494]", false),
    };
    (name, true)
}

/// The algorithm of a name; the inner `None` is that of combined modes.
pub(super) fn integrity_of(name: &str) -> Option<Option<Integrity>> {
    let every = (0..20).filter_map(Integrity::from_iana).map(Some);
    every.chain([None]).find(|one| integrity(*one).0 == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One table for writer and reader: no two algorithms share a name.
    #[test]
    fn every_name_leads_back_to_its_algorithm() {
        for one in Encryption::every() {
            assert_eq!(encryption_of(&encryption(one).0), Some(one));
        }
        for one in (0..20).filter_map(Integrity::from_iana) {
            assert_eq!(integrity_of(integrity(Some(one)).0), Some(Some(one)));
        }
        assert_eq!(integrity_of(NONE), Some(None));
        assert_eq!(integrity_of(UNCHECKED), None);
        assert_eq!(encryption_of("AES-CBC-512 [RFC3602]"), None);
    }
}
