//! Childless SAs, leases, identities, ends and restarts, and a bad wire.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use testnet::charon::PeerSa;
use testnet::{Delay, FaultPlan, Match};

use super::certificates::{logged, one_ca_setup};
use super::{Bench, Role, Row, both, initiator, responder};
use crate::pair::{Pair, Setup, Side};
use crate::peer::Peer;
use crate::router::Router;
use crate::states::eventually;

pub(super) fn rows() -> Vec<Vec<Row>> {
    vec![
        responder(
            "childless",
            "charon requires a childless IKE SA (RFC 6023)",
            childless_peer,
        ),
        initiator(
            "childless",
            "we require a childless IKE SA (RFC 6023)",
            childless_ours,
        ),
        responder("lease", "a virtual IP from `ip local pool`", lease),
        responder(
            "no-lease",
            "a virtual IP is asked for and there is no pool: no CFG, up",
            no_lease,
        ),
        both("id-fqdn", "identities: FQDN", fqdn),
        both("id-email", "identities: e-mail address", email),
        both("id-key", "identities: key ID", key_id),
        both("id-dn", "identities: DN and a certificate map", dn),
        both("no-certreq", "charon sends no CERTREQ", no_certreq),
        both("end-child", "charon ends the child SA", end_child),
        both("end-ours", "our daemon ends and starts again", end_ours),
        both("end-peer", "charon ends and starts again", end_peer),
        both(
            "crash-ours",
            "our daemon is killed and starts again: INITIAL_CONTACT",
            crash_ours,
        ),
        both(
            "busy",
            "rekeyings of both kinds by both at once over 10 ms of flight",
            busy,
        ),
        both(
            "lossy",
            "20 % lost, doubled, reordered: up within 30 s, twenty seeds",
            lossy,
        ),
    ]
}

fn childless_peer(bench: &Bench) -> Result<(), Failed> {
    let router = Router::ikev2().global("crypto ikev2 childless");
    let setup = Setup::new(router, Peer::ikev2().connection("childless", "force"));
    let traffic = bench.passes(&setup)?;
    traffic.peer_sent_a("CREATE_CHILD_SA", "SA")
}

fn childless_ours(bench: &Bench) -> Result<(), Failed> {
    let router = Router::ikev2().global("crypto ikev2 childless required");
    let setup = Setup::new(router, Peer::ikev2().connection("childless", "allow"));
    let traffic = bench.passes(&setup)?;
    traffic.we_sent_a("CREATE_CHILD_SA", "SA")
}

/// RFC 7296 2.19.
fn lease(bench: &Bench) -> Result<(), Failed> {
    let router = Router::ikev2()
        .global(
            "ip local pool pl 10.2.0.50 10.2.0.60\ncrypto ikev2 authorization policy ap\n pool pl",
        )
        .profile("aaa authorization group psk list default ap");
    let peer = Peer::ikev2()
        .connection("vips", "0.0.0.0")
        .ts("dynamic", "10.1.0.0/16");
    let pair = Pair::start(bench, &Setup::new(router, peer))?;
    pair.up(bench.role.starter())?;
    logged(&pair.charon.log(), "installing new virtual IP 10.2.0.50")?;
    pair.ping_to(std::net::Ipv4Addr::new(10, 2, 0, 50), 100)?;
    pair.delete(bench.role.starter())?;
    pair.nothing_left()?;
    let traffic = pair.end()?;
    traffic.all_opened()?;
    traffic.we_sent_a("IKE_AUTH", "CFG")
}

/// RFC 7296 3.15.4: whoever has nothing to give sends no CFG_REPLY.
fn no_lease(bench: &Bench) -> Result<(), Failed> {
    let peer = Peer::ikev2().connection("vips", "0.0.0.0");
    let traffic = bench.passes(&Setup::new(Router::ikev2(), peer))?;
    traffic.peer_sent_a("IKE_AUTH", "CFG")?;
    match traffic.we_sent_a("IKE_AUTH", "CFG") {
        Ok(()) => Err("we sent a CFG".into()),
        Err(_) => Ok(()),
    }
}

