//! Entropy for the host: the seed of the engine. The pure crates never call this.

use ring::rand::{SecureRandom, SystemRandom};

/// The kernel gave no random octets; nothing may go on with predictable ones (D16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoEntropy;

impl std::fmt::Display for NoEntropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the kernel gives no entropy")
    }
}

impl std::error::Error for NoEntropy {}

/// Fills `out` with random octets of the operating system.
///
/// # Errors
/// [`NoEntropy`]; `out` must not be used then.
pub fn fill_random(out: &mut [u8]) -> Result<(), NoEntropy> {
    SystemRandom::new().fill(out).map_err(|_| NoEntropy)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two draws differ: the octets are not a constant.
    #[test]
    fn draws_differ() {
        let (mut a, mut b) = ([0; 32], [0; 32]);
        assert!(fill_random(&mut a).is_ok() && fill_random(&mut b).is_ok());
        assert_ne!(a, b);
    }
}
