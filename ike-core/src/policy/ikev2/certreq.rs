//! Which CAs an IKEv2 router asks for, and in which order (S-070..S-073, S-022).

use ike_pki::{GlobalCa, KEY_HASH, Name, Store};

use super::validation::lines;
use crate::config::Ikev2Profile;
use crate::policy::certreq::trustpoints;
use crate::policy::validation::vouching;
use crate::policy::{Decision, Subject};

/// One CA of a certificate request (RFC 7296 3.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedCa {
    /// Its name as IOS prints it.
    pub name: String,
    /// SHA-1 of its public key: what is sent (W-065).
    pub hash: [u8; KEY_HASH],
    /// Its newest trustpoint here; `None` for a predefined CA.
    pub trustpoint: Option<String>,
}

/// The CAs that the responder of IKE_SA_INIT asks for: every global one, because no profile is
/// known (S-071). The initiator asks for none in its request (S-070).
#[must_use]
pub fn init_response(store: &Store, trustpool: bool) -> Decision<Vec<AskedCa>> {
    let global = store.global_list(trustpool);
    let every = trustpoints(&global);
    Decision::new(
        asked(store, global),
        "S-071",
        "a responder asks for every global trustpoint: no profile is known before IKE_AUTH",
    )
    .about(every)
}

/// The CAs that the initiator of IKE_AUTH asks for: those its profile may verify with, in the
/// order of the store (S-072, X-3). When the profile names none every own trustpoint verifies
/// (S-076), so all of them are asked for; the predefined CAs verify nothing. The responder asks
/// for none (S-073).
#[must_use]
pub fn auth_request(profile: Option<&Ikev2Profile>, store: &Store) -> Decision<Vec<AskedCa>> {
    let global = store.global_list(false);
    let listed = profile.iter().flat_map(|p| p.verify_trustpoints());
    let listed: Vec<&str> = listed.collect();
    let bound = profile.map(|p| Subject::ikev2_profile(&p.name));
    let Some(profile) = profile.filter(|_| !listed.is_empty()) else {
        let because = "no pki trustpoint to verify with: every global trustpoint is asked for";
        let every = trustpoints(&global);
        let decision = Decision::new(asked(store, global), "S-072", because);
        return decision.about(bound).about(every);
    };
    let because = format!(
        "profile {} verifies with pki trustpoint {}",
        profile.name,
        listed.join(", ")
    );
    let asked = asked(store, only(store, global, &listed));
    let names: Vec<String> = listed.iter().copied().map(str::to_owned).collect();
    Decision::new(asked, "S-072", because)
        .about(lines(profile, &listed))
        .among(vouching(&names, &profile.name, store, "S-072"))
}

/// The entries that are the CA of a listed trustpoint. Two trustpoints of one CA share an entry
/// (P-005), so the CA's name decides, not the entry's own trustpoint.
fn only(store: &Store, mut global: Vec<GlobalCa>, listed: &[&str]) -> Vec<GlobalCa> {
    let names: Vec<Name> = listed
        .iter()
        .filter_map(|tp| authority(store, tp))
        .collect();
    global.retain(|entry| names.iter().any(|name| name.matches(&entry.name)));
    global
}

/// The CA of a trustpoint; a self-signed one is its own.
fn authority(store: &Store, trustpoint: &str) -> Option<Name> {
    let record = store
        .ca(trustpoint)
        .or_else(|| store.identity(trustpoint))?;
    Some(record.certificate.subject().clone())
}

/// CAs whose key is not known cannot be asked for (W-067); one key is asked for once.
fn asked(store: &Store, list: Vec<GlobalCa>) -> Vec<AskedCa> {
    let mut out: Vec<AskedCa> = Vec::new();
    for ca in list {
        let hash = store
            .key_hash(&ca)
            .filter(|hash| out.iter().all(|known| known.hash != *hash));
        out.extend(hash.map(|hash| AskedCa {
            name: ca.name.to_string(),
            hash,
            trustpoint: ca.trustpoint,
        }));
    }
    out
}
