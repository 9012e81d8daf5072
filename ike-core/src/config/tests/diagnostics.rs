//! What is said about wrong lines, as it is printed.
use crate::config::*;

fn findings(text: &str) -> Vec<String> {
    parse("r1.cfg", text)
        .diagnostics
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn codes_of(text: &str) -> Vec<&'static str> {
    parse("r1.cfg", text)
        .diagnostics
        .iter()
        .map(|found| found.code)
        .collect()
}

#[test]
fn a_typo_in_a_transform_is_marked_and_corrected() {
    let found = findings("crypto ipsec transform-set TS esp-aes esp-sha265-hmac\n");
    let expected = "error[E0213]: unknown transform `esp-sha265-hmac`
 --> r1.cfg:1:39
1 | crypto ipsec transform-set TS esp-aes esp-sha265-hmac
  |                                       ^^^^^^^^^^^^^^^ did you mean `esp-sha256-hmac`?";
    assert_eq!(found, [expected]);
}

#[test]
fn a_typo_in_a_keyword_is_marked_and_corrected() {
    let found = findings("!\ncrypto isakmp polcy 10\n encr aes\n");
    let expected = "error[E0204]: unexpected word `polcy`
 --> r1.cfg:2:15
2 | crypto isakmp polcy 10
  |               ^^^^^ did you mean `policy`?";
    assert_eq!(found, [expected]);
}

#[test]
fn a_typo_in_a_sub_mode_is_marked_with_and_without_indentation() {
    for indent in ["  ", ""] {
        let found = parse(
            "r1.cfg",
            &format!(
                "crypto isakmp profile P\n{indent}self-identiy fqdn\n{indent}match identity host a\n"
            ),
        );
        assert_eq!(found.diagnostics.len(), 1, "{:?}", found.diagnostics);
        let first = &found.diagnostics[0];
        assert_eq!(
            (first.code, first.line, first.column),
            (codes::UNKNOWN_COMMAND, 2, indent.len() + 1)
        );
        assert_eq!(first.help.as_deref(), Some("did you mean `self-identity`?"));
        assert_eq!(
            found.config.isakmp_profiles[0].match_identity.len(),
            1,
            "the sub-mode stays open"
        );
    }
}

#[test]
fn values_out_of_range_name_the_range() {
    let found = findings("crypto isakmp policy 10\n group 2\n hash sha\n encr aes\n lifetime 5\n");
    let expected = "error[E0205]: bad value `5`
 --> r1.cfg:5:11
5 |  lifetime 5
  |           ^ expected: <60-86400>";
    assert_eq!(found[0], expected);
    assert_eq!(codes_of("crypto isakmp policy 10001"), [codes::BAD_VALUE]);
    assert_eq!(
        codes_of("crypto isakmp profile P\n match identity address 1.2.3.4 255.0.255.0")[0],
        codes::BAD_VALUE
    );
}

#[test]
fn incomplete_ambiguous_and_over_long_commands_differ() {
    let cases = [
        ("crypto isakmp policy", codes::INCOMPLETE),
        ("crypto i", codes::AMBIGUOUS),
        ("crypto isakmp policy 10 20", codes::UNEXPECTED_WORD),
        ("crypto", codes::INCOMPLETE),
        ("crypto warp", codes::UNEXPECTED_WORD),
        ("no crypto warp", codes::UNEXPECTED_WORD),
        ("encr 3des", codes::WRONG_MODE),
        ("set transform-set TS", codes::WRONG_MODE),
        ("crypto keyring K vrf V", codes::UNSUPPORTED),
        (
            "crypto isakmp key 6 XYZ address 1.2.3.4",
            codes::UNSUPPORTED,
        ),
        (
            "crypto ipsec transform-set T esp-des esp-3des",
            codes::TRANSFORM_COMBINATION,
        ),
        (
            "crypto ipsec transform-set T esp-des 128",
            codes::TRANSFORM_COMBINATION,
        ),
        ("interface Ethernet0/0\n tunnel key 1", codes::WRONG_MODE),
        (
            "interface Tunnel1\n tunnel protection ipsek profile P",
            codes::UNEXPECTED_WORD,
        ),
        (
            "crypto pki certificate chain A\n certificate 01\n  zz",
            codes::BAD_CERTIFICATE,
        ),
        (
            "crypto pki certificate chain A\n certificate 01\n  30",
            codes::BAD_CERTIFICATE,
        ),
        (
            "crypto pki certificate chain A\n certificate 01\n  300\n  quit",
            codes::BAD_CERTIFICATE,
        ),
        (
            "crypto pki trustpoint A\n fingerprint 1234",
            codes::BAD_VALUE,
        ),
    ];
    for (text, code) in cases {
        let found = parse("r1.cfg", text);
        assert_eq!(
            found.diagnostics.first().map(|first| first.code),
            Some(code),
            "{text}: {:?}",
            found.diagnostics
        );
        assert!(found.has_errors(), "{text}");
    }
}

