//! Why no ISAKMP policy fits an offer (W-053): every policy with what differs from the transform that comes nearest.

use ike_wire::v1::{OakleyAttribute, SecurityAssociation, Transform};

use super::isakmp::{policies, transform, value};
use super::nearest::{self, Attribute, Own};
use super::{Decision, Subject};
use crate::config::{IsakmpPolicy, RunningConfig};

/// No policy fits; `offer` is a peer's, of which the first transforms are looked at.
#[must_use]
pub fn refusal(offer: &SecurityAssociation, config: &RunningConfig) -> Decision<()> {
    let offered = || offer.proposals.iter().flat_map(|p| &p.transforms);
    let named = || offered().map(|t| (format!("transform {}", t.number), t));
    let policies = policies(config);
    let own = policies.iter().filter_map(|policy| {
        let wanted = transform(1, policy);
        let name = format!("isakmp policy {}", policy.priority);
        let subject = Subject::block(name_in_full(policy));
        let differences = |theirs: &&Transform| {
            let differs =
                |(.., ty): &&(_, _, OakleyAttribute)| value(theirs, *ty) != value(&wanted, *ty);
            COMPARED.iter().filter(differs).count()
        };
        let attributes = |theirs: &&Transform| attributes(theirs, &wanted);
        Own::new(name, subject, named(), differences, attributes)
    });
    let count = offered().count();
    let because = match policies.is_empty() {
        true => "no ISAKMP policy is configured".to_owned(),
        false => format!("none of our policies allows one of the {count} transforms offered"),
    };
    let decision = nearest::refusal("W-053", &because, own);
    decision.about(subjects(config))
}

/// The lines of the policies; where there is none, the one that takes the built-in ones away.
#[must_use]
pub fn subjects(config: &RunningConfig) -> Vec<Subject> {
    let own = config.isakmp_policies.iter();
    let own: Vec<Subject> = own.map(|p| Subject::block(name_in_full(p))).collect();
    match own.is_empty() {
        true => vec![Subject::block("no crypto isakmp default policy")],
        false => own,
    }
}

fn name_in_full(policy: &IsakmpPolicy) -> String {
    format!("crypto isakmp policy {}", policy.priority)
}

/// What is compared, in the order IOS complains; what it is called, and how its line begins.
const COMPARED: [(&str, &str, OakleyAttribute); 5] = [
    ("encryption", "encryption", OakleyAttribute::ENCRYPTION),
    ("key length", "encryption", OakleyAttribute::KEY_LENGTH),
    ("hash", "hash", OakleyAttribute::HASH),
    (
        "authentication",
        "authentication",
        OakleyAttribute::AUTHENTICATION,
    ),
    ("group", "group", OakleyAttribute::GROUP),
];

fn attributes(theirs: &Transform, ours: &Transform) -> Vec<Attribute> {
    let one = |(what, command, ty): &(&'static str, &'static str, OakleyAttribute)| {
        let (theirs, ours) = (value(theirs, *ty), value(ours, *ty));
        (theirs.is_some() || ours.is_some()).then(|| Attribute {
            what,
            command: Some(command),
            ours: text(*ty, ours),
            offered: text(*ty, theirs),
            fits: theirs == ours,
        })
    };
    COMPARED.iter().filter_map(one).collect()
}

/// RFC 2409 appendix A in the words of the configuration.
fn text(ty: OakleyAttribute, value: Option<u64>) -> String {
    let Some(value) = value else {
        return "none".to_owned();
    };
    let known = match (ty, value) {
        (OakleyAttribute::ENCRYPTION, 1) => "des",
        (OakleyAttribute::ENCRYPTION, 5) => "3des",
        (OakleyAttribute::ENCRYPTION, 7) => "aes",
        (OakleyAttribute::HASH, 1) => "md5",
        (OakleyAttribute::HASH, 2) => "sha",
        (OakleyAttribute::HASH, 4) => "sha256",
        (OakleyAttribute::HASH, 5) => "sha384",
        (OakleyAttribute::HASH, 6) => "sha512",
        (OakleyAttribute::AUTHENTICATION, 1) => "pre-share",
        (OakleyAttribute::AUTHENTICATION, 3) => "rsa-sig",
        (OakleyAttribute::AUTHENTICATION, 4) => "rsa-encr",
        (OakleyAttribute::AUTHENTICATION, 9..=11) => "ecdsa-sig",
        _ => return value.to_string(),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    const OURS: &str = "crypto isakmp policy 10
 encryption aes 256
 hash sha256
 group 14
crypto isakmp policy 20
 encryption 3des
 hash md5
 authentication pre-share
 group 2
";

    fn offer(text: &str) -> SecurityAssociation {
        crate::policy::isakmp::offer(&policies(&parse("peer.cfg", text).config))
    }

    /// W-053, T-32: the pair with the fewest differences is named, and each policy has its own.
    #[test]
    fn the_nearest_policy_is_named_with_what_differs() {
        let config = parse("test.cfg", OURS).config;
        let theirs = offer(
            "crypto isakmp policy 5\n encryption 3des\n hash sha\n authentication pre-share\n group 2\n",
        );
        let decision = refusal(&theirs, &config);
        assert_eq!(
            decision.because,
            "none of our policies allows one of the 1 transforms offered; the nearest is isakmp policy 20 and \
             transform 1: hash is md5 here, sha is offered"
        );
        let near = Subject::block("crypto isakmp policy 20");
        assert_eq!(decision.about[..2], [near.line("hash"), near]);
        let rejected: Vec<_> = decision
            .candidates
            .iter()
            .map(|c| {
                (
                    c.name.as_str(),
                    c.rejected.as_ref().unwrap().because.as_str(),
                )
            })
            .collect();
        assert_eq!(
            rejected,
            [
                (
                    "isakmp policy 10",
                    "encryption is aes here, 3des is offered (transform 1)"
                ),
                (
                    "isakmp policy 20",
                    "hash is md5 here, sha is offered (transform 1)"
                ),
            ]
        );
        let steps: Vec<_> = decision.candidates[1]
            .steps
            .iter()
            .map(|s| s.passed)
            .collect();
        assert_eq!(steps, [true, false, true, true]);
    }

    /// Without a policy of its own the line that takes the built-in ones away is at fault.
    #[test]
    fn no_policy_at_all_is_said() {
        let config = parse("test.cfg", "no crypto isakmp default policy\n").config;
        let decision = refusal(&offer(OURS), &config);
        assert_eq!(decision.because, "no ISAKMP policy is configured");
        assert_eq!(
            decision.about,
            [Subject::block("no crypto isakmp default policy")]
        );
        assert!(decision.candidates.is_empty());
    }
}
