//! X.501 names, kept as the DER they came in: compared, hashed and sent as
//! octets, decoded only to be shown or to be compared loosely.
//!
//! IOS prints a name with its last RDN first (W-020); `Display` does the same.

use std::{fmt, net::Ipv4Addr};

use bytes::Bytes;

use crate::{
    der::{DerError, MAX_DER, Reader, Tlv, tag},
    name_value::{canonical, readable},
    oid, writer,
};

/// The raw DER of an X.501 Name (RFC 5280 4.1.2.4). `==`, order and hash are
/// those of the exact octets; see [`Name::matches`] for the loose comparison.
/// Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Bytes);

/// One attribute of a name: content of the type's OID, value element.
#[derive(Clone, Copy)]
pub(crate) struct Attribute<'a> {
    pub(crate) oid: &'a [u8],
    pub(crate) value: Tlv<'a>,
}

impl Name {
    /// Reads a Name and nothing after it. The structure is checked, the
    /// string contents are not.
    ///
    /// # Errors
    /// Not DER, not a Name, or longer than 64 kB.
    pub fn from_der(der: impl AsRef<[u8]>) -> Result<Self, DerError> {
        let der = der.as_ref();
        let reader = Reader::new(der);
        if der.len() > MAX_DER {
            return Err(reader.error("a Name of at most 65536 octets"));
        }
        reader.check()?;
        walk(der, |_, _| ())?;
        Ok(Self(Bytes::copy_from_slice(der)))
    }

    /// A name from octets this crate wrote itself.
    pub(crate) fn written(der: Vec<u8>) -> Self {
        Self(Bytes::from(der))
    }

    /// The octets, as they came: what goes into a certificate request (S-014).
    pub fn der(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is no RDN at all.
    pub fn is_empty(&self) -> bool {
        self.rdns().is_empty()
    }

    /// One printed RDN per element, last RDN first, as `show` lists them
    /// (O-040).
    pub fn rdn_lines(&self) -> Vec<String> {
        let print = |attribute: &Attribute<'_>| {
            format!("{}={}", label(attribute.oid), readable(&attribute.value))
        };
        let line = |rdn: &Vec<Attribute<'_>>| rdn.iter().map(print).collect::<Vec<_>>().join("+");
        self.rdns().iter().rev().map(line).collect()
    }

    /// Whether both names are the same: exact DER, else the comparison of
    /// RFC 5280 7.1 — case-insensitive, blanks folded, whatever string types
    /// (W-024).
    pub fn matches(&self, other: &Self) -> bool {
        self == other || self.canonical() == other.canonical()
    }

    /// Whether this name lies in the subtree of `base`: `base` is a prefix of
    /// it, RDN by RDN (RFC 5280 4.2.1.10).
    pub fn is_within(&self, base: &Self) -> bool {
        self.canonical().starts_with(&base.canonical())
    }

    /// This name with one more RDN, given as the content of its SET.
    pub(crate) fn with_rdn(&self, rdn: &[u8]) -> Option<Self> {
        let content = Reader::new(&self.0).any().ok()?.content;
        Self::from_der(writer::sequence(&[content, &writer::tlv(tag::SET, &[rdn])])).ok()
    }

    /// The unstructuredName: a router's FQDN (W-021).
    pub fn fqdn(&self) -> Option<String> {
        self.attribute(oid::UNSTRUCTURED_NAME)
    }

    /// The unstructuredAddress, when it is an IPv4 address (W-021).
    pub fn ip(&self) -> Option<Ipv4Addr> {
        self.attribute(oid::UNSTRUCTURED_ADDRESS)?.parse().ok()
    }

    /// The serialNumber attribute: a router's chassis number (W-021).
    pub fn serial_number(&self) -> Option<String> {
        self.attribute(oid::SERIAL_NUMBER)
    }

    /// The last common name.
    pub fn common_name(&self) -> Option<String> {
        self.attribute(oid::CN)
    }

    /// The printed value of the last attribute of this type.
    pub(crate) fn attribute(&self, wanted: &[u8]) -> Option<String> {
        let rdns = self.rdns();
        let found = rdns
            .iter()
            .flatten()
            .rev()
            .find(|attribute| attribute.oid == wanted)?;
        Some(readable(&found.value))
    }

