//! Which trustpoints may vouch for an IKEv2 peer (S-076).

use ike_pki::Store;

use crate::config::Ikev2Profile;
use crate::policy::{Decision, Subject, validation};

/// The trustpoints whose CA certificates are the anchors for the peer's chain: those the profile
/// may verify with, in the order of its lines, else every global one, newest first.
#[must_use]
pub fn trustpoints(profile: Option<&Ikev2Profile>, store: &Store) -> Decision<Vec<String>> {
    let listed = profile.iter().flat_map(|p| p.verify_trustpoints());
    let listed: Vec<String> = listed.map(str::to_owned).collect();
    match profile {
        Some(profile) if !listed.is_empty() => {
            let name = &profile.name;
            let because = format!("profile {name} restricts validation to its pki trustpoint list");
            let about = lines(profile, &listed);
            let candidates = validation::vouching(&listed, name, store, "S-076");
            Decision::new(listed, "S-076", because)
                .about(about)
                .among(candidates)
        }
        _ => Decision::new(
            store.ca_trustpoints(),
            "S-076",
            "no pki trustpoint to verify with: every global trustpoint validates",
        )
        .about(profile.map(|p| Subject::ikev2_profile(&p.name)))
        .about(validation::every(store)),
    }
}

/// The lines of a profile that name these trustpoints; where there is none, the profile.
pub(super) fn lines<S: AsRef<str>>(profile: &Ikev2Profile, listed: &[S]) -> Vec<Subject> {
    let own = Subject::ikev2_profile(&profile.name);
    let line = |name: &S| own.line(format!("pki trustpoint {}", name.as_ref()));
    match listed {
        [] => vec![own],
        listed => listed.iter().map(line).collect(),
    }
}
