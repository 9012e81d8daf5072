//! Other makers judge our PKI, and our router enrols at theirs: SCEP, revocation lists and OCSP over
//! HTTP with strongSwan's `pki`, OpenSSL and micromdm's `scepserver` and `scepclient`.
//!
//! `harness = false`: a test for each story and judge; each says which version judged. Every story has
//! a host of its own with nothing but a loopback. A judge that is not installed is told with the way to
//! get it; with IKD_REQUIRE_ALL in the environment that is a failure, but for strongSwan 6, a bonus.

#[path = "../authority/mod.rs"]
mod authority;
mod lab;
mod micromdm;
mod openssl;
#[path = "../interop/ours.rs"]
#[allow(
    dead_code,
    reason = "the rows with strongSwan need what these stories do not"
)]
mod ours;
mod strongswan;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};
use testnet::charon::Installation;

use strongswan::Pki;

/// A story and what it proves.
type Story<J> = (&'static str, fn(&J) -> Result<(), Failed>);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let missing = if arguments.list {
        Vec::new()
    } else {
        missing()
    };
    missing.iter().for_each(|why| eprintln!("skipped: {why}"));
    if !missing.is_empty() && required() {
        return ExitCode::FAILURE;
    }
    let grounded = arguments.list || missing.iter().all(|why| !why.starts_with(GROUND));
    let mut trials = Vec::new();
    for (name, judge) in [("strongSwan 5", installed()), (BONUS, unpacked())] {
        let judge = judge.filter(|_| grounded);
        trials.extend(stories(name, judge.as_ref(), &strongswan::STORIES));
    }
    let judge = (grounded && program("openssl").is_some()).then_some(());
    trials.extend(stories("openssl", judge.as_ref(), &openssl::STORIES));
    let judge = (grounded && program("scepserver").is_some()).then_some(());
    trials.extend(stories("micromdm", judge.as_ref(), &micromdm::STORIES));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Nothing may be skipped.
fn required() -> bool {
    std::env::var_os("IKD_REQUIRE_ALL").is_some()
}

/// How a complaint begins without which no story can be told.
const GROUND: &str = "namespaces";

/// Enters namespaces; what is missing here.
fn missing() -> Vec<String> {
    let ground = testnet::isolate().map_err(|e| format!("{GROUND}: {e}"));
    let absent = |name: &str, package: &str| {
        let why = format!("{name} is not installed; on Debian: apt-get install {package}");
        program(name).is_none().then_some(why)
    };
    let programs = [
        absent("pki", "strongswan-pki libstrongswan-extra-plugins"),
        absent("openssl", "openssl"),
        absent("scepserver", "scep"),
        absent("scepclient", "scep"),
    ];
    let programs = programs.into_iter().flatten();
    ground.err().into_iter().chain(programs).collect()
}

/// The judge that Debian's release does not have.
const BONUS: &str = "strongSwan 6";

/// A test for each story; without its judge it is ignored, where that may be.
fn stories<J: Clone + Send + 'static>(
    name: &str,
    judge: Option<&J>,
    all: &[Story<J>],
) -> Vec<Trial> {
    let trial = |(title, story): &Story<J>| {
        let title = format!("{name}: {title}");
        let (judge, story) = (judge.cloned(), *story);
        let ignored = judge.is_none() && (name == BONUS || !required());
        let absent = || Err("the judge is not installed".into());
        let tell = move || judge.as_ref().map_or_else(absent, story);
        Trial::test(title, tell).with_ignored_flag(ignored)
    };
    all.iter().map(trial).collect()
}

/// Debian's strongSwan, whose `pki` does not believe that a CA has AES though it lists it.
fn installed() -> Option<Pki> {
    let installation = Installation::find().ok()?;
    program("pki").map(|_| Pki::new(installation, "des3"))
}

fn unpacked() -> Option<Pki> {
    let tmp = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let target = tmp.parent().map(Path::to_owned).unwrap_or(tmp);
    let root = std::env::var_os("IKD_STRONGSWAN_6")
        .map_or_else(|| target.join("peers/strongswan-6"), PathBuf::from);
    let installation = Installation::unpacked(&root).ok()?;
    installation.pki().ok()?;
    Some(Pki::new(installation, "aes"))
}

/// Where a program is.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).map(|folder| folder.join(name));
    found.find(|path| path.is_file())
}

/// A program with arguments.
fn command(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments);
    command
}
