//! Certificate extensions (RFC 5280 4.2): read once, when the certificate is
//! read, so that a bad one refuses the certificate there and then.

use crate::{
    certificate_error::CertificateError,
    der::{Reader, Result, Tlv, named_bits, small_integer, tag},
    general_name::{GeneralName, general_name, general_names},
    oid,
};

/// Most extensions of one certificate or CRL entry that are read.
const MAX_EXTENSIONS: usize = 64;

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

/// Calls `each` with OID, criticality and value element of every extension of
/// an Extensions SEQUENCE; refuses duplicates (RFC 5280 4.2).
pub(crate) fn for_each<'a, E: From<crate::DerError>>(
    mut list: Reader<'a>,
    duplicate: impl Fn(String) -> E,
    mut each: impl FnMut(&'a [u8], bool, Tlv<'a>) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let mut seen: Vec<&[u8]> = Vec::new();
    while !list.is_empty() {
        let mut extension = list.sequence("Extension")?;
        let oid = extension.oid()?;
        let critical = extension.default_false()?;
        let value = extension.expect(tag::OCTET_STRING, "extnValue")?;
        extension.end("the end of the extension")?;
        if seen.contains(&oid) || seen.len() == MAX_EXTENSIONS {
            return Err(duplicate(oid::dotted(oid)));
        }
        seen.push(oid);
        each(oid, critical, value)?;
    }
    Ok(())
}

impl Extensions {
    /// Reads the content of an Extensions SEQUENCE.
    pub(crate) fn read(list: Reader<'_>) -> std::result::Result<Self, CertificateError> {
        let mut out = Self::default();
        for_each(
            list,
            CertificateError::DuplicateExtension,
            |oid, critical, value| {
                match (out.read_one(oid, value)?, critical) {
                    (true, true) => out.critical.push(oid.to_vec()),
                    (false, true) => out.unknown_critical.push(oid::dotted(oid)),
                    (_, false) => {}
                }
                Ok(())
            },
        )?;
        Ok(out)
    }

    /// Reads one extension; `false` when its type is unknown.
    fn read_one(&mut self, oid: &[u8], value: Tlv<'_>) -> Result<bool> {
        let mut inner = value.reader();
        match oid {
            oid::BASIC_CONSTRAINTS => {
                self.has_basic_constraints = true;
                self.basic_constraints(&mut inner)?;
            }
            oid::KEY_USAGE => {
                let bits = inner.expect(tag::BIT_STRING, "KeyUsage")?;
                self.key_usage = Some(KeyUsage(named_bits(&bits)?));
            }
            oid::EXTENDED_KEY_USAGE => self.eku = Some(oids(inner.sequence("ExtKeyUsage")?)?),
            oid::SUBJECT_ALT_NAME => {
                self.alt_names = general_names(inner.sequence("GeneralNames")?)?;
                self.has_alt_names = true;
            }
            oid::SUBJECT_KEY_ID => {
                let id = inner.expect(tag::OCTET_STRING, "KeyIdentifier")?;
                self.subject_key_id = Some(id.content.to_vec());
            }
            oid::AUTHORITY_KEY_ID => {
                self.has_authority_key_id = true;
                self.authority_key_id = authority_key_id(&mut inner)?;
            }
            oid::NAME_CONSTRAINTS => self.name_constraints = Some(constraints(&mut inner)?),
            oid::CERTIFICATE_POLICIES => self.policies = Some(policies(&mut inner)?),
            oid::POLICY_MAPPINGS => self.policy_mappings = mappings(&mut inner)?,
            oid::POLICY_CONSTRAINTS => self.policy_constraints(&mut inner)?,
            oid::INHIBIT_ANY_POLICY => {
                self.inhibit_any_policy = Some(small_integer(inner.integer()?)?);
            }
            oid::CRL_DISTRIBUTION_POINTS => self.distribution_points = points(&mut inner)?,
            oid::ISSUER_ALT_NAME => drop(general_names(inner.sequence("GeneralNames")?)?),
            _ => return Ok(false),
        }
        inner.end("the end of the extension value")?;
        Ok(true)
    }

    /// Whether the extension is present and critical.
    pub(crate) fn is_critical(&self, oid: &[u8]) -> bool {
        self.critical.iter().any(|known| known == oid)
    }

    fn basic_constraints(&mut self, inner: &mut Reader<'_>) -> Result<()> {
        let mut fields = inner.sequence("BasicConstraints")?;
        self.ca = fields.default_false()?;
        if !fields.is_empty() {
            self.path_len = Some(small_integer(fields.integer()?)?);
        }
        fields.end("the end of BasicConstraints")
    }

