//! IKEv2 proposals and the algorithms in them (G-040, G-045).

/// `crypto ikev2 proposal` (G-040). Lists are in the order sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ikev2Proposal {
    /// Name; `default` replaces the built-in one (G-045).
    pub name: String,
    /// Ciphers: all combined-mode ones or none (RFC 7296 3.3).
    pub encryption: Vec<Ikev2Encryption>,
    /// Integrity algorithms; empty with combined-mode ciphers.
    pub integrity: Vec<Ikev2Integrity>,
    /// Pseudorandom functions; empty = those of the integrity algorithms.
    pub prf: Vec<Ikev2Prf>,
    /// Diffie-Hellman groups, IANA numbers.
    pub groups: Vec<u16>,
    /// Extension: IANA numbers of the methods for the first additional key exchange
    /// (RFC 9370 ADDKE1), e.g. 36 = ML-KEM-768.
    pub additional_ke: Vec<u16>,
}

impl Ikev2Proposal {
    /// The one IOS 15.3T has under the name `default` (W-064, G-045).
    #[must_use]
    pub fn built_in() -> Self {
        use {Ikev2Encryption as E, Ikev2Integrity as I, Ikev2Prf as P};
        Self {
            name: "default".to_owned(),
            encryption: [256, 192, 128].map(E::AesCbc).to_vec(),
            integrity: vec![I::Sha512, I::Sha384, I::Sha256, I::Sha1, I::Md5],
            prf: vec![P::Sha512, P::Sha384, P::Sha256, P::Sha1, P::Md5],
            groups: vec![5, 2],
            additional_ke: Vec::new(),
        }
    }

    /// Whether it has what IOS says a proposal MUST have (G-040): groups, ciphers of one
    /// kind, and an integrity algorithm or, for combined-mode ciphers, a PRF.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let combined = self.encryption.iter().filter(|e| e.is_aead()).count();
        let ciphers = self.encryption.len();
        let protected = if combined == 0 {
            !self.integrity.is_empty()
        } else {
            combined == ciphers && !self.prf.is_empty()
        };
        ciphers > 0 && protected && !self.groups.is_empty()
    }
}

/// Cipher of an IKE SA (G-040). IOS 15.3T has DES, 3DES, AES-CBC and AES-GCM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ikev2Encryption {
    /// DES-CBC.
    Des,
    /// 3DES-CBC.
    TripleDes,
    /// AES-CBC with key bits.
    AesCbc(u16),
    /// AES-GCM (RFC 5282).
    AesGcm {
        /// Key bits.
        bits: u16,
        /// Octets of the integrity check value: 8, 12 or 16.
        icv: u8,
    },
    /// AES-CTR with key bits (RFC 5930).
    AesCtr(u16),
    /// AES-CCM (RFC 5282).
    AesCcm {
        /// Key bits.
        bits: u16,
        /// Octets of the integrity check value: 8, 12 or 16.
        icv: u8,
    },
    /// ChaCha20-Poly1305 (RFC 7634).
    ChaCha20Poly1305,
}

impl Ikev2Encryption {
    /// Whether it protects integrity itself (RFC 5282).
    #[must_use]
    pub fn is_aead(self) -> bool {
        matches!(
            self,
            Self::AesGcm { .. } | Self::AesCcm { .. } | Self::ChaCha20Poly1305
        )
    }
}

/// Integrity algorithm of an IKE SA (G-040).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ikev2Integrity {
    /// HMAC-MD5-96.
    Md5,
    /// HMAC-SHA1-96.
    Sha1,
    /// HMAC-SHA2-256-128.
    Sha256,
    /// HMAC-SHA2-384-192.
    Sha384,
    /// HMAC-SHA2-512-256.
    Sha512,
    /// AES-XCBC-96 (RFC 3566).
    AesXcbc,
    /// AES-CMAC-96 (RFC 4494).
    AesCmac,
}

impl Ikev2Integrity {
    /// The PRF of the same construction, used where no PRF is configured (G-040).
    #[must_use]
    pub fn prf(self) -> Ikev2Prf {
        match self {
            Self::Md5 => Ikev2Prf::Md5,
            Self::Sha1 => Ikev2Prf::Sha1,
            Self::Sha256 => Ikev2Prf::Sha256,
            Self::Sha384 => Ikev2Prf::Sha384,
            Self::Sha512 => Ikev2Prf::Sha512,
            Self::AesXcbc => Ikev2Prf::AesXcbc,
            Self::AesCmac => Ikev2Prf::AesCmac,
        }
    }
}

/// Pseudorandom function of an IKE SA (G-040).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ikev2Prf {
    /// HMAC-MD5.
    Md5,
    /// HMAC-SHA1.
    Sha1,
    /// HMAC-SHA2-256.
    Sha256,
    /// HMAC-SHA2-384.
    Sha384,
    /// HMAC-SHA2-512.
    Sha512,
    /// AES-XCBC-PRF-128 (RFC 4434).
    AesXcbc,
    /// AES-CMAC-PRF-128 (RFC 4615).
    AesCmac,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// G-040: combined-mode ciphers need a PRF and no integrity algorithm, others the reverse.
    #[test]
    fn a_proposal_is_complete_with_ciphers_of_one_kind() {
        let (cbc, gcm) = (
            Ikev2Encryption::AesCbc(128),
            Ikev2Encryption::AesGcm { bits: 128, icv: 16 },
        );
        let complete = |encryption: &[Ikev2Encryption], integrity, prf| {
            let proposal = Ikev2Proposal {
                encryption: encryption.to_vec(),
                integrity: if integrity {
                    vec![Ikev2Integrity::Sha256]
                } else {
                    Vec::new()
                },
                prf: if prf {
                    vec![Ikev2Prf::Sha256]
                } else {
                    Vec::new()
                },
                groups: vec![14],
                ..Ikev2Proposal::default()
            };
            proposal.is_complete()
        };
        assert!(complete(&[cbc], true, false) && complete(&[gcm], false, true));
        assert!(!complete(&[cbc], false, true) && !complete(&[gcm], true, false));
        assert!(!complete(&[], true, true) && !complete(&[cbc, gcm], true, true));
    }
}
