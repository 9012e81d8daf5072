//! The verdict on one negotiation of two routers: what `ikd lab run --json` prints.
//!
//! It is composed from both routers' records, in the simulator and in namespaces alike, so
//! that the same folder gives the same verdict in both.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sa::record::Record;

/// The stable JSON form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// `ikev1` or `ikev2`.
    pub version: String,
    /// Host that started.
    pub initiator: String,
    /// The tunnel is up.
    pub up: bool,
    /// The message whose processing ended the negotiation.
    pub stopped_at: Option<String>,
    /// Why it ended.
    pub reason: Option<String>,
    /// Certificate requests in message order.
    pub certreq: Vec<CertReq>,
    /// Signing trustpoint of each host; absent when it signed nothing.
    pub signed_with: BTreeMap<String, String>,
    /// Bound ISAKMP profile of each host; absent when none was bound.
    pub profile: BTreeMap<String, String>,
    /// Pings through the tunnel.
    pub ping: Ping,
    /// From the first datagram to the verdict.
    pub milliseconds: u64,
}

/// Certificate requests of one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertReq {
    /// `MM3` or `MM4`; `IKE_SA_INIT` or `IKE_AUTH`.
    pub message: String,
    /// Sender.
    pub from: String,
    /// Issuers in packet order.
    pub issuers: Vec<String>,
}

/// Pings through the tunnel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// Sent.
    pub sent: u32,
    /// Answered.
    pub received: u32,
}

/// Composes the verdict from the newest record of each router. The negotiation is up when
/// both say so; where both name an end, the earlier message in the protocol's order counts,
/// since the other router only saw its consequence.
#[must_use]
pub fn compose(initiator: (&str, Option<&Record>), responder: (&str, Option<&Record>)) -> Verdict {
    let both = [initiator, responder];
    let records = || {
        both.into_iter()
            .filter_map(|(name, record)| Some((name, record?)))
    };
    let up = records().count() == 2 && records().all(|(_, r)| r.up);
    let stop = records()
        .filter_map(|(_, r)| Some((order(r.stopped_at.as_deref()?, r), r)))
        .min_by_key(|(order, _)| *order)
        .map(|(_, r)| r)
        .filter(|_| !up);
    Verdict {
        version: match records().any(|(_, r)| r.version == 2) {
            true => "ikev2".to_owned(),
            false => "ikev1".to_owned(),
        },
        initiator: initiator.0.to_owned(),
        up,
        stopped_at: stop.and_then(|r| r.stopped_at.clone()),
        reason: stop.and_then(|r| r.reason.clone()),
        certreq: certificate_requests(&both),
        signed_with: named(&both, |r| r.signed_with.clone()),
        profile: named(&both, |r| r.profile.clone()),
        ping: Ping::default(),
        milliseconds: 0,
    }
}

/// What both asked for, in the order of the messages.
fn certificate_requests(both: &[(&str, Option<&Record>); 2]) -> Vec<CertReq> {
    let mut out: Vec<CertReq> = both
        .iter()
        .filter_map(|(from, record)| {
            let sent = record.as_ref()?.certreq.as_ref()?;
            Some(CertReq {
                message: sent.message.clone(),
                from: (*from).to_owned(),
                issuers: sent.issuers.clone(),
            })
        })
        .collect();
    out.sort_by_key(|request| position(&request.message));
    out
}

/// A refusal is worth more than a death by retransmission, which is its echo.
fn order(message: &str, record: &Record) -> (bool, usize) {
    let echo = record
        .reason
        .as_deref()
        .is_some_and(|r| ECHOES.iter().any(|e| r.starts_with(e)));
    (echo, position(message))
}

/// Where a message stands in its protocol.
fn position(message: &str) -> usize {
    let found = MESSAGES.iter().position(|m| *m == message);
    found.unwrap_or(MESSAGES.len())
}

fn named(
    both: &[(&str, Option<&Record>); 2],
    value: impl Fn(&Record) -> Option<String>,
) -> BTreeMap<String, String> {
    both.iter()
        .filter_map(|(name, record)| Some(((*name).to_owned(), value((*record)?)?)))
        .collect()
}

/// How reasons begin that only repeat what the other router did.
const ECHOES: [&str; 4] = ["Death by", "the peer ", "no answer", "IKE_AUTH never"];

const MESSAGES: [&str; 13] = [
    "MM1",
    "MM2",
    "MM3",
    "MM4",
    "MM5",
    "MM6",
    "QM1",
    "QM2",
    "QM3",
    "IKE_SA_INIT",
    "IKE_INTERMEDIATE",
    "IKE_AUTH",
    "CREATE_CHILD_SA",
];
