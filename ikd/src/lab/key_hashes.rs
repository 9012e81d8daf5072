//! The CAs that the CERTREQ of an IKE_SA_INIT response names on the wire, by the SHA-1 of their keys
//! (RFC 7296 3.7, W-065 to W-067). Nothing of this asks the engine: it reads octets.

use bytes::Bytes;
use ike_crypto::Hash;
use ike_pki::Certificate;
use ike_wire::Flags;
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Body, Message};

/// The predefined CAs with a known key, as IOS prints them, in the order of S-013.
pub(super) const PREDEFINED: [&str; 2] = [
    "cn=Cisco Manufacturing CA,o=Cisco Systems",
    "cn=Cisco Root CA 2048,o=Cisco Systems",
];
/// Their hashes (W-066).
const PREDEFINED_HASHES: [&str; 2] = [
    "d0c52226ab4f4660ecae0591c7dc5ad1b047f76c",
    "27f3c8151e6e9a020916ad2ba089605fda7b2faa",
];

/// CAs by the hash of their key, in hex.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyHashes(Vec<(String, String)>);

impl KeyHashes {
    /// These CAs and the predefined ones.
    pub(super) fn of<'a>(cas: impl IntoIterator<Item = &'a Certificate>) -> Self {
        let predefined = PREDEFINED_HASHES.iter().zip(PREDEFINED);
        let mut out: Vec<(String, String)> = predefined
            .map(|(hash, name)| ((*hash).to_owned(), name.to_owned()))
            .collect();
        out.extend(cas.into_iter().map(|ca| {
            let hash = Hash::Sha1.digest(&[ca.spki_der()]);
            (hex(&hash), ca.subject().to_string())
        }));
        Self(out)
    }

    /// The CAs that the last response of IKE_SA_INIT with a CERTREQ asks for, in the order of its
    /// hashes; the hash itself where nobody here has the key.
    pub(super) fn asked(&self, datagrams: impl IntoIterator<Item = Bytes>) -> Vec<String> {
        let last = datagrams.into_iter().filter_map(requested).last();
        let name = |hash: String| {
            let known = self.0.iter().find(|(h, _)| *h == hash);
            known.map_or(hash, |(_, name)| name.clone())
        };
        last.unwrap_or_default().into_iter().map(name).collect()
    }
}

/// The hashes of an IKE_SA_INIT response; `None` for any other datagram.
fn requested(datagram: Bytes) -> Option<Vec<String>> {
    let message = Message::decode(datagram).ok()?;
    let response = message.header.flags.contains(Flags::RESPONSE);
    if message.header.exchange != ExchangeType::IKE_SA_INIT || !response {
        return None;
    }
    message.chain.payloads.iter().find_map(|p| match &p.body {
        Body::CertReq(request) => Some(request.hashes().map(|hash| hex(&hash)).collect()),
        _ => None,
    })
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|o| format!("{o:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use ike_wire::v2::{CertRequest, encode_message};
    use ike_wire::{Header, MessageId, Spi};

    use super::*;

    fn message(flags: Flags, hashes: &[[u8; 20]]) -> Bytes {
        let exchange = ExchangeType::IKE_SA_INIT;
        let header = Header::v2(Spi([1; 8]), Spi([2; 8]), exchange, flags, MessageId(0));
        let request = CertRequest::from_hashes(hashes.iter().copied());
        encode_message(&header, &[Body::CertReq(request).into()]).unwrap()
    }

    /// W-066: hashes become names in their order; one that nobody knows stays a hash. Requests and
    /// datagrams that are none do not count.
    #[test]
    fn hashes_are_read_from_responses() {
        let hashes = [[0x11; 20], {
            let mut known = [0; 20];
            let hex = PREDEFINED_HASHES[1].as_bytes().as_chunks::<2>().0;
            for (to, pair) in known.iter_mut().zip(hex) {
                let pair = std::str::from_utf8(pair).unwrap();
                *to = u8::from_str_radix(pair, 16).unwrap();
            }
            known
        }];
        let wire = [
            message(Flags::INITIATOR, &[[0x22; 20]]),
            message(Flags::RESPONSE, &hashes),
            Bytes::from_static(b"not IKE"),
        ];
        let asked = KeyHashes::of([]).asked(wire);
        assert_eq!(asked, ["11".repeat(20), PREDEFINED[1].to_owned()]);
        assert_eq!(KeyHashes::of([]).asked([]), Vec::<String>::new());
    }
}
