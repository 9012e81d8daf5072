//! The boundary of ARCHITECTURE.md, held by reading the sources: below `ikd` there is no
//! clock, entropy, file, socket, lock or `await`; IKEv1 and IKEv2 never import each other.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

const FORBIDDEN: [(&str, &str); 17] = [
    ("fill_random", "entropy comes from the host"),
    ("Instant::now", "time is an argument"),
    ("SystemTime", "time is an argument"),
    ("std::fs", "files belong to ikd"),
    ("std::net::UdpSocket", "sockets belong to ikd"),
    ("std::net::Tcp", "sockets belong to ikd"),
    ("std::os::unix::net", "sockets belong to ikd"),
    ("std::thread", "threads belong to ikd"),
    ("Mutex", "locks belong to ikd"),
    ("RwLock", "locks belong to ikd"),
    ("async fn", "waiting belongs to ikd"),
    (".await", "waiting belongs to ikd"),
    ("tokio", "the runtime belongs to ikd"),
    ("getrandom", "entropy comes from the host"),
    ("from_os_rng", "entropy comes from the host"),
    ("std::env::", "the environment belongs to ikd"),
    ("println!", "printing belongs to ikd"),
];

#[test]
fn the_core_crates_are_pure() {
    for krate in ["ike-wire", "ike-pki", "ike-core"] {
        for (path, text) in sources(&root().join(krate).join("src")) {
            for (line, code) in production_lines(&text) {
                for (word, why) in FORBIDDEN {
                    assert!(
                        !code.contains(word),
                        "{}:{line}: `{word}`: {why}",
                        path.display()
                    );
                }
            }
        }
    }
}

/// Pairs that must not know each other.
#[test]
fn ikev1_and_ikev2_never_import_each_other() {
    let core = root().join("ike-core/src");
    for (folder, other) in [("ikev1", "ikev2"), ("ikev2", "ikev1")] {
        for (path, text) in sources(&core.join(folder)) {
            for (line, code) in production_lines(&text) {
                let import = code.contains(&format!("crate::{other}"))
                    || code.contains(&format!("super::{other}"));
                assert!(!import, "{}:{line}: imports {other}", path.display());
            }
        }
    }
}

/// Layers inside the core: policy and config know neither engine nor exchanges.
#[test]
fn lower_layers_do_not_look_up() {
    let core = root().join("ike-core/src");
    for (folder, above) in [
        (
            "config",
            &["engine", "ikev1", "ikev2", "sa", "policy", "trace", "sim"][..],
        ),
        ("policy", &["engine", "ikev1", "ikev2", "trace", "sim"][..]),
        ("ikev1", &["engine", "sim"][..]),
        ("ikev2", &["engine", "sim"][..]),
        ("sa", &["engine", "ikev1", "ikev2", "sim"][..]),
    ] {
        for (path, text) in sources(&core.join(folder)) {
            for (line, code) in production_lines(&text) {
                for module in above {
                    let looks_up = code.contains(&format!("crate::{module}::"));
                    assert!(
                        !looks_up,
                        "{}:{line}: {folder} looks up to {module}",
                        path.display()
                    );
                }
            }
        }
    }
}

/// Manifests: the pure crates depend on nothing that does I/O.
#[test]
fn manifests_of_pure_crates_name_no_runtime() {
    for krate in ["ike-wire", "ike-pki", "ike-core"] {
        let manifest = fs::read_to_string(root().join(krate).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
        let dependencies = dependencies.split("\n[").next().unwrap();
        for name in ["tokio", "nix", "libc", "socket2", "testnet", "getrandom"] {
            assert!(!dependencies.contains(name), "{krate} depends on {name}");
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.unwrap().path())
        // Test modules may print and draw.
        .filter(|path| {
            path.file_stem()
                .is_some_and(|s| !s.to_string_lossy().contains("tests"))
        })
        .flat_map(|path| match path.is_dir() {
            true => sources(&path),
            false if path.extension().is_some_and(|e| e == "rs") => {
                let text = fs::read_to_string(&path).unwrap();
                vec![(path, text)]
            }
            false => Vec::new(),
        })
        .collect()
}

/// Numbered lines of code outside comments and test modules.
fn production_lines(text: &str) -> Vec<(usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.trim_start().starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(number, line)| (number + 1, line))
        .collect()
}