fn identities(
    bench: &Bench,
    ours: &str,
    matching: &str,
    own: &str,
    peers: &str,
) -> Result<(), Failed> {
    let router = Router::ikev2().profile(&format!("{matching}\nidentity local {ours}"));
    bench
        .passes(&Setup::new(router, Peer::ikev2().id(peers).remote_id(own)))
        .map(drop)
}

fn fqdn(bench: &Bench) -> Result<(), Failed> {
    identities(
        bench,
        "fqdn r1.lab",
        "match identity remote fqdn other.lab",
        "r1.lab",
        "other.lab",
    )
}

fn email(bench: &Bench) -> Result<(), Failed> {
    identities(
        bench,
        "email a@lab",
        "match identity remote email b@lab",
        "a@lab",
        "b@lab",
    )
}

fn key_id(bench: &Bench) -> Result<(), Failed> {
    identities(
        bench,
        "key-id foo",
        "match identity remote key-id bar",
        "keyid:foo",
        "keyid:bar",
    )
}

fn dn(bench: &Bench) -> Result<(), Failed> {
    let mut setup = one_ca_setup()?;
    setup.router = setup
        .router
        .global("crypto pki certificate map cm 10\n subject-name co peer1")
        .profile("identity local dn\nmatch certificate cm");
    setup.peer = setup.peer.id("O=lab, CN=peer1").remote_id("O=lab, CN=ours");
    bench.passes(&setup).map(drop)
}

fn no_certreq(bench: &Bench) -> Result<(), Failed> {
    let mut setup = one_ca_setup()?;
    setup.peer = setup.peer.connection("send_certreq", "no");
    bench.passes(&setup).map(drop)
}

fn up(bench: &Bench, setup: &Setup) -> Result<Pair, Failed> {
    let pair = Pair::start(bench, setup)?;
    pair.up(bench.role.starter())?;
    pair.pings()?;
    Ok(pair)
}

fn psk() -> Setup {
    Setup::new(Router::ikev2(), Peer::ikev2())
}

/// RFC 7296 1.4.1: the pair goes, the IKE SA stays with charon.
fn end_child(bench: &Bench) -> Result<(), Failed> {
    let pair = up(bench, &psk())?;
    let said = pair.charon.swanctl(&["--terminate", "--child", "k"])?;
    if !said.ok {
        return Err(said.text.into());
    }
    eventually(|| {
        match pair
            .charon
            .sas()?
            .iter()
            .flat_map(PeerSa::installed)
            .count()
        {
            0 => Ok(()),
            some => Err(format!("{some} child SAs at charon").into()),
        }
    })?;
    pair.end()?.all_opened()
}

fn end_ours(bench: &Bench) -> Result<(), Failed> {
    let mut pair = up(bench, &psk())?;
    pair.ours.stop();
    eventually(|| match pair.charon.sas()?.len() {
        0 => Ok(()),
        some => Err(format!("{some} SAs at charon").into()),
    })?;
    pair.restart_ours()?;
    again(bench, pair)
}

fn end_peer(bench: &Bench) -> Result<(), Failed> {
    let setup = psk();
    let mut pair = up(bench, &setup)?;
    pair.charon.stop();
    eventually(|| match pair.states()?.established {
        0 => Ok(()),
        some => Err(format!("{some} SAs with us").into()),
    })?;
    pair.restart_peer(&setup.peer)?;
    again(bench, pair)
}

/// RFC 7296 2.4: INITIAL_CONTACT clears what the other side still has.
fn crash_ours(bench: &Bench) -> Result<(), Failed> {
    let mut pair = up(bench, &psk())?;
    pair.ours.kill();
    pair.restart_ours()?;
    // charon believes its old SA until we speak.
    pair.up(Side::Ours)?;
    pair.pings()?;
    pair.delete(bench.role.starter())?;
    pair.nothing_left()?;
    pair.end()?.all_opened()
}

