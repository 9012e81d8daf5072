//! Sealing and opening packets of 1400 octets.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use ike_crypto::Secret;

use ikd::dataplane::esp::{Opener, Sealer};
use ikd::dataplane::{EspCipher, EspIntegrity, EspSuite};

const PAYLOAD: usize = 1400;
const SUITES: [(&str, EspSuite); 4] = [
    (
        "aes128-cbc-sha256",
        EspSuite {
            cipher: EspCipher::Aes128Cbc,
            integrity: Some(EspIntegrity::HmacSha256_128),
        },
    ),
    (
        "aes128-gcm",
        EspSuite {
            cipher: EspCipher::Aes128Gcm,
            integrity: None,
        },
    ),
    (
        "aes256-gcm",
        EspSuite {
            cipher: EspCipher::Aes256Gcm,
            integrity: None,
        },
    ),
    (
        "3des-cbc-sha1",
        EspSuite {
            cipher: EspCipher::TripleDesCbc,
            integrity: Some(EspIntegrity::HmacSha1_96),
        },
    ),
];

#[global_allocator]
static ALLOCATIONS: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

fn suite(name: &str) -> EspSuite {
    SUITES
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(SUITES[0].1, |(_, suite)| *suite)
}

fn keys(suite: EspSuite) -> (Secret, Secret) {
    (
        Secret::from(vec![7; suite.encryption_key_len()]),
        Secret::from(vec![9; suite.integrity_key_len()]),
    )
}

#[divan::bench(args = SUITES.map(|(name, _)| name))]
fn seal(bencher: Bencher<'_, '_>, name: &str) {
    let suite = suite(name);
    let (encryption, integrity) = keys(suite);
    let mut sealer = Sealer::new(1, suite, &encryption, &integrity, true).expect("right keys");
    let (payload, mut out) = ([5; PAYLOAD], Vec::with_capacity(2000));
    bencher.counter(BytesCount::new(PAYLOAD)).bench_local(|| {
        sealer
            .seal(4, &[black_box(&payload)], &mut out)
            .expect("sealed")
    });
}

#[divan::bench(args = SUITES.map(|(name, _)| name))]
fn open(bencher: Bencher<'_, '_>, name: &str) {
    let suite = suite(name);
    let (encryption, integrity) = keys(suite);
    let mut sealer = Sealer::new(1, suite, &encryption, &integrity, true).expect("right keys");
    let mut opener = Opener::new(suite, &encryption, &integrity, true, 1024).expect("right keys");
    let mut packet = Vec::new();
    bencher
        .counter(BytesCount::new(PAYLOAD))
        .with_inputs(|| {
            sealer
                .seal(4, &[&[5; PAYLOAD]], &mut packet)
                .expect("sealed");
            packet.clone()
        })
        .bench_local_refs(|packet| opener.open(packet).expect("authentic"));
}
