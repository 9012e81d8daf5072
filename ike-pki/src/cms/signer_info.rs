//! SignerInfo (RFC 5652 5.3): who signed, which attributes, and the check.

use ike_crypto::{Hash, SignatureScheme};

use crate::{
    algorithm,
    certificate::Certificate,
    cms::{CmsError, algorithm as parts_of},
    der::{Reader, Tlv, required, tag},
    name::Name,
    oid,
    writer::tlv,
};

/// Most signed attributes.
const MAX_ATTRIBUTES: usize = 32;

/// How a message names a certificate.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Identifier {
    /// Issuer and content octets of the serial number.
    Serial(Name, Vec<u8>),
    /// subjectKeyIdentifier.
    Key(Vec<u8>),
}

impl Identifier {
    /// Reads the CHOICE of its two spellings.
    pub(super) fn read(
        serial: Option<Tlv<'_>>,
        key: Option<Tlv<'_>>,
        parent: &Tlv<'_>,
    ) -> Result<Self, CmsError> {
        match (serial, key) {
            (Some(field), None) => {
                let order = [tag::SEQUENCE, tag::INTEGER];
                let fields = field.reader().fields(order, "the end of the serial number");
                let [issuer, serial] = fields?;
                let issuer = required(issuer, &field, "issuer")?;
                let serial = required(serial, &field, "serial number")?;
                let issuer = Name::from_der(issuer.raw)?;
                Ok(Self::Serial(issuer, serial.content.to_vec()))
            }
            (None, Some(id)) => Ok(Self::Key(id.content.to_vec())),
            _ => Err(parent
                .error("issuer and serial number, or key identifier")
                .into()),
        }
    }

    /// Whether it is `certificate`.
    pub(super) fn is(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Serial(issuer, serial) => {
                certificate.serial() == serial && certificate.issuer().matches(issuer)
            }
            Self::Key(id) => certificate.subject_key_id() == Some(id),
        }
    }
}

/// Content of the OID, octets of the value element.
type Attribute = (Vec<u8>, Vec<u8>);

/// One signer.
#[derive(Debug)]
pub(crate) struct SignerInfo {
    identifier: Identifier,
    /// Hash of content and attributes.
    pub(crate) digest: Hash,
    scheme: SignatureScheme,
    /// The attributes as the SET that is signed.
    signed: Option<Vec<u8>>,
    attributes: Vec<Attribute>,
    signature: Vec<u8>,
}

impl SignerInfo {
    pub(super) fn read(raw: &[u8]) -> Result<Self, CmsError> {
        const ORDER: [u8; 8] = [
            tag::INTEGER,
            tag::SEQUENCE,
            tag::context(0),
            tag::SEQUENCE,
            tag::constructed(0),
            tag::SEQUENCE,
            tag::OCTET_STRING,
            tag::constructed(1),
        ];
        let whole = Reader::new(raw).any()?;
        let fields = whole.reader().fields(ORDER, "the end of SignerInfo")?;
        let [
            version,
            serial,
            key,
            digest,
            attributes,
            algorithm,
            signature,
            _,
        ] = fields;
        required(version, &whole, "version")?;
        let digest = digest_of(&required(digest, &whole, "digestAlgorithm")?)?;
        let algorithm = required(algorithm, &whole, "signatureAlgorithm")?;
        let signature = required(signature, &whole, "signature")?;
        Ok(Self {
            identifier: Identifier::read(serial, key, &whole)?,
            digest,
            scheme: scheme_of(&algorithm, digest)?,
            signed: attributes.map(|field| tlv(tag::SET, &[field.content])),
            attributes: attributes.map_or(Ok(Vec::new()), |field| read_attributes(&field))?,
            signature: signature.content.to_vec(),
        })
    }

    pub(super) fn is(&self, certificate: &Certificate) -> bool {
        self.identifier.is(certificate)
    }

    /// The value element of a signed attribute, which has `tag`.
    pub(crate) fn attribute(&self, kind: &[u8], tag: &[u8]) -> Option<&[u8]> {
        let mut all = self.attributes.iter();
        let (_, value) = all.find(|(found, _)| found == kind)?;
        let value = Reader::new(value).any().ok()?;
        tag.contains(&value.tag).then_some(value.content)
    }

