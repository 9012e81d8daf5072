//! `show crypto session [detail]` (O-061): both versions together.

use std::net::IpAddr;

use ike_core::engine::view::{ChildView, IsakmpSaView};
use ike_core::engine::view_ikev2::Ikev2SaView;
use ike_core::policy::protection::{Protection, Selector};
use ike_core::trace::escaped;
use serde::Serialize;

use super::ipsec_sa::{Packets, kilobytes_left, pairs};
use super::{Lines, View, hms, interface_of};
use crate::dataplane::config::Direction;
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Sessions {
    sessions: Vec<Session>,
    #[serde(skip)]
    detail: bool,
}

#[derive(Serialize)]
struct Session {
    interface: Option<String>,
    profile: Option<String>,
    /// Seconds since the IKE SA was established.
    uptime: Option<u64>,
    status: &'static str,
    peer: IpAddr,
    port: u16,
    phase1_id: Option<String>,
    ike_sas: Vec<IkeSa>,
    flows: Vec<Flow>,
}

#[derive(Clone, Serialize)]
struct IkeSa {
    version: u8,
    local: IpAddr,
    local_port: u16,
    remote: IpAddr,
    remote_port: u16,
    active: bool,
    capabilities: String,
    connection: u32,
    /// Seconds left.
    lifetime: u64,
    #[serde(skip)]
    alive: bool,
    #[serde(skip)]
    profile: Option<String>,
    #[serde(skip)]
    phase1_id: Option<String>,
    #[serde(skip)]
    age: Option<u64>,
}

#[derive(Serialize)]
struct Flow {
    permit: String,
    active_sas: usize,
    decrypted: u64,
    inbound_drops: u64,
    inbound_kilobytes: u64,
    encrypted: u64,
    outbound_drops: u64,
    outbound_kilobytes: u64,
    /// Seconds left.
    seconds: u64,
}

pub(super) fn view(now: &Snapshot<'_>, detail: bool) -> Sessions {
    let mut groups: Vec<Vec<&Protection>> = Vec::new();
    for protection in now.protections {
        let same =
            |p: &&Protection| p.interface == protection.interface && p.peer == protection.peer;
        match groups.iter_mut().find(|group| group.iter().any(same)) {
            Some(group) => group.push(protection),
            None => groups.push(vec![protection]),
        }
    }
    let sas: Vec<IkeSa> = now
        .isakmp
        .iter()
        .map(ikev1_sa)
        .chain(now.ikev2.iter().map(ikev2_sa))
        .collect();
    let configured = groups.iter().filter_map(|group| session(now, &sas, group));
    // A peer in phase 1 may belong to nothing yet.
    let foreign = |sa: &&IkeSa| !now.protections.iter().any(|p| between(sa, p));
    let strangers = sas.iter().filter(foreign).map(|sa| stranger(now, sa));
    Sessions {
        sessions: configured.chain(strangers).collect(),
        detail,
    }
}

fn ikev1_sa(sa: &IsakmpSaView) -> IkeSa {
    let alive = sa.status == "ACTIVE";
    IkeSa {
        version: 1,
        local: sa.local,
        local_port: sa.local_port,
        remote: sa.remote,
        remote_port: sa.remote_port,
        active: sa.suite.is_some() && alive,
        capabilities: sa.capabilities.clone(),
        connection: sa.connection,
        lifetime: sa.lifetime.unwrap_or(0),
        alive,
        profile: sa.profile.clone(),
        phase1_id: sa.phase1_id.as_deref().map(escaped),
        age: sa.active,
    }
}

fn ikev2_sa(sa: &Ikev2SaView) -> IkeSa {
    let established = sa.established.as_ref();
    let dpd = established.is_some_and(|e| e.dpd.is_some());
    let nat = sa.nat.0 || sa.nat.1;
    let letters = [(dpd, "D"), (nat, "N"), (sa.fragmentation.is_some(), "F")];
    let left = |lifetime: u32, active: u64| u64::from(lifetime).saturating_sub(active);
    IkeSa {
        version: 2,
        local: sa.local.ip(),
        local_port: sa.local.port(),
        remote: sa.remote.ip(),
        remote_port: sa.remote.port(),
        active: sa.status == "READY",
        capabilities: letters.iter().filter(|l| l.0).map(|l| l.1).collect(),
        connection: sa.tunnel,
        lifetime: established.map_or(0, |e| left(e.lifetime, e.active)),
        alive: sa.status != "DELETE",
        profile: sa.profile.clone(),
        phase1_id: established.map(|e| e.remote_id.clone()),
        age: established.map(|e| e.active),
    }
}

fn between(sa: &IkeSa, protection: &Protection) -> bool {
    (sa.local, sa.remote) == (protection.local, protection.peer)
}

fn session(now: &Snapshot<'_>, sas: &[IkeSa], group: &[&Protection]) -> Option<Session> {
    let first = group.first()?;
    let sas: Vec<IkeSa> = sas
        .iter()
        .filter(|sa| between(sa, first))
        .cloned()
        .collect();
    let flows: Vec<Flow> = group.iter().map(|p| flow(now, p)).collect();
    let carries = flows.iter().any(|f| f.active_sas > 0);
    let best = sas.iter().rev().find(|sa| sa.active).or(sas.last());
    Some(Session {
        interface: Some(first.interface.clone()),
        profile: best.and_then(|sa| sa.profile.clone()),
        uptime: best.filter(|sa| sa.active).and_then(|sa| sa.age),
        status: status(&sas, carries),
        peer: first.peer,
        port: best.map_or(500, |sa| sa.remote_port),
        phase1_id: best.and_then(|sa| sa.phase1_id.clone()),
        ike_sas: sas.clone(),
        flows,
    })
}

