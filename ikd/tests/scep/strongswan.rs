//! strongSwan's `pki` at our CA: it gets the CA's certificate, enrols, waits, is refused, renews, and
//! judges what it got by list and by OCSP. What it has no way to ask for: GetCert, GetCRL,
//! GetNextCACert, keys other than RSA.

use std::process::Command;
use std::thread;

use libtest_mimic::Failed;
use testnet::charon::Installation;

use crate::Story;
use crate::authority::Authority;
use crate::lab::{CRL, Lab, OCSP, Said, eventually, same};

pub(crate) const STORIES: [Story<Pki>; 9] = [
    (
        "gets the CA's certificate with its fingerprint",
        fetches_the_ca,
    ),
    (
        "enrols, and by the list it is good until it is revoked",
        by_list,
    ),
    (
        "enrols, and by OCSP it is good until it is revoked",
        by_ocsp,
    ),
    ("waits until the administrator grants", waits),
    ("waits until the administrator refuses", is_refused_later),
    ("is refused where nothing is granted", is_refused),
    ("knows the challenge password or is refused", challenged),
    (
        "renews with its certificate and without the password",
        renews,
    ),
    ("does not renew with a revoked certificate", renews_no_more),
];

const SUBJECT: &str = "C=CH, O=lab, CN=cha";
const SECRET: &str = "s3cret word";

/// A `pki` and the cipher that it is told to use.
#[derive(Clone)]
pub(crate) struct Pki {
    installation: Installation,
    cipher: &'static str,
}

impl Pki {
    pub(crate) fn new(installation: Installation, cipher: &'static str) -> Self {
        Self {
            installation,
            cipher,
        }
    }

    /// A lab with a CA that has these options, whose certificate is `ca.cer`; says who judges.
    fn lab(&self, options: &[&str]) -> Result<(Lab, Authority), Failed> {
        let lab = Lab::new()?;
        let help = self.run(&lab, &["--help"])?;
        let version = help
            .text
            .lines()
            .find(|line| line.starts_with("strongSwan"));
        println!("judged by {}", version.unwrap_or("an unknown strongSwan"));
        let ca = lab.authority(options)?;
        self.run(
            &lab,
            &["--scepca", "--url", &scep(&ca), "--caout", "ca.cer"],
        )?
        .well()?;
        Ok((lab, ca))
    }

    fn command(&self, arguments: &[&str]) -> Result<Command, Failed> {
        let mut command = self.installation.pki()?;
        command.args(arguments);
        Ok(command)
    }

    fn run(&self, lab: &Lab, arguments: &[&str]) -> Result<Said, Failed> {
        lab.run(self.command(arguments)?)
    }

    /// A new key into `NAME.key`.
    fn key(&self, lab: &Lab, name: &str) -> Result<(), Failed> {
        let said = self.run(lab, &["--gen", "--type", "rsa", "--size", "2048"])?;
        lab.write(&format!("{name}.key"), said.well()?.out)
    }

    /// Enrols `NAME.key` for [`SUBJECT`]; what comes of it is in `NAME.cer`.
    fn enrol(&self, lab: &Lab, ca: &Authority, name: &str, more: &[&str]) -> Result<Said, Failed> {
        let (url, key) = (scep(ca), format!("{name}.key"));
        let mut arguments = vec!["--scep", "--url", &url, "--in", &key, "--dn", SUBJECT];
        arguments.extend(["--san", "cha.lab", "--san", "192.168.0.2"]);
        arguments.extend(["--cacert-enc", "ca.cer", "--cacert-sig", "ca.cer"]);
        arguments.extend(["--cipher", self.cipher, "--interval", "1"]);
        arguments.extend(["--maxpolltime", "30"]);
        arguments.extend(more);
        let said = self.run(lab, &arguments)?;
        lab.write(&format!("{name}.cer"), &said.out)?;
        Ok(said)
    }

    /// Verifies a certificate, asking by the URLs that it names.
    fn verify(&self, lab: &Lab, name: &str) -> Result<Said, Failed> {
        let certificate = format!("{name}.cer");
        let arguments = ["--verify", "--in", &certificate, "--cacert", "ca.cer"];
        self.run(lab, &[&arguments[..], &["--online"]].concat())
    }
}

fn scep(ca: &Authority) -> String {
    format!("{}/scep", ca.url)
}

/// RFC 8894 4.2: GetCACert; the operator compares the fingerprint.
fn fetches_the_ca(pki: &Pki) -> Result<(), Failed> {
    let (lab, ca) = pki.lab(&[])?;
    let url = scep(&ca);
    let again = ["--scepca", "--url", &url, "--caout", "ca.cer", "--force"];
    let said = pki.run(&lab, &again)?.well()?.text;
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_hexdigit).collect() };
    let line = |text: &str, start: &str| {
        let mut lines = text.lines().map(str::trim);
        let found = lines.find_map(|line| line.strip_prefix(start));
        let print = found.and_then(|rest| rest.split_once(": ").map(|(_, print)| print));
        // In hex; strongSwan adds base64 in brackets.
        let hex = print.map(|print| print.split('(').next().unwrap_or(print));
        digits(hex.unwrap_or_default()).to_ascii_uppercase()
    };
    let ours = line(&ca.introduction, "Fingerprint SHA1");
    same(ours.len(), 40)?;
    same(line(&said, "SHA1"), ours)
}

