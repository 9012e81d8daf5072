//! `ikd decode`: the IKE messages of a capture file, as text or as lines of JSON.
//!
//! `pcap` and `pcapng` stream packets out of the file, `link` finds the datagram in a packet, `message`
//! reads it with `ike-wire`. Files and packets are hostile: memory is bounded by one packet, nothing
//! panics, peer text is escaped.

mod line;
mod link;
mod message;
mod octets;
mod pcap;
mod pcapng;
mod source;
mod tally;
#[cfg(test)]
mod tests;

// The versions' payloads in words.
mod v1;
mod v2;

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;
use ike_wire::natt::{KEEPALIVE, Udp4500};
use serde::Serialize;

pub use line::Line;
pub use message::{Head, Message, Seen};
pub use pcap::{Capture, Packet};
pub use source::{CaptureError, MAX_PACKET};
pub use tally::Tally;

use crate::cli::complain;
use link::{Content, Datagram};

const EXAMPLES: &str = "Reads pcap and pcapng; Ethernet with VLANs, raw IP, Linux cooked and loopback; UDP 500 and 4500 over
IPv4 and IPv6. Fragments of IP are told and passed over. Keys: not yet, what is encrypted stays so.
Exit code 0: all was readable; 1: something is malformed; 2: usage, or the file cannot be read.

Examples:
  ikd decode target/demo/t-01/capture.pcapng
  ikd decode --json lab.pcapng | jq -r 'select(.error) | .error'

  #188 2026-11-26T06:59:06.215359Z 192.168.0.1:500 -> 192.168.0.2:500
    IKE 1.0 Identity Protection (Main Mode)
    cookies 9fff5dc26ae96da5 b1df292d9c750163, flags none, message ID 0x00000000, 104 octets
    Security Association [56]: 1 proposal
      proposal 1 ISAKMP, transform 1: encr 3des, hash md5, auth rsig, group 2, lifetime 86400 Seconds
    Vendor ID [20]: NAT-T RFC 3947
The number in brackets counts the octets of a payload with its header; offsets of errors count from
the first octet of the IKE header.";

/// What to decode.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DecodeArgs {
    /// Capture file.
    file: PathBuf,
    /// A JSON object a line: the messages, then the summary.
    #[arg(long)]
    json: bool,
}

