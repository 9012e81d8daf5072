//! `ikd`: the IKE daemon and its lab.
//!
//! The only crate with I/O, clocks, entropy and threads. `runtime` hosts the pure engine of
//! `ike-core`, `dataplane` carries ESP, `keystore` keeps trustpoints on disk, `control`
//! and `exec` serve operators, `lab` runs routers in namespaces of its own.

#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]
#![allow(
    missing_docs,
    reason = "a program's modules document what a reader needs; the libraries document all"
)]

mod ask;
pub mod authority;
pub mod bundle;
pub mod capture;
mod changes;
pub mod check;
pub mod cli;
mod configure;
mod console;
pub mod control;
pub mod convert;
pub mod dataplane;
pub mod decode;
pub mod doctor;
pub mod errors;
pub mod exec;
pub mod explain;
mod fmt;
pub mod http;
pub mod keystore;
pub mod lab;
pub mod log;
pub mod manual;
mod metrics;
pub mod pki;
pub mod pki_cli;
pub mod predict;
pub mod replay;
pub mod report;
pub mod runtime;
mod secrets;
mod startup;
pub mod story;
mod system;
mod terminal;
mod transfer;
