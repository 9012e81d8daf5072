//! Lines against the whole tree: abbreviations, markers, help, filters, actions, JSON.

mod actions;
mod ntc;
mod reference;

use super::fixture::{
    R1, child, child_of_ikev2, ikev2_sa, isakmp_sa, json, record, record_of_ikev2, shown, traffic,
};
use super::node::{Action, Node, Token};
use super::parse::{Failure, parse};
use super::show::{Page, Side};
use super::{run, tree};

fn action(line: &str) -> Result<Action, Failure> {
    parse(tree::EXEC, line).map(|matched| matched.action)
}

fn refused(line: &str) -> String {
    run(line, false, &R1::new().snapshot()).unwrap_err().text
}

/// Words go by unique prefix, in either case; a whole keyword wins over longer ones.
#[test]
fn abbreviations_stand_for_keywords() {
    for (line, page) in [
        ("sh cry isa sa", Page::IsakmpSa { detail: false }),
        (
            "  sh   CRYPTO isak SA det ",
            Page::IsakmpSa { detail: true },
        ),
        ("sho crypt isa pol", Page::Policy { default: false }),
        ("sh cry isa de po", Page::Policy { default: true }),
        ("sh cry isa pro", Page::Profile),
        ("sh cry isa pe", Page::Peers),
        ("sh cry ip sa", Page::IpsecSa { detail: false }),
        ("sh cry ip p", Page::IpsecProfile),
        ("sh cry ip t", Page::TransformSet),
        ("sh cry m", Page::CryptoMap),
        ("sh cry se", Page::Session { detail: false }),
        ("sh cry ses d", Page::Session { detail: true }),
        ("sh cry pki cert", Page::Certificates { verbose: false }),
        ("sh cry pki cert ver", Page::Certificates { verbose: true }),
        ("sh cry pk trustpoi st", Page::Trustpoints { status: true }),
        ("sh run", Page::Running { startup: false }),
        ("sh log", Page::Logging),
        ("sh deb", Page::Debugging),
        ("sh debug", Page::Debugging),
        (
            "sh cry ike sa",
            Page::Ikev2Sa {
                detail: false,
                side: Side::Any,
            },
        ),
        (
            "sh cry ikev2 sa detail remote 192.168.0.2",
            Page::Ikev2Sa {
                detail: true,
                side: Side::Remote,
            },
        ),
        ("sh cry ikev2 ses", Page::Ikev2Session { detail: false }),
        ("sh cry ikev2 stat", Page::Ikev2Stats),
        (
            "sh cry ikev2 stats exch det",
            Page::Ikev2Exchanges { detail: true },
        ),
        ("sh cry ikev2 diag err", Page::Ikev2Errors),
        ("sh cry e l", Page::Explain { last: true }),
        ("sh cry cou", Page::Counters),
        ("sh ver", Page::Version),
    ] {
        assert_eq!(action(line), Ok(Action::Show(page)), "{line}");
    }
    assert_eq!(action(""), Ok(Action::Nothing));
}

/// IOS repeats an ambiguous line in quotes, with two blanks before it.
#[test]
fn shared_prefixes_are_ambiguous() {
    assert_eq!(
        refused("sh cry i sa"),
        "% Ambiguous command:  \"sh cry i sa\""
    );
    assert_eq!(
        refused("sh cry isa p"),
        "% Ambiguous command:  \"sh cry isa p\""
    );
}

/// A line that ends too early.
#[test]
fn short_lines_are_incomplete() {
    for line in [
        "show",
        "show crypto",
        "sh cry isa",
        "debug",
        "clear cry",
        "no debug crypto",
        "sh ver |",
        "sh ver | inc ",
    ] {
        assert_eq!(refused(line), "% Incomplete command.", "{line}");
    }
}

