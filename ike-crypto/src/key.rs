//! Private and public keys: RSA, ECDSA on the NIST curves, Ed25519.
//!
//! `ring` does P-256 and Ed25519; AWS-LC does the rest and all encodings.
//! Every signature is verified before it leaves (E21: a fault in an RSA-CRT
//! computation would give the key away).

use std::{fmt, sync::Arc};

use ring::{rand::SystemRandom, signature as ring_sig};

use crate::{
    error::{CryptoError, expect_len},
    ffi::{Curve, Pkey, PkeyKind},
    hash::Hash,
    rsa,
    secret::{Secret, ct_eq},
    signature::SignatureScheme,
};

/// Bits of the smallest and largest RSA modulus this crate reads.
const RSA_BITS: std::ops::RangeInclusive<u32> = 512..=8192;
/// Largest RSA exponent (B12); the smallest is 65537 (E1).
const RSA_MAX_EXPONENT: u64 = 1 << 33;

/// The type and size of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeySpec {
    /// RSA with a modulus of `bits` bits.
    Rsa {
        /// 512..=8192 for reading; a multiple of 128 for generation.
        bits: u32,
    },
    /// ECDSA on NIST P-256.
    EcP256,
    /// ECDSA on NIST P-384.
    EcP384,
    /// ECDSA on NIST P-521.
    EcP521,
    /// Ed25519.
    Ed25519,
}

/// A private key with its public half. AWS-LC clears its memory when it frees
/// it; the copy `ring` keeps of a P-256 or Ed25519 key is not cleared. A clone
/// shares that memory: it costs nothing, and no second copy of the key lies
/// about. `Debug` shows only the kind.
#[derive(Clone)]
pub struct PrivateKey {
    key: Arc<Pkey>,
    ring: Option<Arc<RingSigner>>,
    public: PublicKey,
}

enum RingSigner {
    P256(ring_sig::EcdsaKeyPair),
    Ed25519(ring_sig::Ed25519KeyPair),
}

impl PrivateKey {
    /// A new key from the library's entropy. RSA: exponent 65537, modulus
    /// 512..=8192 bits in steps of 128.
    pub fn generate(spec: KeySpec) -> Result<Self, CryptoError> {
        Self::from_pkey(match spec {
            KeySpec::Rsa { bits } if RSA_BITS.contains(&bits) && bits.is_multiple_of(128) => {
                Pkey::generate_rsa(bits)?
            }
            KeySpec::Rsa { .. } => return Err(CryptoError::InvalidKey("RSA modulus size")),
            KeySpec::EcP256 => Pkey::generate_ec(Curve::P256)?,
            KeySpec::EcP384 => Pkey::generate_ec(Curve::P384)?,
            KeySpec::EcP521 => Pkey::generate_ec(Curve::P521)?,
            KeySpec::Ed25519 => Pkey::generate_ed25519()?,
        })
    }

    /// Reads an unencrypted PKCS#8 PrivateKeyInfo (RFC 5958), the whole input.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, CryptoError> {
        Self::from_pkey(Pkey::from_pkcs8(der)?)
    }

    /// The key as PKCS#8 DER.
    pub fn to_pkcs8_der(&self) -> Result<Secret, CryptoError> {
        self.key.to_pkcs8()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        self.public.clone()
    }

    /// Signs `message` (hashed here, by the scheme).
    pub fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let signature = self.sign_unchecked(scheme, message)?;
        self.checked(self.public.verify(scheme, message, &signature), signature)
    }

    /// The IKEv1 signature over HASH_I or HASH_R (`hash`, as long as the prf
    /// output). RSA: type-1 padding over the bare hash, no DigestInfo (RFC 2409
    /// 5.1, W-019). ECDSA: r | s over the hash itself (RFC 4754).
    pub fn sign_ikev1_hash(&self, hash: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let signature = match self.public.0.kind {
            PkeyKind::Rsa => self
                .key
                .rsa_private(&rsa::block_bare(hash, self.public.0.signature_len)?)?,
            PkeyKind::Ec(curve) => self.key.ecdsa_sign_fixed(curve, hash)?,
            PkeyKind::Ed25519 => return Err(CryptoError::SchemeMismatch),
        };
        self.checked(self.public.verify_ikev1_hash(hash, &signature), signature)
    }

    /// The RSA private operation on a ciphertext as long as the modulus.
    pub(crate) fn rsa_private(
        &self,
        sealed: &[u8],
        modulus: usize,
    ) -> Result<Vec<u8>, CryptoError> {
        expect_len("RSA ciphertext", modulus, sealed.len())?;
        self.key
            .rsa_private(sealed)
            .map_err(|_| CryptoError::InvalidPublicValue("RSA ciphertext not below the modulus"))
    }

    fn from_pkey(key: Pkey) -> Result<Self, CryptoError> {
        let public = PublicKey::from_spki_der(&key.to_spki()?)?;
        let ring = RingSigner::new(&key, public.0.kind)?.map(Arc::new);
        let key = Arc::new(key);
        Ok(Self { key, ring, public })
    }

    fn sign_unchecked(
        &self,
        scheme: SignatureScheme,
        message: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        use SignatureScheme as S;
        match (scheme, self.public.0.kind) {
            (S::RsaPkcs1(hash), PkeyKind::Rsa) => {
                let digest = hash.digest(&[message]);
                let len = self.public.0.signature_len;
                self.key
                    .rsa_private(&rsa::block_with_digest_info(hash, &digest, len)?)
            }
            (S::RsaPss(hash), PkeyKind::Rsa) => self.key.pss_sign(hash, &hash.digest(&[message])),
            (S::Ecdsa(hash), PkeyKind::Ec(_)) => match self.ring.as_deref() {
                Some(RingSigner::P256(pair)) if hash == Hash::Sha256 => sign_p256(pair, message),
                _ => self.key.ecdsa_sign_der(&hash.digest(&[message])),
            },
            (S::EcdsaFixed(hash), PkeyKind::Ec(curve)) => {
                self.key.ecdsa_sign_fixed(curve, &hash.digest(&[message]))
            }
            (S::Ed25519, PkeyKind::Ed25519) => match self.ring.as_deref() {
                Some(RingSigner::Ed25519(pair)) => Ok(pair.sign(message).as_ref().to_vec()),
                _ => Err(CryptoError::Internal("Ed25519 key pair")),
            },
            _ => Err(CryptoError::SchemeMismatch),
        }
    }

    fn checked(
        &self,
        verdict: Result<(), CryptoError>,
        signature: Vec<u8>,
    ) -> Result<Vec<u8>, CryptoError> {
        verdict.map_err(|_| CryptoError::Internal("own signature does not verify"))?;
        Ok(signature)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:?})", self.public.0.spec)
    }
}

