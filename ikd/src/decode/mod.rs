//! `ikd decode`: the IKE messages of a capture file, as text or as lines of JSON.
//!
//! `pcap` and `pcapng` stream packets out of the file, `link` finds the datagram in a packet, `message`
//! reads it with `ike-wire`. Files and packets are hostile: memory is bounded by one packet, nothing
//! panics, peer text is escaped. With keys, `ike_core::decrypt` opens what is encrypted.

mod carried;
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
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use ike_core::decrypt::{Opener, Tables};
use serde::Serialize;

pub use line::Line;
pub use message::{Head, Message, Seen};
pub use pcap::{Capture, Packet};
pub use source::{CaptureError, MAX_PACKET};
pub use tally::Tally;

pub(crate) use carried::{Carried, carried};
pub(crate) use link::{Content, Datagram, content};

use crate::capture::keys;
use crate::cli::complain;

const EXAMPLES: &str = "Reads pcap and pcapng; Ethernet with VLANs, raw IP, Linux cooked and loopback; UDP 500 and 4500 over
IPv4 and IPv6. Fragments of IP are told and passed over. With --keys, encrypted messages show what is in
them, or why they stay closed; tables beside the file are mentioned, never used without a word.
Exit code 0: all was readable; 1: something is malformed; 2: usage, or a file cannot be read.

Examples:
  ikd decode target/demo/t-01/capture.pcapng
  ikd decode target/demo/t-01/capture.pcapng --keys target/demo/t-01/keys
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
    /// Folder with key tables as `ikd run --keylog` and `ikd capture save --keys` write them.
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
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
    let tables = match args.keys.as_deref().map(keys::read).transpose() {
        Ok(tables) => tables,
        Err(text) => return refused(&text),
    };
    let out = BufWriter::new(std::io::stdout().lock());
    match decode_with(file, out, args.json, tables.unwrap_or_default()) {
        Ok(tally) => {
            if args.keys.is_none() && tally.encrypted > 0 {
                mention(&args.file);
            }
            ExitCode::from(u8::from(!tally.all_readable()))
        }
        Err(DecodeFailure::Unreadable(error)) => refused(&format!("{name}: {error}")),
        // A closed pipe is not our trouble.
        Err(DecodeFailure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(DecodeFailure::Output(error)) => refused(&format!("output: {error}")),
    }
}

/// Keys that lie beside the file are not used unasked: what is shown then may be secret.
fn mention(file: &Path) {
    if let Some(keys) = keys::beside(file) {
        let keys = keys.display();
        complain(&format!(
            "key tables lie in {keys}: add --keys {keys} to open what is encrypted"
        ));
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
    decode_with(from, to, json, Tables::default())
}

/// As [`decode`], with keys that open encrypted messages.
///
/// # Errors
/// As [`decode`].
pub fn decode_with(
    from: impl Read,
    to: impl Write,
    json: bool,
    keys: Tables,
) -> Result<Tally, DecodeFailure> {
    let mut capture = Capture::open(from).map_err(DecodeFailure::Unreadable)?;
    let mut opener = (!keys.is_empty()).then(|| Opener::new(keys));
    let mut printer = Printer { to, json };
    let mut tally = Tally::default();
    loop {
        match capture.packet() {
            Ok(Some(packet)) => {
                tally.packets += 1;
                take(&packet, &mut tally, &mut printer, opener.as_mut())
                    .map_err(DecodeFailure::Output)?;
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
    opener: Option<&mut Opener>,
) -> std::io::Result<()> {
    match content(packet.link, &packet.octets) {
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
            if let Some(message) = message(packet, &datagram, tally, opener) {
                return printer.message(&message);
            }
        }
    }
    Ok(())
}

/// The message in a datagram, if there is one; everything else is counted.
fn message(
    packet: &Packet,
    datagram: &Datagram<'_>,
    tally: &mut Tally,
    opener: Option<&mut Opener>,
) -> Option<Message> {
    let seen = Seen {
        packet: tally.packets,
        time: time(packet.time),
        source: datagram.source,
        destination: datagram.destination,
    };
    let octets = match carried(datagram) {
        Carried::Ike(message) => message,
        Carried::Other => {
            tally.others += 1;
            return None;
        }
        Carried::Keepalive => {
            tally.keepalives += 1;
            return None;
        }
        Carried::Esp => {
            tally.esp += 1;
            return None;
        }
        Carried::Unreadable(error) => {
            let message = Message::unreadable(seen, &error);
            tally.count(&message);
            return Some(message);
        }
    };
    let mut message = Message::read(seen, &octets, datagram.missing);
    message.open(opener, &octets);
    tally.count(&message);
    Some(message)
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
