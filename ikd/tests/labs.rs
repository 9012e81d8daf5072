//! Every lab folder, in the simulator and on real packets, with the same verdict.
//!
//! `harness = false`: one test for each folder and way. Packets are sent only in namespaces that
//! the program under test makes for itself; where those are not to be had the reason is printed
//! and the test passes, unless IKD_REQUIRE_ALL is in the environment.

mod commands;
mod judge;
mod peer;
mod reload;
mod saved;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::sync::{Arc, OnceLock};

use ikd::lab::{Case, Keys, simulate};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use testnet::packet::{Flow, TCP, UDP};
use testnet::pcapng;

/// Exit code of a program that may not make namespaces or devices.
const FORBIDDEN: i32 = 5;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let keys = Arc::new(Keys::default());
    let mut trials = Vec::new();
    for folder in folders() {
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let title = Case::open(&folder).map_or_else(|e| e.text, |case| case.title);
        let (keys, path) = (Arc::clone(&keys), folder.clone());
        let story = |way: &str| format!("{name} {way}: {title}");
        trials.push(Trial::test(story("simulated"), move || {
            simulated(&path, &keys)
        }));
        trials.push(Trial::test(story("on real packets"), move || {
            on_real_packets(&folder)
        }));
    }
    trials.push(Trial::test(
        "equal seeds give equal runs",
        equal_seeds_give_equal_runs,
    ));
    trials.push(Trial::test(
        "t-35 moves to UDP 4500 and shows no ESP outside UDP",
        nat_floats,
    ));
    trials.push(Trial::test(
        "wrong command lines and files are told with their exit code",
        commands::mistakes_are_told,
    ));
    trials.push(Trial::test(
        "a lab is left up, used and taken down",
        commands::a_lab_is_left_up,
    ));
    trials.push(Trial::test(
        "a tunnel of IKEv2 is shown, rekeyed and cleared",
        commands::ikev2_by_command,
    ));
    trials.push(Trial::test(
        "a new configuration keeps the SAs it does not concern",
        reload::a_new_configuration_keeps_sas,
    ));
    trials.push(Trial::test(
        "captures of a daemon and of a lab need no key",
        saved::captures_are_handed_out,
    ));
    for proof in peer::PROOFS {
        trials.push(Trial::test(
            format!("strongSwan is the peer: {}", proof.title),
            move || peer::strongswan(proof),
        ));
    }
    trials.push(Trial::test(
        "a signal takes strongSwan down with its lab",
        peer::ended_by_a_signal,
    ));
    trials.push(Trial::test(
        "what strongSwan cannot be told is told by line",
        peer::untranslatable,
    ));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn labs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/labs")
}

fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(labs()).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| p.is_dir()).collect();
    found.sort();
    found
}

/// Runs the program with a folder of sockets of its own, away from any lab of the machine.
fn ikd(arguments: &[&str], paths: &[&Path]) -> Result<Output, Failed> {
    static SOCKETS: OnceLock<tempfile::TempDir> = OnceLock::new();
    let sockets = match SOCKETS.get() {
        Some(dir) => dir,
        None => {
            let dir = tempfile::tempdir()?;
            SOCKETS.get_or_init(|| dir)
        }
    };
    ikd_at(sockets.path(), arguments, paths)
}

fn ikd_at(sockets: &Path, arguments: &[&str], paths: &[&Path]) -> Result<Output, Failed> {
    Ok(ikd_command(sockets).args(arguments).args(paths).output()?)
}

