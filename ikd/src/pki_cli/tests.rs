//! Stories of `ikd pki`, from the words typed to what is on disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use ike_core::sa::job::PrivateKeys;

use super::bench::Bench;
use super::*;
use crate::keystore::tests::lab::NOW;

#[test]
fn the_list_shows_order_keys_and_files() {
    let bench = Bench::new();
    bench.enrolled("r1");
    let text = bench.ok("r1", "list");
    let (first, second) = (text.find("1. cn=IOSCA2"), text.find("2. cn=IOSCA1"));
    assert!(first.is_some() && first < second, "{text}");
    assert!(
        text.contains("EXPIRED") && text.contains("nvram/IOSCA2#2.cer"),
        "{text}"
    );
    let json: serde_json::Value = serde_json::from_str(&bench.ok("r1", "list --json")).unwrap();
    assert_eq!(json["certificates"][0]["trustpoint"], "IOSCA2");
    assert_eq!(json["certificates"][0]["can_sign"], true);
    assert_eq!(json["keys"][0]["label"], "first");
    let text = bench.refused("none", "list");
    assert!(
        text.contains("no such store") && text.contains("-d NAME"),
        "{text}"
    );
    assert!(!bench.path("none").exists(), "looking makes nothing");
}

/// The order is shown, foretold, and written only on demand.
#[test]
fn another_order_is_foretold_and_written_on_demand() {
    let bench = Bench::new();
    bench.enrolled("r1");
    let before = bench.store("r1").store;
    let text = bench.ok("r1", "order --set IOSCA1,IOSCA2");
    assert!(
        text.contains("MM3") && text.contains("add --commit"),
        "{text}"
    );
    assert_eq!(bench.store("r1").store, before);
    let text = bench.refused("r1", "order --set IOSCA9 --commit");
    assert!(text.contains("there are: IOSCA2, IOSCA1"), "{text}");
    let text = bench.ok("r1", "order --set IOSCA1 --commit --json");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&json["written"], &json["would_become"][0]),
        (&true.into(), &"cn=IOSCA1".into())
    );
    let after = bench.store("r1").store.certificate_request_order();
    assert_eq!(after, ["cn=IOSCA1", "cn=IOSCA2"]);
    // Named alone and in front already: nothing changes.
    assert!(!bench.ok("r1", "order --set IOSCA1").contains("changes"));
}

/// A daemon has the store: looking works, changing is refused.
#[test]
fn a_store_in_use_can_be_looked_at() {
    let bench = Bench::new();
    bench.enrolled("r1");
    let daemon = Keystore::open(&bench.path("r1"), Access::Write, None).unwrap();
    bench.ok("r1", "list");
    bench.run("r1", "verify").unwrap();
    for line in [
        "order --set IOSCA1 --commit",
        "delete IOSCA1 --yes",
        "unprotect",
    ] {
        let text = bench.refused("r1", line);
        assert!(text.contains("in use by process"), "{text}");
    }
    drop(daemon);
    bench.ok("r1", "order --set IOSCA1 --commit");
}

/// Key, certificate and CA travel to another router in one file.
#[test]
fn a_trustpoint_moves_by_pkcs12_and_by_pem() {
    let bench = Bench::new();
    bench.enrolled("r1");
    bench.file("pw", "geheim\n");
    let public = bench.store("r1").keys.key("second").unwrap().public();
    for (n, flags) in [
        "--format pkcs12",
        "--format pkcs12 --legacy",
        "--format pem --with-key",
    ]
    .into_iter()
    .enumerate()
    {
        let (file, to) = (format!("file{n}"), format!("to{n}"));
        let line = format!("export IOSCA2 {flags} --passphrase-file @pw --out @{file}");
        bench.ok("r1", &line);
        let mode = fs::metadata(bench.path(&file))
            .unwrap()
            .permissions()
            .mode()
            & 0o777;
        assert_eq!(mode, 0o600);
        let text = bench.refused("r1", &line);
        assert!(text.contains("is there already"), "{text}");
        let format = flags.split(' ').nth(1).unwrap();
        let line = format!("import NEW @{file} --format {format}");
        bench.file("wrong", "falsch\n");
        let text = bench.refused(&to, &format!("{line} --passphrase-file @wrong"));
        assert!(
            text.contains("wrong passphrase") && !text.contains("falsch"),
            "{text}"
        );
        assert!(!bench.path(&to).exists(), "nothing was changed");
        bench.ok(&to, &format!("{line} --passphrase-file @pw"));
        let moved = bench.store(&to);
        assert_eq!(moved.keys.key("NEW").unwrap().public(), public);
        assert!(moved.can_sign(moved.store.identity("NEW").unwrap()));
        assert_eq!(moved.store.certificate_request_order(), ["cn=IOSCA2"]);
        // Without `--exportable` it stays there.
        let line = format!("export NEW {flags} --passphrase-file @pw --out @again{n}");
        let text = bench.refused(&to, &line);
        assert!(
            text.starts_with("% ") && text.contains(" keypair 'NEW' is not exportable.\n"),
            "{text}"
        );
    }
}

