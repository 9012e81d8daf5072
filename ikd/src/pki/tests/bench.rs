//! A router's PKI beside CAs that answer by a call: no network, and a clock that stands still.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ike_core::config::{RunningConfig, parse};
use ike_crypto::{Hash, KeySpec, PrivateKey};
use ike_pki::ca_server::{CaOptions, CaServer, GrantPolicy};
use ike_pki::http::{HttpReply, HttpRequest};
use ike_pki::{CertRequestSpec, Certificate, Csr, LabCa, Name, Store};
use tokio::sync::mpsc;

use crate::control::Talk;
use crate::http::Destination;
use crate::keystore::{Access, KeyView, Keystore};
use crate::log::Switch;
use crate::pki::{Action, Changed, Device, Parts, Pki, PkiError, Sent, Transport};

/// 17 June 2013, the day of the seed.
pub(super) const NOW: i64 = 1_371_470_000;
pub(super) const DAY: i64 = 86_400;

thread_local! {
    static CLOCK: Cell<i64> = const { Cell::new(NOW) };
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static DEBUG: RefCell<Vec<(Switch, String)>> = const { RefCell::new(Vec::new()) };
}

/// Sets the clock, seconds since 1970 UTC.
pub(super) fn at(seconds: i64) {
    CLOCK.set(seconds);
}

/// The log so far.
pub(super) fn log() -> String {
    LOG.with_borrow(|lines| lines.iter().map(|line| format!("{line}\n")).collect())
}

/// The debug lines of one switch so far.
pub(super) fn debug(switch: Switch) -> String {
    DEBUG.with_borrow(|lines| {
        let of = lines.iter().filter(|(by, _)| *by == switch);
        of.map(|(_, line)| format!("{line}\n")).collect()
    })
}

/// CAs by the address of their server.
#[derive(Default)]
pub(super) struct Cas {
    servers: Mutex<BTreeMap<String, CaServer>>,
    /// The same CAs without a server.
    by_hand: Mutex<BTreeMap<String, LabCa>>,
    broken: Mutex<Option<Broken>>,
}

/// What is wrong with every server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// Nobody answers.
    Down,
    /// That status for everything.
    Status(u16),
    /// PKIOperation alone fails.
    Operation,
}

impl Cas {
    pub(super) fn add(&self, host: &str, cn: &str, policy: GrantPolicy) {
        let name = Name::from_subject_name(&format!("cn={cn},o=cisco,o=com")).unwrap();
        let key = PrivateKey::generate(KeySpec::Rsa { bits: 1024 }).unwrap();
        let copy = PrivateKey::from_pkcs8_der(key.to_pkcs8_der().unwrap().expose()).unwrap();
        let ca = LabCa::new(&name, key, 1, NOW - DAY, NOW + 3650 * DAY).unwrap();
        let by_hand = LabCa::with_certificate(ca.certificate().clone(), copy, 100);
        self.by_hand
            .lock()
            .unwrap()
            .insert(host.to_owned(), by_hand);
        let options = CaOptions {
            policy,
            validity: 100 * DAY,
            ..CaOptions::default()
        };
        let server = CaServer::new(ca, cn, options).unwrap();
        self.servers().insert(host.to_owned(), server);
    }

    /// A CA gets its next certificate, which it tells; the server of that waits.
    pub(super) fn prepare_rollover(&self, host: &str, cn: &str) -> Certificate {
        let name = Name::from_subject_name(&format!("cn={cn},o=cisco,o=com")).unwrap();
        let key = PrivateKey::generate(KeySpec::Rsa { bits: 1024 }).unwrap();
        let ca = LabCa::new(&name, key, 1, NOW, NOW + 7000 * DAY).unwrap();
        let next = ca.certificate().clone();
        self.at(host, |server| server.set_next_ca(Some(next.clone())));
        let server = CaServer::new(ca, cn, CaOptions::default()).unwrap();
        self.servers().insert(format!("next of {host}"), server);
        next
    }

    /// The CA is its next one from here on.
    pub(super) fn roll_over(&self, host: &str) {
        let mut servers = self.servers();
        let next = servers.remove(&format!("next of {host}")).unwrap();
        servers.insert(host.to_owned(), next);
    }

