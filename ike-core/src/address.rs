//! Address arithmetic that is the same for both families.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bits of an address of this family: 32 or 128.
#[must_use]
pub fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The mask of a prefix length in the family of `address`. A length beyond the family's is
/// one host.
#[must_use]
pub fn mask(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(_) => mask_v4(prefix).into(),
        IpAddr::V6(_) => mask_v6(prefix).into(),
    }
}

/// The prefix length of a contiguous mask.
#[must_use]
pub fn prefix_of(mask: IpAddr) -> Option<u8> {
    let (ones, zeros, width) = match mask {
        IpAddr::V4(m) => (m.to_bits().leading_ones(), m.to_bits().trailing_zeros(), 32),
        IpAddr::V6(m) => (
            m.to_bits().leading_ones(),
            m.to_bits().trailing_zeros(),
            128,
        ),
    };
    (ones + zeros >= width)
        .then(|| u8::try_from(ones).ok())
        .flatten()
}

/// The address lies in the network; addresses of the other family never do.
#[must_use]
pub fn contains(network: IpAddr, prefix: u8, address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(n), IpAddr::V4(a)) => n & mask_v4(prefix) == a & mask_v4(prefix),
        (IpAddr::V6(n), IpAddr::V6(a)) => n & mask_v6(prefix) == a & mask_v6(prefix),
        _ => false,
    }
}

/// The first address of the network of that prefix length around `address`.
#[must_use]
pub fn first(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(a) => (a & mask_v4(prefix)).into(),
        IpAddr::V6(a) => (a & mask_v6(prefix)).into(),
    }
}

/// The last address of that network.
#[must_use]
pub fn last(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(a) => (a | !mask_v4(prefix)).into(),
        IpAddr::V6(a) => (a | !mask_v6(prefix)).into(),
    }
}

/// The IPv4 mask of a prefix length.
#[must_use]
pub fn mask_v4(prefix: u8) -> Ipv4Addr {
    let host_bits = 32_u32.saturating_sub(prefix.into());
    u32::MAX.checked_shl(host_bits).unwrap_or(0).into()
}

/// The IPv6 mask of a prefix length.
#[must_use]
pub fn mask_v6(prefix: u8) -> Ipv6Addr {
    let host_bits = 128_u32.saturating_sub(prefix.into());
    u128::MAX.checked_shl(host_bits).unwrap_or(0).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn masks_and_prefix_lengths_convert_both_ways() {
        for (family, most) in [(ip("10.0.0.1"), 32), (ip("2001:db8::1"), 128)] {
            assert_eq!(width(family), most);
            for prefix in 0..=most {
                assert_eq!(prefix_of(mask(family, prefix)), Some(prefix));
            }
        }
        assert_eq!(prefix_of(ip("255.0.255.0")), None);
        assert_eq!(prefix_of(ip("ffff::1")), None);
    }

    #[test]
    fn networks_hold_addresses_of_their_own_family() {
        assert!(contains(ip("10.1.0.0"), 16, ip("10.1.2.3")));
        assert!(!contains(ip("10.1.0.0"), 16, ip("10.2.2.3")));
        assert!(contains(ip("2001:db8::"), 32, ip("2001:db8:7::1")));
        assert!(!contains(ip("2001:db8::"), 33, ip("2001:db8:8000::1")));
        assert!(!contains(ip("0.0.0.0"), 0, ip("::1")));
        assert!(!contains(ip("::"), 0, ip("10.0.0.1")));
        assert!(contains(ip("::"), 0, ip("2001:db8::1")));
    }
}
