//! Time from the first packet to established, read from one capture: two of our daemons and two
//! charons on one switch, by turns, with the same suite and the same certificates.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use ike_crypto::KeySpec;
use ike_wire::registry::ExchangeType;
use libtest_mimic::Failed;
use testnet::charon::{Charon, Description, Installation};
use testnet::packet::Flow;
use testnet::{Capture, Host, Switch, netlink, pcapng};

use crate::network::WIRE;
use crate::ours::Ours;
use crate::pair::NEGOTIATION;
use crate::peer::{CHILD, CONNECTION, Peer};
use crate::pki::{Ca, Identity, RSA, Trustpoints};
use crate::router::Router;
use crate::states::within;

/// Host parts of the addresses: our pair, charon's pair.
const OURS: [u8; 2] = [1, 2];
const CHARONS: [u8; 2] = [11, 12];
/// Handshakes before the counted ones.
const WARM_UP: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(10);

/// A suite that both speak.
struct Suite {
    name: &'static str,
    keys: KeySpec,
    ours: &'static str,
    charon: &'static str,
}

const SUITES: [Suite; 2] = [
    Suite {
        name: "RSA-2048, MODP-2048",
        keys: RSA,
        ours: "encryption aes-cbc-128\nintegrity sha256\ngroup 14",
        charon: "aes128-sha256-modp2048",
    },
    Suite {
        name: "ECDSA P-256, X25519",
        keys: KeySpec::EcP256,
        ours: "encryption aes-cbc-128\nintegrity sha256\ngroup 31",
        charon: "aes128-sha256-x25519",
    },
];

/// Measures `count` handshakes of each pair and suite and prints medians and their ratio.
pub(crate) fn print(count: u32) -> Result<(), Failed> {
    println!(
        "{count} handshakes of each pair by turns, IKE_SA_INIT request to IKE_AUTH response, medians (10 % to 90 %)"
    );
    for suite in &SUITES {
        let [ours, charons] = measure(suite, count)?;
        let ratio = median(&ours) / median(&charons);
        println!(
            "{:<22} ikd {}   charon {}   ratio {ratio:.2}",
            suite.name,
            shown(&ours),
            shown(&charons)
        );
    }
    Ok(())
}

/// Milliseconds of each handshake, sorted: our pair's, and charon's.
fn measure(suite: &Suite, count: u32) -> Result<[Vec<f64>; 2], Failed> {
    let dir = tempfile::tempdir()?;
    let capture = dir.path().join("capture.pcapng");
    let lan = Switch::new("lan")?;
    lan.capture(&Capture::to_file(&capture)?)?;
    let mut ca = Ca::root(
        &format!("LATENCY-{:?}", suite.keys).replace([' ', '{', '}', ':'], ""),
        suite.keys,
    )?;
    let hosts = [
        host(&lan, OURS[0])?,
        host(&lan, OURS[1])?,
        host(&lan, CHARONS[0])?,
        host(&lan, CHARONS[1])?,
    ];
    let ours = [
        our_router(suite, &mut ca, &hosts[0], dir.path(), 0)?,
        our_router(suite, &mut ca, &hosts[1], dir.path(), 1)?,
    ];
    let charons = [
        charon(suite, &mut ca, &hosts[2], dir.path(), 0)?,
        charon(suite, &mut ca, &hosts[3], dir.path(), 1)?,
    ];
    for _ in 0..WARM_UP + count {
        our_handshake(&ours)?;
        charons_handshake(&charons)?;
    }
    drop((ours, charons));
    times(&capture, count)
}

fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 168, 0, last)
}

fn host(lan: &Switch, last: u8) -> Result<Host, Failed> {
    let host = Host::new(&format!("host{last}"))?;
    host.attach(lan, WIRE, &[(address(last).into(), 24)])?;
    // The networks behind the charons are on their loopbacks.
    host.run(|| netlink::add_address("lo", Ipv4Addr::new(10, last, 0, 1), 32))??;
    Ok(host)
}

fn identity(suite: &Suite, ca: &mut Ca, last: u8) -> Result<Identity, Failed> {
    ca.issue(&format!("latency-{last}"), suite.keys, address(last).into())
}

fn our_router(
    suite: &Suite,
    ca: &mut Ca,
    host: &Host,
    dir: &Path,
    number: usize,
) -> Result<Ours, Failed> {
    let dir = dir.join(format!("ours-{number}"));
    std::fs::create_dir_all(&dir)?;
    let text = Router::ikev2()
        .global("crypto ikev2 digital-signature")
        .suite(suite.ours)
        .trustpoint("TP1", "")
        .local("digital-signature")
        .remote("digital-signature")
        .profile("pki trustpoint TP1")
        .text();
    let text = if number == 0 { text } else { mirrored(&text) };
    std::fs::write(dir.join("R1.cfg"), text)?;
    let own = identity(suite, ca, OURS[number])?;
    Trustpoints::default()
        .enrol("TP1", ca, Some(&own))?
        .write(&dir.join("R1.state"))?;
    Ours::start_quiet(host, &dir)
}

/// The same router from the other end.
fn mirrored(text: &str) -> String {
    let swap = [("192.168.0.1", "192.168.0.2"), ("10.1.0", "10.2.0")];
    swap.iter().fold(text.to_owned(), |text, (a, b)| {
        text.replace(a, "\u{1}").replace(b, a).replace('\u{1}', b)
    })
}

