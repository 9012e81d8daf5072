//! `lab.toml`: what a lab folder says about its two routers, the wire between them and the
//! outcome. Keys that are not known here are errors, with their line.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::error::LabError;
use super::step_file::StepFile;
use crate::authority::{Grant, HashName};

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LabFile {
    /// Case number, e.g. `T-01`.
    pub id: String,
    /// One line.
    pub title: String,
    /// A sentence that names the rule.
    #[serde(default)]
    pub story: String,
    /// The router that starts; without one there is no negotiation, only steps.
    pub initiator: Option<String>,
    /// Hostname and configuration file of each router.
    pub routers: BTreeMap<String, String>,
    /// Listing order of a router's trustpoints, newest first (S-020).
    #[serde(default)]
    pub order: BTreeMap<String, Vec<String>>,
    /// Only these trustpoints are enrolled.
    #[serde(default)]
    pub enrolled: BTreeMap<String, Vec<String>>,
    /// Chassis serial numbers; 100 and 101 unless said.
    #[serde(default)]
    pub serials: BTreeMap<String, String>,
    /// Bits of the routers' RSA keys.
    pub key_bits: Option<u32>,
    /// Seconds between phase 1 retransmissions (W-050: ten); IKEv2 repeats after a fifth of it and
    /// doubles that (W-075).
    pub retransmit_interval: Option<Interval>,
    /// Milliseconds of flight from router to router, added to every packet.
    pub latency: Option<u32>,
    /// Goes on after the verdict until this is seen.
    #[serde(default)]
    pub stop_when: StopWhen,
    /// First messages of a stranger that the responder has before the initiator starts, and that
    /// nobody follows up.
    #[serde(default)]
    pub half_open: u8,
    /// A NAT in front of one router.
    pub nat: Option<Nat>,
    /// Faults of the wire.
    #[serde(default)]
    pub fault: Vec<Fault>,
    /// CAs that behave otherwise than at once granting for a year, by name: `CA1`, ...
    #[serde(default)]
    pub ca: BTreeMap<String, CaFile>,
    /// What happens between enrolment and negotiation, or at the end.
    #[serde(default)]
    pub step: Vec<StepFile>,
    /// What must come out.
    #[serde(default)]
    pub expect: Expectation,
}

/// How a CA behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaFile {
    /// The CA that issues its certificate; without it is a root.
    pub below: Option<String>,
    /// What happens to requests: `auto`, `manual` or `reject`.
    pub grant: Option<Grant>,
    /// Seconds that what it issues is valid; a year unless said.
    pub validity: Option<i64>,
    /// Hash of its signatures; that of the trustpoints unless said.
    pub hash: Option<HashName>,
    /// Certificates name where the revocation list is.
    #[serde(default)]
    pub crl_url: bool,
    /// Certificates name an OCSP responder.
    #[serde(default)]
    pub ocsp: bool,
    /// Seconds from one revocation list to the next; a year unless said.
    pub crl_lifetime: Option<i64>,
    /// A first enrolment must know this challenge password.
    pub challenge: Option<String>,
    /// Certificates have a critical extension with this OID, which no router knows.
    pub critical: Option<String>,
}

impl CaFile {
    /// It is told something that only a CA at work can do; its place in a hierarchy is not.
    pub(super) fn is_at_work(&self) -> bool {
        let elsewhere = Self {
            below: self.below.clone(),
            ..Self::default()
        };
        *self != elsewhere
    }
}

/// Seconds for both routers, or for each by hostname.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged, expecting = "seconds, or a table HOSTNAME = seconds")]
pub(super) enum Interval {
    /// Both.
    Both(f64),
    /// Those that are named.
    Each(BTreeMap<String, f64>),
}

/// When a case is over, beyond its verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopWhen {
    /// Datagrams on UDP 500, in both directions together.
    pub ike_datagrams: Option<usize>,
}

/// A NAT in front of one router. Its inside address is that router's default gateway.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Nat {
    /// The router behind it.
    pub router: String,
    /// `ADDRESS/LENGTH` towards that router.
    pub inside: Network,
    /// `ADDRESS/LENGTH` towards the other one: what that one sees.
    pub outside: Network,
}

/// `ADDRESS/LENGTH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    /// An address in it.
    pub address: Ipv4Addr,
    /// Prefix length in bits.
    pub prefix: u8,
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        format!("{}/{}", network.address, network.prefix)
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts = text
            .split_once('/')
            .and_then(|(a, p)| Some((a.parse().ok()?, p.parse().ok()?)));
        parts
            .filter(|(_, prefix)| *prefix <= 32)
            .map(|(address, prefix)| Self { address, prefix })
            .ok_or_else(|| format!("`{text}` is no ADDRESS/LENGTH such as 192.168.0.1/24"))
    }
}

/// One fault: a message of Main Mode, Quick Mode or the first two exchanges of IKEv2, counted as the
/// n-th datagram on UDP 500 or 4500 from its sender.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which.
    pub message: Message,
    /// What the wire does to it.
    pub action: FaultAction,
    /// How late, for `delay`.
    #[serde(default = "hundred")]
    pub milliseconds: u32,
}

