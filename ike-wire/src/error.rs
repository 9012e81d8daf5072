//! What goes wrong between octets and values.
//!
//! A decode error is data about a hostile or broken datagram: it carries no peer text, only numbers and our own field names, so it
//! can be logged as it is.
use std::fmt;

/// Why a datagram could not be read: where, in which field, and what was expected there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// Octets from the start of the datagram (ISAKMP header included) to the field.
    pub offset: usize,
    /// The field or payload, in the words of the RFC.
    pub what: &'static str,
    /// What is wrong with it.
    pub kind: DecodeErrorKind,
}

/// The kinds of [`DecodeError`]. All counts are octets unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The field ends after the end of the enclosing structure.
    Truncated {
        /// Octets the field takes.
        needed: usize,
        /// Octets that are left.
        available: usize,
    },
    /// The length field of a payload or of a substructure is smaller than its fixed part.
    PayloadLength {
        /// The length found.
        found: usize,
        /// The smallest length allowed.
        at_least: usize,
    },
    /// A field of fixed or bounded size has another size.
    Size {
        /// The size found.
        found: usize,
        /// The smallest size allowed.
        at_least: usize,
        /// The largest size allowed.
        at_most: usize,
    },
    /// The header's length field differs from the datagram's length.
    HeaderLength {
        /// The value of the length field.
        found: usize,
        /// The datagram's length.
        datagram: usize,
    },
    /// More items than we are ready to look at.
    TooMany {
        /// The number of items allowed.
        limit: usize,
    },
    /// Octets remain where the structure ends.
    Trailing {
        /// How many remain.
        octets: usize,
    },
    /// The encryption flag is set: there is no chain to read before decryption.
    Encrypted,
    /// A version that is not the one asked for.
    Version {
        /// Major version in the upper, minor in the lower four bits.
        found: u8,
        /// The major version asked for.
        expected: u8,
    },
    /// A number that is not allowed here.
    Value {
        /// The number found.
        found: u64,
        /// The allowed numbers, in words.
        expected: &'static str,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at octet {}: ", self.offset)?;
        let what = self.what;
        match self.kind {
            DecodeErrorKind::Truncated { needed, available } => {
                write!(f, "{what}: {needed} octets expected, {available} left")
            }
            DecodeErrorKind::PayloadLength { found, at_least } => {
                write!(
                    f,
                    "payload length {found} of {what}: at least {at_least} expected"
                )
            }
            DecodeErrorKind::Size {
                found,
                at_least,
                at_most,
            } if at_least == at_most => {
                write!(f, "{what} of {found} octets: {at_least} expected")
            }
            DecodeErrorKind::Size {
                found,
                at_least,
                at_most,
            } => {
                write!(
                    f,
                    "{what} of {found} octets: {at_least} to {at_most} expected"
                )
            }
            DecodeErrorKind::HeaderLength { found, datagram } => {
                write!(
                    f,
                    "{what} {found}: {datagram} expected, the length of the datagram"
                )
            }
            DecodeErrorKind::TooMany { limit } => write!(f, "{what}: at most {limit} expected"),
            DecodeErrorKind::Trailing { octets } => {
                write!(f, "{octets} octets after {what}: none expected")
            }
            DecodeErrorKind::Encrypted => write!(f, "{what}: encrypted, a clear message expected"),
            DecodeErrorKind::Version { found, expected } => {
                let (major, minor) = (found >> 4, found & 15);
                write!(f, "{what} {major}.{minor}: {expected}.0 expected")
            }
            DecodeErrorKind::Value { found, expected } => {
                write!(f, "{what} {found}: {expected} expected")
            }
        }
    }
}

impl std::error::Error for DecodeError {}

/// Why a value could not be written: a length field cannot hold its length (THREATS K2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeError {
    /// The field whose length does not fit.
    pub what: &'static str,
    /// Its length (octets, or items for counts).
    pub length: usize,
    /// The largest length the format allows.
    pub at_most: usize,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of length {}: at most {} fits",
            self.what, self.length, self.at_most
        )
    }
}

impl std::error::Error for EncodeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_where_what_and_what_was_expected() {
        let kind = DecodeErrorKind::PayloadLength {
            found: 3,
            at_least: 4,
        };
        let error = DecodeError {
            offset: 28,
            what: "Key Exchange",
            kind,
        };
        assert_eq!(
            error.to_string(),
            "at octet 28: payload length 3 of Key Exchange: at least 4 expected"
        );
        let kind = DecodeErrorKind::Size {
            found: 3,
            at_least: 4,
            at_most: 4,
        };
        let error = DecodeError {
            offset: 36,
            what: "IPV4_ADDR",
            kind,
        };
        assert_eq!(
            error.to_string(),
            "at octet 36: IPV4_ADDR of 3 octets: 4 expected"
        );
        let error = EncodeError {
            what: "Vendor ID",
            length: 70_000,
            at_most: 65_531,
        };
        assert_eq!(
            error.to_string(),
            "Vendor ID of length 70000: at most 65531 fits"
        );
    }
}
