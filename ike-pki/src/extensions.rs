//! Certificate extensions (RFC 5280 4.2): read once, when the certificate is
//! read, so that a bad one refuses the certificate there and then.

use x509_parser::{
    asn1_rs::Oid,
    error::X509Error,
    extensions as read,
    prelude::{FromDer, X509Extension},
};

use crate::{
    der::{Reader, Result, Tlv, named_bits, tag},
    general_name::{GeneralName, general_name, general_names},
    oid,
};

/// Bits of KeyUsage (RFC 5280 4.2.1.3), bit 0 most significant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage(pub u16);

impl KeyUsage {
    /// Bit 0.
    pub const DIGITAL_SIGNATURE: Self = Self(0x8000);
    /// Bit 1.
    pub const NON_REPUDIATION: Self = Self(0x4000);
    /// Bit 2.
    pub const KEY_ENCIPHERMENT: Self = Self(0x2000);
    /// Bit 5.
    pub const KEY_CERT_SIGN: Self = Self(0x0400);
    /// Bit 6.
    pub const CRL_SIGN: Self = Self(0x0200);

    /// Whether every bit of `other` is set here.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both together.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Everything the extensions of a certificate say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extensions {
    pub(crate) ca: bool,
    pub(crate) has_basic_constraints: bool,
    pub(crate) path_len: Option<u32>,
    pub(crate) key_usage: Option<KeyUsage>,
    /// Contents of OIDs.
    pub(crate) eku: Option<Vec<Vec<u8>>>,
    pub(crate) alt_names: Vec<GeneralName>,
    pub(crate) has_alt_names: bool,
    pub(crate) subject_key_id: Option<Vec<u8>>,
    pub(crate) authority_key_id: Option<Vec<u8>>,
    pub(crate) has_authority_key_id: bool,
    pub(crate) name_constraints: Option<NameConstraints>,
    pub(crate) policies: Option<Vec<Vec<u8>>>,
    pub(crate) policy_mappings: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) has_policy_constraints: bool,
    pub(crate) require_explicit_policy: Option<u32>,
    pub(crate) inhibit_policy_mapping: Option<u32>,
    pub(crate) inhibit_any_policy: Option<u32>,
    pub(crate) distribution_points: Vec<DistributionPoint>,
    /// URIs of OCSP responders (RFC 5280 4.2.2.1).
    pub(crate) ocsp_urls: Vec<String>,
    /// id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1).
    pub(crate) ocsp_no_check: bool,
    /// Contents of the OIDs of critical extensions that are understood.
    critical: Vec<Vec<u8>>,
    /// Dotted OIDs.
    pub(crate) unknown_critical: Vec<String>,
}

/// RFC 5280 4.2.1.10.
#[derive(Clone, Debug)]
pub(crate) struct NameConstraints {
    pub(crate) permitted: Vec<GeneralName>,
    pub(crate) excluded: Vec<GeneralName>,
}

/// RFC 5280 4.2.1.13; also the shape of the CRL's issuing distribution point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DistributionPoint {
    pub(crate) name: PointName,
    /// Reason bits; `None` = all.
    pub(crate) reasons: Option<u16>,
    pub(crate) crl_issuer: Vec<GeneralName>,
}

/// DistributionPointName.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum PointName {
    #[default]
    Absent,
    Full(Vec<GeneralName>),
    /// Content of the SET of an RDN, to be put after the issuer's name.
    Relative(Vec<u8>),
}

