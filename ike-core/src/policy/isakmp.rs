//! Phase 1 policies: what we offer and what we accept (G-021, G-022, W-040..W-043, W-053).

use ike_crypto::{Cipher, Group, Hash};
use ike_wire::v1::{
    Attribute, IsakmpTransform, OakleyAttribute, Proposal, ProtocolId, SecurityAssociation,
    Transform,
};

use crate::config::{
    IsakmpAuthentication, IsakmpEncryption, IsakmpHash, IsakmpPolicy, RunningConfig,
};

pub use super::isakmp_refusal::{refusal, subjects};

/// The agreed phase 1 algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    /// Message cipher.
    pub cipher: Cipher,
    /// Hash, and HMAC with it as PRF.
    pub hash: Hash,
    /// Diffie-Hellman group.
    pub group: Group,
    /// Authentication method.
    pub authentication: IsakmpAuthentication,
    /// Lifetime in seconds.
    pub lifetime: u32,
}

/// Why a transform does not fit a policy, in the words of IOS (W-053).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Encryption algorithm offered does not match policy!
    Encryption,
    /// Hash algorithm offered does not match policy!
    Hash,
    /// Authentication method offered does not match policy!
    Authentication,
    /// Diffie-Hellman group offered does not match policy!
    Group,
    /// Proposed key length does not match policy
    KeyLength,
    /// A transform this build cannot carry out, or one with unknown attributes (A7).
    Unusable,
}

/// The policies in priority order: the configured ones, else the defaults of G-022. Policies
/// this build cannot carry out (rsa-encr, group 24) are left out (A7, D5, E7).
#[must_use]
pub fn policies(config: &RunningConfig) -> Vec<IsakmpPolicy> {
    let mut list = if !config.isakmp_policies.is_empty() {
        config.isakmp_policies.clone()
    } else if config.isakmp.default_policies {
        default_policies()
    } else {
        Vec::new()
    };
    list.sort_by_key(|p| p.priority);
    list.retain(|p| suite_of(p).is_some());
    list
}

/// The eight built-in policies, 65507..=65514 (G-022).
#[must_use]
pub fn default_policies() -> Vec<IsakmpPolicy> {
    let ciphers = [
        (IsakmpEncryption::Aes(128), 5),
        (IsakmpEncryption::TripleDes, 2),
    ];
    let mut out = Vec::new();
    for (encryption, group) in ciphers {
        for hash in [IsakmpHash::Sha, IsakmpHash::Md5] {
            for authentication in [IsakmpAuthentication::RsaSig, IsakmpAuthentication::PreShare] {
                let priority = 65_507 + u32::try_from(out.len()).unwrap_or(0);
                out.push(IsakmpPolicy {
                    priority,
                    encryption,
                    hash,
                    authentication,
                    group,
                    lifetime: 86_400,
                });
            }
        }
    }
    out
}

/// The SA payload of MM1: one proposal, a transform for each policy (W-042).
#[must_use]
pub fn offer(policies: &[IsakmpPolicy]) -> SecurityAssociation {
    let transforms = policies
        .iter()
        .zip(1u8..)
        .map(|(policy, number)| transform(number, policy))
        .collect();
    proposal(transforms)
}

/// The SA payload of MM2: the chosen transform alone, as it was offered (W-047).
#[must_use]
pub fn answer(offer: &SecurityAssociation, chosen: &Transform) -> SecurityAssociation {
    let mut answer = proposal(vec![chosen.clone()]);
    if let (Some(out), Some(offered)) = (answer.proposals.first_mut(), offer.proposals.first()) {
        out.number = offered.number;
    }
    answer
}

fn proposal(transforms: Vec<Transform>) -> SecurityAssociation {
    SecurityAssociation {
        doi: 1,
        situation: 1,
        proposals: vec![Proposal {
            number: 1,
            protocol: ProtocolId::ISAKMP,
            transforms,
            ..Proposal::default()
        }],
    }
}

/// One transform in the attribute order of IOS (W-040, W-041, W-043).
pub(super) fn transform(number: u8, policy: &IsakmpPolicy) -> Transform {
    let (cipher, key_bits): (u16, Option<u16>) = match policy.encryption {
        IsakmpEncryption::Des => (1, None),
        IsakmpEncryption::TripleDes => (5, None),
        IsakmpEncryption::Aes(bits) => (7, Some(bits)),
    };
    let mut attributes = vec![Attribute::short(OakleyAttribute::ENCRYPTION, cipher)];
    attributes.extend(key_bits.map(|bits| Attribute::short(OakleyAttribute::KEY_LENGTH, bits)));
    attributes.extend([
        Attribute::short(OakleyAttribute::HASH, hash_number(policy.hash)),
        Attribute::short(OakleyAttribute::GROUP, policy.group),
        Attribute::short(
            OakleyAttribute::AUTHENTICATION,
            authentication_number(policy),
        ),
        Attribute::short(OakleyAttribute::LIFE_TYPE, 1u16),
        // W-041: TV up to 65535, four octets of TLV above.
        Attribute::number(OakleyAttribute::LIFE_DURATION, policy.lifetime),
    ]);
    Transform {
        number,
        id: IsakmpTransform::KEY_IKE.0,
        attributes,
        ..Transform::default()
    }
}

