//! Redirects as the table sees them: how many have been followed, and the new negotiation (RFC 5685; H5).

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use super::IkeSas;
use super::reauth::replaces;
use crate::ikev2::context::Context;
use crate::ikev2::ike_sa::IkeSa;
use crate::sa::SaId;
use crate::sa::natt::IKE_PORT;
use crate::time::Timestamp;
use crate::trace::Ikev2Trace;

/// RFC 5685 10: REDIRECT_LOOP_DETECT_PERIOD.
const PERIOD: Duration = Duration::from_secs(300);

/// When redirects of each protection were followed.
#[derive(Debug, Default)]
pub(super) struct Redirects(BTreeMap<String, VecDeque<Timestamp>>);

impl Redirects {
    /// Whether one more may be followed; then it counts.
    fn allow(&mut self, protection: &str, most: u32, now: Timestamp) -> bool {
        let followed = self.0.entry(protection.to_owned()).or_default();
        while followed.front().is_some_and(|at| now >= *at + PERIOD) {
            followed.pop_front();
        }
        let room = followed.len() < usize::try_from(most).unwrap_or(usize::MAX);
        if room {
            followed.push_back(now);
        }
        room
    }
}

impl IkeSas {
    /// Starts anew with the gateway that an SA of ours was redirected to. An established SA stays until the
    /// new one has its child SAs.
    pub(super) fn redirect(&mut self, ctx: &mut Context<'_>, from: SaId, to: IpAddr) {
        let Some(sa) = self.sas.get(&from) else {
            return;
        };
        let (gateway, established) = (sa.shell.remote.ip(), sa.established().is_some());
        let wanted = sa.shell.protection.clone();
        let Some(protection) = wanted.and_then(|name| ctx.protection(&name).cloned()) else {
            return;
        };
        let most = ctx.config.ikev2.redirect_client.unwrap_or(0);
        let now = ctx.now.mono;
        if !self.redirects.allow(&protection.name, most, now) {
            let why = format!("more than {most} redirects in {} seconds", PERIOD.as_secs());
            return sa.shell.trace(ctx, Ikev2Trace::NegotiationFailed(why));
        }
        let own = || replaces(sa).filter(|_| established && sa.shell.record.up);
        let replaces = sa.shell.replaces.clone().or_else(own);
        if replaces.as_ref().is_some_and(|r| self.is_replacing(r)) {
            return;
        }
        let known = |sa: &IkeSa| sa.shell.dead.is_none() && sa.shell.remote.ip() == to;
        let first = !self
            .sas
            .values()
            .any(|sa| known(sa) && sa.established().is_some());
        self.stats.initiated += 1;
        match IkeSa::initiate(ctx, &protection, IKE_PORT, first) {
            Ok(mut new) => {
                new.shell.remote.set_ip(to);
                new.shell.record.peer = to.to_string();
                new.shell.redirected_from = Some(gateway);
                new.shell.replaces = replaces;
                self.insert(ctx, new);
            }
            Err(record) => self.remember(*record),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5685 10: five in five minutes, for each protection.
    #[test]
    fn redirects_are_followed_a_few_times() {
        let mut redirects = Redirects::default();
        let at = |seconds: u64| Timestamp(seconds * 1_000_000);
        for second in 0..5 {
            assert!(redirects.allow("Tunnel1", 5, at(second)));
        }
        assert!(!redirects.allow("Tunnel1", 5, at(5)));
        assert!(redirects.allow("Tunnel2", 5, at(5)));
        assert!(!redirects.allow("Tunnel1", 5, at(299)));
        assert!(redirects.allow("Tunnel1", 5, at(300)));
        assert!(!redirects.allow("Tunnel1", 5, at(300)));
        assert!(!redirects.allow("Tunnel3", 0, at(0)));
    }
}
