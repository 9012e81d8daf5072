//! Phase 1 identities: what we present and what a peer claims.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ike_pki::{Certificate, Name};
use ike_wire::v1::{IdType, Identification};

use super::Decision;
use crate::config::{IsakmpProfile, RunningConfig, SelfIdentity};

/// An identity as a value (RFC 2407 4.6.2, RFC 7296 3.5: the numbers of the types are the same).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// ID_IPV4_ADDR.
    Ipv4(Ipv4Addr),
    /// ID_IPV6_ADDR.
    Ipv6(Ipv6Addr),
    /// ID_FQDN.
    Fqdn(String),
    /// ID_USER_FQDN.
    UserFqdn(String),
    /// ID_DER_ASN1_DN.
    Dn(Name),
    /// ID_KEY_ID.
    KeyId(Vec<u8>),
    /// Any other type: its number and octets.
    Other(u8, Vec<u8>),
}

impl Identity {
    /// Reads the type and the data of a peer's ID payload. Text that is not UTF-8 or holds
    /// control characters is kept as octets, so that it matches no profile (E13); so is data
    /// that does not fit its type.
    #[must_use]
    pub fn from_parts(id_type: u8, data: &[u8]) -> Self {
        let read = match IdType(id_type) {
            IdType::IPV4_ADDR => <[u8; 4]>::try_from(data).ok().map(|a| Self::Ipv4(a.into())),
            IdType::IPV6_ADDR => <[u8; 16]>::try_from(data)
                .ok()
                .map(|a| Self::Ipv6(a.into())),
            IdType::FQDN => text(data).map(Self::Fqdn),
            IdType::USER_FQDN => text(data).map(Self::UserFqdn),
            IdType::DER_ASN1_DN => Name::from_der(data).ok().map(Self::Dn),
            IdType::KEY_ID => Some(Self::KeyId(data.to_vec())),
            _ => None,
        };
        read.unwrap_or_else(|| Self::Other(id_type, data.to_vec()))
    }

    /// The type number and the data of the ID payload that carries this identity.
    #[must_use]
    pub fn to_parts(&self) -> (u8, Vec<u8>) {
        let data = match self {
            Self::Ipv4(a) => a.octets().to_vec(),
            Self::Ipv6(a) => a.octets().to_vec(),
            Self::Fqdn(s) | Self::UserFqdn(s) => s.clone().into_bytes(),
            Self::Dn(n) => n.der().to_vec(),
            Self::KeyId(k) | Self::Other(_, k) => k.clone(),
        };
        (self.type_number(), data)
    }

    /// Reads a peer's ID payload of IKEv1 with [`from_parts`](Self::from_parts).
    #[must_use]
    pub fn from_wire(id: &Identification) -> Self {
        Self::from_parts(id.id_type.0, &id.data)
    }

    /// The ID payload that carries this identity (S-042: protocol 17, port 500; W-046: port 0
    /// behind NAT).
    #[must_use]
    pub fn to_wire(&self, port: u16) -> Identification {
        let (id_type, data) = self.to_parts();
        Identification::new(IdType(id_type), 17, port, data)
    }

    /// The type number.
    #[must_use]
    pub fn type_number(&self) -> u8 {
        match self {
            Self::Ipv4(_) => IdType::IPV4_ADDR.0,
            Self::Ipv6(_) => IdType::IPV6_ADDR.0,
            Self::Fqdn(_) => IdType::FQDN.0,
            Self::UserFqdn(_) => IdType::USER_FQDN.0,
            Self::Dn(_) => IdType::DER_ASN1_DN.0,
            Self::KeyId(_) => IdType::KEY_ID.0,
            Self::Other(t, _) => *t,
        }
    }
}

impl From<IpAddr> for Identity {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(a) => Self::Ipv4(a),
            IpAddr::V6(a) => Self::Ipv6(a),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipv4(a) => write!(f, "{a}"),
            Self::Ipv6(a) => write!(f, "{a}"),
            Self::Fqdn(s) | Self::UserFqdn(s) => f.write_str(s),
            Self::Dn(n) => write!(f, "{n}"),
            Self::KeyId(k) | Self::Other(_, k) => write!(f, "{}", k.escape_ascii()),
        }
    }
}

