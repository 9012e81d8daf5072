//! A new configuration takes the place of the old one.

use std::sync::Arc;

use super::{Engine, ordered};
use crate::config::RunningConfig;
use crate::policy::protection;
use crate::policy::protection_change::{Changed, Fate, compare};
use crate::sa::action::Outbox;
use crate::time::Now;

impl Engine {
    /// SAs whose protection is gone or another one are deleted while the old configuration still says what they
    /// are; all others go on with their keys, and with the new configuration from here on.
    pub(super) fn configure(&mut self, now: Now, config: Arc<RunningConfig>, out: &mut Outbox) {
        let protections = protection::compile(&config);
        for Changed { name, fate } in compare(&self.protections, &protections) {
            if let Fate::Ends(what) = fate {
                let because = format!("configuration changed: {}", what.join(", "));
                self.end(now, &name, &because, out);
            }
        }
        self.protections = protections;
        self.store = ordered(&config, self.store.clone());
        self.config = config;
    }
}
