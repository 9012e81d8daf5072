//! What a peer is told when it asks for its configuration (RFC 7296 2.19, 3.15; W-070, S-073).

use std::net::IpAddr;

use ike_wire::v2::{ConfigAttribute, ConfigAttributeType as A, Configuration};

use crate::config::{
    Ikev2AuthorizationBy, Ikev2AuthorizationPolicy, Ikev2Profile, IpPool, RunningConfig,
};
use crate::policy::address;

/// The policy for a peer of a profile: that of `aaa authorization group`, if the peer proved itself by the
/// method named there. `certificate`: it did so with a certificate.
#[must_use]
pub fn policy<'a>(
    config: &'a RunningConfig,
    profile: &Ikev2Profile,
    certificate: bool,
) -> Option<&'a Ikev2AuthorizationPolicy> {
    let by = match certificate {
        true => Ikev2AuthorizationBy::Certificate,
        false => Ikev2AuthorizationBy::PreShare,
    };
    let name = profile.authorization_policy.as_deref();
    config.ikev2_authorization_policy(name.filter(|_| profile.authorization_by == by)?)
}

/// The pools of the address families that a request asks for, each with the address it would like: none, or
/// the one it had before (RFC 7296 3.15.1).
#[must_use]
pub fn pools<'a>(
    config: &'a RunningConfig,
    policy: &Ikev2AuthorizationPolicy,
    request: &Configuration,
) -> Vec<(&'a IpPool, Option<IpAddr>)> {
    let families = [
        (A::INTERNAL_IP4_ADDRESS, policy.pool.as_deref(), true),
        (A::INTERNAL_IP6_ADDRESS, policy.ipv6_pool.as_deref(), false),
    ];
    let wanted = |(ty, name, v4): (A, Option<&str>, bool)| {
        let asked = request.attribute(ty)?;
        let mut pools = config.ip_pools.iter();
        let pool = pools
            .find(|pool| matches!(pool, IpPool::V4 { .. }) == v4 && Some(pool.name()) == name)?;
        Some((pool, read_address(&asked.value)))
    };
    families.into_iter().filter_map(wanted).collect()
}

/// Four octets, or sixteen with or without a prefix length.
fn read_address(value: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(value) {
        return Some(IpAddr::from(octets));
    }
    let octets: [u8; 16] = value.get(..16)?.try_into().ok()?;
    (value.len() <= 17).then_some(IpAddr::from(octets))
}

/// The answer to a request: what is configured of what is asked, in the order asked, and the leased
/// addresses, each with the length of its prefix. Attributes that are not known are passed over
/// (RFC 7296 3.15.1). Empty: there is nothing to say, and nothing is said (S-073).
#[must_use]
pub fn answer(
    policy: &Ikev2AuthorizationPolicy,
    request: &Configuration,
    leased: &[(IpAddr, u8)],
) -> Vec<ConfigAttribute> {
    let mut seen: Vec<A> = Vec::new();
    let mut out = Vec::new();
    for asked in &request.attributes {
        let ty = asked.attribute_type();
        if !seen.contains(&ty) {
            seen.push(ty);
            out.extend(attributes(policy, ty, leased));
        }
    }
    out
}

fn attributes(
    policy: &Ikev2AuthorizationPolicy,
    ty: A,
    leased: &[(IpAddr, u8)],
) -> Vec<ConfigAttribute> {
    let one = |value: Vec<u8>| ConfigAttribute::new(ty, value);
    let text = |text: &Option<String>| text.iter().map(|t| one(t.clone().into_bytes())).collect();
    let (v4, v6) = (IpAddr::is_ipv4 as fn(&IpAddr) -> bool, IpAddr::is_ipv6);
    let dns = |family: fn(&IpAddr) -> bool| {
        let servers = policy.dns.iter().filter(|a| family(a));
        servers.map(|a| one(octets(*a))).collect()
    };
    let subnets = |family: fn(&IpAddr) -> bool| {
        let routes = policy.routes.iter().filter(|(a, _)| family(a));
        routes.map(|(a, bits)| one(subnet(*a, *bits))).collect()
    };
    match ty {
        A::INTERNAL_IP4_ADDRESS => {
            let own = leased.iter().filter(|(a, _)| v4(a));
            let netmask = |m: &std::net::Ipv4Addr| {
                ConfigAttribute::new(A::INTERNAL_IP4_NETMASK, m.octets().to_vec())
            };
            own.flat_map(|(a, _)| {
                let mask = policy.netmask.iter().map(netmask);
                std::iter::once(one(octets(*a))).chain(mask)
            })
            .collect()
        }
        A::INTERNAL_IP6_ADDRESS => {
            let own = leased.iter().filter(|(a, _)| v6(a));
            own.map(|(a, bits)| one([octets(*a), vec![*bits]].concat()))
                .collect()
        }
        A::INTERNAL_IP4_DNS => dns(v4),
        A::INTERNAL_IP6_DNS => dns(v6),
        A::INTERNAL_IP4_SUBNET => subnets(v4),
        A::INTERNAL_IP6_SUBNET => subnets(v6),
        A::UNITY_DEF_DOMAIN => text(&policy.def_domain),
        A::UNITY_BANNER => text(&policy.banner),
        _ => Vec::new(),
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(a) => a.octets().to_vec(),
        IpAddr::V6(a) => a.octets().to_vec(),
    }
}

