//! Requests and what becomes of them: granted, pending, rejected, and every step that can fail.

use std::time::Duration;

use ike_pki::ca_server::GrantPolicy;

use super::bench::{Bench, Broken, CONFIG, NOW, at, authenticate, debug, enroll, log};
use crate::log::Switch;
use crate::pki::Action;

/// T-80, T-82, T-84: the order of enrolment, kept across a restart, saved on demand.
#[tokio::test]
async fn the_order_of_enrolment_survives_a_restart() {
    let bench = Bench::new();
    bench.enrolled("IOSCA1").await;
    bench.enrolled("IOSCA2").await;
    let names = |store: &ike_pki::Store| {
        let all = store.certificate_views(None).into_iter();
        all.map(|view| (view.title, view.trustpoints, view.storage))
            .collect::<Vec<_>>()
    };
    let expected = [
        ("Certificate", "IOSCA2"),
        ("CA Certificate", "IOSCA2"),
        ("Certificate", "IOSCA1"),
        ("CA Certificate", "IOSCA1"),
    ];
    let before = names(&bench.store().await);
    for (view, (title, trustpoint)) in before.iter().zip(expected) {
        assert_eq!(
            (view.0, view.1[0].as_str(), &view.2),
            (title, trustpoint, &None)
        );
    }
    let bench = bench.restart();
    assert_eq!(names(&bench.store().await), before);
    let text = bench.ok(Action::Save).await;
    assert_eq!(text, "Building configuration...\n[OK]");
    let text = bench.store().await.show_certificates(Some("IOSCA1"), false);
    assert!(text.contains("  Storage: nvram:CA1#2.cer\n"), "{text}");
    assert!(text.contains("  Storage: nvram:CA1#1CA.cer\n"), "{text}");
}

/// T-83, P-024: a request that waits shows last and changes no order; it is polled for across a
/// restart, and its certificate is the newest.
#[tokio::test(start_paused = true)]
async fn a_pending_request_is_polled_for_after_a_restart() {
    let bench = Bench::with(CONFIG, GrantPolicy::Manual);
    bench.ok(authenticate("IOSCA1", false)).await;
    let text = bench.ok(enroll("IOSCA1", false)).await;
    assert!(
        text.contains("the administrator of the CA has to grant it"),
        "{text}"
    );
    bench.ok(authenticate("IOSCA2", false)).await;
    let order = ["cn=CA2,o=cisco,o=com", "cn=CA1,o=cisco,o=com"];
    assert_eq!(bench.order().await, order);
    let shown = bench.store().await.show_certificates(None, false);
    let last = shown.rsplit("\n\n").next().unwrap();
    assert!(
        last.starts_with("Certificate\n  Subject:\n    Name: R1.cisco.com\n   Status: Pending\n"),
        "{shown}"
    );
    let text = bench.refused(enroll("IOSCA1", false), &[]).await;
    assert!(text.contains("is pending already"), "{text}");

    let bench = bench.restart();
    at(NOW + 61);
    bench.unattended(Duration::from_secs(2)).await;
    assert_eq!(bench.store().await.pending("IOSCA1").unwrap().polls, 1);
    assert_eq!(bench.order().await, order, "not granted yet");
    bench.cas.at("192.168.0.3", |ca| {
        let id = ca.pending()[0].id;
        ca.grant(id, NOW + 90).unwrap();
    });
    at(NOW + 122);
    bench.unattended(Duration::from_secs(2)).await;
    assert!(bench.can_sign("IOSCA1").await, "{}", log());
    assert_eq!(bench.order().await, [order[1], order[0]]);
    assert!(
        log().contains("%PKI-6-CERTRET: Certificate received"),
        "{}",
        log()
    );
    assert!(bench.store().await.all_pending().is_empty());
    let counts = bench.pki.counts();
    assert_eq!(
        (counts.scep_polls, counts.scep_pending, counts.scep_granted),
        (2, 1, 1)
    );
}

/// G-061: after `enrollment retry count` polls the router asks no more.
#[tokio::test(start_paused = true)]
async fn polls_end_with_the_retry_count() {
    let text = CONFIG.replacen(
        " enrollment retry period 1\n",
        " enrollment retry count 2\n",
        1,
    );
    let bench = Bench::with(&text, GrantPolicy::Manual);
    bench.enrolled("IOSCA1").await;
    for round in 1..6 {
        at(NOW + 61 * round);
        bench.unattended(Duration::from_secs(2)).await;
    }
    assert_eq!(bench.pki.counts().scep_polls, 2);
    assert!(bench.store().await.pending("IOSCA1").is_some());
}

