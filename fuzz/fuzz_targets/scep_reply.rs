//! Any octets as what a CA answers (first octet: to what): never a panic, and nothing is granted but our own certificate.
#![no_main]
mod scep;
use bytes::Bytes;
use ike_pki::http::HttpReply;
use ike_pki::scep::{Answer, CaCertificates, Capabilities, Transaction};
use ike_pki::{Csr, certificates_of_pkcs7, fuzzing};
use libfuzzer_sys::fuzz_target;
use scep::{NOW, ROUTER};

fuzz_target!(|octets: &[u8]| {
    let Some((&first, rest)) = octets.split_first() else { return };
    let body = Bytes::copy_from_slice(rest);
    let reply = |kind: &str| HttpReply::ok(kind, body.clone());
    match first % 8 {
        0 => {
            let reply = reply("application/x-pki-message");
            let answer = ROUTER.transaction.answer(&reply, &ROUTER.signer(), &ROUTER.ca, NOW);
            if let Ok(Answer::Granted(all)) = answer {
                let own = all.first().map(|own| own.spki_der().to_vec());
                assert_eq!(own.as_deref(), Some(ROUTER.key.public().spki_der()));
            }
        }
        1 => drop(CaCertificates::from_reply(&reply("application/x-x509-ca-ra-cert"))),
        2 => drop(ROUTER.ca.next_from_reply(&reply("application/x-x509-next-ca-cert"))),
        3 => drop(Capabilities::from_reply(&reply("text/plain")).text()),
        4 => fuzzing::envelope(&body, &ROUTER.signer()),
        5 => drop(Transaction::from_bytes(&body)),
        6 => drop(certificates_of_pkcs7(&body)),
        _ => {
            if let Ok(request) = Csr::from_der(body.clone()) {
                assert_eq!(request.der(), &body);
            }
        }
    }
});
