//! What a command tree is made of: keywords, names, and what a complete line does.

use std::net::IpAddr;

use ike_core::sa::action::Cleared;

use super::show::Page;
use crate::log::Switch;

/// What a complete line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// An empty line.
    Nothing,
    /// Prints a page.
    Show(Page),
    /// Deletes SAs (O-086).
    Clear(Clearing),
    /// Counters of IKEv2 begin anew.
    ClearStatistics,
    /// Turns a switch, `None` = all; with the words of IOS's answer (O-080).
    Debug(Option<Switch>, &'static str),
    /// Something for the PKI (O-087).
    Pki(Pki),
    /// Opens the candidate configuration.
    Configure,
    /// Writes the running configuration to the startup one (T-84).
    Save,
    /// Something for the console that the line was typed at.
    Console(Console),
    /// Something for the capture (O-088).
    Monitor(super::tree_monitor::Monitor),
}

/// What a line asks of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Console {
    /// End the session.
    Leave,
    /// What was typed before.
    History,
    /// Something that a console of ours has no need of: it does as if.
    Nothing,
}

/// What a line asks of the PKI; what it names is in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pki {
    Authenticate { confirm: bool },
    Enroll { confirm: bool },
    ImportCertificate,
    ImportPem,
    ImportPkcs12,
    ExportPem,
    ExportPkcs12,
    RequestCrl,
    ClearCrls,
    CleanTrustpool,
    ImportTrustpool,
    GenerateRsa,
    GenerateEc,
    ZeroizeKeys,
}

/// Which SAs a `clear` means; what the operator names is in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clearing {
    /// 1 or 2; `None` = both.
    pub(super) version: Option<u8>,
    /// What goes.
    pub(super) what: Cleared,
    /// What the name in the line is.
    pub(super) by: By,
    /// The peer is not told.
    pub(super) silent: bool,
}

/// What the name in a line chooses by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// There is none.
    Nothing,
    /// An address of ours.
    Local,
    /// A peer's address.
    Remote,
    /// The number of an SA.
    Number,
}

impl Clearing {
    /// Everything of a version.
    pub(super) const fn all(version: Option<u8>, what: Cleared) -> Self {
        Self {
            version,
            what,
            by: By::Nothing,
            silent: false,
        }
    }

    /// The same, chosen by what the line names.
    pub(super) const fn by(mut self, by: By) -> Self {
        self.by = by;
        self
    }

    /// The same without a word to the peer.
    pub(super) const fn silently(mut self) -> Self {
        self.silent = true;
        self
    }
}

/// What a node accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword or a prefix of it that no sister shares.
    Word(&'static str),
    /// Any word: a name the operator chose.
    Name,
    /// An IPv4 or IPv6 address.
    Address,
    /// The number of an SA.
    Number,
    /// A number of lines or characters.
    Count,
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
        Self::named(Token::Name, help, Action::Show(page))
    }

    /// A name that more words must follow.
    pub(super) const fn word(help: &'static str, next: &'static [Self]) -> Self {
        Self {
            token: Token::Name,
            help,
            action: None,
            negates: false,
            next,
        }
    }

    /// A name that may end a line for the PKI.
    pub(super) const fn object(help: &'static str, what: Pki) -> Self {
        Self::named(Token::Name, help, Action::Pki(what))
    }

    /// An address that may end the line.
    pub(super) const fn address(help: &'static str, action: Action) -> Self {
        Self::named(Token::Address, help, action)
    }

    /// A number that may end the line.
    pub(super) const fn number(help: &'static str, action: Action) -> Self {
        Self::named(Token::Number, help, action)
    }

    /// A word that is no keyword and may end the line.
    pub(super) const fn free(token: Token, help: &'static str, action: Action) -> Self {
        Self::named(token, help, action)
    }

    const fn named(token: Token, help: &'static str, action: Action) -> Self {
        Self {
            token,
            help,
            action: Some(action),
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
            Token::Name | Token::Address | Token::Number | Token::Count => None,
        }
    }

    /// How `?` shows what stands here.
    pub(super) fn shown(&self) -> &'static str {
        match self.token {
            Token::Word(word) => word,
            Token::Name => "WORD",
            Token::Address => "A.B.C.D or X:X:X:X::X",
            Token::Number => "<1-4294967295>",
            Token::Count => "<0-512>",
        }
    }

    /// The word is one of those that stand here without being a keyword.
    pub(super) fn accepts(&self, word: &str) -> bool {
        match self.token {
            Token::Word(_) => false,
            Token::Name => true,
            Token::Address => word.parse::<IpAddr>().is_ok(),
            Token::Number => word.parse::<u32>().is_ok_and(|n| n > 0),
            Token::Count => word.parse::<u32>().is_ok_and(|n| n <= 512),
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