/// RFC 5280 6.3: fetched from where the certificate says.
fn by_list(pki: &Pki) -> Result<(), Failed> {
    good_until_revoked(pki, &CRL, "crl correctly signed by \"O=lab, CN=CA1\"")
}

/// RFC 6960: the CA answers for itself.
fn by_ocsp(pki: &Pki) -> Result<(), Failed> {
    let options = [CRL, OCSP].concat();
    good_until_revoked(pki, &options, "ocsp response correctly signed by")
}

fn good_until_revoked(pki: &Pki, options: &[&str], evidence: &str) -> Result<(), Failed> {
    let (lab, ca) = pki.lab(options)?;
    pki.key(&lab, "cha")?;
    pki.enrol(&lab, &ca, "cha", &[])?
        .well()?
        .saying("Issued certificate \"C=CH, O=lab, CN=cha\"")?;
    let said = pki.verify(&lab, "cha")?.well()?.saying(evidence)?;
    said.saying("certificate not revoked")?;
    ca.told("revoke", &["CN=cha", "--reason", "keyCompromise"])?;
    let said = pki.verify(&lab, "cha")?.badly()?.saying(evidence)?;
    said.saying("key compromise").map(drop)
}

/// RFC 8894 4.4: CertPoll until there is a decision (T-83).
fn waits(pki: &Pki) -> Result<(), Failed> {
    let (said, states) = decided(pki, "grant")?;
    said.well()?.saying("request pending")?;
    same(states, vec!["granted".to_owned()])
}

/// T-87: the decision may be a refusal.
fn is_refused_later(pki: &Pki) -> Result<(), Failed> {
    let (said, states) = decided(pki, "reject")?;
    said.badly()?
        .saying("badRequest")?
        .saying("reply status is not 'SUCCESS'")?;
    same(states, vec!["rejected".to_owned()])
}

/// Enrols while the administrator gives an order about the pending request.
fn decided(pki: &Pki, order: &str) -> Result<(Said, Vec<String>), Failed> {
    let (lab, ca) = pki.lab(&["--grant", "manual"])?;
    pki.key(&lab, "cha")?;
    let said = thread::scope(|scope| {
        let enrolling = scope.spawn(|| pki.enrol(&lab, &ca, "cha", &[]));
        let pending = || same(ca.requests()?, vec!["pending".to_owned()]);
        let decided = eventually(pending).and_then(|()| ca.told(order, &["all"]));
        let said = enrolling.join().map_err(|_| "the thread died")?;
        decided.and(said)
    })?;
    Ok((said, ca.requests()?))
}

fn is_refused(pki: &Pki) -> Result<(), Failed> {
    let (lab, ca) = pki.lab(&["--grant", "reject"])?;
    pki.key(&lab, "cha")?;
    pki.enrol(&lab, &ca, "cha", &[])?
        .badly()?
        .saying("badRequest")?;
    same(ca.certificates()?, vec![])
}

/// RFC 8894 2.4, 7.3: the challenge password is inside what is encrypted.
fn challenged(pki: &Pki) -> Result<(), Failed> {
    let (lab, ca) = guarded(pki)?;
    pki.key(&lab, "cha")?;
    for wrong in [&[][..], &["--password", "secret"]] {
        pki.enrol(&lab, &ca, "cha", wrong)?.badly()?;
        same(ca.certificates()?, vec![])?;
    }
    pki.enrol(&lab, &ca, "cha", &["--password", SECRET])?
        .well()?;
    same(ca.certificates()?, vec!["valid".to_owned()])
}

/// A CA with a challenge password.
fn guarded(pki: &Pki) -> Result<(Lab, Authority), Failed> {
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), SECRET)?;
    let path = file.path().to_string_lossy().into_owned();
    pki.lab(&[&CRL[..], &["--challenge-file", &path]].concat())
}

/// RFC 8894 3.3.1.2: RenewalReq, signed with what is renewed, for a new key.
fn renews(pki: &Pki) -> Result<(), Failed> {
    let (lab, ca) = enrolled(pki)?;
    pki.enrol(&lab, &ca, "new", &["--cert", "cha.cer", "--key", "cha.key"])?
        .well()?;
    same(ca.certificates()?, vec!["valid".to_owned(); 2])?;
    for name in ["cha", "new"] {
        pki.verify(&lab, name)?.well()?;
    }
    Ok(())
}

/// T-30: whoever has a stolen key gets no new certificate for it.
fn renews_no_more(pki: &Pki) -> Result<(), Failed> {
    let (lab, ca) = enrolled(pki)?;
    ca.told("revoke", &["CN=cha"])?;
    pki.enrol(&lab, &ca, "new", &["--cert", "cha.cer", "--key", "cha.key"])?
        .badly()?;
    same(ca.certificates()?, vec!["revoked".to_owned()])
}

/// A guarded CA at which `cha` is enrolled, and the key of `new`, which is not.
fn enrolled(pki: &Pki) -> Result<(Lab, Authority), Failed> {
    let (lab, ca) = guarded(pki)?;
    pki.key(&lab, "cha")?;
    pki.key(&lab, "new")?;
    pki.enrol(&lab, &ca, "cha", &["--password", SECRET])?
        .well()?;
    Ok((lab, ca))
}
