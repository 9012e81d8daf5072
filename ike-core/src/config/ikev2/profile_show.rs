//! IKEv2 profiles in `show running-config`.
use super::show::{Key, match_fvrf};
use crate::config::model::*;
use crate::config::show::Text;

/// One profile, non-default lines only.
pub(super) fn profile(profile: &Ikev2Profile, out: &mut Text) {
    out.line(format_args!("crypto ikev2 profile {}", profile.name));
    out.value(" description", profile.description.as_ref());
    matches(profile, out);
    identity(profile.identity_local.as_ref(), out);
    for method in &profile.auth_remote {
        authentication("remote", method, profile.eap_query_identity, out);
    }
    let local = profile.auth_local.iter();
    local.for_each(|method| authentication("local", method, false, out));
    out.value(" keyring local", profile.keyring.as_ref());
    out.value(" keyring ppk", profile.ppk_keyring.as_ref());
    for (name, used) in &profile.trustpoints {
        let used = match used {
            TrustpointUse::Both => "",
            TrustpointUse::Sign => " sign",
            TrustpointUse::Verify => " verify",
        };
        out.line(format_args!(" pki trustpoint {name}{used}"));
    }
    times(profile, out);
    exchange(profile, out);
    out.value(" ivrf", profile.ivrf.as_ref());
    out.when(profile.shutdown, " shutdown");
    out.end();
}

fn matches(profile: &Ikev2Profile, out: &mut Text) {
    match_fvrf(&profile.fvrf, out);
    for which in &profile.match_local {
        match which {
            AddressOrInterface::Interface(name) => {
                out.line(format_args!(" match address local interface {name}"));
            }
            address => out.line(format_args!(" match address local {address}")),
        }
    }
    let statements = profile.match_identity.iter();
    statements.for_each(|item| out.line(format_args!(" match identity remote {item}")));
    let maps = profile.match_certificate.iter();
    maps.for_each(|map| out.line(format_args!(" match certificate {map}")));
}

fn identity(identity: Option<&Ikev2LocalIdentity>, out: &mut Text) {
    use Ikev2LocalIdentity as Id;
    match identity {
        Some(Id::Address(address)) => out.line(format_args!(" identity local address {address}")),
        Some(Id::Dn) => out.line(format_args!(" identity local dn")),
        Some(Id::Fqdn(name)) => out.line(format_args!(" identity local fqdn {name}")),
        Some(Id::Email(address)) => out.line(format_args!(" identity local email {address}")),
        Some(Id::KeyId(id)) => out.line(format_args!(" identity local key-id {id}")),
        None => {}
    }
}

fn authentication(side: &str, method: &Ikev2Auth, query_identity: bool, out: &mut Text) {
    match method {
        Ikev2Auth::PreShare(Some(key)) => {
            let key = Key(key);
            out.line(format_args!(" authentication {side} pre-share key {key}"));
        }
        Ikev2Auth::Eap if query_identity => {
            out.line(format_args!(" authentication {side} eap query-identity"));
        }
        method => out.line(format_args!(" authentication {side} {}", method.keyword())),
    }
}

impl Ikev2Auth {
    /// The keyword after `authentication local` (O-022).
    #[must_use]
    pub fn keyword(&self) -> &'static str {
        match self {
            Self::RsaSig => "rsa-sig",
            Self::EcdsaSig => "ecdsa-sig",
            Self::PreShare(_) => "pre-share",
            Self::Eap => "eap",
            Self::DigitalSignature => "digital-signature",
        }
    }
}

fn times(profile: &Ikev2Profile, out: &mut Text) {
    let default = Ikev2Profile::default().lifetime;
    let lifetime = Some(profile.lifetime).filter(|lifetime| *lifetime != default);
    out.value(" lifetime", lifetime);
    out.value(" reauth", profile.reauth);
    out.value(" dpd", profile.dpd);
    out.value(" nat keepalive", profile.nat_keepalive);
    out.when(profile.initial_contact_force, " initial-contact force");
}

fn exchange(profile: &Ikev2Profile, out: &mut Text) {
    let request = profile.config_exchange_request;
    out.when(!request, " no config-exchange request");
    let accept = profile.config_exchange_set_accept;
    out.when(accept, " config-exchange set accept");
    let send = profile.config_exchange_set_send;
    out.when(send, " config-exchange set send");
    if let Some(policy) = &profile.authorization_policy {
        let by = match profile.authorization_by {
            Ikev2AuthorizationBy::Certificate => "cert",
            Ikev2AuthorizationBy::PreShare => "psk",
            Ikev2AuthorizationBy::Eap => "eap",
        };
        let end = if profile.authorization_override {
            " override"
        } else {
            ""
        };
        out.line(format_args!(
            " aaa authorization group {by} list default {policy}{end}"
        ));
    }
}
