//! The configurations of the tech note, verbatim: two-blank, one-blank and no indentation, and `interface Tunnell`.
use crate::config::*;
use std::net::IpAddr;

const R1: &str = include_str!("../fixtures/r1-ikev1.cfg");
const R2: &str = include_str!("../fixtures/r2-ikev1.cfg");
const R1_V2: &str = include_str!("../fixtures/r1-ikev2.cfg");
const R2_V2: &str = include_str!("../fixtures/r2-ikev2.cfg");

fn codes(parsed: &Parsed) -> Vec<&'static str> {
    parsed
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code)
        .collect()
}

fn router_trustpoint(name: &str, url: &str, router: u8) -> TrustpointConfig {
    TrustpointConfig {
        name: name.into(),
        enrollment: Some(Enrollment::Url(url.into())),
        serial_number: true,
        fqdn: Some(Some(format!("R{router}.cisco.com"))),
        ip_address: Some(Some(AddressOrInterface::Address(IpAddr::from([
            192, 168, 0, router,
        ])))),
        subject_name: Some(format!("CN=R{router},OU=IT,O=cisco,O=com")),
        revocation_check: vec![RevocationMethod::Crl],
        ..TrustpointConfig::default()
    }
}

/// S-001 to S-004.
#[test]
fn r1_means_what_the_tech_note_says() {
    let parsed = parse("r1.cfg", R1);
    assert_eq!(codes(&parsed), [codes::WEAK, codes::NOT_IN_MM4]);
    let config = parsed.config;
    let policy = IsakmpPolicy {
        encryption: IsakmpEncryption::TripleDes,
        hash: IsakmpHash::Md5,
        group: 2,
        ..IsakmpPolicy::new(10)
    };
    assert_eq!(config.isakmp_policies, [policy]);
    let profile = IsakmpProfile {
        name: "prof1".into(),
        match_identity: vec![MatchIdentity::Host("R2.cisco.com".into())],
        self_identity: Some(SelfIdentity::Fqdn),
        trustpoints: vec!["IOSCA1".into()],
        ..IsakmpProfile::default()
    };
    assert_eq!(config.isakmp_profiles, [profile]);
    let (first, second) = ("http://192.168.0.3:80", "http://192.168.0.4:80");
    let trustpoints = [
        router_trustpoint("IOSCA1", first, 1),
        router_trustpoint("IOSCA2", second, 1),
    ];
    assert_eq!(config.trustpoints, trustpoints);
    let set = config.transform_set("TS").unwrap();
    assert_eq!(
        (set.cipher, set.integrity),
        (
            Some(EspEncryption::Aes(128)),
            Some(EspAuthentication::Sha256)
        )
    );
    assert_eq!(
        config
            .ipsec_profile("prof1")
            .unwrap()
            .isakmp_profile
            .as_deref(),
        Some("prof1")
    );
    let tunnel = config.interface("Tunnel1").unwrap().tunnel.clone().unwrap();
    assert_eq!(tunnel.destination, Some(IpAddr::from([192, 168, 0, 2])));
    assert_eq!(
        config.resolve(&tunnel.source.unwrap()),
        [IpAddr::from([192, 168, 0, 1])]
    );
    assert_eq!(tunnel.protection.unwrap().profile, "prof1");
    assert_eq!(
        config
            .interface("Loopback0")
            .unwrap()
            .description
            .as_deref(),
        Some("Simulate LAN")
    );
    assert_eq!((config.routes.len(), config.routes[0].length), (1, 24));
}

/// The trustpoints of R2 are not indented and its tunnel is written `Tunnell`.
#[test]
fn r2_is_read_without_indentation_and_with_the_letter_l() {
    let parsed = parse("r2.cfg", R2);
    assert_eq!(
        codes(&parsed),
        [codes::LETTER_L, codes::WEAK, codes::TRUSTS_ALL]
    );
    let warning = &parsed.diagnostics[0];
    assert_eq!((warning.line, warning.column, warning.length), (21, 11, 7));
    assert_eq!(warning.message, "interface number `l` read as `1`: Tunnel1");
    let (first, second) = ("http://192.168.0.3:80", "http://192.168.0.4:80");
    let trustpoints = [
        router_trustpoint("IOSCA1", first, 2),
        router_trustpoint("IOSCA2", second, 2),
    ];
    assert_eq!(parsed.config.trustpoints, trustpoints);
    assert!(
        parsed.config.isakmp_profiles[0].trustpoints.is_empty(),
        "S-004"
    );
    let tunnel = parsed
        .config
        .interface("Tunnel1")
        .unwrap()
        .tunnel
        .clone()
        .unwrap();
    assert_eq!(tunnel.destination, Some(IpAddr::from([192, 168, 0, 1])));
}

