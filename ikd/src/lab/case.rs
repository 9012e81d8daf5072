//! A case: two routers, how they are enrolled, who starts, over what wire. `folder` reads it from
//! a folder, from the binary itself or from two files; options of a command line change it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ike_core::config::{Interface, Place, RunningConfig};
use ike_core::policy::protection::compile;
use ike_core::sim::enrol::LabCas;

use super::error::LabError;
use super::file::{CaFile, Expectation, Fault, Nat, StopWhen};
use super::steps::Step;

/// One router of a case.
#[derive(Clone, Debug)]
pub struct RouterCase {
    /// Its hostname.
    pub name: String,
    /// The configuration as written.
    pub text: String,
    /// The configuration as read.
    pub config: RunningConfig,
    /// Trustpoints to enrol, newest first.
    pub order: Vec<String>,
    /// Chassis serial number.
    pub serial: String,
    /// The file it was read from.
    pub file: String,
    /// Where the lines of the configuration stand.
    pub places: Vec<Place>,
    /// What it runs.
    pub software: Software,
}

/// What a router runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Software {
    /// This program.
    #[default]
    Ikd,
    /// strongSwan's charon with the translation of the configuration.
    Strongswan,
}

/// A case, ready to run.
#[derive(Clone, Debug)]
pub struct Case {
    /// `T-01`, or the names of the files.
    pub id: String,
    /// Name of its folder, for artefacts.
    pub folder: String,
    /// One line.
    pub title: String,
    /// The rule it shows.
    pub story: String,
    /// The routers.
    pub routers: [RouterCase; 2],
    /// Index of the one that starts.
    pub initiator: usize,
    /// There is a negotiation; otherwise there are steps alone.
    pub negotiates: bool,
    /// Bits of the routers' RSA keys.
    pub key_bits: u32,
    /// Time between phase 1 retransmissions of each router.
    pub retransmit: [Duration; 2],
    /// Time of flight of every packet, in milliseconds.
    pub latency: u32,
    /// Goes on after the verdict until this is seen.
    pub stop_when: StopWhen,
    /// Goes on until both routers have given up.
    pub until_given_up: bool,
    /// First messages of a stranger that the responder has before.
    pub half_open: u8,
    /// A NAT.
    pub nat: Option<Nat>,
    /// Faults of the wire.
    pub faults: Vec<Fault>,
    /// CAs that behave otherwise than usual, by name.
    pub(crate) cas: BTreeMap<String, CaFile>,
    /// Enrolment URL of the CA that issued the certificate of another one, by the URL of that.
    pub(crate) above: BTreeMap<String, String>,
    /// What happens between enrolment and negotiation.
    pub(crate) before: Vec<Step>,
    /// What happens after the verdict.
    pub(crate) at_end: Vec<Step>,
    /// What must come out, when a folder says so.
    pub expect: Option<Expectation>,
}

/// What a command line changes.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Who starts.
    pub initiate: Option<String>,
    /// Listing orders.
    pub order: BTreeMap<String, Vec<String>>,
    /// Enrolled trustpoints.
    pub enrolled: BTreeMap<String, Vec<String>>,
    /// CAs that stand below others, by name.
    pub below: BTreeMap<String, String>,
    /// RSA bits.
    pub key_bits: Option<u32>,
    /// Seconds between retransmissions.
    pub retransmit_interval: Option<f64>,
    /// Goes on until both routers have given up.
    pub linger: bool,
    /// What the second router runs.
    pub peer: Software,
}

impl Case {
    /// Changes what a command line asks for.
    ///
    /// # Errors
    /// A router or trustpoint is named that there is not, or a number is out of range.
    pub fn apply(&mut self, overrides: &Overrides) -> Result<(), LabError> {
        if let Some(name) = &overrides.initiate {
            self.initiator = self.index_of(name)?;
        }
        for (name, order) in &overrides.order {
            let index = self.index_of(name)?;
            known(&self.routers[index], order)?;
            self.routers[index].order.clone_from(order);
        }
        for (name, enrolled) in &overrides.enrolled {
            let index = self.index_of(name)?;
            known(&self.routers[index], enrolled)?;
            self.routers[index].order.retain(|t| enrolled.contains(t));
        }
        self.place_below(&overrides.below)?;
        if let Some(bits) = overrides.key_bits {
            self.key_bits = allowed_bits(bits)?;
        }
        if let Some(seconds) = overrides.retransmit_interval {
            self.retransmit = [allowed_interval(seconds)?; 2];
        }
        self.until_given_up |= overrides.linger;
        if overrides.peer != Software::Ikd {
            self.routers[1].software = overrides.peer;
            // A folder says what comes of two routers of ours.
            self.expect = None;
        }
        Ok(())
    }

    /// Whether an enrolment URL stands for a CA of that name.
    pub(super) fn has_ca(&self, name: &str) -> bool {
        let [a, b] = &self.routers;
        let number = name
            .strip_prefix("CA")
            .and_then(|n| n.parse::<usize>().ok());
        number.is_some_and(|n| (1..=LabCas::urls(&[&a.config, &b.config]).len()).contains(&n))
    }

    /// Index of the router of that name.
    ///
    /// # Errors
    /// There is none; the text names those there are.
    pub fn index_of(&self, name: &str) -> Result<usize, LabError> {
        self.routers
            .iter()
            .position(|r| r.name == name)
            .ok_or_else(|| {
                let [a, b] = &self.routers;
                LabError::usage(format!(
                    "there is no router {name}; there are {} and {}",
                    a.name, b.name
                ))
            })
    }

