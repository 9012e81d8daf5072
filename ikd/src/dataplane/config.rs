//! What the daemon tells the data plane, and what it hears from it.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use ike_crypto::Secret;
use tokio::sync::mpsc;

pub use super::encapsulation::{Mode, TunnelMode};
use super::esp::EspError;
pub use super::lifetime::Cause;
use super::suite::EspSuite;
use super::traffic::Traffic;

/// Everything a data plane needs at its start.
#[derive(Debug, Default)]
pub struct Config {
    /// The tunnel interfaces to make.
    pub tunnels: Vec<TunnelConfig>,
    /// Static routes, added once the tunnels are up.
    pub routes: Vec<Route>,
    /// Addresses of loopback interfaces, put on `lo` as /32 or /128.
    pub loopbacks: Vec<IpAddr>,
    /// Where ESP in UDP goes and comes from; without it only plain ESP is possible.
    pub udp: Option<UdpPath>,
}

/// One tunnel interface (rule G-086).
#[derive(Clone, Debug)]
pub struct TunnelConfig {
    /// Name of the TUN device: that of the IOS interface, such as `Tunnel1`.
    pub name: String,
    /// `tunnel source`, an address of this machine.
    pub source: IpAddr,
    /// `tunnel destination`, of the same family.
    pub destination: IpAddr,
    /// `ip address` and `ipv6 address`, with prefix lengths.
    pub addresses: Vec<(IpAddr, u8)>,
    /// `tunnel mode` and key.
    pub mode: TunnelMode,
    /// MTU of the device in octets, see [`TunnelConfig::mtu_for`].
    pub mtu: u32,
}

/// A static route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Destination network.
    pub destination: IpAddr,
    /// Its prefix length.
    pub prefix: u8,
    /// Next hop.
    pub via: Option<IpAddr>,
    /// Device.
    pub device: Option<String>,
}

/// Sends one ESP packet in UDP from one of our addresses to an endpoint, without waiting: the
/// socket of port 4500 at that address.
pub type UdpSender = Arc<dyn Fn(IpAddr, SocketAddr, &[u8]) -> io::Result<()> + Send + Sync>;

/// ESP in UDP (RFC 3948) through the socket the IKE side owns.
pub struct UdpPath {
    /// Sends a packet that starts with its SPI.
    pub sender: UdpSender,
    /// Received datagrams that are neither IKE nor keepalives, with their source.
    pub receiver: mpsc::Receiver<(SocketAddr, Bytes)>,
}

impl fmt::Debug for UdpPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UdpPath")
    }
}

/// Which way an SA carries packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To us: the SPI is ours.
    Inbound,
    /// To the peer: the SPI is its own.
    Outbound,
}

/// A security association to install.
#[derive(Clone, Debug)]
pub struct SaSpec {
    /// Name of the tunnel interface it protects.
    pub tunnel: String,
    /// Which way.
    pub direction: Direction,
    /// Its SPI.
    pub spi: u32,
    /// Our address on the wire.
    pub local: IpAddr,
    /// The peer's address on the wire.
    pub remote: IpAddr,
    /// Tunnel or transport mode.
    pub mode: Mode,
    /// With NAT traversal: our and the peer's UDP port.
    pub encap: Option<(u16, u16)>,
    /// Algorithms.
    pub suite: EspSuite,
    /// [`EspSuite::encryption_key_len`] octets; GCM has its salt behind the key.
    pub encryption_key: Secret,
    /// [`EspSuite::integrity_key_len`] octets.
    pub integrity_key: Secret,
    /// Extended sequence numbers.
    pub esn: bool,
    /// Replay window in packets, brought to 64..=1024.
    pub replay_window: u32,
    /// Lifetime in seconds; `None` is endless.
    pub lifetime_seconds: Option<u32>,
    /// Lifetime in kilobytes; `None` is endless.
    pub lifetime_kilobytes: Option<u32>,
    /// What it carries of what a tunnel without GRE does; `None` is all of it. In a GRE tunnel the
    /// selectors are about GRE itself, which the tunnel checks.
    pub traffic: Option<Traffic>,
    /// The IKE side wants to hear of its traffic, see [`DataplaneEvent::Alive`] and
    /// [`DataplaneEvent::Sent`].
    pub watched: bool,
}

