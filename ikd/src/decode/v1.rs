//! IKEv1 payloads in words; algorithms have IOS's names (O-005, O-060).

use ike_core::config::{EspAuthentication, EspEncryption, IsakmpAuthentication};
use ike_core::decrypt::{ikev1_cipher, ikev1_hash};
use ike_core::policy::ipsec::EspSuite;
use ike_core::show;
use ike_wire::registry::PayloadType;
use ike_wire::v1::{
    AuthMethod, Body, CertEncoding, Chain, Delete, Encapsulation, EncryptionId, EspTransform,
    Fragment, HashId, IdValue, Identification, IpsecAttribute, IpsecAuth, LifeType, Notify,
    OakleyAttribute, Proposal, ProtocolId, SecurityAssociation, Transform, vendor,
};
use ike_wire::{Header, Spi};

use super::line::{Line, Said, certificate, counted, hex, name, text, vendor as vendor_text};

/// A line for each payload.
pub(super) fn lines(header: &Header, chain: &Chain) -> Vec<Line> {
    let payloads = chain.payloads.iter().enumerate();
    payloads
        .map(|(index, payload)| {
            let ty = payload.payload_type();
            body(header, &payload.body).line(&ty.to_string(), chain.raw(index).len())
        })
        .collect()
}

fn body(header: &Header, body: &Body) -> Said {
    match body {
        Body::Sa(sa) => association(sa),
        Body::Id(id) => identity(id).into(),
        Body::Cert(cert) => match cert.encoding {
            CertEncoding::X509_SIGNATURE | CertEncoding::X509_KEY_EXCHANGE => {
                certificate(&cert.data).into()
            }
            other => format!("{other}, {} octets", cert.data.len()).into(),
        },
        Body::CertReq(request) => match &*request.authority {
            [] => format!("{}, any authority", request.encoding).into(),
            authority => name(authority).into(),
        },
        Body::Notify(notify) => notification(notify).into(),
        Body::Delete(delete) => deletion(delete),
        Body::Vendor(octets) => vendor_name(octets, header).into(),
        // Values may hold a password (K9).
        Body::Attributes(config) => format!(
            "{}, {}",
            config.ty,
            counted(config.attributes.len(), "attribute")
        )
        .into(),
        Body::NatOa(nat) => match nat.ip() {
            Some(ip) => ip.to_string().into(),
            None => hex(&nat.address).into(),
        },
        Body::Fragment(fragment) => piece(fragment).into(),
        Body::KeyExchange(octets) | Body::Nonce(octets) => {
            format!("{} octets", octets.len()).into()
        }
        Body::Hash(octets)
        | Body::Sig(octets)
        | Body::NatD { hash: octets, .. }
        | Body::Unknown { body: octets, .. } => hex(octets).into(),
    }
}

fn association(sa: &SecurityAssociation) -> Said {
    let parts: Vec<String> = sa.proposals.iter().flat_map(proposal).collect();
    let text = counted(sa.proposals.len(), "proposal");
    Said::list(text, parts.into_iter())
}

fn proposal(proposal: &Proposal) -> Vec<String> {
    let Proposal {
        number, protocol, ..
    } = proposal;
    let spi = match &*proposal.spi {
        [] => String::new(),
        spi => format!(", SPI {}", hex(spi)),
    };
    let head = format!("proposal {number} {protocol}{spi}");
    let transforms = proposal.transforms.iter().map(|transform| {
        let words = match *protocol {
            ProtocolId::ISAKMP => phase_1(transform),
            ProtocolId::ESP => phase_2(transform, esp_name(transform)),
            _ => phase_2(transform, format!("transform {}", transform.id)),
        };
        format!("{head}, transform {}: {words}", transform.number)
    });
    transforms.collect()
}

/// The words of `crypto isakmp policy`.
fn phase_1(transform: &Transform) -> String {
    let number = |ty: OakleyAttribute| transform.attribute(ty)?.as_u64();
    let mut words = Vec::new();
    if let Some(id) = number(OakleyAttribute::ENCRYPTION) {
        let bits = number(OakleyAttribute::KEY_LENGTH);
        words.push(format!("encr {}", cipher_name(id, bits)));
    }
    if let Some(id) = number(OakleyAttribute::HASH) {
        words.push(format!("hash {}", hash_name(id)));
    }
    if let Some(id) = number(OakleyAttribute::AUTHENTICATION) {
        words.push(format!("auth {}", authentication_name(id)));
    }
    if let Some(id) = number(OakleyAttribute::GROUP) {
        words.push(format!("group {id}"));
    }
    let life = (OakleyAttribute::LIFE_TYPE, OakleyAttribute::LIFE_DURATION);
    words.extend(lifetimes(transform, life.0.into(), life.1.into()));
    words.join(", ")
}

fn cipher_name(id: u64, bits: Option<u64>) -> String {
    let Some(cipher) = ikev1_cipher(id, bits) else {
        return short(id, |id| EncryptionId(id).to_string());
    };
    show::cipher(cipher).to_owned()
}

fn hash_name(id: u64) -> String {
    let Some(hash) = ikev1_hash(id) else {
        return short(id, |id| HashId(id).to_string());
    };
    show::hash(hash).to_owned()
}

fn authentication_name(id: u64) -> String {
    let method = match id {
        1 => IsakmpAuthentication::PreShare,
        3 => IsakmpAuthentication::RsaSig,
        4 => IsakmpAuthentication::RsaEncr,
        9..=11 => IsakmpAuthentication::EcdsaSig,
        _ => return short(id, |id| AuthMethod(id).to_string()),
    };
    show::authentication(method).to_owned()
}

