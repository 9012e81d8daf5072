//! The anti-replay window (RFC 4303 section 3.4.3) with extended sequence numbers
//! (appendix A2). Pure: a ring of bits and the highest number seen.

/// Why a sequence number is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// It was received before.
    #[error("sequence number {0} was received before")]
    Duplicate(u64),
    /// It lies left of the window.
    #[error("sequence number {0} is older than the window")]
    Old(u64),
    /// The first number is 1.
    #[error("sequence number 0")]
    Zero,
}

/// Which sequence numbers have been received.
#[derive(Clone, Debug)]
pub struct ReplayWindow {
    size: u64,
    esn: bool,
    highest: u64,
    bits: Vec<u64>,
}

impl ReplayWindow {
    /// Smallest window in packets (threat I1).
    pub const MIN: u32 = 64;
    /// Largest window in packets, that of IOS (rule G-082).
    pub const MAX: u32 = 1024;

    /// A window of `size` packets, taken to be within [`MIN`](Self::MIN) and
    /// [`MAX`](Self::MAX) and rounded up to a multiple of 64; `esn` for 64-bit numbers.
    pub fn new(size: u32, esn: bool) -> Self {
        let words = size.clamp(Self::MIN, Self::MAX).div_ceil(64);
        Self {
            size: u64::from(words) * 64,
            esn,
            highest: 0,
            bits: vec![0; words as usize],
        }
    }

    /// The full sequence number for the 32 bits on the wire: the one nearest to the
    /// window (RFC 4303 appendix A2.1). Without ESN the 32 bits themselves.
    pub fn infer(&self, low: u32) -> u64 {
        if !self.esn {
            return u64::from(low);
        }
        let (highest_low, epoch) = (self.highest as u32, self.highest >> 32);
        let bottom = highest_low.wrapping_sub(self.size as u32 - 1);
        let epoch = match (highest_low >= self.size as u32 - 1, low >= bottom) {
            (true, true) | (false, false) => epoch,
            (true, false) => epoch + 1,
            (false, true) => epoch.saturating_sub(1),
        };
        epoch << 32 | u64::from(low)
    }

    /// Whether a packet with this number may be looked at. Nothing changes.
    ///
    /// # Errors
    /// [`ReplayError`]: the packet is to be dropped and counted.
    pub fn check(&self, sequence: u64) -> Result<(), ReplayError> {
        if sequence == 0 {
            Err(ReplayError::Zero)
        } else if sequence > self.highest {
            Ok(())
        } else if self.highest - sequence >= self.size {
            Err(ReplayError::Old(sequence))
        } else if self.bit(sequence) {
            Err(ReplayError::Duplicate(sequence))
        } else {
            Ok(())
        }
    }

    /// Notes a number whose packet was authentic; call it only after
    /// [`check`](Self::check) and a right ICV.
    pub fn accept(&mut self, sequence: u64) {
        if sequence > self.highest {
            let fresh = (sequence - self.highest).min(self.size);
            (0..fresh).for_each(|back| self.set(sequence - back, false));
            self.highest = sequence;
        }
        self.set(sequence, true);
    }

    /// The highest number accepted, 0 before the first.
    pub fn highest(&self) -> u64 {
        self.highest
    }

    fn place(&self, sequence: u64) -> (usize, u64) {
        let bit = sequence % self.size;
        ((bit / 64) as usize, 1 << (bit % 64))
    }

    fn bit(&self, sequence: u64) -> bool {
        let (word, mask) = self.place(sequence);
        self.bits.get(word).is_some_and(|bits| bits & mask != 0)
    }

    fn set(&mut self, sequence: u64, on: bool) {
        let (word, mask) = self.place(sequence);
        if let Some(bits) = self.bits.get_mut(word) {
            *bits = if on { *bits | mask } else { *bits & !mask };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn at(size: u32, esn: bool, highest: u64) -> ReplayWindow {
        let mut window = ReplayWindow::new(size, esn);
        window.accept(highest);
        window
    }

    #[test]
    fn the_borders_of_the_window_are_exact() {
        for size in [64_u32, 128, 1024] {
            let window = at(size, false, 5000);
            let oldest = 5000 - u64::from(size) + 1;
            assert_eq!(window.check(oldest), Ok(()));
            assert_eq!(window.check(oldest - 1), Err(ReplayError::Old(oldest - 1)));
            assert_eq!(window.check(5000), Err(ReplayError::Duplicate(5000)));
            assert_eq!(window.check(5001), Ok(()));
        }
        assert_eq!(at(64, false, 1).check(0), Err(ReplayError::Zero));
    }

    #[test]
    fn sizes_outside_the_limits_are_brought_inside() {
        for (asked, given) in [(0, 64), (32, 64), (65, 128), (5000, 1024)] {
            assert_eq!(ReplayWindow::new(asked, false).size, given);
        }
    }

    #[test]
    fn a_jump_over_the_whole_window_forgets_it() {
        let mut window = at(64, false, 10);
        window.accept(10_000);
        assert_eq!(window.check(10_000 - 64), Err(ReplayError::Old(9936)));
        assert!((9937..10_000).all(|sequence| window.check(sequence).is_ok()));
    }

    #[test]
    fn esn_rolls_over_in_both_directions() {
        let border = 1_u64 << 32;
        let before = at(64, true, border - 1);
        assert_eq!(before.infer(u32::MAX), border - 1);
        assert_eq!(
            before.infer(0),
            border,
            "the next one starts the next epoch"
        );
        assert_eq!(before.check(border), Ok(()));
        let after = at(64, true, border + 5);
        assert_eq!(after.infer(3), border + 3);
        assert_eq!(
            after.infer(u32::MAX - 3),
            border - 4,
            "a late one of the last epoch"
        );
        assert_eq!(after.check(border - 4), Ok(()));
        assert_eq!(
            at(64, true, 5).infer(u32::MAX),
            u64::from(u32::MAX),
            "no epoch before the first"
        );
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_list_of_all_numbers(steps in proptest::collection::vec(1_u64..400, 1..300)) {
            let (mut window, mut seen) = (ReplayWindow::new(64, false), BTreeSet::new());
            for step in steps {
                let highest = seen.last().copied().unwrap_or(0_u64);
                // Most steps fall into or near the window.
                let sequence = (highest + step % 80).saturating_sub(step % 100).max(1);
                let fresh = !seen.contains(&sequence) && highest < sequence + 64;
                prop_assert_eq!(window.check(sequence).is_ok(), fresh);
                if fresh {
                    window.accept(sequence);
                    seen.insert(sequence);
                }
            }
        }

        #[test]
        fn inference_gives_back_any_number_near_the_window(highest in 64_u64..u64::MAX / 2, back in 0_u64..63, ahead in 0_u64..1 << 30) {
            let window = at(64, true, highest);
            prop_assert_eq!(window.infer((highest - back) as u32), highest - back);
            prop_assert_eq!(window.infer((highest + ahead) as u32), highest + ahead);
        }
    }
}
