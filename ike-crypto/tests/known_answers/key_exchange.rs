//! MODP, ECP and Curve25519 key exchange (RFC 2409, 3526, 5903, 6989, 8031).

use ike_crypto::{CryptoError, Group, Secret, dh_agree, dh_public};
use serde_json::Value;

use crate::support::{field, hex, left_padded, vectors, wycheproof};

#[test]
fn every_modp_group_reproduces_the_sample_exchange() {
    for (group, entry) in groups("dh-modp.json", 8) {
        assert_eq!(hex(entry["p"].as_str().unwrap()).len(), group.public_len());
        exchange(group, &entry["sample"]);
        // A shared secret with a leading zero keeps it (RFC 2409 5).
        if entry.get("leading_zero_shared_secret").is_some() {
            exchange(group, &entry["leading_zero_shared_secret"]);
        }
    }
}

#[test]
fn every_ecp_group_reproduces_rfc_5903_section_8() {
    for (group, entry) in groups("dh-ecp.json", 3) {
        let renamed = serde_json::json!({
            "x_i": entry["x_i"], "x_r": entry["x_r"],
            "g_i": entry["ke_i"], "g_r": entry["ke_r"], "g_ir": entry["g_ir"],
        });
        exchange(group, &renamed);
    }
}

fn groups(name: &str, at_least: usize) -> Vec<(Group, Value)> {
    let Some(file) = vectors(name) else {
        return Vec::new();
    };
    let all = file["groups"].as_array().unwrap().clone();
    let known = |entry: Value| {
        let number = u16::try_from(entry["group"].as_u64().unwrap()).unwrap();
        Group::from_iana(number).map(|group| (group, entry))
    };
    let known: Vec<_> = all.into_iter().filter_map(known).collect();
    assert!(known.len() >= at_least, "{name}: {}", known.len());
    known
}

fn exchange(group: Group, sample: &Value) {
    let private = |name| Secret::from(left_padded(&field(sample, name), group.private_len()));
    let (x_i, x_r) = (private("x_i"), private("x_r"));
    let (g_i, g_r) = (field(sample, "g_i"), field(sample, "g_r"));
    assert_eq!(dh_public(group, &x_i).unwrap(), g_i, "{group:?} g^xi");
    assert_eq!(dh_public(group, &x_r).unwrap(), g_r, "{group:?} g^xr");
    let expected = Secret::from(field(sample, "g_ir"));
    assert_eq!(dh_agree(group, &x_i, &g_r).unwrap(), expected, "{group:?}");
    assert_eq!(dh_agree(group, &x_r, &g_i).unwrap(), expected, "{group:?}");
}

/// RFC 6989 section 2: the values that must be refused.
#[test]
fn invalid_public_values_are_refused() {
    for (file, list) in [
        ("dh-modp.json", "invalid_public_values"),
        ("dh-ecp.json", "invalid_ke"),
    ] {
        for (group, entry) in groups(file, 3) {
            let private = Secret::from(vec![7; group.private_len()]);
            for (name, value) in entry[list].as_object().unwrap() {
                let raw = hex(value.as_str().unwrap());
                let value = if file == "dh-modp.json" {
                    left_padded(&raw, group.public_len())
                } else {
                    raw
                };
                let refused = dh_agree(group, &private, &value).unwrap_err();
                let expected = matches!(
                    refused,
                    CryptoError::InvalidPublicValue(_) | CryptoError::Length { .. }
                );
                assert!(expected, "{group:?} {name}: {refused}");
            }
        }
    }
}