fn ikd_command(sockets: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ikd"));
    command.env("IKD_RUNTIME_DIR", sockets);
    command
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// True when the machine forbids namespaces: said, and a failure where everything is required.
fn skipped(output: &Output) -> Result<bool, Failed> {
    if output.status.code() != Some(FORBIDDEN) {
        return Ok(false);
    }
    let why = text(&output.stderr);
    if std::env::var_os("IKD_REQUIRE_ALL").is_some() {
        return Err(why.into());
    }
    eprintln!("skipped: {}", why.trim());
    Ok(true)
}

fn simulated(folder: &Path, keys: &Keys) -> Result<(), Failed> {
    let case = Case::open(folder)?;
    let outcome = simulate(&case, keys, 1)?;
    let differences = outcome.differences(&case);
    if differences.is_empty() {
        return Ok(());
    }
    let logs: String = outcome
        .logs
        .iter()
        .map(|(router, log)| format!("--- {router}\n{log}"))
        .collect();
    Err(format!("seed 1: {differences:#?}\n{:#?}\n{logs}", outcome.verdict).into())
}

/// The program's verdict is the one expected, and the simulator's.
fn on_real_packets(folder: &Path) -> Result<(), Failed> {
    let out = tempfile::tempdir()?;
    let output = ikd(&["lab", "run", "--json", "--out"], &[out.path(), folder])?;
    if skipped(&output)? {
        return Ok(());
    }
    if !output.status.success() {
        return Err(format!(
            "{}\n{}{}",
            output.status,
            text(&output.stderr),
            text(&output.stdout)
        )
        .into());
    }
    let invented = ikd(&["lab", "run", "--json", "--simulate"], &[folder])?;
    let case = Case::open(folder)?;
    judge::capture(out.path(), &case)?;
    replayed(out.path(), &case)?;
    let (real, invented) = (timeless(&output.stdout)?, timeless(&invented.stdout)?);
    if real == invented {
        Ok(())
    } else {
        Err(format!("real {real:#}\nsimulated {invented:#}").into())
    }
}

/// What was recorded on real packets comes out again in the simulator, message by message to its end.
fn replayed(out: &Path, case: &Case) -> Result<(), Failed> {
    let output = ikd(&["replay"], &[&out.join("trace.json")])?;
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    match output.status.code() {
        Some(0 | 1) => Ok(()),
        // Nobody negotiated.
        _ if !case.negotiates => Ok(()),
        code => Err(format!("replay: {code:?}: {said}").into()),
    }
}

/// A verdict without its duration, the identifiers of keys and the times in it: the CAs of two runs differ.
fn timeless(json: &[u8]) -> Result<Value, Failed> {
    let mut verdict: Value = serde_json::from_slice(json)?;
    let object = verdict.as_object_mut().ok_or("a verdict is an object")?;
    object
        .remove("milliseconds")
        .ok_or("a verdict has milliseconds")?;
    let named = regex_lite::Regex::new(" \\(authority key identifier [0-9A-F]+\\)")?;
    let time = regex_lite::Regex::new("[0-9:]{8} UTC [A-Z][a-z]+ [0-9]+ [0-9]{4}")?;
    let verdict = verdict.to_string();
    let verdict = named.replace_all(&verdict, "");
    Ok(serde_json::from_str(&time.replace_all(&verdict, "TIME"))?)
}

fn equal_seeds_give_equal_runs() -> Result<(), Failed> {
    let (case, keys) = (Case::embedded("t-02")?, Keys::default());
    let (a, b) = (simulate(&case, &keys, 7)?, simulate(&case, &keys, 7)?);
    assert_eq!(a.verdict, b.verdict);
    assert_eq!(a.ip_lengths, b.ip_lengths);
    assert_eq!(a.logs, b.logs, "seed 7");
    Ok(())
}

/// T-35: after MM4 everything is UDP 4500, ESP included (W-046).
fn nat_floats() -> Result<(), Failed> {
    let out = tempfile::tempdir()?;
    let folder = labs().join("t-35");
    let output = ikd(&["lab", "run", "--out"], &[out.path(), &folder])?;
    if skipped(&output)? {
        return Ok(());
    }
    let records = pcapng::read(&std::fs::read(out.path().join("capture.pcapng"))?)?;
    let lan = records.iter().filter(|r| r.interface == "lan");
    let flows = lan.filter_map(|r| Flow::of(&r.packet));
    // The routers enrol over HTTP.
    let flows: Vec<Flow> = flows.filter(|f| f.protocol != TCP).collect();
    let on = |port: u16| {
        flows
            .iter()
            .filter(|f| f.ports.is_some_and(|(a, b)| a == port || b == port))
            .count()
    };
    assert_eq!(on(500), 4);
    // MM5, MM6, QM1 to QM3, and six echoes in ESP.
    assert!(on(4500) >= 11, "{}", flows.len());
    assert!(flows.iter().all(|f| f.protocol == UDP), "nothing but UDP");
    Ok(())
}
