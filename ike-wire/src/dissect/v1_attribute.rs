//! IKEv1 attributes as text: the class decides the names of numbers.
use super::Lines;
use super::text::{Cut, CutText};
use crate::v1::{
    Attribute, AttributeValue, AuthMethod, ConfigAttribute, Encapsulation, EncryptionId, GroupId,
    HashId, IpsecAttribute, IpsecAuth, LifeType, OakleyAttribute, ProtocolId,
};

/// Where an attribute stands.
#[derive(Clone, Copy)]
pub(super) enum Class {
    /// Phase 1 (RFC 2409 appendix A).
    Oakley,
    /// Phase 2 (RFC 2407 4.5).
    Ipsec,
    /// Configuration mode.
    Config,
}

impl Class {
    pub(super) fn of(protocol: ProtocolId) -> Self {
        if protocol == ProtocolId::ISAKMP {
            Self::Oakley
        } else {
            Self::Ipsec
        }
    }

    fn name(self, ty: u16) -> String {
        match self {
            Self::Oakley => OakleyAttribute(ty).to_string(),
            Self::Ipsec => IpsecAttribute(ty).to_string(),
            Self::Config => ConfigAttribute(ty).to_string(),
        }
    }

    fn value_name(self, ty: u16, value: u16) -> Option<&'static str> {
        match self {
            Self::Oakley => oakley_value(OakleyAttribute(ty), value),
            Self::Ipsec => ipsec_value(IpsecAttribute(ty), value),
            Self::Config => None,
        }
    }
}

pub(super) fn put(attribute: &Attribute, class: Class, level: usize, out: &mut Lines) {
    let (ty, name) = (attribute.ty, class.name(attribute.ty));
    match &attribute.value {
        AttributeValue::Short(value) => match class.value_name(ty, *value) {
            Some(text) => out.line(level, format_args!("{name} ({ty}): {text} ({value})")),
            None => out.line(level, format_args!("{name} ({ty}): {value}")),
        },
        AttributeValue::Long(octets) => put_long(attribute, &name, octets, level, out),
    }
}

fn put_long(attribute: &Attribute, name: &str, octets: &[u8], level: usize, out: &mut Lines) {
    let ty = attribute.ty;
    match attribute.as_u64() {
        // A password has no place in a log.
        _ if ty == ConfigAttribute::XAUTH_USER_PASSWORD.0 => {
            out.line(
                level,
                format_args!("{name} ({ty}): {} octets, not shown", octets.len()),
            );
        }
        _ if ty == ConfigAttribute::APPLICATION_VERSION.0
            || ty >= ConfigAttribute::XAUTH_TYPE.0 =>
        {
            out.line(level, format_args!("{name} ({ty}): {}", CutText(octets)));
        }
        Some(number) => out.line(level, format_args!("{name} ({ty}): {number}")),
        None => out.line(level, format_args!("{name} ({ty}): {}", Cut(octets))),
    }
}

fn oakley_value(ty: OakleyAttribute, value: u16) -> Option<&'static str> {
    match ty {
        OakleyAttribute::ENCRYPTION => EncryptionId(value).name(),
        OakleyAttribute::HASH => HashId(value).name(),
        OakleyAttribute::AUTHENTICATION => AuthMethod(value).name(),
        OakleyAttribute::GROUP => GroupId(value).name(),
        OakleyAttribute::LIFE_TYPE => LifeType(value).name(),
        _ => None,
    }
}

fn ipsec_value(ty: IpsecAttribute, value: u16) -> Option<&'static str> {
    match ty {
        IpsecAttribute::LIFE_TYPE => LifeType(value).name(),
        IpsecAttribute::GROUP => GroupId(value).name(),
        IpsecAttribute::ENCAPSULATION => Encapsulation(value).name(),
        IpsecAttribute::AUTHENTICATION => IpsecAuth(value).name(),
        _ => None,
    }
}