/// What this router presents (G-024, S-042): the profile's `self-identity`, else the global
/// `crypto isakmp identity`. `subject` is the signing certificate's subject, for `dn`.
#[must_use]
pub fn to_present(
    config: &RunningConfig,
    profile: Option<&IsakmpProfile>,
    local: IpAddr,
    subject: Option<&Name>,
) -> Identity {
    let which = profile
        .and_then(|p| p.self_identity.as_ref())
        .unwrap_or(&config.isakmp.identity);
    match which {
        SelfIdentity::Address => local.into(),
        SelfIdentity::Fqdn => Identity::Fqdn(config.fqdn()),
        SelfIdentity::UserFqdn(user) => Identity::UserFqdn(user.clone()),
        SelfIdentity::KeyId(id) => Identity::KeyId(id.clone().into_bytes()),
        SelfIdentity::Dn => subject.map_or(local.into(), |n| Identity::Dn(n.clone())),
    }
}

/// Where an identity and a certificate disagree (O-085).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// `ADDR`, `FQDN` or `DN`.
    pub kind: &'static str,
    /// What the certificate has in its place; may be empty.
    pub found: String,
}

/// Holds an identity against the certificate that came with it. `None`: it is in there, or it is of a
/// type that no certificate carries (T-26, T-27, T-71).
#[must_use]
pub fn certificate_mismatch(identity: &Identity, leaf: &Certificate) -> Option<Mismatch> {
    let (kind, found, agrees) = match identity {
        Identity::Ipv4(address) => address_in(leaf, IpAddr::from(*address)),
        Identity::Ipv6(address) => address_in(leaf, IpAddr::from(*address)),
        Identity::Fqdn(name) => {
            let found = leaf.host_names();
            let agrees = found.iter().any(|f| f.eq_ignore_ascii_case(name));
            ("FQDN", found.first().cloned().unwrap_or_default(), agrees)
        }
        Identity::Dn(name) => {
            let subject = leaf.subject();
            ("DN", subject.to_string(), subject.matches(name))
        }
        Identity::UserFqdn(_) | Identity::KeyId(_) | Identity::Other(..) => return None,
    };
    (!agrees).then_some(Mismatch { kind, found })
}

/// What an identity that is not in the certificate was held against (O-085, U-12): it is told and not fatal.
/// `kind` is that of the [`Mismatch`].
#[must_use]
pub fn mismatch(identity: &Identity, leaf: &Certificate, kind: &str) -> Decision<()> {
    const SHOWN: usize = 8;
    let listed = |what: &str, names: Vec<String>| match names.is_empty() {
        true => format!("no {what}"),
        false => {
            let shown: Vec<String> = names.into_iter().take(SHOWN).collect();
            format!("{what} {}", shown.join(", "))
        }
    };
    let addresses = leaf.addresses().iter().map(ToString::to_string).collect();
    let because = format!(
        "the peer presents the {kind} {identity}; its certificate has the subject {}, {} and {}",
        leaf.subject(),
        listed("host name", leaf.host_names()),
        listed("address", addresses)
    );
    Decision::new((), "U-12", because)
}

fn address_in(leaf: &Certificate, claimed: IpAddr) -> (&'static str, String, bool) {
    let found = leaf.addresses();
    let text = found.first().map(ToString::to_string).unwrap_or_default();
    ("ADDR", text, found.contains(&claimed))
}

fn text(data: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(data).ok()?;
    // Control characters and those that turn the reading direction have no place in a name (J4).
    let plain = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    (!text.is_empty() && text.chars().all(plain)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2407 4.6.2, RFC 7296 3.5: each identity has one form on the wire and reads back.
    #[test]
    fn identities_read_back_from_their_type_and_data() {
        let v6: Ipv6Addr = "2001:db8::1".parse().expect("an address");
        let cases = [
            (Identity::from(IpAddr::from([192, 168, 0, 1])), 1, 4),
            (Identity::from(IpAddr::from(v6)), 5, 16),
            (Identity::Fqdn("R1.cisco.com".into()), 2, 12),
            (Identity::UserFqdn("a@cisco.com".into()), 3, 11),
            (Identity::KeyId(b"group".to_vec()), 11, 5),
            (Identity::Other(77, vec![0; 3]), 77, 3),
        ];
        for (identity, number, length) in cases {
            let (id_type, data) = identity.to_parts();
            assert_eq!((id_type, data.len()), (number, length), "{identity}");
            assert_eq!(Identity::from_parts(id_type, &data), identity);
        }
    }

    /// E13: what does not fit its type is kept as octets and so matches nothing.
    #[test]
    fn data_that_does_not_fit_its_type_is_no_identity_of_that_type() {
        for (id_type, data) in [(1, &b"abc"[..]), (5, b"abcd"), (2, b"a\nb"), (9, b"\x30")] {
            let read = Identity::from_parts(id_type, data);
            assert_eq!(read, Identity::Other(id_type, data.to_vec()));
        }
    }
}
