//! Row 19 and its neighbours: lists and OCSP fetched by both sides while they negotiate. The
//! certificates come by SCEP from a CA of ours in a host of the lab, or from strongSwan's `pki`.

use std::process::Command;

use libtest_mimic::Failed;
use testnet::charon::IkeVersion;

use super::certificates::{logged, refused};
use super::{Bench, Role, Row, both};
use crate::authority::{Authority, ikd};
use crate::foreign::ForeignPki;
use crate::pair::{Pair, Setup, Side};
use crate::peer::Peer;
use crate::pki::Trustpoints;
use crate::router::Router;
use crate::web::{WEB, Web};

pub(super) fn rows() -> Vec<Vec<Row>> {
    vec![
        both(
            "19",
            "SCEP and CRL of our CA: up; charon revoked: we refuse",
            |bench| story(bench, by_scep(bench, IkeVersion::Two, CRL)?, Side::Peer),
        ),
        both(
            "19-ours",
            "SCEP and CRL of our CA: up; ours revoked: charon refuses",
            |bench| story(bench, by_scep(bench, IkeVersion::Two, CRL)?, Side::Ours),
        ),
        both(
            "19-v1",
            "IKEv1, SCEP and CRL of our CA: up; charon revoked: we refuse",
            |bench| story(bench, by_scep(bench, IkeVersion::One, CRL)?, Side::Peer),
        ),
        both(
            "19-v1-ours",
            "IKEv1, SCEP and CRL of our CA: up; ours revoked: charon refuses",
            |bench| story(bench, by_scep(bench, IkeVersion::One, CRL)?, Side::Ours),
        ),
        both(
            "19-ocsp",
            "SCEP and OCSP of our CA: up; charon revoked: we refuse",
            |bench| story(bench, by_scep(bench, IkeVersion::Two, OCSP)?, Side::Peer),
        ),
        both(
            "19-ocsp-ours",
            "SCEP and OCSP of our CA: up; ours revoked: charon refuses",
            |bench| story(bench, by_scep(bench, IkeVersion::Two, OCSP)?, Side::Ours),
        ),
        both(
            "19-foreign",
            "CA and CRL of strongSwan's pki: up; charon revoked: we refuse",
            |bench| story(bench, by_pki(bench)?, Side::Peer),
        ),
        both(
            "19-foreign-ours",
            "CA and CRL of strongSwan's pki: up; ours revoked: charon refuses",
            |bench| story(bench, by_pki(bench)?, Side::Ours),
        ),
    ]
}

/// What both sides go by, and neither does without.
#[derive(Clone, Copy)]
pub(super) struct Evidence {
    /// `revocation-check` of ours.
    pub(super) method: &'static str,
    /// A setting of charon that is off, if one is.
    pub(super) off: Option<&'static str>,
    /// What charon says when it asks.
    pub(super) said: &'static str,
}

const CRL: Evidence = Evidence {
    method: "crl",
    off: Some("plugins.revocation.enable_ocsp"),
    said: "fetching crl from 'http://192.168.0.3",
};
pub(super) const OCSP: Evidence = Evidence {
    method: "ocsp",
    off: Some("plugins.revocation.enable_crl"),
    said: "requesting ocsp status from 'http://192.168.0.3",
};

/// A pair with certificates, and a way to revoke them.
pub(super) struct Scene {
    pub(super) pair: Pair,
    pub(super) evidence: Evidence,
    pub(super) version: IkeVersion,
    pub(super) revoke: Box<dyn FnMut(Side) -> Result<(), Failed>>,
}

/// P-041, RFC 5280 6.3, RFC 6960: up while both are good; refused by the side that looks at the one
/// that was revoked.
pub(super) fn story(bench: &Bench, mut scene: Scene, revoked: Side) -> Result<(), Failed> {
    let (pair, starter) = (&scene.pair, bench.role.starter());
    pair.up(starter)?;
    pair.pings()?;
    pair.delete(starter)?;
    pair.nothing_left()?;
    logged(&pair.charon.log(), scene.evidence.said)?;
    logged(&pair.charon.log(), "certificate status is good")?;
    (scene.revoke)(revoked)?;
    // Both would go by what they fetched, as long as it is valid.
    pair.ours.done("clear crypto pki crls")?;
    pair.said(&["--flush-certs"])?;
    refused(pair, bench.role)?;
    match revoked {
        Side::Peer => logged(&pair.ours.log(), "%PKI-3-CERTIFICATE_REVOKED")?,
        Side::Ours => logged(&pair.charon.log(), "certificate was revoked on")?,
    }
    let (version, role) = (scene.version, bench.role);
    if version == IkeVersion::Two {
        // In main mode nobody tells the other: it ends by retransmission (S-054).
        pair.nothing_of_ours()?;
    }
    let traffic = scene.pair.end()?;
    traffic.all_opened()?;
    match (version, revoked, role) {
        (IkeVersion::Two, Side::Peer, Role::Responder) => {
            traffic.we_sent("IKE_AUTH", "NOTIFY(AUTHENTICATION_FAILED)")
        }
        (IkeVersion::Two, Side::Ours, Role::Initiator) => {
            traffic.peer_sent("IKE_AUTH", "NOTIFY(AUTHENTICATION_FAILED)")
        }
        _ => Ok(()),
    }
}

