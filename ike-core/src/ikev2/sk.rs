//! The SK payload: sealing and opening messages, whole or in fragments (RFC 7296 3.14, RFC 5282,
//! RFC 7383).

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use ike_crypto::CryptoError;
use ike_wire::registry::PayloadType;
use ike_wire::v2::{
    Body, Chain, Message, Payload, encode_chain, encode_encrypted, encode_fragment,
};
use ike_wire::{DecodeError, EncodeError, Header};

use super::keymat::Keys;
use super::sk_cipher::Direction;
use crate::entropy::Entropy;
use crate::policy::ikev2::suite::{Encryption, IkeSuite};
use crate::sa::Role;

/// Octets of a fragment in front of its IV: header, generic header, numbers (RFC 7383 2.5).
const FRAGMENT_FRONT: usize = Header::LEN + 8;

/// Algorithms and keys of an IKE SA's messages.
pub struct Sk {
    /// The algorithms.
    pub suite: IkeSuite,
    /// The keys.
    pub keys: Arc<Keys>,
    /// Our role in the IKE SA: which keys are ours.
    role: Role,
    /// Counter of the IVs of every mode but CBC: never reset, also not by fragments (D9).
    counter: u64,
}

/// Why an encrypted message could not be read.
#[derive(Debug)]
pub enum OpenError {
    /// It is not for this SA or was changed: dropped without a word (RFC 7296 2.21.2, C1).
    Checksum,
    /// Authentic, but the clear text is not what it should be: INVALID_SYNTAX.
    Syntax(String),
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Checksum => f.write_str("the integrity checksum is wrong"),
            Self::Syntax(why) => write!(f, "the decrypted part does not decode: {why}"),
        }
    }
}

/// Why a message could not be sealed.
#[derive(Debug)]
pub enum SealError {
    /// It does not fit its fields.
    Encode(EncodeError),
    /// The library refuses, or the IVs are used up.
    Crypto(CryptoError),
}

impl std::fmt::Display for SealError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Encode(e) => e.fmt(f),
            Self::Crypto(e) => e.fmt(f),
        }
    }
}

impl From<EncodeError> for SealError {
    fn from(e: EncodeError) -> Self {
        Self::Encode(e)
    }
}

impl From<CryptoError> for SealError {
    fn from(e: CryptoError) -> Self {
        Self::Crypto(e)
    }
}

/// The decrypted content of an SK payload or of one fragment.
#[derive(Debug)]
pub struct Clear {
    /// Type of the first payload inside; NONE in fragments after the first.
    pub first: PayloadType,
    /// The octets, padding removed.
    pub octets: Bytes,
}

impl Clear {
    /// The payloads of a whole message.
    ///
    /// # Errors
    /// Not a payload chain.
    pub fn chain(self) -> Result<Chain, DecodeError> {
        Chain::decode(self.first, self.octets, Header::LEN)
    }
}

impl Sk {
    /// Keys for a side of an IKE SA.
    #[must_use]
    pub fn new(suite: IkeSuite, keys: Keys, role: Role) -> Self {
        Self {
            suite,
            keys: Arc::new(keys),
            role,
            counter: 0,
        }
    }

    /// Seals payloads into one datagram, or into fragments where they do not fit in `mtu` octets of
    /// IKE message and fragments were agreed (RFC 7383 2.5.1).
    ///
    /// # Errors
    /// See [`SealError`]; nothing may be sent then.
    pub fn seal(
        &mut self,
        entropy: &mut Entropy,
        header: &Header,
        payloads: &[Payload],
        mtu: Option<usize>,
    ) -> Result<Vec<Bytes>, SealError> {
        let (first, clear) = encode_chain(payloads)?;
        let whole = Header::LEN + 4 + self.body_len(clear.len());
        match mtu {
            Some(mtu) if whole > mtu => self.fragments(entropy, header, first, &clear, mtu),
            _ => {
                let open = encode_encrypted(header, first, &[], self.body_len(clear.len()))?;
                Ok(vec![self.finish(entropy, open, &clear)?])
            }
        }
    }

