//! What goes into ESP for a tunnel interface, and what may come out of it.
//!
//! A GRE tunnel puts GRE in front of the packet and, in tunnel mode, an IP header of the
//! version of its ends in front of that; `tunnel mode ipsec ipv4|ipv6` puts nothing. On the
//! way in, the same is demanded: what does not fit the tunnel is dropped (RFC 4301 section
//! 5.2).

use std::net::IpAddr;
use std::ops::Range;

use super::gre::{self, GreError, GreHeader};
use super::ip::{GRE, Header, Packet, Version};

/// Tunnel or transport mode of an SA (RFC 4303 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A whole IP packet is inside.
    Tunnel,
    /// The payload of an IP packet between the two ends is inside.
    Transport,
}

/// `tunnel mode` of an interface (rule G-086).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunnelMode {
    /// `gre ip` or `gre ipv6`, as the ends are, with the key of `tunnel key`. It carries both
    /// versions.
    Gre {
        /// The key, in every packet and required of every packet.
        key: Option<u32>,
    },
    /// `ipsec ipv4`, or `ipsec ipv6 v4-overlay`: the IPv4 packet itself.
    IpsecIpv4,
    /// `ipsec ipv6`, or `ipsec ipv4 v6-overlay`: the IPv6 packet itself.
    IpsecIpv6,
}

/// Why an authentic packet does not belong into the tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The next header is not the one of the mode; 59 is a dummy packet.
    #[error("next header {0} does not fit the tunnel")]
    NextHeader(u8),
    /// No whole packet inside, or none of the announced version.
    #[error("no whole IP packet inside")]
    NotIp,
    /// It is none of those that the SA was agreed for (RFC 4301 section 5.2).
    #[error("inner packet {0} > {1} is not what the SA carries")]
    Selectors(IpAddr, IpAddr),
    /// GRE between other addresses than those of the tunnel, or not GRE.
    #[error("inner packet {0} > {1} does not fit the tunnel")]
    Addresses(IpAddr, IpAddr),
    /// The GRE header is refused.
    #[error(transparent)]
    Gre(#[from] GreError),
}

/// The ends and the mode of one tunnel interface.
#[derive(Clone, Copy, Debug)]
pub struct Encapsulation {
    /// `tunnel source`.
    pub source: IpAddr,
    /// `tunnel destination`.
    pub destination: IpAddr,
    /// `tunnel mode`.
    pub mode: TunnelMode,
}

/// What goes in front of a packet: up to an IP and a GRE header.
#[derive(Clone, Copy, Debug)]
pub struct Wrapping {
    /// Next header of the ESP trailer.
    pub next_header: u8,
    ip: Option<Header>,
    gre: Option<GreHeader>,
}

impl Wrapping {
    /// The headers, outermost first; empty slices where there is none.
    pub fn parts(&self) -> [&[u8]; 2] {
        let ip = self.ip.as_ref().map_or(&[][..], Header::as_bytes);
        [ip, self.gre.as_ref().map_or(&[], GreHeader::as_bytes)]
    }
}

impl Encapsulation {
    /// Whether the tunnel carries packets of the version of `inner`.
    pub fn carries(&self, inner: &Packet) -> bool {
        self.plain()
            .is_none_or(|version| version == inner.version())
    }

    /// The headers in front of the packet `inner` in an SA of `mode`. A plain packet cannot go
    /// in transport mode: it is tunnelled whatever `mode` says.
    pub fn wrap(&self, mode: Mode, inner: &Packet) -> Wrapping {
        let version = inner.version();
        let TunnelMode::Gre { key } = self.mode else {
            return Wrapping {
                next_header: version.protocol(),
                ip: None,
                gre: None,
            };
        };
        let gre = GreHeader::new(version, key);
        let length = gre.as_bytes().len() + inner.total;
        match mode {
            Mode::Tunnel => Wrapping {
                next_header: self.outside().protocol(),
                ip: Some(Header::new(
                    self.source,
                    self.destination,
                    GRE,
                    inner.tos,
                    length,
                )),
                gre: Some(gre),
            },
            Mode::Transport => Wrapping {
                next_header: GRE,
                ip: None,
                gre: Some(gre),
            },
        }
    }

    /// The only version a tunnel without GRE carries.
    pub(super) fn plain(&self) -> Option<Version> {
        match self.mode {
            TunnelMode::Gre { .. } => None,
            TunnelMode::IpsecIpv4 => Some(Version::V4),
            TunnelMode::IpsecIpv6 => Some(Version::V6),
        }
    }

