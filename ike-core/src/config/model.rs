//! The running configuration: what the IOS text means, as plain values.
//!
//! Lists keep the order of creation, because IOS decides by it (S-095). Names are
//! case-sensitive strings as typed (IOS-FACTS section 3). Defaults are those of
//! section 3; `RunningConfig::default()` is a router without configuration.

use std::net::Ipv4Addr;

/// Everything `ikd` understands of one router's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunningConfig {
    /// G-001.
    pub hostname: Option<String>,
    /// G-002.
    pub domain_name: Option<String>,
    /// G-003: static host names.
    pub hosts: Vec<(String, Ipv4Addr)>,
    /// G-004.
    pub routes: Vec<Route>,
    /// G-020..G-030.
    pub isakmp: IsakmpGlobal,
    /// G-021, in ascending priority.
    pub isakmp_policies: Vec<IsakmpPolicy>,
    /// G-023: `crypto isakmp key` lines, the keyring named `default`.
    pub isakmp_keys: Vec<PreSharedKey>,
    /// G-031.
    pub keyrings: Vec<Keyring>,
    /// G-032, oldest first.
    pub isakmp_profiles: Vec<IsakmpProfile>,
    /// G-061, in order of definition.
    pub trustpoints: Vec<TrustpointConfig>,
    /// G-062.
    pub certificate_maps: Vec<CertificateMap>,
    /// G-063: certificates written into the configuration.
    pub certificate_chains: Vec<CertificateChain>,
    /// G-064: true after `crypto pki trustpool clean`.
    pub trustpool_clean: bool,
    /// P-006: `pki-order definition` in place of the enrolment order.
    pub pki_order_by_definition: bool,
    /// S-097: `profile-selection first-match`.
    pub profile_selection_first_match: bool,
    /// G-080.
    pub transform_sets: Vec<TransformSet>,
    /// G-081.
    pub ipsec_profiles: Vec<IpsecProfile>,
    /// G-082.
    pub ipsec: IpsecGlobal,
    /// G-083, by name and then sequence.
    pub crypto_maps: Vec<CryptoMap>,
    /// G-084.
    pub access_lists: Vec<AccessList>,
    /// G-085, G-086, in order of definition.
    pub interfaces: Vec<Interface>,
    /// Lines of known meaning that are kept and printed back, not acted on
    /// (IKEv2 text, timestamps, logging), each with its sub-mode lines.
    pub kept: Vec<KeptBlock>,
}

/// A block that is kept verbatim: a global line and the lines of its sub-mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptBlock {
    /// The global line without leading blanks.
    pub line: String,
    /// The lines below it, without leading blanks.
    pub body: Vec<String>,
}

/// `ip route PREFIX MASK NEXTHOP|INTERFACE` (G-004).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Network address.
    pub prefix: Ipv4Addr,
    /// Prefix length in bits.
    pub length: u8,
    /// Where it points.
    pub via: RouteVia,
}

/// Target of a static route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteVia {
    /// A next-hop address.
    Address(Ipv4Addr),
    /// An interface name.
    Interface(String),
}

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
    Address(Ipv4Addr, u8),
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

/// An address or the interface that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressOrInterface {
    /// A literal address.
    Address(Ipv4Addr),
    /// An interface name.
    Interface(String),
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
    /// `address A [MASK]`, prefix length in bits.
    Address(Ipv4Addr, u8),
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

/// `crypto pki trustpoint TP` (G-061).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustpointConfig {
    /// Name.
    pub name: String,
    /// `enrollment ...`.
    pub enrollment: Option<Enrollment>,
    /// `serial-number` in the subject.
    pub serial_number: bool,
    /// `fqdn NAME`; `Some(None)` for `fqdn none`.
    pub fqdn: Option<Option<String>>,
    /// `ip-address A|IF`; `Some(None)` for `ip-address none`.
    pub ip_address: Option<Option<AddressOrInterface>>,
    /// `subject-name X500` as typed (W-022).
    pub subject_name: Option<String>,
    /// `subject-alt-name`.
    pub subject_alt_name: Option<String>,
    /// `rsakeypair LABEL [SIZE]`.
    pub rsakeypair: Option<(String, Option<u32>)>,
    /// `eckeypair LABEL`.
    pub eckeypair: Option<String>,
    /// `revocation-check M1 [M2 [M3]]`; empty = default `crl`.
    pub revocation_check: Vec<RevocationMethod>,
    /// `hash`.
    pub hash: Option<IsakmpHash>,
    /// `fingerprint HEX`.
    pub fingerprint: Option<String>,
    /// Every other accepted sub-command, kept as typed.
    pub kept: Vec<String>,
}

