//! The story of a case in the simulator.

use ike_core::decrypt::Tables;
use ike_core::sim::{Datagram, Told};
use ike_core::trace::Trace;

use super::{Remark, SCHEMA, Sent, Story, Wire, messages, party};
use crate::lab::{Case, Keys, LabError, Outcome, RouterCase, recount};
use crate::predict::{self, SEED, lines_behind};

/// Runs a case and tells what happened.
///
/// # Errors
/// Keys or certificates cannot be made, or a CA refuses.
pub(crate) fn simulated(case: &Case, keys: &Keys) -> Result<Story, LabError> {
    let run = recount(case, keys, SEED)?;
    let order = [case.initiator, 1 - case.initiator];
    let routers = [case.initiator(), case.responder()];
    let mut sent: Vec<Sent> = run.datagrams.iter().map(|d| datagram(d, order)).collect();
    for (party, (router, told)) in routers
        .into_iter()
        .zip(order.map(|n| &run.told[n]))
        .enumerate()
    {
        for told in told {
            let beside = told.beside.and_then(|number| sent.get_mut(number));
            if let (Some(sent), Some(remark)) = (beside, remark(party, router, told)) {
                sent.remarks.push(remark);
            }
        }
    }
    let mut tables = Tables::default();
    for (table, line) in &run.keys {
        // Lines of our own are sound.
        let _ = tables.line(*table, line);
    }
    let messages = messages(sent, tables);
    Ok(tell(case, run.outcome, messages, "simulator"))
}

/// The story of a case that was run.
pub(super) fn tell(
    case: &Case,
    outcome: Outcome,
    messages: Vec<super::Message>,
    source: &str,
) -> Story {
    let routers = [case.initiator(), case.responder()];
    let place = |name: &str| routers.iter().position(|r| r.name == name).unwrap_or(0);
    let (causes, at_fault) = predict::causes_of(case, &outcome);
    let causes = causes.into_iter().map(|cause| Remark {
        party: place(&cause.router),
        decision: Some(cause.explained),
        said: None,
        lines: cause.lines,
    });
    Story {
        schema: SCHEMA,
        title: title(case),
        source: source.to_owned(),
        at_fault,
        causes: causes.collect(),
        parties: party::of(case),
        wire: Wire::of(case),
        messages,
        decided_on: outcome.decided_on,
        verdict: outcome.verdict,
    }
}

fn title(case: &Case) -> String {
    let (from, to) = (&case.initiator().name, &case.responder().name);
    match case.title.is_empty() {
        true => format!("{from} starts a tunnel to {to}"),
        false => case.title.clone(),
    }
}

/// A datagram of the simulator, whose senders are counted as the case has them.
fn datagram(datagram: &Datagram, order: [usize; 2]) -> Sent {
    Sent {
        at: datagram.at.0,
        from: order.iter().position(|n| *n == datagram.sender),
        source: datagram.from,
        destination: datagram.to,
        octets: datagram.bytes.clone(),
        remarks: Vec::new(),
    }
}

fn remark(party: usize, router: &RouterCase, told: &Told) -> Option<Remark> {
    let (decision, said) = match &told.trace {
        Trace::Why(why) | Trace::WhyIkev2(why) => (Some(why.clone()), None),
        Trace::Syslog(syslog) => (None, Some(ike_core::trace::escaped(&syslog.to_string()))),
        _ => return None,
    };
    let lines = decision.as_ref().map(|why| lines_behind(router, why));
    Some(Remark {
        party,
        decision,
        said,
        lines: lines.unwrap_or_default(),
    })
}
