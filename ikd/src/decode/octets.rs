//! Numbers inside octets that may end anywhere: `None` in place of a panic.

/// The octets `from..from + N`.
pub(super) fn array<const N: usize>(octets: &[u8], from: usize) -> Option<[u8; N]> {
    octets.get(from..from.checked_add(N)?)?.try_into().ok()
}

/// A big-endian number of two octets.
pub(super) fn be16(octets: &[u8], from: usize) -> Option<u16> {
    array(octets, from).map(u16::from_be_bytes)
}

/// How a capture file writes numbers: as the machine that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    pub(super) fn u16(self, octets: &[u8], from: usize) -> Option<u16> {
        let number = array(octets, from)?;
        Some(match self {
            Self::Little => u16::from_le_bytes(number),
            Self::Big => u16::from_be_bytes(number),
        })
    }

    pub(super) fn u32(self, octets: &[u8], from: usize) -> Option<u32> {
        let number = array(octets, from)?;
        Some(match self {
            Self::Little => u32::from_le_bytes(number),
            Self::Big => u32::from_be_bytes(number),
        })
    }

    pub(super) fn i64(self, octets: &[u8], from: usize) -> Option<i64> {
        let number = array(octets, from)?;
        Some(match self {
            Self::Little => i64::from_le_bytes(number),
            Self::Big => i64::from_be_bytes(number),
        })
    }
}
