//! charon's side of a row: one connection `c` with one child SA `k`, from a few choices.

use testnet::charon::{
    Authentication, Authority, Child, Connection, Credential, CredentialKind, Description,
    IkeVersion, Secret, SecretKind,
};

use crate::network::Wiring;
use crate::pki::Identity;
use crate::router::KEY;

/// Name of the connection.
pub(crate) const CONNECTION: &str = "c";
/// Name of the child SA.
pub(crate) const CHILD: &str = "k";

/// charon as a row wants it.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    description: Description,
    wiring: Wiring,
}

impl Peer {
    pub(crate) fn ikev2() -> Self {
        Self::new(IkeVersion::Two, "aes128-sha256-modp2048", "aes128-sha256")
    }

    /// The child SA is what a VTI of IOS offers in quick mode: any to any.
    pub(crate) fn ikev1() -> Self {
        Self::new(IkeVersion::One, "aes128-sha1-modp2048", "aes128-sha256")
            .ts("0.0.0.0/0", "0.0.0.0/0")
    }

    fn new(version: IkeVersion, proposal: &str, esp: &str) -> Self {
        let child = Child {
            name: CHILD.to_owned(),
            local_ts: vec!["10.2.0.0/16".to_owned()],
            remote_ts: vec!["10.1.0.0/16".to_owned()],
            esp_proposals: vec![esp.to_owned()],
            ..Child::default()
        };
        let psk = Authentication {
            auth: "psk".to_owned(),
            ..Authentication::default()
        };
        let connection = Connection {
            name: CONNECTION.to_owned(),
            version,
            proposals: vec![proposal.to_owned()],
            local: psk.clone(),
            remote: psk,
            children: vec![child],
            ..Connection::default()
        };
        let secret = Secret {
            kind: SecretKind::Ike,
            octets: KEY.into(),
            ids: Vec::new(),
        };
        let description = Description {
            connections: vec![connection],
            secrets: vec![secret],
            ..Description::default()
        };
        Self {
            description,
            wiring: Wiring::Plain,
        }
        .on(Wiring::Plain)
    }

    /// Addresses and identities as the wires want them.
    pub(crate) fn on(mut self, wiring: Wiring) -> Self {
        self.wiring = wiring;
        let own = wiring.peer_address_inside();
        let c = self.c();
        c.local_addrs = vec![own.to_string()];
        c.remote_addrs = vec![wiring.own_address_outside().to_string()];
        c.local.id = Some(match wiring {
            Wiring::NatBeforePeer => "cha.lab".to_owned(),
            _ => own.to_string(),
        });
        c.remote.id = Some(wiring.own_address().to_string());
        if wiring.ipv6_inside() {
            self = self.ts("fd02::/16", "fd01::/16");
        }
        self
    }

    fn c(&mut self) -> &mut Connection {
        &mut self.description.connections[0]
    }

    fn k(&mut self) -> &mut Child {
        &mut self.description.connections[0].children[0]
    }

    /// Proposals for the IKE SA.
    pub(crate) fn suite(mut self, proposals: &str) -> Self {
        self.c().proposals = split(proposals);
        self
    }

    /// Proposals for ESP.
    pub(crate) fn esp(mut self, proposals: &str) -> Self {
        self.k().esp_proposals = split(proposals);
        self
    }

    /// Traffic selectors: its own, and ours.
    pub(crate) fn ts(mut self, local: &str, remote: &str) -> Self {
        self.k().local_ts = split(local);
        self.k().remote_ts = split(remote);
        self
    }

    /// A setting of the daemon.
    pub(crate) fn daemon(mut self, key: &str, value: &str) -> Self {
        self.description
            .settings
            .push((key.to_owned(), value.to_owned()));
        self
    }

    /// A setting of the connection.
    pub(crate) fn connection(mut self, key: &str, value: &str) -> Self {
        self.c().settings.push((key.to_owned(), value.to_owned()));
        self
    }