    fn fragments(
        &mut self,
        entropy: &mut Entropy,
        header: &Header,
        first: PayloadType,
        clear: &[u8],
        mtu: usize,
    ) -> Result<Vec<Bytes>, SealError> {
        let pieces: Vec<&[u8]> = clear.chunks(self.fragment_room(mtu)).collect();
        let total = u16::try_from(pieces.len()).unwrap_or(u16::MAX);
        pieces
            .iter()
            .zip(1u16..)
            .map(|(piece, number)| {
                let len = self.body_len(piece.len());
                let open = encode_fragment(header, first, number, total, len)?;
                self.finish(entropy, open, piece)
            })
            .collect()
    }

    /// Octets of clear text in one fragment of an IKE message of `mtu` octets.
    fn fragment_room(&self, mtu: usize) -> usize {
        let block = self.suite.encryption.block_len();
        let fixed = FRAGMENT_FRONT + self.suite.encryption.iv_len() + self.suite.icv_len();
        let room = mtu.saturating_sub(fixed);
        // One octet of every fragment is the pad length.
        (room / block * block).saturating_sub(1).max(64)
    }

    /// Octets of IV, padded clear text and checksum.
    fn body_len(&self, clear: usize) -> usize {
        let block = self.suite.encryption.block_len();
        self.suite.encryption.iv_len() + (clear / block + 1) * block + self.suite.icv_len()
    }

    /// Encrypts `clear` behind the associated data in `out`.
    fn finish(
        &mut self,
        entropy: &mut Entropy,
        mut out: BytesMut,
        clear: &[u8],
    ) -> Result<Bytes, SealError> {
        let iv = self.next_iv(entropy)?;
        let block = self.suite.encryption.block_len();
        let mut data = clear.to_vec();
        let padding = (clear.len() / block + 1) * block - clear.len() - 1;
        data.resize(clear.len() + padding, 0);
        data.push(u8::try_from(padding).unwrap_or(0));
        self.ours().seal(&iv, &mut out, data)?;
        Ok(out.freeze())
    }

    /// CBC wants IVs nobody can foresee, the other modes only that none comes twice.
    fn next_iv(&mut self, entropy: &mut Entropy) -> Result<Vec<u8>, CryptoError> {
        match self.suite.encryption {
            Encryption::Cbc(cipher) => Ok(entropy.bytes(cipher.block_len())),
            Encryption::Ctr(_) | Encryption::Aead(..) => {
                let iv = self.counter;
                let next = iv.checked_add(1);
                self.counter = next.ok_or(CryptoError::Internal("IVs are used up"))?;
                Ok(iv.to_be_bytes().to_vec())
            }
        }
    }

    /// Checks and decrypts the SK or SKF payload of a message. The checksum comes first, whatever else
    /// may be wrong (D10).
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(&self, datagram: &[u8], message: &Message) -> Result<Clear, OpenError> {
        let (first, body) = match message.chain.payloads.last().map(|p| &p.body) {
            Some(Body::Encrypted(e)) => (e.first, &e.body),
            Some(Body::EncryptedFragment(f)) => (f.first, &f.body),
            _ => return Err(OpenError::Checksum),
        };
        let offset = message
            .chain
            .encrypted_offset()
            .ok_or(OpenError::Checksum)?;
        let (iv_len, icv_len) = (self.suite.encryption.iv_len(), self.suite.icv_len());
        let Some(data_len) = body.len().checked_sub(iv_len + icv_len).filter(|n| *n > 0) else {
            return Err(OpenError::Checksum);
        };
        let (iv, rest) = body.split_at(iv_len);
        let (data, icv) = rest.split_at(data_len);
        let aad = datagram.get(..offset).unwrap_or_default();
        let clear = self.theirs().open(aad, iv, data, icv)?;
        Ok(Clear {
            first,
            octets: unpad(clear)?,
        })
    }

