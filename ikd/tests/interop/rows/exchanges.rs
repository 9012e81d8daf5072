//! Rows 20, 23 to 28 and 30: fragments, rekeying, reauthentication, liveness, cookies, child SAs, PPK.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use ike_crypto::KeySpec;
use libtest_mimic::Failed;
use testnet::charon::{PeerSa, SecretKind};
use testnet::{FaultPlan, Match};

use super::certificates::{OURS, PEER, one_ca_setup};
use super::{Bench, Role, Row, both, responder};
use crate::network::Wiring;
use crate::one_ca::OneCa;
use crate::pair::{Pair, Setup, Side};
use crate::peer::Peer;
use crate::router::Router;
use crate::states::{eventually, within};

pub(super) fn rows() -> Vec<Vec<Row>> {
    vec![
        both(
            "20",
            "RSA-4096 in fragments over MTU 576, doubled and reordered",
            fragments,
        ),
        both(
            "23",
            "twenty child rekeyings with PFS, both drive, under ping",
            child_rekeyings,
        ),
        both(
            "24",
            "twenty IKE rekeyings, every fourth by both at once, under ping",
            ike_rekeyings,
        ),
        responder(
            "25",
            "reauthentication by charon, make before break",
            reauthentication,
        ),
        both(
            "26",
            "charon is killed: liveness check, then recovery",
            killed,
        ),
        both("27", "RSA, the responder demands a cookie", cookie),
        both("28", "three child SAs, narrowed", three_children),
        both("30", "PSK and PPK (RFC 8784)", ppk),
    ]
}

/// RFC 7383: any order, with duplicates.
fn fragments(bench: &Bench) -> Result<(), Failed> {
    let spec = KeySpec::Rsa { bits: 4096 };
    let mut setup = OneCa::with(spec, Wiring::Plain)?.setup("rsa-sig", "")?;
    setup.router = setup.router.global("crypto ikev2 fragmentation mtu 576");
    setup.peer = setup.peer.daemon("fragment_size", "576");
    setup.mtu = Some(576);
    let pair = Pair::start(bench, &setup)?;
    pair.network.lan.set_faults(FaultPlan {
        seed: 20,
        duplicate: 300,
        reorder: 300,
        applies_to: Match::udp(&[500, 4500]),
        ..FaultPlan::default()
    });
    pair.up(bench.role.starter())?;
    pair.network.lan.set_faults(FaultPlan::default());
    pair.pings()?;
    pair.delete(bench.role.starter())?;
    pair.nothing_left()?;
    let traffic = pair.end()?;
    traffic.all_opened()?;
    let longest = traffic
        .datagrams()
        .iter()
        .map(Vec::len)
        .max()
        .unwrap_or_default();
    match traffic.count("IKE_AUTH") {
        // A certificate of 4096 bits does not fit into two fragments.
        messages if messages > 6 && longest <= 576 - 28 => Ok(()),
        messages => Err(format!(
            "{messages} datagrams of IKE_AUTH, the longest has {longest} octets"
        )
        .into()),
    }
}

fn with_pfs() -> Setup {
    Setup::new(
        Router::ikev2().ipsec("set pfs group14"),
        Peer::ikev2().esp("aes128-sha256-modp2048"),
    )
}

/// RFC 7296 2.8: a new pair of ESP SAs takes over without a lost packet.
fn child_rekeyings(bench: &Bench) -> Result<(), Failed> {
    let start = |pair: &Pair, n| {
        let side = if n % 2 == 0 { Side::Ours } else { Side::Peer };
        pair.rekey(side, false)
    };
    bench
        .passes_with(&with_pfs(), |pair| twenty(pair, spi_in, start))
        .map(drop)
}

/// RFC 7296 2.8, 2.25: the child SA moves to the new IKE SA; of two at once one survives.
fn ike_rekeyings(bench: &Bench) -> Result<(), Failed> {
    let start = |pair: &Pair, n| match n % 4 {
        0 | 2 => pair.rekey(Side::Ours, true),
        1 => pair.rekey(Side::Peer, true),
        _ => at_once(pair),
    };
    let setup = Setup::new(Router::ikev2(), Peer::ikev2());
    bench
        .passes_with(&setup, |pair| twenty(pair, unique_id, start))
        .map(drop)
}

