//! What a single line cannot show: references to things that are not there, profiles that hide each other, weak choices.
use super::codes;
use super::diagnostic::{Diagnostic, Severity};
use super::model::*;
use super::reader::{Parsed, Place};

mod agreement;
mod authorities;
mod ikev2;
mod overlap;
pub(super) mod pair;
mod request_size;
mod routes;
mod trustpoints;
mod weak;

/// All findings about a configuration that has been read.
pub(super) fn check(file: &str, parsed: &Parsed) -> Vec<Diagnostic> {
    let mut lint = Lint {
        file,
        parsed,
        found: Vec::new(),
    };
    lint.profiles();
    lint.same_matches();
    lint.ipsec_profiles();
    lint.crypto_maps();
    lint.interfaces();
    lint.transform_sets();
    lint.policies();
    lint.ikev2();
    lint.trustpoints();
    lint.overlaps();
    lint.authorities();
    lint.request_size();
    lint.routes();
    lint.found
}

struct Lint<'a> {
    file: &'a str,
    parsed: &'a Parsed,
    found: Vec<Diagnostic>,
}

impl Lint<'_> {
    /// G-032: profiles name trustpoints, keyrings and certificate maps.
    fn profiles(&mut self) {
        let config = &self.parsed.config;
        for profile in &config.isakmp_profiles {
            let block = format!("crypto isakmp profile {}", profile.name);
            for name in &profile.trustpoints {
                let known = config
                    .trustpoints
                    .iter()
                    .any(|trustpoint| trustpoint.name == *name);
                self.reference(known, &block, name, codes::NO_TRUSTPOINT, "trustpoint");
            }
            for name in profile.keyring.iter().filter(|name| *name != "default") {
                let known = config.keyrings.iter().any(|keyring| keyring.name == *name);
                self.reference(known, &block, name, codes::NO_KEYRING, "keyring");
            }
            for name in &profile.match_certificate {
                let known = config.certificate_maps.iter().any(|map| map.label == *name);
                self.reference(
                    known,
                    &block,
                    name,
                    codes::NO_CERTIFICATE_MAP,
                    "certificate map",
                );
            }
            if profile.match_identity.is_empty() && profile.match_certificate.is_empty() {
                let message = format!(
                    "profile `{}` has no match statement: it is never selected by a responder",
                    profile.name
                );
                self.at(
                    Severity::Warning,
                    codes::NO_MATCH,
                    "",
                    &block,
                    message,
                    None,
                );
            }
        }
    }

    /// S-095: of profiles with the same match, the one created last wins.
    fn same_matches(&mut self) {
        let profiles = &self.parsed.config.isakmp_profiles;
        let first_match = self.parsed.config.profile_selection_first_match;
        let same = |a: &IsakmpProfile, b: &IsakmpProfile| {
            a.local_address == b.local_address
                && a.match_identity
                    .iter()
                    .any(|m| b.match_identity.contains(m))
        };
        for (index, profile) in profiles.iter().enumerate() {
            let all: Vec<&IsakmpProfile> = profiles
                .iter()
                .filter(|other| same(profile, other))
                .collect();
            let earlier = profiles
                .iter()
                .take(index)
                .any(|other| same(profile, other));
            let Some(last) = all.last().filter(|_| all.len() > 1 && !earlier) else {
                continue;
            };
            let rule = if first_match {
                "the newest match"
            } else {
                "the last one"
            };
            let message = format!(
                "{} ISAKMP profiles match the same identity; IOS uses {rule}, {}",
                all.len(),
                last.name
            );
            let help = Some("S-095: among equal matches the profile created last wins".to_owned());
            self.at(
                Severity::Warning,
                codes::SAME_MATCH,
                "",
                &format!("crypto isakmp profile {}", last.name),
                message,
                help,
            );
        }
    }

    /// G-081: IPsec profiles name transform sets and profiles.
    fn ipsec_profiles(&mut self) {
        for profile in &self.parsed.config.ipsec_profiles {
            let block = format!("crypto ipsec profile {}", profile.name);
            self.sets_and_profile(
                &block,
                &profile.transform_sets,
                profile.isakmp_profile.as_deref(),
                profile.ikev2_profile.as_deref(),
            );
        }
    }

    /// G-083: the same for crypto maps, and their access lists.
    fn crypto_maps(&mut self) {
        let config = &self.parsed.config;
        for map in &config.crypto_maps {
            let canonical = format!("crypto map {} {}", map.name, map.sequence);
            self.sets_and_profile(
                &canonical,
                &map.transform_sets,
                map.isakmp_profile.as_deref(),
                map.ikev2_profile.as_deref(),
            );
            if let Some(name) = &map.access_list {
                let known = config.access_lists.iter().any(|list| list.name == *name);
                self.reference(
                    known,
                    &canonical,
                    name,
                    codes::NO_ACCESS_LIST,
                    "access list",
                );
            }
            if map.peers.is_empty() || map.access_list.is_none() || map.transform_sets.is_empty() {
                let message = format!("crypto map `{}` {} is not active", map.name, map.sequence);
                let help = Some("it needs a peer, a transform set and an access list".to_owned());
                self.at_header(codes::INCOMPLETE_OBJECT, &canonical, message, help);
            }
        }
    }

    fn sets_and_profile(
        &mut self,
        block: &str,
        sets: &[String],
        isakmp: Option<&str>,
        ikev2: Option<&str>,
    ) {
        let config = &self.parsed.config;
        for name in sets {
            // G-045: `default` is a smart default.
            let known = name == "default" || config.transform_set(name).is_some();
            self.reference(known, block, name, codes::NO_TRANSFORM_SET, "transform set");
        }
        self.ike_profiles(block, isakmp, ikev2);
    }

    /// G-081: what names an IKE profile names one that is there.
    fn ike_profiles(&mut self, block: &str, isakmp: Option<&str>, ikev2: Option<&str>) {
        let config = &self.parsed.config;
        if let Some(name) = isakmp {
            let (known, code) = (
                config.isakmp_profile(name).is_some(),
                codes::NO_ISAKMP_PROFILE,
            );
            self.reference(known, block, name, code, "ISAKMP profile");
        }
        if let Some(name) = ikev2 {
            let (known, code) = (
                config.ikev2_profile(name).is_some(),
                codes::NO_IKEV2_PROFILE,
            );
            self.reference(known, block, name, code, "IKEv2 profile");
        }
    }

    /// G-085, G-086: interfaces name crypto maps, IPsec profiles and other interfaces.
    fn interfaces(&mut self) {
        let config = &self.parsed.config;
        for interface in &config.interfaces {
            let block = format!("interface {}", interface.name);
            if let Some(name) = &interface.crypto_map {
                let known = config.crypto_maps.iter().any(|map| map.name == *name);
                self.reference(known, &block, name, codes::NO_CRYPTO_MAP, "crypto map");
            }
            self.tunnel(&block, interface);
        }
    }

    fn tunnel(&mut self, block: &str, interface: &Interface) {
        let config = &self.parsed.config;
        let Some(tunnel) = &interface.tunnel else {
            return;
        };
        if let Some(AddressOrInterface::Interface(name)) = &tunnel.source
            && config.interface(name).is_none()
        {
            let message = format!("interface `{name}` is not defined");
            self.at(
                Severity::Warning,
                codes::NO_INTERFACE,
                block,
                "tunnel source",
                message,
                None,
            );
        }
        let Some(protection) = &tunnel.protection else {
            return;
        };
        let known =
            protection.profile == "default" || config.ipsec_profile(&protection.profile).is_some();
        self.reference(
            known,
            block,
            &protection.profile,
            codes::NO_IPSEC_PROFILE,
            "IPsec profile",
        );
        self.ike_profiles(
            block,
            protection.isakmp_profile.as_deref(),
            protection.ikev2_profile.as_deref(),
        );
        if self.of_two_families(tunnel) {
            let family = if tunnel.mode.is_over_ipv6() {
                "an IPv6"
            } else {
                "an IPv4"
            };
            let message = format!(
                "{} is protected, but its tunnel mode needs {family} source and destination",
                interface.name
            );
            self.at_header(codes::INCOMPLETE_OBJECT, block, message, None);
        }
        if tunnel.source.is_none() || tunnel.destination.is_none() {
            let message = format!(
                "{} is protected but has no source or no destination",
                interface.name
            );
            self.at_header(codes::INCOMPLETE_OBJECT, block, message, None);
        }
    }

    /// The ends are known, and they are not of the family of the mode.
    fn of_two_families(&self, tunnel: &Tunnel) -> bool {
        let config = &self.parsed.config;
        let source = tunnel.source.as_ref().map(|which| config.resolve(which));
        let known = source.is_some_and(|addresses| !addresses.is_empty());
        known && tunnel.destination.is_some() && config.tunnel_ends(tunnel).is_none()
    }

    /// G-080: a set without an ESP or AH transform protects nothing.
    fn transform_sets(&mut self) {
        for set in &self.parsed.config.transform_sets {
            let prefix = format!("crypto ipsec transform-set {}", set.name);
            let reasons = weak::transform_set(set);
            if !reasons.is_empty() {
                let message = format!("transform set `{}` has a weak transform", set.name);
                self.weak(&prefix, message, &reasons);
            }
        }
    }

    /// G-021: the default group is 1.
    fn policies(&mut self) {
        for policy in &self.parsed.config.isakmp_policies {
            let block = format!("crypto isakmp policy {}", policy.priority);
            if policy.group == 1 {
                let help = Some("the default; give a group".to_owned());
                let message = format!("policy {} uses group 1 (768 bits)", policy.priority);
                self.at(
                    Severity::Warning,
                    codes::DEFAULT_GROUP,
                    "",
                    &block,
                    message,
                    help,
                );
            }
            let reasons = weak::isakmp_policy(policy);
            if !reasons.is_empty() {
                let message = format!("policy {} has a weak algorithm", policy.priority);
                self.weak(&block, message, &reasons);
            }
        }
    }

    /// A note with the reasons beside the mark.
    fn weak(&mut self, block: &str, message: String, reasons: &[&str]) {
        let help = Some(reasons.join("; "));
        self.at(Severity::Note, codes::WEAK, "", block, message, help);
    }

    /// An error for a name in a block that is not defined.
    fn reference(&mut self, known: bool, block: &str, name: &str, code: &'static str, what: &str) {
        if known {
            return;
        }
        let message = format!("{what} `{name}` is not defined");
        let places = self.parsed.places.iter().rev();
        let holds = |place: &&Place| {
            place.block == block && place.words.iter().skip(1).any(|word| word.text == name)
        };
        let place = places.clone().find(holds);
        let word = place.and_then(|place| place.words.iter().rposition(|word| word.text == name));
        self.push(
            Severity::Error,
            code,
            place,
            word.unwrap_or_default(),
            message,
            None,
        );
    }

    fn at_header(
        &mut self,
        code: &'static str,
        command: &str,
        message: String,
        help: Option<String>,
    ) {
        self.at(Severity::Warning, code, "", command, message, help);
    }

    /// A finding at the first line of a block that starts with a command.
    fn at(
        &mut self,
        severity: Severity,
        code: &'static str,
        block: &str,
        command: &str,
        message: String,
        help: Option<String>,
    ) {
        let starts = |place: &&Place| {
            let rest = place.command.strip_prefix(command);
            place.block == block
                && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        let place = self.parsed.places.iter().find(starts);
        self.push(severity, code, place, 0, message, help);
    }

    fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        place: Option<&Place>,
        word: usize,
        message: String,
        help: Option<String>,
    ) {
        let (line, source) = place.map_or((0, String::new()), |place| {
            (place.line, place.source.clone())
        });
        let word = place.and_then(|place| place.words.get(word));
        let (column, length) = word.map_or((1, 1), |word| (word.column, word.length));
        let file = self.file.to_owned();
        self.found.push(Diagnostic {
            severity,
            code,
            file,
            line,
            column,
            length,
            source,
            message,
            help,
        });
    }
}
