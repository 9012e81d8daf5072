//! How many messages of each exchange and how many notifies were sent and received, for
//! `show crypto ikev2 stats exchange` (O-025). Repetitions of the same octets do not count.

use std::collections::BTreeMap;

use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Body, ConfigType, NotifyType, Payload};
use ike_wire::{Flags, Header};

/// Counters by direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// In requests that we sent.
    pub sent_requests: u64,
    /// In responses that we sent.
    pub sent_responses: u64,
    /// In requests of peers.
    pub received_requests: u64,
    /// In responses of peers.
    pub received_responses: u64,
}

/// Counters of every SA together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages by exchange.
    pub exchanges: BTreeMap<ExchangeType, Counts>,
    /// Notifies that have a name.
    pub notifies: BTreeMap<NotifyType, Counts>,
    /// Configuration payloads by type.
    pub configurations: BTreeMap<ConfigType, Counts>,
}

impl Tally {
    /// Counts a message with its payloads, decrypted. Only numbers with a name have a counter, so peers
    /// cannot make it grow.
    pub(super) fn count(&mut self, sent: bool, header: &Header, payloads: &[Payload]) {
        let response = header.flags.contains(Flags::RESPONSE);
        if header.exchange.name().is_some() {
            let counts = self.exchanges.entry(header.exchange).or_default();
            counts.add(sent, response);
        }
        for payload in payloads {
            let counts = match &payload.body {
                Body::Notify(n) if n.ty.name().is_some() => self.notifies.entry(n.ty).or_default(),
                Body::Config(c) if c.ty.name().is_some() => {
                    self.configurations.entry(c.ty).or_default()
                }
                _ => continue,
            };
            counts.add(sent, response);
        }
    }
}

impl Counts {
    fn add(&mut self, sent: bool, response: bool) {
        let counter = match (sent, response) {
            (true, false) => &mut self.sent_requests,
            (true, true) => &mut self.sent_responses,
            (false, false) => &mut self.received_requests,
            (false, true) => &mut self.received_responses,
        };
        *counter = counter.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use ike_wire::{MessageId, Spi};

    use super::*;
    use crate::ikev2::notify::notify;

    /// O-025: each direction has its counter; numbers without a name have none.
    #[test]
    fn messages_and_notifies_are_counted_by_direction() {
        let mut tally = Tally::default();
        let header =
            |exchange, flags| Header::v2(Spi([1; 8]), Spi([2; 8]), exchange, flags, MessageId(0));
        let init = ExchangeType::IKE_SA_INIT;
        let cookie = [notify(NotifyType::COOKIE, vec![1])];
        tally.count(true, &header(init, Flags::INITIATOR), &[]);
        tally.count(false, &header(init, Flags::RESPONSE), &cookie);
        tally.count(true, &header(init, Flags::INITIATOR), &cookie);
        let expected = Counts {
            sent_requests: 2,
            received_responses: 1,
            ..Counts::default()
        };
        assert_eq!(tally.exchanges[&init], expected);
        let expected = Counts {
            sent_requests: 1,
            ..expected
        };
        assert_eq!(tally.notifies[&NotifyType::COOKIE], expected);
        let unknown = [notify(NotifyType(60_000), vec![1])];
        tally.count(false, &header(ExchangeType(250), Flags::NONE), &unknown);
        assert_eq!((tally.exchanges.len(), tally.notifies.len()), (1, 1));
    }
}
