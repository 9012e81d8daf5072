//! What the supervisor of a lab does for those who ask.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use testnet::{Host, PingReport};

use super::ca::Ca;
use super::error::LabError;
use super::live::Lab;
use super::remote::{Answer, Question, send};
use super::router::Router;
use super::told::{self, Told};
use crate::capture::keys::folder_of;
use crate::capture::private;
use crate::report::Format;

/// Octets of output in one line of an answer.
const CHUNK: usize = 4096;

/// Variables and their values.
type Environment = Vec<(String, String)>;

/// A running lab and the commands that run in it.
pub(super) struct Service {
    lab: Lab,
    commands: Mutex<BTreeSet<i32>>,
}

impl Service {
    pub(super) fn new(lab: Lab) -> Self {
        Self {
            lab,
            commands: Mutex::default(),
        }
    }

    /// Answers one question. `down` is passed on with the stream, to be answered when it is done.
    pub(super) fn answer(&self, stream: UnixStream, down: &Sender<Option<UnixStream>>) {
        let mut line = String::new();
        let Ok(mut to) = stream.try_clone() else {
            return;
        };
        if BufReader::new(&stream).read_line(&mut line).is_err() {
            return;
        }
        let done = match serde_json::from_str(&line) {
            Ok(Question::Down) => {
                let _ = down.send(Some(to));
                return;
            }
            Ok(question) => self.act(question, &stream),
            Err(e) => Err(LabError::usage(format!("not a question: {e}"))),
        };
        let (code, text) = done.unwrap_or_else(|e| (e.code, e.text));
        // Whoever asked may be gone.
        let _ = send(&mut to, &Answer::Done { code, text });
    }

    fn act(&self, question: Question, stream: &UnixStream) -> Result<(u8, String), LabError> {
        match question {
            Question::Exec {
                router,
                command,
                directory,
            } => self.exec(&router, &command, &directory, stream),
            Question::Ping { from, to, count } => self.ping(&from, &to, count),
            Question::Capture { keys } => self.capture(keys),
            Question::Report => Ok((0, Format::Json.page(&self.lab.story()?))),
            Question::Status => Ok((0, self.status())),
            Question::Down => Ok((0, String::new())),
        }
    }

