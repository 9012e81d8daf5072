//! Which profile an identity is bound to, and what is told of the others.

use super::*;

fn config(profiles: &[(&str, &[MatchIdentity])]) -> RunningConfig {
    RunningConfig {
        isakmp_profiles: profiles
            .iter()
            .map(|(name, m)| IsakmpProfile {
                name: (*name).to_owned(),
                match_identity: m.to_vec(),
                ..IsakmpProfile::default()
            })
            .collect(),
        ..RunningConfig::default()
    }
}

fn host(s: &str) -> MatchIdentity {
    MatchIdentity::Host(s.to_owned())
}

fn chosen(config: &RunningConfig, identity: &Identity) -> Option<String> {
    for_peer(identity, config).value
}

/// S-095, T-16: of identical statements the last configured profile wins.
#[test]
fn identical_matches_go_to_the_newest_profile() {
    let config = config(&[
        ("prof1", &[host("R1.cisco.com")]),
        ("prof2", &[host("R1.cisco.com")]),
    ]);
    let decision = for_peer(&Identity::Fqdn("r1.cisco.com".into()), &config);
    assert_eq!(decision.value.as_deref(), Some("prof2"));
    assert_eq!(decision.rule.0, "S-095");
}

/// S-096, T-18: an exact host beats a domain, whatever the order.
#[test]
fn exact_host_beats_domain_suffix() {
    let domain = MatchIdentity::HostDomain("cisco.com".into());
    let config = config(&[("prof1", &[host("R1.cisco.com")]), ("prof2", &[domain])]);
    assert_eq!(
        chosen(&config, &Identity::Fqdn("R1.cisco.com".into())).as_deref(),
        Some("prof1")
    );
    assert_eq!(
        chosen(&config, &Identity::Fqdn("R9.cisco.com".into())).as_deref(),
        Some("prof2")
    );
}

/// S-096: longer masks first, 0.0.0.0/0 last.
#[test]
fn longer_masks_are_more_specific() {
    let net = |a: [u8; 4], bits| MatchIdentity::Address(a.into(), bits);
    let config = config(&[
        ("host", &[net([192, 168, 0, 1], 32)]),
        ("net", &[net([192, 168, 0, 0], 24)]),
        ("any", &[net([0, 0, 0, 0], 0)]),
    ]);
    let of = |a: [u8; 4]| chosen(&config, &Identity::Ipv4(a.into()));
    assert_eq!(of([192, 168, 0, 1]).as_deref(), Some("host"));
    assert_eq!(of([192, 168, 0, 7]).as_deref(), Some("net"));
    assert_eq!(of([10, 0, 0, 1]).as_deref(), Some("any"));
}

/// S-096: IPv6 alike; a statement never fits an address of the other family.
#[test]
fn ipv6_prefixes_rank_as_masks_do() {
    let net = |a: &str, bits| MatchIdentity::Address(a.parse().unwrap(), bits);
    let config = config(&[
        ("host", &[net("2001:db8::1", 128)]),
        ("net", &[net("2001:db8::", 32)]),
        ("any", &[net("::", 0)]),
        ("any4", &[net("0.0.0.0", 0)]),
    ]);
    let of = |a: &str| chosen(&config, &Identity::from(a.parse::<IpAddr>().unwrap()));
    assert_eq!(of("2001:db8::1").as_deref(), Some("host"));
    assert_eq!(of("2001:db8::7").as_deref(), Some("net"));
    assert_eq!(of("2001:db9::1").as_deref(), Some("any"));
    assert_eq!(of("10.0.0.1").as_deref(), Some("any4"));
}

/// E15: wildcard and substring tricks do not match a domain.
#[test]
fn domains_match_on_label_borders_only() {
    let config = config(&[("p", &[MatchIdentity::HostDomain("cisco.com".into())])]);
    for name in [
        "evilcisco.com",
        "cisco.com",
        ".cisco.com",
        "cisco.com.evil",
        "R1.cisco.com.evil",
        "*.cisco.org",
    ] {
        assert_eq!(
            chosen(&config, &Identity::Fqdn(name.into())),
            None,
            "{name}"
        );
    }
    assert!(chosen(&config, &Identity::Fqdn("a.b.CISCO.com".into())).is_some());
}

/// S-097: the strict reading ignores rank.
#[test]
fn first_match_takes_the_newest_whatever_its_rank() {
    let domain = MatchIdentity::HostDomain("cisco.com".into());
    let mut config = config(&[("exact", &[host("R1.cisco.com")]), ("wide", &[domain])]);
    config.profile_selection_first_match = true;
    assert_eq!(
        chosen(&config, &Identity::Fqdn("R1.cisco.com".into())).as_deref(),
        Some("wide")
    );
}

/// S-041: no profile, no binding.
#[test]
fn unmatched_identity_binds_nothing() {
    let config = config(&[("prof1", &[host("other.cisco.com")])]);
    assert_eq!(
        chosen(&config, &Identity::Fqdn("R1.cisco.com".into())),
        None
    );
}

/// S-041, S-095, S-096: who won, who was beaten, who does not fit, and the lines of it.
#[test]
fn every_profile_is_told_with_what_rejects_it() {
    let domain = || MatchIdentity::HostDomain("cisco.com".into());
    let config = config(&[
        ("wide", &[domain()]),
        ("exact", &[host("R9.cisco.com"), host("R1.cisco.com")]),
        ("other", &[host("R2.cisco.com"), host("R3.cisco.com")]),
        ("empty", &[]),
    ]);
    let decision = for_peer(&Identity::Fqdn("R1.cisco.com".into()), &config);
    let own = Subject::isakmp_profile("exact");
    let beaten = Subject::isakmp_profile("wide");
    let lines = [
        own.line("match identity host R1.cisco.com"),
        beaten.line("match identity host domain cisco.com"),
    ];
    assert_eq!(decision.about, lines);
    assert_eq!(
        decision.told(),
        [
            ("profile exact", true, None),
            ("profile wide", false, Some("another matches more exactly")),
            (
                "profile other",
                false,
                Some("none of its 2 lines match identity fits")
            ),
            ("profile empty", false, Some("it has no match identity")),
        ]
    );
    assert_eq!(decision.candidates[2].steps.len(), 2);
    let nobody = for_peer(&Identity::Fqdn("R9.example".into()), &config);
    assert_eq!(nobody.value, None);
    assert!(nobody.about.contains(&beaten.line("match identity")));
    assert!(nobody.about.contains(&Subject::isakmp_profile("empty")));
    assert!(nobody.candidates.iter().all(|c| c.rejected.is_some()));
}
