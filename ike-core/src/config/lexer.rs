//! A configuration line as words with columns.

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word, without the quotes around it.
    pub text: String,
    /// Column of its first character (or of the opening quote), from 1.
    pub column: usize,
    /// Characters it takes in the line.
    pub length: usize,
    /// Where it starts in the line, in octets.
    pub(super) start: usize,
}

/// Splits a line at blanks. Double quotes hold blanks together; an open quote ends with the line.
pub(super) fn words(line: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Option<Word> = None;
    let mut quoted = false;
    for (index, (start, c)) in line.char_indices().enumerate() {
        if is_blank(c) && !quoted {
            words.extend(open.take());
            continue;
        }
        let word = open.get_or_insert_with(|| Word {
            text: String::new(),
            column: index + 1,
            length: 0,
            start,
        });
        word.length += 1;
        if c == '"' && (quoted || word.length == 1) {
            quoted = !quoted;
        } else {
            word.text.push(c);
        }
    }
    words.extend(open);
    words
}

/// Whether a character separates words. Other control characters are part of a word and make it unknown.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_their_columns_and_quotes_hold_blanks() {
        let found = words("  set  \"a b\" c");
        let shown: Vec<_> = found
            .iter()
            .map(|w| (w.text.as_str(), w.column, w.length, w.start))
            .collect();
        assert_eq!(
            shown,
            [("set", 3, 3, 2), ("a b", 8, 5, 7), ("c", 14, 1, 13)]
        );
        assert_eq!(words(" \t\r"), []);
        assert_eq!(words("\"open end")[0].text, "open end");
        assert_eq!(words("한 x")[1].column, 3);
    }
}
