//! `monitor capture` of IOS (O-088) as views over the ring: a point says which packets, a buffer how many
//! of them and how much of each. Nothing is kept twice; what left the ring is gone from the buffers too.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::file::cut;
use super::ring::{Packet, Ring};

/// Buffers, and points.
const MAX: usize = 32;
/// Times that a buffer was filled, kept of each.
const MAX_SPANS: usize = 64;
/// Octets of a name.
const MAX_NAME: usize = 64;
/// Kilobytes of a buffer, and octets of each packet, where the line says nothing (O-088).
const SIZE: u32 = 1024;
const ELEMENT: u32 = 68;

/// What a line wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// `monitor capture buffer B [size N] [max-size N] [linear|circular]`
    Buffer {
        /// The buffer.
        name: String,
        /// Kilobytes.
        size: Option<u32>,
        /// Octets of each packet.
        element: Option<u32>,
        /// The oldest packets go when it is full, not the newest.
        circular: Option<bool>,
    },
    /// `monitor capture point ip cef P IF both|in|out`
    Point {
        /// The point.
        name: String,
        /// Where it is.
        place: Place,
    },
    /// `monitor capture N [interface IF both|in|out]`: buffer and point in one, whole packets.
    Both {
        /// Their name.
        name: String,
        /// Where it is.
        place: Option<Place>,
    },
    /// `monitor capture point associate P B`
    Associate(String, String),
    /// `monitor capture point disassociate P`
    Disassociate(String),
    /// `monitor capture point start P`, `monitor capture N start`
    Start(String),
    /// `monitor capture point stop P`, `monitor capture N stop`
    Stop(String),
    /// `monitor capture buffer B clear`, `monitor capture N clear`
    Clear(String),
    /// `no monitor capture buffer B`
    NoBuffer(String),
    /// `no monitor capture point ip cef P ...`
    NoPoint(String),
    /// `no monitor capture N`
    Neither(String),
    /// `monitor capture buffer B export URL`: a pcap file that whoever asks writes.
    Export(String, String),
}

/// Interface and direction of a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name; `all` is every one.
    pub interface: String,
    /// Its addresses; filled in by the host.
    pub addresses: Vec<IpAddr>,
    /// Packets that come.
    pub inbound: bool,
    /// Packets that go.
    pub outbound: bool,
}

/// The buffers and points of a daemon.
#[derive(Debug, Default)]
pub struct Monitor {
    buffers: BTreeMap<String, Buffer>,
    points: BTreeMap<String, Point>,
}

/// A buffer.
#[derive(Clone, Debug)]
pub(crate) struct Buffer {
    pub(crate) size: u32,
    pub(crate) element: u32,
    pub(crate) circular: bool,
    cleared: u64,
    spans: Vec<Span>,
}

/// A point.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) place: Place,
    pub(crate) buffer: Option<String>,
    pub(crate) active: bool,
}

/// A time in which a buffer was filled; without an end it still is.
#[derive(Clone, Debug)]
struct Span {
    point: String,
    place: Place,
    from: u64,
    until: Option<u64>,
}

impl Monitor {
    /// Does what a line wants at a time, in microseconds since 1970; gives what IOS says to it.
    ///
    /// # Errors
    /// What it names is not there, or is one too many; the text says what to do.
    pub(crate) fn act(&mut self, order: Order, now: u64) -> Result<String, String> {
        match order {
            Order::Buffer {
                name,
                size,
                element,
                circular,
            } => self.buffer(&name, size, element, circular),
            Order::Point { name, place } => self.point(&name, place),
            Order::Both { name, place } => self.both(&name, place),
            Order::Associate(point, buffer) => self.associate(&point, buffer),
            Order::Disassociate(point) => self.disassociate(&point),
            Order::Start(point) => self.each(&point, |monitor, point| monitor.start(point, now)),
            Order::Stop(point) => self.each(&point, |monitor, point| monitor.stop(point, now)),
            Order::Clear(buffer) => {
                self.known(&buffer)?.cleared = now;
                Ok(String::new())
            }
            Order::NoBuffer(buffer) => {
                self.buffers
                    .remove(&buffer)
                    .ok_or_else(|| no_buffer(&buffer))?;
                self.points
                    .values_mut()
                    .filter(|p| p.buffer.as_ref() == Some(&buffer))
                    .for_each(|p| p.buffer = None);
                Ok(String::new())
            }
            Order::NoPoint(point) => self.no_point(&point, now),
            Order::Neither(name) => {
                self.no_point(&name, now)?;
                self.act(Order::NoBuffer(name), now)
            }
            Order::Export(..) => Err("% An export is for the host.".to_owned()),
        }
    }

