//! The revocation lists that the lab CA writes (RFC 5280 section 5).

use std::fmt;

use ike_crypto::{Hash, PrivateKey};

use crate::{
    ca::{algorithm_identifier, scheme, signed},
    ca_error::CaError,
    ca_extensions::{authority, extension, key_id},
    certificate::Certificate,
    crl::Crl,
    der::tag,
    oid, time,
    writer::{self, sequence, tlv},
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

/// A list to be signed.
pub(crate) struct List<'a> {
    pub(crate) revoked: &'a [Revoked],
    pub(crate) number: u64,
    pub(crate) hash: Hash,
    pub(crate) this_update: i64,
    pub(crate) next_update: i64,
}

impl List<'_> {
    /// The list of the CA `issuer`, version 2, with its number and the CA's
    /// key identifier (RFC 5280 5.1, 5.2).
    pub(crate) fn sign(&self, issuer: &Certificate, key: &PrivateKey) -> Result<Crl, CaError> {
        let scheme = scheme(key, self.hash);
        let algorithm = algorithm_identifier(scheme)?;
        let entries: Vec<u8> = self.revoked.iter().flat_map(Revoked::entry).collect();
        let entries = match entries.is_empty() {
            true => Vec::new(),
            false => sequence(&[&entries]),
        };
        let number = writer::unsigned(&self.number.to_be_bytes());
        let extensions = sequence(&[
            &authority(&key_id(issuer.spki_der())),
            &extension(oid::CRL_NUMBER, false, &number),
        ]);
        let tbs = sequence(&[
            &writer::unsigned(&[1]),
            &algorithm,
            issuer.subject().der(),
            &time::encode(self.this_update),
            &time::encode(self.next_update),
            &entries,
            &tlv(tag::constructed(0), &[&extensions]),
        ]);
        Crl::from_der(signed(&tbs, &algorithm, key, scheme)?).map_err(CaError::Crl)
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
