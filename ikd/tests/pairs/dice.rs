//! Chance that can be had again: SplitMix64 (Steele, Lea, Flood 2014).

pub(crate) struct Dice(u64);

impl Dice {
    /// Equal seeds throw alike.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// One of 0 to `n` - 1.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.throw() % n.max(1) as u64).unwrap_or(0)
    }

    /// True in so many of a hundred.
    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// One of them; there is at least one.
    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// `usual`, or in so many of a hundred one of all.
    pub(crate) fn mostly<T: Clone>(&mut self, usual: &T, slip: usize, of: &[T]) -> T {
        if self.percent(slip) {
            self.pick(of)
        } else {
            usual.clone()
        }
    }

    /// In another order.
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let other = self.below(last + 1);
            list.swap(last, other);
        }
    }
}
