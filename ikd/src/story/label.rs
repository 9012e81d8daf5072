//! What a message is called: its number in Main Mode or Quick Mode, its exchange and direction in IKEv2.

use std::collections::BTreeMap;

use ike_wire::registry::ExchangeType;
use ike_wire::{Flags, Header};

/// Counts the messages of each exchange. Repetitions are not for it.
#[derive(Default)]
pub(super) struct Labels {
    /// Main Mode by the initiator's cookie, Quick Mode by its message ID too.
    counts: BTreeMap<(u64, u32), usize>,
}

impl Labels {
    /// The name of the next new message.
    pub(super) fn of(&mut self, header: &Header) -> String {
        if header.major() == 2 {
            let way = match header.flags.contains(Flags::RESPONSE) {
                true => "response",
                false => "request",
            };
            return format!("{} {way}", header.exchange);
        }
        let cookie = u64::from_be_bytes(header.initiator.0);
        let count = self
            .counts
            .entry((cookie, header.message_id.0))
            .or_default();
        *count += 1;
        match header.exchange {
            ExchangeType::MAIN => format!("MM{count}"),
            ExchangeType::QUICK => format!("QM{count}"),
            ExchangeType::INFORMATIONAL => "INFO".to_owned(),
            other => other.to_string(),
        }
    }
}
