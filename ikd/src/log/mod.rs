//! Logging: typed traces of the engine become `tracing` events, and a subscriber layer prints
//! them as IOS prints debug lines. Switches (`debug crypto isakmp`) work at run time and cost
//! one atomic load when off.

mod layer;
mod switches;

pub use layer::{Format, IosLayer, Sink};
pub use switches::{Shown, Switch, Switches, switches};

use ike_core::trace::{Facility, Trace, Traced};

/// Emits one trace if a switch of it is on.
pub fn emit(traced: &Traced) {
    if !switches().show(Shown::by(traced)) {
        return;
    }
    let connection = traced.connection;
    // Fields that are none are left out. The number of an SA is its own for the life of the daemon; the
    // number in brackets is 0 until there are keys and may be used again.
    let sa = traced.sa.map(|id| id.0);
    let text = traced.text();
    let code = code(&text);
    match (&traced.trace, traced.facility()) {
        (Trace::Why(why) | Trace::WhyIkev2(why), _) => {
            tracing::debug!(target: "why", sa, connection, rule = %why.rule, decision = %why.decision, because = %why.because, "{text}");
        }
        (_, Facility::Isakmp) => tracing::debug!(target: "isakmp", sa, connection, "{text}"),
        (_, Facility::Ikev2) => tracing::debug!(target: "ikev2", sa, connection, "{text}"),
        (_, Facility::Ipsec) => tracing::debug!(target: "ipsec", sa, connection, "{text}"),
        (_, Facility::Pki) => tracing::debug!(target: "pki", sa, connection, "{text}"),
        (_, Facility::Syslog) => tracing::info!(target: "syslog", sa, connection, code, "{text}"),
    }
}

/// `CRYPTO-5-IKMP_INVALID_CERT` of a line that begins with it.
fn code(text: &str) -> Option<&str> {
    let (code, _) = text.strip_prefix('%')?.split_once(':')?;
    Some(code)
}

/// A debug line of the PKI, which is no part of the engine; shown if its switch is on (O-080).
pub fn debug(switch: Switch, text: &str) {
    if switches().is_on(switch) {
        tracing::debug!(target: "pki", "{text}");
    }
}

/// Says something about the daemon itself; always shown.
pub fn notice(text: &str) {
    tracing::info!(target: "ikd", code = code(text), "{text}");
}