/// The registry's name of a number that IOS has no word for.
fn short(id: u64, name: impl Fn(u16) -> String) -> String {
    u16::try_from(id).map_or_else(|_| format!("unknown-{id}"), name)
}

/// Types and durations stand in pairs.
fn lifetimes(transform: &Transform, ty: u16, duration: u16) -> Vec<String> {
    let mut unit = String::new();
    let mut words = Vec::new();
    for attribute in &transform.attributes {
        let number = attribute.as_u64();
        if attribute.ty == ty {
            unit = short(number.unwrap_or(u64::MAX), |id| LifeType(id).to_string());
        } else if attribute.ty == duration {
            let number = number.map_or_else(|| "unreadable".to_owned(), |n| n.to_string());
            words.push(format!("lifetime {number} {unit}").trim_end().to_owned());
        }
    }
    words
}

/// The transform's name, mode, group and lifetimes.
fn phase_2(transform: &Transform, name: String) -> String {
    let number = |ty: IpsecAttribute| transform.attribute(ty)?.as_u64();
    let mut words = vec![name];
    if let Some(id) = number(IpsecAttribute::ENCAPSULATION) {
        words.push(short(id, |id| Encapsulation(id).to_string()));
    }
    if let Some(id) = number(IpsecAttribute::GROUP) {
        words.push(format!("group {id}"));
    }
    let life = (IpsecAttribute::LIFE_TYPE, IpsecAttribute::LIFE_DURATION);
    words.extend(lifetimes(transform, life.0.into(), life.1.into()));
    words.join(", ")
}

/// `esp-aes esp-sha256-hmac` (O-060), or the registry's names.
fn esp_name(transform: &Transform) -> String {
    let number = |ty: IpsecAttribute| transform.attribute(ty)?.as_u64();
    let authentication = number(IpsecAttribute::AUTHENTICATION);
    match suite(transform, authentication) {
        Some(suite) => show::transform_names(suite),
        None => {
            let authentication = authentication.map(|id| {
                let name = short(id, |id| IpsecAuth(id).to_string());
                format!(" with {name}")
            });
            let cipher = EspTransform(transform.id);
            format!("{cipher}{}", authentication.unwrap_or_default())
        }
    }
}

fn suite(transform: &Transform, authentication: Option<u64>) -> Option<EspSuite> {
    let bits = transform.attribute(IpsecAttribute::KEY_LENGTH);
    let bits = u16::try_from(bits.map_or(Some(128), |bits| bits.as_u64())?).ok()?;
    let cipher = match EspTransform(transform.id) {
        EspTransform::DES => EspEncryption::Des,
        EspTransform::TRIPLE_DES => EspEncryption::TripleDes,
        EspTransform::NULL => EspEncryption::Null,
        EspTransform::AES_CBC => EspEncryption::Aes(bits),
        EspTransform::AES_GCM_16 => EspEncryption::Gcm(bits),
        EspTransform::NULL_AUTH_AES_GMAC => EspEncryption::Gmac(bits),
        _ => return None,
    };
    let integrity = match authentication {
        None => None,
        Some(1) => Some(EspAuthentication::Md5),
        Some(2) => Some(EspAuthentication::Sha),
        Some(5) => Some(EspAuthentication::Sha256),
        Some(6) => Some(EspAuthentication::Sha384),
        Some(7) => Some(EspAuthentication::Sha512),
        Some(_) => return None,
    };
    Some(EspSuite {
        cipher,
        integrity,
        esn: false,
    })
}

fn identity(id: &Identification) -> String {
    let value = match id.value() {
        IdValue::Ipv4(address) => address.to_string(),
        IdValue::Ipv6(address) => address.to_string(),
        IdValue::Ipv4Subnet(address, mask) => format!("{address}/{mask}"),
        IdValue::Ipv6Subnet(address, mask) => format!("{address}/{mask}"),
        IdValue::Ipv4Range(first, last) => format!("{first}-{last}"),
        IdValue::Ipv6Range(first, last) => format!("{first}-{last}"),
        IdValue::Fqdn(octets) | IdValue::UserFqdn(octets) => text(octets),
        IdValue::Dn(der) => name(der),
        IdValue::GeneralName(octets) | IdValue::KeyId(octets) | IdValue::Other(octets) => {
            hex(octets)
        }
    };
    let (protocol, port) = (id.protocol, id.port);
    format!("{} {value}, protocol {protocol}, port {port}", id.id_type)
}

fn notification(notify: &Notify) -> String {
    let (spi, data) = (hex(&notify.spi), hex(&notify.data));
    let Notify { ty, protocol, .. } = notify;
    format!("{ty} ({}), {protocol}, SPI {spi}, data {data}", ty.0)
}

fn deletion(delete: &Delete) -> Said {
    let text = format!(
        "{} of {}",
        counted(delete.spis.len(), "SPI"),
        delete.protocol
    );
    Said::list(text, delete.spis.iter().map(|spi| hex(spi)))
}

/// W-030 to W-033: an IOS router's vendor ID is bound to its own cookie.
fn vendor_name(octets: &[u8], header: &Header) -> String {
    let ios = |cookie: Spi| !cookie.is_zero() && vendor::is_ios_vid(octets, cookie);
    match vendor::identify(octets) {
        Some(known) => known.name().to_owned(),
        None if ios(header.initiator) || ios(header.responder) => "Cisco IOS".to_owned(),
        None => vendor_text(octets),
    }
}

fn piece(fragment: &Fragment) -> String {
    let last = if fragment.is_last() { ", last" } else { "" };
    let (id, number, octets) = (fragment.id, fragment.number, fragment.data.len());
    let kind = PayloadType::FRAGMENT;
    format!("{kind} of message {id}: number {number}{last}, {octets} octets")
}