fn hundred() -> u32 {
    100
}

/// What the wire does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultAction {
    /// Loses it.
    Drop,
    /// Delivers it twice.
    Duplicate,
    /// Delivers it late.
    Delay,
    /// Lets the next one overtake it.
    Reorder,
}

/// A message of the nine of Main Mode and Quick Mode, or of the first four of IKEv2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[allow(missing_docs, reason = "the names are the messages")]
pub enum Message {
    MM1,
    MM2,
    MM3,
    MM4,
    MM5,
    MM6,
    QM1,
    QM2,
    QM3,
    #[serde(rename = "IKE_SA_INIT request")]
    InitRequest,
    #[serde(rename = "IKE_SA_INIT response")]
    InitResponse,
    #[serde(rename = "IKE_AUTH request")]
    AuthRequest,
    #[serde(rename = "IKE_AUTH response")]
    AuthResponse,
}

impl Message {
    /// The initiator sends it.
    pub fn by_initiator(self) -> bool {
        matches!(
            self,
            Self::MM1
                | Self::MM3
                | Self::MM5
                | Self::QM1
                | Self::QM3
                | Self::InitRequest
                | Self::AuthRequest
        )
    }

    /// Which of its sender's datagrams it is, from 0, when none was repeated before.
    pub fn nth(self) -> u64 {
        match self {
            Self::MM1 | Self::MM2 | Self::InitRequest | Self::InitResponse => 0,
            Self::MM3 | Self::MM4 | Self::AuthRequest | Self::AuthResponse => 1,
            Self::MM5 | Self::MM6 => 2,
            Self::QM1 | Self::QM2 => 3,
            Self::QM3 => 4,
        }
    }
}

/// What must come out; what is absent is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The tunnel is up and carries pings; needed where there is a negotiation.
    pub up: Option<bool>,
    /// The message whose processing ends it.
    pub stopped_at: Option<String>,
    /// A part of the reason.
    pub reason: Option<String>,
    /// Certificate requests of MM3 and MM4, or of IKE_SA_INIT and IKE_AUTH: `CA1`, `CA2`, …, `P5` =
    /// the predefined ones, or whole names.
    #[serde(default)]
    pub certreq: BTreeMap<String, Vec<String>>,
    /// Signing trustpoint of each router, `none` = it signs nothing.
    #[serde(default)]
    pub signed_with: BTreeMap<String, String>,
    /// Bound profile of each router, `none` = none.
    #[serde(default)]
    pub profile: BTreeMap<String, String>,
    /// Payloads of every message of an exchange of IKEv2 that the initiator starts, as IOS prints
    /// them: request, response, request, ...
    #[serde(default)]
    pub payloads: BTreeMap<String, Vec<String>>,
    /// IP lengths of the first datagrams on UDP 500.
    #[serde(default)]
    pub ip_lengths: Vec<usize>,
    /// Parts of lines that a router's log must have, in this order.
    #[serde(default)]
    pub log: BTreeMap<String, Vec<String>>,
}

/// Reads a `lab.toml`.
///
/// # Errors
/// It is no such file; the text has name, line and column.
pub(super) fn parse(name: &str, text: &str) -> Result<LabFile, LabError> {
    toml::from_str(text).map_err(|e| LabError::config(format!("{name}: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "id = 'T-99'\ntitle = 'x'\ninitiator = 'R1'\n[routers]\nR1 = 'r1.cfg'\nR2 = 'r2.cfg'\n[expect]\nup = true\n";

    #[test]
    fn an_unknown_key_is_told_with_its_line() {
        let text = SMALL.replace("title", "titel");
        let error = parse("lab.toml", &text).unwrap_err();
        assert_eq!(error.code, 3);
        assert!(
            error.text.contains("line 2") && error.text.contains("titel"),
            "{error}"
        );
        assert!(parse("lab.toml", SMALL).is_ok());
    }

    #[test]
    fn a_network_needs_address_and_length() {
        for bad in ["192.168.0.1", "192.168.0.1/33", "x/24", "/"] {
            assert!(
                Network::try_from(bad.to_owned())
                    .unwrap_err()
                    .contains("ADDRESS/LENGTH")
            );
        }
        assert_eq!(
            Network::try_from("10.1.0.1/24".to_owned()).unwrap().prefix,
            24
        );
    }

    #[test]
    fn every_message_has_its_place_with_its_sender() {
        assert_eq!(
            (Message::MM4.nth(), Message::MM4.by_initiator()),
            (1, false)
        );
        assert_eq!((Message::QM3.nth(), Message::QM3.by_initiator()), (4, true));
        let text = "[[fault]]\nmessage = 'IKE_AUTH response'\naction = 'drop'\n";
        let lab = parse(
            "lab.toml",
            &SMALL.replace("[expect]", &format!("{text}[expect]")),
        );
        let auth = lab.unwrap().fault[0].message;
        assert_eq!((auth.nth(), auth.by_initiator()), (1, false));
    }
}
