//! `ikd errors`: what the codes of `ikd check` mean, and what to do about one.

use std::process::ExitCode;

use ike_core::config::codes::{ALL, Page, page};

use crate::cli::{complain, print};

/// All codes, or the page of one.
pub(crate) fn run(code: Option<&str>, json: bool) -> ExitCode {
    let Some(code) = code else {
        print(&if json { json_list() } else { list() });
        return ExitCode::SUCCESS;
    };
    let Some(page) = page(code) else {
        complain(&format!(
            "no code `{code}`; `ikd errors` lists all {}",
            ALL.len()
        ));
        return ExitCode::from(2);
    };
    print(&if json {
        serde_json::to_string_pretty(&page).unwrap_or_default()
    } else {
        text(&page)
    });
    ExitCode::SUCCESS
}

fn list() -> String {
    ALL.iter()
        .map(|(code, meaning)| format!("{code}  {meaning}\n"))
        .collect()
}

fn json_list() -> String {
    let pages: Vec<Page> = ALL.iter().filter_map(|(code, _)| page(code)).collect();
    serde_json::to_string_pretty(&pages).unwrap_or_default()
}

/// E stops a configuration, W and N do not; N is shown by `ikd check --verbose`.
fn text(page: &Page) -> String {
    let kind = match page.code.get(..1) {
        Some("E") => "error: the configuration is not accepted",
        Some("W") => "warning: it works, perhaps not as meant",
        _ => "note, shown by `ikd check --verbose`",
    };
    let example: String = page
        .example
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
    format!(
        "{} ({kind})\n{}\n\nRule: {}\n\nExample:\n{example}\nFix: {}\n",
        page.code, page.meaning, page.rule, page.fix
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_meaning_rule_example_and_fix() {
        let shown = text(&page("W0109").unwrap());
        let expected = "W0109 (warning: it works, perhaps not as meant)
With certificates an IKEv2 initiator signs only with a trustpoint its profile names (S-075).

Rule: S-075

Example:
    crypto ikev2 profile P
     match identity remote any
     authentication local rsa-sig
     authentication remote rsa-sig

Fix: add `pki trustpoint TP`, or let the peer start
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn every_code_has_a_line_and_a_page_in_json() {
        assert_eq!(list().lines().count(), ALL.len());
        let read: serde_json::Value = serde_json::from_str(&json_list()).unwrap();
        assert_eq!(read.as_array().map(Vec::len), Some(ALL.len()));
        assert_eq!(read[0]["code"], "E0201");
    }

    #[test]
    fn an_unknown_code_is_a_mistake_of_usage() {
        assert_eq!(run(Some("W9999"), false), ExitCode::from(2));
        assert_eq!(run(Some("w0113"), true), ExitCode::SUCCESS);
    }
}