    /// The printed values of all attributes of this type.
    pub(crate) fn attributes(&self, wanted: &[u8]) -> Vec<String> {
        let rdns = self.rdns();
        let found = rdns
            .iter()
            .flatten()
            .filter(|attribute| attribute.oid == wanted);
        found.map(|attribute| readable(&attribute.value)).collect()
    }

    /// RDNs in DER order. The structure was checked when the name was read.
    fn rdns(&self) -> Vec<Vec<Attribute<'_>>> {
        read(&self.0).unwrap_or_default()
    }

    /// Per RDN the sorted pairs of type and folded value: equal for names
    /// that RFC 5280 7.1 calls equal. Sorted, so that comparing stays linear
    /// for names with thousands of attributes.
    fn canonical(&self) -> Vec<Vec<(Vec<u8>, Vec<u8>)>> {
        let fold = |rdn: Vec<Attribute<'_>>| {
            let pair = |a: Attribute<'_>| (a.oid.to_vec(), canonical(&a.value));
            let mut pairs: Vec<_> = rdn.into_iter().map(pair).collect();
            pairs.sort();
            pairs
        };
        self.rdns().into_iter().map(fold).collect()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rdn_lines().join(","))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

/// The attribute label IOS prints (W-020); the dotted OID for others.
pub(crate) fn label(oid: &[u8]) -> String {
    let known = LABELS.iter().find(|(known, _)| *known == oid);
    known.map_or_else(|| oid::dotted(oid), |(_, label)| (*label).to_owned())
}

/// The type an attribute label stands for, in any case.
pub(crate) fn type_of(label: &str) -> Option<Vec<u8>> {
    let known = LABELS
        .iter()
        .chain(ALIASES)
        .find(|(_, text)| text.eq_ignore_ascii_case(label));
    known
        .map(|(oid, _)| oid.to_vec())
        .or_else(|| oid::from_dotted(label))
}

const LABELS: &[(&[u8], &str)] = &[
    (oid::CN, "cn"),
    (oid::UNIT, "ou"),
    (oid::ORGANIZATION, "o"),
    (oid::COUNTRY, "c"),
    (oid::LOCALITY, "l"),
    (oid::STATE, "st"),
    (oid::EMAIL, "e"),
    (oid::DOMAIN_COMPONENT, "dc"),
    (oid::SERIAL_NUMBER, "serialNumber"),
    (oid::UNSTRUCTURED_ADDRESS, "ipaddress"),
    (oid::UNSTRUCTURED_NAME, "hostname"),
    (oid::SURNAME, "sn"),
    (oid::STREET, "street"),
    (oid::TITLE, "title"),
    (oid::USER_ID, "uid"),
];

/// Other spellings that are read but not printed.
const ALIASES: &[(&[u8], &str)] = &[
    (oid::EMAIL, "ea"),
    (oid::EMAIL, "emailAddress"),
    (oid::STATE, "s"),
    (oid::UNSTRUCTURED_NAME, "unstructuredName"),
    (oid::UNSTRUCTURED_ADDRESS, "unstructuredAddress"),
];

fn read(der: &[u8]) -> Result<Vec<Vec<Attribute<'_>>>, DerError> {
    let mut rdns = Vec::new();
    walk(der, |attribute, first_of_rdn| {
        if first_of_rdn {
            rdns.push(Vec::new());
        }
        if let Some(rdn) = rdns.last_mut() {
            rdn.push(attribute);
        }
    })?;
    Ok(rdns)
}

