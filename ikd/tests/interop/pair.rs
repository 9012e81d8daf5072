//! Our router and charon on one network: started, brought up, pinged, rekeyed, ended, judged.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;
use testnet::Host;
use testnet::charon::{Charon, Connection, IkeVersion, Installation, PeerSa};

use crate::judge::{self, Traffic};
use crate::network::{Network, Wiring};
use crate::ours::Ours;
use crate::peer::{CHILD, CONNECTION, Peer};
use crate::pings::{ECHO, Flow, flow, none_lost};
use crate::pki::Trustpoints;
use crate::router::Router;
use crate::rows::Bench;
use crate::states::{PATIENCE, States, eventually, within};

/// How long a negotiation may take.
pub(crate) const NEGOTIATION: Duration = Duration::from_secs(20);
/// How long a refusal may take that nobody is told of.
pub(crate) const REFUSAL: Duration = Duration::from_secs(5);
/// Pings of a positive row, each way.
pub(crate) const PINGS: u32 = 100;

/// Which side does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Ours,
    Peer,
}

/// Two peers before they start.
pub(crate) struct Setup {
    pub wiring: Wiring,
    pub mtu: Option<u32>,
    pub router: Router,
    pub peer: Peer,
    pub trustpoints: Trustpoints,
    pub retransmit: Duration,
}

impl Setup {
    pub(crate) fn new(router: Router, peer: Peer) -> Self {
        Self {
            wiring: Wiring::Plain,
            mtu: None,
            router,
            peer,
            trustpoints: Trustpoints::default(),
            retransmit: Duration::from_secs(10),
        }
    }

    /// Certificates of ours.
    pub(crate) fn enrolled(mut self, trustpoints: Trustpoints) -> Self {
        self.trustpoints = trustpoints;
        self
    }

    /// Other wires.
    pub(crate) fn on(mut self, wiring: Wiring) -> Self {
        self.wiring = wiring;
        self.router = self.router.on(wiring);
        self.peer = self.peer.on(wiring);
        self
    }
}

/// Two running peers.
pub(crate) struct Pair {
    pub ours: Ours,
    pub charon: Charon,
    pub network: Network,
    installation: Installation,
    wiring: Wiring,
    dir: PathBuf,
    retransmit: Duration,
}

impl Pair {
    /// Starts both; everything of the row is kept in the bench's folder.
    pub(crate) fn start(bench: &Bench, setup: &Setup) -> Result<Self, Failed> {
        let description = setup.peer.description();
        let any_to_any = |c: &Connection| c.version == IkeVersion::One;
        let routed = description.connections.iter().any(any_to_any);
        Self::start_by(bench, setup, routed, |host, dir| {
            Charon::start(&bench.installation, host, dir, description)
        })
    }

    /// The same with a charon that has the files of a folder as they are.
    pub(crate) fn start_with(bench: &Bench, setup: &Setup, files: &Path) -> Result<Self, Failed> {
        Self::start_by(bench, setup, true, |host, dir| {
            Charon::start_with(&bench.installation, host, dir, files)
        })
    }

    /// `routed`: any to any brings no route, for it would take IKE itself along.
    fn start_by(
        bench: &Bench,
        setup: &Setup,
        routed: bool,
        start: impl FnOnce(&Host, &Path) -> testnet::Result<Charon>,
    ) -> Result<Self, Failed> {
        let dir = bench.dir.as_path();
        std::fs::write(dir.join("R1.cfg"), setup.router.text())?;
        setup.trustpoints.write(&dir.join("R1.state"))?;
        let network = Network::new(setup.wiring, setup.mtu, &dir.join("capture.pcapng"))?;
        let ours = Ours::start(&network.ours, dir, setup.retransmit)?;
        let charon = start(&network.peer, &dir.join("charon"))?;
        if routed {
            network.peer.run(crate::network::route_of_charon)??;
        }
        Ok(Self {
            ours,
            charon,
            network,
            installation: bench.installation.clone(),
            wiring: setup.wiring,
            dir: dir.to_owned(),
            retransmit: setup.retransmit,
        })
    }

    /// Starts our daemon again after its end.
    pub(crate) fn restart_ours(&mut self) -> Result<(), Failed> {
        self.ours = Ours::start(&self.network.ours, &self.dir, self.retransmit)?;
        Ok(())
    }

    /// Starts charon again after its end.
    pub(crate) fn restart_peer(&mut self, peer: &Peer) -> Result<(), Failed> {
        let dir = self.dir.join("charon");
        let log = self.charon.log();
        std::fs::write(self.dir.join("charon-before.log"), log)?;
        self.charon = Charon::start(
            &self.installation,
            &self.network.peer,
            &dir,
            peer.description(),
        )?;
        Ok(())
    }

    /// Lets a side start; whether it says that it is up, and its words.
    pub(crate) fn try_up(&self, side: Side, wait: Duration) -> Result<(bool, String), Failed> {
        match side {
            Side::Ours => self.ours.up(wait),
            Side::Peer => {
                let said = self.charon.initiate(CHILD, wait)?;
                Ok((said.ok, said.text))
            }
        }
    }

    /// Lets a side start; both are up afterwards in their own words.
    pub(crate) fn up(&self, side: Side) -> Result<(), Failed> {
        match self.try_up(side, NEGOTIATION)? {
            (true, _) => self.both_up(1),
            (false, said) => Err(format!("{side:?} did not bring it up: {said}").into()),
        }
    }

    /// Both say: one IKE SA is established, with that many child SAs.
    pub(crate) fn both_up(&self, children: usize) -> Result<(), Failed> {
        self.both_up_within(PATIENCE, children)
    }