impl Extensions {
    /// Reads the extensions the library found in `whole`.
    pub(crate) fn read(whole: &[u8], list: &[X509Extension<'_>]) -> Result<Self> {
        let mut out = Self::default();
        for extension in list {
            let oid = extension.oid.as_bytes();
            let known = oid::is_known_extension(oid)
                && out.read_one(oid, Reader::within(whole, extension.value))?;
            // Neither is for a verifier to insist on: what cannot be read is
            // as if it were absent.
            match oid {
                oid::AUTHORITY_INFO_ACCESS => {
                    let value = Reader::within(whole, extension.value);
                    out.ocsp_urls = responders(value).unwrap_or_default();
                }
                oid::OCSP_NO_CHECK => out.ocsp_no_check = true,
                _ => {}
            }
            match (known, extension.critical) {
                (true, true) => out.critical.push(oid.to_vec()),
                (false, true) => out.unknown_critical.push(oid::dotted(oid)),
                (_, false) => {}
            }
        }
        Ok(out)
    }

    /// Reads one extension; `false` when certificates do not have its type.
    fn read_one(&mut self, oid: &[u8], mut inner: Reader<'_>) -> Result<bool> {
        let value = inner.any()?;
        match oid {
            oid::BASIC_CONSTRAINTS => self.basic_constraints(&value)?,
            oid::KEY_USAGE => {
                let usage: read::KeyUsage = parse(&value, tag::BIT_STRING, "KeyUsage")?;
                self.key_usage = Some(KeyUsage(usage.flags.reverse_bits()));
            }
            oid::EXTENDED_KEY_USAGE => {
                let usages = list(&value, tag::OID, "ExtKeyUsage")?;
                self.eku = Some(usages.iter().map(|usage| usage.content.to_vec()).collect());
            }
            oid::SUBJECT_ALT_NAME => {
                self.alt_names = general_names(sequence(&value, "GeneralNames")?)?;
                self.has_alt_names = true;
            }
            oid::SUBJECT_KEY_ID => {
                let id: read::KeyIdentifier<'_> =
                    parse(&value, tag::OCTET_STRING, "KeyIdentifier")?;
                self.subject_key_id = Some(id.0.to_vec());
            }
            oid::AUTHORITY_KEY_ID => self.authority_key_id(&value)?,
            oid::NAME_CONSTRAINTS => self.name_constraints = Some(constraints(&value)?),
            oid::CERTIFICATE_POLICIES => self.policies = Some(policies(&value)?),
            oid::POLICY_MAPPINGS => self.policy_mappings = mappings(&value)?,
            oid::POLICY_CONSTRAINTS => self.policy_constraints(&value)?,
            oid::INHIBIT_ANY_POLICY => {
                let skip: read::InhibitAnyPolicy = parse(&value, tag::INTEGER, "SkipCerts")?;
                self.inhibit_any_policy = Some(skip.skip_certs);
            }
            oid::CRL_DISTRIBUTION_POINTS => self.distribution_points = points(&value)?,
            oid::ISSUER_ALT_NAME => drop(general_names(sequence(&value, "GeneralNames")?)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether the extension is present and critical.
    pub(crate) fn is_critical(&self, oid: &[u8]) -> bool {
        self.critical.iter().any(|known| known == oid)
    }

    fn basic_constraints(&mut self, value: &Tlv<'_>) -> Result<()> {
        let order = [tag::BOOLEAN, tag::INTEGER];
        sequence(value, "BasicConstraints")?.fields(order, "the end of BasicConstraints")?;
        let read: read::BasicConstraints = parse(value, tag::SEQUENCE, "BasicConstraints")?;
        self.has_basic_constraints = true;
        self.ca = read.ca;
        self.path_len = read.path_len_constraint;
        Ok(())
    }

    /// keyIdentifier; issuer and serial are read over.
    fn authority_key_id(&mut self, value: &Tlv<'_>) -> Result<()> {
        let order = [tag::context(0), tag::constructed(1), tag::context(2)];
        let what = "AuthorityKeyIdentifier";
        let [id, ..] = sequence(value, what)?.fields(order, "the end of AuthorityKeyIdentifier")?;
        let read: read::AuthorityKeyIdentifier<'_> = parse(value, tag::SEQUENCE, what)?;
        if id.is_some() != read.key_identifier.is_some() {
            return Err(value.error(what));
        }
        self.has_authority_key_id = true;
        self.authority_key_id = read.key_identifier.map(|id| id.0.to_vec());
        Ok(())
    }

    fn policy_constraints(&mut self, value: &Tlv<'_>) -> Result<()> {
        let order = [tag::context(0), tag::context(1)];
        sequence(value, "PolicyConstraints")?.fields(order, "the end of PolicyConstraints")?;
        let read: read::PolicyConstraints = parse(value, tag::SEQUENCE, "PolicyConstraints")?;
        self.has_policy_constraints = true;
        self.require_explicit_policy = read.require_explicit_policy;
        self.inhibit_policy_mapping = read.inhibit_policy_mapping;
        Ok(())
    }
}

/// An extension value as the library reads it: the element `value`, which has
/// `tag`, and nothing left over.
fn parse<'a, T: FromDer<'a, X509Error>>(
    value: &Tlv<'a>,
    tag: u8,
    expected: &'static str,
) -> Result<T> {
    match T::from_der(value.raw) {
        Ok(([], read)) if value.tag == tag => Ok(read),
        _ => Err(value.error(expected)),
    }
}

fn sequence<'a>(value: &Tlv<'a>, expected: &'static str) -> Result<Reader<'a>> {
    match value.tag {
        tag::SEQUENCE => Ok(value.reader()),
        _ => Err(value.error(expected)),
    }
}

/// The elements of a SEQUENCE SIZE (1..MAX) OF.
fn list<'a>(value: &Tlv<'a>, tag: u8, expected: &'static str) -> Result<Vec<Tlv<'a>>> {
    sequence(value, expected)?.all(tag, expected)
}

/// The library drops subtrees it cannot read, and passes over minimum and
/// maximum, which RFC 5280 4.2.1.10 forbids.
fn constraints(value: &Tlv<'_>) -> Result<NameConstraints> {
    let order = [tag::constructed(0), tag::constructed(1)];
    let what = "NameConstraints";
    let fields = sequence(value, what)?.fields(order, "the end of NameConstraints")?;
    let [permitted, excluded] = fields.map(|trees| trees.map_or(Ok(Vec::new()), |t| subtrees(&t)));
    Ok(NameConstraints {
        permitted: permitted?,
        excluded: excluded?,
    })
}

fn subtrees(trees: &Tlv<'_>) -> Result<Vec<GeneralName>> {
    let base = |tree: &Tlv<'_>| {
        let mut fields = tree.reader();
        let base = general_name(&fields.any()?)?;
        fields.end("a GeneralSubtree without minimum and maximum")?;
        Ok(base)
    };
    let trees = trees.reader().all(tag::SEQUENCE, "GeneralSubtree")?;
    trees.iter().map(base).collect()
}

/// policyIdentifiers; qualifiers are read over. A repeated one is refused.
/// The library has no public reader for this extension alone.
fn policies(value: &Tlv<'_>) -> Result<Vec<Vec<u8>>> {
    let mut out: Vec<Vec<u8>> = Vec::new();
    for information in list(value, tag::SEQUENCE, "CertificatePolicies")? {
        let policy = information.reader().oid()?.to_vec();
        if out.contains(&policy) {
            return Err(information.error("each policy once"));
        }
        out.push(policy);
    }
    Ok(out)
}

fn mappings(value: &Tlv<'_>) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    for pair in list(value, tag::SEQUENCE, "PolicyMappings")? {
        pair.reader()
            .fields([tag::OID, tag::OID], "the end of the policy mapping")?;
    }
    let read: read::PolicyMappings<'_> = parse(value, tag::SEQUENCE, "PolicyMappings")?;
    let pair = |pair: &read::PolicyMapping<'_>| {
        let octets = |oid: &Oid<'_>| oid.as_bytes().to_vec();
        (
            octets(&pair.issuer_domain_policy),
            octets(&pair.subject_domain_policy),
        )
    };
    Ok(read.mappings.iter().map(pair).collect())
}

/// CRLDistributionPoints. Own, because the library reads
/// nameRelativeToCRLIssuer as if its tag were explicit and then drops the
/// point's name (`docs/dependencies.md`).
fn points(value: &Tlv<'_>) -> Result<Vec<DistributionPoint>> {
    let order = [tag::constructed(0), tag::context(1), tag::constructed(2)];
    let point = |point: &Tlv<'_>| {
        let fields = point.reader();
        let [name, reasons, issuer] = fields.fields(order, "the end of the DistributionPoint")?;
        Ok(DistributionPoint {
            name: name.map_or(Ok(PointName::Absent), |name| point_name(&name))?,
            reasons: reasons.map(|bits| named_bits(&bits)).transpose()?,
            crl_issuer: issuer.map_or(Ok(Vec::new()), |tlv| general_names(tlv.reader()))?,
        })
    };
    let list = list(value, tag::SEQUENCE, "DistributionPoint")?;
    list.iter().map(point).collect()
}