/// PKCS#7 has no key: the router that made the request takes the certificates back in.
#[test]
fn certificates_travel_in_a_container_without_key() {
    let bench = Bench::new();
    bench.enrolled("r1");
    let before = bench.store("r1").store;
    bench.ok("r1", "export IOSCA2 --format pkcs7 --out @p7");
    bench.ok("r1", "delete IOSCA2 --yes");
    bench.ok("r1", "import IOSCA2 @p7 --format pkcs7");
    let after = bench.store("r1");
    let own = after.store.identity("IOSCA2").unwrap();
    assert_eq!(
        own.certificate,
        before.identity("IOSCA2").unwrap().certificate
    );
    assert_eq!(own.key_label.as_deref(), Some("second"));
    assert!(after.can_sign(own) && after.store.ca("IOSCA2").is_some());
    bench.enrolled("r2");
    let text = bench.refused("r2", "import IOSCA2 @p7 --format pkcs7");
    assert!(text.contains("no private key for"), "{text}");
    bench.file("junk", "no container");
    let text = bench.refused("r1", "import IOSCA2 @junk --format pkcs7");
    assert!(text.contains("nothing was changed"), "{text}");
}

/// What does not belong together is refused, and the store is as before.
#[test]
fn an_import_that_does_not_fit_changes_nothing() {
    let bench = Bench::new();
    bench.enrolled("r1");
    bench.enrolled("r2");
    bench.file("pw", "geheim\n");
    bench.ok(
        "r2",
        "export IOSCA2 --format pkcs12 --passphrase-file @pw --out @p12",
    );
    bench.ok("r2", "export IOSCA2 --format der --out @der");
    bench.file(
        "r1.cfg",
        "hostname R1\ncrypto pki trustpoint IOSCA1\n enrollment url http://192.168.0.3:80\n",
    );
    let before = bench.store("r1").store;
    for (line, words) in [
        ("import IOSCA1 @der --format der", "no private key for"),
        (
            "import IOSCA1 @p12 --format pem --label x",
            "no text; try --format der or pkcs12",
        ),
        (
            "import IOSCA1 @p12 --format pkcs12",
            "a passphrase is needed: --passphrase-file",
        ),
        (
            "import NEW @p12 --format pkcs12 --passphrase-file @pw --label first",
            "give --label another name",
        ),
        (
            "import NEW @p12 --format pkcs12 --passphrase-file @pw --config @r1.cfg",
            "is not in the configuration; there are: IOSCA1",
        ),
    ] {
        let text = bench.refused("r1", line);
        assert!(text.contains(words), "{line}: {text}");
        assert_eq!(bench.store("r1").store, before);
    }
}

