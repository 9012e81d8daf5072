//! ESP proposals of IKEv2: what a child SA offers and takes (G-080, O-083, RFC 7296 3.3).

use ike_crypto::Group;
use ike_wire::v2::{Proposal, ProtocolId, SecurityAssociation, Transform, TransformType};

pub use super::refusal::of_child as refusal;
use super::suite::transform;
use crate::config::{EspAuthentication, EspEncryption};
use crate::policy::ipsec::{EspSuite, suite_of};
use crate::policy::protection::Protection;

/// What both sides agreed for a child SA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenChild {
    /// Algorithms.
    pub suite: EspSuite,
    /// The transform set it comes from asks for transport mode.
    pub transport: bool,
    /// Group of the child's own key exchange, if any (PFS).
    pub group: Option<Group>,
    /// The peer's inbound SPI.
    pub peer_spi: u32,
    /// The proposal to answer with, our SPI in it.
    pub answer: Proposal,
}

/// The SA payload of a child SA: a proposal for each transform set, ENCR, INTEG, `[DH,]` ESN
/// (O-083: three transforms in IKE_AUTH). `with_group`: in CREATE_CHILD_SA the protection's PFS group
/// is offered; in IKE_AUTH there is none (RFC 7296 1.2).
#[must_use]
pub fn offer(protection: &Protection, spi: u32, with_group: bool) -> SecurityAssociation {
    let group = protection.pfs.filter(|_| with_group);
    let proposals = protection
        .transform_sets
        .iter()
        .filter_map(suite_of)
        .zip(1u8..)
        .map(|(suite, number)| proposal(number, spi, suite, group))
        .collect();
    SecurityAssociation { proposals }
}

/// The first transform set asks for transport mode (N(USE_TRANSPORT_MODE), W-073).
#[must_use]
pub fn wants_transport(protection: &Protection) -> bool {
    protection
        .transform_sets
        .iter()
        .find(|set| suite_of(set).is_some())
        .is_some_and(|set| set.transport)
}

pub(super) fn proposal(number: u8, spi: u32, suite: EspSuite, group: Option<u16>) -> Proposal {
    let mut transforms = vec![transform(TransformType::ENCR, encryption(suite.cipher))];
    transforms.extend(
        suite
            .integrity
            .map(|i| Transform::new(TransformType::INTEG, integrity(i))),
    );
    transforms.extend(group.map(|g| Transform::new(TransformType::DH, g)));
    transforms.push(Transform::new(TransformType::ESN, u16::from(suite.esn)));
    Proposal {
        number,
        protocol: ProtocolId::ESP,
        spi: spi.to_be_bytes().to_vec().into(),
        transforms,
        ..Proposal::default()
    }
}

/// Picks the first offered proposal that one of the protection's transform sets allows. `exchange`:
/// CREATE_CHILD_SA, where a group may be offered: the protection's PFS group is demanded where it has
/// one, and without one the peer's first known group is taken. In IKE_AUTH groups are not looked at.
#[must_use]
pub fn choose(
    offered: &SecurityAssociation,
    protection: &Protection,
    our_spi: u32,
    exchange: bool,
) -> Option<ChosenChild> {
    let mut candidates = offered.proposals.iter();
    candidates.find_map(|p| compare(p, protection, our_spi, exchange))
}

/// Holds the responder's answer against our own offer: one proposal with one transform of each type
/// (RFC 7296 2.7).
#[must_use]
pub fn check_answer(
    answer: &SecurityAssociation,
    protection: &Protection,
    our_spi: u32,
    exchange: bool,
) -> Option<ChosenChild> {
    let [candidate] = answer.proposals.as_slice() else {
        return None;
    };
    let count = |ty| candidate.transforms.iter().filter(|t| t.ty == ty).count();
    let single = candidate.transforms.iter().all(|t| count(t.ty) == 1);
    let group = candidate
        .transforms
        .iter()
        .any(|t| t.ty == TransformType::DH && t.id != 0);
    // A group that was not offered cannot be an answer.
    if !single || (group && !(exchange && protection.pfs.is_some())) {
        return None;
    }
    compare(candidate, protection, our_spi, exchange)
}

