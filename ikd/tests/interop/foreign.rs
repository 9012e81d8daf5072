//! strongSwan's `pki`: it enrols charon by SCEP, and is a CA itself, with OpenSSL as its OCSP responder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ike_crypto::Secret;
use ike_pki::Certificate;
use libtest_mimic::Failed;
use testnet::Host;
use testnet::charon::Installation;

use crate::authority::end_with_the_test;
use crate::pki::{Identity, RSA, key};
use crate::states::eventually;

/// The subject of charon's certificate.
pub(crate) const SUBJECT: &str = "O=lab, CN=cha";
/// Names in it.
const NAMES: [&str; 4] = ["--san", "192.168.0.2", "--san", "cha.lab"];

/// What OpenSSL says while it answers.
const RESPONDER_LOG: &str = "ocsp.log";

/// `pki` and the folder it works in.
pub(crate) struct ForeignPki {
    installation: Installation,
    dir: PathBuf,
}

impl ForeignPki {
    pub(crate) fn new(installation: &Installation, dir: &Path) -> Result<Self, Failed> {
        let dir = dir.join("pki");
        fs::create_dir_all(&dir)?;
        Ok(Self {
            installation: installation.clone(),
            dir,
        })
    }

    /// charon's key and the certificate that the CA with that SCEP URL grants it, asked from `host`; and
    /// the CA's.
    pub(crate) fn enrol(&self, host: &Host, url: &str) -> Result<(Identity, Certificate), Failed> {
        let fetch = ["--scepca", "--url", url, "--caout", "ca.cer"];
        self.run_in(Some(host), &fetch, None)?;
        let key = self.key("peer1", "cha.key")?;
        let mut arguments = vec!["--scep", "--url", url, "--in", "cha.key", "--dn", SUBJECT];
        arguments.extend(NAMES);
        arguments.extend(["--cacert-enc", "ca.cer", "--cacert-sig", "ca.cer"]);
        // 5.9.8 does not believe that a CA has AES though it lists it.
        arguments.extend(["--cipher", "des3", "--maxpolltime", "20"]);
        self.run_in(Some(host), &arguments, Some("cha.cer"))?;
        let certificate = self.certificate("cha.cer")?;
        Ok((Identity { certificate, key }, self.certificate("ca.cer")?))
    }

    /// A CA of its own: `ca.cer`.
    pub(crate) fn root(&self) -> Result<Certificate, Failed> {
        self.key("CA1", "ca.key")?;
        let arguments = ["--self", "--ca", "--in", "ca.key", "--dn", "O=lab, CN=CA1"];
        self.run(&arguments, Some("ca.cer"))?;
        self.certificate("ca.cer")
    }

    /// charon's certificate by this CA; it names the servers of `urls`, e.g. `--crl URL`.
    pub(crate) fn issue(&self, urls: &[&str]) -> Result<Identity, Failed> {
        let key = self.key("peer1", "cha.key")?;
        self.issue_for("cha", SUBJECT, &[&NAMES, urls].concat())?;
        let certificate = self.certificate("cha.cer")?;
        Ok(Identity { certificate, key })
    }

    /// Ours, as PEM with its CA's and its key: what an operator carries to a router.
    pub(crate) fn issue_ours(&self, urls: &[&str]) -> Result<PathBuf, Failed> {
        self.run(&["--gen", "--outform", "pem"], Some("r1.key"))?;
        let more = [&["--san", "R1.lab"], urls].concat();
        self.issue_for("r1", "O=lab, CN=R1", &more)?;
        let certificates = [self.certificate("r1.cer")?, self.certificate("ca.cer")?];
        let mut parts = certificates.map(|one| one.to_pem()).to_vec();
        parts.push(fs::read_to_string(self.dir.join("r1.key"))?);
        let path = self.dir.join("r1.pem");
        fs::write(&path, parts.concat())?;
        Ok(path)
    }

    /// A certificate for `NAME.key`: `NAME.cer`.
    fn issue_for(&self, name: &str, dn: &str, more: &[&str]) -> Result<(), Failed> {
        let key = format!("{name}.key");
        let mut arguments = vec!["--issue", "--in", &key, "--type", "priv", "--dn", dn];
        arguments.extend(["--cacert", "ca.cer", "--cakey", "ca.key"]);
        arguments.extend(more);
        self.run(&arguments, Some(&format!("{name}.cer")))
    }

    /// Its list, with the certificate of that name on it or none.
    pub(crate) fn list(&self, revoked: Option<&str>) -> Result<Vec<u8>, Failed> {
        let mut arguments = vec!["--signcrl", "--cacert", "ca.cer", "--cakey", "ca.key"];
        let certificate = revoked.map(|name| format!("{name}.cer"));
        if let Some(certificate) = &certificate {
            // With the last list its number goes on.
            arguments.extend(["--lastcrl", "last.crl", "--reason", "key-compromise"]);
            arguments.extend(["--cert", certificate]);
        }
        self.run(&arguments, Some("new.crl"))?;
        fs::rename(self.dir.join("new.crl"), self.dir.join("last.crl"))?;
        Ok(fs::read(self.dir.join("last.crl"))?)
    }

