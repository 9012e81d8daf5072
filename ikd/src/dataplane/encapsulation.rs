//! What goes into ESP for a tunnel interface, and what may come out of it.
//!
//! A GRE tunnel puts GRE in front of the packet and, in tunnel mode, an IPv4 header in
//! front of that; `tunnel mode ipsec ipv4` puts nothing. On the way in, the same is
//! demanded: what does not fit the tunnel is dropped (RFC 4301 section 5.2).

use std::net::Ipv4Addr;
use std::ops::Range;

use super::gre::{self, GreError, GreHeader};
use super::ip::{self, GRE, IPIP, Ipv4};

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
    /// `gre ip`, with the key of `tunnel key`.
    Gre {
        /// The key, in every packet and required of every packet.
        key: Option<u32>,
    },
    /// `ipsec ipv4`: the packet itself.
    IpsecIpv4,
}

/// Why an authentic packet does not belong into the tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The next header is not the one of the mode; 59 is a dummy packet.
    #[error("next header {0} does not fit the tunnel")]
    NextHeader(u8),
    /// No whole IPv4 packet inside.
    #[error("no whole IPv4 packet inside")]
    NotIpv4,
    /// GRE between other addresses than those of the tunnel, or not GRE.
    #[error("inner packet {0} > {1} does not fit the tunnel")]
    Addresses(Ipv4Addr, Ipv4Addr),
    /// The GRE header is refused.
    #[error(transparent)]
    Gre(#[from] GreError),
}

/// The ends and the mode of one tunnel interface.
#[derive(Clone, Copy, Debug)]
pub struct Encapsulation {
    /// `tunnel source`.
    pub source: Ipv4Addr,
    /// `tunnel destination`.
    pub destination: Ipv4Addr,
    /// `tunnel mode`.
    pub mode: TunnelMode,
}

/// What goes in front of a packet: up to an IPv4 and a GRE header.
#[derive(Clone, Copy, Debug)]
pub struct Wrapping {
    /// Next header of the ESP trailer.
    pub next_header: u8,
    ip: Option<[u8; ip::HEADER]>,
    gre: Option<GreHeader>,
}

impl Wrapping {
    /// The headers, outermost first; empty slices where there is none.
    pub fn parts(&self) -> [&[u8]; 2] {
        let ip = self.ip.as_ref().map_or(&[][..], |header| header);
        [ip, self.gre.as_ref().map_or(&[], GreHeader::as_bytes)]
    }
}

impl Encapsulation {
    /// The headers in front of the IPv4 packet `inner` in an SA of `mode`. Plain IPv4
    /// cannot go in transport mode: it is tunnelled whatever `mode` says.
    pub fn wrap(&self, mode: Mode, inner: &Ipv4) -> Wrapping {
        let TunnelMode::Gre { key } = self.mode else {
            return Wrapping {
                next_header: IPIP,
                ip: None,
                gre: None,
            };
        };
        let gre = GreHeader::ipv4(key);
        let length = gre.as_bytes().len() + inner.total;
        let delivery = || ip::header(self.source, self.destination, GRE, inner.tos, length);
        match mode {
            Mode::Tunnel => Wrapping {
                next_header: IPIP,
                ip: Some(delivery()),
                gre: Some(gre),
            },
            Mode::Transport => Wrapping {
                next_header: GRE,
                ip: None,
                gre: Some(gre),
            },
        }
    }

    /// Where the IPv4 packet lies in the payload of an SA of `mode`; padding behind its
    /// total length is left out.
    ///
    /// # Errors
    /// [`PolicyError`]: the packet is to be dropped and counted.
    pub fn unwrap(
        &self,
        mode: Mode,
        next_header: u8,
        payload: &[u8],
    ) -> Result<Range<usize>, PolicyError> {
        let (skip, gre) = match (self.mode, mode, next_header) {
            (TunnelMode::IpsecIpv4, _, IPIP) => return whole(0, payload),
            (TunnelMode::Gre { .. }, Mode::Transport, GRE) => (0, payload),
            (TunnelMode::Gre { .. }, Mode::Tunnel, IPIP) => self.gre_inside(payload)?,
            (_, _, other) => return Err(PolicyError::NextHeader(other)),
        };
        let inner = gre::decapsulate(gre, self.key())?;
        whole(skip + gre.len() - inner.len(), inner)
    }

    fn key(&self) -> Option<u32> {
        match self.mode {
            TunnelMode::Gre { key } => key,
            TunnelMode::IpsecIpv4 => None,
        }
    }

