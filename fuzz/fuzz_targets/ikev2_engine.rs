//! A peer that has the right keys and says anything, and a stranger that says anything, to an engine in each of its states: never a
//! panic, and what is sent to the stranger is not more than it sent.
//!
//! The first octet chooses the state, the second the exchange, the third the first payload's type; the rest is a payload chain, or a
//! whole datagram for the stranger.
#![no_main]
use bytes::Bytes;
use ike_core::entropy::Entropy;
use ike_core::ikev2::{keymat::Keys, sk::Sk};
use ike_core::sa::Role;
use ike_core::sa::action::{Command, Rekey, Transmit};
use ike_core::sa::job::PrivateKeys;
use ike_core::sa::retransmit::Timers;
use ike_core::sim::{Network, Router, Simulation};
use ike_crypto::{PrivateKey, Secret};
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v2::Chain;
use ike_wire::{Flags, Header, MessageId, Spi};
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

struct NoKeys;

impl PrivateKeys for NoKeys {
    fn key(&self, _: &str) -> Option<Arc<PrivateKey>> {
        None
    }
}

static ROUTERS: LazyLock<[Router; 2]> = LazyLock::new(|| [(1, 2), (2, 1)].map(|(own, peer)| router(own, peer)));

fn router(own: u8, peer: u8) -> Router {
    let text = format!(
        "hostname R{own}\ncrypto ikev2 proposal p\n encryption aes-cbc-128\n integrity sha256\n group 31\n \
         additional-ke 1 mlkem768\n!\n\
         crypto ikev2 policy p\n match fvrf any\n proposal p\n!\ncrypto ikev2 fragmentation mtu 576\ncrypto ikev2 mobike\n\
         crypto ikev2 childless\ncrypto ikev2 redirect client\nip local pool p 10.9.0.1 10.9.0.3\n\
         crypto ikev2 authorization policy a\n pool p\n banner b\n!\n\
         crypto ikev2 keyring k\n peer p\n  address 0.0.0.0 0.0.0.0\n  ppk manual id i key secret\n!\n\
         crypto ikev2 profile profile1\n match identity remote address 192.168.0.{peer} 255.255.255.255\n \
         identity local address 192.168.0.{own}\n authentication remote pre-share key cisco123cisco123cisco1\n \
         authentication local pre-share key cisco123cisco123cisco1\n keyring ppk k\n reauth 600\n \
         config-exchange set accept\n aaa authorization group psk list default a\n!\n\
         crypto ipsec transform-set t esp-aes esp-sha256-hmac\n!\ncrypto ipsec profile q\n set transform-set t\n \
         set ikev2-profile profile1\n!\ninterface Tunnel1\n tunnel source Ethernet0/0\n tunnel destination 192.168.0.{peer}\n \
         tunnel protection ipsec profile q\n!\ninterface Ethernet0/0\n ip address 192.168.0.{own} 255.255.255.0\n"
    );
    Router {
        name: format!("R{own}"),
        store: Arc::default(),
        keys: Arc::new(NoKeys),
        config: Arc::new(ike_core::config::parse("fuzz.cfg", &text).config),
    }
}

fn start() -> Simulation {
    Simulation::new(ROUTERS.clone(), Network::default(), Timers::default(), 1, 1_371_470_000)
}

fn say(sim: &mut Simulation, bytes: Bytes) {
    let address = |last| std::net::SocketAddr::new([192, 168, 0, last].into(), 500);
    sim.inject(0, Transmit { local: address(2), remote: address(1), bytes });
    sim.finish_jobs();
}

/// Router 0 with an SA that router 1 started, at the moment the choice says; whether its next message answers a request of ours.
fn moment(choice: u8) -> (Simulation, bool) {
    let mut sim = start();
    sim.hold();
    sim.up(1, None);
    sim.finish_jobs();
    let last = match choice {
        1 => Some(ExchangeType::IKE_INTERMEDIATE),
        6 => Some(ExchangeType::IKE_AUTH),
        _ => None,
    };
    while next_exchange(&sim).is_some_and(|ty| Some(ty) != last) {
        sim.release(0);
    }
    // A state that is not reached would test nothing.
    let established = sim.ikev2_sas(0).iter().any(|sa| sa.established.is_some());
    assert_eq!(established, (2..6).contains(&choice));
    let rekey = |what| Command::Rekey("Tunnel1".to_owned(), what);
    match choice {
        3 => sim.command(0, rekey(Rekey::Child)),
        4 => sim.command(0, rekey(Rekey::Ike)),
        5 => sim.command(0, Command::Down("Tunnel1".to_owned())),
        _ => {}
    }
    sim.finish_jobs();
    (sim, (3..6).contains(&choice))
}

/// Of the datagram that arrives next.
fn next_exchange(sim: &Simulation) -> Option<ExchangeType> {
    let log = sim.datagrams();
    let next = log.get(log.len() - sim.held())?;
    next.bytes.get(18).copied().map(ExchangeType)
}

fuzz_target!(|octets: &[u8]| {
    let [choice, exchange, first, rest @ ..] = octets else { return };
    if choice % 7 == 0 {
        let mut sim = start();
        sim.hold();
        say(&mut sim, Bytes::copy_from_slice(rest));
        let answered: usize = sim.datagrams().iter().map(|d| d.bytes.len()).sum();
        // Only the response to IKE_SA_INIT, which makes an SA, may be larger.
        assert!(answered <= rest.len() || sim.ikev2_sas(0).len() == 1);
        return;
    }
    let Ok(chain) = Chain::decode(PayloadType(*first), Bytes::copy_from_slice(rest), Header::LEN) else { return };
    let (mut sim, response) = moment(choice % 7);
    let Some(keys) = sim.node(0).engine.ikev2_keys().pop() else { return };
    let none = || Secret::from(Vec::new());
    let keys_of_peer =
        Keys { d: none(), ai: keys.ai, ar: keys.ar, ei: keys.ei, er: keys.er, pi: none(), pr: none() };
    let mut sk = Sk::new(keys.suite, keys_of_peer, Role::Initiator);
    let spi = |text: &str| Spi(u64::from_str_radix(text, 16).unwrap_or(0).to_be_bytes());
    let flags = if response { Flags::INITIATOR | Flags::RESPONSE } else { Flags::INITIATOR };
    let id = match (choice % 7, response) {
        (1, _) => 1,
        (6, _) => 2,
        (_, true) => 0,
        _ => 3,
    };
    let ty = ExchangeType(34 + exchange % 12);
    let header = Header::v2(spi(&keys.spi_i), spi(&keys.spi_r), ty, flags, MessageId(id));
    let Ok(sealed) = sk.seal(&mut Entropy::new([7; 32]), &header, &chain.payloads, None) else { return };
    for datagram in sealed {
        say(&mut sim, datagram);
    }
    sim.let_go();
    sim.settle(Duration::from_secs(300));
});