    /// OpenSSL answers in that host for everything that was issued so far.
    pub(crate) fn responder(self, host: Host, signer: Signer) -> Result<Responder, Failed> {
        self.key("ocsp", "ocsp.key")?;
        let flags: &[&str] = match signer {
            Signer::Delegate => &["--flag", "ocspSigning"],
            Signer::Anybody => &[],
        };
        self.issue_for("ocsp", "O=lab, CN=ocsp", flags)?;
        for name in ["ca", "ocsp"] {
            let pem = self.certificate(&format!("{name}.cer"))?.to_pem();
            fs::write(self.dir.join(format!("{name}.pem")), pem)?;
        }
        Responder::start(self, host)
    }

    /// Runs it; what it writes goes to a file.
    fn run(&self, arguments: &[&str], to: Option<&str>) -> Result<(), Failed> {
        self.run_in(None, arguments, to)
    }

    fn run_in(
        &self,
        host: Option<&Host>,
        arguments: &[&str],
        to: Option<&str>,
    ) -> Result<(), Failed> {
        let mut command = self.installation.pki()?;
        command.args(arguments).current_dir(&self.dir);
        if let Some(host) = host {
            host.enter_in_child(&mut command);
        }
        let output = command.output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("pki {arguments:?}: {said}").into());
        }
        if let Some(file) = to {
            fs::write(self.dir.join(file), output.stdout)?;
        }
        Ok(())
    }

    /// The key of that name as a file.
    fn key(&self, name: &str, file: &str) -> Result<Secret, Failed> {
        let der = key(RSA, name)?;
        fs::write(self.dir.join(file), &der)?;
        Ok(Secret::from(der))
    }

    fn certificate(&self, file: &str) -> Result<Certificate, Failed> {
        Ok(Certificate::from_der(fs::read(self.dir.join(file))?)?)
    }
}

/// Who signs answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signer {
    /// Whom the CA told to.
    Delegate,
    /// A host with a certificate of the CA.
    Anybody,
}

/// `openssl ocsp` on port 80 of a host; ends with this value.
pub(crate) struct Responder {
    pki: ForeignPki,
    process: Child,
    host: Host,
}

impl Responder {
    fn start(pki: ForeignPki, host: Host) -> Result<Self, Failed> {
        write_index(&pki, None)?;
        let process = spawn(&pki, &host)?;
        let responder = Self { pki, process, host };
        responder.waits()?;
        Ok(responder)
    }

    /// By its own word: a connection that asks nothing would hang it.
    fn waits(&self) -> Result<(), Failed> {
        eventually(|| {
            let said = fs::read_to_string(self.pki.dir.join(RESPONDER_LOG))?;
            match said.contains("waiting for OCSP client connections") {
                true => Ok(()),
                false => Err(format!("openssl ocsp does not answer: {said}").into()),
            }
        })
    }

    /// Answers `revoked` about the certificate of that name from now on.
    pub(crate) fn revoke(&mut self, name: &str) -> Result<(), Failed> {
        write_index(&self.pki, Some(name))?;
        // It would look at the index before it waits, and answer the next request out of the old one.
        self.end();
        self.process = spawn(&self.pki, &self.host)?;
        self.waits()
    }

    fn end(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.end();
    }
}

fn spawn(pki: &ForeignPki, host: &Host) -> Result<Child, Failed> {
    let mut command = Command::new("openssl");
    command.args([
        "ocsp",
        "-index",
        "index.txt",
        "-CA",
        "ca.pem",
        "-port",
        "80",
    ]);
    command.args(["-rsigner", "ocsp.pem", "-rkey", "ocsp.key", "-nmin", "60"]);
    let log = fs::File::create(pki.dir.join(RESPONDER_LOG))?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?);
    command.stderr(log).current_dir(&pki.dir);
    host.enter_in_child(&mut command);
    end_with_the_test(&mut command);
    let told = |e| format!("openssl: {e}; on Debian: apt-get install openssl");
    Ok(command.spawn().map_err(told)?)
}

/// ca(1): what was issued.
fn write_index(pki: &ForeignPki, revoked: Option<&str>) -> Result<(), Failed> {
    let mut index = String::new();
    for name in ["r1", "cha"] {
        let certificate = pki.certificate(&format!("{name}.cer"))?;
        let serial: String = certificate
            .serial()
            .iter()
            .map(|o| format!("{o:02X}"))
            .collect();
        let state = match revoked == Some(name) {
            true => "R\t491231235959Z\t260101000000Z,keyCompromise",
            false => "V\t491231235959Z\t",
        };
        index.push_str(&format!("{state}\t{serial}\tunknown\t/CN={name}\n"));
    }
    fs::write(pki.dir.join("index.new"), index)?;
    Ok(fs::rename(
        pki.dir.join("index.new"),
        pki.dir.join("index.txt"),
    )?)
}
