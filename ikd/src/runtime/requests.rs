//! Questions from the control socket, answered out of the engine's views.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use ike_core::config::{RunningConfig, following};
use ike_core::engine::view_ikev2::Ikev2SaView;
use ike_core::sa::action::{Command, Rekey, Reply};
use ike_core::sa::record::Record;
use tokio::sync::oneshot;

use super::Host;
use crate::capture::{Order, pcap};
use crate::control::{Pending, Request, Response, Talk};
use crate::exec::{self, Outcome, Snapshot};
use crate::log::switches;
use crate::system::microseconds;
use crate::{metrics, pki};

/// An `up` that waits for its verdict.
pub(super) struct Waiter {
    name: String,
    until: Instant,
    /// Negotiations that were over before.
    known: BTreeSet<u64>,
    answer: oneshot::Sender<Response>,
}

/// What became of an exec line.
enum Executed {
    /// It is done.
    Now(Response),
    /// The PKI has to do it.
    Pki(pki::Action),
    /// The operator types a configuration.
    Configure,
    /// The startup file has to be written.
    Save,
    /// The operator's end has to write a file.
    Store { path: String, octets: Vec<u8> },
}

impl Host {
    pub(super) fn question(&mut self, pending: Pending) {
        let Pending {
            request,
            answer,
            talk,
        } = pending;
        let response = match request {
            Request::Up { name, wait } if wait > 0 => return self.up_and_wait(name, wait, answer),
            Request::Up { name, .. } => said(self.command(Command::Up(name))),
            Request::Down { name } => said(self.command(Command::Down(name))),
            Request::Rekey { name, ike } => {
                let what = if ike { Rekey::Ike } else { Rekey::Child };
                said(self.command(Command::Rekey(name, what)))
            }
            Request::Exec { line, json } => match self.exec(&line, json) {
                Executed::Now(response) => response,
                Executed::Pki(action) => return self.pki(action, talk, answer),
                Executed::Configure => return self.edit(talk, answer),
                Executed::Save => return self.save(talk, answer),
                Executed::Store { path, octets } => return store(path, octets, talk, answer),
            },
            Request::Capture { keys } => return self.hand_out(keys, talk, answer),
            Request::Records => json(&self.engine.records()),
            Request::Status => Response::ok(self.summary()),
            Request::Metrics => Response::ok(metrics::page(&self.snapshot(self.engine.config()))),
            Request::Reload => match self.reload() {
                Ok(text) => Response::ok(text),
                Err(text) => Response::failed(3, text),
            },
            Request::Configure { text, base } => self.configure(&text, base.as_ref()),
            Request::Complete { line, mode } => json(&offered(&line, mode.as_deref())),
            Request::Hostname => {
                let name = self.engine.config().hostname.as_deref();
                Response::ok(name.unwrap_or("Router"))
            }
            Request::Stop => {
                self.stop();
                self.who_stopped = Some(talk);
                Response::ok("stopping")
            }
        };
        // Whoever asked may be gone; that is not our trouble.
        let _ = answer.send(response);
    }

    /// The daemon in a line.
    pub(super) fn summary(&self) -> String {
        let now = self.now().mono;
        let (sas, children) = (self.engine.isakmp_sas(now), self.engine.child_sas(now));
        let ikev2 = self.ikev2_sas();
        let up = self.started_at.elapsed().as_secs();
        format!(
            "{} is up for {up} s: {} ISAKMP SAs, {} IKEv2 SAs, {} ESP SA pairs, {} protections",
            self.options.name,
            sas.iter().filter(|sa| sa.status == "ACTIVE").count(),
            ikev2.len(),
            children.len(),
            self.engine.protections().len()
        )
    }

    /// The PKI waits for servers and operators, the engine for nobody.
    fn pki(&self, action: pki::Action, mut talk: Talk, answer: oneshot::Sender<Response>) {
        let pki = self.pki.clone();
        tokio::spawn(async move {
            let response = match pki.act(action, &mut talk).await {
                Ok(text) => Response::ok(text),
                Err(e) => Response::failed(7, e.to_string()),
            };
            let _ = answer.send(response);
        });
    }

    /// The capture goes out line by line, at the pace of whoever reads it.
    fn hand_out(&self, keys: bool, talk: Talk, answer: oneshot::Sender<Response>) {
        let kept = keys.then(|| self.watch.keys());
        if let Some(None) = kept {
            let text = "this daemon keeps no keys (--no-capture-keys): save without --keys";
            return drop(answer.send(Response::failed(5, text)));
        }
        let lines = self.watch.lines(kept.flatten().as_ref());
        let ring = self.watch.ring();
        let (count, dropped) = (ring.packets().count(), ring.dropped());
        tokio::spawn(async move {
            for line in lines {
                talk.say(line.write().as_str()).await;
            }
            let text = format!("{count} packets, {dropped} older ones dropped");
            let _ = answer.send(Response::ok(text));
        });
    }

    fn exec(&mut self, line: &str, json: bool) -> Executed {
        let startup = self.startup.config();
        let response = match exec::run(line, json, &self.snapshot(&startup)) {
            Ok(Outcome::Pki(action)) => return Executed::Pki(action),
            Ok(Outcome::Monitor(order)) => return self.monitor(order),
            Ok(Outcome::Configure) => return Executed::Configure,
            Ok(Outcome::Save) => return Executed::Save,
            Ok(Outcome::Text(text)) => Response::ok(text),
            Ok(Outcome::Act(command)) => said(self.command(command)),
            Ok(Outcome::Debug {
                switch: Some(switch),
                on,
                text,
            }) => {
                switches().set(switch, on);
                Response::ok(text)
            }
            Ok(Outcome::Debug {
                switch: None,
                on,
                text,
            }) => {
                switches().set_all(on);
                Response::ok(text)
            }
            Err(e) => Response::failed(2, e.to_string()),
        };
        Executed::Now(response)
    }

