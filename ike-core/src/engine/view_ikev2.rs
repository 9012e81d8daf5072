//! Plain views of IKEv2 for `show` and `--json` (O-020, O-024, O-025): nothing secret but the key log, and
//! nothing that can change the engine.

use std::net::{IpAddr, SocketAddr};

use ike_crypto::Secret;
use ike_wire::Spi;
use ike_wire::v2::{Transform, TransformType};
use serde::Serialize;

use super::Engine;
use super::view::{ChildView, child_spec_view};
use crate::ikev2::{Established, IkeSa, Stats, Tally};
use crate::policy::ikev2::suite::IkeSuite;
use crate::sa::Role;
use crate::show;
use crate::time::Timestamp;
use crate::trace::escaped;

/// An IKE SA of `show crypto ikev2 sa [detailed]` and `session` (O-020, O-024).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ikev2SaView {
    /// Tunnel-id.
    pub tunnel: u32,
    /// Session-id: the Tunnel-id of the first IKE SA, kept by those that replace it.
    pub session: u32,
    /// READY, IN-NEG or DELETE.
    pub status: String,
    /// Deleted on our side; kept for a while to answer repeated requests. IOS shows it no more.
    pub over: bool,
    /// Our endpoint.
    pub local: SocketAddr,
    /// The peer's endpoint.
    pub remote: SocketAddr,
    /// We sent the IKE_SA_INIT request of this SA.
    pub initiator: bool,
    /// Our SPI in hex.
    pub local_spi: String,
    /// The peer's SPI in hex.
    pub remote_spi: String,
    /// Bound profile.
    pub profile: Option<String>,
    /// Algorithms, from the first encrypted message on.
    pub suite: Option<Ikev2SuiteView>,
    /// What is known once the SA is established.
    pub established: Option<EstablishedView>,
    /// NAT: we are behind one, the peer is.
    pub nat: (bool, bool),
    /// Next message ID of ours, next of the peer's.
    pub message_ids: (u32, u32),
    /// Our window and the peer's.
    pub windows: (u32, u32),
    /// IKE fragments were agreed: octets of the largest message.
    pub fragmentation: Option<usize>,
}

/// Algorithms of an IKE SA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ikev2SuiteView {
    /// `AES-CBC`, `3DES`, ...
    pub encryption: String,
    /// Bits of its key where it has several lengths.
    pub key_bits: Option<u16>,
    /// PRF.
    pub prf: String,
    /// Integrity; `None` with a combined mode.
    pub integrity: Option<String>,
    /// Group number.
    pub group: u16,
}

/// The part of an established SA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EstablishedView {
    /// How we proved ourselves.
    pub own_method: String,
    /// How the peer did.
    pub peer_method: String,
    /// Who we are.
    pub local_id: String,
    /// Who the peer is.
    pub remote_id: String,
    /// Trustpoint that vouched for the peer.
    pub validated_by: Option<String>,
    /// Seconds the SA lives, and has lived.
    pub lifetime: u32,
    /// Seconds since it was established.
    pub active: u64,
    /// Interval and retry of liveness checks.
    pub dpd: Option<(u64, u64)>,
    /// Method of the additional key exchange in the keys (RFC 9370).
    pub additional_ke: Option<u16>,
    /// `Quantum Resistance Enabled`: a PPK is in the keys (W-077).
    pub quantum_resistance: bool,
    /// Addresses of our pools that the peer holds.
    pub leased: Vec<IpAddr>,
    /// Settings the peer told us, as text; nothing is done with them (H10).
    pub settings: Vec<String>,
    /// MOBIKE was agreed: the peer alone says where it is.
    pub mobike: bool,
    /// Its child SAs.
    pub children: Vec<ChildView>,
}

/// Keys for Wireshark's `ikev2_decryption_table`; only the explicit key-log switch asks for them (I6).
#[derive(Clone, Debug)]
pub struct Ikev2KeyView {
    /// SPIi in hex.
    pub spi_i: String,
    /// SPIr in hex.
    pub spi_r: String,
    /// The algorithms.
    pub suite: IkeSuite,
    /// SK_ei.
    pub ei: Secret,
    /// SK_er.
    pub er: Secret,
    /// SK_ai.
    pub ai: Secret,
    /// SK_ar.
    pub ar: Secret,
}

impl Engine {
    /// Every IKE SA of IKEv2, oldest first.
    #[must_use]
    pub fn ikev2_sas(&self, now: Timestamp) -> Vec<Ikev2SaView> {
        self.ikev2.iter().map(|sa| view(sa, now)).collect()
    }

    /// Counters of IKEv2.
    #[must_use]
    pub fn ikev2_stats(&self) -> Stats {
        self.ikev2.stats()
    }

