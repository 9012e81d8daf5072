//! An IKE SA of IKEv2 as a reader sees it: every key that its SPIs have is tried, and the checksum says
//! which one is right (RFC 7296 3.14; RFC 9370 2.2.2 changes keys in the middle).

use bytes::Bytes;
use ike_crypto::Secret;
use ike_wire::registry::PayloadType;
use ike_wire::v2::{Body, Chain, Message};
use ike_wire::{Flags, Header};

use super::pieces::Fragments;
use super::{Closed, Outcome, whole};
use crate::engine::view_ikev2::Ikev2KeyView;
use crate::ikev2::keymat::Keys;
use crate::ikev2::sk::{Clear, OpenError, Sk};
use crate::sa::Role;

/// What is known under one pair of SPIs.
pub(super) struct Sa {
    /// By generation: what opens the initiator's messages, and the responder's.
    keys: Vec<[Sk; 2]>,
    fragments: Fragments,
}

impl Sa {
    pub(super) fn new(keys: Vec<Ikev2KeyView>) -> Self {
        // An end opens what the other one sent.
        let both = |key: Ikev2KeyView| {
            [Role::Responder, Role::Initiator].map(|role| Sk::new(key.suite, own(&key), role))
        };
        Self {
            keys: keys.into_iter().map(both).collect(),
            fragments: Fragments::default(),
        }
    }

    /// A message that ends in SK or SKF.
    pub(super) fn message(&mut self, datagram: &Bytes, message: &Message) -> Outcome {
        let clear = match self.open(datagram, message) {
            Ok(clear) => clear,
            Err(why) => return Outcome::Closed(why),
        };
        let flags = message.header.flags;
        let (first, octets) = match message.chain.payloads.last().map(|p| &p.body) {
            Some(Body::EncryptedFragment(piece)) => {
                let initiator = flags.contains(Flags::INITIATOR);
                let response = flags.contains(Flags::RESPONSE);
                let which = (initiator, response, message.header.message_id.0);
                match self.fragments.take(which, piece, clear.octets) {
                    Some(whole) => whole,
                    None => return Outcome::Piece,
                }
            }
            _ => (clear.first, clear.octets),
        };
        if let Err(error) = Chain::decode(first, octets.clone(), Header::LEN) {
            return Outcome::Closed(Closed::Syntax(error.to_string()));
        }
        Outcome::Opened(clear_form(message, first, &octets))
    }

    fn open(&self, datagram: &Bytes, message: &Message) -> Result<Clear, Closed> {
        let from_initiator = message.header.flags.contains(Flags::INITIATOR);
        // The newest keys are the likeliest.
        for [initiators, responders] in self.keys.iter().rev() {
            let sk = if from_initiator {
                initiators
            } else {
                responders
            };
            match sk.open(datagram, message) {
                Ok(clear) => return Ok(clear),
                Err(OpenError::Checksum) => {}
                Err(error @ OpenError::Syntax(_)) => return Err(Closed::Syntax(error.to_string())),
            }
        }
        Err(Closed::Checksum)
    }
}

/// The keys of messages; nothing else is asked of them here.
fn own(key: &Ikev2KeyView) -> Keys {
    let none = Secret::default;
    Keys {
        d: none(),
        ai: key.ai.clone(),
        ar: key.ar.clone(),
        ei: key.ei.clone(),
        er: key.er.clone(),
        pi: none(),
        pr: none(),
    }
}

/// Clear payloads in front of SK stay there; the last of them now names what was inside.
fn clear_form(message: &Message, first: PayloadType, octets: &Bytes) -> Bytes {
    let Header { flags, .. } = message.header;
    let before = message.chain.len().saturating_sub(1);
    let mut front: Vec<Vec<u8>> = (0..before).map(|n| message.chain.raw(n).to_vec()).collect();
    let head = match front.last_mut().and_then(|payload| payload.first_mut()) {
        Some(next) => {
            *next = first.0;
            message.header.next_payload
        }
        None => first,
    };
    let parts: Vec<&[u8]> = front.iter().map(Vec::as_slice).chain([&**octets]).collect();
    whole(&message.header, head, flags, &parts)
}
