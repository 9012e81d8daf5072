//! Certificate and Certificate Request payloads (RFC 7296 3.6, 3.7).
use crate::error::{DecodeError, DecodeErrorKind};
use crate::reader::Reader;
use crate::registry::v2::CertEncoding;
use bytes::{BufMut, Bytes, BytesMut};

/// Authorities' hashes read from one chain; more are refused (THREATS B11).
pub const MAX_HASHES: usize = 4000;
/// Octets of an authority's hash: SHA-1 over its SubjectPublicKeyInfo.
const HASH: usize = 20;

/// A certificate or a related object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// What `data` is.
    pub encoding: CertEncoding,
    /// The object: DER certificate, bundle, or 20 octets of hash and a URL.
    pub data: Bytes,
}

/// A wish for a certificate of certain authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertRequest {
    /// The encoding wanted; IOS sends 4 (W-065).
    pub encoding: CertEncoding,
    /// For the X.509 encodings 4, 12 and 13 the authorities' hashes, one after the other; none means any authority.
    pub authority: Bytes,
}

impl Certificate {
    /// An X.509 signature certificate.
    pub fn x509(der: impl Into<Bytes>) -> Self {
        Self {
            encoding: CertEncoding::X509_SIGNATURE,
            data: der.into(),
        }
    }

    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            encoding: CertEncoding(reader.u8("certificate encoding")?),
            data: reader.rest(),
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.encoding.0);
        out.put_slice(&self.data);
    }
}

impl CertRequest {
    /// A request for an X.509 signature certificate of one of these authorities (W-065).
    pub fn from_hashes(hashes: impl IntoIterator<Item = [u8; HASH]>) -> Self {
        let authority: BytesMut = hashes.into_iter().flatten().collect();
        Self {
            encoding: CertEncoding::X509_SIGNATURE,
            authority: authority.freeze(),
        }
    }

    /// The authorities' hashes in wire order; none for an encoding whose authorities are no hashes.
    pub fn hashes(&self) -> impl ExactSizeIterator<Item = [u8; HASH]> + '_ {
        let octets: &[u8] = if self.has_hashes() {
            &self.authority
        } else {
            &[]
        };
        octets.as_chunks::<HASH>().0.iter().copied()
    }

    /// Errors: not even the encoding octet is there (THREATS A9); hashes that are not 20 octets each (RFC 7296 3.7).
    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        let encoding = CertEncoding(reader.u8("certificate encoding")?);
        let offset = reader.offset();
        let request = Self {
            encoding,
            authority: reader.rest(),
        };
        let found = request.authority.len();
        if request.has_hashes() && !found.is_multiple_of(HASH) {
            let kind = DecodeErrorKind::Value {
                found: u64::try_from(found).unwrap_or(u64::MAX),
                expected: "a multiple of 20",
            };
            let what = "octets of certification authorities";
            return Err(DecodeError { offset, what, kind });
        }
        Ok(request)
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.encoding.0);
        out.put_slice(&self.authority);
    }

    fn has_hashes(&self) -> bool {
        matches!(
            self.encoding,
            CertEncoding::X509_SIGNATURE
                | CertEncoding::HASH_AND_URL
                | CertEncoding::HASH_AND_URL_BUNDLE
        )
    }
}
