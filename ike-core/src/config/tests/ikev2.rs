//! Every line of IKEv2 (section 3.3) and its extensions, and what goes beyond a line.
use super::lines::parse_clean;
use crate::config::*;

/// As [`BLOCKS`](super::lines) of the other sections.
pub(super) const BLOCKS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "crypto ikev2 dpd 10 2 periodic",
            "crypto ikev2 nat keepalive 20",
            "crypto ikev2 window 10",
            "crypto ikev2 cookie-challenge 100",
            "crypto ikev2 limit max-in-negotation-sa 50 incoming",
            "crypto ikev2 limit max-in-negotation-sa 60 outgoing",
            "crypto ikev2 limit max-in-negotation-sa 70",
            "crypto ikev2 limit max-sa 1000",
            "crypto ikev2 fragmentation",
            "crypto ikev2 fragmentation mtu 1400",
            "no crypto ikev2 http-url cert",
            "crypto ikev2 http-url fetch http://certs.cisco.com/",
            "crypto ikev2 certificate-cache 500",
            "crypto ikev2 diagnose error",
            "crypto ikev2 diagnose error 100",
            "crypto ikev2 redirect client",
            "crypto ikev2 redirect client max-redirects 3",
            "no crypto ikev2 proposal default",
            "no crypto ikev2 policy default",
            "crypto logging ikev2",
            "crypto ikev2 mode modern",
            "crypto ikev2 mobike",
            "crypto ikev2 childless",
            "crypto ikev2 childless required",
            "crypto ikev2 client flexvpn F",
            "ip local pool P 10.9.0.1 10.9.0.9",
            "ip local pool Q 10.9.1.1",
            "ipv6 local pool P 2001:db8:9::/48 64",
        ],
    ),
    (
        "crypto ikev2 proposal PR",
        &[
            "encryption aes-cbc-256 aes-cbc-128 3des des",
            "integrity sha512 sha1 md5",
            "prf sha384",
            "group 19 14 5",
            "additional-ke 1 mlkem768 mlkem1024",
        ],
    ),
    (
        "crypto ikev2 policy PO",
        &[
            "match fvrf any",
            "match fvrf V",
            "match address local 192.168.0.1",
            "match address local 2001:db8::1",
            "proposal PR",
        ],
    ),
    (
        "crypto ikev2 keyring KR\n peer P",
        &[
            "description the other one",
            "address 192.168.0.2",
            "address 192.168.9.0 255.255.255.0",
            "address 2001:db8::2",
            "address 2001:db8:9::/48",
            "hostname R2.cisco.com",
            "identity address 192.168.0.2",
            "identity address 2001:db8::2",
            "identity fqdn R2.cisco.com",
            "identity fqdn domain cisco.com",
            "identity email r2@cisco.com",
            "identity email domain cisco.com",
            "identity key-id R2",
            "pre-shared-key s3cret",
            "pre-shared-key 0 hex",
            "pre-shared-key local 0 remote",
            "pre-shared-key remote hex 00FF",
            "ppk manual id PPK1 key s3cret",
            "ppk manual id PPK1 key hex 00FF required",
        ],
    ),
    (
        "crypto ikev2 profile P2",
        &[
            "description a profile",
            "match fvrf any",
            "match address local 192.168.0.1",
            "match address local 2001:db8::1",
            "match address local interface Ethernet0/0",
            "match identity remote address 192.168.0.2 255.255.255.255",
            "match identity remote address 192.168.0.2",
            "match identity remote address 2001:db8::2",
            "match identity remote address 2001:db8::/32",
            "match identity remote fqdn R2.cisco.com",
            "match identity remote fqdn domain cisco.com",
            "match identity remote email r2@cisco.com",
            "match identity remote email domain cisco.com",
            "match identity remote key-id R2",
            "match identity remote any",
            "match certificate MAP",
            "identity local address 192.168.0.1",
            "identity local dn",
            "identity local fqdn R1.cisco.com",
            "identity local email r1@cisco.com",
            "identity local key-id R1",
            "authentication local rsa-sig",
            "authentication local ecdsa-sig",
            "authentication local pre-share key s3cret",
            "authentication local digital-signature",
            "authentication remote rsa-sig",
            "authentication remote pre-share",
            "authentication remote pre-share key hex 00",
            "authentication remote eap",
            "authentication remote eap query-identity",
            "keyring local KR",
            "keyring KR",
            "keyring ppk KR",
            "pki trustpoint A",
            "pki trustpoint A sign",
            "pki trustpoint B verify",
            "lifetime 3600",
            "reauth 7200",
            "dpd 20 3 on-demand",
            "nat keepalive 30",
            "initial-contact force",
            "no config-exchange request",
            "config-exchange set accept",
            "config-exchange set send",
            "aaa authorization group cert list default AP",
            "aaa authorization group psk list default AP override",
            "ivrf V",
            "shutdown",
        ],
    ),
    (
        "crypto ikev2 authorization policy AP",
        &[
            "pool P",
            "ipv6 pool P",
            "dns 10.9.0.53 2001:db8::53",
            "def-domain cisco.com",
            "banner Hello  there",
            "netmask 255.255.255.0",
            "route set remote ipv4 10.0.0.0 255.0.0.0",
            "route set remote ipv6 2001:db8::/32",
        ],
    ),
];

