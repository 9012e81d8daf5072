//! `show crypto ikev2 policy [NAME]` (O-023) with the smart default of G-045.

use ike_core::config::{Fvrf, Ikev2Policy};
use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Policies {
    ikev2_policies: Vec<Policy>,
}

#[derive(Serialize)]
struct Policy {
    name: String,
    fvrf: String,
    /// Empty = any.
    local: Vec<String>,
    proposals: Vec<String>,
}

/// The configured policies in the order they are tried, then the built-in one unless it is
/// replaced or removed.
pub(super) fn view(now: &Snapshot<'_>, name: Option<&str>) -> Policies {
    let config = now.config;
    let configured = &config.ikev2_policies;
    let built_in = Ikev2Policy::built_in();
    let replaced = configured.iter().any(|p| p.name == built_in.name);
    let default = config.ikev2.default_policy && !replaced;
    let all = configured.iter().chain(default.then_some(&built_in));
    let wanted = all.filter(|p| name.is_none_or(|name| name == p.name));
    Policies {
        ikev2_policies: wanted.map(policy).collect(),
    }
}

fn policy(policy: &Ikev2Policy) -> Policy {
    Policy {
        name: policy.name.clone(),
        fvrf: fvrf(&policy.fvrf),
        local: policy.local.iter().map(ToString::to_string).collect(),
        proposals: policy.proposals.clone(),
    }
}

pub(super) fn fvrf(fvrf: &Fvrf) -> String {
    match fvrf {
        Fvrf::Global => "global".to_owned(),
        Fvrf::Any => "any".to_owned(),
        Fvrf::Named(name) => name.clone(),
    }
}

impl View for Policies {
    fn text(&self) -> String {
        let mut out = Lines::default();
        self.ikev2_policies.iter().for_each(|p| p.lines(&mut out));
        out.0
    }
}

impl Policy {
    fn lines(&self, out: &mut Lines) {
        out.line(format!(" IKEv2 policy : {}", self.name));
        out.line(format!("      Match fvrf : {}", self.fvrf));
        let mut each = |label: &str, words: &[String], none: &str| match words {
            [] => out.line(format!("      {label}: {none}")),
            words => words
                .iter()
                .for_each(|word| out.line(format!("      {label}: {word}"))),
        };
        each("Match address local ", &self.local, "any");
        each("Proposal    ", &self.proposals, "none");
    }
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, json, shown};

    const DEFAULT: &str = " IKEv2 policy : default
      Match fvrf : any
      Match address local : any
      Proposal    : default
";

    /// O-023.
    #[test]
    fn the_default_policy_prints_as_ios_prints_it() {
        let mut world = R1::new();
        assert_eq!(
            shown("show crypto ikev2 policy", &world.snapshot()),
            DEFAULT
        );
        world.read("no crypto ikev2 policy default\n");
        assert_eq!(shown("show crypto ikev2 policy", &world.snapshot()), "");
    }

    /// O-023, G-041: policies in the order they are tried.
    #[test]
    fn configured_policies_come_before_the_default_one() {
        let mut world = R1::new();
        world.read(
            "crypto ikev2 policy pol-1
 match fvrf any
 proposal prop-1 prop-2
crypto ikev2 policy pol-2
 match address local 192.168.0.1
 match address local 2001:db8::1
",
        );
        let now = world.snapshot();
        let first = " IKEv2 policy : pol-1
      Match fvrf : any
      Match address local : any
      Proposal    : prop-1
      Proposal    : prop-2
";
        let second = " IKEv2 policy : pol-2
      Match fvrf : global
      Match address local : 192.168.0.1
      Match address local : 2001:db8::1
      Proposal    : none
";
        let all = shown("show crypto ikev2 policy", &now);
        assert_eq!(all, format!("{first}{second}{DEFAULT}"));
        assert_eq!(shown("show crypto ikev2 policy pol-2", &now), second);
        let value = json("show crypto ikev2 policy default", &now);
        assert_eq!(value["ikev2_policies"][0]["fvrf"], "any");
    }
}
