//! Strict mode: forms that RFC 5280 section 4 forbids a CA to produce, but
//! that section 6 would let pass.

use crate::{
    certificate::Certificate, extensions::KeyUsage, general_name::GeneralName, oid,
    refusal::Refusal,
};

/// Where in the path a certificate stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Anchor,
    Intermediate,
    Leaf,
}

/// Checks one certificate of a path.
pub(crate) fn check(certificate: &Certificate, place: Place) -> Result<(), Refusal> {
    let forbidden = RULES.iter().find(|(broken, _)| broken(certificate, place));
    forbidden.map_or(Ok(()), |(_, why)| Err(Refusal::Profile(why)))
}

type Rule = (fn(&Certificate, Place) -> bool, &'static str);

/// Each rule says when it is broken.
const RULES: &[Rule] = &[
    (
        |c, _| c.serial().iter().all(|octet| *octet == 0),
        "serial number is zero (RFC 5280 4.1.2.2)",
    ),
    (
        |c, _| c.serial().first().is_some_and(|octet| octet & 0x80 != 0),
        "serial number is negative (RFC 5280 4.1.2.2)",
    ),
    (
        |c, _| c.issuer().is_empty(),
        "issuer is empty (RFC 5280 4.1.2.4)",
    ),
    (
        |c, at| c.subject().is_empty() && (at != Place::Leaf || !c.extensions.has_alt_names),
        "subject is empty without subjectAltName (RFC 5280 4.1.2.6)",
    ),
    (
        |c, _| c.subject().is_empty() && !c.extensions.is_critical(oid::SUBJECT_ALT_NAME),
        "subject is empty but subjectAltName is not critical (RFC 5280 4.2.1.6)",
    ),
    (
        |c, at| at != Place::Leaf && !c.extensions.is_critical(oid::BASIC_CONSTRAINTS),
        "basicConstraints of a CA is not critical (RFC 5280 4.2.1.9)",
    ),
    (
        |c, _| c.path_len().is_some() && !c.is_ca(),
        "pathLenConstraint without CA (RFC 5280 4.2.1.9)",
    ),
    (
        |c, _| {
            !c.is_ca()
                && c.key_usage()
                    .is_some_and(|u| u.contains(KeyUsage::KEY_CERT_SIGN))
        },
        "keyCertSign without CA (RFC 5280 4.2.1.3)",
    ),
    (
        |c, at| at == Place::Intermediate && c.key_usage().is_none(),
        "CA without keyUsage (RFC 5280 4.2.1.3)",
    ),
    (
        |c, _| c.extensions.name_constraints.is_some() && !c.is_ca(),
        "nameConstraints without CA (RFC 5280 4.2.1.10)",
    ),
    (
        |c, at| at != Place::Leaf && c.subject_key_id().is_none(),
        "CA without subjectKeyIdentifier (RFC 5280 4.2.1.2)",
    ),
    (
        |c, _| c.version() == 3 && !c.is_self_issued() && c.authority_key_id().is_none(),
        "no authorityKeyIdentifier (RFC 5280 4.2.1.1)",
    ),
    (
        |c, _| c.extensions.is_critical(oid::AUTHORITY_KEY_ID),
        "authorityKeyIdentifier is critical (RFC 5280 4.2.1.1)",
    ),
    (
        |c, _| c.extensions.is_critical(oid::SUBJECT_KEY_ID),
        "subjectKeyIdentifier is critical (RFC 5280 4.2.1.2)",
    ),
    (
        |c, _| {
            let ext = &c.extensions;
            ext.name_constraints.is_some() && !ext.is_critical(oid::NAME_CONSTRAINTS)
        },
        "nameConstraints is not critical (RFC 5280 4.2.1.10)",
    ),
    (
        |c, _| {
            let ext = &c.extensions;
            ext.has_policy_constraints && !ext.is_critical(oid::POLICY_CONSTRAINTS)
        },
        "policyConstraints is not critical (RFC 5280 4.2.1.11)",
    ),
    (
        |c, _| {
            let dotted =
                |base: &GeneralName| matches!(base, GeneralName::Dns(d) if d.starts_with('.'));
            let constraints = c.extensions.name_constraints.as_ref();
            constraints.is_some_and(|n| n.permitted.iter().chain(&n.excluded).any(dotted))
        },
        "dNSName constraint with a leading dot (RFC 5280 4.2.1.10)",
    ),
    (
        |c, _| c.extensions.alt_names.iter().any(malformed),
        "malformed name in subjectAltName (RFC 5280 4.2.1.6)",
    ),
];

/// A dNSName that is no host name, an rfc822Name that is no mailbox.
fn malformed(name: &GeneralName) -> bool {
    match name {
        GeneralName::Dns(host) => !is_host(host.strip_prefix("*.").unwrap_or(host)),
        GeneralName::Email(mailbox) => {
            let bad = |local: &str| local.is_empty() || local.contains(['@', ' ']);
            mailbox
                .rsplit_once('@')
                .is_none_or(|(local, host)| bad(local) || !is_host(host))
        }
        _ => false,
    }
}

/// Labels of letters, digits and inner hyphens (RFC 1123 2.1); not an address.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.split('.').all(label) && host.parse::<std::net::IpAddr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_have_letters_digits_and_inner_hyphens() {
        for good in ["r1.cisco.com", "R1", "a-b.c", "xn--mnchen-3ya.de"] {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "",
            ".cisco.com",
            "a..b",
            "-a.b",
            "a_b.c",
            "192.168.0.1",
            "a b",
            "a.*",
        ] {
            assert!(!is_host(bad), "{bad}");
        }
        assert!(!malformed(&GeneralName::Dns("*.cisco.com".into())));
        assert!(malformed(&GeneralName::Email("nobody".into())));
    }
}
