//! Every line of the grammar (sections 3.1, 3.2, 3.4, 3.5): understood, shown again, and undone by `no`.
use crate::config::*;

/// Blocks: a header (empty for global) and the lines below it.
const BLOCKS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "hostname R1",
            "ip domain name cisco.com",
            "ip host ca 192.168.0.3",
            "ip route 10.0.0.0 255.0.0.0 192.168.0.9",
            "ip route 10.1.0.0 255.255.0.0 Tunnel1",
            "ipv6 unicast-routing",
            "ipv6 route 2001:db8:a::/48 2001:db8::9",
            "ipv6 route ::/0 Tunnel1",
            "service timestamps debug datetime msec",
            "logging buffered 4096 debugging",
            "clock timezone KST 9 0",
            "ntp server 192.168.0.9",
            "crypto logging session",
            "no crypto isakmp enable",
            "no crypto isakmp default policy",
            "crypto isakmp key s3cret address 192.168.0.2",
            "crypto isakmp key s3cret address 192.168.9.0 255.255.255.0 no-xauth",
            "crypto isakmp key s3cret hostname R2.cisco.com",
            "crypto isakmp key s3cret address ipv6 2001:db8::2/128",
            "crypto isakmp key s3cret address ipv6 2001:db8:9::/48 no-xauth",
            "crypto isakmp identity hostname",
            "crypto isakmp keepalive 10 3 periodic",
            "crypto isakmp nat keepalive 20",
            "crypto isakmp fragmentation",
            "crypto isakmp invalid-spi-recovery",
            "crypto isakmp aggressive-mode disable",
            "crypto call admission limit ike sa 100",
            "crypto call admission limit ike in-negotiation-sa 50",
            "crypto pki trustpool clean",
            "crypto ipsec security-association lifetime seconds 1800",
            "crypto ipsec security-association lifetime kilobytes 100000",
            "crypto ipsec security-association replay window-size 128",
            "no crypto ipsec nat-transparency udp-encapsulation",
            "crypto ipsec df-bit clear",
            "crypto map M local-address Loopback0",
            "pki-order definition",
            "profile-selection first-match",
        ],
    ),
    (
        "crypto isakmp policy 10",
        &[
            "encryption aes 256",
            "hash sha512",
            "authentication pre-share",
            "group 14",
            "lifetime 3600",
        ],
    ),
    (
        "crypto keyring K",
        &[
            "description keys",
            "local-address 192.168.0.1",
            "pre-shared-key address 192.168.0.2 key one",
            "pre-shared-key address 192.168.9.0 255.255.255.0 key two",
            "pre-shared-key address ipv6 2001:db8::/32 key four",
            "pre-shared-key hostname R2.cisco.com key three",
        ],
    ),
    (
        "crypto isakmp profile P",
        &[
            "description a profile",
            "keyring default",
            "ca trust-point A",
            "ca trust-point B",
            "self-identity user-fqdn a@cisco.com",
            "match identity address 192.168.0.2 255.255.255.255",
            "match identity address ipv6 2001:db8::2/128",
            "match identity host R2.cisco.com",
            "match identity host domain cisco.com",
            "match identity user a@cisco.com",
            "match identity user domain cisco.com",
            "match identity group G",
            "match certificate MAP",
            "keepalive 10 retry 2",
            "initiate mode aggressive",
            "local-address Ethernet0/0",
        ],
    ),
    (
        "crypto pki trustpoint A",
        &[
            "enrollment url http://192.168.0.3:80",
            "enrollment mode ra",
            "enrollment retry count 5",
            "enrollment retry period 2",
            "serial-number",
            "fqdn none",
            "ip-address Ethernet0/0",
            "subject-name CN=R1, OU=IT",
            "subject-alt-name r1.cisco.com",
            "password secret",
            "rsakeypair KEY 2048",
            "eckeypair ECKEY",
            "revocation-check crl ocsp none",
            "ocsp url http://o",
            "ocsp disable-nonce",
            "crl query http://c",
            "crl cache none",
            "crl cache delete-after 10",
            "chain-validation continue ROOT",
            "chain-validation continue",
            "usage ike",
            "usage ike ssl-client",
            "hash sha256",
            "fingerprint 00112233445566778899AABBCCDDEEFF00112233",
            "fingerprint 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF",
            "auto-enroll",
            "auto-enroll regenerate",
            "auto-enroll 80 regenerate",
            "regenerate",
            "match certificate MAP",
            "match certificate MAP allow expired-certificate",
            "match certificate MAP skip revocation-check",
            "match certificate MAP2 skip authorization-check",
            "source interface Loopback0",
            "vrf V",
            "storage nvram:",
            "primary",
        ],
    ),
    (
        "crypto pki certificate map MAP 10",
        &[
            "subject-name co ou = it",
            "issuer-name eq cn=ca1",
            "valid-start ge Jan 1 2020",
        ],
    ),
    (
        "crypto ipsec transform-set TS esp-aes 256 esp-sha512-hmac",
        &["mode transport"],
    ),
    (
        "crypto ipsec profile IP",
        &[
            "description tunnels",
            "set security-association lifetime seconds 900",
            "set security-association lifetime kilobytes 5000",
            "set transform-set TS",
            "set pfs group14",
            "set isakmp-profile P",
            "set ikev2-profile P2",
            "responder-only",
        ],
    ),
    (
        "crypto map M 10 ipsec-isakmp",
        &[
            "set peer 192.168.0.2",
            "set security-association lifetime seconds 900",
            "set transform-set TS",
            "set pfs group31",
            "set isakmp-profile P",
            "match address ACL",
            "reverse-route",
        ],
    ),
    (
        "ip access-list extended ACL",
        &[
            "permit gre host 10.0.0.1 any",
            "deny ip 10.0.0.0 0.0.0.255 10.1.0.0 0.0.255.255",
            "permit 89 any any",
        ],
    ),
    (
        "interface Tunnel1",
        &[
            "description to R2",
            "ip address 10.0.0.1 255.255.255.0",
            "ipv6 address 2001:db8:a::1/64",
            "ipv6 address 2001:db8:b::1/64",
            "ipv6 enable",
            "ip mtu 1400",
            "ip tcp adjust-mss 1360",
            "keepalive 10 3",
            "shutdown",
            "tunnel source Ethernet0/0",
            "tunnel mode ipsec ipv4",
            "tunnel destination 192.168.0.2",
            "tunnel key 7",
            "tunnel protection ipsec profile IP shared isakmp-profile P",
            "crypto map M",
        ],
    ),
    (
        "interface Tunnel6",
        &[
            "tunnel source 2001:db8::1",
            "tunnel mode gre ipv6",
            "tunnel destination 2001:db8::2",
        ],
    ),
    ("interface Tunnel7", &["tunnel mode ipsec ipv6"]),
    ("interface Tunnel8", &["tunnel mode ipsec ipv6 v4-overlay"]),
    ("interface Tunnel9", &["tunnel mode ipsec ipv4 v6-overlay"]),
    (
        "interface Ethernet0/1",
        &["ipv6 nd ra suppress", "ipv6 address FE80::1 link-local"],
    ),
];

