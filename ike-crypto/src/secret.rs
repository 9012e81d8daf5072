//! Secret octets: cleared when dropped, compared in constant time, never
//! printed.

use std::fmt;

use zeroize::Zeroize;

/// Secret octets (keys, shared secrets, private values). Cleared on drop;
/// `Debug` shows only the length; `==` takes the same time for every content.
#[derive(Clone, Default)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The octets themselves. Do not copy them into anything that is not
    /// cleared.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Number of octets.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no octets.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl From<Vec<u8>> for Secret {
    fn from(octets: Vec<u8>) -> Self {
        Self(octets)
    }
}

impl From<&[u8]> for Secret {
    fn from(octets: &[u8]) -> Self {
        Self(octets.to_vec())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} octets)", self.0.len())
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        ct_eq(&self.0, &other.0)
    }
}

impl Eq for Secret {}

/// Whether two octet strings are equal, in time that depends on their lengths
/// only. Strings of different length are unequal.
pub fn ct_eq(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_only_the_length() {
        let secret = Secret::from(b"hunter2".to_vec());
        assert_eq!(format!("{secret:?}"), "Secret(7 octets)");
    }

    #[test]
    fn comparison_looks_at_every_octet_and_the_length() {
        assert!(ct_eq(b"", b""));
        assert!(ct_eq(b"abc", b"abc"));
        assert!(!ct_eq(b"abc", b"abd"));
        assert!(!ct_eq(b"abc", b"abcd"));
        assert_eq!(Secret::from(vec![1, 2]), Secret::from(vec![1, 2]));
        assert_ne!(Secret::from(vec![1, 2]), Secret::from(vec![1, 3]));
    }
}
