//! IKEv2 chains as text.
use super::Lines;
use super::text::{Cut, CutText, SHOWN};
use super::v2_sa::{put_sa, put_selectors};
use crate::v2::{
    Auth, Body, CertRequest, Certificate, Chain, ConfigAttribute, ConfigAttributeType,
    Configuration, Delete, EncryptedFragment, GroupId, HashAlgorithm, IdValue, Identification,
    KeyExchange, Notify, NotifyType,
};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) fn put_chain(chain: &Chain, out: &mut Lines) {
    for (index, payload) in chain.payloads.iter().enumerate() {
        let (ty, octets) = (payload.payload_type(), chain.raw(index).len());
        let critical = if payload.is_critical() {
            ", critical"
        } else {
            ""
        };
        out.line(
            1,
            format_args!("{ty} ({}), {octets} octets{critical}", ty.0),
        );
        put_body(&payload.body, out);
    }
}

fn put_body(body: &Body, out: &mut Lines) {
    match body {
        Body::Sa(sa) => put_sa(sa, out),
        Body::KeyExchange(exchange) => put_key_exchange(exchange, out),
        Body::IdI(id) | Body::IdR(id) => put_id(id, out),
        Body::Cert(cert) => put_cert(cert, out),
        Body::CertReq(request) => put_request(request, out),
        Body::Auth(auth) => put_auth(auth, out),
        Body::Notify(notify) => put_notify(notify, out),
        Body::Delete(delete) => put_delete(delete, out),
        Body::Vendor(octets) => put_vendor(octets, out),
        Body::TsI(selectors) | Body::TsR(selectors) => put_selectors(selectors, out),
        Body::Encrypted(encrypted) => {
            let (first, octets) = (encrypted.first, encrypted.body.len());
            out.line(
                2,
                format_args!("encrypted, {octets} octets, first payload {first}"),
            );
        }
        Body::EncryptedFragment(fragment) => put_fragment(fragment, out),
        Body::Config(config) => put_config(config, out),
        Body::Eap(message) => put_eap(message, out),
        Body::Nonce(octets) | Body::Unknown { body: octets, .. } => {
            out.line(2, format_args!("{}", Cut(octets)));
        }
    }
}

fn put_key_exchange(exchange: &KeyExchange, out: &mut Lines) {
    let (group, data) = (GroupId(exchange.group), &exchange.data);
    let octets = data.len();
    out.line(
        2,
        format_args!("{group} ({}), {octets} octets: {}", group.0, Cut(data)),
    );
}

fn put_id(id: &Identification, out: &mut Lines) {
    let (ty, value) = (id.id_type, IdText(id.value()));
    out.line(2, format_args!("{ty} ({}): {value}", ty.0));
}

fn put_cert(cert: &Certificate, out: &mut Lines) {
    let (encoding, data) = (cert.encoding, &cert.data);
    let octets = data.len();
    out.line(
        2,
        format_args!(
            "{encoding} ({}), {octets} octets: {}",
            encoding.0,
            Cut(data)
        ),
    );
}

fn put_request(request: &CertRequest, out: &mut Lines) {
    let (encoding, hashes) = (request.encoding, request.hashes());
    let (octets, count) = (request.authority.len(), hashes.len());
    out.line(
        2,
        format_args!(
            "{encoding} ({}), {octets} octets, {count} authorities",
            encoding.0
        ),
    );
    hashes
        .take(SHOWN)
        .for_each(|hash| out.line(3, format_args!("{}", Cut(&hash))));
}

fn put_auth(auth: &Auth, out: &mut Lines) {
    let (method, data) = (auth.method, &auth.data);
    let octets = data.len();
    out.line(
        2,
        format_args!("{method} ({}), {octets} octets: {}", method.0, Cut(data)),
    );
}

fn put_notify(notify: &Notify, out: &mut Lines) {
    let Notify {
        protocol, spi, ty, ..
    } = notify;
    out.line(
        2,
        format_args!(
            "{ty} ({}) about {protocol} ({}), SPI {}",
            ty.0,
            protocol.0,
            Cut(spi)
        ),
    );
    out.line(2, format_args!("data {}", NotifyData(notify)));
}

