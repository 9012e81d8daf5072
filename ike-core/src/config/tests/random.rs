//! Random text: never a panic, and what was understood is shown and read back the same.
//!
//! The texts follow from a printed seed. `fuzz/fuzz_targets/config.rs` asserts the same for any text.
use crate::config::*;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

/// Words that make lines of the language likely.
const WORDS: &[&str] = &[
    "no",
    "default",
    "crypto",
    "isakmp",
    "ipsec",
    "pki",
    "profile",
    "policy",
    "trustpoint",
    "transform-set",
    "map",
    "set",
    "match",
    "identity",
    "host",
    "domain",
    "address",
    "key",
    "keyring",
    "pre-shared-key",
    "interface",
    "Tunnel1",
    "Tunnell",
    "tunnel",
    "source",
    "protection",
    "ip",
    "route",
    "access-list",
    "extended",
    "permit",
    "any",
    "gre",
    "10",
    "1",
    "6",
    "0",
    "10.0.0.1",
    "ipv6",
    "2001:db8::1",
    "2001:db8::/32",
    "destination",
    "mode",
    "255.255.255.0",
    "esp-aes",
    "256",
    "esp-sha-hmac",
    "certificate",
    "chain",
    "01",
    "ca",
    "quit",
    "exit",
    "!",
    "ikev2",
    "kept",
    "description",
    "lifetime",
    "seconds",
    "900",
    "enrollment",
    "url",
    "password",
    "keepalive",
    "hostname",
    "name",
    "\"a b\"",
    "\"",
    "fqdn",
    "none",
    "mode",
    "transport",
    "local-address",
    "end",
    "crl",
    "cache",
    "query",
    "delete-after",
    "ocsp",
    "chain-validation",
    "continue",
    "usage",
    "ike",
    "allow",
    "expired-certificate",
    "skip",
    "auto-enroll",
    "80",
    "regenerate",
    "no-xauth",
    "service",
    "x",
    "sha",
    "group",
    "14",
    "local",
    "remote",
    "proposal",
    "encryption",
    "aes-cbc-128",
    "integrity",
    "peer",
    "hex",
    "ab",
    "ppk",
    "manual",
    "id",
    "required",
    "authentication",
    "pre-share",
    "authorization",
    "pool",
    "ipv6",
    "2001:db8::/32",
    "trustpoint",
    "sign",
    "dpd",
    "periodic",
    "email",
    "fvrf",
    "exit",
    "한",
];

/// A number below `limit`.
fn below(random: &mut ChaCha8Rng, limit: usize) -> usize {
    random.next_u32() as usize % limit
}

fn line(random: &mut ChaCha8Rng) -> String {
    let indent = " ".repeat(below(random, 3));
    let count = below(random, 8);
    let words: Vec<&str> = (0..count)
        .map(|_| WORDS[below(random, WORDS.len())])
        .collect();
    format!("{indent}{}", words.join(" "))
}

fn character(random: &mut ChaCha8Rng) -> char {
    match below(random, 8) {
        0 => '\n',
        1 => [' ', '\t', '\r', '"', '!', '\u{7}', '\u{a0}', '\u{2028}'][below(random, 8)],
        2 => char::from_u32(random.next_u32() % 0x11_0000).unwrap_or('x'),
        _ => char::from(b' ' + u8::try_from(below(random, 95)).unwrap()),
    }
}

fn round_trip(text: &str) {
    let parsed = parse("random", text);
    for found in &parsed.diagnostics {
        assert!(
            found
                .to_string()
                .chars()
                .all(|c| c == '\n' || !c.is_control()),
            "{found:?}"
        );
    }
    let shown = show(&parsed.config);
    assert_eq!(
        parse("shown", &shown).config,
        parsed.config,
        "from\n{text}\nshown\n{shown}"
    );
}

#[test]
fn random_characters_never_panic() {
    for seed in 0..100 {
        println!("seed {seed}");
        let random = &mut ChaCha8Rng::seed_from_u64(seed);
        let length = below(random, 400);
        round_trip(&(0..length).map(|_| character(random)).collect::<String>());
    }
}

#[test]
fn random_lines_are_shown_and_read_back() {
    for seed in 0..100 {
        println!("seed {seed}");
        let random = &mut ChaCha8Rng::seed_from_u64(seed);
        let count = below(random, 30);
        let lines: Vec<String> = (0..count).map(|_| line(random)).collect();
        round_trip(&lines.join("\n"));
    }
}
