//! Which trustpoints may vouch for the peer (S-050), and how each of them looks at a chain
//! (P-040, P-041).

use std::sync::Arc;

use ike_pki::{
    Anchor, Asks, Certificate, CertificateRules, CrlKeeping, Refusal,
    RevocationMethod as Revocation, Rules, Store, ValidationError,
};

use super::{Candidate, Decision, MAX_CANDIDATES, Subject, certificate_map};
use crate::config::{
    CertificateMap, CertificateMatch, ChainValidation, CrlCacheTime, Enrollment, IsakmpProfile,
    MatchEffect, RevocationMethod, RunningConfig, TrustpointConfig,
};

/// Trustpoints above one another that a chain is walked through (P-040).
const MAX_LEVELS: usize = 6;

/// The trustpoints whose CA certificates are the anchors for the peer's chain: the bound
/// profile's `ca trust-point` list, else every global trustpoint, newest first.
#[must_use]
pub fn trustpoints(profile: Option<&IsakmpProfile>, store: &Store) -> Decision<Vec<String>> {
    match profile {
        Some(profile) if !profile.trustpoints.is_empty() => Decision::new(
            profile.trustpoints.clone(),
            "S-050",
            format!(
                "profile {} restricts validation to its ca trust-point list",
                profile.name
            ),
        )
        .about(listed(profile))
        .among(vouching(
            &profile.trustpoints,
            &profile.name,
            store,
            "S-050",
        )),
        Some(profile) => Decision::new(
            store.ca_trustpoints(),
            "S-050",
            format!(
                "profile {} has no ca trust-point: every global trustpoint validates",
                profile.name
            ),
        )
        .about([Subject::isakmp_profile(&profile.name)])
        .about(every(store)),
        None => Decision::new(
            store.ca_trustpoints(),
            "S-050",
            "no profile is bound: every global trustpoint validates",
        )
        .about(every(store)),
    }
}

/// The trustpoints of a list, then those it leaves out: what each may do for the profile of that name.
pub(super) fn vouching(
    listed: &[String],
    profile: &str,
    store: &Store,
    rule: &'static str,
) -> Vec<Candidate> {
    let candidate =
        |tp: &str| Candidate::new(format!("trustpoint {tp}"), Some(Subject::trustpoint(tp)));
    let named = listed.iter().map(|tp| match store.ca(tp) {
        Some(_) => candidate(tp).chosen(),
        None => candidate(tp).rejected("P-040", "it has no CA certificate"),
    });
    let all = store.ca_trustpoints();
    let others = all.iter().filter(|tp| !listed.contains(tp)).map(|tp| {
        let because = format!("profile {profile} does not name it");
        candidate(tp).rejected(rule, because)
    });
    named.chain(others).take(MAX_CANDIDATES).collect()
}

/// What of the configuration a refused chain goes back to: the line of the trustpoint that refused it, then what
/// `considered` names (S-050, S-076).
#[must_use]
pub fn blamed(error: Option<&ValidationError>, considered: Vec<Subject>) -> Vec<Subject> {
    let of = |trustpoint: &str, command| vec![Subject::trustpoint(trustpoint).line(command)];
    let lines = match error.map(|error| &error.refusal) {
        Some(Refusal::CrlUnavailable { trustpoint, .. }) => of(trustpoint, "revocation-check"),
        Some(Refusal::NoCertificateMap(trustpoint)) => of(trustpoint, "match certificate"),
        // P-040: where there was nobody to look at, a trustpoint looks further up and finds no one.
        Some(Refusal::NoSuitableTrustpoint { trustpoints, .. }) if trustpoints.is_empty() => {
            let walking = considered.iter();
            let walking = walking.filter(|s| matches!(s, Subject::Trustpoint { .. }));
            walking
                .map(|s| s.line("chain-validation continue"))
                .collect()
        }
        _ => Vec::new(),
    };
    lines.into_iter().chain(considered).collect()
}

/// The lines of a profile that name trustpoints; where there is none, the profile.
pub(super) fn listed(profile: &IsakmpProfile) -> Vec<Subject> {
    let own = Subject::isakmp_profile(&profile.name);
    let names = profile.trustpoints.iter();
    let mut lines: Vec<Subject> = names
        .map(|name| own.line(format!("ca trust-point {name}")))
        .collect();
    if lines.is_empty() {
        lines.push(own);
    }
    lines
}

/// Every trustpoint with a CA.
pub(super) fn every(store: &Store) -> Vec<Subject> {
    let names = store.ca_trustpoints();
    names.iter().map(|name| Subject::trustpoint(name)).collect()
}

/// A trustpoint as an anchor at `now` (seconds since 1970 UTC): its CA certificate, its revocation
/// methods (default `crl`), where it asks, its certificate maps, and the trustpoints above it
/// (P-040, P-041). `None` without a CA certificate.
#[must_use]
pub fn anchor(config: &RunningConfig, store: &Store, trustpoint: &str, now: i64) -> Option<Anchor> {
    let source = AnchorSource { config, store, now };
    source.anchor(trustpoint, &[])
}

