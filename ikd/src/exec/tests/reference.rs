//! `docs/exec.md` is made of the tree: every line with its help, and the page it prints. `IKD_UPDATE=1` writes it anew.

use std::path::Path;

use super::super::node::{Action, Node, Token};
use super::super::{run, tree};
use super::{child, child_of_ikev2, ikev2_sa, isakmp_sa, record, record_of_ikev2, traffic};
use crate::exec::fixture::R1;
use crate::exec::{Outcome, Snapshot};

const HEAD: &str = "# Exec lines

Every line that `ikd exec` and `ikd cli` understand, made of the command tree by a test (`IKD_UPDATE=1 cargo test -p ikd --lib
exec::tests::reference`). Words may be abbreviated as long as no other begins alike; `?` lists what may follow; behind a page
`| include`, `| exclude`, `| begin` and `| section` choose lines by a regular expression, and `| json` gives its values.

`ikd cli` is a console: `?` answers without Enter (Ctrl-V `?` types one), tab completes, the arrows go through the history, which is
kept in `$XDG_STATE_HOME/ikd/history` without lines that may hold a secret. From a pipe it runs line by line without prompts; the exit
code is that of the last line that failed.

## Configuration mode
`configure terminal` takes lines, as a file has them and with `no` in front of each, into a candidate. A wrong line is marked at once and
changes nothing. Nothing takes effect before `end`, Ctrl-Z, `exit` of the outermost mode or `commit` (which stays); then everything
does, and the difference is printed with what becomes of the SAs. A candidate with errors changes nothing and is kept for the next
`configure terminal`. One operator edits at a time.

| line | what it does |
|---|---|
| `abort` | Drops the candidate |
| `commit` | Puts the candidate in force and goes on |
| `do LINE` | Runs an exec line that asks nothing |
| `end` | Puts the candidate in force and leaves |
| `exit` | Leaves a sub-mode; outside of them as `end` |
| `show` | What the candidate changes so far |

SAs stay when nothing changes that they were negotiated for: lifetimes, the replay window, IKE policies, profiles, keys and trustpoints
are read by the next negotiation. They are deleted, and the peer is told, when their tunnel or crypto map entry is gone or has other ends,
other traffic, another IKE profile, other transform sets or another PFS group. `ikd reload` and SIGHUP do and say the same. Addresses,
tunnel devices and routes are made when the daemon starts; a change of them is told and waits.

`write memory` writes the startup file as `show running-config` prints it, unless it means the same already. Its mode stays; a file
with comments is kept beside it as `NAME.orig` the first time.

The pages are those of R1 of the tech note with invented SAs, without certificates; long ones are cut.
";

/// Lines of a page that are printed.
const SHOWN: usize = 30;

/// A line of the tree: as `?` writes it, with an example of each value, and its nodes.
struct Entry {
    syntax: String,
    example: String,
    help: String,
    node: &'static Node,
}

impl Entry {
    /// A value is told with what it is a value of.
    fn help(node: &Node, above: &str) -> String {
        match node.keyword() {
            Some(_) => node.help.to_owned(),
            None => format!("{above}: {}", node.help),
        }
    }
}

fn entries(level: &'static [Node], above: (&str, &str, &str), out: &mut Vec<Entry>) {
    for node in level {
        let (syntax, example) = match node.token {
            Token::Word(word) => (word, word),
            Token::Name => ("WORD", "prof1"),
            Token::Address => ("ADDRESS", "192.168.0.2"),
            Token::Number | Token::Count => ("N", "1"),
        };
        let with = |before: &str, word: &str| format!("{before} {word}").trim_start().to_owned();
        let (syntax, example) = (with(above.0, syntax), with(above.1, example));
        if node.action.is_some() {
            let (syntax, example) = (syntax.clone(), example.clone());
            out.push(Entry {
                syntax,
                example,
                help: Entry::help(node, above.2),
                node,
            });
        }
        entries(node.next, (&syntax, &example, node.help), out);
    }
}

fn reference(now: &Snapshot<'_>) -> String {
    let mut out = HEAD.to_owned();
    for top in tree::EXEC {
        let mut found = Vec::new();
        entries(std::slice::from_ref(top), ("", "", ""), &mut found);
        out += &format!(
            "\n## {}\n{}.\n",
            top.shown(),
            top.help.trim_end_matches('.')
        );
        out += "\n| line | what it does |\n|---|---|\n";
        for entry in &found {
            out += &format!("| `{}` | {} |\n", entry.syntax, entry.help);
        }
        for entry in &found {
            if let Some(Action::Show(_)) = entry.node.action {
                out += &page(entry, now);
            }
        }
    }
    out
}

/// The page of a line; a page without anything to show is left out.
fn page(entry: &Entry, now: &Snapshot<'_>) -> String {
    let text = match run(&entry.example, false, now) {
        Ok(Outcome::Text(text)) => text,
        other => panic!("{}: {other:?}", entry.example),
    };
    if text.trim().is_empty() {
        return String::new();
    }
    let mut lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    if lines.len() > SHOWN {
        lines.truncate(SHOWN);
        lines.push("...");
    }
    format!("\n### {}\n```\n{}\n```\n", entry.example, lines.join("\n"))
}

#[test]
fn the_reference_is_that_of_the_tree() {
    let world = R1::new();
    let mut now = world.snapshot();
    now.isakmp = vec![isakmp_sa(1001, "I")];
    now.ikev2 = vec![ikev2_sa(1)];
    now.children = vec![child(), child_of_ikev2()];
    now.traffic = Some(traffic());
    now.records = vec![record(true), record_of_ikev2(false)];
    let text = reference(&now);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/exec.md");
    if std::env::var_os("IKD_UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = known.lines().zip(text.lines()).find(|(a, b)| a != b);
    assert!(
        known == text,
        "docs/exec.md is not that of the tree, first {differs:?}; IKD_UPDATE=1 writes it anew"
    );
}
