//! Which negotiation is meant: by its number, what it is for, its peer, or the number of its SA.

use ike_core::sa::record::Record;

use super::{Negotiation, verdict};

/// `last`, a number of the list, a tunnel interface or `MAP/SEQUENCE`, a peer's address, a conn-id or Tunnel-id
/// (also as `sa:N`, where it is a number of the list too), or an initiator's SPI. Of several the newest.
///
/// # Errors
/// There is none of that name: what there is.
pub fn select<'a>(all: &'a [Negotiation], name: &str) -> Result<&'a Negotiation, String> {
    if name == "last" {
        return all.last().ok_or_else(|| "No negotiation yet".to_owned());
    }
    let number = name.parse::<usize>().ok();
    let by_number = all.iter().find(|n| Some(n.number) == number);
    let by_name = || all.iter().rev().find(|n| bears(&n.record, name));
    by_number.or_else(by_name).ok_or_else(|| unknown(all, name))
}

fn bears(record: &Record, name: &str) -> bool {
    let is = |own: &Option<String>| {
        own.as_deref()
            .is_some_and(|own| own.eq_ignore_ascii_case(name))
    };
    let number = name.strip_prefix("sa:").unwrap_or(name);
    let of_sa = record.connection.map(|n| n.to_string());
    record.peer == name
        || is(&record.protection)
        || is(&record.spi)
        || of_sa.as_deref() == Some(number)
}

fn unknown(all: &[Negotiation], name: &str) -> String {
    let list: String = all.iter().map(line).collect();
    match list.is_empty() {
        true => format!("no negotiation is called `{name}`: there was none yet"),
        false => format!("no negotiation is called `{name}`; there are:\n{list}"),
    }
}

/// `2  Tunnel1  IKEv1 with 192.168.0.2, conn-id 1001: up`.
fn line(negotiation: &Negotiation) -> String {
    let record = &negotiation.record;
    let (version, kind) = match record.version {
        2 => ("IKEv2", "Tunnel-id"),
        _ => ("IKEv1", "conn-id"),
    };
    let of_sa = record.connection.map(|n| format!(", {kind} {n}"));
    let purpose = record.protection.as_deref().unwrap_or("-");
    format!(
        "{:>3}  {purpose:<12} {version} with {}{}: {}\n",
        negotiation.number,
        record.peer,
        of_sa.unwrap_or_default(),
        verdict(record)
    )
}
