//! Messages as indented text, for logs and for reading captures.
//!
//! Peer octets come out as hexadecimal or as text with `\xNN` escapes, cut to a bounded length per line (THREATS J4, K9). Names are
//! those of the registries. The text is for people and may change; programs read the values.

mod text;
mod v1;
mod v1_attribute;
mod v2;
mod v2_sa;

use crate::error::DecodeError;
use crate::header::{Flags, Header};
use crate::registry::PayloadType;
use crate::v1::{Chain, Message, Padding};
use crate::v2::{Chain as ChainV2, Message as MessageV2};
use bytes::Bytes;
use std::fmt::{self, Write};

/// A datagram of any kind: header, clear payloads, and where reading stopped if it did.
pub fn datagram(octets: &Bytes) -> String {
    let mut out = Lines::default();
    match Header::open(octets) {
        Err(error) => out.line(0, format_args!("not an IKE message: {error}")),
        Ok((header, rest)) => {
            put_header(&header, &mut out);
            put_rest(&header, rest, &mut out);
        }
    }
    out.0
}

/// A clear IKEv1 message.
pub fn message(message: &Message) -> String {
    let mut out = Lines::default();
    put_header(&message.header, &mut out);
    v1::put_chain(&message.chain, &mut out);
    out.0
}

/// An IKEv1 chain without a header: what a decrypted message holds.
pub fn chain(chain: &Chain) -> String {
    let mut out = Lines::default();
    v1::put_chain(chain, &mut out);
    out.0
}

/// An IKEv2 message; what its SK payload holds stays hidden.
pub fn message_v2(message: &MessageV2) -> String {
    let mut out = Lines::default();
    put_header(&message.header, &mut out);
    v2::put_chain(&message.chain, &mut out);
    out.0
}

/// An IKEv2 chain without a header: what an SK payload holds.
pub fn chain_v2(chain: &ChainV2) -> String {
    let mut out = Lines::default();
    v2::put_chain(chain, &mut out);
    out.0
}

/// Text under construction, two blanks per level.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, level: usize, text: fmt::Arguments<'_>) {
        (0..level).for_each(|_| self.0.push_str("  "));
        // Writing to a string does not fail.
        let _ = self.0.write_fmt(text);
        self.0.push('\n');
    }
}

fn put_header(header: &Header, out: &mut Lines) {
    let (major, minor) = (header.major(), header.minor());
    out.line(
        0,
        format_args!("ISAKMP {major}.{minor}, {}", header.exchange),
    );
    out.line(
        1,
        format_args!(
            "initiator {}, responder {}",
            header.initiator, header.responder
        ),
    );
    let flags = FlagNames(header.flags, header.major());
    out.line(
        1,
        format_args!(
            "flags {flags}, message ID {:08x}, {} octets",
            header.message_id.0, header.length
        ),
    );
}

fn put_rest(header: &Header, rest: Bytes, out: &mut Lines) {
    let fragment = header.next_payload == PayloadType::FRAGMENT;
    let encrypted = header.flags.contains(Flags::ENCRYPTED) && !fragment;
    match (header.version, header.major()) {
        (Header::V1, _) if !encrypted => {
            let chain = Chain::decode(header.next_payload, rest, Header::LEN, Padding::Forbidden);
            put_read(chain, v1::put_chain, out);
        }
        (_, 2) => {
            let chain = ChainV2::decode(header.next_payload, rest, Header::LEN);
            put_read(chain, v2::put_chain, out);
        }
        (version, _) => {
            let kind = if version == Header::V1 {
                "encrypted, "
            } else {
                ""
            };
            let (octets, first) = (rest.len(), header.next_payload);
            out.line(
                1,
                format_args!("{kind}{octets} octets, first payload {first}"),
            );
        }
    }
}

/// A chain, or why it cannot be read.
fn put_read<C>(read: Result<C, DecodeError>, put: fn(&C, &mut Lines), out: &mut Lines) {
    match read {
        Ok(chain) => put(&chain, out),
        Err(error) => out.line(1, format_args!("malformed: {error}")),
    }
}

/// The flags by name for a major version.
struct FlagNames(Flags, u8);

impl fmt::Display for FlagNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = self.0.names(self.1).join("+");
        write!(
            f,
            "{} (0x{:02x})",
            if set.is_empty() { "none" } else { &set },
            self.0.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::ExchangeType;
    use crate::v1::{
        self, Attribute, Body, Identification, Proposal, ProtocolId, SecurityAssociation, Transform,
    };
    use crate::{MessageId, Spi};

    fn header(flags: Flags) -> Header {
        Header::v1(
            Spi([0x11; 8]),
            Spi::ZERO,
            ExchangeType::MAIN,
            flags,
            MessageId(0),
        )
    }

    #[test]
    fn an_offer_prints_names_and_numbers() {
        let attributes = vec![
            Attribute::short(1u16, 5u16),
            Attribute::number(12u16, 86400),
        ];
        let transforms = vec![Transform {
            number: 1,
            id: 1,
            attributes,
            ..Transform::default()
        }];
        let proposal = Proposal {
            number: 1,
            protocol: ProtocolId::ISAKMP,
            transforms,
            ..Proposal::default()
        };
        let sa = Body::Sa(SecurityAssociation::new(vec![proposal]));
        let octets = v1::encode_message(&header(Flags::NONE), &[sa.into()]).unwrap();
        let expected = "ISAKMP 1.0, Identity Protection (Main Mode)
  initiator 1111111111111111, responder 0000000000000000
  flags none (0x00), message ID 00000000, 68 octets
  Security Association (1), 40 octets
    DOI IPSEC (1), situation 1
    proposal 1: ISAKMP (1), SPI none
      transform 1: KEY_IKE (1)
        Encryption-Algorithm (1): 3DES-CBC (5)
        Life-Duration (12): 86400
";
        assert_eq!(datagram(&octets), expected);
    }

    /// THREATS J4: no control character survives.
    #[test]
    fn hostile_text_is_escaped() {
        let id = Body::Id(Identification::fqdn("R1\n%FAKE\x1b[2J", 17, 500));
        let octets = v1::encode_message(&header(Flags::NONE), &[id.into()]).unwrap();
        let text = datagram(&octets);
        assert!(
            text.contains("FQDN (2): R1\\x0a%FAKE\\x1b[2J, protocol 17, port 500\n"),
            "{text}"
        );
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
    }

    #[test]
    fn encrypted_and_broken_datagrams_say_so() {
        let sealed = v1::encode_encrypted(&header(Flags::NONE), PayloadType::ID, &[7; 16]).unwrap();
        assert!(datagram(&sealed).contains("encrypted, 16 octets, first payload Identification"));
        let broken =
            v1::encode_message(&header(Flags::NONE), &[Body::Nonce(Bytes::new()).into()]).unwrap();
        let mut broken = broken.to_vec();
        broken[31] = 3;
        let text = datagram(&broken.into());
        assert!(
            text.contains("malformed: at octet 28: payload length 3 of Nonce: at least 4 expected"),
            "{text}"
        );
        assert!(datagram(&Bytes::new()).starts_with("not an IKE message: at octet 0"));
    }
}
