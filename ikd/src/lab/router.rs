//! A router of a lab at work: a daemon of ours, or a peer of another make.

use std::path::{Path, PathBuf};

use ike_core::policy::protection::{Protection, compile};
use ike_core::sa::record::Record;
use testnet::Host;

use super::case::{Case, Software};
use super::daemon::Daemon;
use super::enrol::Enrolled;
use super::error::LabError;
use super::peer::Peer;
use super::steps::Script;
use crate::capture::{Packet, fetch};
use crate::control::{Request, Response};

/// A running router. Dropping it kills it.
pub(super) enum Router {
    /// `ikd`.
    Ours(Daemon),
    /// strongSwan.
    Strongswan(Box<Peer>),
}

/// Where the routers of a lab keep their files.
#[derive(Clone, Copy)]
pub(super) struct Folders<'a> {
    /// Configurations, stores, logs.
    pub dir: &'a Path,
    /// Control sockets.
    pub sockets: &'a Path,
}

impl Router {
    /// Starts the router of that index in `host`; a daemon of ours is not waited for.
    ///
    /// # Errors
    /// A file cannot be written, the program not started, or the configuration not translated.
    pub(super) fn start(
        case: &Case,
        index: usize,
        enrolled: &Enrolled,
        host: &Host,
        folders: Folders<'_>,
    ) -> Result<Self, LabError> {
        match case.routers[index].software {
            Software::Ikd => Daemon::start(case, index, enrolled, host, folders).map(Self::Ours),
            Software::Strongswan => {
                let peer = Peer::start(&case.routers[index], enrolled, host, folders.dir)?;
                Ok(Self::Strongswan(Box::new(peer)))
            }
        }
    }

    /// Waits until it answers.
    ///
    /// # Errors
    /// It ended or is silent; the text has its last words.
    pub(super) fn wait_ready(&self) -> Result<(), LabError> {
        match self {
            Self::Ours(daemon) => daemon.process.wait_ready(),
            Self::Strongswan(_) => Ok(()),
        }
    }