/// The blocks of this file and those of IKEv2.
fn blocks() -> impl Iterator<Item = &'static (&'static str, &'static [&'static str])> {
    BLOCKS.iter().chain(super::ikev2::BLOCKS)
}

pub(super) fn parse_clean(text: &str) -> RunningConfig {
    let parsed = parse("test", text);
    let bad = |d: &&Diagnostic| d.code.starts_with("E020") || d.code == codes::IGNORED_LINE;
    let wrong: Vec<String> = parsed
        .diagnostics
        .iter()
        .filter(bad)
        .map(ToString::to_string)
        .collect();
    assert!(wrong.is_empty(), "{text}\n{}", wrong.join("\n"));
    parsed.config
}

fn undone(line: &str) -> String {
    line.strip_prefix("no ")
        .map_or_else(|| format!("no {line}"), str::to_owned)
}

#[test]
fn each_line_changes_the_configuration_and_is_shown_again() {
    for (header, lines) in blocks() {
        for line in *lines {
            let without = parse_clean(header);
            let with = parse_clean(&format!("{header}\n {line}"));
            assert_ne!(with, without, "{header} / {line} changes nothing");
            let shown = show(&with);
            assert_eq!(
                parse_clean(&shown),
                with,
                "{header} / {line} is lost in\n{shown}"
            );
        }
    }
}

#[test]
fn each_line_is_undone_by_no() {
    for (header, lines) in blocks() {
        for line in *lines {
            let without = parse_clean(header);
            let undone = parse_clean(&format!("{header}\n {line}\n {}", undone(line)));
            let kept_no = undone
                .interfaces
                .iter()
                .any(|interface| !interface.kept.is_empty());
            assert!(
                undone == without || kept_no,
                "{header} / {line} survives: {}",
                show(&undone)
            );
        }
    }
}

#[test]
fn all_lines_together_are_read_back_the_same() {
    let block =
        |(header, lines): &(&str, &[&str])| format!("{header}\n {}\n!\n", lines.join("\n "));
    let text: String = blocks().map(block).collect();
    let config = parse_clean(&text);
    let shown = show(&config);
    assert_eq!(parse_clean(&shown), config, "{shown}");
}

#[test]
fn no_removes_each_object_by_its_name() {
    let headers = blocks().filter_map(|(header, _)| header.lines().next());
    for header in headers.chain(["crypto pki certificate chain A", "crypto map N 1"]) {
        let short = header.trim_end_matches(" ipsec-isakmp");
        assert_ne!(parse_clean(header), RunningConfig::default(), "{header}");
        assert_eq!(
            parse_clean(&format!("{header}\nno {short}")),
            RunningConfig::default(),
            "{header}"
        );
    }
    let two = "crypto map M 10 ipsec-isakmp\ncrypto map M 20 ipsec-isakmp\n";
    assert_eq!(
        parse_clean(&format!("{two}no crypto map M 10"))
            .crypto_maps
            .len(),
        1
    );
    assert!(
        parse_clean(&format!("{two}no crypto map M"))
            .crypto_maps
            .is_empty()
    );
}

