//! Plain views for `show` and `--json`: nothing secret, nothing that can change the engine.

use std::net::IpAddr;

use ike_crypto::Secret;
use ike_wire::Spi;
use ike_wire::v2::{Transform, TransformType};
use serde::Serialize;

use super::{Counters, Engine};
use crate::ikev1::IsakmpSa;
use crate::ikev1::children::Child;
use crate::policy::ikev2::esp;
use crate::sa::Role;
use crate::sa::child::ChildSpec;
use crate::sa::record::Record;
use crate::show;
use crate::time::Timestamp;

/// A row of `show crypto isakmp sa [detail]` (O-001, O-005).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IsakmpSaView {
    /// conn-id.
    pub connection: u32,
    /// `MM_KEY_EXCH` and the like.
    pub state: String,
    /// ACTIVE, or ACTIVE (deleted).
    pub status: String,
    /// `I` or `R`.
    pub role: String,
    /// Our address.
    pub local: IpAddr,
    /// Our port.
    pub local_port: u16,
    /// The peer's address.
    pub remote: IpAddr,
    /// The peer's port.
    pub remote_port: u16,
    /// CKY-I in hex.
    pub initiator_cookie: String,
    /// CKY-R in hex.
    pub responder_cookie: String,
    /// Bound profile.
    pub profile: Option<String>,
    /// Proven identity.
    pub phase1_id: Option<String>,
    /// Trustpoint that vouched for the peer.
    pub validated_by: Option<String>,
    /// Cipher, hash, authentication method and group, once agreed.
    pub suite: Option<SuiteView>,
    /// Seconds left.
    pub lifetime: Option<u64>,
    /// Seconds since phase 1 was complete.
    pub active: Option<u64>,
    /// D (DPD), N (NAT-T).
    pub capabilities: String,
}

/// Algorithms of phase 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SuiteView {
    /// `3des`.
    pub encryption: String,
    /// `md5`.
    pub hash: String,
    /// `rsig`.
    pub authentication: String,
    /// Oakley group number.
    pub group: u16,
}

/// A pair of `show crypto ipsec sa` (O-060).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChildView {
    /// 1 or 2: which IKE made it.
    pub version: u8,
    /// Protection.
    pub protection: String,
    /// Interface.
    pub interface: String,
    /// Our endpoint.
    pub local: IpAddr,
    /// The peer's.
    pub remote: IpAddr,
    /// The peer's port.
    pub remote_port: u16,
    /// `addr/mask/prot/port` of our side.
    pub local_selector: String,
    /// The same of the peer's.
    pub remote_selector: String,
    /// First and last address of our side, each with its port (O-024).
    pub local_range: String,
    /// The same of the peer's.
    pub remote_range: String,
    /// Our inbound SPI.
    pub spi_in: u32,
    /// The peer's inbound SPI.
    pub spi_out: u32,
    /// `esp-aes esp-sha256-hmac`.
    pub transform: String,
    /// `AES-CBC`, `3DES`, ... as IKEv2 prints it.
    pub encryption: String,
    /// Bits of its key where it has several lengths.
    pub key_bits: Option<u16>,
    /// `SHA96` and the like; `None` with a combined mode.
    pub hmac: Option<String>,
    /// `Tunnel`, `Transport`, `Tunnel UDP-Encaps`.
    pub mode: String,
    /// Group of PFS.
    pub pfs: Option<u16>,
    /// Seconds left.
    pub seconds: u64,
    /// Kilobytes granted.
    pub kilobytes: u32,
    /// Octets of IV.
    pub iv_octets: u8,
    /// A newer pair serves the protection.
    pub replaced: bool,
    /// Both halves are installed.
    pub complete: bool,
    /// conn-id of the ISAKMP SA that made it.
    pub connection: u32,
}

/// Keys for Wireshark's tables; only the explicit key-log switch asks for them (I6).
#[derive(Clone, Debug)]
pub struct KeyView {
    /// CKY-I in hex: the key of `ikev1_decryption_table`.
    pub initiator_cookie: String,
    /// Message key.
    pub message_key: Secret,
}

impl Engine {
    /// Every ISAKMP SA, oldest first.
    #[must_use]
    pub fn isakmp_sas(&self, now: Timestamp) -> Vec<IsakmpSaView> {
        self.sas.values().map(|sa| isakmp_view(sa, now)).collect()
    }

    /// Every ESP SA pair.
    #[must_use]
    pub fn child_sas(&self, now: Timestamp) -> Vec<ChildView> {
        let ikev1 = self.children.iter().map(|c| child_view(c, now));
        let ikev2 = self
            .ikev2_sas(now)
            .into_iter()
            .filter_map(|sa| sa.established);
        ikev1.chain(ikev2.flat_map(|e| e.children)).collect()
    }

