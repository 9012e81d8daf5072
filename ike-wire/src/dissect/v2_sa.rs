//! IKEv2 proposals, transforms and traffic selectors as text.
use super::Lines;
use super::text::Cut;
use crate::v2::{
    AddressRange, Attribute, AttributeValue, EncryptionId, EsnId, GroupId, IntegrityId, PrfId,
    Proposal, SecurityAssociation, TrafficSelector, TrafficSelectors, Transform,
    TransformAttribute, TransformType,
};
use std::fmt;

pub(super) fn put_sa(sa: &SecurityAssociation, out: &mut Lines) {
    sa.proposals
        .iter()
        .for_each(|proposal| put_proposal(proposal, out));
}

fn put_proposal(proposal: &Proposal, out: &mut Lines) {
    let Proposal {
        number,
        protocol,
        spi,
        ..
    } = proposal;
    let spi = Cut(spi);
    out.line(
        2,
        format_args!("proposal {number}: {protocol} ({}), SPI {spi}", protocol.0),
    );
    proposal
        .transforms
        .iter()
        .for_each(|transform| put_transform(transform, out));
}

fn put_transform(transform: &Transform, out: &mut Lines) {
    let Transform { ty, id, .. } = transform;
    let name = TransformName(*ty, *id);
    out.line(3, format_args!("{ty} ({}): {name} ({id})", ty.0));
    transform
        .attributes
        .iter()
        .for_each(|attribute| put_attribute(attribute, out));
}

fn put_attribute(attribute: &Attribute, out: &mut Lines) {
    let ty = TransformAttribute(attribute.ty);
    match &attribute.value {
        AttributeValue::Short(value) => out.line(4, format_args!("{ty} ({}): {value}", ty.0)),
        AttributeValue::Long(octets) => {
            out.line(4, format_args!("{ty} ({}): {}", ty.0, Cut(octets)));
        }
    }
}

pub(super) fn put_selectors(selectors: &TrafficSelectors, out: &mut Lines) {
    selectors
        .selectors
        .iter()
        .for_each(|selector| put_selector(selector, out));
}

fn put_selector(selector: &TrafficSelector, out: &mut Lines) {
    let TrafficSelector {
        ty,
        protocol,
        start_port,
        end_port,
        ..
    } = selector;
    let traffic = format_args!("protocol {protocol}, ports {start_port}-{end_port}");
    match &selector.range {
        AddressRange::V4(start, end) => {
            out.line(2, format_args!("{ty} ({}): {start}-{end}, {traffic}", ty.0));
        }
        AddressRange::V6(start, end) => {
            out.line(2, format_args!("{ty} ({}): {start}-{end}, {traffic}", ty.0));
        }
        AddressRange::Raw(octets) => {
            out.line(2, format_args!("{ty} ({}): {}", ty.0, Cut(octets)));
        }
    }
}

/// A transform identifier, whose meaning depends on the type.
struct TransformName(TransformType, u16);

impl fmt::Display for TransformName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            TransformType::ENCR => EncryptionId(self.1).fmt(f),
            TransformType::PRF => PrfId(self.1).fmt(f),
            TransformType::INTEG => IntegrityId(self.1).fmt(f),
            TransformType::ESN => EsnId(self.1).fmt(f),
            TransformType(4 | 6..=12) => GroupId(self.1).fmt(f),
            _ => write!(f, "unknown-{}", self.1),
        }
    }
}