    /// The version between the ends.
    fn outside(&self) -> Version {
        Version::of(self.source)
    }

    /// Where the inner packet lies in the payload of an SA of `mode`; padding behind its
    /// length is left out.
    ///
    /// # Errors
    /// [`PolicyError`]: the packet is to be dropped and counted.
    pub fn unwrap(
        &self,
        mode: Mode,
        next_header: u8,
        payload: &[u8],
    ) -> Result<Range<usize>, PolicyError> {
        let TunnelMode::Gre { key } = self.mode else {
            return match self.plain() {
                Some(version) if version.protocol() == next_header => whole(0, version, payload),
                _ => Err(PolicyError::NextHeader(next_header)),
            };
        };
        let (skip, gre) = match mode {
            Mode::Transport if next_header == GRE => (0, payload),
            Mode::Tunnel if next_header == self.outside().protocol() => self.gre_inside(payload)?,
            _ => return Err(PolicyError::NextHeader(next_header)),
        };
        let (version, inner) = gre::decapsulate(gre, key)?;
        whole(skip + gre.len() - inner.len(), version, inner)
    }

    /// The GRE packet behind the delivery header, which must be between the ends, and
    /// the length of that header.
    fn gre_inside<'a>(&self, payload: &'a [u8]) -> Result<(usize, &'a [u8]), PolicyError> {
        let outer = Packet::parse(payload)
            .filter(|outer| outer.version() == self.outside())
            .ok_or(PolicyError::NotIp)?;
        let fits = (outer.source, outer.destination) == (self.destination, self.source);
        if !fits || outer.protocol != GRE || outer.fragment {
            return Err(PolicyError::Addresses(outer.source, outer.destination));
        }
        let gre = payload
            .get(outer.header..outer.total)
            .ok_or(PolicyError::NotIp)?;
        Ok((outer.header, gre))
    }

    /// Octets the headers of [`wrap`](Self::wrap) add.
    pub fn overhead(&self, mode: Mode) -> usize {
        let TunnelMode::Gre { key } = self.mode else {
            return 0;
        };
        let delivery = match mode {
            Mode::Tunnel => self.outside().header(),
            Mode::Transport => 0,
        };
        delivery + GreHeader::length(key)
    }
}