#[test]
fn every_group_agrees_with_itself_and_refuses_other_lengths() {
    for group in Group::ALL {
        let (a, b) = (
            Secret::from(vec![3; group.private_len()]),
            vec![0xf5; group.private_len()],
        );
        let b = Secret::from(b);
        let (ga, gb) = (dh_public(group, &a).unwrap(), dh_public(group, &b).unwrap());
        assert_eq!(ga.len(), group.public_len());
        assert_eq!(
            dh_agree(group, &a, &gb).unwrap(),
            dh_agree(group, &b, &ga).unwrap()
        );
        assert!(dh_agree(group, &a, &gb[1..]).is_err());
        assert!(dh_public(group, &Secret::from(vec![1; group.private_len() - 1])).is_err());
        assert_eq!(Group::from_iana(group.iana()), Some(group));
    }
    assert_eq!(Group::from_iana(24), None);
}

#[test]
fn ecp_points_of_wycheproof_agree_or_are_refused() {
    for (name, group) in [
        ("ecdh_secp256r1_ecpoint", Group::Ecp256),
        ("ecdh_secp384r1_ecpoint", Group::Ecp384),
        ("ecdh_secp521r1_ecpoint", Group::Ecp521),
    ] {
        for (_, test) in wycheproof(name) {
            let private = field(&test, "private");
            let skip = private.len().saturating_sub(group.private_len());
            let private = Secret::from(left_padded(&private[skip..], group.private_len()));
            let public = field(&test, "public");
            // A KE payload has no octet for the form: there is one (RFC 5903 7).
            let point = public.strip_prefix(&[4]).unwrap_or(&public);
            let outcome = dh_agree(group, &private, point);
            match test["result"].as_str().unwrap() {
                "valid" => assert_eq!(outcome.unwrap(), Secret::from(field(&test, "shared"))),
                _ => assert!(outcome.is_err(), "{name} {test}"),
            }
        }
    }
}

#[test]
fn curve25519_matches_rfc_7748_and_refuses_points_of_small_order() {
    let Some(file) = vectors("x25519-rfc7748.json") else {
        return;
    };
    let (mut agreed, mut refused) = (0, 0);
    for test in file["tests"].as_array().unwrap() {
        if test.get("out").is_some() {
            let private = Secret::from(field(test, "scalar"));
            let shared = dh_agree(Group::Curve25519, &private, &field(test, "u")).unwrap();
            assert_eq!(shared, Secret::from(field(test, "out")));
            agreed += 1;
            continue;
        }
        for u in test["u"].as_array().unwrap() {
            let u = hex(u.as_str().unwrap());
            let outcome = dh_agree(Group::Curve25519, &Secret::from(vec![7; 32]), &u);
            let why = CryptoError::InvalidPublicValue("point of small order");
            assert_eq!(outcome, Err(why));
            refused += 1;
        }
    }
    assert_eq!((agreed, refused), (2, 7));
}

/// RFC 8031 3.2: of the acceptable cases those whose secret is zero are refused,
/// those on the twist or with a value that is not reduced are taken.
#[test]
fn curve25519_follows_wycheproof() {
    let cases = wycheproof("x25519");
    let refused = cases.iter().filter(|(_, test)| {
        let private = Secret::from(field(test, "private"));
        let outcome = dh_agree(Group::Curve25519, &private, &field(test, "public"));
        let shared = field(test, "shared");
        let zero = shared.iter().all(|octet| *octet == 0);
        assert_eq!(outcome.is_err(), zero, "{test}");
        assert!(!(zero && test["result"] == "valid"), "{test}");
        if let Ok(found) = outcome {
            assert_eq!(found, Secret::from(shared), "{test}");
        }
        zero
    });
    let refused = refused.count();
    assert!(cases.is_empty() || refused > 0);
}

/// NIST SP 800-56A rev. 3 table 25: twice the strength of each group.
#[test]
fn private_values_are_twice_as_long_as_the_strength() {
    for (group, strength) in [
        (Group::Modp2048, 112),
        (Group::Modp3072, 128),
        (Group::Modp4096, 152),
        (Group::Modp6144, 176),
        (Group::Modp8192, 200),
    ] {
        let bits = 8 * group.private_len();
        assert!((2 * strength..3 * strength).contains(&bits), "{group:?}");
    }
}
