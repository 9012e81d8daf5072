//! The same for IKEv2 (G-040..G-045).
use super::{Lint, weak};
use crate::config::codes;
use crate::config::diagnostic::Severity;
use crate::config::model::*;
use crate::config::reader::Place;

/// What IOS prints when a profile is made (G-043); here only when it is missing.
const PROFILE_MUST: &str = "IKEv2 profile MUST have: 1. A local and a remote authentication method. 2. A match identity or a match certificate or match any statement.";
/// The same for a proposal (G-040).
const PROPOSAL_MUST: &str = "IKEv2 proposal MUST either have a set of an encryption algorithm other than aes-gcm, an integrity algorithm and a DH group configured or encryption algorithm aes-gcm, a prf algorithm and a DH group configured";
/// The same for a policy (G-041).
const POLICY_MUST: &str = "IKEv2 policy MUST have atleast one complete proposal attached";

impl<'a> Lint<'a> {
    /// All findings of this file.
    pub(super) fn ikev2(&mut self) {
        self.ikev2_proposals();
        self.ikev2_policies();
        self.ikev2_profiles();
        self.same_ikev2_matches();
        self.authorization_policies();
    }

    fn ikev2_proposals(&mut self) {
        for proposal in &self.parsed.config.ikev2_proposals {
            let (name, block) = (&proposal.name, block("proposal", &proposal.name));
            if !proposal.is_complete() {
                let message = format!("IKEv2 proposal `{name}` is incomplete and never offered");
                let help = Some(PROPOSAL_MUST.to_owned());
                self.at_header(codes::INCOMPLETE_OBJECT, &block, message, help);
            }
            let reasons = weak::ikev2_proposal(proposal);
            if !reasons.is_empty() {
                let message = format!("IKEv2 proposal `{name}` has a weak algorithm");
                self.weak(&block, message, &reasons);
            }
        }
    }

    /// G-041: policies name proposals, serve the global table, and the first that fits is used.
    fn ikev2_policies(&mut self) {
        let config = &self.parsed.config;
        let policies = &config.ikev2_policies;
        for (index, policy) in policies.iter().enumerate() {
            let (name, block) = (&policy.name, block("policy", &policy.name));
            for proposal in &policy.proposals {
                // G-045: `default` is a smart default.
                let known = proposal == "default" || config.ikev2_proposal(proposal).is_some();
                let code = codes::NO_IKEV2_PROPOSAL;
                self.reference(known, &block, proposal, code, "IKEv2 proposal");
            }
            if policy.proposals.is_empty() {
                let message = format!("IKEv2 policy `{name}` has no proposal and is never used");
                let help = Some(POLICY_MUST.to_owned());
                self.at_header(codes::INCOMPLETE_OBJECT, &block, message, help);
            }
            self.named_vrf(&policy.fvrf, &block, &format!("IKEv2 policy `{name}`"));
            let fits = |other: &&Ikev2Policy| overlap(other, policy);
            if let Some(first) = policies.iter().take(index).find(fits) {
                let first = &first.name;
                let message = format!("IKEv2 policy `{name}` is hidden by `{first}`");
                let help = Some("G-041: both fit one local address; the first is used".to_owned());
                self.at_header(codes::HIDDEN_POLICY, &block, message, help);
            }
        }
    }

    fn named_vrf(&mut self, fvrf: &Fvrf, block: &str, what: &str) {
        if let Fvrf::Named(vrf) = fvrf {
            let message = format!("{what} is never used: there is no VRF `{vrf}` here");
            let help = Some("run one daemon per namespace".to_owned());
            let code = codes::INCOMPLETE_OBJECT;
            self.at(Severity::Warning, code, block, "match fvrf", message, help);
        }
    }

    fn ikev2_profiles(&mut self) {
        for profile in &self.parsed.config.ikev2_profiles {
            let (name, block) = (&profile.name, block("profile", &profile.name));
            self.profile_references(profile, &block);
            self.named_vrf(&profile.fvrf, &block, &format!("IKEv2 profile `{name}`"));
            if !profile.is_complete() {
                let message = format!("IKEv2 profile `{name}` is incomplete and never selected");
                let help = Some(PROFILE_MUST.to_owned());
                self.at_header(codes::INCOMPLETE_OBJECT, &block, message, help);
            }
            let certificate = profile.auth_local.as_ref();
            if certificate.is_some_and(Ikev2Auth::is_certificate)
                && profile.sign_trustpoints().next().is_none()
            {
                let message = format!(
                    "IKEv2 profile `{name}` cannot initiate: it signs and has no `pki trustpoint`"
                );
                let help = Some("S-075: mandatory for an initiator".to_owned());
                self.at_header(codes::NO_SIGNER, &block, message, help);
            }
            if lacks_key(profile) {
                let message = format!("IKEv2 profile `{name}` has pre-share without a key");
                let help = Some("give a key or `keyring local`".to_owned());
                self.at_header(codes::INCOMPLETE_OBJECT, &block, message, help);
            }
            if profile.ivrf.is_some() {
                let message = "the tunnel interface decides where traffic goes".to_owned();
                let (note, code) = (Severity::Note, codes::NO_EFFECT);
                self.at(note, code, &block, "ivrf", message, None);
            }
        }
    }

