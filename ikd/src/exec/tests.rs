//! Lines against the whole tree: abbreviations, markers, help, filters, actions, JSON.

use ike_core::sa::action::{Clear, Cleared, Command};

use super::fixture::{
    R1, child, child_of_ikev2, ikev2_sa, isakmp_sa, json, record, record_of_ikev2, shown, traffic,
};
use super::node::{Action, Node, Token};
use super::parse::{Failure, parse};
use super::show::{Page, Side};
use super::{Outcome, run, tree};
use crate::log::Switch;

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
        ("sh cry ip sa", Page::IpsecSa),
        ("sh cry ip p", Page::IpsecProfile),
        ("sh cry ip t", Page::TransformSet),
        ("sh cry m", Page::CryptoMap),
        ("sh cry se", Page::Session { detail: false }),
        ("sh cry ses d", Page::Session { detail: true }),
        ("sh cry pki cert", Page::Certificates { verbose: false }),
        ("sh cry pki cert ver", Page::Certificates { verbose: true }),
        ("sh cry pk tr st", Page::Trustpoints { status: true }),
        ("sh run", Page::Running),
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
    assert!(shown("?", &now).starts_with("  clear    Reset functions\n"));
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

/// A filter would break JSON: it is refused where it stands.
#[test]
fn filters_do_not_go_with_json() {
    let text = run("sh ver | inc R1", true, &R1::new().snapshot())
        .unwrap_err()
        .text;
    assert_eq!(text.lines().nth(1), Some("          ^"));
}

/// O-086: which SAs each line means, and what of them goes.
#[test]
fn clear_lines_say_which_sas_go() {
    let peer = Some([192, 168, 0, 2].into());
    let session = Clear::default();
    let (isakmp, ikev2, pairs) = (
        Clear {
            version: Some(1),
            what: Cleared::Ike,
            ..session
        },
        Clear {
            version: Some(2),
            ..session
        },
        Clear {
            what: Cleared::Children,
            ..session
        },
    );
    for (line, wanted) in [
        ("clear crypto session", session),
        (
            "cle cry ses rem 192.168.0.2",
            Clear {
                remote: peer,
                ..session
            },
        ),
        (
            "cle cry ses local 192.168.0.2",
            Clear {
                local: peer,
                ..session
            },
        ),
        ("cle cry isa", isakmp),
        (
            "clear crypto isakmp 1001",
            Clear {
                number: Some(1001),
                ..isakmp
            },
        ),
        ("clear crypto sa", pairs),
        (
            "clear crypto sa peer 192.168.0.2",
            Clear {
                remote: peer,
                ..pairs
            },
        ),
        (
            "clear crypto sa peer 2001:db8::2",
            Clear {
                remote: "2001:db8::2".parse().ok(),
                ..pairs
            },
        ),
        ("clear crypto ikev2 sa", ikev2),
        (
            "cle cry ike sa fast",
            Clear {
                silent: true,
                ..ikev2
            },
        ),
        (
            "cle cry ike sa remote 192.168.0.2",
            Clear {
                remote: peer,
                ..ikev2
            },
        ),
        (
            "cle cry ike sa local 192.168.0.2",
            Clear {
                local: peer,
                ..ikev2
            },
        ),
        (
            "cle cry ike sa psh 3",
            Clear {
                number: Some(3),
                ..ikev2
            },
        ),
    ] {
        let outcome = run(line, false, &R1::new().snapshot());
        let Ok(Outcome::Act(Command::Clear(found))) = outcome else {
            panic!("{line}: {outcome:?}");
        };
        assert_eq!(found, wanted, "{line}");
    }
    let outcome = run("clear crypto ikev2 stat", false, &R1::new().snapshot());
    assert!(matches!(
        outcome,
        Ok(Outcome::Act(Command::ClearStatistics))
    ));
    assert_eq!(action("clear crypto s"), Err(Failure::Ambiguous));
    assert_eq!(action("clear crypto sa peer"), Err(Failure::Incomplete));
    // A word that is no address must not delete everything.
    for wrong in [
        "peer R2",
        "peer 192.168.0",
        "peer 192.168.0.2 now",
        "192.168.0.2",
    ] {
        let line = format!("clear crypto sa {wrong}");
        assert!(
            matches!(action(&line), Err(Failure::Invalid { .. })),
            "{line}"
        );
    }
    assert!(matches!(
        action("clear crypto isakmp 0"),
        Err(Failure::Invalid { .. })
    ));
    assert_eq!(
        shown("clear crypto sa peer ?", &R1::new().snapshot()),
        "  A.B.C.D or X:X:X:X::X  Peer address\n"
    );
}

/// O-080: switches, their opposites, and what IOS says.
#[test]
fn debug_lines_turn_switches() {
    for (line, wanted, wanted_on, says) in [
        (
            "debug crypto isakmp",
            Some(Switch::Isakmp),
            true,
            "Crypto ISAKMP debugging is on",
        ),
        (
            "deb cry isa err",
            Some(Switch::Drops),
            true,
            "Crypto ISAKMP Error debugging is on",
        ),
        (
            "debug crypto ipsec",
            Some(Switch::Ipsec),
            true,
            "Crypto IPSEC debugging is on",
        ),
        (
            "debug crypto pki",
            Some(Switch::Pki),
            true,
            "Crypto PKI Validation Path debugging is on",
        ),
        (
            "debug crypto pki mes",
            Some(Switch::Pki),
            true,
            "Crypto PKI Msg debugging is on",
        ),
        (
            "debug crypto pki tr",
            Some(Switch::Pki),
            true,
            "Crypto PKI Trans debugging is on",
        ),
        (
            "debug crypto pki val",
            Some(Switch::Pki),
            true,
            "Crypto PKI Validation Path debugging is on",
        ),
        (
            "debug crypto why",
            Some(Switch::Why),
            true,
            "Crypto decision debugging is on",
        ),
        (
            "deb cry ike",
            Some(Switch::Ikev2),
            true,
            "IKEv2 default debugging is on",
        ),
        (
            "deb cry ikev2 pac",
            Some(Switch::Ikev2Packet),
            true,
            "IKEv2 packet debugging is on",
        ),
        (
            "undeb cry ikev2 int",
            Some(Switch::Ikev2Internal),
            false,
            "IKEv2 internal debugging is off",
        ),
        (
            "no deb cry ikev2 e",
            Some(Switch::Ikev2Error),
            false,
            "IKEv2 error debugging is off",
        ),
        (
            "undebug crypto isakmp",
            Some(Switch::Isakmp),
            false,
            "Crypto ISAKMP debugging is off",
        ),
        (
            "no debug crypto ipsec",
            Some(Switch::Ipsec),
            false,
            "Crypto IPSEC debugging is off",
        ),
        (
            "u all",
            None,
            false,
            "All possible debugging has been turned off",
        ),
        (
            "no deb all",
            None,
            false,
            "All possible debugging has been turned off",
        ),
        (
            "debug all",
            None,
            true,
            "All possible debugging has been turned on",
        ),
    ] {
        let Ok(Outcome::Debug { switch, on, text }) = run(line, false, &R1::new().snapshot())
        else {
            panic!("{line} is no debug line");
        };
        assert_eq!(
            (switch, on, text.as_str()),
            (wanted, wanted_on, says),
            "{line}"
        );
    }
}

/// Every path of the tree that ends in a page.
fn pages(level: &'static [Node], path: &str, out: &mut Vec<String>) {
    for node in level {
        let word = match node.token {
            Token::Word(word) => word,
            Token::Name => "IOSCA1",
            Token::Address => "192.168.0.2",
            Token::Number => "1",
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
