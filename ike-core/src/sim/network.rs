//! The path between the two routers: delay, faults and, if wanted, a NAT.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;

use crate::sa::action::Transmit;
use crate::time::Timestamp;

/// A datagram on the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Its place in the order of sending, from 0.
    pub number: usize,
    /// When it was sent.
    pub at: Timestamp,
    /// Index of the sending router.
    pub sender: usize,
    /// Source as the receiver sees it.
    pub from: SocketAddr,
    /// Destination as the receiver sees it.
    pub to: SocketAddr,
    /// The ISAKMP message.
    pub bytes: Bytes,
}

/// What becomes of a datagram: one entry for each copy that arrives, with its extra delay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fate(pub Vec<Duration>);

impl Fate {
    /// Arrives as it should.
    #[must_use]
    pub fn delivered() -> Self {
        Self(vec![Duration::ZERO])
    }

    /// Never arrives.
    #[must_use]
    pub fn lost() -> Self {
        Self(Vec::new())
    }

    /// Arrives twice, the second time later.
    #[must_use]
    pub fn doubled(later: Duration) -> Self {
        Self(vec![Duration::ZERO, later])
    }

    /// Arrives late: past anything sent meanwhile.
    #[must_use]
    pub fn delayed(by: Duration) -> Self {
        Self(vec![by])
    }
}

/// A NAT in front of one router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Translation {
    /// The router behind it.
    pub inside: usize,
    /// Its true address.
    pub inside_address: IpAddr,
    /// The NAT's outer address.
    pub outside_address: IpAddr,
    /// Added to source ports.
    pub port_offset: u16,
}

/// Decides the fate of the n-th datagram.
pub type Faults = Box<dyn FnMut(usize, &Datagram) -> Fate>;

/// The path.
pub struct Network {
    /// Time of flight.
    pub latency: Duration,
    /// Invented time of every job.
    pub job_time: Duration,
    /// Fate of the n-th datagram (from 0).
    pub faults: Faults,
    /// A NAT.
    pub nat: Option<Translation>,
    /// Every datagram sent, in order.
    pub log: Vec<Datagram>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(1),
            job_time: Duration::from_micros(300),
            faults: Box::new(|_, _| Fate::delivered()),
            nat: None,
            log: Vec::new(),
        }
    }
}

impl Network {
    /// The copies of a datagram that arrive, each with its delay.
    pub(super) fn carry(
        &mut self,
        sender: usize,
        at: Timestamp,
        transmit: Transmit,
    ) -> Vec<(Datagram, Duration)> {
        let number = self.log.len();
        let mut datagram = Datagram {
            number,
            at,
            sender,
            from: transmit.local,
            to: transmit.remote,
            bytes: transmit.bytes,
        };
        if let Some(nat) = &self.nat {
            nat.translate(&mut datagram);
        }
        self.log.push(datagram.clone());
        let Fate(copies) = (self.faults)(number, &datagram);
        copies
            .into_iter()
            .map(|extra| (datagram.clone(), self.latency + extra))
            .collect()
    }
}

impl Translation {
    fn translate(&self, datagram: &mut Datagram) {
        if datagram.sender == self.inside {
            let port = datagram.from.port().wrapping_add(self.port_offset);
            datagram.from = SocketAddr::new(self.outside_address, port);
        } else if datagram.to.ip() == self.outside_address {
            let port = datagram.to.port().wrapping_sub(self.port_offset);
            datagram.to = SocketAddr::new(self.inside_address, port);
        }
    }
}
