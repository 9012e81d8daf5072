//! Entries of the revocation lists that the lab CA writes (RFC 5280 5.1.2.6,
//! 5.3.1).

use std::fmt;

use crate::{
    ca_extensions::extension,
    der::tag,
    oid, time,
    writer::{sequence, tlv},
};

/// Why a certificate is revoked (RFC 5280 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationReason {
    /// 1.
    KeyCompromise,
    /// 2.
    CaCompromise,
    /// 3.
    AffiliationChanged,
    /// 4.
    Superseded,
    /// 5.
    CessationOfOperation,
    /// 9.
    PrivilegeWithdrawn,
}

const REASONS: [(RevocationReason, u8, &str); 6] = [
    (RevocationReason::KeyCompromise, 1, "keyCompromise"),
    (RevocationReason::CaCompromise, 2, "cACompromise"),
    (
        RevocationReason::AffiliationChanged,
        3,
        "affiliationChanged",
    ),
    (RevocationReason::Superseded, 4, "superseded"),
    (
        RevocationReason::CessationOfOperation,
        5,
        "cessationOfOperation",
    ),
    (
        RevocationReason::PrivilegeWithdrawn,
        9,
        "privilegeWithdrawn",
    ),
];

impl RevocationReason {
    /// The number of the RFC.
    pub fn number(self) -> u8 {
        let known = REASONS.iter().find(|(reason, ..)| *reason == self);
        known.map_or(0, |(_, number, _)| *number)
    }

    /// The reason of a number, `None` for unspecified and the rest.
    pub fn of_number(number: u8) -> Option<Self> {
        let known = REASONS.iter().find(|(_, known, _)| *known == number);
        known.map(|(reason, ..)| *reason)
    }

    /// The reason by its name of the RFC, in any case.
    pub fn named(name: &str) -> Option<Self> {
        let known = REASONS
            .iter()
            .find(|(.., known)| known.eq_ignore_ascii_case(name));
        known.map(|(reason, ..)| *reason)
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = REASONS.iter().find(|(reason, ..)| reason == self);
        f.write_str(known.map_or("unspecified", |(.., name)| name))
    }
}

/// A certificate that is revoked.
#[derive(Clone, Debug)]
pub(crate) struct Revoked {
    /// Content octets of the serial number.
    pub(crate) serial: Vec<u8>,
    pub(crate) at: i64,
    pub(crate) reason: Option<RevocationReason>,
}

impl Revoked {
    /// One entry of revokedCertificates.
    pub(crate) fn entry(&self) -> Vec<u8> {
        let reason = self.reason.map(|reason| {
            let value = tlv(tag::ENUMERATED, &[&[reason.number()]]);
            sequence(&[&extension(oid::CRL_REASON, false, &value)])
        });
        sequence(&[
            &tlv(tag::INTEGER, &[&self.serial]),
            &time::encode(self.at),
            &reason.unwrap_or_default(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_the_numbers_and_names_of_the_rfc() {
        for (reason, number, name) in REASONS {
            assert_eq!(reason.number(), number);
            assert_eq!(RevocationReason::of_number(number), Some(reason));
            assert_eq!(RevocationReason::named(&reason.to_string()), Some(reason));
            assert_eq!(reason.to_string(), name);
        }
        assert_eq!(RevocationReason::of_number(0), None);
        assert_eq!(RevocationReason::of_number(8), None);
    }
}
