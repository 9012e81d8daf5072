//! Enrolment without a network: a lab's CAs issue what the trustpoints of a configuration ask
//! for. The simulator, `ikd lab` and the tests enrol with this one function, so their
//! stores are alike. Keys come from the caller: nothing here draws entropy.

use std::collections::BTreeMap;

use ike_crypto::{Hash, PrivateKey, PublicKey};
use ike_pki::{CaError, CertRequestSpec, LabCa, Name, Store};

use crate::config::{Enrollment, RunningConfig, TrustpointConfig};
use crate::policy::enrolment::{self, Additions};

/// Validity of what a lab CA issues, in seconds: one year, as in the seed.
const VALIDITY: i64 = 365 * 86_400;

/// The CAs of a lab, one for each enrolment URL.
#[derive(Default)]
pub struct LabCas {
    by_url: BTreeMap<String, LabCa>,
    alternative_names: bool,
}

/// What a router brings to its enrolment.
pub struct Enrollee<'a> {
    /// Its configuration.
    pub config: &'a RunningConfig,
    /// Chassis serial number (S-003).
    pub serial: &'a str,
    /// Its key pair's public half.
    pub public: &'a PublicKey,
    /// Label of the key pair.
    pub key_label: &'a str,
    /// Trustpoints to enrol, newest first; `None` = all, the last defined newest.
    pub order: Option<&'a [String]>,
    /// Wall time, seconds since 1970 UTC.
    pub at: i64,
}

/// Why an enrolment failed.
#[derive(Debug)]
pub enum EnrolError {
    /// The order names a trustpoint that is not configured.
    UnknownTrustpoint(String),
    /// A trustpoint without `enrollment url`.
    NoUrl(String),
    /// The subject name does not parse.
    Subject(String, String),
    /// The CA refused.
    Ca(String, CaError),
}

impl std::fmt::Display for EnrolError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownTrustpoint(tp) => {
                write!(f, "trustpoint {tp} is not configured; name one that is")
            }
            Self::NoUrl(tp) => {
                write!(
                    f,
                    "trustpoint {tp} has no `enrollment url`: add one, each URL stands for a CA of the lab"
                )
            }
            Self::Subject(tp, why) => write!(f, "subject-name of trustpoint {tp}: {why}"),
            Self::Ca(tp, why) => write!(f, "the CA of trustpoint {tp} issued nothing: {why}"),
        }
    }
}

impl std::error::Error for EnrolError {}

impl LabCas {
    /// From now on certificates name host and address in subjectAltName too, where peers other than IOS
    /// look for identities; IOS puts them into the subject alone (W-021).
    pub fn add_alternative_names(&mut self) {
        self.alternative_names = true;
    }

    /// The enrolment URLs of several configurations, in order of first appearance.
    #[must_use]
    pub fn urls(configs: &[&RunningConfig]) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for trustpoint in configs.iter().flat_map(|c| &c.trustpoints) {
            if let Some(Enrollment::Url(url)) = &trustpoint.enrollment
                && !out.contains(url)
            {
                out.push(url.clone());
            }
        }
        out
    }

    /// Makes the CA of a URL: `cn=CA<number>,o=cisco,o=com` (S-003).
    ///
    /// # Errors
    /// The CA's own certificate cannot be made.
    pub fn add(
        &mut self,
        url: &str,
        number: usize,
        key: PrivateKey,
        at: i64,
    ) -> Result<(), EnrolError> {
        let (ca, name) = named(number)?;
        let ca = LabCa::new(&name, key, 1, at - 60, at + 10 * VALIDITY)
            .map_err(|e| EnrolError::Ca(ca, e))?;
        self.by_url.insert(url.to_owned(), ca);
        Ok(())
    }

    /// As [`LabCas::add`], with a certificate of the CA of the URL `above` (P-040).
    ///
    /// # Errors
    /// There is no CA above, or it cannot make the certificate.
    pub fn add_below(
        &mut self,
        above: &str,
        url: &str,
        number: usize,
        key: PrivateKey,
        at: i64,
    ) -> Result<(), EnrolError> {
        let (ca, name) = named(number)?;
        let above = self.by_url.get_mut(above);
        let above = above.ok_or_else(|| EnrolError::NoUrl(ca.clone()))?;
        let (from, until) = (at - 60, at + 10 * VALIDITY);
        let certificate = above
            .issue_ca(&name, &key.public(), Hash::Sha256, from, until)
            .map_err(|e| EnrolError::Ca(ca, e))?;
        let ca = LabCa::with_certificate(certificate, key, 1);
        self.by_url.insert(url.to_owned(), ca);
        Ok(())
    }

    /// Enrols a router: for each trustpoint the CA certificate, a CRL and an identity
    /// certificate, oldest first, so that the store's order is `order` (P-001, P-004).
    ///
    /// # Errors
    /// See [`EnrolError`].
    pub fn enrol(&mut self, who: &Enrollee<'_>) -> Result<Store, EnrolError> {
        let all: Vec<String> = who
            .config
            .trustpoints
            .iter()
            .rev()
            .map(|t| t.name.clone())
            .collect();
        let mut store = Store::default();
        for name in who.order.unwrap_or(&all).iter().rev() {
            let trustpoint = who
                .config
                .trustpoints
                .iter()
                .find(|t| &t.name == name)
                .ok_or_else(|| EnrolError::UnknownTrustpoint(name.clone()))?;
            self.enrol_one(&mut store, who, trustpoint)?;
        }
        store.set_trustpool_clean(who.config.trustpool_clean);
        Ok(store)
    }

    fn enrol_one(
        &mut self,
        store: &mut Store,
        who: &Enrollee<'_>,
        tp: &TrustpointConfig,
    ) -> Result<(), EnrolError> {
        let name = tp.name.as_str();
        let Some(Enrollment::Url(url)) = &tp.enrollment else {
            return Err(EnrolError::NoUrl(name.to_owned()));
        };
        let ca = self
            .by_url
            .get_mut(url)
            .ok_or_else(|| EnrolError::NoUrl(name.to_owned()))?;
        let refused = |e| EnrolError::Ca(name.to_owned(), e);
        let wish = enrolment::wish(who.config, tp, who.serial, &Additions::default())
            .map_err(|e| EnrolError::Subject(name.to_owned(), e.to_string()))?;
        let until = who.at + VALIDITY;
        let mut request = CertRequestSpec::router(wish.subject, who.public, who.at - 60, until);
        request.hash = wish.hash;
        if self.alternative_names {
            request.dns_names = wish.fqdn.into_iter().collect();
            request.addresses = wish.addresses;
        }
        let certificate = ca.issue(&request).map_err(refused)?;
        let crl = ca.crl(who.at - 60, who.at + VALIDITY).map_err(refused)?;
        store.authenticate(name, ca.certificate().clone(), who.at);
        store.set_crl(name, crl);
        store.enroll(name, certificate, who.key_label, who.at);
        Ok(())
    }
}

/// `CA1` and its name, `cn=CA1,o=cisco,o=com`.
fn named(number: usize) -> Result<(String, Name), EnrolError> {
    let ca = format!("CA{number}");
    let name = Name::from_subject_name(&format!("CN={ca},O=cisco,O=com"))
        .map_err(|e| EnrolError::Subject(ca.clone(), e.to_string()))?;
    Ok((ca, name))
}
