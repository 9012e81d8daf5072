//! Phase 2 proposals: what Quick Mode offers and accepts (G-080, W-044, W-053).

use ike_crypto::Group;
use ike_wire::v1::{
    Attribute, EspTransform, IpsecAttribute, Proposal, ProtocolId, SecurityAssociation, Transform,
};

pub use super::ipsec_refusal::refusal;
use super::protection::Protection;
use crate::config::{EspAuthentication, EspEncryption, TransformSet};

/// The algorithms of one ESP SA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EspSuite {
    /// Cipher.
    pub cipher: EspEncryption,
    /// Integrity; `None` only with an AEAD cipher.
    pub integrity: Option<EspAuthentication>,
    /// Extended sequence numbers (RFC 4304).
    pub esn: bool,
}

impl EspSuite {
    /// Octets of cipher key taken from KEYMAT; the combined modes add their salt of four (RFC 4106
    /// 8.1, RFC 7634 2).
    #[must_use]
    pub fn cipher_key_len(self) -> usize {
        match self.cipher {
            EspEncryption::Null => 0,
            EspEncryption::Des => 8,
            EspEncryption::TripleDes => 24,
            EspEncryption::Aes(bits) => usize::from(bits / 8),
            EspEncryption::Gcm(bits) | EspEncryption::Gmac(bits) => usize::from(bits / 8) + 4,
            EspEncryption::ChaCha20Poly1305 => 32 + 4,
        }
    }

    /// Octets of integrity key taken from KEYMAT after the cipher key.
    #[must_use]
    pub fn integrity_key_len(self) -> usize {
        match self.integrity {
            None => 0,
            Some(EspAuthentication::Md5) => 16,
            Some(EspAuthentication::Sha) => 20,
            Some(EspAuthentication::Sha256) => 32,
            Some(EspAuthentication::Sha384) => 48,
            Some(EspAuthentication::Sha512) => 64,
        }
    }
}

/// What both sides agreed in Quick Mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreedChild {
    /// Algorithms.
    pub suite: EspSuite,
    /// Encapsulation mode: 1 tunnel, 2 transport, 3 and 4 the same in UDP (W-044).
    pub encapsulation: u16,
    /// Group of the second exchange, if any.
    pub pfs: Option<Group>,
    /// Seconds.
    pub lifetime_seconds: u32,
    /// Kilobytes.
    pub lifetime_kilobytes: u32,
    /// The peer's inbound SPI.
    pub peer_spi: u32,
}

/// Why no proposal was taken, with the number IOS prints (W-053).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `invalidated proposal with error 32`: proxy identities not supported.
    ProxyIdentities,
    /// `invalidated proposal with error 256`: transform proposal not supported.
    Transforms,
}

impl Refusal {
    /// The number in `IPSec policy invalidated proposal with error N`.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::ProxyIdentities => 32,
            Self::Transforms => 256,
        }
    }
}

/// The suite of a transform set; `None` for AH or for what the data plane does not carry (A7).
#[must_use]
pub fn suite_of(set: &TransformSet) -> Option<EspSuite> {
    if set.ah.is_some() {
        return None;
    }
    let cipher = set.cipher?;
    let usable = match cipher {
        EspEncryption::Gcm(_) | EspEncryption::ChaCha20Poly1305 => set.integrity.is_none(),
        EspEncryption::Gmac(_) => false,
        EspEncryption::Null
        | EspEncryption::Des
        | EspEncryption::TripleDes
        | EspEncryption::Aes(_) => set.integrity.is_some(),
    };
    usable.then_some(EspSuite {
        cipher,
        integrity: set.integrity,
        esn: false,
    })
}

/// The SA payload of QM1: a proposal for each transform set, all with our inbound SPI.
#[must_use]
pub fn offer(protection: &Protection, spi: u32, natted: bool) -> SecurityAssociation {
    let proposals = protection
        .transform_sets
        .iter()
        .filter(|set| suite_of(set).is_some())
        .filter_map(|set| transform(protection, set, natted))
        .zip(1u8..)
        .map(|(transform, number)| proposal(number, spi, transform))
        .collect();
    SecurityAssociation {
        doi: 1,
        situation: 1,
        proposals,
    }
}

