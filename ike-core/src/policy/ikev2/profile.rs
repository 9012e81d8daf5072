//! Which IKEv2 profile a peer falls into (S-090..S-098).

use std::net::IpAddr;

use ike_pki::Certificate;

use super::matching::{in_table, rank, serves};
use crate::config::{Ikev2Match, Ikev2Profile, RunningConfig};
use crate::policy::identity::Identity;
use crate::policy::profile::{Fitting, Mapped, Specificity, by_map, decide, stranger};
use crate::policy::{Candidate, Decision, Subject, certificate_map};

/// The profile for a peer's identity: the most specific match, the newest created among equals
/// (S-095, S-096). With `profile-selection first-match` the newest match wins whatever its
/// specificity (S-097). The authentication methods play no part (S-098); incomplete profiles and
/// those that are shut down are never selected (G-043).
#[must_use]
pub fn for_peer(
    identity: &Identity,
    local: IpAddr,
    config: &RunningConfig,
) -> Decision<Option<String>> {
    let usable = || {
        config
            .ikev2_profiles
            .iter()
            .enumerate()
            .filter(selectable(config, local))
    };
    let fitting = usable().filter_map(|(created, p)| {
        let (rank, statement) = best_statement(p, identity)?;
        let own = Subject::ikev2_profile(&p.name);
        let line = own.line(format!("match identity remote {statement}"));
        Some(Fitting::new(rank, created, &p.name, line))
    });
    let others = config.ikev2_profiles.iter().filter_map(|p| {
        let barred = barred(config, p, local);
        (barred.is_some() || best_match(p, identity).is_none()).then_some((p, barred))
    });
    let rejected = others.map(|(p, barred)| match barred {
        Some((command, because)) => {
            let own = Subject::ikev2_profile(&p.name);
            let line = command.map(|command| own.line(command));
            let name = format!("profile {}", p.name);
            Candidate::new(name, Some(line.unwrap_or(own))).rejected("G-043", because)
        }
        None => {
            let own = Subject::ikev2_profile(&p.name);
            stranger(own, &p.name, "match identity remote", &p.match_identity)
        }
    });
    let first_match = config.profile_selection_first_match;
    let who = identity.to_string();
    decide(fitting.collect(), rejected, &who, first_match, "S-090")
}

/// The profile for a peer's certificate: the newest with a `match certificate` map that fits. It
/// takes the place of the one for the identity once the certificate is read (U-10).
#[must_use]
pub fn for_certificate(
    certificate: &Certificate,
    local: IpAddr,
    config: &RunningConfig,
) -> Decision<Option<String>> {
    let usable = config.ikev2_profiles.iter().enumerate();
    let usable = usable.filter(selectable(config, local));
    let mapped = usable.map(|(created, p)| Mapped {
        created,
        own: Subject::ikev2_profile(&p.name),
        name: &p.name,
        maps: &p.match_certificate,
    });
    by_map(&mapped.collect::<Vec<_>>(), certificate, config)
}

/// Whether a peer that was called by this profile may answer with this identity and certificate: one of
/// its statements fits, or one of its certificate maps (G-043). A profile without either takes anybody.
#[must_use]
pub fn matches(
    config: &RunningConfig,
    profile: &Ikev2Profile,
    identity: &Identity,
    certificate: Option<&Certificate>,
) -> bool {
    let by_map = |c: &Certificate| {
        let fits = |label: &String| certificate_map::matches(config, label, c);
        profile.match_certificate.iter().any(fits)
    };
    let anybody = profile.match_identity.is_empty() && profile.match_certificate.is_empty();
    anybody || best_match(profile, identity).is_some() || certificate.is_some_and(by_map)
}

/// Whether a profile may be selected at a local address.
fn selectable(config: &RunningConfig, local: IpAddr) -> impl Fn(&(usize, &Ikev2Profile)) -> bool {
    move |(_, profile)| barred(config, profile, local).is_none()
}

/// Why a profile is never selected at a local address (G-043), and the line that says so, if one does.
fn barred(
    config: &RunningConfig,
    profile: &Ikev2Profile,
    local: IpAddr,
) -> Option<(Option<&'static str>, String)> {
    match () {
        () if profile.shutdown => Some((Some("shutdown"), "it is shut down".to_owned())),
        () if !profile.is_complete() => Some((None, "it is incomplete".to_owned())),
        () if !in_table(&profile.fvrf) => {
            let because = "it is for another routing table".to_owned();
            Some((Some("match fvrf"), because))
        }
        () if !serves(config, &profile.match_local, local) => {
            let because = format!("it does not serve the local address {local}");
            Some((Some("match address local"), because))
        }
        () => None,
    }
}

