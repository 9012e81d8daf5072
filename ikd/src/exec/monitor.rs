//! What a line of `monitor capture` asks for (O-088), with what it names.

use ike_core::config::RunningConfig;

use super::parse::Matched;
use super::tree_monitor::Monitor;
use crate::capture::{Order, Place};

/// The order of a line that the tree has accepted.
///
/// # Errors
/// It names an interface that is not configured; the text is what IOS says.
pub(super) fn order(
    what: Monitor,
    line: &Matched,
    config: &RunningConfig,
) -> Result<Order, String> {
    let names = line.names();
    let name = |index: usize| names.get(index).cloned().unwrap_or_default();
    Ok(match (what, line.negated) {
        (Monitor::Buffer, true) => Order::NoBuffer(name(0)),
        (Monitor::Point, true) => Order::NoPoint(name(0)),
        (Monitor::Both, true) => Order::Neither(name(0)),
        (Monitor::Buffer, false) => buffer(name(0), line),
        (Monitor::Point, false) => Order::Point {
            name: name(0),
            place: place(&name(1), line, config)?,
        },
        (Monitor::Both, false) => Order::Both {
            name: name(0),
            place: match line.has("interface") {
                true => Some(place(&name(1), line, config)?),
                false => None,
            },
        },
        (Monitor::Associate, _) => Order::Associate(name(0), name(1)),
        (Monitor::Disassociate, _) => Order::Disassociate(name(0)),
        (Monitor::StartPoint | Monitor::Start, _) => Order::Start(name(0)),
        (Monitor::StopPoint | Monitor::Stop, _) => Order::Stop(name(0)),
        (Monitor::ClearBuffer | Monitor::Clear, _) => Order::Clear(name(0)),
        (Monitor::ExportBuffer | Monitor::Export, _) => Order::Export(name(0), name(1)),
    })
}

fn buffer(name: String, line: &Matched) -> Order {
    let number = |keyword| line.after(keyword).and_then(|text| text.parse().ok());
    let kind = |keyword| line.has(keyword);
    Order::Buffer {
        name,
        size: number("size"),
        element: number("max-size"),
        circular: match (kind("circular"), kind("linear")) {
            (false, false) => None,
            (circular, _) => Some(circular),
        },
    }
}

fn place(interface: &str, line: &Matched, config: &RunningConfig) -> Result<Place, String> {
    let named = |name: &str| name.eq_ignore_ascii_case(interface);
    let found = config.interfaces.iter().find(|i| named(&i.name));
    let (name, addresses) = match found {
        Some(found) => (
            found.name.clone(),
            found.addresses().map(|(ip, _)| ip).collect(),
        ),
        None if named("all") => ("all".to_owned(), Vec::new()),
        None => {
            return Err(format!(
                "% Invalid interface {interface}: give its full name, or all"
            ));
        }
    };
    Ok(Place {
        interface: name,
        addresses,
        inbound: !line.has("out"),
        outbound: !line.has("in"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::R1;
    use super::super::{Outcome, run};
    use super::*;
    use crate::capture::{Monitor as Buffers, Packet, Ring};

    fn order(line: &str) -> Order {
        let world = R1::new();
        match run(line, false, &world.snapshot()) {
            Ok(Outcome::Monitor(order)) => order,
            other => panic!("{line}: {other:?}"),
        }
    }

    /// O-088: both forms, sizes in any order of the kind, abbreviations.
    #[test]
    fn lines_of_both_forms_are_orders() {
        let sized = |circular| Order::Buffer {
            name: "B".to_owned(),
            size: Some(256),
            element: Some(1500),
            circular,
        };
        let line = "monitor capture buffer B size 256 max-size 1500";
        assert_eq!(order(line), sized(None));
        assert_eq!(order(&format!("{line} circular")), sized(Some(true)));
        assert_eq!(
            order("mon cap buf B linear size 256 max 1500"),
            sized(Some(false))
        );
        let Order::Point { name, place } = order("monitor capture point ip cef P ethernet0/0 in")
        else {
            panic!("no point");
        };
        assert_eq!(
            (name.as_str(), place.interface.as_str()),
            ("P", "Ethernet0/0")
        );
        assert_eq!((place.inbound, place.outbound), (true, false));
        let Order::Both { name, place } =
            order("monitor capture CAP interface Ethernet0/0 both match ipv4 protocol udp any any")
        else {
            panic!("no capture");
        };
        assert!(name == "CAP" && place.is_some_and(|p| p.inbound && p.outbound));
        assert_eq!(
            order("monitor capture CAP start"),
            Order::Start("CAP".to_owned())
        );
        assert_eq!(
            order("no monitor capture CAP"),
            Order::Neither("CAP".to_owned())
        );
        let export = Order::Export("B".to_owned(), "/tmp/b.pcap".to_owned());
        assert_eq!(order("monitor capture buffer B export /tmp/b.pcap"), export);
        let export = Order::Export("CAP".to_owned(), "/tmp/b.pcap".to_owned());
        assert_eq!(order("monitor capture CAP export /tmp/b.pcap"), export);
    }

    #[test]
    fn an_interface_that_is_not_there_is_named() {
        let world = R1::new();
        let line = "monitor capture point ip cef P Ethernet9/9 both";
        let Ok(Outcome::Text(said)) = run(line, false, &world.snapshot()) else {
            panic!("accepted");
        };
        assert!(said.contains("Ethernet9/9"), "{said}");
    }

    /// O-088: parameters and dump as IOS prints them.
    #[test]
    fn a_buffer_is_shown_with_its_parameters_and_octets() {
        let world = R1::new();
        let mut ring = Ring::new(1 << 16);
        ring.received(Packet {
            time: 1_371_470_000_123_000,
            local: "192.168.0.1:500".parse().unwrap(),
            remote: "192.168.0.2:500".parse().unwrap(),
            outbound: false,
            octets: vec![0xab; 28].into(),
            comment: String::new(),
        });
        let mut monitor = Buffers::default();
        for line in [
            "monitor capture buffer B size 256 max-size 24 circular",
            "monitor capture point ip cef P Ethernet0/0 both",
            "monitor capture point associate P B",
            "monitor capture point start P",
        ] {
            monitor.act(order(line), 0).unwrap();
        }
        let mut now = world.snapshot();
        now.capture = Some((&monitor, &ring));
        let shown = |line: &str| super::super::fixture::shown(line, &now);
        let parameters = "Capture buffer B (circular buffer)\n\
            Buffer Size : 262144 bytes, Max Element Size : 24 bytes, Packets : 1\n\
            Allow-nth-pak : 0, Duration : 0 (seconds), Max packets : 0, pps : 0\n\
            Associated Capture Points:\n\
            Name : P, Status : Active\n\
            Configuration:\n\
            monitor capture buffer B size 256 max-size 24 circular\n\
            monitor capture point associate P B\n";
        assert_eq!(
            shown("show monitor capture buffer B parameters"),
            parameters
        );
        let dump = shown("show monitor capture buffer B dump");
        assert!(
            dump.starts_with(
                "11:53:20.123 UTC Jun 17 2013 : IPv4 LES CEF    : Ethernet0/0 None\n\n00000000: 45"
            ),
            "{dump}"
        );
        assert!(dump.contains("\n00000010: C0A80001 01F401F4\n"), "{dump}");
        assert_eq!(
            shown("show monitor capture buffer C"),
            "% Capture buffer C does not exist\n"
        );
    }
}