    fn ours(&self) -> Direction<'_> {
        match self.role {
            Role::Initiator => self.of_initiator(),
            Role::Responder => self.of_responder(),
        }
    }

    fn theirs(&self) -> Direction<'_> {
        match self.role {
            Role::Initiator => self.of_responder(),
            Role::Responder => self.of_initiator(),
        }
    }

    fn of_initiator(&self) -> Direction<'_> {
        Direction {
            suite: self.suite,
            encryption: &self.keys.ei,
            integrity: &self.keys.ai,
        }
    }

    fn of_responder(&self) -> Direction<'_> {
        Direction {
            suite: self.suite,
            encryption: &self.keys.er,
            integrity: &self.keys.ar,
        }
    }
}

/// Takes the padding off; its octets may be anything (RFC 7296 3.14), its length may not (D13).
fn unpad(mut clear: Vec<u8>) -> Result<Bytes, OpenError> {
    let padding = usize::from(clear.pop().unwrap_or(0));
    match clear.len().checked_sub(padding) {
        Some(length) => {
            clear.truncate(length);
            Ok(clear.into())
        }
        None => Err(OpenError::Syntax(format!(
            "pad length {padding} in {} octets",
            clear.len()
        ))),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use ike_crypto::{Group, Hash, Integrity, Prf, Secret};
    use ike_wire::v2::{Notify, NotifyType};
    use ike_wire::{Flags, MessageId, Spi};

    use crate::ikev2::keymat::Contributions;

    /// Both ends of one SA, with HMAC-SHA-256.
    pub(in crate::ikev2) fn pair(encryption: Encryption) -> (Sk, Sk) {
        pair_with(encryption, Integrity::Hmac(Hash::Sha256))
    }

    fn pair_with(encryption: Encryption, integrity: Integrity) -> (Sk, Sk) {
        let suite = IkeSuite {
            encryption,
            prf: Prf::Hmac(Hash::Sha256),
            integrity: (!encryption.is_aead()).then_some(integrity),
            group: Group::Ecp256,
        };
        let from = Contributions {
            nonce_i: &[1; 32],
            nonce_r: &[2; 32],
            spi_i: Spi([1; 8]),
            spi_r: Spi([2; 8]),
        };
        let keys = || Keys::derive(&suite, &Secret::from(vec![7; 32]), from);
        (
            Sk::new(suite, keys(), Role::Initiator),
            Sk::new(suite, keys(), Role::Responder),
        )
    }

    fn header() -> Header {
        let ty = ike_wire::registry::ExchangeType::IKE_AUTH;
        Header::v2(Spi([1; 8]), Spi([2; 8]), ty, Flags::INITIATOR, MessageId(1))
    }

    fn payloads(octets: usize) -> Vec<Payload> {
        vec![Body::Notify(Notify::new(NotifyType::COOKIE2, vec![5; octets])).into()]
    }

    #[test]
    fn the_peer_opens_what_was_sealed_and_no_changed_octet_passes() {
        let mut entropy = Entropy::new([3; 32]);
        for encryption in Encryption::every() {
            let (mut here, there) = pair(encryption);
            for octets in 0..40 {
                let sent = payloads(octets);
                let sealed = here.seal(&mut entropy, &header(), &sent, None).unwrap();
                let [datagram] = sealed.as_slice() else {
                    panic!("one datagram expected")
                };
                let message = Message::decode(datagram.clone()).unwrap();
                let chain = there.open(datagram, &message).unwrap().chain().unwrap();
                assert_eq!(chain.payloads, sent);
            }
            let sealed = here
                .seal(&mut entropy, &header(), &payloads(9), None)
                .unwrap();
            for index in 0..sealed[0].len() {
                let mut changed = sealed[0].to_vec();
                changed[index] ^= 1;
                let Ok(message) = Message::decode(changed.clone().into()) else {
                    continue;
                };
                assert!(
                    there.open(&changed, &message).is_err(),
                    "{encryption:?} octet {index}"
                );
            }
        }
    }

    /// RFC 7296 3.14: the checksum has the length of its algorithm and covers everything before it.
    #[test]
    fn every_integrity_algorithm_protects_what_does_not_protect_itself() {
        let mut entropy = Entropy::new([3; 32]);
        for encryption in Encryption::every().filter(|e| !e.is_aead()) {
            for integrity in (0..20).filter_map(Integrity::from_iana) {
                let (mut here, there) = pair_with(encryption, integrity);
                let sealed = here.seal(&mut entropy, &header(), &payloads(9), None);
                let mut datagram = sealed.unwrap().remove(0).to_vec();
                let message = Message::decode(datagram.clone().into()).unwrap();
                assert!(there.open(&datagram, &message).is_ok());
                let octets = encryption.iv_len() + integrity.icv_len() + Header::LEN + 4;
                assert_eq!((datagram.len() - octets) % encryption.block_len(), 0);
                datagram[Header::LEN - 9] ^= 1;
                let outcome = there.open(&datagram, &message);
                assert!(matches!(outcome, Err(OpenError::Checksum)), "{integrity:?}");
            }
        }
    }

    /// Our own message sent back to us opens with no key (C8).
    #[test]
    fn a_reflected_message_does_not_open() {
        let mut entropy = Entropy::new([3; 32]);
        for encryption in Encryption::every() {
            let (mut here, _) = pair(encryption);
            let sealed = here
                .seal(&mut entropy, &header(), &payloads(9), None)
                .unwrap();
            let message = Message::decode(sealed[0].clone()).unwrap();
            assert!(matches!(
                here.open(&sealed[0], &message),
                Err(OpenError::Checksum)
            ));
        }
    }

    /// RFC 7383 2.5: every fragment fits, opens on its own, and together they are the message. D9: no IV
    /// comes twice.
    #[test]
    fn fragments_fit_and_add_up_to_the_message() {
        let mut entropy = Entropy::new([3; 32]);
        for encryption in Encryption::every() {
            let (mut here, there) = pair(encryption);
            let sent = payloads(3000);
            let sealed = here
                .seal(&mut entropy, &header(), &sent, Some(548))
                .unwrap();
            assert!(sealed.len() > 5);
            let mut whole = Vec::new();
            let mut ivs = std::collections::BTreeSet::new();
            let mut first = PayloadType::NONE;
            for (datagram, number) in sealed.iter().zip(1u16..) {
                assert!(datagram.len() <= 548, "{encryption:?}: {}", datagram.len());
                let message = Message::decode(datagram.clone()).unwrap();
                let Some(Body::EncryptedFragment(fragment)) =
                    message.chain.payloads.last().map(|p| &p.body)
                else {
                    panic!("a fragment expected")
                };
                assert_eq!(fragment.number, number);
                ivs.insert(fragment.body.slice(..encryption.iv_len()));
                let clear = there.open(datagram, &message).unwrap();
                if number == 1 {
                    first = clear.first;
                }
                whole.extend_from_slice(&clear.octets);
            }
            assert_eq!(ivs.len(), sealed.len());
            let chain = Chain::decode(first, whole.into(), Header::LEN).unwrap();
            assert_eq!(chain.payloads, sent);
        }
    }

    /// D13: an authentic message with an impossible pad length is a syntax error, not a panic.
    #[test]
    fn a_pad_length_beyond_the_data_is_refused() {
        assert!(matches!(unpad(vec![0, 0, 3]), Err(OpenError::Syntax(_))));
        assert_eq!(unpad(vec![1, 2, 0, 1]).unwrap(), &[1, 2][..]);
        assert!(unpad(vec![0]).unwrap().is_empty());
    }
}
