//! Command tables and how a line finds its command in one.
//!
//! A pattern is a line of items: `word` is a keyword, `{a|b}` a choice of keywords that is captured, `<kind>` a captured value. The
//! kinds: `<word>` any word, `<line>` the rest of the line, `<ip>`, `<mask>`, `<ip6>`, `<address>` of either family, `<prefix>` an IPv6
//! address and a length, `<if>` an interface, `<iftype>` its type alone, `<proto>`, `<hex>`, `<transform>`, and `<LOW-HIGH>` a number. A last
//! item with `+` stands once or more. Keywords may be abbreviated to a unique prefix, except where a value could stand as well
//! (IOS-FACTS section 3).
use super::lexer::{Word, is_blank};
use super::value;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One command: its patterns and what it does to a target of type `T`.
pub(super) struct Command<T: 'static> {
    pub(super) patterns: &'static [&'static str],
    pub(super) run: fn(&mut T, &Args) -> Result<(), Fault>,
}

/// Why a command with good syntax is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Index of the captured value at fault.
    pub(super) value: usize,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// The captured values of a matched line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Args {
    /// `no` was in front.
    pub(super) no: bool,
    /// `default` was in front.
    pub(super) default: bool,
    /// The values in order, keywords of choices in full.
    pub(super) values: Vec<String>,
    /// Index of each value's word in the line.
    pub(super) places: Vec<usize>,
}

impl Args {
    /// Whether the command sets something (neither `no` nor `default`).
    pub(super) fn sets(&self) -> bool {
        !self.no && !self.default
    }

    /// The value, if the line has it.
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        self.values.get(index).map(String::as_str)
    }

    /// The value as a string, empty if absent.
    pub(super) fn text(&self, index: usize) -> String {
        self.get(index).unwrap_or_default().to_owned()
    }

    /// A value the matcher has found to be a number.
    pub(super) fn number(&self, index: usize) -> Option<u32> {
        self.get(index)?.parse().ok()
    }

    /// A value the matcher has found to be an address.
    pub(super) fn ip(&self, index: usize) -> Option<Ipv4Addr> {
        self.get(index)?.parse().ok()
    }

    /// A value the matcher has found to be an address of either family.
    pub(super) fn address(&self, index: usize) -> Option<IpAddr> {
        self.get(index)?.parse().ok()
    }

    /// A value the matcher has found to be an IPv6 address and a prefix length.
    pub(super) fn prefix(&self, index: usize) -> Option<(Ipv6Addr, u8)> {
        value::prefix6(self.get(index)?)
    }

    /// An address and the bits that count: an IPv6 prefix, or an address with its mask behind it, a host without one.
    pub(super) fn network(&self, index: usize) -> Option<(IpAddr, u8)> {
        if let Some((prefix, length)) = self.get(index).and_then(value::prefix6) {
            return Some((prefix.into(), length));
        }
        let address = self.address(index)?;
        let host = if address.is_ipv4() { 32 } else { 128 };
        let mask = self.get(index + 1).filter(|_| address.is_ipv4());
        let bits = mask.map_or(Some(host), |_| self.length(index + 1))?;
        Some((address, bits))
    }

    /// A value the matcher has found to be a mask, as prefix length.
    pub(super) fn length(&self, index: usize) -> Option<u8> {
        value::prefix_length(self.ip(index)?)
    }
}

/// A line that found its command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Index of the command in the table.
    pub(super) command: usize,
    pub(super) args: Args,
    /// The line with every keyword in full, one blank between words.
    pub(super) canonical: String,
}

/// A line that found none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Miss {
    /// Index of the word at fault, the number of words for a line that is too short.
    pub(super) at: usize,
    pub(super) kind: MissKind,
    /// What could stand there: keywords, and values in angle brackets.
    pub(super) expected: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MissKind {
    Unknown,
    Ambiguous,
    Incomplete,
    TooLong,
}

/// A pattern that still fits the words read so far.
#[derive(Clone)]
struct Candidate<'p> {
    command: usize,
    /// The items to come, separated by blanks.
    rest: &'p str,
    args: Args,
    canonical: String,
    /// A `<line>` has taken the rest of the line.
    finished: bool,
    /// The item to come has stood already and need not stand again.
    repeated: bool,
    /// A value (not just a keyword) has been captured.
    named: bool,
}

