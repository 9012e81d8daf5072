//! Fragments of IKEv1 messages as Cisco and Microsoft send them (G-027, B7 to B9): a message that is too long
//! for one datagram is cut as a whole, header included, and each piece goes in the clear behind a header of
//! its own. Nothing proves a piece; the message proves itself once it is whole.

use bytes::Bytes;
use ike_crypto::Hash;
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Body, Fragment, Message, Reassembly, encode_message};
use ike_wire::{Flags, Header};

use crate::sa::action::Transmit;
use crate::sa::natt::NAT_PORT;

/// IP packets that every path carries: over IPv4 as IOS cuts IKEv2 too, over IPv6 RFC 8200 5.
const PACKET_V4: usize = 576;
const PACKET_V6: usize = 1280;
/// Headers of IP and UDP.
const OUTER_V4: usize = 28;
const OUTER_V6: usize = 48;
/// Non-ESP marker (RFC 3948 2.2).
const MARKER: usize = 4;
/// Header of the datagram, header of the payload, identifier, number, flags.
const OVERHEAD: usize = Header::LEN + 8;
/// Octets of a message that are kept while it is incomplete (B9).
const MAX_MESSAGE: usize = 32_768;

/// The pieces of the peer's message that came.
#[derive(Debug)]
pub(super) struct Joining(Reassembly);

impl Default for Joining {
    fn default() -> Self {
        Self(Reassembly::new(MAX_MESSAGE))
    }
}

impl Joining {
    /// Takes a piece in, in any order, repeated or not; gives the message that it completes.
    ///
    /// # Errors
    /// A sentence about what is wrong with the piece or with the message.
    pub(super) fn take(
        &mut self,
        header: &Header,
        datagram: &Bytes,
    ) -> Result<Option<(Header, Bytes)>, String> {
        let piece = Message::decode(datagram.clone()).map_err(|e| e.to_string())?;
        let Some((0, Body::Fragment(fragment))) = piece.chain.find(PayloadType::FRAGMENT) else {
            return Err("a fragment among other payloads".to_owned());
        };
        let Some(whole) = self.0.insert(fragment).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        let inner = Header::decode(&whole).map_err(|e| e.to_string())?;
        // strongSwan's headers name Main Mode whatever is inside.
        let same = (inner.initiator, inner.responder) == (header.initiator, header.responder)
            && inner.version == header.version;
        if !same || usize::try_from(inner.length) != Ok(whole.len()) {
            return Err("the fragments' message is not that of their headers".to_owned());
        }
        if inner.next_payload == PayloadType::FRAGMENT {
            return Err("fragments inside of fragments".to_owned());
        }
        Ok(Some((inner, whole)))
    }
}

/// The datagrams that carry a message to a peer that joins fragments; itself where it fits.
pub(super) fn split(whole: Transmit) -> Vec<Transmit> {
    let room = room(&whole);
    if whole.bytes.len() <= room {
        return vec![whole];
    }
    match pieces(&whole.bytes, room - OVERHEAD) {
        Some(pieces) => pieces
            .into_iter()
            .map(|bytes| Transmit {
                bytes,
                ..whole.clone()
            })
            .collect(),
        // IP can still cut what we cannot.
        None => vec![whole],
    }
}

/// Octets of ISAKMP in one datagram.
fn room(transmit: &Transmit) -> usize {
    let room = match transmit.remote.is_ipv4() {
        true => PACKET_V4 - OUTER_V4,
        false => PACKET_V6 - OUTER_V6,
    };
    match transmit.local.port() == NAT_PORT {
        true => room - MARKER,
        false => room,
    }
}