/// Twenty rekeyings under ping; each changes what charon calls the SA, and leaves one of it.
fn twenty(
    pair: &Pair,
    name: fn(&Pair) -> Result<String, Failed>,
    start: impl Fn(&Pair, u32) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let all = || {
        for n in 0..20 {
            let before = name(pair)?;
            start(pair, n)?;
            eventually(|| match name(pair)? == before {
                true => Err(format!("rekeying {n} changed nothing").into()),
                false => Ok(()),
            })?;
            pair.both_up(1)?;
        }
        Ok(())
    };
    pair.under_ping(all)?.whole()
}

/// charon's SPI of the child SA that carries traffic.
fn spi_in(pair: &Pair) -> Result<String, Failed> {
    let sas = pair.charon.sas()?;
    let mut spis: Vec<&str> = sas
        .iter()
        .flat_map(PeerSa::installed)
        .map(|c| c.get("spi-in"))
        .collect();
    spis.sort_unstable();
    Ok(spis.join(" "))
}

/// charon's number of the IKE SA.
fn unique_id(pair: &Pair) -> Result<String, Failed> {
    let sas = pair.charon.sas()?;
    let established = sas.iter().filter(|sa| sa.established());
    Ok(established
        .map(|sa| sa.get("uniqueid").to_owned())
        .collect::<Vec<_>>()
        .join(" "))
}

fn at_once(pair: &Pair) -> Result<(), Failed> {
    thread::scope(|scope| {
        let ours = scope.spawn(|| pair.rekey(Side::Ours, true));
        // charon refuses when ours has reached it already: that is as good.
        let _ = pair.rekey(Side::Peer, true);
        ours.join().map_err(|_| "the thread died")?
    })
}

/// RFC 7296 2.8.3: the new IKE SA is there before the old one goes.
fn reauthentication(bench: &Bench) -> Result<(), Failed> {
    let peer = Peer::ikev2()
        .daemon("make_before_break", "yes")
        .connection("reauth_time", "2s")
        .connection("over_time", "2s")
        .connection("rand_time", "0s");
    let check = |pair: &mut Pair| {
        let first = unique_id(pair)?;
        let flow = pair.under_ping(|| {
            let mut seen = vec![first];
            let look = || {
                let now = unique_id(pair)?;
                Ok::<_, Failed>(now)
            };
            let until = Instant::now() + Duration::from_secs(20);
            while seen.len() < 3 && Instant::now() < until {
                let now = look()?;
                if !now.contains(' ') && !now.is_empty() && !seen.contains(&now) {
                    seen.push(now);
                }
                thread::sleep(Duration::from_millis(50));
            }
            if seen.len() < 3 {
                Err(format!("only {} IKE SAs followed each other", seen.len()).into())
            } else {
                Ok(())
            }
        })?;
        flow.lost_at_most(2)?;
        eventually(|| pair.both_up(1))
    };
    let setup = Setup::new(Router::ikev2(), peer);
    bench.passes_with(&setup, check).map(drop)
}

/// RFC 7296 2.4: the SA ends when the checks go unanswered; both come back.
fn killed(bench: &Bench) -> Result<(), Failed> {
    let mut setup = Setup::new(Router::ikev2().profile("dpd 10 2 periodic"), Peer::ikev2());
    setup.retransmit = Duration::from_secs(10);
    let mut pair = Pair::start(bench, &setup)?;
    pair.up(bench.role.starter())?;
    pair.pings()?;
    pair.charon.kill();
    let gone = Instant::now();
    within(Duration::from_secs(40), || {
        match pair.states()?.established {
            0 => Ok(()),
            left => Err(format!("{left} IKE SAs after {:?}", gone.elapsed()).into()),
        }
    })?;
    pair.restart_peer(&setup.peer)?;
    pair.up(bench.role.starter())?;
    pair.pings()?;
    pair.delete(bench.role.starter())?;
    pair.nothing_left()?;
    pair.end()?.all_opened()
}

/// RFC 7296 2.6: the request comes again with the cookie first. The responder has half-open SAs from
/// the initiator's address before.
fn cookie(bench: &Bench) -> Result<(), Failed> {
    let mut setup = one_ca_setup()?;
    match bench.role {
        Role::Initiator => {
            for (key, value) in [
                ("cookie_threshold", "1"),
                ("cookie_threshold_ip", "1"),
                ("block_threshold", "0"),
            ] {
                setup.peer = setup.peer.daemon(key, value);
            }
        }
        Role::Responder => setup.router = setup.router.global("crypto ikev2 cookie-challenge 1"),
    }
    let pair = Pair::start(bench, &setup)?;
    half_open(&pair, bench.role)?;
    pair.up(bench.role.starter())?;
    pair.pings()?;
    pair.delete(bench.role.starter())?;
    let traffic = pair.end()?;
    traffic.all_opened()?;
    let (asks, obeys) = match bench.role {
        Role::Initiator => (traffic.peers("IKE_SA_INIT"), traffic.ours("IKE_SA_INIT")),
        Role::Responder => (traffic.ours("IKE_SA_INIT"), traffic.peers("IKE_SA_INIT")),
    };
    let obeyed = obeys
        .iter()
        .any(|list| list.starts_with("NOTIFY(COOKIE) SA"));
    if asks.contains(&"NOTIFY(COOKIE)") && obeyed {
        return Ok(());
    }
    Err(format!("asked with {asks:?}, answered with {obeys:?}").into())
}

