//! One IKE message as a block of text or a JSON object.

use std::fmt::Write;
use std::net::SocketAddr;

use bytes::Bytes;
use ike_core::decrypt::{Opener, Outcome};
use ike_wire::registry::PayloadType;
use ike_wire::{DecodeError, Flags, Header, v1, v2};
use serde::{Deserialize, Serialize};

use super::line::Line;
use super::{v1 as lines_v1, v2 as lines_v2};

/// Where and when a datagram was seen.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Seen {
    /// Number of its packet in the file, from 1 as Wireshark counts.
    pub packet: u64,
    /// RFC 3339 in UTC, if the file has a time.
    pub time: Option<String>,
    /// The sender.
    pub source: SocketAddr,
    /// The receiver.
    pub destination: SocketAddr,
}

/// A message, as far as it can be read.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Message {
    #[serde(flatten)]
    pub seen: Seen,
    /// The header; `None` where fewer than 28 octets are there.
    pub header: Option<Head>,
    /// The clear payloads; of a message that a key opened those inside.
    pub payloads: Vec<Line>,
    /// What became of the encryption; `None` for a message in the clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
    /// Why no key opened it; `None` without keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<String>,
    /// What cannot be read; its offset counts from the first octet of the IKE header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What became of an encrypted message.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Sealed {
    /// A key opened it.
    Opened,
    /// A fragment; the message is shown with the one that completes it.
    Piece,
    /// It stays encrypted.
    Closed,
}

/// A header in words.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Head {
    /// `1.0` or `2.0`.
    pub version: String,
    /// SPI of the initiator; IKEv1 says cookie.
    pub initiator: String,
    /// SPI of the responder.
    pub responder: String,
    /// The exchange.
    pub exchange: String,
    /// Names of the flags that are set.
    pub flags: Vec<String>,
    /// The message ID.
    pub message_id: u32,
    /// Octets of the message, as the header has it.
    pub length: u32,
}

impl Message {
    /// Reads a message; `missing` octets of it were not captured.
    #[must_use]
    pub fn read(seen: Seen, octets: &[u8], missing: usize) -> Self {
        let datagram = Bytes::copy_from_slice(octets);
        let header = Header::decode(&datagram).ok();
        let sealed = header.as_ref().filter(|h| is_sealed(h, &datagram));
        let sealed = sealed.map(|_| Sealed::Closed);
        let (payloads, error) = match payloads(datagram) {
            Ok(payloads) => (payloads, None),
            Err(error) if missing == 0 => (Vec::new(), Some(error.to_string())),
            Err(error) => {
                let text = format!("{error} ({missing} octets were not captured)");
                (Vec::new(), Some(text))
            }
        };
        Self {
            seen,
            header: header.as_ref().map(Head::of),
            payloads,
            sealed,
            closed: None,
            error,
        }
    }

    /// Shows what is inside, with the keys there are; every message must come by, in order.
    pub(super) fn open(&mut self, opener: Option<&mut Opener>, octets: &Bytes) {
        let Some(opener) = opener else { return };
        match opener.message(octets) {
            Outcome::Opened(clear) => match payloads(clear) {
                Ok(payloads) => {
                    (self.payloads, self.sealed) = (payloads, Some(Sealed::Opened));
                }
                Err(error) => self.error = Some(format!("opened: {error}")),
            },
            Outcome::Piece => self.sealed = Some(Sealed::Piece),
            Outcome::Closed(why) if self.error.is_none() => self.closed = Some(why.to_string()),
            Outcome::Clear | Outcome::Closed(_) => {}
        }
    }

    /// A datagram that is not even a message.
    pub(super) fn unreadable(seen: Seen, error: &DecodeError) -> Self {
        Self {
            seen,
            header: None,
            payloads: Vec::new(),
            sealed: None,
            closed: None,
            error: Some(error.to_string()),
        }
    }

    /// The block of text, with a line feed at its end.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = self.seen.text();
        out.push('\n');
        if let Some(head) = &self.header {
            head.put(&mut out);
        }
        if let Some(words) = self.sealed.and_then(Sealed::words) {
            let _ = writeln!(out, "  {words}");
        }
        for line in &self.payloads {
            let Line {
                payload,
                octets,
                text,
                parts,
            } = line;
            let _ = writeln!(out, "  {payload} [{octets}]: {text}");
            for part in parts {
                let _ = writeln!(out, "    {part}");
            }
        }
        if let Some(why) = &self.closed {
            let _ = writeln!(out, "  stays closed: {why}");
        }
        if let Some(error) = &self.error {
            let _ = writeln!(out, "  MALFORMED {error}");
        }
        out
    }
}

impl Sealed {
    fn words(self) -> Option<&'static str> {
        match self {
            Self::Opened => Some("opened; inside:"),
            Self::Piece => Some("a fragment of a message that is shown when it is whole:"),
            Self::Closed => None,
        }
    }
}

impl Seen {
    /// `#12 2024-05-01T12:00:00.5Z 192.0.2.1:500 -> 192.0.2.2:500`
    pub(super) fn text(&self) -> String {
        let time = self.time.as_deref().unwrap_or("(no time)");
        let (packet, source, destination) = (self.packet, self.source, self.destination);
        format!("#{packet} {time} {source} -> {destination}")
    }
}

impl Head {
    fn of(header: &Header) -> Self {
        let names = header.flags.names(header.major());
        Self {
            version: format!("{}.{}", header.major(), header.minor()),
            initiator: header.initiator.to_string(),
            responder: header.responder.to_string(),
            exchange: header.exchange.to_string(),
            flags: names.into_iter().map(str::to_owned).collect(),
            message_id: header.message_id.0,
            length: header.length,
        }
    }

    fn put(&self, out: &mut String) {
        let flags = match &*self.flags {
            [] => "none".to_owned(),
            flags => flags.join("+"),
        };
        // IKEv1 draws its message IDs, IKEv2 counts them.
        let (words, id) = match self.version.as_str() {
            "1.0" => ("cookies", format!("0x{:08x}", self.message_id)),
            _ => ("SPIs", self.message_id.to_string()),
        };
        let _ = writeln!(out, "  IKE {} {}", self.version, self.exchange);
        let _ = writeln!(
            out,
            "  {words} {} {}, flags {flags}, message ID {id}, {} octets",
            self.initiator, self.responder, self.length
        );
    }
}

/// Whether somebody without keys cannot read it.
fn is_sealed(header: &Header, datagram: &Bytes) -> bool {
    let fragment = header.next_payload == PayloadType::FRAGMENT;
    match header.major() {
        1 => header.flags.contains(Flags::ENCRYPTED) && !fragment,
        2 => v2::Message::decode(datagram.clone())
            .is_ok_and(|message| message.chain.encrypted_offset().is_some()),
        _ => false,
    }
}

/// The clear payloads; of an encrypted IKEv1 message one line that says so.
fn payloads(datagram: Bytes) -> Result<Vec<Line>, DecodeError> {
    let (header, rest) = Header::open(&datagram)?;
    let fragment = header.next_payload == PayloadType::FRAGMENT;
    if header.major() == 2 {
        let message = v2::Message::decode(datagram)?;
        return Ok(lines_v2::lines(&message.chain));
    }
    let sealed = header.flags.contains(Flags::ENCRYPTED) && !fragment;
    if header.version == Header::V1 && sealed {
        return Ok(vec![Line {
            payload: "encrypted".to_owned(),
            octets: rest.len(),
            text: format!("first {}", header.next_payload),
            parts: Vec::new(),
        }]);
    }
    let message = v1::Message::decode(datagram)?;
    Ok(lines_v1::lines(&message.header, &message.chain))
}
