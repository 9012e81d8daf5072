//! Every algorithm of IKEv2 brings the tunnel up: ciphers, codes, functions and groups of the IKE SA,
//! ciphers of its child SAs (G-040, G-080, RFC 7296 3.3.2).

#![allow(clippy::unwrap_used)]

mod support;

use support::{Story, ikev2_psk_routers};

const IKE: &str = "  encryption aes-cbc-128\n  integrity sha256\n  group 19\n";

/// Both routers with other lines in their proposal.
fn proposal(lines: &str) -> Story {
    (0..2).fold(ikev2_psk_routers(), |story, router| {
        story.edit(router, IKE, lines)
    })
}

fn comes_up(story: Story, what: &str) {
    let sim = story.negotiate(0);
    let verdict = sim.verdict();
    assert!(verdict.up && sim.carries(), "{what}: {verdict:?}");
    assert_eq!(verdict.version, "ikev2");
}

/// RFC 5282, RFC 5930, RFC 7634: the combined modes need a PRF, the others a code.
#[test]
fn every_cipher_of_an_ike_sa_works() {
    let sizes = ["128", "192", "256"];
    let separate = ["aes-cbc", "aes-ctr"].map(|mode| sizes.map(|bits| format!("{mode}-{bits}")));
    let old = ["des", "3des"].map(str::to_owned);
    for cipher in separate.into_iter().flatten().chain(old) {
        let lines = format!("  encryption {cipher}\n  integrity sha256\n  group 19\n");
        comes_up(proposal(&lines), &cipher);
    }
    let tags = ["", "-icv12", "-icv8"];
    let combined = ["aes-gcm", "aes-ccm"]
        .into_iter()
        .flat_map(|mode| sizes.map(|bits| format!("{mode}-{bits}")))
        .flat_map(|cipher| tags.map(|tag| format!("{cipher}{tag}")));
    for cipher in combined.chain(["chacha20-poly1305".to_owned()]) {
        let lines = format!("  encryption {cipher}\n  prf sha256\n  group 19\n");
        comes_up(proposal(&lines), &cipher);
    }
}

/// RFC 4434, RFC 4615: SKEYSEED takes half of the fixed key from each nonce (RFC 7296 2.14), AUTH makes
/// it of a pre-shared key of any length (2.15).
#[test]
fn every_code_and_every_function_works() {
    for name in [
        "md5", "sha1", "sha256", "sha384", "sha512", "aes-xcbc", "aes-cmac",
    ] {
        let code = format!("  encryption aes-ctr-256\n  integrity {name}\n  group 19\n");
        comes_up(proposal(&code), name);
        let function = format!("  encryption aes-gcm-128\n  prf {name}\n  group 19\n");
        comes_up(proposal(&function), name);
    }
}

/// RFC 3526, RFC 5903, RFC 8031.
#[test]
fn every_group_works() {
    for group in [1, 2, 5, 14, 15, 16, 17, 18, 19, 20, 21, 31] {
        let lines = format!("  encryption aes-cbc-128\n  integrity sha256\n  group {group}\n");
        comes_up(proposal(&lines), &format!("group {group}"));
    }
}

const ESP: &str = "crypto ipsec transform-set trans esp-3des esp-sha-hmac";

/// G-080, RFC 7634: what the data plane can do, IKEv2 agrees on.
#[test]
fn every_cipher_of_a_child_sa_works() {
    for set in [
        "esp-aes esp-sha256-hmac",
        "esp-null esp-sha512-hmac",
        "esp-gcm",
        "esp-gcm 192",
        "esp-gcm 256",
        "esp-chacha20-poly1305",
    ] {
        let to = format!("crypto ipsec transform-set trans {set}");
        let story = (0..2).fold(ikev2_psk_routers(), |story, r| story.edit(r, ESP, &to));
        comes_up(story, set);
    }
}
