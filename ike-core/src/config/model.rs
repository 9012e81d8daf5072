//! The running configuration: what the IOS text means, as plain values.
//!
//! Lists keep the order of creation, because IOS decides by it (S-095). Names are
//! case-sensitive strings as typed (IOS-FACTS section 3). Defaults are those of
//! section 3; `RunningConfig::default()` is a router without configuration.

mod ikev2;
mod ikev2_profile;
mod ikev2_proposal;
mod interface;
mod ipsec;
mod isakmp;
mod pki;

pub use ikev2::{
    Fvrf, Ikev2Childless, Ikev2Dpd, Ikev2Global, Ikev2Keyring, Ikev2Match, Ikev2Mode, Ikev2Peer,
    Ikev2Policy, Ikev2Ppk,
};
pub use ikev2_profile::{
    Ikev2Auth, Ikev2AuthorizationBy, Ikev2AuthorizationPolicy, Ikev2LocalIdentity, Ikev2Profile,
    IpPool, TrustpointUse,
};
pub use ikev2_proposal::{Ikev2Encryption, Ikev2Integrity, Ikev2Prf, Ikev2Proposal};
pub use interface::{Interface, Tunnel, TunnelMode, TunnelProtection};
pub use ipsec::{
    AccessEntry, AccessList, CryptoMap, EspAuthentication, EspEncryption, IpsecGlobal,
    IpsecProfile, TransformSet,
};
pub use isakmp::{
    IsakmpAuthentication, IsakmpEncryption, IsakmpGlobal, IsakmpHash, IsakmpPolicy, IsakmpProfile,
    Keepalive, KeyPeer, Keyring, MatchIdentity, PreSharedKey, SelfIdentity,
};
pub use pki::{
    AutoEnroll, CertificateChain, CertificateMap, CertificateMatch, ChainCertificate,
    ChainCertificateKind, ChainCertificateSource, ChainValidation, CrlCacheTime, Enrollment,
    EnrollmentPassword, MatchEffect, RevocationMethod, TrustpointConfig, TrustpointUsage,
};

use std::net::{IpAddr, Ipv4Addr};

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
    /// `ipv6 unicast-routing`.
    pub ipv6_unicast_routing: bool,
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
    /// G-008, G-044, G-045.
    pub ikev2: Ikev2Global,
    /// G-040, oldest first.
    pub ikev2_proposals: Vec<Ikev2Proposal>,
    /// G-041, oldest first.
    pub ikev2_policies: Vec<Ikev2Policy>,
    /// G-042.
    pub ikev2_keyrings: Vec<Ikev2Keyring>,
    /// G-043, oldest first (S-095).
    pub ikev2_profiles: Vec<Ikev2Profile>,
    /// G-043: what profiles hand out to peers.
    pub ikev2_authorization_policies: Vec<Ikev2AuthorizationPolicy>,
    /// Pools that authorization policies name.
    pub ip_pools: Vec<IpPool>,
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
    /// (timestamps, logging), each with its sub-mode lines.
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

/// `ip route PREFIX MASK NEXTHOP|INTERFACE` (G-004), `ipv6 route PREFIX/LENGTH NEXTHOP|INTERFACE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Network address.
    pub prefix: IpAddr,
    /// Prefix length in bits.
    pub length: u8,
    /// Where it points.
    pub via: RouteVia,
}

/// Target of a static route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteVia {
    /// A next-hop address.
    Address(IpAddr),
    /// An interface name.
    Interface(String),
}

/// An address or the interface that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressOrInterface {
    /// A literal address.
    Address(IpAddr),
    /// An interface name.
    Interface(String),
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

    /// The addresses an `address | interface` argument stands for, IPv4 first.
    #[must_use]
    pub fn resolve(&self, which: &AddressOrInterface) -> Vec<IpAddr> {
        match which {
            AddressOrInterface::Address(a) => vec![*a],
            AddressOrInterface::Interface(name) => self
                .interface(name)
                .into_iter()
                .flat_map(Interface::addresses)
                .map(|(address, _)| address)
                .collect(),
        }
    }

    /// Source and destination of a tunnel, both of the family its mode goes over.
    #[must_use]
    pub fn tunnel_ends(&self, tunnel: &Tunnel) -> Option<(IpAddr, IpAddr)> {
        let fits = |address: &IpAddr| address.is_ipv6() == tunnel.mode.is_over_ipv6();
        let sources = self.resolve(tunnel.source.as_ref()?);
        let source = sources.into_iter().find(fits)?;
        Some((source, tunnel.destination.filter(fits)?))
    }

    /// The ISAKMP profile of that name.
    #[must_use]
    pub fn isakmp_profile(&self, name: &str) -> Option<&IsakmpProfile> {
        self.isakmp_profiles.iter().find(|p| p.name == name)
    }

    /// The IKEv2 profile of that name.
    #[must_use]
    pub fn ikev2_profile(&self, name: &str) -> Option<&Ikev2Profile> {
        self.ikev2_profiles.iter().find(|p| p.name == name)
    }

    /// The configured IKEv2 proposal of that name.
    #[must_use]
    pub fn ikev2_proposal(&self, name: &str) -> Option<&Ikev2Proposal> {
        self.ikev2_proposals.iter().find(|p| p.name == name)
    }

    /// The configured IKEv2 policy of that name.
    #[must_use]
    pub fn ikev2_policy(&self, name: &str) -> Option<&Ikev2Policy> {
        self.ikev2_policies.iter().find(|p| p.name == name)
    }

    /// The IKEv2 keyring of that name.
    #[must_use]
    pub fn ikev2_keyring(&self, name: &str) -> Option<&Ikev2Keyring> {
        self.ikev2_keyrings.iter().find(|k| k.name == name)
    }

    /// The IKEv2 authorization policy of that name.
    #[must_use]
    pub fn ikev2_authorization_policy(&self, name: &str) -> Option<&Ikev2AuthorizationPolicy> {
        let mut all = self.ikev2_authorization_policies.iter();
        all.find(|p| p.name == name)
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
