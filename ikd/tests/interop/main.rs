//! strongSwan's charon against `ikd`, on real packets: the rows of the interop matrix.
//!
//! `harness = false`: a test for each row and role, named by both. Each leaves capture, key tables,
//! both logs, both configurations and its result in `target/interop/<row>-<role>`. Packets are sent
//! only in namespaces that the process makes for itself. Where those, or charon, are not to be had,
//! the reason is printed and nothing runs; with IKD_REQUIRE_ALL in the environment that is a failure.
//!
//! `IKD_INTEROP_ROUNDS=N` runs each row N times; `testnet/interop.sh` makes `docs/interop.md` of the
//! results and `testnet/interop.sh soak` looks for flakes.

mod judge;
mod network;
mod ours;
mod pair;
mod peer;
mod pki;
mod report;
mod router;
mod rows;
#[path = "../judge/tshark.rs"]
mod tshark;

use std::process::{Command, ExitCode};
use std::time::Instant;

use libtest_mimic::{Arguments, Failed, Trial};
use testnet::charon::Installation;
use testnet::tun;

use report::Outcome;
use rows::{Bench, Row};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if let Some(why) = (!arguments.list).then(obstacle).flatten() {
        eprintln!("skipped: {why}");
        return ExitCode::from(u8::from(std::env::var_os("IKD_REQUIRE_ALL").is_some()));
    }
    let trials = rows::all().into_iter().map(trial).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
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

fn trial(row: Row) -> Trial {
    let skipped = row.skipped.is_some();
    Trial::test(row.name(), move || rounds(&row)).with_ignored_flag(skipped)
}

/// Runs a row as often as wanted; every failed round is told.
fn rounds(row: &Row) -> Result<(), Failed> {
    let wanted = std::env::var("IKD_INTEROP_ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(1_u32);
    let (started, mut failures) = (Instant::now(), Vec::new());
    for round in 1..=wanted {
        if let Err(failed) = once(row) {
            let why = failed.message().unwrap_or("failed").to_owned();
            keep(row, round)?;
            failures.push(format!("round {round} of {wanted}: {why}"));
        }
    }
    let why = failures.join("\n");
    Outcome {
        row: row.folder(),
        title: row.title.to_owned(),
        result: if why.is_empty() { "pass" } else { "fail" }.to_owned(),
        why: why.clone(),
        peer: Installation::find()?.version()?,
        date: report::today(),
        seconds: Outcome::took(started.elapsed() / wanted.max(1)),
        rounds: (wanted, u32::try_from(failures.len()).unwrap_or(u32::MAX)),
    }
    .write(&report::folder().join(row.folder()))?;
    if why.is_empty() {
        Ok(())
    } else {
        Err(why.into())
    }
}

/// A failed round of several stays for whoever looks at it.
fn keep(row: &Row, round: u32) -> Result<(), Failed> {
    let folder = report::folder();
    let kept = folder.join(format!("{}.failed-{round}", row.folder()));
    let _ = std::fs::remove_dir_all(&kept);
    Ok(Command::new("cp")
        .arg("-r")
        .arg(folder.join(row.folder()))
        .arg(&kept)
        .status()
        .map(drop)?)
}

fn once(row: &Row) -> Result<(), Failed> {
    let dir = report::folder().join(row.folder());
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    let bench = Bench {
        dir: dir.canonicalize()?,
        role: row.role,
    };
    (row.run)(&bench)
}