    fn policy_constraints(&mut self, inner: &mut Reader<'_>) -> Result<()> {
        self.has_policy_constraints = true;
        let mut fields = inner.sequence("PolicyConstraints")?;
        let skip = |field: Option<Tlv<'_>>| field.map(small_integer).transpose();
        self.require_explicit_policy = skip(fields.optional(tag::context(0))?)?;
        self.inhibit_policy_mapping = skip(fields.optional(tag::context(1))?)?;
        fields.end("the end of PolicyConstraints")
    }
}

fn oids(mut list: Reader<'_>) -> Result<Vec<Vec<u8>>> {
    let mut out = vec![list.oid()?.to_vec()];
    while !list.is_empty() {
        out.push(list.oid()?.to_vec());
    }
    Ok(out)
}

/// keyIdentifier of AuthorityKeyIdentifier; issuer and serial are read over.
fn authority_key_id(inner: &mut Reader<'_>) -> Result<Option<Vec<u8>>> {
    let mut fields = inner.sequence("AuthorityKeyIdentifier")?;
    let id = fields
        .optional(tag::context(0))?
        .map(|id| id.content.to_vec());
    fields.optional(tag::constructed(1))?;
    fields.optional(tag::context(2))?;
    fields.end("the end of AuthorityKeyIdentifier")?;
    Ok(id)
}

fn constraints(inner: &mut Reader<'_>) -> Result<NameConstraints> {
    let mut fields = inner.sequence("NameConstraints")?;
    let trees = |field: Option<Tlv<'_>>| field.map_or(Ok(Vec::new()), |tlv| subtrees(tlv.reader()));
    let permitted = trees(fields.optional(tag::constructed(0))?)?;
    let excluded = trees(fields.optional(tag::constructed(1))?)?;
    fields.end("the end of NameConstraints")?;
    Ok(NameConstraints {
        permitted,
        excluded,
    })
}

/// GeneralSubtrees; minimum and maximum other than the default are refused
/// (RFC 5280 4.2.1.10).
fn subtrees(mut list: Reader<'_>) -> Result<Vec<GeneralName>> {
    let mut out = Vec::new();
    while !list.is_empty() {
        let mut tree = list.sequence("GeneralSubtree")?;
        out.push(general_name(&tree.any()?)?);
        tree.end("a GeneralSubtree without minimum and maximum")?;
    }
    Ok(out)
}

/// policyIdentifiers; qualifiers are read over. A repeated one is refused.
fn policies(inner: &mut Reader<'_>) -> Result<Vec<Vec<u8>>> {
    let mut list = inner.sequence("CertificatePolicies")?;
    let mut out: Vec<Vec<u8>> = Vec::new();
    while !list.is_empty() {
        let policy = list.sequence("PolicyInformation")?.oid()?.to_vec();
        if out.contains(&policy) {
            return Err(list.error("each policy once"));
        }
        out.push(policy);
    }
    Ok(out)
}

fn mappings(inner: &mut Reader<'_>) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut list = inner.sequence("PolicyMappings")?;
    let mut out = Vec::new();
    while !list.is_empty() {
        let mut pair = list.sequence("a policy mapping")?;
        out.push((pair.oid()?.to_vec(), pair.oid()?.to_vec()));
        pair.end("the end of the policy mapping")?;
    }
    Ok(out)
}

fn points(inner: &mut Reader<'_>) -> Result<Vec<DistributionPoint>> {
    let mut list = inner.sequence("CRLDistributionPoints")?;
    let mut out = Vec::new();
    while !list.is_empty() {
        let mut fields = list.sequence("DistributionPoint")?;
        let name = fields.optional(tag::constructed(0))?;
        let reasons = fields.optional(tag::context(1))?;
        let issuer = fields.optional(tag::constructed(2))?;
        fields.end("the end of the DistributionPoint")?;
        out.push(DistributionPoint {
            name: name.map_or(Ok(PointName::Absent), |name| point_name(&mut name.reader()))?,
            reasons: reasons.map(|bits| named_bits(&bits)).transpose()?,
            crl_issuer: issuer.map_or(Ok(Vec::new()), |tlv| general_names(tlv.reader()))?,
        });
    }
    Ok(out)
}

/// DistributionPointName: fullName or nameRelativeToCRLIssuer.
pub(crate) fn point_name(inner: &mut Reader<'_>) -> Result<PointName> {
    let choice = inner.any()?;
    inner.end("the end of the DistributionPointName")?;
    match choice.tag {
        0xa0 => Ok(PointName::Full(general_names(choice.reader())?)),
        0xa1 => Ok(PointName::Relative(choice.content.to_vec())),
        _ => Err(choice.error("fullName or nameRelativeToCRLIssuer")),
    }
}
