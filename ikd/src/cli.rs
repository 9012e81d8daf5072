//! The command line: arguments, and the exit codes that scripts rely on.
//!
//! 0 ok, 1 negotiation failed, 2 usage, 3 configuration invalid, 4 daemon not reachable,
//! 5 permission or capability missing, 6 timeout, 7 PKI failure, 8 predicted not to come up,
//! 70 internal error.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::layer::SubscriberExt;

pub(crate) use crate::ask::{Device, exit_code};
use crate::ask::{EXEC, ask};
use crate::control::{self, Request};
use crate::log::{Format, IosLayer, Sink, Switch, switches};
use crate::runtime::{self, Options};
use crate::{
    bundle, capture, check, console, convert, decode, doctor, errors, explain, fmt, lab, manual,
    pki, pki_cli, predict, replay, report,
};

/// An IKE daemon that reads Cisco IOS configuration and behaves as IOS 15.3T.
#[derive(Debug, Parser)]
#[command(name = "ikd", version, about, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  ikd lab demo                              the tech note's cases, on real packets, no root
  ikd lab run config/labs/t-02              one case; exit 0 when it ends as the folder expects
  ikd lab run R1.cfg R2.cfg --initiate R2   your own two routers
  ikd lab up --peer strongswan R1.cfg R2.cfg   the second one is strongSwan, translated
  ikd predict R1.cfg R2.cfg                 who can start, and the rule and line that say so
  ikd explain Tunnel1                       why its last negotiation ended as it did
  ikd decode capture.pcapng                 the IKE messages of a capture, a line a payload
  ikd check R1.cfg R2.cfg                   errors with line, column and a suggestion; two files: what only both show
  ikd errors W0113                          a code of check: the rule, an example, the way out
  ikd run -c R1.cfg --name R1               a daemon; then: ikd exec -d R1 show crypto isakmp sa";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon in the foreground.
    Run(RunArgs),
    /// Run an IOS exec line on a daemon: show, debug, undebug, clear.
    Exec {
        #[command(flatten)]
        device: Device,
        /// The line, e.g. 'show crypto isakmp sa'; abbreviations as in IOS.
        #[arg(required = true, trailing_var_arg = true)]
        line: Vec<String>,
        /// JSON in place of text.
        #[arg(long)]
        json: bool,
    },
    /// A console as a router has: `?`, tab, abbreviations, a history, configuration mode.
    Cli(Device),
    /// Check configuration files: errors with file, line, column and a suggestion.
    Check {
        /// Files with IOS configuration; of several, each pair with a tunnel between them is checked too.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Notes too, not only errors and warnings.
        #[arg(short, long)]
        verbose: bool,
        /// JSON in place of text.
        #[arg(long)]
        json: bool,
    },
    /// Write a configuration as show running-config prints it.
    Fmt(fmt::FmtArgs),
    /// Write a configuration as strongSwan has it, and what cannot be said there.
    Convert(convert::ConvertArgs),
    /// Print the IKE messages of a capture file.
    Decode(decode::DecodeArgs),
    /// The newest IKE packets of a daemon, decrypted if wanted.
    #[command(subcommand)]
    Capture(capture::CaptureCommand),
    /// Which of two routers can start a tunnel, with rule and line; nothing is sent.
    Predict(predict::PredictArgs),
    /// A negotiation as one file to mail: page, text, diagram, picture or trace.
    Report(report::ReportArgs),
    /// Run a recorded negotiation again, as it was or with something changed.
    Replay(replay::ReplayArgs),
    /// Why a negotiation ended as it did: every decision, its rule, and what else was considered.
    Explain {
        #[command(flatten)]
        device: Device,
        /// `last`, a number of `show crypto explain`, an interface, MAP/SEQUENCE, a peer's address, or the conn-id,
        /// Tunnel-id or SPI of an SA.
        #[arg(default_value = "last")]
        which: String,
        /// JSON in place of text.
        #[arg(long)]
        json: bool,
    },
    /// List the codes of `check`, or explain one: its rule, an example, the way out.
    Errors {
        /// The code, e.g. W0113.
        code: Option<String>,
        /// JSON in place of text.
        #[arg(long)]
        json: bool,
    },
    /// What stands in the way of a daemon or a lab here, and the command that changes it.
    Doctor(doctor::DoctorArgs),
    /// What somebody else needs to understand a daemon, without its secrets: a folder of files.
    SupportBundle(bundle::BundleArgs),
    /// Bring a tunnel or crypto map entry up and wait for the verdict.
    Up {
        #[command(flatten)]
        device: Device,
        /// Interface (Tunnel1) or MAP/SEQUENCE.
        name: String,
        /// Seconds to wait; 0 = do not wait.
        #[arg(long, default_value_t = 10)]
        wait: u64,
    },
    /// Take a tunnel or crypto map entry down.
    Down {
        #[command(flatten)]
        device: Device,
        /// Interface or MAP/SEQUENCE.
        name: String,
    },
    /// Replace the ESP SAs of a tunnel or crypto map entry by new ones.
    Rekey {
        #[command(flatten)]
        device: Device,
        /// Interface or MAP/SEQUENCE.
        name: String,
        /// Replace the IKE SA that carries it (IKEv2).
        #[arg(long, conflicts_with = "child")]
        ike: bool,
        /// Replace the child SA, the pair of ESP SAs [default].
        #[arg(long)]
        child: bool,
    },
    /// Read the configuration file again; a bad one leaves the old one in force.
    Reload(Device),
    /// End the daemon; peers are told.
    Stop(Device),
    /// Whether the daemon is up, and with how many SAs.
    Status(Device),
    /// Routers in network namespaces of their own, without root.
    #[command(subcommand)]
    Lab(lab::LabCommand),
    /// The certificate store of a device: list, verify, order, export, import.
    #[command(subcommand)]
    Pki(pki_cli::PkiCommand),
    /// Completions for a shell, to be put where it looks for them.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// The manual page, or those of every command.
    Man(manual::ManArgs),
}