fn hash_number(hash: IsakmpHash) -> u16 {
    match hash {
        IsakmpHash::Md5 => 1,
        IsakmpHash::Sha => 2,
        IsakmpHash::Sha256 => 4,
        IsakmpHash::Sha384 => 5,
        IsakmpHash::Sha512 => 6,
    }
}

/// RFC 2409 appendix A; the ECDSA methods are by curve (RFC 4754 3).
fn authentication_number(policy: &IsakmpPolicy) -> u16 {
    match (policy.authentication, policy.hash) {
        (IsakmpAuthentication::PreShare, _) => 1,
        (IsakmpAuthentication::RsaSig, _) => 3,
        (IsakmpAuthentication::RsaEncr, _) => 4,
        (IsakmpAuthentication::EcdsaSig, IsakmpHash::Sha384) => 10,
        (IsakmpAuthentication::EcdsaSig, IsakmpHash::Sha512) => 11,
        (IsakmpAuthentication::EcdsaSig, _) => 9,
    }
}

/// The algorithms of a policy, `None` for what this build does not carry out.
#[must_use]
pub fn suite_of(policy: &IsakmpPolicy) -> Option<Suite> {
    if policy.authentication == IsakmpAuthentication::RsaEncr {
        return None;
    }
    Some(Suite {
        cipher: match policy.encryption {
            IsakmpEncryption::Des => Cipher::DesCbc,
            IsakmpEncryption::TripleDes => Cipher::TripleDesCbc,
            IsakmpEncryption::Aes(128) => Cipher::Aes128Cbc,
            IsakmpEncryption::Aes(192) => Cipher::Aes192Cbc,
            IsakmpEncryption::Aes(256) => Cipher::Aes256Cbc,
            IsakmpEncryption::Aes(_) => return None,
        },
        hash: match policy.hash {
            IsakmpHash::Md5 => Hash::Md5,
            IsakmpHash::Sha => Hash::Sha1,
            IsakmpHash::Sha256 => Hash::Sha256,
            IsakmpHash::Sha384 => Hash::Sha384,
            IsakmpHash::Sha512 => Hash::Sha512,
        },
        group: Group::from_iana(policy.group)?,
        authentication: policy.authentication,
        lifetime: policy.lifetime,
    })
}

/// Holds an offered transform against one policy, in the order IOS complains (W-053).
///
/// # Errors
/// The first attribute that does not fit.
pub fn compare(offered: &Transform, policy: &IsakmpPolicy) -> Result<Suite, Mismatch> {
    let ours = suite_of(policy).ok_or(Mismatch::Unusable)?;
    let wanted = transform(1, policy);
    let fits = |ty: OakleyAttribute| value(offered, ty) == value(&wanted, ty);
    if offered.id != IsakmpTransform::KEY_IKE.0 || has_unknown(offered) {
        return Err(Mismatch::Unusable);
    }
    if !fits(OakleyAttribute::ENCRYPTION) {
        return Err(Mismatch::Encryption);
    }
    if !fits(OakleyAttribute::KEY_LENGTH) {
        return Err(Mismatch::KeyLength);
    }
    if !fits(OakleyAttribute::HASH) {
        return Err(Mismatch::Hash);
    }
    if !fits(OakleyAttribute::AUTHENTICATION) {
        return Err(Mismatch::Authentication);
    }
    if !fits(OakleyAttribute::GROUP) {
        return Err(Mismatch::Group);
    }
    Ok(Suite {
        lifetime: agreed_lifetime(offered, ours.lifetime),
        ..ours
    })
}

/// The shorter of the offered and our own lifetime; a peer cannot force one under a minute
/// (H14).
fn agreed_lifetime(offered: &Transform, ours: u32) -> u32 {
    let offered = match value(offered, OakleyAttribute::LIFE_TYPE) {
        Some(1) => value(offered, OakleyAttribute::LIFE_DURATION),
        _ => None,
    };
    offered
        .map_or(ours, |seconds| u32::try_from(seconds).unwrap_or(u32::MAX))
        .clamp(60, ours.max(60))
}

pub(super) fn value(transform: &Transform, ty: OakleyAttribute) -> Option<u64> {
    transform.attribute(ty).and_then(Attribute::as_u64)
}

fn has_unknown(transform: &Transform) -> bool {
    const KNOWN: [OakleyAttribute; 7] = [
        OakleyAttribute::ENCRYPTION,
        OakleyAttribute::KEY_LENGTH,
        OakleyAttribute::HASH,
        OakleyAttribute::GROUP,
        OakleyAttribute::AUTHENTICATION,
        OakleyAttribute::LIFE_TYPE,
        OakleyAttribute::LIFE_DURATION,
    ];
    transform
        .attributes
        .iter()
        .any(|a| !KNOWN.contains(&OakleyAttribute(a.ty)))
}
