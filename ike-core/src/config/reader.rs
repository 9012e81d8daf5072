//! Goes through the lines of a configuration: which mode a line belongs to, which command it is, and what is wrong with it.
//!
//! Sub-modes are told by context, not by indentation: a line is first looked for in the open sub-mode, then among the global
//! commands, which close it. Only for a line that is found nowhere does indentation decide whose mistake it is.
use super::attempt::{Attempt, attempt, global_commands, or, run};
use super::codes;
use super::diagnostic::{Diagnostic, Severity};
use super::lexer::{self, Word};
use super::model::RunningConfig;
use super::state::{Mode, State};
use super::{crypto_map, ikev2, interface, ipsec, isakmp, keyring, lint};
use super::{pki, profile, trustpoint};

/// The result of reading a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// What was understood.
    pub config: RunningConfig,
    /// What there is to say, in the order of the lines; findings about the whole come last.
    pub diagnostics: Vec<Diagnostic>,
    /// Every line that was understood, in order.
    pub places: Vec<Place>,
}

/// A line that was understood, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column of the first word in characters, from 1.
    pub column: usize,
    /// The line that opened the sub-mode in canonical form (`crypto isakmp profile prof1`); empty for global lines. Below a peer
    /// both lines: `crypto ikev2 keyring K peer P`.
    pub block: String,
    /// The command with keywords in full: `ca trust-point IOSCA1`, `no shutdown`. A line that opens a sub-mode has the form that
    /// [`block`](Self::block) has in the lines below it.
    pub command: String,
    /// The text of the line.
    pub source: String,
    /// Its words.
    pub words: Vec<Word>,
}

impl Parsed {
    /// Whether any diagnostic is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The last line of a block (canonical form, empty for global lines) that is this command in canonical form.
    #[must_use]
    pub fn locate(&self, block: &str, command: &str) -> Option<&Place> {
        self.places
            .iter()
            .rev()
            .find(|place| place.block == block && place.command == command)
    }
}

/// Reads a configuration. `file` is only used in diagnostics.
#[must_use]
pub fn parse(file: &str, text: &str) -> Parsed {
    let mut reader = Reader {
        file,
        ..Reader::default()
    };
    for (index, line) in text.lines().enumerate() {
        reader.line(index + 1, line);
    }
    reader.finish()
}

/// The reader between two lines.
#[derive(Default)]
pub(super) struct Reader<'a> {
    pub(super) file: &'a str,
    pub(super) state: State,
    pub(super) parsed: Parsed,
    /// A `!` has been seen since the last line of the sub-mode.
    pub(super) separated: bool,
    /// Where the line starts whose block is skipped, in [`Mode::Skipped`].
    pub(super) skipped_column: usize,
    /// The line being read.
    pub(super) number: usize,
    pub(super) source: &'a str,
    pub(super) words: Vec<Word>,
}

impl<'a> Reader<'a> {
    pub(super) fn line(&mut self, number: usize, source: &'a str) {
        (self.number, self.source) = (number, source);
        if self.state.certificate.is_some() {
            return self.certificate_line();
        }
        self.words = lexer::words(source);
        match self
            .words
            .first()
            .map(|word| word.text.to_ascii_lowercase())
        {
            None => {}
            Some(first) if first.starts_with('!') => self.separated = true,
            Some(first)
                if self.words.len() == 1 && ["exit", "end", "quit"].contains(&first.as_str()) =>
            {
                self.leave(&first)
            }
            Some(_) => self.command(),
        }
    }

    fn certificate_line(&mut self) {
        if let Err(message) = pki::certificate_line(&mut self.state, self.source) {
            self.words = lexer::words(self.source);
            self.report(Severity::Error, codes::BAD_CERTIFICATE, 0, message, None);
        }
    }

    fn leave(&mut self, word: &str) {
        self.state.mode = match word {
            "exit" => self.state.mode.parent(),
            _ => Mode::Global,
        };
        self.separated = false;
    }

    fn command(&mut self) {
        let column = self.words.first().map_or(1, |word| word.column);
        if self.state.mode == Mode::Skipped && column > self.skipped_column {
            return;
        }
        self.skipped_column = column;
        self.warn_letter_l();
        let global_first = self.separated && !self.is_indented();
        let attempt = if global_first {
            self.global().or_else(|| self.sub())
        } else {
            self.sub().or_else(|| self.global())
        };
        match attempt {
            Some(Attempt::Done(..)) => {}
            Some(Attempt::Refused(fault, args)) => self.refuse(fault, &args),
            Some(Attempt::Missed(_)) | None => self.not_found(),
        }
        self.note_kept();
    }

    /// Tries the open sub-mode; `None` when the line is not one of its commands.
    fn sub(&mut self) -> Option<Attempt> {
        let (before, mut block) = (self.state.mode, self.state.block());
        match self.try_sub()? {
            Attempt::Missed(_) => None,
            Attempt::Done(command) => {
                self.separated = false;
                if self.state.mode != before {
                    block = self.state.block_of(self.state.mode.parent());
                }
                self.place(block, command.clone());
                Some(Attempt::Done(command))
            }
            refused => Some(refused),
        }
    }