#[derive(Debug, Args)]
struct RunArgs {
    /// IOS configuration.
    #[arg(
        short,
        long,
        env = "IKD_CONFIG",
        default_value = "/etc/ikd/startup-config"
    )]
    config: PathBuf,
    /// Name of this daemon, for its socket and store.
    #[arg(long, default_value = "ikd")]
    name: String,
    /// Folder of trustpoints and keys [default: /var/lib/ikd/NAME].
    #[arg(long, env = "IKD_STATE_DIR")]
    state: Option<PathBuf>,
    /// File with the passphrase of encrypted private keys (mode 0600) [default: the systemd
    /// credential ikd-key-passphrase].
    #[arg(long, value_name = "FILE")]
    key_passphrase_file: Option<PathBuf>,
    /// Control socket [default: /run/ikd/NAME.sock, or under XDG_RUNTIME_DIR].
    #[arg(long, env = "IKD_SOCKET")]
    socket: Option<PathBuf>,
    /// Check the configuration and end.
    #[arg(long)]
    check: bool,
    /// Carry traffic: userspace ESP over TUN devices, or none.
    #[arg(long, default_value = "userspace", value_parser = ["userspace", "none"])]
    dataplane: String,
    /// Serve metrics for Prometheus at this address, e.g. 127.0.0.1:9430, under /metrics.
    #[arg(long, value_name = "ADDR:PORT")]
    metrics: Option<std::net::SocketAddr>,
    /// Write Wireshark key tables into this folder (mode 0600). Whoever reads them reads the traffic.
    #[arg(long)]
    keylog: Option<PathBuf>,
    /// Octets of the newest IKE packets that are kept for `ikd capture save`; 0 = none.
    #[arg(long, value_name = "OCTETS", default_value_t = capture::DEFAULT_OCTETS)]
    capture_size: usize,
    /// Do not keep the keys of these packets in memory.
    #[arg(long)]
    no_capture_keys: bool,
    /// How log lines look.
    #[arg(long, value_enum, default_value_t)]
    log_format: Format,
    /// Turn every debug switch on from the start.
    #[arg(long)]
    debug: bool,
    /// Seconds between phase 1 retransmissions.
    #[arg(long, default_value_t = 10.0)]
    retransmit_interval: f64,
    /// Chassis serial number, for `serial-number` of a trustpoint.
    #[arg(long, default_value = "0")]
    serial: String,
    /// Seconds between polls of a pending certificate request [default: `enrollment retry period`].
    #[arg(long)]
    poll_interval: Option<f64>,
}