/// Finds the command that a line (without `no` or `default`) stands for.
///
/// `partial` accepts a line that ends early when only one command is left (`no lifetime`), or when it names its object
/// (`no crypto map M`): then the first command in the table is meant.
pub(super) fn find<'p>(
    commands: impl Iterator<Item = &'p [&'p str]>,
    words: &[Word],
    line: &str,
    partial: bool,
) -> Result<Found, Miss> {
    let candidates = read(commands, words, line)?;
    finish(candidates, words.len(), partial)
}

/// What may follow some words: keywords, and values in angle brackets; and whether a line may end there.
pub(super) fn following<'p>(
    commands: impl Iterator<Item = &'p [&'p str]>,
    words: &[Word],
    line: &str,
) -> Result<(Vec<String>, bool), Miss> {
    let candidates = read(commands, words, line)?;
    let may_end = candidates.iter().any(Candidate::complete) && !words.is_empty();
    // The rest of a line has been taken: nothing follows it.
    let open = candidates.into_iter().filter(|c| !c.finished);
    Ok((in_order(&open.collect::<Vec<_>>()), may_end))
}

/// The candidates that are left after some words.
fn read<'p>(
    commands: impl Iterator<Item = &'p [&'p str]>,
    words: &[Word],
    line: &str,
) -> Result<Vec<Candidate<'p>>, Miss> {
    let patterns = commands.enumerate().flat_map(|(command, patterns)| {
        let patterns = patterns.iter();
        patterns.map(move |pattern| (command, *pattern))
    });
    let mut candidates = beginning(patterns.collect(), words.first());
    for (at, word) in words.iter().enumerate() {
        if candidates.iter().all(|candidate| candidate.finished) {
            break;
        }
        candidates = step(candidates, at, word, line)?;
    }
    Ok(candidates)
}

/// What could stand next, in alphabetical order as `?` lists it, values last.
fn in_order(candidates: &[Candidate<'_>]) -> Vec<String> {
    let mut words = expected(candidates, |_| true);
    words.sort_by_key(|word| (word.starts_with('<'), word.clone()));
    words
}

/// The patterns that a line may stand for by its first word. A keyword in full leaves nothing else (see [`step`]), so most
/// patterns are gone before anything is kept for them.
fn beginning<'p>(patterns: Vec<(usize, &'p str)>, first: Option<&Word>) -> Vec<Candidate<'p>> {
    let in_full = |pattern: &str| {
        let item = pattern.split(' ').next().unwrap_or_default();
        first.is_some_and(|word| {
            keywords(item).any(|keyword| keyword.eq_ignore_ascii_case(&word.text))
        })
    };
    let all = !patterns.iter().any(|(_, pattern)| in_full(pattern));
    let begin = patterns
        .into_iter()
        .filter(|(_, pattern)| all || in_full(pattern));
    begin
        .map(|(command, pattern)| Candidate::new(command, pattern))
        .collect()
}

impl<'p> Candidate<'p> {
    fn new(command: usize, pattern: &'p str) -> Self {
        Self {
            command,
            rest: pattern,
            args: Args::default(),
            canonical: String::new(),
            finished: false,
            repeated: false,
            named: false,
        }
    }

    /// The line may end here.
    fn complete(&self) -> bool {
        self.rest.is_empty() || self.repeated
    }

    /// The item that the next word has to fit.
    fn next(&self) -> Option<&'p str> {
        self.rest.split(' ').next().filter(|item| !item.is_empty())
    }

    /// The candidate after one more word, for which `text` is kept.
    fn take(&self, at: usize, text: &str) -> Self {
        let mut after = self.clone();
        let (item, rest) = self.rest.split_once(' ').unwrap_or((self.rest, ""));
        after.repeated = item.ends_with('+');
        if !after.repeated {
            after.rest = rest;
        }
        if !after.canonical.is_empty() {
            after.canonical.push(' ');
        }
        after.canonical.push_str(text);
        if item.starts_with(['{', '<']) {
            after.args.values.push(text.to_owned());
            after.args.places.push(at);
        }
        after.named |= item.starts_with('<');
        after.finished = item == "<line>";
        after
    }
}

