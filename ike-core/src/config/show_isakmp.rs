//! IKEv1 in `show running-config`. Profiles are indented by three blanks, keyrings by two (G-033).
use super::model::*;
use super::show::Text;
use super::value::mask;
use std::fmt;
use std::net::IpAddr;

/// Global IKEv1 lines, policies, keys, keyrings, profiles.
pub(super) fn isakmp(config: &RunningConfig, out: &mut Text) {
    config
        .isakmp_policies
        .iter()
        .for_each(|policy| show_policy(policy, out));
    config
        .keyrings
        .iter()
        .for_each(|keyring| show_keyring(keyring, out));
    for key in &config.isakmp_keys {
        let no_xauth = if key.no_xauth { " no-xauth" } else { "" };
        out.line(format_args!(
            "crypto isakmp key {} {}{no_xauth}",
            Key(&key.key),
            Peer(&key.peer)
        ));
    }
    show_isakmp_global(&config.isakmp, out);
    config
        .isakmp_profiles
        .iter()
        .for_each(|profile| show_profile(profile, out));
}

fn show_policy(policy: &IsakmpPolicy, out: &mut Text) {
    let default = IsakmpPolicy::new(policy.priority);
    out.line(format_args!("crypto isakmp policy {}", policy.priority));
    let encryption = match policy.encryption {
        IsakmpEncryption::Des => "des".to_owned(),
        IsakmpEncryption::TripleDes => "3des".to_owned(),
        IsakmpEncryption::Aes(128) => "aes".to_owned(),
        IsakmpEncryption::Aes(bits) => format!("aes {bits}"),
    };
    out.value(
        " encr",
        Some(encryption).filter(|_| policy.encryption != default.encryption),
    );
    out.value(
        " hash",
        Some(hash_name(policy.hash)).filter(|_| policy.hash != default.hash),
    );
    let method = match policy.authentication {
        IsakmpAuthentication::RsaSig => None,
        IsakmpAuthentication::RsaEncr => Some("rsa-encr"),
        IsakmpAuthentication::PreShare => Some("pre-share"),
        IsakmpAuthentication::EcdsaSig => Some("ecdsa-sig"),
    };
    out.value(" authentication", method);
    out.value(
        " group",
        Some(policy.group).filter(|group| *group != default.group),
    );
    out.value(
        " lifetime",
        Some(policy.lifetime).filter(|lifetime| *lifetime != default.lifetime),
    );
    out.end();
}

/// The IOS keyword of a hash in a policy.
pub(super) fn hash_name(hash: IsakmpHash) -> &'static str {
    match hash {
        IsakmpHash::Md5 => "md5",
        IsakmpHash::Sha => "sha",
        IsakmpHash::Sha256 => "sha256",
        IsakmpHash::Sha384 => "sha384",
        IsakmpHash::Sha512 => "sha512",
    }
}

fn show_keyring(keyring: &Keyring, out: &mut Text) {
    out.line(format_args!("crypto keyring {}", keyring.name));
    out.value("  description", keyring.description.as_ref());
    out.value("  local-address", keyring.local_address.as_ref());
    for key in &keyring.keys {
        out.line(format_args!(
            "  pre-shared-key {} key {}",
            Peer(&key.peer),
            Key(&key.key)
        ));
    }
    out.end();
}

/// A key as it was typed: keys come from words of the text.
struct Key<'a>(&'a [u8]);

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(self.0);
        // `0` and `6` alone would be read as the key's type.
        let kind = if ["0", "6"].contains(&&*text) {
            "0 "
        } else {
            ""
        };
        write!(f, "{kind}{text}")
    }
}

struct Peer<'a>(&'a KeyPeer);

impl fmt::Display for Peer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            KeyPeer::Address(address @ IpAddr::V6(_), length) => {
                write!(f, "address ipv6 {address}/{length}")
            }
            KeyPeer::Address(address, 32) => write!(f, "address {address}"),
            KeyPeer::Address(address, length) => write!(f, "address {address} {}", mask(*length)),
            KeyPeer::Hostname(name) => write!(f, "hostname {name}"),
        }
    }
}