impl RingSigner {
    fn new(key: &Pkey, kind: PkeyKind) -> Result<Option<Self>, CryptoError> {
        let unusable = |_| CryptoError::InvalidKey("key pair halves do not match");
        match kind {
            PkeyKind::Ec(Curve::P256) => ring_sig::EcdsaKeyPair::from_pkcs8(
                &ring_sig::ECDSA_P256_SHA256_ASN1_SIGNING,
                key.to_pkcs8()?.expose(),
                &SystemRandom::new(),
            )
            .map(|pair| Some(Self::P256(pair)))
            .map_err(unusable),
            PkeyKind::Ed25519 => {
                ring_sig::Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.to_pkcs8()?.expose())
                    .map(|pair| Some(Self::Ed25519(pair)))
                    .map_err(unusable)
            }
            _ => Ok(None),
        }
    }
}

fn sign_p256(pair: &ring_sig::EcdsaKeyPair, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let signature = pair
        .sign(&SystemRandom::new(), message)
        .map_err(|_| CryptoError::Internal("ECDSA signing"))?;
    Ok(signature.as_ref().to_vec())
}

/// A public key with its DER. Cheap to clone.
#[derive(Clone)]
pub struct PublicKey(Arc<Inner>);

struct Inner {
    key: Pkey,
    spki: Vec<u8>,
    kind: PkeyKind,
    spec: KeySpec,
    /// Octets of an RSA signature or of r | s.
    signature_len: usize,
}