/// What the data plane has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataplaneEvent {
    /// A packet waits for an SA. Told at most once a second per tunnel.
    Acquire {
        /// Tunnel interface.
        tunnel: String,
        /// Source of the waiting packet.
        source: IpAddr,
        /// Its destination.
        destination: IpAddr,
        /// Its protocol number.
        protocol: u8,
    },
    /// An SA needs a successor. Told once.
    SoftExpire(Expired),
    /// An SA has ended and is removed.
    HardExpire(Expired),
    /// An authentic, new packet of an SA with UDP encapsulation came from elsewhere
    /// (RFC 7296 section 2.23, threat H7). Nothing changes until
    /// [`set_endpoint`](super::Handle::set_endpoint). Told at most once a second.
    PeerMoved {
        /// Tunnel interface.
        tunnel: String,
        /// SPI of the inbound SA.
        spi: u32,
        /// Where the packet came from.
        from: SocketAddr,
    },
    /// An authentic, new packet of an inbound SA came. The first of each SA is told, since it shows that
    /// the peer has the SA (RFC 7296 section 2.8); of a watched one further packets are, at most once a
    /// second (RFC 7296 section 2.4, RFC 3706 section 5.4).
    Alive {
        /// SPI of the inbound SA.
        spi: u32,
    },
    /// A packet of a watched outbound SA left. Told at most once a second per SA.
    Sent {
        /// Tunnel interface.
        tunnel: String,
        /// SPI of the outbound SA.
        spi: u32,
    },
    /// A packet for no SA of ours came (`%CRYPTO-4-RECVD_PKT_INV_SPI`). Told at most
    /// once a second.
    InvalidSpi {
        /// The SPI.
        spi: u32,
        /// Where the packet came from; port 0 for plain ESP.
        from: SocketAddr,
    },
}

/// Which SA has expired, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// Tunnel interface.
    pub tunnel: String,
    /// Its direction.
    pub direction: Direction,
    /// Its SPI.
    pub spi: u32,
    /// Which limit was reached.
    pub cause: Cause,
}

/// Why the data plane does not start, or does not take an SA.
#[derive(Debug, thiserror::Error)]
pub enum DataplaneError {
    /// No such tunnel interface.
    #[error("no tunnel interface {0}")]
    UnknownTunnel(String),
    /// An inbound SA with this SPI exists.
    #[error("SPI {0:#010x} is in use")]
    DuplicateSpi(u32),
    /// Source and destination of a tunnel are of two families.
    #[error("source and destination of {0} are of two address families")]
    TwoFamilies(String),
    /// UDP encapsulation without a [`UdpPath`].
    #[error("UDP encapsulation is asked for, but the data plane has no UDP path")]
    NoUdpPath,
    /// The suite or its keys are refused.
    #[error(transparent)]
    Esp(#[from] EspError),
    /// A device, address or route could not be made.
    #[error(transparent)]
    Network(#[from] testnet::Error),
}

impl TunnelConfig {
    /// The MTU of the device that lets every packet fit into `link` octets (the MTU of
    /// the path, usually 1500) when protected by `suite` in `mode`, with or without UDP.
    pub fn mtu_for(&self, link: u32, suite: EspSuite, mode: Mode, udp: bool) -> u32 {
        let outer = super::ip::Version::of(self.source).header() + if udp { 8 } else { 0 };
        let payload = suite.largest_payload((link as usize).saturating_sub(outer));
        payload.saturating_sub(self.encapsulation().overhead(mode)) as u32
    }

    pub(super) fn encapsulation(&self) -> super::encapsulation::Encapsulation {
        super::encapsulation::Encapsulation {
            source: self.source,
            destination: self.destination,
            mode: self.mode,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;
    use crate::dataplane::suite::{EspCipher, EspIntegrity};

    fn tunnel(source: IpAddr, destination: IpAddr) -> TunnelConfig {
        TunnelConfig {
            name: "Tunnel1".to_owned(),
            source,
            destination,
            addresses: Vec::new(),
            mode: TunnelMode::Gre { key: None },
            mtu: 1400,
        }
    }

    #[test]
    fn the_mtu_fills_the_link_to_the_last_block() {
        let suite = EspSuite {
            cipher: EspCipher::TripleDesCbc,
            integrity: Some(EspIntegrity::HmacSha1_96),
        };
        let v4 = tunnel([192, 168, 0, 1].into(), [192, 168, 0, 2].into());
        // 1500 - 20 - 28 = 1452 -> 1448 in blocks of 8, less 2 and 24 of IP and GRE.
        assert_eq!(v4.mtu_for(1500, suite, Mode::Tunnel, false), 1422);
        assert_eq!(v4.mtu_for(1500, suite, Mode::Transport, false), 1442);
        assert_eq!(v4.mtu_for(1500, suite, Mode::Tunnel, true), 1414);
        // 1500 - 40 - 28 = 1432 in blocks of 8, less 2 and 44 of IPv6 and GRE.
        let v6 = tunnel(Ipv6Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into());
        assert_eq!(v6.mtu_for(1500, suite, Mode::Tunnel, false), 1386);
    }
}
