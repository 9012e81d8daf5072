//! `ikd decode` as a script sees it: its exit codes, and where its words go.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output};

/// A little-endian pcap of raw IP.
const HEADER: [u8; 24] = [
    0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 101, 0, 0, 0,
];

fn decode(path: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ikd"))
        .arg("decode")
        .arg(path)
        .output()
        .unwrap()
}

#[test]
fn the_exit_code_says_whether_all_was_readable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it.pcap");
    let code = |octets: &[u8]| {
        std::fs::write(&path, octets).unwrap();
        decode(&path).status.code()
    };
    assert_eq!(code(&HEADER), Some(0));
    assert_eq!(code(&[&HEADER[..], &[0; 15]].concat()), Some(1));
    assert_eq!(code(b"no capture"), Some(2));
}

#[test]
fn what_cannot_be_read_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absent.pcap");
    let output = decode(&path);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let reason = String::from_utf8(output.stderr).unwrap();
    assert!(
        reason.contains("absent.pcap: No such file or directory"),
        "{reason}"
    );
}
