//! Any octets as a certificate, a revocation list or a name: never a panic, and the octets are kept as they came.
#![no_main]
use ike_pki::{Certificate, Crl, Name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(certificate) = Certificate::from_der(octets.to_vec()) {
        assert_eq!(certificate.der(), octets);
    }
    if let Ok(list) = Crl::from_der(octets.to_vec()) {
        assert_eq!(list.der(), octets);
    }
    if let Ok(name) = Name::from_der(octets) {
        assert_eq!(name.der(), octets);
    }
});
