//! The exec commands about the configuration as a whole, and those that only mean something at a console.

use super::node::Action::{Configure, Console as At, Save};
use super::node::{Console, Node};

/// Below `configure`.
pub(super) const CONFIGURE: &[Node] = &[Node::run(
    "terminal",
    "Configure from the terminal: a candidate that takes effect as a whole",
    Configure,
)];

/// Below `copy`.
pub(super) const COPY: &[Node] = &[Node::group(
    "running-config",
    "Copy from current system configuration",
    &[Node::run(
        "startup-config",
        "Copy to startup configuration",
        Save,
    )],
)];

/// Below `write`.
pub(super) const WRITE: &[Node] = &[Node::run(
    "memory",
    "Write to NV memory: the startup file, and certificates are marked as saved",
    Save,
)];

/// `disable`.
pub(super) const DISABLE: Node = nothing("disable", "Turn off privileged commands");
/// `enable`.
pub(super) const ENABLE: Node = nothing("enable", "Turn on privileged commands");
/// `exit`.
pub(super) const EXIT: Node = Node::run("exit", "Exit from the EXEC", At(Console::Leave));
/// `logout`.
pub(super) const LOGOUT: Node = Node::run("logout", "Exit from the EXEC", At(Console::Leave));
/// Below `show`.
pub(super) const HISTORY: Node = Node::run(
    "history",
    "Display the session command history",
    At(Console::History),
);

/// Below `terminal`: there is no pager to be told anything.
pub(super) const TERMINAL: &[Node] = &[
    Node::group(
        "length",
        "Set number of lines on a screen",
        &[lines("Number of lines on screen (0 for no pausing)")],
    ),
    nothing("monitor", "Copy debug output to the current terminal line"),
    Node::group(
        "width",
        "Set width of the display terminal",
        &[lines("Number of characters on a screen line")],
    ),
];

const fn nothing(word: &'static str, help: &'static str) -> Node {
    Node::run(word, help, At(Console::Nothing))
}

const fn lines(help: &'static str) -> Node {
    Node::free(super::node::Token::Count, help, At(Console::Nothing))
}
