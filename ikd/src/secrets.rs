//! Secrets in lines of a configuration, found without reading the line: when in doubt more goes, never less.

/// Words behind which a secret stands.
const MARKS: [&str; 4] = ["key", "pre-shared-key", "password", "secret"];
/// Words that may stand between.
const KINDS: [&str; 6] = ["local", "remote", "0", "6", "7", "hex"];
/// Words that may follow a key: its peer, and a flag. A password has blanks in it.
const AFTER: [&str; 3] = ["address", "hostname", "no-xauth"];

/// A line with `<removed>` in the place of its secret, as IOS prints it for others' eyes.
pub(crate) fn censored(line: &str) -> String {
    replaced(line, |_, _| "<removed>".to_owned())
}

/// A line with another word for each secret: `name` gets the word before it and the secret.
pub(crate) fn replaced(line: &str, mut name: impl FnMut(&str, &str) -> String) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let public = matches!(
        words.as_slice(),
        ["tunnel", "key", ..] | ["crypto", "key", ..] | ["description", ..]
    );
    if public {
        return words.join(" ");
    }
    let mut out: Vec<String> = Vec::new();
    let mut rest = words.into_iter().peekable();
    while let Some(word) = rest.next() {
        out.push(word.to_owned());
        let address_follows = matches!(rest.peek(), Some(&"address" | &"hostname"));
        if !MARKS.contains(&word) || address_follows {
            continue;
        }
        let mut kind = word;
        while let Some(next) = rest.next_if(|w| KINDS.contains(w)) {
            kind = next;
            out.push(next.to_owned());
        }
        let secret = rest.next().unwrap_or_default();
        out.push(name(kind, secret));
        if !rest.peek().is_some_and(|next| AFTER.contains(next)) {
            break;
        }
    }
    out.join(" ")
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
            (" tunnel key 5", "tunnel key 5"),
        ] {
            assert_eq!(censored(line), expected);
        }
    }
}
