//! OCSPRequest (RFC 6960 4.1): one certificate, unsigned, with a nonce unless
//! `ocsp disable-nonce` (G-061).

use crate::{
    ca_extensions,
    certificate_form::{check_extensions, only},
    crl_form::extension,
    der::{DerError, MAX_DER, Reader, Tlv, required, tag},
    ocsp::{CertId, OcspError},
    oid,
    writer::{sequence, tlv},
};

/// Octets of a nonce that are read (RFC 9654 2.1).
pub const MAX_NONCE: usize = 128;
/// Certificates of one request that a responder of ours answers for.
const MAX_ASKED: usize = 16;

/// A question about one certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OcspRequest {
    /// Which certificate.
    pub cert_id: CertId,
    /// Octets that the answer must repeat (RFC 6960 4.4.1), from the caller.
    pub nonce: Option<Vec<u8>>,
}

impl OcspRequest {
    /// The DER OCSPRequest, to be sent by HTTP POST as
    /// [`super::REQUEST_TYPE`].
    pub fn to_der(&self) -> Vec<u8> {
        let asked = sequence(&[&sequence(&[&self.cert_id.encode()])]);
        let extensions = self.nonce.as_deref().map_or(Vec::new(), |octets| {
            tlv(tag::constructed(2), &[&sequence(&[&nonce(octets)])])
        });
        sequence(&[&sequence(&[&asked, &extensions])])
    }
}

/// The nonce extension of a request or answer.
pub(super) fn nonce(octets: &[u8]) -> Vec<u8> {
    ca_extensions::extension(oid::OCSP_NONCE, false, &tlv(tag::OCTET_STRING, &[octets]))
}

/// Takes the nonce out of an Extensions SEQUENCE; a critical extension of
/// another kind refuses the message (RFC 6960 4.4).
pub(super) fn read_nonce(list: &Tlv<'_>) -> Result<Option<Vec<u8>>, OcspError> {
    check_extensions(list, OcspError::DuplicateExtension)?;
    let (mut rest, mut found) = (list.reader(), None);
    while !rest.is_empty() {
        let mut one = extension(&mut rest)?;
        match one.oid {
            oid::OCSP_NONCE => {
                let octets = one.value.expect(tag::OCTET_STRING, "a nonce")?;
                one.value.end("the end of the nonce")?;
                if octets.content.is_empty() || octets.content.len() > MAX_NONCE {
                    return Err(octets.error("a nonce of 1 to 128 octets").into());
                }
                found = Some(octets.content.to_vec());
            }
            other if one.critical => return Err(OcspError::UnknownCritical(oid::dotted(other))),
            _ => {}
        }
    }
    Ok(found)
}

/// What a responder reads of a request; signatures of requests and the
/// requester's name are read over.
pub(super) struct Asked {
    pub(super) cert_ids: Vec<CertId>,
    pub(super) nonce: Option<Vec<u8>>,
}

pub(super) fn read(der: &[u8]) -> Result<Asked, OcspError> {
    if der.len() > MAX_DER {
        return Err(OcspError::TooLarge(der.len()));
    }
    let whole = Reader::new(der).check_sequence()?;
    let parts = whole.reader();
    let [tbs, _] = parts.fields(
        [tag::SEQUENCE, tag::constructed(0)],
        "the end of the request",
    )?;
    let tbs = required(tbs, &whole, "a TBSRequest")?;
    let order = [
        tag::constructed(0),
        tag::constructed(1),
        tag::SEQUENCE,
        tag::constructed(2),
    ];
    let [_, _, list, extensions] = tbs.reader().fields(order, "the end of the TBSRequest")?;
    let list = required(list, &tbs, "a requestList")?;
    let asked = list.reader().all(tag::SEQUENCE, "a Request")?;
    if asked.len() > MAX_ASKED {
        return Err(list.error("at most 16 requests").into());
    }
    let nonce = match extensions {
        Some(field) => read_nonce(&only(&field, "Extensions")?)?,
        None => None,
    };
    let ids = asked.iter().map(cert_id).collect::<Result<_, DerError>>()?;
    Ok(Asked {
        cert_ids: ids,
        nonce,
    })
}

fn cert_id(request: &Tlv<'_>) -> Result<CertId, DerError> {
    let order = [tag::SEQUENCE, tag::constructed(0)];
    let [id, _] = request.reader().fields(order, "the end of the Request")?;
    CertId::read(&required(id, request, "a CertID")?)
}
