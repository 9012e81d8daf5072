//! Cryptographic Message Syntax (RFC 5652), the part that SCEP and PKCS#7
//! certificates need: SignedData with one signer or none, EnvelopedData by RSA
//! key transport.
//!
//! Senders write BER; [`normal`] makes it DER within bounds, and everything
//! behind it reads strictly.

mod ber;
mod enveloped;
mod error;
mod pkcs7;
mod signed;
mod signer_info;

pub(crate) use ber::normal;
pub(crate) use enveloped::{cipher_known_as, cipher_of, oid_of, open, seal};
pub use error::CmsError;
pub use pkcs7::{MAX_PKCS7_CERTIFICATES, Pkcs7, certificates_of_pkcs7, pkcs7_of, pkcs7_with_lists};
pub(crate) use signed::{SignedData, Signing, attribute, sign};

use crate::{
    der::{DerError, Reader, Tlv, required, tag},
    oid,
    writer::{self, sequence, tlv},
};

/// Largest message that is read, octets.
pub const MAX_CMS: usize = 1 << 18;

/// The content of a ContentInfo of type `wanted`.
fn content_info<'a>(der: &'a [u8], wanted: &[u8], what: &'static str) -> Result<Tlv<'a>, CmsError> {
    let mut outer = Reader::new(der);
    let info = outer.expect(tag::SEQUENCE, "ContentInfo")?;
    outer.end("the end of the message")?;
    let order = [tag::OID, tag::constructed(0)];
    let [kind, content] = info.reader().fields(order, "the end of the ContentInfo")?;
    let kind = required(kind, &info, "contentType")?.content;
    if kind != wanted {
        return Err(CmsError::WrongType {
            expected: what,
            found: oid::dotted(kind),
        });
    }
    let content = required(content, &info, "content")?;
    Ok(crate::certificate_form::only(&content, what)?)
}

/// Writes a ContentInfo.
fn wrap(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let content = tlv(tag::constructed(0), &[content]);
    sequence(&[&writer::oid(kind), &content])
}

/// OID and parameters of an AlgorithmIdentifier.
fn algorithm<'a>(field: &Tlv<'a>) -> Result<(&'a [u8], Option<Tlv<'a>>), DerError> {
    let mut inside = field.reader();
    let kind = inside.oid()?;
    let parameters = match inside.is_empty() {
        true => None,
        false => Some(inside.any()?),
    };
    inside.end("the end of the AlgorithmIdentifier")?;
    Ok((kind, parameters))
}
