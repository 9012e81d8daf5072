//! Opens the encrypted messages of a capture with keys that are known: what Wireshark does, without
//! Wireshark. Octets in, octets out; nothing can be authenticated or sent with it.
//!
//! `names` are Wireshark's names of ciphers, `tables` the tables that have them, `v1` an ISAKMP SA as a
//! reader sees it, `v2` an IKE SA, `pieces` messages that came in fragments. Captures are hostile (B7 to
//! B9): only SAs whose keys are known are followed, each with bounded memory, and a message is tried with
//! a bounded number of IVs and keys.

mod names;
mod pieces;
pub mod tables;
mod v1;
mod v2;

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use ike_wire::registry::PayloadType;
use ike_wire::{Flags, Header, Spi};

pub use tables::{Table, TableError, Tables};

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was in the clear.
    Clear,
    /// A whole message in the clear: the same header without the sign of encryption, lengths corrected,
    /// padding and checksum gone.
    Opened(Bytes),
    /// A fragment of a message that is not whole yet, or a repetition of one.
    Piece,
    /// It stays closed.
    Closed(Closed),
}

/// Why a message stays closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// No table has a key for its SPIs.
    NoKey,
    /// IKEv1: algorithms or public values of its SA are not in the capture, so there is no first IV.
    Beginning,
    /// IKEv1: no IV of its SA leads to payloads.
    Iv,
    /// IKEv2: changed on the way, or the keys are another SA's.
    Checksum,
    /// Authentic, but not payloads inside; or no message at all. The text has the offset.
    Syntax(String),
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKey => "no key for it",
            Self::Beginning => {
                "the beginning of its SA is missing: MM2 and both KE payloads give the IV"
            }
            Self::Iv => "no IV of its SA fits: messages before it are missing, or the key is wrong",
            Self::Checksum => "its integrity checksum is wrong for every key of its SPIs",
            Self::Syntax(text) => text,
        })
    }
}

impl std::error::Error for Closed {}

/// The reader of one capture.
pub struct Opener {
    ikev1: BTreeMap<Spi, v1::Keyed>,
    ikev2: BTreeMap<(Spi, Spi), v2::Sa>,
}

impl Opener {
    /// A reader with these keys. It keeps a bounded amount for each of them.
    #[must_use]
    pub fn new(tables: Tables) -> Self {
        let Tables { ikev1, ikev2 } = tables;
        let keyed = |(cookie, keys)| (cookie, v1::Keyed::new(keys));
        let sa = |(spis, keys)| (spis, v2::Sa::new(keys));
        Self {
            ikev1: ikev1.into_iter().map(keyed).collect(),
            ikev2: ikev2.into_iter().map(sa).collect(),
        }
    }

    /// Takes the next message of the capture, without the non-ESP marker of port 4500. Order counts: the
    /// IV of IKEv1 is the end of the message before.
    pub fn message(&mut self, datagram: &Bytes) -> Outcome {
        let header = match Header::open(datagram) {
            Ok((header, _)) => header,
            Err(error) => return Outcome::Closed(Closed::Syntax(error.to_string())),
        };
        match header.major() {
            1 => self.ikev1(&header, datagram),
            2 => self.ikev2(&header, datagram),
            // Nobody can tell whether it is encrypted.
            _ => Outcome::Clear,
        }
    }

    fn ikev1(&mut self, header: &Header, datagram: &Bytes) -> Outcome {
        if let Some(keyed) = self.ikev1.get_mut(&header.initiator) {
            return keyed.message(header, datagram);
        }
        let fragment = header.next_payload == PayloadType::FRAGMENT;
        match header.flags.contains(Flags::ENCRYPTED) || fragment {
            true => Outcome::Closed(Closed::NoKey),
            false => Outcome::Clear,
        }
    }

    fn ikev2(&mut self, header: &Header, datagram: &Bytes) -> Outcome {
        let message = match ike_wire::v2::Message::decode(datagram.clone()) {
            Ok(message) => message,
            Err(error) => return Outcome::Closed(Closed::Syntax(error.to_string())),
        };
        if message.chain.encrypted_offset().is_none() {
            return Outcome::Clear;
        }
        match self.ikev2.get_mut(&(header.initiator, header.responder)) {
            Some(sa) => sa.message(datagram, &message),
            None => Outcome::Closed(Closed::NoKey),
        }
    }
}

/// The header of the clear form in front of its payloads.
fn whole(header: &Header, first: PayloadType, flags: Flags, payloads: &[&[u8]]) -> Bytes {
    let octets: usize = payloads.iter().map(|part| part.len()).sum();
    let length = u32::try_from(octets.saturating_add(Header::LEN)).unwrap_or(u32::MAX);
    let header = Header {
        next_payload: first,
        flags,
        length,
        ..*header
    };
    let mut out = bytes::BytesMut::with_capacity(Header::LEN + octets);
    header.encode(&mut out);
    payloads.iter().for_each(|part| out.extend_from_slice(part));
    out.freeze()
}
