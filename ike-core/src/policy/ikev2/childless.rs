//! Whether the first child SA is made in IKE_AUTH or later (RFC 6023; an extension that IOS 15.3T lacks).

use ike_wire::v2::NotifyType;

use crate::config::Ikev2Childless;
use crate::policy::{Decision, Subject};

/// When an initiator asks for its first child SA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstChild {
    /// In IKE_AUTH, as RFC 7296 1.2 has it.
    InAuth,
    /// With CREATE_CHILD_SA after it.
    Later,
    /// Not at all: IKE_AUTH may not be sent.
    Impossible,
}

/// When the initiator asks for its first child SA. `announced`: the responder sent
/// CHILDLESS_IKEV2_SUPPORTED. RFC 6023 3: "The initiator MUST NOT send the modified IKE_AUTH request if the
/// notification was not present."
#[must_use]
pub fn initiator(configured: Option<Ikev2Childless>, announced: bool) -> Decision<FirstChild> {
    let (value, because) = match (configured, announced) {
        (Some(Ikev2Childless::Required), true) => (
            FirstChild::Later,
            "childless is required and the responder takes it",
        ),
        (Some(Ikev2Childless::Required), false) => (
            FirstChild::Impossible,
            "childless is required and the responder does not take it",
        ),
        (Some(Ikev2Childless::Allowed) | None, _) => {
            (FirstChild::InAuth, "childless is not required")
        }
    };
    Decision::new(value, "RFC 6023 3", because).about([Subject::block(COMMAND)])
}

/// The line that speaks of it.
const COMMAND: &str = "crypto ikev2 childless";

/// What a responder makes of an IKE_AUTH request with or without a child SA; the value is the notify to
/// refuse it with. RFC 6023 3: a responder that did not announce it answers INVALID_SYNTAX to a request
/// without child SA (H9). One that makes none in IKE_AUTH refuses the child SA alone: the IKE SA is set up
/// (RFC 7296 1.2).
#[must_use]
pub fn responder(
    configured: Option<Ikev2Childless>,
    with_child: bool,
) -> Decision<Option<NotifyType>> {
    let (value, because) = match (configured, with_child) {
        (None, false) => (
            Some(NotifyType::INVALID_SYNTAX),
            "IKE_AUTH asks for no child SA, which was not announced",
        ),
        (Some(Ikev2Childless::Required), true) => (
            Some(NotifyType::NO_PROPOSAL_CHOSEN),
            "childless is required: no child SA is made in IKE_AUTH",
        ),
        (Some(_), false) => (None, "an IKE SA without child SA was announced"),
        (_, true) => (None, "the first child SA is made in IKE_AUTH"),
    };
    Decision::new(value, "RFC 6023 3", because).about([Subject::block(COMMAND)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: Option<Ikev2Childless> = Some(Ikev2Childless::Allowed);
    const REQUIRED: Option<Ikev2Childless> = Some(Ikev2Childless::Required);

    /// RFC 6023 3: nothing is left out that the responder did not announce.
    #[test]
    fn an_initiator_leaves_the_child_out_only_when_announced_and_required() {
        for (configured, announced, expected) in [
            (None, true, FirstChild::InAuth),
            (ALLOWED, true, FirstChild::InAuth),
            (REQUIRED, true, FirstChild::Later),
            (REQUIRED, false, FirstChild::Impossible),
        ] {
            assert_eq!(initiator(configured, announced).value, expected);
        }
    }

    /// RFC 6023 3, H9.
    #[test]
    fn a_responder_takes_what_it_announced() {
        for (configured, with_child, expected) in [
            (None, true, None),
            (None, false, Some(NotifyType::INVALID_SYNTAX)),
            (ALLOWED, true, None),
            (ALLOWED, false, None),
            (REQUIRED, true, Some(NotifyType::NO_PROPOSAL_CHOSEN)),
            (REQUIRED, false, None),
        ] {
            assert_eq!(responder(configured, with_child).value, expected);
        }
    }
}
