//! Any datagram: never a panic, and an IKEv2 message is written back octet for octet, its associated data in front of the IV.
#![no_main]
use bytes::Bytes;
use ike_wire::v2::{Message, encode_message};
use ike_wire::{dissect, natt::Udp4500};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let datagram = Bytes::copy_from_slice(octets);
    let _ = (dissect::datagram(&datagram), Udp4500::decode(datagram.clone()));
    if let Ok(message) = Message::decode(datagram.clone()) {
        let _ = (dissect::message_v2(&message), message.chain.unsupported_critical());
        let offset = message.chain.encrypted_offset();
        assert!(offset.is_none_or(|offset| offset <= datagram.len()));
        assert_eq!(encode_message(&message.header, &message.chain.payloads), Ok(datagram));
    }
});
