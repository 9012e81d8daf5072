//! Peer octets made safe for a terminal or a log (THREATS J4, J5).
use std::fmt;

/// Shows octets as text: printable ASCII as it is, everything else (and the backslash) as `\xNN`.
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|&octet| match octet {
            b'\\' => f.write_str("\\x5c"),
            0x20..=0x7e => write!(f, "{}", char::from(octet)),
            _ => write!(f, "\\x{octet:02x}"),
        })
    }
}

/// Shows octets as lower-case hexadecimal without separators.
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_newlines_and_backslashes_come_out_as_hex() {
        assert_eq!(
            Escaped(b"R1\n\x1b[2J\\\xff").to_string(),
            "R1\\x0a\\x1b[2J\\x5c\\xff"
        );
        assert_eq!(Hex(&[0, 0xab]).to_string(), "00ab");
    }
}
