//! What `match identity remote` and a keyring's `identity` have in common (G-042, G-043).
use std::fmt;

use crate::config::grammar::Args;
use crate::config::model::Ikev2Match;
use crate::config::value::mask;

/// The statement that starts at the first value; `None` for a line that ends before it is whole.
pub(super) fn read(args: &Args) -> Option<Ikev2Match> {
    let last = || args.values.last().cloned();
    let domain = args.get(1) == Some("domain") && args.get(2).is_some();
    Some(match (args.get(0)?, domain) {
        ("any", _) => Ikev2Match::Any,
        ("address", _) => {
            let (address, bits) = args.network(1)?;
            Ikev2Match::Address(address, bits)
        }
        (_, false) if args.get(1).is_none() => return None,
        ("fqdn", true) => Ikev2Match::FqdnDomain(last()?),
        ("fqdn", false) => Ikev2Match::Fqdn(last()?),
        ("email", true) => Ikev2Match::EmailDomain(last()?),
        ("email", false) => Ikev2Match::Email(last()?),
        _ => Ikev2Match::KeyId(last()?),
    })
}

impl fmt::Display for Ikev2Match {
    /// The words after `match identity remote` (O-022).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use std::net::IpAddr;
        match self {
            Self::Address(IpAddr::V4(address), bits) => {
                write!(f, "address {address} {}", mask(*bits))
            }
            Self::Address(IpAddr::V6(address), bits) => write!(f, "address {address}/{bits}"),
            Self::Fqdn(name) => write!(f, "fqdn {name}"),
            Self::FqdnDomain(domain) => write!(f, "fqdn domain {domain}"),
            Self::Email(address) => write!(f, "email {address}"),
            Self::EmailDomain(domain) => write!(f, "email domain {domain}"),
            Self::KeyId(id) => write!(f, "key-id {id}"),
            Self::Any => f.write_str("any"),
        }
    }
}