/// Lines outside crypto never make a configuration invalid.
#[test]
fn foreign_lines_are_warnings_and_their_blocks_are_skipped() {
    let text = "router ospf 1\n network 10.0.0.0 0.0.0.255 area 0\n!\nip route vrf V 10.0.0.0 255.0.0.0 Null0\nhostname R1\n";
    let parsed = parse("r1.cfg", text);
    assert_eq!(codes_of(text), [codes::IGNORED_LINE, codes::IGNORED_LINE]);
    assert_eq!(
        (parsed.has_errors(), parsed.config.hostname.as_deref()),
        (false, Some("R1"))
    );
    let usual = "version 15.3\nno aaa new-model\nip cef\nline vty 0 4\n login\n logging synchronous\n!\nend\n";
    assert_eq!(findings(usual), Vec::<String>::new());
    let indented = parse(
        "r1.cfg",
        "  version 15.3\n  hostname R1\n  router ospf 1\n   network 1\n  ip domain name a\n",
    )
    .config;
    assert_eq!(
        (
            indented.hostname.as_deref(),
            indented.domain_name.as_deref()
        ),
        (Some("R1"), Some("a"))
    );
    let interface = "interface Ethernet0/0\n ip address dhcp\n ip warp 1\n shutdown";
    assert!(parse("r1.cfg", interface).config.interfaces[0].shutdown);
    let after = "crypto pki trustpoint A\n revocation-check none\n!\nip cefx\nrouter bgp 1\n";
    assert_eq!(codes_of(after), [codes::IGNORED_LINE, codes::IGNORED_LINE]);
}

