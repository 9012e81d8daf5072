//! What the lint says about matches, trustpoints, interfaces and routes, and what it does not.
use crate::config::*;

fn told(text: &str, code: &str) -> Vec<String> {
    let all = parse("r1.cfg", text).diagnostics.into_iter();
    let of = all.filter(|found| found.code == code);
    of.map(|found| format!("{} {}: {}", found.severity, found.line, found.message))
        .collect()
}

fn two_profiles(first: &str, second: &str) -> String {
    format!(
        "crypto isakmp profile A\n match identity {first}\ncrypto isakmp profile B\n match identity {second}\n"
    )
}

/// S-096.
#[test]
fn of_two_overlapping_matches_the_more_specific_wins() {
    for (wide, exact) in [
        ("address 10.0.0.0 255.0.0.0", "address 10.1.0.0 255.255.0.0"),
        (
            "address 0.0.0.0 0.0.0.0",
            "address 10.1.0.1 255.255.255.255",
        ),
        ("host domain cisco.com", "host r1.cisco.com"),
        ("host domain cisco.com", "host domain lab.cisco.com"),
        ("user domain cisco.com", "user joe@cisco.com"),
    ] {
        let expected = ["note 1: profile `A` matches peers of `B` too; for those IOS uses B"];
        assert_eq!(
            told(&two_profiles(wide, exact), codes::OVERLAP),
            expected,
            "{wide}"
        );
        let turned = told(&two_profiles(exact, wide), codes::OVERLAP);
        assert_eq!(
            turned,
            ["note 3: profile `B` matches peers of `A` too; for those IOS uses A"]
        );
    }
    let ikev2 = "crypto ikev2 profile A\n match identity remote any\ncrypto ikev2 profile B\n match identity remote fqdn x\n";
    assert_eq!(told(ikev2, codes::OVERLAP).len(), 1);
}

/// E15: a domain ends on a label; identities of different types never compete.
#[test]
fn matches_that_share_no_peer_are_no_overlap() {
    for (a, b) in [
        ("host domain cisco.com", "host evilcisco.com"),
        ("host domain cisco.com", "user joe@cisco.com"),
        ("address 10.0.0.0 255.0.0.0", "address 11.0.0.0 255.0.0.0"),
        ("address 10.0.0.0 255.0.0.0", "host r1.cisco.com"),
        ("host a", "host a"),
    ] {
        assert_eq!(
            told(&two_profiles(a, b), codes::OVERLAP),
            Vec::<String>::new(),
            "{a} {b}"
        );
    }
    let local = "crypto isakmp profile A\n match identity host domain x\n local-address Ethernet0/0\ncrypto isakmp profile B\n match identity host a.x\n";
    assert_eq!(told(local, codes::OVERLAP), Vec::<String>::new());
}

/// S-097.
#[test]
fn with_first_match_a_wider_newest_profile_hides_the_exact_one() {
    let text = two_profiles("host r1.cisco.com", "host domain cisco.com");
    let text = format!("profile-selection first-match\n{text}");
    let found = parse("r1.cfg", &text);
    assert!(
        found.config.profile_selection_first_match,
        "{:?}",
        found.diagnostics
    );
    let expected = ["warning 4: profile `B` matches peers of `A` too; for those IOS uses B"];
    assert_eq!(told(&text, codes::OVERLAP), expected);
}

fn tunnel(profiles: &str, used: &str) -> String {
    format!(
        "{profiles}crypto ipsec profile P\n set isakmp-profile {used}\ninterface Ethernet0/0\n ip address 10.0.0.1 255.0.0.0\n\
         interface Tunnel1\n tunnel source Ethernet0/0\n tunnel destination 10.0.0.2\n tunnel protection ipsec profile P\n"
    )
}

/// S-094, T-16 and T-17.
#[test]
fn a_tunnel_on_the_profile_that_loses_is_told_and_one_on_the_winner_is_not() {
    let same = two_profiles("host x", "host x");
    let loser = told(&tunnel(&same, "A"), codes::LOSING_PROFILE);
    assert_eq!(
        loser,
        [
            "warning 9: Tunnel1 uses profile `A`, but whoever matches it is bound to `B`: as responder the tunnel is refused"
        ]
    );
    assert!(told(&tunnel(&same, "B"), codes::LOSING_PROFILE).is_empty());
    let wider = two_profiles("host x.y", "host domain y");
    assert!(told(&tunnel(&wider, "A"), codes::LOSING_PROFILE).is_empty());
}

const TWO_CAS: &str = "crypto pki trustpoint A\n enrollment url http://a\ncrypto pki trustpoint B\n enrollment url http://b\n";

