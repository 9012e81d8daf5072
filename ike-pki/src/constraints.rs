//! Name constraints (RFC 5280 4.2.1.10 and 6.1.3 (b), (c); E9) for directory
//! names, DNS names, addresses, mail addresses and URIs.

use crate::{
    certificate::Certificate, extensions::NameConstraints, general_name::GeneralName, oid,
    refusal::Refusal,
};

/// Comparisons spent on one path before it is refused (B13).
const BUDGET: usize = 100_000;

/// The constraints of the CAs of a path so far.
#[derive(Default)]
pub(crate) struct Constraints<'a> {
    all: Vec<&'a NameConstraints>,
    spent: usize,
}

impl<'a> Constraints<'a> {
    /// Adds those of a CA certificate, if it has any.
    pub(crate) fn add(&mut self, ca: &'a Certificate) {
        self.all.extend(&ca.extensions.name_constraints);
    }

    /// Checks every name of `certificate` against all of them.
    pub(crate) fn check(&mut self, certificate: &Certificate) -> Result<(), Refusal> {
        if self.all.is_empty() {
            return Ok(());
        }
        for name in &names(certificate) {
            for index in 0..self.all.len() {
                self.check_one(index, name)?;
            }
        }
        Ok(())
    }

    fn check_one(&mut self, index: usize, name: &GeneralName) -> Result<(), Refusal> {
        let Some(constraints) = self.all.get(index) else {
            return Ok(());
        };
        self.spent += constraints.permitted.len() + constraints.excluded.len() + 1;
        if self.spent > BUDGET {
            return Err(Refusal::TooMuchWork);
        }
        let mut permitted = constraints
            .permitted
            .iter()
            .filter(|base| same_kind(base, name));
        let outside = match permitted.next() {
            None => false,
            Some(first) => !within(name, first) && !permitted.any(|base| within(name, base)),
        };
        let mut excluded = constraints
            .excluded
            .iter()
            .filter(|base| same_kind(base, name));
        match outside
            || excluded.any(|base| within(name, base) || unsure(name) || covers(name, base))
        {
            true => Err(Refusal::NameConstraint(text(name))),
            false => Ok(()),
        }
    }
}

/// Subject (unless empty), subjectAltName, and the mail addresses of the
/// subject when subjectAltName has none.
fn names(certificate: &Certificate) -> Vec<GeneralName> {
    let mut names = certificate.extensions.alt_names.clone();
    if !names
        .iter()
        .any(|name| matches!(name, GeneralName::Email(_)))
    {
        let subject = certificate.subject().attributes(oid::EMAIL);
        names.extend(subject.into_iter().map(GeneralName::Email));
    }
    if !certificate.subject().is_empty() {
        names.push(GeneralName::Directory(certificate.subject().clone()));
    }
    names
}

fn same_kind(base: &GeneralName, name: &GeneralName) -> bool {
    match (base, name) {
        (GeneralName::Other(a), GeneralName::Other(b)) => a == b,
        _ => std::mem::discriminant(base) == std::mem::discriminant(name),
    }
}

/// Kinds that are not compared count as inside every excluded subtree, and
/// outside every permitted one.
fn unsure(name: &GeneralName) -> bool {
    matches!(name, GeneralName::Other(_))
}

/// A wildcard stands for names that may be excluded though it is not.
fn covers(name: &GeneralName, base: &GeneralName) -> bool {
    match (name, base) {
        (GeneralName::Dns(name), GeneralName::Dns(base)) => name
            .strip_prefix("*.")
            .is_some_and(|domain| ends_with_labels(base, domain)),
        _ => false,
    }
}

fn within(name: &GeneralName, base: &GeneralName) -> bool {
    match (name, base) {
        (GeneralName::Directory(name), GeneralName::Directory(base)) => name.is_within(base),
        (GeneralName::Dns(name), GeneralName::Dns(base)) => dns_within(name, base),
        (GeneralName::Ip(name), GeneralName::Ip(base)) => ip_within(name, base),
        (GeneralName::Email(name), GeneralName::Email(base)) => email_within(name, base),
        (GeneralName::Uri(name), GeneralName::Uri(base)) => {
            host(name).is_some_and(|host| host_within(host, base))
        }
        _ => false,
    }
}

/// A host is within itself and every domain above it, on label borders (E15).
fn dns_within(name: &str, base: &str) -> bool {
    let base = base.strip_prefix('.').unwrap_or(base);
    base.is_empty() || ends_with_labels(name, base)
}

fn ends_with_labels(name: &str, base: &str) -> bool {
    let Some(start) = name.len().checked_sub(base.len()) else {
        return false;
    };
    let (Some(head), Some(tail)) = (name.get(..start), name.get(start..)) else {
        return false;
    };
    tail.eq_ignore_ascii_case(base) && (head.is_empty() || head.ends_with('.'))
}

/// A base with a leading dot means hosts below it, one without means that
/// host.
fn host_within(host: &str, base: &str) -> bool {
    match base.strip_prefix('.') {
        Some(domain) => host.len() > domain.len() && ends_with_labels(host, domain),
        None => host.eq_ignore_ascii_case(base),
    }
}

fn email_within(name: &str, base: &str) -> bool {
    let Some((local, host)) = name.rsplit_once('@') else {
        return false;
    };
    match base.rsplit_once('@') {
        Some((base_local, base_host)) => {
            local == base_local && host.eq_ignore_ascii_case(base_host)
        }
        None => host_within(host, base),
    }
}

/// The host of a URI with authority part, if it is a name.
fn host(uri: &str) -> Option<&str> {
    let authority = uri.split_once("://")?.1.split(['/', '?', '#']).next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    (!host.is_empty() && !host.starts_with('[')).then_some(host)
}

/// `base` is an address and a mask of the same length.
fn ip_within(address: &[u8], base: &[u8]) -> bool {
    let (network, mask) = base.split_at(base.len() / 2);
    address.len() == network.len()
        && address
            .iter()
            .zip(network)
            .zip(mask)
            .all(|((a, n), m)| a & m == n & m)
}

fn text(name: &GeneralName) -> String {
    match name {
        GeneralName::Directory(name) => name.to_string(),
        GeneralName::Email(text) | GeneralName::Dns(text) | GeneralName::Uri(text) => {
            text.escape_default().to_string()
        }
        GeneralName::Ip(octets) => octets
            .iter()
            .map(u8::to_string)
            .collect::<Vec<_>>()
            .join("."),
        GeneralName::Other(tag) => format!("of type {}", tag & 0x1f),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_match_on_label_borders_only() {
        assert!(dns_within("r1.cisco.com", "cisco.com"));
        assert!(dns_within("CISCO.com", "cisco.com"));
        assert!(!dns_within("evilcisco.com", "cisco.com"));
        assert!(dns_within("x", ""));
        assert!(host_within("r1.cisco.com", ".cisco.com"));
        assert!(!host_within("cisco.com", ".cisco.com"));
        assert!(email_within("a@b.com", "b.com") && !email_within("a@x.b.com", "b.com"));
        assert!(email_within("a@B.com", "a@b.com") && !email_within("A@b.com", "a@b.com"));
        assert_eq!(host("http://u@h.example:80/x"), Some("h.example"));
    }

    #[test]
    fn addresses_match_under_their_mask() {
        let base = [192, 168, 0, 0, 255, 255, 0, 0];
        assert!(ip_within(&[192, 168, 7, 9], &base));
        assert!(!ip_within(&[192, 169, 7, 9], &base));
        assert!(!ip_within(&[0; 16], &base));
    }
}
