//! Any octets as a PKCS#12 file, a private key, PEM or an index of the store: never a panic, and no more work than a file may ask for.
#![no_main]
use ike_pki::{
    Manifest, Pkcs12, any_private_key_from_pem, certificates_from_pem, private_key_from_der,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    // The MAC stops nearly every changed file; the rest is reached through plain and encrypted keys.
    let _ = Pkcs12::read(octets, "x");
    let _ = private_key_from_der(octets, Some("x"));
    let _ = Manifest::read(octets);
    if let Ok(text) = std::str::from_utf8(octets) {
        let _ = any_private_key_from_pem(text, Some("x"));
        let _ = certificates_from_pem(text);
    }
});
