//! Waits until the kernel has finished what it acknowledged early: it makes the host route of an IPv6
//! address, and listens for neighbour solicitations for it, in the background.

use std::fs;
use std::net::Ipv6Addr;
use std::time::{Duration, Instant};

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(1);
/// `RTF_LOCAL` of linux/ipv6_route.h.
const LOCAL: u32 = 0x8000_0000;
const ROUTES: &str = "/proc/thread-self/net/ipv6_route";

/// Waits until every IPv6 address given to the interface `name` that is up takes packets, or for two seconds:
/// then it goes on, for what comes next says what does not work.
pub(super) fn settle(name: &str) {
    let end = Instant::now() + PATIENCE;
    while !settled(name) && Instant::now() < end {
        std::thread::sleep(PAUSE);
    }
}

fn settled(name: &str) -> bool {
    let addresses = addresses(name);
    if addresses.is_empty() {
        return true;
    }
    let routes = fs::read_to_string(ROUTES).unwrap_or_default();
    addresses
        .iter()
        .all(|address| has_host_route(&routes, *address))
}

/// Those of an interface that is up; one that is down has no host routes. Not the link-local one, which the
/// kernel made: it asks first who has it (RFC 4862 5.4), and that takes its time.
fn addresses(name: &str) -> Vec<Ipv6Addr> {
    let all = getifaddrs().into_iter().flatten();
    all.filter(|one| one.interface_name == name && one.flags.contains(InterfaceFlags::IFF_UP))
        .filter_map(|one| Some(one.address?.as_sockaddr_in6()?.ip()))
        .filter(|address| !address.is_unicast_link_local())
        .collect()
}

/// Fields of a line: destination, its length, source, its length, next hop, metric, two counters, flags,
/// device.
fn has_host_route(routes: &str, address: Ipv6Addr) -> bool {
    let destination = format!("{:032x}", address.to_bits());
    routes.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let flags = fields.get(8).and_then(|f| u32::from_str_radix(f, 16).ok());
        fields.first() == Some(&destination.as_str())
            && fields.get(1) == Some(&"80")
            && flags.is_some_and(|flags| flags & LOCAL != 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "\
20010db8000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
20010db8000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001     eth0
";

    #[test]
    fn a_prefix_is_no_host_route() {
        let address = |last| Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last);
        assert!(has_host_route(LINES, address(1)));
        assert!(!has_host_route(LINES, address(0)));
        assert!(!has_host_route(LINES, address(2)));
    }
}
