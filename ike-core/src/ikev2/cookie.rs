//! Stateless cookies (RFC 7296 2.6, RFC 8019; B1): who answers with one has shown that it receives at its
//! address, before any state or Diffie-Hellman is spent on it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use ike_crypto::{Hash, Secret, ct_eq, hmac};
use ike_wire::Spi;

use crate::entropy::Entropy;
use crate::time::Timestamp;

/// How long a secret makes cookies; those of the one before are still taken.
const ROTATION: Duration = Duration::from_secs(60);
/// Octets of a cookie: version, then a MAC.
const LEN: usize = 17;

/// The secrets cookies are made with.
#[derive(Debug, Default)]
pub(super) struct CookieJar {
    version: u8,
    current: Option<(Secret, Timestamp)>,
    previous: Option<Secret>,
}

impl CookieJar {
    /// The cookie for a first message: bound to its nonce, address and SPI (2.6).
    pub(super) fn make(
        &mut self,
        entropy: &mut Entropy,
        now: Timestamp,
        nonce: &[u8],
        from: SocketAddr,
        spi: Spi,
    ) -> Bytes {
        self.rotate(entropy, now);
        let secret = self.current.as_ref().map(|(secret, _)| secret);
        mac(secret, self.version, nonce, from, spi).into()
    }

    /// Whether a cookie is one of ours for this message and not too old.
    pub(super) fn check(
        &mut self,
        entropy: &mut Entropy,
        now: Timestamp,
        cookie: &[u8],
        (nonce, from, spi): (&[u8], SocketAddr, Spi),
    ) -> bool {
        self.rotate(entropy, now);
        let Some(version) = cookie.first().copied().filter(|_| cookie.len() == LEN) else {
            return false;
        };
        let secret = match version {
            v if v == self.version => self.current.as_ref().map(|(secret, _)| secret),
            v if v == self.version.wrapping_sub(1) => self.previous.as_ref(),
            _ => None,
        };
        secret.is_some() && ct_eq(cookie, &mac(secret, version, nonce, from, spi))
    }

    fn rotate(&mut self, entropy: &mut Entropy, now: Timestamp) {
        let fresh = |(_, made): &(Secret, Timestamp)| now < *made + ROTATION;
        if self.current.as_ref().is_some_and(fresh) {
            return;
        }
        let old = self.current.replace((entropy.secret(32), now));
        // A secret that was not used for long does not come back.
        self.previous = old
            .filter(|(_, made)| now < *made + 2 * ROTATION)
            .map(|(secret, _)| secret);
        self.version = self.version.wrapping_add(1);
    }
}

fn mac(secret: Option<&Secret>, version: u8, nonce: &[u8], from: SocketAddr, spi: Spi) -> Vec<u8> {
    let key = secret.map_or(&[][..], Secret::expose);
    let address = from.to_string();
    let mut out = vec![version];
    out.extend(hmac(
        Hash::Sha256,
        key,
        &[nonce, address.as_bytes(), &spi.0],
    ));
    out.truncate(LEN);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    /// RFC 7296 2.6: good for the same nonce, address and SPI, for one to two periods.
    #[test]
    fn a_cookie_is_bound_to_its_message_and_ages() {
        let (mut jar, mut entropy) = (CookieJar::default(), Entropy::new([1; 32]));
        let from: SocketAddr = "192.0.2.1:500".parse().unwrap();
        let spi = Spi([1; 8]);
        let cookie = jar.make(&mut entropy, at(0), &[2; 32], from, spi);
        let mut good = |at, cookie: &[u8], nonce: &[u8], from, spi| {
            jar.check(&mut entropy, at, cookie, (nonce, from, spi))
        };
        assert!(good(at(1), &cookie, &[2; 32], from, spi));
        assert!(!good(at(1), &cookie, &[3; 32], from, spi));
        assert!(!good(
            at(1),
            &cookie,
            &[2; 32],
            "192.0.2.2:500".parse().unwrap(),
            spi
        ));
        assert!(!good(at(1), &cookie, &[2; 32], from, Spi([2; 8])));
        assert!(!good(at(1), &cookie[..16], &[2; 32], from, spi));
        assert!(
            good(at(70), &cookie, &[2; 32], from, spi),
            "one rotation later"
        );
        assert!(
            !good(at(140), &cookie, &[2; 32], from, spi),
            "two rotations later"
        );
    }
}
