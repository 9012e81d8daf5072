//! Identities and statements about them in the words of swanctl.conf(5).

use std::fmt::Write;
use std::net::IpAddr;

use ike_core::config::{Ikev2Match, MatchIdentity};
use ike_core::policy::identity::Identity;

/// What fits every identity.
pub(super) const ANY: &str = "%any";

/// An identity with its type before it, so that nothing is guessed; `None` for a type that charon
/// cannot be told.
pub(super) fn text(identity: &Identity) -> Option<String> {
    Some(match identity {
        Identity::Ipv4(address) => address.to_string(),
        Identity::Ipv6(address) => address.to_string(),
        Identity::Fqdn(name) => format!("fqdn:{name}"),
        Identity::UserFqdn(name) => format!("rfc822:{name}"),
        Identity::Dn(name) => format!("asn1dn:#{}", hex(name.der())),
        Identity::KeyId(octets) => format!("keyid:#{}", hex(octets)),
        Identity::Other(..) => return None,
    })
}

/// A `match identity` of IKEv1 (G-032).
pub(super) fn of_isakmp(statement: &MatchIdentity) -> String {
    match statement {
        MatchIdentity::Address(network, bits) => network_text(*network, *bits),
        MatchIdentity::Host(name) => format!("fqdn:{name}"),
        MatchIdentity::HostDomain(domain) => format!("fqdn:*.{}", bare(domain)),
        MatchIdentity::User(user) => format!("rfc822:{user}"),
        MatchIdentity::UserDomain(domain) => format!("rfc822:*@{}", bare(domain)),
        MatchIdentity::Group(name) => format!("keyid:#{}", hex(name.as_bytes())),
    }
}

/// A `match identity remote` of IKEv2 (G-043).
pub(super) fn of_ikev2(statement: &Ikev2Match) -> String {
    match statement {
        Ikev2Match::Address(network, bits) => network_text(*network, *bits),
        Ikev2Match::Fqdn(name) => format!("fqdn:{name}"),
        Ikev2Match::FqdnDomain(domain) => format!("fqdn:*.{}", bare(domain)),
        Ikev2Match::Email(name) => format!("rfc822:{name}"),
        Ikev2Match::EmailDomain(domain) => format!("rfc822:*@{}", bare(domain)),
        Ikev2Match::KeyId(id) => format!("keyid:#{}", hex(id.as_bytes())),
        Ikev2Match::Any => ANY.to_owned(),
    }
}

/// One address, or a network of them. Without a type before it: charon 5.9.8 takes what follows
/// `ipv4net:` for octets.
fn network_text(network: IpAddr, bits: u8) -> String {
    match network {
        IpAddr::V4(_) if network.is_unspecified() => "0.0.0.0/0".to_owned(),
        IpAddr::V4(_) if bits < 32 => format!("{network}/{bits}"),
        IpAddr::V6(_) if bits < 128 => format!("{network}/{bits}"),
        _ => network.to_string(),
    }
}

fn bare(domain: &str) -> &str {
    domain.trim_start_matches(['.', '@'])
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        // Writing into a String does not fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_become_patterns() {
        let address = |a: [u8; 4], bits| of_ikev2(&Ikev2Match::Address(a.into(), bits));
        assert_eq!(address([192, 168, 0, 1], 32), "192.168.0.1");
        assert_eq!(address([192, 168, 0, 0], 16), "192.168.0.0/16");
        assert_eq!(address([0, 0, 0, 0], 0), "0.0.0.0/0");
        let domain = MatchIdentity::HostDomain(".cisco.com".into());
        assert_eq!(of_isakmp(&domain), "fqdn:*.cisco.com");
        assert_eq!(of_isakmp(&MatchIdentity::Group("G".into())), "keyid:#47");
        assert_eq!(text(&Identity::Other(77, vec![1])), None);
    }
}