struct AnchorSource<'a> {
    config: &'a RunningConfig,
    store: &'a Store,
    now: i64,
}

impl AnchorSource<'_> {
    /// `below`: the trustpoints that led here; none comes twice.
    fn anchor(&self, trustpoint: &str, below: &[&str]) -> Option<Anchor> {
        let configured = self
            .config
            .trustpoints
            .iter()
            .find(|t| t.name == trustpoint);
        let default = TrustpointConfig::default();
        let settings = configured.unwrap_or(&default);
        let mut anchor = self.store.anchor(trustpoint, methods(settings))?;
        anchor.crls = self.store.crls.lists(keeping(settings.crl_cache), self.now);
        anchor.asks = asks(settings);
        anchor.rules = rules(self.config, settings);
        if let ChainValidation::Continue(parent) = &settings.chain_validation {
            let below: Vec<&str> = below.iter().copied().chain([trustpoint]).collect();
            anchor.continues = Some(self.above(&anchor, parent.as_deref(), &below));
        }
        Some(anchor)
    }

    /// The trustpoint named, else those whose CA bears the issuer's name.
    fn above(&self, anchor: &Anchor, parent: Option<&str>, below: &[&str]) -> Vec<Anchor> {
        if below.len() >= MAX_LEVELS {
            return Vec::new();
        }
        let issuer = anchor.certificate.issuer();
        let names = match parent {
            Some(parent) => vec![parent.to_owned()],
            None => self.store.ca_trustpoints(),
        };
        let fits = |name: &&String| {
            let ca = self.store.ca(name);
            !below.contains(&name.as_str())
                && (parent.is_some()
                    || ca.is_some_and(|ca| ca.certificate.subject().matches(issuer)))
        };
        let fitting = names.iter().filter(fits);
        fitting
            .filter_map(|name| self.anchor(name, below))
            .collect()
    }
}

fn methods(settings: &TrustpointConfig) -> Vec<Revocation> {
    let method = |method: &RevocationMethod| match method {
        RevocationMethod::Crl => Revocation::Crl,
        RevocationMethod::None => Revocation::None,
        RevocationMethod::Ocsp => Revocation::Ocsp,
    };
    match settings.revocation_check.as_slice() {
        [] => vec![Revocation::Crl],
        all => all.iter().map(method).collect(),
    }
}

fn keeping(time: CrlCacheTime) -> CrlKeeping {
    match time {
        CrlCacheTime::NextUpdate => CrlKeeping::UntilNextUpdate,
        CrlCacheTime::None => CrlKeeping::Never,
        CrlCacheTime::DeleteAfter(minutes) => CrlKeeping::Minutes(minutes),
    }
}

fn asks(settings: &TrustpointConfig) -> Asks {
    let scep = matches!(&settings.enrollment, Some(Enrollment::Url(url)) if is_http(url));
    Asks {
        crl_query: settings.crl_query.clone(),
        scep,
        ocsp_url: settings.ocsp_url.clone(),
        without_nonce: settings.ocsp_disable_nonce,
    }
}