fn walk<'a>(der: &'a [u8], mut visit: impl FnMut(Attribute<'a>, bool)) -> Result<(), DerError> {
    let mut rdns = Reader::new(der).sequence("Name")?;
    while !rdns.is_empty() {
        let mut rdn = rdns.expect(tag::SET, "RelativeDistinguishedName")?.reader();
        let mut first = true;
        while first || !rdn.is_empty() {
            let mut attribute = rdn.sequence("AttributeTypeAndValue")?;
            let (oid, value) = (attribute.oid()?, attribute.any()?);
            attribute.end("the end of the attribute")?;
            visit(Attribute { oid, value }, first);
            first = false;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OID, tag and content of a value.
    type Ava<'a> = (&'a [u8], u8, &'a [u8]);

    fn name(rdns: &[&[Ava<'_>]]) -> Name {
        let ava = |(oid, tag, value): &Ava<'_>| {
            writer::sequence(&[&writer::oid(oid), &writer::tlv(*tag, &[value])])
        };
        let rdn = |avas: &&[Ava<'_>]| {
            writer::tlv(
                tag::SET,
                &[&avas.iter().map(ava).collect::<Vec<_>>().concat()],
            )
        };
        let rdns: Vec<_> = rdns.iter().map(rdn).collect();
        Name::from_der(writer::sequence(&[&rdns.concat()])).unwrap()
    }

    const P: u8 = tag::PRINTABLE_STRING;

    /// W-020: last RDN first, inside a multi-valued RDN in DER order.
    #[test]
    fn a_name_prints_as_ios_prints_it() {
        let router = name(&[
            &[(oid::ORGANIZATION, P, b"com")],
            &[(oid::CN, P, b"R1")],
            &[
                (oid::SERIAL_NUMBER, P, b"100"),
                (oid::UNSTRUCTURED_ADDRESS, P, b"192.168.0.1"),
                (oid::UNSTRUCTURED_NAME, tag::IA5_STRING, b"R1.cisco.com"),
            ],
        ]);
        let text = "serialNumber=100+ipaddress=192.168.0.1+hostname=R1.cisco.com,cn=R1,o=com";
        assert_eq!(router.to_string(), text);
        assert_eq!(router.rdn_lines()[1..], ["cn=R1", "o=com"]);
        assert_eq!(router.fqdn().as_deref(), Some("R1.cisco.com"));
        assert_eq!(router.ip(), Some(Ipv4Addr::new(192, 168, 0, 1)));
        assert_eq!(router.serial_number().as_deref(), Some("100"));
        assert_eq!(router.common_name().as_deref(), Some("R1"));
    }

    /// E13, A18: nothing in a printed name can steer a terminal or a log.
    #[test]
    fn control_octets_print_escaped_and_unknown_types_as_oid() {
        let hostile = name(&[
            &[(oid::CN, P, b"R1\0.evil\n\x1b[31m")],
            &[(b"\x2a\x03", P, b"x")],
        ]);
        assert_eq!(hostile.to_string(), "1.2.3=x,cn=R1\\x00.evil\\x0a\\x1b[31m");
    }

    /// W-024: string type, case and blanks do not matter; anything else does.
    #[test]
    fn names_match_loosely_but_differ_exactly() {
        let a = name(&[
            &[(oid::ORGANIZATION, P, b"Cisco  Systems ")],
            &[(oid::CN, P, b"CA1")],
        ]);
        let b = name(&[
            &[(oid::ORGANIZATION, tag::UTF8_STRING, b"cisco systems")],
            &[(oid::CN, tag::IA5_STRING, b"ca1")],
        ]);
        assert_ne!(a, b);
        assert!(a.matches(&b) && b.matches(&a));
        let swapped = name(&[
            &[(oid::CN, P, b"CA1")],
            &[(oid::ORGANIZATION, P, b"Cisco Systems")],
        ]);
        assert!(!a.matches(&swapped));
        let nul = name(&[&[(oid::CN, P, b"CA1\0.evil")]]);
        assert!(!nul.matches(&name(&[&[(oid::CN, P, b"CA1")]])));
        assert!(a.is_within(&name(&[&[(oid::ORGANIZATION, P, b"CISCO SYSTEMS")]])));
        assert!(!a.is_within(&b.clone()) || a.matches(&b));
    }

    #[test]
    fn the_order_inside_a_multi_valued_rdn_does_not_matter_for_matching() {
        let one = name(&[&[(oid::CN, P, b"a"), (oid::UNIT, P, b"b")]]);
        let two = name(&[&[(oid::UNIT, P, b"b"), (oid::CN, P, b"a")]]);
        assert!(one.matches(&two));
    }

    #[test]
    fn every_truncation_and_trailing_octet_is_refused() {
        let whole = name(&[&[(oid::CN, P, b"CA1")]]);
        for end in 0..whole.der().len() {
            assert!(Name::from_der(&whole.der()[..end]).is_err());
        }
        assert!(Name::from_der([whole.der(), &[0]].concat()).is_err());
        assert!(Name::from_der([0x30, 2, 0x31, 0]).is_err(), "empty RDN");
        assert!(Name::from_der([0x30, 0]).unwrap().is_empty());
    }
}
