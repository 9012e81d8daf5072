//! Rows 18 and 19: a certificate by URL, and revocation.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ike_crypto::Hash;
use libtest_mimic::Failed;

use super::certificates::{OURS, PEER, by_certificate, logged, refused};
use super::{Bench, Row, both, responder};
use crate::network::Network;
use crate::pair::{Pair, Setup};
use crate::pki::{Ca, RSA, Trustpoints};
use crate::router::Router;

const WEB: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 3);

pub(super) fn rows() -> Vec<Vec<Row>> {
    vec![
        both(
            "18",
            "charon names its certificate by hash and URL",
            hash_and_url,
        ),
        responder("19", "revoked by a CRL: refused; another CRL: up", revoked),
    ]
}

/// RFC 7296 3.6: encoding 12. The certificate is fetched once, from the lab's own HTTP server.
fn hash_and_url(bench: &Bench) -> Result<(), Failed> {
    let mut ca = Ca::root("CA1", RSA)?;
    let (ours, peers) = (ca.issue("ours", RSA, OURS)?, ca.issue("peer1", RSA, PEER)?);
    let router = Router::ikev2()
        .global(&format!(
            "crypto ikev2 http-url cert\ncrypto ikev2 http-url fetch http://{WEB}/"
        ))
        .trustpoint("TP1", "")
        .local("rsa-sig")
        .remote("rsa-sig")
        .profile("pki trustpoint TP1");
    let peer = by_certificate()
        .daemon("hash_and_url", "yes")
        .ca("ca1", ca.certificate().der())
        .authority("ca1", "cert_uri_base", &format!("http://{WEB}/"))
        .certificate("peer", &peers);
    let setup = Setup::new(router, peer).enrolled(Trustpoints::default().enrol(
        "TP1",
        &mut ca,
        Some(&ours),
    )?);
    let pair = Pair::start(bench, &setup)?;
    let hash = Hash::Sha1.digest(&[peers.certificate.der()]);
    let path: String = hash.iter().map(|octet| format!("{octet:02x}")).collect();
    let asked = serve(
        &pair.network,
        &format!("/{path}"),
        peers.certificate.der().to_vec(),
    )?;
    pair.up(bench.role.starter())?;
    pair.pings()?;
    pair.delete(bench.role.starter())?;
    pair.nothing_left()?;
    let log = pair.charon.log();
    logged(&log, "sending hash-and-url \"http://192.168.0.3/")?;
    let traffic = pair.end()?;
    traffic.all_opened()?;
    match asked.load(Ordering::Relaxed) {
        1 => Ok(()),
        times => Err(format!("the certificate was fetched {times} times").into()),
    }
}

/// An HTTP server with one file in a host of its own; how often it was asked for.
fn serve(network: &Network, path: &str, body: Vec<u8>) -> Result<Arc<AtomicUsize>, Failed> {
    let host = network.bystander("web", WEB)?;
    let listener = host.run(|| TcpListener::bind((WEB, 80)))??;
    let asked = Arc::new(AtomicUsize::new(0));
    let (count, path) = (Arc::clone(&asked), path.to_owned());
    thread::spawn(move || {
        // The host lives as long as its server.
        let _host = host;
        for mut stream in listener.incoming().flatten() {
            if answer(&mut stream, &path, &body).unwrap_or(false) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    Ok(asked)
}

/// Answers one GET; whether it was for the file.
fn answer(stream: &mut TcpStream, path: &str, body: &[u8]) -> std::io::Result<bool> {
    let mut request = Vec::new();
    let mut piece = [0; 1024];
    while !request.windows(4).any(|w| w == b"\r\n\r\n") {
        match stream.read(&mut piece)? {
            0 => break,
            n => request.extend_from_slice(piece.get(..n).unwrap_or_default()),
        }
    }
    let found = String::from_utf8_lossy(&request).starts_with(&format!("GET {path} HTTP/1."));
    let (status, body) = if found {
        ("200 OK", body)
    } else {
        ("404 Not Found", &b""[..])
    };
    write!(
        stream,
        "HTTP/1.0 {status}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    Ok(found)
}

/// P-041: a certificate on the CA's list is refused with its reason; a list without it lets it in.
fn revoked(bench: &Bench) -> Result<(), Failed> {
    let mut ca = Ca::root("CA1", RSA)?;
    let (ours, peers) = (ca.issue("ours", RSA, OURS)?, ca.issue("peer1", RSA, PEER)?);
    let router = Router::ikev2()
        .trustpoint("TP1", "revocation-check crl")
        .local("rsa-sig")
        .remote("rsa-sig")
        .profile("pki trustpoint TP1");
    let peer = by_certificate()
        .ca("ca1", ca.certificate().der())
        .certificate("peer", &peers);
    let good = ca.crl()?;
    ca.revoke(&peers);
    let bad = ca.crl()?;
    let enrolled = Trustpoints::default().enrol("TP1", &mut ca, Some(&ours))?;
    let setup = Setup::new(router, peer).enrolled(enrolled.crl("TP1", bad));
    let mut pair = Pair::start(bench, &setup)?;
    refused(&pair, bench.role)?;
    pair.nothing_left()?;
    logged(&pair.ours.log(), "revoked")?;
    pair.ours.stop();
    setup
        .trustpoints
        .crl("TP1", good)
        .write(&bench.dir.join("R1.state"))?;
    pair.restart_ours()?;
    pair.up(bench.role.starter())?;
    pair.pings()?;
    pair.delete(bench.role.starter())?;
    pair.nothing_left()?;
    let traffic = pair.end()?;
    traffic.all_opened()?;
    traffic.we_sent("IKE_AUTH", "NOTIFY(AUTHENTICATION_FAILED)")
}
