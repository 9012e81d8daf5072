//! OCSP by OpenSSL, about certificates of strongSwan's `pki`: a delegate, a signer that is none, and a
//! responder that is dead.

use std::net::Ipv4Addr;

use libtest_mimic::Failed;
use testnet::charon::IkeVersion;

use super::certificates::{logged, refused};
use super::revocation::{Evidence, OCSP, Scene, name_of, story, with_pki};
use super::{Bench, Role, Row, both};
use crate::foreign::Signer;
use crate::pair::Side;
use crate::web::{WEB, Web};

const RESPONDER: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 4);

pub(super) fn rows() -> Vec<Vec<Row>> {
    vec![
        both(
            "ocsp-delegate",
            "OCSP by a delegate of the CA: up; charon revoked: we refuse",
            delegate,
        ),
        both(
            "ocsp-nobody",
            "OCSP signed by any host of the CA: nobody is believed",
            nobody,
        ),
        both(
            "ocsp-dead",
            "OCSP responder dead: the list decides; charon revoked: we refuse",
            dead,
        ),
    ]
}

/// What charon says about this responder.
const BY_OPENSSL: Evidence = Evidence {
    said: "requesting ocsp status from 'http://192.168.0.4/'",
    ..OCSP
};
/// OCSP first, then the list, on both sides.
const BY_EITHER: Evidence = Evidence {
    method: "ocsp crl",
    off: None,
    said: "fetching crl from 'http://192.168.0.3/ca.crl'",
};

/// RFC 6960 4.2.2.2: id-kp-OCSPSigning, issued by the CA itself.
fn delegate(bench: &Bench) -> Result<(), Failed> {
    story(bench, answered_by(bench, Signer::Delegate)?, Side::Peer)
}

/// RFC 6960 4.2.2.2: without it a signature is worth nothing, with either side.
fn nobody(bench: &Bench) -> Result<(), Failed> {
    let scene = answered_by(bench, Signer::Anybody)?;
    refused(&scene.pair, bench.role)?;
    // The responder of IKE is the first to verify.
    match bench.role {
        Role::Initiator => logged(
            &scene.pair.charon.log(),
            "ocsp response verification failed, no signer certificate 'O=lab, CN=ocsp' found",
        ),
        Role::Responder => logged(
            &scene.pair.ours.log(),
            "the OCSP answer is not signed by the issuer or a delegate of it",
        ),
    }
}

/// F3: a responder that does not answer gives no verdict.
fn dead(bench: &Bench) -> Result<(), Failed> {
    let (crl, ocsp) = (
        format!("http://{WEB}/ca.crl"),
        format!("http://{WEB}:8080/"),
    );
    let (pair, pki) = with_pki(bench, BY_EITHER, &["--crl", &crl, "--ocsp", &ocsp])?;
    let web = Web::start(&pair.network, "/ca.crl", pki.list(None)?)?;
    let revoke = move |whose| {
        web.put(pki.list(Some(name_of(whose)))?);
        Ok(())
    };
    let scene = Scene {
        pair,
        evidence: BY_EITHER,
        version: IkeVersion::Two,
        revoke: Box::new(revoke),
    };
    story(bench, scene, Side::Peer)
}

/// A pair whose certificates name a responder of OpenSSL.
fn answered_by(bench: &Bench, signer: Signer) -> Result<Scene, Failed> {
    let url = format!("http://{RESPONDER}/");
    let (pair, pki) = with_pki(bench, BY_OPENSSL, &["--ocsp", &url])?;
    let host = pair.network.bystander("ocsp", RESPONDER)?;
    let mut responder = pki.responder(host, signer)?;
    let revoke = move |whose| responder.revoke(name_of(whose));
    Ok(Scene {
        pair,
        evidence: BY_OPENSSL,
        version: IkeVersion::Two,
        revoke: Box::new(revoke),
    })
}
