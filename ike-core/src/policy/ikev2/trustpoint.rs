//! Which trustpoint signs for us (S-074..S-077): the first hash of the peer's list that we answer.

use std::collections::BTreeMap;

use ike_pki::{KEY_HASH, Store};

use super::validation::lines;
use crate::config::Ikev2Profile;
use crate::policy::{Candidate, Decision, MAX_CANDIDATES, Subject, validation};

/// A hash of the peer's list that is the CA of trustpoints here, and those with an own certificate,
/// newest first: `Retrieved trustpoint(s): 'TP1'`.
pub type Retrieved = ([u8; KEY_HASH], Vec<String>);

/// The outcome of the walk: what IOS logs on the way, and the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The hashes that were resolved, in list order, up to the one that decided; all of them when
    /// none did (S-075).
    pub retrieved: Vec<Retrieved>,
    /// The trustpoint that signs. `None`: `Failed to build certificate payload`.
    pub decision: Decision<Option<String>>,
}

/// The initiator's trustpoint, from the responder's CERTREQ: the first hash in list order that a
/// trustpoint of the profile answers, in whatever order the profile names them (S-074). Without
/// `pki trustpoint` nothing signs (S-075).
#[must_use]
pub fn initiator(
    hashes: &[[u8; KEY_HASH]],
    profile: Option<&Ikev2Profile>,
    store: &Store,
) -> Choice {
    let listed: Vec<&str> = profile.iter().flat_map(|p| p.sign_trustpoints()).collect();
    if listed.is_empty() {
        let because = "the initiator's profile has no pki trustpoint to sign with";
        let retrieved = walk(hashes, store, |_| false).0;
        let decision = Decision::new(None, "S-075", because)
            .about(profile.map(|p| Subject::ikev2_profile(&p.name)))
            .among(candidates(
                hashes,
                &retrieved,
                (profile, &[]),
                store,
                "S-075",
            ));
        return Choice {
            retrieved,
            decision,
        };
    }
    choose(hashes, (profile, &listed), store, "S-074", Vec::new)
}

/// The responder's trustpoint, from the initiator's CERTREQ, chosen before the initiator is
/// validated: restricted to the profile's trustpoints, if it names any (S-076, S-077).
#[must_use]
pub fn responder(
    hashes: &[[u8; KEY_HASH]],
    profile: Option<&Ikev2Profile>,
    store: &Store,
) -> Choice {
    let listed: Vec<&str> = profile.iter().flat_map(|p| p.sign_trustpoints()).collect();
    let newest = || {
        store
            .identities()
            .iter()
            .map(|r| r.trustpoint.clone())
            .collect()
    };
    choose(hashes, (profile, &listed), store, "S-077", newest)
}

/// The walk and what stands in when it finds nothing: the first usable trustpoint of the profile,
/// else of `others`. The hashes are hints (RFC 7296 3.7, U-4, U-5, T-65); an initiator still shows a
/// certificate that its profile names and no other (G10).
fn choose(
    hashes: &[[u8; KEY_HASH]],
    (profile, listed): (Option<&Ikev2Profile>, &[&str]),
    store: &Store,
    rule: &'static str,
    others: impl FnOnce() -> Vec<String>,
) -> Choice {
    let allowed = |trustpoint: &str| listed.is_empty() || listed.contains(&trustpoint);
    let (retrieved, found) = walk(hashes, store, allowed);
    if let Some(trustpoint) = found {
        let because = format!("the first CA asked for that {trustpoint} has a certificate of");
        let about = signer(profile, listed, &trustpoint);
        let decision = Decision::new(Some(trustpoint), rule, because).about(about);
        let decision = decision.among(candidates(
            hashes,
            &retrieved,
            (profile, listed),
            store,
            rule,
        ));
        return Choice {
            retrieved,
            decision,
        };
    }
    let usable = |trustpoint: &&str| store.identity(trustpoint).is_some();
    let configured = listed.iter().copied().find(usable).map(str::to_owned);
    let instead = configured.or_else(|| match listed {
        [] => others().into_iter().next(),
        _ => None,
    });
    let rule_of_list = rule;
    let (rule, cause) = match hashes {
        [] => ("U-5", "no certificate request came"),
        _ => (
            "U-4",
            "no certificate request is for a CA of a usable trustpoint",
        ),
    };
    let because = match (&instead, listed) {
        (None, _) => format!("{cause}, and no trustpoint is enrolled"),
        (Some(trustpoint), []) => format!("{cause}; {trustpoint} is the newest"),
        (Some(trustpoint), _) => format!("{cause}; the profile names {trustpoint}"),
    };
    let about = match (&instead, profile) {
        (Some(trustpoint), _) => signer(profile, listed, trustpoint),
        (None, Some(profile)) => lines(profile, listed),
        (None, None) => validation::every(store),
    };
    let decision = Decision::new(instead, rule, because)
        .about(about)
        .among(candidates(
            hashes,
            &retrieved,
            (profile, listed),
            store,
            rule_of_list,
        ));
    Choice {
        retrieved,
        decision,
    }
}

