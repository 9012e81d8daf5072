//! What was typed before, here and in earlier sessions: `$XDG_STATE_HOME/ikd/history`, mode 0600. Lines with keys or
//! passwords are not kept (I6).

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Words that a secret follows, also abbreviated to three letters or more.
const MARKS: [&str; 5] = ["key", "passphrase", "password", "pre-shared-key", "secret"];
/// Lines about keys that hold none.
const HARMLESS: [&str; 2] = ["crypto", "key"];

/// Where the history is kept; `None` without a home.
pub(super) fn file() -> Option<PathBuf> {
    let absolute = |name: &str| {
        let folder = PathBuf::from(std::env::var_os(name)?);
        folder.is_absolute().then_some(folder)
    };
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("ikd/history"))
}

/// Makes the folder of the file, for its owner alone.
pub(super) fn prepare(file: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    let folder = file.parent().unwrap_or(Path::new("."));
    builder.recursive(true).mode(0o700).create(folder)
}

/// The line may be kept. When in doubt it is not.
pub(super) fn may_keep(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    let words: Vec<&str> = line.split_whitespace().collect();
    let abbreviates = |word: &&str, of: &str| word.len() >= 3 && of.starts_with(*word);
    let is_mark = |word: &&str| MARKS.iter().any(|mark| abbreviates(word, mark));
    let own = HARMLESS
        .iter()
        .zip(&words)
        .all(|(full, word)| abbreviates(word, full));
    let skipped = if own && words.len() > 1 { 2 } else { 0 };
    !words.iter().skip(skipped).any(is_mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I6: in whatever abbreviation a secret is typed, its line is not kept.
    #[test]
    fn lines_with_secrets_are_not_kept() {
        for line in [
            "crypto isakmp key hunter2 address 1.2.3.4",
            "cry isa key hunter2 add 1.2.3.4",
            " pre-shared-key local hunter2",
            " PRE-SH hunter2",
            "authentication local pre-share key hunter2",
            "passw hunter2",
            "crypto pki import TP pkcs12 terminal password hunter2",
        ] {
            assert!(!may_keep(line), "{line}");
        }
        for line in [
            "show crypto isakmp sa",
            "crypto key generate ec keysize 256",
            "cry key zeroize rsa R1",
            "interface Tunnel1",
            "",
        ] {
            assert!(may_keep(line), "{line}");
        }
    }
}
