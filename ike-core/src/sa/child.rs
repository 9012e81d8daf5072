//! A pair of ESP SAs as the data plane needs it.

use std::net::SocketAddr;

use ike_crypto::Secret;

use crate::policy::ipsec::EspSuite;
use crate::policy::protection::Selector;

/// One half of the pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the peer.
    Inbound,
    /// To the peer.
    Outbound,
}

/// Keys of one direction, from KEYMAT: the cipher key comes first (RFC 2409 5.5, RFC 4303).
#[derive(Clone, Debug)]
pub struct ChildKeys {
    /// Cipher key; for AES-GCM with its salt of four octets at the end.
    pub cipher: Secret,
    /// Integrity key, empty with AES-GCM.
    pub integrity: Secret,
}

/// Both ESP SAs of one Quick Mode.
#[derive(Clone, Debug)]
pub struct ChildSpec {
    /// The protection's name, e.g. `Tunnel1`.
    pub protection: String,
    /// The interface that carries it.
    pub interface: String,
    /// Our IKE endpoint.
    pub local: SocketAddr,
    /// The peer's IKE endpoint.
    pub remote: SocketAddr,
    /// What we receive with.
    pub spi_in: u32,
    /// What the peer receives with.
    pub spi_out: u32,
    /// Algorithms.
    pub suite: EspSuite,
    /// Inbound keys.
    pub keys_in: ChildKeys,
    /// Outbound keys.
    pub keys_out: ChildKeys,
    /// 1 tunnel, 2 transport, 3 tunnel in UDP, 4 transport in UDP (W-044).
    pub encapsulation: u16,
    /// Traffic on our side.
    pub local_selector: Selector,
    /// Traffic on the peer's side.
    pub remote_selector: Selector,
    /// Hard limit in seconds.
    pub lifetime_seconds: u32,
    /// Hard limit in kilobytes.
    pub lifetime_kilobytes: u32,
    /// Replay window in packets.
    pub replay_window: u32,
    /// The peer's life is checked: the engine wants to hear of its traffic again and again, not only of
    /// the first packet.
    pub watched: bool,
    /// Oakley group number of PFS, if any (`show crypto ipsec sa`).
    pub pfs: Option<u16>,
}

impl ChildSpec {
    /// The number of W-044 for a mode, with or without a NAT on the path.
    #[must_use]
    pub fn encapsulation(transport: bool, nat: bool) -> u16 {
        match (transport, nat) {
            (false, false) => 1,
            (true, false) => 2,
            (false, true) => 3,
            (true, true) => 4,
        }
    }

    /// Transport mode, in UDP or not.
    #[must_use]
    pub fn is_transport(&self) -> bool {
        matches!(self.encapsulation, 2 | 4)
    }
}
