//! The two dialogues word by word (P-030 to P-033), and the ways out of them.

use ike_crypto::Hash;
use ike_pki::ca_server::GrantPolicy;
use ike_pki::fingerprint;

use super::bench::{Bench, CONFIG, authenticate, enroll, log};

/// P-030: fingerprints, the question, and what acceptance says.
#[tokio::test]
async fn authenticate_asks_as_ios_does() {
    let bench = Bench::new();
    let (done, told) = bench.act(authenticate("IOSCA1", true), &["yes"]).await;
    let der = bench
        .cas
        .at("192.168.0.3", |ca| ca.certificate().der().clone());
    let print = |hash| fingerprint(hash, &der);
    assert_eq!(done.unwrap(), "Trustpoint CA certificate accepted.");
    assert_eq!(
        told,
        format!(
            "Certificate has the following attributes:
       Fingerprint MD5: {} 
      Fingerprint SHA1: {} 

% Do you accept this certificate? [yes/no]: yes
",
            print(Hash::Md5),
            print(Hash::Sha1)
        )
    );
    assert_eq!(bench.order().await, ["cn=CA1,o=cisco,o=com"]);
}

/// P-030: a `no`, and nobody at all, install nothing.
#[tokio::test]
async fn a_certificate_that_nobody_accepts_is_not_installed() {
    let bench = Bench::new();
    for answers in [&["maybe", "no"][..], &[]] {
        let text = bench.refused(authenticate("IOSCA1", true), answers).await;
        assert!(text.starts_with('%'), "{text}");
        assert!(bench.store().await.listing().is_empty());
    }
    let text = bench.refused(authenticate("IOSCA9", true), &[]).await;
    assert!(text.contains("there is IOSCA1, IOSCA2"), "{text}");
    bench.ok(authenticate("IOSCA1", false)).await;
    let text = bench.refused(authenticate("IOSCA1", false), &[]).await;
    assert!(
        text.contains("delete your existing CA certificate first"),
        "{text}"
    );
}

/// T-85, P-030: with `fingerprint` nothing is asked, and another certificate is refused.
#[tokio::test]
async fn a_fingerprint_decides_in_the_operators_place() {
    let bench = Bench::new();
    let der = bench
        .cas
        .at("192.168.0.3", |ca| ca.certificate().der().clone());
    for hash in [Hash::Md5, Hash::Sha1, Hash::Sha256] {
        let right = fingerprint(hash, &der).replace(' ', "");
        let digit = if right.ends_with('0') { '1' } else { '0' };
        let wrong = format!("{}{digit}", &right[..right.len() - 1]);
        let with = |print: &str| {
            let line = format!(" rsakeypair R1 1024\n fingerprint {print}\n");
            CONFIG.replacen(" rsakeypair R1 1024\n", &line, 1)
        };
        bench.pki.configure(super::bench::config(&with(&wrong)));
        let text = bench.refused(authenticate("IOSCA1", true), &[]).await;
        assert!(text.contains("Nothing was installed"), "{text}");
        assert!(bench.store().await.listing().is_empty(), "{hash:?}");
        bench.pki.configure(super::bench::config(&with(&right)));
        let (done, told) = bench.act(authenticate("IOSCA1", true), &[]).await;
        assert!(
            done.is_ok() && told.contains("fingerprints matched"),
            "{told}"
        );
        let store = bench
            .pki
            .commit(Vec::new(), |store| store.remove_trustpoint("IOSCA1"));
        store.await.unwrap();
    }
}

