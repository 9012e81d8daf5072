//! What AUTH covers, and how its data is made (RFC 7296 2.15, RFC 4754, RFC 7427).

use bytes::Bytes;
use ike_crypto::{Hash, KeySpec, Prf, Secret, SignatureScheme};
use ike_wire::v2::{Auth, AuthMethod, HashAlgorithm, Identification};

use super::init::Material;
use crate::sa::Role;

/// The octets a side signs: its IKE_SA_INIT message | the other side's nonce | prf(SK_p, its ID payload
/// without generic header) (2.15) | what was exchanged between IKE_SA_INIT and IKE_AUTH (RFC 9242 3.3.2).
#[must_use]
pub(super) fn signed_octets(material: &Material, signer: Role, id: &Identification) -> Vec<u8> {
    let keys = &material.sk.keys;
    let (message, nonce, key) = match signer {
        Role::Initiator => (&material.message_i, &material.nonce_r, &keys.pi),
        Role::Responder => (&material.message_r, &material.nonce_i, &keys.pr),
    };
    let maced = material.sk.suite.prf.compute(key.expose(), &[&id.octets()]);
    let intermediate = material.additional.auth_octets();
    [message.as_ref(), nonce.as_ref(), &maced, &intermediate].concat()
}

/// AUTH of a shared key: prf(prf(key, "Key Pad for IKEv2"), octets) (2.15).
#[must_use]
pub(super) fn shared_key(prf: Prf, key: &[u8], octets: &[u8]) -> Vec<u8> {
    let padded = Secret::from(prf.compute(key, &[b"Key Pad for IKEv2"]));
    prf.compute(padded.expose(), &[octets])
}

/// How a key signs when RFC 7427 is not agreed: RSA with SHA-1 (2.15, W-074), ECDSA with the hash of its
/// curve (RFC 4754). `None`: only RFC 7427 can carry that key.
#[must_use]
pub(super) fn classic(key: KeySpec) -> Option<(AuthMethod, SignatureScheme)> {
    match key {
        KeySpec::Rsa { .. } => Some((AuthMethod::RSA, SignatureScheme::RsaPkcs1(Hash::Sha1))),
        KeySpec::EcP256 => Some((
            AuthMethod::ECDSA_P256,
            SignatureScheme::EcdsaFixed(Hash::Sha256),
        )),
        KeySpec::EcP384 => Some((
            AuthMethod::ECDSA_P384,
            SignatureScheme::EcdsaFixed(Hash::Sha384),
        )),
        KeySpec::EcP521 => Some((
            AuthMethod::ECDSA_P521,
            SignatureScheme::EcdsaFixed(Hash::Sha512),
        )),
        KeySpec::Ed25519 => None,
    }
}

/// How a key signs with method 14, with a hash the peer takes (RFC 7427 4, C12); RSA as PKCS#1, which
/// every peer of RFC 7427 reads.
#[must_use]
pub(super) fn digital(key: KeySpec, peer: &[HashAlgorithm]) -> Option<SignatureScheme> {
    let takes = |h: &Hash| peer.contains(&number(*h));
    let best = [Hash::Sha256, Hash::Sha384, Hash::Sha512]
        .into_iter()
        .find(takes);
    let own = |h: Hash| takes(&h).then_some(SignatureScheme::Ecdsa(h));
    match key {
        KeySpec::Rsa { .. } => best.map(SignatureScheme::RsaPkcs1),
        KeySpec::EcP256 => own(Hash::Sha256).or(best.map(SignatureScheme::Ecdsa)),
        KeySpec::EcP384 => own(Hash::Sha384).or(best.map(SignatureScheme::Ecdsa)),
        KeySpec::EcP521 => own(Hash::Sha512).or(best.map(SignatureScheme::Ecdsa)),
        KeySpec::Ed25519 => peer
            .contains(&HashAlgorithm::IDENTITY)
            .then_some(SignatureScheme::Ed25519),
    }
}

fn number(hash: Hash) -> HashAlgorithm {
    match hash {
        Hash::Sha1 => HashAlgorithm::SHA1,
        Hash::Sha256 => HashAlgorithm::SHA2_256,
        Hash::Sha384 => HashAlgorithm::SHA2_384,
        Hash::Sha512 => HashAlgorithm::SHA2_512,
        // No number: never announced, never taken.
        Hash::Md5 => HashAlgorithm(u16::MAX),
    }
}

/// The AUTH payload of a signature; method 14 names its algorithm in front (RFC 7427 3).
#[must_use]
pub(super) fn payload(method: AuthMethod, scheme: SignatureScheme, signature: &[u8]) -> Auth {
    if method != AuthMethod::DIGITAL_SIGNATURE {
        return Auth::new(method, signature.to_vec());
    }
    let identifier = IDENTIFIERS
        .iter()
        .find(|(of, _)| *of == scheme)
        .map_or(&[][..], |(_, der)| *der);
    let mut data = vec![u8::try_from(identifier.len()).unwrap_or(u8::MAX)];
    data.extend_from_slice(identifier);
    data.extend_from_slice(signature);
    Auth::new(method, data)
}

