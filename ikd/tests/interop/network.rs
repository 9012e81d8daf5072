//! The wires between our router and charon.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::Duration;

use libtest_mimic::Failed;
use testnet::{Capture, Host, NatConfig, NatRouter, Switch, netlink};

const OURS: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);
const PEER: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 2);
const OURS_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const PEER_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
/// Behind a NAT: the host's own address and its gateway.
const INSIDE: Ipv4Addr = Ipv4Addr::new(10, 9, 9, 2);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 9, 9, 1);
const NAT_LIFETIME: Duration = Duration::from_secs(300);
/// The device of a host that is its wire.
pub(crate) const WIRE: &str = "eth0";

/// How the two are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wiring {
    /// One switch.
    #[default]
    Plain,
    /// One switch, IPv6 outside and inside.
    Ipv6,
    /// One switch, IPv6 outside and IPv4 inside.
    Ipv4OverIpv6,
    /// Ours is behind a masquerade.
    NatBeforeOurs,
    /// charon is behind a masquerade.
    NatBeforePeer,
}

impl Wiring {
    pub(crate) fn ipv6(self) -> bool {
        matches!(self, Self::Ipv6 | Self::Ipv4OverIpv6)
    }

    /// IPv6 inside.
    pub(crate) fn ipv6_inside(self) -> bool {
        self == Self::Ipv6
    }

    /// The address on our router's wire.
    pub(crate) fn own_address(self) -> IpAddr {
        match self {
            Self::Ipv6 | Self::Ipv4OverIpv6 => OURS_V6.into(),
            Self::NatBeforeOurs => INSIDE.into(),
            Self::Plain | Self::NatBeforePeer => OURS.into(),
        }
    }

    /// Where charon sees our router.
    pub(crate) fn own_address_outside(self) -> IpAddr {
        if self.ipv6() {
            OURS_V6.into()
        } else {
            OURS.into()
        }
    }

    /// Where our router sees charon.
    pub(crate) fn peer_address(self) -> IpAddr {
        if self.ipv6() {
            PEER_V6.into()
        } else {
            PEER.into()
        }
    }

    /// The address on charon's wire.
    pub(crate) fn peer_address_inside(self) -> IpAddr {
        if self == Self::NatBeforePeer {
            INSIDE.into()
        } else {
            self.peer_address()
        }
    }

    pub(crate) fn gateway_of_ours(self) -> Option<Ipv4Addr> {
        (self == Self::NatBeforeOurs).then_some(GATEWAY)
    }

    fn prefix(self) -> u8 {
        if self.ipv6() { 64 } else { 24 }
    }
}

/// Hosts and wires of a row. Dropping it takes them down.
pub(crate) struct Network {
    /// Our router's host.
    pub ours: Host,
    /// charon's host.
    pub peer: Host,
    /// The NAT, if there is one.
    pub nat: Option<NatRouter>,
    _inside: Option<Switch>,
    /// The switch whose view counts.
    pub lan: Switch,
}

impl Network {
    /// Makes hosts and wires and records the switch at `capture`.
    pub(crate) fn new(wiring: Wiring, mtu: Option<u32>, capture: &Path) -> Result<Self, Failed> {
        let lan = Switch::new("lan")?;
        lan.capture(&Capture::to_file(capture)?)?;
        let (ours, peer) = (Host::new("R1")?, Host::new("charon")?);
        let natted = matches!(wiring, Wiring::NatBeforeOurs | Wiring::NatBeforePeer);
        let inside = natted.then(|| Switch::new("inside")).transpose()?;
        let switch = |host: Wiring| inside.as_ref().filter(|_| wiring == host).unwrap_or(&lan);
        let prefix = wiring.prefix();
        ours.attach(
            switch(Wiring::NatBeforeOurs),
            WIRE,
            &[(wiring.own_address(), prefix)],
        )?;
        peer.attach(
            switch(Wiring::NatBeforePeer),
            WIRE,
            &[(wiring.peer_address_inside(), prefix)],
        )?;
        let nat = inside
            .as_ref()
            .map(|inside| NatRouter::new(inside, &lan, &masquerade(wiring)))
            .transpose()?;
        peer.run(|| networks_of_charon(wiring))??;
        if let Some(mtu) = mtu {
            for host in [&ours, &peer] {
                host.run(|| netlink::set_mtu(WIRE, mtu))??;
            }
        }
        Ok(Self {
            ours,
            peer,
            nat,
            _inside: inside,
            lan,
        })
    }

    /// A further host on the switch.
    pub(crate) fn bystander(&self, name: &str, address: Ipv4Addr) -> Result<Host, Failed> {
        let host = Host::new(name)?;
        host.attach(&self.lan, WIRE, &[(address.into(), 24)])?;
        Ok(host)
    }
}

fn masquerade(wiring: Wiring) -> NatConfig {
    let outside = match wiring {
        Wiring::NatBeforePeer => PEER,
        _ => OURS,
    };
    NatConfig {
        inside: (GATEWAY, 24),
        outside: (outside, 24),
        gateway: None,
        lifetime: NAT_LIFETIME,
    }
}

/// What is behind charon lives on its loopback.
fn networks_of_charon(wiring: Wiring) -> testnet::Result<()> {
    netlink::add_address("lo", Ipv4Addr::new(10, 2, 0, 1), 32)?;
    netlink::add_address("lo", Ipv4Addr::new(10, 3, 0, 1), 32)?;
    netlink::add_address("lo", Ipv4Addr::new(10, 4, 0, 1), 32)?;
    if wiring.ipv6() {
        netlink::add_address("lo", Ipv6Addr::new(0xfd02, 0, 0, 0, 0, 0, 0, 1), 128)?;
    }
    if wiring == Wiring::NatBeforePeer {
        netlink::add_route(Ipv4Addr::UNSPECIFIED, 0, Some(GATEWAY.into()), None)?;
    }
    Ok(())
}

/// The route that charon does not make for a child SA from any to any.
pub(crate) fn route_of_charon() -> testnet::Result<()> {
    netlink::add_route(Ipv4Addr::new(10, 1, 0, 0), 16, None, Some("ipsec0"))
}
