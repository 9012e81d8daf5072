//! SignedData (RFC 5652 section 5): content, certificates and lists, and one
//! signer with signed attributes, or none (a certs-only message).

use bytes::Bytes;
use ike_crypto::{Hash, KeySpec, PrivateKey, SignatureScheme};

use crate::{
    algorithm,
    certificate::Certificate,
    cms::{
        CmsError, MAX_PKCS7_CERTIFICATES, content_info,
        signer_info::{SignerInfo, digest_oid},
        wrap,
    },
    crl::Crl,
    der::{Reader, Tlv, required, tag},
    oid,
    writer::{self, sequence, set_of, tlv},
};

/// Most revocation lists of one message.
const MAX_LISTS: usize = 8;

/// A SignedData that was read. Nothing in it is believed before
/// [`SignedData::verify`].
#[derive(Debug)]
pub(crate) struct SignedData {
    /// Content of the OID of the content's type.
    pub(crate) content_type: Vec<u8>,
    pub(crate) content: Option<Bytes>,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) lists: Vec<Crl>,
    pub(crate) signer: Option<SignerInfo>,
}

impl SignedData {
    /// Reads a ContentInfo with SignedData; `der` went through
    /// [`super::normal`].
    pub(crate) fn read(der: &[u8]) -> Result<Self, CmsError> {
        const ORDER: [u8; 6] = [
            tag::INTEGER,
            tag::SET,
            tag::SEQUENCE,
            tag::constructed(0),
            tag::constructed(1),
            tag::SET,
        ];
        let data = content_info(der, oid::SIGNED_DATA, "SignedData")?;
        let fields = data.reader().fields(ORDER, "the end of SignedData")?;
        let [version, _, content, certificates, lists, signers] = fields;
        required(version, &data, "version")?;
        let (content_type, content) = encapsulated(&required(content, &data, "content")?)?;
        let signers = required(signers, &data, "signerInfos")?;
        Ok(Self {
            content_type,
            content,
            certificates: certificates.map_or(Ok(Vec::new()), |field| read_certificates(&field))?,
            lists: lists.map_or(Ok(Vec::new()), |field| read_lists(&field))?,
            signer: only_signer(&signers)?,
        })
    }

    /// The certificate inside that the signer names.
    pub(crate) fn signer_certificate(&self) -> Option<&Certificate> {
        let signer = self.signer.as_ref()?;
        let mut inside = self.certificates.iter();
        inside.find(|certificate| signer.is(certificate))
    }

    /// Checks digest and signature with the key of `certificate`, which the
    /// message must name as its signer.
    pub(crate) fn verify(&self, certificate: &Certificate) -> Result<(), CmsError> {
        let signer = self.signer.as_ref().ok_or(CmsError::Missing("signer"))?;
        let content = self.content.as_deref().unwrap_or_default();
        signer.verify(certificate, &self.content_type, content)
    }
}

/// Type and octets of an EncapsulatedContentInfo.
fn encapsulated(info: &Tlv<'_>) -> Result<(Vec<u8>, Option<Bytes>), CmsError> {
    let order = [tag::OID, tag::constructed(0)];
    let fields = info.reader();
    let [kind, content] = fields.fields(order, "the end of the encapsulated content")?;
    let kind = required(kind, info, "contentType")?.content.to_vec();
    let Some(explicit) = content else {
        return Ok((kind, None));
    };
    let [octets] = explicit
        .reader()
        .fields([tag::OCTET_STRING], "the end of the content")?;
    let octets = required(octets, &explicit, "an OCTET STRING")?;
    Ok((kind, Some(Bytes::copy_from_slice(octets.content))))
}

/// B14: no more than are used, each of them readable.
fn read_certificates(field: &Tlv<'_>) -> Result<Vec<Certificate>, CmsError> {
    let all = elements(field, MAX_PKCS7_CERTIFICATES, "certificates")?;
    let read = |raw: &&[u8]| Ok(Certificate::from_der(Bytes::copy_from_slice(raw))?);
    all.iter().map(read).collect()
}

fn read_lists(field: &Tlv<'_>) -> Result<Vec<Crl>, CmsError> {
    let all = elements(field, MAX_LISTS, "revocation lists")?;
    let read = |raw: &&[u8]| Ok(Crl::from_der(Bytes::copy_from_slice(raw))?);
    all.iter().map(read).collect()
}

/// The SEQUENCEs of a SET, at most `most`.
fn elements<'a>(
    field: &Tlv<'a>,
    most: usize,
    what: &'static str,
) -> Result<Vec<&'a [u8]>, CmsError> {
    let mut rest: Reader<'a> = field.reader();
    let mut out = Vec::new();
    while !rest.is_empty() {
        if out.len() == most {
            return Err(CmsError::TooMany(what));
        }
        out.push(rest.expect(tag::SEQUENCE, what)?.raw);
    }
    Ok(out)
}