/// G-040, G-041, G-043, S-002: the tech note has no trustpoint beside its profiles, and `TP1` is said to be missing.
#[test]
fn the_ikev2_configurations_mean_what_the_tech_note_says() {
    let parsed = parse("r1.cfg", R1_V2);
    assert_eq!(
        codes(&parsed),
        [codes::WEAK, codes::WEAK, codes::NO_TRUSTPOINT]
    );
    let config = parsed.config;
    let proposal = Ikev2Proposal {
        name: "prop-1".into(),
        encryption: vec![Ikev2Encryption::TripleDes],
        integrity: vec![Ikev2Integrity::Md5],
        groups: vec![2],
        ..Ikev2Proposal::default()
    };
    assert_eq!(config.ikev2_proposals, [proposal]);
    let policy = Ikev2Policy {
        name: "pol-1".into(),
        fvrf: Fvrf::Any,
        local: Vec::new(),
        proposals: vec!["prop-1".into()],
    };
    assert_eq!(config.ikev2_policies, [policy]);
    let profile = Ikev2Profile {
        match_identity: vec![Ikev2Match::Address([192, 168, 0, 2].into(), 32)],
        identity_local: Some(Ikev2LocalIdentity::Address([192, 168, 0, 1].into())),
        auth_local: Some(Ikev2Auth::RsaSig),
        auth_remote: vec![Ikev2Auth::RsaSig],
        trustpoints: vec![("TP1".into(), TrustpointUse::Both)],
        ..Ikev2Profile::new("profile1")
    };
    assert_eq!(config.ikev2_profiles, [profile]);
    let ipsec = config.ipsec_profile("profile1").unwrap();
    assert_eq!(ipsec.ikev2_profile.as_deref(), Some("profile1"));
    assert!(config.kept.is_empty() && config.transform_sets.len() == 1);
}

/// S-091: the three profiles of R2 are the same; the last one counts.
#[test]
fn the_overlapping_profiles_of_the_tech_note_are_told_apart() {
    let parsed = parse("r2.cfg", R2_V2);
    let names = parsed.config.ikev2_profiles.iter().map(|p| &*p.name);
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["profile1", "profile2", "profile3"]
    );
    let found = parsed
        .diagnostics
        .iter()
        .find(|d| d.code == codes::SAME_MATCH);
    let expected = "warning[W0107]: 3 IKEv2 profiles match the same remote identity; IOS uses the last one, profile3 (r2.cfg:26)
  --> r2.cfg:26:1
26 | match identity remote address 192.168.0.1 255.255.255.255
   | ^^^^^ S-095: among equal matches the profile created last wins";
    assert_eq!(found.unwrap().to_string(), expected);
}

#[test]
fn a_line_can_be_located_by_its_canonical_form() {
    let parsed = parse("r1.cfg", R1);
    let place = parsed
        .locate("crypto isakmp profile prof1", "ca trust-point IOSCA1")
        .unwrap();
    assert_eq!((place.line, place.column), (8, 3));
    assert!(parsed.locate("", "crypto isakmp policy 10").is_some());
    let abbreviated = parse("r1.cfg", "int gi 0/1\n shut\n");
    assert!(
        abbreviated
            .locate("", "interface GigabitEthernet0/1")
            .is_some()
    );
    assert!(
        abbreviated
            .locate("interface GigabitEthernet0/1", "shutdown")
            .is_some()
    );
}

#[test]
fn what_is_shown_is_read_back_the_same() {
    for text in [R1, R2, R1_V2, R2_V2] {
        let config = parse("a", text).config;
        let shown = show(&config);
        assert_eq!(parse("b", &shown).config, config, "{shown}");
    }
}

/// G-033: three blanks in profiles, one elsewhere, non-default values only.
#[test]
fn the_running_configuration_looks_like_ios() {
    let shown = show(&parse("r1.cfg", R1).config);
    let expected = "crypto isakmp policy 10
 encr 3des
 hash md5
 group 2
!
crypto isakmp profile prof1
   ca trust-point IOSCA1
   self-identity fqdn
   match identity host R2.cisco.com
!
crypto ipsec transform-set TS esp-aes esp-sha256-hmac
!
crypto ipsec profile prof1
 set transform-set TS
 set isakmp-profile prof1
!
interface Loopback0
 description Simulate LAN
 ip address 192.168.100.1 255.255.255.0
!
interface Tunnel1
 ip address 10.0.0.1 255.255.255.0
 tunnel source Ethernet0/0
 tunnel destination 192.168.0.2
 tunnel protection ipsec profile prof1
!
";
    assert!(shown.contains(expected), "{shown}");
}
