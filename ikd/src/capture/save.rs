//! `ikd capture save`: what the daemon kept, as a file that opens in Wireshark. The daemon hands out
//! octets, this process writes: with the rights of whoever asked.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::file::File;
use super::keys::{self, Lines};
use super::line::Line;
use super::private;
use super::ring::Packet;
use crate::cli::{Device, complain, exit_code, print};
use crate::control::{self, ControlError, Operator, Request, Response};

const EXAMPLES: &str = "The daemon keeps the newest IKE packets all the time (4 MiB; `ikd run --capture-size`), each with the
decisions that fell at it as a packet comment. With --keys the file has a second interface, decrypted,
where each encrypted message follows its true packet in the clear, and key tables for Wireshark lie in
FILE.keys (mode 0700). Whoever reads that file reads what the peers said to each other.

Examples:
  ikd capture save -d R1 -o r1.pcapng --keys --last 5m
  tshark -r r1.pcapng -Y 'frame.interface_name == \"decrypted\"' -V
  ikd decode r1.pcapng --keys r1.pcapng.keys";

/// What a capture can do.
#[derive(Debug, clap::Subcommand)]
pub enum CaptureCommand {
    /// Write the newest IKE packets of a daemon as pcapng.
    Save(SaveArgs),
}

/// What to save.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct SaveArgs {
    #[command(flatten)]
    device: Device,
    /// The pcapng file; its mode is 0600.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Opened messages on a second interface, and key tables in FILE.keys.
    #[arg(long)]
    keys: bool,
    /// Only packets of the last time: 90s, 5m, 2h.
    #[arg(long, value_name = "TIME", value_parser = time)]
    last: Option<Duration>,
}

/// Seconds that a daemon may be silent.
const ANSWER: Duration = Duration::from_secs(10);
/// Name of the interface of true packets.
const TRUE: &str = "true";

/// Does it.
pub fn run(command: &CaptureCommand) -> ExitCode {
    let CaptureCommand::Save(args) = command;
    match save(args) {
        Ok(text) => {
            print(&text);
            ExitCode::SUCCESS
        }
        Err((code, text)) => {
            complain(&text);
            ExitCode::from(code)
        }
    }
}

fn save(args: &SaveArgs) -> Result<String, (u8, String)> {
    let fetched = fetch(&args.device.path(), args.keys)?;
    let since = args.last.map(|last| {
        let now = Duration::from_micros(crate::system::microseconds());
        u64::try_from(now.saturating_sub(last).as_micros()).unwrap_or(0)
    });
    let octets = fetched
        .file(args.keys, since.unwrap_or(0))
        .map_err(|e| (70, e.to_string()))?;
    private::write(&args.out, &octets).map_err(|text| (5, text))?;
    let mut text = format!("{}: {}", args.out.display(), fetched.text);
    if args.keys {
        let folder = keys::folder_of(&args.out);
        fetched.keys.write(&folder).map_err(|text| (5, text))?;
        text += &format!("; keys: {}", folder.display());
    }
    Ok(text)
}

/// What a daemon handed out.
#[derive(Default)]
pub(crate) struct Fetched {
    /// Its packets, oldest first.
    pub(crate) packets: Vec<Packet>,
    /// Their keys.
    pub(crate) keys: Lines,
    /// What it said about them.
    text: String,
}

impl Operator for Fetched {
    fn say(&mut self, text: &str) {
        match Line::read(text) {
            Some(Line::Packet(packet)) => self.packets.push(packet),
            Some(Line::Key { table, text }) => self.keys.add(table, text.as_str()),
            None => {}
        }
    }

    fn ask(&mut self, _: &str, _: bool) -> Option<String> {
        None
    }
}

/// Asks the daemon at a socket for its packets, and their keys.
///
/// # Errors
/// It does not answer, or keeps no keys; with the exit code.
pub(crate) fn fetch(socket: &Path, keys: bool) -> Result<Fetched, (u8, String)> {
    let mut fetched = Fetched::default();
    let request = Request::Capture { keys };
    let answer = control::converse(socket, &request, ANSWER, &mut fetched);
    let answer: Result<Response, ControlError> = answer;
    match answer {
        Ok(Response { code: 0, text }) => Ok(Fetched { text, ..fetched }),
        Ok(Response { code, text }) => Err((code, text)),
        Err(e) => Err((exit_code(&e), e.to_string())),
    }
}

impl Fetched {
    /// The capture file of the packets since a time. Those before open nothing of themselves, but IVs of
    /// IKEv1 hang on them.
    fn file(&self, keys: bool, since: u64) -> std::io::Result<Vec<u8>> {
        let mut out = Vec::new();
        let tables = keys.then(|| self.keys.tables());
        let mut file = File::new(&mut out, [TRUE], tables)?;
        for packet in &self.packets {
            let ip = packet.ip();
            match packet.time >= since {
                true => file.packet(TRUE, packet.time, &ip, &packet.comment)?,
                false => file.pass(&ip),
            }
        }
        file.finish()?;
        Ok(out)
    }
}

/// `90s`, `5m`, `2h`; a number alone is seconds.
fn time(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}`: write a number and s, m or h, for example 5m");
    let (number, unit) = match text.char_indices().last() {
        Some((at, 's')) => (text.get(..at), 1),
        Some((at, 'm')) => (text.get(..at), 60),
        Some((at, 'h')) => (text.get(..at), 3600),
        _ => (Some(text), 1),
    };
    let number: u64 = number.unwrap_or_default().parse().map_err(|_| wrong())?;
    let seconds = number.checked_mul(unit).ok_or_else(wrong)?;
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_or_are_seconds() {
        for (text, seconds) in [("90s", 90), ("5m", 300), ("2h", 7200), ("7", 7)] {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)));
        }
        for wrong in ["", "m", "5d", "-1s", "5 m", "99999999999999999h", "5µ"] {
            assert!(
                time(wrong).unwrap_err().contains("for example 5m"),
                "{wrong}"
            );
        }
    }
}