    /// Tries the global commands; `None` when the line is none of them.
    fn global(&mut self) -> Option<Attempt> {
        let before = std::mem::take(&mut self.state.mode);
        match attempt(
            &global_commands(),
            Some(&mut self.state),
            &self.words,
            self.source,
        ) {
            Attempt::Missed(_) => {
                self.state.mode = before;
                None
            }
            Attempt::Done(command) => {
                self.separated = false;
                let block = self.state.block();
                let opening = if block.is_empty() { command } else { block };
                self.place(String::new(), opening.clone());
                Some(Attempt::Done(opening))
            }
            refused => Some(refused),
        }
    }

    /// Looks the line up in the open sub-mode; `None` where there is no table.
    pub(super) fn try_sub(&mut self) -> Option<Attempt> {
        let (words, line) = (&self.words, self.source);
        let config = &mut self.state.config;
        Some(match self.state.mode {
            Mode::Global | Mode::Kept(_) | Mode::Skipped => return None,
            Mode::Policy(i) => run(
                isakmp::POLICY,
                config.isakmp_policies.get_mut(i),
                words,
                line,
            ),
            Mode::Keyring(i) => run(keyring::KEYRING, config.keyrings.get_mut(i), words, line),
            Mode::Profile(i) => run(
                profile::PROFILE,
                config.isakmp_profiles.get_mut(i),
                words,
                line,
            ),
            Mode::Trustpoint(i) => run(
                trustpoint::TRUSTPOINT,
                config.trustpoints.get_mut(i),
                words,
                line,
            ),
            Mode::CertificateMap(i) => {
                run(pki::MAP, config.certificate_maps.get_mut(i), words, line)
            }
            Mode::Chain(_) => run(pki::CHAIN, Some(&mut self.state), words, line),
            Mode::TransformSet(i) => run(ipsec::SET, config.transform_sets.get_mut(i), words, line),
            Mode::IpsecProfile(i) => run(
                ipsec::PROFILE,
                config.ipsec_profiles.get_mut(i),
                words,
                line,
            ),
            Mode::CryptoMap(i) => run(crypto_map::MAP, config.crypto_maps.get_mut(i), words, line),
            Mode::AccessList(i) => run(
                crypto_map::ACCESS_LIST,
                config.access_lists.get_mut(i),
                words,
                line,
            ),
            Mode::Interface(i) => run(
                interface::INTERFACE,
                config.interfaces.get_mut(i),
                words,
                line,
            ),
            Mode::Ikev2Peer(i, j) => {
                let keyring = config.ikev2_keyrings.get_mut(i);
                let peer = keyring.and_then(|keyring| keyring.peers.get_mut(j));
                let found = run(ikev2::keyring::PEER, peer, words, line);
                or(found, || {
                    let state = Some(&mut self.state);
                    run(ikev2::keyring::KEYRING, state, words, line)
                })
            }
            Mode::Ikev2Keyring(_) => {
                let table = ikev2::keyring::KEYRING;
                run(table, Some(&mut self.state), words, line)
            }
            Mode::Ikev2Proposal(i) => {
                let target = config.ikev2_proposals.get_mut(i);
                run(ikev2::proposal::PROPOSAL, target, words, line)
            }
            Mode::Ikev2Policy(i) => {
                let target = config.ikev2_policies.get_mut(i);
                run(ikev2::proposal::POLICY, target, words, line)
            }
            Mode::Ikev2Profile(i) => {
                let target = config.ikev2_profiles.get_mut(i);
                run(ikev2::profile::PROFILE, target, words, line)
            }
            Mode::Ikev2Authorization(i) => {
                let target = config.ikev2_authorization_policies.get_mut(i);
                run(ikev2::authorization::POLICY, target, words, line)
            }
        })
    }

    pub(super) fn keep(&mut self, index: usize) {
        let line = self.source.trim_matches(lexer::is_blank).to_owned();
        let block = self.state.block();
        self.separated = false;
        self.state
            .config
            .kept
            .get_mut(index)
            .into_iter()
            .for_each(|kept| kept.body.push(line.clone()));
        self.place(block, line);
    }

    fn note_kept(&mut self) {
        if std::mem::take(&mut self.state.kept_note) {
            let message = "kept and printed back, not yet acted on".to_owned();
            self.report(Severity::Note, codes::KEPT, 0, message, None);
        }
    }

    fn place(&mut self, block: String, command: String) {
        let column = self.words.first().map_or(1, |word| word.column);
        let (source, words) = (self.source.to_owned(), self.words.clone());
        self.parsed.places.push(Place {
            line: self.number,
            column,
            block,
            command,
            source,
            words,
        });
    }

    fn finish(mut self) -> Parsed {
        if let Some(pending) = self.state.certificate.take() {
            let message = format!(
                "certificate {} has no end: a line `quit` expected",
                pending.serial
            );
            self.words.clear();
            self.report(Severity::Error, codes::BAD_CERTIFICATE, 0, message, None);
        }
        ikev2::proposal::forget_built_in(&mut self.state.config);
        self.parsed.config = self.state.config;
        let findings = lint::check(self.file, &self.parsed);
        self.parsed.diagnostics.extend(findings);
        self.parsed
    }
}