/// Does what the command line says.
pub fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Run(args) => daemon(args),
        Command::Exec { device, line, json } => {
            let line = line.join(" ");
            ask(&device, &Request::Exec { line, json }, EXEC)
        }
        Command::Check {
            files,
            verbose,
            json,
        } => check::run(&files, verbose, json),
        Command::Cli(device) => console::run(&device.path()),
        Command::Fmt(args) => fmt::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Capture(command) => capture::run(&command),
        Command::Decode(args) => decode::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Explain {
            device,
            which,
            json,
        } => explain::run(&device.path(), &which, json),
        Command::Errors { code, json } => errors::run(code.as_deref(), json),
        Command::Doctor(args) => doctor::run(&args),
        Command::SupportBundle(args) => bundle::run(&args),
        Command::Up { device, name, wait } => ask(&device, &Request::Up { name, wait }, wait + 5),
        Command::Down { device, name } => ask(&device, &Request::Down { name }, 10),
        Command::Rekey {
            device, name, ike, ..
        } => ask(&device, &Request::Rekey { name, ike }, 10),
        Command::Reload(device) => ask(&device, &Request::Reload, 10),
        Command::Stop(device) => ask(&device, &Request::Stop, 10),
        Command::Status(device) => ask(&device, &Request::Status, 10),
        Command::Lab(command) => lab::run(command),
        Command::Pki(command) => pki_cli::run(command),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man(args) => manual::man(&args),
    }
}

/// Prints to stdout; a closed pipe is not our trouble.
pub(crate) fn print(text: &str) {
    use std::io::Write;
    if !text.is_empty() {
        let _ = writeln!(std::io::stdout(), "{}", text.trim_end_matches('\n'));
    }
}

/// Prints to stderr.
pub(crate) fn complain(text: &str) {
    use std::io::Write;
    if text.trim().is_empty() {
        return;
    }
    let _ = writeln!(std::io::stderr(), "{}", text.trim_end_matches('\n'));
}

fn daemon(args: RunArgs) -> ExitCode {
    let config = match check::file(&args.config) {
        Ok(checked) if !checked.has_errors() => {
            complain(&checked.report(false));
            checked.config
        }
        Ok(checked) => {
            complain(&checked.report(false));
            return ExitCode::from(3);
        }
        Err(text) => {
            complain(&text);
            return ExitCode::from(3);
        }
    };
    if args.check {
        print(&format!("{}: no errors", args.config.display()));
        return ExitCode::SUCCESS;
    }
    let sink = Sink::new(Box::new(std::io::stderr()));
    let subscriber =
        tracing_subscriber::registry().with(IosLayer::new(sink.clone(), args.log_format));
    // Only this function sets the subscriber.
    let _ = tracing::subscriber::set_global_default(subscriber);
    if args.debug {
        switches().set_all(true);
    }
    switches().set(Switch::Always, true);
    let options = Options {
        state: args
            .state
            .unwrap_or_else(|| PathBuf::from("/var/lib/ikd").join(&args.name)),
        socket: args
            .socket
            .unwrap_or_else(|| control::socket_path(&args.name)),
        userspace: args.dataplane == "userspace",
        metrics: args.metrics,
        keylog: args.keylog,
        capture_octets: args.capture_size,
        capture_keys: !args.no_capture_keys,
        key_passphrase_file: args.key_passphrase_file,
        retransmit: Duration::from_secs_f64(args.retransmit_interval.clamp(0.05, 3600.0)),
        device: pki::Device {
            serial: args.serial,
            poll: args
                .poll_interval
                .map(|s| Duration::from_secs_f64(s.clamp(0.01, 86_400.0))),
        },
        config: args.config,
        name: args.name,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(4)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(e) => {
            complain(&format!("no runtime: {e}"));
            return ExitCode::from(70);
        }
    };
    match runtime.block_on(runtime::run(options, config, sink)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            complain(&e.text);
            ExitCode::from(e.code)
        }
    }
}
