//! Message authentication codes: HMAC (RFC 2202, 4231).

use ike_crypto::{Hash, hmac};

use crate::support::{field, vectors};

#[test]
fn hmac_matches_rfc_2202_and_rfc_4231() {
    let Some(file) = vectors("mac-prf.json") else {
        return;
    };
    let mut seen = 0;
    for test in file["tests"].as_array().unwrap() {
        let Some(hash) = hmac_hash(test["alg"].as_str().unwrap()) else {
            continue;
        };
        let (key, data, mac) = (field(test, "key"), field(test, "data"), field(test, "mac"));
        assert_eq!(
            hmac(hash, &key, &[&data])[..mac.len()],
            mac,
            "{}",
            test["name"]
        );
        seen += 1;
    }
    assert!(seen >= 20, "only {seen} cases");
}

fn hmac_hash(name: &str) -> Option<Hash> {
    Some(match name {
        "HMAC-md5" => Hash::Md5,
        "HMAC-sha1" => Hash::Sha1,
        "HMAC-sha256" => Hash::Sha256,
        "HMAC-sha384" => Hash::Sha384,
        "HMAC-sha512" => Hash::Sha512,
        _ => return None,
    })
}
