//! What a command tree is made of: keywords, names, and what a complete line does.

use super::show::Page;
use crate::log::Switch;

/// What a complete line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// An empty line.
    Nothing,
    /// Prints a page.
    Show(Page),
    /// Deletes every SA (O-086).
    Clear,
    /// Turns a switch, `None` = all; with the words of IOS's answer (O-080).
    Debug(Option<Switch>, &'static str),
}

/// What a node accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword or a prefix of it that no sister shares.
    Word(&'static str),
    /// Any word: a name the operator chose.
    Name,
}

/// One word of a command.
#[derive(Debug)]
pub(super) struct Node {
    /// What it accepts.
    pub(super) token: Token,
    /// What `?` says about it.
    pub(super) help: &'static str,
    /// What the line does when it ends here.
    pub(super) action: Option<Action>,
    /// `no`, `undebug`: the line turns off what it names.
    pub(super) negates: bool,
    /// What may follow.
    pub(super) next: &'static [Node],
}

impl Node {
    /// A keyword that more words must follow.
    pub(super) const fn group(
        word: &'static str,
        help: &'static str,
        next: &'static [Node],
    ) -> Self {
        Self {
            token: Token::Word(word),
            help,
            action: None,
            negates: false,
            next,
        }
    }

    /// A keyword that may end the line.
    pub(super) const fn run(word: &'static str, help: &'static str, action: Action) -> Self {
        Self {
            token: Token::Word(word),
            help,
            action: Some(action),
            negates: false,
            next: &[],
        }
    }

    /// A keyword that shows a page.
    pub(super) const fn show(word: &'static str, help: &'static str, page: Page) -> Self {
        Self::run(word, help, Action::Show(page))
    }

    /// A name that may end the line.
    pub(super) const fn name(help: &'static str, page: Page) -> Self {
        Self {
            token: Token::Name,
            help,
            action: Some(Action::Show(page)),
            negates: false,
            next: &[],
        }
    }

    /// The same node with words that may follow.
    pub(super) const fn then(mut self, next: &'static [Self]) -> Self {
        self.next = next;
        self
    }

    /// The same node as one that turns things off.
    pub(super) const fn negating(mut self) -> Self {
        self.negates = true;
        self
    }

    /// The keyword, if it is one.
    pub(super) fn keyword(&self) -> Option<&'static str> {
        match self.token {
            Token::Word(word) => Some(word),
            Token::Name => None,
        }
    }

    /// The keyword begins with `prefix`, in either case.
    pub(super) fn begins_with(&self, prefix: &str) -> bool {
        self.keyword()
            .is_some_and(|word| common(word, prefix) == prefix.chars().count())
    }
}

/// How many characters two words share from their beginning, in either case.
pub(super) fn common(a: &str, b: &str) -> usize {
    a.chars()
        .zip(b.chars())
        .take_while(|(a, b)| a.eq_ignore_ascii_case(b))
        .count()
}
