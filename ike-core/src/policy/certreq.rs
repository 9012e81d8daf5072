//! Which certificate requests a router sends, and in which order (S-010..S-022).

use ike_pki::{GlobalCa, Store};

use super::{Decision, Subject, validation};
use crate::config::IsakmpProfile;
use crate::sa::Role;

/// The CAs to ask for in MM3 (initiator) or MM4 (responder), in packet order.
///
/// The responder ignores `ca trust-point`: its profile is bound only at MM5 (S-012).
/// The initiator knows its profile from the start, so a list there filters the global
/// one, keeping the order of the store (S-010, S-015, U-6).
#[must_use]
pub fn to_send(
    role: Role,
    profile: Option<&IsakmpProfile>,
    store: &Store,
    trustpool: bool,
) -> Decision<Vec<GlobalCa>> {
    let global = store.global_list(trustpool);
    let every = trustpoints(&global);
    match (role, profile) {
        (Role::Responder, _) => Decision::new(
            global,
            "S-012",
            "a responder asks for every global trustpoint: no profile is bound before MM5",
        )
        .about(every),
        (Role::Initiator, Some(profile)) if !profile.trustpoints.is_empty() => {
            let because = format!(
                "profile {} lists ca trust-point {}",
                profile.name,
                profile.trustpoints.join(", ")
            );
            let left_out =
                validation::vouching(&profile.trustpoints, &profile.name, store, "S-010");
            Decision::new(only_listed(store, global, profile), "S-010", because)
                .about(validation::listed(profile))
                .among(left_out)
        }
        (Role::Initiator, profile) => Decision::new(
            global,
            "S-011",
            "the initiator's profile has no ca trust-point: every global trustpoint is asked for",
        )
        .about(profile.map(|p| Subject::isakmp_profile(&p.name)))
        .about(every),
    }
}

/// The trustpoints of a list of CAs, in its order; the predefined CAs have none.
pub(super) fn trustpoints(list: &[GlobalCa]) -> Vec<Subject> {
    let own = list.iter().filter_map(|ca| ca.trustpoint.as_deref());
    own.map(Subject::trustpoint).collect()
}

/// The entries of the global list that are the CA of a listed trustpoint. Two trustpoints of
/// one CA share an entry (P-005), so the CA's name decides, not the entry's own trustpoint.
fn only_listed(store: &Store, global: Vec<GlobalCa>, profile: &IsakmpProfile) -> Vec<GlobalCa> {
    let wanted: Vec<_> = profile
        .trustpoints
        .iter()
        .filter_map(|tp| {
            store
                .ca(tp)
                .map(|record| record.certificate.subject().clone())
        })
        .collect();
    global
        .into_iter()
        .filter(|entry| wanted.iter().any(|name| name.matches(&entry.name)))
        .collect()
}
