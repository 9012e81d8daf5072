//! Looks a line up in a command table and carries it out.
use super::grammar::{self, Args, Command, Fault, Found, Miss};
use super::lexer::Word;
use super::state::State;
use super::{crypto_map, global, ikev2, interface, ipsec, isakmp, kept, keyring, pki, profile};

/// What became of a line in one table.
pub(super) enum Attempt {
    Done(String),
    Refused(Fault, Args),
    Missed(Miss),
}

pub(super) fn run<T>(
    table: &'static [Command<T>],
    target: Option<&mut T>,
    words: &[Word],
    line: &str,
) -> Attempt {
    let table: Vec<&Command<T>> = table.iter().collect();
    attempt(&table, target, words, line)
}

/// What the table around a sub-mode makes of a line that misses in the sub-mode.
pub(super) fn or(attempt: Attempt, around: impl FnOnce() -> Attempt) -> Attempt {
    let Attempt::Missed(mut miss) = attempt else {
        return attempt;
    };
    match around() {
        Attempt::Missed(other) if other.at > miss.at => Attempt::Missed(other),
        Attempt::Missed(other) => {
            let further = other.expected.into_iter().filter(|_| other.at == miss.at);
            miss.expected.extend(further);
            Attempt::Missed(miss)
        }
        found => found,
    }
}

/// Looks a line up in a table and carries it out; without a target it is only looked up.
pub(super) fn attempt<T>(
    table: &[&'static Command<T>],
    target: Option<&mut T>,
    words: &[Word],
    line: &str,
) -> Attempt {
    let (negation, rest) = split_negation(words);
    let patterns = table.iter().map(|command| command.patterns);
    let Found {
        command,
        mut args,
        mut canonical,
    } = match grammar::find(patterns, rest, line, negation.is_some()) {
        Ok(found) => found,
        Err(miss) => return Attempt::Missed(miss),
    };
    args.no = negation == Some("no");
    args.default = negation == Some("default");
    if let Some(negation) = negation {
        canonical.insert_str(0, &format!("{negation} "));
    }
    let (Some(command), Some(target)) = (table.get(command), target) else {
        return Attempt::Done(canonical);
    };
    match (command.run)(target, &args) {
        Ok(()) => Attempt::Done(canonical),
        Err(fault) => Attempt::Refused(fault, args),
    }
}

/// A leading `no` or `default`, and the words after it.
pub(super) fn split_negation(words: &[Word]) -> (Option<&'static str>, &[Word]) {
    let first = words
        .first()
        .map(|word| word.text.to_ascii_lowercase())
        .unwrap_or_default();
    let negation = ["no", "default"]
        .into_iter()
        .find(|negation| *negation == first);
    match negation {
        Some(_) => (negation, words.get(1..).unwrap_or_default()),
        None => (None, words),
    }
}

pub(super) fn global_commands() -> Vec<&'static Command<State>> {
    let tables = [
        global::COMMANDS,
        isakmp::COMMANDS,
        keyring::COMMANDS,
        profile::COMMANDS,
        pki::COMMANDS,
        ipsec::COMMANDS,
        crypto_map::COMMANDS,
        interface::COMMANDS,
        ikev2::COMMANDS,
        ikev2::proposal::COMMANDS,
        ikev2::keyring::COMMANDS,
        ikev2::profile::COMMANDS,
        ikev2::authorization::COMMANDS,
        kept::COMMANDS,
    ];
    tables.into_iter().flatten().collect()
}
