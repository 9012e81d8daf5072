//! Why no transform set fits the offer of a Quick Mode.

use ike_wire::v1::{Attribute, EspTransform, IpsecAttribute, SecurityAssociation, Transform};

use super::ipsec::{suite_of, transform};
use super::nearest::{self, Own};
use super::protection::Protection;
use super::{Decision, Subject};

/// Why no transform set of the protection fits (W-053): each with what differs from the transform that comes
/// nearest.
#[must_use]
pub fn refusal(
    offered: &SecurityAssociation,
    protection: &Protection,
    natted: bool,
) -> Decision<()> {
    let transforms = || offered.proposals.iter().flat_map(|p| &p.transforms);
    let named = || transforms().map(|t| (format!("transform {}", t.number), t));
    let own = protection.transform_sets.iter().filter_map(|set| {
        let wanted = transform(protection, set, natted).filter(|_| suite_of(set).is_some())?;
        let subject = Subject::block(format!("crypto ipsec transform-set {}", set.name));
        let attributes = |theirs: &&Transform| compared(&wanted, theirs);
        let differences = |theirs: &&Transform| {
            let differs = |ty: &&IpsecAttribute| number(&wanted, **ty) != number(theirs, **ty);
            let cipher = usize::from(wanted.id != theirs.id);
            cipher + COMPARED.iter().map(|(_, ty)| ty).filter(differs).count()
        };
        let name = format!("transform set {}", set.name);
        Own::new(name, subject, named(), differences, attributes)
    });
    let because = format!("no transform set of {} fits the offer", protection.name);
    let decision = nearest::refusal("W-053", &because, own);
    decision.about(protection.origin.transform_sets())
}

/// What is compared beside the cipher.
const COMPARED: [(&str, IpsecAttribute); 4] = [
    ("key length", IpsecAttribute::KEY_LENGTH),
    ("integrity", IpsecAttribute::AUTHENTICATION),
    ("mode", IpsecAttribute::ENCAPSULATION),
    ("group", IpsecAttribute::GROUP),
];

fn number(transform: &Transform, ty: IpsecAttribute) -> Option<u64> {
    let mut all = transform.attributes.iter();
    all.find(|a| a.ty == ty.0).and_then(Attribute::as_u64)
}

fn compared(ours: &Transform, theirs: &Transform) -> Vec<nearest::Attribute> {
    let cipher = nearest::Attribute {
        what: "cipher",
        command: None,
        ours: EspTransform(ours.id).to_string(),
        offered: EspTransform(theirs.id).to_string(),
        fits: ours.id == theirs.id,
    };
    let other = |(what, ty): &(&'static str, IpsecAttribute)| {
        let (own, offered) = (number(ours, *ty), number(theirs, *ty));
        (own.is_some() || offered.is_some()).then(|| nearest::Attribute {
            what,
            command: (*ty == IpsecAttribute::ENCAPSULATION).then_some("mode"),
            ours: value_text(*ty, own),
            offered: value_text(*ty, offered),
            fits: own == offered,
        })
    };
    let others = COMPARED.iter().filter_map(other);
    std::iter::once(cipher).chain(others).collect()
}

/// RFC 2407 4.5 in the words of the configuration.
fn value_text(ty: IpsecAttribute, value: Option<u64>) -> String {
    let Some(value) = value else {
        return "none".to_owned();
    };
    let known = match (ty, value) {
        (IpsecAttribute::ENCAPSULATION, 1) => "tunnel",
        (IpsecAttribute::ENCAPSULATION, 2) => "transport",
        (IpsecAttribute::ENCAPSULATION, 3) => "tunnel in UDP",
        (IpsecAttribute::ENCAPSULATION, 4) => "transport in UDP",
        (IpsecAttribute::AUTHENTICATION, 1) => "md5",
        (IpsecAttribute::AUTHENTICATION, 2) => "sha",
        (IpsecAttribute::AUTHENTICATION, 5) => "sha256",
        (IpsecAttribute::AUTHENTICATION, 6) => "sha384",
        (IpsecAttribute::AUTHENTICATION, 7) => "sha512",
        _ => return value.to_string(),
    };
    known.to_owned()
}
