//! What a configuration brings and takes away, and the trustpool.

use std::path::Path;

use super::bench::chains;
use super::bench::{Bench, CONFIG, config, log};
use crate::keystore::{Access, Keystore};
use crate::pki::{Action, restore};

/// P-003: a trustpoint that leaves the configuration loses its certificates; its key pair stays, and
/// what is still configured keeps its place.
#[tokio::test]
async fn a_trustpoint_that_is_gone_loses_its_certificates() {
    let bench = Bench::new();
    bench.enrolled("IOSCA1").await;
    bench.enrolled("IOSCA2").await;
    let (all, without) = (config(CONFIG), {
        let (head, _) = CONFIG.split_once("crypto pki trustpoint IOSCA2").unwrap();
        config(head)
    });
    let beside = Path::new(".");
    bench.pki.follow(all.clone(), all.clone(), beside).await;
    assert_eq!(
        bench.order().await.len(),
        2,
        "the same again deletes nothing"
    );
    bench.pki.follow(all.clone(), without.clone(), beside).await;
    assert_eq!(bench.order().await, ["cn=CA1,o=cisco,o=com"]);
    assert!(bench.store().await.ca("IOSCA2").is_none());
    assert_eq!(bench.keys().await.len(), 2);
    assert!(
        log().contains("% Trustpoint IOSCA2 is gone from the configuration"),
        "{}",
        log()
    );
    bench.pki.follow(without, all, beside).await;
    assert_eq!(
        bench.order().await.len(),
        1,
        "what is added again starts anew"
    );
}

/// G-063: what a configuration carries and the store lacks is taken at boot, the last trustpoint of
/// the text the newest; what cannot be used is told with the way out. A second boot takes nothing.
#[tokio::test]
async fn certificates_of_the_configuration_are_restored_at_boot() {
    let bench = Bench::new();
    bench.enrolled("IOSCA2").await;
    bench.enrolled("IOSCA1").await;
    let store = bench.store().await;
    let text = format!("{CONFIG}{}", chains(&store, &["IOSCA1", "IOSCA2"]));
    let carried = config(&text);
    bench
        .pki
        .commit(Vec::new(), |store| {
            store.remove_trustpoint("IOSCA1");
            store.remove_trustpoint("IOSCA2");
        })
        .await
        .unwrap();
    let at = super::bench::NOW;
    let mut keystore = bench.pki.keystore.lock().await;
    let told = restore(&mut keystore, &carried, Path::new("."), at).unwrap();
    assert_eq!(
        told,
        [
            "4 certificates of `crypto pki certificate chain` are taken into the store: IOSCA1, IOSCA2"
        ]
    );
    let own = keystore.store.identity("IOSCA1").unwrap();
    assert!(keystore.can_sign(own));
    let order = keystore.store.certificate_request_order();
    assert_eq!(order[0], "cn=CA2,o=cisco,o=com");
    let again = restore(&mut keystore, &carried, Path::new("."), at).unwrap();
    assert!(again.is_empty(), "{again:?}");

    // On another router the keys are missing.
    let dir = tempfile::tempdir().unwrap();
    let mut other = Keystore::open(&dir.path().join("s"), Access::Write, None).unwrap();
    let told = restore(&mut other, &carried, Path::new("."), at).unwrap();
    assert!(told[0].starts_with("2 certificates of"), "{told:?}");
    assert!(
        told[1].contains("no private key for") && told[1].contains("import-config"),
        "{told:?}"
    );
    assert!(other.store.identity("IOSCA1").is_none() && other.store.ca("IOSCA1").is_some());
}

/// G-064: what is pasted is an anchor behind the trustpoints; `clean` empties the pool.
#[tokio::test]
async fn the_trustpool_is_filled_and_emptied() {
    let bench = Bench::new();
    bench.enrolled("IOSCA1").await;
    let ca2 = bench.cas.at("192.168.0.4", |ca| ca.certificate().to_pem());
    let mut answers = vec!["# a bundle", ""];
    answers.extend(ca2.lines());
    answers.push("quit");
    let (done, _) = bench.act(Action::ImportTrustpool, &answers).await;
    assert_eq!(
        done.unwrap(),
        "% PEM files import succeeded: 1 new, 0 known."
    );
    let bench = bench.restart();
    assert_eq!(
        bench.store().await.ca_trustpoints(),
        ["IOSCA1", "Trustpool1"]
    );
    let own = bench
        .store()
        .await
        .identity("IOSCA1")
        .unwrap()
        .certificate
        .to_pem();
    let answers: Vec<&str> = own.lines().chain(["quit"]).collect();
    let text = bench.refused(Action::ImportTrustpool, &answers).await;
    assert!(text.contains("No CA certificate in the text"), "{text}");
    let text = bench
        .refused(Action::ImportTrustpool, &["rubbish", "quit"])
        .await;
    assert!(text.starts_with("% Error in certificate"), "{text}");
    bench.ok(Action::CleanTrustpool).await;
    let store = bench.store().await;
    assert!(store.is_trustpool_clean() && store.trustpool().is_empty());
}

/// O-086: lists come by SCEP, are counted, and `clear crypto pki crls` empties the cache.
#[tokio::test]
async fn lists_are_fetched_on_demand_and_cleared() {
    let bench = Bench::new();
    let request = || Action::RequestCrl {
        trustpoint: "IOSCA1".into(),
    };
    let text = bench.refused(request(), &[]).await;
    assert!(
        text.contains("must authenticate the Certificate Authority"),
        "{text}"
    );
    bench.enrolled("IOSCA1").await;
    bench.ok(request()).await;
    assert_eq!(bench.store().await.crls.entries().count(), 1);
    bench.cas.break_(Some(super::bench::Broken::Down));
    let text = bench.refused(request(), &[]).await;
    assert!(text.starts_with("%PKI-3-CRL_FETCH_FAIL: "), "{text}");
    let counts = bench.pki.counts();
    assert_eq!(
        (counts.crl_fetch_attempts, counts.crl_fetch_failures),
        (2, 1)
    );
    bench.ok(Action::ClearCrls).await;
    assert_eq!(bench.store().await.crls.entries().count(), 0);
}
