//! Round trips of every suite, hostile packets, sequence borders.

use ike_crypto::Secret;
use proptest::prelude::*;

use super::*;
use crate::dataplane::suite::{EspCipher, EspIntegrity};

const SPI: u32 = 0x2503_e4a0;

pub(super) fn suites() -> Vec<EspSuite> {
    use EspCipher::*;
    use EspIntegrity::*;
    let macs = [
        HmacMd5_96,
        HmacSha1_96,
        HmacSha256_128,
        HmacSha384_192,
        HmacSha512_256,
    ];
    let separate = [Null, DesCbc, TripleDesCbc, Aes128Cbc, Aes192Cbc, Aes256Cbc]
        .into_iter()
        .flat_map(|cipher| {
            macs.map(|mac| EspSuite {
                cipher,
                integrity: Some(mac),
            })
        });
    let combined = [Aes128Gcm, Aes192Gcm, Aes256Gcm, ChaCha20Poly1305].map(|cipher| EspSuite {
        cipher,
        integrity: None,
    });
    separate.chain(combined).collect()
}

fn keys(suite: EspSuite) -> (Secret, Secret) {
    let octets =
        |length: usize, first: u8| Secret::from((first..).take(length).collect::<Vec<u8>>());
    (
        octets(suite.encryption_key_len(), 1),
        octets(suite.integrity_key_len(), 100),
    )
}

fn pair(suite: EspSuite, esn: bool) -> (Sealer, Opener) {
    let (encryption, integrity) = keys(suite);
    let sealer = Sealer::new(SPI, suite, &encryption, &integrity, esn).expect("right keys");
    let opener = Opener::new(suite, &encryption, &integrity, esn, 64).expect("right keys");
    (sealer, opener)
}

#[test]
fn every_suite_opens_what_it_sealed_at_every_length() {
    for suite in suites() {
        for esn in [false, true] {
            let (mut sealer, mut opener) = pair(suite, esn);
            let mut packet = Vec::new();
            for length in 0..70 {
                let payload: Vec<u8> = (0..length).collect();
                let (front, back) = payload.split_at(usize::from(length / 3));
                let sequence = sealer.seal(4, &[front, back], &mut packet).expect("sealed");
                assert_eq!(packet.len(), suite.sealed_len(payload.len()));
                assert_eq!(spi_of(&packet), Some(SPI));
                let opened = opener.open(&mut packet).expect("authentic");
                assert_eq!((opened.sequence, opened.next_header), (sequence, 4));
                assert_eq!(packet[opened.payload], payload, "{suite:?} {length}");
            }
        }
    }
}

#[test]
fn no_ciphertext_and_no_iv_comes_twice() {
    for suite in suites()
        .into_iter()
        .filter(|suite| suite.cipher != EspCipher::Null)
    {
        let (mut sealer, _) = pair(suite, false);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        sealer.seal(4, &[&[0; 32]], &mut first).expect("sealed");
        sealer.seal(4, &[&[0; 32]], &mut second).expect("sealed");
        let iv = HEADER..HEADER + suite.cipher.iv_len();
        assert_ne!(first[iv.clone()], second[iv.clone()]);
        assert_ne!(first[iv.end..iv.end + 16], second[iv.end..iv.end + 16]);
    }
}

#[test]
fn each_changed_octet_and_each_truncation_is_refused_and_the_window_stays() {
    for suite in suites() {
        let (mut sealer, mut opener) = pair(suite, false);
        let mut packet = Vec::new();
        sealer.seal(4, &[b"payload"], &mut packet).expect("sealed");
        for at in 4..packet.len() {
            let mut broken = packet.clone();
            broken[at] ^= 1;
            assert!(opener.open(&mut broken).is_err(), "{suite:?} octet {at}");
            assert!(
                opener.open(&mut packet[..at].to_vec()).is_err(),
                "{suite:?} cut at {at}"
            );
        }
        assert_eq!(
            opener.highest(),
            0,
            "only an authentic packet moves the window"
        );
        assert!(opener.open(&mut packet.clone()).is_ok());
        let again = opener.open(&mut packet);
        assert_eq!(again, Err(EspError::Replay(ReplayError::Duplicate(1))));
    }
}

#[test]
fn a_changed_spi_is_not_authentic() {
    for suite in suites() {
        let (mut sealer, mut opener) = pair(suite, true);
        let mut packet = Vec::new();
        sealer.seal(4, &[b"payload"], &mut packet).expect("sealed");
        packet[0] ^= 1;
        assert_eq!(opener.open(&mut packet), Err(EspError::BadIcv));
    }
}

