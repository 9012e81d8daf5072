//! What was on the wire of a row, by tshark and by our own decoder.

use std::path::Path;

use bytes::Bytes;
use ike_wire::v2;
use libtest_mimic::Failed;
use testnet::packet::{Flow, ICMP};
use testnet::pcapng;

use crate::network::Wiring;
use crate::tshark::{Message, key_generations, messages, without_repetitions};

/// The messages of a row, each octet string once.
pub(crate) struct Traffic {
    messages: Vec<Message>,
    wiring: Wiring,
    datagrams: Vec<Vec<u8>>,
    keepalives: usize,
}

/// Reads the capture of a folder: nothing is malformed, no ping was sent in the clear.
pub(crate) fn read(dir: &Path, wiring: Wiring) -> Result<Traffic, Failed> {
    let records = pcapng::read(&std::fs::read(dir.join("capture.pcapng"))?)?;
    let packets: Vec<&[u8]> = records.iter().map(|r| r.packet.as_ref()).collect();
    if packets.iter().any(|packet| is_echo(packet)) {
        return Err("a ping was sent in the clear".into());
    }
    let messages = read_with_all_keys(dir)?;
    if let Some(bad) = messages.iter().find(|m| !m.complaint.is_empty()) {
        return Err(format!("tshark complains about frame {}: {bad:?}", bad.frame).into());
    }
    let keepalives = packets.iter().filter(|packet| is_keepalive(packet)).count();
    let datagrams = packets
        .iter()
        .filter_map(|packet| ike_body(packet))
        .collect();
    Ok(Traffic {
        messages,
        wiring,
        datagrams,
        keepalives,
    })
}

/// Each message as the generation of keys shows it that fits.
fn read_with_all_keys(dir: &Path) -> Result<Vec<Message>, Failed> {
    let once = without_repetitions(dir)?;
    let mut readings = Vec::new();
    for keys in key_generations(dir)? {
        readings.push(messages(&once, &keys)?);
    }
    let mut readings = readings.into_iter();
    let mut best = readings.next().unwrap_or_default();
    for reading in readings {
        for (message, again) in best.iter_mut().zip(reading) {
            if again.opened
                && again.complaint.is_empty()
                && !(message.opened && message.complaint.is_empty())
            {
                *message = again;
            }
        }
    }
    Ok(best)
}

impl Traffic {
    /// The key tables open every encrypted message, and there are some.
    pub(crate) fn all_opened(&self) -> Result<(), Failed> {
        let sealed: Vec<&Message> = self.messages.iter().filter(|m| m.sealed).collect();
        match sealed.iter().find(|m| !m.opened) {
            Some(closed) => Err(format!(
                "the key tables do not open frame {}: {closed:?}",
                closed.frame
            )
            .into()),
            None if sealed.is_empty() => Err("no encrypted message was captured".into()),
            None => Ok(()),
        }
    }

    /// Payload lists of the messages of an exchange that we sent.
    pub(crate) fn ours(&self, exchange: &str) -> Vec<&str> {
        self.from(exchange, true)
    }

    /// Payload lists of the messages of an exchange that charon sent.
    pub(crate) fn peers(&self, exchange: &str) -> Vec<&str> {
        self.from(exchange, false)
    }

    fn from(&self, exchange: &str, ours: bool) -> Vec<&str> {
        let outside = self.wiring.own_address_outside();
        let of_exchange = self.messages.iter().filter(|m| m.exchange == exchange);
        of_exchange
            .filter(|m| (m.from == Some(outside)) == ours)
            .map(|m| m.payloads.as_str())
            .collect()
    }

    /// How many messages of an exchange there were.
    pub(crate) fn count(&self, exchange: &str) -> usize {
        self.messages
            .iter()
            .filter(|m| m.exchange == exchange)
            .count()
    }

    /// A message of an exchange that we sent has exactly these payloads.
    pub(crate) fn we_sent(&self, exchange: &str, payloads: &str) -> Result<(), Failed> {
        found(&self.ours(exchange), payloads, "we sent")
    }

    /// A message of an exchange that charon sent has exactly these payloads.
    pub(crate) fn peer_sent(&self, exchange: &str, payloads: &str) -> Result<(), Failed> {
        found(&self.peers(exchange), payloads, "charon sent")
    }

    /// One of our messages of an exchange has this payload among others.
    pub(crate) fn we_sent_a(&self, exchange: &str, payload: &str) -> Result<(), Failed> {
        has(&self.ours(exchange), payload, "our")
    }

    /// One of charon's messages of an exchange has this payload among others.
    pub(crate) fn peer_sent_a(&self, exchange: &str, payload: &str) -> Result<(), Failed> {
        has(&self.peers(exchange), payload, "charon's")
    }

    /// Hashes of CA keys in the first CERTREQ of an IKE_SA_INIT response, in order.
    pub(crate) fn asked_in_init(&self) -> Vec<Vec<u8>> {
        let asked = |datagram: &Vec<u8>| {
            let message = v2::Message::decode(Bytes::copy_from_slice(datagram)).ok()?;
            certreq(&message)
        };
        self.datagrams.iter().find_map(asked).unwrap_or_default()
    }

    /// NAT keepalives (RFC 3948 2.3).
    pub(crate) fn keepalives(&self) -> usize {
        self.keepalives
    }

    /// UDP payloads on the ports of IKE that hold IKE, repetitions included.
    pub(crate) fn datagrams(&self) -> &[Vec<u8>] {
        &self.datagrams
    }
}

fn certreq(message: &v2::Message) -> Option<Vec<Vec<u8>>> {
    message
        .chain
        .payloads
        .iter()
        .find_map(|payload| match &payload.body {
            v2::Body::CertReq(request) => {
                Some(request.authority.chunks(20).map(<[u8]>::to_vec).collect())
            }
            _ => None,
        })
}

fn found(lists: &[&str], payloads: &str, who: &str) -> Result<(), Failed> {
    if lists.contains(&payloads) {
        return Ok(());
    }
    Err(format!("{who} no message with `{payloads}`, but {lists:#?}").into())
}

fn has(lists: &[&str], payload: &str, whose: &str) -> Result<(), Failed> {
    if lists
        .iter()
        .any(|list| list.split(' ').any(|p| p == payload))
    {
        return Ok(());
    }
    Err(format!("none of {whose} messages has {payload}: {lists:#?}").into())
}

fn is_echo(packet: &[u8]) -> bool {
    const ICMPV6: u8 = 58;
    Flow::of(packet).is_some_and(|flow| {
        let kind = packet.get(flow.header);
        matches!(
            (flow.protocol, kind),
            (ICMP, Some(0 | 8)) | (ICMPV6, Some(128 | 129))
        )
    })
}

fn is_keepalive(packet: &[u8]) -> bool {
    let natt =
        Flow::of(packet).filter(|flow| flow.ports.is_some_and(|(a, b)| a == 4500 || b == 4500));
    natt.is_some_and(|flow| packet.get(flow.header + 8..flow.total) == Some(&[0xff]))
}

/// What UDP carries on port 500, or on 4500 behind four octets of zero.
fn ike_body(packet: &[u8]) -> Option<Vec<u8>> {
    let flow = Flow::of(packet)?;
    let (from, to) = flow.ports?;
    let body = packet.get(flow.header + 8..flow.total)?;
    match body {
        [0, 0, 0, 0, ike @ ..] if from == 4500 || to == 4500 => Some(ike.to_vec()),
        ike if from == 500 || to == 500 => Some(ike.to_vec()),
        _ => None,
    }
}
