//! Stories for the eye. A trace is mailed around, and whoever wrote it wrote every word of it: nothing in it may
//! speak to a terminal, or turn the order of a line round (J4, J5).

use ike_core::trace::{escaped, is_plain};
use serde::Serialize;
use serde_json::Value;

use super::Story;

impl Story {
    /// The same with everything escaped that nobody sees; lines stay lines.
    ///
    /// # Errors
    /// None that is known: a story always has a JSON form, and reads back.
    pub(crate) fn safe(&self) -> serde_json::Result<Self> {
        serde_json::from_value(shown(serde_json::to_value(self)?))
    }
}

/// A value as JSON, in which what nobody sees has its number: it reads back to the same.
pub(crate) fn json(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // Outside of strings the only one is the line feed.
        match c == '\n' || is_plain(c) {
            true => out.push(c),
            false => out.extend(
                c.encode_utf16(&mut [0; 2])
                    .iter()
                    .map(|unit| format!("\\u{unit:04x}")),
            ),
        }
    }
    out
}

fn shown(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(lines(&text)),
        Value::Array(values) => values.into_iter().map(shown).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (escaped(&name), shown(value)))
            .collect(),
        other => other,
    }
}

fn lines(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(escaped).collect();
    lines.join("\n")
}
