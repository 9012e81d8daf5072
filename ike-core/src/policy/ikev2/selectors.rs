//! Traffic selectors of IKEv2: what a protection offers, what is left of a peer's offer, and which
//! protection that is (W-073, S-093, RFC 7296 2.9).

use std::net::IpAddr;

use ike_wire::v2::{AddressRange, TrafficSelector, TrafficSelectors, TsType};

use crate::policy::protected_by::{Comparison, nearest_first, refusal};
use crate::policy::protection::{MapRefusal, Protection, Selector, demands};
use crate::policy::{Decision, address};

/// A protection and the part of the offer it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narrowed<'a> {
    /// The protection.
    pub protection: &'a Protection,
    /// Our side.
    pub local: Selector,
    /// The peer's side.
    pub remote: Selector,
    /// Less than the peer offered.
    pub narrowed: bool,
}

/// The TS payload for one selector (W-073).
#[must_use]
pub fn to_wire(selector: &Selector) -> TrafficSelectors {
    let first = address::first(selector.network, selector.prefix);
    let last = address::last(selector.network, selector.prefix);
    let (ty, range) = match (first, last) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (TsType::IPV4_ADDR_RANGE, AddressRange::V4(a, b)),
        (IpAddr::V6(a), IpAddr::V6(b)) => (TsType::IPV6_ADDR_RANGE, AddressRange::V6(a, b)),
        // `last` keeps the family of `first`.
        (IpAddr::V4(a), _) => (TsType::IPV4_ADDR_RANGE, AddressRange::V4(a, a)),
        (IpAddr::V6(a), _) => (TsType::IPV6_ADDR_RANGE, AddressRange::V6(a, a)),
    };
    let (start_port, end_port) = match selector.port {
        0 => (0, u16::MAX),
        port => (port, port),
    };
    let one = TrafficSelector {
        ty,
        protocol: selector.protocol,
        start_port,
        end_port,
        range,
    };
    TrafficSelectors::new(vec![one])
}

/// The protection for a peer's traffic selectors: endpoints are equal, both sides have something in
/// common (all of the offer rather than a part of it), and the profile bound by IKE_AUTH is the one the protection demands (S-093). `ours` is the
/// TS payload about our side.
///
/// # Errors
/// No protection fits; says whether the profile alone was wrong.
pub fn for_selectors<'a>(
    protections: &'a [Protection],
    bound_profile: Option<&str>,
    endpoints: (IpAddr, IpAddr),
    ours: &TrafficSelectors,
    theirs: &TrafficSelectors,
) -> Result<Decision<Narrowed<'a>>, MapRefusal> {
    let mut fitting: Vec<Narrowed<'a>> = protections
        .iter()
        .filter(|p| p.ikev2_profile.is_some() && (p.local, p.peer) == endpoints)
        .filter_map(|p| fit(p, ours, theirs))
        .collect();
    // Between two tunnels of one peer the one that carries the whole offer is meant.
    fitting.sort_by_key(|n| n.narrowed);
    let bound = |n: &&Narrowed<'_>| n.protection.ikev2_profile.as_deref() == bound_profile;
    if let Some(found) = fitting.iter().find(bound) {
        let because = format!(
            "{} protects {} to {}",
            found.protection.name, found.local, found.remote
        );
        let about = found.protection.origin.selectors();
        return Ok(Decision::new(found.clone(), "S-093", because).about(about));
    }
    let other = fitting.first().map(|n| n.protection);
    let because = match other {
        Some(other) => demands(other, other.ikev2_profile.as_deref(), bound_profile),
        None => format!(
            "nothing between {} and {} protects the offered selectors",
            endpoints.0, endpoints.1
        ),
    };
    let offered = (listed(ours), listed(theirs));
    let compared = nearest_first(protections, endpoints).filter(|p| p.ikev2_profile.is_some());
    let compared = compared.map(|p| {
        let (local, remote) = (p.local_selector, p.remote_selector);
        let mut steps = Comparison::new(p, "S-093");
        steps.endpoints(endpoints);
        let fits = narrow(&local, ours).is_some();
        steps.side("our side", &local.range_text(), &offered.0, fits);
        let fits = narrow(&remote, theirs).is_some();
        steps.side("the peer's side", &remote.range_text(), &offered.1, fits);
        steps.profile(p.ikev2_profile.as_deref(), bound_profile);
        steps
    });
    Err(MapRefusal {
        profile_did_not_match: other.is_some(),
        decision: refusal("S-093", because, compared),
    })
}

