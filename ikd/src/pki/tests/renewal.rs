//! What trustpoints do by themselves, and key pairs.

use std::time::Duration;

use ike_crypto::KeySpec;
use ike_pki::ca_server::GrantPolicy;

use super::bench::{Bench, CONFIG, DAY, NOW, at, authenticate, log};
use crate::pki::Action;

/// Certificates are good for a hundred days: at 70 percent they are renewed.
fn renewing(line: &str) -> String {
    CONFIG.replacen(
        " rsakeypair R1 1024\n",
        &format!(" rsakeypair R1 1024\n {line}\n"),
        1,
    )
}

/// G-061, P-003: a renewal is announced when it will change the order, and comes when it is due.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_changes_the_order_is_announced_and_made() {
    let bench = Bench::with(&renewing("auto-enroll 70"), GrantPolicy::Automatic);
    bench.enrolled("IOSCA1").await;
    bench.enrolled("IOSCA2").await;
    let (before, keys) = (bench.store().await, bench.keys().await);
    bench.unattended(Duration::from_secs(5)).await;
    let said = log();
    let announced = "%PKI-4-CERTREQ_ORDER: renewal of trustpoint IOSCA1 at ";
    assert_eq!(said.matches(announced).count(), 1, "{said}");
    let change = "from cn=CA2,o=cisco,o=com | cn=CA1,o=cisco,o=com to cn=CA1,o=cisco,o=com | cn=CA2,o=cisco,o=com";
    assert!(said.contains(change), "{said}");
    assert_eq!(bench.store().await, before, "not due");
    at(NOW + 71 * DAY);
    bench.unattended(Duration::from_secs(5)).await;
    assert_eq!(bench.order().await[0], "cn=CA1,o=cisco,o=com", "{}", log());
    let after = bench.store().await;
    assert_ne!(after.identity("IOSCA1"), before.identity("IOSCA1"));
    assert_eq!(after.identity("IOSCA2"), before.identity("IOSCA2"));
    assert_eq!(
        bench.keys().await,
        keys,
        "without `regenerate` the key pair stays"
    );
}

/// G-061: `auto-enroll` makes the first request, too, once the CA is there.
#[tokio::test(start_paused = true)]
async fn an_authenticated_trustpoint_enrols_by_itself() {
    let bench = Bench::with(&renewing("auto-enroll"), GrantPolicy::Automatic);
    bench.unattended(Duration::from_secs(5)).await;
    assert!(
        bench.store().await.listing().is_empty(),
        "no CA, no request"
    );
    bench.ok(authenticate("IOSCA1", false)).await;
    bench.unattended(Duration::from_secs(5)).await;
    assert!(bench.can_sign("IOSCA1").await, "{}", log());
}

/// G-061: `regenerate` with a CA that lets it wait: the old certificate signs until the new one is
/// there, and the new key pair takes the name of the old one with it.
#[tokio::test(start_paused = true)]
async fn a_new_key_pair_replaces_the_old_one_with_its_certificate() {
    let bench = Bench::with(
        &renewing("auto-enroll 70 regenerate"),
        GrantPolicy::Automatic,
    );
    bench.enrolled("IOSCA1").await;
    let old = bench.keys().await;
    bench.cas.at("192.168.0.3", |ca| {
        let mut options = ca.options().clone();
        options.policy = GrantPolicy::Manual;
        options.capabilities.renewal = false;
        ca.set_options(options);
    });
    at(NOW + 71 * DAY);
    bench.unattended(Duration::from_secs(5)).await;
    assert!(bench.store().await.pending("IOSCA1").is_some(), "{}", log());
    assert!(
        bench.can_sign("IOSCA1").await,
        "the old certificate has its key"
    );
    let labels: Vec<String> = bench
        .keys()
        .await
        .iter()
        .map(|key| key.label.clone())
        .collect();
    assert_eq!(labels, ["R1", "R1#"]);
    let bench = bench.restart();
    assert!(bench.can_sign("IOSCA1").await);
    bench.cas.at("192.168.0.3", |ca| {
        let id = ca.pending()[0].id;
        ca.grant(id, NOW + 71 * DAY).unwrap();
    });
    at(NOW + 72 * DAY);
    bench.unattended(Duration::from_secs(5)).await;
    assert!(bench.can_sign("IOSCA1").await, "{}", log());
    let keys = bench.keys().await;
    assert_eq!((keys.len(), keys[0].label.as_str()), (1, "R1"));
    assert_ne!(keys[0].spki, old[0].spki);
    let store = bench.store().await;
    assert_eq!(
        store.identity("IOSCA1").unwrap().key_label.as_deref(),
        Some("R1")
    );
}

