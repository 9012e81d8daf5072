//! Which trustpoints may vouch for the peer (S-050).

use ike_pki::{Anchor, RevocationMethod as Revocation, Store};

use super::Decision;
use crate::config::{IsakmpProfile, RevocationMethod, RunningConfig};

/// The trustpoints whose CA certificates are the anchors for the peer's chain: the bound
/// profile's `ca trust-point` list, else every global trustpoint, newest first.
#[must_use]
pub fn trustpoints(profile: Option<&IsakmpProfile>, store: &Store) -> Decision<Vec<String>> {
    match profile {
        Some(profile) if !profile.trustpoints.is_empty() => Decision::new(
            profile.trustpoints.clone(),
            "S-050",
            format!(
                "profile {} restricts validation to its ca trust-point list",
                profile.name
            ),
        ),
        Some(profile) => Decision::new(
            store.ca_trustpoints(),
            "S-050",
            format!(
                "profile {} has no ca trust-point: every global trustpoint validates",
                profile.name
            ),
        ),
        None => Decision::new(
            store.ca_trustpoints(),
            "S-050",
            "no profile is bound: every global trustpoint validates",
        ),
    }
}

/// The CA certificate of a trustpoint with its revocation methods (P-041; default `crl`).
#[must_use]
pub fn anchor(config: &RunningConfig, store: &Store, trustpoint: &str) -> Option<Anchor> {
    let configured = config.trustpoints.iter().find(|t| t.name == trustpoint);
    let mut revocation: Vec<Revocation> = configured
        .map(|t| t.revocation_check.as_slice())
        .unwrap_or_default()
        .iter()
        .map(|m| match m {
            RevocationMethod::Crl => Revocation::Crl,
            RevocationMethod::None => Revocation::None,
            RevocationMethod::Ocsp => Revocation::Ocsp,
        })
        .collect();
    if revocation.is_empty() {
        revocation.push(Revocation::Crl);
    }
    store.anchor(trustpoint, revocation)
}
