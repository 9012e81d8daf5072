//! The IOS configuration language: text to [`RunningConfig`] and back (IOS-FACTS section 3).
//!
//! [`parse`] reads a whole file and never fails: what it does not understand becomes a [`Diagnostic`] with place and code. [`show`](show())
//! prints what `show running-config` prints; `parse` of that gives the same configuration. Each mode has its command table in a file
//! of its own; `grammar` matches a line against a table, `reader` goes through the lines, `complaint` says what is wrong with one, `editor` takes lines one by one, `lint` checks what a single line
//! cannot show.

mod model;

mod attempt;
pub mod codes;
mod complaint;
mod crypto_map;
mod diagnostic;
mod domain;
mod editor;
mod global;
mod grammar;
mod ikev2;
mod interface;
mod ipsec;
mod isakmp;
mod kept;
mod keyring;
mod lexer;
mod lint;
mod modes;
mod pki;
mod profile;
mod reader;
mod show;
mod show_ipsec;
mod show_isakmp;
mod show_pki;
mod state;
mod suggest;
mod trustpoint;
mod trustpoint_checks;
mod value;

#[cfg(test)]
mod tests;

pub use diagnostic::{Diagnostic, Severity};
pub use domain::in_domain;
pub use editor::{Editor, Following, Typed, following};
pub use global::is_without_effect;
pub use lexer::Word;
pub use lint::pair::check_pair;
pub use model::*;
pub use reader::{Parsed, Place, parse};
pub use show::show;