    /// Every negotiation of both versions, newest last.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        let mut out: Vec<Record> = self
            .history
            .iter()
            .chain(self.sas.values().map(|sa| &sa.shell.record))
            .chain(self.ikev2.records())
            .cloned()
            .collect();
        out.sort_by_key(|record| record.sequence);
        out
    }

    /// Keys of the established SAs, for the key log.
    #[must_use]
    pub fn keys(&self) -> Vec<KeyView> {
        self.sas.values().filter_map(key_view).collect()
    }

    /// The keys of the ISAKMP SAs with that initiator cookie: those that a capture of theirs wants.
    #[must_use]
    pub fn keys_of(&self, cookie: Spi) -> Vec<KeyView> {
        let sas = self.with_cookie(cookie);
        sas.filter_map(|(_, sa)| key_view(sa)).collect()
    }

    /// Drop counters.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &crate::config::RunningConfig {
        &self.config
    }

    /// The protections in force.
    #[must_use]
    pub fn protections(&self) -> &[crate::policy::protection::Protection] {
        &self.protections
    }
}

fn key_view(sa: &IsakmpSa) -> Option<KeyView> {
    Some(KeyView {
        initiator_cookie: sa.shell.cookie_i.to_string(),
        message_key: sa.message_key()?.clone(),
    })
}

fn isakmp_view(sa: &IsakmpSa, now: Timestamp) -> IsakmpSaView {
    let shell = &sa.shell;
    let established = sa.established();
    let deleted = if shell.dead.is_some() {
        " (deleted)"
    } else {
        ""
    };
    IsakmpSaView {
        connection: shell.connection,
        state: shell.state.to_string(),
        status: format!("ACTIVE{deleted}"),
        role: shell.role.to_string(),
        local: shell.local.ip(),
        local_port: shell.local.port(),
        remote: shell.remote.ip(),
        remote_port: shell.remote.port(),
        initiator_cookie: shell.cookie_i.to_string(),
        responder_cookie: shell.cookie_r.to_string(),
        profile: shell.profile.clone(),
        phase1_id: established.map(|e| crate::trace::escaped(&e.peer.to_string())),
        validated_by: established.and_then(|e| e.validated_by.clone()),
        suite: established.map(|e| SuiteView {
            encryption: show::cipher(e.material.suite.cipher).to_owned(),
            hash: show::hash(e.material.suite.hash).to_owned(),
            authentication: show::authentication(e.material.suite.authentication).to_owned(),
            group: e.material.suite.group.iana(),
        }),
        lifetime: established.map(|e| e.expires().since(now).as_secs()),
        active: established.map(|e| now.since(e.since).as_secs()),
        capabilities: established.map_or_else(String::new, |e| {
            let dpd = if e.material.peer_dpd { "D" } else { "" };
            let nat = if e.material.nat.found() { "N" } else { "" };
            let fragments = if shell.fragments { "F" } else { "" };
            format!("{dpd}{nat}{fragments}")
        }),
    }
}

fn child_view(child: &Child, now: Timestamp) -> ChildView {
    let seconds = child.expires().since(now).as_secs();
    let life = (seconds, child.replaced, child.complete);
    child_spec_view(&child.spec, (1, child.connection), life)
}

/// A pair of the IKE SA of that version and number. The last: seconds left, replaced, both halves
/// installed.
pub(super) fn child_spec_view(
    spec: &ChildSpec,
    (version, connection): (u8, u32),
    (seconds, replaced, complete): (u64, bool, bool),
) -> ChildView {
    let (number, key_bits) = esp::encryption(spec.suite.cipher);
    let name = |ty, number| show::ikev2_transform(&Transform::new(ty, number));
    let integrity = spec.suite.integrity.map(esp::integrity);
    ChildView {
        version,
        protection: spec.protection.clone(),
        interface: spec.interface.clone(),
        local: spec.local.ip(),
        remote: spec.remote.ip(),
        remote_port: spec.remote.port(),
        local_selector: spec.local_selector.to_string(),
        remote_selector: spec.remote_selector.to_string(),
        local_range: spec.local_selector.range_text(),
        remote_range: spec.remote_selector.range_text(),
        spi_in: spec.spi_in,
        spi_out: spec.spi_out,
        transform: show::transform_names(spec.suite),
        encryption: name(TransformType::ENCR, number),
        key_bits,
        hmac: integrity.map(|number| name(TransformType::INTEG, number)),
        mode: match spec.encapsulation {
            2 => "Transport",
            3 => "Tunnel UDP-Encaps",
            4 => "Transport UDP-Encaps",
            _ => "Tunnel",
        }
        .to_owned(),
        pfs: spec.pfs,
        seconds,
        kilobytes: spec.lifetime_kilobytes,
        iv_octets: match spec.suite.cipher {
            crate::config::EspEncryption::Aes(_) => 16,
            crate::config::EspEncryption::Null => 0,
            _ => 8,
        },
        replaced,
        complete,
        connection,
    }
}

impl Role {
    /// `dst` and `src` of `show crypto isakmp sa`: the responder is the destination (O-001).
    #[must_use]
    pub fn destination_first(self, local: IpAddr, remote: IpAddr) -> (IpAddr, IpAddr) {
        match self {
            Self::Initiator => (remote, local),
            Self::Responder => (local, remote),
        }
    }
}
