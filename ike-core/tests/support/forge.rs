//! An authenticated peer made by hand: messages of an IKE SA opened, changed and sealed with its keys.

use std::time::Duration;

use ike_core::entropy::Entropy;
use ike_core::ikev2::keymat::Keys;
use ike_core::ikev2::sk::Sk;
use ike_core::sa::Role;
use ike_core::sa::action::Transmit;
use ike_core::sim::{Datagram, Fate, Simulation};
use ike_crypto::Secret;
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Body, Message, Notify, NotifyType, Payload};
use ike_wire::{Flags, Header, MessageId, Spi};

use super::Story;

/// Keys of one IKE SA.
pub struct Forge {
    sides: [Sk; 2],
    spis: (Spi, Spi),
}

impl Forge {
    /// The newest IKE SA of a router.
    pub fn of(sim: &Simulation, node: usize) -> Self {
        let view = sim.node(node).engine.ikev2_keys().pop().unwrap();
        let keys = || Keys {
            d: Secret::default(),
            ai: view.ai.clone(),
            ar: view.ar.clone(),
            ei: view.ei.clone(),
            er: view.er.clone(),
            pi: Secret::default(),
            pr: Secret::default(),
        };
        let sides = [Role::Initiator, Role::Responder];
        Self {
            sides: sides.map(|role| Sk::new(view.suite, keys(), role)),
            spis: (spi(&view.spi_i), spi(&view.spi_r)),
        }
    }

    /// The payloads inside a message of this SA.
    pub fn open(&self, datagram: &Datagram) -> Vec<Payload> {
        let message = Message::decode(datagram.bytes.clone()).unwrap();
        let from_initiator = message.header.flags.contains(Flags::INITIATOR);
        let reader = &self.sides[usize::from(from_initiator)];
        let clear = reader.open(&datagram.bytes, &message).unwrap();
        clear.chain().unwrap().payloads
    }

    /// A message in place of another one: the same header, other payloads.
    pub fn instead(&mut self, of: &Datagram, payloads: &[Payload]) -> Transmit {
        let header = Message::decode(of.bytes.clone()).unwrap().header;
        Transmit {
            local: of.from,
            remote: of.to,
            bytes: self.seal(&header, payloads),
        }
    }

    /// An INFORMATIONAL request of that side.
    pub fn inform(&mut self, from: Role, id: u32, payloads: &[Payload]) -> bytes::Bytes {
        let flags = match from {
            Role::Initiator => Flags::INITIATOR,
            Role::Responder => Flags::NONE,
        };
        let exchange = ExchangeType::V2_INFORMATIONAL;
        let header = Header::v2(self.spis.0, self.spis.1, exchange, flags, MessageId(id));
        self.seal(&header, payloads)
    }

    /// An answer of that side to an INFORMATIONAL request.
    pub fn answer(&mut self, from: Role, id: u32, payloads: &[Payload]) -> bytes::Bytes {
        let flags = match from {
            Role::Initiator => Flags::INITIATOR | Flags::RESPONSE,
            Role::Responder => Flags::RESPONSE,
        };
        let exchange = ExchangeType::V2_INFORMATIONAL;
        let header = Header::v2(self.spis.0, self.spis.1, exchange, flags, MessageId(id));
        self.seal(&header, payloads)
    }

    fn seal(&mut self, header: &Header, payloads: &[Payload]) -> bytes::Bytes {
        let responder = !header.flags.contains(Flags::INITIATOR);
        let mut entropy = Entropy::new([9; 32]);
        let sealed = self.sides[usize::from(responder)].seal(&mut entropy, header, payloads, None);
        sealed.unwrap().remove(0)
    }
}

fn spi(hex: &str) -> Spi {
    let octet = |i: usize| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap();
    Spi(std::array::from_fn(octet))
}

/// A notify without SPI.
pub fn notify(ty: NotifyType, data: impl Into<bytes::Bytes>) -> Payload {
    Body::Notify(Notify::new(ty, data)).into()
}

/// The types of the notifies among payloads.
pub fn notifies(payloads: &[Payload]) -> Vec<NotifyType> {
    payloads
        .iter()
        .filter_map(notify_of)
        .map(|n| n.ty)
        .collect()
}

/// The first notify of a type among payloads.
pub fn find(payloads: &[Payload], ty: NotifyType) -> Option<&Notify> {
    payloads.iter().filter_map(notify_of).find(|n| n.ty == ty)
}

fn notify_of(payload: &Payload) -> Option<&Notify> {
    match &payload.body {
        Body::Notify(n) => Some(n),
        _ => None,
    }
}

/// The story with these datagrams lost, counted from 0.
pub fn losing(story: Story, victims: std::ops::Range<usize>) -> Story {
    story.with_fault(victims, Fate::lost())
}

/// Brings R1's tunnel up with its IKE_AUTH request rewritten on the way; returns the keys used.
pub fn rewriting_auth(
    story: Story,
    rewrite: impl FnOnce(&mut Vec<Payload>),
) -> (Simulation, Forge) {
    let mut sim = losing(story, 2..3).start();
    sim.up(0, None);
    sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() > 2);
    let forge = rewrite_last(&mut sim, rewrite);
    (sim, forge)
}

/// Delivers the newest datagram, which was lost, with other payloads.
pub fn rewrite_last(sim: &mut Simulation, rewrite: impl FnOnce(&mut Vec<Payload>)) -> Forge {
    let lost = sim.datagrams().last().unwrap().clone();
    // The sender may have gone on to other keys already.
    let mut forge = Forge::of(sim, 1 - lost.sender);
    let mut payloads = forge.open(&lost);
    rewrite(&mut payloads);
    let forged = forge.instead(&lost, &payloads);
    sim.inject(1 - lost.sender, forged);
    forge
}

/// A line of a router's debug output.
pub fn printed(sim: &Simulation, node: usize, line: &str) -> bool {
    sim.node(node).traces.iter().any(|t| t.contains(line))
}

/// The payload lists of a router's encrypted messages, in order.
pub fn contents(sim: &Simulation, node: usize) -> Vec<String> {
    let of = |line: &String| {
        let (_, list) = line.split_once("Payload contents: \n ")?;
        line.contains("Building packet for encryption")
            .then(|| list.trim().to_owned())
    };
    sim.node(node).traces.iter().filter_map(of).collect()
}

/// The story with a line in front of the first IKEv2 line of a router.
pub fn with_global(mut story: Story, router: usize, line: &str) -> Story {
    let text = &story.configs[router];
    story.configs[router] = text.replacen(
        "crypto ikev2 proposal",
        &format!("{line}\ncrypto ikev2 proposal"),
        1,
    );
    story
}

/// The story with a line in a router's profile.
pub fn with_profile(story: Story, router: usize, line: &str) -> Story {
    let head = "crypto ikev2 profile profile1\n";
    story.edit(router, head, &format!("{head}  {line}\n"))
}
