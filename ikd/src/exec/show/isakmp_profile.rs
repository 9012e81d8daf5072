//! `show crypto isakmp profile` (O-007; the text is from memory, U-18).

use std::net::IpAddr;

use ike_core::config::{IsakmpProfile, MatchIdentity, SelfIdentity};
use ike_core::policy::address::mask;
use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Profiles {
    isakmp_profiles: Vec<Profile>,
}

#[derive(Serialize)]
struct Profile {
    name: String,
    /// One for itself, one for each use in the configuration and each SA bound to it.
    references: usize,
    identities: Vec<String>,
    certificate_maps: Vec<String>,
    presents: &'static str,
    keyring: Option<String>,
    trustpoints: Vec<String>,
}

pub(super) fn view(now: &Snapshot<'_>) -> Profiles {
    let profile = |p: &IsakmpProfile| Profile {
        name: p.name.clone(),
        references: 1 + references(now, &p.name),
        identities: p.match_identity.iter().map(identity).collect(),
        certificate_maps: p.match_certificate.clone(),
        presents: presented(
            p.self_identity
                .as_ref()
                .unwrap_or(&now.config.isakmp.identity),
        ),
        keyring: p.keyring.clone(),
        trustpoints: p.trustpoints.clone(),
    };
    Profiles {
        isakmp_profiles: now.config.isakmp_profiles.iter().map(profile).collect(),
    }
}

fn references(now: &Snapshot<'_>, name: &str) -> usize {
    let is = |used: &Option<String>| used.as_deref() == Some(name);
    let config = now.config;
    config
        .ipsec_profiles
        .iter()
        .filter(|p| is(&p.isakmp_profile))
        .count()
        + config
            .crypto_maps
            .iter()
            .filter(|m| is(&m.isakmp_profile))
            .count()
        + now.isakmp.iter().filter(|sa| is(&sa.profile)).count()
}

fn identity(statement: &MatchIdentity) -> String {
    match statement {
        MatchIdentity::Address(address, bits) => {
            let mask = match address {
                IpAddr::V4(_) => mask(*address, *bits).to_string(),
                IpAddr::V6(_) => bits.to_string(),
            };
            format!("ip-address {address} {mask}")
        }
        MatchIdentity::Host(name) => format!("fqdn {name}"),
        MatchIdentity::HostDomain(name) => format!("fqdn domain {name}"),
        MatchIdentity::User(name) => format!("user-fqdn {name}"),
        MatchIdentity::UserDomain(name) => format!("user-fqdn domain {name}"),
        MatchIdentity::Group(name) => format!("group {name}"),
    }
}

fn presented(identity: &SelfIdentity) -> &'static str {
    match identity {
        SelfIdentity::Address => "ip-address",
        SelfIdentity::Fqdn => "fqdn",
        SelfIdentity::Dn => "dn",
        SelfIdentity::UserFqdn(_) => "user-fqdn",
        SelfIdentity::KeyId(_) => "key-id",
    }
}

impl View for Profiles {
    fn text(&self) -> String {
        let mut out = Lines::default();
        out.apart(&self.isakmp_profiles, Profile::lines);
        out.0
    }
}

impl Profile {
    fn lines(&self, out: &mut Lines) {
        out.line(format!("ISAKMP PROFILE {}", self.name));
        out.line(format!("   Ref Count = {}", self.references));
        out.line("   Identities matched are:");
        self.identities
            .iter()
            .for_each(|id| out.line(format!("    {id}")));
        out.line("   Certificate maps matched are:");
        self.certificate_maps
            .iter()
            .for_each(|map| out.line(format!("    {map}")));
        out.line(format!("   Identity presented is: {}", self.presents));
        out.line(format!(
            "   keyring(s): {}",
            self.keyring.as_deref().unwrap_or("<none>")
        ));
        let all = self.trustpoints.is_empty();
        let trustpoints = if all {
            "<all>".to_owned()
        } else {
            self.trustpoints.join(" ")
        };
        out.line(format!("   trustpoint(s): {trustpoints}"));
    }
}

#[cfg(test)]
mod tests {
    use ike_core::config::MatchIdentity;

    use crate::exec::fixture::{R1, isakmp_sa, shown};

    /// O-007 with the seed's prof1: itself, the IPsec profile and one SA refer to it.
    #[test]
    fn the_profile_of_the_seed() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.isakmp = vec![isakmp_sa(1001, "R")];
        assert_eq!(
            shown("show crypto isakmp profile", &now),
            "ISAKMP PROFILE prof1
   Ref Count = 3
   Identities matched are:
    fqdn R2.cisco.com
   Certificate maps matched are:
   Identity presented is: fqdn
   keyring(s): <none>
   trustpoint(s): IOSCA1
"
        );
    }

    /// A profile without `ca trust-point` uses every trustpoint (S-012).
    #[test]
    fn no_trustpoint_means_all() {
        let mut world = R1::new();
        let profile = &mut world.config.isakmp_profiles[0];
        profile.trustpoints.clear();
        profile.self_identity = None;
        profile
            .match_identity
            .push(MatchIdentity::Address([10, 0, 0, 0].into(), 8));
        let text = shown("show crypto isakmp profile", &world.snapshot());
        assert!(
            text.contains("\n    ip-address 10.0.0.0 255.0.0.0\n"),
            "{text}"
        );
        assert!(
            text.contains("\n   Identity presented is: ip-address\n"),
            "{text}"
        );
        assert!(text.ends_with("\n   trustpoint(s): <all>\n"), "{text}");
    }
}
