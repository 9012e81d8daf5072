//! Algorithms in the keywords of swanctl.conf(5).

use ike_core::config::{
    EspAuthentication, EspEncryption, Ikev2Encryption, Ikev2Integrity, Ikev2Prf, Ikev2Proposal,
    IsakmpEncryption, IsakmpHash, IsakmpPolicy,
};
use ike_core::policy::ipsec::EspSuite;

/// A Diffie-Hellman group by its IANA number; `None` for what charon has no keyword for.
pub(super) fn group(number: u16) -> Option<&'static str> {
    Some(match number {
        1 => "modp768",
        2 => "modp1024",
        5 => "modp1536",
        14 => "modp2048",
        15 => "modp3072",
        16 => "modp4096",
        17 => "modp6144",
        18 => "modp8192",
        19 => "ecp256",
        20 => "ecp384",
        21 => "ecp521",
        24 => "modp2048s256",
        31 => "x25519",
        _ => return None,
    })
}

/// A phase 1 policy, e.g. `3des-md5-modp1024`.
pub(super) fn isakmp(policy: &IsakmpPolicy) -> Option<String> {
    let cipher = match policy.encryption {
        IsakmpEncryption::Des => "des".to_owned(),
        IsakmpEncryption::TripleDes => "3des".to_owned(),
        IsakmpEncryption::Aes(bits) => format!("aes{bits}"),
    };
    let hash = match policy.hash {
        IsakmpHash::Md5 => "md5",
        IsakmpHash::Sha => "sha1",
        IsakmpHash::Sha256 => "sha256",
        IsakmpHash::Sha384 => "sha384",
        IsakmpHash::Sha512 => "sha512",
    };
    Some(format!("{cipher}-{hash}-{}", group(policy.group)?))
}

/// A proposal of IKEv2 with all its alternatives, e.g. `aes256-aes128-sha256-modp2048`. The PRFs of
/// the integrity algorithms go without saying, in both.
pub(super) fn ikev2(proposal: &Ikev2Proposal) -> String {
    let ciphers = proposal.encryption.iter().map(|c| cipher(*c));
    let integrity = proposal.integrity.iter().map(|i| integrity(*i).to_owned());
    let prfs = proposal.prf.iter().map(|p| format!("prf{}", prf(*p)));
    let groups = proposal.groups.iter().filter_map(|g| group(*g));
    let words: Vec<String> = ciphers
        .chain(integrity)
        .chain(prfs)
        .chain(groups.map(str::to_owned))
        .collect();
    words.join("-")
}

fn cipher(cipher: Ikev2Encryption) -> String {
    match cipher {
        Ikev2Encryption::Des => "des".to_owned(),
        Ikev2Encryption::TripleDes => "3des".to_owned(),
        Ikev2Encryption::AesCbc(bits) => format!("aes{bits}"),
        Ikev2Encryption::AesGcm { bits, icv } => format!("aes{bits}gcm{icv}"),
        Ikev2Encryption::AesCtr(bits) => format!("aes{bits}ctr"),
        Ikev2Encryption::AesCcm { bits, icv } => format!("aes{bits}ccm{icv}"),
        Ikev2Encryption::ChaCha20Poly1305 => "chacha20poly1305".to_owned(),
    }
}

fn integrity(integrity: Ikev2Integrity) -> &'static str {
    prf(integrity.prf())
}

fn prf(prf: Ikev2Prf) -> &'static str {
    match prf {
        Ikev2Prf::Md5 => "md5",
        Ikev2Prf::Sha1 => "sha1",
        Ikev2Prf::Sha256 => "sha256",
        Ikev2Prf::Sha384 => "sha384",
        Ikev2Prf::Sha512 => "sha512",
        Ikev2Prf::AesXcbc => "aesxcbc",
        Ikev2Prf::AesCmac => "aescmac",
    }
}

/// A transform set, e.g. `aes128-sha256`, with the group of PFS behind it.
pub(super) fn esp(suite: EspSuite, pfs: Option<&str>) -> String {
    let cipher = match suite.cipher {
        EspEncryption::Null => "null".to_owned(),
        EspEncryption::Des => "des".to_owned(),
        EspEncryption::TripleDes => "3des".to_owned(),
        EspEncryption::Aes(bits) => format!("aes{bits}"),
        EspEncryption::Gcm(bits) => format!("aes{bits}gcm16"),
        EspEncryption::Gmac(bits) => format!("aes{bits}gmac"),
        EspEncryption::ChaCha20Poly1305 => "chacha20poly1305".to_owned(),
    };
    let integrity = suite.integrity.map(|integrity| match integrity {
        EspAuthentication::Md5 => "md5",
        EspAuthentication::Sha => "sha1",
        EspAuthentication::Sha256 => "sha256",
        EspAuthentication::Sha384 => "sha384",
        EspAuthentication::Sha512 => "sha512",
    });
    let mut words = vec![cipher.as_str()];
    words.extend(integrity);
    words.extend(pfs);
    words.join("-")
}

#[cfg(test)]
mod tests {
    use ike_core::config::parse;

    use super::*;

    /// W-064: IOS's default proposal with all its alternatives.
    #[test]
    fn a_proposal_keeps_its_alternatives_in_order() {
        assert_eq!(
            ikev2(&Ikev2Proposal::built_in()),
            "aes256-aes192-aes128-sha512-sha384-sha256-sha1-md5-prfsha512-prfsha384-prfsha256-prfsha1-prfmd5-modp1536-modp1024"
        );
        let text = "crypto ikev2 proposal P\n encryption aes-gcm-256-icv12 aes-ccm-128\n prf sha384\n group 31 21\n";
        assert_eq!(
            ikev2(&parse("p", text).config.ikev2_proposals[0]),
            "aes256gcm12-aes128ccm16-prfsha384-x25519-ecp521"
        );
    }

    #[test]
    fn policies_and_transform_sets_have_charons_names() {
        let config = parse(
            "p",
            "crypto isakmp policy 1\n encr aes 256\n hash sha384\n group 19\n",
        )
        .config;
        assert_eq!(
            isakmp(&config.isakmp_policies[0]).unwrap(),
            "aes256-sha384-ecp256"
        );
        let suite = |cipher, integrity| EspSuite {
            cipher,
            integrity,
            esn: false,
        };
        assert_eq!(
            esp(suite(EspEncryption::Gcm(256), None), Some("ecp384")),
            "aes256gcm16-ecp384"
        );
        let sha = Some(EspAuthentication::Sha);
        assert_eq!(esp(suite(EspEncryption::TripleDes, sha), None), "3des-sha1");
        assert_eq!(esp(suite(EspEncryption::Null, sha), None), "null-sha1");
    }
}
