//! The rows, and what a row is.

mod baseline;
mod certificates;
mod exchanges;
mod extensions;
mod fetching;
mod ikev1;
mod paths;
mod refusals;
mod signatures;
mod suites;

use std::path::PathBuf;

use libtest_mimic::Failed;

use crate::judge::Traffic;
use crate::pair::{Pair, Setup, Side};

/// Who starts: the role of our daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Initiator,
    Responder,
}

impl Role {
    /// The side that starts.
    pub(crate) fn starter(self) -> Side {
        match self {
            Self::Initiator => Side::Ours,
            Self::Responder => Side::Peer,
        }
    }
}

/// Where a row runs and which way.
pub(crate) struct Bench {
    /// Its folder.
    pub dir: PathBuf,
    /// Our role.
    pub role: Role,
}

/// A row of the matrix in one role.
pub(crate) struct Row {
    /// Its number, or a name beyond the matrix.
    pub id: &'static str,
    /// Our role.
    pub role: Role,
    /// What it proves.
    pub title: &'static str,
    /// Does it.
    pub run: fn(&Bench) -> Result<(), Failed>,
    /// Why it is not run here.
    pub skipped: Option<&'static str>,
}

impl Row {
    /// Name of its folder: `05-I`.
    pub(crate) fn folder(&self) -> String {
        let role = match self.role {
            Role::Initiator => "I",
            Role::Responder => "R",
        };
        format!("{}-{role}", self.id)
    }

    /// Name of its test.
    pub(crate) fn name(&self) -> String {
        format!("row {}: {}", self.folder(), self.title)
    }
}

/// What a row does.
type Run = fn(&Bench) -> Result<(), Failed>;

/// A row with us as initiator.
fn initiator(id: &'static str, title: &'static str, run: Run) -> Vec<Row> {
    vec![Row {
        id,
        role: Role::Initiator,
        title,
        run,
        skipped: None,
    }]
}

/// A row with us as responder.
fn responder(id: &'static str, title: &'static str, run: Run) -> Vec<Row> {
    vec![Row {
        id,
        role: Role::Responder,
        title,
        run,
        skipped: None,
    }]
}

/// A row in both roles.
fn both(id: &'static str, title: &'static str, run: Run) -> Vec<Row> {
    let mut rows = initiator(id, title, run);
    rows.extend(responder(id, title, run));
    rows
}

/// Every row.
pub(crate) fn all() -> Vec<Row> {
    let parts: [Vec<Vec<Row>>; 10] = [
        baseline::rows(),
        certificates::rows(),
        signatures::rows(),
        fetching::rows(),
        exchanges::rows(),
        paths::rows(),
        ikev1::rows(),
        suites::rows(),
        refusals::rows(),
        extensions::rows(),
    ];
    parts.into_iter().flatten().flatten().collect()
}

impl Bench {
    /// What a positive row shows: up in both sides' words, a hundred pings each way, a delete that
    /// leaves nothing; on the wire nothing malformed and nothing that the key tables do not open.
    pub(crate) fn passes(&self, setup: &Setup) -> Result<Traffic, Failed> {
        self.passes_with(setup, |_| Ok(()))
    }

    /// As [`passes`](Self::passes), with something more between pings and delete.
    pub(crate) fn passes_with(
        &self,
        setup: &Setup,
        more: impl FnOnce(&mut Pair) -> Result<(), Failed>,
    ) -> Result<Traffic, Failed> {
        let traffic = self.goes_well(setup, more)?;
        traffic.all_opened()?;
        Ok(traffic)
    }

    /// As [`passes`](Self::passes) with a cipher that tshark cannot open.
    pub(crate) fn passes_unread(&self, setup: &Setup) -> Result<Traffic, Failed> {
        self.goes_well(setup, |_| Ok(()))
    }

    fn goes_well(
        &self,
        setup: &Setup,
        more: impl FnOnce(&mut Pair) -> Result<(), Failed>,
    ) -> Result<Traffic, Failed> {
        let mut pair = Pair::start(&self.dir, setup)?;
        pair.up(self.role.starter())?;
        pair.pings()?;
        more(&mut pair)?;
        pair.delete(self.role.starter())?;
        pair.nothing_left()?;
        pair.end()
    }
}
