//! Phase 1 identities: what we present and what a peer claims.

use std::fmt;
use std::net::Ipv4Addr;

use ike_pki::Name;
use ike_wire::v1::{IdType, Identification};

use crate::config::{IsakmpProfile, RunningConfig, SelfIdentity};

/// An identity as a value (RFC 2407 4.6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// ID_IPV4_ADDR.
    Ipv4(Ipv4Addr),
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
    /// Reads a peer's ID payload. Text that is not UTF-8 or holds control characters is kept
    /// as octets, so that it matches no profile (E13).
    #[must_use]
    pub fn from_wire(id: &Identification) -> Self {
        let data = &id.data;
        match id.id_type {
            IdType::IPV4_ADDR => match <[u8; 4]>::try_from(&data[..]) {
                Ok(octets) => Self::Ipv4(octets.into()),
                Err(_) => Self::Other(id.id_type.0, data.to_vec()),
            },
            IdType::FQDN => {
                text(data).map_or_else(|| Self::Other(id.id_type.0, data.to_vec()), Self::Fqdn)
            }
            IdType::USER_FQDN => {
                text(data).map_or_else(|| Self::Other(id.id_type.0, data.to_vec()), Self::UserFqdn)
            }
            IdType::DER_ASN1_DN => match Name::from_der(data) {
                Ok(name) => Self::Dn(name),
                Err(_) => Self::Other(id.id_type.0, data.to_vec()),
            },
            IdType::KEY_ID => Self::KeyId(data.to_vec()),
            other => Self::Other(other.0, data.to_vec()),
        }
    }

    /// The ID payload that carries this identity (S-042: protocol 17, port 500; W-046: port 0
    /// behind NAT).
    #[must_use]
    pub fn to_wire(&self, port: u16) -> Identification {
        let (id_type, data) = match self {
            Self::Ipv4(a) => (IdType::IPV4_ADDR, a.octets().to_vec()),
            Self::Fqdn(s) => (IdType::FQDN, s.clone().into_bytes()),
            Self::UserFqdn(s) => (IdType::USER_FQDN, s.clone().into_bytes()),
            Self::Dn(n) => (IdType::DER_ASN1_DN, n.der().to_vec()),
            Self::KeyId(k) => (IdType::KEY_ID, k.clone()),
            Self::Other(t, d) => (IdType(*t), d.clone()),
        };
        Identification {
            id_type,
            protocol: 17,
            port,
            data: data.into(),
        }
    }

    /// The ISAKMP type number.
    #[must_use]
    pub fn type_number(&self) -> u8 {
        match self {
            Self::Ipv4(_) => IdType::IPV4_ADDR.0,
            Self::Fqdn(_) => IdType::FQDN.0,
            Self::UserFqdn(_) => IdType::USER_FQDN.0,
            Self::Dn(_) => IdType::DER_ASN1_DN.0,
            Self::KeyId(_) => IdType::KEY_ID.0,
            Self::Other(t, _) => *t,
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipv4(a) => write!(f, "{a}"),
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
    local: Ipv4Addr,
    subject: Option<&Name>,
) -> Identity {
    let which = profile
        .and_then(|p| p.self_identity.as_ref())
        .unwrap_or(&config.isakmp.identity);
    match which {
        SelfIdentity::Address => Identity::Ipv4(local),
        SelfIdentity::Fqdn => Identity::Fqdn(config.fqdn()),
        SelfIdentity::UserFqdn(user) => Identity::UserFqdn(user.clone()),
        SelfIdentity::KeyId(id) => Identity::KeyId(id.clone().into_bytes()),
        SelfIdentity::Dn => subject.map_or(Identity::Ipv4(local), |n| Identity::Dn(n.clone())),
    }
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
