//! An ISAKMP SA as a reader sees it: what gives the IVs (RFC 2409 appendix B) is learnt from its clear
//! messages. A message has no checksum the reader could compute, so the IV whose payloads decode is the
//! right one; repetitions are known by their octets and move nothing.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use ike_crypto::{Cipher, Hash, Secret};
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Body, Chain, Message, OakleyAttribute, Transform};
use ike_wire::{Flags, Header, Spi};

use super::names::{ikev1_cipher, ikev1_hash};
use super::pieces::{Cisco, digest};
use super::{Closed, Outcome, whole};
use crate::ikev1::keymat::Keys;

/// SAs with one initiator cookie: a responder that forgot the first one answers anew.
const MAX_SAS: usize = 4;
/// Ends of messages that are remembered in phase 1 and in each exchange after it.
const MAX_BLOCKS: usize = 8;
/// Exchanges after phase 1 that are remembered.
const MAX_EXCHANGES: usize = 256;
/// Messages whose IV is remembered.
const MAX_SEEN: usize = 1024;

/// What is known under one initiator cookie.
pub(super) struct Keyed {
    keys: Vec<Secret>,
    /// KE of an aggressive mode's first message, before there is a responder cookie.
    offered: Option<Bytes>,
    sas: BTreeMap<Spi, Sa>,
}

#[derive(Default)]
struct Sa {
    suite: Option<(Cipher, Hash)>,
    /// g^xi, then g^xr: nobody answers a KE payload before it came.
    publics: Vec<Bytes>,
    pieces: Cisco,
    ivs: Ivs,
}

/// Ends of messages, newest last.
#[derive(Default)]
struct Ivs {
    phase_1: VecDeque<Vec<u8>>,
    exchanges: BTreeMap<u32, VecDeque<Vec<u8>>>,
    /// Message IDs of `exchanges`, oldest first.
    order: VecDeque<u32>,
    seen: BTreeMap<[u8; 32], Vec<u8>>,
    /// Keys of `seen`, oldest first.
    seen_order: VecDeque<[u8; 32]>,
}

impl Keyed {
    pub(super) fn new(keys: Vec<Secret>) -> Self {
        Self {
            keys,
            offered: None,
            sas: BTreeMap::new(),
        }
    }

    pub(super) fn message(&mut self, header: &Header, datagram: &Bytes) -> Outcome {
        if header.responder.is_zero() {
            return self.first(datagram);
        }
        while self.sas.len() >= MAX_SAS && !self.sas.contains_key(&header.responder) {
            self.sas.pop_first();
        }
        let offered = self.offered.clone();
        let sa = self.sas.entry(header.responder).or_insert_with(|| Sa {
            publics: offered.into_iter().collect(),
            ..Sa::default()
        });
        sa.message(header, datagram, &self.keys)
    }

    fn first(&mut self, datagram: &Bytes) -> Outcome {
        if let Ok(message) = Message::decode(datagram.clone())
            && let Some((_, Body::KeyExchange(public))) =
                message.chain.find(PayloadType::KEY_EXCHANGE)
        {
            self.offered = Some(Bytes::copy_from_slice(public));
        }
        Outcome::Clear
    }
}

impl Sa {
    fn message(&mut self, header: &Header, datagram: &Bytes, keys: &[Secret]) -> Outcome {
        if header.next_payload == PayloadType::FRAGMENT {
            return self.piece(header, datagram, keys);
        }
        if header.flags.contains(Flags::ENCRYPTED) {
            return self.open(header, datagram, keys);
        }
        // RFC 2408 3.1: an SA or KE payload under another message ID is that of a Quick Mode, whose attributes have
        // the same numbers and mean something else. A capture that was opened before has such messages in the clear.
        if header.message_id.0 == 0
            && let Ok(message) = Message::decode(datagram.clone())
        {
            self.learn(&message);
        }
        Outcome::Clear
    }

    /// A fragment carries a message with a header of its own (G-027).
    fn piece(&mut self, outer: &Header, datagram: &Bytes, keys: &[Secret]) -> Outcome {
        let whole = match self.joined(outer, datagram) {
            Ok(Some(whole)) => whole,
            Ok(None) => return Outcome::Piece,
            Err(why) => return Outcome::Closed(Closed::Syntax(why)),
        };
        match Header::open(&whole) {
            Ok((header, _)) if header.flags.contains(Flags::ENCRYPTED) => {
                self.open(&header, &whole, keys)
            }
            _ => self.joined_in_the_clear(whole),
        }
    }

    fn joined_in_the_clear(&mut self, whole: Bytes) -> Outcome {
        match Message::decode(whole.clone()) {
            Ok(message) => {
                self.learn(&message);
                Outcome::Opened(whole)
            }
            Err(error) => Outcome::Closed(Closed::Syntax(error.to_string())),
        }
    }

    fn joined(&mut self, outer: &Header, datagram: &Bytes) -> Result<Option<Bytes>, String> {
        let message = Message::decode(datagram.clone()).map_err(|e| e.to_string())?;
        let Some((0, Body::Fragment(piece))) = message.chain.find(PayloadType::FRAGMENT) else {
            return Err("a fragment among other payloads".to_owned());
        };
        let Some(whole) = self.pieces.take(piece)? else {
            return Ok(None);
        };
        let inner = Header::decode(&whole).map_err(|e| e.to_string())?;
        let of = |header: &Header| (header.initiator, header.responder, header.version);
        let same = of(&inner) == of(outer);
        match same && inner.next_payload != PayloadType::FRAGMENT {
            true => Ok(Some(whole)),
            false => Err("the fragments' message is not that of their headers".to_owned()),
        }
    }

