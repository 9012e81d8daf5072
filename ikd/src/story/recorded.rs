//! The story of what daemons kept: packets with the decisions that fell at them, and their records.

use std::collections::VecDeque;

use ike_core::config::{Place, parse};
use ike_core::sa::record::{Explained, Record};
use ike_core::trace::escaped;
use ike_core::verdict::{Ping, Verdict};

use super::simulated::tell;
use super::{Names, Party, Remark, SCHEMA, Sent, Story, Wire, messages};
use crate::capture::Packet;
use crate::capture::keys::Lines;
use crate::lab::{Case, Outcome, RouterCase};
use crate::predict::Line;
use crate::secrets::censored;

/// What one router saw.
struct Witness<'a> {
    /// Its place among the parties.
    party: usize,
    packets: Vec<Packet>,
    decisions: &'a [Explained],
    shown: &'a Shown,
}

/// A configuration in which lines are looked up.
#[derive(Default)]
struct Shown {
    file: String,
    places: Vec<Place>,
}

impl Shown {
    /// The running configuration of a daemon; its lines count as `show running-config` prints them.
    fn of(name: &str, config: &str) -> Self {
        Self {
            file: format!("{name}:running-config"),
            places: parse(name, config).places,
        }
    }

    /// Those that a decision goes back to.
    fn lines(&self, why: &Explained) -> Vec<Line> {
        let places = why.about.iter().flat_map(|s| s.places(&self.places));
        let line = |place: &Place| Line {
            file: self.file.clone(),
            line: place.line,
            column: place.column,
            command: censored(&place.command),
        };
        places.map(line).collect()
    }
}

/// What a daemon knows of itself, for a story that it alone tells.
pub(crate) struct Daemon {
    pub(crate) name: String,
    /// Its running configuration.
    pub(crate) config: String,
    /// Its trustpoints, newest first.
    pub(crate) order: Vec<String>,
    pub(crate) packets: Vec<Packet>,
    pub(crate) keys: Lines,
    /// The negotiation.
    pub(crate) record: Record,
}

/// The story of a lab: `packets` of each router, in the order of the case.
pub(crate) fn of_lab(
    case: &Case,
    outcome: &Outcome,
    packets: [Vec<Packet>; 2],
    keys: &Lines,
) -> Story {
    let mut packets = packets;
    if case.initiator == 1 {
        packets.reverse();
    }
    let routers = [case.initiator(), case.responder()];
    let decisions = |router: &RouterCase| {
        let record = outcome.records.get(&router.name);
        record.map_or(&[][..], |r| r.decisions.as_slice())
    };
    let shown = routers.map(|router| Shown {
        file: router.file.clone(),
        places: router.places.clone(),
    });
    let witness = |(party, packets)| Witness {
        party,
        packets,
        decisions: decisions(routers[party]),
        shown: &shown[party],
    };
    let witnesses = packets.into_iter().enumerate().map(witness);
    let messages = messages(gather(witnesses.collect()), keys.tables());
    tell(case, outcome.clone(), messages, "lab")
}

/// The story of one daemon; of the other router it knows the address.
pub(crate) fn of_daemon(daemon: Daemon) -> Story {
    let Daemon {
        record,
        mut packets,
        ..
    } = daemon;
    let shown = Shown::of(&daemon.name, &daemon.config);
    let (own, peer) = if record.initiator { (0, 1) } else { (1, 0) };
    packets.retain(|p| p.remote.ip().to_string() == record.peer);
    let witness = Witness {
        party: own,
        packets,
        decisions: &record.decisions,
        shown: &shown,
    };
    let mut parties = vec![Party {
        name: record.peer.clone(),
        file: record.peer.clone(),
        config: String::new(),
        order: Vec::new(),
    }];
    let itself = Party {
        name: daemon.name.clone(),
        file: shown.file.clone(),
        config: Names::default().hide(&daemon.config),
        order: daemon.order,
    };
    parties.insert(own, itself);
    let starts = parties[0].name.clone();
    Story {
        schema: SCHEMA,
        title: format!("{starts} starts a tunnel to {}", parties[1].name),
        source: "daemon".to_owned(),
        verdict: verdict(&record, starts, &daemon.name),
        decided_on: record.stopped_at.as_ref().map(|_| daemon.name.clone()),
        at_fault: at_fault(&record, &shown),
        causes: causes(&record, own, &shown),
        messages: messages(gather(vec![witness]), daemon.keys.tables())
            .into_iter()
            .map(|mut message| {
                message.from = message.from.or(Some(peer));
                message
            })
            .collect(),
        parties,
        wire: Wire::default(),
    }
}

fn verdict(record: &Record, initiator: String, name: &str) -> Verdict {
    let own = |value: &Option<String>| {
        let named = value.iter().map(|v| (name.to_owned(), v.clone()));
        named.collect()
    };
    Verdict {
        version: format!("ikev{}", record.version),
        initiator,
        up: record.up,
        stopped_at: record.stopped_at.clone(),
        reason: record.reason.as_deref().map(escaped),
        certreq: Vec::new(),
        signed_with: own(&record.signed_with),
        profile: own(&record.profile),
        ping: Ping::default(),
        milliseconds: 0,
    }
}

/// The last decision of a negotiation that failed.
fn cause(record: &Record) -> Option<&Explained> {
    record.decisions.last().filter(|_| !record.up)
}

fn at_fault(record: &Record, shown: &Shown) -> Vec<Line> {
    cause(record).map_or_else(Vec::new, |why| shown.lines(why))
}

