//! Stories of lists that are fetched over real HTTP while a peer is verified.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ike_core::config::parse;
use ike_core::policy::validation;
use ike_core::sa::job::{JobOutcome, SignatureClaim, VerifyError, VerifyJob};
use ike_crypto::{KeySpec, PrivateKey};
use ike_pki::http::HttpReply;
use ike_pki::{CertRequestSpec, ChainPolicy, LabCa, Name};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;
use crate::http::serve;
use crate::keystore::Access;

fn now() -> i64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// A CA that serves on loopback, a peer it issued a certificate to, and a router that verifies it.
struct World {
    ca: Arc<Mutex<LabCa>>,
    asked: Arc<AtomicUsize>,
    pki: Arc<Pki>,
    changes: mpsc::UnboundedReceiver<Changed>,
    job: VerifyJob,
    server: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

impl World {
    /// `lines` are those of the trustpoint; `PORT` in them and in the peer's `cdp` is that of the server.
    async fn new(lines: &str, cdp: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let rsa = || PrivateKey::generate(KeySpec::Rsa { bits: 1024 }).unwrap();
        let name = Name::from_subject_name("CN=CA1,O=cisco").unwrap();
        let ca = LabCa::new(&name, rsa(), 1, now() - 60, now() + 86_400).unwrap();
        let ca = Arc::new(Mutex::new(ca));
        let asked = Arc::new(AtomicUsize::new(0));
        let (serving, count) = (ca.clone(), asked.clone());
        let server = tokio::spawn(serve(
            listener,
            Arc::new(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
                let crl = serving
                    .lock()
                    .unwrap()
                    .crl(now() - 1, now() + 3600)
                    .unwrap();
                HttpReply::ok("application/pkix-crl", crl.der().clone())
            }),
        ));
        let text = format!(
            "crypto pki trustpoint T\n{}\n",
            lines.replace("PORT", &port)
        );
        let config = Arc::new(parse("r1.cfg", &text).config);
        let cdp = cdp.map(|url| url.replace("PORT", &port));
        let (job, store) = Self::claim(&ca, &config, cdp);
        let dir = tempfile::tempdir().unwrap();
        let mut keystore = Keystore::open(dir.path(), Access::Write, None).unwrap();
        keystore.commit(&store, &[]).unwrap();
        let (changes_in, changes) = mpsc::unbounded_channel();
        let pki = Pki::new(Parts {
            keystore,
            config,
            device: Device::default(),
            transport: Arc::new(Http::default()),
            clock: now,
            log: |_| {},
            debug: |_, _| {},
            changes: changes_in,
        });
        Self {
            ca,
            asked,
            pki,
            changes,
            job,
            server,
            _dir: dir,
        }
    }

    /// The peer's certificate and signature, and a store that has the CA.
    fn claim(ca: &Mutex<LabCa>, config: &RunningConfig, cdp: Option<String>) -> (VerifyJob, Store) {
        let key = PrivateKey::generate(KeySpec::Rsa { bits: 1024 }).unwrap();
        let public = key.public();
        let subject = Name::from_subject_name("CN=R2,O=cisco").unwrap();
        let mut spec = CertRequestSpec::router(subject, &public, now() - 60, now() + 3600);
        spec.crl_urls = cdp.into_iter().collect();
        let mut ca = ca.lock().unwrap();
        let own = ca.issue(&spec).unwrap();
        let mut store = Store::default();
        store.authenticate("T", ca.certificate().clone(), now());
        let hash = vec![7; 20];
        let job = VerifyJob {
            certificates: vec![own.der().clone()],
            anchors: validation::anchor(config, &store, "T", now())
                .into_iter()
                .collect(),
            policy: ChainPolicy::ios_15_3t(),
            at: now(),
            signature: key.sign_ikev1_hash(&hash).unwrap().into(),
            claim: SignatureClaim::Ikev1Hash(hash),
        };
        (job, store)
    }

    async fn verify(&self) -> Result<(), String> {
        match self.pki.verify(Box::new(self.job.clone())).await {
            JobOutcome::Verified(Ok(_)) => Ok(()),
            JobOutcome::Verified(Err(VerifyError::Chain(e))) => Err(e.error.to_string()),
            other => Err(format!("{other:?}")),
        }
    }

    /// The server ends, and its port is closed.
    async fn down(&self) {
        self.server.abort();
        while !self.server.is_finished() {
            tokio::task::yield_now().await;
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

const QUERY: &str = " crl query http://127.0.0.1:PORT/ca.crl\n revocation-check crl";

/// P-041, P-002: the list is fetched once and kept; the engine gets the store with it, in the same order.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_fetched_once_and_kept() {
    let mut world = World::new(QUERY, None).await;
    assert_eq!(world.verify().await, Ok(()));
    let changed = world.changes.recv().await.unwrap();
    assert_eq!(changed.store.crls.entries().count(), 1);
    assert_eq!(changed.store.listing().len(), 1);
    let config = world.pki.config();
    world.job.anchors = validation::anchor(&config, &changed.store, "T", now())
        .into_iter()
        .collect();
    assert_eq!(world.verify().await, Ok(()));
    assert_eq!(world.asked(), 1);
}

/// T-30: what the list names is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_peer_is_refused() {
    let world = World::new(QUERY, None).await;
    let peer = ike_pki::Certificate::from_der(world.job.certificates[0].clone()).unwrap();
    world.ca.lock().unwrap().revoke(&peer, now() - 1);
    let refused = world.verify().await.unwrap_err();
    assert!(refused.contains("revoked"), "{refused}");
}

/// B16: a certificate cannot make the router ask itself; the service there hears nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_distribution_point_on_loopback_is_not_asked() {
    for url in [
        "http://127.0.0.1:PORT/ca.crl",
        "http://localhost:PORT/ca.crl",
        "http://[::ffff:127.0.0.1]:PORT/ca.crl",
        "http://2130706433:PORT/ca.crl",
        "file:///etc/passwd",
    ] {
        let world = World::new(" revocation-check crl", Some(url)).await;
        assert!(world.verify().await.is_err(), "{url}");
        assert_eq!(world.asked(), 0, "{url}");
    }
}

/// T-29: a server that is down fails `crl` and not `crl none`, and is left alone for a while.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_is_asked_once_a_minute() {
    let world = World::new(QUERY, None).await;
    world.down().await;
    assert!(world.verify().await.is_err());
    let again = world.verify().await.unwrap_err();
    assert!(again.contains("asked a moment ago"), "{again}");
    let lenient = QUERY.replace("revocation-check crl", "revocation-check crl none");
    let world = World::new(&lenient, None).await;
    world.down().await;
    assert_eq!(world.verify().await, Ok(()));
}

/// The octets of another kind that a server sends are no list.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_another_ca_is_not_believed() {
    let world = World::new(QUERY, None).await;
    let other = Name::from_subject_name("CN=CA1,O=cisco").unwrap();
    let key = PrivateKey::generate(KeySpec::Rsa { bits: 1024 }).unwrap();
    let other = LabCa::new(&other, key, 1, now() - 60, now() + 86_400).unwrap();
    *world.ca.lock().unwrap() = other;
    let refused = world.verify().await.unwrap_err();
    assert!(refused.contains("not signed"), "{refused}");
    let store = &world.pki.keystore.lock().await.store;
    assert_eq!(store.crls.entries().count(), 0, "nothing is kept");
}
