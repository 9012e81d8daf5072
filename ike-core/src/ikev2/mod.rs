//! IKEv2: IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL (RFC 7296) as IOS does them.
//!
//! [`IkeSas`] (`sas`) is the table; an [`IkeSa`] (`ike_sa`) is a shell (`shell`) around one state:
//! `initiator`, `responder` or `established`; `table` says what each message may carry, `collision` what
//! happens when both ends act at once.

mod auth_octets;
pub mod child;
mod child_offer;
mod collision;
mod configuration;
mod context;
mod cookie;
mod create_child;
mod established;
mod fetch;
mod fragment;
mod ike_sa;
mod informational;
mod init;
mod initiator;
mod intermediate;
mod judge;
pub mod keymat;
mod leases;
mod mobike;
mod notify;
mod outgoing;
mod ppk;
mod prove;
mod pump;
mod reauth;
mod redirect;
mod rekey_ike;
mod responder;
mod sas;
mod serve_child;
mod shell;
pub mod sk;
mod sk_cipher;
mod table;
mod tally;
mod verdict;
mod window;

pub use context::{Context, FollowUp};
pub use established::Established;
pub use ike_sa::{IkeSa, Inbound};
pub use leases::Leases;
pub use sas::{IkeSas, Stats, invalid_major_version};
pub use shell::Shell;
pub use tally::{Counts, Tally};
