//! Rows 1, 2, 33 and 34: pre-shared keys.

use libtest_mimic::Failed;

use super::{Bench, Row, initiator, responder};
use crate::pair::Setup;
use crate::peer::Peer;
use crate::router::Router;

pub(super) fn rows() -> Vec<Vec<Row>> {
    vec![
        initiator("01", "IKEv2 with a pre-shared key", ikev2),
        responder("02", "IKEv2 with a pre-shared key", ikev2),
        initiator("33", "main mode with a pre-shared key", ikev1),
        responder("34", "main mode with a pre-shared key", ikev1),
    ]
}

fn ikev2(bench: &Bench) -> Result<(), Failed> {
    bench
        .passes(&Setup::new(Router::ikev2(), Peer::ikev2()))
        .map(drop)
}

fn ikev1(bench: &Bench) -> Result<(), Failed> {
    bench
        .passes(&Setup::new(Router::ikev1(), Peer::ikev1()))
        .map(drop)
}
