//! What one SA of a tunnel without GRE carries: the traffic selectors that IKE agreed, which may be
//! less than the tunnel does (RFC 7296 section 2.9, RFC 4301 sections 4.4.1 and 5.2).

use std::net::IpAddr;

use super::ip::Packet;

/// Protocols whose packets begin with a source and a destination port: TCP, UDP, DCCP, SCTP, UDP-Lite.
const WITH_PORTS: [u8; 5] = [6, 17, 33, 132, 136];

/// Addresses, protocol and port of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selector {
    /// Network address.
    pub network: IpAddr,
    /// Its prefix length.
    pub prefix: u8,
    /// IP protocol number, 0 = any; of IPv6 that of the first header.
    pub protocol: u8,
    /// Port, 0 = any.
    pub port: u16,
}

/// Both sides of an SA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Ours.
    pub local: Selector,
    /// The peer's.
    pub remote: Selector,
}

impl Traffic {
    /// Whether the packet `inner`, which begins at `octets`, may go to the peer.
    pub fn sends(&self, inner: &Packet, octets: &[u8]) -> bool {
        let (source, destination) = ports(inner, octets).unzip();
        self.local.admits(inner.source, inner.protocol, source)
            && self
                .remote
                .admits(inner.destination, inner.protocol, destination)
    }

    /// Whether it may come from the peer.
    pub fn receives(&self, inner: &Packet, octets: &[u8]) -> bool {
        let (source, destination) = ports(inner, octets).unzip();
        self.remote.admits(inner.source, inner.protocol, source)
            && self
                .local
                .admits(inner.destination, inner.protocol, destination)
    }
}

impl Selector {
    fn admits(&self, address: IpAddr, protocol: u8, port: Option<u16>) -> bool {
        self.contains(address)
            && (self.protocol == 0 || self.protocol == protocol)
            && (self.port == 0 || port == Some(self.port))
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differs = u32::from(network) ^ u32::from(address);
                differs.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differs = u128::from(network) ^ u128::from(address);
                differs.leading_zeros() >= u32::from(self.prefix)
            }
            _ => false,
        }
    }
}

/// Source and destination port; a fragment shows none.
fn ports(inner: &Packet, octets: &[u8]) -> Option<(u16, u16)> {
    if inner.fragment || !WITH_PORTS.contains(&inner.protocol) {
        return None;
    }
    let [s1, s2, d1, d2] = *octets.get(inner.header..)?.first_chunk()?;
    Some((u16::from_be_bytes([s1, s2]), u16::from_be_bytes([d1, d2])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataplane::ip::Header;

    fn net(network: [u8; 4], prefix: u8, protocol: u8, port: u16) -> Selector {
        Selector {
            network: network.into(),
            prefix,
            protocol,
            port,
        }
    }

    fn packet(source: IpAddr, destination: IpAddr, protocol: u8, ports: [u16; 2]) -> Vec<u8> {
        let header = Header::new(source, destination, protocol, 0, 8);
        let mut octets = header.as_bytes().to_vec();
        octets.extend(ports.iter().flat_map(|p| p.to_be_bytes()));
        octets.extend([0; 4]);
        octets
    }

    /// The packet goes out under `traffic`, and comes in under it with both sides exchanged.
    fn carries(traffic: Traffic, octets: &[u8]) -> bool {
        let inner = Packet::parse(octets).expect("a packet");
        let mirrored = Traffic {
            local: traffic.remote,
            remote: traffic.local,
        };
        let out = traffic.sends(&inner, octets);
        assert_eq!(out, mirrored.receives(&inner, octets));
        out
    }

    #[test]
    fn an_sa_carries_what_was_agreed_and_nothing_beside_it() {
        let web = Traffic {
            local: net([10, 1, 0, 0], 16, 6, 0),
            remote: net([10, 2, 0, 0], 16, 6, 80),
        };
        let (here, there) = ([10, 1, 0, 9].into(), [10, 2, 255, 1].into());
        assert!(carries(web, &packet(here, there, 6, [4711, 80])));
        assert!(!carries(web, &packet(here, there, 6, [80, 4711])));
        assert!(!carries(web, &packet(here, there, 17, [4711, 80])));
        let beside = [10, 3, 0, 1].into();
        assert!(!carries(web, &packet(here, beside, 6, [4711, 80])));
        assert!(!carries(web, &packet(beside, there, 6, [4711, 80])));
    }

    /// RFC 4301 4.4.1.1: ports of a fragment are not known, so no selector with a port fits.
    #[test]
    fn a_fragment_shows_no_port() {
        let any = net([0, 0, 0, 0], 0, 0, 0);
        let port = Traffic {
            local: any,
            remote: net([0, 0, 0, 0], 0, 17, 53),
        };
        let whole = packet([1, 1, 1, 1].into(), [2, 2, 2, 2].into(), 17, [9, 53]);
        let mut fragment = whole.clone();
        fragment[6] = 0x20;
        assert!(carries(port, &whole) && !carries(port, &fragment));
        let all = Traffic {
            local: any,
            remote: any,
        };
        assert!(carries(all, &fragment));
    }

    #[test]
    fn families_do_not_mix_and_ipv6_prefixes_count() {
        let v6 = |text: &str| text.parse::<IpAddr>().expect("an address");
        let side = |network: &str| Selector {
            network: v6(network),
            prefix: 33,
            protocol: 0,
            port: 0,
        };
        let traffic = Traffic {
            local: side("2001:db8:8000::"),
            remote: side("2001:db8::"),
        };
        let (ours, theirs) = (v6("2001:db8:ffff::1"), v6("2001:db8:7fff::1"));
        assert!(carries(traffic, &packet(ours, theirs, 58, [0, 0])));
        assert!(!carries(traffic, &packet(theirs, ours, 58, [0, 0])));
        let v4 = [10, 0, 0, 1].into();
        assert!(!carries(traffic, &packet(v4, v4, 1, [0, 0])));
    }
}