/// Two first messages from the initiator's host that nobody follows up.
fn half_open(pair: &Pair, role: Role) -> Result<(), Failed> {
    let (host, from, to) = match role {
        Role::Initiator => (&pair.network.ours, OURS, PEER),
        Role::Responder => (&pair.network.peer, PEER, OURS),
    };
    let socket = host.run(|| UdpSocket::bind((from, 5000)))??;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    for number in 1..=2 {
        socket.send_to(&first_message(number), (to, 500))?;
        socket.recv(&mut [0; 2048])?;
    }
    Ok(())
}

/// An IKE_SA_INIT request (RFC 7296 1.2): AES-CBC-128, SHA-256, group 14, a public value and a nonce.
fn first_message(number: u8) -> Vec<u8> {
    const SA: [u8; 48] = [
        34, 0, 0, 48, 0, 0, 0, 44, 1, 1, 0, 4, // proposal 1, IKE, four transforms
        3, 0, 0, 12, 1, 0, 0, 12, 128, 14, 0, 128, // ENCR_AES_CBC, 128 bits
        3, 0, 0, 8, 2, 0, 0, 5, // PRF_HMAC_SHA2_256
        3, 0, 0, 8, 3, 0, 0, 12, // AUTH_HMAC_SHA2_256_128
        0, 0, 0, 8, 4, 0, 0, 14, // group 14
    ];
    let mut message = vec![number; 8];
    message.extend([0; 8]);
    message.extend([33, 0x20, 34, 0x08, 0, 0, 0, 0]);
    message.extend((28_u32 + 48 + 264 + 36).to_be_bytes());
    message.extend(SA);
    message.extend([40, 0, 1, 8, 0, 14, 0, 0]);
    message.extend([number; 256]);
    message.extend([0, 0, 0, 36]);
    message.extend([number; 32]);
    message
}

/// RFC 7296 2.9: each child SA carries its own network.
fn three_children(bench: &Bench) -> Result<(), Failed> {
    let peer = Peer::ikev2()
        .another_child("k2", "10.3.0.0/16", "10.1.0.0/16")
        .another_child("k3", "10.4.0.0/16", "10.1.0.0/16");
    let check = |pair: &mut Pair| {
        for child in ["k2", "k3"] {
            let said = pair.charon.initiate(child, crate::pair::NEGOTIATION)?;
            if !said.ok {
                return Err(said.text.into());
            }
        }
        pair.both_up(3)?;
        pair.ping_to(Ipv4Addr::new(10, 3, 0, 1), 100)?;
        pair.ping_to(Ipv4Addr::new(10, 4, 0, 1), 100)?;
        let narrowed = pair.charon.sas()?;
        let all = narrowed
            .iter()
            .flat_map(PeerSa::installed)
            .all(|c| c.get("remote-ts") == "10.1.0.0/16");
        if all {
            Ok(())
        } else {
            Err(format!("not narrowed: {narrowed:#?}").into())
        }
    };
    bench
        .passes_with(&Setup::new(Router::ikev2(), peer), check)
        .map(drop)
}

fn ppk(bench: &Bench) -> Result<(), Failed> {
    const PPK: &str = "quantumsecretquantumsecret";
    let address: IpAddr = PEER;
    let router = Router::ikev2()
        .global(&format!("crypto ikev2 keyring kr\n peer p\n  address {address}\n  ppk manual id pqk key 0 {PPK} required\n!"))
        .profile("keyring ppk kr");
    let peer = Peer::ikev2()
        .connection("ppk_id", "pqk")
        .connection("ppk_required", "yes")
        .secret(SecretKind::Ppk, PPK, &["pqk"]);
    let traffic = bench.passes(&Setup::new(router, peer))?;
    traffic.we_sent_a("IKE_SA_INIT", "NOTIFY(USE_PPK)")?;
    traffic.peer_sent_a("IKE_SA_INIT", "NOTIFY(USE_PPK)")
}
