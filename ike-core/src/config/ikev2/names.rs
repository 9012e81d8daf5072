//! The keywords of IKEv2 algorithms, in the order of the patterns that read them.
use crate::config::model::{Ikev2Encryption as E, Ikev2Integrity as I, Ikev2Prf as P};

/// `encryption` (G-040); from `aes-gcm-192` on, but for `aes-gcm-256`, extensions.
pub(in crate::config) const ENCRYPTIONS: &[(&str, E)] = &[
    ("des", E::Des),
    ("3des", E::TripleDes),
    ("aes-cbc-128", E::AesCbc(128)),
    ("aes-cbc-192", E::AesCbc(192)),
    ("aes-cbc-256", E::AesCbc(256)),
    ("aes-gcm-128", E::AesGcm { bits: 128, icv: 16 }),
    ("aes-gcm-192", E::AesGcm { bits: 192, icv: 16 }),
    ("aes-gcm-256", E::AesGcm { bits: 256, icv: 16 }),
    ("aes-gcm-128-icv8", E::AesGcm { bits: 128, icv: 8 }),
    ("aes-gcm-192-icv8", E::AesGcm { bits: 192, icv: 8 }),
    ("aes-gcm-256-icv8", E::AesGcm { bits: 256, icv: 8 }),
    ("aes-gcm-128-icv12", E::AesGcm { bits: 128, icv: 12 }),
    ("aes-gcm-192-icv12", E::AesGcm { bits: 192, icv: 12 }),
    ("aes-gcm-256-icv12", E::AesGcm { bits: 256, icv: 12 }),
    ("aes-ctr-128", E::AesCtr(128)),
    ("aes-ctr-192", E::AesCtr(192)),
    ("aes-ctr-256", E::AesCtr(256)),
    ("aes-ccm-128", E::AesCcm { bits: 128, icv: 16 }),
    ("aes-ccm-192", E::AesCcm { bits: 192, icv: 16 }),
    ("aes-ccm-256", E::AesCcm { bits: 256, icv: 16 }),
    ("aes-ccm-128-icv8", E::AesCcm { bits: 128, icv: 8 }),
    ("aes-ccm-192-icv8", E::AesCcm { bits: 192, icv: 8 }),
    ("aes-ccm-256-icv8", E::AesCcm { bits: 256, icv: 8 }),
    ("aes-ccm-128-icv12", E::AesCcm { bits: 128, icv: 12 }),
    ("aes-ccm-192-icv12", E::AesCcm { bits: 192, icv: 12 }),
    ("aes-ccm-256-icv12", E::AesCcm { bits: 256, icv: 12 }),
    ("chacha20-poly1305", E::ChaCha20Poly1305),
];

/// `integrity` (G-040); the last two are extensions.
pub(in crate::config) const INTEGRITIES: &[(&str, I)] = &[
    ("md5", I::Md5),
    ("sha1", I::Sha1),
    ("sha256", I::Sha256),
    ("sha384", I::Sha384),
    ("sha512", I::Sha512),
    ("aes-xcbc", I::AesXcbc),
    ("aes-cmac", I::AesCmac),
];

/// `prf` (G-040); the last two are extensions.
pub(in crate::config) const PRFS: &[(&str, P)] = &[
    ("md5", P::Md5),
    ("sha1", P::Sha1),
    ("sha256", P::Sha256),
    ("sha384", P::Sha384),
    ("sha512", P::Sha512),
    ("aes-xcbc", P::AesXcbc),
    ("aes-cmac", P::AesCmac),
];

/// `additional-ke 1` by IANA number (RFC 9370, draft-ietf-ipsecme-ikev2-mlkem).
pub(in crate::config) const ADDITIONAL_KES: &[(&str, u16)] =
    &[("mlkem512", 35), ("mlkem768", 36), ("mlkem1024", 37)];

/// The value of a keyword.
pub(in crate::config) fn value<T: Copy>(table: &[(&str, T)], keyword: &str) -> Option<T> {
    let found = table.iter().find(|(name, _)| *name == keyword);
    found.map(|(_, value)| *value)
}

/// The keyword of a value; a value without one is not printed.
pub(in crate::config) fn keyword<T: PartialEq>(
    table: &[(&'static str, T)],
    wanted: &T,
) -> &'static str {
    let found = table.iter().find(|(_, value)| value == wanted);
    found.map_or("", |(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ikev2::proposal::PROPOSAL;

    /// A keyword in a pattern and one in a table are the same list written twice.
    #[test]
    fn patterns_and_tables_have_the_same_keywords() {
        let pattern = |start: &str| {
            let patterns = PROPOSAL.iter().flat_map(|command| command.patterns);
            let found = patterns.copied().find(|p| p.starts_with(start)).unwrap();
            let choice = found.split(' ').next_back().unwrap();
            choice.trim_matches(['{', '}', '+']).replace('|', " ")
        };
        fn names<T>(table: &[(&'static str, T)]) -> String {
            table
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(" ")
        }
        assert_eq!(pattern("encryption"), names(ENCRYPTIONS));
        assert_eq!(pattern("integrity"), names(INTEGRITIES));
        assert_eq!(pattern("prf"), names(PRFS));
        assert_eq!(pattern("additional-ke"), names(ADDITIONAL_KES));
    }
}