    /// RFC 5652 5.4 and 5.6: the attributes name type and digest of the
    /// content, and the signature is over them.
    pub(super) fn verify(
        &self,
        certificate: &Certificate,
        content_type: &[u8],
        content: &[u8],
    ) -> Result<(), CmsError> {
        if !self.is(certificate) {
            return Err(CmsError::OtherSigner);
        }
        let key = certificate.public_key()?;
        let message = match &self.signed {
            None => content,
            Some(signed) => {
                self.check_attributes(content_type, content)?;
                signed
            }
        };
        key.verify(self.scheme, message, &self.signature)
            .map_err(|_| CmsError::Signature)
    }

    fn check_attributes(&self, content_type: &[u8], content: &[u8]) -> Result<(), CmsError> {
        let found = self.attribute(oid::CONTENT_TYPE, &[tag::OID]);
        let found = found.ok_or(CmsError::Missing("contentType attribute"))?;
        if found != content_type {
            return Err(CmsError::WrongType {
                expected: "the content type of the attributes",
                found: oid::dotted(content_type),
            });
        }
        let digest = self.attribute(oid::MESSAGE_DIGEST, &[tag::OCTET_STRING]);
        let digest = digest.ok_or(CmsError::Missing("messageDigest attribute"))?;
        match digest == self.digest.digest(&[content]) {
            true => Ok(()),
            false => Err(CmsError::Digest),
        }
    }
}

/// Each attribute once, each with one value.
fn read_attributes(field: &Tlv<'_>) -> Result<Vec<Attribute>, CmsError> {
    let mut out: Vec<Attribute> = Vec::new();
    for attribute in field.reader().all(tag::SEQUENCE, "Attribute")? {
        let order = [tag::OID, tag::SET];
        let fields = attribute.reader().fields(order, "the end of the attribute");
        let [kind, values] = fields?;
        let kind = required(kind, &attribute, "attribute type")?.content;
        let values = required(values, &attribute, "attribute values")?;
        let mut values = values.reader();
        let value = values.any()?;
        values.end("one value of the attribute")?;
        if out.iter().any(|(known, _)| known == kind) {
            return Err(CmsError::Repeated("a signed attribute"));
        }
        if out.len() == MAX_ATTRIBUTES {
            return Err(CmsError::TooMany("signed attributes"));
        }
        out.push((kind.to_vec(), value.raw.to_vec()));
    }
    Ok(out)
}

fn digest_of(field: &Tlv<'_>) -> Result<Hash, CmsError> {
    let (kind, _) = parts_of(field)?;
    HASHES
        .iter()
        .find(|(known, _)| *known == kind)
        .map(|(_, hash)| *hash)
        .ok_or_else(|| CmsError::Unsupported {
            what: "digest algorithm",
            oid: oid::dotted(kind),
        })
}

/// OID of a hash.
pub(super) fn digest_oid(hash: Hash) -> &'static [u8] {
    let known = HASHES.iter().find(|(_, known)| *known == hash);
    known.map_or(oid::SHA256, |(oid, _)| oid)
}

const HASHES: [(&[u8], Hash); 5] = [
    (oid::MD5, Hash::Md5),
    (oid::SHA1, Hash::Sha1),
    (oid::SHA256, Hash::Sha256),
    (oid::SHA384, Hash::Sha384),
    (oid::SHA512, Hash::Sha512),
];

/// The scheme: rsaEncryption with the digest, or an algorithm that names the
/// same hash itself.
fn scheme_of(field: &Tlv<'_>, digest: Hash) -> Result<SignatureScheme, CmsError> {
    use SignatureScheme as S;
    let (kind, _) = parts_of(field)?;
    if kind == oid::RSA {
        return Ok(S::RsaPkcs1(digest));
    }
    let scheme = algorithm::scheme_of(field.raw);
    let fits = |scheme: &S| match scheme {
        S::RsaPkcs1(hash) | S::RsaPss(hash) | S::Ecdsa(hash) | S::EcdsaFixed(hash) => {
            *hash == digest
        }
        S::Ed25519 => true,
    };
    scheme.filter(fits).ok_or_else(|| CmsError::Unsupported {
        what: "signature algorithm",
        oid: oid::dotted(kind),
    })
}
