//! Row 31: an additional key exchange (RFC 9242, RFC 9370).

use libtest_mimic::Failed;

use super::certificates::one_ca_setup;
use super::{Bench, Row, both};

pub(super) fn rows() -> Vec<Vec<Row>> {
    vec![both("31", "RSA, X25519 and ML-KEM-768, fragmented", ml_kem)]
}

fn ml_kem(bench: &Bench) -> Result<(), Failed> {
    let mut setup = one_ca_setup()?;
    setup.router = setup
        .router
        .global("crypto ikev2 fragmentation mtu 576")
        .suite("encryption aes-gcm-128\nprf sha256\ngroup 31\nadditional-ke 1 mlkem768");
    setup.peer = setup
        .peer
        .daemon("fragment_size", "576")
        .suite("aes128gcm16-prfsha256-x25519-ke1_mlkem768");
    setup.mtu = Some(576);
    let traffic = bench.passes(&setup)?;
    match traffic.count("IKE_INTERMEDIATE") {
        // 1184 octets one way and 1088 the other do not fit into 576.
        messages if messages >= 6 => Ok(()),
        messages => Err(format!("{messages} datagrams of IKE_INTERMEDIATE").into()),
    }
}
