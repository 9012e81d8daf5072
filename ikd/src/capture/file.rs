//! A capture file: true packets, and with keys a second interface on which each encrypted IKE message
//! stands in the clear behind its true packet. ESP stays closed.

use std::collections::BTreeMap;
use std::io::{self, Write};

use bytes::Bytes;
use ike_core::decrypt::{Opener, Outcome, Tables};
use ike_wire::natt::NON_ESP_MARKER;
use testnet::pcapng::{self, LINKTYPE_RAW};

use super::joined::{Datagram, Joined};
use super::packet;
use crate::decode::{self, Carried};

/// Name of the interface of opened messages.
pub(crate) const DECRYPTED: &str = "decrypted";

/// Octets of a packet's comment: a peer must not blow up the file.
const MAX_COMMENT: usize = 4096;

/// Writes a file.
pub(crate) struct File<W> {
    to: pcapng::Writer<W>,
    interfaces: BTreeMap<String, u32>,
    opener: Option<Opener>,
    joined: Joined,
}

/// What a packet carries to be opened.
struct Carrier {
    datagram: Datagram,
    message: Bytes,
    marked: bool,
}

impl<W: Write> File<W> {
    /// A file with these interfaces; with keys, the decrypted one too.
    ///
    /// # Errors
    /// Those of the writer below.
    pub(crate) fn new<'a>(
        to: W,
        interfaces: impl IntoIterator<Item = &'a str>,
        keys: Option<Tables>,
    ) -> io::Result<Self> {
        let mut to = pcapng::Writer::new(to)?;
        let mut numbers = BTreeMap::new();
        let decrypted = keys.as_ref().map(|_| DECRYPTED);
        for name in interfaces.into_iter().chain(decrypted) {
            if !numbers.contains_key(name) {
                numbers.insert(name.to_owned(), to.interface(name, LINKTYPE_RAW)?);
            }
        }
        Ok(Self {
            to,
            interfaces: numbers,
            opener: keys.map(Opener::new),
            joined: Joined::default(),
        })
    }

    /// Writes an IP packet of an interface, and its clear form if it has one.
    ///
    /// # Errors
    /// Those of the writer below; an interface that is not there.
    pub(crate) fn packet(
        &mut self,
        interface: &str,
        microseconds: u64,
        packet: &[u8],
        comment: &str,
    ) -> io::Result<()> {
        let carrier = self.carrier(packet);
        let outcome = match (&mut self.opener, &carrier) {
            (Some(opener), Some(carrier)) => opener.message(&carrier.message),
            _ => Outcome::Clear,
        };
        let why = match &outcome {
            Outcome::Closed(why) => format!("not decrypted: {why}"),
            _ => String::new(),
        };
        self.put(interface, microseconds, packet, &joined(comment, &why))?;
        match (outcome, carrier) {
            (Outcome::Opened(clear), Some(carrier)) => {
                let packet = carrier.with(&clear);
                self.put(DECRYPTED, microseconds, &packet, comment)
            }
            _ => Ok(()),
        }
    }

    /// Reads a packet that is not written: later ones may need it to be opened.
    pub(crate) fn pass(&mut self, packet: &[u8]) {
        let carrier = self.carrier(packet);
        if let (Some(opener), Some(carrier)) = (&mut self.opener, &carrier) {
            let _ = opener.message(&carrier.message);
        }
    }

    /// Writes through what is still held.
    ///
    /// # Errors
    /// Those of the writer below.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.to.flush()
    }

    fn carrier(&mut self, packet: &[u8]) -> Option<Carrier> {
        let datagram = self.joined.datagram(packet)?;
        let carried = decode::carried(&decode::Datagram {
            source: datagram.source,
            destination: datagram.destination,
            payload: &datagram.payload,
            missing: 0,
        });
        let Carried::Ike(message) = carried else {
            return None;
        };
        Some(Carrier {
            marked: message.len() < datagram.payload.len(),
            datagram,
            message,
        })
    }

    fn put(&mut self, interface: &str, at: u64, packet: &[u8], comment: &str) -> io::Result<()> {
        let number = self.interfaces.get(interface).copied();
        let number = number.ok_or_else(|| io::Error::other(format!("no interface {interface}")))?;
        let comment = cut(comment, MAX_COMMENT);
        let comment = (!comment.is_empty()).then_some(comment);
        self.to.packet(number, at, packet, comment)
    }
}

impl Carrier {
    /// The packet with another message in it.
    fn with(&self, message: &[u8]) -> Vec<u8> {
        let marker: &[u8] = if self.marked { &NON_ESP_MARKER } else { &[] };
        packet::udp(
            self.datagram.source,
            self.datagram.destination,
            &[marker, message],
        )
    }
}

/// The IKE message in an IP packet that is whole.
pub(crate) fn message_in(packet: &[u8]) -> Option<Bytes> {
    let Some(decode::Content::Udp(datagram)) = decode::content(LINKTYPE_RAW, packet) else {
        return None;
    };
    match decode::carried(&datagram) {
        Carried::Ike(message) => Some(message),
        _ => None,
    }
}

/// Two remarks, one a line.
fn joined(a: &str, b: &str) -> String {
    match (a, b) {
        ("", one) | (one, "") => one.to_owned(),
        (a, b) => format!("{a}\n{b}"),
    }
}

/// The beginning of a text, at most so many octets.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
