//! The capture: a ring of IKE packets in the daemon, and files that open in Wireshark with IKE in the
//! clear.
//!
//! `ring` keeps packets with the decisions that fell at them, `kept` their keys; `line` carries both to
//! `ikd capture save` (`save`), which alone writes files (`file`, `keys`, `private`). `joined` and
//! `packet` are IP around a datagram. `monitor` is IOS's `monitor capture` as views over the ring.

pub(crate) mod file;
mod joined;
mod kept;
pub(crate) mod keys;
mod line;
mod monitor;
mod packet;
pub(crate) mod private;
mod ring;
mod save;
mod watch;

pub use monitor::{Monitor, Order, Place};
pub use save::{CaptureCommand, SaveArgs, run};

pub(crate) use monitor::{Buffer, Point, pcap};
pub use ring::Ring;
pub(crate) use ring::{DEFAULT_OCTETS, Packet};
pub(crate) use save::fetch;
pub(crate) use watch::Watch;

/// The packets of a buffer; none of one that is not there.
pub(crate) fn ike_packets(monitor: &Monitor, buffer: &str, ring: &Ring) -> Vec<(Packet, Vec<u8>)> {
    monitor.packets(buffer, ring).unwrap_or_default()
}
