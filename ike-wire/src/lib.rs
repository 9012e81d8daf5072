//! The octets of IKE: what a datagram says, and how to say it.
//!
//! Decoding borrows from the datagram (`bytes::Bytes` slices) and keeps every octet, so that encoding a decoded value gives the
//! same octets again, RESERVED fields included. Every decode error names the offset from the start of the datagram, the field and
//! what was expected. There is no state, no crypto, no clock and no I/O here.
//!
//! Start with [`v1::Message::decode`] for a clear message, [`Header::open`] plus [`v1::Chain::decode`] for an encrypted one,
//! [`natt::Udp4500`] for port 4500, and [`dissect`] to print either.
#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod attribute;
mod encode;
mod error;
mod generic;
mod header;
mod reader;
mod spans;
mod text;

pub mod dissect;
pub mod natt;
pub mod registry;
pub mod v1;
pub mod v2;

pub use error::{DecodeError, DecodeErrorKind, EncodeError};
pub use header::{Flags, Header, MessageId, Spi};
pub use text::{Escaped, Hex};