impl PublicKey {
    /// Reads a DER SubjectPublicKeyInfo (RFC 5280 4.1.2.7), the whole input.
    /// RSA: modulus odd and 512..=8192 bits, exponent odd, 65537..=2^33 (E1,
    /// E2, B12). EC: named curve, uncompressed point on the curve.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, CryptoError> {
        let key = Pkey::from_spki(der)?;
        let kind = key
            .kind()
            .ok_or(CryptoError::InvalidKey("unsupported key type"))?;
        // Compressed points and explicit curves stay out: one form per key.
        if kind != PkeyKind::Rsa && key.to_spki()? != der {
            return Err(CryptoError::InvalidKey(
                "EC key is not an uncompressed point",
            ));
        }
        let (spec, signature_len) = measure(&key, kind)?;
        Ok(Self(Arc::new(Inner {
            key,
            spki: der.to_vec(),
            kind,
            spec,
            signature_len,
        })))
    }

    /// The DER SubjectPublicKeyInfo, as it was read.
    pub fn spki_der(&self) -> &[u8] {
        &self.0.spki
    }

    /// Type and size.
    pub fn kind(&self) -> KeySpec {
        self.0.spec
    }

    /// Verifies `signature` over `message` (hashed here). RSA PKCS#1: the
    /// whole encoded block is compared (E1).
    pub fn verify(
        &self,
        scheme: SignatureScheme,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        use SignatureScheme as S;
        match (scheme, self.0.kind) {
            (S::RsaPkcs1(hash), PkeyKind::Rsa) => {
                let digest = hash.digest(&[message]);
                let block = rsa::block_with_digest_info(hash, &digest, self.0.signature_len)?;
                self.verify_block(&block, signature)
            }
            (S::RsaPss(hash), PkeyKind::Rsa) => {
                self.signature_length(signature)?;
                self.0
                    .key
                    .pss_verify(hash, &hash.digest(&[message]), signature)
            }
            (S::Ecdsa(hash), PkeyKind::Ec(curve)) => {
                self.verify_ecdsa(curve, hash, message, signature)
            }
            (S::EcdsaFixed(hash), PkeyKind::Ec(_)) => {
                self.verify_fixed(&hash.digest(&[message]), signature)
            }
            (S::Ed25519, PkeyKind::Ed25519) => self.verify_ed25519(message, signature),
            _ => Err(CryptoError::SchemeMismatch),
        }
    }

    /// Verifies an IKEv1 signature over `hash`; see
    /// [`PrivateKey::sign_ikev1_hash`]. A DigestInfo is refused (E3).
    pub fn verify_ikev1_hash(&self, hash: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        match self.0.kind {
            PkeyKind::Rsa => {
                self.verify_block(&rsa::block_bare(hash, self.0.signature_len)?, signature)
            }
            PkeyKind::Ec(_) => self.verify_fixed(hash, signature),
            PkeyKind::Ed25519 => Err(CryptoError::SchemeMismatch),
        }
    }

    /// Octets of the modulus of an RSA key.
    pub(crate) fn rsa_modulus_len(&self) -> Result<usize, CryptoError> {
        match self.0.kind {
            PkeyKind::Rsa => Ok(self.0.signature_len),
            _ => Err(CryptoError::SchemeMismatch),
        }
    }

    /// The RSA public operation on a block below the modulus.
    pub(crate) fn rsa_public(&self, block: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.0
            .key
            .rsa_public(block)
            .map_err(|_| CryptoError::Internal("RSA public operation"))
    }

    fn verify_block(&self, block: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        self.signature_length(signature)?;
        let opened = self.0.key.rsa_public(signature)?;
        if ct_eq(&opened, block) {
            Ok(())
        } else {
            Err(CryptoError::BadSignature)
        }
    }

    fn signature_length(&self, signature: &[u8]) -> Result<(), CryptoError> {
        match signature.len() == self.0.signature_len {
            true => Ok(()),
            false => Err(CryptoError::BadSignature),
        }
    }

    fn verify_ecdsa(
        &self,
        curve: Curve,
        hash: Hash,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        if (curve, hash) != (Curve::P256, Hash::Sha256) {
            return self
                .0
                .key
                .ecdsa_verify_der(&hash.digest(&[message]), signature);
        }
        // The uncompressed point ends the SubjectPublicKeyInfo.
        let point = self.spki_tail(65)?;
        ring_sig::UnparsedPublicKey::new(&ring_sig::ECDSA_P256_SHA256_ASN1, point)
            .verify(message, signature)
            .map_err(|_| CryptoError::BadSignature)
    }

    fn verify_fixed(&self, digest: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        self.signature_length(signature)?;
        let (r, s) = signature.split_at(signature.len() / 2);
        self.0.key.ecdsa_verify_fixed(digest, r, s)
    }

    fn verify_ed25519(&self, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        ring_sig::UnparsedPublicKey::new(&ring_sig::ED25519, self.spki_tail(32)?)
            .verify(message, signature)
            .map_err(|_| CryptoError::BadSignature)
    }

    fn spki_tail(&self, octets: usize) -> Result<&[u8], CryptoError> {
        let start = self.0.spki.len().checked_sub(octets);
        start
            .and_then(|start| self.0.spki.get(start..))
            .ok_or(CryptoError::InvalidKey("too short"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?})", self.0.spec)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.spki == other.0.spki
    }
}

impl Eq for PublicKey {}

fn measure(key: &Pkey, kind: PkeyKind) -> Result<(KeySpec, usize), CryptoError> {
    Ok(match kind {
        PkeyKind::Rsa => {
            let bits = rsa_bits(key)?;
            (KeySpec::Rsa { bits }, bits.div_ceil(8) as usize)
        }
        PkeyKind::Ec(curve @ Curve::P256) => (KeySpec::EcP256, 2 * curve.octets()),
        PkeyKind::Ec(curve @ Curve::P384) => (KeySpec::EcP384, 2 * curve.octets()),
        PkeyKind::Ec(curve @ Curve::P521) => (KeySpec::EcP521, 2 * curve.octets()),
        PkeyKind::Ed25519 => (KeySpec::Ed25519, 64),
    })
}

fn rsa_bits(key: &Pkey) -> Result<u32, CryptoError> {
    let (bits, exponent, odd) = key.rsa_numbers()?;
    match () {
        () if !RSA_BITS.contains(&bits) => Err(CryptoError::InvalidKey(
            "RSA modulus outside 512..8192 bits",
        )),
        () if !odd => Err(CryptoError::InvalidKey("RSA modulus is even")),
        () if exponent % 2 == 0 || !(65537..=RSA_MAX_EXPONENT).contains(&exponent) => Err(
            CryptoError::InvalidKey("RSA exponent outside 65537..2^33 or even"),
        ),
        () => Ok(bits),
    }
}
