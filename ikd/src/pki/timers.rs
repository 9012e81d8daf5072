//! What trustpoints do by themselves: polls (P-024) and renewals (G-061). One task sleeps until the
//! next timer of `ike_core::policy::renewal`, or until the store or the configuration changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ike_core::config::{RunningConfig, TrustpointConfig};
use ike_core::policy::enrolment::Additions;
use ike_core::policy::renewal::{self, Due, Timer};
use ike_core::sa::job::PrivateKeys;
use ike_pki::scep::Transaction;
use tokio::time::Instant;

use super::ca::Ca;
use super::counters::Count;
use super::enroll::configured_password;
use super::key_rollover::{self, Signed};
use super::request::Application;
use super::signer::Signing;
use super::{Pki, PkiError, trustpoint};
use crate::control::Talk;
use crate::system::random;

/// Longest sleep: a clock that was set is noticed by then.
const LONGEST: Duration = Duration::from_secs(60);

/// Seconds until a CA without a next certificate is asked for it again.
const DAY: i64 = 86_400;

/// What the task remembers of trustpoints from one look to the next.
#[derive(Default)]
struct Memory {
    /// When one that failed at something may try it again, seconds since 1970 UTC.
    resting: BTreeMap<(String, Due), i64>,
    /// When one was polled last, for polls that tests hurry.
    polled: BTreeMap<String, Instant>,
    /// What was said of renewals.
    announced: BTreeMap<String, String>,
}

impl Memory {
    /// A request that is new counts as polled now, one that is over is forgotten.
    fn note_polls(&mut self, timers: &[Timer]) {
        let pending = |name: &str| {
            let mut polls = timers.iter().filter(|timer| timer.due == Due::Poll);
            polls.any(|timer| timer.trustpoint == name)
        };
        self.polled.retain(|name, _| pending(name));
        for timer in timers.iter().filter(|timer| timer.due == Due::Poll) {
            let name = timer.trustpoint.clone();
            self.polled.entry(name).or_insert_with(Instant::now);
        }
    }
}

impl Pki {
    /// Runs until the daemon ends.
    pub async fn run(self: Arc<Self>) {
        let mut memory = Memory::default();
        loop {
            let (config, now) = (self.config(), self.now());
            let timers = renewal::timers(&config, &self.keystore.lock().await.store, now);
            self.announce_renewals(&timers, &mut memory.announced).await;
            memory.note_polls(&timers);
            for timer in timers {
                if self.pause(&timer, &memory).is_zero() {
                    self.fire(&config, &timer, &mut memory).await;
                }
            }
            let timers = renewal::timers(&config, &self.keystore.lock().await.store, self.now());
            memory.note_polls(&timers);
            let pauses = timers.iter().map(|timer| self.pause(timer, &memory));
            let pause = pauses.min().unwrap_or(LONGEST).min(LONGEST);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.woken.notified() => {}
            }
        }
    }

    /// Time until a timer is due; none = now.
    fn pause(&self, timer: &Timer, memory: &Memory) -> Duration {
        if timer.due == Due::Poll
            && let Some(interval) = self.device.poll
        {
            let polled = memory.polled.get(&timer.trustpoint);
            let waited = polled.map_or(Duration::ZERO, Instant::elapsed);
            return interval.saturating_sub(waited);
        }
        let rest = memory.resting.get(&key(timer)).copied();
        let at = timer.at.max(rest.unwrap_or(timer.at));
        Duration::from_secs(u64::try_from(at.saturating_sub(self.now())).unwrap_or(0))
    }

    async fn fire(self: &Arc<Self>, config: &RunningConfig, timer: &Timer, memory: &mut Memory) {
        let name = timer.trustpoint.as_str();
        if timer.due == Due::Poll {
            memory.polled.insert(name.to_owned(), Instant::now());
        }
        let done = match timer.due {
            Due::Poll => self.poll(config, name).await,
            Due::Enroll => self.by_itself(config, name, false).await,
            Due::Renew => self.by_itself(config, name, true).await,
            Due::NextCa => self.fetch_next_ca(config, name).await,
            Due::RollOver => self.roll_over(name).await,
        };
        match done {
            Ok(_) => drop(memory.resting.remove(&key(timer))),
            Err(e) => {
                (self.log)(&e.to_string());
                let rest = match timer.due {
                    Due::NextCa => DAY,
                    _ => trustpoint(config, name).map_or(60, |tp| self.poll_interval(tp)),
                };
                memory.resting.insert(key(timer), self.now() + rest);
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
            // What a CA makes when it is asked is younger than the question.
            .answer(&reply, &signing.as_signer(), &certificates, self.now())
            .map_err(|e| ca.failed(&e))?;
        let (key_label, keeping) = key_rollover::of_pending(&pending.key_label);
        let exportable = self.exportable(&pending.key_label).await;
        let signed = Signed {
            trustpoint: name.to_owned(),
            key_label,
            key,
            keeping,
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

    /// Says what a renewal will change of what peers are asked for: once, and again when that becomes
    /// another change, because the order is another one by now.
    async fn announce_renewals(&self, timers: &[Timer], announced: &mut BTreeMap<String, String>) {
        let keystore = self.keystore.lock().await;
        for timer in timers.iter().filter(|timer| timer.due == Due::Renew) {
            let change = keystore.store.would_change_certreq(&timer.trustpoint);
            let Some((before, after)) = change else {
                announced.remove(&timer.trustpoint);
                continue;
            };
            let line = format!(
                "%PKI-4-CERTREQ_ORDER: renewal of trustpoint {} at {} makes it the newest (P-003): certificate requests go from {} to {}",
                timer.trustpoint,
                ike_pki::IosTime(timer.at),
                before.join(" | "),
                after.join(" | ")
            );
            if announced.get(&timer.trustpoint) != Some(&line) {
                (self.log)(&line);
                announced.insert(timer.trustpoint.clone(), line);
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