/// P-031, P-032: the dialogue of the seed's trustpoint, with IOS's spelling.
#[tokio::test]
async fn enroll_asks_as_ios_does() {
    let bench = Bench::new();
    bench.ok(authenticate("IOSCA1", false)).await;
    let (done, told) = bench
        .act(enroll("IOSCA1", true), &["pw", "wp", "pw", "pw", "yes"])
        .await;
    done.unwrap();
    let (head, tail) = told
        .split_once("CRYPTO_PKI:  Certificate Request Fingerprint MD5: ")
        .unwrap();
    assert_eq!(
        head,
        "%
% Start certificate enrollment .. 
% Create a challenge password. You will need to verbally provide this
   password to the CA Administrator in order to revoke your certificate.
   For security reasons your password will not be saved in the configuration.
   Please make a note of it.

Password: 
Re-enter password: 
% Passwords do not match. Try again.
Password: 
Re-enter password: 

% The subject name in the certificate will include: CN=R1,OU=IT,O=cisco,O=com
% The subject name in the certificate will include: R1.cisco.com
% The serial number in the certificate will be: 100
% The IP address in the certificate is 192.168.0.1
Request certificate from CA? [yes/no]: yes
%CRYPTO-6-AUTOGEN: Generated new 1024 bit RSA key pair
% Certificate request sent to Certificate Authority
% The 'show crypto pki certificate verbose IOSCA1' commandwill show the fingerprint.

"
    );
    let (_, tail) = tail
        .split_once(" \nCRYPTO_PKI:  Certificate Request Fingerprint SHA1: ")
        .unwrap();
    assert!(
        tail.ends_with(" \n\n%PKI-6-CERTRET: Certificate received from Certificate Authority\n"),
        "{tail}"
    );
    let text = log();
    for line in [
        "%PKI-6-CERT_ENROLL_MANUAL: Manual enrollment for trustpoint IOSCA1\n",
        "%PKI-6-CSR_FINGERPRINT: \n CSR Fingerprint MD5 : ",
        "%CRYPTO-6-AUTOGEN: Generated new 1024 bit RSA key pair\n",
    ] {
        assert!(text.contains(line), "{line} not in {text}");
    }
    let store = bench.store().await;
    let own = store.identity("IOSCA1").unwrap();
    let subject = own.certificate.subject();
    assert_eq!(subject.serial_number().as_deref(), Some("100"));
    assert_eq!(subject.fqdn().as_deref(), Some("R1.cisco.com"));
    assert!(bench.can_sign("IOSCA1").await);
}

/// P-031: what is not configured is asked for, and a configured password is not.
#[tokio::test]
async fn what_is_not_configured_is_asked_for() {
    let bench = Bench::new();
    bench.ok(authenticate("IOSCA2", false)).await;
    let answers = ["yes", "yes", "Ethernet0/0", "yes"];
    let (done, told) = bench.act(enroll("IOSCA2", true), &answers).await;
    done.unwrap();
    assert!(!told.contains("Password"), "{told}");
    let question = "% Include the router serial number in the subject name? [yes/no]: yes
% Include an IP address in the subject name? [no]: yes
Enter Interface name or IP Address[]: Ethernet0/0
Request certificate from CA? [yes/no]: yes
";
    assert!(told.contains(question), "{told}");
    let store = bench.store().await;
    let own = store.identity("IOSCA2").unwrap();
    let address = own.certificate.subject().ip().map(|ip| ip.to_string());
    assert_eq!(address.as_deref(), Some("192.168.0.1"));
}

/// P-031: the last question is a way out, an address that is none another, and nobody a third.
#[tokio::test]
async fn an_enrolment_that_is_given_up_sends_nothing() {
    let bench = Bench::new();
    let text = bench.refused(enroll("IOSCA1", true), &[]).await;
    assert!(
        text.contains("must authenticate the Certificate Authority"),
        "{text}"
    );
    bench.ok(authenticate("IOSCA1", false)).await;
    bench.ok(authenticate("IOSCA2", false)).await;
    for (trustpoint, answers) in [
        ("IOSCA1", &["pw", "pw", "no"][..]),
        ("IOSCA1", &["a", "b", "c", "d", "e", "f"]),
        ("IOSCA2", &["no", "yes", "Ethernet9"]),
        ("IOSCA2", &["no"]),
    ] {
        let text = bench.refused(enroll(trustpoint, true), answers).await;
        assert!(text.starts_with('%'), "{text}");
    }
    for host in ["192.168.0.3", "192.168.0.4"] {
        assert_eq!(bench.cas.at(host, |ca| ca.requests().len()), 0);
    }
    assert!(bench.keys().await.is_empty(), "no key pair is made in vain");
}

/// P-033: `noconfirm` asks nothing; the configuration says everything.
#[tokio::test]
async fn without_questions_the_configuration_speaks() {
    let bench = Bench::with(CONFIG, GrantPolicy::Automatic);
    bench.enrolled("IOSCA1").await;
    bench.enrolled("IOSCA2").await;
    assert!(bench.can_sign("IOSCA1").await && bench.can_sign("IOSCA2").await);
}
