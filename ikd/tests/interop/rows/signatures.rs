//! Rows 11 to 17: methods of AUTH, and chains.

use ike_crypto::KeySpec;
use libtest_mimic::Failed;

use super::certificates::{OURS, PEER, by_certificate, logged, refused};
use super::{Bench, Row, both, initiator, responder};
use crate::network::Wiring;
use crate::one_ca::OneCa;
use crate::pair::{Pair, Setup};
use crate::pki::{Ca, RSA, Trustpoints};
use crate::router::Router;

pub(super) fn rows() -> Vec<Vec<Row>> {
    vec![
        initiator("11", "ECDSA P-256, method 9", method_9),
        initiator("11-rfc7427", "ECDSA P-256, method 14", p256),
        responder("12", "ECDSA P-384, method 14", p384),
        responder("12-method10", "ECDSA P-384, method 10", method_10),
        both("ed25519", "Ed25519 (RFC 8420)", ed25519),
        initiator("13", "RSA PKCS#1 v1.5 with SHA-256 (RFC 7427)", pkcs1),
        responder("14", "RSA-PSS with SHA-256 (RFC 7427)", pss),
        both("15", "RSA, method 1 with SHA-1, as IOS 15.3T", method_1),
        initiator(
            "16",
            "a chain of three: the intermediate is sent and built",
            chain,
        ),
        responder(
            "17",
            "a chain of three without its intermediate names issuer and key",
            cut_chain,
        ),
    ]
}

/// A pair with keys of a type; `digital` = RFC 7427, else the methods of RFC 4754 and 7296.
fn keys(spec: KeySpec, method: &str, peer_auth: &str, digital: bool) -> Result<Setup, Failed> {
    let mut setup = OneCa::with(spec, Wiring::Plain)?.setup(method, "")?;
    setup.peer = setup.peer.local(peer_auth);
    if digital {
        setup.router = setup.router.global("crypto ikev2 digital-signature");
    } else {
        setup.peer = setup.peer.daemon("signature_authentication", "no");
    }
    Ok(setup)
}

/// Up, and charon names the scheme of both signatures: its own, and ours.
fn signed(bench: &Bench, setup: &Setup, own: &str, ours: &str) -> Result<(), Failed> {
    let check = |pair: &mut Pair| {
        let log = pair.charon.log();
        logged(&log, &format!("(myself) with {own} successful"))?;
        logged(
            &log,
            &format!("authentication of '192.168.0.1' with {ours} successful"),
        )
    };
    bench.passes_with(setup, check).map(drop)
}

/// RFC 4754: method 9.
fn method_9(bench: &Bench) -> Result<(), Failed> {
    let scheme = "ECDSA-256 signature";
    signed(
        bench,
        &keys(KeySpec::EcP256, "ecdsa-sig", "pubkey", false)?,
        scheme,
        scheme,
    )
}

/// RFC 4754: method 10.
fn method_10(bench: &Bench) -> Result<(), Failed> {
    let scheme = "ECDSA-384 signature";
    signed(
        bench,
        &keys(KeySpec::EcP384, "ecdsa-sig", "pubkey", false)?,
        scheme,
        scheme,
    )
}

fn p256(bench: &Bench) -> Result<(), Failed> {
    let scheme = "ECDSA_WITH_SHA256_DER";
    signed(
        bench,
        &keys(KeySpec::EcP256, "digital-signature", "pubkey", true)?,
        scheme,
        scheme,
    )
}

fn p384(bench: &Bench) -> Result<(), Failed> {
    let scheme = "ECDSA_WITH_SHA384_DER";
    signed(
        bench,
        &keys(KeySpec::EcP384, "digital-signature", "pubkey", true)?,
        scheme,
        scheme,
    )
}

fn ed25519(bench: &Bench) -> Result<(), Failed> {
    let scheme = "ED25519";
    signed(
        bench,
        &keys(KeySpec::Ed25519, "digital-signature", "pubkey", true)?,
        scheme,
        scheme,
    )
}

fn pkcs1(bench: &Bench) -> Result<(), Failed> {
    let scheme = "RSA_EMSA_PKCS1_SHA2_256";
    signed(
        bench,
        &keys(RSA, "digital-signature", "ike:rsa-sha256", true)?,
        scheme,
        scheme,
    )
}

fn pss(bench: &Bench) -> Result<(), Failed> {
    let setup = keys(RSA, "digital-signature", "ike:rsa/pss-sha256", true)?;
    signed(
        bench,
        &setup,
        "RSA_EMSA_PSS_SHA2_256_SALT_32",
        "RSA_EMSA_PKCS1_SHA2_256",
    )
}

/// RFC 7296 2.15: method 1 is SHA-1 in 15.3T.
fn method_1(bench: &Bench) -> Result<(), Failed> {
    let scheme = "RSA signature";
    signed(
        bench,
        &keys(RSA, "rsa-sig", "pubkey", false)?,
        scheme,
        scheme,
    )
}

/// A root, a CA below it, and both sides' certificates from that one; we believe the root.
fn three_levels(peer_has_intermediate: bool) -> Result<(Setup, Ca), Failed> {
    let mut root = Ca::root("CA1", RSA)?;
    let mut sub = root.sub("SUB", None)?;
    let (ours, peers) = (
        sub.issue("ours", RSA, OURS)?,
        sub.issue("peer1", RSA, PEER)?,
    );
    let mut router = Router::ikev2()
        .local("rsa-sig")
        .remote("rsa-sig")
        .trustpoint("TP0", "");
    let mut peer = by_certificate()
        .ca("root", root.certificate().der())
        .certificate("peer", &peers);
    let mut enrolled = Trustpoints::default();
    if peer_has_intermediate {
        router = router
            .trustpoint("TP1", "chain-validation continue TP0")
            .profile("pki trustpoint TP1");
        enrolled = enrolled
            .enrol("TP0", &mut root, None)?
            .enrol("TP1", &mut sub, Some(&ours))?;
        peer = peer.ca("sub", sub.certificate().der());
    } else {
        // Ours is from the root itself, so that it is asked for.
        let direct = root.issue("ours", RSA, OURS)?;
        enrolled = enrolled.enrol("TP0", &mut root, Some(&direct))?;
    }
    router = router.profile("pki trustpoint TP0");
    Ok((Setup::new(router, peer).enrolled(enrolled), sub))
}

fn chain(bench: &Bench) -> Result<(), Failed> {
    let (mut setup, _) = three_levels(true)?;
    // charon has to get the intermediate from us.
    setup.peer = setup.peer.without_credential("sub.der");
    let traffic = bench.passes_with(&setup, |pair| {
        logged(&pair.charon.log(), "received issuer cert \"O=lab, CN=SUB\"")
    })?;
    match traffic
        .ours("IKE_AUTH")
        .first()
        .map(|list| list.matches("CERT ").count())
    {
        Some(2..) => Ok(()),
        other => Err(format!("{other:?} CERT payloads of ours").into()),
    }
}

fn cut_chain(bench: &Bench) -> Result<(), Failed> {
    let (setup, sub) = three_levels(false)?;
    let pair = Pair::start(bench, &setup)?;
    refused(&pair, bench.role)?;
    pair.nothing_left()?;
    let key = hex(sub.certificate().subject_key_id().unwrap_or_default());
    let reason =
        format!("issuer cn=SUB,o=lab (authority key identifier {key}) is the CA of none of [TP0]");
    logged(&pair.ours.log(), &reason)?;
    let traffic = pair.end()?;
    traffic.all_opened()?;
    traffic.we_sent("IKE_AUTH", "NOTIFY(AUTHENTICATION_FAILED)")
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}
