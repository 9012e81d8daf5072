//! Whether a post-quantum preshared key is mixed into the keys of an IKE SA (RFC 8784 3; an extension that
//! IOS 15.3T lacks, W-077).

use crate::policy::Decision;

/// What a side knows of its own configuration: no key, or one with or without `required`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Configured {
    /// No key for this peer.
    No,
    /// A key that may be left out.
    Optional,
    /// `required`: no SA without it.
    Required,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// The keys stay as they are.
    Without,
    /// The key is mixed in.
    With,
    /// A responder without that key takes NO_PPK_AUTH for AUTH.
    PeersWay,
    /// The negotiation ends.
    Abort,
}

/// The initiator after IKE_SA_INIT. `supported`: the responder answered USE_PPK.
#[must_use]
pub fn initiator(own: Configured, supported: bool) -> Decision<Use> {
    let (value, because) = match (own, supported) {
        (Configured::No, _) => (Use::Without, "no PPK is configured for this peer"),
        (_, true) => (Use::With, "both sides use a PPK"),
        (Configured::Optional, false) => (Use::Without, "the responder has no PPK"),
        (Configured::Required, false) => {
            (Use::Abort, "a PPK is required and the responder has none")
        }
    };
    Decision::new(value, "RFC 8784 3", because)
}

/// The initiator after IKE_AUTH, when it used a key. `used`: PPK_IDENTITY came back.
#[must_use]
pub fn initiator_answered(own: Configured, used: bool) -> Decision<Use> {
    let (value, because) = match (used, own) {
        (true, _) => (Use::With, "the responder knows our PPK"),
        (false, Configured::Required) => (
            Use::Abort,
            "a PPK is required and the responder did not use it",
        ),
        (false, _) => (Use::Without, "the responder does not know our PPK"),
    };
    Decision::new(value, "RFC 8784 3", because)
}

/// What an initiator sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// USE_PPK in IKE_SA_INIT, and we answered it.
    pub supported: bool,
    /// PPK_IDENTITY names a key we have.
    pub known: bool,
    /// NO_PPK_AUTH: it does without, if need be.
    pub optional: bool,
}

/// The responder at IKE_AUTH: the table of RFC 8784 3. `own` is what is configured for this peer.
#[must_use]
pub fn responder(own: Configured, offer: Offer) -> Decision<Use> {
    let (value, because) = match (offer.supported, offer.known, offer.optional) {
        (false, ..) if own == Configured::Required => {
            (Use::Abort, "a PPK is required and the initiator uses none")
        }
        (false, ..) => (Use::Without, "the initiator uses no PPK"),
        (true, true, _) => (Use::With, "the initiator names a PPK of ours"),
        (true, false, true) if own != Configured::Required => (
            Use::PeersWay,
            "the initiator's PPK is not known, and not required",
        ),
        (true, false, _) => (Use::Abort, "the initiator's PPK is not known"),
    };
    Decision::new(value, "RFC 8784 3", because)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Configured::{No, Optional, Required};

    /// RFC 8784 3.
    #[test]
    fn an_initiator_goes_on_without_a_key_only_where_it_may() {
        for (own, supported, expected) in [
            (No, true, Use::Without),
            (No, false, Use::Without),
            (Optional, true, Use::With),
            (Optional, false, Use::Without),
            (Required, true, Use::With),
            (Required, false, Use::Abort),
        ] {
            assert_eq!(initiator(own, supported).value, expected);
        }
        assert_eq!(initiator_answered(Required, true).value, Use::With);
        assert_eq!(initiator_answered(Optional, false).value, Use::Without);
        assert_eq!(initiator_answered(Required, false).value, Use::Abort);
    }

    /// The table of RFC 8784 3.
    #[test]
    fn a_responder_follows_the_table() {
        let offer = |supported, known, optional| Offer {
            supported,
            known,
            optional,
        };
        for (own, offer, expected) in [
            (No, offer(false, false, false), Use::Without),
            (Optional, offer(false, false, true), Use::Without),
            (Required, offer(false, true, true), Use::Abort),
            (No, offer(true, false, false), Use::Abort),
            (No, offer(true, false, true), Use::PeersWay),
            (Optional, offer(true, false, true), Use::PeersWay),
            (Required, offer(true, false, true), Use::Abort),
            (Required, offer(true, true, false), Use::With),
            (Optional, offer(true, true, true), Use::With),
        ] {
            assert_eq!(responder(own, offer).value, expected, "{own:?} {offer:?}");
        }
    }
}
