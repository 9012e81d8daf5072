//! What is printed about messages, and about what is no message.

use serde_json::Value;

use super::*;

fn report(port: u16, payload: &[u8]) -> (String, Tally) {
    text(&pcap(Form::default(), 101, &udp4(port, payload)))
}

/// O-005: algorithms have the names of `show crypto isakmp policy`.
#[test]
fn a_message_is_a_block_with_a_line_for_each_payload() {
    let expected = "#1 2023-11-14T22:13:20.123456Z 192.0.2.1:500 -> 192.0.2.2:500
  IKE 1.0 Identity Protection (Main Mode)
  cookies 1111111111111111 0000000000000000, flags none, message ID 0x00000000, 108 octets
  Security Association [60]: 1 proposal
    proposal 1 ISAKMP, transform 1: encr aes 256, hash sha, auth rsig, group 14, lifetime 86400 Seconds
  Vendor ID [20]: DPD

1 packets: 1 IKE messages (0 malformed, 0 encrypted, 0 opened), 0 keepalives, 0 ESP in UDP, 0 IP fragments, 0 unreadable, 0 others
";
    assert_eq!(report(500, &offer()).0, expected);
}

#[test]
fn json_is_an_object_a_line_and_the_summary_last() {
    let mut out = Vec::new();
    let file = pcap(Form::default(), 101, &udp4(500, &offer()));
    decode(&*file, &mut out, true).expect("a capture file");
    let lines: Vec<Value> = String::from_utf8(out)
        .expect("text")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let [message, summary] = &*lines else {
        panic!("{lines:?}")
    };
    assert_eq!(message["header"]["length"], 108);
    assert_eq!(message["payloads"][1]["text"], "DPD");
    assert_eq!(summary["summary"]["messages"], 1);
}

/// RFC 3948 2: port 4500 carries three things.
#[test]
fn port_4500_is_told_apart() {
    let marked = [&[0; 4][..], &offer()].concat();
    let (text, tally) = report(4500, &marked);
    assert_eq!((tally.messages, tally.malformed), (1, 0), "{text}");
    assert_eq!(report(4500, &[0xff]).1.keepalives, 1);
    assert_eq!(report(4500, &[1; 40]).1.esp, 1);
    let (text, tally) = report(4500, &[1, 2, 3]);
    assert_eq!((tally.messages, tally.malformed), (1, 1));
    assert!(text.contains("MALFORMED at octet 0: datagram on port 4500"));
    assert_eq!(report(53, &offer()).1.others, 1);
}

/// THREATS J4: nothing that a peer writes acts on the terminal.
#[test]
fn hostile_text_is_escaped_in_both_forms() {
    let file = pcap(Form::default(), 101, &udp4(500, &hostile()));
    for json in [false, true] {
        let mut out = Vec::new();
        decode(&*file, &mut out, json).expect("a capture file");
        let out = String::from_utf8(out).expect("text");
        assert!(out.contains("%FAKE"));
        assert!(
            out.chars().all(|c| c == '\n' || (' '..='~').contains(&c)),
            "{out}"
        );
    }
}

/// A message that cannot be read says where, and the next one is read.
#[test]
fn a_malformed_message_names_its_offset() {
    let mut octets = offer();
    octets[31] = 3;
    let (text, tally) = report(500, &octets);
    assert!(!tally.all_readable());
    assert!(
        text.contains("MALFORMED at octet 28: payload length 3 of Security Association"),
        "{text}"
    );
    let two = pcap(Form::default(), 101, &udp4(500, &octets));
    let good = pcap(Form::default(), 101, &udp4(500, &offer()));
    let tally = super::text(&[&two[..], &good[24..]].concat()).1;
    assert_eq!((tally.messages, tally.malformed), (2, 1));
}

/// RFC 791, RFC 8200 4.5: pieces are told, a whole IPv6 datagram with a fragment header is read.
#[test]
fn fragments_of_ip_are_told_and_passed_over() {
    let mut first = udp4(500, &offer());
    first[6] = 0x20;
    let (text, tally) = text(&pcap(Form::default(), 101, &first));
    assert_eq!((tally.fragments, tally.messages), (1, 0));
    assert!(
        text.contains("192.0.2.1 -> 192.0.2.2  IP fragment of UDP at octet 0"),
        "{text}"
    );
    let mut later = udp4(500, &offer());
    later[7] = 2;
    assert_eq!(
        super::text(&pcap(Form::default(), 101, &later)).1.fragments,
        1
    );

    let mut atomic = udp6(500, &offer());
    atomic[6] = 44;
    atomic[42..48].fill(0);
    one_message(&pcap(Form::default(), 101, &atomic), V6);
    let mut piece = atomic;
    piece[43] = 1;
    assert_eq!(
        super::text(&pcap(Form::default(), 101, &piece)).1.fragments,
        1
    );
}

#[test]
fn a_link_type_that_nobody_knows_is_said() {
    let (text, tally) = text(&pcap(Form::default(), 147, &udp4(500, &offer())));
    assert!(!tally.all_readable());
    assert!(text.contains("1 packets of link type 147"), "{text}");
}

/// Padding of a short Ethernet frame is no part of the message.
#[test]
fn padding_after_the_datagram_is_left_out() {
    let padded = [udp4(500, &offer()), vec![0xaa; 9]].concat();
    one_message(&pcap(Form::default(), 101, &padded), V4);
}

/// O-023, S-072, W-060: IKEv2 in the names of `debug crypto ikev2`.
#[test]
fn an_ikev2_message_has_the_names_of_ios() {
    let (text, tally) = report(500, &init());
    assert!(tally.all_readable(), "{text}");
    for line in [
        "  IKE 2.0 IKE_SA_INIT",
        "  SPIs 2222222222222222 0000000000000000, flags initiator, message ID 0, ",
        "    proposal 1 IKE: AES-CBC 256, PRF SHA512, SHA512, DH_GROUP_2048_MODP/Group 14",
        "DH_GROUP_2048_MODP/Group 14, 256 octets",
        "SIGNATURE_HASH_ALGORITHMS (16431), SHA2-256 SHA2-512",
        "CERTREQ [25]: the hash of a CA's key",
        "    abababababababababababababababababababab",
        "\"CISCO-DELETE-REASON\"",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

/// W-023: a request shows the name it holds as IOS prints it, and what is no name says so.
#[test]
fn authorities_and_certificates_are_named() {
    let (text, tally) = report(500, &authorities());
    assert!(tally.all_readable(), "{text}");
    assert!(text.contains("]: cn=Cisco Root CA M1,o=Cisco\n"), "{text}");
    assert!(text.contains("]: no name ("), "{text}");
    assert!(text.contains("any authority"), "{text}");
    assert!(text.contains("Certificate [9]: unreadable: "), "{text}");
}