    /// The buffers with their names.
    pub(crate) fn buffers(&self) -> impl Iterator<Item = (&String, &Buffer)> {
        self.buffers.iter()
    }

    /// The points with their names.
    pub(crate) fn points(&self) -> impl Iterator<Item = (&String, &Point)> {
        self.points.iter()
    }

    /// The packets of a buffer, each cut to its element size; `None` for one that is not there.
    pub(crate) fn packets(&self, buffer: &str, ring: &Ring) -> Option<Vec<(Packet, Vec<u8>)>> {
        let buffer = self.buffers.get(buffer)?;
        let taken = ring.packets().filter(|packet| buffer.takes(packet));
        let mut taken: Vec<(Packet, Vec<u8>)> = taken.map(|p| (p.clone(), buffer.cut(p))).collect();
        // A circular buffer has the newest, a linear one what came first.
        if buffer.circular {
            taken.reverse();
        }
        let mut room = usize::try_from(buffer.size)
            .unwrap_or(usize::MAX)
            .saturating_mul(1024);
        let full = taken.iter().position(|(_, octets)| {
            let left = room.checked_sub(octets.len());
            room = left.unwrap_or_default();
            left.is_none()
        });
        taken.truncate(full.unwrap_or(taken.len()));
        if buffer.circular {
            taken.reverse();
        }
        Some(taken)
    }

    fn buffer(
        &mut self,
        name: &str,
        size: Option<u32>,
        element: Option<u32>,
        circular: Option<bool>,
    ) -> Result<String, String> {
        let count = self.buffers.len();
        let buffer = entry(&mut self.buffers, name, count, || Buffer::new(ELEMENT))?;
        buffer.size = size.unwrap_or(buffer.size);
        buffer.element = element.unwrap_or(buffer.element);
        buffer.circular = circular.unwrap_or(buffer.circular);
        Ok(String::new())
    }

    fn point(&mut self, name: &str, place: Place) -> Result<String, String> {
        let count = self.points.len();
        let new = || Point {
            place: place.clone(),
            buffer: None,
            active: false,
        };
        let point = entry(&mut self.points, name, count, new)?;
        if point.active {
            return Err(format!("% Capture point {name} is active; stop it first"));
        }
        point.place = place;
        Ok(format!(
            "%BUFCAP-6-CREATE: Capture Point {} created.",
            cut(name, MAX_NAME)
        ))
    }

    fn both(&mut self, name: &str, place: Option<Place>) -> Result<String, String> {
        if let Some(place) = place {
            self.point(name, place)?;
        }
        let count = self.buffers.len();
        entry(&mut self.buffers, name, count, || {
            Buffer::new(u16::MAX.into())
        })?;
        let point = self.points.get_mut(name);
        if let Some(point) = point {
            point.buffer = Some(name.to_owned());
        }
        Ok(String::new())
    }

    fn associate(&mut self, point: &str, buffer: String) -> Result<String, String> {
        self.known(&buffer)?;
        let found = self.points.get_mut(point).ok_or_else(|| no_point(point))?;
        found.buffer = Some(buffer);
        Ok(String::new())
    }

    fn disassociate(&mut self, point: &str) -> Result<String, String> {
        let found = self.points.get_mut(point).ok_or_else(|| no_point(point))?;
        found.buffer = None;
        Ok(String::new())
    }

    /// For one point, or for `all`.
    fn each(
        &mut self,
        name: &str,
        mut act: impl FnMut(&mut Self, &str) -> Result<String, String>,
    ) -> Result<String, String> {
        if name != "all" {
            return act(self, name);
        }
        let names: Vec<String> = self.points.keys().cloned().collect();
        let said: Result<Vec<String>, String> = names.iter().map(|name| act(self, name)).collect();
        Ok(said?.join("\n"))
    }

