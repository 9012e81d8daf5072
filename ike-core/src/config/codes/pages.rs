//! The page of each code, for `ikd errors CODE`: the rule behind it, text that brings it about, and the way out.
use super::explain;
use super::{table, warnings};

/// What `ikd errors` tells about a code.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Page {
    /// The code.
    pub code: &'static str,
    /// What it means, one sentence.
    pub meaning: &'static str,
    /// Where the rule stands: numbers of IOS-FACTS (docs/ios-rules.md), RFCs.
    pub rule: &'static str,
    /// A configuration that brings it about; two of them with a line `---` between them where it takes two routers.
    pub example: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// The page of a code; letters in either case.
#[must_use]
pub fn page(code: &str) -> Option<Page> {
    let entry = entries().find(|entry| entry.0.eq_ignore_ascii_case(code))?;
    let (code, rule, example, fix) = *entry;
    Some(Page {
        code,
        meaning: explain(code)?,
        rule,
        example,
        fix,
    })
}

/// What a page is made from: code, rule, example and fix.
type Entry = (&'static str, &'static str, &'static str, &'static str);

fn entries() -> impl Iterator<Item = &'static Entry> {
    table::PAGES.iter().chain(warnings::PAGES)
}

#[cfg(test)]
mod tests {
    use super::super::{ALL, ASYMMETRIC};
    use super::*;
    use crate::config::{check_pair, parse};

    fn codes_of(example: &str) -> Vec<&'static str> {
        let parsed: Vec<_> = example
            .split("---\n")
            .map(|text| parse("x.cfg", text))
            .collect();
        let mut all: Vec<_> = parsed.iter().flat_map(|p| p.diagnostics.clone()).collect();
        if let [first, second] = parsed.as_slice() {
            all.extend(check_pair(("a.cfg", first), ("b.cfg", second)));
        }
        all.iter().map(|found| found.code).collect()
    }

    #[test]
    fn the_example_of_each_page_brings_its_code_about() {
        for entry in entries() {
            let found = codes_of(entry.2);
            assert!(found.contains(&entry.0), "{}: {found:?}", entry.0);
        }
    }

    #[test]
    fn each_code_has_one_page_in_the_order_of_the_list() {
        let pages: Vec<&str> = entries().map(|entry| entry.0).collect();
        let all: Vec<&str> = ALL.iter().map(|entry| entry.0).collect();
        assert_eq!(pages, all);
    }

    #[test]
    fn a_page_is_found_in_small_letters_too() {
        assert_eq!(page("w0113").map(|page| page.code), Some(ASYMMETRIC));
        assert_eq!(page("W9999"), None);
    }
}
