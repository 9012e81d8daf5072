//! Certificates and keys pasted at a terminal and printed there (O-087).

use ike_crypto::KeySpec;
use zeroize::Zeroizing;

use super::bench::{Bench, CONFIG, authenticate, config, debug, enroll, log};
use crate::log::Switch;
use crate::pki::{Action, Form};

fn passphrase(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

fn export(form: Form) -> Action {
    Action::Export {
        trustpoint: "IOSCA1".into(),
        form,
    }
}

fn import(trustpoint: &str, form: Form, exportable: bool) -> Action {
    Action::Import {
        trustpoint: trustpoint.into(),
        form,
        exportable,
    }
}

/// A router whose key may leave.
async fn exporting() -> Bench {
    let bench = Bench::new();
    bench
        .ok(Action::GenerateKeys {
            label: Some("R1".into()),
            spec: KeySpec::Rsa { bits: 1024 },
            exportable: true,
        })
        .await;
    bench.enrolled("IOSCA1").await;
    bench
}

/// The part of an export between two marks, as lines.
fn part<'a>(text: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    let (_, rest) = text.split_once(begin).unwrap();
    let (inner, _) = rest.split_once(end).unwrap_or((rest, ""));
    inner.trim().lines().collect()
}

/// PEM out of one router and into another: the prompts of IOS, one commit, the key in its place.
#[tokio::test]
async fn a_trustpoint_moves_by_pem_at_the_terminal() {
    let bench = exporting().await;
    let text = bench
        .ok(export(Form::Pem(Some(passphrase("geheim")))))
        .await;
    assert!(
        text.starts_with("% CA certificate:\n-----BEGIN CERTIFICATE-----\n"),
        "{text}"
    );
    let mut answers = part(&text, "% CA certificate:\n", "% Key name: R1\n");
    answers.push("");
    answers.extend(part(
        &text,
        "   Usage: General Purpose Key\n",
        "% General Purpose Certificate:\n",
    ));
    answers.push("quit");
    answers.extend(part(&text, "% General Purpose Certificate:\n", "% nothing"));
    answers.push("quit");
    let other = Bench::new();
    for (wrong, says) in [("falsch", "wrong passphrase"), ("", "passphrase")] {
        let form = Form::Pem(Some(passphrase(wrong)));
        let text = other.refused(import("IOSCA1", form, false), &answers).await;
        assert!(
            text.contains(says) && text.contains("nothing was changed"),
            "{text}"
        );
        assert!(other.store().await.listing().is_empty());
    }
    // Without a passphrase in the line it is asked for.
    answers.push("geheim");
    let (done, told) = other
        .act(import("IOSCA1", Form::Pem(None), false), &answers)
        .await;
    assert_eq!(done.unwrap(), "% PEM files import succeeded.");
    for prompt in [
        "% Enter PEM-formatted CA certificate.\n% End with a blank line or \"quit\" on a line by itself.\n",
        "% Enter PEM-formatted encrypted private General Purpose key.\n% End with \"quit\" on a line by itself.\n",
        "% Enter PEM-formatted General Purpose certificate.\n",
        "Passphrase: \n",
    ] {
        assert!(told.contains(prompt), "{prompt} not in {told}");
    }
    assert!(
        !told.contains("ENCRYPTED PRIVATE KEY"),
        "a key is not shown"
    );
    assert!(other.can_sign("IOSCA1").await);
    let own = |store: ike_pki::Store| store.identity("IOSCA1").unwrap().certificate.clone();
    assert_eq!(own(other.store().await), own(bench.store().await));
    let text = other
        .refused(export(Form::Pem(Some(passphrase("x")))), &[])
        .await;
    assert!(
        text.starts_with("% RSA keypair 'IOSCA1' is not exportable.\n"),
        "{text}"
    );
    for text in [log(), debug(Switch::PkiMessages)] {
        assert!(!text.contains("geheim"), "{text}");
    }
}

/// PKCS#12 as base64, in the words of IOS; certificates alone go without passphrase.
#[tokio::test]
async fn a_trustpoint_moves_by_pkcs12_at_the_terminal() {
    let bench = exporting().await;
    let text = bench.ok(export(Form::Pkcs12(passphrase("geheim")))).await;
    assert!(text.starts_with("Exported pkcs12 follows:\n\n"), "{text}");
    assert!(
        text.ends_with("\n\nCRYPTO_PKI: Exported PKCS12 file successfully."),
        "{text}"
    );
    let mut answers = part(
        &text,
        "follows:\n",
        "---End - This line not part of the pkcs12---",
    );
    answers.push("quit");
    let other = Bench::new();
    let form = |word| Form::Pkcs12(passphrase(word));
    let text = other
        .refused(import("IOSCA1", form("falsch"), true), &answers)
        .await;
    assert!(
        text.starts_with("CRYPTO_PKI: Import PKCS12 operation failed: "),
        "{text}"
    );
    let text = other
        .refused(import("IOSCA1", form("geheim"), true), &["??", "quit"])
        .await;
    assert!(text.contains("no base64"), "{text}");
    let (done, told) = other
        .act(import("IOSCA1", form("geheim"), true), &answers)
        .await;
    assert_eq!(
        done.unwrap(),
        "CRYPTO_PKI: Imported PKCS12 file successfully."
    );
    assert!(
        told.starts_with("\nEnter the base 64 encoded pkcs12.\n"),
        "{told}"
    );
    assert!(other.can_sign("IOSCA1").await);
    other.ok(export(Form::Pkcs12(passphrase("again")))).await;
    let text = other.ok(export(Form::Pem(None))).await;
    assert!(
        text.contains("% General Purpose Certificate:\n") && !text.contains("KEY"),
        "{text}"
    );
}

