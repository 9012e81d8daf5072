//! F9: a list of a million entries is read in little memory and asked
//! quickly. Alone in its file: it looks at the memory of the whole process.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::time::Instant;

use ike_pki::Crl;
use support::{DAY, NOW, ca};

const ENTRIES: u32 = 1_000_000;

#[test]
fn a_million_entries_take_less_than_three_times_their_octets() {
    let der = list();
    let size = der.len();
    println!("list of {ENTRIES} entries: {size} octets");
    let before = resident("VmRSS:");
    let start = Instant::now();
    let crl = Crl::from_der(der).unwrap();
    println!("read in {:?}", start.elapsed());
    assert_eq!(crl.len(), ENTRIES as usize);
    // The octets themselves are in `before`; a peak from before is not ours.
    match (before, resident("VmHWM:")) {
        (Some(before), Some(peak)) => {
            let grown = peak.saturating_sub(before);
            let whole = size as u64 + grown;
            println!(
                "memory: {whole} octets, {:.2} times the list",
                whole as f64 / size as f64
            );
            assert!(whole < 3 * size as u64, "{whole}");
        }
        _ => println!("skipped: no /proc/self/status, memory not measured"),
    }
    let start = Instant::now();
    for number in 0..1000 {
        assert!(crl.is_revoked(&serial(number * 997)));
        assert!(!crl.is_revoked(&serial(ENTRIES + number)));
    }
    println!("2000 look-ups in {:?}", start.elapsed());
}

/// Twenty octets that do not come in order.
fn serial(number: u32) -> [u8; 20] {
    let mixed = number.wrapping_mul(2_654_435_761);
    let mut out = [0x5a; 20];
    out[1..5].copy_from_slice(&mixed.to_be_bytes());
    out[16..].copy_from_slice(&number.to_be_bytes());
    out
}

/// A list as the lab CA makes it, its entries put in.
fn list() -> Vec<u8> {
    let mut entries = Vec::with_capacity(ENTRIES as usize * 40);
    for number in 0..ENTRIES {
        entries.extend([0x30, 37, 0x02, 20]);
        entries.extend(serial(number));
        entries.extend(b"\x17\x0d130617132501Z");
    }
    let empty = ca("CA1").crl(NOW, NOW + DAY).unwrap().der().to_vec();
    let date = empty.windows(2).rposition(|at| at == [0x17, 0x0d]).unwrap();
    let (tbs, at) = (4, date + 15);
    let tbs_end = 8 + usize::from(u16::from_be_bytes([empty[6], empty[7]]));
    let tbs_end = if empty[5] == 0x82 {
        tbs_end
    } else {
        7 + usize::from(empty[6])
    };
    let body = if empty[5] == 0x82 { tbs + 4 } else { tbs + 3 };
    let mut list = element(entries);
    let mut inner = empty[body..at].to_vec();
    inner.append(&mut list);
    inner.extend(&empty[at..tbs_end]);
    let mut whole = element(inner);
    whole.extend(&empty[tbs_end..]);
    element(whole)
}

/// A SEQUENCE longer than 65 kB.
fn element(content: Vec<u8>) -> Vec<u8> {
    let len = content.len() as u32;
    let header = match len.to_be_bytes() {
        [0, a, b, c] => vec![0x30, 0x83, a, b, c],
        [a, b, c, d] => vec![0x30, 0x84, a, b, c, d],
    };
    let mut out = Vec::with_capacity(content.len() + 6);
    out.extend(header);
    out.extend(content);
    out
}

/// Octets from the kernel's account of this process; the peak is forgotten
/// when it is asked for the present.
fn resident(field: &str) -> Option<u64> {
    if field == "VmRSS:" {
        std::fs::write("/proc/self/clear_refs", "5").ok()?;
    }
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with(field))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
