//! Rows 35 to 40: IKEv1 with certificates, the seed's suite, and a long life.

use std::thread;
use std::time::Duration;

use ike_crypto::KeySpec;
use libtest_mimic::Failed;
use testnet::charon::PeerSa;

use super::certificates::{OURS, PEER, TwoCas, logged, refused};
use super::{Bench, Role, Row, both, initiator, responder};
use crate::network::Wiring;
use crate::pair::{Pair, Setup, Side};
use crate::peer::Peer;
use crate::pki::{Ca, RSA, Trustpoints};
use crate::router::Router;
use crate::states::eventually;

const MAIN_MODE: &str = "Identity Protection (Main Mode)";
const INFORMATIONAL: &str = "Informational";

pub(super) fn rows() -> Vec<Vec<Row>> {
    vec![
        both("35", "main mode, RSA, one CA", one_ca),
        initiator(
            "36",
            "ca trust-point IOSCA1: MM3 asks for one CA",
            one_request,
        ),
        responder(
            "37",
            "charon shows CA2's certificate: we reject it in MM5",
            wrong_ca,
        ),
        responder(
            "38",
            "the other order of enrolment and of loading: up",
            right_ca,
        ),
        both(
            "39",
            "the tech note's suite: RSA, 3DES, MD5, group 2",
            seed_suite,
        ),
        both(
            "40",
            "NAT, vendor fragmentation, DPD, quick mode rekeying with PFS",
            long_lived,
        ),
    ]
}

/// Main mode with certificates.
fn isakmp(suite: &str) -> Router {
    Router::ikev1().suite(suite)
}

const RSA_SIG: &str = "encryption aes\nhash sha\nauthentication rsa-sig\ngroup 14";
const SEED_SUITE: &str = "encr 3des\nhash md5\nauthentication rsa-sig\ngroup 2";

fn by_certificate() -> Peer {
    Peer::ikev1().local("pubkey").remote("pubkey")
}

fn one_ca_with(suite: &str, proposal: &str) -> Result<Setup, Failed> {
    let mut ca = Ca::root("CA1", RSA)?;
    let (ours, peers) = (ca.issue("ours", RSA, OURS)?, ca.issue("peer1", RSA, PEER)?);
    let router = isakmp(suite)
        .trustpoint("IOSCA1", "")
        .profile("ca trust-point IOSCA1");
    let peer = by_certificate()
        .suite(proposal)
        .ca("ca1", ca.certificate().der())
        .certificate("peer", &peers);
    let enrolled = Trustpoints::default().enrol("IOSCA1", &mut ca, Some(&ours))?;
    Ok(Setup::new(router, peer).enrolled(enrolled))
}

/// RFC 2409 5.1: MM5 and MM6 carry identity, certificate and signature.
fn one_ca(bench: &Bench) -> Result<(), Failed> {
    let traffic = bench.passes(&one_ca_with(RSA_SIG, "aes128-sha1-modp2048")?)?;
    traffic.we_sent_a(MAIN_MODE, "SIG")?;
    traffic.peer_sent_a(MAIN_MODE, "SIG")?;
    match bench.role {
        Role::Initiator => traffic.we_sent_a(MAIN_MODE, "NOTIFY(INITIAL-CONTACT)"),
        Role::Responder => traffic.peer_sent_a(MAIN_MODE, "NOTIFY(INITIAL-CONTACT)"),
    }
}

/// Both trustpoints of the seed; the profile believes IOSCA1 alone.
fn two_cas(newest_is_second: bool, loaded_last: usize) -> Result<(Setup, TwoCas), Failed> {
    let mut cas = TwoCas::new()?;
    let [first, second] = cas.ours.clone();
    let router = isakmp(RSA_SIG)
        .trustpoint("IOSCA1", "")
        .trustpoint("IOSCA2", "")
        .profile("ca trust-point IOSCA1");
    let enrolled = if newest_is_second {
        Trustpoints::default()
            .enrol("IOSCA1", &mut cas.ca1, Some(&first))?
            .enrol("IOSCA2", &mut cas.ca2, Some(&second))?
    } else {
        Trustpoints::default()
            .enrol("IOSCA2", &mut cas.ca2, Some(&second))?
            .enrol("IOSCA1", &mut cas.ca1, Some(&first))?
    };
    let mut peer = cas.cas(by_certificate(), 0);
    let mut certificates = [
        ("peer1", cas.peers[0].clone()),
        ("peer2", cas.peers[1].clone()),
    ];
    if loaded_last == 0 {
        certificates.reverse();
    }
    for (name, identity) in certificates {
        peer = peer.loaded_certificate(name, &identity);
    }
    Ok((Setup::new(router, peer).enrolled(enrolled), cas))
}

/// S-012: the initiator asks only for what its profile lists.
fn one_request(bench: &Bench) -> Result<(), Failed> {
    let (setup, _) = two_cas(true, 0)?;
    let traffic = bench.passes(&setup)?;
    match requests(&traffic.ours(MAIN_MODE)) {
        1 => Ok(()),
        other => Err(format!("{other} CERT_REQs in MM3").into()),
    }
}

