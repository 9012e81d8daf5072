//! tshark reads a capture, with the key tables that the program wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, read, read_to_string};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use ike_wire::registry::{ExchangeType, PayloadType, v1, v2};
use libtest_mimic::Failed;
use testnet::packet::{Flow, UDP};
use testnet::pcapng;

/// Both tables as options; the hex fields of IKEv2's stand without quotes.
pub(crate) fn keys(out: &Path) -> Result<Vec<String>, Failed> {
    Ok(key_generations(out)?.concat())
}

/// As [`keys`]; an IKE SA whose keys change while it is made (RFC 9370 2.2.2) has a line in each
/// generation, since tshark believes one line for a pair of SPIs.
pub(crate) fn key_generations(out: &Path) -> Result<Vec<Vec<String>>, Failed> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut generations = vec![Vec::new()];
    for table in ["ikev1_decryption_table", "ikev2_decryption_table"] {
        for line in read_to_string(out.join("keys").join(table))?.lines() {
            let spis: Vec<&str> = line.split(',').take(2).collect();
            let generation = seen
                .entry(format!("{table} {}", spis.join(",")))
                .or_default();
            generations.resize(generations.len().max(*generation + 1), Vec::new());
            if let Some(options) = generations.get_mut(*generation) {
                options.extend(["-o".to_owned(), format!("uat:{table}:{line}")]);
            }
            *generation += 1;
        }
    }
    Ok(generations)
}

/// A message of IKE as tshark reads it.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Number of its frame.
    pub frame: u32,
    /// `IKE_AUTH`, `QUICK_MODE`, …
    pub exchange: String,
    /// It is a response (IKEv2).
    pub response: bool,
    /// Source address.
    pub from: Option<IpAddr>,
    /// Destination address.
    pub to: Option<IpAddr>,
    /// Its payloads as IOS prints them, with the types of notifications.
    pub payloads: String,
    /// It is encrypted.
    pub sealed: bool,
    /// A key opened it.
    pub opened: bool,
    /// What tshark complains about.
    pub complaint: String,
}

const FIELDS: [&str; 13] = [
    "frame.number",
    "isakmp.exchangetype",
    "isakmp.flag_r",
    "isakmp.flag_e",
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "isakmp.typepayload",
    "isakmp.notify.msgtype",
    "isakmp.enc.decrypted",
    "_ws.malformed",
    "_ws.expert.message",
];

/// The messages of IKE in a capture; ICMP errors that quote some do not count.
pub(crate) fn messages(capture: &Path, keys: &[String]) -> Result<Vec<Message>, Failed> {
    let mut options = vec!["-T", "fields", "-E", "separator=;"];
    options.extend(FIELDS.iter().flat_map(|field| ["-e", *field]));
    options.extend(["-Y", "isakmp.exchangetype && !icmp && !icmpv6"]);
    let text = tshark(capture, &options, keys)?;
    text.lines().map(message).collect()
}

fn message<'a>(line: &'a str) -> Result<Message, Failed> {
    let columns: Vec<&str> = line.splitn(FIELDS.len(), ';').collect();
    let &[
        frame,
        exchange,
        response,
        sealed,
        v4_from,
        v4_to,
        v6_from,
        v6_to,
        payloads,
        notifies,
        decrypted,
        malformed,
        expert,
    ] = columns.as_slice()
    else {
        return Err(format!("not {} fields: {line}", FIELDS.len()).into());
    };
    // The last fragment of IKEv1 shows its own header and that of the whole message.
    let last = |values: &'a str| values.rsplit(',').next().unwrap_or_default();
    let (exchange, response, sealed) = (last(exchange), last(response), last(sealed));
    let ikev1 = exchange.parse::<u8>()? < 34;
    let yes = |flag: &str| matches!(flag, "1" | "True");
    let numbers: Vec<u8> = payloads.split(',').filter_map(|n| n.parse().ok()).collect();
    let mut notifies = notifies.split(',').map(|number| notify(number, ikev1));
    let names: Vec<String> = numbers
        .iter()
        .filter_map(|number| payload(*number, &mut notifies))
        .collect();
    let sealed = if ikev1 {
        yes(sealed)
    } else {
        numbers.iter().any(|n| matches!(n, 46 | 53))
    };
    Ok(Message {
        frame: frame.parse()?,
        exchange: ExchangeType(exchange.parse()?).to_string(),
        response: yes(response),
        from: v4_from.parse().or_else(|_| v6_from.parse()).ok(),
        to: v4_to.parse().or_else(|_| v6_to.parse()).ok(),
        payloads: names.join(" "),
        sealed,
        opened: !decrypted.is_empty() || (ikev1 && sealed && !numbers.is_empty()),
        complaint: complaint(malformed, expert),
    })
}