/// The place of the packet that starts at `inner`, `skip` octets into the payload.
fn whole(skip: usize, version: Version, inner: &[u8]) -> Result<Range<usize>, PolicyError> {
    let packet = Packet::parse(inner).filter(|packet| packet.version() == version);
    let total = packet.ok_or(PolicyError::NotIp)?.total;
    Ok(skip..skip + total)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    const A: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 0, 1));
    const B: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 0, 2));
    const A6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
    const B6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2));
    const OUTSIDE: [(IpAddr, IpAddr); 2] = [(A, B), (A6, B6)];
    const GRE_MODES: [TunnelMode; 2] = [
        TunnelMode::Gre { key: None },
        TunnelMode::Gre { key: Some(9) },
    ];

    fn end(source: IpAddr, destination: IpAddr, mode: TunnelMode) -> Encapsulation {
        Encapsulation {
            source,
            destination,
            mode,
        }
    }

    fn inner(version: Version) -> Vec<u8> {
        let (source, destination) = match version {
            Version::V4 => (B, A),
            Version::V6 => (B6, A6),
        };
        let header = Header::new(source, destination, 1, 0x20, 3);
        [header.as_bytes(), b"abc"].concat()
    }

    fn wrapped(end: &Encapsulation, mode: Mode, version: Version) -> (u8, Vec<u8>) {
        let inner = inner(version);
        let packet = Packet::parse(&inner).expect("whole");
        assert!(end.carries(&packet));
        let wrapping = end.wrap(mode, &packet);
        let [ip, gre] = wrapping.parts();
        (wrapping.next_header, [ip, gre, &inner].concat())
    }

    /// Every tunnel mode with the versions it carries.
    fn combinations() -> impl Iterator<Item = (TunnelMode, Version)> {
        let gre = GRE_MODES
            .into_iter()
            .flat_map(|mode| [(mode, Version::V4), (mode, Version::V6)]);
        gre.chain([
            (TunnelMode::IpsecIpv4, Version::V4),
            (TunnelMode::IpsecIpv6, Version::V6),
        ])
    }

    #[test]
    fn the_far_end_unwraps_what_was_wrapped() {
        for ((a, b), (tunnel, version)) in OUTSIDE
            .into_iter()
            .flat_map(|ends| combinations().map(move |carried| (ends, carried)))
        {
            for mode in [Mode::Tunnel, Mode::Transport] {
                let (near, far) = (end(a, b, tunnel), end(b, a, tunnel));
                let (next_header, octets) = wrapped(&near, mode, version);
                let inner = inner(version);
                assert_eq!(octets.len(), inner.len() + near.overhead(mode));
                let place = far.unwrap(mode, next_header, &octets).expect("fits");
                assert_eq!(octets[place], inner, "{tunnel:?} {mode:?}");
                let padded = [&octets[..], &[0; 3]].concat();
                let place = far.unwrap(mode, next_header, &padded).expect("fits");
                assert_eq!(padded[place], inner, "TFC padding is left out");
            }
        }
    }

    #[test]
    fn the_delivery_header_has_the_tos_of_the_packet() {
        for ((a, b), protocol) in OUTSIDE.into_iter().zip([4, 41]) {
            let (next_header, octets) =
                wrapped(&end(a, b, GRE_MODES[0]), Mode::Tunnel, Version::V6);
            assert_eq!(next_header, protocol);
            assert_eq!(
                Packet::parse(&octets).map(|ip| (ip.source, ip.tos, ip.protocol)),
                Some((a, 0x20, GRE))
            );
        }
    }

    #[test]
    fn a_plain_tunnel_carries_one_version_only() {
        for (mode, other, next_header) in [
            (TunnelMode::IpsecIpv4, Version::V6, 41),
            (TunnelMode::IpsecIpv6, Version::V4, 4),
        ] {
            let end = end(A, B, mode);
            let foreign = inner(other);
            assert!(!end.carries(&Packet::parse(&foreign).expect("whole")));
            let refused = end.unwrap(Mode::Tunnel, next_header, &inner(other));
            assert_eq!(refused, Err(PolicyError::NextHeader(next_header)));
            // The next header of one version in front of a packet of the other.
            let lie = 4 + 41 - next_header;
            let refused = end.unwrap(Mode::Tunnel, lie, &inner(other));
            assert_eq!(refused, Err(PolicyError::NotIp));
        }
    }

    #[test]
    fn what_does_not_fit_the_tunnel_is_refused() {
        let near = end(A, B, GRE_MODES[0]);
        let (next_header, octets) = wrapped(&near, Mode::Tunnel, Version::V4);
        let elsewhere = IpAddr::V4(Ipv4Addr::new(1, 2, 3, 4));
        let stranger = end(B, elsewhere, GRE_MODES[0]);
        assert_eq!(
            stranger.unwrap(Mode::Tunnel, next_header, &octets),
            Err(PolicyError::Addresses(A, B))
        );
        let far = end(B, A, GRE_MODES[0]);
        assert_eq!(
            far.unwrap(Mode::Transport, next_header, &octets),
            Err(PolicyError::NextHeader(4))
        );
        for other in [41, 59] {
            assert_eq!(
                far.unwrap(Mode::Tunnel, other, &octets),
                Err(PolicyError::NextHeader(other))
            );
        }
        for cut in 0..octets.len() {
            assert!(
                far.unwrap(Mode::Tunnel, next_header, &octets[..cut])
                    .is_err()
            );
        }
    }

    proptest! {
        #[test]
        fn no_authentic_payload_makes_it_panic(
            octets in proptest::collection::vec(any::<u8>(), 0..120),
            next_header in prop_oneof![Just(4_u8), Just(41), Just(47), any::<u8>()],
            shape in prop_oneof![Just(0x45_u8), Just(0x60), any::<u8>()],
        ) {
            let mut octets = octets;
            if let [first, _, high, low, high6, low6, ..] = &mut octets[..] {
                *first = shape;
                match shape {
                    0x45 => (*high, *low) = (0, (*low).min(79)),
                    _ => (*high6, *low6) = (0, (*low6).min(39)),
                }
            }
            for ((a, b), (tunnel, _)) in OUTSIDE.into_iter().flat_map(|ends| combinations().map(move |c| (ends, c))) {
                for mode in [Mode::Tunnel, Mode::Transport] {
                    let place = end(a, b, tunnel).unwrap(mode, next_header, &octets);
                    prop_assert!(place.is_err() || place.is_ok_and(|place| octets.get(place).is_some()));
                }
            }
        }
    }
}