/// Certificate requests in the second message of ours that has a key.
fn requests(lists: &[&str]) -> usize {
    let third = lists.iter().find(|list| list.split(' ').any(|p| p == "KE"));
    third.map_or(0, |list| {
        list.split(' ').filter(|p| *p == "CERT_REQ").count()
    })
}

/// S-013, S-052: the responder asks for all it knows, newest first; charon shows CA2's; the profile
/// does not believe it.
fn wrong_ca(bench: &Bench) -> Result<(), Failed> {
    let (setup, _) = two_cas(true, 1)?;
    let pair = Pair::start(bench, &setup)?;
    refused(&pair, bench.role)?;
    logged(&pair.ours.log(), "issuer cn=CA2,o=lab")?;
    let record = pair.ours.record()?.ok_or("nothing is on record")?;
    let asked = record.certreq.ok_or("MM4 asked for nothing")?;
    if record.stopped_at.as_deref() != Some("MM5")
        || asked.issuers.first().map(String::as_str) != Some("cn=CA2,o=lab")
    {
        return Err(format!(
            "stopped at {:?}, asked for {:?}",
            record.stopped_at, asked.issuers
        )
        .into());
    }
    let traffic = pair.end()?;
    match requests(&traffic.ours(MAIN_MODE)) {
        // Both CAs and the five predefined ones.
        7 => Ok(()),
        other => Err(format!("{other} CERT_REQs in MM4").into()),
    }
}

/// The seed's own remedy.
fn right_ca(bench: &Bench) -> Result<(), Failed> {
    let (setup, _) = two_cas(false, 0)?;
    bench
        .passes_with(&setup, |pair| {
            let asked = pair
                .ours
                .record()?
                .and_then(|r| r.certreq)
                .map(|c| c.issuers)
                .unwrap_or_default();
            match asked.first().map(String::as_str) {
                Some("cn=CA1,o=lab") => Ok(()),
                _ => Err(format!("asked for {asked:?}").into()),
            }
        })
        .map(drop)
}

/// The tech note's configuration: ESP is AES with SHA-256 here, as charon has it.
fn seed_suite(bench: &Bench) -> Result<(), Failed> {
    bench
        .passes(&one_ca_with(SEED_SUITE, "3des-md5-modp1024")?)
        .map(drop)
}

/// RFC 3947, RFC 3706, and fragments of main mode: we are behind the NAT when we start, charon is
/// when it starts.
fn long_lived(bench: &Bench) -> Result<(), Failed> {
    let wiring = match bench.role {
        Role::Initiator => Wiring::NatBeforeOurs,
        Role::Responder => Wiring::NatBeforePeer,
    };
    let spec = KeySpec::Rsa { bits: 4096 };
    let mut ca = Ca::root("CA4096", spec)?;
    let ours = ca.issue("ours", spec, wiring.own_address())?;
    let peers = ca.identity("peer1", spec, |request| {
        request.addresses = vec![wiring.peer_address_inside()];
        request.dns_names = vec!["cha.lab".to_owned()];
    })?;
    let router = isakmp(RSA_SIG)
        .global("crypto isakmp fragmentation\ncrypto isakmp keepalive 10 2 periodic\ncrypto isakmp nat keepalive 5")
        .trustpoint("IOSCA1", "")
        .profile("ca trust-point IOSCA1")
        .ipsec("set pfs group14");
    let peer = by_certificate()
        .daemon("fragment_size", "576")
        .connection("fragmentation", "force")
        .connection("dpd_delay", "2s")
        .esp("aes128-sha256-modp2048")
        .ca("ca1", ca.certificate().der())
        .certificate("peer", &peers);
    let enrolled = Trustpoints::default().enrol("IOSCA1", &mut ca, Some(&ours))?;
    let setup = Setup::new(router, peer).enrolled(enrolled).on(wiring);
    let pair = Pair::start(bench, &setup)?;
    pair.up(bench.role.starter())?;
    pair.pings()?;
    let flow = pair.under_ping(|| {
        for n in 0..6 {
            let before = newest(&pair)?;
            pair.rekey(if n % 2 == 0 { Side::Ours } else { Side::Peer }, false)?;
            eventually(|| {
                if newest(&pair)? == before {
                    Err("no new quick mode".into())
                } else {
                    Ok(())
                }
            })?;
        }
        Ok(())
    })?;
    flow.whole()?;
    thread::sleep(Duration::from_secs(6));
    pair.ping(10)?;
    pair.delete(bench.role.starter())?;
    pair.nothing_left()?;
    let traffic = pair.end()?;
    traffic.all_opened()?;
    traffic.we_sent_a(MAIN_MODE, "FRAGMENT")?;
    traffic.peer_sent_a(MAIN_MODE, "FRAGMENT")?;
    traffic.peer_sent_a(INFORMATIONAL, "NOTIFY(R-U-THERE)")?;
    traffic.we_sent_a(INFORMATIONAL, "NOTIFY(R-U-THERE-ACK)")
}

/// charon's newest pair of SPIs.
fn newest(pair: &Pair) -> Result<String, Failed> {
    let sas = pair.charon.sas()?;
    let newest = sas
        .iter()
        .flat_map(PeerSa::installed)
        .max_by_key(|c| c.get("uniqueid").parse::<u32>().unwrap_or(0));
    Ok(newest
        .map(|c| c.get("spi-in").to_owned())
        .unwrap_or_default())
}
