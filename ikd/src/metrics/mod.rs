//! Metrics for Prometheus, of what is configured as well as of what is up: a tunnel that is down has its series,
//! with the value 0 (an exporter that reads SAs alone forgets it).
//!
//! `text` is a page out of a snapshot, as `show` is; `serve` answers scrapes with it.

mod serve;
mod text;

pub(crate) use serve::serve;
pub(crate) use text::{CONTENT_TYPE, page};
