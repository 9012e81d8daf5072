//! A CA and a router with fixed keys and a fixed clock, so that the seeds stay valid. The keys are for this alone.
use std::sync::LazyLock;

use ike_crypto::{Hash, PrivateKey};
use ike_pki::scep::{Algorithms, CaCertificates, ContentCipher, Signer, Transaction, temporary_certificate};
use ike_pki::ca_server::{CaOptions, CaServer};
use ike_pki::{Certificate, Csr, CsrSpec, LabCa, Name};

pub const NOW: i64 = 1_371_475_501;
pub const ALGORITHMS: Algorithms = Algorithms { digest: Hash::Sha1, cipher: ContentCipher::TripleDesCbc };

pub struct Router {
    pub key: PrivateKey,
    pub temporary: Certificate,
    pub ca: CaCertificates,
    /// Its first message is sent; the target of requests does not need it.
    #[allow(dead_code)]
    pub transaction: Transaction,
}

impl Router {
    pub fn signer(&self) -> Signer<'_> {
        Signer { certificate: &self.temporary, key: &self.key }
    }
}

pub fn random(out: &mut [u8]) {
    out.fill(7);
}

pub fn server() -> CaServer {
    let name = Name::from_subject_name("cn=CA1,o=cisco,o=com").unwrap();
    let key = PrivateKey::from_pkcs8_der(include_bytes!("ca.key")).unwrap();
    let ca = LabCa::new(&name, key, 1, NOW - 1, NOW + 1_000_000_000).unwrap();
    CaServer::new(ca, "CA1", CaOptions::default()).unwrap()
}

pub static ROUTER: LazyLock<Router> = LazyLock::new(|| {
    let key = PrivateKey::from_pkcs8_der(include_bytes!("router.key")).unwrap();
    let temporary = temporary_certificate("R1.cisco.com", &key, NOW).unwrap();
    let ca = CaCertificates::alone(server().certificate().clone());
    let subject = Name::from_subject_name("CN=R1,OU=IT,O=cisco,O=com").unwrap();
    let request = Csr::build(&CsrSpec::new(subject, Hash::Sha1), &key).unwrap();
    let mut transaction = Transaction::enrol(request, &ca, ALGORITHMS);
    let signer = Signer { certificate: &temporary, key: &key };
    transaction.message(&signer, NOW, &mut random).unwrap();
    Router { key, temporary, ca, transaction }
});
