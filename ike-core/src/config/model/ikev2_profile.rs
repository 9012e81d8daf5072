//! IKEv2 profiles, authorization policies and address pools (G-043).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ike_crypto::Secret;

use super::{AddressOrInterface, Fvrf, Ikev2Dpd, Ikev2Match};

/// `crypto ikev2 profile` (G-043).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ikev2Profile {
    /// Name.
    pub name: String,
    /// `match identity remote`, ORed.
    pub match_identity: Vec<Ikev2Match>,
    /// `match certificate MAP`, ORed with the identities.
    pub match_certificate: Vec<String>,
    /// `match fvrf`.
    pub fvrf: Fvrf,
    /// `match address local`, ORed; empty = any.
    pub match_local: Vec<AddressOrInterface>,
    /// `identity local`; `None` = by the authentication method.
    pub identity_local: Option<Ikev2LocalIdentity>,
    /// `authentication local`.
    pub auth_local: Option<Ikev2Auth>,
    /// `authentication remote`, in order.
    pub auth_remote: Vec<Ikev2Auth>,
    /// `authentication remote eap query-identity`.
    pub eap_query_identity: bool,
    /// `pki trustpoint`, in order (S-074..S-077).
    pub trustpoints: Vec<(String, TrustpointUse)>,
    /// `keyring local NAME`.
    pub keyring: Option<String>,
    /// Extension: `keyring ppk NAME` (RFC 8784).
    pub ppk_keyring: Option<String>,
    /// `lifetime`: seconds, 120..=86400.
    pub lifetime: u32,
    /// Extension: seconds until the SA is authenticated anew (RFC 7296 2.8.3).
    pub reauth: Option<u32>,
    /// `dpd`; `None` = the global one.
    pub dpd: Option<Ikev2Dpd>,
    /// `nat keepalive`, seconds; `None` = the global one.
    pub nat_keepalive: Option<u32>,
    /// `initial-contact force`.
    pub initial_contact_force: bool,
    /// `ivrf`.
    pub ivrf: Option<String>,
    /// `shutdown`: takes no part.
    pub shutdown: bool,
    /// `description`.
    pub description: Option<String>,
    /// `config-exchange request` (W-070).
    pub config_exchange_request: bool,
    /// `config-exchange set accept`.
    pub config_exchange_set_accept: bool,
    /// `config-exchange set send`.
    pub config_exchange_set_send: bool,
    /// `aaa authorization group ... list default POLICY`.
    pub authorization_policy: Option<String>,
    /// The method named in that line.
    pub authorization_by: Ikev2AuthorizationBy,
    /// `override` at the end of that line: kept, one policy overrides nothing.
    pub authorization_override: bool,
}

impl Default for Ikev2Profile {
    fn default() -> Self {
        Self {
            name: String::new(),
            match_identity: Vec::new(),
            match_certificate: Vec::new(),
            fvrf: Fvrf::Global,
            match_local: Vec::new(),
            identity_local: None,
            auth_local: None,
            auth_remote: Vec::new(),
            eap_query_identity: false,
            trustpoints: Vec::new(),
            keyring: None,
            ppk_keyring: None,
            lifetime: 86_400,
            reauth: None,
            dpd: None,
            nat_keepalive: None,
            initial_contact_force: false,
            ivrf: None,
            shutdown: false,
            description: None,
            config_exchange_request: true,
            config_exchange_set_accept: false,
            config_exchange_set_send: false,
            authorization_policy: None,
            authorization_by: Ikev2AuthorizationBy::Certificate,
            authorization_override: false,
        }
    }
}

