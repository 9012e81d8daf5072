//! strongSwan's charon against `ikd`, on real packets: the rows of the interop matrix.
//!
//! `harness = false`: a test for each row and role, named by both. Each leaves capture, key tables,
//! both logs, both configurations and its result in `target/interop/<row>-<role>`. Packets are sent
//! only in namespaces that the process makes for itself. Where those, or charon, are not to be had,
//! the reason is printed and nothing runs; with IKD_REQUIRE_ALL in the environment that is a failure.
//!
//! `IKD_INTEROP_ROUNDS=N` runs each row N times; `testnet/interop.sh` makes `docs/interop.md` of the
//! results and `testnet/interop.sh soak` looks for flakes.

#[path = "../authority/mod.rs"]
#[allow(
    dead_code,
    reason = "the stories of SCEP need what this program does not"
)]
mod authority;
mod foreign;
mod judge;
mod latency;
mod network;
mod one_ca;
mod ours;
mod pair;
mod peer;
mod pings;
mod pki;
mod report;
mod router;
mod rows;
mod states;
#[path = "../judge/tshark.rs"]
#[allow(dead_code, reason = "the labs need what this program does not")]
mod tshark;
mod web;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

use libtest_mimic::{Arguments, Failed, Trial};
use testnet::charon::Installation;
use testnet::tun;

use report::Outcome;
use rows::{Bench, Generation, Row, SKIPPED};

fn main() -> ExitCode {
    if let Some(written) = report::page_wanted() {
        return done(written);
    }
    let arguments = Arguments::from_args();
    if let Some(why) = (!arguments.list).then(obstacle).flatten() {
        eprintln!("skipped: {why}");
        return ExitCode::from(u8::from(std::env::var_os("IKD_REQUIRE_ALL").is_some()));
    }
    if let Some(count) = number("IKD_INTEROP_LATENCY") {
        return done(latency::print(count));
    }
    libtest_mimic::run(&arguments, trials()).exit_code()
}

/// A number in the environment.
fn number(name: &str) -> Option<u32> {
    std::env::var(name).ok()?.parse().ok()
}

fn done(what: Result<(), Failed>) -> ExitCode {
    match what {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("{}", failed.message().unwrap_or("failed"));
            ExitCode::FAILURE
        }
    }
}

/// Enters namespaces; why that, a TAP device, charon or tshark is not to be had here.
fn obstacle() -> Option<String> {
    let isolated = testnet::isolate().map_err(|e| e.to_string());
    let device = isolated.and_then(|()| tun::open_tap("probe").map_err(|e| e.to_string()));
    let charon = device.and_then(|_| Installation::find().map_err(|e| e.to_string()));
    let tshark = charon.and_then(|_| {
        let tried = Command::new("tshark").arg("--version").output();
        tried.map_err(|e| format!("tshark: {e}; on Debian: apt-get install tshark"))
    });
    tshark.err()
}

/// The strongSwans of this machine: Debian's, and a 6 if one was unpacked.
fn peers() -> Vec<(Generation, Option<Installation>)> {
    let six = std::env::var_os("IKD_STRONGSWAN_6").map_or_else(
        || report::target().join("peers/strongswan-6"),
        PathBuf::from,
    );
    vec![
        (Generation::Five, Installation::find().ok()),
        (Generation::Six, Installation::unpacked(&six).ok()),
    ]
}

fn trials() -> Vec<Trial> {
    let (peers, rows) = (peers(), rows::all());
    let mut trials: Vec<Trial> = peers
        .iter()
        .flat_map(|(generation, peer)| {
            rows.iter()
                .filter(|row| row.is_for(*generation))
                .map(|row| {
                    trial(
                        Run {
                            row: *row,
                            generation: *generation,
                        },
                        peer.clone(),
                    )
                })
        })
        .collect();
    // Row 31 is there, ignored or not.
    trials.extend(
        SKIPPED
            .iter()
            .filter(|(id, ..)| *id != "31")
            .map(|(id, title, why)| {
                Trial::test(format!("row {id}: {title}: {why}"), || Ok(())).with_ignored_flag(true)
            }),
    );
    trials
}

/// Without its peer a row is skipped by name.
fn trial(run: Run, peer: Option<Installation>) -> Trial {
    let name = format!("row {}: {}", run.folder(), run.row.title);
    match peer {
        Some(peer) => Trial::test(name, move || rounds(&run, &peer)),
        None => Trial::test(name, || Ok(())).with_ignored_flag(true),
    }
}

/// A row with one of the peers.
struct Run {
    row: Row,
    generation: Generation,
}

impl Run {
    /// Name of its folder: `05-I`, with strongSwan 6 `05-I-6`.
    fn folder(&self) -> String {
        match self.generation {
            Generation::Five => self.row.folder(),
            Generation::Six => format!("{}-6", self.row.folder()),
        }
    }
}

/// Runs a row as often as wanted; every failed round is told.
fn rounds(run: &Run, peer: &Installation) -> Result<(), Failed> {
    let wanted = number("IKD_INTEROP_ROUNDS").unwrap_or(1);
    let (started, mut failures) = (Instant::now(), Vec::new());
    for round in 1..=wanted {
        if let Err(failed) = once(run, peer) {
            let why = failed.message().unwrap_or("failed").to_owned();
            keep(run, round)?;
            failures.push(format!("round {round} of {wanted}: {why}"));
        }
    }
    let why = failures.join("\n");
    Outcome {
        row: run.folder(),
        title: run.row.title.to_owned(),
        result: if why.is_empty() { "pass" } else { "fail" }.to_owned(),
        why: why.clone(),
        peer: peer.version()?,
        date: report::today(),
        seconds: Outcome::took(started.elapsed() / wanted.max(1)),
        rounds: (wanted, u32::try_from(failures.len()).unwrap_or(u32::MAX)),
    }
    .write(&report::folder().join(run.folder()))?;
    if why.is_empty() {
        Ok(())
    } else {
        Err(why.into())
    }
}

/// A failed round of several stays for whoever looks at it.
fn keep(run: &Run, round: u32) -> Result<(), Failed> {
    let folder = report::folder();
    let kept = folder.join(format!("{}.failed-{round}", run.folder()));
    let _ = std::fs::remove_dir_all(&kept);
    Ok(Command::new("cp")
        .arg("-r")
        .arg(folder.join(run.folder()))
        .arg(&kept)
        .status()
        .map(drop)?)
}

fn once(run: &Run, peer: &Installation) -> Result<(), Failed> {
    let dir = report::folder().join(run.folder());
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    (run.row.run)(&Bench {
        dir: dir.canonicalize()?,
        role: run.row.role,
        installation: peer.clone(),
    })
}