/// How a trustpoint enrols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enrollment {
    /// `enrollment url URL`.
    Url(String),
    /// `enrollment terminal [pem]`.
    Terminal,
    /// `enrollment selfsigned`.
    SelfSigned,
    /// `enrollment profile P`.
    Profile(String),
    /// `enrollment pkcs12`.
    Pkcs12,
}

/// One `revocation-check` method (P-041).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationMethod {
    /// Certificate revocation list.
    Crl,
    /// Accept without a check.
    None,
    /// OCSP.
    Ocsp,
}

/// `crypto pki certificate map LABEL SEQ` (G-062).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateMap {
    /// Label.
    pub label: String,
    /// Sequence number.
    pub sequence: u32,
    /// Lines as typed, ANDed.
    pub rules: Vec<String>,
}

/// `crypto pki certificate chain TP` (G-063).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateChain {
    /// Trustpoint.
    pub trustpoint: String,
    /// Its certificates.
    pub certificates: Vec<ChainCertificate>,
}

/// One certificate of a chain block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainCertificate {
    /// `ca`, `self-signed`, or neither.
    pub kind: ChainCertificateKind,
    /// Serial as typed.
    pub serial: String,
    /// `nvram:FILE`, or the DER octets.
    pub source: ChainCertificateSource,
}

/// Kind of a chain certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainCertificateKind {
    /// The router's own.
    Router,
    /// The CA's.
    Ca,
    /// Self-signed.
    SelfSigned,
}

/// Where a chain certificate's octets are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainCertificateSource {
    /// A file of the store.
    File(String),
    /// In the text, as DER.
    Der(Vec<u8>),
}

/// `crypto ipsec transform-set` (G-080).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransformSet {
    /// Name.
    pub name: String,
    /// ESP cipher, if any.
    pub cipher: Option<EspEncryption>,
    /// ESP integrity, if any.
    pub integrity: Option<EspAuthentication>,
    /// AH integrity, if any (parsed; AH is not carried).
    pub ah: Option<EspAuthentication>,
    /// `mode transport`; otherwise tunnel.
    pub transport: bool,
}

/// ESP cipher (G-080).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EspEncryption {
    /// esp-null.
    Null,
    /// esp-des.
    Des,
    /// esp-3des.
    TripleDes,
    /// esp-aes with key bits.
    Aes(u16),
    /// esp-gcm with key bits.
    Gcm(u16),
    /// esp-gmac with key bits.
    Gmac(u16),
}

/// ESP or AH integrity (G-080).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EspAuthentication {
    /// HMAC-MD5-96.
    Md5,
    /// HMAC-SHA1-96.
    Sha,
    /// HMAC-SHA2-256-128.
    Sha256,
    /// HMAC-SHA2-384-192.
    Sha384,
    /// HMAC-SHA2-512-256.
    Sha512,
}

/// `crypto ipsec profile` (G-081).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IpsecProfile {
    /// Name.
    pub name: String,
    /// `set transform-set`, in order.
    pub transform_sets: Vec<String>,
    /// `set isakmp-profile`.
    pub isakmp_profile: Option<String>,
    /// `set ikev2-profile`.
    pub ikev2_profile: Option<String>,
    /// `set pfs groupN`.
    pub pfs: Option<u16>,
    /// Seconds.
    pub lifetime_seconds: Option<u32>,
    /// Kilobytes.
    pub lifetime_kilobytes: Option<u32>,
    /// `responder-only`.
    pub responder_only: bool,
    /// Description.
    pub description: Option<String>,
}

/// `crypto ipsec ...` (G-082).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpsecGlobal {
    /// Seconds.
    pub lifetime_seconds: u32,
    /// Kilobytes.
    pub lifetime_kilobytes: u32,
    /// Packets, 64..=1024.
    pub replay_window: u32,
    /// `crypto ipsec nat-transparency udp-encapsulation`.
    pub nat_transparency: bool,
    /// `crypto ipsec df-bit`, as typed.
    pub df_bit: Option<String>,
}

impl Default for IpsecGlobal {
    fn default() -> Self {
        Self {
            lifetime_seconds: 3600,
            lifetime_kilobytes: 4_608_000,
            replay_window: 64,
            nat_transparency: true,
            df_bit: None,
        }
    }
}