/// G-063: the blocks of a running configuration restore certificates; keys come apart.
#[test]
fn certificates_go_out_and_in_as_configuration() {
    let bench = Bench::new();
    bench.enrolled("r1");
    let blocks = ["IOSCA1", "IOSCA2"].map(|name| bench.blocks("r1", name));
    let lines: Vec<&str> = blocks[0].lines().collect();
    assert_eq!(lines[0], "crypto pki certificate chain IOSCA1");
    assert_eq!(lines[1], " certificate 02");
    assert!(
        lines[2].starts_with("  3082") && lines[2].as_bytes()[10] == b' ',
        "{}",
        lines[2]
    );
    let trustpoints = ["IOSCA1", "IOSCA2"].map(|name| {
        format!("crypto pki trustpoint {name}\n enrollment url http://192.168.0.3:80\n")
    });
    let config = format!("hostname R1\n{}{}", trustpoints.concat(), blocks.concat());
    bench.file("r1.cfg", &config);
    let text = bench.refused("r2", "import-config @r1.cfg");
    assert!(text.contains("no private key for"), "{text}");
    // The keys first: they are in no configuration.
    let keys = bench.store("r1").keys;
    for (trustpoint, label) in [("IOSCA1", "first"), ("IOSCA2", "second")] {
        let der = keys.key(label).unwrap().to_pkcs8_der().unwrap();
        fs::write(bench.path("key"), der.expose()).unwrap();
        bench.ok(
            "r2",
            &format!("import {trustpoint} @key --format der --label {label}"),
        );
    }
    bench.ok("r2", "import-config @r1.cfg");
    let (one, two) = (bench.store("r1"), bench.store("r2"));
    let order = |k: &Keystore| {
        k.store
            .listing()
            .iter()
            .map(|r| r.certificate.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(order(&one), order(&two));
    assert!(two.store.identities().iter().all(|r| two.can_sign(r)));
    // Once more changes nothing.
    bench.ok("r2", "import-config @r1.cfg");
    assert_eq!(bench.store("r2").store, two.store);
}

#[test]
fn verify_tells_what_hashes_do_not() {
    let bench = Bench::new();
    let mut lab = bench.enrolled("r1");
    assert!(verify::certificates(&bench.store("r1"), NOW).is_empty());
    let mut keystore = Keystore::open(&bench.path("r1"), Access::Write, None).unwrap();
    let mut store = keystore.store.clone();
    store.set_crl("IOSCA1", lab.crl("IOSCA1"));
    let label = "second".to_owned();
    keystore
        .commit(&store, &[crate::keystore::KeyChange::Remove { label }])
        .unwrap();
    drop(keystore);
    let findings = verify::certificates(&bench.store("r1"), NOW + 4 * 365 * 86_400);
    let has = |words: &str| findings.iter().any(|f| f.problem.contains(words));
    assert!(has("expired on") && has("revocation list was good until") && has("key pair second"));
    let answer = bench.run("r1", "verify --json").unwrap();
    assert!(
        !answer.well && answer.text.contains("\"remedy\""),
        "{}",
        answer.text
    );
}

/// P-003: certificates go, the key stays unless asked, and nothing goes without a yes.
#[test]
fn a_trustpoint_is_deleted_on_a_second_word() {
    let bench = Bench::new();
    bench.enrolled("r1");
    let text = bench.ok("r1", "delete IOSCA2 --with-key");
    assert!(
        text.contains("key pair second would go; add --yes"),
        "{text}"
    );
    assert!(bench.store("r1").store.identity("IOSCA2").is_some());
    bench.ok("r1", "delete IOSCA2 --yes");
    assert!(bench.store("r1").keys.key("second").is_some());
    bench.ok("r1", "delete IOSCA1 --with-key --yes");
    assert!(bench.store("r1").keys.key("first").is_none());
    assert!(!bench.path("r1/private/first.p8").exists());
    assert!(
        bench
            .refused("r1", "delete IOSCA1 --yes")
            .contains("has nothing")
    );
}

/// K6: a passphrase protects, and is never shown.
#[test]
fn keys_are_protected_and_freed_again() {
    let bench = Bench::new();
    bench.enrolled("r1");
    bench.file("pw", "correct horse\n");
    let mut texts = vec![bench.ok("r1", "protect --new-passphrase-file @pw --iterations 10")];
    texts.push(bench.refused("r1", "unprotect"));
    texts.push(bench.refused(
        "r1",
        "export IOSCA1 --format pkcs12 --passphrase-file @pw --out @x",
    ));
    texts.push(bench.ok("r1", "list"));
    let words = [
        "needs --key-passphrase-file",
        "give --key-passphrase-file",
        "is encrypted",
        "(encrypted)",
    ];
    for (text, words) in texts.iter().zip(words) {
        assert!(text.contains(words) && !text.contains("horse"), "{text}");
    }
    bench.ok("r1", "unprotect --key-passphrase-file @pw");
    assert!(bench.store("r1").keys.key("first").is_some());
}
