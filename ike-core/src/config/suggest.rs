//! "Did you mean": the nearest word by edit distance.

/// Longer words are not compared.
const MAX_WORD: usize = 64;

/// The candidate nearest to `word`, if it is near enough for a typo (a third of the longer word, at least one letter).
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let near = |candidate: &&'a str| {
        let limit = (word.len().max(candidate.len()) / 3).max(1);
        let distance = distance(&word, &candidate.to_ascii_lowercase())?;
        (distance <= limit).then_some(distance)
    };
    let best = candidates
        .into_iter()
        .filter_map(|candidate| Some((near(&candidate)?, candidate)));
    best.min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, delete, replace or swap with a neighbour; `None` for words too long to be compared.
fn distance(a: &str, b: &str) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() > MAX_WORD || b.len() > MAX_WORD {
        return None;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let replace = last[j] + usize::from(from != to);
            let mut best = replace.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *to && b[j - 1] == *from {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_find_their_word_and_strangers_do_not() {
        let words = ["esp-sha-hmac", "esp-sha256-hmac", "esp-sha512-hmac"];
        assert_eq!(nearest("esp-sha265-hmac", words), Some("esp-sha256-hmac"));
        assert_eq!(
            nearest("encrpytion", ["encryption", "hash"]),
            Some("encryption")
        );
        assert_eq!(nearest("router", words), None);
        assert_eq!(nearest(&"x".repeat(1000), words), None);
    }
}