/// The line that lets a trustpoint sign, if there is one, and the trustpoint.
fn signer(profile: Option<&Ikev2Profile>, listed: &[&str], trustpoint: &str) -> Vec<Subject> {
    let by_line = profile.filter(|_| listed.contains(&trustpoint));
    let line = by_line.map(|profile| {
        Subject::ikev2_profile(&profile.name).line(format!("pki trustpoint {trustpoint}"))
    });
    let own = Subject::trustpoint(trustpoint);
    line.into_iter().chain([own]).collect()
}

/// The CAs of the peer's list in its order, each with what became of it: those after the one that decided are
/// not looked at. `retrieved` is what the walk found.
fn candidates(
    hashes: &[[u8; KEY_HASH]],
    retrieved: &[Retrieved],
    (profile, listed): (Option<&Ikev2Profile>, &[&str]),
    store: &Store,
    rule: &'static str,
) -> Vec<Candidate> {
    let names = names(store);
    let allowed =
        |tp: &&String| listed.is_empty() && rule != "S-075" || listed.contains(&tp.as_str());
    let mut over = false;
    let one = |(hash, number): (&[u8; KEY_HASH], usize)| {
        let ca = names.get(hash).cloned().unwrap_or_else(|| key(hash));
        let name = format!("certificate request {number} for {ca}");
        let found = retrieved.iter().find(|(known, _)| known == hash);
        let found = found.map(|(_, trustpoints)| trustpoints);
        match (found, found.and_then(|tps| tps.iter().find(allowed))) {
            _ if over => Candidate::new(name, None),
            (None, _) => {
                let because = "no trustpoint has a certificate of it";
                Candidate::new(name, None).rejected("S-074", because)
            }
            (Some(_), Some(tp)) => {
                over = true;
                let subject = signer(profile, listed, tp).into_iter().next();
                let candidate = Candidate::new(name, subject).chosen();
                candidate.step(format!("trustpoint {tp} has a certificate of it"), true)
            }
            (Some(tps), None) => {
                let because = format!("pki trustpoint does not name {}", tps.join(", "));
                let subject = profile.map(|p| Subject::ikev2_profile(&p.name));
                Candidate::new(name, subject).rejected(rule, because)
            }
        }
    };
    let numbered = hashes.iter().zip(1usize..).take(MAX_CANDIDATES);
    numbered.map(one).collect()
}

/// The CAs that have a name here, by the hash of their key.
fn names(store: &Store) -> BTreeMap<[u8; KEY_HASH], String> {
    let known = store.global_list(true).into_iter();
    known
        .filter_map(|ca| Some((store.key_hash(&ca)?, ca.name.to_string())))
        .collect()
}

/// A key that no CA here has.
fn key(hash: &[u8; KEY_HASH]) -> String {
    let hex: String = hash.iter().map(|octet| format!("{octet:02X}")).collect();
    format!("the unknown key {hex}")
}

/// Resolves hashes until one has an allowed trustpoint. A hash that comes again is not looked at
/// again, so a long list costs one look-up each and logs no more than there are CAs (B11).
fn walk(
    hashes: &[[u8; KEY_HASH]],
    store: &Store,
    allowed: impl Fn(&str) -> bool,
) -> (Vec<Retrieved>, Option<String>) {
    let mut own: BTreeMap<[u8; KEY_HASH], Vec<String>> = BTreeMap::new();
    for (hash, record) in store.identities_by_key_hash() {
        own.entry(hash).or_default().push(record.trustpoint.clone());
    }
    let mut retrieved: Vec<Retrieved> = Vec::new();
    for hash in hashes {
        let Some(trustpoints) = own.remove(hash) else {
            continue;
        };
        let found = trustpoints.iter().find(|tp| allowed(tp)).cloned();
        retrieved.push((*hash, trustpoints));
        if found.is_some() {
            return (retrieved, found);
        }
    }
    (retrieved, None)
}