fn proposal(number: u8, spi: u32, transform: Transform) -> Proposal {
    Proposal {
        number,
        protocol: ProtocolId::ESP,
        spi: spi.to_be_bytes().to_vec().into(),
        transforms: vec![transform],
        ..Proposal::default()
    }
}

/// Attribute order of W-044. `None` for what only IKEv2 can name.
pub(super) fn transform(
    protection: &Protection,
    set: &TransformSet,
    natted: bool,
) -> Option<Transform> {
    let short = Attribute::short;
    let mut attributes = vec![
        short(IpsecAttribute::ENCAPSULATION, encapsulation(set, natted)),
        short(IpsecAttribute::LIFE_TYPE, 1u16),
        Attribute::number(IpsecAttribute::LIFE_DURATION, protection.lifetime_seconds),
        short(IpsecAttribute::LIFE_TYPE, 2u16),
        Attribute::number(IpsecAttribute::LIFE_DURATION, protection.lifetime_kilobytes),
    ];
    attributes.extend(
        protection
            .pfs
            .map(|group| short(IpsecAttribute::GROUP, group)),
    );
    attributes.extend(
        set.integrity
            .map(|i| short(IpsecAttribute::AUTHENTICATION, integrity_number(i))),
    );
    attributes.extend(key_bits(set).map(|bits| short(IpsecAttribute::KEY_LENGTH, bits)));
    Some(Transform {
        number: 1,
        id: transform_id(set)?,
        attributes,
        ..Transform::default()
    })
}

fn encapsulation(set: &TransformSet, natted: bool) -> u16 {
    match (set.transport, natted) {
        (false, false) => 1,
        (true, false) => 2,
        (false, true) => 3,
        (true, true) => 4,
    }
}

fn integrity_number(integrity: EspAuthentication) -> u16 {
    match integrity {
        EspAuthentication::Md5 => 1,
        EspAuthentication::Sha => 2,
        EspAuthentication::Sha256 => 5,
        EspAuthentication::Sha384 => 6,
        EspAuthentication::Sha512 => 7,
    }
}

fn key_bits(set: &TransformSet) -> Option<u16> {
    match set.cipher? {
        EspEncryption::Aes(bits) | EspEncryption::Gcm(bits) | EspEncryption::Gmac(bits) => {
            Some(bits)
        }
        EspEncryption::Null
        | EspEncryption::Des
        | EspEncryption::TripleDes
        | EspEncryption::ChaCha20Poly1305 => None,
    }
}

/// RFC 2407 4.4.4 and its registry, which has nothing newer than GMAC.
fn transform_id(set: &TransformSet) -> Option<u8> {
    Some(match set.cipher {
        Some(EspEncryption::Des) => EspTransform::DES.0,
        Some(EspEncryption::TripleDes) => EspTransform::TRIPLE_DES.0,
        Some(EspEncryption::Aes(_)) => EspTransform::AES_CBC.0,
        Some(EspEncryption::Gcm(_)) => EspTransform::AES_GCM_16.0,
        Some(EspEncryption::Gmac(_)) => EspTransform::NULL_AUTH_AES_GMAC.0,
        Some(EspEncryption::Null) | None => EspTransform::NULL.0,
        Some(EspEncryption::ChaCha20Poly1305) => return None,
    })
}

/// Picks the first offered transform that one of the protection's sets allows. Returns the
/// SA payload to answer with (our SPI in it) and what was agreed.
///
/// # Errors
/// [`Refusal::Transforms`] when nothing fits.
pub fn choose(
    offered: &SecurityAssociation,
    protection: &Protection,
    natted: bool,
    our_spi: u32,
) -> Result<(SecurityAssociation, AgreedChild), Refusal> {
    for candidate in &offered.proposals {
        let alone = offered
            .proposals
            .iter()
            .filter(|p| p.number == candidate.number)
            .count()
            == 1;
        if !alone || candidate.protocol != ProtocolId::ESP {
            continue;
        }
        for transform in &candidate.transforms {
            if let Some(agreed) = compare(candidate, transform, protection, natted) {
                let answer = proposal(candidate.number, our_spi, transform.clone());
                let sa = SecurityAssociation {
                    doi: 1,
                    situation: 1,
                    proposals: vec![answer],
                };
                return Ok((sa, agreed));
            }
        }
    }
    Err(Refusal::Transforms)
}