fn codes_of(text: &str) -> Vec<&'static str> {
    let found = parse("r1.cfg", text).diagnostics.into_iter();
    found.map(|found| found.code).collect()
}

/// G-042: one line below another; `exit` leaves a peer and then its keyring.
#[test]
fn peers_stand_below_their_keyring() {
    let text = "crypto ikev2 keyring K
 peer A
  address 10.0.0.1
  pre-shared-key local one
  pre-shared-key remote two
 !
 peer B
  pre-shared-key both
  exit
 peer C
 exit
 exit
hostname R1
";
    let parsed = parse("r1.cfg", text);
    assert_eq!(parsed.diagnostics, []);
    let peers = &parsed.config.ikev2_keyrings[0].peers;
    let names: Vec<&str> = peers.iter().map(|peer| &*peer.name).collect();
    assert_eq!(names, ["A", "B", "C"]);
    let key = |text: &str| Some(text.as_bytes().into());
    assert_eq!(
        (&peers[0].key_local, &peers[0].key_remote),
        (&key("one"), &key("two"))
    );
    assert_eq!(
        (&peers[1].key_local, &peers[1].key_remote),
        (&key("both"), &key("both"))
    );
    assert_eq!(parsed.config.hostname.as_deref(), Some("R1"));
    assert!(show(&parsed.config).contains(
        "crypto ikev2 keyring K
 peer A
  address 10.0.0.1
  pre-shared-key local one
  pre-shared-key remote two
 !
 peer B
  pre-shared-key both
 !
"
    ));
    let place = parsed.locate("crypto ikev2 keyring K", "peer B").unwrap();
    assert_eq!(place.line, 7);
    let peer = "crypto ikev2 keyring K peer B";
    assert!(parsed.locate(peer, "pre-shared-key both").is_some());
    let removed = parse_clean(&format!("{text}crypto ikev2 keyring K\n no peer B"));
    assert_eq!(removed.ikev2_keyrings[0].peers.len(), 2);
}

/// G-045: the built-in proposal and policy are changed, removed and restored by name.
#[test]
fn smart_defaults_are_changed_removed_and_restored() {
    let changed = parse_clean("crypto ikev2 proposal default\n group 14");
    let expected = Ikev2Proposal {
        groups: vec![14],
        ..Ikev2Proposal::built_in()
    };
    assert_eq!(changed.ikev2_proposals, [expected]);
    assert_eq!(parse_clean(&show(&changed)), changed);
    for kind in ["proposal", "policy"] {
        let enter = format!("crypto ikev2 {kind} default");
        let gone = parse_clean(&format!("no {enter}"));
        let enabled = (gone.ikev2.default_proposal, gone.ikev2.default_policy);
        assert_eq!(enabled, (kind != "proposal", kind != "policy"));
        for again in [&enter, &format!("default crypto ikev2 {kind}")] {
            let restored = parse_clean(&format!("no {enter}\n{again}"));
            assert_eq!(restored, RunningConfig::default(), "{again}");
        }
    }
    let restored = "crypto ikev2 proposal default\n group 14\ndefault crypto ikev2 proposal";
    assert_eq!(parse_clean(restored), RunningConfig::default());
}

/// W-064: the proposal of IOS 15.3T.
#[test]
fn the_built_in_proposal_is_printed_as_it_is_sent() {
    let shown = show(&parse_clean("crypto ikev2 proposal default\n group 5 2 14"));
    assert!(shown.contains(
        "crypto ikev2 proposal default
 encryption aes-cbc-256 aes-cbc-192 aes-cbc-128
 integrity sha512 sha384 sha256 sha1 md5
 prf sha512 sha384 sha256 sha1 md5
 group 5 2 14
!
"
    ));
}