fn compare(
    candidate: &Proposal,
    protection: &Protection,
    our_spi: u32,
    exchange: bool,
) -> Option<ChosenChild> {
    let known = [
        TransformType::ENCR,
        TransformType::INTEG,
        TransformType::DH,
        TransformType::ESN,
    ];
    if candidate.protocol != ProtocolId::ESP
        || candidate.transforms.iter().any(|t| !known.contains(&t.ty))
    {
        return None;
    }
    let peer_spi = u32::from_be_bytes(candidate.spi.as_ref().try_into().ok()?);
    let of = |ty: TransformType| candidate.transforms.iter().filter(move |t| t.ty == ty);
    let esn = sequence_numbers(of(TransformType::ESN).map(|t| t.id))?;
    let (set, suite) = protection.transform_sets.iter().find_map(|set| {
        let suite = suite_of(set)?;
        let cipher =
            of(TransformType::ENCR).any(|t| (t.id, t.key_length()) == encryption(suite.cipher));
        let integrity = match suite.integrity.map(integrity) {
            Some(number) => of(TransformType::INTEG).any(|t| t.id == number),
            None => of(TransformType::INTEG).all(|t| t.id == 0),
        };
        (cipher && integrity).then_some((set, suite))
    })?;
    let group = match exchange {
        true => perfect_forward_secrecy(of(TransformType::DH).map(|t| t.id), protection)?,
        false => None,
    };
    // RFC 4303 2.1: 0..255 are reserved.
    if peer_spi < 256 {
        return None;
    }
    let suite = EspSuite { esn, ..suite };
    Some(ChosenChild {
        suite,
        transport: set.transport,
        group,
        peer_spi,
        answer: proposal(candidate.number, our_spi, suite, group.map(Group::iana)),
    })
}

/// Plain sequence numbers where they are offered, extended ones where nothing else is. The outer
/// `None`: neither. A proposal without the transform means extended numbers of no kind (RFC 7296
/// 3.3.3 demands it; old peers leave it out).
fn sequence_numbers(offered: impl Iterator<Item = u16>) -> Option<bool> {
    let offered: Vec<u16> = offered.collect();
    match offered.as_slice() {
        [] => Some(false),
        some if some.contains(&0) => Some(false),
        some if some.contains(&1) => Some(true),
        _ => None,
    }
}

fn perfect_forward_secrecy(
    offered: impl Iterator<Item = u16>,
    protection: &Protection,
) -> Option<Option<Group>> {
    let offered: Vec<u16> = offered.collect();
    match protection.pfs {
        Some(wanted) => offered.contains(&wanted).then(|| Group::from_iana(wanted)),
        None if offered.is_empty() || offered.contains(&0) => Some(None),
        None => offered.iter().find_map(|g| Group::from_iana(*g)).map(Some),
    }
}

pub(crate) fn encryption(cipher: EspEncryption) -> (u16, Option<u16>) {
    match cipher {
        EspEncryption::Null => (11, None),
        EspEncryption::Des => (2, None),
        EspEncryption::TripleDes => (3, None),
        EspEncryption::Aes(bits) => (12, Some(bits)),
        EspEncryption::Gcm(bits) => (20, Some(bits)),
        EspEncryption::Gmac(bits) => (21, Some(bits)),
        EspEncryption::ChaCha20Poly1305 => (28, None),
    }
}

pub(crate) fn integrity(integrity: EspAuthentication) -> u16 {
    match integrity {
        EspAuthentication::Md5 => 1,
        EspAuthentication::Sha => 2,
        EspAuthentication::Sha256 => 12,
        EspAuthentication::Sha384 => 13,
        EspAuthentication::Sha512 => 14,
    }
}