/// Keeps the candidates that fit one more word: by a keyword in full, else by a value, else by an abbreviated keyword.
fn step<'p>(
    candidates: Vec<Candidate<'p>>,
    at: usize,
    word: &Word,
    line: &str,
) -> Result<Vec<Candidate<'p>>, Miss> {
    let keep = |fit: &dyn Fn(&str) -> Option<String>| -> Vec<Candidate<'p>> {
        let take = |candidate: &Candidate<'p>| Some(candidate.take(at, &fit(candidate.next()?)?));
        candidates.iter().filter_map(take).collect()
    };
    let by_keyword = keep(&|item| exact(item, &word.text));
    if !by_keyword.is_empty() {
        return Ok(by_keyword);
    }
    let by_value = keep(&|item| fits_value(item, word, line));
    if !by_value.is_empty() {
        return Ok(by_value);
    }
    let meant = expected(&candidates, |item| {
        !item.starts_with('<') && is_prefix(&word.text, item)
    });
    match &*meant {
        [keyword] => Ok(keep(&|item| exact(item, keyword))),
        [] => Err(miss(&candidates, at)),
        _ => Err(Miss {
            at,
            kind: MissKind::Ambiguous,
            expected: meant,
        }),
    }
}

fn miss(candidates: &[Candidate<'_>], at: usize) -> Miss {
    let end = candidates.iter().all(|candidate| candidate.rest.is_empty());
    let kind = if end {
        MissKind::TooLong
    } else {
        MissKind::Unknown
    };
    Miss {
        at,
        kind,
        expected: expected(candidates, |_| true),
    }
}

/// The keywords of an item: one, or those of a choice.
fn keywords(item: &str) -> impl Iterator<Item = &str> {
    let item = once(item);
    let inner = item
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .unwrap_or(item);
    inner.split('|').filter(|keyword| !keyword.starts_with('<'))
}

/// An item without the mark of repetition.
fn once(item: &str) -> &str {
    item.strip_suffix('+').unwrap_or(item)
}

fn exact(item: &str, word: &str) -> Option<String> {
    keywords(item)
        .find(|keyword| keyword.eq_ignore_ascii_case(word))
        .map(str::to_owned)
}

/// The keyword begins like the word, in either case.
pub(super) fn is_prefix(word: &str, keyword: &str) -> bool {
    !word.is_empty()
        && keyword
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// The text to keep when a word is a value of the item's kind.
fn fits_value(item: &str, word: &Word, line: &str) -> Option<String> {
    let kind = once(item).strip_prefix('<')?.strip_suffix('>')?;
    let text = word.text.as_str();
    let same = || Some(text.to_owned());
    match kind {
        "word" => same().filter(|_| is_name(text)),
        "line" => line
            .get(word.start..)
            .map(|rest| rest.trim_end_matches(is_blank).to_owned()),
        "ip" => text.parse::<Ipv4Addr>().ok().map(|ip| ip.to_string()),
        "address" => text.parse::<IpAddr>().ok().map(|ip| ip.to_string()),
        "ip6" => text.parse::<Ipv6Addr>().ok().map(|ip| ip.to_string()),
        "prefix" => value::prefix6(text).map(|(ip, length)| format!("{ip}/{length}")),
        "mask" => value::prefix_length(text.parse().ok()?).and_then(|_| same()),
        "if" => value::interface(text).and_then(|_| same()),
        "iftype" => value::interface_type(text).map(str::to_owned),
        "proto" => value::protocol(text).map(|number| number.to_string()),
        "hex" => value::hex(text).and_then(|_| same()),
        "transform" => super::ipsec::is_transform(text).then(|| text.to_ascii_lowercase()),
        _ => {
            let (low, high) = kind.split_once('-')?;
            value::number(text, low.parse().ok()?, high.parse().ok()?)
                .map(|number| number.to_string())
        }
    }
}

/// Names have no blanks or control characters (a quoted word could).
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// What could stand next and is wanted, each thing once.
fn expected(candidates: &[Candidate<'_>], wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let value = |item| Some(item).filter(|item: &&str| item.starts_with('<'));
    let items = candidates.iter().filter_map(Candidate::next).map(once);
    let items = items.flat_map(|item| value(item).into_iter().chain(keywords(item)));
    let new = items.filter(|item| wanted(item) && seen.insert(*item));
    new.map(str::to_owned).collect()
}

fn finish(candidates: Vec<Candidate<'_>>, length: usize, partial: bool) -> Result<Found, Miss> {
    let complete = candidates.iter().find(|candidate| candidate.complete());
    let first = candidates.first();
    let only = |first: &&Candidate<'_>| {
        first.named
            || candidates
                .iter()
                .all(|other| other.command == first.command)
    };
    let only = first.filter(|first| partial && length > 0 && only(first));
    match complete.or(only) {
        Some(Candidate {
            command,
            args,
            canonical,
            ..
        }) => Ok(Found {
            command: *command,
            args: args.clone(),
            canonical: canonical.clone(),
        }),
        None => Err(Miss {
            at: length,
            kind: MissKind::Incomplete,
            expected: expected(&candidates, |_| true),
        }),
    }
}
