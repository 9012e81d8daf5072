//! The MAC over a PKCS#12 file (RFC 7292 4 and appendix A).

use ike_crypto::{Hash, Pkcs12Purpose, ct_eq, hmac, pkcs12_kdf};

use super::{
    Pkcs12Error, oid,
    pbe::{Budget, count},
};
use crate::{
    der::{Reader, tag},
    writer::{self, sequence, tlv},
};

/// A MAC as it stands in a file, or is to be written.
#[derive(Debug)]
pub(super) struct Mac<'a> {
    pub(super) hash: Hash,
    pub(super) salt: &'a [u8],
    pub(super) iterations: u32,
}

impl<'a> Mac<'a> {
    /// Reads MacData; the MAC itself comes beside it.
    pub(super) fn read(mut data: Reader<'a>) -> Result<(Self, &'a [u8]), Pkcs12Error> {
        let mut info = data.sequence("digest and its algorithm")?;
        let hash = hash(info.sequence("digest algorithm")?.oid()?)?;
        let digest = info.expect(tag::OCTET_STRING, "MAC")?;
        let salt = data.expect(tag::OCTET_STRING, "salt of the MAC")?;
        if salt.content.is_empty() || salt.content.len() > 1024 {
            return Err(salt.error("a salt of 1 to 1024 octets").into());
        }
        let iterations = match data.is_empty() {
            true => 1,
            false => count(&mut data)?,
        };
        data.end("the end of the MAC data")?;
        let mac = Self {
            hash,
            salt: salt.content,
            iterations,
        };
        Ok((mac, digest.content))
    }

    /// Compares in constant time.
    pub(super) fn check(
        &self,
        passphrase: &str,
        data: &[u8],
        found: &[u8],
        budget: &mut Budget,
    ) -> Result<(), Pkcs12Error> {
        budget.spend(self.iterations, 1)?;
        match ct_eq(&self.of(passphrase, data), found) {
            true => Ok(()),
            false => Err(Pkcs12Error::Passphrase),
        }
    }

    /// MacData over `data`.
    pub(super) fn write(&self, passphrase: &str, data: &[u8]) -> Vec<u8> {
        let kind = match self.hash {
            Hash::Sha1 => crate::oid::SHA1,
            _ => crate::oid::SHA256,
        };
        let algorithm = sequence(&[&writer::oid(kind), &tlv(tag::NULL, &[])]);
        let digest = tlv(tag::OCTET_STRING, &[&self.of(passphrase, data)]);
        sequence(&[
            &sequence(&[&algorithm, &digest]),
            &tlv(tag::OCTET_STRING, &[self.salt]),
            &writer::unsigned(&self.iterations.to_be_bytes()),
        ])
    }

    fn of(&self, passphrase: &str, data: &[u8]) -> Vec<u8> {
        let len = self.hash.output_len();
        let purpose = Pkcs12Purpose::Mac;
        let key = pkcs12_kdf(
            self.hash,
            purpose,
            passphrase,
            self.salt,
            self.iterations,
            len,
        );
        hmac(self.hash, key.expose(), &[data])
    }
}

fn hash(kind: &[u8]) -> Result<Hash, Pkcs12Error> {
    Ok(match kind {
        crate::oid::SHA1 => Hash::Sha1,
        crate::oid::SHA256 => Hash::Sha256,
        crate::oid::SHA384 => Hash::Sha384,
        crate::oid::SHA512 => Hash::Sha512,
        oid::PBMAC1 => return Err(Pkcs12Error::unsupported("MAC PBMAC1")),
        other => {
            let text = format!("MAC with {}", crate::oid::dotted(other));
            return Err(Pkcs12Error::unsupported(&text));
        }
    })
}
