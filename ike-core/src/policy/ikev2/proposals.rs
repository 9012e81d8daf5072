//! Which IKEv2 policy and proposals serve a local address (G-041, G-045).

use std::net::IpAddr;

use super::matching::in_table;
use crate::config::{
    Ikev2Encryption, Ikev2Integrity, Ikev2Mode, Ikev2Policy, Ikev2Prf, Ikev2Proposal, RunningConfig,
};
use crate::policy::{Decision, Subject};

/// The name of the smart defaults (G-045).
const DEFAULT: &str = "default";

/// The proposals of the policy for a local address, most preferred first: complete ones only
/// (G-040). Empty: IKEv2 is not spoken there.
#[must_use]
pub fn for_local(config: &RunningConfig, local: IpAddr) -> Decision<Vec<Ikev2Proposal>> {
    policy_for(config, local).map(|policy| {
        let names = policy.into_iter().flat_map(|policy| policy.proposals);
        names.flat_map(|name| named(config, &name)).collect()
    })
}

/// The policy for a local address: the first of the list that fits and has a complete proposal
/// (G-041), else the default one (G-045, W-076: `Found Policy 'default'`).
#[must_use]
pub fn policy_for(config: &RunningConfig, local: IpAddr) -> Decision<Option<Ikev2Policy>> {
    let fits = |policy: &&Ikev2Policy| {
        let serves = policy.local.is_empty() || policy.local.contains(&local);
        let complete = |name: &String| !named(config, name).is_empty();
        in_table(&policy.fvrf) && serves && policy.proposals.iter().any(complete)
    };
    let mut own = config.ikev2_policies.iter().filter(|p| p.name != DEFAULT);
    if let Some(policy) = own.find(fits) {
        let because = format!("policy {} is the first that fits {local}", policy.name);
        let about = subjects(policy);
        return Decision::new(Some(policy.clone()), "G-041", because).about(about);
    }
    let built_in = config.ikev2.default_policy.then(Ikev2Policy::built_in);
    let default = config.ikev2_policy(DEFAULT).cloned().or(built_in);
    match default.filter(|policy| fits(&policy)) {
        Some(policy) => {
            let because = format!("no configured policy fits {local}: the default policy");
            let about = subjects(&policy);
            Decision::new(Some(policy), "G-045", because).about(about)
        }
        None => {
            let own = config.ikev2_policies.iter();
            let policy = |name: &str| Subject::block(format!("crypto ikev2 policy {name}"));
            Decision::new(None, "G-041", format!("no policy fits {local}"))
                .about(own.map(|p| policy(&p.name)))
        }
    }
}

/// The policy and the proposals it names, as far as they are configured.
fn subjects(policy: &Ikev2Policy) -> Vec<Subject> {
    let own = Subject::block(format!("crypto ikev2 policy {}", policy.name));
    let names = policy.proposals.iter();
    let proposals = names.map(|name| Subject::block(format!("crypto ikev2 proposal {name}")));
    std::iter::once(own).chain(proposals).collect()
}

/// The built-in proposals: IOS has one (W-064). The modern mode has two, because a proposal with
/// combined-mode ciphers has no integrity algorithm (RFC 7296 3.3), with the algorithms that
/// RFC 8247 and its successors recommend.
#[must_use]
pub fn built_in(mode: Ikev2Mode) -> Vec<Ikev2Proposal> {
    use {Ikev2Encryption as E, Ikev2Integrity as I, Ikev2Prf as P};
    if mode == Ikev2Mode::Ios {
        return vec![Ikev2Proposal::built_in()];
    }
    let combined = Ikev2Proposal {
        name: DEFAULT.to_owned(),
        encryption: vec![
            E::AesGcm { bits: 256, icv: 16 },
            E::AesGcm { bits: 128, icv: 16 },
            E::ChaCha20Poly1305,
        ],
        prf: vec![P::Sha384, P::Sha256, P::Sha512],
        groups: vec![31, 19, 20, 14],
        ..Ikev2Proposal::default()
    };
    let separate = Ikev2Proposal {
        name: DEFAULT.to_owned(),
        encryption: vec![E::AesCbc(256), E::AesCbc(128)],
        integrity: vec![I::Sha256, I::Sha384, I::Sha512],
        groups: combined.groups.clone(),
        ..Ikev2Proposal::default()
    };
    vec![combined, separate]
}