/// The marker stands under the first character that no keyword continues with, behind the
/// prompt `R1#`.
#[test]
fn the_marker_stands_under_the_first_wrong_character() {
    for (line, column) in [
        ("xyz", 0),
        ("shwo crypto", 2),
        ("show cryptto isakmp sa", 10),
        ("show crypto isakmp sas", 21),
        ("show crypto isakmp sa dx", 23),
        ("show crypto ipsex sa", 16),
        ("show version now", 13),
        ("show\tcrypto zzz", 12),
        ("sh ver | grep R1", 9),
        ("sh ver | include [", 17),
        ("show pki ?", 5),
        ("\u{e4}\u{f6} crypto", 0),
    ] {
        let text = refused(line);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{line}: {text}");
        assert_eq!(lines[0], format!("R1#{}", line.replace('\t', " ")));
        assert_eq!(lines[1], format!("{}^", " ".repeat(3 + column)), "{line}");
        assert_eq!(lines[2], "% Invalid input detected at '^' marker.");
    }
}

/// `?` lists what may follow, and completes a word.
#[test]
fn questions_list_what_may_follow() {
    let world = R1::new();
    let now = world.snapshot();
    assert_eq!(
        shown("show crypto isakmp ?", &now),
        "  default  Show ISAKMP default policy
  peers    Show ISAKMP peer structures
  policy   Show ISAKMP protection suite policy
  profile  Show ISAKMP profiles
  sa       Show ISAKMP Security Associations
"
    );
    assert_eq!(
        shown("sh cry pki cert ?", &now),
        "  verbose  Show certificates in verbose mode
  WORD     Trustpoint Name
  |        Output modifiers
  <cr>
"
    );
    assert_eq!(
        shown("show crypto isakmp p?", &now),
        "peers  policy  profile\n"
    );
    assert!(shown("?", &now).starts_with("  clear      Reset functions\n"));
    assert_eq!(refused("show x?"), "% Unrecognized command");
}

/// The four filters; `_` means itself too.
#[test]
fn filters_choose_lines() {
    let world = R1::new();
    let mut now = world.snapshot();
    now.isakmp = vec![isakmp_sa(1001, "R"), isakmp_sa(1002, "I")];
    now.isakmp[1].state = "MM_NO_STATE".into();
    let failed = "192.168.0.2     192.168.0.1     MM_NO_STATE       1002 ACTIVE\n";
    assert_eq!(shown("sh cry isa sa | i MM_NO_STATE", &now), failed);
    assert_eq!(shown("sh cry isa sa | inc ^192.168.0.2 .*NO", &now), failed);
    assert_eq!(
        shown("sh cry isa sa | begin IPv6", &now),
        "IPv6 Crypto ISAKMP SA\n\n"
    );
    assert_eq!(
        shown("sh cry isa sa|exclude QM_IDLE|Crypto|dst|^$", &now),
        failed
    );
    assert_eq!(
        shown("sh cry isa pol | section suite of priority 10", &now)
            .lines()
            .count(),
        6,
        "the title goes, the suite and its five lines stay"
    );
    assert_eq!(shown("sh ver | include nothing like this", &now), "");
}

/// `| json` gives the values, takes no pattern, and is listed and completed like the others.
#[test]
fn a_filter_gives_the_values() {
    let world = R1::new();
    let now = world.snapshot();
    assert_eq!(
        shown("sh cry isa pol | j", &now),
        shown_json("sh cry isa pol", &now)
    );
    let text = refused("sh ver | json x");
    assert_eq!(text.lines().nth(1), Some("                 ^"));
    assert!(shown("sh ver | ?", &now).contains("  json     The values of the page as JSON\n"));
    assert_eq!(shown("sh ver | in?", &now), "include\n");
    assert_eq!(refused("sh ver | x?"), "% Unrecognized command");
}

fn shown_json(line: &str, now: &super::Snapshot<'_>) -> String {
    match run(line, true, now) {
        Ok(super::Outcome::Text(text)) => text,
        other => panic!("{line}: {other:?}"),
    }
}