    fn start(&mut self, name: &str, now: u64) -> Result<String, String> {
        let point = self.points.get_mut(name).ok_or_else(|| no_point(name))?;
        let buffer = point.buffer.clone().ok_or_else(|| {
            format!("% Capture point {name} is not associated with a capture buffer")
        })?;
        let span = Span {
            point: name.to_owned(),
            place: point.place.clone(),
            from: now,
            until: None,
        };
        if !point.active {
            point.active = true;
            let buffer = self.known(&buffer)?;
            buffer.spans.push(span);
            if buffer.spans.len() > MAX_SPANS {
                buffer.spans.remove(0);
            }
        }
        Ok(format!("%BUFCAP-6-ENABLE: Capture Point {name} enabled."))
    }

    fn stop(&mut self, name: &str, now: u64) -> Result<String, String> {
        let point = self.points.get_mut(name).ok_or_else(|| no_point(name))?;
        point.active = false;
        let spans = self.buffers.values_mut().flat_map(|b| &mut b.spans);
        let open = spans.filter(|span| span.point == name && span.until.is_none());
        open.for_each(|span| span.until = Some(now));
        Ok(format!("%BUFCAP-6-DISABLE: Capture Point {name} disabled."))
    }

    fn no_point(&mut self, name: &str, now: u64) -> Result<String, String> {
        self.stop(name, now)?;
        self.points.remove(name);
        Ok(format!("%BUFCAP-6-DELETE: Capture Point {name} deleted."))
    }

    fn known(&mut self, buffer: &str) -> Result<&mut Buffer, String> {
        self.buffers
            .get_mut(buffer)
            .ok_or_else(|| no_buffer(buffer))
    }
}

impl Buffer {
    fn new(element: u32) -> Self {
        Self {
            size: SIZE,
            element,
            circular: false,
            cleared: 0,
            spans: Vec::new(),
        }
    }

    fn takes(&self, packet: &Packet) -> bool {
        packet.time >= self.cleared && self.spans.iter().any(|span| span.takes(packet))
    }

    fn cut(&self, packet: &Packet) -> Vec<u8> {
        let mut octets = packet.ip();
        octets.truncate(usize::try_from(self.element).unwrap_or(usize::MAX));
        octets
    }
}

impl Span {
    fn takes(&self, packet: &Packet) -> bool {
        let direction = if packet.outbound {
            self.place.outbound
        } else {
            self.place.inbound
        };
        let time = packet.time >= self.from && self.until.is_none_or(|until| packet.time <= until);
        direction && time && self.place.has(packet.local)
    }
}

impl Place {
    fn has(&self, local: SocketAddr) -> bool {
        self.interface == "all" || self.addresses.contains(&local.ip())
    }
}

/// What is there under a name, or a new one as long as there are not too many.
fn entry<'a, T>(
    map: &'a mut BTreeMap<String, T>,
    name: &str,
    count: usize,
    new: impl FnOnce() -> T,
) -> Result<&'a mut T, String> {
    if name.len() > MAX_NAME {
        return Err(format!("% A name has at most {MAX_NAME} characters"));
    }
    if count >= MAX && !map.contains_key(name) {
        return Err(format!(
            "% There are {MAX} already; remove one with `no monitor capture`"
        ));
    }
    Ok(map.entry(name.to_owned()).or_insert_with(new))
}

fn no_buffer(name: &str) -> String {
    format!("% Capture buffer {name} does not exist")
}

fn no_point(name: &str) -> String {
    format!("% Capture point {name} does not exist")
}

