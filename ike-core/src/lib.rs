//! The pure core of `ikd`: IOS configuration, IOS selection rules, and the IKE engine.
//!
//! Nothing here reads a clock, draws entropy, opens a file or a socket, takes a lock or
//! awaits; `tests/purity.rs` holds the crate to that. Read `policy` for the rules,
//! `engine` for the contract with the host, `ikev1` for the exchanges, `sim` for how
//! two engines run against each other in invented time.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod address;
pub mod config;
pub mod decrypt;
pub mod engine;
pub mod entropy;
pub mod ikev1;
pub mod ikev2;
pub mod policy;
pub mod sa;
pub mod show;
pub mod sim;
pub mod time;
pub mod trace;
pub mod verdict;
