//! A capture judged by tshark, with the key tables that the program wrote.

use std::collections::BTreeSet;
use std::fs::{File, read, read_to_string};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use ikd::lab::Case;
use ike_wire::registry::PayloadType;
use ike_wire::registry::v2::NotifyType;
use libtest_mimic::Failed;
use testnet::packet::{Flow, UDP};
use testnet::pcapng;

/// Encrypted messages of either version; ICMP errors of the teardown quote IKE and do not count.
const SEALED: &str = "(isakmp.flag_e == 1 || isakmp.typepayload in {46, 53}) && !icmp && !icmpv6";
/// Those of them that a key opened.
const OPENED: &str =
    "((isakmp.flag_e == 1 && isakmp.typepayload) || isakmp.enc.decrypted) && !icmp && !icmpv6";
/// Echoes must be inside ESP.
const ECHO: &str = "icmp.type in {0, 8} || icmpv6.type in {128, 129}";

/// tshark finds nothing malformed, sees no ping in the clear, opens every encrypted message and, in
/// IKEv2, finds in them the payloads that the case expects.
pub(crate) fn capture(out: &Path, case: &Case) -> Result<(), Failed> {
    if Command::new("tshark").arg("--version").output().is_err() {
        if std::env::var_os("IKD_REQUIRE_ALL").is_some() {
            return Err("tshark is not installed".into());
        }
        eprintln!("skipped: tshark is not installed, captures are not judged");
        return Ok(());
    }
    let all = out.join("capture.pcapng");
    assert_eq!(shown(&all, "_ws.malformed", &[])?, 0, "malformed packets");
    assert_eq!(shown(&all, ECHO, &[])?, 0, "pings in the clear");
    let keys = keys(out)?;
    let once = without_repetitions(out)?;
    assert_eq!(
        shown(&once, "_ws.malformed", &keys)?,
        0,
        "malformed when opened"
    );
    let (sealed, opened) = (shown(&once, SEALED, &keys)?, shown(&once, OPENED, &keys)?);
    assert_eq!(
        opened, sealed,
        "encrypted messages that the key tables open"
    );
    let tree = tshark(&once, &["-V"], &keys)?;
    let wrong = tree.lines().filter(|l| l.contains("[incorrect")).count();
    assert_eq!(wrong, 0, "checksums that the keys do not confirm");
    payloads(&once, &keys, case)
}

/// Both tables as options; the hex fields of IKEv2's stand without quotes.
fn keys(out: &Path) -> Result<Vec<String>, Failed> {
    let mut options = Vec::new();
    for table in ["ikev1_decryption_table", "ikev2_decryption_table"] {
        for line in read_to_string(out.join("keys").join(table))?.lines() {
            options.extend(["-o".to_owned(), format!("uat:{table}:{line}")]);
        }
    }
    Ok(options)
}

/// S-070 to S-073 on the wire: the messages of each exchange that the case names.
fn payloads(capture: &Path, keys: &[String], case: &Case) -> Result<(), Failed> {
    let Some(expected) = &case.expect else {
        return Ok(());
    };
    let messages = messages(capture, keys)?;
    for (exchange, wanted) in &expected.payloads {
        let found = conversation(&messages, case, exchange);
        if found != *wanted {
            return Err(format!("{exchange} by tshark: {found:#?}, expected {wanted:#?}").into());
        }
    }
    Ok(())
}

/// A message of IKEv2 as tshark reads it.
struct Message {
    exchange: String,
    response: bool,
    from: Option<IpAddr>,
    to: Option<IpAddr>,
    payloads: String,
}

/// The initiator's requests and the responder's responses by turns, each as it was seen first: a NAT
/// shows the initiator's own address or its outer one.
fn conversation(messages: &[Message], case: &Case, exchange: &str) -> Vec<String> {
    let outside = case.nat.as_ref().map(|nat| nat.outside.address.into());
    let initiator = [case.initiator().ike_address(), outside];
    let responder = [case.responder().ike_address(), None];
    let of = |response: bool, from: [Option<IpAddr>; 2], to: [Option<IpAddr>; 2]| {
        let named = |address: Option<IpAddr>, side: &[Option<IpAddr>]| {
            address.is_some() && side.contains(&address)
        };
        messages
            .iter()
            .filter(move |m| m.exchange == exchange && m.response == response)
            .filter(move |m| named(m.from, &from) && named(m.to, &to))
            .map(|m| m.payloads.clone())
    };
    let mut responses = of(true, responder, initiator);
    of(false, initiator, responder)
        .flat_map(|request| std::iter::once(request).chain(responses.next()))
        .collect()
}

fn messages(capture: &Path, keys: &[String]) -> Result<Vec<Message>, Failed> {
    let fields = [
        "isakmp.exchangetype",
        "isakmp.flag_r",
        "ip.src",
        "ip.dst",
        "isakmp.typepayload",
        "isakmp.notify.msgtype",
    ];
    let mut options = vec!["-T", "fields", "-E", "separator=;"];
    options.extend(fields.iter().flat_map(|field| ["-e", *field]));
    options.extend(["-Y", "isakmp.exchangetype in {34..44} && !icmp"]);
    let text = tshark(capture, &options, keys)?;
    text.lines().map(message).collect()
}

fn message(line: &str) -> Result<Message, Failed> {
    let columns: Vec<&str> = line.split(';').collect();
    let &[exchange, response, from, to, payloads, notifies] = columns.as_slice() else {
        return Err(format!("not six fields: {line}").into());
    };
    let mut notifies = notifies.split(',').map(notify);
    let names: Vec<String> = payloads
        .split(',')
        .filter_map(|number| payload(number, &mut notifies))
        .collect();
    Ok(Message {
        exchange: ike_wire::registry::ExchangeType(exchange.parse()?).to_string(),
        response: matches!(response, "1" | "True"),
        from: from.parse().ok(),
        to: to.parse().ok(),
        payloads: names.join(" "),
    })
}

/// IOS's name; proposals, transforms and the encrypted payload around the others have none.
fn payload(number: &str, notifies: &mut impl Iterator<Item = String>) -> Option<String> {
    match number.parse().ok()? {
        2 | 3 | 46 | 53 => None,
        41 => Some(format!("NOTIFY({})", notifies.next().unwrap_or_default())),
        other => Some(PayloadType(other).to_string()),
    }
}

fn notify(number: &str) -> String {
    number.parse().map_or_else(
        |_| String::new(),
        |number| ike_core::show::ikev2_notify(NotifyType(number)),
    )
}

/// How many packets of a capture tshark shows through a filter.
fn shown(capture: &Path, filter: &str, keys: &[String]) -> Result<usize, Failed> {
    Ok(tshark(capture, &["-Y", filter], keys)?.lines().count())
}

fn tshark(capture: &Path, options: &[&str], keys: &[String]) -> Result<String, Failed> {
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

/// The capture with each datagram once. tshark takes the repetition of an encrypted message, or
/// its sight on the other side of a NAT, for the next link of the IV chain and reads garbage.
fn without_repetitions(out: &Path) -> Result<PathBuf, Failed> {
    let path = out.join("once.pcapng");
    let mut writer = pcapng::Writer::new(File::create(&path)?)?;
    let interface = writer.interface("once", 101)?;
    let mut seen = BTreeSet::new();
    for record in pcapng::read(&read(out.join("capture.pcapng"))?)? {
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
