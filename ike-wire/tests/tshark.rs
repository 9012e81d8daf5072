//! tshark's reading of the captures next to ours: the exchange and the payloads of every sound message, and what it decrypts.
//!
//! Without tshark or the captures the tests print a line and pass, unless `IKD_REQUIRE_ALL` is in the environment.
#![allow(clippy::unwrap_used)]

mod captured;

use bytes::Bytes;
use captured::{captures, is_sound};
use ike_wire::registry::PayloadType;
use ike_wire::{DecodeErrorKind, dissect, natt::Udp4500, v1, v2};
use std::path::Path;
use std::process::Command;

/// A message in tshark's words.
struct Seen {
    octets: Bytes,
    exchange: u8,
    /// Payload types in wire order, proposals and transforms among them.
    payloads: Vec<u8>,
}

#[test]
fn exchanges_and_payloads_are_those_tshark_sees() {
    let (mut of_v1, mut of_v2) = (0, 0);
    for path in with_tshark().iter().filter(|path| is_sound(path)) {
        for seen in seen(path) {
            let name = path.display();
            let Some((exchange, payloads)) = ours(&seen.octets) else {
                assert_eq!(seen.octets[16], 127, "{name}: only the odd one is not read");
                continue;
            };
            assert_eq!(
                (exchange, payloads),
                (seen.exchange, seen.payloads),
                "{name}"
            );
            match seen.octets[17] >> 4 {
                1 => of_v1 += 1,
                _ => of_v2 += 1,
            }
        }
    }
    println!("tshark agrees on {of_v1} messages of IKEv1 and {of_v2} of IKEv2");
    assert!(of_v1 + of_v2 == 0 || (of_v1 > 150 && of_v2 > 800));
}

/// The key tables beside strongSwan's captures let tshark open SK, and put fragments together.
#[test]
fn decrypted_chains_are_read_and_written_back_the_same() {
    let mut count = 0;
    for path in with_tshark() {
        for payloads in opened(&path) {
            let first = PayloadType(payloads[0].0);
            let octets: Bytes = payloads.iter().flat_map(|(_, raw)| raw.clone()).collect();
            let chain = v2::Chain::decode(first, octets.clone(), 28).unwrap();
            let types = chain.bodies().map(|(_, body)| body.payload_type().0);
            assert!(types.eq(payloads.iter().map(|(ty, _)| *ty)), "{chain:?}");
            assert_eq!(v2::encode_chain(&chain.payloads), Ok((first, octets)));
            assert!(!dissect::chain_v2(&chain).contains("unknown"), "{chain:?}");
            count += 1;
        }
    }
    println!("{count} decrypted chains written back");
    assert!(count == 0 || count > 50, "only {count} decrypted chains");
}

/// The captures, when there is a tshark to read them.
fn with_tshark() -> Vec<std::path::PathBuf> {
    if Command::new("tshark").arg("--version").output().is_ok() {
        return captures();
    }
    let required = std::env::var_os("IKD_REQUIRE_ALL").is_some();
    assert!(!required, "tshark is not installed");
    println!("skipped: tshark is not installed");
    Vec::new()
}

/// Exchange type and payload types as we read them; an encrypted IKEv1 message shows none.
fn ours(octets: &Bytes) -> Option<(u8, Vec<u8>)> {
    if octets[17] >> 4 == 2 {
        let message = v2::Message::decode(octets.clone()).ok()?;
        let types = message.chain.bodies().flat_map(|(_, body)| match body {
            v2::Body::Sa(sa) => {
                let transforms = sa.proposals.iter().map(|one| one.transforms.len());
                offer(body.payload_type(), transforms)
            }
            _ => vec![body.payload_type().0],
        });
        return Some((message.header.exchange.0, types.collect()));
    }
    match v1::Message::decode(octets.clone()) {
        Ok(message) => {
            let types = message.chain.bodies().flat_map(|(_, body)| match body {
                v1::Body::Sa(sa) => {
                    let transforms = sa.proposals.iter().map(|one| one.transforms.len());
                    offer(body.payload_type(), transforms)
                }
                _ => vec![body.payload_type().0],
            });
            Some((message.header.exchange.0, types.collect()))
        }
        Err(error) if error.kind == DecodeErrorKind::Encrypted => Some((octets[18], Vec::new())),
        Err(_) => None,
    }
}

