//! Vendor IDs that IOS sends or knows by name (W-010 to W-013, W-030 to W-033).
use crate::header::Spi;
use bytes::Bytes;

/// The constant that an IOS router combines with its own cookie (W-030).
const IOS_MASK: [u8; 8] = [0xf5, 0xc7, 0xa7, 0x1d, 0x00, 0x01, 0x00, 0x00];

/// A vendor ID with a fixed body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KnownVendor {
    /// RFC 3947.
    NatTRfc3947,
    /// draft-ietf-ipsec-nat-t-ike-07.
    NatT07,
    /// draft-ietf-ipsec-nat-t-ike-03.
    NatT03,
    /// draft-ietf-ipsec-nat-t-ike-02, with the newline that made it into the hash.
    NatT02,
    /// Dead peer detection (RFC 3706).
    Dpd,
    /// Cisco Unity.
    Unity,
    /// draft-ietf-ipsra-isakmp-xauth-06, eight octets.
    Xauth,
    /// Cisco IKE fragmentation; four octets of flags may follow.
    Fragmentation,
}

impl KnownVendor {
    /// All of them, in the order IOS tries them.
    pub const ALL: [Self; 8] = [
        Self::NatTRfc3947,
        Self::NatT07,
        Self::NatT03,
        Self::NatT02,
        Self::Dpd,
        Self::Unity,
        Self::Xauth,
        Self::Fragmentation,
    ];

    /// The body that is sent.
    pub fn body(self) -> &'static [u8] {
        match self {
            Self::NatTRfc3947 => {
                b"\x4a\x13\x1c\x81\x07\x03\x58\x45\x5c\x57\x28\xf2\x0e\x95\x45\x2f"
            }
            Self::NatT07 => b"\x43\x9b\x59\xf8\xba\x67\x6c\x4c\x77\x37\xae\x22\xea\xb8\xf5\x82",
            Self::NatT03 => b"\x7d\x94\x19\xa6\x53\x10\xca\x6f\x2c\x17\x9d\x92\x15\x52\x9d\x56",
            Self::NatT02 => b"\x90\xcb\x80\x91\x3e\xbb\x69\x6e\x08\x63\x81\xb5\xec\x42\x7b\x1f",
            Self::Dpd => b"\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57\x01\x00",
            Self::Unity => b"\x12\xf5\xf2\x8c\x45\x71\x68\xa9\x70\x2d\x9f\xe2\x74\xcc\x01\x00",
            Self::Xauth => b"\x09\x00\x26\x89\xdf\xd6\xb7\x12",
            Self::Fragmentation => {
                b"\x40\x48\xb7\xd5\x6e\xbc\xe8\x85\x25\xe7\xde\x7f\x00\xd6\xc2\xd3"
            }
        }
    }

    /// The body as a payload's octets.
    pub fn bytes(self) -> Bytes {
        Bytes::from_static(self.body())
    }

    /// The name in `vendor ID is …` (W-033).
    pub fn name(self) -> &'static str {
        match self {
            Self::NatTRfc3947 => "NAT-T RFC 3947",
            Self::NatT07 => "NAT-T v7",
            Self::NatT03 => "NAT-T v3",
            Self::NatT02 => "NAT-T v2",
            Self::Dpd => "DPD",
            Self::Unity => "Unity",
            Self::Xauth => "XAUTH",
            Self::Fragmentation => "IKE Fragmentation",
        }
    }

    /// The name in `constructed NAT-T … ID` (W-033); `None` for vendor IDs outside NAT-T.
    pub fn constructed_name(self) -> Option<&'static str> {
        match self {
            Self::NatTRfc3947 => Some("vendor-rfc3947"),
            Self::NatT07 => Some("vendor-07"),
            Self::NatT03 => Some("vendor-03"),
            Self::NatT02 => Some("vendor-02"),
            Self::Dpd | Self::Unity | Self::Xauth | Self::Fragmentation => None,
        }
    }
}

/// The vendor ID with this body. Versions of DPD and Unity (last two octets) and the flags of fragmentation do not matter.
pub fn identify(body: &[u8]) -> Option<KnownVendor> {
    KnownVendor::ALL.into_iter().find(|vendor| match vendor {
        KnownVendor::Dpd | KnownVendor::Unity => {
            body.len() == 16 && body.get(..15) == vendor.body().get(..15)
        }
        KnownVendor::Fragmentation => body.starts_with(vendor.body()),
        _ => body == vendor.body(),
    })
}

/// The vendor ID of an IOS router: its own cookie combined with a constant, then eight random octets (W-030).
pub fn ios_vid(own_cookie: Spi, random: [u8; 8]) -> [u8; 16] {
    let mut body = [0; 16];
    let octets = own_cookie
        .0
        .iter()
        .zip(IOS_MASK)
        .map(|(cookie, mask)| cookie ^ mask)
        .chain(random);
    body.iter_mut()
        .zip(octets)
        .for_each(|(slot, octet)| *slot = octet);
    body
}

/// Whether a vendor ID says that the peer, whose cookie is given, is an IOS router (W-031).
pub fn is_ios_vid(body: &[u8], peer_cookie: Spi) -> bool {
    body.len() == 16 && body.get(..8) == ios_vid(peer_cookie, [0; 8]).get(..8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Section 2.4 of the rules.
    #[test]
    fn each_known_body_is_identified_and_nothing_else() {
        for vendor in KnownVendor::ALL {
            assert_eq!(identify(vendor.body()), Some(vendor));
            assert_eq!(identify(&vendor.body()[1..]), None);
        }
        let with_flags = [KnownVendor::Fragmentation.body(), &[0x80, 0, 0, 0]].concat();
        assert_eq!(identify(&with_flags), Some(KnownVendor::Fragmentation));
        assert_eq!(identify(&[]), None);
    }

    /// W-030, W-031.
    #[test]
    fn the_ios_vendor_id_is_bound_to_the_senders_cookie() {
        let (mine, other) = (Spi([1, 2, 3, 4, 5, 6, 7, 8]), Spi([9; 8]));
        let body = ios_vid(mine, [0xaa; 8]);
        assert_eq!(body[..8], [0xf4, 0xc5, 0xa4, 0x19, 0x05, 0x07, 0x07, 0x08]);
        assert_eq!(body[8..], [0xaa; 8]);
        assert!(
            is_ios_vid(&body, mine) && !is_ios_vid(&body, other) && !is_ios_vid(&body[..15], mine)
        );
    }
}