fn again(bench: &Bench, pair: Pair) -> Result<(), Failed> {
    pair.up(bench.role.starter())?;
    pair.pings()?;
    pair.delete(bench.role.starter())?;
    pair.nothing_left()?;
    pair.end()?.all_opened()
}

/// An SA that charon forgets to delete ends by itself after ninety seconds; most runs leave none.
const LEFTOVER: Duration = Duration::from_secs(100);

/// RFC 7296 2.8 and 2.25, as it comes.
fn busy(bench: &Bench) -> Result<(), Failed> {
    let pair = Pair::start(bench, &psk())?;
    pair.network.lan.set_faults(FaultPlan {
        delay: Some(Delay {
            per_mille: 1000,
            milliseconds: 10..=10,
        }),
        ..FaultPlan::default()
    });
    pair.up(bench.role.starter())?;
    let flow = pair.under_ping(|| {
        for n in 0..30_u8 {
            let (first, second) = (n % 2 == 0, n % 3 == 0);
            thread::scope(|scope| {
                let ours = scope.spawn(|| pair.rekey(Side::Ours, first));
                // Whoever finds the SA replaced already refuses: that is as good.
                let _ = pair.rekey(Side::Peer, second);
                let _ = ours.join();
            });
            thread::sleep(Duration::from_millis(20 * u64::from(n % 5)));
        }
        Ok(())
    })?;
    flow.whole()?;
    pair.network.lan.set_faults(FaultPlan::default());
    pair.pings()?;
    pair.both_up_within(LEFTOVER, 1)?;
    pair.pings()?;
    pair.delete(bench.role.starter())?;
    pair.nothing_left()?;
    pair.end()?.all_opened()
}

/// RFC 7296 2.1: repetition makes up for any wire; the seed is told.
fn lossy(bench: &Bench) -> Result<(), Failed> {
    const SEEDS: u64 = 20;
    const AT_ONCE: usize = 4;
    let (next, failed) = (AtomicU64::new(1), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > SEEDS {
                        break;
                    }
                    if let Err(why) = lossy_seed(bench, seed) {
                        let text = format!("seed {seed}: {}", why.message().unwrap_or("failed"));
                        failed
                            .lock()
                            .unwrap_or_else(std::sync::PoisonError::into_inner)
                            .push(text);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_default();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "{} of {SEEDS} seeds failed:\n{}",
            failed.len(),
            failed.join("\n")
        )
        .into())
    }
}

fn lossy_seed(bench: &Bench, seed: u64) -> Result<(), Failed> {
    let bench = &Bench {
        dir: bench.dir.join(format!("seed-{seed}")),
        role: bench.role,
        installation: bench.installation.clone(),
    };
    std::fs::create_dir_all(&bench.dir)?;
    let mut setup = one_ca_setup()?;
    // W-075: half a second, then the double each time.
    setup.retransmit = Duration::from_millis(2500);
    for (key, value) in [
        ("retransmit_tries", "8"),
        ("retransmit_timeout", "0.6"),
        ("retransmit_base", "1.2"),
    ] {
        setup.peer = setup.peer.daemon(key, value);
    }
    let pair = Pair::start(bench, &setup)?;
    pair.network.lan.set_faults(FaultPlan {
        seed,
        drop: 200,
        duplicate: 200,
        reorder: 200,
        applies_to: Match::udp(&[500, 4500]),
        ..FaultPlan::default()
    });
    let started = Instant::now();
    let (up, said) = match bench.role {
        Role::Initiator => pair.ours.up(Duration::from_secs(30))?,
        Role::Responder => {
            let said = pair.charon.initiate("k", Duration::from_secs(30))?;
            (said.ok, said.text)
        }
    };
    let took = started.elapsed();
    pair.network.lan.set_faults(FaultPlan::default());
    if !up || took > Duration::from_secs(30) {
        return Err(format!("after {took:?}: {said}").into());
    }
    pair.both_up(1)?;
    pair.ping(20)?;
    pair.delete(bench.role.starter())?;
    pair.nothing_left()?;
    pair.end()?.all_opened()
}