/// A CA that cannot be reached is asked again later, not in a loop.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_rests() {
    let bench = Bench::with(&renewing("auto-enroll 70"), GrantPolicy::Automatic);
    bench.enrolled("IOSCA1").await;
    bench.cas.break_(Some(super::bench::Broken::Down));
    at(NOW + 71 * DAY);
    let before = bench.pki.counts().scep_sent;
    bench.unattended(Duration::from_secs(50)).await;
    assert_eq!(bench.pki.counts().scep_sent, before + 1, "{}", log());
    assert!(bench.can_sign("IOSCA1").await, "the old one stays");
}

fn generate(label: &str, exportable: bool) -> Action {
    Action::GenerateKeys {
        label: Some(label.into()),
        spec: KeySpec::Rsa { bits: 1024 },
        exportable,
    }
}

/// G-060: a key pair has its label, is replaced only on purpose, and takes its certificates along.
#[tokio::test]
async fn key_pairs_are_made_replaced_and_removed_on_purpose() {
    let bench = Bench::new();
    let (done, told) = bench.act(generate("R1", true), &[]).await;
    assert_eq!(done.unwrap(), "[OK]");
    assert_eq!(
        told,
        "The name for the keys will be: R1\n% Generating 1024 bit RSA keys, keys will be exportable...\n"
    );
    let first = bench.keys().await;
    assert!(first[0].exportable);
    let text = bench.refused(generate("R1", false), &["no"]).await;
    assert_eq!(text, "% The keys stay as they are.");
    assert_eq!(bench.keys().await, first);
    bench.enrolled("IOSCA1").await;
    assert_eq!(
        bench.keys().await,
        first,
        "the enrolment takes the pair that is there"
    );
    let zeroize = |label: &str| Action::ZeroizeKeys {
        label: label.into(),
    };
    let text = bench.refused(zeroize("R9"), &[]).await;
    assert!(text.contains("There is no key pair R9"), "{text}");
    bench.refused(zeroize("R1"), &["no"]).await;
    assert!(bench.can_sign("IOSCA1").await);
    let (done, told) = bench.act(zeroize("R1"), &["yes"]).await;
    done.unwrap();
    assert!(
        told.contains("All router certs issued using these keys will also be removed."),
        "{told}"
    );
    let store = bench.store().await;
    assert!(store.identity("IOSCA1").is_none() && store.ca("IOSCA1").is_some());
    assert!(bench.keys().await.is_empty());
    let mut small = generate("R1", false);
    if let Action::GenerateKeys { spec, .. } = &mut small {
        *spec = KeySpec::Rsa { bits: 100 };
    }
    let text = bench.refused(small, &[]).await;
    assert!(text.contains("from 360 to 8192 bits"), "{text}");
}

/// RFC 8894 4.7: the next certificate of the CA is fetched in time, counts for nothing before the end
/// of the one of now, survives a restart, and the router enrols under it by itself.
#[tokio::test(start_paused = true)]
async fn a_ca_rolls_over_without_an_operator() {
    let bench = Bench::with(&renewing("auto-enroll 80"), GrantPolicy::Automatic);
    bench.enrolled("IOSCA1").await;
    let now = bench.cas.at("192.168.0.3", |ca| ca.certificate().clone());
    // A CA that tells no next certificate is asked once a day.
    at(NOW + 3200 * DAY);
    bench.unattended(Duration::from_secs(200)).await;
    let told = "tells no next one (GetNextCACert)";
    assert_eq!(log().matches(told).count(), 1, "{}", log());
    let next = bench.cas.prepare_rollover("192.168.0.3", "CA1");
    at(NOW + 3202 * DAY);
    let bench = bench.restart();
    bench.unattended(Duration::from_secs(5)).await;
    let store = bench.store().await;
    assert_eq!(
        store.next_ca("IOSCA1").map(|ca| (**ca).clone()),
        Some(next.clone()),
        "{}",
        log()
    );
    assert_eq!(*store.ca("IOSCA1").unwrap().certificate, now);
    let bench = bench.restart();
    bench.cas.roll_over("192.168.0.3");
    at(NOW + 3651 * DAY);
    bench.unattended(Duration::from_secs(100)).await;
    let store = bench.store().await;
    assert_eq!(*store.ca("IOSCA1").unwrap().certificate, next, "{}", log());
    let own = &store.identity("IOSCA1").unwrap().certificate;
    assert!(ike_pki::is_issued_by(own, &next), "{}", log());
    assert!(bench.can_sign("IOSCA1").await);
}
