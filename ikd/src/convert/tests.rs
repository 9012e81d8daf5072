//! Whole configurations as charon has them.

use std::path::Path;

use ike_core::config::{Parsed, parse};
use ike_core::sim::enrol::{Enrollee, LabCas};
use ike_crypto::{KeySpec, PrivateKey};
use testnet::charon::CredentialKind;

use super::*;

/// Translates a configuration that has been enrolled.
fn translated(text: &str) -> Translation {
    let Parsed { config, places, .. } = parse("r.cfg", text);
    let key = || PrivateKey::generate(KeySpec::EcP256).unwrap();
    let mut cas = LabCas::default();
    for (number, url) in LabCas::urls(&[&config]).iter().enumerate() {
        cas.add(url, number + 1, key(), 1_600_000_000).unwrap();
    }
    let own = key();
    let who = Enrollee {
        config: &config,
        serial: "101",
        public: &own.public(),
        key_label: "KEY",
        order: None,
        at: 1_600_000_000,
    };
    let store = cas.enrol(&who).unwrap();
    to_charon(&Source {
        file: "r.cfg",
        config: &config,
        places: &places,
        store: &store,
        keys: &[("KEY".to_owned(), own.to_pkcs8_der().unwrap())],
    })
}

fn lab(router: &str) -> Translation {
    let labs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/labs");
    translated(&std::fs::read_to_string(labs.join(router)).unwrap())
}

/// swanctl.conf of a lab's router, line by line.
fn golden(router: &str, expected: &str) {
    let translation = lab(router);
    assert_eq!(translation.description.swanctl_conf(), expected, "{router}");
}

fn setting<'a>(translation: &'a Translation, key: &str) -> Option<&'a str> {
    let mut settings = translation.description.settings.iter();
    settings
        .find(|(k, _)| k == key)
        .map(|(_, value)| value.as_str())
}

/// IKEv1, RSA, GRE in tunnel mode, two trustpoints without `ca trust-point`: all may sign and vouch.
#[test]
fn a_router_of_the_tech_note() {
    golden("t-01/r2.cfg", include_str!("golden/t-01-r2.conf"));
}

/// IKEv1, RSA, a virtual tunnel interface, `ca trust-point` restricts both ways.
#[test]
fn a_virtual_tunnel_interface_of_ikev1() {
    golden("t-35/r1.cfg", include_str!("golden/t-35-r1.conf"));
}

/// IKEv2, RSA, a virtual tunnel interface.
#[test]
fn a_virtual_tunnel_interface_of_ikev2() {
    golden("t-35-v2/r2.cfg", include_str!("golden/t-35-v2-r2.conf"));
}

/// Pre-shared keys of both versions over IPv6; modern defaults.
#[test]
fn pre_shared_keys_over_ipv6() {
    golden(
        "ipv6-outside-v1/r2.cfg",
        include_str!("golden/ipv6-outside-v1-r2.conf"),
    );
    golden(
        "ipv6-outside-v2/r2.cfg",
        include_str!("golden/ipv6-outside-v2-r2.conf"),
    );
}

/// S-020: CAs in the order of enrolment, and the preferred certificate last.
#[test]
fn credentials_are_loaded_in_the_routers_order() {
    let description = lab("t-01/r2.cfg").description;
    let loaded: Vec<_> = description
        .credentials
        .iter()
        .map(|c| (c.kind, c.name.as_str()))
        .collect();
    use CredentialKind::{Ca, Certificate, Crl, PrivateKey};
    assert_eq!(
        loaded,
        [
            (Ca, "IOSCA1.der"),
            (Crl, "IOSCA1.crl"),
            (Ca, "IOSCA2.der"),
            (Crl, "IOSCA2.crl"),
            (PrivateKey, "KEY.der"),
            (Certificate, "IOSCA1.der"),
            (Certificate, "IOSCA2.der"),
        ]
    );
    // S-032: what the profile does not name is not loaded.
    let restricted = lab("t-35/r1.cfg").description.credentials;
    let own = restricted.iter().filter(|c| c.kind == Certificate);
    assert_eq!(own.map(|c| &c.name).collect::<Vec<_>>(), ["IOSCA1.der"]);
}

