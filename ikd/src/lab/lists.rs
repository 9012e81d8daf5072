//! Revocation lists of CAs that could be at work and are not: routers have none to begin with, and get them when they ask
//! by SCEP (P-025), each from the CA of the trustpoint that asks.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use ike_core::config::{Enrollment, TrustpointConfig};
use ike_pki::scep::ScepUrl;
use ike_pki::{Crl, CrlCache, Name};

use super::case::{Case, RouterCase};
use super::enrol::Enrolled;

/// For each router what its trustpoints are told.
#[derive(Clone, Default)]
pub(super) struct Lists(Rc<Vec<BTreeMap<String, Given>>>);

struct Given {
    /// Where the CA would answer.
    at: String,
    list: Arc<Crl>,
}

impl Lists {
    /// Takes the lists out of the stores of routers that have just enrolled.
    pub(super) fn taken(case: &Case, enrolled: &mut [Enrolled; 2]) -> Self {
        let routers = case.routers.iter().zip(enrolled);
        Self(Rc::new(routers.map(|(r, e)| of_router(r, e)).collect()))
    }

    /// What the CA of a router's trustpoint says when the list of `issuer` is asked for: a DER list, or why not, in the
    /// words of the daemon.
    pub(super) fn ask(
        &self,
        router: usize,
        trustpoint: &str,
        issuer: &Name,
    ) -> Result<Bytes, String> {
        let given = self.0.get(router).and_then(|all| all.get(trustpoint));
        let given = given.ok_or("the CA does not answer")?;
        if given.list.issuer().matches(issuer) {
            return Ok(given.list.der().clone());
        }
        let at = &given.at;
        Err(format!(
            "% Trustpoint {trustpoint} ({at}): SCEP PKIOperation GetCRL: the server refused: badCertId, \"another issuer\""
        ))
    }
}

fn of_router(router: &RouterCase, enrolled: &mut Enrolled) -> BTreeMap<String, Given> {
    let store = &enrolled.store;
    let given = |tp: &TrustpointConfig| {
        let Some(Enrollment::Url(url)) = &tp.enrollment else {
            return None;
        };
        let at = ScepUrl::parse(url).ok()?.authority();
        let list = Arc::clone(store.crl_for(&tp.name)?);
        Some((tp.name.clone(), Given { at, list }))
    };
    let all = router.config.trustpoints.iter().filter_map(given).collect();
    enrolled.store.crls = CrlCache::default();
    all
}