/// The schemes an AUTH payload may have been made with, and its signature. `None`: a method or an
/// algorithm this build does not verify. Method 1 does not name its hash: IOS peers use SHA-2 under it
/// as well.
#[must_use]
pub(super) fn schemes(auth: &Auth, digital: bool) -> Option<(Vec<SignatureScheme>, Bytes)> {
    use SignatureScheme as S;
    let plain = |schemes: Vec<S>| Some((schemes, auth.data.clone()));
    match auth.method {
        AuthMethod::RSA => plain(vec![
            S::RsaPkcs1(Hash::Sha1),
            S::RsaPkcs1(Hash::Sha256),
            S::RsaPkcs1(Hash::Sha384),
            S::RsaPkcs1(Hash::Sha512),
        ]),
        AuthMethod::ECDSA_P256 => plain(vec![S::EcdsaFixed(Hash::Sha256)]),
        AuthMethod::ECDSA_P384 => plain(vec![S::EcdsaFixed(Hash::Sha384)]),
        AuthMethod::ECDSA_P521 => plain(vec![S::EcdsaFixed(Hash::Sha512)]),
        AuthMethod::DIGITAL_SIGNATURE if digital => {
            let (length, rest) = auth.data.split_first()?;
            let (identifier, _) = rest.split_at_checked(usize::from(*length))?;
            let (scheme, _) = IDENTIFIERS.iter().find(|(_, der)| *der == identifier)?;
            let signature = auth.data.slice(1 + identifier.len()..);
            Some((vec![*scheme], signature))
        }
        _ => None,
    }
}

/// DER AlgorithmIdentifiers of RFC 7427 appendix A and RFC 8420. SHA-1 is left out (C12).
const IDENTIFIERS: [(SignatureScheme, &[u8]); 10] = [
    (SignatureScheme::RsaPkcs1(Hash::Sha256), &rsa(0x0b)),
    (SignatureScheme::RsaPkcs1(Hash::Sha384), &rsa(0x0c)),
    (SignatureScheme::RsaPkcs1(Hash::Sha512), &rsa(0x0d)),
    (SignatureScheme::RsaPss(Hash::Sha256), &pss(0x01, 0x20)),
    (SignatureScheme::RsaPss(Hash::Sha384), &pss(0x02, 0x30)),
    (SignatureScheme::RsaPss(Hash::Sha512), &pss(0x03, 0x40)),
    (SignatureScheme::Ecdsa(Hash::Sha256), &ecdsa(0x02)),
    (SignatureScheme::Ecdsa(Hash::Sha384), &ecdsa(0x03)),
    (SignatureScheme::Ecdsa(Hash::Sha512), &ecdsa(0x04)),
    (
        SignatureScheme::Ed25519,
        &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70],
    ),
];

/// shaNWithRSAEncryption, parameters NULL.
const fn rsa(last: u8) -> [u8; 15] {
    [
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last, 0x05, 0x00,
    ]
}

/// ecdsa-with-SHAn, no parameters.
const fn ecdsa(last: u8) -> [u8; 12] {
    [
        0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last,
    ]
}

/// id-RSASSA-PSS with SHA-n, MGF1 with SHA-n and a salt of that many octets.
const fn pss(hash: u8, salt: u8) -> [u8; 67] {
    [
        0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x34,
        0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, hash,
        0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
        0x01, 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, hash,
        0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, salt,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7427 appendix A, RFC 8420: each identifier of the file at hand that is not SHA-1 is known.
    #[test]
    fn identifiers_agree_with_the_rfc() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../shared/vectors/kat/rfc7427-algorithm-identifiers.json"
        );
        let Ok(text) = std::fs::read_to_string(path) else {
            return println!("skipped: ../shared not present");
        };
        let known: Vec<String> = IDENTIFIERS
            .iter()
            .map(|(_, der)| ike_wire::Hex(der).to_string())
            .collect();
        let found = known
            .iter()
            .filter(|der| text.contains(der.as_str()))
            .count();
        assert!(found >= 8, "{found} of {known:?} in {text}");
    }

    #[test]
    fn a_digital_signature_names_its_algorithm_and_no_other_is_taken() {
        let scheme = SignatureScheme::RsaPss(Hash::Sha384);
        let auth = payload(AuthMethod::DIGITAL_SIGNATURE, scheme, b"signature");
        let (schemes_found, signature) = schemes(&auth, true).unwrap();
        assert_eq!(
            (schemes_found, signature.as_ref()),
            (vec![scheme], &b"signature"[..])
        );
        assert!(
            schemes(&auth, false).is_none(),
            "method 14 was not agreed (C6)"
        );
        for cut in 0..68 {
            let cut = Auth::new(AuthMethod::DIGITAL_SIGNATURE, auth.data.slice(..cut));
            assert!(schemes(&cut, true).is_none());
        }
        assert!(schemes(&Auth::new(AuthMethod::NULL, vec![1]), true).is_none());
    }

    /// C12: only hashes the peer announced.
    #[test]
    fn the_hash_is_one_the_peer_announced() {
        let rsa = KeySpec::Rsa { bits: 2048 };
        let sha512 = [HashAlgorithm::SHA2_512];
        assert_eq!(
            digital(rsa, &sha512),
            Some(SignatureScheme::RsaPkcs1(Hash::Sha512))
        );
        assert_eq!(digital(rsa, &[HashAlgorithm::SHA1]), None);
        assert_eq!(digital(KeySpec::Ed25519, &sha512), None);
        assert_eq!(
            digital(KeySpec::EcP384, &sha512),
            Some(SignatureScheme::Ecdsa(Hash::Sha512))
        );
    }
}
