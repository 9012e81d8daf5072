//! Which payloads each message of IKEv1 may and must carry (RFC 2409 5, 5.5; A3, A4).
//!
//! The table is checked before a handler runs, so a handler never meets a message without
//! its payloads. Vendor IDs and unknown types may stand anywhere.

use ike_wire::registry::PayloadType;
use ike_wire::v1::{Body, Chain};

/// A message kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// MM1 or MM2.
    MainSa,
    /// MM3 or MM4.
    MainKe,
    /// MM5 or MM6.
    MainAuth,
    /// QM1 or QM2.
    Quick,
    /// QM3.
    QuickEnd,
    /// Informational with HASH.
    Informational,
    /// Transaction: mode config and XAUTH.
    Transaction,
}

struct Rule {
    required: &'static [PayloadType],
    repeatable: &'static [PayloadType],
    optional: &'static [PayloadType],
}

fn rule(message: Message) -> Rule {
    use PayloadType as P;
    match message {
        Message::MainSa => Rule {
            required: &[P::SA],
            repeatable: &[P::NOTIFY],
            optional: &[],
        },
        Message::MainKe => Rule {
            required: &[P::KEY_EXCHANGE, P::NONCE],
            repeatable: &[
                P::CERT_REQ,
                P::NAT_D,
                P::NAT_D_DRAFT,
                P::NAT_D_OLD,
                P::NOTIFY,
            ],
            optional: &[],
        },
        Message::MainAuth => Rule {
            required: &[P::ID],
            repeatable: &[P::CERT, P::CERT_REQ, P::NOTIFY],
            optional: &[P::SIG, P::HASH],
        },
        Message::Quick => Rule {
            required: &[P::HASH, P::SA, P::NONCE],
            repeatable: &[P::ID, P::NOTIFY, P::NAT_OA],
            optional: &[P::KEY_EXCHANGE],
        },
        Message::QuickEnd => Rule {
            required: &[P::HASH],
            repeatable: &[P::NOTIFY],
            optional: &[],
        },
        Message::Informational => Rule {
            required: &[P::HASH],
            repeatable: &[P::NOTIFY, P::DELETE],
            optional: &[],
        },
        Message::Transaction => Rule {
            required: &[P::HASH, P::ATTRIBUTES],
            repeatable: &[P::NOTIFY],
            optional: &[],
        },
    }
}

/// Checks a message against the table.
///
/// # Errors
/// A sentence naming the payload that is missing, repeated or out of place.
pub(super) fn check(message: Message, chain: &Chain) -> Result<(), String> {
    let rule = rule(message);
    for required in rule.required {
        match chain.all(*required).count() {
            1 => {}
            0 => return Err(format!("{required} payload is missing")),
            n => return Err(format!("{n} {required} payloads, one expected")),
        }
    }
    for (_, body) in chain.bodies() {
        let ty = body.payload_type();
        let anywhere = matches!(body, Body::Vendor(_) | Body::Unknown { .. });
        let once = rule.optional.contains(&ty) && chain.all(ty).count() == 1;
        if !(anywhere || once || rule.required.contains(&ty) || rule.repeatable.contains(&ty)) {
            return Err(format!("{ty} payload has no place here"));
        }
    }
    // RFC 2409 5.5: the hash of phase 2 stands first.
    let phase2 = matches!(
        message,
        Message::Quick | Message::QuickEnd | Message::Informational | Message::Transaction
    );
    if phase2 && chain.first_type() != PayloadType::HASH {
        return Err("the HASH payload does not stand first".to_owned());
    }
    Ok(())
}
