//! The IOS rules as pure functions: lists in, decision and its rule out.
//!
//! Nothing here sees a packet, an SA or a clock, so each row of IOS-FACTS section 6 is a
//! table test. `docs/ios-rules.md` maps every rule to its function.

pub mod certificate_map;
pub mod certreq;
mod decision;
pub mod enrolment;
pub mod identity;
pub mod ikev2;
pub mod ipsec;
pub mod isakmp;
pub mod liveness;
pub mod mode_config;
pub mod preshared;
pub mod profile;
pub mod protection;
pub mod renewal;
pub mod trustpoint;
pub mod validation;

pub use crate::address;
pub use decision::{Candidate, Decision, Rejected, Rule, Step, Subject};
