//! The record of one negotiation: what was asked, chosen and why it ended.
//!
//! `show`, `explain`, the lab's verdict and the simulator's all read this one record.

use serde::{Deserialize, Serialize};

use super::{Role, SaId};
use crate::policy::{Candidate, Decision, Subject, clipped};

/// Decisions of one negotiation that are kept.
const MAX_DECISIONS: usize = 64;
/// Octets of text in the candidates of one negotiation that are kept.
const MAX_TEXT: usize = 128 * 1024;
/// Characters of a decision and of its reason that are kept: a peer's names are part of them.
const MAX_REASON: usize = 1_000;

/// One negotiation as one router saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The SA's number: newer negotiations of either version have higher ones.
    pub sequence: u64,
    /// 1 or 2: which IKE it was.
    pub version: u8,
    /// `initiator` or `responder`.
    pub initiator: bool,
    /// The peer's address.
    pub peer: String,
    /// What it is for: a tunnel interface or an entry of a crypto map; of a responder, once a child SA is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection: Option<String>,
    /// The number that `show` prints: conn-id of IKEv1, Tunnel-id of IKEv2; none before there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<u32>,
    /// The initiator's cookie or SPI, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spi: Option<String>,
    /// Certificate requests we sent: the message and the issuers as IOS prints them.
    pub certreq: Option<CertificateRequests>,
    /// The trustpoint that signed for us.
    pub signed_with: Option<String>,
    /// The profile bound to the SA.
    pub profile: Option<String>,
    /// Phase 1 is complete.
    pub phase1: bool,
    /// A child SA is installed in both directions.
    pub up: bool,
    /// The message whose processing ended the negotiation.
    pub stopped_at: Option<String>,
    /// Why it ended.
    pub reason: Option<String>,
    /// Every decision with its rule, in order.
    pub decisions: Vec<Explained>,
}

/// Certificate requests of one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateRequests {
    /// `MM3` or `MM4`.
    pub message: String,
    /// Issuers in packet order.
    pub issuers: Vec<String>,
}

/// A decision as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// Rule number.
    pub rule: String,
    /// What was decided.
    pub decision: String,
    /// Why.
    pub because: String,
    /// What of the configuration it goes back to, the most telling first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<Subject>,
    /// What was considered, in order, with the first rule that rejected each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
}

impl Explained {
    /// A decision that names nothing and chose from nothing.
    #[must_use]
    pub fn new(
        rule: impl Into<String>,
        decision: impl Into<String>,
        because: impl Into<String>,
    ) -> Self {
        Self {
            rule: rule.into(),
            decision: decision.into(),
            because: because.into(),
            about: Vec::new(),
            candidates: Vec::new(),
        }
    }
}

impl Record {
    /// An empty record.
    #[must_use]
    pub fn new(id: SaId, role: Role, peer: String) -> Self {
        Self {
            sequence: id.0,
            version: 1,
            initiator: role == Role::Initiator,
            peer,
            protection: None,
            connection: None,
            spi: None,
            certreq: None,
            signed_with: None,
            profile: None,
            phase1: false,
            up: false,
            stopped_at: None,
            reason: None,
            decisions: Vec::new(),
        }
    }

    /// An empty record of IKEv2.
    #[must_use]
    pub fn new_v2(id: SaId, role: Role, peer: String) -> Self {
        Self {
            version: 2,
            ..Self::new(id, role, peer)
        }
    }

    /// Notes a decision. Repeated processing of one message (W-052) adds it once.
    pub fn note<T>(&mut self, what: impl Into<String>, decision: &Decision<T>) -> Explained {
        let candidates = self.as_far_as_there_is_room(&decision.candidates);
        let explained = Explained {
            rule: decision.rule.to_string(),
            decision: clipped(what.into(), MAX_REASON),
            because: clipped(decision.because.clone(), MAX_REASON),
            about: decision.about.clone(),
            candidates,
        };
        if !self.decisions.contains(&explained) && self.decisions.len() < MAX_DECISIONS {
            self.decisions.push(explained.clone());
        }
        explained
    }

    /// A peer that has proven nothing may bring about decision after decision.
    fn as_far_as_there_is_room(&self, candidates: &[Candidate]) -> Vec<Candidate> {
        let noted = self.decisions.iter().flat_map(|d| &d.candidates);
        let mut used: usize = noted.map(Candidate::weight).sum();
        let fits = |candidate: &&Candidate| {
            used += candidate.weight();
            used <= MAX_TEXT
        };
        candidates.iter().take_while(fits).cloned().collect()
    }

    /// Notes the end. The first reason stays: later ones are its consequences.
    pub fn stop(&mut self, message: &str, reason: impl Into<String>) {
        if self.stopped_at.is_none() {
            self.stopped_at = Some(message.to_owned());
            self.reason = Some(reason.into());
        }
    }

    /// Notes the end with its rule, unless a decision that was noted before says why: then its reason is part of
    /// this one's. `None`: it was over, or nothing had to be noted.
    pub fn conclude<T>(&mut self, message: &str, decision: &Decision<T>) -> Option<Explained> {
        let over = self.stopped_at.is_some();
        let why = clipped(decision.because.clone(), MAX_REASON);
        let said = |noted: &Explained| !noted.because.is_empty() && why.contains(&noted.because);
        let known = over || self.decisions.iter().any(said);
        self.stop(message, decision.because.clone());
        (!known).then(|| self.note(format!("the negotiation ends at {message}"), decision))
    }

    /// The verdict on this negotiation is certain: it is up, or it ended.
    #[must_use]
    pub fn certain(&self) -> bool {
        self.up || self.stopped_at.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record::new(SaId(1), Role::Responder, "192.168.0.2".to_owned())
    }

    /// A stranger may present one identity after the other.
    #[test]
    fn what_a_peer_brings_about_is_bounded() {
        let mut record = record();
        let long = "x".repeat(100_000);
        for number in 0..1_000 {
            let candidates = (0..32).map(|_| {
                (0..16).fold(Candidate::new(long.as_str(), None), |candidate, _| {
                    candidate.step(long.as_str(), false)
                })
            });
            let decision = Decision::new((), "S-041", format!("{number}{long}"));
            record.note(format!("{number}{long}"), &decision.among(candidates));
        }
        assert_eq!(record.decisions.len(), MAX_DECISIONS);
        let candidates = record.decisions.iter().flat_map(|d| &d.candidates);
        let text: usize = candidates.map(Candidate::weight).sum();
        assert!(text > MAX_TEXT / 2 && text <= MAX_TEXT, "{text}");
        let reasons = record.decisions.iter().map(|d| d.because.chars().count());
        assert!(reasons.max() <= Some(MAX_REASON + 1));
    }

    /// The end has one decision: its own, or the one that brought it about.
    #[test]
    fn the_end_is_told_once() {
        let because = "no match statement fits R9";
        let mut record = record();
        let unbound = Decision::new((), "S-041", because);
        record.note("the peer is bound to no profile", &unbound);
        let ended = Decision::new((), "RFC 2409 5", format!("refused: {because}"));
        assert!(record.conclude("MM5", &ended).is_none());
        assert_eq!(record.decisions.len(), 1);
        assert_eq!(record.stopped_at.as_deref(), Some("MM5"));
        let later = Decision::new((), "W-050", "MM5 never came");
        assert!(record.conclude("MM5", &later).is_none());
        assert_eq!(record.decisions.len(), 1);

        let mut record = self::record();
        let told = record.conclude("MM2", &Decision::new((), "W-050", "MM2 never came"));
        assert_eq!(told.unwrap().rule, "W-050");
        assert_eq!(record.decisions.len(), 1);
    }
}
