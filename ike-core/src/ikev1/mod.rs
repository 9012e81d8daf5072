//! IKEv1: Main Mode, Quick Mode, Informational (RFC 2408, RFC 2409) as IOS does them.
//!
//! [`IsakmpSa`] (`isakmp_sa`) is a shell (`shell`) around one state: `initiator`, `responder` or
//! `established`; `table` says what each message may carry.

pub mod children;
mod cipher;
mod common;
pub mod context;
mod dpd;
mod established;
mod fragment;
mod informational;
mod initiator;
mod isakmp_sa;
mod judge;
pub mod keymat;
mod material;
mod pki;
mod prove;
mod quick;
mod quick_initiator;
mod quick_responder;
mod requests;
mod responder;
mod shell;
mod table;
mod transaction;
mod vendor;
mod verdict;

pub use cipher::OpenError;
pub use dpd::Dpd;
pub use established::Established;
pub use informational::clear_notify;
pub use isakmp_sa::{Inbound, IsakmpSa};
pub use shell::Shell;