/// T-87: a rejected request leaves everything as it was, now and at a poll.
#[tokio::test(start_paused = true)]
async fn a_rejected_request_leaves_the_old_certificate() {
    let bench = Bench::new();
    bench.enrolled("IOSCA1").await;
    let before = bench.store().await;
    let keys = bench.keys().await;
    for policy in [GrantPolicy::Reject, GrantPolicy::Manual] {
        bench.cas.at("192.168.0.3", |ca| {
            let mut options = ca.options().clone();
            options.policy = policy;
            ca.set_options(options);
            // Else the CA answers the same request as before.
            let known: Vec<u64> = ca.requests().iter().map(|request| request.id).collect();
            known.into_iter().for_each(|id| ca.forget(id).unwrap());
        });
        at(NOW + 5);
        let (done, _) = bench.act(enroll("IOSCA1", false), &[]).await;
        if policy == GrantPolicy::Manual {
            done.unwrap();
            bench.cas.at("192.168.0.3", |ca| {
                let id = ca.pending()[0].id;
                ca.reject(id).unwrap();
            });
            at(NOW + 100);
            bench.unattended(Duration::from_secs(2)).await;
        } else {
            let text = done.unwrap_err().to_string();
            assert!(text.contains("the CA answered badRequest"), "{text}");
        }
        let line = "%PKI-6-CERTREJECT: Certificate enrollment request was rejected by Certificate Authority for Trustpoint IOSCA1\n";
        assert!(log().contains(line), "{}", log());
        assert_eq!(bench.store().await, before, "{policy:?}");
        assert_eq!(bench.keys().await, keys);
    }
}

/// Whatever step fails, its name is told, nothing is stored, and the next attempt succeeds.
#[tokio::test]
async fn a_failure_at_any_step_changes_nothing() {
    let bench = Bench::new();
    for (broken, step) in [
        (Broken::Down, "GetCACert: 192.168.0.3: Connection refused"),
        (Broken::Status(404), "GetCACert"),
        (Broken::Status(500), "GetCACert"),
    ] {
        bench.cas.break_(Some(broken));
        let text = bench.refused(authenticate("IOSCA1", false), &[]).await;
        assert!(
            text.starts_with("% Trustpoint IOSCA1 (") && text.contains(step),
            "{text}"
        );
    }
    assert!(bench.store().await.listing().is_empty());
    bench.cas.break_(None);
    bench.ok(authenticate("IOSCA1", false)).await;
    let before = bench.store().await;
    for (broken, step) in [
        (Broken::Down, "Connection refused"),
        (Broken::Status(404), "404"),
        (Broken::Operation, "500"),
    ] {
        bench.cas.break_(Some(broken));
        let text = bench.refused(enroll("IOSCA1", false), &[]).await;
        assert!(text.contains(step), "{text}");
        assert_eq!(bench.store().await, before, "{broken:?}");
    }
    bench.cas.break_(None);
    bench.ok(enroll("IOSCA1", false)).await;
    assert!(bench.can_sign("IOSCA1").await);
    let counts = bench.pki.counts();
    assert!(
        counts.scep_failed >= 2 && counts.scep_granted == 1,
        "{counts:?}"
    );
}

/// P-021: another CA in the same place is not asked for a certificate.
#[tokio::test]
async fn a_ca_with_another_certificate_is_refused() {
    let bench = Bench::new();
    bench.ok(authenticate("IOSCA1", false)).await;
    bench.cas.add("192.168.0.3", "CA1", GrantPolicy::Automatic);
    let text = bench.refused(enroll("IOSCA1", false), &[]).await;
    assert!(
        text.contains("another certificate than the one that was authenticated"),
        "{text}"
    );
    assert!(
        text.contains("`no crypto pki trustpoint` and authenticate again"),
        "{text}"
    );
    assert_eq!(bench.cas.at("192.168.0.3", |ca| ca.requests().len()), 0);
}

/// P-003: enrolling again moves to the front, and the operator hears of it before.
#[tokio::test]
async fn another_order_is_told_before_it_happens() {
    let bench = Bench::new();
    bench.enrolled("IOSCA1").await;
    bench.enrolled("IOSCA2").await;
    at(NOW + 5);
    bench.cas.at("192.168.0.3", |ca| {
        let id = ca.requests()[0].id;
        ca.forget(id).unwrap();
    });
    let answers = ["yes", "pw", "pw", "yes"];
    let (done, told) = bench.act(enroll("IOSCA1", true), &answers).await;
    done.unwrap();
    let warning = "%   before: cn=CA2,o=cisco,o=com | cn=CA1,o=cisco,o=com
%   after:  cn=CA1,o=cisco,o=com | cn=CA2,o=cisco,o=com
";
    assert!(told.contains(warning), "{told}");
    assert!(
        told.contains("Do you want to continue with re-enrollment? [yes/no]: yes"),
        "{told}"
    );
    assert_eq!(bench.order().await[0], "cn=CA1,o=cisco,o=com");
}

/// O-080, P-020, P-021: the conversation in IOS's words; no password in any line.
#[tokio::test]
async fn debug_tells_the_conversation_and_no_secret() {
    let bench = Bench::new();
    bench.enrolled("IOSCA2").await;
    let text = debug(Switch::PkiTransactions);
    for line in [
        "CRYPTO_PKI: Sending CA Certificate Request: \nGET /cgi-bin/pkiclient.exe?operation=GetCACert&message=IOSCA2 HTTP/1.0\n",
        "CRYPTO_PKI: Capabilites already obtained CA_CAP_POST_ACCEPTED CA_CAP_RENEWAL CA_CAP_SHA_1 CA_CAP_SHA_256\n",
        "CRYPTO_PKI: transaction PKIOperation completed\n",
        "CRYPTO_PKI: status = 100: certificate is granted\n",
    ] {
        assert!(text.contains(line), "{line} not in {text}");
    }
    let messages = debug(Switch::PkiMessages);
    assert!(messages.contains("octets are posted"), "{messages}");
    for text in [text, messages, log()] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}