/// The selectors that are offered, for people: the first few.
fn listed(offered: &TrafficSelectors) -> String {
    const SHOWN: usize = 4;
    let range = |ts: &TrafficSelector| {
        let (low, high) = (ts.start_port, ts.end_port);
        let protocol = match ts.protocol {
            0 => String::new(),
            number => format!(" protocol {number}"),
        };
        match ts.range {
            AddressRange::V4(a, b) => format!("{a}/{low} - {b}/{high}{protocol}"),
            AddressRange::V6(a, b) => format!("{a}/{low} - {b}/{high}{protocol}"),
            AddressRange::Raw(_) => "a selector of another type".to_owned(),
        }
    };
    let shown: Vec<String> = offered.selectors.iter().take(SHOWN).map(range).collect();
    match offered.selectors.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn fit<'a>(
    protection: &'a Protection,
    ours: &TrafficSelectors,
    theirs: &TrafficSelectors,
) -> Option<Narrowed<'a>> {
    let local = narrow(&protection.local_selector, ours)?;
    let remote = narrow(&protection.remote_selector, theirs)?;
    let whole = |part: &Selector, offer: &TrafficSelectors| *offer == to_wire(part);
    Some(Narrowed {
        protection,
        local,
        remote,
        narrowed: !(whole(&local, ours) && whole(&remote, theirs)),
    })
}

/// What a list of selectors leaves of `own`: `own` itself where one of them covers it, else the first
/// that has anything in common with it (RFC 7296 2.9). Never more than `own` (H11).
#[must_use]
pub fn narrow(own: &Selector, offered: &TrafficSelectors) -> Option<Selector> {
    let parts: Vec<Selector> = offered
        .selectors
        .iter()
        .filter_map(|ts| common(own, ts))
        .collect();
    parts
        .iter()
        .find(|p| *p == own)
        .or_else(|| parts.first())
        .copied()
}

/// A selector is inside our own (H11).
#[must_use]
pub fn covers(own: &Selector, ts: &TrafficSelector) -> bool {
    let (start, end) = match ts.range {
        AddressRange::V4(a, b) => (IpAddr::V4(a), IpAddr::V4(b)),
        AddressRange::V6(a, b) => (IpAddr::V6(a), IpAddr::V6(b)),
        AddressRange::Raw(_) => return false,
    };
    let inside = |a| address::contains(own.network, own.prefix, a);
    let protocol = own.protocol == 0 || own.protocol == ts.protocol;
    let ports = own.port == 0 || (ts.start_port, ts.end_port) == (own.port, own.port);
    start <= end && inside(start) && inside(end) && protocol && ports
}