/// A pcap file of raw IP packets (W-001): what `export` writes.
pub(crate) fn pcap(packets: &[(Packet, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(0xa1b2_c3d4_u32.to_le_bytes());
    out.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    out.extend(65_535_u32.to_le_bytes());
    out.extend(101_u32.to_le_bytes());
    for (packet, octets) in packets {
        let word = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
        out.extend(word(packet.time / 1_000_000));
        out.extend(word(packet.time % 1_000_000));
        out.extend(word(octets.len() as u64));
        out.extend(word(packet.ip().len() as u64));
        out.extend(octets);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn place(inbound: bool, outbound: bool) -> Place {
        Place {
            interface: "Ethernet0/0".to_owned(),
            addresses: vec![[192, 0, 2, 1].into()],
            inbound,
            outbound,
        }
    }

    fn ring() -> Ring {
        let mut ring = Ring::new(1 << 20);
        for time in 0..10 {
            ring.received(Packet {
                time,
                local: "192.0.2.1:500".parse().unwrap(),
                remote: "192.0.2.2:500".parse().unwrap(),
                outbound: time % 2 == 1,
                octets: Bytes::from(vec![0; 1000]),
                comment: String::new(),
            });
        }
        ring
    }

    fn buffer(size: u32, element: u32, circular: bool) -> Order {
        Order::Buffer {
            name: "B".to_owned(),
            size: Some(size),
            element: Some(element),
            circular: Some(circular),
        }
    }

    fn times(monitor: &Monitor) -> Vec<u64> {
        let packets = monitor.packets("B", &ring()).unwrap();
        packets.iter().map(|(packet, _)| packet.time).collect()
    }

    fn act(monitor: &mut Monitor, now: u64, orders: Vec<Order>) {
        for order in orders {
            monitor.act(order, now).unwrap();
        }
    }

    /// O-088: what passed between start and stop, in the direction of the point.
    #[test]
    fn a_buffer_has_what_its_point_saw() {
        let name = |text: &str| text.to_owned();
        let mut monitor = Monitor::default();
        let point = |place| Order::Point {
            name: "P".to_owned(),
            place,
        };
        let pair = Order::Associate(name("P"), name("B"));
        act(
            &mut monitor,
            0,
            vec![buffer(100, 68, false), point(place(true, false)), pair],
        );
        assert!(times(&monitor).is_empty());
        act(&mut monitor, 3, vec![Order::Start(name("P"))]);
        act(&mut monitor, 6, vec![Order::Stop(name("all"))]);
        assert_eq!(times(&monitor), [4, 6]);
        act(
            &mut monitor,
            7,
            vec![point(place(true, true)), Order::Start(name("P"))],
        );
        assert_eq!(times(&monitor), [4, 6, 7, 8, 9]);
        act(&mut monitor, 8, vec![Order::Clear(name("B"))]);
        assert_eq!(times(&monitor), [8, 9]);
        let packets = monitor.packets("B", &ring()).unwrap();
        assert!(packets.iter().all(|(_, octets)| octets.len() == 68));
    }

    /// O-088: linear stops when it is full, circular drops the oldest.
    #[test]
    fn a_full_buffer_keeps_the_first_or_the_last() {
        let mut monitor = Monitor::default();
        let both = Order::Both {
            name: "B".to_owned(),
            place: Some(place(true, true)),
        };
        act(&mut monitor, 0, vec![both, Order::Start("B".to_owned())]);
        assert_eq!(times(&monitor).len(), 10);
        act(&mut monitor, 0, vec![buffer(3, 2000, false)]);
        assert_eq!(times(&monitor), [0, 1]);
        act(&mut monitor, 0, vec![buffer(3, 2000, true)]);
        assert_eq!(times(&monitor), [8, 9]);
        let file = pcap(&monitor.packets("B", &ring()).unwrap());
        let mut decoded = Vec::new();
        let tally = crate::decode::decode(&*file, &mut decoded, false).unwrap();
        assert_eq!((tally.packets, tally.file_error), (2, None));
        act(&mut monitor, 0, vec![Order::Neither("B".to_owned())]);
        assert!(monitor.packets("B", &ring()).is_none());
    }

    #[test]
    fn what_is_not_there_is_named_and_what_is_too_much_refused() {
        let mut monitor = Monitor::default();
        let start = Order::Start("P".to_owned());
        assert!(
            monitor
                .act(start.clone(), 0)
                .unwrap_err()
                .contains("point P does not exist")
        );
        for n in 0..MAX {
            let place = Some(place(true, true));
            act(
                &mut monitor,
                0,
                vec![Order::Both {
                    name: n.to_string(),
                    place,
                }],
            );
        }
        let point = Order::Point {
            name: "P".to_owned(),
            place: place(true, true),
        };
        assert!(monitor.act(point, 0).is_err());
        assert!(
            monitor
                .act(buffer(1, 1, true), 0)
                .unwrap_err()
                .contains("32 already")
        );
    }
}
