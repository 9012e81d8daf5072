//! What happens to a packet on a bad wire: a pure decision from a seed and a script.
//!
//! Equal plans give equal fates for equal packets in equal order, so a failing run is
//! repeated by its seed. Every packet costs the same number of random draws, which
//! keeps the fates of later packets apart from the fates of earlier ones.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use crate::packet::{Flow, UDP};

/// What a wire does to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is delivered once, at once.
    Deliver,
    /// It is lost.
    Drop,
    /// It is delivered twice.
    Duplicate,
    /// It is delivered after this many milliseconds.
    Delay(u32),
    /// It is overtaken by the next packet of the same port, or comes 50 ms late.
    Reorder,
    /// The payload octet at `offset` (modulo its length) is complemented. The UDP
    /// checksum is made right again, so that the receiver sees the damage.
    Corrupt {
        /// Octets from the start of the UDP payload, else of the IP payload.
        offset: usize,
    },
}

/// Random delay: how often, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delay {
    /// Packets in a thousand.
    pub per_mille: u16,
    /// Milliseconds, drawn uniformly.
    pub milliseconds: RangeInclusive<u32>,
}

/// Which packets a rule is about; an empty field means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// Source address.
    pub source: Option<IpAddr>,
    /// Destination address.
    pub destination: Option<IpAddr>,
    /// IP protocol number.
    pub protocol: Option<u8>,
    /// Source or destination port is one of these.
    pub ports: Vec<u16>,
    /// The UDP (else IP) payload starts with these octets.
    pub payload_starts: Vec<u8>,
}

impl Match {
    /// Every packet.
    pub fn any() -> Self {
        Self::default()
    }

    /// UDP datagrams to or from one of `ports`.
    pub fn udp(ports: &[u16]) -> Self {
        Self {
            protocol: Some(UDP),
            ports: ports.to_vec(),
            ..Self::default()
        }
    }

    /// The same, only from `source`.
    #[must_use]
    pub fn from(self, source: impl Into<IpAddr>) -> Self {
        Self {
            source: Some(source.into()),
            ..self
        }
    }

    /// Whether `packet` is meant.
    pub fn is_met_by(&self, packet: &[u8]) -> bool {
        let Some(flow) = Flow::of(packet) else {
            return false;
        };
        let port = |wanted: &u16| {
            flow.ports
                .is_some_and(|(from, to)| from == *wanted || to == *wanted)
        };
        let payload = packet.get(flow.payload()..flow.total).unwrap_or_default();
        self.source.is_none_or(|source| source == flow.source)
            && self
                .destination
                .is_none_or(|destination| destination == flow.destination)
            && self
                .protocol
                .is_none_or(|protocol| protocol == flow.protocol)
            && (self.ports.is_empty() || self.ports.iter().any(port))
            && payload.starts_with(&self.payload_starts)
    }
}

/// One scripted fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scripted {
    /// Which of the packets that meet `matching`, counted from 0.
    pub nth: u64,
    /// The packets counted.
    pub matching: Match,
    /// What happens to it.
    pub action: Fate,
}

/// A bad wire, whole: the script goes first, then the dice (per mille each).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultPlan {
    /// Every random decision comes from it; print it.
    pub seed: u64,
    /// Lost packets in a thousand.
    pub drop: u16,
    /// Doubled packets in a thousand.
    pub duplicate: u16,
    /// Overtaken packets in a thousand.
    pub reorder: u16,
    /// Damaged packets in a thousand.
    pub corrupt: u16,
    /// Late packets.
    pub delay: Option<Delay>,
    /// Packets the dice are thrown for; the others go through.
    pub applies_to: Match,
    /// Faults at given places.
    pub script: Vec<Scripted>,
}

/// A plan at work: counts what passed and throws the dice.
#[derive(Clone, Debug)]
pub struct Faults {
    plan: FaultPlan,
    seen: Vec<u64>,
    random: SplitMix,
}

impl Faults {
    /// A wire that follows `plan` from its first packet.
    pub fn new(plan: FaultPlan) -> Self {
        Self {
            seen: vec![0; plan.script.len()],
            random: SplitMix(plan.seed),
            plan,
        }
    }

    /// The seed of the plan, to be printed when a run fails.
    pub fn seed(&self) -> u64 {
        self.plan.seed
    }

    /// What happens to the next packet.
    pub fn decide(&mut self, packet: &[u8]) -> Fate {
        let scripted = self.scripted(packet);
        let thrown = self.throw(packet);
        scripted.unwrap_or(thrown)
    }

    /// Counts the packet in every rule, and gives the first action whose turn it is.
    fn scripted(&mut self, packet: &[u8]) -> Option<Fate> {
        let mut action = None;
        for (rule, seen) in self.plan.script.iter().zip(&mut self.seen) {
            if rule.matching.is_met_by(packet) {
                action = action.or((*seen == rule.nth).then_some(rule.action));
                *seen += 1;
            }
        }
        action
    }