#[test]
fn sequence_numbers_end_without_esn_and_roll_over_with_it() {
    let last = u64::from(u32::MAX);
    for suite in suites() {
        let (sealer, _) = pair(suite, false);
        let (mut sealer, mut packet) = (sealer.at(last - 1), Vec::new());
        assert_eq!(sealer.seal(4, &[], &mut packet), Ok(last));
        assert_eq!(
            sealer.seal(4, &[], &mut packet),
            Err(EspError::SequenceExhausted)
        );
        let (sealer, mut opener) = pair(suite, true);
        let mut sealer = sealer.at(last - 3);
        for _ in 0..6 {
            let sequence = sealer.seal(4, &[b"x"], &mut packet).expect("sealed");
            assert_eq!(
                opener.open(&mut packet).map(|opened| opened.sequence),
                Ok(sequence)
            );
        }
        assert_eq!(opener.highest(), last + 3);
        let mut exhausted = sealer.at(u64::MAX);
        assert_eq!(
            exhausted.seal(4, &[], &mut packet),
            Err(EspError::SequenceExhausted)
        );
    }
}

#[test]
fn a_packet_of_another_epoch_is_not_authentic() {
    let suite = EspSuite {
        cipher: EspCipher::Aes128Cbc,
        integrity: Some(EspIntegrity::HmacSha256_128),
    };
    let (sealer, mut opener) = pair(suite, true);
    let mut packet = Vec::new();
    sealer
        .at(1 << 32)
        .seal(4, &[b"x"], &mut packet)
        .expect("sealed");
    assert_eq!(opener.open(&mut packet), Err(EspError::BadIcv));
}

#[test]
fn padding_must_count_from_one_and_fit() {
    let good = [1, 2, 3, 1, 2, 2, 4];
    assert_eq!(trailer(&good, 0..7), Ok((4, 0..3)));
    for bad in [&[9, 1, 3, 2, 4][..], &[1, 2, 3, 4], &[0], &[]] {
        assert_eq!(trailer(bad, 0..bad.len()), Err(EspError::BadPadding));
    }
    assert_eq!(trailer(&[0, 4], 0..2), Ok((4, 0..0)));
}

#[test]
fn keys_of_another_length_are_named() {
    let suite = EspSuite {
        cipher: EspCipher::Aes128Gcm,
        integrity: None,
    };
    let (short, none) = (Secret::from(vec![1; 16]), Secret::from(Vec::new()));
    let error = Sealer::new(1, suite, &short, &none, false).expect_err("no salt");
    assert_eq!(
        error.to_string(),
        "encryption key is 16 octets, expected 20"
    );
}

fn octets(hex: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(octet).collect()
}

/// A packet, its keys and what is inside, followed by next header `next`.
fn combined_vector(
    (cipher, next): (EspCipher, u8),
    sequence: u64,
    esn: bool,
    key: &str,
    packet: &str,
    inside: &str,
) {
    let suite = EspSuite {
        cipher,
        integrity: None,
    };
    let (key, none) = (Secret::from(octets(key)), Secret::default());
    let opener = Opener::new(suite, &key, &none, esn, 64).expect("right keys");
    let (mut opener, mut packet) = (opener.at(sequence - 1), octets(packet));
    let opened = opener.open(&mut packet).expect("authentic");
    assert_eq!((opened.sequence, opened.next_header), (sequence, next));
    assert_eq!(packet[opened.payload], octets(inside));
}

/// draft-mcgrew-gcm-test-01 section 4.
#[test]
fn a_published_packet_with_esn_opens() {
    combined_vector(
        (EspCipher::Aes128Gcm, 1),
        0x8765_4321_0000_0000,
        true,
        "4c80cdefbb5d10da906ac73c3613a6342e443b68",
        "00004321000000004956ed7e3b244cfe\
         fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34\
         cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce\
         61bc17d768fd9732459018148f6cbe722fd04796562dfdb4",
        "45000048699a000080114db7c0a80102c0a801010a9bf15638d3010000010000\
         00000000045f736970045f756470037369700963796265726369747902646b00\
         00210001",
    );
}

/// draft-mcgrew-gcm-test-01 section 4.
#[test]
fn a_published_packet_with_a_192_bit_key_opens() {
    combined_vector(
        (EspCipher::Aes192Gcm, 1),
        10,
        false,
        "feffe9928665731c6d6a8f9467308308feffe9928665731ccafebabe",
        "0000a5f80000000afacedbaddecaf888\
         a5b1f8066029aea40e598b8122de02420938b3ab33f828e687b8858b5bfbdbd0\
         315b27452144cc7795457b9652037f5318027b5b4cd7a636",
        "45000028a4ad4000400678800a01038f0a010612802306b8cb712602dd6bb03e\
         501016d07568",
    );
}

/// RFC 7634 appendix A: the echo request in tunnel mode.
#[test]
fn the_published_packet_of_chacha20_poly1305_opens() {
    combined_vector(
        (EspCipher::ChaCha20Poly1305, 4),
        5,
        false,
        "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3",
        "01020304000000051011121314151617\
         24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6\
         14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3\
         cbec163fac469b502773f6fb94e664da9165b82829f641e0\
         76aaa8266b7fb0f7b11b369907e1ad43",
        "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10\
         0007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223\
         2425262728292a2b2c2d2e2f3031323334353637",
    );
}

proptest! {
    #[test]
    fn no_packet_makes_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200), pick in 0_usize..34) {
        let suites = suites();
        let (_, mut opener) = pair(suites[pick % suites.len()], pick.is_multiple_of(2));
        let mut octets = octets;
        prop_assert!(opener.open(&mut octets).is_err());
    }
}