/// Section 3: keywords may be abbreviated and are not case-sensitive, names are.
#[test]
fn abbreviations_and_case_do_not_matter_for_keywords() {
    let long = "crypto isakmp policy 5\n encryption 3des\n authentication pre-share\ninterface GigabitEthernet0/1\n shutdown";
    let short = "CRY ISA pol 5\n ENCR 3D\n auth pre\nint gi0/1\n shut";
    assert_eq!(parse_clean(short), parse_clean(long));
    assert_ne!(parse_clean("hostname r1"), parse_clean("hostname R1"));
}

/// Section 3: single-valued commands replace, lists append, `default` restores.
#[test]
fn repeated_commands_replace_or_append() {
    let policy = |lines: &str| {
        parse_clean(&format!("crypto isakmp policy 1\n{lines}")).isakmp_policies[0].clone()
    };
    assert_eq!(policy(" group 2\n group 14").group, 14);
    assert_eq!(policy(" group 2\n default group").group, 1);
    assert_eq!(policy(" lifetime 60\n no lifetime").lifetime, 86_400);
    let profile = parse_clean(
        "crypto isakmp profile P\n ca trust-point A\n ca trust-point B\n no ca trust-point A",
    );
    assert_eq!(profile.isakmp_profiles[0].trustpoints, ["B"]);
    let policies = parse_clean("crypto isakmp policy 20\ncrypto isakmp policy 10\n");
    assert_eq!(
        policies
            .isakmp_policies
            .iter()
            .map(|policy| policy.priority)
            .collect::<Vec<_>>(),
        [10, 20]
    );
}

/// S-095: creation counts, not editing; a deleted profile is new when it comes again.
#[test]
fn profiles_keep_the_order_of_creation() {
    let names = |text: &str| -> Vec<String> {
        parse_clean(text)
            .isakmp_profiles
            .into_iter()
            .map(|profile| profile.name)
            .collect()
    };
    let two = "crypto isakmp profile A\ncrypto isakmp profile B\n";
    assert_eq!(
        names(&format!("{two}crypto isakmp profile A\n keyring K")),
        ["A", "B"]
    );
    assert_eq!(
        names(&format!(
            "{two}no crypto isakmp profile A\ncrypto isakmp profile A"
        )),
        ["B", "A"]
    );
}

/// G-063.
#[test]
fn certificates_in_the_text_are_read_and_shown() {
    let text = "crypto pki certificate chain A
 certificate ca 01
  30820101 02030405 3082
  0102
  \tquit
 certificate 2A nvram:CA1#2A.cer
";
    let config = parse_clean(text);
    let certificates = &config.certificate_chains[0].certificates;
    let der = vec![0x30, 0x82, 1, 1, 2, 3, 4, 5, 0x30, 0x82, 1, 2];
    assert_eq!(certificates[0].source, ChainCertificateSource::Der(der));
    assert_eq!(
        (certificates[0].kind, certificates[1].kind),
        (ChainCertificateKind::Ca, ChainCertificateKind::Router)
    );
    assert_eq!(
        certificates[1].source,
        ChainCertificateSource::File("nvram:CA1#2A.cer".into())
    );
    assert_eq!(parse_clean(&show(&config)), config);
}

/// G-080.
#[test]
fn transform_sets_take_all_their_forms() {
    let set = |words: &str| {
        let config = parse_clean(&format!("crypto ipsec transform-set T {words}"));
        assert_eq!(parse_clean(&show(&config)), config, "{words}");
        let set = config.transform_sets[0].clone();
        (set.ah, set.cipher, set.integrity)
    };
    use EspAuthentication as A;
    use EspEncryption as E;
    assert_eq!(
        set("esp-3des esp-sha-hmac"),
        (None, Some(E::TripleDes), Some(A::Sha))
    );
    assert_eq!(set("esp-gcm 256"), (None, Some(E::Gcm(256)), None));
    assert_eq!(
        set("esp-chacha20-poly1305"),
        (None, Some(E::ChaCha20Poly1305), None)
    );
    assert_eq!(
        set("esp-sha-hmac esp-aes 192"),
        (None, Some(E::Aes(192)), Some(A::Sha))
    );
    assert_eq!(
        set("ah-sha-hmac esp-aes 256 esp-md5-hmac"),
        (Some(A::Sha), Some(E::Aes(256)), Some(A::Md5))
    );
    assert_eq!(
        set("esp-null esp-sha256-hmac"),
        (None, Some(E::Null), Some(A::Sha256))
    );
    assert_eq!(set("ah-md5-hmac"), (Some(A::Md5), None, None));
}