    /// The GRE packet behind the delivery header, which must be between the ends, and
    /// the length of that header.
    fn gre_inside<'a>(&self, payload: &'a [u8]) -> Result<(usize, &'a [u8]), PolicyError> {
        let outer = Ipv4::parse(payload).ok_or(PolicyError::NotIpv4)?;
        let fits = (outer.source, outer.destination) == (self.destination, self.source);
        if !fits || outer.protocol != GRE || outer.fragment {
            return Err(PolicyError::Addresses(outer.source, outer.destination));
        }
        let gre = payload
            .get(outer.header..outer.total)
            .ok_or(PolicyError::NotIpv4)?;
        Ok((outer.header, gre))
    }

    /// Octets the headers of [`wrap`](Self::wrap) add.
    pub fn overhead(&self, mode: Mode) -> usize {
        let TunnelMode::Gre { key } = self.mode else {
            return 0;
        };
        let delivery = if mode == Mode::Tunnel { ip::HEADER } else { 0 };
        delivery + GreHeader::ipv4(key).as_bytes().len()
    }
}

/// The place of the IPv4 packet that starts at `inner`, `skip` octets into the payload.
fn whole(skip: usize, inner: &[u8]) -> Result<Range<usize>, PolicyError> {
    let total = Ipv4::parse(inner).ok_or(PolicyError::NotIpv4)?.total;
    Ok(skip..skip + total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 2);
    const MODES: [TunnelMode; 3] = [
        TunnelMode::Gre { key: None },
        TunnelMode::Gre { key: Some(9) },
        TunnelMode::IpsecIpv4,
    ];

    fn end(source: Ipv4Addr, destination: Ipv4Addr, mode: TunnelMode) -> Encapsulation {
        Encapsulation {
            source,
            destination,
            mode,
        }
    }

    fn inner() -> Vec<u8> {
        let mut packet = ip::header(
            Ipv4Addr::new(10, 0, 0, 1),
            Ipv4Addr::new(10, 0, 0, 2),
            1,
            0x20,
            3,
        )
        .to_vec();
        packet.extend(b"abc");
        packet
    }

    fn wrapped(end: &Encapsulation, mode: Mode) -> (u8, Vec<u8>) {
        let inner = inner();
        let wrapping = end.wrap(mode, &Ipv4::parse(&inner).expect("whole"));
        (
            wrapping.next_header,
            [wrapping.parts()[0], wrapping.parts()[1], &inner].concat(),
        )
    }

    #[test]
    fn the_far_end_unwraps_what_was_wrapped() {
        for (tunnel, mode) in MODES
            .into_iter()
            .flat_map(|tunnel| [(tunnel, Mode::Tunnel), (tunnel, Mode::Transport)])
        {
            let near = end(A, B, tunnel);
            let (next_header, octets) = wrapped(&near, mode);
            assert_eq!(octets.len(), inner().len() + near.overhead(mode));
            let far = end(B, A, tunnel);
            let place = far.unwrap(mode, next_header, &octets).expect("fits");
            assert_eq!(octets[place], inner(), "{tunnel:?} {mode:?}");
            let padded = [&octets[..], &[0; 3]].concat();
            let place = far.unwrap(mode, next_header, &padded).expect("fits");
            assert_eq!(padded[place], inner(), "TFC padding is left out");
        }
    }

    #[test]
    fn the_delivery_header_has_the_tos_of_the_packet() {
        let (_, octets) = wrapped(&end(A, B, MODES[0]), Mode::Tunnel);
        assert_eq!(
            Ipv4::parse(&octets).map(|ip| (ip.tos, ip.protocol)),
            Some((0x20, GRE))
        );
    }

    #[test]
    fn what_does_not_fit_the_tunnel_is_refused() {
        let (next_header, octets) = wrapped(&end(A, B, MODES[0]), Mode::Tunnel);
        let stranger = end(B, Ipv4Addr::new(1, 2, 3, 4), MODES[0]);
        assert_eq!(
            stranger.unwrap(Mode::Tunnel, next_header, &octets),
            Err(PolicyError::Addresses(A, B))
        );
        let far = end(B, A, MODES[0]);
        assert_eq!(
            far.unwrap(Mode::Transport, next_header, &octets),
            Err(PolicyError::NextHeader(4))
        );
        assert_eq!(
            far.unwrap(Mode::Tunnel, 59, &octets),
            Err(PolicyError::NextHeader(59))
        );
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
            octets in proptest::collection::vec(any::<u8>(), 0..80),
            next_header in prop_oneof![Just(4_u8), Just(47), any::<u8>()],
            shaped in any::<bool>(),
        ) {
            let mut octets = octets;
            if let (true, [first, _, high, low, ..]) = (shaped, &mut octets[..]) {
                (*first, *high, *low) = (0x45, 0, (*low).min(79));
            }
            for (tunnel, mode) in MODES.into_iter().zip([Mode::Tunnel, Mode::Transport, Mode::Tunnel]) {
                let place = end(A, B, tunnel).unwrap(mode, next_header, &octets);
                prop_assert!(place.is_err() || place.is_ok_and(|place| octets.get(place).is_some()));
            }
        }
    }
}