fn charon(
    suite: &Suite,
    ca: &mut Ca,
    host: &Host,
    dir: &Path,
    number: usize,
) -> Result<Charon, Failed> {
    let own = identity(suite, ca, CHARONS[number])?;
    let peer = Peer::ikev2()
        .local("pubkey")
        .remote("pubkey")
        .suite(suite.charon)
        .connection("fragmentation", "no")
        .daemon("filelog.file.default", "0")
        .daemon("filelog.file.cfg", "0")
        .daemon("filelog.file.ike", "0")
        .daemon("filelog.file.enc", "0")
        .daemon("filelog.file.net", "0")
        .ca("ca1", ca.certificate().der())
        .certificate("own", &own);
    let mut description: Description = peer.description().clone();
    let (here, there) = (CHARONS[number], CHARONS[1 - number]);
    for connection in &mut description.connections {
        connection.local_addrs = vec![address(here).to_string()];
        connection.remote_addrs = vec![address(there).to_string()];
        connection.local.id = Some(address(here).to_string());
        connection.remote.id = Some(address(there).to_string());
        for child in &mut connection.children {
            child.local_ts = vec![format!("10.{here}.0.0/16")];
            child.remote_ts = vec![format!("10.{there}.0.0/16")];
        }
    }
    Ok(Charon::start(
        &Installation::find()?,
        host,
        &dir.join(format!("charon-{number}")),
        &description,
    )?)
}

fn our_handshake(pair: &[Ours; 2]) -> Result<(), Failed> {
    let [initiator, responder] = pair;
    match initiator.up(NEGOTIATION)? {
        (true, _) => initiator.down()?,
        (false, said) => return Err(said.into()),
    }
    within(PATIENCE, || {
        match responder.record()?.is_some_and(|r| r.up) {
            true => Ok(()),
            false => Err("the responder is not up".into()),
        }
    })
}

fn charons_handshake(pair: &[Charon; 2]) -> Result<(), Failed> {
    let [initiator, responder] = pair;
    let said = initiator.initiate(CHILD, NEGOTIATION)?;
    if !said.ok {
        return Err(said.text.into());
    }
    initiator.swanctl(&["--terminate", "--ike", CONNECTION])?;
    within(PATIENCE, || match responder.sas()?.len() {
        0 => Ok(()),
        some => Err(format!("{some} SAs are left").into()),
    })
}

/// From the capture: by initiator SPI, first IKE_SA_INIT to IKE_AUTH response.
fn times(capture: &Path, count: u32) -> Result<[Vec<f64>; 2], Failed> {
    let mut started: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    let mut ended: BTreeMap<Vec<u8>, (u64, bool)> = BTreeMap::new();
    for record in pcapng::read(&std::fs::read(capture)?)? {
        let Some((initiator, exchange, response, from)) = header(&record.packet) else {
            continue;
        };
        match (ExchangeType(exchange), response) {
            (ExchangeType::IKE_SA_INIT, false) => {
                started.entry(initiator).or_insert(record.microseconds);
            }
            (ExchangeType::IKE_AUTH, true) => {
                let ours = OURS.iter().any(|last| IpAddr::from(address(*last)) == from);
                ended.insert(initiator, (record.microseconds, ours));
            }
            _ => {}
        }
    }
    let mut in_order: Vec<_> = ended.into_iter().collect();
    in_order.sort_by_key(|(_, (at, _))| *at);
    let mut took = [Vec::new(), Vec::new()];
    for (initiator, (at, ours)) in in_order {
        let first = started
            .get(&initiator)
            .ok_or("an IKE_AUTH without IKE_SA_INIT")?;
        took[usize::from(!ours)].push((at - first) as f64 / 1000.0);
    }
    for list in &mut took {
        let counted = list.len().saturating_sub(count as usize);
        list.drain(..counted);
        list.sort_by(f64::total_cmp);
        if list.len() != count as usize {
            return Err(format!("{} handshakes in the capture", list.len()).into());
        }
    }
    Ok(took)
}

/// Initiator SPI, exchange, whether it is a response, and the sender.
fn header(packet: &[u8]) -> Option<(Vec<u8>, u8, bool, IpAddr)> {
    let flow = Flow::of(packet)?;
    let (from, to) = flow.ports?;
    let body = packet.get(flow.header + 8..flow.total)?;
    let body = match body.strip_prefix(&[0; 4]) {
        Some(marked) if from == 4500 || to == 4500 => marked,
        _ if from == 500 || to == 500 => body,
        _ => return None,
    };
    Some((
        body.get(..8)?.to_vec(),
        *body.get(18)?,
        body.get(19)? & 0x20 != 0,
        flow.source,
    ))
}

fn median(sorted: &[f64]) -> f64 {
    quantile(sorted, 0.5)
}

fn quantile(sorted: &[f64], part: f64) -> f64 {
    let index = (sorted.len().saturating_sub(1)) as f64 * part;
    sorted
        .get(index.round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

fn shown(sorted: &[f64]) -> String {
    format!(
        "{:6.2} ms ({:.2} to {:.2})",
        median(sorted),
        quantile(sorted, 0.1),
        quantile(sorted, 0.9)
    )
}