fn show_isakmp_global(isakmp: &IsakmpGlobal, out: &mut Text) {
    let default = IsakmpGlobal::default();
    out.when(!isakmp.enabled, "no crypto isakmp enable");
    out.when(!isakmp.default_policies, "no crypto isakmp default policy");
    match &isakmp.identity {
        SelfIdentity::Fqdn => out.line(format_args!("crypto isakmp identity hostname")),
        SelfIdentity::Dn => out.line(format_args!("crypto isakmp identity dn")),
        SelfIdentity::KeyId(id) => out.line(format_args!("crypto isakmp identity key-id {id}")),
        SelfIdentity::Address | SelfIdentity::UserFqdn(_) => {}
    }
    if let Some(Keepalive {
        interval,
        retry,
        periodic,
    }) = isakmp.keepalive
    {
        let retry = if retry == 2 {
            String::new()
        } else {
            format!(" {retry}")
        };
        let periodic = if periodic { " periodic" } else { "" };
        out.line(format_args!(
            "crypto isakmp keepalive {interval}{retry}{periodic}"
        ));
    }
    out.value("crypto isakmp nat keepalive", isakmp.nat_keepalive);
    out.when(isakmp.fragmentation, "crypto isakmp fragmentation");
    out.when(
        isakmp.invalid_spi_recovery,
        "crypto isakmp invalid-spi-recovery",
    );
    out.when(
        isakmp.aggressive_mode_disabled,
        "crypto isakmp aggressive-mode disable",
    );
    out.value("crypto call admission limit ike sa", isakmp.max_sa);
    let limit =
        Some(isakmp.max_in_negotiation).filter(|limit| *limit != default.max_in_negotiation);
    out.value("crypto call admission limit ike in-negotiation-sa", limit);
    out.when(isakmp.logging_session, "crypto logging session");
}

fn show_profile(profile: &IsakmpProfile, out: &mut Text) {
    out.line(format_args!("crypto isakmp profile {}", profile.name));
    out.value("   description", profile.description.as_ref());
    out.value("   keyring", profile.keyring.as_ref());
    profile
        .trustpoints
        .iter()
        .for_each(|name| out.line(format_args!("   ca trust-point {name}")));
    match &profile.self_identity {
        Some(SelfIdentity::Address) => out.line(format_args!("   self-identity address")),
        Some(SelfIdentity::Fqdn) => out.line(format_args!("   self-identity fqdn")),
        Some(SelfIdentity::UserFqdn(id)) => {
            out.line(format_args!("   self-identity user-fqdn {id}"))
        }
        Some(SelfIdentity::Dn | SelfIdentity::KeyId(_)) | None => {}
    }
    profile
        .match_identity
        .iter()
        .for_each(|item| out.line(format_args!("   match identity {item}")));
    profile
        .match_certificate
        .iter()
        .for_each(|map| out.line(format_args!("   match certificate {map}")));
    if let Some(Keepalive {
        interval, retry, ..
    }) = profile.keepalive
    {
        out.line(format_args!("   keepalive {interval} retry {retry}"));
    }
    out.when(profile.initiate_aggressive, "   initiate mode aggressive");
    out.value("   local-address", profile.local_address.as_ref());
    out.end();
}

impl fmt::Display for MatchIdentity {
    /// The words after `match identity`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address @ IpAddr::V6(_), length) => {
                write!(f, "address ipv6 {address}/{length}")
            }
            Self::Address(address, length) => write!(f, "address {address} {}", mask(*length)),
            Self::Host(name) => write!(f, "host {name}"),
            Self::HostDomain(domain) => write!(f, "host domain {domain}"),
            Self::User(id) => write!(f, "user {id}"),
            Self::UserDomain(domain) => write!(f, "user domain {domain}"),
            Self::Group(name) => write!(f, "group {name}"),
        }
    }
}
