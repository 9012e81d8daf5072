//! IKE proposals of IKEv2: what is offered, what is taken (G-040, W-063, RFC 7296 3.3).

use ike_crypto::{Group, Integrity, Prf};
use ike_wire::Spi;
use ike_wire::v2::{Proposal, ProtocolId, SecurityAssociation, Transform, TransformType};

pub use super::refusal::of_ike as refusal;
use super::suite::{self, Encryption, IkeSuite};
use crate::config::Ikev2Proposal;
use crate::policy::{Decision, Subject};

/// A proposal that was taken from an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The algorithms.
    pub suite: IkeSuite,
    /// The proposal to answer with: one transform of each type.
    pub answer: Proposal,
    /// Key exchange method of the one additional exchange (RFC 9370), if any.
    pub additional_ke: Option<u16>,
}

/// The SA payload for a list of proposals, in order, each with the transforms in the order typed
/// (G-040): ENCR, PRF, INTEG, DH (W-063). `spi` is our new SPI when an IKE SA is rekeyed, empty
/// otherwise (RFC 7296 3.3.1). What this build cannot do is left out (A7).
#[must_use]
pub fn offer(proposals: &[Ikev2Proposal], spi: Option<Spi>) -> SecurityAssociation {
    let spi = spi.map_or_else(Vec::new, |s| s.0.to_vec());
    let proposals = proposals
        .iter()
        .flat_map(variants)
        .zip(1u8..)
        .map(|(transforms, number)| Proposal {
            number,
            protocol: ProtocolId::IKE,
            spi: spi.clone().into(),
            transforms,
            ..Proposal::default()
        })
        .collect();
    SecurityAssociation { proposals }
}

/// The groups of a list of proposals, in order of preference, without repetition.
#[must_use]
pub fn groups(proposals: &[Ikev2Proposal]) -> Vec<Group> {
    let mut out = Vec::new();
    for group in proposals
        .iter()
        .flat_map(|p| &p.groups)
        .filter_map(|g| Group::from_iana(*g))
    {
        if !out.contains(&group) {
            out.push(group);
        }
    }
    out
}

/// The same proposals without additional key exchanges: for peers that have no exchange to carry them
/// (RFC 9370 2.2.1), and for rekeying, where the secrets so far are in the new keys anyway (RFC 7296 2.18).
#[must_use]
pub fn without_additional(mut proposals: Vec<Ikev2Proposal>) -> Vec<Ikev2Proposal> {
    for proposal in &mut proposals {
        proposal.additional_ke.clear();
    }
    proposals
}

/// RFC 9370 2.2.1: a peer without the extension refuses a proposal with its transform types, so the
/// same proposal follows without them.
fn variants(proposal: &Ikev2Proposal) -> Vec<Vec<Transform>> {
    let plain = transforms(proposal);
    if plain.is_empty() {
        return Vec::new();
    }
    let mut out = Vec::new();
    if !proposal.additional_ke.is_empty() {
        let additional = proposal
            .additional_ke
            .iter()
            .map(|ke| Transform::new(TransformType::ADDKE1, *ke));
        out.push(plain.iter().cloned().chain(additional).collect());
    }
    out.push(plain);
    out
}

pub(super) fn transforms(proposal: &Ikev2Proposal) -> Vec<Transform> {
    let encryption = encryptions(proposal);
    let prfs = prfs(proposal);
    let integrity = integrities(proposal);
    let groups: Vec<Group> = proposal
        .groups
        .iter()
        .filter_map(|g| Group::from_iana(*g))
        .collect();
    let aead = encryption.iter().all(|e| e.is_aead());
    if encryption.is_empty()
        || prfs.is_empty()
        || groups.is_empty()
        || (integrity.is_empty() && !aead)
    {
        return Vec::new();
    }
    let encryption = encryption
        .iter()
        .map(|e| suite::transform(TransformType::ENCR, e.transform()));
    let prfs = prfs
        .iter()
        .map(|p| Transform::new(TransformType::PRF, p.iana()));
    let integrity = integrity
        .iter()
        .filter(|_| !aead)
        .map(|i| Transform::new(TransformType::INTEG, i.iana()));
    let groups = groups
        .iter()
        .map(|g| Transform::new(TransformType::DH, g.iana()));
    encryption
        .chain(prfs)
        .chain(integrity)
        .chain(groups)
        .collect()
}

fn encryptions(proposal: &Ikev2Proposal) -> Vec<Encryption> {
    proposal
        .encryption
        .iter()
        .filter_map(|e| suite::encryption(*e))
        .collect()
}

fn integrities(proposal: &Ikev2Proposal) -> Vec<Integrity> {
    proposal
        .integrity
        .iter()
        .map(|i| suite::integrity(*i))
        .collect()
}

/// G-040: without a `prf` line the integrity algorithms name the PRFs.
fn prfs(proposal: &Ikev2Proposal) -> Vec<Prf> {
    let named = proposal.prf.iter().map(|p| suite::prf(*p));
    let implied = proposal
        .integrity
        .iter()
        .filter(|_| proposal.prf.is_empty())
        .map(|i| suite::prf(i.prf()));
    named.chain(implied).collect()
}