/// The best rank among a profile's statements, `None` when none matches.
fn best_match(profile: &Ikev2Profile, identity: &Identity) -> Option<Specificity> {
    best_statement(profile, identity).map(|(rank, _)| rank)
}

/// The same with the statement.
fn best_statement<'a>(
    profile: &'a Ikev2Profile,
    identity: &Identity,
) -> Option<(Specificity, &'a Ikev2Match)> {
    let statements = profile.match_identity.iter();
    statements
        .filter_map(|item| Some((rank(item, identity)?, item)))
        .max_by_key(|(rank, _)| *rank)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    const LOCAL: [u8; 4] = [192, 168, 0, 2];
    const METHODS: &str = " authentication local rsa-sig\n authentication remote rsa-sig\n";

    /// Profiles A, B, ... with these lines each.
    fn config(lines: &[&str]) -> RunningConfig {
        let profiles = ["A", "B", "C"].iter().zip(lines);
        let block = |(name, lines): (&&str, &&str)| {
            format!("crypto ikev2 profile {name}\n {lines}\n{METHODS}")
        };
        parse("test.cfg", &profiles.map(block).collect::<String>()).config
    }

    fn r1() -> Identity {
        Identity::Ipv4([192, 168, 0, 1].into())
    }

    fn chosen(config: &RunningConfig, identity: &Identity) -> Option<String> {
        for_peer(identity, LOCAL.into(), config).value
    }

    const SAME: &str = "match identity remote address 192.168.0.1 255.255.255.255";

    /// S-090, S-091, T-58, T-59: the tech note's three profiles; the last one is used.
    #[test]
    fn identical_matches_go_to_the_last_profile() {
        let decision = for_peer(&r1(), LOCAL.into(), &config(&[SAME, SAME, SAME]));
        let found = (decision.value.as_deref(), decision.rule.0);
        assert_eq!(found, (Some("C"), "S-095"));
        let alone = for_peer(&r1(), LOCAL.into(), &config(&[SAME]));
        assert_eq!((alone.value.as_deref(), alone.rule.0), (Some("A"), "S-090"));
    }

    /// S-092, S-096, T-61: the most specific statement wins, whatever the order; the last of the
    /// list is `any`.
    #[test]
    fn more_specific_matches_win_whatever_their_order() {
        let network = "match identity remote address 192.168.0.0 255.255.255.0";
        let (zero, any) = (
            "match identity remote address 0.0.0.0",
            "match identity remote any",
        );
        for (order, expected) in [
            ([SAME, network, zero], "A"),
            ([network, SAME, any], "B"),
            ([zero, any, network], "C"),
            ([zero, any, any], "A"),
        ] {
            assert_eq!(
                chosen(&config(&order), &r1()).as_deref(),
                Some(expected),
                "{order:?}"
            );
        }
        let domains = [
            "match identity remote fqdn domain lab.cisco.com",
            "match identity remote fqdn R1.lab.cisco.com",
            "match identity remote fqdn domain cisco.com",
        ];
        let of = |name: &str| chosen(&config(&domains), &Identity::Fqdn(name.into()));
        assert_eq!(of("r1.LAB.cisco.com").as_deref(), Some("B"));
        assert_eq!(of("R2.lab.cisco.com").as_deref(), Some("A"));
        assert_eq!(of("R2.cisco.com").as_deref(), Some("C"));
        assert_eq!(of("R2.evilcisco.com"), None, "E15");
    }

    /// S-096: addresses of both families, e-mail and key identifiers.
    #[test]
    fn statements_match_identities_of_their_own_type() {
        let lines = [
            "match identity remote address 2001:db8::/32",
            "match identity remote email domain cisco.com",
            "match identity remote key-id R1",
        ];
        let of = |identity: Identity| chosen(&config(&lines), &identity);
        let v6 = Identity::Ipv6("2001:db8::1".parse().unwrap());
        assert_eq!(of(v6).as_deref(), Some("A"));
        let email = Identity::UserFqdn("r1@cisco.com".into());
        assert_eq!(of(email).as_deref(), Some("B"));
        assert_eq!(of(Identity::KeyId(b"R1".to_vec())).as_deref(), Some("C"));
        assert_eq!(of(Identity::Fqdn("R1".into())), None);
    }

    /// S-090, T-64: nothing matches, nothing is selected.
    #[test]
    fn a_stranger_falls_into_no_profile() {
        let stranger = Identity::Ipv4([10, 0, 0, 1].into());
        let decision = for_peer(&stranger, LOCAL.into(), &config(&[SAME]));
        assert_eq!((decision.value, decision.rule.0), (None, "S-090"));
    }

    /// S-097: the strict reading of S-092 ignores rank.
    #[test]
    fn first_match_takes_the_newest_profile() {
        let mut config = config(&[SAME, "match identity remote any"]);
        config.profile_selection_first_match = true;
        let decision = for_peer(&r1(), LOCAL.into(), &config);
        let found = (decision.value.as_deref(), decision.rule.0);
        assert_eq!(found, (Some("B"), "S-097"));
    }

    /// S-098, T-62: the last profile is selected though the peer has no pre-shared key.
    #[test]
    fn the_authentication_method_plays_no_part() {
        let mut config = config(&[SAME, SAME]);
        config.ikev2_profiles[1].auth_remote = vec![crate::config::Ikev2Auth::PreShare(None)];
        assert_eq!(chosen(&config, &r1()).as_deref(), Some("B"));
    }

    /// G-043: incomplete profiles, those shut down, of another table or of another local address.
    #[test]
    fn profiles_that_cannot_serve_are_passed_over() {
        for spoil in [
            |p: &mut Ikev2Profile| p.auth_local = None,
            |p: &mut Ikev2Profile| p.auth_remote.clear(),
            |p: &mut Ikev2Profile| p.shutdown = true,
            |p: &mut Ikev2Profile| p.fvrf = crate::config::Fvrf::Named("V".into()),
        ] {
            let mut config = config(&[SAME, SAME]);
            spoil(&mut config.ikev2_profiles[1]);
            assert_eq!(chosen(&config, &r1()).as_deref(), Some("A"));
        }
        let here = "match address local interface Ethernet0/0\n match identity remote any";
        let mut config = config(&[
            here,
            "match address local 10.0.0.1\n match identity remote any",
        ]);
        assert_eq!(chosen(&config, &r1()), None, "the interface has no address");
        let interface = parse(
            "test.cfg",
            "interface Ethernet0/0\n ip address 192.168.0.2 255.255.255.0",
        );
        config.interfaces = interface.config.interfaces;
        assert_eq!(chosen(&config, &r1()).as_deref(), Some("A"));
        let elsewhere = for_peer(&r1(), [10, 0, 0, 1].into(), &config);
        assert_eq!(elsewhere.value.as_deref(), Some("B"));
    }

    /// An initiator holds IDr against the profile it started with.
    #[test]
    fn an_answer_has_to_fit_the_profile_that_called() {
        let config = config(&[SAME, "match certificate M"]);
        let stranger = Identity::Fqdn("R1".into());
        let [named, mapped] = [0, 1].map(|n| &config.ikev2_profiles[n]);
        assert!(matches(&config, named, &r1(), None));
        assert!(!matches(&config, named, &stranger, None));
        // Without its certificate nobody fits a map.
        assert!(!matches(&config, mapped, &stranger, None));
    }

    /// G-043: a profile that is never selected says by which line.
    #[test]
    fn profiles_that_are_barred_say_why() {
        let elsewhere = format!("match address local 192.168.0.9\n {SAME}");
        let shut = format!("shutdown\n {SAME}");
        let decision = for_peer(&r1(), LOCAL.into(), &config(&[SAME, &elsewhere, &shut]));
        assert_eq!(decision.value.as_deref(), Some("A"));
        let told: Vec<_> = decision
            .candidates
            .iter()
            .map(|c| {
                (
                    c.name.as_str(),
                    c.rejected.as_ref().map(|r| r.because.as_str()),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("profile A", None),
                (
                    "profile B",
                    Some("it does not serve the local address 192.168.0.2")
                ),
                ("profile C", Some("it is shut down")),
            ]
        );
        let line = Subject::ikev2_profile("B").line("match address local");
        assert_eq!(decision.candidates[1].subject, Some(line));
    }
}