fn causes(record: &Record, party: usize, shown: &Shown) -> Vec<Remark> {
    let remark = |why: &Explained| Remark {
        party,
        decision: Some(why.clone()),
        said: None,
        lines: shown.lines(why),
    };
    cause(record).map(remark).into_iter().collect()
}

/// Every message once, with what both said about it, in the order of sending.
fn gather(witnesses: Vec<Witness<'_>>) -> Vec<Sent> {
    let mut sent: Vec<Sent> = Vec::new();
    for witness in &witnesses {
        for packet in witness.packets.iter().filter(|p| p.outbound && is_ike(p)) {
            sent.push(message(
                packet,
                Some(witness.party),
                witness.remarks(packet),
            ));
        }
    }
    sent.sort_by_key(|s| s.at);
    // Which of equal messages was received: the first that was not yet.
    let mut waiting: VecDeque<usize> = (0..sent.len()).collect();
    for witness in &witnesses {
        for packet in witness.packets.iter().filter(|p| !p.outbound && is_ike(p)) {
            let theirs = |n: &usize| {
                sent[*n].from != Some(witness.party) && sent[*n].octets == packet.octets
            };
            match waiting.iter().position(theirs) {
                Some(at) => {
                    let n = waiting.remove(at).unwrap_or_default();
                    sent[n].remarks.extend(witness.remarks(packet));
                    // Who sends notes it after the fact: the other may have it already.
                    sent[n].at = sent[n].at.min(packet.time);
                }
                // Nobody says that he sent it.
                None => {
                    let from = (witnesses.len() < 2).then_some(1 - witness.party);
                    sent.push(message(packet, from, witness.remarks(packet)));
                }
            }
        }
    }
    sent.sort_by_key(|s| s.at);
    sent
}

/// Anything but the octet of a keepalive.
fn is_ike(packet: &Packet) -> bool {
    packet.octets.len() > 1
}

fn message(packet: &Packet, from: Option<usize>, remarks: Vec<Remark>) -> Sent {
    let (source, destination) = packet.ends();
    Sent {
        at: packet.time,
        from,
        source,
        destination,
        octets: packet.octets.clone(),
        remarks,
    }
}

impl Witness<'_> {
    /// The lines at a packet; those that are decisions of the record are told whole.
    fn remarks(&self, packet: &Packet) -> Vec<Remark> {
        let remark = |line: &str| {
            let is_it = |why: &&Explained| {
                line.starts_with(&escaped(&format!("{} [{}]", why.decision, why.rule)))
            };
            let decision = self.decisions.iter().find(is_it).cloned();
            let lines = decision.as_ref().map(|why| self.shown.lines(why));
            Remark {
                party: self.party,
                said: decision.is_none().then(|| line.to_owned()),
                decision,
                lines: lines.unwrap_or_default(),
            }
        };
        packet.comment.lines().map(remark).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ike_core::sa::{Role, SaId};

    fn packet(time: u64, outbound: bool, octets: &[u8], comment: &str) -> Packet {
        Packet {
            time,
            local: "192.168.0.1:500".parse().unwrap(),
            remote: "192.168.0.2:500".parse().unwrap(),
            outbound,
            octets: octets.to_vec().into(),
            comment: comment.to_owned(),
        }
    }

    fn witness(party: usize, packets: Vec<Packet>, shown: &Shown) -> Witness<'_> {
        Witness {
            party,
            packets,
            decisions: &[],
            shown,
        }
    }

    /// A message that both saw stands there once, with what both said; one that was lost, too, and one that a
    /// stranger sent.
    #[test]
    fn both_ends_tell_one_story() {
        let ours = vec![
            packet(10, true, b"first", "ours"),
            packet(30, true, b"lost", ""),
            packet(40, false, b"strange", "who"),
        ];
        let theirs = vec![
            packet(11, false, b"first", "theirs"),
            packet(20, true, b"answer", ""),
        ];
        let shown = Shown::default();
        let told = gather(vec![witness(0, ours, &shown), witness(1, theirs, &shown)]);
        let seen: Vec<(u64, Option<usize>, usize)> = told
            .iter()
            .map(|s| (s.at, s.from, s.remarks.len()))
            .collect();
        assert_eq!(
            seen,
            [
                (10, Some(0), 2),
                (20, Some(1), 0),
                (30, Some(0), 0),
                (40, None, 1)
            ]
        );
    }

    /// A daemon alone tells what it knows; of the peer it has no configuration.
    #[test]
    fn a_daemon_alone_tells_its_half() {
        let mut record = Record::new(SaId(1), Role::Responder, "192.168.0.2".to_owned());
        record.stop("MM5", "bad certificate");
        record.decisions = vec![Explained::new("S-053", "refused", "x")];
        let story = of_daemon(Daemon {
            name: "R1".to_owned(),
            config: "crypto isakmp key hunter2 address 192.168.0.2\n".to_owned(),
            order: vec!["IOSCA1".to_owned()],
            packets: vec![packet(
                5,
                false,
                b"octets of a message",
                "refused [S-053]: x",
            )],
            keys: Lines::default(),
            record,
        });
        assert_eq!(story.outcome(), "FAILS at MM5 on R1");
        assert_eq!(story.parties[0].name, "192.168.0.2");
        assert!(!story.parties[1].config.contains("hunter2"));
        let message = &story.messages[0];
        assert_eq!(message.from, Some(0));
        assert!(message.remarks[0].decision.is_some(), "{message:?}");
    }
}