/// One entry of a crypto map (G-083).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CryptoMap {
    /// Name.
    pub name: String,
    /// Sequence.
    pub sequence: u32,
    /// `set peer`.
    pub peers: Vec<Ipv4Addr>,
    /// `set transform-set`.
    pub transform_sets: Vec<String>,
    /// `match address`.
    pub access_list: Option<String>,
    /// `set isakmp-profile`.
    pub isakmp_profile: Option<String>,
    /// `set ikev2-profile`.
    pub ikev2_profile: Option<String>,
    /// `set pfs`.
    pub pfs: Option<u16>,
    /// Seconds.
    pub lifetime_seconds: Option<u32>,
    /// Kilobytes.
    pub lifetime_kilobytes: Option<u32>,
    /// `reverse-route`.
    pub reverse_route: bool,
}

/// An extended access list (G-084).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessList {
    /// Name or number.
    pub name: String,
    /// Lines.
    pub entries: Vec<AccessEntry>,
}

/// One line of an access list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEntry {
    /// permit or deny.
    pub permit: bool,
    /// IP protocol number, 0 = ip.
    pub protocol: u8,
    /// Source network and wildcard.
    pub source: (Ipv4Addr, Ipv4Addr),
    /// Destination network and wildcard.
    pub destination: (Ipv4Addr, Ipv4Addr),
}

/// An interface (G-085) with its tunnel part (G-086).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Canonical name, e.g. `Ethernet0/0`, `Tunnel1`, `Loopback0`.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Address and prefix length.
    pub address: Option<(Ipv4Addr, u8)>,
    /// `shutdown`.
    pub shutdown: bool,
    /// `crypto map NAME`.
    pub crypto_map: Option<String>,
    /// `ip mtu`, octets.
    pub mtu: Option<u16>,
    /// Present for Tunnel interfaces.
    pub tunnel: Option<Tunnel>,
    /// Other accepted sub-commands, as typed.
    pub kept: Vec<String>,
}

/// Tunnel commands (G-086).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tunnel {
    /// `tunnel source`.
    pub source: Option<AddressOrInterface>,
    /// `tunnel destination`.
    pub destination: Option<Ipv4Addr>,
    /// `tunnel mode`.
    pub mode: TunnelMode,
    /// `tunnel key`.
    pub key: Option<u32>,
    /// `tunnel protection ipsec profile P`.
    pub protection: Option<TunnelProtection>,
}

/// `tunnel mode` (G-086).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TunnelMode {
    /// `gre ip`, the default.
    #[default]
    GreIp,
    /// `ipsec ipv4`.
    IpsecIpv4,
}

/// `tunnel protection ipsec profile P [shared] [isakmp-profile X]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TunnelProtection {
    /// IPsec profile name.
    pub profile: String,
    /// `shared`.
    pub shared: bool,
    /// `isakmp-profile X`.
    pub isakmp_profile: Option<String>,
    /// `ikev2-profile X`.
    pub ikev2_profile: Option<String>,
}

impl RunningConfig {
    /// hostname.domain (G-001, G-002), `Router` without a hostname.
    #[must_use]
    pub fn fqdn(&self) -> String {
        let host = self.hostname.as_deref().unwrap_or("Router");
        match &self.domain_name {
            Some(domain) => format!("{host}.{domain}"),
            None => host.to_owned(),
        }
    }

    /// The interface of that canonical name.
    #[must_use]
    pub fn interface(&self, name: &str) -> Option<&Interface> {
        self.interfaces.iter().find(|i| i.name == name)
    }

    /// The address an `address | interface` argument stands for.
    #[must_use]
    pub fn resolve(&self, which: &AddressOrInterface) -> Option<Ipv4Addr> {
        match which {
            AddressOrInterface::Address(a) => Some(*a),
            AddressOrInterface::Interface(name) => self.interface(name)?.address.map(|(a, _)| a),
        }
    }

    /// The ISAKMP profile of that name.
    #[must_use]
    pub fn isakmp_profile(&self, name: &str) -> Option<&IsakmpProfile> {
        self.isakmp_profiles.iter().find(|p| p.name == name)
    }

    /// The IPsec profile of that name.
    #[must_use]
    pub fn ipsec_profile(&self, name: &str) -> Option<&IpsecProfile> {
        self.ipsec_profiles.iter().find(|p| p.name == name)
    }

    /// The transform set of that name.
    #[must_use]
    pub fn transform_set(&self, name: &str) -> Option<&TransformSet> {
        self.transform_sets.iter().find(|t| t.name == name)
    }
}
