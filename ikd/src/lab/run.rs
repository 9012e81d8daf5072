//! `ikd lab run` and `ikd lab demo`: cases from start to verdict.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::arguments::CaseArgs;
use super::case::Case;
use super::embedded;
use super::enrol::Keys;
use super::error::{LabError, at};
use super::leftovers;
use super::live::Lab;
use super::outcome::Outcome;
use super::simulate::simulate;
use super::{artefacts, cas, report};
use crate::cli::{complain, print};

/// `ikd lab run`.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    #[command(flatten)]
    case: CaseArgs,
    /// Keep capture, key tables, logs and verdict in this folder. Whoever reads the tables reads the traffic.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The verdict as JSON.
    #[arg(long)]
    json: bool,
    /// Go on after a failure until both routers have given up.
    #[arg(long)]
    linger: bool,
    #[command(flatten)]
    mode: Mode,
}

/// `ikd lab demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Cases by number or folder, e.g. T-05 [default: the tech note's own].
    #[arg(value_name = "CASE")]
    cases: Vec<String>,
    /// Every case there is.
    #[arg(long, conflicts_with = "cases")]
    all: bool,
    /// Let failing cases run until both routers have given up, a minute each.
    #[arg(long)]
    full: bool,
    /// Where capture, key tables, logs and verdict of each case go.
    #[arg(long, value_name = "DIR", default_value = "target/demo")]
    out: PathBuf,
    #[command(flatten)]
    mode: Mode,
}

/// Real packets or invented time.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Mode {
    /// Run in the simulator in place of namespaces: no privilege, no packets.
    #[arg(long)]
    simulate: bool,
    /// Seed of the simulator.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "simulate")]
    seed: u64,
}

impl Mode {
    /// Enters namespaces if packets are wanted; from then on a signal leaves nothing behind. Call it before any
    /// thread is started.
    fn prepare(self) -> Result<(), LabError> {
        let signals = leftovers::block_signals()?;
        if !self.simulate {
            super::isolate()?;
        }
        leftovers::clean_on(signals);
        Ok(())
    }

    fn run(self, case: &Case, keys: &Keys, out: Option<&Path>) -> Result<Outcome, LabError> {
        if self.simulate {
            in_simulator(case, keys, self.seed, out)
        } else {
            in_namespaces(case, keys, out)
        }
    }
}

/// Runs one case; true = up, or as its folder expects.
///
/// # Errors
/// It could not be run.
pub(super) fn run(args: &RunArgs) -> Result<bool, LabError> {
    let mut case = args.case.case(None)?;
    case.until_given_up |= args.linger;
    if args.mode.simulate && case.has_peer() {
        return Err(LabError::usage(
            "the simulator has no strongSwan: leave --simulate or --peer out",
        ));
    }
    args.mode.prepare()?;
    let outcome = args
        .mode
        .run(&case, &Keys::default(), args.out.as_deref())?;
    let differences = outcome.differences(&case);
    if args.json {
        print(&artefacts::json(&outcome.verdict));
        differences
            .iter()
            .for_each(|d| complain(&format!("differs: {d}")));
    } else {
        print(&report::text(&case, &outcome));
        if case.expect.is_some() {
            print(&report::comparison(&differences));
        }
    }
    Ok(if case.expect.is_some() {
        differences.is_empty()
    } else {
        outcome.verdict.up
    })
}