    /// Does something at a CA.
    pub(super) fn at<T>(&self, host: &str, act: impl FnOnce(&mut CaServer) -> T) -> T {
        act(self.servers().get_mut(host).unwrap())
    }

    /// What an administrator makes of a request that came on paper: the CA of that host signs it
    /// without SCEP.
    pub(super) fn signed_by_hand(&self, host: &str, request: &[u8]) -> Certificate {
        let csr = Csr::from_der(request.to_vec()).unwrap();
        let mut spec =
            CertRequestSpec::router(csr.subject().clone(), csr.public_key(), NOW - 60, NOW + DAY);
        spec.hash = Hash::Sha256;
        self.by_hand
            .lock()
            .unwrap()
            .get_mut(host)
            .unwrap()
            .issue(&spec)
            .unwrap()
    }

    pub(super) fn break_(&self, broken: Option<Broken>) {
        *self.broken.lock().unwrap() = broken;
    }

    fn servers(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, CaServer>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, host: &str, request: &HttpRequest) -> Result<HttpReply, String> {
        let operation = request.target.contains("operation=PKIOperation");
        match *self.broken.lock().unwrap() {
            Some(Broken::Down) => return Err(format!("{host}: Connection refused")),
            Some(Broken::Status(status)) => return Ok(HttpReply::refusal(status, "no")),
            Some(Broken::Operation) if operation => return Ok(HttpReply::refusal(500, "no")),
            _ => {}
        }
        let mut servers = self.servers();
        let server = servers.get_mut(host).ok_or("no such host")?;
        Ok(server.handle(request, CLOCK.get(), &mut crate::system::random))
    }
}

impl Transport for Cas {
    fn send<'a>(&'a self, to: Destination<'a>, request: &'a HttpRequest, limit: usize) -> Sent<'a> {
        let allowed = to
            .host
            .parse::<IpAddr>()
            .is_ok_and(|address| (to.allowed)(address));
        let reply = match allowed {
            true => self.answer(to.host, request),
            false => Err(format!("{}: may not be asked", to.host)),
        };
        let reply = reply.and_then(|reply| match reply.body.len() <= limit {
            true => Ok(reply),
            false => Err("too large".to_owned()),
        });
        Box::pin(std::future::ready(reply))
    }
}

/// The router.
pub(super) struct Bench {
    pub(super) pki: Arc<Pki>,
    pub(super) cas: Arc<Cas>,
    /// Time between polls from the next start on.
    pub(super) poll: Option<Duration>,
    config: Arc<RunningConfig>,
    dir: tempfile::TempDir,
    _changes: mpsc::UnboundedReceiver<Changed>,
}

/// Two trustpoints of the seed; keys are short, because tests make many.
pub(super) const CONFIG: &str = "hostname R1
ip domain name cisco.com
interface Ethernet0/0
 ip address 192.168.0.1 255.255.255.0
crypto pki trustpoint IOSCA1
 enrollment url http://192.168.0.3
 enrollment retry period 1
 serial-number
 fqdn R1.cisco.com
 ip-address 192.168.0.1
 subject-name CN=R1,OU=IT,O=cisco,O=com
 rsakeypair R1 1024
crypto pki trustpoint IOSCA2
 enrollment url http://192.168.0.4
 password hunter2
 subject-name CN=R1,OU=IT,O=cisco,O=com
 rsakeypair R1b 1024
";

pub(super) fn config(text: &str) -> Arc<RunningConfig> {
    let parsed = parse("R1.cfg", text);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    Arc::new(parsed.config)
}

impl Bench {
    /// A router with two CAs that grant at once.
    pub(super) fn new() -> Self {
        Self::with(CONFIG, GrantPolicy::Automatic)
    }

    pub(super) fn with(text: &str, policy: GrantPolicy) -> Self {
        at(NOW);
        let cas = Arc::new(Cas::default());
        cas.add("192.168.0.3", "CA1", policy);
        cas.add("192.168.0.4", "CA2", policy);
        Self::on(tempfile::tempdir().unwrap(), cas, config(text), None)
    }

