//! Fixes of pairs that are known.

use crate::lab::{Case, Keys};
use crate::predict::{KEY_BITS, Prediction, predict};

fn small(folder: &str) -> Case {
    let mut case = Case::embedded(folder).unwrap();
    case.key_bits = KEY_BITS;
    case
}

/// A case with lines of its second router replaced.
fn changed(folder: &str, router: usize, from: &str, to: &str) -> Case {
    let mut case = small(folder);
    let text = case.routers[router].text.replace(from, to);
    assert_ne!(text, case.routers[router].text, "{from}");
    case.routers[router] = case.routers[router].with_text(text).unwrap();
    case
}

fn with_fixes(case: &Case) -> Prediction {
    let keys = Keys::default();
    let mut found = predict(case, &keys).unwrap();
    found.try_fixes(case, &keys).unwrap();
    found
}

/// S-063, P-003: what holds for every order goes first, and an order says that it is one.
#[test]
fn the_tech_notes_direction_has_a_fix_on_each_router_and_an_order() {
    let found = with_fixes(&small("t-01"));
    let fixes = &found.directions[1].fixes;
    assert!(fixes.iter().all(|fix| fix.both));
    assert!(fixes[0].until.is_empty());
    let has = |text: &str| fixes.iter().find(|fix| fix.text.contains(text));
    assert!(
        has("r1.cfg:25 add `ca trust-point IOSCA2`").is_some(),
        "{fixes:?}"
    );
    assert!(
        has("r2.cfg:25 add `ca trust-point IOSCA1`").is_some(),
        "{fixes:?}"
    );
    let order = has("re-enrol IOSCA1 on R1").unwrap();
    assert!(order.order_only);
    assert_eq!(order.until[0].trustpoint, "IOSCA2");
    assert_eq!(order.steps[0].what, "enrol");
}

/// Each fix that is printed comes up when it is made by hand.
#[test]
fn a_fix_that_is_made_makes_it_come_up() {
    let case = changed("t-01", 1, "hash md5", "hash sha");
    let found = with_fixes(&case);
    assert!(found.directions.iter().all(|d| !d.verdict.up));
    let fix = &found.directions[0].fixes[0];
    assert!(fix.text.contains("replace `hash "), "{}", fix.text);
    let back = changed("t-03", 1, "hash md5", "hash sha");
    let fixed = back.routers[1].text.replace("hash sha", "hash md5");
    let mut by_hand = back.clone();
    by_hand.routers[1] = back.routers[1].with_text(fixed).unwrap();
    assert!(predict(&by_hand, &Keys::default()).unwrap().up);
}

/// Two mistakes that hide each other are mended together.
#[test]
fn two_mistakes_have_a_fix_of_two_changes() {
    let mut case = changed("t-90", 1, "hash md5", "hash sha");
    let text = case.routers[1]
        .text
        .replace("esp-sha256-hmac", "esp-md5-hmac");
    case.routers[1] = case.routers[1].with_text(text).unwrap();
    let found = with_fixes(&case);
    let fix = &found.directions[0].fixes[0];
    assert_eq!(fix.steps.len(), 2, "{}", fix.text);
    assert!(fix.text.contains("hash ") && fix.text.contains("transform-set"));
}

/// Nothing is invented where nothing helps, and nothing is looked for where nothing fails.
#[test]
fn what_comes_up_has_no_fixes() {
    let found = with_fixes(&small("t-90"));
    assert!(found.up && found.directions.iter().all(|d| d.fixes.is_empty()));
}