/// Malformed, or a checksum that the keys do not confirm.
fn complaint(malformed: &str, expert: &str) -> String {
    let wrong = expert.to_lowercase().contains("incorrect");
    if malformed.is_empty() && !wrong {
        return String::new();
    }
    format!("{malformed} {expert}")
}

/// IOS's name; proposals, transforms and the encrypted payload around the others have none.
fn payload(number: u8, notifies: &mut impl Iterator<Item = String>) -> Option<String> {
    match number {
        2 | 3 | 46 | 53 => None,
        11 | 41 => Some(format!("NOTIFY({})", notifies.next().unwrap_or_default())),
        4..=20 | 132 => Some(short(number).to_owned()),
        other => Some(PayloadType(other).to_string()),
    }
}

/// Names without blanks for the payloads of IKEv1 (RFC 2408 3.1, RFC 3947 3.2).
fn short(number: u8) -> &'static str {
    match number {
        4 => "KE",
        5 => "ID",
        6 => "CERT",
        7 => "CERT_REQ",
        8 => "HASH",
        9 => "SIG",
        10 => "NONCE",
        12 => "DELETE",
        13 => "VID",
        14 => "ATTRIBUTES",
        20 => "NAT-D",
        132 => "FRAGMENT",
        _ => "other",
    }
}

fn notify(number: &str, ikev1: bool) -> String {
    let Ok(number) = number.parse() else {
        return String::new();
    };
    if ikev1 {
        v1::NotifyType(number).to_string()
    } else {
        ike_core::show::ikev2_notify(v2::NotifyType(number))
    }
}

/// How many packets of a capture tshark shows through a filter.
pub(crate) fn shown(capture: &Path, filter: &str, keys: &[String]) -> Result<usize, Failed> {
    Ok(tshark(capture, &["-Y", filter], keys)?.lines().count())
}

pub(crate) fn tshark(capture: &Path, options: &[&str], keys: &[String]) -> Result<String, Failed> {
    let mut command = Command::new("tshark");
    let output = command
        .arg("-r")
        .arg(capture)
        .args(options)
        .args(keys)
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("tshark: {said}").into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The interface of a saved capture on which encrypted messages stand in the clear.
const DECRYPTED: &str = "decrypted";

/// The true packets of the capture with each datagram once. tshark takes the repetition of an encrypted
/// message, or its sight on the other side of a NAT, for the next link of the IV chain and reads garbage.
pub(crate) fn without_repetitions(out: &Path) -> Result<PathBuf, Failed> {
    once(out, "once.pcapng", |interface| interface != DECRYPTED)
}

/// The decrypted interface alone, with each message once.
pub(crate) fn decrypted(out: &Path) -> Result<PathBuf, Failed> {
    once(out, "decrypted.pcapng", |interface| interface == DECRYPTED)
}

fn once(out: &Path, name: &str, wanted: impl Fn(&str) -> bool) -> Result<PathBuf, Failed> {
    let path = out.join(name);
    let mut writer = pcapng::Writer::new(File::create(&path)?)?;
    let interface = writer.interface("once", 101)?;
    let mut seen = BTreeSet::new();
    let records = pcapng::read(&read(out.join("capture.pcapng"))?)?;
    for record in records.iter().filter(|r| wanted(&r.interface)) {
        let Some(flow) = Flow::of(&record.packet) else {
            continue;
        };
        let body = record
            .packet
            .get(flow.header + 8..)
            .unwrap_or_default()
            .to_vec();
        if flow.protocol != UDP || seen.insert(body) {
            writer.packet(interface, record.microseconds, &record.packet, None)?;
        }
    }
    writer.flush()?;
    Ok(path)
}