/// The largest network that both carry. A range that is no network is cut to the network its first
/// address begins, a range of ports to its first: any part may be chosen (RFC 7296 2.9).
fn common(own: &Selector, offered: &TrafficSelector) -> Option<Selector> {
    let (start, end) = match offered.range {
        AddressRange::V4(a, b) => (IpAddr::V4(a), IpAddr::V4(b)),
        AddressRange::V6(a, b) => (IpAddr::V6(a), IpAddr::V6(b)),
        AddressRange::Raw(_) => return None,
    };
    let start = start.max(address::first(own.network, own.prefix));
    let end = end.min(address::last(own.network, own.prefix));
    if start.is_ipv4() != own.network.is_ipv4() || end.is_ipv4() != start.is_ipv4() || start > end {
        return None;
    }
    let protocol = match (own.protocol, offered.protocol) {
        (0, theirs) => theirs,
        (ours, 0) => ours,
        (ours, theirs) if ours == theirs => ours,
        _ => return None,
    };
    let ports = offered.start_port..=offered.end_port;
    let port = match own.port {
        0 if (offered.start_port, offered.end_port) == (0, u16::MAX) => 0,
        0 if ports.is_empty() => return None,
        0 => offered.start_port,
        port => ports.contains(&port).then_some(port)?,
    };
    let prefix = (0..=address::width(start))
        .find(|bits| address::first(start, *bits) == start && address::last(start, *bits) <= end)?;
    Some(Selector {
        network: start,
        prefix,
        protocol,
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn range(a: [u8; 4], b: [u8; 4], protocol: u8, ports: (u16, u16)) -> TrafficSelector {
        TrafficSelector {
            ty: TsType::IPV4_ADDR_RANGE,
            protocol,
            start_port: ports.0,
            end_port: ports.1,
            range: AddressRange::V4(a.into(), b.into()),
        }
    }

    fn list(selectors: Vec<TrafficSelector>) -> TrafficSelectors {
        TrafficSelectors::new(selectors)
    }

    fn net(a: [u8; 4], prefix: u8, protocol: u8, port: u16) -> Selector {
        Selector {
            network: Ipv4Addr::from(a).into(),
            prefix,
            protocol,
            port,
        }
    }

    const ALL: (u16, u16) = (0, u16::MAX);

    /// W-073: GRE is protocol 47 between single addresses, all ports; a VTI is everything.
    #[test]
    fn gre_and_vti_selectors_are_those_of_ios() {
        let gre = to_wire(&Selector::gre(Ipv4Addr::new(192, 168, 0, 1).into()));
        assert_eq!(
            gre.selectors,
            [range([192, 168, 0, 1], [192, 168, 0, 1], 47, ALL)]
        );
        let vti = to_wire(&Selector::ANY_V4);
        assert_eq!(vti.selectors, [range([0; 4], [255; 4], 0, ALL)]);
    }

    /// RFC 7296 2.9, H11: the answer is inside both the offer and the policy.
    #[test]
    fn an_offer_is_narrowed_to_the_policy_and_never_beyond() {
        let own = net([10, 1, 0, 0], 16, 0, 0);
        let cases = [
            (vec![range([0; 4], [255; 4], 0, ALL)], Some(own)),
            (
                vec![range([10, 1, 2, 0], [10, 1, 2, 255], 0, ALL)],
                Some(net([10, 1, 2, 0], 24, 0, 0)),
            ),
            (
                vec![range([10, 0, 0, 0], [10, 1, 0, 255], 0, ALL)],
                Some(net([10, 1, 0, 0], 24, 0, 0)),
            ),
            (
                vec![range([10, 1, 0, 5], [10, 1, 0, 9], 6, (80, 90))],
                Some(net([10, 1, 0, 5], 32, 6, 80)),
            ),
            (vec![range([10, 2, 0, 0], [10, 2, 0, 255], 0, ALL)], None),
            (vec![range([10, 1, 9, 9], [10, 1, 1, 1], 0, ALL)], None),
            (
                vec![
                    range([10, 1, 0, 7], [10, 1, 0, 7], 17, (5, 5)),
                    range([10, 1, 0, 0], [10, 1, 255, 255], 0, ALL),
                ],
                Some(own),
            ),
        ];
        for (offer, expected) in cases {
            assert_eq!(narrow(&own, &list(offer.clone())), expected, "{offer:?}");
        }
    }

    #[test]
    fn a_policy_for_one_protocol_and_port_takes_no_other() {
        let own = net([10, 1, 0, 1], 32, 17, 1701);
        let offer =
            |protocol, ports| list(vec![range([10, 1, 0, 1], [10, 1, 0, 1], protocol, ports)]);
        assert_eq!(narrow(&own, &offer(0, ALL)), Some(own));
        assert_eq!(narrow(&own, &offer(17, (1700, 1702))), Some(own));
        assert_eq!(narrow(&own, &offer(6, ALL)), None);
        assert_eq!(narrow(&own, &offer(17, (1, 1000))), None);
        // OPAQUE ports (RFC 7296 3.13.1) fit no policy of ours.
        assert_eq!(
            narrow(&net([10, 1, 0, 1], 32, 17, 0), &offer(17, (u16::MAX, 0))),
            None
        );
    }

    /// S-093: what was received, what is here, and the nearest.
    #[test]
    fn refused_selectors_are_told_beside_ours() {
        let text = "crypto ikev2 profile P\n match identity remote any\n authentication local rsa-sig\n \
                    authentication remote rsa-sig\ncrypto ipsec transform-set TS esp-aes esp-sha-hmac\n\
                    crypto ipsec profile I\n set transform-set TS\n set ikev2-profile P\n\
                    interface Ethernet0/0\n ip address 192.168.0.1 255.255.255.0\n\
                    interface Tunnel1\n tunnel source Ethernet0/0\n tunnel destination 192.168.0.2\n \
                    tunnel protection ipsec profile I\n";
        let all =
            crate::policy::protection::compile(&crate::config::parse("test.cfg", text).config);
        let ends = ([192, 168, 0, 1].into(), [192, 168, 0, 2].into());
        let ours = list(vec![range([10, 1, 0, 0], [10, 1, 0, 255], 0, ALL); 9]);
        let theirs = to_wire(&Selector::gre(ends.1));
        let refusal = for_selectors(&all, Some("P"), ends, &ours, &theirs).unwrap_err();
        assert!(!refusal.profile_did_not_match);
        assert!(
            refusal
                .decision
                .because
                .ends_with("; the nearest is Tunnel1")
        );
        let offered = ["10.1.0.0/0 - 10.1.0.255/65535"; 4].join(", ");
        assert_eq!(
            refusal.decision.candidates[0]
                .rejected
                .as_ref()
                .unwrap()
                .because,
            format!(
                "our side is 192.168.0.1/0 - 192.168.0.1/65535 here, {offered} and 5 more is proposed"
            )
        );
    }
}
