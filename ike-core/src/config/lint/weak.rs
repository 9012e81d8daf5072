//! Weak algorithms, each with the reason (S-002 is the tech note's: 3des, md5, group 2).
use crate::config::model::*;

const DES: &str = "des: 56-bit keys, searched in a day";
const TRIPLE_DES: &str = "3des: 64-bit blocks repeat after some gigaoctets (Sweet32)";
const MD5: &str = "md5: collisions are cheap, RFC 8247 forbids it";
const NULL: &str = "esp-null: nothing is encrypted";

/// Why a policy of IKEv1 is weak; empty when it is not (G-021).
pub(super) fn isakmp_policy(policy: &IsakmpPolicy) -> Vec<&'static str> {
    let cipher = match policy.encryption {
        IsakmpEncryption::Des => Some(DES),
        IsakmpEncryption::TripleDes => Some(TRIPLE_DES),
        IsakmpEncryption::Aes(_) => None,
    };
    let hash = (policy.hash == IsakmpHash::Md5).then_some(MD5);
    cipher
        .into_iter()
        .chain(hash)
        .chain(group(policy.group))
        .collect()
}

/// The same for a proposal of IKEv2 (G-040).
pub(super) fn ikev2_proposal(proposal: &Ikev2Proposal) -> Vec<&'static str> {
    let ciphers = proposal
        .encryption
        .iter()
        .filter_map(|cipher| match cipher {
            Ikev2Encryption::Des => Some(DES),
            Ikev2Encryption::TripleDes => Some(TRIPLE_DES),
            _ => None,
        });
    let md5 =
        proposal.integrity.contains(&Ikev2Integrity::Md5) || proposal.prf.contains(&Ikev2Prf::Md5);
    let groups = proposal.groups.iter().filter_map(|number| group(*number));
    ciphers.chain(md5.then_some(MD5)).chain(groups).collect()
}

/// The same for a transform set (G-080). HMAC-MD5 is not broken as a MAC; peers refuse it all the same.
pub(super) fn transform_set(set: &TransformSet) -> Vec<&'static str> {
    let cipher = set.cipher.and_then(|cipher| match cipher {
        EspEncryption::Null => Some(NULL),
        EspEncryption::Des => Some(DES),
        EspEncryption::TripleDes => Some(TRIPLE_DES),
        _ => None,
    });
    let md5 = [set.integrity, set.ah].contains(&Some(EspAuthentication::Md5));
    cipher.into_iter().chain(md5.then_some(MD5)).collect()
}

/// RFC 8247 2.4: groups that are too short, or of unknown making.
fn group(number: u16) -> Option<&'static str> {
    match number {
        1 => Some("group 1: 768 bits, broken in public"),
        2 => Some("group 2: 1024 bits, within reach of states (Logjam)"),
        5 => Some("group 5: 1536 bits, below today's 2048"),
        24 => Some(
            "group 24: the making of its small subgroup is unknown, RFC 8247 advises against it",
        ),
        _ => None,
    }
}