    fn throw(&mut self, packet: &[u8]) -> Fate {
        if !self.plan.applies_to.is_met_by(packet) {
            return Fate::Deliver;
        }
        let lot = self.random.below(1000);
        let detail = self.random.next();
        let mut limit = 0;
        for (per_mille, fate) in self.table(detail) {
            limit += u64::from(per_mille);
            if lot < limit {
                return fate;
            }
        }
        Fate::Deliver
    }

    fn table(&self, detail: u64) -> [(u16, Fate); 5] {
        let delay = self.plan.delay.as_ref();
        let late = delay.map_or(0, |delay| within(&delay.milliseconds, detail));
        [
            (self.plan.drop, Fate::Drop),
            (self.plan.duplicate, Fate::Duplicate),
            (self.plan.reorder, Fate::Reorder),
            (
                self.plan.corrupt,
                Fate::Corrupt {
                    offset: (detail & 0xffff) as usize,
                },
            ),
            (delay.map_or(0, |delay| delay.per_mille), Fate::Delay(late)),
        ]
    }
}

fn within(range: &RangeInclusive<u32>, detail: u64) -> u32 {
    let span = u64::from(range.end().saturating_sub(*range.start())) + 1;
    range.start().saturating_add((detail % span) as u32)
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, good enough for dice.
#[derive(Clone, Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::packet::tests::udp;

    const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

    fn fates(plan: FaultPlan, packets: &[Vec<u8>]) -> Vec<Fate> {
        let mut faults = Faults::new(plan);
        packets.iter().map(|packet| faults.decide(packet)).collect()
    }

    #[test]
    fn the_third_ike_datagram_of_a_is_lost_and_no_other() {
        let ike = Match::udp(&[500, 4500]).from(A);
        let script = vec![Scripted {
            nth: 2,
            matching: ike,
            action: Fate::Drop,
        }];
        let plan = FaultPlan {
            script,
            ..FaultPlan::default()
        };
        let (mine, theirs) = (udp((A, 500), (B, 500), b"x"), udp((B, 500), (A, 500), b"x"));
        let other = udp((A, 53), (B, 53), b"x");
        let packets = [&mine, &theirs, &mine, &other, &mine, &mine].map(Clone::clone);
        let mut expected = [Fate::Deliver; 6];
        expected[4] = Fate::Drop;
        assert_eq!(fates(plan, &packets), expected);
    }

    #[test]
    fn equal_seeds_give_equal_fates_and_other_seeds_others() {
        let plan = |seed| FaultPlan {
            seed,
            drop: 100,
            duplicate: 100,
            reorder: 100,
            corrupt: 100,
            delay: Some(Delay {
                per_mille: 100,
                milliseconds: 5..=9,
            }),
            ..FaultPlan::default()
        };
        let packets = vec![udp((A, 500), (B, 500), b"x"); 2000];
        let first = fates(plan(1), &packets);
        assert_eq!(first, fates(plan(1), &packets));
        assert_ne!(first, fates(plan(2), &packets));
        let lost = first.iter().filter(|fate| **fate == Fate::Drop).count();
        assert!(
            (150..250).contains(&lost),
            "{lost} of 2000 at 100 per mille"
        );
        let delays = first.iter().filter_map(|fate| {
            if let Fate::Delay(ms) = fate {
                Some(*ms)
            } else {
                None
            }
        });
        assert!(delays.clone().count() > 100 && delays.clone().all(|ms| (5..=9).contains(&ms)));
    }

    #[test]
    fn a_script_does_not_shift_the_dice() {
        let dice = FaultPlan {
            seed: 3,
            drop: 300,
            ..FaultPlan::default()
        };
        let first = Scripted {
            nth: 0,
            matching: Match::any(),
            action: Fate::Duplicate,
        };
        let both = FaultPlan {
            script: vec![first],
            ..dice.clone()
        };
        let packets = vec![udp((A, 1), (B, 1), b"x"); 50];
        assert_eq!(fates(dice, &packets)[1..], fates(both, &packets)[1..]);
    }

    #[test]
    fn the_dice_spare_what_the_plan_does_not_apply_to() {
        let plan = FaultPlan {
            drop: 1000,
            applies_to: Match::udp(&[500]),
            ..FaultPlan::default()
        };
        let packets = [
            udp((A, 500), (B, 500), b"x"),
            udp((A, 80), (B, 80), b"x"),
            vec![1, 2, 3],
        ];
        assert_eq!(
            fates(plan, &packets),
            [Fate::Drop, Fate::Deliver, Fate::Deliver]
        );
    }

    #[test]
    fn a_payload_prefix_tells_marker_from_esp() {
        let marked = Match {
            payload_starts: vec![0; 4],
            ..Match::udp(&[4500])
        };
        assert!(marked.is_met_by(&udp((A, 4500), (B, 4500), &[0, 0, 0, 0, 9])));
        assert!(!marked.is_met_by(&udp((A, 4500), (B, 4500), &[1, 2, 3, 4, 9])));
        assert!(!marked.is_met_by(&udp((A, 4500), (B, 4500), &[0, 0])));
    }
}
