//! `show crypto isakmp policy` (O-006) and the defaults of G-022.

use ike_core::config::{IsakmpAuthentication, IsakmpEncryption, IsakmpHash, IsakmpPolicy};
use ike_core::policy::isakmp::default_policies;
use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Policies {
    /// The built-in policies, because there are no others.
    default: bool,
    policies: Vec<Policy>,
}

#[derive(Serialize)]
struct Policy {
    priority: u32,
    encryption: String,
    hash: &'static str,
    authentication: &'static str,
    group: u16,
    lifetime: u32,
}

/// Any configured policy hides the built-in ones; `show crypto isakmp default policy` asks for
/// those alone.
pub(super) fn view(now: &Snapshot<'_>, only_default: bool) -> Policies {
    let configured = &now.config.isakmp_policies;
    let default = only_default || configured.is_empty();
    let mut list = match (default, now.config.isakmp.default_policies) {
        (true, true) if configured.is_empty() => default_policies(),
        (true, _) => Vec::new(),
        (false, _) => configured.clone(),
    };
    list.sort_by_key(|p| p.priority);
    Policies {
        default,
        policies: list.iter().map(policy).collect(),
    }
}

fn policy(policy: &IsakmpPolicy) -> Policy {
    Policy {
        priority: policy.priority,
        encryption: encryption(policy.encryption),
        hash: hash(policy.hash),
        authentication: authentication(policy.authentication),
        group: policy.group,
        lifetime: policy.lifetime,
    }
}

impl View for Policies {
    fn text(&self) -> String {
        let mut out = Lines::default();
        out.line(if self.default {
            "Default IKE policy"
        } else {
            "Global IKE policy"
        });
        for policy in &self.policies {
            policy.lines(
                if self.default {
                    "Default protection"
                } else {
                    "Protection"
                },
                &mut out,
            );
        }
        out.0
    }
}

impl Policy {
    fn lines(&self, kind: &str, out: &mut Lines) {
        out.line(format!("{kind} suite of priority {}", self.priority));
        let mut value = |label: &str, value: &str| out.line(format!("\t{label:<24}{value}"));
        value("encryption algorithm:", &self.encryption);
        value("hash algorithm:", self.hash);
        value("authentication method:", self.authentication);
        value("Diffie-Hellman group:", &group(self.group));
        value(
            "lifetime:",
            &format!("{} seconds, no volume limit", self.lifetime),
        );
    }
}

fn encryption(cipher: IsakmpEncryption) -> String {
    match cipher {
        IsakmpEncryption::Des => "DES - Data Encryption Standard (56 bit keys).".to_owned(),
        IsakmpEncryption::TripleDes => "Three key triple DES".to_owned(),
        IsakmpEncryption::Aes(bits) => {
            format!("AES - Advanced Encryption Standard ({bits} bit keys).")
        }
    }
}

fn hash(hash: IsakmpHash) -> &'static str {
    match hash {
        IsakmpHash::Md5 => "Message Digest 5",
        IsakmpHash::Sha => "Secure Hash Standard",
        IsakmpHash::Sha256 => "Secure Hash Standard 2 (256 bit)",
        IsakmpHash::Sha384 => "Secure Hash Standard 2 (384 bit)",
        IsakmpHash::Sha512 => "Secure Hash Standard 2 (512 bit)",
    }
}

fn authentication(method: IsakmpAuthentication) -> &'static str {
    match method {
        IsakmpAuthentication::RsaSig => "Rivest-Shamir-Adleman Signature",
        IsakmpAuthentication::RsaEncr => "Rivest-Shamir-Adleman Encryption",
        IsakmpAuthentication::PreShare => "Pre-Shared Key",
        IsakmpAuthentication::EcdsaSig => "Elliptic Curve Digital Signature Algorithm Signature",
    }
}

fn group(number: u16) -> String {
    let bits = match number {
        1 => "768 bit",
        2 => "1024 bit",
        5 => "1536 bit",
        14 => "2048 bit",
        15 => "3072 bit",
        16 => "4096 bit",
        19 => "256 bit",
        20 => "384 bit",
        21 => "521 bit",
        24 => "2048 bit, 256 bit subgroup",
        _ => return format!("#{number}"),
    };
    format!("#{number} ({bits})")
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, shown};

    /// O-006: the seed's policy.
    #[test]
    fn the_policy_of_the_seed() {
        let world = R1::new();
        assert_eq!(
            shown("show crypto isakmp policy", &world.snapshot()),
            "Global IKE policy
Protection suite of priority 10
\tencryption algorithm:   Three key triple DES
\thash algorithm:         Message Digest 5
\tauthentication method:  Rivest-Shamir-Adleman Signature
\tDiffie-Hellman group:   #2 (1024 bit)
\tlifetime:               86400 seconds, no volume limit
"
        );
    }

    /// G-022: without a policy the eight built-in ones show; a configured one hides them.
    #[test]
    fn defaults_show_only_without_a_policy() {
        let mut world = R1::new();
        assert_eq!(
            shown("show crypto isakmp default policy", &world.snapshot()),
            "Default IKE policy\n"
        );
        world.config.isakmp_policies.clear();
        let text = shown("show crypto isakmp policy", &world.snapshot());
        assert!(text.starts_with(
            "Default IKE policy
Default protection suite of priority 65507
\tencryption algorithm:   AES - Advanced Encryption Standard (128 bit keys).
\thash algorithm:         Secure Hash Standard
\tauthentication method:  Rivest-Shamir-Adleman Signature
\tDiffie-Hellman group:   #5 (1536 bit)
"
        ));
        assert_eq!(text.matches("Default protection suite").count(), 8);
        world.config.isakmp.default_policies = false;
        assert_eq!(
            shown("show crypto isakmp policy", &world.snapshot()),
            "Default IKE policy\n"
        );
    }
}
