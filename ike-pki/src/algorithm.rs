//! AlgorithmIdentifier of signatures: which scheme it names (RFC 3279, 4055,
//! 5758, 8410).

use ike_crypto::{Hash, SignatureScheme};

use crate::{
    der::{Reader, Result, Tlv, small_integer, tag},
    oid,
};

/// The scheme of an AlgorithmIdentifier element; `None` when it is not one of
/// ours (DSA, MD2, PSS with unusual parameters).
pub(crate) fn scheme(algorithm: &Tlv<'_>) -> Result<Option<SignatureScheme>> {
    let mut fields = algorithm.reader();
    let oid = fields.oid()?;
    let parameters = if fields.is_empty() {
        None
    } else {
        Some(fields.any()?)
    };
    fields.end("the end of the AlgorithmIdentifier")?;
    let null = parameters.is_some_and(|p| p.tag == tag::NULL && p.content.is_empty());
    // RFC 4055 section 5: absent counts as NULL for RSA.
    let rsa = |hash| (null || parameters.is_none()).then_some(SignatureScheme::RsaPkcs1(hash));
    let ecdsa = |hash| parameters.is_none().then_some(SignatureScheme::Ecdsa(hash));
    Ok(match oid {
        oid::RSA_MD5 => rsa(Hash::Md5),
        oid::RSA_SHA1 => rsa(Hash::Sha1),
        oid::RSA_SHA256 => rsa(Hash::Sha256),
        oid::RSA_SHA384 => rsa(Hash::Sha384),
        oid::RSA_SHA512 => rsa(Hash::Sha512),
        oid::RSA_PSS => parameters
            .map_or(Ok(None), |p| pss(&p))?
            .map(SignatureScheme::RsaPss),
        oid::ECDSA_SHA1 => ecdsa(Hash::Sha1),
        oid::ECDSA_SHA256 => ecdsa(Hash::Sha256),
        oid::ECDSA_SHA384 => ecdsa(Hash::Sha384),
        oid::ECDSA_SHA512 => ecdsa(Hash::Sha512),
        oid::ED25519 => parameters.is_none().then_some(SignatureScheme::Ed25519),
        _ => None,
    })
}

/// The DER AlgorithmIdentifier of a scheme; `None` for those a certificate of
/// this crate is never signed with.
pub(crate) fn identifier(scheme: SignatureScheme) -> Option<Vec<u8>> {
    use crate::writer::{oid as write_oid, sequence, tlv};
    let (oid, null) = match scheme {
        SignatureScheme::RsaPkcs1(Hash::Md5) => (oid::RSA_MD5, true),
        SignatureScheme::RsaPkcs1(Hash::Sha1) => (oid::RSA_SHA1, true),
        SignatureScheme::RsaPkcs1(Hash::Sha256) => (oid::RSA_SHA256, true),
        SignatureScheme::RsaPkcs1(Hash::Sha384) => (oid::RSA_SHA384, true),
        SignatureScheme::RsaPkcs1(Hash::Sha512) => (oid::RSA_SHA512, true),
        SignatureScheme::Ecdsa(Hash::Sha1) => (oid::ECDSA_SHA1, false),
        SignatureScheme::Ecdsa(Hash::Sha256) => (oid::ECDSA_SHA256, false),
        SignatureScheme::Ecdsa(Hash::Sha384) => (oid::ECDSA_SHA384, false),
        SignatureScheme::Ecdsa(Hash::Sha512) => (oid::ECDSA_SHA512, false),
        SignatureScheme::Ed25519 => (oid::ED25519, false),
        _ => return None,
    };
    let null = if null {
        tlv(tag::NULL, &[])
    } else {
        Vec::new()
    };
    Some(sequence(&[&write_oid(oid), &null]))
}