/// S-012, S-050.
#[test]
fn a_trustpoint_list_that_mm4_ignores_is_told_only_where_it_matters() {
    let profile = "crypto isakmp profile P\n match identity host x\n ca trust-point A\n";
    let told_of = |text: &str| told(text, codes::NOT_IN_MM4);
    let expected =
        ["warning 7: as responder, MM4 asks for the CA of B too, and `P` does not believe it"];
    assert_eq!(told_of(&format!("{TWO_CAS}{profile}")), expected);
    for quiet in [
        format!("{TWO_CAS}{profile} ca trust-point B\n"),
        format!("{TWO_CAS}crypto isakmp policy 1\n group 14\n authentication pre-share\n{profile}"),
        format!("crypto pki trustpoint A\n enrollment url http://a\n{profile}"),
        // Two trustpoints of one CA.
        format!("{}{profile}", TWO_CAS.replace("http://b", "http://A/")),
        format!("{}{profile}", TWO_CAS.replace("url http://b", "selfsigned")),
    ] {
        assert_eq!(told_of(&quiet), Vec::<String>::new(), "{quiet}");
    }
}

/// S-050, S-076.
#[test]
fn a_profile_without_a_list_believes_every_ca() {
    let v1 = format!("{TWO_CAS}crypto isakmp profile P\n match identity host x\n");
    assert_eq!(
        told(&v1, codes::TRUSTS_ALL),
        ["note 5: profile `P` believes every CA: A, B"]
    );
    assert!(told(&format!("{v1} ca trust-point A\n"), codes::TRUSTS_ALL).is_empty());
    let remote = |method: &str| {
        format!(
            "{TWO_CAS}crypto ikev2 profile P\n match identity remote any\n authentication local rsa-sig\n authentication remote {method}\n"
        )
    };
    assert_eq!(told(&remote("rsa-sig"), codes::TRUSTS_ALL).len(), 1);
    assert!(told(&remote("pre-share key k"), codes::TRUSTS_ALL).is_empty());
    let signs = format!("{} pki trustpoint A sign\n", remote("rsa-sig"));
    assert_eq!(
        told(&signs, codes::TRUSTS_ALL).len(),
        1,
        "signing is not believing"
    );
}

/// RFC 8247.
#[test]
fn a_weak_policy_is_told_with_each_reason() {
    let found = parse(
        "r1.cfg",
        "crypto isakmp policy 1\n encr 3des\n hash md5\n group 2\n",
    )
    .diagnostics;
    let help = found[0].help.clone().unwrap();
    for reason in ["Sweet32", "md5: collisions", "group 2: 1024 bits"] {
        assert!(help.contains(reason), "{help}");
    }
}

const ETHERNET: &str = "interface Ethernet0/0\n ip address 192.168.0.1 255.255.255.0\n";

fn tunnel_to(destination: &str, more: &str) -> String {
    format!(
        "{ETHERNET}interface Tunnel1\n ip address 10.0.0.1 255.255.255.0\n tunnel source Ethernet0/0\n tunnel destination {destination}\n{more}"
    )
}

/// G-004.
#[test]
fn routes_that_lead_nowhere_or_into_their_own_tunnel_are_told() {
    let told_of = |text: &str| told(text, codes::BAD_ROUTE);
    for (more, message) in [
        (
            "ip route 172.16.0.0 255.255.0.0 10.9.9.9\n",
            "warning 7: the next hop 10.9.9.9 is on no connected network",
        ),
        (
            "ip route 172.16.0.0 255.255.0.0 10.0.0.1\n",
            "warning 7: the next hop 10.0.0.1 is an address of this router",
        ),
        (
            "ip route 172.16.0.0 255.255.0.0 Tunnel9\n",
            "warning 7: the route points to Tunnel9, which is not defined",
        ),
    ] {
        assert_eq!(told_of(&tunnel_to("192.168.0.2", more)), [message]);
    }
    let looped = tunnel_to("172.16.0.2", "ip route 172.16.0.0 255.255.0.0 10.0.0.2\n");
    assert_eq!(
        told_of(&looped),
        ["warning 7: 172.16.0.2 is reached through Tunnel1: its packets loop"]
    );
    for quiet in [
        "ip route 172.16.0.0 255.255.0.0 10.0.0.2\nip route 172.16.0.2 255.255.255.255 192.168.0.9\n",
        "ip route 0.0.0.0 0.0.0.0 192.168.0.9\nip route 172.17.0.0 255.255.0.0 172.18.0.1\n",
        "ip route 172.16.0.0 255.255.0.0 Null0\nip route 172.16.0.0 255.240.0.0 Ethernet0/0\n",
    ] {
        assert_eq!(
            told_of(&tunnel_to("172.16.0.2", quiet)),
            Vec::<String>::new(),
            "{quiet}"
        );
    }
    let dhcp = "interface Ethernet0/1\n no shutdown\nip route 0.0.0.0 0.0.0.0 10.9.9.9\n";
    assert_eq!(
        told_of(dhcp),
        Vec::<String>::new(),
        "an address may come by DHCP"
    );
}

