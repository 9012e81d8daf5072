//! A capture judged by tshark, with the key tables that the program wrote.

use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use ikd::lab::Case;
use libtest_mimic::Failed;

#[allow(dead_code, reason = "the interop rows need what the labs do not")]
mod tshark;

use tshark::{Message, decrypted, keys, messages, shown, tshark as read, without_repetitions};

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
    if !tshark_is_there()? {
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
    let tree = read(&once, &["-V"], &keys)?;
    let wrong = tree.lines().filter(|l| l.contains("[incorrect")).count();
    assert_eq!(wrong, 0, "checksums that the keys do not confirm");
    let messages = messages(&once, &keys)?;
    in_the_clear(out, &messages)?;
    payloads(&messages, case)
}

/// PRODUCT, "Capture to Wireshark": the decrypted interface needs no key, and has what tshark finds with
/// the keys in every message that is encrypted.
fn in_the_clear(out: &Path, with_keys: &[Message]) -> Result<(), Failed> {
    let clear = messages(&decrypted(out)?, &[])?;
    if let Some(wrong) = clear.iter().find(|m| m.sealed || !m.complaint.is_empty()) {
        return Err(format!("on the decrypted interface: {wrong:#?}").into());
    }
    let sealed = with_keys.iter().filter(|m| m.sealed && m.opened);
    let (found, wanted) = (inside(clear.iter()), inside(sealed));
    if found == wanted {
        return Ok(());
    }
    Err(format!("decrypted interface: {found:#?}, tshark with keys: {wanted:#?}").into())
}

/// tshark reads so many messages on the decrypted interface of a saved capture, without a key, and has
/// nothing to complain about.
pub(crate) fn needs_no_key(out: &Path, wanted: usize) -> Result<(), Failed> {
    if !tshark_is_there()? {
        return Ok(());
    }
    let clear = messages(&out.join("capture.pcapng"), &[])?;
    let (mut readable, mut sealed) = (0, 0);
    for message in &clear {
        if !message.complaint.is_empty() {
            return Err(format!("tshark complains: {message:#?}").into());
        }
        readable += usize::from(!message.sealed);
        sealed += usize::from(message.sealed);
    }
    // The first messages of phase 1 are clear anyway.
    match sealed >= wanted && readable >= wanted {
        true => Ok(()),
        false => Err(format!("{readable} readable, {sealed} encrypted, {wanted} opened").into()),
    }
}

/// Exchange, direction and payloads of messages that have some: a fragment alone has none, and the last
/// one of IKEv1 shows itself too.
fn inside<'a>(messages: impl Iterator<Item = &'a Message>) -> Vec<String> {
    let told = messages.map(|m| {
        let payloads = m.payloads.strip_prefix("FRAGMENT").unwrap_or(&m.payloads);
        (m, payloads.trim())
    });
    let whole = told.filter(|(_, payloads)| !payloads.is_empty());
    let text = |(m, payloads): (&Message, &str)| {
        format!("{:?} {} {} {payloads}", m.from, m.exchange, m.response)
    };
    whole.map(text).collect()
}

/// False where it is not installed: said, and a failure where everything is required.
fn tshark_is_there() -> Result<bool, Failed> {
    if Command::new("tshark").arg("--version").output().is_ok() {
        return Ok(true);
    }
    if std::env::var_os("IKD_REQUIRE_ALL").is_some() {
        return Err("tshark is not installed".into());
    }
    eprintln!("skipped: tshark is not installed, captures are not judged");
    Ok(false)
}

/// S-070 to S-073 on the wire: the messages of each exchange that the case names.
fn payloads(messages: &[Message], case: &Case) -> Result<(), Failed> {
    let Some(expected) = &case.expect else {
        return Ok(());
    };
    for (exchange, wanted) in &expected.payloads {
        let found = conversation(messages, case, exchange);
        if found != *wanted {
            return Err(format!("{exchange} by tshark: {found:#?}, expected {wanted:#?}").into());
        }
    }
    Ok(())
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
