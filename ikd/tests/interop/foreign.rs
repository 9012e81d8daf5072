//! strongSwan's `pki` in a host: it enrols charon by SCEP, and is a CA itself.

use std::fs;
use std::path::{Path, PathBuf};

use ike_crypto::Secret;
use ike_pki::Certificate;
use libtest_mimic::Failed;
use testnet::Host;
use testnet::charon::Installation;

use crate::pki::{Identity, RSA, key};

/// The subject of charon's certificate.
pub(crate) const SUBJECT: &str = "O=lab, CN=cha";
/// Names in it.
const NAMES: [&str; 4] = ["--san", "192.168.0.2", "--san", "cha.lab"];

/// `pki`, its host, and the folder it works in.
pub(crate) struct ForeignPki<'a> {
    installation: &'a Installation,
    host: &'a Host,
    dir: PathBuf,
}

impl<'a> ForeignPki<'a> {
    pub(crate) fn new(
        installation: &'a Installation,
        host: &'a Host,
        dir: &Path,
    ) -> Result<Self, Failed> {
        let dir = dir.join("pki");
        fs::create_dir_all(&dir)?;
        Ok(Self {
            installation,
            host,
            dir,
        })
    }

    /// charon's key and the certificate that the CA with that SCEP URL grants it; and the CA's.
    pub(crate) fn enrol(&self, url: &str) -> Result<(Identity, Certificate), Failed> {
        self.run(&["--scepca", "--url", url, "--caout", "ca.cer"], None)?;
        let key = self.key("peer1", "cha.key")?;
        let mut arguments = vec!["--scep", "--url", url, "--in", "cha.key", "--dn", SUBJECT];
        arguments.extend(NAMES);
        arguments.extend(["--cacert-enc", "ca.cer", "--cacert-sig", "ca.cer"]);
        // 5.9.8 does not believe that a CA has AES though it lists it.
        arguments.extend(["--cipher", "des3", "--maxpolltime", "20"]);
        self.run(&arguments, Some("cha.cer"))?;
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

    /// charon's certificate by its own CA, whose list is at `crl`.
    pub(crate) fn issue(&self, crl: &str) -> Result<Identity, Failed> {
        let key = self.key("peer1", "cha.key")?;
        self.issue_for("cha", SUBJECT, &NAMES, crl)?;
        let certificate = self.certificate("cha.cer")?;
        Ok(Identity { certificate, key })
    }

    /// Ours, as PEM with its CA's and its key: what an operator carries to a router.
    pub(crate) fn issue_ours(&self, crl: &str) -> Result<PathBuf, Failed> {
        self.run(&["--gen", "--outform", "pem"], Some("r1.key"))?;
        self.issue_for("r1", "O=lab, CN=R1", &["--san", "R1.lab"], crl)?;
        let certificates = [self.certificate("r1.cer")?, self.certificate("ca.cer")?];
        let mut parts = certificates.map(|one| one.to_pem()).to_vec();
        parts.push(fs::read_to_string(self.dir.join("r1.key"))?);
        let path = self.dir.join("r1.pem");
        fs::write(&path, parts.concat())?;
        Ok(path)
    }

    fn issue_for(&self, name: &str, dn: &str, names: &[&str], crl: &str) -> Result<(), Failed> {
        let key = format!("{name}.key");
        let mut arguments = vec!["--issue", "--in", &key, "--type", "priv", "--dn", dn];
        arguments.extend(["--cacert", "ca.cer", "--cakey", "ca.key", "--crl", crl]);
        arguments.extend(names);
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

    /// Runs it; what it writes goes to a file.
    fn run(&self, arguments: &[&str], to: Option<&str>) -> Result<(), Failed> {
        let mut command = self.installation.pki()?;
        command.args(arguments).current_dir(&self.dir);
        self.host.enter_in_child(&mut command);
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