    /// The router that starts.
    pub fn initiator(&self) -> &RouterCase {
        &self.routers[self.initiator]
    }

    /// Whether a router runs something else than this program.
    pub fn has_peer(&self) -> bool {
        self.routers.iter().any(|r| r.software != Software::Ikd)
    }

    /// How much there is to do besides the negotiation.
    pub fn step_count(&self) -> usize {
        self.before.len() + self.at_end.len()
    }

    /// Its CAs and operators do what a trace does not have.
    pub fn is_played(&self) -> bool {
        self.step_count() > 0 || !self.cas.is_empty()
    }

    /// The other one.
    pub fn responder(&self) -> &RouterCase {
        &self.routers[1 - self.initiator]
    }

    /// Longer than both routers try (W-050).
    pub fn patience(&self) -> Duration {
        let [a, b] = self.retransmit;
        a.max(b) * 12
    }

    /// Addresses of pings through the tunnel, from the initiator's loopback to the responder's.
    pub fn ping_addresses(&self) -> Vec<(IpAddr, IpAddr)> {
        self.inner_pairs(self.initiator, 1 - self.initiator)
    }

    /// Inside addresses of two routers by index, a pair for each family both have.
    pub fn inner_pairs(&self, from: usize, to: usize) -> Vec<(IpAddr, IpAddr)> {
        let theirs = self.routers[to].inner_addresses();
        let same = |from: &IpAddr| {
            let mut fitting = theirs.iter();
            fitting.find(|to| to.is_ipv4() == from.is_ipv4()).copied()
        };
        let ours = self.routers[from].inner_addresses().into_iter();
        ours.filter_map(|from| Some((from, same(&from)?))).collect()
    }
}

impl RouterCase {
    /// Of each family its first loopback address, else its first tunnel address; IPv4 first.
    pub fn inner_addresses(&self) -> Vec<IpAddr> {
        let first = |kind: &str, v6: bool| {
            let interfaces = self.config.interfaces.iter();
            let mut addresses = interfaces
                .filter(|i| i.name.starts_with(kind) && !i.shutdown)
                .flat_map(Interface::addresses)
                .map(|(address, _)| address);
            addresses.find(|address| address.is_ipv6() == v6)
        };
        [false, true]
            .into_iter()
            .filter_map(|v6| first("Loopback", v6).or_else(|| first("Tunnel", v6)))
            .collect()
    }

    /// Addresses and prefix lengths of each of its physical interfaces, in order of
    /// configuration; those without an address do not count.
    pub fn physical(&self) -> Vec<Vec<(IpAddr, u8)>> {
        let wired = |name: &str| !name.starts_with("Tunnel") && !name.starts_with("Loopback");
        let interfaces = self.config.interfaces.iter();
        interfaces
            .filter(|i| wired(&i.name) && !i.shutdown)
            .map(|i| i.addresses().collect())
            .filter(|addresses: &Vec<_>| !addresses.is_empty())
            .collect()
    }

    /// Where its datagrams come from: the end of its first tunnel or crypto map.
    pub fn ike_address(&self) -> Option<IpAddr> {
        compile(&self.config).first().map(|p| p.local)
    }
}

fn known(router: &RouterCase, trustpoints: &[String]) -> Result<(), LabError> {
    let missing = trustpoints
        .iter()
        .find(|t| !router.config.trustpoints.iter().any(|c| c.name == **t));
    match missing {
        None => Ok(()),
        Some(name) => Err(LabError::usage(format!(
            "{} has no trustpoint {name}",
            router.name
        ))),
    }
}

fn allowed_bits(bits: u32) -> Result<u32, LabError> {
    if (512..=4096).contains(&bits) && bits.is_multiple_of(128) {
        Ok(bits)
    } else {
        Err(LabError::usage(format!(
            "RSA keys of {bits} bits: give a multiple of 128 from 512 to 4096"
        )))
    }
}

pub(super) fn allowed_interval(seconds: f64) -> Result<Duration, LabError> {
    if (0.05..=3600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(LabError::usage(format!(
            "a retransmission interval of {seconds} s: give 0.05 to 3600"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P-001: without an order the last defined trustpoint is the newest.
    #[test]
    fn the_last_defined_trustpoint_is_the_newest_unless_said_otherwise() {
        let mut case = Case::embedded("t-01").unwrap();
        case.routers[0]
            .order
            .clone_from(&vec!["IOSCA2".to_owned(), "IOSCA1".to_owned()]);
        let only = BTreeMap::from([("R1".to_owned(), vec!["IOSCA1".to_owned()])]);
        case.apply(&Overrides {
            enrolled: only,
            initiate: Some("R2".to_owned()),
            ..Overrides::default()
        })
        .unwrap();
        assert_eq!(case.routers[0].order, ["IOSCA1"]);
        assert_eq!(case.initiator, 1);
        let wrong = BTreeMap::from([("R1".to_owned(), vec!["IOSCA9".to_owned()])]);
        let error = case
            .apply(&Overrides {
                order: wrong,
                ..Overrides::default()
            })
            .unwrap_err();
        assert!(
            error.text.contains("R1 has no trustpoint IOSCA9"),
            "{error}"
        );
        assert!(case.index_of("R3").unwrap_err().text.contains("R1 and R2"));
    }

    #[test]
    fn sizes_and_times_out_of_range_are_refused() {
        assert!(allowed_bits(500).is_err() && allowed_bits(512).is_ok());
        assert!(allowed_interval(0.0).is_err() && allowed_interval(f64::NAN).is_err());
    }
}
