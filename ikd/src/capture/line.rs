//! Packets and keys over the control socket: a JSON object a line, each bounded by one packet.

use std::net::SocketAddr;

use data_encoding::BASE64;
use ike_core::decrypt::Table;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::ring::Packet;

/// A line.
pub(crate) enum Line {
    /// A packet.
    Packet(Packet),
    /// A line of a key table.
    Key {
        /// Which.
        table: Table,
        /// The line.
        text: Zeroizing<String>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wire {
    Packet {
        time: u64,
        local: SocketAddr,
        remote: SocketAddr,
        outbound: bool,
        octets: String,
        comment: String,
    },
    Key {
        table: String,
        text: Zeroizing<String>,
    },
}

impl Line {
    /// The text of a line.
    pub(crate) fn write(self) -> Zeroizing<String> {
        let wire = match self {
            Self::Packet(packet) => Wire::Packet {
                time: packet.time,
                local: packet.local,
                remote: packet.remote,
                outbound: packet.outbound,
                octets: BASE64.encode(&packet.octets),
                comment: packet.comment,
            },
            Self::Key { table, text } => Wire::Key {
                table: table.file().to_owned(),
                text,
            },
        };
        // Strings and numbers always have a JSON form.
        Zeroizing::new(serde_json::to_string(&wire).unwrap_or_default())
    }

    /// Reads a line; `None` for one that is none.
    pub(crate) fn read(text: &str) -> Option<Self> {
        Some(match serde_json::from_str(text).ok()? {
            Wire::Packet {
                time,
                local,
                remote,
                outbound,
                octets,
                comment,
            } => Self::Packet(Packet {
                time,
                local,
                remote,
                outbound,
                octets: BASE64.decode(octets.as_bytes()).ok()?.into(),
                comment,
            }),
            Wire::Key { table, text } => Self::Key {
                table: Table::of(&table)?,
                text,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_and_keys_are_read_as_they_were_written() {
        let packet = Packet {
            time: 7,
            local: "[2001:db8::1]:4500".parse().unwrap(),
            remote: "[2001:db8::2]:4500".parse().unwrap(),
            outbound: true,
            octets: vec![0, 255, 10].into(),
            comment: "a \"b\"\nc".to_owned(),
        };
        let text = Line::Packet(packet.clone()).write();
        assert!(!text.contains('\n'));
        assert!(matches!(Line::read(&text), Some(Line::Packet(p)) if p == packet));
        let key = Line::Key {
            table: Table::Ikev2,
            text: "01,02".to_owned().into(),
        };
        let read = Line::read(&key.write());
        assert!(matches!(read, Some(Line::Key { table: Table::Ikev2, text }) if *text == "01,02"));
        assert!(Line::read("{}").is_none());
    }
}
