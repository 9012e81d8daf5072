//! Which trustpoint signs for us (S-030..S-033): the first request we can answer.

use ike_pki::{Name, Store};

use super::{Candidate, Decision, MAX_CANDIDATES, Subject, validation};
use crate::config::IsakmpProfile;
use crate::sa::Role;

/// What became of one certificate request, in packet order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// The authority asked for; `None` = any CA (empty authority, T-24).
    pub issuer: Option<Name>,
    /// Trustpoints that were held against the profile's list, with the result (S-032).
    pub held_against_profile: Vec<(String, bool)>,
    /// The trustpoint, if this request is the one that decided.
    pub chosen: Option<String>,
}

/// The outcome of the walk: the log of every request and the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// One entry per request; requests after the deciding one are listed but not examined.
    pub examined: Vec<Examined>,
    /// The trustpoint that signs, or `None`: the exchange cannot go on (U-4).
    pub decision: Decision<Option<String>>,
}

/// Walks the certificate requests in packet order; the first that a trustpoint with an
/// identity certificate answers wins, whatever the peer can verify (S-030, S-033).
///
/// Only the initiator is restricted to its profile's `ca trust-point` list (S-032): the
/// responder has no profile yet (S-031).
#[must_use]
pub fn to_sign(
    requests: &[Option<Name>],
    role: Role,
    profile: Option<&IsakmpProfile>,
    store: &Store,
) -> Choice {
    let filter = match role {
        Role::Initiator => profile.filter(|p| !p.trustpoints.is_empty()),
        Role::Responder => None,
    };
    if requests.is_empty() {
        return without_requests(filter, store);
    }
    let mut examined = Vec::with_capacity(requests.len());
    let mut winner: Option<(String, usize)> = None;
    for (index, issuer) in requests.iter().enumerate() {
        let mut entry = Examined {
            issuer: issuer.clone(),
            held_against_profile: Vec::new(),
            chosen: None,
        };
        if winner.is_none() {
            examine(&mut entry, filter, store);
            winner = entry.chosen.clone().map(|tp| (tp, index));
        }
        examined.push(entry);
    }
    let rule = if filter.is_some() { "S-032" } else { "S-030" };
    let candidates = candidates(&examined, filter, store);
    let decision = match winner {
        Some((trustpoint, index)) => {
            let because = format!(
                "certificate request {} of {} is the first that {trustpoint} answers",
                index + 1,
                requests.len()
            );
            let about = signer(filter, &trustpoint);
            Decision::new(Some(trustpoint), rule, because).about(about)
        }
        None => Decision::new(
            None,
            "U-4",
            format!(
                "none of the {} certificate requests is for a CA of a usable trustpoint",
                requests.len()
            ),
        )
        .about(filter.map_or_else(|| validation::every(store), validation::listed)),
    };
    let decision = decision.among(candidates);
    Choice { examined, decision }
}

/// Every request in packet order with what became of it; when none decided, the trustpoints that nobody asked
/// for follow.
fn candidates(
    examined: &[Examined],
    filter: Option<&IsakmpProfile>,
    store: &Store,
) -> Vec<Candidate> {
    let requests = examined.iter().zip(1usize..).take(MAX_CANDIDATES);
    let mut after = false;
    let mut out: Vec<Candidate> = requests
        .map(|(entry, number)| {
            let over = after;
            after |= entry.chosen.is_some();
            request(entry, number, over, filter)
        })
        .collect();
    if !after {
        let named = |entry: &Examined, tp: &str| {
            let mut held = entry.held_against_profile.iter();
            held.any(|(held, _)| held == tp)
        };
        let unasked = store.identities().into_iter().filter(|record| {
            let tp = record.trustpoint.as_str();
            !examined.iter().any(|entry| named(entry, tp))
        });
        out.extend(unasked.map(|record| {
            let tp = &record.trustpoint;
            let because = format!("nobody asked for its CA {}", record.certificate.issuer());
            let own = Subject::trustpoint(tp);
            Candidate::new(format!("trustpoint {tp}"), Some(own)).rejected("U-4", because)
        }));
    }
    out
}

