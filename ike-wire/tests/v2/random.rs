//! Random octets never panic, and random values survive the wire.
use crate::chains::{decode, header};
use bytes::Bytes;
use ike_wire::dissect;
use ike_wire::registry::PayloadType;
use ike_wire::v2::{self, Body, Chain, Message, Payload};
use proptest::prelude::*;

proptest! {
    /// THREATS A1-A22, K1: no octets make a decoder or the printer panic, and what is read is written back the same.
    #[test]
    fn random_octets_never_panic(first: u8, octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let octets = Bytes::from(octets);
        if let Ok(chain) = Chain::decode(PayloadType(first), octets.clone(), 28) {
            prop_assert_eq!(v2::encode_chain(&chain.payloads), Ok((chain.first_type(), octets.clone())));
            let _ = dissect::chain_v2(&chain);
        }
        let _ = dissect::datagram(&octets);
    }

    /// The same behind a header that fits, so that every payload reader is reached with plausible lengths.
    #[test]
    fn random_bodies_never_panic(ty in 33u8..=54, body in proptest::collection::vec(any::<u8>(), 0..120)) {
        let payload = Payload::from(Body::Unknown { ty: PayloadType(ty), body: body.into() });
        let octets = v2::encode_message(&header(), &[payload]).unwrap();
        let _ = dissect::datagram(&octets);
        if let Ok(message) = Message::decode(octets.clone()) {
            let _ = dissect::message_v2(&message);
            prop_assert_eq!(v2::encode_message(&message.header, &message.chain.payloads), Ok(octets));
        }
    }

    /// Whatever offer is written is read back, value for value.
    #[test]
    fn offers_survive_the_wire(proposals in proptest::collection::vec(proposal(), 0..4)) {
        let offer = Payload::from(Body::Sa(v2::SecurityAssociation::new(proposals)));
        prop_assert_eq!(&decode(std::slice::from_ref(&offer)).unwrap().payloads, &vec![offer]);
    }

    /// The same for selectors, configuration and deletes.
    #[test]
    fn lists_survive_the_wire(selectors in proptest::collection::vec(selector(), 1..5), values in proptest::collection::vec((any::<u16>(), any::<Vec<u8>>()), 0..5), spis: Vec<u32>) {
        let attributes = values.into_iter().map(|(ty, value)| v2::ConfigAttribute { ty, value: value.into() });
        let payloads: Vec<Payload> = [
            Body::TsI(v2::TrafficSelectors::new(selectors.clone())),
            Body::TsR(v2::TrafficSelectors::new(selectors)),
            Body::Config(v2::Configuration::new(v2::ConfigType::REPLY, attributes.collect())),
            Body::Delete(v2::Delete::ipsec(v2::ProtocolId::AH, &spis)),
        ].map(Payload::from).into();
        prop_assert_eq!(decode(&payloads).unwrap().payloads, payloads);
    }
}

fn proposal() -> impl Strategy<Value = v2::Proposal> {
    let octets = proptest::collection::vec(any::<u8>(), 0..9);
    let transforms = proptest::collection::vec(transform(), 0..5);
    (any::<[u8; 3]>(), octets, transforms).prop_map(
        |([number, protocol, reserved], spi, transforms)| {
            let protocol = v2::ProtocolId(protocol);
            v2::Proposal {
                number,
                protocol,
                spi: spi.into(),
                transforms,
                reserved,
            }
        },
    )
}

fn transform() -> impl Strategy<Value = v2::Transform> {
    (
        any::<[u8; 3]>(),
        any::<u16>(),
        any::<Option<u16>>(),
        any::<Vec<u8>>(),
    )
        .prop_map(|([ty, reserved, reserved2], id, bits, long)| {
            let mut transform = match bits {
                Some(bits) => v2::Transform::with_key_length(v2::TransformType(ty), id, bits),
                None => v2::Transform::new(v2::TransformType(ty), id),
            };
            transform.attributes.push(v2::Attribute::long(99u16, long));
            v2::Transform {
                reserved,
                reserved2,
                ..transform
            }
        })
}

fn selector() -> impl Strategy<Value = v2::TrafficSelector> {
    (
        any::<u8>(),
        any::<[u16; 2]>(),
        any::<[u32; 2]>(),
        any::<[u128; 2]>(),
        0..3,
    )
        .prop_map(
            |(protocol, [start_port, end_port], [v4, v4_end], [v6, v6_end], kind)| {
                let (ty, range) = match kind {
                    0 => (
                        v2::TsType::IPV4_ADDR_RANGE,
                        v2::AddressRange::V4(v4.into(), v4_end.into()),
                    ),
                    1 => (
                        v2::TsType::IPV6_ADDR_RANGE,
                        v2::AddressRange::V6(v6.into(), v6_end.into()),
                    ),
                    _ => {
                        let range = v2::AddressRange::Raw(v6.to_be_bytes().to_vec().into());
                        return v2::TrafficSelector {
                            ty: v2::TsType(9),
                            protocol,
                            start_port: 0,
                            end_port: 0,
                            range,
                        };
                    }
                };
                v2::TrafficSelector {
                    ty,
                    protocol,
                    start_port,
                    end_port,
                    range,
                }
            },
        )
}