/// Prints the messages of a file.
pub fn run(args: &DecodeArgs) -> ExitCode {
    let name = args.file.display();
    let file = match File::open(&args.file) {
        Ok(file) => BufReader::new(file),
        Err(error) => return refused(&format!("{name}: {error}")),
    };
    let out = BufWriter::new(std::io::stdout().lock());
    match decode(file, out, args.json) {
        Ok(tally) => ExitCode::from(u8::from(!tally.all_readable())),
        Err(DecodeFailure::Unreadable(error)) => refused(&format!("{name}: {error}")),
        // A closed pipe is not our trouble.
        Err(DecodeFailure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(DecodeFailure::Output(error)) => refused(&format!("output: {error}")),
    }
}

fn refused(text: &str) -> ExitCode {
    complain(&ike_core::trace::escaped(text));
    ExitCode::from(2)
}

/// Why nothing, or not all, was printed.
#[derive(Debug, thiserror::Error)]
pub enum DecodeFailure {
    /// It is no capture file, or the file cannot be read.
    #[error(transparent)]
    Unreadable(CaptureError),
    /// Nobody takes the output.
    #[error("output: {0}")]
    Output(std::io::Error),
}

/// Writes the messages of a capture, and the summary.
///
/// A file that ends in the middle or contradicts itself is read up to there, and the tally says so.
///
/// # Errors
/// It is no capture file; reading or writing fails.
pub fn decode(from: impl Read, to: impl Write, json: bool) -> Result<Tally, DecodeFailure> {
    let mut capture = Capture::open(from).map_err(DecodeFailure::Unreadable)?;
    let mut printer = Printer { to, json };
    let mut tally = Tally::default();
    loop {
        match capture.packet() {
            Ok(Some(packet)) => {
                tally.packets += 1;
                take(&packet, &mut tally, &mut printer).map_err(DecodeFailure::Output)?;
            }
            Ok(None) => break,
            Err(error @ CaptureError::Io { .. }) => return Err(DecodeFailure::Unreadable(error)),
            Err(error) => {
                tally.file_error = Some(error.to_string());
                break;
            }
        }
    }
    printer.end(&tally).map_err(DecodeFailure::Output)?;
    Ok(tally)
}

/// Counts a packet, and prints it if it has something of ours.
fn take<W: Write>(
    packet: &Packet,
    tally: &mut Tally,
    printer: &mut Printer<W>,
) -> std::io::Result<()> {
    match link::content(packet.link, &packet.octets) {
        None => tally.unknown_link(packet.link),
        Some(Content::Other) => tally.others += 1,
        Some(Content::Unreadable(what)) => {
            tally.unreadable += 1;
            let note = format!("MALFORMED packet: {what}");
            return printer.note(packet, tally.packets, &note);
        }
        Some(Content::Fragment(fragment)) => {
            tally.fragments += 1;
            return printer.note(packet, tally.packets, &fragment.to_string());
        }
        Some(Content::Udp(datagram)) => {
            if let Some(message) = message(packet, &datagram, tally) {
                return printer.message(&message);
            }
        }
    }
    Ok(())
}

/// The message in a datagram, if there is one; everything else is counted.
fn message(packet: &Packet, datagram: &Datagram<'_>, tally: &mut Tally) -> Option<Message> {
    let seen = Seen {
        packet: tally.packets,
        time: time(packet.time),
        source: datagram.source,
        destination: datagram.destination,
    };
    let payload = datagram.payload;
    let octets = match port(datagram) {
        None => {
            tally.others += 1;
            return None;
        }
        _ if payload == KEEPALIVE => {
            tally.keepalives += 1;
            return None;
        }
        Some(500) => payload.to_vec().into(),
        Some(_) => match Udp4500::decode(Bytes::copy_from_slice(payload)) {
            Ok(Udp4500::Ike(message)) => message,
            Ok(Udp4500::Keepalive) => return None,
            Ok(Udp4500::Esp(_)) => {
                tally.esp += 1;
                return None;
            }
            Err(error) => {
                let message = Message::unreadable(seen, &error);
                tally.count(&message);
                return Some(message);
            }
        },
    };
    let message = Message::read(seen, &octets, datagram.missing);
    tally.count(&message);
    Some(message)
}

/// The port that says how to read a datagram: the receiver's if it is one of IKE, else the sender's.
fn port(datagram: &Datagram<'_>) -> Option<u16> {
    [datagram.destination.port(), datagram.source.port()]
        .into_iter()
        .find(|port| [500, 4500].contains(port))
}

/// RFC 3339 in UTC; `None` for a time that no calendar has.
fn time(nanoseconds: Option<i128>) -> Option<String> {
    let time = jiff::Timestamp::from_nanosecond(nanoseconds?).ok()?;
    Some(time.to_string())
}

/// Where output goes, and how.
struct Printer<W> {
    to: W,
    json: bool,
}

/// Something about a packet that is no message.
#[derive(Serialize)]
struct Note<'a> {
    packet: u64,
    time: Option<String>,
    note: &'a str,
}

impl<W: Write> Printer<W> {
    fn message(&mut self, message: &Message) -> std::io::Result<()> {
        if self.json {
            return self.object(message);
        }
        writeln!(self.to, "{}", message.text())
    }

    fn note(&mut self, packet: &Packet, number: u64, note: &str) -> std::io::Result<()> {
        let time = time(packet.time);
        if self.json {
            return self.object(&Note {
                packet: number,
                time,
                note,
            });
        }
        let time = time.unwrap_or_else(|| "(no time)".to_owned());
        writeln!(self.to, "#{number} {time} {note}\n")
    }

    fn end(&mut self, tally: &Tally) -> std::io::Result<()> {
        if self.json {
            self.object(&serde_json::json!({ "summary": tally }))?;
        } else {
            self.to.write_all(tally.text().as_bytes())?;
        }
        self.to.flush()
    }

    fn object(&mut self, value: &impl Serialize) -> std::io::Result<()> {
        serde_json::to_writer(&mut self.to, value)?;
        self.to.write_all(b"\n")
    }
}
