//! What the unit tests of this crate share: a lab CA with a router, octets
//! drawn from a counter, and OpenSSL as the judge.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use ike_crypto::{Hash, KeySpec, PrivateKey};

use crate::{
    ca::{CertRequestSpec, LabCa},
    certificate::Certificate,
    name::Name,
};

/// 17 June 2013, the day of the seed.
pub(crate) const NOW: i64 = 1_371_475_501;
pub(crate) const YEAR: i64 = 365 * 86_400;

/// A CA and keys.
pub(crate) struct Lab {
    pub(crate) ca: LabCa,
    pub(crate) router_key: PrivateKey,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let name = Name::from_subject_name("cn=CA1,o=cisco,o=com").unwrap();
        let ca = LabCa::new(&name, rsa(1024), 1, NOW - YEAR, NOW + 10 * YEAR).unwrap();
        Self {
            ca,
            router_key: rsa(1024),
        }
    }

    /// A certificate for the router's key.
    pub(crate) fn router(&mut self) -> Certificate {
        let public = self.router_key.public();
        let mut spec = CertRequestSpec::router(subject(), &public, NOW - 60, NOW + YEAR);
        spec.hash = Hash::Sha256;
        self.ca.issue(&spec).unwrap()
    }
}

/// W-021: the subject of R1.
pub(crate) fn subject() -> Name {
    let ip = std::net::Ipv4Addr::new(192, 168, 0, 1);
    let text = "CN=R1,OU=IT,O=cisco,O=com";
    Name::router_subject(text, Some("100"), Some(ip), Some("R1.cisco.com")).unwrap()
}

pub(crate) fn rsa(bits: u32) -> PrivateKey {
    PrivateKey::generate(KeySpec::Rsa { bits }).unwrap()
}

/// Octets that never repeat in a test: a hash of a counter.
pub(crate) fn drawn(seed: u8) -> impl FnMut(&mut [u8]) {
    let mut count = 0_u64;
    move |out: &mut [u8]| {
        for chunk in out.chunks_mut(32) {
            count += 1;
            let octets = Hash::Sha256.digest(&[&[seed], &count.to_be_bytes()]);
            chunk.copy_from_slice(&octets[..chunk.len()]);
        }
    }
}

/// The output of `openssl` as text; see [`openssl_with_files`].
pub(crate) fn openssl(arguments: &[&str], input: &[u8]) -> Option<String> {
    let out = openssl_with_files(arguments, input, &[])?;
    Some(String::from_utf8_lossy(&out).into_owned())
}

/// Standard output and error of `openssl` in a folder with `files`; it must
/// succeed. `None`, and a line that says so, where it is not installed, unless
/// IKD_REQUIRE_ALL is set.
pub(crate) fn openssl_with_files(
    arguments: &[&str],
    input: &[u8],
    files: &[(&str, Vec<u8>)],
) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, octets) in files {
        std::fs::write(folder.path().join(name), octets).unwrap();
    }
    let mut command = Command::new("openssl");
    command.args(arguments).current_dir(folder.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = command.stderr(Stdio::piped()).spawn() else {
        assert!(
            std::env::var_os("IKD_REQUIRE_ALL").is_none(),
            "openssl is not installed"
        );
        eprintln!("skipped: openssl is not installed, it would judge {arguments:?}");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::Builder::new().spawn(move || drop(stdin.write_all(&input)));
    let out = child.wait_with_output().unwrap();
    writer.unwrap().join().unwrap();
    let error = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "openssl {arguments:?}: {error}");
    Some(out.stdout)
}
