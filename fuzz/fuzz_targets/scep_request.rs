//! Any octets as a request to the CA (first octet: posted, a target, or the content of a well signed message): never a
//! panic, and no state from what was not signed.
#![no_main]
mod scep;
use std::cell::RefCell;

use ike_pki::http::HttpRequest;
use ike_pki::ca_server::CaServer;
use ike_pki::fuzzing;
use libfuzzer_sys::fuzz_target;
use scep::{ALGORITHMS, NOW, ROUTER, random, server};

thread_local! {
    static SERVER: RefCell<CaServer> = RefCell::new(server());
}

const MEDIA: &str = "application/x-pki-message";
const TARGET: &str = "/cgi-bin/pkiclient.exe?operation=PKIOperation";

fuzz_target!(|octets: &[u8]| {
    let Some((&first, rest)) = octets.split_first() else { return };
    let request = match first % 8 {
        0 => HttpRequest::post(TARGET, MEDIA, rest.to_vec()),
        1 => HttpRequest::get(String::from_utf8_lossy(rest)),
        kind => {
            let recipient = &ROUTER.ca.ca;
            let message = fuzzing::operation(kind, rest, &ROUTER.signer(), recipient, ALGORITHMS);
            let Some(message) = message else { return };
            HttpRequest::post(TARGET, MEDIA, message.der().clone())
        }
    };
    SERVER.with_borrow_mut(|server| {
        let reply = server.handle(&request, NOW, &mut random);
        assert!(matches!(reply.status, 200 | 400 | 404 | 413 | 501), "{}", reply.status);
        assert!(server.issued().len() <= 64, "the fuzzer cannot sign requests");
    });
});
