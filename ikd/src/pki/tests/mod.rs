//! Stories of the PKI of a running router, with CAs that answer by a call.

mod bench;
mod configuration;
mod dialogue;
mod enrolment;
mod renewal;
mod transfer;
