//! What a validation wants to know about revocation, and what it makes of
//! what comes (B15, G-061, P-025, P-040, P-041).

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use ike_crypto::{KeySpec, PrivateKey};
use ike_pki::{
    Anchor, Attempt, CertRequestSpec, Certificate, CertificateRules, ChainPolicy, Crl, Evidence,
    LabCa, MAX_SOURCES, Name, OcspResponse, Refusal, RevocationMethod as Method, Rules, Source,
    attempt, examine, validate,
};
use support::{DAY, NOW, ca, router_key, subject};

const IOS: ChainPolicy = ChainPolicy::ios_15_3t();

/// A certificate with these distribution points and responders.
fn leaf(ca: &mut LabCa, crl: &[&str], ocsp: &[&str]) -> Certificate {
    leaf_with(ca, |spec| {
        spec.crl_urls = crl.iter().map(|url| (*url).to_owned()).collect();
        spec.ocsp_urls = ocsp.iter().map(|url| (*url).to_owned()).collect();
    })
}

fn leaf_with(ca: &mut LabCa, change: impl FnOnce(&mut CertRequestSpec<'_>)) -> Certificate {
    let mut spec = CertRequestSpec::router(subject("R1"), router_key(), NOW - DAY, NOW + DAY);
    change(&mut spec);
    ca.issue(&spec).unwrap()
}

fn sub_ca(parent: &mut LabCa, cn: &str, change: impl FnOnce(&mut CertRequestSpec<'_>)) -> LabCa {
    let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
    let name = Name::from_subject_name(&format!("cn={cn},o=cisco")).unwrap();
    let public = key.public();
    let mut spec = CertRequestSpec::router(name, &public, NOW - DAY, NOW + 100 * DAY);
    spec.ca = Some(None);
    change(&mut spec);
    let certificate = parent.issue(&spec).unwrap();
    LabCa::with_certificate(certificate, key, 1)
}

fn anchor(ca: &LabCa, methods: &[Method]) -> Anchor {
    let mut anchor = Anchor::new("IOSCA1", ca.certificate().clone());
    anchor.revocation = methods.to_vec();
    anchor
}

fn wanted(chain: &[Certificate], anchors: &[Anchor], evidence: &Evidence) -> Vec<Source> {
    match attempt(chain, anchors, evidence, NOW, &IOS) {
        Attempt::Wanted(sources) => sources,
        other => panic!("{other:?}"),
    }
}

fn verdict(chain: &[Certificate], anchors: &[Anchor], evidence: &Evidence) -> Result<(), Refusal> {
    match attempt(chain, anchors, evidence, NOW, &IOS) {
        Attempt::Valid(_) => Ok(()),
        Attempt::Refused(error) => Err(error.refusal),
        Attempt::Wanted(sources) => panic!("{sources:?}"),
    }
}

fn url(source: &Source) -> &str {
    match source {
        Source::Crl { url } | Source::Ocsp { url, .. } => url,
        Source::ScepCrl { .. } => "scep",
    }
}

/// G-061: the methods in their order, the points of a certificate in theirs,
/// each asked only when what came before gave no verdict.
#[test]
fn sources_are_asked_in_the_order_of_methods_and_points() {
    let mut ca1 = ca("CA1");
    let both = leaf(
        &mut ca1,
        &["ldap://x/cn=CA1", "http://a/", "https://b/", "http://c/"],
        &["http://o/"],
    );
    let chain = [both];
    let (crl, ocsp, none) = (Method::Crl, Method::Ocsp, Method::None);
    for (methods, order) in [
        (
            &[crl, ocsp][..],
            &["http://a/", "http://c/", "http://o/"][..],
        ),
        (&[ocsp, crl], &["http://o/", "http://a/", "http://c/"]),
        (&[ocsp], &["http://o/"]),
        (&[none, crl], &[]),
    ] {
        let anchors = [anchor(&ca1, methods)];
        let mut evidence = Evidence::new([1; 32]);
        for expected in order {
            let sources = wanted(&chain, &anchors, &evidence);
            let [source] = &sources[..] else {
                panic!("{sources:?}");
            };
            assert_eq!(url(source), *expected, "{methods:?}");
            evidence.failed(source.clone(), "down");
        }
        let last = verdict(&chain, &anchors, &evidence);
        assert_eq!(last.is_ok(), order.is_empty(), "{last:?}");
        let anchors = [anchor(&ca1, &[methods, &[none]].concat())];
        assert_eq!(
            verdict(&chain, &anchors, &evidence),
            Ok(()),
            "none at the end"
        );
    }
}

/// P-041: what was fetched decides; a list of the wrong CA decides nothing.
#[test]
fn a_fetched_list_is_believed_like_one_at_hand() {
    let mut ca1 = ca("CA1");
    let (good, bad) = (
        leaf(&mut ca1, &["http://a/"], &[]),
        leaf(&mut ca1, &["http://a/"], &[]),
    );
    ca1.revoke(&bad, NOW);
    let list = ca1.crl(NOW - 10, NOW + DAY).unwrap();
    let foreign = ca("CA1").crl(NOW - 10, NOW + DAY).unwrap();
    let anchors = [anchor(&ca1, &[Method::Crl, Method::None])];
    let with = |crl: &Crl| {
        let mut evidence = Evidence::new([1; 32]);
        let source = wanted(std::slice::from_ref(&good), &anchors, &evidence).remove(0);
        evidence.add_crl(source, crl.clone());
        evidence
    };
    let good_seen = examine(
        std::slice::from_ref(&good),
        &anchors,
        &with(&list),
        NOW,
        &IOS,
    );
    assert!(matches!(good_seen.attempt, Attempt::Valid(_)));
    assert_eq!(
        good_seen.believed,
        [Arc::new(list.clone())],
        "for the cache"
    );
    let revoked = verdict(&[bad], &anchors, &with(&list));
    assert!(matches!(revoked, Err(Refusal::Revoked { .. })), "final");
    let strange = examine(
        std::slice::from_ref(&good),
        &anchors,
        &with(&foreign),
        NOW,
        &IOS,
    );
    assert!(strange.believed.is_empty(), "not for the cache");
    assert!(
        matches!(strange.attempt, Attempt::Valid(_)),
        "none at the end"
    );
}

/// F4, F3: a list of before the revocation that is still current does not hide
/// the newer one, wherever each of them is.
#[test]
fn of_two_current_lists_the_newer_one_speaks() {
    let mut ca1 = ca("CA1");
    let bad = leaf(&mut ca1, &[], &[]);
    let old = Arc::new(ca1.crl(NOW - 20, NOW + DAY).unwrap());
    ca1.revoke(&bad, NOW - 10);
    let new = Arc::new(ca1.crl(NOW - 10, NOW + DAY).unwrap());
    for lists in [[&old, &new], [&new, &old]] {
        let mut anchor = anchor(&ca1, &[Method::Crl]);
        anchor.crls = lists.into_iter().cloned().collect();
        let seen = verdict(std::slice::from_ref(&bad), &[anchor], &Evidence::none());
        assert!(matches!(seen, Err(Refusal::Revoked { .. })), "{seen:?}");
    }
}

/// B15, CVE-2022-40617: signatures, dates and the rest come before a fetch.
#[test]
fn nothing_is_wanted_for_a_chain_that_is_refused_anyway() {
    let (mut ca1, mut stranger) = (ca("CA1"), ca("CA1"));
    let urls = |spec: &mut CertRequestSpec<'_>| spec.crl_urls = vec!["http://a/".to_owned()];
    let anchors = [anchor(&ca1, &[Method::Crl])];
    let refused = [
        leaf_with(&mut stranger, urls),
        leaf_with(&mut ca1, |spec| {
            urls(spec);
            spec.not_after = NOW - 1;
        }),
        leaf_with(&mut ca1, |spec| {
            urls(spec);
            spec.critical = vec!["1.2.3".to_owned()];
        }),
        leaf_with(&mut ca1, |spec| {
            urls(spec);
            spec.usage = Some(Some(ike_pki::KeyUsage::KEY_ENCIPHERMENT));
        }),
    ];
    for leaf in refused {
        assert!(verdict(&[leaf], &anchors, &Evidence::new([0; 32])).is_err());
    }
    // The sub-CA is good and has a point, the leaf below it is expired.
    let mut sub = sub_ca(&mut ca1, "SUB", urls);
    let leaf = leaf_with(&mut sub, |spec| spec.not_after = NOW - 1);
    let chain = [leaf, sub.certificate().clone()];
    assert!(verdict(&chain, &anchors, &Evidence::new([0; 32])).is_err());
}

/// One round asks for every certificate of the path.
#[test]
fn every_certificate_of_a_path_is_asked_about_at_once() {
    let mut root = ca("CA1");
    let mut sub = sub_ca(&mut root, "SUB", |spec| {
        spec.crl_urls = vec!["http://above/".to_owned()];
    });
    let chain = [
        leaf(&mut sub, &["http://sub/"], &[]),
        sub.certificate().clone(),
    ];
    let anchors = [anchor(&root, &[Method::Crl])];
    let sources = wanted(&chain, &anchors, &Evidence::new([0; 32]));
    let mut urls: Vec<&str> = sources.iter().map(url).collect();
    urls.sort_unstable();
    assert_eq!(urls, ["http://above/", "http://sub/"]);
    let mut evidence = Evidence::new([0; 32]);
    for source in sources {
        let ca = if url(&source) == "http://above/" {
            &mut root
        } else {
            &mut sub
        };
        evidence.add_crl(source, ca.crl(NOW, NOW + DAY).unwrap());
    }
    assert_eq!(verdict(&chain, &anchors, &evidence), Ok(()));
    // A source that both name is wanted once.
    let mut other = sub_ca(&mut root, "OTHER", |spec| {
        spec.crl_urls = vec!["http://both/".to_owned()];
    });
    let chain = [
        leaf(&mut other, &["http://both/"], &[]),
        other.certificate().clone(),
    ];
    let sources = wanted(&chain, &anchors, &Evidence::new([0; 32]));
    assert_eq!(sources.len(), 1);
}

/// B13, B15: a certificate with a hundred points has eight of them asked.
#[test]
fn the_sources_of_one_validation_are_bounded() {
    let mut ca1 = ca("CA1");
    let urls: Vec<String> = (0..100).map(|n| format!("http://a/{n}")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let chain = [leaf(&mut ca1, &urls, &urls)];
    let anchors = [anchor(&ca1, &[Method::Crl, Method::Ocsp])];
    let mut evidence = Evidence::new([0; 32]);
    for _ in 0..MAX_SOURCES {
        for source in wanted(&chain, &anchors, &evidence) {
            evidence.failed(source, "down");
        }
    }
    let Err(Refusal::CrlUnavailable { why, .. }) = verdict(&chain, &anchors, &evidence) else {
        panic!("a verdict");
    };
    assert!(why.contains("more than 8 sources"), "{why}");
    let mut late = Evidence::new([0; 32]);
    late.close("time is up");
    let Err(Refusal::CrlUnavailable { why, .. }) = verdict(&chain, &anchors, &late) else {
        panic!("a verdict");
    };
    assert!(why.contains("time is up"), "{why}");
}

/// A list where an answer was asked for, and the reverse, is nothing.
#[test]
fn what_is_of_another_kind_than_asked_is_nothing() {
    let mut ca1 = ca("CA1");
    let chain = [leaf(&mut ca1, &[], &["http://o/"])];
    let anchors = [anchor(&ca1, &[Method::Ocsp])];
    let mut evidence = Evidence::new([0; 32]);
    let source = wanted(&chain, &anchors, &evidence).remove(0);
    evidence.add_crl(source.clone(), ca1.crl(NOW, NOW + DAY).unwrap());
    assert!(matches!(
        verdict(&chain, &anchors, &evidence),
        Err(Refusal::CrlUnavailable { .. })
    ));
    let Source::Ocsp { request, .. } = &source else {
        panic!("{source:?}");
    };
    assert_eq!(request.nonce.as_ref().map(Vec::len), Some(32));
    let answer = ca1.answer_ocsp(&request.to_der(), None, NOW);
    evidence.add_ocsp(source.clone(), OcspResponse::from_der(answer).unwrap());
    assert_eq!(verdict(&chain, &anchors, &evidence), Ok(()));
    // Another validation has another nonce.
    let other = wanted(&chain, &anchors, &Evidence::new([9; 32]));
    assert!(!matches!(&other[..], [Source::Ocsp { request: r, .. }] if r == request));
}

/// P-025: SCEP when the certificate has no point at all; `crl query` before
/// either.
#[test]
fn without_a_distribution_point_the_trustpoint_is_asked() {
    let mut ca1 = ca("CA1");
    let bare = [leaf(&mut ca1, &[], &[])];
    let ldap = [leaf(&mut ca1, &["ldap://x/"], &[])];
    let mut scep = anchor(&ca1, &[Method::Crl]);
    scep.asks.scep = true;
    let sources = wanted(&bare, std::slice::from_ref(&scep), &Evidence::new([0; 32]));
    assert_eq!(
        sources,
        [Source::ScepCrl {
            trustpoint: "IOSCA1".into(),
            issuer: ca1.certificate().subject().clone(),
            serial: bare[0].serial().to_vec(),
        }]
    );
    let one = std::slice::from_ref(&scep);
    assert!(
        verdict(&ldap, one, &Evidence::new([0; 32])).is_err(),
        "LDAP is not fetched"
    );
    let mut query = scep.clone();
    query.asks.crl_query = Some("http://q/".into());
    let sources = wanted(&ldap, &[query], &Evidence::new([0; 32]));
    assert_eq!(url(&sources[0]), "http://q/");
}

/// P-040: each trustpoint's rule is for what its CA issued, and limits of the
/// CAs above hold for the whole path.
#[test]
fn a_chain_that_continues_is_judged_by_each_trustpoint_in_turn() {
    let mut root = ca("CA1");
    let mut sub = sub_ca(&mut root, "SUB", |spec| {
        spec.crl_urls = vec!["http://above/".to_owned()];
    });
    let leaf = [leaf(&mut sub, &["http://sub/"], &[])];
    let of = |continues: Option<Vec<Anchor>>, methods: &[Method]| {
        let mut anchor = Anchor::new("SUB", sub.certificate().clone());
        anchor.revocation = methods.to_vec();
        anchor.continues = continues;
        [anchor]
    };
    let none = Evidence::new([0; 32]);
    assert_eq!(verdict(&leaf, &of(None, &[Method::None]), &none), Ok(()));
    let above = vec![anchor(&root, &[Method::Crl])];
    let sources = wanted(&leaf, &of(Some(above.clone()), &[Method::None]), &none);
    assert_eq!(
        sources.iter().map(url).collect::<Vec<_>>(),
        ["http://above/"]
    );
    let above = vec![anchor(&root, &[Method::None])];
    let sources = wanted(&leaf, &of(Some(above.clone()), &[Method::Crl]), &none);
    assert_eq!(sources.iter().map(url).collect::<Vec<_>>(), ["http://sub/"]);
    let anchors = of(Some(above), &[Method::None]);
    let valid = validate(&leaf, &anchors, NOW, &IOS).unwrap();
    assert_eq!((valid.trustpoint(), valid.path().len()), ("SUB", 2));
    // No trustpoint above, or one that did not issue it: refused, not ended.
    for above in [vec![], vec![anchor(&ca("CA1"), &[Method::None])]] {
        let seen = verdict(&leaf, &of(Some(above), &[Method::None]), &none);
        let broken = matches!(
            seen,
            Err(Refusal::NoSuitableTrustpoint { .. } | Refusal::BadSignature)
        );
        assert!(broken, "{seen:?}");
    }
}

/// P-040: a pathLenConstraint above the sub-CA is not forgotten by it.
#[test]
fn constraints_of_the_trustpoint_above_hold_below() {
    let mut root = ca("CA1");
    let mut sub = sub_ca(&mut root, "SUB", |spec| spec.ca = Some(Some(0)));
    let mut low = sub_ca(&mut sub, "LOW", |_| ());
    let leaf = [leaf(&mut low, &[], &[])];
    let mut judge = Anchor::new("LOW", low.certificate().clone());
    judge.revocation = vec![Method::None];
    assert!(
        validate(&leaf, std::slice::from_ref(&judge), NOW, &IOS).is_ok(),
        "stop"
    );
    let mut middle = Anchor::new("SUB", sub.certificate().clone());
    middle.revocation = vec![Method::None];
    middle.continues = Some(vec![anchor(&root, &[Method::None])]);
    judge.continues = Some(vec![middle]);
    let error = validate(&leaf, &[judge], NOW, &IOS).unwrap_err();
    assert_eq!(error.refusal, Refusal::PathLength);
}

#[derive(Debug)]
struct Fixed(Rules);

impl CertificateRules for Fixed {
    fn of(&self, _: &Certificate) -> Rules {
        self.0
    }
}

/// P-041: what maps say about a certificate.
#[test]
fn rules_accept_excuse_and_skip() {
    let mut ca1 = ca("CA1");
    let good = leaf(&mut ca1, &["http://a/"], &[]);
    let old = leaf_with(&mut ca1, |spec| spec.not_after = NOW - 1);
    let early = leaf_with(&mut ca1, |spec| spec.not_before = NOW + 1);
    let with = |rules| {
        let mut anchor = anchor(&ca1, &[Method::None]);
        anchor.rules = Some(Arc::new(Fixed(rules)));
        anchor
    };
    let plain = Rules::default();
    let check = |leaf: &Certificate, anchor: Anchor| {
        verdict(
            std::slice::from_ref(leaf),
            &[anchor],
            &Evidence::new([0; 32]),
        )
    };
    let stranger = Rules {
        accepted: false,
        ..plain
    };
    let refused = Err(Refusal::NoCertificateMap("IOSCA1".into()));
    assert_eq!(check(&good, with(stranger)), refused);
    let excused = Rules {
        allow_expired: true,
        ..plain
    };
    for leaf in [&old, &early] {
        assert!(check(leaf, with(plain)).is_err());
        assert_eq!(check(leaf, with(excused)), Ok(()));
    }
    let mut skipped = with(Rules {
        skip_revocation: true,
        ..plain
    });
    skipped.revocation = vec![Method::Crl];
    assert_eq!(check(&good, skipped), Ok(()));
}
