//! Negotiations that must fail: the exact packet, and what both logs say.

use libtest_mimic::Failed;

use super::certificates::{logged, refused};
use super::{Bench, Role, Row, both, initiator, responder};
use crate::judge::Traffic;
use crate::pair::{Pair, Setup};
use crate::peer::Peer;
use crate::router::{KEY, Router};
use testnet::charon::SecretKind;

const IKE_AUTH: &str = "IKE_AUTH";
const INIT: &str = "IKE_SA_INIT";
const MAIN_MODE: &str = "Identity Protection (Main Mode)";
const INFORMATIONAL: &str = "Informational";

pub(super) fn rows() -> Vec<Vec<Row>> {
    vec![
        both(
            "no-key",
            "the pre-shared keys differ: AUTHENTICATION_FAILED",
            other_key,
        ),
        both(
            "no-ike-transform",
            "no common IKE transform: NO_PROPOSAL_CHOSEN",
            other_suite,
        ),
        both(
            "no-esp-transform",
            "no common ESP transform: NO_PROPOSAL_CHOSEN",
            other_esp,
        ),
        both(
            "no-selectors",
            "no common traffic selectors: TS_UNACCEPTABLE",
            other_selectors,
        ),
        responder(
            "no-profile",
            "charon has an identity that no profile matches",
            other_identity,
        ),
        initiator(
            "no-identity",
            "charon wants another identity of us",
            wanted_identity,
        ),
        responder(
            "eap",
            "an EAP-only initiator: AUTHENTICATION_FAILED",
            eap_initiator,
        ),
        initiator(
            "eap",
            "a responder that wants EAP of us: AUTHENTICATION_FAILED",
            eap_responder,
        ),
        responder(
            "xauth",
            "an initiator that wants XAUTH: NO-PROPOSAL-CHOSEN",
            xauth_initiator,
        ),
        initiator(
            "xauth",
            "a responder that wants XAUTH of us",
            xauth_responder,
        ),
        responder(
            "mode-config",
            "an initiator that asks for an address in IKEv1",
            mode_config_pull,
        ),
        responder("aggressive", "aggressive mode is refused", aggressive),
        both(
            "v1-no-transform",
            "no common ISAKMP transform: NO-PROPOSAL-CHOSEN",
            other_isakmp_suite,
        ),
        both(
            "v1-no-esp",
            "no common transform in quick mode: NO-PROPOSAL-CHOSEN",
            other_quick_mode,
        ),
    ]
}

/// Fails; leaves nothing with us; what was on the wire, every encrypted message opened.
fn fails(bench: &Bench, setup: &Setup, reason: &str) -> Result<Traffic, Failed> {
    let pair = Pair::start(bench, setup)?;
    refused(&pair, bench.role)?;
    pair.nothing_of_ours()?;
    logged(&pair.ours.log(), reason)?;
    pair.end()
}

/// The responder of the row sent exactly these payloads.
fn responder_sent(
    bench: &Bench,
    traffic: &Traffic,
    exchange: &str,
    payloads: &str,
) -> Result<(), Failed> {
    match bench.role {
        Role::Initiator => traffic.peer_sent(exchange, payloads),
        Role::Responder => traffic.we_sent(exchange, payloads),
    }
}

/// RFC 7296 2.21.2.
fn other_key(bench: &Bench) -> Result<(), Failed> {
    let setup = Setup::new(Router::ikev2(), Peer::ikev2().psk("another-key-than-ours"));
    let reason = match bench.role {
        Role::Initiator => "AUTHENTICATION_FAILED",
        Role::Responder => "Verification of peer's authentication data FAILED",
    };
    let traffic = fails(bench, &setup, reason)?;
    traffic.all_opened()?;
    responder_sent(bench, &traffic, IKE_AUTH, "NOTIFY(AUTHENTICATION_FAILED)")
}

/// RFC 7296 2.21.1.
fn other_suite(bench: &Bench) -> Result<(), Failed> {
    let setup = Setup::new(
        Router::ikev2(),
        Peer::ikev2().suite("aes256-sha512-modp3072"),
    );
    let traffic = fails(bench, &setup, "NO_PROPOSAL_CHOSEN")?;
    responder_sent(bench, &traffic, INIT, "NOTIFY(NO_PROPOSAL_CHOSEN)")
}

/// RFC 7296 1.2: the child SA fails alone.
fn other_esp(bench: &Bench) -> Result<(), Failed> {
    let setup = Setup::new(Router::ikev2(), Peer::ikev2().esp("aes256-sha512"));
    let traffic = child_fails(bench, &setup, "NO_PROPOSAL_CHOSEN")?;
    responder_has(bench, &traffic, "NOTIFY(NO_PROPOSAL_CHOSEN)")
}

/// RFC 7296 2.9.
fn other_selectors(bench: &Bench) -> Result<(), Failed> {
    let peer = Peer::ikev2().ts("2001:db8:2::/64", "2001:db8:1::/64");
    let traffic = child_fails(bench, &Setup::new(Router::ikev2(), peer), "TS_UNACCEPTABLE")?;
    responder_has(bench, &traffic, "NOTIFY(TS_UNACCEPTABLE)")
}