    fn learn(&mut self, message: &Message) {
        for (_, body) in message.chain.bodies() {
            match body {
                // MM2 has the one that was chosen.
                Body::Sa(sa) => {
                    let transform = sa.proposals.first().and_then(|p| p.transforms.first());
                    self.suite = transform.and_then(chosen).or(self.suite);
                }
                Body::KeyExchange(public) => self.public(public),
                _ => {}
            }
        }
    }

    fn public(&mut self, public: &Bytes) {
        if self.publics.len() < 2 && !self.publics.contains(public) {
            // A copy: a slice would keep the whole datagram.
            self.publics.push(Bytes::copy_from_slice(public));
        }
    }

    fn open(&mut self, header: &Header, datagram: &Bytes, keys: &[Secret]) -> Outcome {
        let (Some((cipher, hash)), [public_i, public_r]) = (self.suite, self.publics.as_slice())
        else {
            return Outcome::Closed(Closed::Beginning);
        };
        let cipher_text = datagram.get(Header::LEN..).unwrap_or_default();
        let name = digest(&[datagram]);
        for key in keys.iter().filter(|key| key.len() == cipher.key_len()) {
            let publics = (&**public_i, &**public_r);
            let keys = Keys::from_message_key(hash, cipher, key.expose(), publics);
            for iv in self.ivs.candidates(&keys, header.message_id.0, &name) {
                let opened = keys.open(&iv, header.next_payload, cipher_text);
                let Some((chain, next)) = opened.ok().filter(|(chain, _)| sound(chain)) else {
                    continue;
                };
                self.ivs.note(header.message_id.0, name, iv, next);
                return Outcome::Opened(clear(header, &chain));
            }
        }
        Outcome::Closed(Closed::Iv)
    }
}

impl Ivs {
    /// The IVs that a message may have, the likeliest first.
    fn candidates(&self, keys: &Keys, id: u32, name: &[u8; 32]) -> Vec<Vec<u8>> {
        if let Some(iv) = self.seen.get(name) {
            return vec![iv.clone()];
        }
        let phase_1 = self.phase_1.iter().rev().cloned();
        // Nothing of phase 1 was encrypted yet.
        let phase_1 = phase_1.chain([keys.first_iv()]);
        if id == 0 {
            return phase_1.collect();
        }
        let own = self.exchanges.get(&id).into_iter().flatten().rev().cloned();
        let new = phase_1.map(|block| keys.exchange_iv(&block, id));
        own.chain(new).collect()
    }

    fn note(&mut self, id: u32, name: [u8; 32], iv: Vec<u8>, next: Vec<u8>) {
        if self.seen.contains_key(&name) {
            return;
        }
        remember(&mut self.seen, &mut self.seen_order, name, iv, MAX_SEEN);
        let ends = match id {
            0 => &mut self.phase_1,
            _ => {
                if !self.exchanges.contains_key(&id) {
                    let none = VecDeque::new();
                    remember(
                        &mut self.exchanges,
                        &mut self.order,
                        id,
                        none,
                        MAX_EXCHANGES,
                    );
                }
                self.exchanges.entry(id).or_default()
            }
        };
        ends.push_back(next);
        if ends.len() > MAX_BLOCKS {
            ends.pop_front();
        }
    }
}

/// Puts into a map of at most `most` entries, in place of its oldest one.
fn remember<K: Ord + Copy, V>(
    map: &mut BTreeMap<K, V>,
    order: &mut VecDeque<K>,
    key: K,
    value: V,
    most: usize,
) {
    map.insert(key, value);
    order.push_back(key);
    if order.len() > most
        && let Some(oldest) = order.pop_front()
    {
        map.remove(&oldest);
    }
}

/// An IV that is wrong garbles the first block, which then seldom is the header of a payload.
fn sound(chain: &Chain) -> bool {
    let padding = chain.padding();
    // W-003: a block of padding at most, and some makers count it in its last octet.
    !chain.is_empty() && padding.len() <= MAX_PADDING
}

/// Padding of a message: RFC 2409 wants as little as fits, some add more.
const MAX_PADDING: usize = 255;

fn clear(header: &Header, chain: &Chain) -> Bytes {
    let flags = Flags(header.flags.0 & !Flags::ENCRYPTED.0);
    whole(header, header.next_payload, flags, &[&chain.octets()])
}

/// Cipher and hash of the transform that was chosen (RFC 2409 appendix A).
fn chosen(transform: &Transform) -> Option<(Cipher, Hash)> {
    let value = |ty: OakleyAttribute| transform.attribute(ty)?.as_u64();
    let bits = value(OakleyAttribute::KEY_LENGTH);
    let cipher = ikev1_cipher(value(OakleyAttribute::ENCRYPTION)?, bits)?;
    let hash = ikev1_hash(value(OakleyAttribute::HASH)?)?;
    Some((cipher, hash))
}
