//! A router's configuration as strongSwan's charon would be configured, and what has no counterpart
//! there. `to_charon` is pure: certificates and keys are given, nothing is read or written; `command` is
//! `ikd convert`, `folder` the files that it writes.
//!
//! Every protection of the compiled policy becomes a child of a connection; `connection` groups them,
//! `isakmp` and `ikev2` say how each version proves itself, `lines` knows every command of the
//! configuration language that charon is not told.

mod algorithms;
mod child;
mod command;
mod connection;
mod credentials;
mod folder;
mod identity;
mod ikev2;
mod isakmp;
mod lines;
mod remarks;
mod selection;
mod settings;
#[cfg(test)]
mod tests;

pub use command::{ConvertArgs, run};
pub use remarks::{Effect, Remark};

use ike_core::config::{Place, RunningConfig};
use ike_crypto::Secret;
use ike_pki::Store;
use testnet::charon::Description;

use remarks::Remarks;

/// What is translated.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The file, as named in remarks.
    pub file: &'a str,
    /// The configuration.
    pub config: &'a RunningConfig,
    /// Where its lines stand.
    pub places: &'a [Place],
    /// Its certificates, in the order in which they were enrolled.
    pub store: &'a Store,
    /// Private keys as PKCS#8, by label.
    pub keys: &'a [(String, Secret)],
}

/// A router as charon has it.
#[derive(Clone, Debug)]
pub struct Translation {
    /// What charon is given. A tunnel is routed into: the host has to give the device of
    /// `kernel-libipsec` the tunnel's addresses, and has to have the router's routes.
    pub description: Description,
    /// What charon is not told, in the order of the lines.
    pub remarks: Vec<Remark>,
}

impl Translation {
    /// Whether anything can be negotiated.
    pub fn is_useful(&self) -> bool {
        !self.description.connections.is_empty()
    }

    /// The remarks about what behaves otherwise or not at all, one a line.
    pub fn losses(&self) -> String {
        let lost = self.remarks.iter().filter(|r| r.effect == Effect::Lost);
        lost.map(|remark| format!("{remark}\n")).collect()
    }
}

/// Translates one router for charon 5.9.8 with `kernel-libipsec`.
pub fn to_charon(source: &Source<'_>) -> Translation {
    let mut remarks = Remarks::new(source.file, source.places);
    lines::go_through(source.places, &mut remarks);
    let built = connection::all(source, &mut remarks);
    let description = Description {
        settings: settings::of_daemon(source.config, built.tunnels),
        credentials: credentials::in_load_order(source, &built.signers, &mut remarks),
        secrets: built.secrets,
        pools: built.pools,
        connections: built.connections,
        ..Description::default()
    };
    Translation {
        description,
        remarks: remarks.finish(),
    }
}
