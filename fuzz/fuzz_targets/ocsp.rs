//! Any octets as an OCSP answer, and as a request to a responder of ours: never a panic; an answer that nobody signed is never
//! believed, and what our responder writes can be read.
#![no_main]
use std::sync::OnceLock;

use ike_crypto::{Hash, KeySpec, PrivateKey};
use ike_pki::ocsp::{OcspSigner, respond};
use ike_pki::{
    Anchor, Attempt, CertRequestSpec, CertStatus, Certificate, ChainPolicy, Evidence, LabCa, Name, OcspError, OcspResponse,
    RevocationMethod, attempt,
};
use libfuzzer_sys::fuzz_target;

struct Fixture {
    key: PrivateKey,
    ca: Certificate,
    leaf: Certificate,
}

fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| {
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
        let pkcs8 = key.to_pkcs8_der().unwrap();
        let again = PrivateKey::from_pkcs8_der(pkcs8.expose()).unwrap();
        let name = Name::from_subject_name("cn=CA1").unwrap();
        let public = key.public();
        let mut ca = LabCa::new(&name, again, 1, 0, 1_000_000).unwrap();
        let mut spec = CertRequestSpec::router(name, &public, 0, 1_000_000);
        spec.ocsp_urls = vec!["http://x/".to_owned()];
        let leaf = ca.issue(&spec).unwrap();
        Fixture { key, ca: ca.certificate().clone(), leaf }
    })
}

fuzz_target!(|octets: &[u8]| {
    let Fixture { key, ca, leaf } = fixture();
    if let Ok(response) = OcspResponse::from_der(octets.to_vec()) {
        let mut anchor = Anchor::new("T", ca.clone());
        anchor.revocation = vec![RevocationMethod::Ocsp];
        anchor.asks.without_nonce = true;
        let (chain, anchors, policy) = ([leaf.clone()], [anchor], ChainPolicy::ios_15_3t());
        let mut evidence = Evidence::new([0; 32]);
        let Attempt::Wanted(sources) = attempt(&chain, &anchors, &evidence, 1000, &policy) else {
            panic!("nothing is wanted");
        };
        for source in sources {
            evidence.add_ocsp(source, response.clone());
        }
        let verdict = attempt(&chain, &anchors, &evidence, 1000, &policy);
        assert!(matches!(verdict, Attempt::Refused(_)), "{verdict:?}");
    }
    let signer = OcspSigner { key, certificate: ca, send_certificate: true, hash: Hash::Sha256, valid_for: Some(60) };
    let answer = respond(octets, &|_| CertStatus::Good, &signer, 1000);
    match OcspResponse::from_der(answer) {
        Ok(_) | Err(OcspError::Declined("malformedRequest")) => {}
        Err(error) => panic!("{error}"),
    }
});
