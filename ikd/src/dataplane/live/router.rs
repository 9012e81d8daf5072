//! A router of the seed (rule S-001) for the live tests: a host and its data plane.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ikd::dataplane::{
    Config, Dataplane, DataplaneEvent, Direction, EspSuite, Handle, Mode, Route, SaSpec,
    TunnelConfig, TunnelCounters, TunnelMode, UdpPath,
};
use ike_crypto::Secret;
use testnet::Host;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

/// Why a test fails.
pub(crate) type Outcome = Result<(), Box<dyn Error>>;

pub(crate) const A: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);
pub(crate) const B: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 2);
pub(crate) const TUNNEL: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)];
pub(crate) const LOOPBACK: [Ipv4Addr; 2] = [
    Ipv4Addr::new(192, 168, 100, 1),
    Ipv4Addr::new(192, 168, 200, 1),
];
pub(crate) const A6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
pub(crate) const B6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
const TUNNEL6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0x2001, 0xdb8, 10, 0, 0, 0, 0, 1),
    Ipv6Addr::new(0x2001, 0xdb8, 10, 0, 0, 0, 0, 2),
];
pub(crate) const LOOPBACK6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0x2001, 0xdb8, 100, 0, 0, 0, 0, 1),
    Ipv6Addr::new(0x2001, 0xdb8, 200, 0, 0, 0, 0, 1),
];
pub(crate) const SECOND: Duration = Duration::from_secs(1);
/// A router: host, runtime, data plane.
pub(crate) struct Router {
    pub(crate) host: Host,
    runtime: Runtime,
    pub(crate) handle: Handle,
    pub(crate) events: mpsc::Receiver<DataplaneEvent>,
    /// Its number: 0 is R1, 1 is R2.
    pub(crate) me: usize,
    source: IpAddr,
    destination: IpAddr,
}

impl Router {
    /// The seed's router (rule S-001) on a host that has its address already.
    pub(crate) fn start(
        host: Host,
        me: usize,
        ends: [impl Into<IpAddr>; 2],
        mode: TunnelMode,
        nat: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let [a, b] = ends.map(Into::into);
        let [source, destination] = if me == 0 { [a, b] } else { [b, a] };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let tunnel = TunnelConfig {
            name: "Tunnel1".to_owned(),
            source,
            destination,
            addresses: vec![(TUNNEL[me].into(), 24), (TUNNEL6[me].into(), 64)],
            mode,
            mtu: 1400,
        };
        let far = |destination: IpAddr, prefix, via: IpAddr| Route {
            destination,
            prefix,
            via: Some(via),
            device: None,
        };
        let you = 1 - me;
        let routes = vec![
            far(LOOPBACK[you].into(), 32, TUNNEL[you].into()),
            far(LOOPBACK6[you].into(), 128, TUNNEL6[you].into()),
        ];
        let (handle, events) = host
            .run(|| -> Result<_, Box<dyn Error + Send + Sync>> {
                let _inside = runtime.enter();
                let udp = nat.then(|| udp_path(source)).transpose()?;
                Ok(Dataplane::start(Config {
                    tunnels: vec![tunnel],
                    routes,
                    loopbacks: vec![LOOPBACK[me].into(), LOOPBACK6[me].into()],
                    udp,
                })?)
            })?
            .map_err(|error| error.to_string())?;
        Ok(Self {
            host,
            runtime,
            handle,
            events,
            me,
            source,
            destination,
        })
    }

    fn spec(&self, direction: Direction, spi: u32, suite: EspSuite, mode: Mode) -> SaSpec {
        let key = |length: usize| Secret::from((spi as u8..).take(length).collect::<Vec<u8>>());
        SaSpec {
            tunnel: "Tunnel1".to_owned(),
            direction,
            spi,
            local: self.source,
            remote: self.destination,
            mode,
            encap: None,
            suite,
            encryption_key: key(suite.encryption_key_len()),
            integrity_key: key(suite.integrity_key_len()),
            esn: false,
            replay_window: 64,
            lifetime_seconds: Some(3600),
            lifetime_kilobytes: Some(4_608_000),
            traffic: None,
            watched: false,
        }
    }

    /// SPIs `base` (R1 to R2) and `base + 1` (R2 to R1).
    pub(crate) fn specs(&self, base: u32, suite: EspSuite, mode: Mode) -> [SaSpec; 2] {
        let (out, back) = if self.me == 0 {
            (base, base + 1)
        } else {
            (base + 1, base)
        };
        [
            self.spec(Direction::Inbound, back, suite, mode),
            self.spec(Direction::Outbound, out, suite, mode),
        ]
    }

    pub(crate) fn install(&self, base: u32, suite: EspSuite, mode: Mode) -> Outcome {
        Ok(self
            .specs(base, suite, mode)
            .iter()
            .try_for_each(|spec| self.handle.install(spec))?)
    }

    /// What it has to say but for traffic.
    pub(crate) fn event(&mut self) -> Result<DataplaneEvent, Box<dyn Error>> {
        loop {
            match self.traffic()? {
                DataplaneEvent::Alive { .. } | DataplaneEvent::Sent { .. } => {}
                other => return Ok(other),
            }
        }
    }

    /// What it has to say.
    pub(crate) fn traffic(&mut self) -> Result<DataplaneEvent, Box<dyn Error>> {
        let events = &mut self.events;
        let next = self
            .runtime
            .block_on(async { tokio::time::timeout(5 * SECOND, events.recv()).await });
        next?.ok_or_else(|| "the data plane is gone".into())
    }

    pub(crate) fn tunnel(&self) -> TunnelCounters {
        self.handle.counters().tunnels["Tunnel1"]
    }
}

/// The socket of port 4500 and a thread that hands its datagrams over, as the IKE side does.
fn udp_path(source: IpAddr) -> std::io::Result<UdpPath> {
    let socket = Arc::new(UdpSocket::bind((source, 4500))?);
    let (datagrams, receiver) = mpsc::channel(64);
    let reading = Arc::clone(&socket);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65_535];
        while let Ok((length, from)) = reading.recv_from(&mut buffer) {
            if datagrams
                .blocking_send((from, Bytes::copy_from_slice(&buffer[..length])))
                .is_err()
            {
                return;
            }
        }
    });
    let sender =
        move |_: IpAddr, to: SocketAddr, packet: &[u8]| socket.send_to(packet, to).map(drop);
    Ok(UdpPath {
        sender: Arc::new(sender),
        receiver,
    })
}
