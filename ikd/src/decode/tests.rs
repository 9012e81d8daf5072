//! Hand-made captures of every form, and those of other makers.

mod captures;
mod made;
mod reports;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::*;
use made::*;

fn text(file: &[u8]) -> (String, Tally) {
    let mut out = Vec::new();
    let tally = decode(file, &mut out, false).expect("a capture file");
    (String::from_utf8(out).expect("text"), tally)
}

/// The one message of a capture is read, from the right sender.
fn one_message(file: &[u8], source: IpAddr) {
    let (text, tally) = text(file);
    assert_eq!((tally.packets, tally.messages), (1, 1), "{text}");
    assert!(tally.all_readable(), "{text}");
    let source = SocketAddr::new(source, 500);
    assert!(text.contains(&format!(" {source} -> ")), "{text}");
    assert!(text.contains("Main Mode"), "{text}");
}

const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));

#[test]
fn every_link_type_leads_to_the_message_in_it() {
    let (v4, v6) = (udp4(500, &offer()), udp6(500, &offer()));
    for (link, packet) in links(&v4, 0x0800, 2) {
        one_message(&pcap(Form::default(), link, &packet), V4);
    }
    for (link, packet) in links(&v6, 0x86dd, 30) {
        one_message(&pcap(Form::default(), link, &packet), V6);
    }
    one_message(&pcap(Form::default(), 228, &v4), V4);
    one_message(&pcap(Form::default(), 229, &v6), V6);
}

#[test]
fn both_byte_orders_and_both_units_give_the_same_time() {
    for big in [false, true] {
        for nanoseconds in [false, true] {
            let file = pcap(Form { big, nanoseconds }, 101, &udp4(500, &offer()));
            one_message(&file, V4);
            assert!(text(&file).0.contains("#1 2023-11-14T22:13:20.123456Z "));
        }
    }
}

#[test]
fn pcapng_of_both_byte_orders_is_read() {
    for big in [false, true] {
        let file = pcapng(big, 101, &udp4(500, &offer()));
        one_message(&file, V4);
        // Its interface counts in milliseconds, and ten seconds late.
        assert!(text(&file).0.contains("#1 2023-11-14T22:13:30.123Z "));
    }
}

/// Sections have byte orders and interfaces of their own; files may be put one behind the other.
#[test]
fn two_sections_of_different_byte_order_are_read() {
    let packet = udp4(500, &offer());
    let file = [pcapng(true, 101, &packet), pcapng(false, 101, &packet)].concat();
    let tally = text(&file).1;
    assert_eq!((tally.packets, tally.messages), (2, 2));
    assert!(tally.all_readable());
}

#[test]
fn a_packet_without_time_is_read() {
    let packet = udp4(500, &offer());
    let length = u32::try_from(packet.len()).expect("short enough");
    let mut file = pcapng(false, 101, &[]);
    let block = [3, length + 16, length].map(u32::to_le_bytes).concat();
    file.extend([&block[..], &packet, &(length + 16).to_le_bytes()].concat());
    let (text, tally) = text(&file);
    assert_eq!((tally.packets, tally.messages), (2, 1), "{text}");
    assert!(text.contains("#2 (no time) 192.0.2.1:500"), "{text}");
}

#[test]
fn the_captures_of_our_labs_are_read() {
    use testnet::pcapng::{LINKTYPE_RAW, Writer};
    let mut file = Vec::new();
    let mut writer = Writer::new(&mut file).expect("vector");
    let interface = writer.interface("wire", LINKTYPE_RAW).expect("vector");
    let packet = udp4(500, &offer());
    writer
        .packet(interface, 1_700_000_000_123_456, &packet, Some("lost"))
        .expect("vector");
    one_message(&file, V4);
    assert!(text(&file).0.contains("#1 2023-11-14T22:13:20.123456Z "));
}

/// A file that ends anywhere is read up to there, and said to be cut; no octet of it panics.
#[test]
fn a_file_cut_at_any_octet_is_told() {
    let packet = udp4(500, &offer());
    let files = [
        pcap(Form::default(), 101, &packet),
        pcapng(false, 101, &packet),
        pcapng(true, 1, &links(&packet, 0x0800, 2)[0].1),
    ];
    for file in files {
        assert!(text(&file).1.all_readable());
        for end in 0..file.len() {
            let result = decode(&file[..end], Vec::new(), true);
            let told = match result {
                Ok(tally) => tally.messages == 0 && (tally.packets == 0),
                Err(DecodeFailure::Unreadable(_)) => true,
                Err(DecodeFailure::Output(_)) => false,
            };
            assert!(told, "{end} octets");
        }
        let cut = decode(&file[..file.len() - 1], Vec::new(), false).expect("a header");
        assert!(cut.file_error.expect("told").contains("the file ends in"));
    }
}

/// As a sniffer with a short snapshot length writes it: the file is whole, its packet is not.
#[test]
fn a_packet_cut_at_any_octet_is_never_readable() {
    let (v4, v6) = (udp4(500, &offer()), udp6(500, &offer()));
    let all = [links(&v4, 0x0800, 2), links(&v6, 0x86dd, 30)].concat();
    for (link, packet) in all {
        for end in 0..packet.len() {
            let (text, tally) = text(&pcap(Form::default(), link, &packet[..end]));
            assert!(!tally.all_readable(), "link {link}, {end} octets: {text}");
            assert!(text.contains("MALFORMED"), "{text}");
        }
    }
}

#[test]
fn every_flipped_octet_of_a_packet_ends_without_panic() {
    let (v4, v6) = (udp4(500, &offer()), udp6(500, &offer()));
    for (link, packet) in [links(&v4, 0x0800, 2), links(&v6, 0x86dd, 30)].concat() {
        for at in 0..packet.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut packet = packet.clone();
                packet[at] ^= flip;
                assert_eq!(text(&pcap(Form::default(), link, &packet)).1.packets, 1);
            }
        }
    }
}

#[test]
fn every_flipped_octet_of_a_file_ends_without_panic() {
    let packet = udp4(500, &offer());
    for file in [
        pcap(Form::default(), 101, &packet),
        pcapng(false, 101, &packet),
    ] {
        for at in 0..file.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut file = file.clone();
                file[at] ^= flip;
                // Nothing to assert but that it ends: most of it is still a capture.
                let _ = decode(&*file, Vec::new(), false);
            }
        }
    }
}

/// A length of four gigabytes costs nothing: only 64 kB of a packet are kept.
#[test]
fn a_packet_of_any_length_is_kept_to_64_kb() {
    let long = vec![0x45; MAX_PACKET + 5000];
    let file = pcap(Form::default(), 101, &long);
    let mut capture = Capture::open(&*file).expect("a capture file");
    let packet = capture.packet().expect("readable").expect("a packet");
    assert_eq!(packet.octets.len(), MAX_PACKET);
    assert!(capture.packet().expect("readable").is_none());
    let mut huge = pcap(Form::default(), 101, &[]);
    let length = huge.len() - 8;
    huge[length..length + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let cut = decode(&*huge, Vec::new(), false).expect("a header");
    assert!(cut.file_error.expect("told").contains("a packet"));
}

#[test]
fn a_file_that_is_no_capture_is_refused_with_the_reason() {
    for (file, reason) in [(&b""[..], "empty"), (b"# ikd\n", "not a capture file")] {
        let error = decode(file, Vec::new(), false).expect_err("no capture");
        assert!(error.to_string().contains(reason), "{error}");
    }
}
