//! `show crypto ikev2 stats exchange [detailed]` (O-025): messages by exchange; `detailed` adds notifies and
//! configuration payloads that were sent or received at least once.

use std::fmt::Display;

use ike_core::ikev2::Counts;
use ike_core::show::ikev2_notify;
use ike_wire::registry::ExchangeType;
use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Exchanges {
    exchanges: Vec<Row>,
    error_notifies: Vec<Row>,
    other_notifies: Vec<Row>,
    configuration_payloads: Vec<Row>,
    #[serde(skip)]
    detail: bool,
}

#[derive(Serialize)]
struct Row {
    name: String,
    sent_requests: u64,
    sent_responses: u64,
    received_requests: u64,
    received_responses: u64,
}

/// The exchanges that show though nothing was counted.
const ALWAYS: [ExchangeType; 4] = [
    ExchangeType::IKE_SA_INIT,
    ExchangeType::IKE_AUTH,
    ExchangeType::CREATE_CHILD_SA,
    ExchangeType::V2_INFORMATIONAL,
];

pub(super) fn view(now: &Snapshot<'_>, detail: bool) -> Exchanges {
    let tally = &now.ikev2_tally;
    let none = Counts::default();
    let usual = ALWAYS
        .iter()
        .map(|e| row(e, tally.exchanges.get(e).unwrap_or(&none)));
    let others = tally.exchanges.iter().filter(|(e, _)| !ALWAYS.contains(e));
    let notifies = |error: bool| {
        let found = tally.notifies.iter();
        found
            .filter(move |(ty, _)| ty.is_error() == error)
            .map(|(ty, counts)| row(ikev2_notify(*ty), counts))
            .collect()
    };
    Exchanges {
        exchanges: usual
            .chain(others.map(|(e, counts)| row(e, counts)))
            .collect(),
        error_notifies: notifies(true),
        other_notifies: notifies(false),
        configuration_payloads: tally
            .configurations
            .iter()
            .map(|(ty, counts)| row(ty, counts))
            .collect(),
        detail,
    }
}

fn row(name: impl Display, counts: &Counts) -> Row {
    Row {
        name: name.to_string(),
        sent_requests: counts.sent_requests,
        sent_responses: counts.sent_responses,
        received_requests: counts.received_requests,
        received_responses: counts.received_responses,
    }
}

impl View for Exchanges {
    fn text(&self) -> String {
        let mut out = Lines::default();
        out.line("-".repeat(74));
        columns(
            &mut out,
            "EXCHANGE/NOTIFY",
            &["TX(REQ)", "TX(RES)", "RX(REQ)", "RX(RES)"],
        );
        part(&mut out, "EXCHANGES", &self.exchanges);
        if self.detail {
            part(&mut out, "ERROR NOTIFY", &self.error_notifies);
            part(&mut out, "OTHER NOTIFY", &self.other_notifies);
            out.blank();
            columns(&mut out, "CONFIG PAYLOAD TYPE", &["TX", "RX"]);
            for row in &self.configuration_payloads {
                let sent = row.sent_requests + row.sent_responses;
                let received = row.received_requests + row.received_responses;
                columns(
                    &mut out,
                    &row.name,
                    &[&sent.to_string(), &received.to_string()],
                );
            }
        }
        out.0
    }
}

fn part(out: &mut Lines, title: &str, rows: &[Row]) {
    out.blank();
    out.line(title);
    for row in rows {
        let counts = [
            row.sent_requests,
            row.sent_responses,
            row.received_requests,
            row.received_responses,
        ]
        .map(|count| count.to_string());
        columns(out, &row.name, &counts.each_ref().map(String::as_str));
    }
}

fn columns(out: &mut Lines, name: &str, values: &[&str]) {
    let values: String = values.iter().map(|v| format!("{v:<10}")).collect();
    out.line(format!("{name:<31}{values}").trim_end());
}

#[cfg(test)]
mod tests {
    use ike_core::ikev2::Counts;
    use ike_wire::registry::ExchangeType;
    use ike_wire::registry::v2::{ConfigType, NotifyType};

    use crate::exec::fixture::{R1, json, shown};

    /// O-025: the initiator of a negotiation that is up.
    #[test]
    fn messages_and_notifies_are_counted_by_direction() {
        let world = R1::new();
        let mut now = world.snapshot();
        let request = Counts {
            sent_requests: 1,
            ..Counts::default()
        };
        let both = Counts {
            received_responses: 1,
            ..request
        };
        let tally = &mut now.ikev2_tally;
        tally.exchanges = [ExchangeType::IKE_SA_INIT, ExchangeType::IKE_AUTH]
            .map(|e| (e, both))
            .into();
        tally.notifies = [
            (NotifyType::INITIAL_CONTACT, request),
            (NotifyType::NON_FIRST_FRAGMENTS_ALSO, request),
            (NotifyType::NO_PROPOSAL_CHOSEN, both),
        ]
        .into();
        tally.configurations = [(ConfigType::REQUEST, request)].into();
        let brief = "--------------------------------------------------------------------------
EXCHANGE/NOTIFY                TX(REQ)   TX(RES)   RX(REQ)   RX(RES)

EXCHANGES
IKE_SA_INIT                    1         0         0         1
IKE_AUTH                       1         0         0         1
CREATE_CHILD_SA                0         0         0         0
INFORMATIONAL                  0         0         0         0
";
        assert_eq!(shown("show crypto ikev2 stats exchange", &now), brief);
        let rest = "
ERROR NOTIFY
NO_PROPOSAL_CHOSEN             1         0         0         1

OTHER NOTIFY
INITIAL_CONTACT                1         0         0         0
NON_FIRST_FRAGS                1         0         0         0

CONFIG PAYLOAD TYPE            TX        RX
CFG_REQUEST                    1         0
";
        let detailed = shown("show crypto ikev2 stats exchange detailed", &now);
        assert_eq!(detailed, format!("{brief}{rest}"));
        let value = json("show crypto ikev2 stats exchange", &now);
        assert_eq!(value["other_notifies"][0]["name"], "INITIAL_CONTACT");
    }
}
