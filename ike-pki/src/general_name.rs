//! GeneralName (RFC 5280 4.2.1.6): the names of alternative names, name
//! constraints and distribution points.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    der::{Reader, Result, Tlv, tag},
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

/// One element as GeneralName.
pub(crate) fn general_name(tlv: &Tlv<'_>) -> Result<GeneralName> {
    const DIRECTORY: u8 = tag::constructed(4);
    Ok(match tlv.tag {
        0x81 => GeneralName::Email(ia5(tlv)?),
        0x82 => GeneralName::Dns(ia5(tlv)?),
        0x86 => GeneralName::Uri(ia5(tlv)?),
        0x87 => match tlv.content.len() {
            4 | 8 | 16 | 32 => GeneralName::Ip(tlv.content.to_vec()),
            _ => return Err(tlv.error("an address of 4 or 16 octets")),
        },
        DIRECTORY => {
            GeneralName::Directory(Name::from_der(tlv.content).map_err(|_| tlv.error("a Name"))?)
        }
        0x88 | 0xa0 | 0xa3 | 0xa5 => GeneralName::Other(tlv.tag),
        _ => return Err(tlv.error("a GeneralName")),
    })
}

fn ia5(tlv: &Tlv<'_>) -> Result<String> {
    match std::str::from_utf8(tlv.content) {
        Ok(text) if text.is_ascii() => Ok(text.to_owned()),
        _ => Err(tlv.error("an IA5String")),
    }
}
