//! What is said about a payload, for people and as JSON; peer octets come out escaped and cut (J4, K9).

use ike_core::trace::escaped;
use ike_pki::{Certificate, Name};
use ike_wire::{Escaped, Hex};
use serde::{Deserialize, Serialize};

/// One payload.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Line {
    /// The name of its type.
    pub payload: String,
    /// Its octets, with its header.
    pub octets: usize,
    /// What it says, on one line.
    pub text: String,
    /// Its parts, a line each: transforms, authorities, selectors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
}

/// What a payload says: a line, and a line for each of its parts.
#[derive(Default)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) parts: Vec<String>,
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        let parts = Vec::new();
        Self { text, parts }
    }
}

impl Said {
    /// A line with parts, of which the first [`SHOWN`] are kept.
    pub(super) fn list(text: String, parts: impl ExactSizeIterator<Item = String>) -> Self {
        let more = parts.len().saturating_sub(SHOWN);
        let mut parts: Vec<String> = parts.take(SHOWN).collect();
        if more > 0 {
            parts.push(format!("and {more} more"));
        }
        Self { text, parts }
    }

    pub(super) fn line(self, payload: &str, octets: usize) -> Line {
        Line {
            payload: payload.to_owned(),
            octets,
            text: escaped(&self.text),
            parts: self.parts.iter().map(|part| escaped(part)).collect(),
        }
    }
}

/// `1 proposal`, `2 proposals`.
pub(super) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// Octets in hexadecimal, the first [`SHOWN`] of them.
pub(super) fn hex(octets: &[u8]) -> String {
    match octets.get(..SHOWN) {
        _ if octets.is_empty() => "none".to_owned(),
        Some(start) if start.len() < octets.len() => {
            format!("{}... ({} octets)", Hex(start), octets.len())
        }
        _ => Hex(octets).to_string(),
    }
}

/// Peer text, the first 256 octets of it.
pub(super) fn text(octets: &[u8]) -> String {
    match octets.get(..SHOWN * 4) {
        Some(start) if start.len() < octets.len() => {
            format!("{}... ({} octets)", Escaped(start), octets.len())
        }
        _ => Escaped(octets).to_string(),
    }
}

/// A distinguished name as IOS prints it.
pub(super) fn name(der: &[u8]) -> String {
    match Name::from_der(der) {
        Ok(name) => name.to_string(),
        Err(error) => format!("no name ({error}): {}", hex(der)),
    }
}

/// Subject, issuer and serial number of a certificate.
pub(super) fn certificate(der: &[u8]) -> String {
    match Certificate::from_der(der.to_vec()) {
        Ok(cert) => format!(
            "subject {}, issuer {}, serial {}",
            cert.subject(),
            cert.issuer(),
            cert.serial_hex()
        ),
        Err(error) => format!("unreadable: {error}"),
    }
}

/// A vendor ID: many are plain text (W-060).
pub(super) fn vendor(body: &[u8]) -> String {
    let printable = |octet: &u8| (0x20..=0x7e).contains(octet);
    if !body.is_empty() && body.iter().all(printable) {
        return format!("\"{}\"", text(body));
    }
    hex(body)
}

/// Octets and parts shown of one thing.
const SHOWN: usize = 64;