fn pieces(whole: &Bytes, size: usize) -> Option<Vec<Bytes>> {
    let header = Header::decode(whole).ok()?;
    let header = Header {
        flags: Flags::NONE,
        ..header
    };
    // The same in every repetition, so that pieces of two transmissions make one message.
    let digest = Hash::Sha256.digest(&[whole]);
    let id = u16::from_be_bytes(*digest.first_chunk()?);
    let count = whole.len().div_ceil(size);
    let mut out = Vec::with_capacity(count);
    for (index, data) in whole.chunks(size).enumerate() {
        let fragment = Fragment {
            id,
            number: u8::try_from(index + 1).ok()?,
            flags: u8::from(index + 1 == count),
            data: whole.slice_ref(data),
        };
        out.push(encode_message(&header, &[Body::Fragment(fragment).into()]).ok()?);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ike_wire::registry::ExchangeType;
    use ike_wire::v1::Payload;
    use ike_wire::{MessageId, Spi};
    use std::net::SocketAddr;

    fn message(octets: usize) -> Bytes {
        let header = Header::v1(
            Spi([1; 8]),
            Spi([2; 8]),
            ExchangeType::MAIN,
            Flags::NONE,
            MessageId(0),
        );
        let nonce: Payload = Body::Nonce(vec![7; octets].into()).into();
        encode_message(&header, &[nonce]).unwrap()
    }

    fn cut(octets: usize, ends: [&str; 2]) -> Vec<Transmit> {
        let [local, remote] = ends.map(|end| end.parse::<SocketAddr>().unwrap());
        split(Transmit {
            local,
            remote,
            bytes: message(octets),
        })
    }

    const V4: [&str; 2] = ["10.0.0.1:500", "10.0.0.2:500"];

    /// No datagram is longer than the path carries, and what fits is left alone.
    #[test]
    fn datagrams_fill_the_smallest_path() {
        let nat = ["10.0.0.1:4500", "10.0.0.2:4500"];
        let v6 = ["[2001:db8::1]:500", "[2001:db8::2]:500"];
        for (ends, most) in [(V4, 548), (nat, 544), (v6, 1232)] {
            assert_eq!(cut(most - 32, ends).len(), 1);
            let pieces = cut(most - 31, ends);
            assert_eq!(pieces.len(), 2);
            assert_eq!(pieces[0].bytes.len(), most);
        }
        assert_eq!(cut(60_000, V4).len(), 118);
    }

    fn join(joining: &mut Joining, bytes: &Bytes) -> Result<Option<(Header, Bytes)>, String> {
        joining.take(&Header::decode(bytes).unwrap(), bytes)
    }

    /// B7, B8: any order, repeated pieces, pieces of two transmissions.
    #[test]
    fn pieces_make_their_message_in_any_order() {
        let pieces = cut(2000, V4);
        let whole = message(2000);
        let mut joining = Joining::default();
        for piece in pieces.iter().rev().skip(1) {
            assert_eq!(join(&mut joining, &piece.bytes), Ok(None));
            assert_eq!(join(&mut joining, &piece.bytes), Ok(None));
        }
        let last = &pieces.last().unwrap().bytes;
        let (header, joined) = join(&mut joining, last).unwrap().unwrap();
        assert_eq!((header.next_payload, joined), (PayloadType::NONCE, whole));
    }

    /// B9: what is kept is bounded, and another message takes the place of an incomplete one.
    #[test]
    fn an_endless_message_is_given_up() {
        let pieces = cut(60_000, V4);
        let mut joining = Joining::default();
        let failed = pieces
            .iter()
            .position(|p| join(&mut joining, &p.bytes).is_err());
        assert_eq!(failed, Some(MAX_MESSAGE / 512));
        assert_eq!(joining.0.octets(), 0);
        for piece in cut(1000, V4).iter().take(1).chain(&cut(2000, V4)[..1]) {
            assert_eq!(join(&mut joining, &piece.bytes), Ok(None));
            assert_eq!(joining.0.octets(), 512);
        }
    }

    /// A message must be that of the headers it came behind, and no fragment itself.
    #[test]
    fn a_message_that_is_another_is_refused() {
        let other = {
            let mut octets = message(600).to_vec();
            octets[3] ^= 1;
            pieces(&octets.into(), 512).unwrap()
        };
        let mut joining = Joining::default();
        let real = Header::decode(&message(600)).unwrap();
        assert_eq!(joining.take(&real, &other[0]), Ok(None));
        assert!(joining.take(&real, &other[1]).is_err());
        let nested = pieces(&cut(2000, V4)[0].bytes, 300).unwrap();
        assert_eq!(join(&mut joining, &nested[0]), Ok(None));
        assert!(join(&mut joining, &nested[1]).is_err());
    }
}