/// The complete proposals of a name. A configured `default` takes the place of the built-in one.
fn named(config: &RunningConfig, name: &str) -> Vec<Ikev2Proposal> {
    let mut found = match config.ikev2_proposal(name) {
        Some(proposal) => vec![proposal.clone()],
        None if name == DEFAULT && config.ikev2.default_proposal => built_in(config.ikev2.mode),
        None => Vec::new(),
    };
    found.retain(Ikev2Proposal::is_complete);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    const LOCAL: [u8; 4] = [192, 168, 0, 1];

    /// The rule and the names of the proposals.
    fn found(text: &str) -> (&'static str, Vec<String>) {
        let decision = for_local(&parse("test.cfg", text).config, LOCAL.into());
        let names = decision.value.into_iter().map(|proposal| proposal.name);
        (decision.rule.0, names.collect())
    }

    const P: &str = "crypto ikev2 proposal P\n encryption 3des\n integrity md5\n group 2\n";
    const Q: &str = "crypto ikev2 proposal Q\n encryption aes-gcm-128\n prf sha256\n group 14\n";

    /// G-041: the first policy that fits the local address, its proposals in order.
    #[test]
    fn the_first_policy_that_fits_names_the_proposals() {
        let policies = "crypto ikev2 policy A
 match address local 10.0.0.1
 proposal default
crypto ikev2 policy B
 match fvrf V
 proposal default
crypto ikev2 policy C
 match address local 192.168.0.1
 match fvrf any
 proposal Q P
crypto ikev2 policy D
 proposal P
";
        let names = vec!["Q".to_owned(), "P".to_owned()];
        assert_eq!(found(&format!("{P}{Q}{policies}")), ("G-041", names));
    }

    /// G-040, G-041: a policy without a complete proposal is passed over, an incomplete proposal
    /// is left out.
    #[test]
    fn incomplete_proposals_are_not_offered() {
        let incomplete = "crypto ikev2 proposal I\n encryption 3des\n";
        let policies =
            "crypto ikev2 policy A\n proposal I NOWHERE\ncrypto ikev2 policy B\n proposal I P\n";
        let names = vec!["P".to_owned()];
        assert_eq!(
            found(&format!("{P}{incomplete}{policies}")),
            ("G-041", names)
        );
    }

    /// G-045, W-076: without a policy of one's own the default one; each default can be removed.
    #[test]
    fn smart_defaults_stand_in_until_they_are_removed() {
        assert_eq!(found(P), ("G-045", vec!["default".to_owned()]));
        assert_eq!(
            found("no crypto ikev2 policy default").1,
            Vec::<String>::new()
        );
        assert_eq!(
            found("no crypto ikev2 proposal default").1,
            Vec::<String>::new()
        );
        let changed = format!("{P}crypto ikev2 policy default\n no proposal\n proposal P\n");
        assert_eq!(found(&changed), ("G-045", vec!["P".to_owned()]));
    }

    /// W-064: fifteen transforms and two groups in one proposal.
    #[test]
    fn the_default_proposal_of_ios_is_that_of_the_transcripts() {
        let [only] = &built_in(Ikev2Mode::Ios)[..] else {
            panic!("one proposal");
        };
        let sizes = (only.encryption.len(), only.prf.len(), only.integrity.len());
        assert_eq!((sizes, &only.groups[..]), ((3, 5, 5), &[5, 2][..]));
    }

    /// RFC 7296 3.3, RFC 8247: combined-mode ciphers and the others are proposals of their own.
    #[test]
    fn the_modern_mode_offers_combined_modes_first() {
        let config = parse("test.cfg", "crypto ikev2 mode modern").config;
        let list = for_local(&config, LOCAL.into()).value;
        let combined = |proposal: &Ikev2Proposal| proposal.encryption.iter().all(|e| e.is_aead());
        assert_eq!(list.iter().map(combined).collect::<Vec<_>>(), [true, false]);
        assert!(list.iter().all(Ikev2Proposal::is_complete));
        assert!(list.iter().all(|p| p.groups == [31, 19, 20, 14]));
    }
}
