//! Which payloads each message of IKEv2 may and must carry (RFC 7296 1.2 to 1.4; A3, A4).
//!
//! The table is checked before a handler runs, so a handler never meets a message without its payloads.
//! Notifies, vendor IDs and unknown types may stand anywhere; order is free (A21).

use ike_wire::registry::PayloadType as P;
use ike_wire::v2::{Body, Chain};

/// A message kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// IKE_SA_INIT, either way.
    Init,
    /// IKE_AUTH request.
    AuthRequest,
    /// IKE_AUTH response.
    AuthResponse,
    /// CREATE_CHILD_SA about a child SA.
    Child,
    /// CREATE_CHILD_SA about the IKE SA.
    RekeyIke,
    /// IKE_INTERMEDIATE with a key exchange (RFC 9370 2.2.2).
    Intermediate,
    /// INFORMATIONAL.
    Informational,
}

struct Rule {
    /// Exactly once.
    required: &'static [P],
    /// At most once.
    optional: &'static [P],
    /// Any number.
    repeatable: &'static [P],
}

fn rule(message: Message) -> Rule {
    match message {
        Message::Init => Rule {
            required: &[P::V2_SA, P::V2_KEY_EXCHANGE, P::V2_NONCE],
            optional: &[],
            repeatable: &[P::V2_CERT_REQ],
        },
        Message::AuthRequest => Rule {
            required: &[P::V2_ID_INITIATOR],
            optional: &[
                P::V2_ID_RESPONDER,
                P::V2_AUTH,
                P::V2_SA,
                P::V2_TS_INITIATOR,
                P::V2_TS_RESPONDER,
                P::V2_CONFIGURATION,
            ],
            repeatable: &[P::V2_CERT, P::V2_CERT_REQ],
        },
        Message::AuthResponse => Rule {
            required: &[P::V2_ID_RESPONDER, P::V2_AUTH],
            optional: &[
                P::V2_SA,
                P::V2_TS_INITIATOR,
                P::V2_TS_RESPONDER,
                P::V2_CONFIGURATION,
            ],
            repeatable: &[P::V2_CERT, P::V2_CERT_REQ],
        },
        Message::Child => Rule {
            required: &[
                P::V2_SA,
                P::V2_NONCE,
                P::V2_TS_INITIATOR,
                P::V2_TS_RESPONDER,
            ],
            optional: &[P::V2_KEY_EXCHANGE, P::V2_CONFIGURATION],
            repeatable: &[],
        },
        Message::RekeyIke => Rule {
            required: &[P::V2_SA, P::V2_NONCE, P::V2_KEY_EXCHANGE],
            optional: &[],
            repeatable: &[],
        },
        Message::Intermediate => Rule {
            required: &[P::V2_KEY_EXCHANGE],
            optional: &[],
            repeatable: &[],
        },
        Message::Informational => Rule {
            required: &[],
            optional: &[P::V2_CONFIGURATION],
            repeatable: &[P::V2_DELETE],
        },
    }
}

/// Checks a message against the table.
///
/// # Errors
/// A sentence naming the payload that is missing, repeated or out of place: INVALID_SYNTAX.
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
        let anywhere = matches!(
            body,
            Body::Notify(_) | Body::Vendor(_) | Body::Unknown { .. }
        );
        let once = rule.optional.contains(&ty) && chain.all(ty).count() == 1;
        if !(anywhere || once || rule.required.contains(&ty) || rule.repeatable.contains(&ty)) {
            return Err(format!("{ty} payload has no place here"));
        }
    }
    Ok(())
}

/// A child SA in IKE_AUTH is all of SA, TSi and TSr or nothing (RFC 6023 for nothing).
///
/// # Errors
/// A part of it only.
pub(super) fn child_in_auth(chain: &Chain) -> Result<bool, String> {
    let parts = [P::V2_SA, P::V2_TS_INITIATOR, P::V2_TS_RESPONDER]
        .iter()
        .filter(|ty| chain.find(**ty).is_some())
        .count();
    match parts {
        0 => Ok(false),
        3 => Ok(true),
        _ => Err("SA, TSi and TSr belong together".to_owned()),
    }
}
