//! IKEv2 payloads in words; algorithms and notifications have IOS's names (O-023, O-083, S-072).

use ike_core::show;
use ike_wire::v2::{
    AddressRange, Body, CertEncoding, CertRequest, Certificate, Chain, Delete, GroupId,
    HashAlgorithm, IdValue, Identification, Notify, NotifyType, Proposal, SecurityAssociation,
    TrafficSelector, Transform, TransformAttribute, TransformType,
};

use super::line::{Line, Said, certificate, counted, hex, name, text, vendor};

/// A line for each clear payload.
pub(super) fn lines(chain: &Chain) -> Vec<Line> {
    let payloads = chain.payloads.iter().enumerate();
    payloads
        .map(|(index, payload)| {
            let critical = if payload.is_critical() {
                ", critical"
            } else {
                ""
            };
            let mut said = body(&payload.body);
            said.text.push_str(critical);
            said.line(&payload.payload_type().to_string(), chain.raw(index).len())
        })
        .collect()
}

fn body(body: &Body) -> Said {
    match body {
        Body::Sa(sa) => association(sa),
        Body::KeyExchange(exchange) => {
            format!("{}, {} octets", group(exchange.group), exchange.data.len()).into()
        }
        Body::IdI(id) | Body::IdR(id) => identity(id).into(),
        Body::Cert(cert) => certified(cert).into(),
        Body::CertReq(request) => authorities(request),
        Body::Auth(auth) => format!("{}, {} octets", auth.method, auth.data.len()).into(),
        Body::Notify(notify) => notification(notify).into(),
        Body::Delete(delete) => deletion(delete),
        Body::Vendor(octets) => vendor(octets).into(),
        Body::TsI(selectors) | Body::TsR(selectors) => {
            let selectors = &selectors.selectors;
            let text = counted(selectors.len(), "selector");
            Said::list(text, selectors.iter().map(selector))
        }
        Body::Encrypted(inside) => format!(
            "encrypted, {} octets, first {}",
            inside.body.len(),
            inside.first
        )
        .into(),
        Body::EncryptedFragment(piece) => format!(
            "fragment {} of {}, encrypted, {} octets, first {}",
            piece.number,
            piece.total,
            piece.body.len(),
            piece.first
        )
        .into(),
        Body::Config(config) => format!(
            "{}, {}",
            config.ty,
            counted(config.attributes.len(), "attribute")
        )
        .into(),
        // The message may hold a password (K9).
        Body::Eap(message) => format!("{} octets, not shown", message.len()).into(),
        Body::Nonce(octets) => format!("{} octets", octets.len()).into(),
        Body::Unknown { body: octets, .. } => hex(octets).into(),
    }
}

fn association(sa: &SecurityAssociation) -> Said {
    let text = counted(sa.proposals.len(), "proposal");
    Said::list(text, sa.proposals.iter().map(proposal))
}

fn proposal(proposal: &Proposal) -> String {
    let spi = match &*proposal.spi {
        [] => String::new(),
        spi => format!(", SPI {}", hex(spi)),
    };
    let transforms: Vec<String> = proposal.transforms.iter().map(transform).collect();
    let (number, protocol, words) = (proposal.number, proposal.protocol, transforms.join(", "));
    format!("proposal {number} {protocol}{spi}: {words}")
}

fn transform(transform: &Transform) -> String {
    let name = match transform.ty {
        TransformType::DH => group(transform.id),
        TransformType(6..=12) => format!("{} {}", transform.ty, group(transform.id)),
        // Authentication and pseudorandom functions share IOS's names.
        TransformType::PRF => format!("PRF {}", show::ikev2_transform(transform)),
        _ => show::ikev2_transform(transform),
    };
    let length = TransformAttribute::KEY_LENGTH.0;
    let length = transform.attributes.iter().find(|item| item.ty == length);
    match length.and_then(|item| item.as_u64()) {
        Some(bits) => format!("{name} {bits}"),
        None => name,
    }
}