/// Every router of every lab is understood, and every one that protects something can negotiate.
#[test]
fn every_lab_can_be_translated() {
    let labs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/labs");
    for folder in std::fs::read_dir(labs).unwrap().flatten() {
        for file in ["r1.cfg", "r2.cfg"] {
            let Ok(text) = std::fs::read_to_string(folder.path().join(file)) else {
                continue;
            };
            let translation = translated(&text);
            let losses = translation.losses();
            let name = folder.path().join(file).display().to_string();
            assert!(!losses.contains("nothing of charon"), "{name}: {losses}");
            let transport = text.contains("mode transport");
            assert_eq!(translation.is_useful(), !transport, "{name}: {losses}");
        }
    }
}

const TUNNEL: &str = "interface Ethernet0/0\n ip address 192.168.0.2 255.255.255.0\n!\ninterface Tunnel1\n ip address 10.0.0.2 255.255.255.0\n \
tunnel source Ethernet0/0\n tunnel destination 192.168.0.1\n tunnel mode ipsec ipv4\n tunnel protection ipsec profile P\n";

/// Transport mode alone leaves nothing; the line that says so is named, with a way out.
#[test]
fn what_cannot_be_carried_is_named_with_its_line() {
    let text = format!(
        "crypto isakmp key K address 192.168.0.1\ncrypto isakmp policy 10\n authentication pre-share\n\
crypto ipsec transform-set T esp-aes esp-sha-hmac\n mode transport\ncrypto ipsec profile P\n set transform-set T\n{TUNNEL}"
    );
    let translation = translated(&text);
    assert!(!translation.is_useful());
    assert_eq!(
        translation.losses(),
        "r.cfg:5: mode transport: kernel-libipsec has no transport mode; write `mode tunnel` at both ends\n\
r.cfg:11: interface Tunnel1: no transform set of it can be carried\n"
    );
}

/// GRE is negotiated and carries nothing.
#[test]
fn gre_is_negotiated_and_said_to_carry_nothing() {
    let translation = lab("t-50/r2.cfg");
    let child = &translation.description.connections[0].children[0];
    assert_eq!(child.remote_ts, ["192.168.0.1/32[gre]"]);
    let losses = translation.losses();
    assert!(
        losses.contains(": interface Tunnel1: charon makes the SAs"),
        "{losses}"
    );
}

/// S-091, S-094: IOS refuses a tunnel whose peer is bound to another profile; charon does not, which is said.
#[test]
fn a_profile_that_ios_would_not_bind_is_told() {
    for (router, line) in [
        (
            "t-16/r2.cfg",
            "IOS binds profile prof2 to R1.cisco.com and so refuses the tunnel",
        ),
        (
            "t-58/r2.cfg",
            "IOS binds profile profile3 to 192.168.0.1 and so refuses the tunnel",
        ),
    ] {
        let losses = lab(router).losses();
        assert!(losses.contains(line), "{router}: {losses}");
    }
    for router in ["t-17/r2.cfg", "t-59/r2.cfg"] {
        let losses = lab(router).losses();
        assert!(!losses.contains("IOS binds"), "{router}: {losses}");
    }
}

const EXTENSIONS: &str = "crypto ikev2 keyring K
 peer A
  address 192.168.0.1
  pre-shared-key local ours
  pre-shared-key remote theirs
  ppk manual id PPK key secret required
crypto ikev2 authorization policy AUTH
 pool POOL
 dns 10.9.0.53
 banner hello
ip local pool POOL 10.9.0.10 10.9.0.20
crypto ikev2 profile V2
 match identity remote fqdn domain cisco.com
 match identity remote address 192.168.0.1 255.255.255.255
 identity local fqdn R2.cisco.com
 authentication local pre-share
 authentication remote pre-share
 keyring local K
 keyring ppk K
 lifetime 600
 dpd 20 5 periodic
 aaa authorization group psk list default AUTH
crypto ikev2 cookie-challenge 7
crypto ikev2 fragmentation mtu 600
crypto ikev2 mobike
crypto ikev2 childless required
crypto ikev2 nat keepalive 25
crypto ikev2 window 5
crypto ipsec transform-set T esp-gcm 128
crypto ipsec profile P
 set transform-set T
 set pfs group19
 set ikev2-profile V2
";

