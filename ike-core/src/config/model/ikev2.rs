//! IKEv2: global knobs, policies, keyrings (G-041, G-042, G-044, G-045).
//!
//! Proposals and profiles have files of their own. What IOS 15.3T does not have is marked as an
//! extension; extensions are off in a configuration that does not name them.

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

impl Ikev2Policy {
    /// The one IOS has under the name `default` (G-045).
    #[must_use]
    pub fn built_in() -> Self {
        Self {
            name: "default".to_owned(),
            fvrf: Fvrf::Any,
            local: Vec::new(),
            proposals: vec!["default".to_owned()],
        }
    }
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
}
