//! What a trustpoint brings to a validation: its CA certificate, its way of
//! checking revocation, and what it makes of single certificates (G-061,
//! P-040, P-041).

use std::{fmt, sync::Arc};

use crate::{certificate::Certificate, crl::Crl};

/// One way of `revocation-check` (G-061).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationMethod {
    /// A revocation list must say that the certificate is good.
    Crl,
    /// Accept without asking.
    None,
    /// A responder must say that the certificate is good.
    Ocsp,
}

/// A trust anchor: the CA certificate of a trustpoint, with its settings.
#[derive(Clone, Debug)]
pub struct Anchor {
    /// Name of the trustpoint.
    pub trustpoint: String,
    /// Its CA certificate.
    pub certificate: Arc<Certificate>,
    /// `revocation-check`, in order; empty means `crl`.
    pub revocation: Vec<RevocationMethod>,
    /// Revocation lists at hand, of any CA.
    pub crls: Vec<Arc<Crl>>,
    /// Where revocation is asked for.
    pub asks: Asks,
    /// `match certificate`: what maps make of a certificate that this
    /// trustpoint validates; `None` = nothing.
    pub rules: Option<Arc<dyn CertificateRules>>,
    /// `chain-validation`: `None` = `stop`, the CA certificate is trusted for
    /// itself; else the trustpoints one of which must have issued it, each
    /// with its own revocation rule for it. A self-signed CA certificate has
    /// nothing above it.
    pub continues: Option<Vec<Anchor>>,
}

impl Anchor {
    /// A trustpoint with `revocation-check crl`, without lists, that stops at
    /// its CA certificate.
    pub fn new(trustpoint: impl Into<String>, certificate: impl Into<Arc<Certificate>>) -> Self {
        Self {
            trustpoint: trustpoint.into(),
            certificate: certificate.into(),
            revocation: vec![RevocationMethod::Crl],
            crls: Vec::new(),
            asks: Asks::default(),
            rules: None,
            continues: None,
        }
    }

    pub(crate) fn rules_for(&self, certificate: &Certificate) -> Rules {
        let rules = self.rules.as_ref();
        rules.map_or(Rules::default(), |rules| rules.of(certificate))
    }
}

/// Where a trustpoint asks about revocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// `crl query URL`, in place of the certificate's distribution points.
    pub crl_query: Option<String>,
    /// The trustpoint has an `enrollment url`: without a distribution point
    /// the list comes by SCEP GetCRL (P-025).
    pub scep: bool,
    /// `ocsp url URL`, in place of the responders the certificate names.
    pub ocsp_url: Option<String>,
    /// `ocsp disable-nonce`.
    pub without_nonce: bool,
}

/// The certificate maps of a trustpoint, which this crate does not know.
pub trait CertificateRules: fmt::Debug + Send + Sync {
    /// What they make of a certificate.
    fn of(&self, certificate: &Certificate) -> Rules;
}

/// What the maps of a trustpoint say about one certificate (P-041).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A peer's certificate may be accepted: the trustpoint has no plain
    /// `match certificate`, or one of them fits.
    pub accepted: bool,
    /// `allow expired-certificate`: validity is not looked at.
    pub allow_expired: bool,
    /// `skip revocation-check`.
    pub skip_revocation: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            accepted: true,
            allow_expired: false,
            skip_revocation: false,
        }
    }
}
