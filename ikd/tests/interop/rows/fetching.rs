//! Row 18: a certificate by URL.

use ike_crypto::Hash;
use libtest_mimic::Failed;

use super::certificates::logged;
use super::{Bench, Row, both};
use crate::one_ca::OneCa;
use crate::pair::Pair;
use crate::web::{WEB, Web};

pub(super) fn rows() -> Vec<Vec<Row>> {
    vec![both(
        "18",
        "charon names its certificate by hash and URL",
        hash_and_url,
    )]
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
    let web = Web::start(&pair.network, &format!("/{path}"), certificate.to_vec())?;
    pair.up(bench.role.starter())?;
    pair.pings()?;
    pair.delete(bench.role.starter())?;
    pair.nothing_left()?;
    let log = pair.charon.log();
    logged(&log, "sending hash-and-url \"http://192.168.0.3/")?;
    let traffic = pair.end()?;
    traffic.all_opened()?;
    match web.asked() {
        1 => Ok(()),
        times => Err(format!("the certificate was fetched {times} times").into()),
    }
}