    /// Ends commands and routers and removes files.
    pub(super) fn down(&self) {
        for pid in self.running().iter() {
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
        self.lab.stop();
        let _ = std::fs::remove_dir_all(self.lab.dir());
    }

    fn capture(&self, keys: bool) -> Result<(u8, String), LabError> {
        let saved = self.lab.dir().join("saved.pcapng");
        let lines = keys.then(|| told::keys(&self.lab));
        let octets = told::capture(
            &self.lab.capture(),
            Told::of(&self.lab, &self.lab.captured()),
            lines.as_ref(),
        )?;
        private::write(&saved, &octets).map_err(LabError::forbidden)?;
        if let Some(lines) = lines {
            lines
                .write(&folder_of(&saved))
                .map_err(LabError::forbidden)?;
        }
        Ok((0, saved.display().to_string()))
    }

    fn status(&self) -> String {
        let routers = self.lab.routers.iter();
        let lines = routers
            .map(Router::status)
            .chain(self.lab.cas.iter().map(Ca::status));
        let lines = lines.map(|line| format!("{line}\n"));
        let files = self.lab.dir().display();
        format!(
            "{}: {}\n{}logs and capture: {files}",
            self.lab.case.id,
            self.lab.case.title,
            lines.collect::<String>()
        )
    }

    fn ping(&self, from: &str, to: &str, count: u32) -> Result<(u8, String), LabError> {
        let case = &self.lab.case;
        let (source, destination) = (case.index_of(from)?, case.index_of(to)?);
        let pairs = case.inner_pairs(source, destination);
        if pairs.is_empty() {
            return Err(LabError::usage(format!(
                "{from} and {to} have no loopback or tunnel addresses of one family"
            )));
        }
        let (mut silent, mut lines) = (false, Vec::new());
        for (a, b) in pairs {
            let report = self.lab.wires.hosts[source].ping(a, b, count, Duration::from_secs(1))?;
            silent |= report.received == 0;
            lines.push(format!("{from} {a} to {to} {b}: {}", answers(&report)));
        }
        Ok((u8::from(silent), lines.join("\n")))
    }

    /// The host of a router or a CA, and what commands there need in their environment.
    fn place(&self, name: &str) -> Result<(&Host, Environment), LabError> {
        let lab = &self.lab;
        let ca = lab.cas.iter().find(|ca| ca.plan.name == name);
        if let Some(host) = ca.and_then(|ca| lab.wires.cas.get(&ca.plan.at.ip())) {
            return Ok((host, Vec::new()));
        }
        let index = lab.case.index_of(name)?;
        Ok((&lab.wires.hosts[index], lab.routers[index].environment()))
    }

    /// Runs a Linux command in the namespace of a router or CA; output goes out as it comes.
    fn exec(
        &self,
        router: &str,
        command: &[String],
        directory: &Path,
        to: &UnixStream,
    ) -> Result<(u8, String), LabError> {
        let (host, environment) = self.place(router)?;
        let Some((program, arguments)) = command.split_first() else {
            return Err(LabError::usage(
                "give a command, for example: ikd lab exec R1 -- ip address",
            ));
        };
        let mut child = Command::new(program);
        child.args(arguments).current_dir(directory);
        child.envs(environment);
        child
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        host.enter_in_child(&mut child);
        let mut child = child.spawn().map_err(|e| LabError {
            code: 127,
            text: format!("{program}: {e}"),
        })?;
        let pid = i32::try_from(child.id()).unwrap_or(0);
        self.running().insert(pid);
        let code = pass_through(&mut child, to);
        self.running().remove(&pid);
        Ok((code, String::new()))
    }

    fn running(&self) -> MutexGuard<'_, BTreeSet<i32>> {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answers(report: &PingReport) -> String {
    let mut text = format!("{} of {} answered", report.received, report.sent);
    if let (Some(least), Some(most)) = (report.rtts.iter().min(), report.rtts.iter().max()) {
        text += &format!(
            ", {:.2} to {:.2} ms",
            least.as_secs_f64() * 1e3,
            most.as_secs_f64() * 1e3
        );
    }
    text
}

/// Sends a command's output on until it ends; it is killed when nobody listens any more.
fn pass_through(child: &mut Child, to: &UnixStream) -> u8 {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (line, child) = (Mutex::new(to), Mutex::new(child));
    thread::scope(|scope| {
        scope.spawn(|| {
            // The asker says nothing more: this returns when it is gone, or when we close.
            let _ = { to }.read(&mut [0]);
            // One that has ended already is not killed again.
            let _ = child.lock().unwrap_or_else(PoisonError::into_inner).kill();
        });
        let out = scope.spawn(|| pump(stdout, &line, Answer::Stdout));
        pump(stderr, &line, Answer::Stderr);
        let _ = out.join();
        let code = wait(&child);
        // The asker still reads; only the thread above stops.
        let _ = to.shutdown(Shutdown::Read);
        code
    })
}

/// Waits without holding the child, so that it can be killed meanwhile.
fn wait(child: &Mutex<&mut Child>) -> u8 {
    loop {
        match child
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .try_wait()
        {
            Ok(None) => {}
            Ok(Some(status)) => {
                return status
                    .code()
                    .and_then(|c| u8::try_from(c).ok())
                    .unwrap_or(137);
            }
            Err(_) => return 70,
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn pump(from: Option<impl Read>, line: &Mutex<&UnixStream>, answer: fn(Vec<u8>) -> Answer) {
    let Some(mut from) = from else { return };
    let mut buffer = vec![0; CHUNK];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let octets = buffer.get(..length).unwrap_or_default().to_vec();
        let mut to = line.lock().unwrap_or_else(PoisonError::into_inner);
        if send(&mut *to, &answer(octets)).is_err() {
            return;
        }
    }
}