fn is_http(url: &str) -> bool {
    let scheme = url.split("://").next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

fn rules(config: &RunningConfig, settings: &TrustpointConfig) -> Option<Arc<dyn CertificateRules>> {
    let lines = settings.match_certificate.clone();
    if lines.is_empty() {
        return None;
    }
    let named = |map: &&CertificateMap| lines.iter().any(|line| line.map == map.label);
    let maps = config.certificate_maps.iter().filter(named).cloned();
    let maps = maps.collect();
    Some(Arc::new(MapRules { lines, maps }))
}

/// `match certificate` of one trustpoint (G-061, G-062).
#[derive(Debug)]
struct MapRules {
    lines: Vec<CertificateMatch>,
    maps: Vec<CertificateMap>,
}

impl CertificateRules for MapRules {
    fn of(&self, certificate: &Certificate) -> Rules {
        let with = |effect| self.lines.iter().filter(move |line| line.effect == effect);
        let fits = |line: &CertificateMatch| {
            certificate_map::any_matches(&self.maps, &line.map, certificate)
        };
        let mut plain = with(MatchEffect::Accept).peekable();
        Rules {
            accepted: plain.peek().is_none() || plain.any(fits),
            allow_expired: with(MatchEffect::AllowExpired).any(fits),
            skip_revocation: with(MatchEffect::SkipRevocation).any(fits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use ike_crypto::{KeySpec, PrivateKey};
    use ike_pki::{CertRequestSpec, CrlOrigin, LabCa, Name};

    const NOW: i64 = 1_371_475_501;

    fn root(cn: &str) -> LabCa {
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
        let name = Name::from_subject_name(&format!("CN={cn}")).unwrap();
        LabCa::new(&name, key, 1, NOW - 60, NOW + 86_400).unwrap()
    }

    /// S-050, G-064: an imported CA of the trustpool may vouch behind the trustpoints, with
    /// `revocation-check crl`, unless a profile restricts.
    #[test]
    fn an_imported_ca_vouches_where_nothing_restricts() {
        let config = parse(
            "R",
            "crypto pki trustpoint TP\ncrypto isakmp profile P\n ca trust-point TP\n",
        )
        .config;
        let mut store = Store::default();
        store.authenticate("TP", root("Own").certificate().clone(), NOW);
        store.import_trustpool(vec![root("Pool").certificate().clone()], NOW);
        let all = trustpoints(None, &store).value;
        assert_eq!(all, ["TP", "Trustpool1"]);
        let pool = anchor(&config, &store, "Trustpool1", NOW).unwrap();
        assert_eq!(pool.certificate, store.trustpool()[0].certificate);
        assert_eq!(pool.revocation, [Revocation::Crl]);
        let bound = trustpoints(config.isakmp_profiles.first(), &store).value;
        assert_eq!(bound, ["TP"]);
    }

    fn below(parent: &mut LabCa, cn: &str) -> LabCa {
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
        let name = Name::from_subject_name(&format!("CN={cn}")).unwrap();
        let public = key.public();
        let mut spec = CertRequestSpec::router(name, &public, NOW - 60, NOW + 86_400);
        spec.ca = Some(None);
        let certificate = parent.issue(&spec).unwrap();
        LabCa::with_certificate(certificate, key, 1)
    }

    fn names(above: &Option<Vec<Anchor>>) -> Vec<&str> {
        let above = above.iter().flatten();
        above.map(|anchor| anchor.trustpoint.as_str()).collect()
    }

    /// P-040: the trustpoint named, or those of the issuer's name; a line that leads back to where
    /// it came from ends there, refused and not trusted.
    #[test]
    fn trustpoints_above_are_found_and_never_twice() {
        let mut ca = root("ROOT");
        let sub = below(&mut ca, "SUB");
        let mut store = Store::default();
        for (trustpoint, ca) in [("R", &ca), ("OTHER", &root("OTHER")), ("S", &sub)] {
            store.authenticate(trustpoint, ca.certificate().clone(), NOW);
        }
        let found = |r: &str, s: &str| {
            let text = format!("crypto pki trustpoint R\n{r}crypto pki trustpoint S\n{s}");
            let config = parse("r1.cfg", &text).config;
            anchor(&config, &store, "S", NOW).unwrap()
        };
        assert!(found("", "").continues.is_none());
        let any = found("", " chain-validation continue\n");
        assert_eq!(names(&any.continues), ["R"]);
        let named = found("", " chain-validation continue OTHER\n");
        assert_eq!(names(&named.continues), ["OTHER"], "the operator's word");
        let nobody = found("", " chain-validation continue NOBODY\n");
        assert_eq!(nobody.continues.map(|above| above.len()), Some(0));
        let back = found(
            " chain-validation continue S\n",
            " chain-validation continue R\n",
        );
        let above = back.continues.unwrap();
        assert_eq!(above[0].continues.as_ref().map(Vec::len), Some(0));
    }

    /// G-061: what a trustpoint asks, and which lists count for it.
    #[test]
    fn the_lines_of_a_trustpoint_reach_its_anchor() {
        let mut ca = root("ROOT");
        let mut store = Store::default();
        store.authenticate("R", ca.certificate().clone(), NOW);
        let url = CrlOrigin::Url("http://a/".to_owned());
        let list = ca.crl(NOW, NOW + 3600).unwrap();
        store.crls.put(url, list, NOW);
        let of = |lines: &str, at| {
            let text = format!("crypto pki trustpoint R\n{lines}");
            anchor(&parse("r1.cfg", &text).config, &store, "R", at).unwrap()
        };
        let plain = of("", NOW);
        assert_eq!((plain.asks, plain.crls.len()), (Asks::default(), 1));
        assert_eq!(plain.revocation, [Revocation::Crl]);
        assert!(plain.rules.is_none());
        let full = of(
            " enrollment url http://ca\n revocation-check ocsp none\n ocsp url http://o\n ocsp disable-nonce\n crl query http://q\n",
            NOW,
        );
        let asks = Asks {
            crl_query: Some("http://q".to_owned()),
            scep: true,
            ocsp_url: Some("http://o".to_owned()),
            without_nonce: true,
        };
        assert_eq!(full.asks, asks);
        assert_eq!(full.revocation, [Revocation::Ocsp, Revocation::None]);
        assert!(of(" crl cache none\n", NOW).crls.is_empty());
        assert_eq!(of(" crl cache delete-after 2\n", NOW + 119).crls.len(), 1);
        assert!(of(" crl cache delete-after 2\n", NOW + 120).crls.is_empty());
        assert!(anchor(&parse("r1.cfg", "").config, &store, "X", NOW).is_none());
    }
}