/// IOS's name of a key exchange method, the registry's where IOS 15.3T has none.
fn group(number: u16) -> String {
    let known = show::ikev2_group(number);
    if known.starts_with("DH_GROUP/") {
        return format!("{}/Group {number}", GroupId(number));
    }
    known
}

fn identity(id: &Identification) -> String {
    let value = match id.value() {
        IdValue::Ipv4(address) => address.to_string(),
        IdValue::Ipv6(address) => address.to_string(),
        IdValue::Fqdn(octets) | IdValue::Rfc822(octets) => text(octets),
        IdValue::Dn(der) => name(der),
        IdValue::Null => "nobody".to_owned(),
        IdValue::GeneralName(octets) | IdValue::KeyId(octets) | IdValue::Other(octets) => {
            hex(octets)
        }
    };
    format!("{} {value}", id.id_type)
}

fn certified(cert: &Certificate) -> String {
    let encoding = cert.encoding;
    match (encoding, cert.data.split_at_checked(HASH)) {
        (CertEncoding::X509_SIGNATURE, _) => certificate(&cert.data),
        (CertEncoding::HASH_AND_URL | CertEncoding::HASH_AND_URL_BUNDLE, Some((hash, url))) => {
            format!("{encoding}: {} {}", hex(hash), text(url))
        }
        _ => format!("{encoding}, {} octets", cert.data.len()),
    }
}

fn authorities(request: &CertRequest) -> Said {
    let hashes = request.hashes();
    let text = match hashes.len() {
        0 if request.authority.is_empty() => format!("{}, any authority", request.encoding),
        0 => format!("{}: {}", request.encoding, text(&request.authority)),
        1 => "the hash of a CA's key".to_owned(),
        count => format!("{count} hashes of keys of CAs"),
    };
    Said::list(text, hashes.map(|hash| hex(&hash)))
}

fn notification(notify: &Notify) -> String {
    let name = show::ikev2_notify(notify.ty);
    let about = match &*notify.spi {
        [] => String::new(),
        spi => format!(", {} SPI {}", notify.protocol, hex(spi)),
    };
    let data = match (notify.ty, &*notify.data) {
        (_, []) => String::new(),
        (NotifyType::INVALID_KE_PAYLOAD, &[a, b]) => {
            format!(", wants {}", group(u16::from_be_bytes([a, b])))
        }
        (NotifyType::SIGNATURE_HASH_ALGORITHMS, data) => format!(", {}", hashes(data)),
        (_, data) => format!(", data {}", hex(data)),
    };
    format!("{name} ({}){about}{data}", notify.ty.0)
}

/// RFC 7427 4.
fn hashes(data: &[u8]) -> String {
    let (numbers, _) = data.as_chunks::<2>();
    let names = numbers.iter().take(NAMED);
    let names = names.map(|number| HashAlgorithm(u16::from_be_bytes(*number)).to_string());
    names.collect::<Vec<_>>().join(" ")
}

fn deletion(delete: &Delete) -> Said {
    let text = match delete.spis.len() {
        0 => format!("this SA of {}", delete.protocol),
        count => format!("{} of {}", counted(count, "SPI"), delete.protocol),
    };
    Said::list(text, delete.spis.iter().map(|spi| hex(spi)))
}

fn selector(selector: &TrafficSelector) -> String {
    let range = match &selector.range {
        AddressRange::V4(first, last) => format!("{first}-{last}"),
        AddressRange::V6(first, last) => format!("{first}-{last}"),
        AddressRange::Raw(octets) => return format!("{} {}", selector.ty, hex(octets)),
    };
    let (first, last, protocol) = (selector.start_port, selector.end_port, selector.protocol);
    format!("{range}, protocol {protocol}, ports {first}-{last}")
}

/// Octets of the hash before a URL (RFC 7296 3.6).
const HASH: usize = 20;
/// Algorithms named of one list.
const NAMED: usize = 64;