/// The URIs of AuthorityInfoAccess whose method is OCSP.
fn responders(value: Reader<'_>) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for description in list(&value.check()?, tag::SEQUENCE, "AccessDescription")? {
        let mut fields = description.reader();
        let method = fields.oid()?;
        if let (oid::OCSP, GeneralName::Uri(uri)) = (method, general_name(&fields.any()?)?) {
            out.push(uri);
        }
    }
    Ok(out)
}

/// DistributionPointName: fullName or nameRelativeToCRLIssuer.
pub(crate) fn point_name(explicit: &Tlv<'_>) -> Result<PointName> {
    let order = [tag::constructed(0), tag::constructed(1)];
    match explicit.reader().fields(order, "the end of the name")? {
        [Some(full), None] => Ok(PointName::Full(general_names(full.reader())?)),
        [None, Some(relative)] => Ok(PointName::Relative(relative.content.to_vec())),
        _ => Err(explicit.error("fullName or nameRelativeToCRLIssuer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writer::{self, tlv};

    /// Why subtrees are walked here: the library drops what it cannot read and
    /// does not see minimum and maximum.
    #[test]
    fn name_constraints_are_never_read_in_part() {
        let base = tlv(tag::context(2), &[b"cisco.com"]);
        let excluded = |tree: &[u8]| writer::sequence(&[&tlv(tag::constructed(1), &[tree])]);
        // The library's count of excluded subtrees, if it reads the value.
        let read_both = |der: &[u8]| {
            let ours = constraints(&Reader::new(der).any().unwrap());
            let theirs = read::NameConstraints::from_der(der).ok();
            let count = theirs.map(|(_, theirs)| theirs.excluded_subtrees.map(|all| all.len()));
            (ours.ok(), count)
        };
        let (ours, theirs) = read_both(&excluded(&writer::sequence(&[&base])));
        assert_eq!(
            ours.unwrap().excluded,
            [GeneralName::Dns("cisco.com".into())]
        );
        assert_eq!(theirs, Some(Some(1)));
        let minimum = writer::sequence(&[&base, &tlv(tag::context(0), &[&[1]])]);
        let (ours, theirs) = read_both(&excluded(&minimum));
        assert!(ours.is_none() && theirs == Some(Some(1)));
        let (ours, theirs) = read_both(&excluded(&base));
        assert!(ours.is_none() && theirs == Some(None));
    }
}
