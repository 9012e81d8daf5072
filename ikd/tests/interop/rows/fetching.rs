//! Rows 18 and 19: a certificate by URL, and revocation.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ike_crypto::Hash;
use libtest_mimic::Failed;

use super::certificates::{logged, refused};
use super::{Bench, Row, both, responder};
use crate::network::Network;
use crate::one_ca::OneCa;
use crate::pair::Pair;

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
    let mut one = OneCa::new()?;
    let mut setup = one.setup("rsa-sig", "")?;
    setup.router = setup.router.global(&format!(
        "crypto ikev2 http-url cert\ncrypto ikev2 http-url fetch http://{WEB}/"
    ));
    setup.peer = setup.peer.daemon("hash_and_url", "yes").authority(
        "ca1",
        "cert_uri_base",
        &format!("http://{WEB}/"),
    );
    let certificate = one.peers.certificate.der();
    let pair = Pair::start(bench, &setup)?;
    let hash = Hash::Sha1.digest(&[certificate]);
    let path: String = hash.iter().map(|octet| format!("{octet:02x}")).collect();
    let asked = serve(&pair.network, &format!("/{path}"), certificate.to_vec())?;
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
    let mut one = OneCa::new()?;
    let mut setup = one.setup("rsa-sig", "revocation-check crl")?;
    let good = one.ca.crl()?;
    one.ca.revoke(&one.peers);
    setup.trustpoints = setup.trustpoints.crl("TP1", one.ca.crl()?);
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