/// S-095: creation counts, not editing; a deleted profile is new when it comes again.
#[test]
fn ikev2_profiles_keep_the_order_of_creation() {
    let names = |text: &str| -> Vec<String> {
        let profiles = parse_clean(text).ikev2_profiles.into_iter();
        profiles.map(|profile| profile.name).collect()
    };
    let two = "crypto ikev2 profile A\ncrypto ikev2 profile B\n";
    assert_eq!(
        names(&format!("{two}crypto ikev2 profile A\n shutdown")),
        ["A", "B"]
    );
    let again = format!("{two}no crypto ikev2 profile A\ncrypto ikev2 profile A");
    assert_eq!(names(&again), ["B", "A"]);
}

/// Section 3: lists in one line replace, lists of lines append, a key of a method replaces.
#[test]
fn repeated_ikev2_lines_replace_or_append() {
    let proposal = parse_clean("crypto ikev2 proposal P\n group 2 5\n group 14 14");
    assert_eq!(proposal.ikev2_proposals[0].groups, [14]);
    let policy = parse_clean("crypto ikev2 policy P\n proposal A B\n proposal C\n no proposal B");
    assert_eq!(policy.ikev2_policies[0].proposals, ["A", "C"]);
    let profile = "crypto ikev2 profile P
 authentication remote pre-share key one
 authentication remote rsa-sig
 authentication remote pre-share key two
 pki trustpoint A
 pki trustpoint B
 pki trustpoint A sign
";
    let profile = parse_clean(profile).ikev2_profiles.remove(0);
    let two = Ikev2Auth::PreShare(Some(b"two".as_slice().into()));
    assert_eq!(profile.auth_remote, [two, Ikev2Auth::RsaSig]);
    assert_eq!(profile.sign_trustpoints().collect::<Vec<_>>(), ["A", "B"]);
    assert_eq!(profile.verify_trustpoints().collect::<Vec<_>>(), ["B"]);
}

/// The extension has three states: the mode decides, yes, no.
#[test]
fn digital_signatures_may_be_left_to_the_mode() {
    let of = |text: &str| {
        let config = parse_clean(text);
        assert_eq!(parse_clean(&show(&config)), config);
        config.ikev2.digital_signature
    };
    assert_eq!(of("crypto ikev2 mode modern"), None);
    assert_eq!(of("crypto ikev2 digital-signature"), Some(true));
    assert_eq!(of("no crypto ikev2 digital-signature"), Some(false));
    let back = "no crypto ikev2 digital-signature\ndefault crypto ikev2 digital-signature";
    assert_eq!(of(back), None);
}

#[test]
fn wrong_ikev2_lines_are_marked_where_they_are_wrong() {
    let found = parse(
        "r1.cfg",
        "crypto ikev2 proposal P\n encryption aes-cbc-128 aes-cbc-265\n",
    );
    let expected = "error[E0204]: unexpected word `aes-cbc-265`
 --> r1.cfg:2:25
2 |  encryption aes-cbc-128 aes-cbc-265
  |                         ^^^^^^^^^^^ did you mean `aes-cbc-256`?";
    assert_eq!(found.diagnostics[0].to_string(), expected);
    let cases = [
        ("crypto ikev2 porfile P", codes::UNEXPECTED_WORD),
        ("crypto ikev2 p", codes::AMBIGUOUS),
        ("crypto ikev2 window 21", codes::BAD_VALUE),
        ("crypto ikev2 dpd 10 2", codes::INCOMPLETE),
        ("crypto ikev2 proposal P\n encryption", codes::INCOMPLETE),
        ("crypto ikev2 keyring K\n peeer P", codes::UNKNOWN_COMMAND),
        (
            "crypto ikev2 keyring K\n peer P\n  adress 1.2.3.4",
            codes::UNKNOWN_COMMAND,
        ),
        (
            "crypto ikev2 keyring K\n peer P\n  pre-shared-key 6 XYZ",
            codes::UNSUPPORTED,
        ),
        (
            "crypto ikev2 keyring K\n peer P\n  pre-shared-key hex 123",
            codes::BAD_VALUE,
        ),
        (
            "crypto ikev2 profile P\n virtual-template 1",
            codes::UNSUPPORTED,
        ),
        (
            "crypto ikev2 profile P\n authentication local rsa-sgi",
            codes::UNEXPECTED_WORD,
        ),
        ("match identity remote any", codes::WRONG_MODE),
        ("ip local pool P 10.0.0.9 10.0.0.1", codes::BAD_VALUE),
        ("ipv6 local pool P 2001:db8::/64 48", codes::BAD_VALUE),
    ];
    for (text, code) in cases {
        let found = parse("r1.cfg", text);
        let first = found.diagnostics.first().map(|first| first.code);
        assert_eq!((first, found.has_errors()), (Some(code), true), "{text}");
    }
    let peer = parse(
        "r1.cfg",
        "crypto ikev2 keyring K\n peer P\n  address 1.2.3.4\n peeer Q\n",
    );
    let help = peer.diagnostics[0].help.as_deref();
    assert_eq!(
        help,
        Some("did you mean `peer`?"),
        "the keyring is around the peer"
    );
}

