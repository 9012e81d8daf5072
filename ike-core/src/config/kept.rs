//! Lines that are known, kept and printed back, but not acted on: logging, time, parts of PKI and IKEv2 (G-005, G-006, G-009, G-065).
use super::grammar::{Args, Command, Fault};
use super::model::KeptBlock;
use super::state::{Mode, State, enter};

/// Kept lines. Those of `crypto` may open a sub-mode.
pub(super) const COMMANDS: &[Command<State>] = &[
    Command {
        patterns: SINGLE,
        run: keep,
    },
    Command {
        patterns: BLOCKS,
        run: keep_block,
    },
];

const SINGLE: &[&str] = &[
    "{clock} <line>",
    "{logging} <line>",
    "{ntp} <line>",
    "{service} <line>",
    "{crypto} {key} <line>",
    "{crypto} {map} <word> {local-address} <if>",
];

const BLOCKS: &[&str] = &[
    "{crypto} {ikev2} {client|cluster|cts|name-mangler|reconnect} <line>",
    "{crypto} {pki} {profile} {enrollment} <word>",
    "{crypto} {pki} {server} <word>",
    "{crypto} {pki} {trustpool} {policy}",
    "{crypto} {pki} {trustpool} {import} <line>",
];

fn keep(state: &mut State, args: &Args) -> Result<(), Fault> {
    put(state, args);
    Ok(())
}

fn keep_block(state: &mut State, args: &Args) -> Result<(), Fault> {
    if let Some(index) = put(state, args) {
        state.mode = Mode::Kept(index);
        state.kept_note = true;
    }
    Ok(())
}

/// Keeps a line, or removes the blocks that a `no` line names. A `no` line that names none is kept itself (G-045).
fn put(state: &mut State, args: &Args) -> Option<usize> {
    let line = args.values.join(" ");
    let kept = &mut state.config.kept;
    if args.sets() {
        return Some(enter(
            kept,
            |block| block.line == line,
            || KeptBlock {
                line: line.clone(),
                body: Vec::new(),
            },
        ));
    }
    let before = kept.len();
    kept.retain(|block| block.line != line && !block.line.starts_with(&format!("{line} ")));
    if args.no && kept.len() == before {
        let line = format!("no {line}");
        enter(
            kept,
            |block| block.line == line,
            || KeptBlock {
                line: line.clone(),
                body: Vec::new(),
            },
        );
    }
    None
}