fn put_delete(delete: &Delete, out: &mut Lines) {
    let Delete { protocol, spis, .. } = delete;
    let count = spis.len();
    out.line(
        2,
        format_args!("{count} SPIs of {protocol} ({})", protocol.0),
    );
    spis.iter()
        .take(SHOWN)
        .for_each(|spi| out.line(3, format_args!("{}", Cut(spi))));
}

/// Many vendors write plain text (W-060).
fn put_vendor(body: &[u8], out: &mut Lines) {
    let printable = |octet: &u8| (0x20..=0x7e).contains(octet);
    if !body.is_empty() && body.iter().all(printable) {
        out.line(2, format_args!("{} ({})", Cut(body), CutText(body)));
    } else {
        out.line(2, format_args!("{}", Cut(body)));
    }
}

fn put_fragment(fragment: &EncryptedFragment, out: &mut Lines) {
    let EncryptedFragment {
        first,
        number,
        total,
        body,
    } = fragment;
    let octets = body.len();
    out.line(
        2,
        format_args!(
            "number {number} of {total}, encrypted, {octets} octets, first payload {first}"
        ),
    );
}

fn put_config(config: &Configuration, out: &mut Lines) {
    out.line(2, format_args!("{} ({})", config.ty, config.ty.0));
    for attribute in &config.attributes {
        let ty = attribute.attribute_type();
        let value = ConfigValue(attribute);
        out.line(3, format_args!("{ty} ({}): {value}", ty.0));
    }
}

/// Code and identifier only: the rest may hold a password (K9).
fn put_eap(message: &[u8], out: &mut Lines) {
    let octets = message.len();
    match message {
        [code, identifier, ..] => out.line(
            2,
            format_args!("code {code}, identifier {identifier}, {octets} octets, not shown"),
        ),
        _ => out.line(2, format_args!("{octets} octets, not shown")),
    }
}

struct IdText<'a>(IdValue<'a>);

impl fmt::Display for IdText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IdValue::Ipv4(address) => address.fmt(f),
            IdValue::Ipv6(address) => address.fmt(f),
            IdValue::Fqdn(text) | IdValue::Rfc822(text) => CutText(text).fmt(f),
            IdValue::Null => f.write_str("none"),
            IdValue::Dn(data)
            | IdValue::GeneralName(data)
            | IdValue::KeyId(data)
            | IdValue::Other(data) => Cut(data).fmt(f),
        }
    }
}

/// The data of a notification, with names where its type gives them.
struct NotifyData<'a>(&'a Notify);

impl fmt::Display for NotifyData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ty, data) = (self.0.ty, &*self.0.data);
        match (ty, data) {
            (NotifyType::SET_WINDOW_SIZE | NotifyType::AUTH_LIFETIME, &[a, b, c, d]) => {
                u32::from_be_bytes([a, b, c, d]).fmt(f)
            }
            (NotifyType::INVALID_KE_PAYLOAD, &[a, b]) => {
                let group = GroupId(u16::from_be_bytes([a, b]));
                write!(f, "{group} ({})", group.0)
            }
            (NotifyType::SIGNATURE_HASH_ALGORITHMS, data) => {
                let (numbers, _) = data.as_chunks::<2>();
                let names = numbers
                    .iter()
                    .take(SHOWN)
                    .map(|number| HashAlgorithm(u16::from_be_bytes(*number)).to_string());
                f.write_str(&names.collect::<Vec<_>>().join(" "))
            }
            (_, data) => Cut(data).fmt(f),
        }
    }
}

/// A configuration attribute's value as its type reads it.
struct ConfigValue<'a>(&'a ConfigAttribute);

impl fmt::Display for ConfigValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ty, value) = (self.0.attribute_type(), &*self.0.value);
        let text = matches!(
            ty,
            ConfigAttributeType::APPLICATION_VERSION
                | ConfigAttributeType::UNITY_BANNER
                | ConfigAttributeType::UNITY_DEF_DOMAIN
                | ConfigAttributeType::UNITY_CONFIG_URL
        );
        match (<[u8; 4]>::try_from(value), <[u8; 16]>::try_from(value)) {
            _ if text && !value.is_empty() => CutText(value).fmt(f),
            (Ok(v4), _) => Ipv4Addr::from(v4).fmt(f),
            (_, Ok(v6)) => Ipv6Addr::from(v6).fmt(f),
            _ => Cut(value).fmt(f),
        }
    }
}