    /// Messages of IKEv2 by exchange, and their notifies.
    #[must_use]
    pub fn ikev2_tally(&self) -> &Tally {
        &self.tally
    }

    /// Half-open SAs of IKEv2: (incoming, outgoing).
    #[must_use]
    pub fn ikev2_in_negotiation(&self) -> (usize, usize) {
        self.ikev2.in_negotiation()
    }

    /// Addresses of our pools that peers hold.
    #[must_use]
    pub fn ikev2_leases(&self) -> usize {
        self.leases.len()
    }

    /// Keys of IKEv2 SAs from the first encrypted message on, for the key log.
    #[must_use]
    pub fn ikev2_keys(&self) -> Vec<Ikev2KeyView> {
        self.ikev2.iter().filter_map(key_view).collect()
    }

    /// The keys of the IKE SA with these SPIs: those that a capture of it wants.
    #[must_use]
    pub fn ikev2_keys_of(&self, initiator: Spi, responder: Spi) -> Option<Ikev2KeyView> {
        key_view(self.ikev2.with_spis(initiator, responder)?)
    }
}

fn key_view(sa: &IkeSa) -> Option<Ikev2KeyView> {
    let (suite, keys) = sa.shell.keys.as_ref()?;
    Some(Ikev2KeyView {
        spi_i: sa.shell.spi_i.to_string(),
        spi_r: sa.shell.spi_r.to_string(),
        suite: *suite,
        ei: keys.ei.clone(),
        er: keys.er.clone(),
        ai: keys.ai.clone(),
        ar: keys.ar.clone(),
    })
}

fn view(sa: &IkeSa, now: Timestamp) -> Ikev2SaView {
    let shell = &sa.shell;
    let status = match (&shell.dead, sa.established()) {
        (Some(_), _) => "DELETE",
        (None, Some(e)) if e.is_ending() => "DELETE",
        (None, Some(_)) => "READY",
        (None, None) => "IN-NEG",
    };
    let (own, peer) = match shell.role {
        Role::Initiator => (shell.spi_i, shell.spi_r),
        Role::Responder => (shell.spi_r, shell.spi_i),
    };
    Ikev2SaView {
        tunnel: shell.tunnel,
        session: shell.session,
        status: status.to_owned(),
        over: shell.dead.is_some(),
        local: shell.local,
        remote: shell.remote,
        initiator: shell.role == Role::Initiator,
        local_spi: own.to_string(),
        remote_spi: peer.to_string(),
        profile: shell.profile.clone(),
        suite: shell.keys.as_ref().map(|(suite, _)| suite_view(suite)),
        established: sa.established().map(|e| established(sa, e, now)),
        nat: (shell.nat.here, shell.nat.there),
        message_ids: (shell.outgoing.next_id(), shell.incoming.next_id()),
        windows: (shell.incoming.window(), shell.outgoing.window()),
        fragmentation: shell.mtu,
    }
}

fn suite_view(suite: &IkeSuite) -> Ikev2SuiteView {
    let name = |ty, number| show::ikev2_transform(&Transform::new(ty, number));
    let (number, key_bits) = suite.encryption.transform();
    Ikev2SuiteView {
        encryption: name(TransformType::ENCR, number),
        key_bits,
        prf: name(TransformType::PRF, suite.prf.iana()),
        integrity: suite
            .integrity
            .map(|i| name(TransformType::INTEG, i.iana())),
        group: suite.group.iana(),
    }
}

fn established(sa: &IkeSa, e: &Established, now: Timestamp) -> EstablishedView {
    let printed = |identity: &crate::policy::identity::Identity| escaped(&identity.to_string());
    EstablishedView {
        own_method: e.proofs.own_method.to_owned(),
        peer_method: e.proofs.peer_method().to_owned(),
        local_id: printed(&e.proofs.own),
        remote_id: printed(e.proofs.peer_identity()),
        validated_by: e.proofs.validated_by().map(str::to_owned),
        lifetime: e.lifetime,
        active: now.since(e.since).as_secs(),
        dpd: e.dpd().map(|d| (d.interval.as_secs(), d.retry.as_secs())),
        additional_ke: e.abilities.additional_ke,
        quantum_resistance: e.proofs.ppk,
        leased: sa.shell.settings.leased().collect(),
        settings: sa.shell.settings.received(),
        mobike: e.abilities.mobike,
        children: e
            .children
            .iter()
            .map(|c| {
                let replaced = !c.serves(&c.spec.protection);
                let ages = (c.expires().since(now).as_secs(), replaced, c.complete);
                child_spec_view(&c.spec, (2, sa.shell.tunnel), ages)
            })
            .collect(),
    }
}
