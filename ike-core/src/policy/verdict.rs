//! The verdict on a peer's chain as a tree: each trustpoint, each step, pass or fail (P-040, P-041, S-052, S-053).

use ike_pki::{
    Judgement, Name, Opinion, Refusal, RevocationMethod, ValidatedChain, ValidationError,
};

use super::{Candidate, Decision, Subject};

/// The chain is believed, by `rule`: who vouches, and what was done without.
#[must_use]
pub fn believed(
    rule: &'static str,
    chain: &ValidatedChain,
    judgements: &[Judgement],
) -> Decision<()> {
    let trustpoint = chain.trustpoint();
    let because = format!(
        "trustpoint {trustpoint} vouches for {}",
        chain.leaf().subject()
    );
    let mut candidates: Vec<Candidate> = candidates(judgements).collect();
    let vouching = candidates.iter_mut().filter(|c| c.chosen);
    for candidate in vouching {
        for source in chain.unchecked() {
            let what = format!("{} is done without: {}", source.source, source.why);
            *candidate = candidate.clone().step(what, true);
        }
    }
    Decision::new((), rule, because)
        .about([Subject::trustpoint(trustpoint)])
        .among(candidates)
}

/// What each trustpoint makes of a chain, in their order.
pub fn candidates(judgements: &[Judgement]) -> impl Iterator<Item = Candidate> + '_ {
    judgements.iter().map(candidate)
}

/// How far a chain came with a trustpoint.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Path,
    Signatures,
    Checks,
    Revocation,
}

impl Stage {
    fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::NoCertificate | Refusal::NoSuitableTrustpoint { .. } | Refusal::TooDeep => {
                Self::Path
            }
            Refusal::BadSignature | Refusal::UnsupportedAlgorithm(_) | Refusal::TooMuchWork => {
                Self::Signatures
            }
            Refusal::Revoked { .. } | Refusal::CrlUnavailable { .. } => Self::Revocation,
            _ => Self::Checks,
        }
    }

    fn rule(self) -> &'static str {
        match self {
            Self::Path => "P-040",
            Self::Signatures | Self::Checks => "RFC 5280 6.1",
            Self::Revocation => "P-041",
        }
    }
}

fn candidate(judged: &Judgement) -> Candidate {
    let own = Subject::trustpoint(&judged.trustpoint);
    let candidate = |subject| {
        let name = format!("trustpoint {}", judged.trustpoint);
        Candidate::new(name, Some(subject))
    };
    match &judged.opinion {
        Opinion::NotAsked => candidate(own),
        Opinion::NotIssuer => {
            let because = format!("its CA {} issued nothing of the chain", judged.ca);
            candidate(own).rejected("P-040", because)
        }
        Opinion::Believed => steps(candidate(own).chosen(), judged, None),
        Opinion::Refused(error) => {
            let stage = Stage::of(&error.refusal);
            let subject = match stage {
                Stage::Revocation => own.line("revocation-check"),
                _ => own,
            };
            let rejected = candidate(subject).rejected(stage.rule(), error.to_string());
            steps(rejected, judged, Some(error))
        }
    }
}

/// The steps of RFC 5280 6.1 in their order, up to the one that failed.
fn steps(candidate: Candidate, judged: &Judgement, error: Option<&ValidationError>) -> Candidate {
    let failed = error.map(|error| Stage::of(&error.refusal));
    let all = [
        (Stage::Path, path(judged)),
        (Stage::Signatures, "every signature verifies".to_owned()),
        (
            Stage::Checks,
            "dates, keys, extensions and constraints".to_owned(),
        ),
        (Stage::Revocation, revocation(&judged.revocation)),
    ];
    let told = all
        .into_iter()
        .filter(|(stage, _)| failed.is_none_or(|failed| *stage <= failed));
    told.fold(candidate, |candidate, (stage, what)| {
        match error.filter(|_| failed == Some(stage)) {
            Some(error) => candidate.step(format!("{what}: {}", error.refusal), false),
            None => candidate.step(what, true),
        }
    })
}

/// `path cn=R2 below cn=CA1`.
fn path(judged: &Judgement) -> String {
    let names = judged.path.iter().map(Name::to_string);
    let all: Vec<String> = names.chain([judged.ca.to_string()]).collect();
    format!("path {}", all.join(" below "))
}

fn revocation(methods: &[RevocationMethod]) -> String {
    let name = |method: &RevocationMethod| match method {
        RevocationMethod::Crl => "crl",
        RevocationMethod::None => "none",
        RevocationMethod::Ocsp => "ocsp",
    };
    let methods: Vec<&str> = match methods {
        [] => vec!["crl"],
        all => all.iter().map(name).collect(),
    };
    format!("revocation-check {}", methods.join(" "))
}
