//! A folder with stores and files, and `ikd pki` typed at it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use clap::Parser;
use ike_pki::Store;

use super::*;
use crate::keystore::tests::lab::{Lab, scratch};

#[derive(Parser)]
struct Typed {
    #[command(subcommand)]
    command: PkiCommand,
}

/// A folder with stores and files.
pub(super) struct Bench(tempfile::TempDir);

impl Bench {
    pub(super) fn new() -> Self {
        Self(scratch())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file of mode 0600.
    pub(super) fn file(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Words with `@NAME` for a path; on the store `STORE`.
    pub(super) fn run(&self, store: &str, line: &str) -> Outcome {
        let word = |word: &str| match word.strip_prefix('@') {
            Some(name) => self.path(name).display().to_string(),
            None => word.to_owned(),
        };
        let words = ["ikd".to_owned()]
            .into_iter()
            .chain(line.split(' ').map(word));
        let state = ["--state".to_owned(), self.path(store).display().to_string()];
        let typed = Typed::try_parse_from(words.chain(state)).unwrap_or_else(|e| panic!("{e}"));
        outcome(typed.command)
    }

    pub(super) fn ok(&self, store: &str, line: &str) -> String {
        self.run(store, line)
            .unwrap_or_else(|e| panic!("{line}: {e}"))
            .text
    }

    pub(super) fn refused(&self, store: &str, line: &str) -> String {
        self.run(store, line)
            .err()
            .unwrap_or_else(|| panic!("{line}: not refused"))
    }

    /// Both trustpoints enrolled, IOSCA2 last.
    pub(super) fn enrolled(&self, store: &str) -> Lab {
        let (mut lab, mut trustpoints) = (Lab::default(), Store::default());
        let keys = [
            lab.enrol(&mut trustpoints, "IOSCA1", "first"),
            lab.enrol(&mut trustpoints, "IOSCA2", "second"),
        ];
        let mut keystore = Keystore::open(&self.path(store), Access::Write, None).unwrap();
        keystore.commit(&trustpoints, &keys).unwrap();
        lab
    }

    pub(super) fn store(&self, name: &str) -> Keystore {
        Keystore::open(&self.path(name), Access::Read, None).unwrap()
    }
}

impl Bench {
    /// The chain block of a trustpoint.
    pub(super) fn blocks(&self, store: &str, trustpoint: &str) -> String {
        let out = format!("chain-{trustpoint}");
        self.ok(
            store,
            &format!("export {trustpoint} --format chain --out @{out}"),
        );
        fs::read_to_string(self.path(&out)).unwrap()
    }
}
