//! Why no proposal of ours fits an offer (W-069, RFC 7296 3.3): each with what differs from the offered one that comes
//! nearest.

use ike_wire::v2::{Proposal, ProtocolId, SecurityAssociation, Transform, TransformType};

use super::{esp, proposal};
use crate::config::Ikev2Proposal;
use crate::policy::ipsec::suite_of;
use crate::policy::nearest::{self, Attribute, Own};
use crate::policy::protection::Protection;
use crate::policy::{Decision, Subject};

/// No IKE proposal fits. A responder of IKE_SA_INIT keeps nothing of an offer that it refuses: this is for those who
/// have both sides at hand.
#[must_use]
pub fn of_ike(offered: &SecurityAssociation, ours: &[Ikev2Proposal]) -> Decision<()> {
    let own = ours.iter().filter_map(|own| {
        let wanted = Proposal {
            protocol: ProtocolId::IKE,
            transforms: proposal::transforms(own),
            ..Proposal::default()
        };
        let block = format!("crypto ikev2 proposal {}", own.name);
        let name = format!("proposal {} of ours", own.name);
        held(name, Subject::block(block), &wanted, offered, &OF_IKE)
    });
    let count = offered.proposals.len();
    let because = format!("none of our proposals allows one of the {count} offered");
    nearest::refusal("G-040", &because, own)
}

/// No transform set of the protection fits. `exchange`: CREATE_CHILD_SA, where groups count.
#[must_use]
pub fn of_child(
    offered: &SecurityAssociation,
    protection: &Protection,
    exchange: bool,
) -> Decision<()> {
    let own = protection.transform_sets.iter().filter_map(|set| {
        let group = protection.pfs.filter(|_| exchange);
        let wanted = esp::proposal(1, 0, suite_of(set)?, group);
        let block = format!("crypto ipsec transform-set {}", set.name);
        let name = format!("transform set {}", set.name);
        held(name, Subject::block(block), &wanted, offered, &OF_CHILD)
    });
    let because = format!("no transform set of {} fits the offer", protection.name);
    let decision = nearest::refusal("W-069", &because, own);
    decision.about(protection.origin.transform_sets())
}

/// What is compared: what it is called, how its line begins where it has one, and the type.
type Compared = (&'static str, Option<&'static str>, TransformType);

const OF_IKE: [Compared; 4] = [
    ("encryption", Some("encryption"), TransformType::ENCR),
    ("integrity", Some("integrity"), TransformType::INTEG),
    ("prf", Some("prf"), TransformType::PRF),
    ("group", Some("group"), TransformType::DH),
];
const OF_CHILD: [Compared; 4] = [
    ("encryption", None, TransformType::ENCR),
    ("integrity", None, TransformType::INTEG),
    ("group", None, TransformType::DH),
    ("sequence numbers", None, TransformType::ESN),
];

fn held(
    name: String,
    subject: Subject,
    wanted: &Proposal,
    offered: &SecurityAssociation,
    compared: &[Compared],
) -> Option<Own> {
    let offers = offered.proposals.iter();
    let named = offers.map(|p| (format!("proposal {}", p.number), p));
    let differs = |theirs: &Proposal, (.., ty): &&Compared| !agree(wanted, theirs, *ty);
    let differences = |theirs: &&Proposal| compared.iter().filter(|c| differs(theirs, c)).count();
    let attributes = |theirs: &&Proposal| {
        let all = compared.iter().filter_map(|c| attribute(c, wanted, theirs));
        all.collect()
    };
    Own::new(name, subject, named, differences, attributes)
}

/// One of the transforms of a type is offered; no transform is as good as NONE (RFC 7296 3.3.3).
fn agree(ours: &Proposal, theirs: &Proposal, ty: TransformType) -> bool {
    let of = |p: &Proposal| -> Vec<(u16, Option<u16>)> {
        let all = p.transforms.iter().filter(|t| t.ty == ty);
        all.map(|t| (t.id, t.key_length())).collect()
    };
    let none = |list: &[(u16, Option<u16>)]| list.iter().all(|(id, _)| *id == 0);
    let (ours, theirs) = (of(ours), of(theirs));
    ours.iter().any(|own| theirs.contains(own)) || none(&ours) && none(&theirs)
}

fn attribute(
    (what, command, ty): &Compared,
    ours: &Proposal,
    theirs: &Proposal,
) -> Option<Attribute> {
    const SHOWN: usize = 8;
    let text = |p: &Proposal| {
        let all = p.transforms.iter().filter(|t| t.ty == *ty).take(SHOWN);
        let all: Vec<String> = all.map(transform_text).collect();
        (!all.is_empty()).then(|| all.join(" "))
    };
    let (own, offered) = (text(ours), text(theirs));
    (own.is_some() || offered.is_some()).then(|| Attribute {
        what,
        command: *command,
        ours: own.unwrap_or_else(|| "none".to_owned()),
        offered: offered.unwrap_or_else(|| "none".to_owned()),
        fits: agree(ours, theirs, *ty),
    })
}

fn transform_text(transform: &Transform) -> String {
    let name = crate::show::ikev2_transform(transform);
    match transform.key_length() {
        Some(bits) => format!("{name}-{bits}"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn proposals(text: &str) -> Vec<Ikev2Proposal> {
        let config = parse("test.cfg", text).config;
        config.ikev2_proposals
    }

    /// G-040: one attribute differs from the second proposal, three from the first.
    #[test]
    fn the_nearest_proposal_is_named_with_its_line() {
        let ours = proposals(
            "crypto ikev2 proposal STRONG\n encryption aes-cbc-256\n integrity sha512\n group 21\n\
             crypto ikev2 proposal OLD\n encryption 3des aes-cbc-128\n integrity sha1\n group 2\n",
        );
        let theirs = proposals(
            "crypto ikev2 proposal P\n encryption aes-cbc-128\n integrity sha1\n group 14\n",
        );
        let decision = of_ike(&proposal::offer(&theirs, None), &ours);
        assert_eq!(
            decision.because,
            "none of our proposals allows one of the 1 offered; the nearest is proposal OLD of ours and \
             proposal 1: group is DH_GROUP_1024_MODP/Group 2 here, DH_GROUP_2048_MODP/Group 14 is offered"
        );
        let own = Subject::block("crypto ikev2 proposal OLD");
        assert_eq!(decision.about, [own.line("group"), own]);
        let failed = |n: usize| {
            decision.candidates[n]
                .steps
                .iter()
                .filter(|s| !s.passed)
                .count()
        };
        assert_eq!((failed(0), failed(1)), (4, 1));
    }
}
