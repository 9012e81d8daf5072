//! IKEv1 chains as text.
use super::text::{Cut, CutText, SHOWN};
use super::{Lines, v1_attribute as attribute};
use crate::registry::{Doi, PayloadType};
use crate::v1::{
    AhTransform, Body, CertEncoding, Chain, Delete, EspTransform, Fragment, IdValue,
    Identification, IsakmpTransform, NatOriginalAddress, Notify, Proposal, ProtocolId,
    SecurityAssociation, vendor,
};
use std::fmt;

pub(super) fn put_chain(chain: &Chain, out: &mut Lines) {
    for (index, payload) in chain.payloads.iter().enumerate() {
        let ty = payload.payload_type();
        out.line(
            1,
            format_args!("{ty} ({}), {} octets", ty.0, chain.raw(index).len()),
        );
        put_body(&payload.body, out);
    }
    if !chain.padding().is_empty() {
        out.line(1, format_args!("padding, {} octets", chain.padding().len()));
    }
}

fn put_body(body: &Body, out: &mut Lines) {
    match body {
        Body::Sa(sa) => put_sa(sa, out),
        Body::Id(id) => put_id(id, out),
        Body::Cert(cert) => put_typed(cert.encoding, &cert.data, out),
        Body::CertReq(request) => put_typed(request.encoding, &request.authority, out),
        Body::Notify(notify) => put_notify(notify, out),
        Body::Delete(delete) => put_delete(delete, out),
        Body::Vendor(octets) => put_vendor(octets, out),
        Body::Attributes(config) => {
            out.line(
                2,
                format_args!(
                    "{} ({}), identifier {}",
                    config.ty, config.ty.0, config.identifier
                ),
            );
            config
                .attributes
                .iter()
                .for_each(|item| attribute::put(item, attribute::Class::Config, 3, out));
        }
        Body::NatOa(nat) => put_nat_oa(nat, out),
        Body::Fragment(fragment) => put_fragment(fragment, out),
        Body::KeyExchange(octets)
        | Body::Hash(octets)
        | Body::Sig(octets)
        | Body::Nonce(octets)
        | Body::NatD { hash: octets, .. }
        | Body::Unknown { body: octets, .. } => out.line(2, format_args!("{}", Cut(octets))),
    }
}

fn put_sa(sa: &SecurityAssociation, out: &mut Lines) {
    out.line(
        2,
        format_args!(
            "DOI {} ({}), situation {}",
            Doi(sa.doi),
            sa.doi,
            sa.situation
        ),
    );
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
    out.line(
        2,
        format_args!(
            "proposal {number}: {protocol} ({}), SPI {}",
            protocol.0,
            Cut(spi)
        ),
    );
    for transform in &proposal.transforms {
        let name = TransformName(*protocol, transform.id);
        out.line(
            3,
            format_args!("transform {}: {name} ({})", transform.number, transform.id),
        );
        let class = attribute::Class::of(*protocol);
        transform
            .attributes
            .iter()
            .for_each(|item| attribute::put(item, class, 4, out));
    }
}

fn put_id(id: &Identification, out: &mut Lines) {
    let value = IdText(id.value());
    out.line(
        2,
        format_args!(
            "{} ({}): {value}, protocol {}, port {}",
            id.id_type, id.id_type.0, id.protocol, id.port
        ),
    );
}

fn put_typed(encoding: CertEncoding, data: &[u8], out: &mut Lines) {
    out.line(
        2,
        format_args!(
            "{encoding} ({}), {} octets: {}",
            encoding.0,
            data.len(),
            Cut(data)
        ),
    );
}

fn put_notify(notify: &Notify, out: &mut Lines) {
    let Notify { protocol, ty, .. } = notify;
    out.line(
        2,
        format_args!(
            "{ty} ({}) about {protocol} ({}), DOI {}",
            ty.0, protocol.0, notify.doi
        ),
    );
    out.line(
        2,
        format_args!("SPI {}, data {}", Cut(&notify.spi), Cut(&notify.data)),
    );
}

fn put_delete(delete: &Delete, out: &mut Lines) {
    let Delete { protocol, spis, .. } = delete;
    out.line(
        2,
        format_args!(
            "{} SPIs of {protocol} ({}), DOI {}",
            spis.len(),
            protocol.0,
            delete.doi
        ),
    );
    spis.iter()
        .take(SHOWN)
        .for_each(|spi| out.line(3, format_args!("{}", Cut(spi))));
}

fn put_vendor(body: &[u8], out: &mut Lines) {
    match vendor::identify(body) {
        Some(known) => out.line(2, format_args!("{} ({})", Cut(body), known.name())),
        None => out.line(2, format_args!("{}", Cut(body))),
    }
}

fn put_nat_oa(nat: &NatOriginalAddress, out: &mut Lines) {
    match nat.ip() {
        Some(ip) => out.line(2, format_args!("{} ({}): {ip}", nat.id_type, nat.id_type.0)),
        None => out.line(
            2,
            format_args!("{} ({}): {}", nat.id_type, nat.id_type.0, Cut(&nat.address)),
        ),
    }
}

fn put_fragment(fragment: &Fragment, out: &mut Lines) {
    let last = if fragment.is_last() { ", last" } else { "" };
    let Fragment {
        id, number, data, ..
    } = fragment;
    out.line(
        2,
        format_args!(
            "{} of message {id}: number {number}{last}, {} octets",
            PayloadType::FRAGMENT,
            data.len()
        ),
    );
}

struct IdText<'a>(IdValue<'a>);

impl fmt::Display for IdText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IdValue::Ipv4(address) => address.fmt(f),
            IdValue::Ipv6(address) => address.fmt(f),
            IdValue::Ipv4Subnet(address, mask) => write!(f, "{address}/{mask}"),
            IdValue::Ipv6Subnet(address, mask) => write!(f, "{address}/{mask}"),
            IdValue::Ipv4Range(first, last) => write!(f, "{first}-{last}"),
            IdValue::Ipv6Range(first, last) => write!(f, "{first}-{last}"),
            IdValue::Fqdn(text) | IdValue::UserFqdn(text) => CutText(text).fmt(f),
            IdValue::Dn(data)
            | IdValue::GeneralName(data)
            | IdValue::KeyId(data)
            | IdValue::Other(data) => Cut(data).fmt(f),
        }
    }
}

/// A transform identifier, whose meaning depends on the protocol.
struct TransformName(ProtocolId, u8);

impl fmt::Display for TransformName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ProtocolId::ISAKMP => IsakmpTransform(self.1).fmt(f),
            ProtocolId::ESP => EspTransform(self.1).fmt(f),
            ProtocolId::AH => AhTransform(self.1).fmt(f),
            _ => write!(f, "unknown-{}", self.1),
        }
    }
}
