//! Secrets in lines of a configuration, found without reading the line: when in doubt more goes, never less.

/// Words behind which a secret stands.
const MARKS: [&str; 4] = ["key", "pre-shared-key", "password", "secret"];
/// Words that may stand between.
const KINDS: [&str; 6] = ["local", "remote", "0", "6", "7", "hex"];
/// Words that may follow a key: its peer, and flags. A password has blanks in it.
const AFTER: [&str; 4] = ["address", "hostname", "no-xauth", "required"];

/// A line with `<removed>` in the place of its secret, as IOS prints it for others' eyes.
pub(crate) fn censored(line: &str) -> String {
    replaced(line, |_, _| "<removed>".to_owned())
}

/// A line with another word for each secret: `name` gets the word before it and the secret.
pub(crate) fn replaced(line: &str, mut name: impl FnMut(&str, &str) -> String) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut out: Vec<String> = Vec::new();
    let mut rest = words.as_slice();
    while let [word, after @ ..] = rest {
        out.push((*word).to_owned());
        rest = after;
        if is_public(&words) || !marks(word, after) {
            continue;
        }
        let mut kind = *word;
        while let [next, secret, ..] = rest
            && KINDS.contains(next)
            // A secret may be such a word itself.
            && !AFTER.contains(secret)
        {
            kind = next;
            out.push((*next).to_owned());
            rest = &rest[1..];
        }
        let [secret, after @ ..] = rest else { break };
        out.push(name(kind, secret));
        rest = after;
        if !rest.first().is_some_and(|next| AFTER.contains(next)) {
            break;
        }
    }
    out.join(" ")
}

/// Lines in which these words mean something else.
fn is_public(words: &[&str]) -> bool {
    matches!(
        words,
        ["tunnel", "key", ..] | ["crypto", "key", ..] | ["description", ..]
    )
}

/// A secret follows; of a keyring it may follow the peer.
fn marks(word: &str, after: &[&str]) -> bool {
    // An address may have a mask behind it, or `ipv6` before it (G-023).
    let peer_follows = matches!(
        after,
        ["address" | "hostname", _, "key", ..] | ["address", _, _, "key", ..]
    );
    MARKS.contains(&word) && !(word == "pre-shared-key" && peer_follows)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every place where a configuration can hold a secret (G-023, G-031, G-042, G-043, G-061).
    #[test]
    fn secrets_are_removed_wherever_they_stand() {
        for (line, expected) in [
            (
                "crypto isakmp key 6 S address 1.2.3.4 no-xauth",
                "crypto isakmp key 6 <removed> address 1.2.3.4 no-xauth",
            ),
            (
                "  pre-shared-key hostname h key S",
                "pre-shared-key hostname h key <removed>",
            ),
            (
                "  pre-shared-key local hex 0S",
                "pre-shared-key local hex <removed>",
            ),
            (" pre-shared-key S", "pre-shared-key <removed>"),
            (
                " authentication local pre-share key S",
                "authentication local pre-share key <removed>",
            ),
            (" password 7 S with blanks", "password 7 <removed>"),
            ("enable secret 5 S", "enable secret <removed>"),
            (
                "ppk manual id P key hex 0a required",
                "ppk manual id P key hex <removed> required",
            ),
            (
                "crypto isakmp key address address 1.2.3.4",
                "crypto isakmp key <removed> address 1.2.3.4",
            ),
            (
                "crypto isakmp key local hostname h",
                "crypto isakmp key <removed> hostname h",
            ),
            ("pre-shared-key address", "pre-shared-key <removed>"),
            (
                "pre-shared-key address ipv6 2001:db8::2/128 key S",
                "pre-shared-key address ipv6 2001:db8::2/128 key <removed>",
            ),
            (
                "pre-shared-key address 10.0.0.0 255.0.0.0 key S",
                "pre-shared-key address 10.0.0.0 255.0.0.0 key <removed>",
            ),
            ("pre-shared-key remote", "pre-shared-key <removed>"),
            ("keyring key", "keyring key"),
            (" tunnel key 5", "tunnel key 5"),
            ("match certificate MAP", "match certificate MAP"),
        ] {
            assert_eq!(censored(line), expected);
        }
    }
}
