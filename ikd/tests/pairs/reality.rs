//! Predictions against `ikd lab run` in namespaces.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use ikd::lab::Keys;
use ikd::predict::{Direction, predict};
use libtest_mimic::Failed;
use serde_json::Value;

use super::generator::Pair;
use super::simulated::{KEY_BITS, case, direction, files, told};
use super::variety::Variety;

/// Labs at a time: a lab waits more than it works.
const LABS: usize = 3;
/// Exit code of a program that may not make namespaces or devices.
const FORBIDDEN: i32 = 5;
/// Seconds between retransmissions.
const INTERVAL: &str = "0.25";

/// What all labs share.
struct Work {
    count: u64,
    seed: u64,
    next: AtomicU64,
    keys: Keys,
    found: Mutex<(Variety, Vec<String>)>,
}

/// Each pair with its initiator; skipped where namespaces are not to be had.
pub(crate) fn agree(count: u64, seed: u64) -> Result<(), Failed> {
    if let Some(why) = forbidden(seed)? {
        if std::env::var_os("IKD_REQUIRE_ALL").is_some() {
            return Err(why.into());
        }
        eprintln!("skipped: {}", why.trim());
        return Ok(());
    }
    let started = Instant::now();
    let work = Work {
        count,
        seed,
        next: AtomicU64::new(0),
        keys: Keys::default(),
        found: Mutex::default(),
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..LABS).map(|_| scope.spawn(|| one_lab(&work))).collect();
        let mut done = threads.into_iter().map(|t| t.join());
        done.try_for_each(|d| d.map_err(|_| Failed::from("a thread died"))?)
    })?;
    let (variety, wrong) = work.found.into_inner().map_err(|e| e.to_string())?;
    let (seconds, text) = (started.elapsed().as_secs(), variety.text());
    eprintln!("{count} pairs from seed {seed} on real packets, {seconds} s: {text}");
    if !wrong.is_empty() {
        return Err(format!("{} disagree:\n{}", wrong.len(), wrong.concat()).into());
    }
    variety.suffices()
}

/// Why there are no namespaces.
fn forbidden(seed: u64) -> Result<Option<String>, Failed> {
    let dir = tempfile::tempdir()?;
    let pair = Pair::new(seed);
    let output = lab(&pair, &files(&pair, dir.path())?, dir.path())?;
    let why = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((output.status.code() == Some(FORBIDDEN)).then_some(why))
}

fn one_lab(work: &Work) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    loop {
        let number = work.next.fetch_add(1, Ordering::Relaxed);
        if number >= work.count {
            return Ok(());
        }
        let pair = Pair::new(work.seed + number);
        let files = files(&pair, dir.path())?;
        let case = case(&pair, &files)?;
        let predicted = predict(&case, &work.keys).map_err(|e| told(&pair, &e.to_string()))?;
        let direction = direction(&predicted, &pair)?;
        let output = lab(&pair, &files, dir.path())?;
        let wrong = compared(direction, &output).map_err(|e| told(&pair, &e))?;
        let mut found = work.found.lock().map_err(|e| e.to_string())?;
        found.0.count(&pair, &direction.verdict);
        found.1.extend(wrong.map(|what| told(&pair, &what)));
    }
}

fn lab(pair: &Pair, files: &[PathBuf; 2], sockets: &Path) -> Result<Output, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ikd"));
    command
        .env("IKD_RUNTIME_DIR", sockets)
        .args(["lab", "run", "--json", "--retransmit-interval", INTERVAL])
        .args(["--key-bits", &KEY_BITS.to_string()])
        .args(["--initiate", &format!("R{}", pair.initiator + 1)]);
    for (router, order) in &pair.orders {
        command.args(["--order", &format!("{router}={}", order.join(","))]);
    }
    for (ca, above) in &pair.below {
        command.args(["--below", &format!("{ca}={above}")]);
    }
    Ok(command.args(files).output()?)
}

/// What came otherwise.
fn compared(direction: &Direction, output: &Output) -> Result<Option<String>, String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let real: Value = serde_json::from_str(&text).map_err(|e| format!("{e}: {text}{errors}"))?;
    let said = serde_json::to_value(&direction.verdict).map_err(|e| e.to_string())?;
    let keys = [
        "version",
        "initiator",
        "up",
        "stopped_at",
        "reason",
        "certreq",
        "signed_with",
        "profile",
    ];
    let differing = keys.iter().filter_map(|key| {
        let (said, came) = (timeless(&said[*key]), timeless(&real[*key]));
        (said != came).then(|| format!("{key}: predicted {said}, came {came}\n"))
    });
    let differing: String = differing.collect();
    Ok(Some(differing).filter(|text| !text.is_empty()))
}

/// Without the identifiers of keys and without times: the CAs of two runs differ.
fn timeless(value: &Value) -> String {
    let text = value.to_string();
    let Ok(pattern) = regex_lite::Regex::new(
        " \\(authority key identifier [0-9A-F]+\\)|[0-9:]{8} UTC [A-Z][a-z]+ [0-9]+ [0-9]{4}",
    ) else {
        return text;
    };
    pattern.replace_all(&text, "").into_owned()
}