    /// Hostname.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Ours(daemon) => &daemon.process.name,
            Self::Strongswan(peer) => &peer.name,
        }
    }

    /// Lets it start the first protection of its configuration.
    ///
    /// # Errors
    /// It does not answer, or protects nothing.
    pub(super) fn initiate(&self, case: &Case) -> Result<(), LabError> {
        match self {
            Self::Ours(daemon) => {
                let name = protection(case)?;
                daemon.process.ask(&Request::Up { name, wait: 0 }).map(drop)
            }
            Self::Strongswan(peer) => peer.initiate(case.patience()),
        }
    }

    /// An exec line with an operator who answers.
    ///
    /// # Errors
    /// It does not answer, or has no such lines.
    pub(super) fn exec(&self, line: &str, operator: &mut Script) -> Result<Response, LabError> {
        self.ours()?.exec(line, operator)
    }

    /// Lets it start its first protection and waits for the verdict; true = it is up.
    ///
    /// # Errors
    /// It does not answer, or has no such command.
    pub(super) fn start_and_wait(&self, case: &Case) -> Result<bool, LabError> {
        let name = first_protection(case, self.name()).map(|p| p.name);
        let request = Request::Up {
            name: name.unwrap_or_default(),
            wait: case.patience().as_secs().clamp(1, 20),
        };
        Ok(self.ours()?.process.ask(&request).is_ok())
    }

    /// Ends it and starts it again on its store.
    ///
    /// # Errors
    /// It does not start.
    pub(super) fn restart(&self, host: &Host) -> Result<(), LabError> {
        self.ours()?.restart(host)
    }

    fn ours(&self) -> Result<&Daemon, LabError> {
        match self {
            Self::Ours(daemon) => Ok(daemon),
            Self::Strongswan(peer) => Err(LabError::usage(format!(
                "{} is strongSwan: steps need two routers of ours; leave --peer out",
                peer.name
            ))),
        }
    }

    /// Its newest negotiation.
    ///
    /// # Errors
    /// It does not answer.
    pub(super) fn record(&self) -> Result<Option<Record>, LabError> {
        match self {
            Self::Ours(daemon) => daemon.record(),
            Self::Strongswan(peer) => peer.record(),
        }
    }

    /// The command that lets it start.
    pub(super) fn how_to_start(&self, case: &Case) -> String {
        let name = self.name();
        match self {
            Self::Ours(_) => {
                let protection = first_protection(case, name).map(|p| p.name);
                let protection = protection.unwrap_or_else(|| "NAME".to_owned());
                format!("ikd up -d {name} {protection}")
            }
            Self::Strongswan(peer) => {
                let child = peer.child();
                format!("ikd lab exec {name} -- swanctl --initiate --child {child}")
            }
        }
    }

    /// The command that shows its SAs.
    pub(super) fn how_to_show(&self, case: &Case) -> String {
        let name = self.name();
        match self {
            Self::Ours(_) => {
                let first = first_protection(case, name);
                let ikev2 = first.is_some_and(|p| p.ikev2_profile.is_some());
                let version = if ikev2 { "ikev2" } else { "isakmp" };
                format!("ikd exec -d {name} 'show crypto {version} sa'")
            }
            Self::Strongswan(_) => format!("ikd lab exec {name} -- swanctl --list-sas"),
        }
    }

    /// One line about its SAs, or why there is none.
    pub(super) fn status(&self) -> String {
        let said = match self {
            Self::Ours(daemon) => daemon
                .process
                .ask(&Request::Status)
                .map(|response| response.text),
            Self::Strongswan(peer) => peer.status(),
        };
        said.unwrap_or_else(|e| e.to_string())
    }

    /// What it could not be told of its configuration, one line each.
    pub(super) fn losses(&self) -> &str {
        match self {
            Self::Ours(_) => "",
            Self::Strongswan(peer) => &peer.losses,
        }
    }

    /// What commands in its namespace need in their environment to talk to it.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        match self {
            Self::Ours(_) => Vec::new(),
            Self::Strongswan(peer) => peer.environment(),
        }
    }

    /// Its log.
    pub(super) fn log(&self) -> &Path {
        match self {
            Self::Ours(daemon) => &daemon.process.log,
            Self::Strongswan(peer) => &peer.log,
        }
    }

    /// The IKE packets it kept; none when it does not answer.
    pub(super) fn captured(&self) -> Vec<Packet> {
        match self {
            Self::Ours(daemon) => fetch(&daemon.process.socket, false)
                .map(|fetched| fetched.packets)
                .unwrap_or_default(),
            Self::Strongswan(_) => Vec::new(),
        }
    }

    /// Its Wireshark key tables, if it writes any.
    pub(super) fn key_tables(&self) -> Option<&PathBuf> {
        match self {
            Self::Ours(daemon) => Some(&daemon.keys),
            Self::Strongswan(_) => None,
        }
    }

    /// Tells it to end, which a peer does at once.
    pub(super) fn stop(&self) {
        match self {
            Self::Ours(daemon) => daemon.process.stop(),
            Self::Strongswan(peer) => peer.stop(),
        }
    }

    /// Waits for its end and kills it when that takes too long.
    pub(super) fn end(&self) {
        match self {
            Self::Ours(daemon) => daemon.process.end(),
            Self::Strongswan(peer) => peer.end(),
        }
    }
}

fn first_protection(case: &Case, router: &str) -> Option<Protection> {
    let router = case.routers.iter().find(|r| r.name == router)?;
    compile(&router.config).into_iter().next()
}

/// What `up` takes: the initiator's first protection.
fn protection(case: &Case) -> Result<String, LabError> {
    let name = &case.initiator().name;
    let first = first_protection(case, name);
    first.map(|p| p.name).ok_or_else(|| {
        LabError::config(format!("{name} protects nothing: add `tunnel protection ipsec profile NAME` to a tunnel, or a crypto map to an interface"))
    })
}
