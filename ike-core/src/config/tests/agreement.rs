//! What two routers have to say alike, and who is told where.
use crate::config::*;

fn router(number: u8, above: &str, ipsec: &str) -> Parsed {
    let peer = 3 - number;
    let text = format!(
        "hostname R{number}\n{above}crypto ipsec profile P\n{ipsec}interface Ethernet0/0\n ip address 10.0.0.{number} 255.0.0.0\n\
         interface Tunnel1\n tunnel source Ethernet0/0\n tunnel destination 10.0.0.{peer}\n tunnel protection ipsec profile P\n"
    );
    parse(&format!("r{number}.cfg"), &text)
}

fn between(first: &Parsed, second: &Parsed) -> Vec<String> {
    let found = check_pair(("r1.cfg", first), ("r2.cfg", second));
    let line = |d: &Diagnostic| format!("{}:{}:{} {}", d.file, d.line, d.column, d.message);
    found.iter().map(line).collect()
}

const KEYED: &str = "crypto isakmp policy 10\n authentication pre-share\n group 2\n hash md5\n";

/// S-082: of several policies the nearest is named, on both routers, at the line that differs.
#[test]
fn policies_without_one_in_common_are_told_at_the_nearest() {
    let first = router(1, KEYED, "");
    let far = "crypto isakmp policy 5\n encr aes\n authentication pre-share\n group 14\n";
    let second = router(2, &format!("{far}{}", KEYED.replace("md5", "sha256")), "");
    assert_eq!(
        between(&first, &second),
        [
            "r1.cfg:5:2 no ISAKMP policy is one of R2's; the nearest, r2.cfg:9, has another hash",
            "r2.cfg:9:2 no ISAKMP policy is one of R1's; the nearest, r1.cfg:5, has another hash",
        ]
    );
    let alike = router(2, &format!("{far}{KEYED}"), "");
    assert!(between(&first, &alike).is_empty());
}

/// G-021: a default has no line; the policy has one.
#[test]
fn a_default_is_told_at_its_policy() {
    let without = KEYED.replace(" group 2\n", "");
    let told = between(&router(1, KEYED, ""), &router(2, &without, ""));
    assert!(told[1].starts_with("r2.cfg:2:1 "), "{told:?}");
    assert!(told[1].ends_with("r1.cfg:4, has another group"), "{told:?}");
}

/// RFC 7296 3.3: of each kind one algorithm in common is enough.
#[test]
fn proposals_need_one_algorithm_of_each_kind_in_common() {
    let above = |integrity: &str, groups: &str| {
        format!(
            "crypto ikev2 proposal P\n encryption aes-cbc-128 aes-cbc-256\n integrity {integrity}\n group {groups}\n\
             crypto ikev2 profile V\n match identity remote any\n authentication local pre-share key k\n \
             authentication remote pre-share key k\n"
        )
    };
    let end = |n, integrity, groups| router(n, &above(integrity, groups), " set ikev2-profile V\n");
    let first = end(1, "sha1 sha256", "2 5");
    assert!(between(&first, &end(2, "md5 sha256", "5 14")).is_empty());
    let told = between(&first, &end(2, "sha1", "14"));
    assert!(told[0].ends_with("r2.cfg:5, has another group"), "{told:?}");
}

/// G-081: the end that speaks IKEv2 has the line that says so.
#[test]
fn two_versions_are_told_on_the_end_of_ikev2() {
    let v2 = "crypto ikev2 profile V\n match identity remote any\n authentication local pre-share key k\n \
              authentication remote pre-share key k\n";
    let (first, second) = (
        router(1, KEYED, ""),
        router(2, v2, " set ikev2-profile V\n"),
    );
    let told = "r2.cfg:7:2 this end speaks IKEv2, R1 (r1.cfg:9) speaks IKEv1";
    assert_eq!(between(&first, &second), [told]);
}

/// G-080: the order and the names of sets do not count.
#[test]
fn transform_sets_need_one_in_common() {
    let above = |sets: &str| format!("{KEYED}{sets}");
    let (a, b) = ("esp-aes esp-sha-hmac", "esp-3des esp-md5-hmac");
    let first = above(&format!("crypto ipsec transform-set X {a}\n"));
    let both = above(&format!(
        "crypto ipsec transform-set Y {b}\ncrypto ipsec transform-set Z {a}\n"
    ));
    let other = above(&format!("crypto ipsec transform-set Y {b}\n"));
    let first = router(1, &first, " set transform-set X\n");
    assert!(between(&first, &router(2, &both, " set transform-set Y Z\n")).is_empty());
    let told = between(&first, &router(2, &other, " set transform-set Y\n"));
    assert_eq!(
        told[0],
        "r1.cfg:6:1 no transform set is one of R2's (r2.cfg:6)"
    );
    assert_eq!(told.len(), 2);
}
