//! A router of a lab that is strongSwan: charon in the router's host, with the translation of the
//! router's configuration, its certificates, and the addresses and routes of its tunnels.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ike_core::sa::record::Record;
use ike_core::sa::{Role, SaId};
use testnet::charon::{Charon, Installation, PeerSa};
use testnet::{Host, netlink};

use super::case::RouterCase;
use super::enrol::Enrolled;
use super::error::LabError;
use super::leftovers;
use crate::convert::{Source, Translation, to_charon};
use crate::runtime::network;

/// The device of `kernel-libipsec`.
const DEVICE: &str = "ipsec0";
/// Where root's programs are; an ordinary user's PATH may lack it.
const ROOTS_PROGRAMS: &str = "/usr/sbin:/sbin";
/// What a record says in place of a message: charon does not tell where it stopped.
const INITIATION: &str = "initiation";

/// A running charon. Dropping it kills it.
pub(super) struct Peer {
    /// Hostname.
    pub name: String,
    /// Its log.
    pub log: PathBuf,
    /// What could not be translated, one line each.
    pub losses: String,
    version: String,
    child: String,
    charon: Mutex<Charon>,
    failure: Mutex<Option<String>>,
}

impl Peer {
    /// Translates the router's configuration, starts charon with it in `host` and waits until it
    /// answers.
    ///
    /// # Errors
    /// Nothing can be translated, strongSwan is not installed, or charon refuses; the text is its own.
    pub(super) fn start(
        router: &RouterCase,
        enrolled: &Enrolled,
        host: &Host,
        dir: &Path,
    ) -> Result<Self, LabError> {
        let installation = Installation::find()?;
        let translation = translate(router, enrolled)?;
        let connections = translation.description.connections.iter();
        let child = connections.flat_map(|c| &c.children).next();
        let Some(child) = child.map(|c| c.name.clone()) else {
            let (name, losses) = (&router.name, translation.losses());
            return Err(LabError::config(format!(
                "nothing of {name} can be translated for strongSwan:\n{losses}"
            )));
        };
        let own = dir.join(&router.name);
        let charon = Charon::start(&installation, host, &own, &translation.description)?;
        leftovers::process(charon.id());
        let peer = Self {
            name: router.name.clone(),
            log: own.join("charon.log"),
            losses: told(&router.name, &translation),
            version: installation.version()?,
            child,
            charon: Mutex::new(charon),
            failure: Mutex::default(),
        };
        host.run(|| plumb(router))??;
        Ok(peer)
    }

    /// Initiates its first child and waits for the outcome.
    ///
    /// # Errors
    /// swanctl cannot be run; a failed negotiation shows in the record.
    pub(super) fn initiate(&self, patience: Duration) -> Result<(), LabError> {
        let said = self.charon().initiate(&self.child, patience)?;
        let words = said.text.lines().rev().find(|line| !line.trim().is_empty());
        let failure = words.filter(|_| !said.ok).map(str::to_owned);
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
        Ok(())
    }

    /// Its newest SA as a record: no more than whether it is up.
    ///
    /// # Errors
    /// charon does not answer.
    pub(super) fn record(&self) -> Result<Option<Record>, LabError> {
        let sas = self.charon().sas()?;
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        let found = sas.iter().max_by_key(|sa| sa.installed().count());
        let mut record = found.map(record_of);
        if let Some(reason) = failure
            .as_ref()
            .filter(|_| !record.as_ref().is_some_and(|r| r.up))
        {
            let failed =
                record.get_or_insert_with(|| Record::new(SaId(0), Role::Initiator, String::new()));
            failed.stop(INITIATION, reason.clone());
        }
        Ok(record)
    }

    /// One line about its SAs.
    ///
    /// # Errors
    /// charon does not answer.
    pub(super) fn status(&self) -> Result<String, LabError> {
        let sas = self.charon().sas()?;
        let established = sas.iter().filter(|sa| sa.established()).count();
        let pairs: usize = sas.iter().map(|sa| sa.installed().count()).sum();
        let (name, version) = (&self.name, &self.version);
        Ok(format!(
            "{name} is up as strongSwan {version}: {established} IKE SAs, {pairs} ESP SA pairs"
        ))
    }

    /// Name of its first child, for `swanctl --initiate --child`.
    pub(super) fn child(&self) -> &str {
        &self.child
    }

    /// `STRONGSWAN_CONF`, `SWANCTL_DIR`, and a PATH with swanctl in it.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let own = self.charon().environment();
        let own = own.map(|(key, path)| (key.to_owned(), path.display().to_string()));
        let path = std::env::var("PATH").unwrap_or_default();
        let path = ("PATH".to_owned(), format!("{path}:{ROOTS_PROGRAMS}"));
        own.into_iter().chain([path]).collect()
    }

    /// Ends it; its peer is told.
    pub(super) fn stop(&self) {
        self.charon().stop();
    }

    /// It has ended.
    pub(super) fn end(&self) {
        let mut charon = self.charon();
        charon.kill();
        leftovers::process_ended(charon.id());
    }

    fn charon(&self) -> MutexGuard<'_, Charon> {
        self.charon.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.end();
    }
}

fn translate(router: &RouterCase, enrolled: &Enrolled) -> Result<Translation, LabError> {
    let der = |(label, key): &(String, ike_crypto::PrivateKey)| {
        let der = key.to_pkcs8_der();
        der.map(|der| (label.clone(), der))
            .map_err(|e| LabError::pki(format!("key pair {label}: {e}")))
    };
    let keys = enrolled
        .keys
        .iter()
        .map(der)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(to_charon(&Source {
        file: &router.file,
        config: &router.config,
        places: &router.places,
        store: &enrolled.store,
        keys: &keys,
    }))
}

/// What charon is not told, under a line that says whose it is.
fn told(name: &str, translation: &Translation) -> String {
    match translation.losses() {
        none if none.is_empty() => none,
        losses => format!("{name} is strongSwan, which is not told:\n{losses}"),
    }
}

/// Loopbacks, tunnel addresses and static routes, as `ikd` makes them; every tunnel is the one device
/// that charon has.
fn plumb(router: &RouterCase) -> testnet::Result<()> {
    let network = network(&router.config);
    for address in &network.loopbacks {
        let width = if address.is_ipv4() { 32 } else { 128 };
        netlink::add_address("lo", *address, width)?;
    }
    let tunnels = network.tunnels.iter();
    for (address, prefix) in tunnels.flat_map(|tunnel| &tunnel.addresses) {
        netlink::add_address(DEVICE, *address, *prefix)?;
    }
    let is_tunnel = |name: &str| network.tunnels.iter().any(|tunnel| tunnel.name == name);
    for route in &network.routes {
        let device = route.device.as_deref();
        let device = device.map(|name| if is_tunnel(name) { DEVICE } else { name });
        netlink::add_route(route.destination, route.prefix, route.via, device)?;
    }
    Ok(())
}

fn record_of(sa: &PeerSa) -> Record {
    let role = match sa.get("initiator") {
        "yes" => Role::Initiator,
        _ => Role::Responder,
    };
    let peer = sa.get("remote-host").to_owned();
    let mut record = match sa.get("version") {
        "2" => Record::new_v2(SaId(1), role, peer),
        _ => Record::new(SaId(1), role, peer),
    };
    record.profile = Some(sa.connection.clone());
    record.phase1 = sa.established();
    record.up = sa.established() && sa.installed().next().is_some();
    record
}