/// IPv4 with a mask, IPv6 with the length of the prefix (RFC 7296 3.15.1).
fn subnet(network: IpAddr, bits: u8) -> Vec<u8> {
    let length = match network {
        IpAddr::V4(_) => octets(address::mask(network, bits)),
        IpAddr::V6(_) => vec![bits],
    };
    [octets(network), length].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use ike_wire::v2::ConfigType;

    const CONFIG: &str = "crypto ikev2 authorization policy A
 pool P
 ipv6 pool P
 dns 10.0.0.53 2001:db8::53
 netmask 255.255.255.0
 def-domain cisco.com
 banner welcome all
 route set remote ipv4 10.1.0.0 255.255.0.0
 route set remote ipv6 2001:db8:1::/48
ip local pool P 10.9.0.1 10.9.0.9
ipv6 local pool P 2001:db8:9::/48 64
crypto ikev2 profile X
 aaa authorization group psk list default A
";

    fn request(asked: &[A]) -> Configuration {
        let empty = |ty: &A| ConfigAttribute::new(*ty, Vec::new());
        Configuration::new(ConfigType::REQUEST, asked.iter().map(empty).collect())
    }

    fn told(asked: &[A], leased: &[(IpAddr, u8)]) -> Vec<(A, Vec<u8>)> {
        let config = parse("test.cfg", CONFIG).config;
        let policy = &config.ikev2_authorization_policies[0];
        answer(policy, &request(asked), leased)
            .into_iter()
            .map(|a| (a.attribute_type(), a.value.to_vec()))
            .collect()
    }

    /// RFC 7296 3.15.1: what is asked and configured, in the order asked, once.
    #[test]
    fn what_is_asked_is_told() {
        let v4: IpAddr = [10, 9, 0, 1].into();
        let asked = [
            A::UNITY_BANNER,
            A::UNITY_SPLIT_DNS,
            A(0x7abc),
            A::INTERNAL_IP4_ADDRESS,
            A::INTERNAL_IP4_DNS,
            A::INTERNAL_IP4_SUBNET,
            A::UNITY_BANNER,
            A::UNITY_DEF_DOMAIN,
        ];
        assert_eq!(
            told(&asked, &[(v4, 32)]),
            [
                (A::UNITY_BANNER, b"welcome all".to_vec()),
                (A::INTERNAL_IP4_ADDRESS, vec![10, 9, 0, 1]),
                (A::INTERNAL_IP4_NETMASK, vec![255, 255, 255, 0]),
                (A::INTERNAL_IP4_DNS, vec![10, 0, 0, 53]),
                (A::INTERNAL_IP4_SUBNET, vec![10, 1, 0, 0, 255, 255, 0, 0]),
                (A::UNITY_DEF_DOMAIN, b"cisco.com".to_vec()),
            ]
        );
        assert_eq!(
            told(&[A::APPLICATION_VERSION, A::INTERNAL_IP4_ADDRESS], &[]),
            []
        );
    }

    /// RFC 7296 3.15.1: IPv6 addresses and subnets carry the length of their prefix.
    #[test]
    fn ipv6_goes_with_its_prefix_length() {
        let v6: IpAddr = "2001:db8:9::1".parse().unwrap();
        let asked = [
            A::INTERNAL_IP6_ADDRESS,
            A::INTERNAL_IP6_DNS,
            A::INTERNAL_IP6_SUBNET,
        ];
        let told = told(&asked, &[(v6, 64)]);
        let lengths: Vec<usize> = told.iter().map(|(_, value)| value.len()).collect();
        assert_eq!(lengths, [17, 16, 17]);
        assert_eq!((told[0].1[16], told[2].1[16]), (64, 48));
    }

    /// G-043: the policy belongs to a method of proof.
    #[test]
    fn a_policy_is_for_peers_of_one_method() {
        let config = parse("test.cfg", CONFIG).config;
        let profile = &config.ikev2_profiles[0];
        assert!(policy(&config, profile, false).is_some());
        assert!(policy(&config, profile, true).is_none());
        let none = Ikev2Profile::new("Y");
        assert!(policy(&config, &none, true).is_none());
    }

    /// RFC 7296 3.15.1: a wanted address is a wish; its value may be of any length (A8).
    #[test]
    fn each_family_has_its_pool_and_its_wish() {
        let config = parse("test.cfg", CONFIG).config;
        let policy = &config.ikev2_authorization_policies[0];
        let ask = |ty, value: &[u8]| {
            let attributes = vec![ConfigAttribute::new(ty, value.to_vec())];
            let request = Configuration::new(ConfigType::REQUEST, attributes);
            let found = pools(&config, policy, &request);
            found.into_iter().map(|(_, wish)| wish).collect::<Vec<_>>()
        };
        let v4: IpAddr = [10, 9, 0, 5].into();
        assert_eq!(ask(A::INTERNAL_IP4_ADDRESS, &[10, 9, 0, 5]), [Some(v4)]);
        for odd in [&[][..], &[1], &[0; 15], &[0; 18]] {
            assert_eq!(ask(A::INTERNAL_IP4_ADDRESS, odd), [None]);
        }
        assert!(ask(A::INTERNAL_IP6_ADDRESS, &[0; 17])[0].is_some());
        assert_eq!(ask(A::INTERNAL_IP4_DNS, &[]), []);
    }
}
