//! Other people's eyes on our text: the templates that network automation reads IOS with
//! (ntc-templates 9.3.0, unpacked into `target/peers/ntc` by `testnet/peers.sh`).

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::exec::fixture::{R1, child, isakmp_sa, shown, traffic};

const PARSE: &str = "
import json, sys
from ntc_templates.parse import parse_output
command, text = sys.argv[1], sys.stdin.read()
print(json.dumps(parse_output(platform='cisco_ios', command=command, data=text)))
";

/// The interpreter with the templates; without it the test says so, and fails where nothing may be
/// skipped.
fn python() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = root.join("target/peers/ntc/bin/python");
    if python.exists() {
        return Some(python);
    }
    assert!(
        std::env::var_os("IKD_REQUIRE_ALL").is_none(),
        "ntc-templates are not there; run testnet/test.sh"
    );
    eprintln!("skipped: ntc-templates are not there; testnet/test.sh fetches them");
    None
}

/// What the template of a command reads out of a text, or why it reads nothing.
fn read(python: &Path, command: &str, text: &str) -> Result<serde_json::Value, String> {
    let mut child = Command::new(python)
        .args(["-c", PARSE, command])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout).unwrap()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// O-040: every line of the page is one that the template knows, before and after `write memory` and
/// with a date of renewal.
#[test]
fn certificates_are_read_by_the_template_of_ntc() {
    let Some(python) = python() else { return };
    let mut world = R1::enrolled();
    world.read("crypto pki trustpoint IOSCA1\n auto-enroll 70\n");
    world.store.mark_saved();
    let command = "show crypto pki certificates";
    let text = shown(command, &world.snapshot());
    let read = read(&python, command, &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let all = read.as_array().unwrap();
    assert_eq!(all.len(), 4, "{read}");
    let types: Vec<&str> = all
        .iter()
        .filter_map(|c| c["certificate_type"].as_str())
        .collect();
    assert_eq!(
        types,
        [
            "Certificate",
            "CA Certificate",
            "Certificate",
            "CA Certificate"
        ]
    );
    let own = &all[2];
    for (field, value) in [
        ("status", "Available"),
        ("certificate_usage", "General Purpose"),
        ("issuer_cn", "CA1"),
        // Of two organisations the template keeps the last.
        ("issuer_o", "com"),
        ("subject_cn", "R1"),
        ("subject_ou", "IT"),
        ("subject_name", "R1.cisco.com"),
        ("subject_hostname", "R1.cisco.com"),
        ("associated_trustpoints", "IOSCA1"),
        ("storage", "nvram:CA1#2.cer"),
    ] {
        assert_eq!(own[field], value, "{field} of {own}");
    }
    assert_ne!(own["renew_date"], "", "{own}");
    assert_eq!(all[3]["storage"], "nvram:CA1#1CA.cer");
}

/// O-040: the seed prints `IP Address:` in the subject. The template of this version has no line for
/// it; ours stays as the seed's.
#[test]
fn the_address_of_the_seed_is_what_the_template_lacks() {
    let Some(python) = python() else { return };
    let command = "show crypto pki certificates";
    let text = shown(command, &R1::enrolled().snapshot());
    assert!(read(&python, command, &text).is_ok(), "{text}");
    let named = "    Name: R1.cisco.com\n";
    let seeds = text.replacen(named, &format!("{named}    IP Address: 192.168.0.1\n"), 1);
    let why = read(&python, command, &seeds).unwrap_err();
    assert!(why.contains("IP Address: 192.168.0.1"), "{why}");
}

/// R1 with an SA of IKEv1 and a pair that has carried traffic.
fn at_work(command: &str) -> String {
    let world = R1::new();
    let mut now = world.snapshot();
    now.isakmp = vec![isakmp_sa(1001, "I")];
    now.children = vec![child()];
    now.traffic = Some(traffic());
    shown(command, &now)
}

/// O-061: the template knows every line of the page, and what it reads is what we mean.
#[test]
fn sessions_are_read_by_the_template_of_ntc() {
    let Some(python) = python() else { return };
    let command = "show crypto session detail";
    let text = at_work(command);
    let read = read(&python, command, &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    for (field, value) in [
        ("interface", "Tunnel1"),
        ("session_status", "UP-ACTIVE"),
        ("profile", "prof1"),
        ("peer", "192.168.0.2"),
        ("port", "500"),
        ("phase1_id", "R2.cisco.com"),
        ("local_ip", "192.168.0.1"),
        ("ikev1_status", "Active"),
        ("conn_id", "1001"),
        ("permit", "47"),
        ("src_host", "192.168.0.1"),
        ("active_sa", "2"),
        ("origin", "crypto map"),
    ] {
        assert_eq!(read[0][field], value, "{field} of {read}");
    }
    assert_eq!(read.as_array().map(Vec::len), Some(1), "{read}");
}

/// O-060: both SAs of a pair, with counters.
#[test]
fn esp_sas_are_read_by_the_template_of_ntc() {
    let Some(python) = python() else { return };
    let command = "show crypto ipsec sa detail";
    let text = at_work(command);
    let read = read(&python, command, &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(read.as_array().map(Vec::len), Some(2), "{read}");
    for (field, value) in [
        ("interface", "Tunnel1"),
        ("crypto_map_tag", "Tunnel1-head-0"),
        ("local_ident_prot", "47"),
        ("current_peer", "192.168.0.2"),
        ("pkts_encaps", "5"),
        ("pkts_decaps", "4"),
        ("pkts_no_sa", "1"),
        ("pkts_replay_failed", "2"),
        ("sa_orientation", "inbound"),
        ("sa_type", "esp"),
        ("sa_spi_hex", "0x6C0F3A3D"),
        ("sa_transform", "esp-aes esp-sha256-hmac"),
        ("sa_lifetime_kbytes", "4607999"),
        ("sa_replay_detection_support", "Y"),
        ("sa_status", "ACTIVE"),
    ] {
        assert_eq!(read[0][field], value, "{field} of {read}");
    }
    assert_eq!(read[1]["sa_spi_hex"], "0x24C6C5A2", "{read}");
}