/// Picks the first offered proposal that one of ours allows. Within it the offer's order counts,
/// except for the group: the one of the KE payload is taken where it is allowed, since anything
/// else costs a round trip (RFC 7296 2.7, 1.2). With `preferred` `None` (rekeying) the order counts.
/// `None` when nothing fits.
#[must_use]
pub fn choose(
    offered: &SecurityAssociation,
    ours: &[Ikev2Proposal],
    preferred: Option<u16>,
) -> Option<Decision<Chosen>> {
    for candidate in &offered.proposals {
        if candidate.protocol != ProtocolId::IKE || has_unknown_type(candidate) {
            continue;
        }
        for own in ours {
            if let Some(chosen) = compare(candidate, own, preferred) {
                let because = format!(
                    "proposal {} of the offer is the first that proposal {} allows",
                    candidate.number, own.name
                );
                let about = Subject::block(format!("crypto ikev2 proposal {}", own.name));
                return Some(Decision::new(chosen, "G-040", because).about([about]));
            }
        }
    }
    None
}

/// Holds the responder's answer against our own offer: one proposal, one transform of each type,
/// all of them ours (RFC 7296 2.7).
#[must_use]
pub fn check_answer(answer: &SecurityAssociation, ours: &[Ikev2Proposal]) -> Option<Chosen> {
    let [candidate] = answer.proposals.as_slice() else {
        return None;
    };
    let single = candidate
        .transforms
        .iter()
        .all(|t| candidate.transforms.iter().filter(|o| o.ty == t.ty).count() == 1);
    if !single || candidate.protocol != ProtocolId::IKE || has_unknown_type(candidate) {
        return None;
    }
    ours.iter().find_map(|own| compare(candidate, own, None))
}

/// RFC 7296 3.3.6: a proposal with a transform type that is not understood is not acceptable.
fn has_unknown_type(proposal: &Proposal) -> bool {
    let known = [
        TransformType::ENCR,
        TransformType::PRF,
        TransformType::INTEG,
        TransformType::DH,
        TransformType::ADDKE1,
    ];
    proposal.transforms.iter().any(|t| !known.contains(&t.ty))
}

fn compare(candidate: &Proposal, own: &Ikev2Proposal, preferred: Option<u16>) -> Option<Chosen> {
    let of = |ty: TransformType| candidate.transforms.iter().filter(move |t| t.ty == ty);
    let offered_integrity = of(TransformType::INTEG).any(|t| t.id != 0);
    let may_be_without =
        of(TransformType::INTEG).all(|t| t.id == 0) || of(TransformType::INTEG).any(|t| t.id == 0);
    let encryptions = encryptions(own);
    // D15: a combined mode with an integrity transform is as wrong as another cipher without one.
    let encryption = of(TransformType::ENCR)
        .filter_map(|t| Encryption::from_transform(t.id, t.key_length()))
        .find(|e| {
            let fits = if e.is_aead() {
                may_be_without
            } else {
                offered_integrity
            };
            fits && encryptions.contains(e)
        })?;
    let prfs = prfs(own);
    let prf = of(TransformType::PRF)
        .filter_map(|t| Prf::from_iana(t.id))
        .find(|p| prfs.contains(p))?;
    let integrity = match encryption.is_aead() {
        true => None,
        false => {
            let ours = integrities(own);
            Some(
                of(TransformType::INTEG)
                    .filter_map(|t| Integrity::from_iana(t.id))
                    .find(|i| ours.contains(i))?,
            )
        }
    };
    let allowed = |g: &Group| own.groups.contains(&g.iana());
    let groups: Vec<Group> = of(TransformType::DH)
        .filter_map(|t| Group::from_iana(t.id))
        .filter(allowed)
        .collect();
    let asked = groups.iter().find(|g| Some(g.iana()) == preferred);
    let group = *asked.or_else(|| groups.first())?;
    let additional_ke = additional(candidate, own)?;
    let suite = IkeSuite {
        encryption,
        prf,
        integrity,
        group,
    };
    Some(Chosen {
        suite,
        answer: answer(candidate, suite, additional_ke),
        additional_ke: additional_ke.filter(|ke| *ke != 0),
    })
}

/// RFC 9370 2.2.1: the additional exchange both know, NONE (0) where the offer has it and we have
/// nothing to add. The outer `None`: no agreement.
fn additional(candidate: &Proposal, own: &Ikev2Proposal) -> Option<Option<u16>> {
    let mut offered = candidate
        .transforms
        .iter()
        .filter(|t| t.ty == TransformType::ADDKE1)
        .map(|t| t.id)
        .peekable();
    if offered.peek().is_none() {
        // A peer without the extension is taken: the configuration cannot demand it.
        return Some(None);
    }
    offered
        .find(|ke| *ke == 0 || own.additional_ke.contains(ke))
        .map(Some)
}

fn answer(candidate: &Proposal, suite: IkeSuite, additional_ke: Option<u16>) -> Proposal {
    let mut transforms = vec![
        suite::transform(TransformType::ENCR, suite.encryption.transform()),
        Transform::new(TransformType::PRF, suite.prf.iana()),
    ];
    transforms.extend(
        suite
            .integrity
            .map(|i| Transform::new(TransformType::INTEG, i.iana())),
    );
    transforms.push(Transform::new(TransformType::DH, suite.group.iana()));
    transforms.extend(additional_ke.map(|ke| Transform::new(TransformType::ADDKE1, ke)));
    Proposal {
        number: candidate.number,
        protocol: ProtocolId::IKE,
        spi: candidate.spi.clone(),
        transforms,
        ..Proposal::default()
    }
}
