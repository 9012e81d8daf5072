//! The engine's words for child SAs in the data plane's words and back.

use std::net::SocketAddr;

use ike_core::config::{
    EspAuthentication, EspEncryption, Interface, RouteVia, RunningConfig,
    TunnelMode as IosTunnelMode,
};
use ike_core::policy::ipsec::{EspSuite as CoreSuite, suite_of};
use ike_core::policy::protection::Selector as CoreSelector;
use ike_core::sa::child::{ChildSpec, Direction as CoreDirection};

use crate::dataplane::config::{Config, Direction, Mode, Route, SaSpec, TunnelConfig, TunnelMode};
use crate::dataplane::sad::Endpoints;
use crate::dataplane::suite::{EspCipher, EspIntegrity, EspSuite};
use crate::dataplane::traffic::{Selector, Traffic};

/// MTU of the path under a tunnel, in octets.
const LINK_MTU: u32 = 1500;

/// The data plane's start from the configuration (G-004, G-085, G-086). Loopback addresses go
/// to `lo`; physical interfaces are the host's own.
pub(crate) fn dataplane_config(config: &RunningConfig) -> Config {
    let loopbacks = config
        .interfaces
        .iter()
        .filter(|i| i.name.starts_with("Loopback") && !i.shutdown)
        .flat_map(Interface::addresses)
        .map(|(address, _)| address)
        .collect();
    let routes = config
        .routes
        .iter()
        .map(|r| {
            let (via, device) = match &r.via {
                RouteVia::Address(a) => (Some(*a), None),
                RouteVia::Interface(name) => (None, Some(name.clone())),
            };
            Route {
                destination: r.prefix,
                prefix: r.length,
                via,
                device,
            }
        })
        .collect();
    Config {
        tunnels: tunnels(config),
        routes,
        loopbacks,
        udp: None,
    }
}

fn tunnels(config: &RunningConfig) -> Vec<TunnelConfig> {
    let usable = config.interfaces.iter().filter(|i| !i.shutdown);
    usable
        .filter_map(|interface| {
            let tunnel = interface.tunnel.as_ref()?;
            tunnel.protection.as_ref()?;
            let (source, destination) = config.tunnel_ends(tunnel)?;
            let mode = match tunnel.mode {
                IosTunnelMode::GreIp | IosTunnelMode::GreIpv6 => {
                    TunnelMode::Gre { key: tunnel.key }
                }
                IosTunnelMode::IpsecIpv4 | IosTunnelMode::Ipv4OverIpsecIpv6 => {
                    TunnelMode::IpsecIpv4
                }
                IosTunnelMode::IpsecIpv6 | IosTunnelMode::Ipv6OverIpsecIpv4 => {
                    TunnelMode::IpsecIpv6
                }
            };
            let mut made = TunnelConfig {
                name: interface.name.clone(),
                source,
                destination,
                addresses: interface.addresses().collect(),
                mode,
                mtu: 1400,
            };
            made.mtu = match interface.mtu {
                Some(mtu) => mtu.into(),
                None => largest_mtu(config, interface, &made),
            };
            Some(made)
        })
        .collect()
}

/// The MTU that lets every packet fit the link whatever transform set is agreed, NAT included.
fn largest_mtu(config: &RunningConfig, interface: &Interface, tunnel: &TunnelConfig) -> u32 {
    let protection = interface
        .tunnel
        .as_ref()
        .and_then(|t| t.protection.as_ref());
    let profile = protection.and_then(|p| config.ipsec_profile(&p.profile));
    let sets = profile.into_iter().flat_map(|p| &p.transform_sets);
    sets.filter_map(|name| suite(suite_of(config.transform_set(name)?)?))
        .map(|suite| tunnel.mtu_for(LINK_MTU, suite, Mode::Tunnel, true))
        .min()
        .unwrap_or(1400)
}

/// A suite in the data plane's words; `None` for what it does not carry.
pub(super) fn suite(core: CoreSuite) -> Option<EspSuite> {
    let cipher = match core.cipher {
        EspEncryption::Null => EspCipher::Null,
        EspEncryption::Des => EspCipher::DesCbc,
        EspEncryption::TripleDes => EspCipher::TripleDesCbc,
        EspEncryption::Aes(128) => EspCipher::Aes128Cbc,
        EspEncryption::Aes(192) => EspCipher::Aes192Cbc,
        EspEncryption::Aes(256) => EspCipher::Aes256Cbc,
        EspEncryption::Gcm(128) => EspCipher::Aes128Gcm,
        EspEncryption::Gcm(192) => EspCipher::Aes192Gcm,
        EspEncryption::Gcm(256) => EspCipher::Aes256Gcm,
        EspEncryption::ChaCha20Poly1305 => EspCipher::ChaCha20Poly1305,
        EspEncryption::Aes(_) | EspEncryption::Gcm(_) | EspEncryption::Gmac(_) => return None,
    };
    let integrity = core.integrity.map(|i| match i {
        EspAuthentication::Md5 => EspIntegrity::HmacMd5_96,
        EspAuthentication::Sha => EspIntegrity::HmacSha1_96,
        EspAuthentication::Sha256 => EspIntegrity::HmacSha256_128,
        EspAuthentication::Sha384 => EspIntegrity::HmacSha384_192,
        EspAuthentication::Sha512 => EspIntegrity::HmacSha512_256,
    });
    Some(EspSuite { cipher, integrity })
}

/// One direction of a child SA for the data plane; `None` for what it does not carry.
pub(super) fn sa_spec(direction: CoreDirection, spec: &ChildSpec) -> Option<SaSpec> {
    let (direction, spi, keys) = match direction {
        CoreDirection::Inbound => (Direction::Inbound, spec.spi_in, &spec.keys_in),
        CoreDirection::Outbound => (Direction::Outbound, spec.spi_out, &spec.keys_out),
    };
    Some(SaSpec {
        tunnel: spec.interface.clone(),
        direction,
        spi,
        local: spec.local.ip(),
        remote: spec.remote.ip(),
        mode: if matches!(spec.encapsulation, 2 | 4) {
            Mode::Transport
        } else {
            Mode::Tunnel
        },
        encap: endpoints(spec.local, spec.remote, spec.encapsulation).2,
        suite: suite(spec.suite)?,
        encryption_key: keys.cipher.clone(),
        integrity_key: keys.integrity.clone(),
        esn: spec.suite.esn,
        replay_window: spec.replay_window,
        // Time is the engine's to keep; the data plane counts octets.
        lifetime_seconds: None,
        lifetime_kilobytes: Some(spec.lifetime_kilobytes),
        traffic: Some(Traffic {
            local: selector(spec.local_selector),
            remote: selector(spec.remote_selector),
        }),
        watched: spec.watched,
    })
}

fn selector(core: CoreSelector) -> Selector {
    Selector {
        network: core.network,
        prefix: core.prefix,
        protocol: core.protocol,
        port: core.port,
    }
}

/// The endpoints of a child SA; `encapsulation` is the number of W-044.
pub(super) fn endpoints(local: SocketAddr, remote: SocketAddr, encapsulation: u16) -> Endpoints {
    let in_udp = matches!(encapsulation, 3 | 4);
    let ports = in_udp.then(|| (local.port(), remote.port()));
    (local.ip(), remote.ip(), ports)
}
