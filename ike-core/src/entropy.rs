//! The engine's generator: seeded once by the host, so that equal events give equal actions.

use ike_crypto::Secret;
use ike_wire::Spi;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// A ChaCha20 generator. The host seeds it with 32 octets from the kernel; a simulator with a number.
pub struct Entropy(ChaCha20Rng);

impl Entropy {
    /// A generator from 32 octets of seed.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    /// `count` random octets.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut out = vec![0; count];
        self.0.fill_bytes(&mut out);
        out
    }

    /// `count` random octets that are zeroised after use.
    pub fn secret(&mut self, count: usize) -> Secret {
        Secret::from(self.bytes(count))
    }

    /// Eight random octets.
    pub fn octets8(&mut self) -> [u8; 8] {
        self.0.next_u64().to_be_bytes()
    }

    /// A cookie that is not zero (W-034).
    pub fn cookie(&mut self) -> Spi {
        loop {
            let octets = self.octets8();
            if octets != [0; 8] {
                return Spi(octets);
            }
        }
    }

    /// A non-zero 32-bit number: message IDs.
    pub fn nonzero(&mut self) -> u32 {
        self.0.next_u32().max(1)
    }

    /// An ESP SPI outside the reserved range 0..=255 (RFC 4303 2.1).
    pub fn esp_spi(&mut self) -> u32 {
        loop {
            let spi = self.0.next_u32();
            if spi > 255 {
                return spi;
            }
        }
    }
}
