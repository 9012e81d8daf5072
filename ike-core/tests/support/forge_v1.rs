//! An initiator of IKEv1 made by hand, with a pre-shared key: it says what our own never would.

use bytes::Bytes;
use ike_core::ikev1::keymat::{Contributions, Keys};
use ike_core::sa::action::Transmit;
use ike_core::sim::Simulation;
use ike_crypto::{CbcKey, Cipher, Group, Hash, Secret, dh_agree, dh_public};
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v1::{
    Attribute, Body, Chain, Identification, IsakmpTransform, Message, OakleyAttribute, Payload,
    Proposal, ProtocolId, SecurityAssociation, Transform, encode_chain, encode_encrypted,
    encode_message,
};
use ike_wire::{Flags, Header, MessageId, Spi};

use super::{Story, seed_routers};

pub const COOKIE: Spi = Spi(*b"handmade");
pub const KEY: &str = "s3cret-and-long-enough";

/// The seed's routers with AES-128, MD5, group 2 and one pre-shared key for everyone.
pub fn routers() -> Story {
    let mut story = seed_routers();
    for router in [0, 1] {
        story = story
            .edit(
                router,
                "  encr 3des\n",
                "  encr aes\n  authentication pre-share\n",
            )
            .edit(
                router,
                "crypto isakmp profile prof1\n",
                &format!("crypto isakmp key {KEY} address 0.0.0.0\ncrypto isakmp profile prof1\n"),
            );
    }
    story
}

/// The offer of those algorithms with an authentication method.
pub fn offer(method: u16) -> SecurityAssociation {
    let attributes = [
        (OakleyAttribute::ENCRYPTION, 7),
        (OakleyAttribute::KEY_LENGTH, 128),
        (OakleyAttribute::HASH, 1),
        (OakleyAttribute::GROUP, 2),
        (OakleyAttribute::AUTHENTICATION, method),
    ];
    let transform = Transform {
        number: 1,
        id: IsakmpTransform::KEY_IKE.0,
        attributes: attributes
            .map(|(ty, value)| Attribute::short(ty, value))
            .to_vec(),
        ..Transform::default()
    };
    SecurityAssociation::new(vec![Proposal {
        number: 1,
        protocol: ProtocolId::ISAKMP,
        transforms: vec![transform],
        ..Proposal::default()
    }])
}

/// From R1 to R2.
pub fn transmit(bytes: Bytes) -> Transmit {
    Transmit {
        local: ([192, 168, 0, 1], 500).into(),
        remote: ([192, 168, 0, 2], 500).into(),
        bytes,
    }
}

/// A clear message of phase 1.
pub fn clear(exchange: ExchangeType, responder: Spi, payloads: &[Payload]) -> Bytes {
    let header = Header::v1(COOKIE, responder, exchange, Flags::NONE, MessageId(0));
    encode_message(&header, payloads).unwrap()
}

/// Router 1 gets a datagram and finishes what follows; what it sends comes back.
pub fn ask(sim: &mut Simulation, bytes: Bytes) -> Vec<Bytes> {
    let before = sim.datagrams().len();
    sim.inject(1, transmit(bytes));
    sim.finish_jobs();
    let sent = sim.datagrams()[before..].iter().filter(|d| d.sender == 1);
    sent.map(|d| d.bytes.clone()).collect()
}

/// The peer after phase 1 with router 1.
pub struct Peer {
    keys: Keys,
    responder: Spi,
    /// Last block of MM6.
    last_block: Vec<u8>,
}