/// T-85: what does not belong together is refused, with the way out, and changes nothing.
#[tokio::test]
async fn what_does_not_belong_together_is_not_imported() {
    let bench = exporting().await;
    bench.enrolled("IOSCA2").await;
    let before = bench.store().await;
    let own = before.identity("IOSCA1").unwrap().certificate.to_pem();
    let ca2 = before.ca("IOSCA2").unwrap().certificate.to_pem();
    let mut answers: Vec<&str> = ca2.lines().collect();
    answers.extend(["quit", "quit"]);
    answers.extend(own.lines());
    answers.push("quit");
    let text = bench
        .refused(import("IOSCA2", Form::Pem(None), false), &answers)
        .await;
    assert!(
        text.contains("is not signed by the trustpoint's CA"),
        "{text}"
    );
    let nothing = ["quit", "quit", "quit"];
    let text = bench
        .refused(import("IOSCA2", Form::Pem(None), false), &nothing)
        .await;
    assert!(text.contains("no certificate and no private key"), "{text}");
    let text = bench
        .refused(import("IOSCA9", Form::Pem(None), false), &[])
        .await;
    assert!(text.contains("is not configured"), "{text}");
    assert_eq!(bench.store().await, before);
    let text = bench
        .refused(
            Action::Export {
                trustpoint: "IOSCA2".into(),
                form: Form::Pkcs12(passphrase("x")),
            },
            &[],
        )
        .await;
    assert!(
        text.starts_with("% RSA keypair 'R1b' is not exportable."),
        "{text}"
    );
}

/// `enrollment terminal`: by hand both ways; the CA may answer in a container.
#[tokio::test]
async fn enrolment_by_hand_takes_pem_base64_and_containers() {
    let text = CONFIG.replacen(
        " enrollment url http://192.168.0.3\n",
        " enrollment terminal\n",
        1,
    );
    for container in [false, true] {
        let bench = Bench::new();
        bench.pki.configure(config(&text));
        let ca = bench.cas.at("192.168.0.3", |ca| ca.certificate().clone());
        let pem = ca.to_pem();
        let mut answers: Vec<&str> = pem.lines().collect();
        answers.extend(["quit", "yes"]);
        let (done, told) = bench.act(authenticate("IOSCA1", true), &answers).await;
        done.unwrap_or_else(|e| panic!("{e} {told}"));
        let (done, told) = bench
            .act(enroll("IOSCA1", true), &["pw", "pw", "yes"])
            .await;
        assert_eq!(
            done.unwrap(),
            "% Bring the certificate with 'crypto pki import IOSCA1 certificate'."
        );
        let base64 = part(
            &told,
            "Certificate Request follows:\n",
            "---End - This line",
        )
        .concat();
        let request = data_encoding::BASE64.decode(base64.as_bytes()).unwrap();
        let granted = bench.cas.signed_by_hand("192.168.0.3", &request);
        let text = match container {
            true => data_encoding::BASE64.encode(&ike_pki::pkcs7_of(&[&ca, &granted])),
            false => data_encoding::BASE64.encode(granted.der()),
        };
        let lines: Vec<&str> = match container {
            true => vec![
                "-----BEGIN PKCS7-----",
                &text,
                "-----END PKCS7-----",
                "quit",
            ],
            false => vec![&text, ""],
        };
        let import = || Action::ImportCertificate {
            trustpoint: "IOSCA1".into(),
        };
        let wrong: Vec<&str> = pem.lines().chain(["quit"]).collect();
        let text = bench.refused(import(), &wrong).await;
        assert!(text.contains("is for another key pair than R1"), "{text}");
        let (done, _) = bench.act(import(), &lines).await;
        assert_eq!(done.unwrap(), "% Router Certificate successfully imported");
        assert!(bench.can_sign("IOSCA1").await);
        assert!(bench.store().await.all_pending().is_empty());
        let text = bench.refused(import(), &lines).await;
        assert!(
            text.contains("'crypto pki enroll IOSCA1' makes one"),
            "{text}"
        );
    }
}
