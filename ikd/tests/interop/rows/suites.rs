//! Suites beyond the baseline, with charon as the other end of both IKE and ESP.

use libtest_mimic::Failed;

use super::{Bench, Row, both};
use crate::pair::Setup;
use crate::peer::Peer;
use crate::router::Router;

pub(super) fn rows() -> Vec<Vec<Row>> {
    vec![
        both(
            "suite-3des-md5",
            "3DES, MD5, group 2; ESP 3DES, SHA-1",
            tech_note,
        ),
        both("suite-gcm", "AES-GCM-128, group 31", gcm),
        both("suite-gcm256", "AES-GCM-256, SHA-384, group 20", gcm_256),
        both("suite-ccm", "AES-CCM-128 for IKE", ccm),
        both("suite-chacha", "ChaCha20-Poly1305 for IKE and ESP", chacha),
        both("suite-ctr", "AES-CTR-128 for IKE", ctr),
        both("suite-p384", "AES-CBC-256, SHA-384, group 20", p384),
        both("suite-p521", "AES-CBC-256, SHA-512, group 21", p521),
        both("suite-xcbc", "AES-XCBC", xcbc),
        both("suite-cmac", "AES-CMAC", cmac),
        both(
            "suite-several",
            "several transforms of ours, several proposals of charon",
            several,
        ),
        both("suite-default", "charon's default proposals", default),
        both(
            "invalid-ke",
            "INVALID_KE_PAYLOAD, then the other group",
            invalid_ke,
        ),
    ]
}

fn suite(bench: &Bench, ours: &str, ike: &str, transform: &str, esp: &str) -> Result<(), Failed> {
    let router = Router::ikev2().suite(ours).transform(transform);
    bench
        .passes(&Setup::new(router, Peer::ikev2().suite(ike).esp(esp)))
        .map(drop)
}

const AES: (&str, &str) = ("esp-aes 128 esp-sha256-hmac", "aes128-sha256");
const GCM: (&str, &str) = ("esp-gcm 128", "aes128gcm16");

fn tech_note(bench: &Bench) -> Result<(), Failed> {
    suite(
        bench,
        "encryption 3des\nintegrity md5\ngroup 2",
        "3des-md5-modp1024",
        "esp-3des esp-sha-hmac",
        "3des-sha1",
    )
}

fn gcm(bench: &Bench) -> Result<(), Failed> {
    let ours = "encryption aes-gcm-128\nprf sha256\ngroup 31";
    suite(bench, ours, "aes128gcm16-prfsha256-x25519", GCM.0, GCM.1)
}

fn gcm_256(bench: &Bench) -> Result<(), Failed> {
    let ours = "encryption aes-gcm-256\nprf sha384\ngroup 20";
    suite(
        bench,
        ours,
        "aes256gcm16-prfsha384-ecp384",
        "esp-gcm 256",
        "aes256gcm16",
    )
}

/// RFC 5282.
fn ccm(bench: &Bench) -> Result<(), Failed> {
    let ours = "encryption aes-ccm-128\nprf sha256\ngroup 31";
    suite(bench, ours, "aes128ccm16-prfsha256-x25519", GCM.0, GCM.1)
}

/// RFC 7634. tshark's tables do not have this cipher: nothing can be opened there.
fn chacha(bench: &Bench) -> Result<(), Failed> {
    let router = Router::ikev2()
        .suite("encryption chacha20-poly1305\nprf sha256\ngroup 31")
        .transform("esp-chacha20-poly1305");
    let peer = Peer::ikev2()
        .suite("chacha20poly1305-prfsha256-x25519")
        .esp("chacha20poly1305");
    bench.passes_unread(&Setup::new(router, peer)).map(drop)
}

fn ctr(bench: &Bench) -> Result<(), Failed> {
    let ours = "encryption aes-ctr-128\nintegrity sha256\ngroup 31";
    suite(bench, ours, "aes128ctr-sha256-x25519", AES.0, AES.1)
}

fn p384(bench: &Bench) -> Result<(), Failed> {
    let ours = "encryption aes-cbc-256\nintegrity sha384\ngroup 20";
    suite(
        bench,
        ours,
        "aes256-sha384-ecp384",
        "esp-aes 256 esp-sha384-hmac",
        "aes256-sha384",
    )
}

fn p521(bench: &Bench) -> Result<(), Failed> {
    let ours = "encryption aes-cbc-256\nintegrity sha512\ngroup 21";
    suite(
        bench,
        ours,
        "aes256-sha512-ecp521",
        "esp-aes 256 esp-sha512-hmac",
        "aes256-sha512",
    )
}

fn xcbc(bench: &Bench) -> Result<(), Failed> {
    suite(
        bench,
        "encryption aes-cbc-128\nintegrity aes-xcbc\ngroup 14",
        "aes128-aesxcbc-modp2048",
        AES.0,
        AES.1,
    )
}

fn cmac(bench: &Bench) -> Result<(), Failed> {
    suite(
        bench,
        "encryption aes-cbc-128\nintegrity aes-cmac\ngroup 14",
        "aes128-aescmac-modp2048",
        AES.0,
        AES.1,
    )
}

fn several(bench: &Bench) -> Result<(), Failed> {
    let ours = "encryption aes-cbc-256 aes-cbc-128\nintegrity sha512 sha256\ngroup 19 14";
    suite(
        bench,
        ours,
        "aes256gcm16-prfsha384-ecp384,aes128-sha256-modp2048",
        AES.0,
        AES.1,
    )
}

fn default(bench: &Bench) -> Result<(), Failed> {
    let ours = "encryption aes-cbc-128\nintegrity sha256\ngroup 14";
    suite(bench, ours, "default", AES.0, "default")
}

/// RFC 7296 1.2: the responder names the group that it wants.
fn invalid_ke(bench: &Bench) -> Result<(), Failed> {
    let (ours, ike) = match bench.role {
        super::Role::Initiator => ("group 14 31", "aes128-sha256-x25519"),
        super::Role::Responder => ("group 31", "aes128-sha256-modp2048-x25519"),
    };
    let router =
        Router::ikev2().suite(&format!("encryption aes-cbc-128\nintegrity sha256\n{ours}"));
    let traffic = bench.passes(&Setup::new(router, Peer::ikev2().suite(ike)))?;
    let refusal = "NOTIFY(INVALID_KE_PAYLOAD)";
    match bench.role {
        super::Role::Initiator => traffic.peer_sent("IKE_SA_INIT", refusal),
        super::Role::Responder => traffic.we_sent("IKE_SA_INIT", refusal),
    }
}
