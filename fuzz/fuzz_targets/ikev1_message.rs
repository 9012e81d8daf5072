//! Any datagram: never a panic, and a clear IKEv1 message is written back octet for octet.
#![no_main]
use bytes::Bytes;
use ike_wire::v1::{Message, encode_message};
use ike_wire::{dissect, natt::Udp4500};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let datagram = Bytes::copy_from_slice(octets);
    let _ = (dissect::datagram(&datagram), Udp4500::decode(datagram.clone()));
    if let Ok(message) = Message::decode(datagram.clone()) {
        assert_eq!(encode_message(&message.header, &message.chain.payloads), Ok(datagram));
    }
});