/// A next hop that only its own route leads to ends the search.
#[test]
fn routes_in_a_circle_are_no_endless_work() {
    let circle = "ip route 10.0.0.0 255.0.0.0 11.0.0.1\nip route 11.0.0.0 255.0.0.0 10.0.0.1\n";
    assert_eq!(
        told(&format!("{ETHERNET}{circle}"), codes::BAD_ROUTE).len(),
        2
    );
}

/// G-085, G-086.
#[test]
fn interfaces_that_cannot_carry_the_tunnel_are_told() {
    let told_of = |text: &str| told(text, codes::BAD_INTERFACE);
    let good = tunnel_to("192.168.0.2", "");
    assert_eq!(told_of(&good), Vec::<String>::new());
    for (text, message) in [
        (
            good.replace(
                "255.255.255.0\ninterface T",
                "255.255.255.0\n shutdown\ninterface T",
            ),
            "warning 6: tunnel source Ethernet0/0 is shut down: the tunnel stays down",
        ),
        (
            good.replace(" ip address 192.168.0.1 255.255.255.0", " no shutdown"),
            "warning 5: tunnel source Ethernet0/0 has no address: the tunnel stays down",
        ),
        (
            good.replace("source Ethernet0/0", "source 192.168.0.7"),
            "warning 5: 192.168.0.7 is the address of no interface here",
        ),
        (
            tunnel_to("192.168.0.1", ""),
            "warning 6: tunnel destination 192.168.0.1 is an address of this router",
        ),
        (
            good.replace("10.0.0.1", "192.168.0.1"),
            "warning 4: 192.168.0.1 is the address of Ethernet0/0 too",
        ),
    ] {
        assert_eq!(told_of(&text), [message], "{text}");
    }
}

fn router(number: u8, list: &str, trustpoints: &str, tunnels: u8) -> Parsed {
    let peer = 3 - number;
    let tunnel = |n| {
        format!(
            "interface Tunnel{n}\n tunnel source Ethernet0/0\n tunnel destination 10.0.0.{peer}\n tunnel protection ipsec profile P\n"
        )
    };
    let tunnels: String = (1..=tunnels).map(tunnel).collect();
    let text = format!(
        "hostname R{number}\n{trustpoints}crypto isakmp profile P\n match identity host R{peer}\n{list}crypto ipsec profile P\n set isakmp-profile P\n\
         interface Ethernet0/0\n ip address 10.0.0.{number} 255.0.0.0\n{tunnels}"
    );
    parse(&format!("r{number}.cfg"), &text)
}

fn between(first: &Parsed, second: &Parsed) -> Vec<String> {
    let found = check_pair(("r1.cfg", first), ("r2.cfg", second));
    let line = |d: &Diagnostic| format!("{}:{} {}", d.file, d.line, d.message);
    found.iter().map(line).collect()
}

/// S-060: T-01 comes up, T-02 does not.
#[test]
fn one_router_with_a_list_and_one_without_are_told_who_must_not_start() {
    let (first, second) = (
        router(1, " ca trust-point A\n", TWO_CAS, 2),
        router(2, "", TWO_CAS, 2),
    );
    let expected =
        ["r1.cfg:6 when R2 starts, it may sign with B, which this profile does not believe"];
    assert_eq!(between(&first, &second), expected);
    assert_eq!(
        between(&second, &first),
        expected.map(|text| text.replace("r1.cfg", "r2.cfg"))
    );
}

/// S-063: Cisco's advice, the same on both sides; S-062: no list at all.
#[test]
fn routers_with_the_same_lists_are_quiet() {
    for list in [
        "",
        " ca trust-point A\n",
        " ca trust-point B\n ca trust-point A\n",
    ] {
        let (first, second) = (router(1, list, TWO_CAS, 1), router(2, list, TWO_CAS, 1));
        assert!(between(&first, &second).is_empty(), "{list}");
    }
}

/// S-030, S-053.
#[test]
fn lists_that_never_meet_and_cas_that_are_not_shared_are_certain_failures() {
    let (first, second) = (
        router(1, " ca trust-point A\n", TWO_CAS, 1),
        router(2, " ca trust-point B\n", TWO_CAS, 1),
    );
    let told = between(&first, &second);
    assert_eq!(
        told[0],
        "r1.cfg:6 when R2 starts, it signs with B, which this profile does not believe"
    );
    assert_eq!(told.len(), 2);
    let other = "crypto pki trustpoint C\n enrollment url http://c\n";
    let told = between(&router(1, "", TWO_CAS, 1), &router(2, "", other, 1));
    assert!(
        told[0].contains("no certificate of a CA that this router asks for"),
        "{told:?}"
    );
    let renamed = TWO_CAS
        .replace("trustpoint A", "trustpoint X")
        .replace("trustpoint B", "trustpoint Y");
    assert!(between(&router(1, "", TWO_CAS, 1), &router(2, "", &renamed, 1)).is_empty());
}