    /// G-043: profiles name trustpoints, keyrings, certificate maps and authorization policies.
    fn profile_references(&mut self, profile: &Ikev2Profile, block: &str) {
        let config = &self.parsed.config;
        for (name, _) in &profile.trustpoints {
            let known = config.trustpoints.iter().any(|known| known.name == *name);
            self.reference(known, block, name, codes::NO_TRUSTPOINT, "trustpoint");
        }
        for name in profile.keyring.iter().chain(&profile.ppk_keyring) {
            let known = config.ikev2_keyring(name).is_some();
            self.reference(known, block, name, codes::NO_KEYRING, "IKEv2 keyring");
        }
        for name in &profile.match_certificate {
            let known = config.certificate_maps.iter().any(|map| map.label == *name);
            let code = codes::NO_CERTIFICATE_MAP;
            self.reference(known, block, name, code, "certificate map");
        }
        if let Some(name) = &profile.authorization_policy {
            let known = config.ikev2_authorization_policy(name).is_some();
            let (code, what) = (codes::NO_AUTHORIZATION, "IKEv2 authorization policy");
            self.reference(known, block, name, code, what);
        }
    }

    /// S-091, S-095: of profiles with the same match, the one created last wins.
    fn same_ikev2_matches(&mut self) {
        let profiles = &self.parsed.config.ikev2_profiles;
        for (index, profile) in profiles.iter().enumerate() {
            let fits = |other: &&Ikev2Profile| same_match(profile, other).is_some();
            if profiles.iter().take(index).any(|other| fits(&other)) {
                continue;
            }
            let others = profiles.iter().skip(index + 1);
            let all: Vec<&Ikev2Profile> = others.filter(fits).collect();
            let Some(last) = all.last() else { continue };
            let place = same_match(profile, last).and_then(|item| self.statement(last, item));
            let line = place.map_or(0, |place| place.line);
            let message = format!(
                "{} IKEv2 profiles match the same remote identity; IOS uses the last one, {} ({}:{line})",
                all.len() + 1,
                last.name,
                self.file
            );
            let help = Some("S-095: among equal matches the profile created last wins".to_owned());
            self.push(
                Severity::Warning,
                codes::SAME_MATCH,
                place,
                0,
                message,
                help,
            );
        }
    }

    /// The line of a profile that is this statement; a host may stand without its mask.
    fn statement(&self, profile: &Ikev2Profile, item: &Ikev2Match) -> Option<&'a Place> {
        let block = block("profile", &profile.name);
        let whole = format!("match identity remote {item}");
        let places = self.parsed.places.iter().rev();
        let is = |place: &&Place| {
            let rest = whole.strip_prefix(&*place.command);
            place.block == block && rest.is_some_and(|r| r.is_empty() || r.starts_with([' ', '/']))
        };
        places.clone().find(is)
    }

    fn authorization_policies(&mut self) {
        let config = &self.parsed.config;
        for policy in &config.ikev2_authorization_policies {
            let block = block("authorization policy", &policy.name);
            let is_v4 = |pool: &&IpPool| matches!(pool, IpPool::V4 { .. });
            let is_v6 = |pool: &&IpPool| matches!(pool, IpPool::V6 { .. });
            if let Some(name) = &policy.pool {
                let known = config
                    .ip_pools
                    .iter()
                    .filter(is_v4)
                    .any(|p| p.name() == name);
                self.reference(known, &block, name, codes::NO_POOL, "pool");
            }
            if let Some(name) = &policy.ipv6_pool {
                let known = config
                    .ip_pools
                    .iter()
                    .filter(is_v6)
                    .any(|p| p.name() == name);
                self.reference(known, &block, name, codes::NO_POOL, "IPv6 pool");
            }
        }
    }
}

fn block(kind: &str, name: &str) -> String {
    format!("crypto ikev2 {kind} {name}")
}

/// One local address and table fit both.
fn overlap(a: &Ikev2Policy, b: &Ikev2Policy) -> bool {
    let table = a.fvrf == b.fvrf || a.fvrf == Fvrf::Any || b.fvrf == Fvrf::Any;
    let any = a.local.is_empty() && b.local.is_empty();
    table && (any || a.local.iter().any(|address| b.local.contains(address)))
}

/// The statement that two profiles share, when nothing else tells them apart.
fn same_match<'a>(a: &'a Ikev2Profile, b: &Ikev2Profile) -> Option<&'a Ikev2Match> {
    if a.fvrf != b.fvrf || a.match_local != b.match_local {
        return None;
    }
    let mut shared = a.match_identity.iter();
    shared.find(|item| b.match_identity.contains(item))
}

/// A pre-shared key is asked for and neither the line nor a keyring has one.
fn lacks_key(profile: &Ikev2Profile) -> bool {
    let methods = profile.auth_local.iter().chain(&profile.auth_remote);
    let without = |method: &Ikev2Auth| *method == Ikev2Auth::PreShare(None);
    profile.keyring.is_none() && methods.clone().any(without)
}
