//! Which CAs a router asks for and believes, seen from one side (S-010..S-012, S-050, S-076).
use super::Lint;
use crate::config::codes;
use crate::config::diagnostic::Severity;
use crate::config::model::*;

impl Lint<'_> {
    /// All findings of this file.
    pub(super) fn authorities(&mut self) {
        let config = &self.parsed.config;
        if signs_in_phase_1(config) {
            for profile in &config.isakmp_profiles {
                let block = format!("crypto isakmp profile {}", profile.name);
                self.not_in_mm4(profile, &block);
                self.trusts_all(
                    &profile.trustpoints,
                    &profile.name,
                    &block,
                    "ca trust-point",
                );
            }
        }
        for profile in &config.ikev2_profiles {
            let mut remote = profile.auth_remote.iter();
            if remote.any(Ikev2Auth::is_certificate) {
                let named: Vec<String> = profile.verify_trustpoints().map(str::to_owned).collect();
                let block = format!("crypto ikev2 profile {}", profile.name);
                self.trusts_all(&named, &profile.name, &block, "pki trustpoint");
            }
        }
    }

    /// S-012: the profile is bound at MM5, so MM4 asks for what the profile does not believe (S-050).
    fn not_in_mm4(&mut self, profile: &IsakmpProfile, block: &str) {
        let config = &self.parsed.config;
        let named = |known: &&TrustpointConfig| profile.trustpoints.contains(&known.name);
        let believed: Vec<&TrustpointConfig> = enrolled(config).filter(named).collect();
        let others: Vec<&str> = enrolled(config)
            .filter(|other| !believed.iter().any(|known| same_ca(known, other)))
            .map(|trustpoint| trustpoint.name.as_str())
            .collect();
        if profile.trustpoints.is_empty() || others.is_empty() {
            return;
        }
        let others = others.join(", ");
        let message = format!(
            "as responder, MM4 asks for the CA of {others} too, and `{}` does not believe it",
            profile.name
        );
        let help = "S-012: the profile is bound at MM5; a peer with such a certificate may sign with it and fail";
        let (code, help) = (codes::NOT_IN_MM4, Some(help.to_owned()));
        self.at(
            Severity::Warning,
            code,
            block,
            "ca trust-point",
            message,
            help,
        );
    }

    /// S-050, S-076: without a list every trustpoint vouches for a peer. Cisco advises just that for a responder with several
    /// profiles (S-063), so this is no warning.
    fn trusts_all(&mut self, named: &[String], profile: &str, block: &str, command: &str) {
        let all: Vec<&str> = enrolled(&self.parsed.config)
            .map(|trustpoint| trustpoint.name.as_str())
            .collect();
        if !named.is_empty() || all.len() < 2 {
            return;
        }
        let message = format!("profile `{profile}` believes every CA: {}", all.join(", "));
        let help = Some(format!("S-050, S-076: `{command}` narrows it"));
        self.at(Severity::Note, codes::TRUSTS_ALL, "", block, message, help);
    }
}

/// The trustpoints that stand for a CA: a self-signed one is asked for by nobody else.
pub(super) fn enrolled(config: &RunningConfig) -> impl Iterator<Item = &TrustpointConfig> {
    let trustpoints = config.trustpoints.iter();
    trustpoints.filter(|trustpoint| trustpoint.enrollment != Some(Enrollment::SelfSigned))
}

/// The same, one for each CA (S-013: a name is asked for once).
pub(super) fn distinct(config: &RunningConfig) -> Vec<&TrustpointConfig> {
    let mut seen: Vec<&TrustpointConfig> = Vec::new();
    for trustpoint in enrolled(config) {
        if !seen.iter().any(|known| same_ca(known, trustpoint)) {
            seen.push(trustpoint);
        }
    }
    seen
}

/// As far as the text tells: they enrol at one URL, or have one name.
pub(super) fn same_ca(a: &TrustpointConfig, b: &TrustpointConfig) -> bool {
    let url = |trustpoint: &'_ TrustpointConfig| match &trustpoint.enrollment {
        Some(Enrollment::Url(url)) => Some(url.trim_end_matches('/').to_ascii_lowercase()),
        _ => None,
    };
    let (first, second) = (url(a), url(b));
    a.name == b.name || (first.is_some() && first == second)
}

/// A policy of phase 1 signs; the built-in ones do (G-022).
pub(super) fn signs_in_phase_1(config: &RunningConfig) -> bool {
    use IsakmpAuthentication::{EcdsaSig, RsaSig};
    let mut policies = config.isakmp_policies.iter();
    let built_in = config.isakmp_policies.is_empty() && config.isakmp.default_policies;
    built_in || policies.any(|policy| matches!(policy.authentication, RsaSig | EcdsaSig))
}
