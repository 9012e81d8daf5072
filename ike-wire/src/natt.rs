//! UDP port 4500: one port for keepalives, IKE and ESP (RFC 3948 2.1-2.3).
use crate::error::{DecodeError, DecodeErrorKind};
use bytes::{BufMut, Bytes, BytesMut};

/// The four zero octets that precede an IKE message on port 4500; no ESP packet has SPI zero.
pub const NON_ESP_MARKER: [u8; 4] = [0; 4];

/// The single octet of a NAT keepalive.
pub const KEEPALIVE: [u8; 1] = [0xff];

/// What a datagram on port 4500 is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Udp4500 {
    /// One octet `ff`, to be ignored (RFC 3948 2.3).
    Keepalive,
    /// An IKE message, without the marker.
    Ike(Bytes),
    /// An ESP packet, its SPI first.
    Esp(Bytes),
}

impl Udp4500 {
    /// Tells the three apart. Offsets in errors count from the first octet after the UDP header.
    ///
    /// Error: neither a keepalive nor at least eight octets (SPI and sequence number).
    pub fn decode(datagram: Bytes) -> Result<Self, DecodeError> {
        if *datagram == KEEPALIVE {
            return Ok(Self::Keepalive);
        }
        let needed = 8;
        if datagram.len() < needed {
            let kind = DecodeErrorKind::Truncated {
                needed,
                available: datagram.len(),
            };
            return Err(DecodeError {
                offset: 0,
                what: "datagram on port 4500",
                kind,
            });
        }
        if datagram.starts_with(&NON_ESP_MARKER) {
            let mut rest = datagram;
            bytes::Buf::advance(&mut rest, NON_ESP_MARKER.len());
            return Ok(Self::Ike(rest));
        }
        Ok(Self::Esp(datagram))
    }

    /// The octets to send to port 4500.
    pub fn encode(&self) -> Bytes {
        match self {
            Self::Keepalive => Bytes::from_static(&KEEPALIVE),
            Self::Ike(message) => mark(message),
            Self::Esp(packet) => packet.clone(),
        }
    }
}

/// An IKE message with the non-ESP marker in front.
pub fn mark(message: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(message.len().saturating_add(NON_ESP_MARKER.len()));
    out.put_slice(&NON_ESP_MARKER);
    out.put_slice(message);
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3948 2.
    #[test]
    fn keepalive_ike_and_esp_are_told_apart_and_written_back() {
        let cases: [(&'static [u8], Udp4500); 3] = [
            (&[0xff], Udp4500::Keepalive),
            (
                &[0, 0, 0, 0, 1, 2, 3, 4],
                Udp4500::Ike(Bytes::from_static(&[1, 2, 3, 4])),
            ),
            (
                &[0, 0, 1, 0, 0, 0, 0, 1, 9],
                Udp4500::Esp(Bytes::from_static(&[0, 0, 1, 0, 0, 0, 0, 1, 9])),
            ),
        ];
        for (octets, value) in cases {
            assert_eq!(
                Udp4500::decode(Bytes::from_static(octets)),
                Ok(value.clone())
            );
            assert_eq!(value.encode(), octets);
        }
    }

    #[test]
    fn one_to_seven_other_octets_are_refused() {
        for end in 0..8 {
            assert!(
                Udp4500::decode(Bytes::from_static(&[0; 8]).slice(..end)).is_err(),
                "{end} octets"
            );
        }
    }
}