fn stranger(now: &Snapshot<'_>, sa: &IkeSa) -> Session {
    Session {
        interface: interface_of(now, sa.local).map(|(name, _)| name),
        profile: sa.profile.clone(),
        uptime: sa.age.filter(|_| sa.active),
        status: status(std::slice::from_ref(sa), false),
        peer: sa.remote,
        port: sa.remote_port,
        phase1_id: sa.phase1_id.clone(),
        ike_sas: vec![sa.clone()],
        flows: Vec::new(),
    }
}

fn status(sas: &[IkeSa], carries: bool) -> &'static str {
    let alive = sas.iter().any(|sa| sa.alive);
    match (sas.iter().any(|sa| sa.active), carries) {
        (true, true) => "UP-ACTIVE",
        (true, false) => "UP-IDLE",
        (false, true) => "UP-NO-IKE",
        (false, false) if alive => "DOWN-NEGOTIATING",
        (false, false) => "DOWN",
    }
}

fn flow(now: &Snapshot<'_>, protection: &Protection) -> Flow {
    let pairs = pairs(now, protection);
    let newest: Option<&ChildView> = pairs
        .iter()
        .rev()
        .find(|(_, c)| c.complete)
        .map(|(_, c)| *c);
    let packets = Packets::of(now, &protection.interface);
    let kilobytes = |direction| newest.map_or(0, |pair| kilobytes_left(now, pair, direction));
    Flow {
        permit: permit(&protection.local_selector, &protection.remote_selector),
        active_sas: pairs
            .iter()
            .map(|(_, c)| if c.complete { 2 } else { 1 })
            .sum(),
        decrypted: packets.decaps,
        inbound_drops: packets.receive_errors,
        inbound_kilobytes: kilobytes(Direction::Inbound),
        encrypted: packets.encaps,
        outbound_drops: packets.send_errors,
        outbound_kilobytes: kilobytes(Direction::Outbound),
        seconds: newest.map_or(0, |pair| pair.seconds),
    }
}

/// `47 host A host B`, `ip 10.0.0.0/255.255.255.0 ...`.
fn permit(local: &Selector, remote: &Selector) -> String {
    let side = |s: &Selector| match s.is_host() {
        true => format!("host {}", s.network),
        false => format!("{}/{}", s.network, s.mask_text()),
    };
    let protocol = match (local.protocol, local.network) {
        (0, IpAddr::V4(_)) => "ip".to_owned(),
        (0, IpAddr::V6(_)) => "ipv6".to_owned(),
        (other, _) => other.to_string(),
    };
    format!("{protocol} {} {}", side(local), side(remote))
}

impl View for Sessions {
    fn text(&self) -> String {
        let mut out = Lines::default();
        out.line("Crypto session current status");
        out.blank();
        if self.detail {
            out.line("Code: C - IKE Configuration mode, D - Dead Peer Detection");
            out.line("K - Keepalives, N - NAT-traversal, T - cTCP encapsulation");
            out.line("X - IKE Extended Authentication, F - IKE Fragmentation");
            out.blank();
        }
        for session in &self.sessions {
            session.lines(self.detail, &mut out);
            out.blank();
        }
        out.0
    }
}

impl Session {
    fn lines(&self, detail: bool, out: &mut Lines) {
        self.interface
            .iter()
            .for_each(|name| out.line(format!("Interface: {name}")));
        self.profile
            .iter()
            .for_each(|name| out.line(format!("Profile: {name}")));
        let uptime = self.uptime.filter(|_| detail);
        uptime
            .iter()
            .for_each(|seconds| out.line(format!("Uptime: {}", hms(*seconds))));
        out.line(format!("Session status: {}", self.status));
        let vrf = if detail {
            " fvrf: (none) ivrf: (none)"
        } else {
            ""
        };
        out.line(format!("Peer: {} port {}{vrf}", self.peer, self.port));
        if detail {
            out.line(format!(
                "      Phase1_id: {}",
                self.phase1_id.as_deref().unwrap_or("(none)")
            ));
            out.line("      Desc: (none)");
        }
        self.ike_sas.iter().for_each(|sa| sa.lines(detail, out));
        self.flows.iter().for_each(|flow| flow.lines(detail, out));
    }
}

impl IkeSa {
    fn lines(&self, detail: bool, out: &mut Lines) {
        let Self {
            version,
            local,
            local_port,
            remote,
            remote_port,
            ..
        } = self;
        let state = if self.active { "Active" } else { "Inactive" };
        out.line(format!(
            "  IKEv{version} SA: local {local}/{local_port} remote {remote}/{remote_port} {state}"
        ));
        if detail {
            let capabilities = if self.capabilities.is_empty() {
                "(none)"
            } else {
                &self.capabilities
            };
            let lifetime = if self.lifetime == 0 {
                "0".to_owned()
            } else {
                hms(self.lifetime)
            };
            out.line(format!(
                "          Capabilities:{capabilities} connid:{} lifetime:{lifetime}",
                self.connection
            ));
        }
    }
}

impl Flow {
    fn lines(&self, detail: bool, out: &mut Lines) {
        out.line(format!("  IPSEC FLOW: permit {}", self.permit));
        out.line(format!(
            "        Active SAs: {}, origin: crypto map",
            self.active_sas
        ));
        if detail {
            let seconds = self.seconds;
            out.line(format!(
                "        Inbound:  #pkts dec'ed {} drop {} life (KB/Sec) {}/{seconds}",
                self.decrypted, self.inbound_drops, self.inbound_kilobytes
            ));
            out.line(format!(
                "        Outbound: #pkts enc'ed {} drop {} life (KB/Sec) {}/{seconds}",
                self.encrypted, self.outbound_drops, self.outbound_kilobytes
            ));
        }
    }
}

#[cfg(test)]
mod tests;