impl Peer {
    /// Main Mode with router 1 of [`routers`], as R1; `vendors` go with MM1.
    pub fn establish(sim: &mut Simulation, vendors: &[Payload]) -> Self {
        let mut first: Vec<Payload> = vec![Body::Sa(offer(1)).into()];
        first.extend_from_slice(vendors);
        let mm1 = clear(ExchangeType::MAIN, Spi::ZERO, &first);
        let sa_body = Message::decode(mm1.clone()).unwrap().chain.body(0);
        let mm2 = Message::decode(ask(sim, mm1).remove(0)).unwrap();
        let responder = mm2.header.responder;
        let private = Secret::from(vec![7; 32]);
        let public = dh_public(Group::Modp1024, &private).unwrap();
        let nonce = vec![9; 20];
        let agree = [
            Body::KeyExchange(public.clone().into()).into(),
            Body::Nonce(nonce.clone().into()).into(),
        ];
        let mm3 = clear(ExchangeType::MAIN, responder, &agree);
        let mm4 = Message::decode(ask(sim, mm3).remove(0)).unwrap().chain;
        let (theirs, nonce_r) = (
            octets(&mm4, PayloadType::KEY_EXCHANGE),
            octets(&mm4, PayloadType::NONCE),
        );
        let shared = dh_agree(Group::Modp1024, &private, &theirs).unwrap();
        let contributions = Contributions {
            public_i: &public,
            public_r: &theirs,
            nonce_i: &nonce,
            nonce_r: &nonce_r,
            cookie_i: COOKIE,
            cookie_r: responder,
        };
        let key = Some(KEY.as_bytes());
        let keys = Keys::derive(Hash::Md5, Cipher::Aes128Cbc, contributions, &shared, key);
        let id = Body::Id(Identification::fqdn("R1.cisco.com", 17, 500));
        let id_body = encode_chain(&[id.clone().into()]).unwrap().1.slice(4..);
        let hash =
            keys.authentication_hash((&public, COOKIE), (&theirs, responder), &sa_body, &id_body);
        let mut peer = Self {
            last_block: keys.first_iv(),
            keys,
            responder,
        };
        let proof = [id.into(), Body::Hash(hash.into()).into()];
        let (mm5, iv) = peer.seal(ExchangeType::MAIN, 0, &peer.keys.first_iv(), &proof);
        let mm6 = ask(sim, mm5).remove(0);
        peer.last_block = peer.open(&mm6, &iv).1;
        peer
    }

    /// An encrypted message of a phase 2 exchange, HASH first, and the IV of the next.
    pub fn phase2(
        &self,
        exchange: ExchangeType,
        id: u32,
        payloads: &[Payload],
    ) -> (Bytes, Vec<u8>) {
        let rest = encode_chain(payloads).unwrap().1;
        let hash = self.keys.phase2_hash(&[&id.to_be_bytes(), &rest]);
        let mut all: Vec<Payload> = vec![Body::Hash(hash.into()).into()];
        all.extend_from_slice(payloads);
        let iv = self.keys.exchange_iv(&self.last_block, id);
        self.seal(exchange, id, &iv, &all)
    }

    /// The payloads of an encrypted answer, and the IV behind it.
    pub fn open(&self, datagram: &Bytes, iv: &[u8]) -> (Chain, Vec<u8>) {
        let header = Header::decode(datagram).unwrap();
        let cipher_text = &datagram[Header::LEN..];
        self.keys
            .open(iv, header.next_payload, cipher_text)
            .unwrap()
    }

    /// The payloads of an encrypted message that begins an exchange.
    pub fn open_first(&self, datagram: &Bytes) -> Chain {
        let id = Header::decode(datagram).unwrap().message_id.0;
        self.open(datagram, &self.keys.exchange_iv(&self.last_block, id))
            .0
    }

    fn seal(
        &self,
        exchange: ExchangeType,
        id: u32,
        iv: &[u8],
        payloads: &[Payload],
    ) -> (Bytes, Vec<u8>) {
        let (first, clear) = encode_chain(payloads).unwrap();
        let mut data = clear.to_vec();
        data.resize((data.len() / 16 + 1) * 16, 0);
        let key = CbcKey::new(Cipher::Aes128Cbc, self.keys.message_key().expose()).unwrap();
        key.encrypt(iv, &mut data).unwrap();
        let header = Header::v1(
            COOKIE,
            self.responder,
            exchange,
            Flags::ENCRYPTED,
            MessageId(id),
        );
        let message = encode_encrypted(&header, first, &data).unwrap();
        (message, data[data.len() - 16..].to_vec())
    }
}

fn octets(chain: &Chain, ty: PayloadType) -> Bytes {
    chain.find(ty).map(|(index, _)| chain.body(index)).unwrap()
}
