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

/// An encrypted message of IKEv1 in IP.
fn sealed() -> Vec<u8> {
    let mut ike = [
        [1; 16].as_slice(),
        &[5, 0x10, 2, 1],
        &[0; 4],
        &[0, 0, 0, 36],
        &[9; 8],
    ]
    .concat();
    let mut udp = vec![1, 244, 1, 244, 0, 44, 0, 0];
    udp.append(&mut ike);
    let mut ip = vec![
        0x45, 0, 0, 64, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
    ];
    ip.append(&mut udp);
    [&HEADER[..], &[0; 8], &[64, 0, 0, 0, 64, 0, 0, 0], &ip].concat()
}

/// Key tables beside the file are told and not used; named, they are; a folder without any is refused.
#[test]
fn keys_are_used_only_when_they_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it.pcap");
    std::fs::write(&path, sealed()).unwrap();
    assert!(decode(&path).stderr.is_empty());
    let keys = folder.path().join("it.pcap.keys");
    std::fs::create_dir(&keys).unwrap();
    std::fs::write(
        keys.join("ikev1_decryption_table"),
        "0101010101010101,00\nnonsense\n",
    )
    .unwrap();
    let output = decode(&path);
    let hint = String::from_utf8(output.stderr).unwrap();
    assert!(
        hint.contains(&format!("add --keys {}", keys.display())),
        "{hint}"
    );
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("1 encrypted, 0 opened") && !said.contains("stays closed"),
        "{said}"
    );
    let with = |keys: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ikd"));
        command
            .arg("decode")
            .arg(&path)
            .arg("--keys")
            .arg(keys)
            .output()
            .unwrap()
    };
    let output = with(&keys);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("stays closed: the beginning of its SA is missing"),
        "{said}"
    );
    let wrong = String::from_utf8(output.stderr).unwrap();
    assert!(
        wrong.contains("ikev1_decryption_table:2: COOKIE,KEY expected"),
        "{wrong}"
    );
    let output = with(folder.path());
    assert_eq!(output.status.code(), Some(2));
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
