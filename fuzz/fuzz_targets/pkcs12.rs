//! Any octets as a PKCS#12 file or a private key: never a panic, and no more work than a file may ask for.
#![no_main]
use ike_pki::{Pkcs12, private_key_from_der};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    // The MAC stops nearly every changed file; the rest is reached through plain and encrypted keys.
    let _ = Pkcs12::read(octets, "x");
    let _ = private_key_from_der(octets, Some("x"));
});
