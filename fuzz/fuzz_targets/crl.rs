//! Any octets as a revocation list, asked about any serial number: never a panic; an entry that is there is found, and the cache
//! takes the list once.
#![no_main]
use ike_pki::{Certificate, Crl, CrlCache, CrlKeeping, CrlOrigin};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(list) = Crl::from_der(octets.to_vec()) else { return };
    assert_eq!(list.der(), octets);
    assert_eq!(list.is_empty(), list.len() == 0);
    for serial in octets.windows(1).chain(octets.windows(2)).take(64) {
        let revoked = list.is_revoked(serial);
        assert!(!revoked || !list.is_empty());
    }
    let (now, origin) = (list.this_update(), CrlOrigin::Url("http://x/".to_owned()));
    let (_, _) = (list.is_current(now), list.number_hex());
    let mut cache = CrlCache::default();
    assert!(cache.put(origin.clone(), list.clone(), now));
    assert!(cache.put(origin, list, now));
    assert_eq!(cache.lists(CrlKeeping::UntilNextUpdate, now).len(), 1);
    let _ = Certificate::from_der(octets.to_vec());
});