/// Both enrol by SCEP at a CA of ours.
fn by_scep(bench: &Bench, version: IkeVersion, evidence: Evidence) -> Result<Scene, Failed> {
    let (router, peer) = sides(version, evidence);
    let pair = Pair::start(bench, &Setup::new(router, peer.clone()))?;
    let host = pair.network.bystander("ca", WEB)?;
    let options = ["--crl-url", "{url}/ca.crl", "--ocsp-url", "{url}/ocsp"];
    let address = format!("{WEB}:80");
    let ca = Authority::start(&host, &bench.dir.join("CA1"), &address, &options)?;
    pair.ours.done("crypto pki authenticate TP1 noconfirm")?;
    pair.ours.done("crypto pki enroll TP1 noconfirm")?;
    let pki = ForeignPki::new(&bench.installation, &bench.dir)?;
    let (identity, certificate) = pki.enrol(&pair.network.peer, &format!("{}/scep", ca.url))?;
    let peer = peer.ca("ca1", certificate.der());
    pair.charon
        .load(peer.certificate("peer", &identity).description())?;
    let revoke = move |whose| {
        // The host lives as long as its CA.
        let _host = &host;
        let name = match whose {
            Side::Ours => "CN=R1",
            Side::Peer => "CN=cha",
        };
        ca.told("revoke", &[name, "--reason", "keyCompromise"])
            .map(drop)
    };
    Ok(Scene {
        pair,
        evidence,
        version,
        revoke: Box::new(revoke),
    })
}

/// The certificates of both, and the list, are strongSwan's.
fn by_pki(bench: &Bench) -> Result<Scene, Failed> {
    let crl = format!("http://{WEB}/ca.crl");
    let (pair, pki) = with_pki(bench, CRL, &["--crl", &crl])?;
    let web = Web::start(&pair.network, "/ca.crl", pki.list(None)?)?;
    let revoke = move |whose| {
        web.put(pki.list(Some(name_of(whose)))?);
        Ok(())
    };
    Ok(Scene {
        pair,
        evidence: CRL,
        version: IkeVersion::Two,
        revoke: Box::new(revoke),
    })
}

/// A side in the files of strongSwan's `pki`.
pub(super) fn name_of(side: Side) -> &'static str {
    match side {
        Side::Ours => "r1",
        Side::Peer => "cha",
    }
}

/// A pair whose certificates are strongSwan's and name these servers; ours is imported before the start.
pub(super) fn with_pki(
    bench: &Bench,
    evidence: Evidence,
    urls: &[&str],
) -> Result<(Pair, ForeignPki), Failed> {
    let (router, peer) = sides(IkeVersion::Two, evidence);
    let pki = ForeignPki::new(&bench.installation, &bench.dir)?;
    let certificate = pki.root()?;
    let identity = pki.issue(urls)?;
    imported(bench, &router, &pki.issue_ours(urls)?)?;
    let peer = peer.ca("ca1", certificate.der());
    let setup = Setup::new(router, peer.certificate("peer", &identity));
    let pair = Pair::start(bench, &setup.enrolled(Trustpoints::there()))?;
    Ok((pair, pki))
}

/// `ikd pki import` into the store that the router will open.
fn imported(bench: &Bench, router: &Router, pem: &std::path::Path) -> Result<(), Failed> {
    let config = bench.dir.join("R1.cfg");
    std::fs::write(&config, router.text())?;
    let mut import: Command = ikd();
    import.args(["pki", "import", "TP1"]).arg(pem);
    import.arg("--state").arg(bench.dir.join("R1.state"));
    let output = import.arg("--config").arg(config).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("import: {}", String::from_utf8_lossy(&output.stderr)).into())
}

/// A router and a charon that believe nobody without evidence; neither has a certificate yet.
fn sides(version: IkeVersion, evidence: Evidence) -> (Router, Peer) {
    let trustpoint = format!(
        "crypto pki trustpoint TP1\nenrollment url http://{WEB}\nsubject-name CN=R1,O=lab\n\
subject-alt-name R1.lab\nrevocation-check {}",
        evidence.method
    );
    let (router, peer) = match version {
        IkeVersion::One => (
            Router::ikev1()
                .suite("encryption aes\nhash sha\nauthentication rsa-sig\ngroup 14")
                .profile("ca trust-point TP1\nself-identity fqdn"),
            Peer::ikev1(),
        ),
        IkeVersion::Two => (
            Router::ikev2()
                .local("rsa-sig")
                .remote("rsa-sig")
                .profile("pki trustpoint TP1\nidentity local fqdn R1.lab"),
            Peer::ikev2(),
        ),
    };
    let peer = peer.local("pubkey").remote("pubkey").remote_id("R1.lab");
    let peer = peer.believing("revocation", "strict");
    let off = evidence.off.into_iter();
    let peer = off.fold(peer, |peer, setting| peer.daemon(setting, "no"));
    (router.global(&trustpoint), peer)
}