    /// A further child SA.
    pub(crate) fn another_child(mut self, name: &str, local: &str, remote: &str) -> Self {
        let mut child = self.k().clone();
        name.clone_into(&mut child.name);
        child.local_ts = split(local);
        child.remote_ts = split(remote);
        self.c().children.push(child);
        self
    }

    /// How charon proves who it is.
    pub(crate) fn local(mut self, auth: &str) -> Self {
        auth.clone_into(&mut self.c().local.auth);
        self
    }

    /// How we have to.
    pub(crate) fn remote(mut self, auth: &str) -> Self {
        auth.clone_into(&mut self.c().remote.auth);
        self
    }

    /// What charon wants of our proof beside it, e.g. `revocation`.
    pub(crate) fn believing(mut self, key: &str, value: &str) -> Self {
        let settings = &mut self.c().remote.settings;
        settings.push((key.to_owned(), value.to_owned()));
        self
    }

    /// It may use any address of its host.
    pub(crate) fn anywhere(mut self) -> Self {
        self.c().local_addrs.clear();
        self
    }

    /// Another identity of its own.
    pub(crate) fn id(mut self, id: &str) -> Self {
        self.c().local.id = Some(id.to_owned());
        self
    }

    /// The identity that we must have.
    pub(crate) fn remote_id(mut self, id: &str) -> Self {
        self.c().remote.id = Some(id.to_owned());
        self
    }

    /// A further round, e.g. `local-xauth`.
    pub(crate) fn round(mut self, section: &str, auth: &str, settings: &[(&str, &str)]) -> Self {
        let settings = settings
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let round = Authentication {
            auth: auth.to_owned(),
            settings: settings.collect(),
            ..Authentication::default()
        };
        self.c().rounds.push((section.to_owned(), round));
        self
    }

    /// What is known about the CA whose certificate was loaded under that name.
    pub(crate) fn authority(mut self, ca: &str, key: &str, value: &str) -> Self {
        self.description.authorities.push(Authority {
            name: ca.to_owned(),
            cacert: format!("{ca}.der"),
            settings: vec![(key.to_owned(), value.to_owned())],
        });
        self
    }

    /// One more secret.
    pub(crate) fn secret(mut self, kind: SecretKind, octets: &str, ids: &[&str]) -> Self {
        self.description.secrets.push(Secret {
            kind,
            octets: octets.into(),
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        });
        self
    }

    /// Another pre-shared key.
    pub(crate) fn psk(mut self, key: &str) -> Self {
        self.description.secrets[0].octets = key.into();
        self
    }

    /// A CA certificate; those that are loaded later are asked for first.
    pub(crate) fn ca(self, name: &str, der: &[u8]) -> Self {
        self.credential(CredentialKind::Ca, &format!("{name}.der"), der)
    }

    /// A certificate with its key, loaded now, and named by the connection.
    pub(crate) fn certificate(mut self, name: &str, identity: &Identity) -> Self {
        self.c().local.certs.push(format!("{name}.der"));
        self.loaded_certificate(name, identity)
    }

    /// A certificate with its key that the connection does not name.
    pub(crate) fn loaded_certificate(self, name: &str, identity: &Identity) -> Self {
        self.credential(
            CredentialKind::Certificate,
            &format!("{name}.der"),
            identity.certificate.der(),
        )
        .credential(
            CredentialKind::PrivateKey,
            &format!("{name}.key"),
            identity.key.expose(),
        )
    }

    fn credential(mut self, kind: CredentialKind, name: &str, octets: &[u8]) -> Self {
        let octets = octets.to_vec();
        self.description.credentials.push(Credential {
            kind,
            name: name.to_owned(),
            octets,
        });
        self
    }

    /// Takes a credential away again.
    pub(crate) fn without_credential(mut self, name: &str) -> Self {
        self.description.credentials.retain(|c| c.name != name);
        self
    }

    pub(crate) fn description(&self) -> &Description {
        &self.description
    }
}

fn split(list: &str) -> Vec<String> {
    list.split(',').map(str::to_owned).collect()
}