/// Extensions of IKEv2, each where charon has it; the rest is remarked line by line.
#[test]
fn extensions_of_ikev2_are_settings() {
    let translation = translated(&format!("{EXTENSIONS}{TUNNEL}"));
    let text = translation.description.swanctl_conf();
    for line in [
        "id = \"fqdn:*.cisco.com\"",
        "id = \"192.168.0.1\"",
        "id = \"fqdn:R2.cisco.com\"",
        "rekey_time = \"540s\"",
        "over_time = \"60s\"",
        "dpd_delay = \"20s\"",
        "fragmentation = \"yes\"",
        "mobike = \"yes\"",
        "childless = \"force\"",
        "ppk_id = \"PPK\"",
        "ppk_required = \"yes\"",
        "pools = \"POOL\"",
        "addrs = \"10.9.0.10-10.9.0.20\"",
        "dns = \"10.9.0.53\"",
        "esp_proposals = \"aes128gcm16-ecp256\"",
        "remote_ts = \"0.0.0.0/0\"",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    for (key, value) in [
        ("cookie_threshold", "7"),
        ("fragment_size", "600"),
        ("keep_alive", "25s"),
        ("routing_table_prio", "32800"),
        ("signature_authentication", "no"),
    ] {
        assert_eq!(setting(&translation, key), Some(value), "{key}");
    }
    // RFC 7296 2.15: each end has a key of its own; ours fits both ends, theirs the peer alone.
    let ids: Vec<usize> = translation
        .description
        .secrets
        .iter()
        .map(|s| s.ids.len())
        .collect();
    assert_eq!(ids, [3, 2, 1]);
    let names: Vec<&str> = translation
        .description
        .connections
        .iter()
        .map(|c| c.name.as_str())
        .collect();
    assert_eq!(names, ["Tunnel1", "Tunnel1-2"], "statements are ORed");
    assert_eq!(
        translation.losses(),
        "r.cfg:10: banner hello: a pool of charon has no attribute for it\n\
r.cfg:14: match identity remote address 192.168.0.1 255.255.255.255: charon has a connection for each identity; the one that it starts wants fqdn:*.cisco.com\n\
r.cfg:21: dpd 20 5 periodic: charon probes a silent peer only, and repeats by timers of its own\n\
r.cfg:22: aaa authorization group psk list default AUTH: charon gives every peer an address and refuses one that asks for none (FAILED_CP_REQUIRED)\n\
r.cfg:28: crypto ikev2 window 5: charon has a window of one request\n"
    );
}

/// G-043: `any` with two keys is what charon cannot keep apart; one key is for anybody.
#[test]
fn a_key_for_anybody_names_nobody() {
    let any = EXTENSIONS.replace("fqdn domain cisco.com", "any").replace(
        " match identity remote address 192.168.0.1 255.255.255.255\n",
        "",
    );
    let losses = translated(&format!("{any}{TUNNEL}")).losses();
    assert!(
        losses.contains("match identity remote any: for a peer of any name"),
        "{losses}"
    );
    let one = any
        .replace("local ours", "ours")
        .replace("  pre-shared-key remote theirs\n", "");
    let translation = translated(&format!("{one}{TUNNEL}"));
    assert!(!translation.losses().contains("of any name"));
    assert_eq!(translation.description.secrets[0].ids, Vec::<String>::new());
}

/// G-083: the lines of an access list are children of one connection; two policies of two methods
/// cannot be one.
#[test]
fn a_crypto_map_is_a_connection_with_a_child_for_each_line() {
    let text = "crypto isakmp key K address 192.168.0.1
crypto isakmp policy 10
 encr aes 256
 authentication pre-share
 group 14
crypto isakmp policy 20
 authentication rsa-sig
 group 5
crypto ipsec transform-set T esp-aes esp-sha-hmac
ip access-list extended L
 permit ip 10.2.0.0 0.0.255.255 10.1.0.0 0.0.255.255
 permit ip 10.3.0.0 0.0.255.255 10.1.0.0 0.0.255.255
crypto map M 10 ipsec-isakmp
 set peer 192.168.0.1
 set transform-set T
 match address L
interface Ethernet0/0
 ip address 192.168.0.2 255.255.255.0
 crypto map M
";
    let translation = translated(text);
    let [connection] = translation.description.connections.as_slice() else {
        panic!("one connection: {:?}", translation.description.connections);
    };
    assert_eq!(connection.proposals, ["aes256-sha1-modp2048"]);
    let children: Vec<_> = connection
        .children
        .iter()
        .map(|c| (c.name.as_str(), c.local_ts[0].as_str()))
        .collect();
    assert_eq!(
        children,
        [("M-10", "10.2.0.0/16"), ("M-10-2", "10.3.0.0/16")]
    );
    assert_eq!(setting(&translation, "routing_table_prio"), None);
    assert_eq!(
        translation.losses(),
        "r.cfg:7: authentication rsa-sig: a connection of charon proves itself in one way, and an earlier policy says which\n"
    );
}