impl Ikev2Profile {
    /// A profile with the defaults of G-043.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Whether it has what IOS says a profile MUST have (G-043): both authentication
    /// methods and a match statement.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let matches = !self.match_identity.is_empty() || !self.match_certificate.is_empty();
        self.auth_local.is_some() && !self.auth_remote.is_empty() && matches
    }

    /// The trustpoints that may sign (S-074, S-076), in order.
    pub fn sign_trustpoints(&self) -> impl Iterator<Item = &str> {
        self.trustpoints_for(TrustpointUse::Verify)
    }

    /// The trustpoints that may vouch for a peer (S-076), in order.
    pub fn verify_trustpoints(&self) -> impl Iterator<Item = &str> {
        self.trustpoints_for(TrustpointUse::Sign)
    }

    fn trustpoints_for(&self, not: TrustpointUse) -> impl Iterator<Item = &str> {
        let list = self
            .trustpoints
            .iter()
            .filter(move |(_, used)| *used != not);
        list.map(|(name, _)| name.as_str())
    }
}

/// What `pki trustpoint TP` is for (S-076).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrustpointUse {
    /// Both, without a keyword.
    #[default]
    Both,
    /// `sign`: our certificate.
    Sign,
    /// `verify`: the peer's certificate.
    Verify,
}

/// `identity local` (G-043).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ikev2LocalIdentity {
    /// `address A`.
    Address(IpAddr),
    /// `dn`: the subject of our certificate.
    Dn,
    /// `fqdn S`.
    Fqdn(String),
    /// `email S`.
    Email(String),
    /// `key-id K`.
    KeyId(String),
}

/// How an end proves itself (G-043).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ikev2Auth {
    /// `rsa-sig` (RFC 7296 3.8, method 1).
    RsaSig,
    /// `ecdsa-sig` (RFC 4754, methods 9 to 11).
    EcdsaSig,
    /// `pre-share [key K]` (method 2); without a key that of the keyring.
    PreShare(Option<Secret>),
    /// `eap` (RFC 7296 2.16).
    Eap,
    /// Extension, `digital-signature`: RFC 7427 with the key there is (method 14).
    DigitalSignature,
}

impl Ikev2Auth {
    /// Whether it needs a certificate of the end that uses it.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        matches!(self, Self::RsaSig | Self::EcdsaSig | Self::DigitalSignature)
    }
}

/// The method in `aaa authorization group METHOD` (G-043).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ikev2AuthorizationBy {
    /// `cert`.
    #[default]
    Certificate,
    /// `psk`.
    PreShare,
    /// `eap`.
    Eap,
}

/// `crypto ikev2 authorization policy`: what a CFG_REPLY holds (RFC 7296 3.15).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ikev2AuthorizationPolicy {
    /// Name.
    pub name: String,
    /// `pool NAME`: an [`IpPool`] of IPv4 addresses.
    pub pool: Option<String>,
    /// `ipv6 pool NAME`: one of IPv6 addresses.
    pub ipv6_pool: Option<String>,
    /// `dns A [A]`, in order.
    pub dns: Vec<IpAddr>,
    /// `def-domain D`.
    pub def_domain: Option<String>,
    /// `banner TEXT`.
    pub banner: Option<String>,
    /// `netmask M`.
    pub netmask: Option<Ipv4Addr>,
    /// `route set remote {ipv4|ipv6}`: INTERNAL_IP4_SUBNET and INTERNAL_IP6_SUBNET, each
    /// with its prefix length in bits.
    pub routes: Vec<(IpAddr, u8)>,
}

/// A pool of addresses for peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IpPool {
    /// `ip local pool NAME LOW [HIGH]`.
    V4 {
        /// Name.
        name: String,
        /// First address.
        low: Ipv4Addr,
        /// Last address, not below the first.
        high: Ipv4Addr,
    },
    /// `ipv6 local pool NAME PREFIX/LENGTH ASSIGNED`.
    V6 {
        /// Name.
        name: String,
        /// The prefix that is divided, without host bits.
        prefix: Ipv6Addr,
        /// Its length in bits.
        length: u8,
        /// Length in bits of the prefixes that are handed out, not below `length`.
        assigned: u8,
    },
}

impl IpPool {
    /// Its name. A name may stand for one pool of each family.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::V4 { name, .. } | Self::V6 { name, .. } => name,
        }
    }
}
