//! The forms of values: addresses, masks, numbers, interface names.
use std::net::{Ipv4Addr, Ipv6Addr};

/// Interface types we know by name, in IOS spelling.
const INTERFACE_TYPES: [&str; 14] = [
    "Loopback",
    "Ethernet",
    "FastEthernet",
    "GigabitEthernet",
    "TenGigabitEthernet",
    "Tunnel",
    "Serial",
    "Vlan",
    "BVI",
    "Dialer",
    "Virtual-Template",
    "Port-channel",
    "Embedded-Service-Engine",
    "Null",
];

/// A contiguous netmask as a prefix length.
pub(super) fn prefix_length(mask: Ipv4Addr) -> Option<u8> {
    let bits = u32::from(mask);
    let length = bits.leading_ones();
    (bits.checked_shl(length).unwrap_or(0) == 0)
        .then(|| u8::try_from(length).ok())
        .flatten()
}

/// The netmask of a prefix length.
pub(super) fn mask(length: u8) -> Ipv4Addr {
    let host_bits = 32u32.saturating_sub(length.into());
    u32::MAX.checked_shl(host_bits).unwrap_or(0).into()
}

/// An IPv6 address and a prefix length: `2001:db8::/32`.
pub(super) fn prefix6(text: &str) -> Option<(Ipv6Addr, u8)> {
    let (address, length) = text.split_once('/')?;
    let length = number(length, 0, 128)?;
    Some((address.parse().ok()?, u8::try_from(length).ok()?))
}

/// An IPv6 address without the bits behind a prefix length.
pub(super) fn network6(address: Ipv6Addr, length: u8) -> Ipv6Addr {
    let host_bits = 128u32.saturating_sub(length.into());
    let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
    (u128::from(address) & mask).into()
}

/// An interface name in canonical form, and whether a letter `l` was read as the digit 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InterfaceName {
    pub(super) name: String,
    pub(super) letter_l: bool,
}

/// Reads `Ethernet0/0`, `gi0/1`, `tunnel1`, and the tech note's `Tunnell` (S-001).
pub(super) fn interface(text: &str) -> Option<InterfaceName> {
    let split = text
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(text.len());
    let (head, number) = text.split_at_checked(split)?;
    if number.is_empty() {
        let head = head.strip_suffix('l').or_else(|| head.strip_suffix('L'))?;
        let full = INTERFACE_TYPES
            .iter()
            .find(|known| known.eq_ignore_ascii_case(head))?;
        return Some(InterfaceName {
            name: format!("{full}1"),
            letter_l: true,
        });
    }
    let plain = number
        .chars()
        .all(|c| c.is_ascii_digit() || "/.:".contains(c));
    let name = format!("{}{number}", interface_type(head)?);
    (plain && name.len() <= 64).then_some(InterfaceName {
        name,
        letter_l: false,
    })
}

/// An interface type by name or unique abbreviation.
pub(super) fn interface_type(head: &str) -> Option<&'static str> {
    let fits = |known: &&&str| {
        known
            .get(..head.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(head))
    };
    let mut fitting = INTERFACE_TYPES.iter().filter(fits);
    let first = fitting.next().filter(|_| !head.is_empty())?;
    let exact = first.len() == head.len();
    (exact || fitting.next().is_none()).then_some(*first)
}

/// A number in decimal digits within bounds.
pub(super) fn number(text: &str, low: u32, high: u32) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits)?;
    (low..=high).contains(&number).then_some(number)
}

/// Octets from hexadecimal digits; blanks do not count.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    let pair = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high << 4 | low).ok(),
        _ => None,
    };
    digits.chunks(2).map(pair).collect()
}

/// An IP protocol by IOS keyword or number.
pub(super) fn protocol(text: &str) -> Option<u8> {
    let named = PROTOCOLS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    named
        .map(|(_, number)| *number)
        .or_else(|| number(text, 0, 255).and_then(|n| u8::try_from(n).ok()))
}

/// The IOS keyword of an IP protocol, or its number.
pub(super) fn protocol_name(number: u8) -> String {
    let named = PROTOCOLS.iter().find(|(_, known)| *known == number);
    named.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}

const PROTOCOLS: [(&str, u8); 10] = [
    ("ip", 0),
    ("icmp", 1),
    ("igmp", 2),
    ("ipinip", 4),
    ("tcp", 6),
    ("udp", 17),
    ("gre", 47),
    ("esp", 50),
    ("ahp", 51),
    ("ospf", 89),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_contiguous_and_convert_both_ways() {
        for length in 0..=32 {
            assert_eq!(prefix_length(mask(length)), Some(length));
        }
        assert_eq!(prefix_length(Ipv4Addr::new(255, 0, 255, 0)), None);
        assert_eq!(prefix_length(Ipv4Addr::new(0, 0, 0, 255)), None);
    }

    #[test]
    fn prefixes_of_ipv6_have_a_length_and_lose_their_host_bits() {
        let address: Ipv6Addr = "2001:db8::1".parse().unwrap();
        assert_eq!(prefix6("2001:DB8::1/64"), Some((address, 64)));
        for wrong in ["2001:db8::1", "2001:db8::/129", "10.0.0.0/8", "::/", "/1"] {
            assert_eq!(prefix6(wrong), None, "{wrong}");
        }
        let network = |length| network6(address, length).to_string();
        assert_eq!(network(64), "2001:db8::");
        assert_eq!((&*network(128), &*network(0)), ("2001:db8::1", "::"));
    }

    /// The tech note writes `interface Tunnell` with the letter l.
    #[test]
    fn interface_names_take_their_canonical_form() {
        let name = |text: &str| interface(text).map(|found| found.name);
        assert_eq!(name("gi0/1.20").as_deref(), Some("GigabitEthernet0/1.20"));
        assert_eq!(name("ETHERNET0/0").as_deref(), Some("Ethernet0/0"));
        assert_eq!(name("tu7").as_deref(), Some("Tunnel7"));
        assert_eq!(
            interface("Tunnell"),
            Some(InterfaceName {
                name: "Tunnel1".into(),
                letter_l: true
            })
        );
        for wrong in [
            "",
            "1",
            "Tunnel",
            "Warp1",
            "t1",
            "Tunnel1x",
            "l",
            "Tunnel1 2",
        ] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_and_hexadecimal_are_strict() {
        assert_eq!(
            (
                number("60", 60, 90),
                number("59", 60, 90),
                number("+60", 60, 90)
            ),
            (Some(60), None, None)
        );
        assert_eq!(hex("30 82\t01"), Some(vec![0x30, 0x82, 1]));
        assert_eq!((hex("308"), hex("zz")), (None, None));
        assert_eq!(
            (protocol("gre"), protocol("47"), protocol("256")),
            (Some(47), Some(47), None)
        );
    }
}
