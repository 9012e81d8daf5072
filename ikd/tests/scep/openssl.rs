//! OpenSSL at our CA: lists and OCSP answers in its eyes, about certificates that routers of ours got
//! by SCEP.

use libtest_mimic::Failed;

use crate::Story;
use crate::authority::Authority;
use crate::command;
use crate::lab::{CA, CRL, Lab, OCSP, Said, same, says};
use crate::ours::Ours;

pub(crate) const STORIES: [Story<()>; 5] = [
    ("OCSP by POST: good, then revoked", ocsp),
    (
        "OCSP about a stranger's certificate: unknown",
        unknown_issuer,
    ),
    (
        "the list is signed by the CA and has what was revoked",
        list,
    ),
    ("verify -crl_check: good, then revoked", verified),
    ("finds the CA at the port that it says it has", any_port),
];

/// A CA, and R1 enrolled at it: `ca.pem` and `r1.pem`.
struct Enrolled {
    lab: Lab,
    ca: Authority,
    router: Ours,
}

impl Enrolled {
    fn new() -> Result<Self, Failed> {
        let lab = Lab::new()?;
        println!("judged by {}", openssl(&lab, &["version"])?.text.trim());
        let ca = lab.authority(&[CRL, OCSP].concat())?;
        let router = lab.router(&format!(
            "hostname R1\nip domain name lab\ncrypto pki trustpoint TP1\n enrollment url http://{CA}\n \
subject-name CN=R1,O=lab\n revocation-check crl\n"
        ))?;
        router.done("crypto pki authenticate TP1 noconfirm")?;
        let said = router.done("crypto pki enroll TP1 noconfirm")?;
        says(&said, "%PKI-6-CERTRET")?;
        let enrolled = Self { lab, ca, router };
        enrolled.export()?;
        Ok(enrolled)
    }

    /// The store's certificates as PEM: the router's, then its CA's.
    fn export(&self) -> Result<(), Failed> {
        let state = self.lab.path("R1.state");
        let mut export = crate::authority::ikd();
        export.args(["pki", "export", "TP1", "--state"]).arg(state);
        let said = self.lab.run(export)?.well()?;
        let text = String::from_utf8_lossy(&said.out).into_owned();
        let mut certificates = text.split_inclusive("-----END CERTIFICATE-----\n");
        let mut one = || certificates.next().ok_or("two certificates are exported");
        let (first, second) = (one()?, one()?);
        let of_router = openssl_reads(&self.lab, first)?.contains("CN = R1");
        let (own, ca) = if of_router {
            (first, second)
        } else {
            (second, first)
        };
        self.lab.write("r1.pem", own)?;
        self.lab.write("ca.pem", ca)
    }

    fn openssl(&self, arguments: &[&str]) -> Result<Said, Failed> {
        openssl(&self.lab, arguments)
    }

    fn revoke(&self) -> Result<(), Failed> {
        let orders = ["CN=R1", "--reason", "superseded"];
        self.ca.told("revoke", &orders).map(drop)
    }

    /// What OCSP says about `r1.pem`, if `issuer` had issued it.
    fn asked(&self, issuer: &str, more: &[&str]) -> Result<Said, Failed> {
        let url = format!("{}/ocsp", self.ca.url);
        let mut arguments = vec!["ocsp", "-issuer", issuer, "-cert", "r1.pem"];
        arguments.extend(["-url", &url, "-CAfile", "ca.pem"]);
        arguments.extend(more);
        self.openssl(&arguments)?
            .well()?
            .saying("Response verify OK")
    }

    /// The list as `list.pem`; what OpenSSL says about it.
    fn list(&self) -> Result<Said, Failed> {
        let url = format!("{}/ca.crl", self.ca.url);
        let fetch = ["crl", "-inform", "der", "-in", &url, "-out", "list.pem"];
        self.openssl(&fetch)?.well()?;
        let read = ["crl", "-in", "list.pem", "-noout", "-text", "-CAfile"];
        self.openssl(&[&read[..], &["ca.pem"]].concat())?
            .well()?
            .saying("verify OK")
    }
}

fn openssl(lab: &Lab, arguments: &[&str]) -> Result<Said, Failed> {
    lab.run(command("openssl", arguments))
}

fn openssl_reads(lab: &Lab, pem: &str) -> Result<String, Failed> {
    lab.write("one.pem", pem)?;
    let said = openssl(lab, &["x509", "-in", "one.pem", "-noout", "-subject"])?;
    Ok(said.well()?.text)
}

/// RFC 6960 appendix A, with its nonce and without.
fn ocsp(_: &()) -> Result<(), Failed> {
    let one = Enrolled::new()?;
    one.asked("ca.pem", &[])?.saying("r1.pem: good")?;
    one.revoke()?;
    let said = one.asked("ca.pem", &["-no_nonce"])?;
    said.saying("r1.pem: revoked")?
        .saying("Reason: superseded")?;
    same(one.ca.certificates()?, vec!["revoked".to_owned()])
}

/// RFC 6960 2.2: about what it did not issue a CA knows nothing.
fn unknown_issuer(_: &()) -> Result<(), Failed> {
    let one = Enrolled::new()?;
    let make = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=other",
    ];
    let files = ["-keyout", "other.key", "-out", "other.pem", "-days", "2"];
    one.openssl(&[&make[..], &files].concat())?.well()?;
    one.asked("other.pem", &["-VAfile", "ca.pem"])?
        .saying("r1.pem: unknown")
        .map(drop)
}

/// RFC 5280 5: number, dates, key identifier and the entry with its reason.
fn list(_: &()) -> Result<(), Failed> {
    let one = Enrolled::new()?;
    one.list()?.saying("No Revoked Certificates")?;
    one.revoke()?;
    let said = one.list()?.saying("Serial Number: 02")?;
    said.saying("Superseded")?
        .saying("X509v3 CRL Number")?
        .saying("X509v3 Authority Key Identifier")?;
    // The router sees the same list (P-025).
    let said = one.router.done("crypto pki crl request TP1")?;
    says(&said, "% CRL of trustpoint TP1 received.")
}

/// Port 0 is whatever is free.
fn any_port(_: &()) -> Result<(), Failed> {
    let lab = Lab::new()?;
    let ca = Authority::start(&lab.host, &lab.path("CA1"), "127.0.0.1:0", &[])?;
    same(ca.url.ends_with(":0"), false)?;
    let url = format!("{}/ca.crl", ca.url);
    let read = ["crl", "-inform", "der", "-in", &url, "-noout", "-issuer"];
    openssl(&lab, &read)?.well()?.saying("CN = CA1").map(drop)
}

/// RFC 5280 6.1 and 6.3 in the eyes of OpenSSL, strict about extensions.
fn verified(_: &()) -> Result<(), Failed> {
    let one = Enrolled::new()?;
    let verify = ["verify", "-crl_check", "-x509_strict", "-CAfile", "ca.pem"];
    let with_list = [&verify[..], &["-CRLfile", "list.pem", "r1.pem"]].concat();
    let by_url = [&verify[..], &["-crl_download", "r1.pem"]].concat();
    one.list()?;
    for way in [&with_list, &by_url] {
        one.openssl(way)?.well()?.saying("r1.pem: OK")?;
    }
    one.revoke()?;
    one.list()?;
    for way in [&with_list, &by_url] {
        one.openssl(way)?.badly()?.saying("certificate revoked")?;
    }
    Ok(())
}
