//! The IOS rules as pure functions: lists in, decision and its rule out.
//!
//! Nothing here sees a packet, an SA or a clock, so each row of IOS-FACTS section 6 is a
//! table test. `docs/ios-rules.md` maps every rule to its function.

mod candidate;
pub mod certificate_map;
pub mod certreq;
mod decision;
pub mod enrolment;
pub mod identity;
pub mod ikev2;
pub mod ipsec;
mod ipsec_refusal;
pub mod isakmp;
mod isakmp_refusal;
pub mod liveness;
pub mod mode_config;
mod nearest;
pub mod preshared;
pub mod profile;
mod protected_by;
pub mod protection;
pub mod protection_change;
pub mod renewal;
mod subject;
pub mod trustpoint;
pub mod validation;
pub mod verdict;

pub use crate::address;
pub(crate) use candidate::clipped;
pub use candidate::{Candidate, MAX_CANDIDATES, MAX_STEPS, Rejected, Step};
pub use decision::{Decision, MAX_SUBJECTS, Rule};
pub use subject::Subject;