/// Tab offers what the half word may be, or everything that may follow; nothing where the line is wrong before.
#[test]
fn tab_offers_keywords() {
    let offered = |line: &str| super::complete(line).join(" ");
    assert_eq!(offered("sh cry isa p"), "peers policy profile");
    assert_eq!(offered("SH CRY ISA PRO"), "profile");
    assert_eq!(offered("clear crypto isakmp "), "");
    assert_eq!(offered("clear crypto sa "), "peer");
    assert_eq!(offered("show nonsense x"), "");
    assert_eq!(offered("sh run | se"), "section");
    assert_eq!(offered("sh run | "), "begin exclude include json section");
    assert!(
        offered("").starts_with("clear configure copy"),
        "{}",
        offered("")
    );
}

/// The console keeps its own lines to itself, in any abbreviation.
#[test]
fn lines_of_the_console_are_told_apart() {
    use super::Console;
    assert_eq!(super::console("ex"), Some(Console::Leave));
    assert_eq!(super::console("sh hist"), Some(Console::History));
    assert_eq!(super::console("term len 0"), Some(Console::Nothing));
    assert_eq!(super::console("show version"), None);
    assert_eq!(super::console("nonsense"), None);
    assert_eq!(action("conf t"), Ok(Action::Configure));
    assert_eq!(action("wr mem"), action("copy run start"));
}

/// A filter would break JSON: it is refused where it stands.
#[test]
fn filters_do_not_go_with_json() {
    let text = run("sh ver | inc R1", true, &R1::new().snapshot())
        .unwrap_err()
        .text;
    assert_eq!(text.lines().nth(1), Some("          ^"));
}

/// Every path of the tree that ends in a page.
fn pages(level: &'static [Node], path: &str, out: &mut Vec<String>) {
    for node in level {
        let word = match node.token {
            Token::Word(word) => word,
            Token::Name => "IOSCA1",
            Token::Address => "192.168.0.2",
            Token::Number | Token::Count => "1",
        };
        let line = format!("{path} {word}");
        if matches!(node.action, Some(Action::Show(_))) {
            out.push(line.clone());
        }
        pages(node.next, &line, out);
    }
}

/// Every page prints as text and as one JSON object with snake_case keys; no key (I6) is in
/// the JSON of any.
#[test]
fn every_page_has_json_without_secrets() {
    let mut world = R1::enrolled();
    world.read("crypto isakmp key hunter2 address 192.168.0.2\n");
    let mut now = world.snapshot();
    now.isakmp = vec![isakmp_sa(1001, "R")];
    now.children = vec![child()];
    now.ikev2 = vec![ikev2_sa(1)];
    now.ikev2[0].established.as_mut().unwrap().children = vec![child_of_ikev2()];
    now.records = vec![record(true), record(false), record_of_ikev2(false)];
    now.traffic = Some(traffic());
    let mut lines = Vec::new();
    pages(tree::EXEC, "", &mut lines);
    assert!(lines.len() >= 38, "{lines:?}");
    for line in lines {
        shown(&line, &now);
        let value = json(&line, &now);
        assert!(value.is_object(), "{line}");
        assert_keys(&value, &line);
        let text = value.to_string();
        assert!(
            !text.contains("hunter2") && !text.contains('\u{1b}'),
            "{line}: {text}"
        );
    }
}

fn assert_keys(value: &serde_json::Value, line: &str) {
    let snake = |key: &String| {
        key.chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    if let Some(object) = value.as_object() {
        assert!(object.keys().all(snake), "{line}: {object:?}");
        object.values().for_each(|v| assert_keys(v, line));
    }
    value
        .as_array()
        .into_iter()
        .flatten()
        .for_each(|v| assert_keys(v, line));
}

/// The keys scripts rely on.
#[test]
fn json_keys_are_stable() {
    let world = R1::new();
    let mut now = world.snapshot();
    now.isakmp = vec![isakmp_sa(1001, "R")];
    let value = json("show crypto isakmp sa", &now);
    let keys: Vec<&String> = value["isakmp_sas"][0].as_object().unwrap().keys().collect();
    let mut expected = "destination source connection state status role local local_port remote remote_port \
        initiator_cookie responder_cookie profile phase1_id validated_by suite lifetime active capabilities"
        .split_whitespace()
        .collect::<Vec<_>>();
    expected.sort_unstable();
    assert_eq!(keys, expected);
}
