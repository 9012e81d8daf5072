//! Captures of other makers, held against tshark. They are data beside the project; without them, or
//! without tshark, a line says so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::*;

#[test]
fn every_capture_of_other_makers_is_read_to_its_end() {
    for path in captures() {
        let file = std::fs::read(&path).expect("a file");
        for json in [false, true] {
            let tally = decode(&*file, Vec::new(), json).expect("a capture file");
            assert_eq!(tally.file_error, None, "{}", path.display());
            assert!(tally.packets > 0 && tally.unknown_links.is_empty());
        }
        // strongSwan's are sound.
        if path.ends_with("cap.pcap") {
            let (text, tally) = text(&file);
            assert!(tally.all_readable() && tally.messages > 3, "{text}");
        }
    }
}

/// The messages are those that tshark finds, packet by packet; but for fragments of IP, in whose first
/// piece tshark reads on, and malformed ones, which it may not take for messages at all.
#[test]
fn tshark_finds_the_same_messages() {
    if Command::new("tshark").arg("--version").output().is_err() {
        assert!(
            std::env::var_os("IKD_REQUIRE_ALL").is_none(),
            "tshark is not installed"
        );
        eprintln!("skipped: tshark is not installed");
        return;
    }
    for path in captures() {
        let (sound, others) = ours(&path);
        let theirs = theirs(&path);
        let missed: Vec<_> = sound.difference(&theirs).collect();
        assert!(missed.is_empty(), "{}: {missed:?}", path.display());
        let more: Vec<_> = theirs
            .iter()
            .filter(|number| !sound.contains(number) && !others.contains(number))
            .collect();
        assert!(more.is_empty(), "{}: {more:?}", path.display());
    }
}

/// Numbers of packets: with a sound message; with a malformed one, or a fragment.
fn ours(path: &Path) -> (BTreeSet<u64>, BTreeSet<u64>) {
    let file = std::fs::read(path).expect("a file");
    let mut out = Vec::new();
    decode(&*file, &mut out, true).expect("a capture file");
    let out = String::from_utf8(out).expect("text");
    let lines = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let lines: Vec<Value> = lines.collect();
    let numbered = |line: &Value| {
        Some((
            line["packet"].as_u64()?,
            line["error"].is_null() && line["note"].is_null(),
        ))
    };
    let (sound, others): (Vec<_>, Vec<_>) = lines
        .iter()
        .filter_map(numbered)
        .partition(|(_, sound)| *sound);
    let numbers = |pairs: Vec<(u64, bool)>| pairs.into_iter().map(|(number, _)| number).collect();
    (numbers(sound), numbers(others))
}

fn theirs(path: &Path) -> BTreeSet<u64> {
    let options = ["-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"];
    let output = Command::new("tshark")
        .arg("-r")
        .arg(path)
        .args(options)
        .args(["-Y", "isakmp", "-T", "fields", "-e", "frame.number"])
        .output()
        .expect("tshark");
    assert!(output.status.success(), "{}", path.display());
    let output = String::from_utf8(output.stdout).expect("text");
    output
        .lines()
        .map(|line| line.parse().expect("a number"))
        .collect()
}

fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    if !folder.is_dir() {
        println!("skipped: ../shared not present");
    }
    let entries = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect()
    };
    let mut files = entries(&folder.join("pcaps"));
    let charon = entries(&folder.join("strongswan"));
    files.extend(charon.iter().map(|folder| folder.join("cap.pcap")));
    files.retain(|path| {
        path.is_file()
            && path
                .extension()
                .is_some_and(|e| e == "pcap" || e == "pcapng")
    });
    files.sort();
    files
}