/// The IKE SA may stay, as the RFC says; no child SA comes.
fn child_fails(bench: &Bench, setup: &Setup, reason: &str) -> Result<Traffic, Failed> {
    let pair = Pair::start(bench, setup)?;
    refused(&pair, bench.role)?;
    match pair.states()?.children {
        0 => {}
        some => return Err(format!("{some} child SAs").into()),
    }
    logged(&pair.ours.log(), reason)?;
    let traffic = pair.end()?;
    traffic.all_opened()?;
    Ok(traffic)
}

fn responder_has(bench: &Bench, traffic: &Traffic, payload: &str) -> Result<(), Failed> {
    match bench.role {
        Role::Initiator => traffic.peer_sent_a(IKE_AUTH, payload),
        Role::Responder => traffic.we_sent_a(IKE_AUTH, payload),
    }
}

fn other_identity(bench: &Bench) -> Result<(), Failed> {
    let setup = Setup::new(Router::ikev2(), Peer::ikev2().id("10.9.9.9"));
    let traffic = fails(bench, &setup, "10.9.9.9")?;
    traffic.all_opened()?;
    traffic.we_sent(IKE_AUTH, "NOTIFY(AUTHENTICATION_FAILED)")
}

fn wanted_identity(bench: &Bench) -> Result<(), Failed> {
    let setup = Setup::new(Router::ikev2(), Peer::ikev2().remote_id("10.9.9.9"));
    let traffic = fails(bench, &setup, "AUTHENTICATION_FAILED")?;
    traffic.all_opened()?;
    traffic.peer_sent(IKE_AUTH, "NOTIFY(AUTHENTICATION_FAILED)")
}

/// RFC 7296 2.16: IKE_AUTH without AUTH asks for EAP, which no profile has.
fn eap_initiator(bench: &Bench) -> Result<(), Failed> {
    let peer = Peer::ikev2()
        .local("eap-md5")
        .secret(SecretKind::Eap, KEY, &["192.168.0.2"]);
    let traffic = fails(bench, &Setup::new(Router::ikev2(), peer), "EAP")?;
    traffic.all_opened()?;
    traffic.we_sent(IKE_AUTH, "NOTIFY(AUTHENTICATION_FAILED)")
}

fn eap_responder(bench: &Bench) -> Result<(), Failed> {
    let peer = Peer::ikev2()
        .remote("eap-md5")
        .secret(SecretKind::Eap, KEY, &["192.168.0.1"]);
    let traffic = fails(
        bench,
        &Setup::new(Router::ikev2(), peer),
        "AUTHENTICATION_FAILED",
    )?;
    traffic.all_opened()?;
    traffic.peer_sent(IKE_AUTH, "NOTIFY(AUTHENTICATION_FAILED)")
}

/// draft-ietf-ipsec-isakmp-xauth 4: its methods of authentication are none of ours.
fn xauth_initiator(bench: &Bench) -> Result<(), Failed> {
    let peer = Peer::ikev1().round("local-xauth", "xauth", &[]).secret(
        SecretKind::Eap,
        KEY,
        &["192.168.0.2"],
    );
    let traffic = fails(bench, &Setup::new(Router::ikev1(), peer), "XAUTH")?;
    traffic.we_sent(INFORMATIONAL, "NOTIFY(NO-PROPOSAL-CHOSEN)")
}

fn xauth_responder(bench: &Bench) -> Result<(), Failed> {
    let peer = Peer::ikev1().round("remote-xauth", "xauth", &[]).secret(
        SecretKind::Eap,
        KEY,
        &["192.168.0.1"],
    );
    fails(bench, &Setup::new(Router::ikev1(), peer), "").map(drop)
}

/// draft-ietf-ipsec-isakmp-mode-cfg: answered, not given.
fn mode_config_pull(bench: &Bench) -> Result<(), Failed> {
    let peer = Peer::ikev1().connection("vips", "0.0.0.0");
    let setup = Setup::new(Router::ikev1(), peer);
    let pair = Pair::start(bench, &setup)?;
    refused(&pair, bench.role)?;
    logged(&pair.ours.log(), "")?;
    pair.end()?.all_opened()
}

fn aggressive(bench: &Bench) -> Result<(), Failed> {
    let peer = Peer::ikev1().connection("aggressive", "yes");
    fails(bench, &Setup::new(Router::ikev1(), peer), "ggressive").map(drop)
}

fn other_isakmp_suite(bench: &Bench) -> Result<(), Failed> {
    let setup = Setup::new(
        Router::ikev1(),
        Peer::ikev1().suite("aes256-sha512-modp3072"),
    );
    let traffic = fails(bench, &setup, "NO-PROPOSAL-CHOSEN")?;
    let _ = MAIN_MODE;
    responder_sent(bench, &traffic, INFORMATIONAL, "NOTIFY(NO-PROPOSAL-CHOSEN)")
}

fn other_quick_mode(bench: &Bench) -> Result<(), Failed> {
    let setup = Setup::new(Router::ikev1(), Peer::ikev1().esp("aes256-sha512"));
    let traffic = child_fails(bench, &setup, "")?;
    responder_sent(
        bench,
        &traffic,
        INFORMATIONAL,
        "HASH NOTIFY(NO-PROPOSAL-CHOSEN)",
    )
}
