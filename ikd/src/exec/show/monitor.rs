//! `show monitor capture buffer`, `... point` and `show monitor capture NAME` (O-088).

use std::fmt::Write;

use serde::Serialize;

use super::{Lines, View, interface_of};
use crate::capture::{Buffer, Packet, Point, ike_packets};
use crate::exec::Snapshot;

/// Which part of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::exec) enum Part {
    Buffer,
    Dump,
    Parameters,
    Point,
}

#[derive(Serialize)]
pub(super) struct Monitor {
    buffers: Vec<BufferView>,
    points: Vec<PointView>,
    #[serde(skip)]
    part: Part,
    #[serde(skip)]
    name: String,
}

#[derive(Serialize)]
struct BufferView {
    name: String,
    kilobytes: u32,
    element_octets: u32,
    circular: bool,
    points: Vec<PointView>,
    packets: Vec<PacketView>,
}

#[derive(Clone, Serialize)]
struct PointView {
    name: String,
    interface: String,
    direction: &'static str,
    active: bool,
    buffer: Option<String>,
}

#[derive(Serialize)]
struct PacketView {
    /// As IOS writes it.
    time: String,
    /// Arrival and departure.
    interfaces: [Option<String>; 2],
    octets: String,
}

/// The buffers or points of that name; `all` is every one.
pub(super) fn view(now: &Snapshot<'_>, name: Option<&str>, part: Part) -> Monitor {
    let name = name.unwrap_or("all").to_owned();
    let wanted = |known: &str| name == "all" || name == known;
    let mut view = Monitor {
        buffers: Vec::new(),
        points: Vec::new(),
        part,
        name: name.clone(),
    };
    let Some((monitor, ring)) = now.capture else {
        return view;
    };
    let points: Vec<PointView> = monitor.points().map(|(name, p)| point(name, p)).collect();
    if part == Part::Point {
        view.points = points.into_iter().filter(|p| wanted(&p.name)).collect();
        return view;
    }
    for (name, found) in monitor.buffers().filter(|(name, _)| wanted(name)) {
        let packets = ike_packets(monitor, name, ring);
        let own = points
            .iter()
            .filter(|p| p.buffer.as_ref() == Some(name))
            .cloned();
        view.buffers
            .push(buffer(name, found, own.collect(), &packets, now));
    }
    view
}

fn point(name: &str, point: &Point) -> PointView {
    PointView {
        name: name.to_owned(),
        interface: point.place.interface.clone(),
        direction: match (point.place.inbound, point.place.outbound) {
            (true, true) => "both",
            (true, false) => "in",
            (false, _) => "out",
        },
        active: point.active,
        buffer: point.buffer.clone(),
    }
}

fn buffer(
    name: &str,
    buffer: &Buffer,
    points: Vec<PointView>,
    packets: &[(Packet, Vec<u8>)],
    now: &Snapshot<'_>,
) -> BufferView {
    BufferView {
        name: name.to_owned(),
        kilobytes: buffer.size,
        element_octets: buffer.element,
        circular: buffer.circular,
        points,
        packets: packets
            .iter()
            .map(|(packet, octets)| one(packet, octets, now))
            .collect(),
    }
}

fn one(packet: &Packet, octets: &[u8], now: &Snapshot<'_>) -> PacketView {
    let interface = interface_of(now, packet.local.ip()).map(|(name, _)| name);
    PacketView {
        time: time(packet.time),
        interfaces: match packet.outbound {
            true => [None, interface],
            false => [interface, None],
        },
        octets: data_encoding::HEXUPPER.encode(octets),
    }
}

/// `15:30:20.123 UTC Apr 13 2026`
fn time(microseconds: u64) -> String {
    let at = i64::try_from(microseconds).unwrap_or(i64::MAX);
    let Ok(at) = jiff::Timestamp::from_microsecond(at) else {
        return "(no time)".to_owned();
    };
    at.to_zoned(jiff::tz::TimeZone::UTC)
        .strftime("%H:%M:%S%.3f UTC %b %-d %Y")
        .to_string()
}

impl View for Monitor {
    fn text(&self) -> String {
        let mut out = Lines::default();
        if self.buffers.is_empty() && self.points.is_empty() && self.name != "all" {
            let kind = if self.part == Part::Point {
                "point"
            } else {
                "buffer"
            };
            out.line(format!("% Capture {kind} {} does not exist", self.name));
        }
        for point in &self.points {
            point.put(&mut out);
        }
        for buffer in &self.buffers {
            match self.part {
                Part::Parameters => buffer.parameters(&mut out),
                part => buffer.contents(part == Part::Dump, &mut out),
            }
        }
        out.0
    }
}

impl PointView {
    fn status(&self) -> &'static str {
        if self.active { "Active" } else { "Inactive" }
    }

    fn put(&self, out: &mut Lines) {
        out.line(format!(
            "Status Information for Capture Point {}",
            self.name
        ));
        out.line("IPv4 CEF");
        out.line(format!(
            "Switch Path: IPv4 CEF, Capture Buffer: {}",
            self.buffer.as_deref().unwrap_or("None")
        ));
        out.line(format!("Status : {}", self.status()));
        out.blank();
        out.line("Configuration:");
        out.line(format!(
            "monitor capture point ip cef {} {} {}",
            self.name, self.interface, self.direction
        ));
    }
}

impl BufferView {
    fn kind(&self) -> &'static str {
        if self.circular { "circular" } else { "linear" }
    }

    fn parameters(&self, out: &mut Lines) {
        let (name, kind, element) = (&self.name, self.kind(), self.element_octets);
        let octets = u64::from(self.kilobytes) * 1024;
        let packets = self.packets.len();
        out.line(format!("Capture buffer {name} ({kind} buffer)"));
        out.line(format!(
            "Buffer Size : {octets} bytes, Max Element Size : {element} bytes, Packets : {packets}"
        ));
        out.line("Allow-nth-pak : 0, Duration : 0 (seconds), Max packets : 0, pps : 0");
        out.line("Associated Capture Points:");
        for point in &self.points {
            out.line(format!(
                "Name : {}, Status : {}",
                point.name,
                point.status()
            ));
        }
        out.line("Configuration:");
        out.line(format!(
            "monitor capture buffer {name} size {} max-size {element} {kind}",
            self.kilobytes
        ));
        for point in &self.points {
            out.line(format!(
                "monitor capture point associate {} {name}",
                point.name
            ));
        }
    }

    fn contents(&self, dump: bool, out: &mut Lines) {
        for packet in &self.packets {
            let [from, to] = packet
                .interfaces
                .each_ref()
                .map(|i| i.as_deref().unwrap_or("None"));
            out.line(format!("{} : IPv4 LES CEF    : {from} {to}", packet.time));
            if dump {
                out.blank();
                rows(&packet.octets).iter().for_each(|row| out.line(row));
                out.blank();
            }
        }
    }
}

/// Rows of 16 octets in groups of four, each behind its offset.
fn rows(hex: &str) -> Vec<String> {
    let digits: Vec<char> = hex.chars().collect();
    let row = |(number, digits): (usize, &[char])| {
        let mut row = format!("{:08X}:", number * 16);
        for group in digits.chunks(8) {
            let _ = write!(row, " {}", group.iter().collect::<String>());
        }
        row
    };
    digits.chunks(32).enumerate().map(row).collect()
}
