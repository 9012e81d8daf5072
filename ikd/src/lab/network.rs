//! The wires of a lab: hosts in namespaces, a switch with faults and a capture, and a NAT if
//! the case wants one.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use testnet::packet::{Flow, UDP};
use testnet::{
    Capture, Delay, Fate, FaultPlan, Host, Match, NatConfig, NatRouter, Scripted, Switch, pcapng,
};

use super::case::{Case, RouterCase};
use super::error::{LabError, at};
use super::file::{Fault, FaultAction, Nat};
use super::strangers::Stranger;

/// A mapping of the NAT unused for so long expires.
const NAT_LIFETIME: Duration = Duration::from_secs(300);
/// The switch whose view counts: that of the router in the open.
const LAN: &str = "lan";

/// Hosts and wires. Dropping it takes them down.
pub(super) struct Wires {
    /// One host for each router, in the order of the case.
    pub hosts: [Host; 2],
    /// Hosts of CAs by address.
    pub cas: BTreeMap<IpAddr, Host>,
    capture: PathBuf,
    stranger: Option<Stranger>,
    // The NAT goes before the switches it is plugged into.
    _nat: Option<NatRouter>,
    _inside: Option<Switch>,
    _lan: Switch,
}

impl Wires {
    /// Makes the network of a case and records it at `capture`; `cas` are addresses of CAs and their prefix
    /// lengths.
    ///
    /// # Errors
    /// The kernel refuses a namespace, a device or an address.
    pub(super) fn new(
        case: &Case,
        capture: &Path,
        cas: &BTreeMap<IpAddr, u8>,
    ) -> Result<Self, LabError> {
        let recorder = Capture::to_file(capture)?;
        let lan = Switch::new(LAN)?;
        lan.capture(&recorder)?;
        let inside = case
            .nat
            .as_ref()
            .map(|_| Switch::new("inside"))
            .transpose()?;
        let [a, b] = &case.routers;
        let hosts = [Host::new(&a.name)?, Host::new(&b.name)?];
        for (router, host) in case.routers.iter().zip(&hosts) {
            let behind = case.nat.as_ref().is_some_and(|n| n.router == router.name);
            let switch = inside.as_ref().filter(|_| behind).unwrap_or(&lan);
            plug(router, host, switch)?;
            switch.set_faults(plan(case, |r| is_behind(case, r) == behind));
        }
        if let Some(inside) = &inside {
            inside.capture(&recorder)?;
        }
        let nat = match (&case.nat, &inside) {
            (Some(nat), Some(inside)) => Some(NatRouter::new(inside, &lan, &nat_config(nat))?),
            _ => None,
        };
        Ok(Self {
            hosts,
            cas: authorities(cas, &lan)?,
            capture: capture.to_owned(),
            stranger: Stranger::new(case, &lan)?,
            _nat: nat,
            _inside: inside,
            _lan: lan,
        })
    }

    /// Lets the stranger of the case call, if there is one.
    ///
    /// # Errors
    /// The responder does not answer it.
    pub(super) fn call(&self, case: &Case) -> Result<(), LabError> {
        self.stranger.as_ref().map_or(Ok(()), |s| s.call(case))
    }

    /// The datagrams on UDP 500 so far, as the router in the open sees them.
    ///
    /// # Errors
    /// The capture cannot be read.
    pub(super) fn datagrams(&self) -> Result<Vec<Datagram>, LabError> {
        let octets = std::fs::read(&self.capture).map_err(at(&self.capture))?;
        let records = pcapng::read(&octets).map_err(at(&self.capture))?;
        let on_lan = records.iter().filter(|r| r.interface == LAN);
        Ok(on_lan.filter_map(|r| datagram(&r.packet)).collect())
    }
}

/// A datagram of IKE.
pub(super) struct Datagram {
    /// Octets of the whole IP packet.
    pub ip_length: usize,
    /// What UDP carries.
    pub body: Bytes,
}

