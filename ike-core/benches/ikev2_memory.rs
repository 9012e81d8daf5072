//! Octets of heap that a responder holds for each established IKE SA with one child SA, at 10,000 of them.
//!
//! Run: `cargo bench -p ike-core --bench ikev2_memory`. The initiators are made one after the other and
//! dropped, so what grows is the responder's.

#![allow(clippy::unwrap_used)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ike_core::config::RunningConfig;
use ike_core::engine::{Engine, Setup};
use ike_core::sa::action::{Action, Command, CommandId, Event, Outbox};
use ike_core::sa::job::{self, PrivateKeys};
use ike_core::sa::retransmit::Timers;
use ike_core::time::{Now, Timestamp};
use ike_crypto::PrivateKey;
use ike_pki::{ChainPolicy, Store};

/// How many SAs.
const SAS: u32 = 10_000;

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged; only sizes are counted.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct NoKeys;

impl PrivateKeys for NoKeys {
    fn key(&self, _: &str) -> Option<Arc<PrivateKey>> {
        None
    }
}

fn engine(config: RunningConfig, seed: u32) -> Engine {
    let mut octets = [0; 32];
    octets[..4].copy_from_slice(&seed.to_be_bytes());
    Engine::new(Setup {
        config: Arc::new(config),
        store: Arc::new(Store::default()),
        seed: octets,
        timers: Timers::default(),
        chain_policy: ChainPolicy::ios_15_3t(),
        port: 500,
    })
}

fn now() -> Now {
    Now {
        mono: Timestamp(1_000_000),
        wall: support::WALL,
    }
}

/// Hands an event to an engine; what it sends is added for the other.
fn handle(engine: &mut Engine, event: Event, flight: &mut VecDeque<(bool, Event)>, from: bool) {
    let mut events = VecDeque::from([event]);
    while let Some(event) = events.pop_front() {
        let mut out = Outbox::default();
        engine.handle(now(), event, &mut out);
        for action in out.actions {
            match action {
                Action::Run(id, job) => {
                    events.push_back(Event::JobDone(id, job::run(job, &NoKeys)))
                }
                Action::Send(sent) => flight.push_back((
                    !from,
                    Event::Datagram {
                        local: sent.remote,
                        remote: sent.local,
                        bytes: sent.bytes,
                    },
                )),
                _ => {}
            }
        }
    }
}

fn main() {
    let story = support::ikev2_psk_routers();
    let responder = story.configs[1].replace(
        "match identity remote address 192.168.0.1 255.255.255.255",
        "match identity remote any",
    );
    let mut responder = engine(support::read(&responder), 0);
    let mut base = 0;
    for number in 0..=SAS {
        if number == 1 {
            base = LIVE.load(Ordering::Relaxed);
        }
        let text = story.configs[0].replace(
            "identity local address 192.168.0.1",
            &format!("identity local key-id router-{number}"),
        );
        let mut initiator = engine(support::read(&text), number + 1);
        let mut flight = VecDeque::new();
        let up = Event::Command(CommandId(1), Command::Up("Tunnel1".to_owned()));
        handle(&mut initiator, up, &mut flight, false);
        while let Some((to_responder, event)) = flight.pop_front() {
            let engine = if to_responder {
                &mut responder
            } else {
                &mut initiator
            };
            handle(engine, event, &mut flight, to_responder);
        }
    }
    let held = LIVE.load(Ordering::Relaxed) - base;
    let sas = responder.ikev2_sas(now().mono);
    let children: usize = sas
        .iter()
        .filter_map(|sa| sa.established.as_ref())
        .map(|e| e.children.len())
        .sum();
    let each = held / usize::try_from(SAS).unwrap();
    println!(
        "{} IKE SAs with {children} child SAs: {each} octets each",
        sas.len()
    );
    assert_eq!((sas.len(), children), (10_001, 10_001));
    assert!(each <= 8 * 1024, "{each} octets are more than 8 KiB");
}