/// Holds the responder's answer against our own offer: exactly one transform, one we offered.
///
/// # Errors
/// [`Refusal::Transforms`] when the answer is not a choice from the offer.
pub fn check_answer(
    answer: &SecurityAssociation,
    protection: &Protection,
    natted: bool,
) -> Result<AgreedChild, Refusal> {
    let [candidate] = answer.proposals.as_slice() else {
        return Err(Refusal::Transforms);
    };
    let [transform] = candidate.transforms.as_slice() else {
        return Err(Refusal::Transforms);
    };
    if candidate.protocol != ProtocolId::ESP {
        return Err(Refusal::Transforms);
    }
    compare(candidate, transform, protection, natted).ok_or(Refusal::Transforms)
}

fn compare(
    candidate: &Proposal,
    offered: &Transform,
    protection: &Protection,
    natted: bool,
) -> Option<AgreedChild> {
    let peer_spi = u32::from_be_bytes(candidate.spi.as_ref().try_into().ok()?);
    if peer_spi < 256 {
        return None;
    }
    let attributes = Phase2::read(offered)?;
    let set = protection.transform_sets.iter().find(|set| {
        suite_of(set).is_some()
            && transform_id(set) == Some(offered.id)
            && key_bits(set) == attributes.key_length
            && set.integrity.map(integrity_number) == attributes.authentication
            && encapsulation(set, natted) == attributes.encapsulation
    })?;
    if protection.pfs.is_some() && attributes.group != protection.pfs {
        return None;
    }
    let pfs = match attributes.group {
        None => None,
        Some(number) => Some(Group::from_iana(number)?),
    };
    Some(AgreedChild {
        suite: EspSuite {
            esn: attributes.esn,
            ..suite_of(set)?
        },
        encapsulation: attributes.encapsulation,
        pfs,
        lifetime_seconds: attributes
            .seconds
            .unwrap_or(28_800)
            .clamp(60, protection.lifetime_seconds.max(60)),
        lifetime_kilobytes: attributes
            .kilobytes
            .unwrap_or(protection.lifetime_kilobytes)
            .clamp(512, protection.lifetime_kilobytes.max(512)),
        peer_spi,
    })
}

/// The attributes of one offered transform; `None` when one of them is unknown.
struct Phase2 {
    encapsulation: u16,
    authentication: Option<u16>,
    key_length: Option<u16>,
    group: Option<u16>,
    seconds: Option<u32>,
    kilobytes: Option<u32>,
    esn: bool,
}

impl Phase2 {
    fn read(transform: &Transform) -> Option<Self> {
        let mut out = Self {
            encapsulation: 0,
            authentication: None,
            key_length: None,
            group: None,
            seconds: None,
            kilobytes: None,
            esn: false,
        };
        let mut life_type = 0;
        for attribute in &transform.attributes {
            let value = attribute.as_u64()?;
            let short = u16::try_from(value).ok();
            let long = u32::try_from(value).unwrap_or(u32::MAX);
            match IpsecAttribute(attribute.ty) {
                IpsecAttribute::ENCAPSULATION => out.encapsulation = short?,
                IpsecAttribute::AUTHENTICATION => out.authentication = Some(short?),
                IpsecAttribute::KEY_LENGTH => out.key_length = Some(short?),
                IpsecAttribute::GROUP => out.group = Some(short?),
                IpsecAttribute::LIFE_TYPE => life_type = value,
                IpsecAttribute::LIFE_DURATION if life_type == 1 => out.seconds = Some(long),
                IpsecAttribute::LIFE_DURATION if life_type == 2 => out.kilobytes = Some(long),
                IpsecAttribute::EXTENDED_SEQUENCE => out.esn = value == 1,
                _ => return None,
            }
        }
        Some(out)
    }
}