/// Runs embedded cases and prints a table; true = all as expected.
///
/// # Errors
/// A case could not be run.
pub(super) fn demo(args: &DemoArgs) -> Result<bool, LabError> {
    let cases = demo_cases(args)?;
    args.mode.prepare()?;
    let keys = Keys::default();
    if let Some(case) = cases.first() {
        print(&how_enrolled(case, args.mode.simulate));
    }
    let started = Instant::now();
    let mut all_as_expected = true;
    print(&row([
        "case", "version", "expected", "got", "where", "time",
    ]));
    for case in &cases {
        let out = args.out.join(&case.folder);
        let outcome = args.mode.run(case, &keys, Some(&out))?;
        let differences = outcome.differences(case);
        print(&table_row(case, &outcome));
        differences
            .iter()
            .for_each(|d| print(&format!("          differs: {d}")));
        all_as_expected &= differences.is_empty();
    }
    let (count, seconds) = (cases.len(), started.elapsed().as_secs_f64());
    let said = if all_as_expected {
        "all as the tech note says"
    } else {
        "NOT all as expected"
    };
    print(&format!(
        "{count} cases in {seconds:.1} s, {said}; reports, captures, keys and logs: {}",
        args.out.display()
    ));
    Ok(all_as_expected)
}

/// Where the certificates come from.
fn how_enrolled(case: &Case, simulated: bool) -> String {
    let way = if simulated {
        "SCEP by call"
    } else {
        "HTTP (SCEP)"
    };
    match cas::plan(case) {
        Ok(plans) => {
            let names: Vec<&str> = plans.iter().map(|p| p.name.as_str()).collect();
            format!(
                "before each case both routers enrol in {} over {way}",
                names.join(" and ")
            )
        }
        Err(why) => format!("routers are enrolled without HTTP: {why}"),
    }
}

fn demo_cases(args: &DemoArgs) -> Result<Vec<Case>, LabError> {
    let mut names: Vec<&str> = args.cases.iter().map(String::as_str).collect();
    if args.all {
        names = embedded::folders();
    } else if names.is_empty() {
        names = embedded::DEMO.to_vec();
    }
    let mut cases = names
        .into_iter()
        .map(Case::embedded)
        .collect::<Result<Vec<_>, _>>()?;
    cases
        .iter_mut()
        .for_each(|case| case.until_given_up = args.full);
    Ok(cases)
}

fn table_row(case: &Case, outcome: &Outcome) -> String {
    let expected = case
        .expect
        .as_ref()
        .map_or_else(String::new, |e| match &e.stopped_at {
            Some(message) => format!("fails at {message}"),
            None if !case.negotiates => format!("{} steps", case.step_count()),
            None => "up".to_owned(),
        });
    let verdict = &outcome.verdict;
    let got = match (&verdict.stopped_at, verdict.up) {
        (_, true) => format!("up, ping {}/{}", verdict.ping.received, verdict.ping.sent),
        (Some(message), false) => format!("fails at {message}"),
        (None, false) if !case.negotiates => "as told".to_owned(),
        (None, false) => "no verdict".to_owned(),
    };
    row([
        &case.folder,
        &verdict.version,
        &expected,
        &got,
        &outcome.place(),
        &format!("{} ms", verdict.milliseconds),
    ])
}

fn row([case, version, expected, got, place, time]: [&str; 6]) -> String {
    format!("{case:<15} {version:<8} {expected:<20} {got:<20} {place:<17} {time:>8}")
}

fn in_namespaces(case: &Case, keys: &Keys, out: Option<&Path>) -> Result<Outcome, LabError> {
    let lab = Lab::start(case, keys, None)?;
    complain(&lab.losses());
    let outcome = lab.play();
    let captured = out.map(|_| lab.captured());
    lab.stop();
    if let (Some(out), Ok(outcome)) = (out, &outcome) {
        artefacts::save(&lab, captured.unwrap_or_default(), outcome, out)?;
    }
    outcome
}

fn in_simulator(
    case: &Case,
    keys: &Keys,
    seed: u64,
    out: Option<&Path>,
) -> Result<Outcome, LabError> {
    let outcome = simulate(case, keys, seed)?;
    if let Some(out) = out {
        artefacts::save_verdict(&outcome.verdict, out)?;
        for (router, log) in &outcome.logs {
            let path = out.join(format!("{router}.log"));
            std::fs::write(&path, log).map_err(at(&path))?;
        }
    }
    Ok(outcome)
}