    fn on(
        dir: tempfile::TempDir,
        cas: Arc<Cas>,
        config: Arc<RunningConfig>,
        poll: Option<Duration>,
    ) -> Self {
        let state = dir.path().join("state");
        let keystore = Keystore::open(&state, Access::Write, None).unwrap();
        let (sender, _changes) = mpsc::unbounded_channel();
        let pki = Pki::new(Parts {
            keystore,
            config: config.clone(),
            device: Device {
                serial: "100".into(),
                poll,
            },
            transport: cas.clone(),
            clock: || CLOCK.get(),
            log: |line| LOG.with_borrow_mut(|lines| lines.push(line.to_owned())),
            debug: |by, line| DEBUG.with_borrow_mut(|lines| lines.push((by, line.to_owned()))),
            changes: sender,
        });
        Self {
            pki,
            cas,
            poll,
            config,
            dir,
            _changes,
        }
    }

    /// The daemon ends and starts again.
    pub(super) fn restart(self) -> Self {
        let Self {
            pki,
            cas,
            poll,
            config,
            dir,
            ..
        } = self;
        drop(pki);
        Self::on(dir, cas, config, poll)
    }

    /// Carries out an action; what it ends with, and the dialogue before.
    pub(super) async fn act(
        &self,
        action: Action,
        answers: &[&str],
    ) -> (Result<String, PkiError>, String) {
        let (mut talk, told) = Talk::with_script(answers);
        let done = self.pki.act(action, &mut talk).await;
        drop(talk);
        (done, told.await.unwrap())
    }

    /// An action that must succeed without a question.
    pub(super) async fn ok(&self, action: Action) -> String {
        let (done, told) = self.act(action, &[]).await;
        done.unwrap_or_else(|e| panic!("{e}\n{told}"))
    }

    /// An action that must fail; its text.
    pub(super) async fn refused(&self, action: Action, answers: &[&str]) -> String {
        let (done, told) = self.act(action, answers).await;
        match done {
            Err(e) => e.to_string(),
            Ok(text) => panic!("{text}\n{told}"),
        }
    }

    /// Authenticated and enrolled.
    pub(super) async fn enrolled(&self, trustpoint: &str) {
        self.ok(authenticate(trustpoint, false)).await;
        self.ok(enroll(trustpoint, false)).await;
    }

    pub(super) async fn store(&self) -> Store {
        self.pki.keystore.lock().await.store.clone()
    }

    pub(super) async fn keys(&self) -> Vec<KeyView> {
        self.pki.keystore.lock().await.key_views()
    }

    pub(super) async fn order(&self) -> Vec<String> {
        self.store().await.certificate_request_order()
    }

    /// The own certificate of a trustpoint can sign.
    pub(super) async fn can_sign(&self, trustpoint: &str) -> bool {
        let keystore = self.pki.keystore.lock().await;
        let own = keystore.store.identity(trustpoint);
        own.is_some_and(|record| keystore.can_sign(record))
    }

    /// What is done unasked, for that much of the runtime's time.
    pub(super) async fn unattended(&self, time: Duration) {
        let run = tokio::spawn(self.pki.clone().run());
        tokio::time::sleep(time).await;
        run.abort();
        let _ = run.await;
    }
}

pub(super) fn authenticate(trustpoint: &str, confirm: bool) -> Action {
    Action::Authenticate {
        trustpoint: trustpoint.into(),
        confirm,
    }
}

pub(super) fn enroll(trustpoint: &str, confirm: bool) -> Action {
    Action::Enroll {
        trustpoint: trustpoint.into(),
        confirm,
    }
}

/// `crypto pki certificate chain` blocks of these trustpoints.
pub(super) fn chains(store: &Store, trustpoints: &[&str]) -> String {
    let chain = |name: &&str| {
        let all = store.listing().into_iter();
        let records: Vec<_> = all.filter(|r| r.trustpoint == **name).collect();
        crate::transfer::chain_of(name, &records, false)
    };
    crate::transfer::blocks(trustpoints.iter().map(chain).collect())
}
