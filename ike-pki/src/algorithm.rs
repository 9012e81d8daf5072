//! AlgorithmIdentifier of signatures: which scheme it names (RFC 3279, 4055,
//! 5758, 8410).

use ike_crypto::{Hash, SignatureScheme};

use x509_parser::{
    asn1_rs::{Any, Oid, Tag},
    prelude::FromDer,
    signature_algorithm::RsaSsaPssParams,
    x509::AlgorithmIdentifier,
};

use crate::{
    der::{Tlv, tag},
    oid,
};

/// The scheme of an encoded AlgorithmIdentifier.
pub(crate) fn of(identifier: &Tlv<'_>) -> Option<SignatureScheme> {
    let (_, read) = AlgorithmIdentifier::from_der(identifier.raw).ok()?;
    scheme(&read)
}

/// The scheme of an AlgorithmIdentifier; `None` when it is not one of ours
/// (DSA, MD2, PSS with unusual parameters).
pub(crate) fn scheme(algorithm: &AlgorithmIdentifier<'_>) -> Option<SignatureScheme> {
    let parameters = algorithm.parameters();
    let null = parameters.is_some_and(|p| p.tag() == Tag::Null && p.data.is_empty());
    // RFC 4055 section 5: absent counts as NULL for RSA.
    let rsa = |hash| (null || parameters.is_none()).then_some(SignatureScheme::RsaPkcs1(hash));
    let ecdsa = |hash| parameters.is_none().then_some(SignatureScheme::Ecdsa(hash));
    match algorithm.algorithm.as_bytes() {
        oid::RSA_MD5 => rsa(Hash::Md5),
        oid::RSA_SHA1 => rsa(Hash::Sha1),
        oid::RSA_SHA256 => rsa(Hash::Sha256),
        oid::RSA_SHA384 => rsa(Hash::Sha384),
        oid::RSA_SHA512 => rsa(Hash::Sha512),
        oid::RSA_PSS => parameters.and_then(pss).map(SignatureScheme::RsaPss),
        oid::ECDSA_SHA1 => ecdsa(Hash::Sha1),
        oid::ECDSA_SHA256 => ecdsa(Hash::Sha256),
        oid::ECDSA_SHA384 => ecdsa(Hash::Sha384),
        oid::ECDSA_SHA512 => ecdsa(Hash::Sha512),
        oid::ED25519 => parameters.is_none().then_some(SignatureScheme::Ed25519),
        _ => None,
    }
}

/// The scheme of a DER AlgorithmIdentifier.
pub(crate) fn scheme_of(der: &[u8]) -> Option<SignatureScheme> {
    let (_, read) = AlgorithmIdentifier::from_der(der).ok()?;
    scheme(&read)
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

/// RSASSA-PSS-params (RFC 4055 3.1): MGF1 with the same hash, a salt as long
/// as it; SHA-1 and 20 octets by default (E4).
fn pss(parameters: &Any<'_>) -> Option<Hash> {
    let parameters = RsaSsaPssParams::try_from(parameters).ok()?;
    let found = hash(parameters.hash_algorithm_oid())?;
    let mask = parameters.mask_gen_algorithm().ok()?;
    let fits = mask.mgf.as_bytes() == oid::MGF1
        && hash(&mask.hash) == Some(found)
        && parameters.salt_length() as usize == found.output_len()
        && parameters.trailer_field() == 1;
    fits.then_some(found)
}

fn hash(oid: &Oid<'_>) -> Option<Hash> {
    match oid.as_bytes() {
        oid::SHA1 => Some(Hash::Sha1),
        oid::SHA256 => Some(Hash::Sha256),
        oid::SHA384 => Some(Hash::Sha384),
        oid::SHA512 => Some(Hash::Sha512),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writer::{self, sequence, tlv};

    fn read(der: &[u8]) -> Result<Option<SignatureScheme>, ()> {
        let (rest, algorithm) = AlgorithmIdentifier::from_der(der).map_err(drop)?;
        assert!(rest.is_empty());
        Ok(scheme(&algorithm))
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