    /// As [`both_up`](Self::both_up), with a limit.
    pub(crate) fn both_up_within(&self, limit: Duration, children: usize) -> Result<(), Failed> {
        within(limit, || {
            let (peer, ours) = (self.charon.sas()?, self.states()?);
            let here = ours.established == 1 && ours.children == children;
            // Half-open SAs of strangers do not count.
            let over = |sa: &&PeerSa| sa.get("state") != "CONNECTING";
            let there = peer.iter().filter(over).count() == 1
                && peer.iter().filter(over).all(PeerSa::established)
                && peer.iter().map(|sa| sa.installed().count()).sum::<usize>() == children;
            if here && there {
                return Ok(());
            }
            Err(format!(
                "wanted one IKE SA with {children} child SAs; ours: {ours:?}; charon: {peer:#?}"
            )
            .into())
        })
    }

    /// Neither side has anything left.
    pub(crate) fn nothing_left(&self) -> Result<(), Failed> {
        eventually(|| {
            let (peer, ours) = (self.charon.sas()?, self.states()?);
            if peer.is_empty() && ours == States::default() {
                return Ok(());
            }
            Err(format!("something is left; ours: {ours:?}; charon: {peer:#?}").into())
        })
    }

    /// Our side has nothing left.
    pub(crate) fn nothing_of_ours(&self) -> Result<(), Failed> {
        eventually(|| match self.states()? {
            States {
                established: 0,
                negotiating: 0,
                children: 0,
            } => Ok(()),
            some => Err(format!("something is left with us: {some:?}").into()),
        })
    }

    /// What our daemon has, by `show … | json`.
    pub(crate) fn states(&self) -> Result<States, Failed> {
        States::of(&self.ours)
    }

    /// Ends the IKE SA from one side.
    pub(crate) fn delete(&self, side: Side) -> Result<(), Failed> {
        match side {
            Side::Ours => self.ours.down(),
            Side::Peer => self.said(&["--terminate", "--ike", CONNECTION]),
        }
    }

    /// Starts a rekeying from one side.
    pub(crate) fn rekey(&self, side: Side, ike: bool) -> Result<(), Failed> {
        match (side, ike) {
            (Side::Ours, ike) => self.ours.rekey(ike),
            (Side::Peer, true) => self.said(&["--rekey", "--ike", CONNECTION]),
            (Side::Peer, false) => self.said(&["--rekey", "--child", CHILD]),
        }
    }

    /// Something that swanctl does well.
    pub(crate) fn said(&self, arguments: &[&str]) -> Result<(), Failed> {
        let said = self.charon.swanctl(arguments)?;
        if said.ok {
            Ok(())
        } else {
            Err(format!("swanctl {arguments:?}: {}", said.text).into())
        }
    }

    /// The pings of a row: from where to where, and in which host.
    fn flows(&self) -> [(&Host, IpAddr, IpAddr); 2] {
        let (ours, peer) = (&self.network.ours, &self.network.peer);
        let v6 = |net| IpAddr::from(Ipv6Addr::new(net, 0, 0, 0, 0, 0, 0, 1));
        let (a, b) = if self.wiring.ipv6_inside() {
            (v6(0xfd01), v6(0xfd02))
        } else {
            ([10, 1, 0, 1].into(), [10, 2, 0, 1].into())
        };
        [(ours, a, b), (peer, b, a)]
    }

    /// A hundred pings each way, none lost.
    pub(crate) fn pings(&self) -> Result<(), Failed> {
        self.ping(PINGS)
    }

    /// Pings each way, none lost.
    pub(crate) fn ping(&self, count: u32) -> Result<(), Failed> {
        for (host, from, to) in self.flows() {
            none_lost(from, to, &host.ping(from, to, count, ECHO)?)?;
        }
        Ok(())
    }

    /// Pings from charon's network to ours; what comes of them does not matter.
    pub(crate) fn ping_from_peer(&self, count: u32) -> Result<(), Failed> {
        let [_, (host, from, to)] = self.flows();
        host.ping(from, to, count, ECHO)?;
        Ok(())
    }

    /// Pings from our loopback to another network of charon's and back.
    pub(crate) fn ping_to(&self, network: Ipv4Addr, count: u32) -> Result<(), Failed> {
        let ours = IpAddr::from([10, 1, 0, 1]);
        for (host, from, to) in [
            (&self.network.ours, ours, IpAddr::from(network)),
            (&self.network.peer, IpAddr::from(network), ours),
        ] {
            none_lost(from, to, &host.ping(from, to, count, ECHO)?)?;
        }
        Ok(())
    }

    /// Does something while pings go both ways, some two hundred a second; how many of each were
    /// sent and lost.
    pub(crate) fn under_ping(
        &self,
        work: impl FnOnce() -> Result<(), Failed>,
    ) -> Result<Flow, Failed> {
        let over = AtomicBool::new(false);
        let (done, reports) = thread::scope(|scope| {
            let flows: Vec<_> = self
                .flows()
                .into_iter()
                .map(|(host, from, to)| {
                    let over = &over;
                    scope.spawn(move || flow(host, from, to, over))
                })
                .collect();
            let done = work();
            over.store(true, Ordering::Relaxed);
            let reports: Vec<_> = flows
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect();
            (done, reports)
        });
        done?;
        let mut total = Flow::default();
        for report in reports {
            let report = report.map_err(|_| "a ping thread died")??;
            total.sent += report.sent;
            total.lost += report.sent - report.received;
        }
        Ok(total)
    }

    /// Ends both and reads the capture.
    pub(crate) fn end(mut self) -> Result<Traffic, Failed> {
        self.ours.stop();
        self.charon.stop();
        let dir = self.dir.clone();
        let wiring = self.wiring;
        drop(self);
        judge::read(&dir, wiring)
    }
}
