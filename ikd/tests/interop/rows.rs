//! The rows, and what a row is.

mod baseline;
mod certificates;
mod converted;
mod exchanges;
mod extensions;
mod fetching;
mod ikev1;
mod paths;
mod quantum;
mod refusals;
mod responders;
mod revocation;
mod signatures;
mod suites;

use std::path::PathBuf;

use libtest_mimic::Failed;

use testnet::charon::Installation;

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
    /// The strongSwan on the other side.
    pub installation: Installation,
}

/// A row of the matrix in one role.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// Its number, or a name beyond the matrix.
    pub id: &'static str,
    /// Our role.
    pub role: Role,
    /// What it proves.
    pub title: &'static str,
    /// Does it.
    pub run: Run,
}

/// What a row does.
pub(crate) type Run = fn(&Bench) -> Result<(), Failed>;

/// Rows that the matrix wants with strongSwan 6 as well; Debian's 6.1 has no IKEv1.
const WITH_BOTH: [&str; 30] = [
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "07",
    "09",
    "11",
    "11-rfc7427",
    "12",
    "13",
    "14",
    "16",
    "18",
    "19",
    "19-ours",
    "19-ocsp",
    "19-ocsp-ours",
    "19-foreign",
    "19-foreign-ours",
    "20",
    "21",
    "22",
    "23",
    "24",
    "mobike",
    "ocsp-delegate",
    "ocsp-nobody",
    "ocsp-dead",
];
/// Rows that strongSwan 5.9.8 cannot play.
const WITH_6_ALONE: [&str; 1] = ["31"];

/// Rows of the matrix that may not be run, and why.
pub(crate) const SKIPPED: [(&str, &str, &str); 2] = [
    (
        "31",
        "RSA, X25519 and ML-KEM-768, fragmented",
        "needs strongSwan 6",
    ),
    (
        "32",
        "RSA, AES-GCM-256, raw ESP",
        "needs a peer with ESP in the kernel",
    ),
];

impl Row {
    /// Name of its folder: `05-I`.
    pub(crate) fn folder(&self) -> String {
        let role = match self.role {
            Role::Initiator => "I",
            Role::Responder => "R",
        };
        format!("{}-{role}", self.id)
    }

    /// Whether it is run with this generation of strongSwan: 5 or 6.
    pub(crate) fn is_for(&self, generation: Generation) -> bool {
        match generation {
            Generation::Five => !WITH_6_ALONE.contains(&self.id),
            Generation::Six => WITH_BOTH.contains(&self.id) || WITH_6_ALONE.contains(&self.id),
        }
    }
}

/// A generation of strongSwan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generation {
    /// Debian 12's 5.9.8.
    Five,
    /// A 6, unpacked.
    Six,
}

/// A row with us as initiator.
fn initiator(id: &'static str, title: &'static str, run: Run) -> Vec<Row> {
    let role = Role::Initiator;
    vec![Row {
        id,
        role,
        title,
        run,
    }]
}

/// A row with us as responder.
fn responder(id: &'static str, title: &'static str, run: Run) -> Vec<Row> {
    let role = Role::Responder;
    vec![Row {
        id,
        role,
        title,
        run,
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
    let parts: [Vec<Vec<Row>>; 14] = [
        baseline::rows(),
        certificates::rows(),
        converted::rows(),
        signatures::rows(),
        fetching::rows(),
        revocation::rows(),
        responders::rows(),
        exchanges::rows(),
        paths::rows(),
        ikev1::rows(),
        suites::rows(),
        refusals::rows(),
        extensions::rows(),
        quantum::rows(),
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
        let mut pair = Pair::start(self, setup)?;
        pair.up(self.role.starter())?;
        pair.pings()?;
        more(&mut pair)?;
        pair.delete(self.role.starter())?;
        pair.nothing_left()?;
        pair.end()
    }
}
