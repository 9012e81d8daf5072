//! What buffers show of a ring.

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