/// Octets of the UDP header.
const UDP_HEADER: usize = 8;

fn datagram(packet: &[u8]) -> Option<Datagram> {
    let flow = Flow::of(packet).filter(is_ike)?;
    let body = packet.get(flow.header + UDP_HEADER..flow.total)?;
    Some(Datagram {
        ip_length: flow.total,
        body: Bytes::copy_from_slice(body),
    })
}

fn is_ike(flow: &Flow) -> bool {
    flow.protocol == UDP
        && flow
            .ports
            .is_some_and(|(from, to)| from == 500 || to == 500)
}

fn is_behind(case: &Case, router: &RouterCase) -> bool {
    case.nat.as_ref().is_some_and(|n| n.router == router.name)
}

fn nat_config(nat: &Nat) -> NatConfig {
    NatConfig {
        inside: (nat.inside.address, nat.inside.prefix),
        outside: (nat.outside.address, nat.outside.prefix),
        gateway: None,
        lifetime: NAT_LIFETIME,
    }
}

/// Each physical interface of the configuration is a device of its own: `eth0`, `eth1`, …
fn plug(router: &RouterCase, host: &Host, switch: &Switch) -> Result<(), LabError> {
    let physical = router.physical();
    if physical.is_empty() {
        let name = &router.name;
        return Err(LabError::config(format!(
            "{name} has no Ethernet interface with an `ip address` or `ipv6 address`: add one, it is the wire"
        )));
    }
    for (number, addresses) in physical.into_iter().enumerate() {
        host.attach(switch, &format!("eth{number}"), &addresses)?;
    }
    Ok(())
}

/// A host for each CA, in the open.
fn authorities(
    cas: &BTreeMap<IpAddr, u8>,
    lan: &Switch,
) -> Result<BTreeMap<IpAddr, Host>, LabError> {
    let made = cas.iter().enumerate().map(|(number, (address, prefix))| {
        let host = Host::new(&format!("authority{}", number + 1))?;
        host.attach(lan, "eth0", &[(*address, *prefix)])?;
        Ok((*address, host))
    });
    made.collect()
}

/// Latency and faults for what the routers on one switch send.
fn plan(case: &Case, on_switch: impl Fn(&RouterCase) -> bool) -> FaultPlan {
    let scripted = |fault: &Fault| {
        let sender = if fault.message.by_initiator() {
            case.initiator()
        } else {
            case.responder()
        };
        let address = sender.ike_address()?;
        on_switch(sender).then(|| script(fault, address))
    };
    let late = Delay {
        per_mille: 1000,
        milliseconds: case.latency..=case.latency,
    };
    FaultPlan {
        delay: (case.latency > 0).then_some(late),
        script: case.faults.iter().filter_map(scripted).collect(),
        ..FaultPlan::default()
    }
}

fn script(fault: &Fault, sender: IpAddr) -> Scripted {
    let action = match fault.action {
        FaultAction::Drop => Fate::Drop,
        FaultAction::Duplicate => Fate::Duplicate,
        FaultAction::Delay => Fate::Delay(fault.milliseconds),
        FaultAction::Reorder => Fate::Reorder,
    };
    Scripted {
        nth: fault.message.nth(),
        matching: Match::udp(&[500, 4500]).from(sender),
        action,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::file::Message;

    /// T-33: the fault is the second datagram of the responder, counted on its own switch.
    #[test]
    fn a_fault_is_counted_where_its_sender_is() {
        let mut case = Case::embedded("t-01").unwrap();
        case.faults = vec![Fault {
            message: Message::MM4,
            action: FaultAction::Drop,
            milliseconds: 0,
        }];
        let here = plan(&case, |_| true);
        assert_eq!(here.script.len(), 1);
        assert_eq!(here.script[0].nth, 1);
        assert_eq!(
            here.script[0].matching.source,
            Some(IpAddr::from([192, 168, 0, 2]))
        );
        assert!(plan(&case, |r| r.name == "R1").script.is_empty());
    }
}
