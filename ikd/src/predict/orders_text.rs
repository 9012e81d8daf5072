//! What all orders give, for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::orders::{AllOrders, Example, Tally};

pub(super) fn table(all: &AllOrders) -> String {
    let mut out = format!("all {} orders of enrolment:\n", all.orders);
    for tally in &all.directions {
        out.push_str(&row(tally, all.orders));
    }
    out
}

fn row(tally: &Tally, orders: usize) -> String {
    let arrow = format!("{} -> {}", tally.initiator, tally.responder);
    let mut out = format!("   {arrow:<12} {} of {orders} come up\n", tally.up);
    // Writing into a String does not fail.
    if let Some(example) = &tally.fails {
        let message = example.stopped_at.as_deref().unwrap_or("no verdict");
        let _ = writeln!(out, "      fails at {message} with {}", pair(example));
        if let Some(example) = &tally.comes_up {
            let _ = writeln!(out, "      comes up with {}", pair(example));
        }
    }
    out
}

/// An order, and how far it is from the given one.
fn pair(example: &Example) -> String {
    let far = match example.swaps {
        0 => "as given".to_owned(),
        1 => "1 swap".to_owned(),
        swaps => format!("{swaps} swaps"),
    };
    format!("{} ({far})", order(&example.order))
}

/// `R1=IOSCA2,IOSCA1 R2=IOSCA1`.
pub(super) fn order(order: &BTreeMap<String, Vec<String>>) -> String {
    let routers = order
        .iter()
        .map(|(router, trustpoints)| match trustpoints.as_slice() {
            [] => format!("{router} nothing"),
            list => format!("{router}={}", list.join(",")),
        });
    routers.collect::<Vec<_>>().join(" ")
}
