//! GeneralName (RFC 5280 4.2.1.6): the names of alternative names, name
//! constraints and distribution points.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use x509_parser::{extensions::GeneralName as Read, prelude::FromDer};

use crate::{
    der::{Reader, Result, Tlv},
    name::Name,
};

/// One GeneralName; kinds this crate does not compare keep only their tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GeneralName {
    Email(String),
    Dns(String),
    Uri(String),
    Directory(Name),
    /// 4 or 16 octets in a name, 8 or 32 in a constraint.
    Ip(Vec<u8>),
    Other(u8),
}

impl GeneralName {
    /// The address, for a name (not a constraint).
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        let Self::Ip(octets) = self else { return None };
        let v4 = <[u8; 4]>::try_from(octets.as_slice())
            .map(Ipv4Addr::from)
            .map(IpAddr::V4);
        v4.or_else(|_| {
            <[u8; 16]>::try_from(octets.as_slice())
                .map(Ipv6Addr::from)
                .map(IpAddr::V6)
        })
        .ok()
    }
}

/// A SEQUENCE OF GeneralName's content: at least one.
pub(crate) fn general_names(mut names: Reader<'_>) -> Result<Vec<GeneralName>> {
    let mut out = vec![general_name(&names.any()?)?];
    while !names.is_empty() {
        out.push(general_name(&names.any()?)?);
    }
    Ok(out)
}

/// One element as GeneralName. The library looks neither at the constructed
/// bit nor at the alphabet nor at the length of an address.
pub(crate) fn general_name(tlv: &Tlv<'_>) -> Result<GeneralName> {
    let bad = || tlv.error("a GeneralName");
    if !matches!(tlv.tag, 0x81 | 0x82 | 0x86..=0x88 | 0xa0 | 0xa3..=0xa5) {
        return Err(bad());
    }
    let (_, name) = Read::from_der(tlv.raw).map_err(|_| bad())?;
    let ia5 = |text: &str| match text.is_ascii() {
        true => Ok(text.to_owned()),
        false => Err(tlv.error("an IA5String")),
    };
    Ok(match name {
        Read::RFC822Name(text) => GeneralName::Email(ia5(text)?),
        Read::DNSName(text) => GeneralName::Dns(ia5(text)?),
        Read::URI(text) => GeneralName::Uri(ia5(text)?),
        Read::IPAddress(octets) => match octets.len() {
            4 | 8 | 16 | 32 => GeneralName::Ip(octets.to_vec()),
            _ => return Err(tlv.error("an address of 4 or 16 octets")),
        },
        Read::DirectoryName(name) => {
            GeneralName::Directory(Name::from_der(name.as_raw()).map_err(|_| tlv.error("a Name"))?)
        }
        Read::Invalid(..) => return Err(bad()),
        _ => GeneralName::Other(tlv.tag),
    })
}
