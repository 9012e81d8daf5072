//! The set-up of most rows with certificates: one CA, and a certificate of it for each side.

use ike_crypto::KeySpec;
use libtest_mimic::Failed;

use crate::network::Wiring;
use crate::pair::Setup;
use crate::peer::Peer;
use crate::pki::{Ca, Identity, RSA, Trustpoints};
use crate::router::Router;

/// A CA and what it issued.
pub(crate) struct OneCa {
    pub ca: Ca,
    pub ours: Identity,
    pub peers: Identity,
    wiring: Wiring,
}

impl OneCa {
    /// RSA-2048 on plain wires.
    pub(crate) fn new() -> Result<Self, Failed> {
        Self::with(RSA, Wiring::Plain)
    }

    /// Keys of a type, certificates for the addresses of the wires.
    pub(crate) fn with(spec: KeySpec, wiring: Wiring) -> Result<Self, Failed> {
        let mut ca = Ca::root("CA1", spec)?;
        let ours = ca.issue("ours", spec, wiring.own_address())?;
        let peers = ca.identity("peer1", spec, |request| {
            request.addresses = vec![wiring.peer_address_inside()];
            request.dns_names = vec!["cha.lab".to_owned()];
        })?;
        Ok(Self {
            ca,
            ours,
            peers,
            wiring,
        })
    }

    /// IKEv2 with our `method` of authentication and TP1, which has these lines more.
    pub(crate) fn setup(&mut self, method: &str, trustpoint: &str) -> Result<Setup, Failed> {
        let router = Router::ikev2()
            .trustpoint("TP1", trustpoint)
            .local(method)
            .remote(method)
            .profile("pki trustpoint TP1");
        let peer = Peer::ikev2()
            .local("pubkey")
            .remote("pubkey")
            .ca("ca1", self.ca.certificate().der())
            .certificate("peer", &self.peers);
        let enrolled = Trustpoints::default().enrol("TP1", &mut self.ca, Some(&self.ours))?;
        Ok(Setup::new(router, peer).enrolled(enrolled).on(self.wiring))
    }
}
