//! What trustpoints do by themselves: polls (P-024) and renewals (G-061). One task sleeps until the
//! next timer of `ike_core::policy::renewal`, or until the store or the configuration changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ike_core::config::{RunningConfig, TrustpointConfig};
use ike_core::policy::enrolment::{self, Additions};
use ike_core::policy::renewal::{self, Due, Timer};
use ike_core::sa::job::PrivateKeys;
use ike_pki::scep::Transaction;
use tokio::time::Instant;

use super::ca::Ca;
use super::counters::Count;
use super::enroll::configured_password;
use super::request::{Application, Signed, shadow};
use super::signer::{Signing, random};
use super::{Pki, PkiError, trustpoint};
use crate::control::Talk;

/// Longest sleep: a clock that was set is noticed by then.
const LONGEST: Duration = Duration::from_secs(60);

/// When a trustpoint that failed at something may try it again, seconds since 1970 UTC.
type Resting = BTreeMap<(String, Due), i64>;
/// Seconds until a CA without a next certificate is asked for it again.
const DAY: i64 = 86_400;
/// When a request whose polls are hurried (`--poll-interval`) is polled for next.
type Hurried = BTreeMap<String, Instant>;

impl Pki {
    /// Runs until the daemon ends.
    pub async fn run(self: Arc<Self>) {
        let mut resting = Resting::new();
        let mut announced = BTreeMap::new();
        let mut hurried = Hurried::new();
        loop {
            let (config, now) = (self.config(), self.now());
            let timers = renewal::timers(&config, &self.keystore.lock().await.store, now);
            hurried.retain(|name, _| timers.iter().any(|timer| timer.trustpoint == *name));
            self.announce_renewals(&timers, &mut announced).await;
            for timer in timers
                .iter()
                .filter(|timer| self.is_due(timer, now, &mut hurried))
            {
                let until = resting.get(&key(timer));
                let rests = until.is_some_and(|until| *until > now);
                if !rests {
                    self.fire(&config, timer, &mut resting).await;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(self.pause(&timers, &resting, &hurried)) => {}
                () = self.woken.notified() => {}
            }
        }
    }

    fn is_due(&self, timer: &Timer, now: i64, hurried: &mut Hurried) -> bool {
        let Some(poll) = self.device.poll.filter(|_| timer.due == Due::Poll) else {
            return timer.at <= now;
        };
        let now = Instant::now();
        let next = hurried
            .entry(timer.trustpoint.clone())
            .or_insert(now + poll);
        let due = *next <= now;
        if due {
            *next = now + poll;
        }
        due
    }

    fn pause(&self, timers: &[Timer], resting: &Resting, hurried: &Hurried) -> Duration {
        let now = self.now();
        let at = |timer: &Timer| {
            if timer.due == Due::Poll
                && let Some(next) = hurried.get(&timer.trustpoint)
            {
                return next.saturating_duration_since(Instant::now());
            }
            let rest = resting.get(&key(timer)).copied().unwrap_or(0);
            let seconds = timer.at.max(rest).saturating_sub(now).max(1);
            Duration::from_secs(u64::try_from(seconds).unwrap_or(1))
        };
        timers.iter().map(at).min().unwrap_or(LONGEST).min(LONGEST)
    }

    async fn fire(self: &Arc<Self>, config: &RunningConfig, timer: &Timer, resting: &mut Resting) {
        let name = timer.trustpoint.as_str();
        let done = match timer.due {
            Due::Poll => self.poll(config, name).await,
            Due::Enroll => self.by_itself(config, name, false).await,
            Due::Renew => self.by_itself(config, name, true).await,
            Due::NextCa => self.fetch_next_ca(config, name).await,
            Due::RollOver => self.roll_over(name).await,
        };
        match done {
            Ok(_) => drop(resting.remove(&key(timer))),
            Err(e) => {
                (self.log)(&e.to_string());
                let rest = match timer.due {
                    Due::NextCa => DAY,
                    _ => trustpoint(config, name).map_or(60, |tp| self.poll_interval(tp)),
                };
                resting.insert(key(timer), self.now() + rest);
            }
        }
    }

    /// GetCertInitial (P-024).
    async fn poll(
        self: &Arc<Self>,
        config: &RunningConfig,
        name: &str,
    ) -> Result<String, PkiError> {
        let tp = trustpoint(config, name)?;
        let keystore = self.keystore.lock().await;
        let Some(pending) = keystore.store.pending(name).cloned() else {
            return Ok(String::new());
        };
        let key = keystore.keys.key(&pending.key_label);
        drop(keystore);
        let key = key.ok_or_else(|| {
            PkiError::new(format!(
                "% Key pair {} of the pending request is gone.",
                pending.key_label
            ))
        })?;
        self.counters.add(Count::ScepPoll);
        self.transaction(&format!("resend GetCertInitial, {}", pending.polls + 1));
        let mut ca = Ca::of(self, config, tp)?;
        let mut transaction =
            Transaction::from_bytes(&pending.transaction).map_err(|e| ca.failed(&e))?;
        let at = self.now();
        let signing = match transaction.is_renewal() {
            true => self.own(name).await,
            false => None,
        };
        let signing = match signing {
            Some(own) => own,
            None => Signing::temporary(config, &key, at).await?,
        };
        let (certificates, capabilities) = self.known_ca(&mut ca, name).await?;
        let message = transaction
            .poll(&signing.as_signer(), at, &mut random)
            .map_err(|e| ca.failed(&e))?;
        let reply = ca.operation(&message, &capabilities).await?;
        let answer = transaction
            .answer(&reply, &signing.as_signer(), &certificates, at)
            .map_err(|e| ca.failed(&e))?;
        let label = enrolment::key(config, tp).0;
        let replaces = Some(label).filter(|label| shadow(label) == pending.key_label);
        let keystore = self.keystore.lock().await;
        let entry = keystore.key_table().keys.get(&pending.key_label);
        let exportable = entry.is_some_and(|entry| entry.exportable);
        drop(keystore);
        let signed = Signed {
            trustpoint: name.to_owned(),
            key_label: pending.key_label,
            key,
            fresh: false,
            replaces,
            exportable,
            request: transaction.request().clone(),
        };
        self.settle(tp, signed, &transaction, answer, None).await
    }

    /// `auto-enroll`: as `crypto pki enroll`, without an operator.
    async fn by_itself(
        self: &Arc<Self>,
        config: &RunningConfig,
        name: &str,
        renewal: bool,
    ) -> Result<String, PkiError> {
        let tp = trustpoint(config, name)?;
        let application = Application {
            trustpoint: name.to_owned(),
            wish: self.wish(config, tp, &Additions::default())?,
            challenge: configured_password(tp).unwrap_or_default(),
            regenerate: renewal && regenerates(tp),
            renewal,
        };
        let mut nobody = Talk::with_nobody();
        self.apply(config, tp, application, &mut nobody).await
    }

    /// Says once for each certificate that its renewal will change what peers are asked for.
    async fn announce_renewals(&self, timers: &[Timer], announced: &mut BTreeMap<String, i64>) {
        let keystore = self.keystore.lock().await;
        for timer in timers.iter().filter(|timer| timer.due == Due::Renew) {
            if announced.insert(timer.trustpoint.clone(), timer.at) == Some(timer.at) {
                continue;
            }
            if let Some((before, after)) = keystore.store.would_change_certreq(&timer.trustpoint) {
                (self.log)(&format!(
                    "%PKI-4-CERTREQ_ORDER: renewal of trustpoint {} at {} makes it the newest (P-003): certificate requests go from {} to {}",
                    timer.trustpoint,
                    ike_pki::IosTime(timer.at),
                    before.join(" | "),
                    after.join(" | ")
                ));
            }
        }
    }
}

/// What rests when a timer failed.
fn key(timer: &Timer) -> (String, Due) {
    (timer.trustpoint.clone(), timer.due)
}

/// `auto-enroll … regenerate`, or `regenerate` alone.
fn regenerates(tp: &TrustpointConfig) -> bool {
    tp.regenerate || tp.auto_enroll.as_ref().is_some_and(|auto| auto.regenerate)
}
