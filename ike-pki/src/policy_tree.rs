//! Certificate policies along a path (RFC 5280 6.1), with anyPolicy as the
//! initial set.
//!
//! Only the deepest level of the policy tree is kept, as a map from policy to
//! what the next certificate may call it: the tree is NULL exactly when that
//! level is empty, and it cannot grow exponentially (RFC 9618).

use std::collections::{BTreeMap, BTreeSet};

use crate::{extensions::Extensions, oid};

type Policy = Vec<u8>;

/// State of policy processing before a certificate.
pub(crate) struct PolicyState {
    level: BTreeMap<Policy, BTreeSet<Policy>>,
    explicit: u32,
    mapping: u32,
    inhibit_any: u32,
}

impl PolicyState {
    /// For a path of `length` certificates.
    pub(crate) fn new(length: usize) -> Self {
        let beyond = u32::try_from(length + 1).unwrap_or(u32::MAX);
        let any = oid::ANY_POLICY.to_vec();
        Self {
            level: BTreeMap::from([(any.clone(), BTreeSet::from([any]))]),
            explicit: beyond,
            mapping: beyond,
            inhibit_any: beyond,
        }
    }

    /// RFC 5280 6.1.3 (d) to (f). `false` refuses the path.
    pub(crate) fn certificate(&mut self, ext: &Extensions, self_issued: bool, last: bool) -> bool {
        self.level = match &ext.policies {
            None => BTreeMap::new(),
            Some(policies) => self.next_level(policies, self_issued && !last),
        };
        self.explicit > 0 || !self.level.is_empty()
    }

    /// RFC 5280 6.1.4 (a), (b), (h), (i), (j), after every certificate but the
    /// last. `false` refuses the path.
    pub(crate) fn prepare_next(&mut self, ext: &Extensions, self_issued: bool) -> bool {
        let any = |(from, to): &(Policy, Policy)| from == oid::ANY_POLICY || to == oid::ANY_POLICY;
        if ext.policy_mappings.iter().any(any) {
            return false;
        }
        self.map(&ext.policy_mappings);
        if !self_issued {
            for counter in [&mut self.explicit, &mut self.mapping, &mut self.inhibit_any] {
                *counter = counter.saturating_sub(1);
            }
        }
        let lower = |counter: &mut u32, limit: Option<u32>| {
            *counter = limit.map_or(*counter, |limit| limit.min(*counter));
        };
        lower(&mut self.explicit, ext.require_explicit_policy);
        lower(&mut self.mapping, ext.inhibit_policy_mapping);
        lower(&mut self.inhibit_any, ext.inhibit_any_policy);
        true
    }

    /// RFC 5280 6.1.5 (a), (b), (g), after the last certificate.
    pub(crate) fn wrap_up(&mut self, ext: &Extensions) -> bool {
        self.explicit = match ext.require_explicit_policy {
            Some(0) => 0,
            _ => self.explicit.saturating_sub(1),
        };
        self.explicit > 0 || !self.level.is_empty()
    }

    fn next_level(
        &self,
        policies: &[Policy],
        any_allowed: bool,
    ) -> BTreeMap<Policy, BTreeSet<Policy>> {
        let node = |policy: &Policy| (policy.clone(), BTreeSet::from([policy.clone()]));
        let expected: BTreeSet<&Policy> = self.level.values().flatten().collect();
        let any_node = self.level.contains_key(oid::ANY_POLICY);
        let named = policies.iter().filter(|policy| *policy != oid::ANY_POLICY);
        let mut next: BTreeMap<_, _> = named
            .filter(|policy| any_node || expected.contains(policy))
            .map(node)
            .collect();
        let any_asserted = policies.iter().any(|policy| policy == oid::ANY_POLICY);
        if any_asserted && (self.inhibit_any > 0 || any_allowed) {
            for policy in expected {
                next.entry(policy.clone()).or_insert_with(|| node(policy).1);
            }
        }
        next
    }

    fn map(&mut self, mappings: &[(Policy, Policy)]) {
        let mut targets: BTreeMap<&Policy, BTreeSet<Policy>> = BTreeMap::new();
        for (from, to) in mappings {
            targets.entry(from).or_default().insert(to.clone());
        }
        let any_node = self.level.contains_key(oid::ANY_POLICY);
        for (from, to) in targets {
            if self.mapping == 0 {
                self.level.remove(from);
            } else if any_node || self.level.contains_key(from) {
                self.level.insert(from.clone(), to);
            }
        }
    }
}
