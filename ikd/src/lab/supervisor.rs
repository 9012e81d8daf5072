//! A lab that stays up: one small process in the background owns hosts, wires and routers and
//! answers at `lab.sock`, beside the sockets of its daemons.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;

use nix::sys::signal::SigSet;

use super::arguments::CaseArgs;
use super::case::Case;
use super::enrol::Keys;
use super::error::{LabError, at};
use super::leftovers;
use super::live::Lab;
use super::remote::{self, Answer};
use super::service::Service;
use crate::cli::print;
use crate::control;

/// `ikd lab up`.
#[derive(Debug, clap::Args)]
pub struct UpArgs {
    #[command(flatten)]
    case: CaseArgs,
    /// This process is the supervisor.
    #[arg(long, hide = true)]
    supervise: bool,
}

/// The embedded folder of a bare `ikd lab up`.
const DEFAULT: &str = "t-01";

/// Starts a supervisor in the background and waits until its routers answer, or is one.
///
/// # Errors
/// A lab is up already, or the routers do not start; the text is the supervisor's.
pub(super) fn up(args: &UpArgs) -> Result<u8, LabError> {
    let case = args.case.case(Some(DEFAULT))?;
    if args.supervise {
        return supervise(&case);
    }
    refuse_second(&case)?;
    let folder = control::runtime_dir();
    DirBuilder::new()
        .recursive(true)
        .mode(0o750)
        .create(&folder)
        .map_err(at(&folder))?;
    let log = folder.join("lab.log");
    let program =
        std::env::current_exe().map_err(|e| LabError::internal(format!("own program: {e}")))?;
    let mut command = Command::new(&program);
    command
        .args(["lab", "up", "--supervise"])
        .args(std::env::args_os().skip(3));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(&log).map_err(at(&log))?);
    let mut child = command.spawn().map_err(at(&program))?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout)
            .read_line(&mut line)
            .map_err(at(&program))?;
    }
    match serde_json::from_str(&line) {
        Ok(Answer::Done { code: 0, text }) => {
            print(&text);
            Ok(0)
        }
        Ok(Answer::Done { code, text }) => Err(LabError { code, text }),
        _ => Err(LabError::internal(format!(
            "the supervisor died: {}",
            fs::read_to_string(&log).unwrap_or_default()
        ))),
    }
}

/// One lab at a time, and no foreign daemon under the name of one of its routers.
fn refuse_second(case: &Case) -> Result<(), LabError> {
    if UnixStream::connect(remote::socket()).is_ok() {
        return Err(LabError::usage(
            "a lab is up already; see `ikd lab status`, end it with `ikd lab down`",
        ));
    }
    let taken = case
        .routers
        .iter()
        .find(|r| UnixStream::connect(control::socket_path(&r.name)).is_ok());
    match taken {
        None => Ok(()),
        Some(router) => Err(LabError::usage(format!(
            "a daemon called {name} runs already; end it with `ikd stop -d {name}`",
            name = router.name
        ))),
    }
}

/// Runs the lab until `down` or a signal.
fn supervise(case: &Case) -> Result<u8, LabError> {
    // A process that already leads a session keeps it.
    let _ = nix::unistd::setsid();
    // Inside a user namespace everyone is root: the folder is the one of the outside.
    let (folder, socket) = (control::runtime_dir(), remote::socket());
    let signals = leftovers::block_signals()?;
    match start(case, &folder, &socket) {
        Ok((lab, listener)) => {
            say(0, welcome(&lab));
            serve(lab, listener, &socket, signals);
        }
        Err(e) => say(e.code, e.text),
    }
    Ok(0)
}

fn start(case: &Case, folder: &Path, socket: &Path) -> Result<(Lab, UnixListener), LabError> {
    super::isolate()?;
    let lab = Lab::start(case, &Keys::default(), Some(folder))?;
    match fs::remove_file(socket) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(at(socket)(e)),
        _ => {}
    }
    let listener = UnixListener::bind(socket).map_err(at(socket))?;
    fs::set_permissions(socket, Permissions::from_mode(0o600)).map_err(at(socket))?;
    Ok((lab, listener))
}

/// The only line on stdout: whoever started us waits for it.
fn say(code: u8, text: String) {
    let _ = remote::send(&mut std::io::stdout(), &Answer::Done { code, text });
}

/// Answers until somebody says `down`, then takes everything down and tells.
fn serve(lab: Lab, listener: UnixListener, socket: &Path, signals: SigSet) {
    let (down, wanted) = mpsc::channel::<Option<UnixStream>>();
    let service = Arc::new(Service::new(lab));
    let from_signal = down.clone();
    thread::spawn(move || {
        if signals.wait().is_ok() {
            let _ = from_signal.send(None);
        }
    });
    let serving = Arc::clone(&service);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (service, down) = (Arc::clone(&serving), down.clone());
            thread::spawn(move || service.answer(stream, &down));
        }
    });
    let asker = wanted.recv().unwrap_or_default();
    service.down();
    // Before the answer: whoever asks next is told that no lab is up.
    let _ = fs::remove_file(socket);
    if let Some(mut stream) = asker {
        let _ = remote::send(
            &mut stream,
            &Answer::Done {
                code: 0,
                text: "the lab is down".to_owned(),
            },
        );
    }
}

/// How the routers came by their certificates.
fn enrolled(lab: &Lab) -> String {
    match &lab.without_http {
        None if lab.cas.is_empty() => String::new(),
        None => " and enrolled over HTTP (SCEP)".to_owned(),
        Some(why) => format!(" and enrolled without HTTP ({why})"),
    }
}

/// What could not be translated, and what to try.
fn welcome(lab: &Lab) -> String {
    let case = &lab.case;
    let [a, b] = case.routers.each_ref().map(|r| r.name.as_str());
    let both = [case.initiator, 1 - case.initiator].map(|n| &lab.routers[n]);
    // A router of another make takes other commands: then both are shown.
    let shown = if case.has_peer() { 2 } else { 1 };
    let starts = both.iter().take(shown).map(|r| r.how_to_start(case));
    let shows = both.iter().take(shown).map(|r| r.how_to_show(case));
    let common = [
        format!("ikd lab ping {a} {b}"),
        format!("ikd lab exec {a} -- ip address"),
        "ikd lab capture -o lab.pcapng --keys".to_owned(),
        "ikd lab down".to_owned(),
    ];
    let grants = lab.cas.iter().take(1);
    let grants = grants.map(|ca| format!("ikd pki ca list {}", ca.dir.display()));
    let lines = starts.chain(shows).chain(grants).chain(common);
    let lines: String = lines.map(|line| format!("\n  {line}")).collect();
    let cas = lab.cas.iter().map(|ca| format!("{}\n", ca.status()));
    let cas: String = cas.collect();
    format!(
        "{}{cas}{a} and {b} are up{}. Try:{lines}",
        lab.losses(),
        enrolled(lab)
    )
}
