//! What lines of `monitor capture` want (O-088).

use std::net::IpAddr;

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
