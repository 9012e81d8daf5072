//! Captures that a daemon and a lab hand out, judged by tshark without any key.

use std::path::Path;

use libtest_mimic::Failed;
use testnet::pcapng;

use crate::commands::{Ask, done};
use crate::judge;
use crate::{ikd_at, labs, skipped, text};

/// A daemon's packets, decrypted with the keys of an SA that is over; the lab's with both routers'
/// decisions; a buffer of `monitor capture` (O-088).
pub(crate) fn captures_are_handed_out() -> Result<(), Failed> {
    let sockets = tempfile::tempdir()?;
    let ask = |arguments: &[&str], paths: &[&Path]| ikd_at(sockets.path(), arguments, paths);
    let output = ask(&["lab", "up"], &[&labs().join("t-01")])?;
    if skipped(&output)? {
        return Ok(());
    }
    let used = match output.status.success() {
        true => use_captures(&|arguments| ask(arguments, &[])),
        false => Err(text(&output.stderr).into()),
    };
    ask(&["lab", "down"], &[])?;
    used
}

fn use_captures(ask: Ask<'_>) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let named = |name: &str| dir.path().join(name).display().to_string();
    let monitor = |line: &str| done(ask, &["exec", "-d", "R1", line]);
    monitor("monitor capture point ip cef P Ethernet0/0 both")?;
    monitor("monitor capture buffer B size 256 max-size 2000 circular")?;
    monitor("monitor capture point associate P B")?;
    monitor("monitor capture point start P")?;
    done(ask, &["up", "-d", "R1", "Tunnel1"])?;
    done(ask, &["exec", "-d", "R1", "clear crypto session"])?;
    daemon(ask, &named("r1"))?;
    lab(ask, &named("lab"))?;
    monitor("monitor capture point stop P")?;
    buffer(ask, &named("exported.pcap"))
}

/// Main Mode, Quick Mode and the deletions: five messages at least are encrypted, and the keys are those
/// of an SA that is gone.
fn daemon(ask: Ask<'_>, folder: &str) -> Result<(), Failed> {
    std::fs::create_dir(folder)?;
    let file = format!("{folder}/capture.pcapng");
    done(ask, &["capture", "save", "-d", "R1", "-o", &file, "--keys"])?;
    let records = pcapng::read(&std::fs::read(&file)?)?;
    let on = |name: &str| records.iter().filter(|r| r.interface == name).count();
    let (all, opened) = (on("true"), on("decrypted"));
    if all < 9 || opened + 4 != all {
        return Err(format!("{opened} of {all} packets are opened").into());
    }
    let comments = records.iter().filter_map(|r| r.comment.as_deref());
    let comments = comments.collect::<Vec<_>>().join("\n");
    if !comments.contains("we sign with IOSCA1 [S-032]") {
        return Err(format!("no decision about what signs MM5: {comments}").into());
    }
    judge::needs_no_key(Path::new(folder), opened)?;
    let mode = |path: &str| -> std::io::Result<u32> {
        use std::os::unix::fs::PermissionsExt;
        Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
    };
    assert_eq!(mode(&file)?, 0o600);
    assert_eq!(mode(&format!("{file}.keys"))?, 0o700);
    assert_eq!(mode(&format!("{file}.keys/ikev1_decryption_table"))?, 0o600);
    let decoded = ask(&["decode", &file, "--keys", &format!("{file}.keys")])?;
    let said = text(&decoded.stdout);
    match said.contains(&format!("0 encrypted, {opened} opened")) {
        true => Ok(()),
        false => Err(format!("decode --keys: {said}").into()),
    }
}

fn lab(ask: Ask<'_>, folder: &str) -> Result<(), Failed> {
    std::fs::create_dir(folder)?;
    let file = format!("{folder}/capture.pcapng");
    done(ask, &["lab", "capture", "-o", &file, "--keys"])?;
    let records = pcapng::read(&std::fs::read(&file)?)?;
    let opened = records
        .iter()
        .filter(|r| r.interface == "decrypted")
        .count();
    let both = |text: &str| text.contains("R1: ") && text.contains("R2: ");
    let told = records
        .iter()
        .filter_map(|r| r.comment.as_deref())
        .any(both);
    if opened < 5 || !told {
        return Err(format!("{opened} opened, both routers' decisions at one: {told}").into());
    }
    judge::needs_no_key(Path::new(folder), opened)
}

fn buffer(ask: Ask<'_>, file: &str) -> Result<(), Failed> {
    let shown = ask(&[
        "exec",
        "-d",
        "R1",
        "show monitor capture buffer B parameters",
    ])?;
    let said = text(&shown.stdout);
    if !said.contains("Capture buffer B (circular buffer)") || said.contains("Packets : 0") {
        return Err(said.into());
    }
    done(
        ask,
        &[
            "exec",
            "-d",
            "R1",
            &format!("monitor capture buffer B export {file}"),
        ],
    )?;
    let decoded = ask(&["decode", file])?;
    match decoded.status.success() {
        true => Ok(()),
        false => Err(text(&decoded.stdout).into()),
    }
}