fn only_signer(field: &Tlv<'_>) -> Result<Option<SignerInfo>, CmsError> {
    let signers = elements(field, 1, "signers")?;
    let read = |raw: &&[u8]| SignerInfo::read(raw);
    signers.first().map(read).transpose()
}

/// Who signs a message, and how.
pub(crate) struct Signing<'a> {
    pub(crate) certificate: &'a Certificate,
    pub(crate) key: &'a PrivateKey,
    pub(crate) digest: Hash,
    /// Certificates to send along.
    pub(crate) certificates: &'a [&'a Certificate],
}

/// Signs data: the attributes given, contentType and messageDigest. DER sorts
/// them, which is the order IOS shows: messageType, contentType, senderNonce,
/// messageDigest, transactionID (P-022).
pub(crate) fn sign(
    signing: &Signing<'_>,
    content: Option<&[u8]>,
    mut attributes: Vec<Vec<u8>>,
) -> Result<Vec<u8>, CmsError> {
    let digest = signing.digest.digest(&[content.unwrap_or_default()]);
    attributes.push(attribute(oid::CONTENT_TYPE, &writer::oid(oid::DATA)));
    let digest = tlv(tag::OCTET_STRING, &[&digest]);
    attributes.push(attribute(oid::MESSAGE_DIGEST, &digest));
    let attributes = set_of(attributes);
    let (algorithm, scheme) = scheme(signing)?;
    let signature = signing.key.sign(scheme, &attributes)?;
    let inside = Reader::new(&attributes).any()?.content;
    let digest_algorithm = sequence(&[&writer::oid(digest_oid(signing.digest)), &null()]);
    let signer = sequence(&[
        &writer::unsigned(&[1]),
        &issuer_and_serial(signing.certificate),
        &digest_algorithm,
        &tlv(tag::constructed(0), &[inside]),
        &algorithm,
        &tlv(tag::OCTET_STRING, &[&signature]),
    ]);
    let signers = tlv(tag::SET, &[&signer]);
    Ok(data(
        &digest_algorithm,
        content,
        signing.certificates,
        &[],
        &signers,
    ))
}

/// A SignedData with its ContentInfo.
pub(super) fn data(
    digest_algorithms: &[u8],
    content: Option<&[u8]>,
    certificates: &[&Certificate],
    lists: &[&Crl],
    signers: &[u8],
) -> Vec<u8> {
    let content = content.map(|octets| {
        let octets = tlv(tag::OCTET_STRING, &[octets]);
        tlv(tag::constructed(0), &[&octets])
    });
    let certificates = certificates.iter().map(|one| one.der().to_vec()).collect();
    let lists = lists.iter().map(|one| one.der().to_vec()).collect();
    let data = sequence(&[
        &writer::unsigned(&[1]),
        &tlv(tag::SET, &[digest_algorithms]),
        &sequence(&[&writer::oid(oid::DATA), &content.unwrap_or_default()]),
        &implicit_set(0, certificates),
        &implicit_set(1, lists),
        signers,
    ]);
    wrap(oid::SIGNED_DATA, &data)
}

/// `[number] IMPLICIT SET OF`, in the order given: first what is meant first.
fn implicit_set(number: u8, elements: Vec<Vec<u8>>) -> Vec<u8> {
    match elements.is_empty() {
        true => Vec::new(),
        false => tlv(tag::constructed(number), &[&elements.concat()]),
    }
}

/// An Attribute with one value.
pub(crate) fn attribute(kind: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[&writer::oid(kind), &tlv(tag::SET, &[value])])
}

/// IssuerAndSerialNumber.
pub(crate) fn issuer_and_serial(certificate: &Certificate) -> Vec<u8> {
    let serial = tlv(tag::INTEGER, &[certificate.serial()]);
    sequence(&[certificate.issuer().der(), &serial])
}

/// RFC 3370 3.2: rsaEncryption for RSA, whatever the hash, as IOS writes it.
fn scheme(signing: &Signing<'_>) -> Result<(Vec<u8>, SignatureScheme), CmsError> {
    let scheme = match signing.key.public().kind() {
        KeySpec::Rsa { .. } => {
            let algorithm = sequence(&[&writer::oid(oid::RSA), &null()]);
            return Ok((algorithm, SignatureScheme::RsaPkcs1(signing.digest)));
        }
        KeySpec::Ed25519 => SignatureScheme::Ed25519,
        _ => SignatureScheme::Ecdsa(signing.digest),
    };
    let algorithm = algorithm::identifier(scheme);
    let algorithm = algorithm.ok_or(ike_crypto::CryptoError::SchemeMismatch)?;
    Ok((algorithm, scheme))
}

fn null() -> Vec<u8> {
    tlv(tag::NULL, &[])
}