    /// `monitor capture` (O-088).
    fn monitor(&mut self, order: Order) -> Executed {
        if let Order::Export(buffer, path) = order {
            let packets = self.monitor.packets(&buffer, self.watch.ring());
            return match packets {
                Some(packets) => Executed::Store {
                    path,
                    octets: pcap(&packets),
                },
                None => {
                    let text = format!("% Capture buffer {buffer} does not exist");
                    Executed::Now(Response::failed(1, text))
                }
            };
        }
        Executed::Now(match self.monitor.act(order, microseconds()) {
            Ok(text) => Response::ok(text),
            Err(text) => Response::failed(1, text),
        })
    }

    fn snapshot<'a>(&'a self, startup: &'a RunningConfig) -> Snapshot<'a> {
        let now = self.now();
        Snapshot {
            config: self.engine.config(),
            startup,
            protections: self.engine.protections(),
            store: &self.store,
            keys: &self.key_views,
            pki: self.pki.counts(),
            isakmp: self.engine.isakmp_sas(now.mono),
            ikev2: self.ikev2_sas(),
            ikev2_stats: self.engine.ikev2_stats(),
            ikev2_tally: self.engine.ikev2_tally().clone(),
            children: self.engine.child_sas(now.mono),
            records: self.engine.records(),
            counters: self.engine.counters(),
            traffic: self
                .dataplane
                .as_ref()
                .map(crate::dataplane::Handle::counters),
            capture: Some((&self.monitor, self.watch.ring())),
            logging: self.sink.buffered(),
            wall: now.wall,
        }
    }

    /// Those that IOS would show.
    fn ikev2_sas(&self) -> Vec<Ikev2SaView> {
        let mut sas = self.engine.ikev2_sas(self.now().mono);
        sas.retain(|sa| !sa.over);
        sas
    }

    /// Starts and keeps the question until the verdict is certain or the time is up.
    fn up_and_wait(&mut self, name: String, wait: u64, answer: oneshot::Sender<Response>) {
        let records = self.engine.records();
        let over = records.iter().filter(|r| r.certain());
        let known = over.map(|r| r.sequence).collect();
        let already = self
            .engine
            .child_sas(self.now().mono)
            .iter()
            .any(|c| c.protection == name && c.complete);
        match self.command(Command::Up(name.clone())) {
            Reply::Refused(reason) => drop(answer.send(Response::failed(1, reason))),
            Reply::Already if already => {
                drop(answer.send(Response::ok(format!("{name} is up already"))))
            }
            Reply::Already | Reply::Done => {
                let until = Instant::now() + Duration::from_secs(wait);
                self.waiting.push(Waiter {
                    name,
                    until,
                    known,
                    answer,
                });
                self.answer_waiters();
            }
        }
    }

    pub(super) fn answer_waiters(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let now = self.now().mono;
        let children = self.engine.child_sas(now);
        let ended: Vec<Record> = self
            .engine
            .records()
            .into_iter()
            .filter(Record::certain)
            .collect();
        let waiters = std::mem::take(&mut self.waiting);
        for waiter in waiters {
            let up = children
                .iter()
                .any(|c| c.protection == waiter.name && c.complete && !c.replaced);
            let new = |r: &&Record| !waiter.known.contains(&r.sequence);
            let failed = ended.iter().rev().filter(new).find(|r| !r.up);
            let response = if up {
                Response::ok(format!("{} is up", waiter.name))
            } else if let Some(record) = failed {
                let at = record.stopped_at.as_deref().unwrap_or("an unknown message");
                let reason = record.reason.as_deref().unwrap_or("no reason recorded");
                Response::failed(1, format!("{} failed at {at}: {reason}", waiter.name))
            } else if Instant::now() >= waiter.until {
                Response::failed(6, format!("{}: no verdict yet", waiter.name))
            } else {
                self.waiting.push(waiter);
                continue;
            };
            let _ = waiter.answer.send(response);
        }
    }

    pub(super) fn next_waiter(&self) -> Option<Instant> {
        self.waiting.iter().map(|w| w.until).min()
    }
}

/// The file is written by whoever asked, where their rights reach.
fn store(path: String, octets: Vec<u8>, mut talk: Talk, answer: oneshot::Sender<Response>) {
    tokio::spawn(async move {
        let response = match talk.store(&path, &octets).await {
            Ok(()) => Response::ok(format!("{path}: {} octets", octets.len())),
            Err(text) => Response::failed(5, text),
        };
        let _ = answer.send(response);
    });
}

/// What tab offers: keywords, never values.
fn offered(line: &str, mode: Option<&str>) -> Vec<String> {
    let Some(mode) = mode else {
        return exec::complete(line);
    };
    let mut words = following(mode, line).unwrap_or_default().words;
    words.retain(|word| !word.starts_with('<'));
    words
}

fn said(reply: Reply) -> Response {
    match reply {
        Reply::Done => Response::ok(""),
        Reply::Already => Response::ok("already so"),
        Reply::Refused(reason) => Response::failed(1, reason),
    }
}

fn json(value: &impl serde::Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => Response::ok(text),
        Err(e) => Response::failed(70, e.to_string()),
    }
}