/// RSASSA-PSS-params: MGF1 with the same hash and a salt as long as it (E4).
fn pss(parameters: &Tlv<'_>) -> Result<Option<Hash>> {
    if parameters.tag != tag::SEQUENCE {
        return Err(parameters.error("RSASSA-PSS-params"));
    }
    let mut fields = parameters.reader();
    let hash = match fields.optional(tag::constructed(0))? {
        Some(field) => hash(&mut field.reader())?,
        None => Some(Hash::Sha1),
    };
    let mask = match fields.optional(tag::constructed(1))? {
        Some(field) => mask(&mut field.reader())?,
        None => Some(Hash::Sha1),
    };
    let number = |field: Option<Tlv<'_>>, default| {
        field.map_or(Ok(default), |field| {
            small_integer(field.reader().integer()?)
        })
    };
    let salt = number(fields.optional(tag::constructed(2))?, 20)?;
    let trailer = number(fields.optional(tag::constructed(3))?, 1)?;
    fields.end("the end of RSASSA-PSS-params")?;
    let fits = |hash: &Hash| salt as usize == hash.output_len() && trailer == 1;
    Ok(hash.filter(|found| mask == Some(*found) && fits(found)))
}

fn mask(field: &mut Reader<'_>) -> Result<Option<Hash>> {
    let mut algorithm = field.sequence("maskGenAlgorithm")?;
    match algorithm.oid()? {
        oid::MGF1 => hash(&mut algorithm),
        _ => Ok(None),
    }
}

fn hash(field: &mut Reader<'_>) -> Result<Option<Hash>> {
    Ok(match field.sequence("hashAlgorithm")?.oid()? {
        oid::SHA1 => Some(Hash::Sha1),
        oid::SHA256 => Some(Hash::Sha256),
        oid::SHA384 => Some(Hash::Sha384),
        oid::SHA512 => Some(Hash::Sha512),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writer::{self, sequence, tlv};

    fn read(der: &[u8]) -> Result<Option<SignatureScheme>> {
        scheme(&Reader::new(der).any()?)
    }

    #[test]
    fn what_is_written_is_read() {
        for scheme in [
            SignatureScheme::RsaPkcs1(Hash::Md5),
            SignatureScheme::RsaPkcs1(Hash::Sha512),
            SignatureScheme::Ecdsa(Hash::Sha384),
            SignatureScheme::Ed25519,
        ] {
            assert_eq!(read(&identifier(scheme).unwrap()), Ok(Some(scheme)));
        }
        assert_eq!(identifier(SignatureScheme::RsaPss(Hash::Sha256)), None);
    }

    fn pss_of(hash: &[u8], mask: &[u8], salt: &[u8]) -> Vec<u8> {
        let algorithm = |oid: &[u8]| sequence(&[&writer::oid(oid), &tlv(tag::NULL, &[])]);
        let mask = sequence(&[&writer::oid(oid::MGF1), &algorithm(mask)]);
        let parameters = sequence(&[
            &tlv(tag::constructed(0), &[&algorithm(hash)]),
            &tlv(tag::constructed(1), &[&mask]),
            &tlv(tag::constructed(2), &[&writer::unsigned(salt)]),
        ]);
        sequence(&[&writer::oid(oid::RSA_PSS), &parameters])
    }

    /// E4: MGF1 with the same hash, a salt as long as it, nothing huge, every
    /// truncation refused.
    #[test]
    fn unusual_pss_parameters_are_not_supported() {
        let good = pss_of(oid::SHA256, oid::SHA256, &[32]);
        assert_eq!(read(&good), Ok(Some(SignatureScheme::RsaPss(Hash::Sha256))));
        assert_eq!(read(&pss_of(oid::SHA256, oid::SHA1, &[32])), Ok(None));
        assert_eq!(
            read(&pss_of(oid::SHA256, oid::SHA256, &[0x80, 0, 0, 0])),
            Ok(None)
        );
        assert_eq!(
            read(&pss_of(oid::SHA256, oid::SHA256, &[0xff; 20])),
            Ok(None)
        );
        let bare = sequence(&[&writer::oid(oid::RSA_PSS)]);
        assert_eq!(read(&bare), Ok(None));
        for end in 0..good.len() {
            assert!(read(&good[..end]).is_err());
        }
        // Defaults: SHA-1 everywhere, 20 octets of salt.
        let defaults = sequence(&[&writer::oid(oid::RSA_PSS), &sequence(&[])]);
        assert_eq!(
            read(&defaults),
            Ok(Some(SignatureScheme::RsaPss(Hash::Sha1)))
        );
    }
}