const COMPLETE: &str = " match identity remote any
 authentication local pre-share key a
 authentication remote pre-share key b
";

/// G-040, G-041, G-043, S-075: what an object lacks, in IOS's own words.
#[test]
fn incomplete_ikev2_objects_are_told_what_they_lack() {
    let found = parse(
        "r1.cfg",
        "crypto ikev2 profile P\n match identity remote any\n",
    );
    let expected = "warning[W0104]: IKEv2 profile `P` is incomplete and never selected
 --> r1.cfg:1:1
1 | crypto ikev2 profile P
  | ^^^^^^ IKEv2 profile MUST have: 1. A local and a remote authentication method. 2. A match identity or a match certificate or match any statement.";
    assert_eq!(found.diagnostics[0].to_string(), expected);
    let of = |lines: &str| codes_of(&format!("crypto ikev2 profile P\n{lines}"));
    assert_eq!(of(COMPLETE), Vec::<&str>::new());
    let signs = " match identity remote any\n authentication local rsa-sig\n authentication remote rsa-sig\n";
    assert_eq!(of(signs), [codes::NO_SIGNER]);
    let verify =
        format!("crypto pki trustpoint A\ncrypto ikev2 profile P\n{signs} pki trustpoint A verify");
    assert_eq!(codes_of(&verify), [codes::NO_SIGNER]);
    assert_eq!(
        of(&COMPLETE.replace(" key a", "")),
        [codes::INCOMPLETE_OBJECT]
    );
    assert_eq!(
        of(&format!("{COMPLETE} match fvrf V")),
        [codes::INCOMPLETE_OBJECT]
    );
    assert_eq!(of(&format!("{COMPLETE} ivrf V")), [codes::NO_EFFECT]);
    let cases = [
        (
            "crypto ikev2 proposal P\n encryption aes-cbc-128\n group 14",
            vec![codes::INCOMPLETE_OBJECT],
        ),
        (
            "crypto ikev2 proposal P\n encryption aes-gcm-128\n prf sha256\n group 14",
            vec![],
        ),
        (
            "crypto ikev2 proposal P\n encryption aes-cbc-128\n integrity sha256\n group 5",
            vec![codes::WEAK],
        ),
        ("crypto ikev2 policy P", vec![codes::INCOMPLETE_OBJECT]),
        (
            "crypto ikev2 policy P\n proposal default\ncrypto ikev2 policy Q\n proposal default",
            vec![codes::HIDDEN_POLICY],
        ),
        (
            "crypto ikev2 policy P\n match address local 10.0.0.1\n proposal default\ncrypto ikev2 policy Q\n proposal default",
            vec![],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(codes_of(text), expected, "{text}");
    }
}

#[test]
fn ikev2_names_that_are_not_defined_are_marked() {
    let profile = "crypto ikev2 profile P
 pki trustpoint NOWHERE
 keyring local NOWHERE
 keyring ppk NOWHERE
 match certificate NOWHERE
 aaa authorization group cert list default NOWHERE
";
    assert_eq!(
        codes_of(&format!("{profile}{COMPLETE}")),
        [
            codes::NO_TRUSTPOINT,
            codes::NO_KEYRING,
            codes::NO_KEYRING,
            codes::NO_CERTIFICATE_MAP,
            codes::NO_AUTHORIZATION
        ]
    );
    let cases = [
        (
            "crypto ikev2 policy P\n proposal NOWHERE",
            codes::NO_IKEV2_PROPOSAL,
        ),
        (
            "crypto ikev2 authorization policy A\n pool P",
            codes::NO_POOL,
        ),
        (
            "ip local pool P 10.0.0.1\ncrypto ikev2 authorization policy A\n ipv6 pool P",
            codes::NO_POOL,
        ),
        (
            "crypto ipsec profile P\n set ikev2-profile NOWHERE",
            codes::NO_IKEV2_PROFILE,
        ),
    ];
    for (text, code) in cases {
        assert_eq!(codes_of(text), [code], "{text}");
    }
}

/// S-095: what else tells two profiles apart makes them no rivals.
#[test]
fn profiles_with_the_same_match_are_rivals_unless_an_address_parts_them() {
    let two = |extra: &str| {
        let first = format!("crypto ikev2 profile A\n{COMPLETE}");
        codes_of(&format!("{first}crypto ikev2 profile B\n{extra}{COMPLETE}"))
    };
    assert_eq!(two(""), [codes::SAME_MATCH]);
    assert_eq!(two(" match address local 10.0.0.1\n"), Vec::<&str>::new());
}
