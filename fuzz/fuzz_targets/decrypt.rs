//! A capture with its key tables: never a panic, and what is opened is a message whose header is true
//! and that needs no key any more. Input: length and text of the tables, then length and octets of each
//! message.
#![no_main]
use bytes::Bytes;
use ike_core::decrypt::{Opener, Outcome, Table, Tables};
use ike_wire::{Header, v1, v2};
use libfuzzer_sys::fuzz_target;

fn part<'a>(octets: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = octets.split_first_chunk::<2>()?;
    let (part, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
    *octets = rest;
    Some(part)
}

fuzz_target!(|octets: &[u8]| {
    let mut rest = octets;
    let Some(text) = part(&mut rest) else { return };
    let mut tables = Tables::default();
    for table in Table::ALL {
        tables.read(table, &String::from_utf8_lossy(text));
    }
    let mut opener = Opener::new(tables);
    while let Some(message) = part(&mut rest) {
        let Outcome::Opened(clear) = opener.message(&Bytes::copy_from_slice(message)) else { continue };
        let (header, _) = Header::open(&clear).expect("a header that is true");
        match header.major() {
            1 => drop(v1::Message::decode(clear).expect("payloads")),
            _ => {
                let message = v2::Message::decode(clear).expect("payloads");
                // Somebody who has the keys may have put one into the other.
                let _ = message.chain.encrypted_offset();
            }
        }
    }
});
