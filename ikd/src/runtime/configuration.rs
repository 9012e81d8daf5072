//! The configuration of a running daemon: taken from its file or from an operator, compared with the one before, and
//! written back.

use std::sync::Arc;

use ike_core::config::{RunningConfig, Severity, parse, show};
use ike_core::policy::protection::compile;
use ike_core::policy::protection_change::compare;
use ike_core::sa::action::Event;
use tokio::sync::oneshot;

use super::{Host, supervised};
use crate::changes::{self, NOTHING};
use crate::configure::sit_down;
use crate::control::{Configuration, Response, Talk};
use crate::{check, log, pki};

/// What a candidate is told whose running configuration is not the one it was made from.
const OVERTAKEN: &str =
    "% The running configuration was replaced meanwhile: type abort, and begin again.";

impl Host {
    /// Reads the configuration file again; a bad one leaves the old one in force.
    pub(super) fn reload(&mut self) -> Result<String, String> {
        supervised::reloading();
        let reloaded = self.take_file();
        supervised::ready(&self.summary());
        reloaded
    }

    fn take_file(&mut self) -> Result<String, String> {
        let path = self.options.config.clone();
        let shown = path.display();
        match check::load(&path) {
            Ok(config) => {
                let config = Arc::new(config);
                self.startup.is(config.clone());
                let text = format!("{shown} is in force\n{}", self.swap(config));
                log::notice(&text);
                Ok(text)
            }
            Err(text) => {
                log::notice(&format!(
                    "{shown} is not taken; the old configuration stays:\n{text}"
                ));
                Err(text)
            }
        }
    }

    /// Takes the candidate of an operator, unless it has errors or another configuration came before it.
    pub(super) fn configure(
        &mut self,
        text: &Configuration,
        base: Option<&Configuration>,
    ) -> Response {
        let before = self.engine.config();
        if base.is_some_and(|base| base.0 != show(before)) {
            return Response::failed(3, OVERTAKEN);
        }
        let read = parse("candidate", &text.0);
        // What the running configuration is warned of already is no news.
        let known = parse("candidate", &show(before)).diagnostics;
        let same = |a: &ike_core::config::Diagnostic| {
            known
                .iter()
                .any(|b| (a.code, &a.message) == (b.code, &b.message))
        };
        let mut news = read.diagnostics.clone();
        news.retain(|d| d.severity == Severity::Error || !same(d));
        let told = check::text(&news, false);
        if read.has_errors() {
            return Response::failed(3, told);
        }
        let changed = self.swap(Arc::new(read.config));
        log::notice(&format!(
            "%SYS-5-CONFIG_I: Configured from console by console\n{changed}"
        ));
        Response::ok(told + &changed)
    }

    /// Puts a configuration in force; says what changes and what becomes of the SAs.
    fn swap(&mut self, config: Arc<RunningConfig>) -> String {
        let before = Arc::new(self.engine.config().clone());
        let difference = changes::difference(&before, &config);
        let fates = compare(self.engine.protections(), &compile(&config));
        let up = self.protections_with_sas();
        let fates = changes::fates(&fates, |name| up.iter().any(|known| known == name));
        let later = changes::at_next_start(&before, &config);
        self.pki.configure(config.clone());
        self.handle(Event::Configure(config.clone()));
        let (pki, beside) = (self.pki.clone(), self.options.beside().to_owned());
        tokio::spawn(async move { pki.follow(before, config, &beside).await });
        if difference.is_empty() {
            return NOTHING.to_owned();
        }
        let lines = fates.into_iter().chain(later);
        difference + &lines.map(|line| line + "\n").collect::<String>()
    }

    fn protections_with_sas(&self) -> Vec<String> {
        let pairs = self.engine.child_sas(self.now().mono);
        pairs.into_iter().map(|pair| pair.protection).collect()
    }

    /// `configure terminal`: the dialogue is a task of its own, the engine waits for nobody.
    pub(super) fn edit(&self, talk: Talk, answer: oneshot::Sender<Response>) {
        let running = Arc::new(self.engine.config().clone());
        match sit_down(&self.desk, running, self.questions.clone(), talk) {
            Ok(session) => drop(tokio::spawn(
                async move { answer.send(session.run().await) },
            )),
            Err(response) => drop(answer.send(response)),
        }
    }

    /// `write memory` (T-84): the startup file, then the certificates.
    pub(super) fn save(&self, mut talk: Talk, answer: oneshot::Sender<Response>) {
        let running = Arc::new(self.engine.config().clone());
        let (startup, pki) = (self.startup.clone(), self.pki.clone());
        tokio::spawn(async move {
            let written = tokio::task::spawn_blocking(move || startup.save(&running)).await;
            let response = match written.unwrap_or_else(|e| Err(e.to_string())) {
                Err(text) => Response::failed(5, text),
                Ok(remark) => {
                    if !remark.is_empty() {
                        talk.say(remark).await;
                    }
                    match pki.act(pki::Action::Save, &mut talk).await {
                        Ok(text) => Response::ok(text),
                        Err(e) => Response::failed(7, e.to_string()),
                    }
                }
            };
            let _ = answer.send(response);
        });
    }
}
