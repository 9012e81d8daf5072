//! How a line finds its command in a table.
use crate::config::grammar::*;
use crate::config::lexer::words;

const TABLE: &[&[&str]] = &[
    &[
        "encryption {des|3des}",
        "encryption {aes}",
        "encryption {aes} {128|192|256}",
    ],
    &["hash {md5|sha|sha256}"],
    &["lifetime <60-86400>"],
    &["fqdn {none}", "fqdn <word>"],
    &["description <line>"],
];

fn look(line: &str, partial: bool) -> Result<(usize, Vec<String>, String), Miss> {
    let found = find(TABLE.iter().copied(), &words(line), line, partial)?;
    Ok((found.command, found.args.values, found.canonical))
}

fn found(line: &str) -> String {
    look(line, false).unwrap().2
}

#[test]
fn keywords_may_be_abbreviated_to_a_unique_prefix() {
    assert_eq!(found("encr 3d"), "encryption 3des");
    assert_eq!(found("ENC aes 19"), "encryption aes 192");
    assert_eq!(found("hash sha"), "hash sha");
    let miss = look("hash sh", false).unwrap_err();
    assert_eq!(
        (miss.at, miss.kind, miss.expected),
        (1, MissKind::Ambiguous, vec!["sha".into(), "sha256".into()])
    );
}

#[test]
fn a_value_wins_over_an_abbreviated_keyword_and_loses_to_a_full_one() {
    assert_eq!(look("fqdn non", false).unwrap().1, ["non"]);
    assert_eq!(look("fqdn none", false).unwrap().1, ["none"]);
}

#[test]
fn the_rest_of_a_line_is_kept_as_typed() {
    assert_eq!(look("desc  a \"b\"  c ", false).unwrap().1, ["a \"b\"  c"]);
}

#[test]
fn misses_say_where_and_what_was_expected() {
    let miss = |line| look(line, false).unwrap_err();
    assert_eq!(
        miss("lifetime 5"),
        Miss {
            at: 1,
            kind: MissKind::Unknown,
            expected: vec!["<60-86400>".into()]
        }
    );
    assert_eq!(miss("lifetime").kind, MissKind::Incomplete);
    assert_eq!(miss("encryption des 128").kind, MissKind::TooLong);
    assert_eq!(miss("").expected.len(), 5);
    assert!(look("lifetime", true).is_ok() && look("", true).is_err());
}
