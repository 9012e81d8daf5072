//! IKEv2: global knobs, proposals, policies, keyrings (G-040..G-042, G-044, G-045).
//!
//! Profiles and what a gateway hands out are in [`ikev2_profile`](super::Ikev2Profile). What
//! IOS 15.3T does not have is marked as an extension; extensions are off in a configuration
//! that does not name them.

use std::net::IpAddr;

use ike_crypto::Secret;

/// Global IKEv2 knobs (G-008, G-044, G-045).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ikev2Global {
    /// `crypto ikev2 dpd`, for profiles without their own.
    pub dpd: Option<Ikev2Dpd>,
    /// `crypto ikev2 nat keepalive`, seconds, for profiles without their own.
    pub nat_keepalive: Option<u32>,
    /// `crypto ikev2 window`: requests that may be outstanding, 1..=20.
    pub window: u32,
    /// `crypto ikev2 cookie-challenge`: half-open SAs from which on a cookie is asked for,
    /// 1..=1000 (RFC 7296 2.6).
    pub cookie_challenge: Option<u32>,
    /// `crypto ikev2 limit max-in-negotation-sa N incoming`.
    pub max_in_negotiation_incoming: u32,
    /// `crypto ikev2 limit max-in-negotation-sa N outgoing`.
    pub max_in_negotiation_outgoing: u32,
    /// `crypto ikev2 limit max-sa`.
    pub max_sa: Option<u32>,
    /// `crypto ikev2 fragmentation [mtu N]`: octets of the IP packet, 96..=1500 (RFC 7383).
    pub fragmentation: Option<u16>,
    /// `crypto ikev2 http-url cert`: says HTTP_CERT_LOOKUP_SUPPORTED (RFC 7296 3.10.1).
    pub http_url_cert: bool,
    /// Extension, `crypto ikev2 http-url fetch`: prefixes of URLs that may be fetched, as typed.
    pub http_url_fetch: Vec<String>,
    /// `crypto ikev2 certificate-cache`: certificates, 1..=2000.
    pub certificate_cache: Option<u32>,
    /// `crypto ikev2 diagnose error`: entries of the exit path table, 1..=1000.
    pub diagnose_error: Option<u32>,
    /// `crypto ikev2 redirect client [max-redirects N]`: redirects followed for one SA,
    /// 1..=255 (RFC 5685).
    pub redirect_client: Option<u32>,
    /// G-045: false after `no crypto ikev2 proposal default`.
    pub default_proposal: bool,
    /// G-045: false after `no crypto ikev2 policy default`.
    pub default_policy: bool,
    /// G-008: `crypto logging ikev2`.
    pub logging: bool,
    /// Extension: `crypto ikev2 mode`.
    pub mode: Ikev2Mode,
    /// Extension: `crypto ikev2 digital-signature` (RFC 7427); `None` = as the mode has it.
    pub digital_signature: Option<bool>,
    /// Extension: `crypto ikev2 mobike` (RFC 4555).
    pub mobike: bool,
    /// Extension: `crypto ikev2 childless` (RFC 6023).
    pub childless: Option<Ikev2Childless>,
}

impl Default for Ikev2Global {
    fn default() -> Self {
        Self {
            dpd: None,
            nat_keepalive: None,
            window: 5,
            cookie_challenge: None,
            max_in_negotiation_incoming: 40,
            max_in_negotiation_outgoing: 400,
            max_sa: None,
            fragmentation: None,
            http_url_cert: true,
            http_url_fetch: Vec::new(),
            certificate_cache: None,
            diagnose_error: None,
            redirect_client: None,
            default_proposal: true,
            default_policy: true,
            logging: false,
            mode: Ikev2Mode::Ios,
            digital_signature: None,
            mobike: false,
            childless: None,
        }
    }
}

/// Whose defaults apply where the configuration says nothing (extension).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ikev2Mode {
    /// Those of IOS 15.3T.
    #[default]
    Ios,
    /// Those of current practice (RFC 8247, RFC 7427).
    Modern,
}

/// IKE SAs without a first child SA (RFC 6023, extension).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ikev2Childless {
    /// Accepted when a peer asks for one.
    Allowed,
    /// The only kind that is made.
    Required,
}

/// Dead peer detection (G-043, G-044).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ikev2Dpd {
    /// Seconds between probes, 10..=3600.
    pub interval: u32,
    /// Seconds between retries, 2..=60.
    pub retry: u32,
    /// `periodic`; otherwise `on-demand`.
    pub periodic: bool,
}

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

/// `match fvrf` (G-041, G-043). This daemon has the global table only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fvrf {
    /// The global routing table, the default.
    #[default]
    Global,
    /// Any table.
    Any,
    /// A named table: never the one a packet comes from.
    Named(String),
}

/// `crypto ikev2 policy` (G-041).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ikev2Policy {
    /// Name; `default` replaces the built-in one (G-045).
    pub name: String,
    /// `match fvrf`.
    pub fvrf: Fvrf,
    /// `match address local`, ORed; empty = any.
    pub local: Vec<IpAddr>,
    /// `proposal NAME`, most preferred first.
    pub proposals: Vec<String>,
}

/// `crypto ikev2 keyring` (G-042).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ikev2Keyring {
    /// Name.
    pub name: String,
    /// Peers in order.
    pub peers: Vec<Ikev2Peer>,
}

/// `peer P` of a keyring (G-042).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ikev2Peer {
    /// Name.
    pub name: String,
    /// `address`, each with its prefix length in bits.
    pub addresses: Vec<(IpAddr, u8)>,
    /// `hostname`.
    pub hostname: Option<String>,
    /// `identity`.
    pub identity: Option<Ikev2Match>,
    /// The key we prove ourselves with.
    pub key_local: Option<Secret>,
    /// The key the peer proves itself with.
    pub key_remote: Option<Secret>,
    /// Extension: `ppk manual` (RFC 8784).
    pub ppk: Option<Ikev2Ppk>,
    /// `description`.
    pub description: Option<String>,
}

/// A post-quantum preshared key (RFC 8784, extension).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ikev2Ppk {
    /// PPK_ID, as sent.
    pub id: String,
    /// The key.
    pub key: Secret,
    /// `required`: an SA without it is not made.
    pub required: bool,
}

/// A statement about a peer's identity (G-042, G-043).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ikev2Match {
    /// `address A [MASK]`, prefix length in bits.
    Address(IpAddr, u8),
    /// `fqdn S`.
    Fqdn(String),
    /// `fqdn domain D`.
    FqdnDomain(String),
    /// `email S`.
    Email(String),
    /// `email domain D`.
    EmailDomain(String),
    /// `key-id K`.
    KeyId(String),
    /// `any`.
    Any,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I6: a configuration may be printed for debugging, its keys may not.
    #[test]
    fn keys_do_not_show_in_debug_output() {
        let peer = Ikev2Peer {
            key_local: Some(b"hunter2".as_slice().into()),
            ppk: Some(Ikev2Ppk {
                id: "P".into(),
                key: b"hunter2".as_slice().into(),
                required: true,
            }),
            ..Ikev2Peer::default()
        };
        let shown = format!("{peer:?}");
        let octets = format!("{:?}", b"hunter2");
        assert!(
            !shown.contains("hunter2") && !shown.contains(&octets),
            "{shown}"
        );
    }

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
