//! Certificate and Certificate Request payloads (RFC 2408 3.9, 3.10).
use crate::error::DecodeError;
use crate::reader::Reader;
use crate::registry::v1::CertEncoding;
use bytes::{BufMut, Bytes, BytesMut};

/// A certificate or a related object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// What `data` is.
    pub encoding: CertEncoding,
    /// The object, for X.509 the DER certificate.
    pub data: Bytes,
}

/// A wish for a certificate of one authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertRequest {
    /// The encoding wanted.
    pub encoding: CertEncoding,
    /// The authority, for X.509 the DER distinguished name; empty means any (RFC 4945 3.2.7).
    pub authority: Bytes,
}

impl Certificate {
    /// An X.509 signature certificate (S-014).
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
    /// A request for an X.509 signature certificate of the authority with this DER name (S-014).
    pub fn x509(name: impl Into<Bytes>) -> Self {
        Self {
            encoding: CertEncoding::X509_SIGNATURE,
            authority: name.into(),
        }
    }

    /// Error: not even the encoding octet is there (THREATS A9).
    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            encoding: CertEncoding(reader.u8("certificate type")?),
            authority: reader.rest(),
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.encoding.0);
        out.put_slice(&self.authority);
    }
}
