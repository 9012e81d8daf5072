//! Which URLs of certificates a host may fetch (B16): nothing that leads into
//! the router itself or to a service that is no web server. Pure: names are
//! looked up by the host, and the address is asked about again.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Octets of a URL.
const MAX_URL: usize = 1024;
/// Ports that a web server of a CA has.
const PORTS: [u16; 2] = [80, 8080];

/// What is allowed beside web servers in the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchPolicy {
    /// Ports beside 80 and 8080.
    pub ports: Vec<u16>,
    /// Networks, by address and prefix length in bits, that are allowed
    /// though they are loopback, link-local or the like.
    pub networks: Vec<(IpAddr, u8)>,
}

impl FetchPolicy {
    /// Allows what an operator configured (`enrollment url`, `crl query`, `ocsp
    /// url`): its port, and its address when it is a literal one.
    pub fn allow_url(&mut self, url: &str) {
        let Ok((host, port, _)) = url_parts(url) else {
            return;
        };
        self.ports.push(port);
        if let Ok(Some(address)) = literal(host) {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            self.networks.push((address, bits));
        }
    }
}

/// Whether a URL from a certificate or from the configuration may be fetched.
/// A host name may lead anywhere: every address it resolves to must pass
/// [`address_allowed`] before it is connected to, and a redirect is a new URL.
///
/// # Errors
/// Why not, for people.
pub fn may_fetch(url: &str, allowed: &FetchPolicy) -> Result<(), String> {
    let shown = || url.escape_default().to_string();
    let (host, port, _) = url_parts(url).map_err(|why| format!("{}: {why}", shown()))?;
    if !PORTS.contains(&port) && !allowed.ports.contains(&port) {
        return Err(format!(
            "{}: port {port} is not 80, 8080 or that of a configured URL",
            shown()
        ));
    }
    match literal(host).map_err(|why| format!("{}: {why}", shown()))? {
        Some(address) if !address_allowed(address, allowed) => Err(format!(
            "{}: address {address} is not fetched from",
            shown()
        )),
        _ => Ok(()),
    }
}

/// Whether an address may be connected to: not the router itself, its links,
/// groups, or none at all, in whatever form it is written (`::ffff:127.0.0.1`).
pub fn address_allowed(address: IpAddr, allowed: &FetchPolicy) -> bool {
    let own = unmapped(address);
    let configured = |(network, bits): &(IpAddr, u8)| contains(unmapped(*network), *bits, own);
    allowed.networks.iter().any(configured) || !is_special(own)
}

fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_multicast()
                || v4.is_broadcast()
                // RFC 1122 3.2.1.3: this network; RFC 1112: class E.
                || matches!(v4.octets(), [0 | 240..=255, ..])
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unicast_link_local()
                // RFC 3879: site-local.
                || matches!(v6.segments(), [0xfec0..=0xfeff, ..])
        }
    }
}

/// An IPv4 address that an IPv6 one stands for: mapped and compatible
/// (RFC 4291 2.5.5), 6to4 (RFC 3056) and NAT64 (RFC 6052).
fn unmapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => address,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => v4(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        _ => address,
    }
}

fn contains(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    let same = |a: u128, b: u128, width: u32| {
        let shift = width.saturating_sub(u32::from(bits));
        a.checked_shr(shift) == b.checked_shr(shift)
    };
    match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
        _ => false,
    }
}

/// Host (IPv6 in brackets), port and target of `http://host[:port][/…]`: what [`may_fetch`] judges is
/// what is asked.
///
/// # Errors
/// Why it is no such URL.
pub fn url_parts(url: &str) -> Result<(&str, u16, &str), &'static str> {
    if url.len() > MAX_URL {
        return Err("longer than 1024 octets");
    }
    let plain = |c: u8| c.is_ascii_graphic() && !b"\\<>\"{}|^`#".contains(&c);
    if !url.bytes().all(plain) {
        return Err("a character that no URL has");
    }
    let (scheme, rest) = url.split_once("://").ok_or("not an http:// URL")?;
    match scheme.to_ascii_lowercase().as_str() {
        "http" => {}
        "https" => {
            return Err(
                "https is not fetched: lists and OCSP answers are signed, and RFC 5280 8 advises against it",
            );
        }
        _ => return Err("not an http:// URL"),
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let target = match target {
        "" => "/",
        target if target.starts_with('?') => return Err("a query without a path"),
        target => target,
    };
    if authority.contains('@') {
        return Err("a user name in the URL");
    }
    let (host, port) = match authority.rfind(':') {
        Some(colon) if !authority.ends_with(']') => authority.split_at(colon),
        _ => (authority, ""),
    };
    match port.strip_prefix(':') {
        _ if host.is_empty() => Err("no host"),
        None => Ok((host, 80, target)),
        Some(digits) if digits.bytes().all(|c| c.is_ascii_digit()) => {
            let port = digits.parse().ok().filter(|port| *port != 0);
            port.map(|port| (host, port, target)).ok_or("not a port")
        }
        Some(_) => Err("not a port"),
    }
}

