//! The IOS rules of IKEv2: what is asked for, what signs, what is believed, which profile, policy
//! and key a peer falls to (S-070..S-098). As for IKEv1, lists in, decision and its rule out.

pub mod authorization;
pub mod certreq;
pub mod childless;
pub mod esp;
pub mod fetching;
pub mod identity;
pub mod keyring;
mod matching;
pub mod ppk;
pub mod profile;
pub mod proposal;
pub mod proposals;
mod refusal;
pub mod selectors;
pub mod suite;
pub mod trustpoint;
pub mod validation;
