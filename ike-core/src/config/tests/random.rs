//! Random text: never a panic, and what was understood is shown and read back the same.
use crate::config::*;
use proptest::prelude::*;

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
    "한",
];

fn line() -> impl Strategy<Value = String> {
    let words = proptest::collection::vec(proptest::sample::select(WORDS), 0..8);
    (0usize..3, words)
        .prop_map(|(indent, words)| format!("{}{}", " ".repeat(indent), words.join(" ")))
}

fn round_trip(text: &str) {
    let parsed = parse("random", text);
    for found in &parsed.diagnostics {
        let _ = found.to_string();
    }
    let shown = show(&parsed.config);
    assert_eq!(
        parse("shown", &shown).config,
        parsed.config,
        "from\n{text}\nshown\n{shown}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_characters_never_panic(text in "\\PC{0,200}|[ -~\\n\\t\\r]{0,400}") {
        round_trip(&text);
    }

    #[test]
    fn random_lines_are_shown_and_read_back(lines in proptest::collection::vec(line(), 0..30)) {
        round_trip(&lines.join("\n"));
    }
}