/// The address a host is, if it is no name.
fn literal(host: &str) -> Result<Option<IpAddr>, &'static str> {
    if let Some(inner) = host.strip_prefix('[') {
        let v6 = inner.strip_suffix(']').and_then(|text| text.parse().ok());
        return v6
            .map(|v6: Ipv6Addr| Some(IpAddr::V6(v6)))
            .ok_or("not an IPv6 address");
    }
    if let Ok(v4) = host.parse::<Ipv4Addr>() {
        return Ok(Some(IpAddr::V4(v4)));
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let last = name.rsplit('.').next().unwrap_or_default();
    let label = |label: &str| {
        let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(plain)
    };
    match name.split('.').all(label) {
        false => Err("not a host name"),
        // 127.1, 0x7f000001, 2130706433: addresses to a resolver.
        true if last.bytes().all(|c| c.is_ascii_digit())
            || last.to_ascii_lowercase().starts_with("0x") =>
        {
            Err("an address in an odd spelling")
        }
        true if last.eq_ignore_ascii_case("localhost") => Err("the router itself"),
        true => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> Option<String> {
        may_fetch(url, &FetchPolicy::default()).err()
    }

    /// B16.
    #[test]
    fn what_leads_into_the_router_or_to_another_service_is_not_fetched() {
        for url in [
            "http://127.0.0.1/ca.crl",
            "http://127.8.9.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://169.254.169.254/latest/meta-data",
            "http://[fe80::1]/",
            "http://[fe80::1%25eth0]/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://[ff02::1]/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://localhost/",
            "http://x.LOCALHOST./",
            "http://ca.example.com:22/",
            "http://ca.example.com:0/",
            "http://ca.example.com:99999/",
            "http://ca.example.com:8o/",
            "http://ca.example.com:80@10.0.0.1/",
            "http://user@ca.example.com/",
            "http:///etc/passwd",
            "http://:80/",
            "http://ca..example/",
            "http://ca.example.com/a b",
            "http://ca.example.com/\r\nHost: x",
            "http://ca.example.com\\@127.0.0.1/",
            "file:///etc/passwd",
            "ldap://ca.example.com/cn=CA",
            "gopher://ca.example.com/",
            "ca.example.com/ca.crl",
            "",
        ] {
            assert!(refused(url).is_some(), "{url}");
        }
        let long = format!("http://ca.example.com/{}", "x".repeat(MAX_URL));
        assert!(refused(&long).is_some());
    }

    #[test]
    fn web_servers_of_cas_are_fetched_from() {
        for url in [
            "http://ca.example.com/ca.crl",
            "HTTP://ca.example.com",
            "http://ca.example.com:8080/a?b=c",
            "http://10.1.1.1/ca.crl",
            "http://192.168.0.3:80/cgi-bin",
            "http://[2001:db8::1]:80/ca.crl",
            "http://pki_1.corp./x",
        ] {
            assert_eq!(refused(url), None, "{url}");
        }
    }

    #[test]
    fn https_is_refused_with_the_reason() {
        let why = refused("https://ca.example.com/ca.crl").unwrap();
        assert!(why.contains("RFC 5280 8"), "{why}");
    }

    #[test]
    fn an_enrolment_url_opens_its_port_and_its_own_address() {
        let mut allowed = FetchPolicy::default();
        allowed.allow_url("http://127.0.0.1:8888/cgi-bin");
        assert_eq!(may_fetch("http://127.0.0.1:8888/ca.crl", &allowed), Ok(()));
        assert_eq!(
            may_fetch("http://ca.example.com:8888/ca.crl", &allowed),
            Ok(())
        );
        assert!(may_fetch("http://127.0.0.2:8888/ca.crl", &allowed).is_err());
        assert!(may_fetch("http://127.0.0.1:22/", &allowed).is_err());
        allowed.networks.push(("fe80::".parse().unwrap(), 10));
        assert!(address_allowed("fe80::7".parse().unwrap(), &allowed));
        assert!(address_allowed(
            "::ffff:127.0.0.1".parse().unwrap(),
            &allowed
        ));
        assert!(!address_allowed("ff02::7".parse().unwrap(), &allowed));
        let all = FetchPolicy {
            networks: vec![("0.0.0.0".parse().unwrap(), 0)],
            ..FetchPolicy::default()
        };
        assert!(address_allowed("127.0.0.1".parse().unwrap(), &all));
        assert!(!address_allowed("::1".parse().unwrap(), &all));
    }
}