/// The types of an SA payload, given the number of transforms of each proposal.
fn offer(ty: PayloadType, transforms: impl Iterator<Item = usize>) -> Vec<u8> {
    let proposals = transforms.flat_map(|count| {
        let transforms = std::iter::repeat_n(PayloadType::TRANSFORM.0, count);
        std::iter::once(PayloadType::PROPOSAL.0).chain(transforms)
    });
    std::iter::once(ty.0).chain(proposals).collect()
}

/// The sound IKE messages of a capture; tshark sees no keys.
fn seen(path: &Path) -> Vec<Seen> {
    let fields = [
        "udp.payload",
        "udp.port",
        "isakmp.exchangetype",
        "isakmp.typepayload",
    ];
    let mut options = vec![
        "-T",
        "fields",
        "-Y",
        "isakmp && udp && !_ws.malformed && !icmp",
    ];
    options.extend(fields.iter().flat_map(|field| ["-e", *field]));
    let text = tshark(path, &std::env::temp_dir(), &options);
    text.lines()
        .filter_map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let udp = unhex(columns[0]);
            let octets = match columns[1].split(',').any(|port| port == "4500") {
                true => match Udp4500::decode(udp) {
                    Ok(Udp4500::Ike(message)) => message,
                    _ => return None,
                },
                false => udp,
            };
            // The last Cisco fragment also shows the message that tshark has put together.
            let exchange = columns[2].split(',').next().unwrap();
            let payloads = columns[3].split(',').filter(|ty| !ty.is_empty());
            Some(Seen {
                octets,
                exchange: exchange.parse().unwrap(),
                payloads: payloads.map(|ty| ty.parse().unwrap()).collect(),
            })
        })
        .collect()
}

/// Per message that tshark opens with the key table beside the capture: type and octets of each payload inside.
fn opened(path: &Path) -> Vec<Vec<(u8, Bytes)>> {
    let folder = path.parent().unwrap();
    if !folder.join("ikev2_decryption_table").is_file() {
        return Vec::new();
    }
    let text = tshark(path, folder, &["-T", "pdml", "-Y", "isakmp.enc.decrypted"]);
    // After IKE_INTERMEDIATE an SA has other keys; tshark tries one row of the table and shows noise for the rest.
    let packets = text.split("<packet>").skip(1);
    let packets = packets.filter(|packet| !packet.contains("field length invalid"));
    let chains = packets.map(payloads_inside);
    chains.filter(|payloads| !payloads.is_empty()).collect()
}

fn payloads_inside(packet: &str) -> Vec<(u8, Bytes)> {
    let sealed = packet.find("isakmp.enc.decrypted").unwrap();
    let fields = packet[sealed..].split("<field name=\"isakmp.typepayload\"");
    let payloads = fields.skip(1).map(|field| {
        let ty = attribute(field, "show").parse().unwrap();
        (ty, unhex(attribute(field, "value")))
    });
    // Proposals and transforms are part of their SA payload's octets.
    payloads.filter(|(ty, _)| ![2, 3].contains(ty)).collect()
}

fn attribute<'a>(field: &'a str, name: &str) -> &'a str {
    let tag = field.split('>').next().unwrap();
    let (_, value) = tag.split_once(&format!(" {name}=\"")).unwrap();
    value.split('"').next().unwrap()
}

fn unhex(text: &str) -> Bytes {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

/// tshark's output for a capture, with the settings (key tables) of a folder and nobody's own.
fn tshark(path: &Path, settings: &Path, options: &[&str]) -> String {
    let output = Command::new("tshark")
        .env("HOME", std::env::temp_dir())
        .env("WIRESHARK_CONFIG_DIR", settings)
        .arg("-n")
        .arg("-r")
        .arg(path)
        .args(options)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}: {output:?}", path.display());
    String::from_utf8(output.stdout).unwrap()
}