/// What became of one request. `over`: one before it decided.
fn request(
    entry: &Examined,
    number: usize,
    over: bool,
    filter: Option<&IsakmpProfile>,
) -> Candidate {
    let issuer = entry.issuer.as_ref();
    let issuer = issuer.map_or_else(|| "any CA".to_owned(), Name::to_string);
    let name = format!("certificate request {number} for {issuer}");
    let held = entry.held_against_profile.iter();
    let refused: Vec<&str> = held
        .filter(|(_, in_it)| !in_it)
        .map(|(tp, _)| tp.as_str())
        .collect();
    match (&entry.chosen, refused.first()) {
        (Some(trustpoint), _) => {
            let subject = signer(filter, trustpoint).into_iter().next();
            let candidate = Candidate::new(name, subject).chosen();
            candidate.step(
                format!("trustpoint {trustpoint} has a certificate of it"),
                true,
            )
        }
        (None, _) if over => Candidate::new(name, None),
        (None, None) => {
            let because = "no trustpoint has a certificate of it";
            Candidate::new(name, None).rejected("S-030", because)
        }
        (None, Some(_)) => {
            let profile = filter.map(|p| p.name.as_str()).unwrap_or_default();
            let because = format!(
                "ca trust-point of {profile} leaves out {}",
                refused.join(", ")
            );
            let subject = Subject::isakmp_profile(profile);
            Candidate::new(name, Some(subject)).rejected("S-032", because)
        }
    }
}

/// The line that lets a trustpoint sign, if there is one, and the trustpoint.
fn signer(filter: Option<&IsakmpProfile>, trustpoint: &str) -> Vec<Subject> {
    let line = filter.map(|profile| {
        let command = format!("ca trust-point {trustpoint}");
        Subject::isakmp_profile(&profile.name).line(command)
    });
    line.into_iter()
        .chain([Subject::trustpoint(trustpoint)])
        .collect()
}

fn examine(entry: &mut Examined, filter: Option<&IsakmpProfile>, store: &Store) {
    let candidates: Vec<String> = match &entry.issuer {
        Some(name) => store
            .identities_by_ca(name)
            .into_iter()
            .map(|r| r.trustpoint.clone())
            .collect(),
        None => store
            .identities()
            .into_iter()
            .map(|r| r.trustpoint.clone())
            .collect(),
    };
    for trustpoint in candidates {
        if let Some(profile) = filter {
            let found = profile.trustpoints.contains(&trustpoint);
            entry.held_against_profile.push((trustpoint.clone(), found));
            if !found {
                continue;
            }
        }
        entry.chosen = Some(trustpoint);
        return;
    }
}

/// U-5: without any request the initiator uses the profile's first trustpoint, everybody
/// else the newest identity.
fn without_requests(filter: Option<&IsakmpProfile>, store: &Store) -> Choice {
    let listed = filter.and_then(|p| {
        p.trustpoints
            .iter()
            .find(|tp| store.identity(tp).is_some())
            .cloned()
    });
    let (value, because) = match (filter, listed) {
        (Some(p), Some(tp)) => (
            Some(tp),
            format!(
                "no certificate request came; first usable ca trust-point of {}",
                p.name
            ),
        ),
        (Some(p), None) => (
            None,
            format!(
                "no certificate request came and no ca trust-point of {} is enrolled",
                p.name
            ),
        ),
        (None, _) => (
            store.identities().first().map(|r| r.trustpoint.clone()),
            "no certificate request came; the newest enrolled identity is used".to_owned(),
        ),
    };
    let about = match (&value, filter) {
        (Some(trustpoint), _) => signer(filter, trustpoint),
        (None, Some(profile)) => validation::listed(profile),
        (None, None) => validation::every(store),
    };
    Choice {
        examined: Vec::new(),
        decision: Decision::new(value, "U-5", because).about(about),
    }
}
