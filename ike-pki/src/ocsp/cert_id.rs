//! CertID (RFC 6960 4.1.1): how both sides name a certificate.

use data_encoding::HEXUPPER;
use ike_crypto::Hash;

use crate::{
    ca_extensions::key_id,
    certificate::Certificate,
    certificate_form::identifier,
    der::{Result, Tlv, required, tag},
    oid,
    writer::{self, sequence, tlv},
};

/// A certificate by hashes of its issuer's name and key, and by its serial
/// number. Equal only when every part is (F3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CertId {
    /// Content of the hash function's OID.
    pub(crate) hash: Vec<u8>,
    pub(crate) name_hash: Vec<u8>,
    pub(crate) key_hash: Vec<u8>,
    pub(crate) serial: Vec<u8>,
}

impl CertId {
    /// The certificate `certificate` of `issuer`, with SHA-1 as IOS and every
    /// responder have it (RFC 5019 2.1.1).
    pub fn new(certificate: &Certificate, issuer: &Certificate) -> Self {
        Self {
            hash: oid::SHA1.to_vec(),
            name_hash: Hash::Sha1.digest(&[certificate.issuer().der()]),
            key_hash: key_id(issuer.spki_der()),
            serial: certificate.serial().to_vec(),
        }
    }

    /// Content octets of the serial number.
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// Serial number as upper-case hex, for people.
    pub fn serial_hex(&self) -> String {
        HEXUPPER.encode(&self.serial)
    }

    /// Whether a certificate of this serial number is one of `issuer`'s: the
    /// hashes are of its name and key, made with a function known here.
    pub fn is_of(&self, issuer: &Certificate) -> bool {
        let hash = match self.hash.as_slice() {
            oid::SHA1 => Hash::Sha1,
            oid::SHA256 => Hash::Sha256,
            oid::SHA384 => Hash::Sha384,
            oid::SHA512 => Hash::Sha512,
            _ => return false,
        };
        let key = hash.digest(&[&crate::ca_extensions::key_bits(issuer.spki_der())]);
        self.name_hash == hash.digest(&[issuer.subject().der()]) && self.key_hash == key
    }

    /// Reads the SEQUENCE.
    pub(crate) fn read(whole: &Tlv<'_>) -> Result<Self> {
        let order = [
            tag::SEQUENCE,
            tag::OCTET_STRING,
            tag::OCTET_STRING,
            tag::INTEGER,
        ];
        let [hash, name, key, serial] = whole.reader().fields(order, "the end of the CertID")?;
        let hash = identifier(required(hash, whole, "hashAlgorithm")?)?;
        let content = |field, what| Ok(required(field, whole, what)?.content.to_vec());
        Ok(Self {
            hash: hash.reader().oid()?.to_vec(),
            name_hash: content(name, "issuerNameHash")?,
            key_hash: content(key, "issuerKeyHash")?,
            serial: content(serial, "serialNumber")?,
        })
    }

    /// The DER SEQUENCE.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let hash = sequence(&[&writer::oid(&self.hash), &tlv(tag::NULL, &[])]);
        sequence(&[
            &hash,
            &tlv(tag::OCTET_STRING, &[&self.name_hash]),
            &tlv(tag::OCTET_STRING, &[&self.key_hash]),
            &tlv(tag::INTEGER, &[&self.serial]),
        ])
    }
}
