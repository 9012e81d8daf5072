//! Lines as an operator types them, into a candidate.

use super::super::*;

const SEED: &str = include_str!("../fixtures/r1-ikev1.cfg");

fn typed(editor: &mut Editor, line: &str) {
    let answer = editor.line(line);
    assert!(matches!(answer, Typed::Taken(_)), "{line}: {answer:?}");
}

fn refused(editor: &mut Editor, line: &str) -> Diagnostic {
    match editor.line(line) {
        Typed::Refused(diagnostic) => diagnostic,
        Typed::Taken(remarks) => panic!("{line} is taken: {remarks:?}"),
    }
}

fn seed() -> Editor {
    Editor::new(parse("R1.cfg", SEED).config)
}

/// A wrong line leaves configuration and sub-mode alone, and says where it goes wrong.
#[test]
fn a_refused_line_changes_nothing() {
    let mut editor = seed();
    let before = editor.config().clone();
    typed(&mut editor, "crypto isakmp profile prof1");
    assert_eq!(editor.mode(), "conf-isa-prof");
    let found = refused(&mut editor, "mtach identity host R9");
    assert_eq!(found.column, 1);
    assert_eq!(found.help.as_deref(), Some("did you mean `match`?"));
    assert_eq!(refused(&mut editor, "match identity hots R9").column, 16);
    assert_eq!(refused(&mut editor, "crypto isakmp polcy 10").column, 15);
    assert_eq!(refused(&mut editor, "nonsense").column, 1);
    assert_eq!(editor.mode(), "conf-isa-prof");
    assert_eq!(*editor.config(), before);
    typed(&mut editor, "interface Ethernet0/0");
    refused(&mut editor, "ip address dhcp");
    assert_eq!(*editor.config(), before, "the address is not lost");
}

/// `exit` goes one step up, an object that is deleted closes its sub-mode.
#[test]
fn sub_modes_open_and_close() {
    let mut editor = seed();
    assert!(editor.is_global());
    typed(&mut editor, "crypto ikev2 keyring K");
    typed(&mut editor, "peer P");
    assert_eq!(editor.mode(), "config-ikev2-keyring-peer");
    editor.leave();
    assert_eq!(editor.mode(), "config-ikev2-keyring");
    typed(&mut editor, "no crypto ikev2 keyring K");
    assert!(editor.is_global());
    typed(&mut editor, "aaa new-model");
    assert_eq!(editor.mode(), "config");
}

/// What only the whole shows is found when the whole is read.
#[test]
fn the_whole_is_checked_like_a_file() {
    let mut editor = seed();
    assert!(!editor.checked("candidate").has_errors());
    typed(&mut editor, "no crypto ipsec profile prof1");
    assert!(editor.checked("candidate").has_errors());
}

/// `?` and tab in configuration mode.
#[test]
fn what_may_follow() {
    let mut editor = seed();
    let words = |editor: &Editor, line: &str| following(editor.mode(), line).unwrap().words;
    assert_eq!(words(&editor, "cry isa pro"), ["profile"]);
    assert_eq!(words(&editor, "no crypto pki trustpoint "), ["<word>"]);
    assert_eq!(following(editor.mode(), "crypto nonsense sa"), Err(7));
    assert!(
        following(editor.mode(), "interface Tunnel1 ")
            .unwrap()
            .may_end
    );
    typed(&mut editor, "crypto ikev2 proposal P");
    assert_eq!(words(&editor, "enc"), ["encryption"]);
    let ciphers = following(editor.mode(), "encryption ").unwrap();
    assert!(!ciphers.may_end && ciphers.words.contains(&"aes-cbc-256".to_owned()));
    let more = following(editor.mode(), "encryption aes-cbc-256 ").unwrap();
    assert!(more.may_end && more.words.contains(&"3des".to_owned()));
    // Global lines are understood in a sub-mode.
    assert_eq!(words(&editor, "crypto isakmp prof"), ["profile"]);
}
