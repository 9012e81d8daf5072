//! Certificates for both sides from the lab's CA. Key pairs are made once and kept in a folder of
//! the target directory, since every row is a process of its own.

use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use ike_crypto::{Hash, KeySpec, PrivateKey, Secret};
use ike_pki::{CertRequestSpec, Certificate, LabCa, Name, Store};
use libtest_mimic::Failed;

/// Validity of what is issued, seconds.
const YEAR: i64 = 365 * 86_400;
pub(crate) const RSA: KeySpec = KeySpec::Rsa { bits: 2048 };

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A CA and those above it.
pub(crate) struct Ca {
    lab: LabCa,
}

/// A certificate and its private key (PKCS#8).
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub certificate: Certificate,
    pub key: Secret,
}

impl Ca {
    /// A root `O=lab, CN=<name>`.
    pub(crate) fn root(name: &str, spec: KeySpec) -> Result<Self, Failed> {
        let lab = LabCa::new(
            &subject(name)?,
            private(&key(spec, name)?)?,
            1,
            now() - 3600,
            now() + 10 * YEAR,
        )?;
        Ok(Self { lab })
    }

    /// A CA below this one.
    pub(crate) fn sub(&mut self, name: &str, path_len: Option<u8>) -> Result<Self, Failed> {
        let der = key(RSA, name)?;
        let certificate =
            self.issue_with(name, &private(&der)?, |request| request.ca = Some(path_len))?;
        Ok(Self {
            lab: LabCa::with_certificate(certificate, private(&der)?, 100),
        })
    }

    pub(crate) fn certificate(&self) -> &Certificate {
        self.lab.certificate()
    }

    /// A certificate for `O=lab, CN=<name>` with an address as alternative name.
    pub(crate) fn issue(
        &mut self,
        name: &str,
        spec: KeySpec,
        address: IpAddr,
    ) -> Result<Identity, Failed> {
        self.identity(name, spec, |request| request.addresses = vec![address])
    }

    /// A certificate with whatever `change` makes of the request.
    pub(crate) fn identity(
        &mut self,
        name: &str,
        spec: KeySpec,
        change: impl FnOnce(&mut CertRequestSpec<'_>),
    ) -> Result<Identity, Failed> {
        let der = key(spec, name)?;
        let certificate = self.issue_with(name, &private(&der)?, change)?;
        Ok(Identity {
            certificate,
            key: Secret::from(der),
        })
    }

    fn issue_with(
        &mut self,
        name: &str,
        key: &PrivateKey,
        change: impl FnOnce(&mut CertRequestSpec<'_>),
    ) -> Result<Certificate, Failed> {
        let public = key.public();
        let mut request =
            CertRequestSpec::router(subject(name)?, &public, now() - 3600, now() + YEAR);
        request.hash = Hash::Sha256;
        change(&mut request);
        Ok(self.lab.issue(&request)?)
    }
}

/// Our trustpoints, in the order in which they were enrolled.
#[derive(Default)]
pub(crate) struct Trustpoints {
    store: Store,
    keys: Vec<(String, PrivateKey)>,
    there: bool,
}

impl Trustpoints {
    /// Those of a store that is there already.
    pub(crate) fn there() -> Self {
        Self {
            there: true,
            ..Self::default()
        }
    }

    /// Authenticates a trustpoint and enrols it with `identity`, if there is one.
    pub(crate) fn enrol(
        mut self,
        name: &str,
        ca: &mut Ca,
        identity: Option<&Identity>,
    ) -> Result<Self, Failed> {
        self.store
            .authenticate(name, ca.certificate().clone(), now());
        if let Some(identity) = identity {
            self.store
                .enroll(name, identity.certificate.clone(), name, now());
            self.keys
                .push((name.to_owned(), private(identity.key.expose())?));
        }
        Ok(self)
    }

    pub(crate) fn write(&self, dir: &Path) -> Result<(), Failed> {
        if self.there {
            return Ok(());
        }
        Ok(ikd::keystore::create(dir, &self.store, &self.keys)?)
    }
}

fn subject(name: &str) -> Result<Name, Failed> {
    Name::from_subject_name(&format!("CN={name},O=lab")).map_err(|e| e.to_string().into())
}

fn private(der: &[u8]) -> Result<PrivateKey, Failed> {
    Ok(PrivateKey::from_pkcs8_der(der)?)
}

/// The PKCS#8 key of that type and name, made when it is wanted first.
pub(crate) fn key(spec: KeySpec, name: &str) -> Result<Vec<u8>, Failed> {
    let folder: PathBuf = [env!("CARGO_TARGET_TMPDIR"), "interop-keys"]
        .iter()
        .collect();
    let path = folder.join(format!("{name}-{spec:?}.der").replace([' ', '{', '}', ':'], ""));
    if let Ok(der) = fs::read(&path) {
        return Ok(der);
    }
    fs::create_dir_all(&folder)?;
    let der = PrivateKey::generate(spec)?.to_pkcs8_der()?;
    let mut file = tempfile::Builder::new().tempfile_in(&folder)?;
    file.write_all(der.expose())?;
    // Whoever comes first decides; the others take what is there.
    let _ = file.persist_noclobber(&path);
    Ok(fs::read(&path)?)
}
