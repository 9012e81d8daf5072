//! A stranger on the wire who starts negotiations and never goes on: first messages as a router would
//! send them, so that the responder has half-open SAs (G-044, T-68).

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ike_core::engine::{Engine, Setup};
use ike_core::sa::action::{Action, Command, CommandId, Event, JobId, Outbox};
use ike_core::sa::job::{self, Job};
use ike_core::sa::natt::IKE_PORT;
use ike_core::sa::retransmit::Timers;
use ike_core::time::{Now, Timestamp};
use ike_pki::{ChainPolicy, Store};
use testnet::{Host, Switch};

use super::case::Case;
use super::enrol::Ring;
use super::error::{LabError, doing};
use crate::system::wall;

/// How long the responder may take for one answer.
const ANSWER: Duration = Duration::from_secs(2);

/// The stranger's address: the last of the responder's network that no router has. `None`: the case has
/// no stranger, or no IPv4 network to stand in.
pub(super) fn address(case: &Case) -> Option<IpAddr> {
    (case.half_open > 0)
        .then(|| network(case))
        .flatten()
        .map(|(address, _)| address)
}

/// Address and prefix length.
fn network(case: &Case) -> Option<(IpAddr, u8)> {
    let responder = case.responder();
    let own = responder.ike_address()?;
    let interfaces = responder.physical();
    let (address, prefix) = interfaces.iter().flatten().find(|(a, _)| *a == own)?;
    let IpAddr::V4(address) = address else {
        return None;
    };
    let hosts = u32::MAX.checked_shr(u32::from(*prefix)).unwrap_or(0);
    let (first, broadcast) = (address.to_bits() & !hosts, address.to_bits() | hosts);
    let taken: Vec<IpAddr> = case
        .routers
        .iter()
        .flat_map(|r| r.physical().into_iter().flatten())
        .map(|(address, _)| address)
        .collect();
    let mut free = (first.saturating_add(1)..broadcast).rev();
    let free = free.find_map(|bits| {
        let address = IpAddr::from(Ipv4Addr::from_bits(bits));
        (!taken.contains(&address)).then_some(address)
    });
    Some((free?, *prefix))
}

/// The stranger's first messages: those of the initiator's configuration, each of an engine of its own.
///
/// # Errors
/// The configuration starts nothing.
pub(super) fn first_messages(case: &Case) -> Result<Vec<Bytes>, LabError> {
    let message = |n| {
        first_message(case, n).ok_or_else(|| {
            let name = &case.initiator().name;
            LabError::config(format!("half_open: {name} has nothing to start with"))
        })
    };
    (0..case.half_open).map(message).collect()
}

fn first_message(case: &Case, number: u8) -> Option<Bytes> {
    let config = Arc::new(case.initiator().config.clone());
    let mut seed = [0x5a; 32];
    seed[0] = number;
    let mut engine = Engine::new(Setup {
        config,
        store: Arc::new(Store::default()),
        seed,
        timers: Timers::default(),
        chain_policy: ChainPolicy::ios_15_3t(),
        port: IKE_PORT,
    });
    let name = engine.protections().first()?.name.clone();
    let at = Now {
        mono: Timestamp(0),
        wall: wall(),
    };
    let mut event = Event::Command(CommandId(1), Command::Up(name));
    loop {
        let mut out = Outbox::default();
        engine.handle(at, event, &mut out);
        let step = out.actions.into_iter().find_map(|action| match action {
            Action::Send(transmit) => Some(Step::Message(transmit.bytes)),
            Action::Run(id, job) => Some(Step::Job(id, job)),
            _ => None,
        });
        event = match step? {
            Step::Message(bytes) => return Some(bytes),
            Step::Job(id, job) => Event::JobDone(id, job::run(job, &Ring::new(Vec::new()))),
        };
    }
}

/// What an engine wants next.
enum Step {
    Message(Bytes),
    Job(JobId, Job),
}

/// The stranger as a host of its own.
pub(super) struct Stranger {
    // It lives as long as its address is to be reached.
    _host: Host,
    socket: UdpSocket,
    responder: SocketAddr,
}

impl Stranger {
    /// Stands on the responder's wire; `None` when the case has no stranger.
    ///
    /// # Errors
    /// The kernel refuses the host, or the responder has no IPv4 network.
    pub(super) fn new(case: &Case, lan: &Switch) -> Result<Option<Self>, LabError> {
        if case.half_open == 0 {
            return Ok(None);
        }
        let place = network(case).zip(case.responder().ike_address());
        let Some(((address, prefix), responder)) = place else {
            let name = &case.responder().name;
            return Err(LabError::config(format!(
                "half_open: {name} has no IPv4 network with room for a stranger"
            )));
        };
        let host = Host::new("stranger")?;
        host.attach(lan, "eth0", &[(address, prefix)])?;
        let socket = host
            .run(|| UdpSocket::bind(SocketAddr::new(address, IKE_PORT)))?
            .map_err(doing("the stranger's socket"))?;
        socket
            .set_read_timeout(Some(ANSWER))
            .map_err(doing("the stranger's socket"))?;
        Ok(Some(Self {
            _host: host,
            socket,
            responder: SocketAddr::new(responder, IKE_PORT),
        }))
    }

    /// Sends its first messages and hears the answer to each.
    ///
    /// # Errors
    /// The responder is silent, or the configuration starts nothing.
    pub(super) fn call(&self, case: &Case) -> Result<(), LabError> {
        for message in first_messages(case)? {
            let sent = self.socket.send_to(&message, self.responder);
            sent.and_then(|_| self.socket.recv(&mut [0; 4096]))
                .map_err(doing("the stranger's first message"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ike_wire::Header;
    use ike_wire::registry::ExchangeType;

    use super::*;

    /// T-68: first messages of IKEv2, each with an SPI of its own; the stranger is nobody else.
    #[test]
    fn strangers_send_first_messages() {
        let mut case = Case::embedded("t-50").unwrap();
        assert_eq!(address(&case), None);
        case.half_open = 2;
        assert_eq!(address(&case), Some([192, 168, 0, 254].into()));
        let messages = first_messages(&case).unwrap();
        let headers: Vec<Header> = messages
            .iter()
            .map(|m| Header::open(m).unwrap().0)
            .collect();
        assert_eq!(headers.len(), 2);
        assert_eq!(headers[0].exchange, ExchangeType::IKE_SA_INIT);
        assert_ne!(headers[0].initiator, headers[1].initiator);
    }

    /// A router may have the last address itself, or both routers all there are.
    #[test]
    fn a_stranger_takes_no_routers_address() {
        let mut case = Case::embedded("t-50").unwrap();
        case.half_open = 1;
        for (last, prefix, expected) in [
            (254, 24, Some(IpAddr::from([192, 168, 0, 253]))),
            (2, 30, None),
        ] {
            let interfaces = &mut case.routers[1].config.interfaces;
            let ethernet = interfaces.iter_mut().find(|i| i.name == "Ethernet0/0");
            ethernet.unwrap().address = Some(([192, 168, 0, last].into(), prefix));
            assert_eq!(address(&case), expected);
        }
    }
}