#[test]
fn references_to_nothing_are_marked_where_they_stand() {
    let found =
        findings("crypto isakmp profile P\n match identity host a\n ca trust-point NOWHERE\n");
    let expected = "error[E0230]: trustpoint `NOWHERE` is not defined
 --> r1.cfg:3:17
3 |  ca trust-point NOWHERE
  |                 ^^^^^^^";
    assert_eq!(found, [expected]);
    let cases = [
        (
            "crypto isakmp profile P\n match certificate M\n keyring K",
            vec![codes::NO_KEYRING, codes::NO_CERTIFICATE_MAP],
        ),
        (
            "crypto ipsec profile P\n set transform-set A\n set isakmp-profile B",
            vec![codes::NO_TRANSFORM_SET, codes::NO_ISAKMP_PROFILE],
        ),
        (
            "interface Ethernet0/0\n crypto map M",
            vec![codes::NO_CRYPTO_MAP],
        ),
        (
            "interface Tunnel1\n tunnel source Ethernet0/0\n tunnel destination 1.2.3.4\n tunnel protection ipsec profile P",
            vec![codes::NO_INTERFACE, codes::NO_IPSEC_PROFILE],
        ),
        (
            "crypto map M 1 ipsec-isakmp\n set peer 1.2.3.4\n match address 100",
            vec![codes::NO_ACCESS_LIST, codes::INCOMPLETE_OBJECT],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(codes_of(text), expected, "{text}");
    }
}

/// S-095, G-032, G-021.
#[test]
fn profiles_that_hide_each_other_and_weak_policies_are_noted() {
    let text = "crypto isakmp profile A\n match identity host x\ncrypto isakmp profile B\n match identity host x\ncrypto isakmp profile C\n";
    let found = findings(text);
    assert!(found.iter().any(|text| text.starts_with(
        "warning[W0107]: 2 ISAKMP profiles match the same identity; IOS uses the last one, B"
    )));
    assert!(
        found
            .iter()
            .any(|text| text.starts_with("warning[W0106]: profile `C` has no match statement"))
    );
    assert_eq!(
        codes_of("crypto isakmp policy 1\n encr aes"),
        [codes::DEFAULT_GROUP, codes::WEAK]
    );
    assert_eq!(
        codes_of("crypto isakmp policy 1\n encr aes\n group 14"),
        Vec::<&str>::new()
    );
}

/// THREATS J5: control characters of a file do not reach the terminal.
#[test]
fn diagnostics_print_no_control_characters() {
    let text = findings("crypto \u{1b}[2Jx\n").join("\n");
    assert!(
        text.chars().all(|c| c == '\n' || !c.is_control()),
        "{text:?}"
    );
}

#[test]
fn every_code_is_explained_once() {
    let mut all: Vec<&str> = codes::ALL.iter().map(|(code, _)| *code).collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
    assert!(codes::explain("E0213").is_some() && codes::explain("E9999").is_none());
}

/// G-023, G-085, G-086 for IPv6: the caret stands under the word that is wrong.
#[test]
fn wrong_lines_of_ipv6_are_marked_as_others_are() {
    for (text, code, column) in [
        (
            "crypto isakmp key K address ipv6 2001:db8::1",
            codes::BAD_VALUE,
            34,
        ),
        (
            "crypto isakmp key K address ipv6 2001:db8::/129",
            codes::BAD_VALUE,
            34,
        ),
        (
            "crypto keyring K\n pre-shared-key address ipv6 10.0.0.0/8 key x",
            codes::BAD_VALUE,
            30,
        ),
        (
            "crypto isakmp profile P\n match identity address ipv6 ::",
            codes::BAD_VALUE,
            30,
        ),
        (
            "interface Ethernet0/0\n ipv6 address 2001:db8::1",
            codes::IGNORED_LINE,
            27,
        ),
        (
            "interface Ethernet0/0\n ipv6 address fe80::1/64",
            codes::UNSUPPORTED,
            15,
        ),
        (
            "interface Ethernet0/0\n ipv6 address autoconfig",
            codes::UNSUPPORTED,
            15,
        ),
        (
            "interface Tunnel1\n tunnel mode ipsec ipv5",
            codes::UNEXPECTED_WORD,
            20,
        ),
        (
            "interface Tunnel1\n tunnel destination 2001:db8:::2",
            codes::BAD_VALUE,
            21,
        ),
        ("ipv6 route 2001:db8::/32 10.0.0.1", codes::IGNORED_LINE, 26),
    ] {
        let found = &parse("r1.cfg", text).diagnostics[0];
        assert_eq!((found.code, found.column), (code, column), "{found}");
    }
}

/// G-086: the mode says of which family source and destination are.
#[test]
fn a_tunnel_whose_ends_do_not_fit_its_mode_is_told() {
    let tunnel = |mode: &str, destination: &str| {
        codes_of(&format!(
            "crypto ipsec profile P\ninterface Ethernet0/0\n ip address 192.168.0.1 255.255.255.0\n \
             ipv6 address 2001:db8::1/64\ninterface Tunnel1\n tunnel source Ethernet0/0\n \
             tunnel mode {mode}\n tunnel destination {destination}\n \
             tunnel protection ipsec profile P\n"
        ))
    };
    for (mode, fitting, other) in [
        ("gre ip", "192.168.0.2", "2001:db8::2"),
        ("gre ipv6", "2001:db8::2", "192.168.0.2"),
        ("ipsec ipv4", "192.168.0.2", "2001:db8::2"),
        ("ipsec ipv6", "2001:db8::2", "192.168.0.2"),
    ] {
        assert!(tunnel(mode, fitting).is_empty(), "{mode}");
        assert_eq!(tunnel(mode, other), [codes::INCOMPLETE_OBJECT], "{mode}");
    }
}

/// G-061: what a trustpoint names is there, and where it asks can be asked.
#[test]
fn a_trustpoint_that_names_what_is_not_there_is_told() {
    let found = |line: &str| {
        let parsed = parse("r1.cfg", &format!("crypto pki trustpoint A\n {line}\n"));
        let first = parsed.diagnostics.first();
        first.map(|found| (found.code, found.line, found.message.clone()))
    };
    let (code, line, message) = found("match certificate MAP skip revocation-check").unwrap();
    assert_eq!((code, line), (codes::NO_CERTIFICATE_MAP, 2));
    assert_eq!(message, "certificate map `MAP` is not defined");
    let (code, line, _) = found("chain-validation continue ROOT").unwrap();
    assert_eq!((code, line), (codes::NO_TRUSTPOINT, 2));
    for text in ["crl query ldap://ca/cn=CA", "ocsp url https://ocsp"] {
        assert_eq!(found(text).map(|found| found.0), Some(codes::NOT_HTTP));
    }
    assert_eq!(found("crl query HTTP://ca/ca.crl"), None);
    assert_eq!(found("chain-validation continue"), None);
}

/// The challenge password is shown in the configuration alone.
#[test]
fn a_challenge_password_is_not_in_debug_output() {
    let config = parse("r1.cfg", "crypto pki trustpoint A\n password s3cret\n").config;
    assert!(!format!("{config:?}").contains("s3cret"));
    assert!(show(&config).contains(" password s3cret"));
}
