//! Whose mistake a line is that fits no command, and what is said about it.
//!
//! Wrong lines of crypto are errors, in the open sub-mode or outside. Lines that have nothing to do with crypto are warnings: the
//! configuration works without them. In a sub-mode, an indented line is the sub-mode's; a line at the margin is only if nothing
//! separates it from the lines before and its first word looks like one of the sub-mode's.
use super::attempt::{Attempt, attempt, global_commands, split_negation};
use super::diagnostic::{Diagnostic, Severity};
use super::grammar::{self, Args, Fault, Miss, MissKind};
use super::lexer::Word;
use super::modes::patterns;
use super::reader::Reader;
use super::state::{Mode, State};
use super::{codes, crypto_map, ikev2, ipsec, isakmp, keyring, profile, suggest};
use super::{trustpoint, value};

impl Reader<'_> {
    /// A line that is neither a command of the sub-mode nor a global one.
    pub(super) fn not_found(&mut self) {
        match self.state.mode {
            Mode::Kept(index) if self.is_indented() || !self.separated => return self.keep(index),
            _ => {}
        }
        let sub = self.sub_miss();
        let global = miss(attempt::<State>(
            &global_commands(),
            None,
            &self.words,
            self.source,
        ));
        match sub {
            Some(sub)
                if self.state.mode.is_crypto()
                    && self.belongs_here(&sub)
                    && sub.at >= global.at =>
            {
                self.miss(Severity::Error, &sub);
            }
            Some(sub) if sub.at >= global.at && (sub.at > 0 || self.is_indented()) => {
                let tunnel = self.first_is("tunnel") || self.first_is("crypto");
                self.miss(
                    if tunnel {
                        Severity::Error
                    } else {
                        Severity::Warning
                    },
                    &sub,
                );
            }
            _ => self.global_miss(&global),
        }
    }

    pub(super) fn sub_miss(&mut self) -> Option<Miss> {
        // A line that misses changes nothing.
        self.try_sub().map(miss)
    }

    /// Whether a line that is not understood is meant for the open sub-mode.
    pub(super) fn belongs_here(&self, sub: &Miss) -> bool {
        let first = self
            .significant()
            .first()
            .map(|word| word.text.as_str())
            .unwrap_or_default();
        let near = suggest::nearest(first, sub.expected.iter().map(String::as_str)).is_some();
        self.is_indented() || (!self.separated && (sub.at > 0 || near))
    }

    pub(super) fn global_miss(&mut self, miss: &Miss) {
        if self.first_is("crypto") {
            self.miss(Severity::Error, miss);
        } else if let Some(block) = self.sub_mode_of_line() {
            let message = format!("`{}` belongs under `{block}`", self.shown(0));
            self.report(Severity::Error, codes::WRONG_MODE, 0, message, None);
        } else if miss.at > 0 {
            self.miss(Severity::Warning, miss);
        } else {
            let message = format!("`{}` is not understood; the line is ignored", self.shown(0));
            self.report(Severity::Warning, codes::IGNORED_LINE, 0, message, None);
        }
        self.state.mode = Mode::Skipped;
    }

    /// The crypto sub-mode in which the line would be a command.
    pub(super) fn sub_mode_of_line(&self) -> Option<&'static str> {
        let known = |found: Result<_, Miss>| found.is_ok();
        let (no, words) = split_negation(&self.words);
        let find = |patterns: Vec<&'static [&'static str]>| {
            known(grammar::find(
                patterns.into_iter(),
                words,
                self.source,
                no.is_some(),
            ))
        };
        let modes = [
            ("crypto isakmp policy", patterns(isakmp::POLICY)),
            ("crypto isakmp profile", patterns(profile::PROFILE)),
            ("crypto ipsec profile", patterns(ipsec::PROFILE)),
            ("crypto map", patterns(crypto_map::MAP)),
            ("crypto ipsec transform-set", patterns(ipsec::SET)),
            ("crypto pki trustpoint", patterns(trustpoint::TRUSTPOINT)),
            ("crypto keyring", patterns(keyring::KEYRING)),
            ("crypto ikev2 proposal", patterns(ikev2::proposal::PROPOSAL)),
            ("crypto ikev2 policy", patterns(ikev2::proposal::POLICY)),
            ("crypto ikev2 profile", patterns(ikev2::profile::PROFILE)),
            ("crypto ikev2 keyring", patterns(ikev2::keyring::KEYRING)),
            ("peer", patterns(ikev2::keyring::PEER)),
        ];
        modes
            .into_iter()
            .find(|(_, patterns)| find(patterns.clone()))
            .map(|(name, _)| name)
    }

    /// The tech note's `Tunnell`: an interface number written with the letter l.
    pub(super) fn warn_letter_l(&mut self) {
        let interface = self.first_is("interface") && self.words.len() == 2;
        let found = self
            .words
            .get(1)
            .and_then(|word| value::interface(&word.text));
        if let Some(found) = found.filter(|found| interface && found.letter_l) {
            let message = format!("interface number `l` read as `1`: {}", found.name);
            self.report(Severity::Warning, codes::LETTER_L, 1, message, None);
        }
    }

    pub(super) fn refuse(&mut self, fault: Fault, args: &Args) {
        if self.state.mode == Mode::Global {
            // The lines below an object that was not made belong to it.
            self.state.mode = Mode::Skipped;
        }
        let skipped = self.words.len() - self.significant().len();
        let at = args.places.get(fault.value).copied().unwrap_or_default() + skipped;
        self.report(Severity::Error, fault.code, at, fault.message, fault.help);
    }

    /// Reports why a line fits no command. Positions in a miss do not count a leading `no`.
    pub(super) fn miss(&mut self, severity: Severity, miss: &Miss) {
        let at = miss.at + (self.words.len() - self.significant().len());
        let word = self
            .words
            .get(at)
            .map(|word| word.text.as_str())
            .unwrap_or_default();
        let keywords = miss
            .expected
            .iter()
            .filter(|item| !item.starts_with('<'))
            .map(String::as_str);
        let transforms = ipsec::TRANSFORMS.iter().map(|(name, _)| *name);
        let is_transform = miss.expected.iter().any(|item| item == "<transform>");
        let near = suggest::nearest(word, keywords.chain(transforms.filter(|_| is_transform)));
        let help = near
            .map(|near| format!("did you mean `{near}`?"))
            .or_else(|| listed(&miss.expected));
        let shown = self.shown(at);
        let value = miss.expected.iter().all(|item| item.starts_with('<'));
        let (code, message) = match miss.kind {
            MissKind::Incomplete => (codes::INCOMPLETE, "incomplete command".to_owned()),
            MissKind::Ambiguous => (codes::AMBIGUOUS, format!("ambiguous command: `{shown}`")),
            MissKind::TooLong => (
                codes::UNEXPECTED_WORD,
                format!("`{shown}` after the end of the command"),
            ),
            MissKind::Unknown if is_transform => (
                codes::UNKNOWN_TRANSFORM,
                format!("unknown transform `{shown}`"),
            ),
            MissKind::Unknown if value => (codes::BAD_VALUE, format!("bad value `{shown}`")),
            MissKind::Unknown if miss.at > 0 => {
                (codes::UNEXPECTED_WORD, format!("unexpected word `{shown}`"))
            }
            MissKind::Unknown => (codes::UNKNOWN_COMMAND, format!("unknown command `{shown}`")),
        };
        let code = if severity == Severity::Error {
            code
        } else {
            codes::IGNORED_LINE
        };
        self.report(severity, code, at, message, help);
    }

    pub(super) fn shown(&self, at: usize) -> String {
        let text = self
            .words
            .get(at)
            .map(|word| word.text.as_str())
            .unwrap_or_default();
        text.chars()
            .take(80)
            .map(|c| if c.is_control() { '?' } else { c })
            .collect()
    }

    /// Reports at a word of the line, or behind its last one.
    pub(super) fn report(
        &mut self,
        severity: Severity,
        code: &'static str,
        at: usize,
        message: String,
        help: Option<String>,
    ) {
        let behind = self
            .words
            .last()
            .map_or(1, |word| word.column + word.length + 1);
        let (column, length) = self
            .words
            .get(at)
            .map_or((behind, 1), |word| (word.column, word.length));
        let (file, source) = (self.file.to_owned(), self.source.to_owned());
        let line = self.number;
        self.parsed.diagnostics.push(Diagnostic {
            severity,
            code,
            file,
            line,
            column,
            length,
            source,
            message,
            help,
        });
    }

    pub(super) fn significant(&self) -> &[Word] {
        split_negation(&self.words).1
    }

    pub(super) fn is_indented(&self) -> bool {
        self.words.first().is_some_and(|word| word.column > 1)
    }

    /// Whether the first word (after `no`) is this keyword, in full or abbreviated to three letters or more.
    pub(super) fn first_is(&self, keyword: &str) -> bool {
        let first = self
            .significant()
            .first()
            .map(|word| word.text.to_ascii_lowercase())
            .unwrap_or_default();
        first.len() >= 3 && keyword.starts_with(&first)
    }
}

fn miss(attempt: Attempt) -> Miss {
    match attempt {
        Attempt::Missed(miss) => miss,
        Attempt::Done(_) | Attempt::Refused(..) => Miss {
            at: 0,
            kind: MissKind::Unknown,
            expected: Vec::new(),
        },
    }
}

fn listed(expected: &[String]) -> Option<String> {
    let end = expected.is_empty() || expected.len() > 12;
    (!end).then(|| format!("expected: {}", expected.join(", ")))
}
