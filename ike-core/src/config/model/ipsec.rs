//! IPsec: transform sets, profiles, crypto maps, access lists (G-080..G-084).

use std::net::Ipv4Addr;

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
    /// Extension: esp-chacha20-poly1305 (RFC 7634), which IKEv1 has no number for.
    ChaCha20Poly1305,
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
