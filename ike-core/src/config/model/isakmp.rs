//! ISAKMP: policies, keys, profiles (G-020..G-032).

use std::net::IpAddr;

use super::AddressOrInterface;

/// Global ISAKMP knobs (G-020, G-022, G-024..G-030).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsakmpGlobal {
    /// G-020.
    pub enabled: bool,
    /// G-022: default policies offered when no policy is configured.
    pub default_policies: bool,
    /// G-024.
    pub identity: SelfIdentity,
    /// G-025.
    pub keepalive: Option<Keepalive>,
    /// G-026: seconds.
    pub nat_keepalive: Option<u32>,
    /// G-027.
    pub fragmentation: bool,
    /// G-028.
    pub invalid_spi_recovery: bool,
    /// G-029: `crypto isakmp aggressive-mode disable`.
    pub aggressive_mode_disabled: bool,
    /// G-030: `crypto call admission limit ike sa N`.
    pub max_sa: Option<u32>,
    /// G-030: `crypto call admission limit ike in-negotiation-sa N`.
    pub max_in_negotiation: u32,
    /// G-007: `crypto logging session`.
    pub logging_session: bool,
}

impl Default for IsakmpGlobal {
    fn default() -> Self {
        Self {
            enabled: true,
            default_policies: true,
            identity: SelfIdentity::Address,
            keepalive: None,
            nat_keepalive: None,
            fragmentation: false,
            invalid_spi_recovery: false,
            aggressive_mode_disabled: false,
            max_sa: None,
            max_in_negotiation: 1000,
            logging_session: false,
        }
    }
}

/// Identity a router presents in phase 1 (G-024, `self-identity` of G-032).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelfIdentity {
    /// ID_IPV4_ADDR of the local end.
    Address,
    /// ID_FQDN, hostname.domain (S-042).
    Fqdn,
    /// ID_DER_ASN1_DN, the subject of the signing certificate.
    Dn,
    /// ID_USER_FQDN.
    UserFqdn(String),
    /// ID_KEY_ID.
    KeyId(String),
}

/// Dead peer detection (G-025).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// Seconds between probes.
    pub interval: u32,
    /// Seconds between retries.
    pub retry: u32,
    /// `periodic`: probe even when traffic flows; otherwise `on-demand`.
    pub periodic: bool,
}

/// `crypto isakmp policy N` (G-021).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsakmpPolicy {
    /// 1..=10000 (65507..=65514 for the built-in ones, G-022).
    pub priority: u32,
    /// Phase 1 cipher.
    pub encryption: IsakmpEncryption,
    /// Phase 1 hash and PRF.
    pub hash: IsakmpHash,
    /// Authentication method.
    pub authentication: IsakmpAuthentication,
    /// Oakley group number: 1, 2, 5, 14, 15, 16, 19, 20, 21 or 24.
    pub group: u16,
    /// Seconds, 60..=86400.
    pub lifetime: u32,
}

impl IsakmpPolicy {
    /// A policy with the defaults of G-021.
    #[must_use]
    pub fn new(priority: u32) -> Self {
        Self {
            priority,
            encryption: IsakmpEncryption::Des,
            hash: IsakmpHash::Sha,
            authentication: IsakmpAuthentication::RsaSig,
            group: 1,
            lifetime: 86_400,
        }
    }
}

/// Phase 1 cipher (G-021).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsakmpEncryption {
    /// DES-CBC, 56 bits.
    Des,
    /// 3DES-CBC.
    TripleDes,
    /// AES-CBC with the key length in bits: 128, 192 or 256.
    Aes(u16),
}

/// Phase 1 hash (G-021).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsakmpHash {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha,
    /// SHA2-256.
    Sha256,
    /// SHA2-384.
    Sha384,
    /// SHA2-512.
    Sha512,
}

/// Phase 1 authentication (G-021).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsakmpAuthentication {
    /// RSA signatures.
    RsaSig,
    /// RSA encryption; parsed, never offered (E7).
    RsaEncr,
    /// Pre-shared key.
    PreShare,
    /// ECDSA signatures.
    EcdsaSig,
}

/// A pre-shared key line (G-023, G-031).
#[derive(Clone, PartialEq, Eq)]
pub struct PreSharedKey {
    /// Which peer it is for.
    pub peer: KeyPeer,
    /// The key's octets.
    pub key: Vec<u8>,
    /// `no-xauth`.
    pub no_xauth: bool,
}

impl std::fmt::Debug for PreSharedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "PreSharedKey({:?}, <{} octets>)",
            self.peer,
            self.key.len()
        )
    }
}

/// Peer of a pre-shared key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPeer {
    /// Address and prefix length.
    Address(IpAddr, u8),
    /// Host name.
    Hostname(String),
}

/// `crypto keyring NAME` (G-031).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keyring {
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// `local-address`.
    pub local_address: Option<AddressOrInterface>,
    /// Keys in order.
    pub keys: Vec<PreSharedKey>,
}

/// `crypto isakmp profile NAME` (G-032).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IsakmpProfile {
    /// Name.
    pub name: String,
    /// `match identity ...`, ORed.
    pub match_identity: Vec<MatchIdentity>,
    /// `match certificate MAP`.
    pub match_certificate: Vec<String>,
    /// `self-identity`; `None` = the global one.
    pub self_identity: Option<SelfIdentity>,
    /// `ca trust-point TP`, in order (S-010, S-015, S-032, S-050).
    pub trustpoints: Vec<String>,
    /// `keyring NAME`.
    pub keyring: Option<String>,
    /// `local-address`.
    pub local_address: Option<AddressOrInterface>,
    /// `keepalive SEC retry SEC`.
    pub keepalive: Option<Keepalive>,
    /// `initiate mode aggressive`.
    pub initiate_aggressive: bool,
    /// `vrf NAME`.
    pub vrf: Option<String>,
    /// `description`.
    pub description: Option<String>,
}

/// One `match identity` statement (G-032).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MatchIdentity {
    /// `address A [MASK]` or `address ipv6 A/LENGTH`, prefix length in bits.
    Address(IpAddr, u8),
    /// `host FQDN`.
    Host(String),
    /// `host domain DOM`.
    HostDomain(String),
    /// `user ID`.
    User(String),
    /// `user domain DOM`.
    UserDomain(String),
    /// `group NAME` (an ID_KEY_ID).
    Group(String),
}
