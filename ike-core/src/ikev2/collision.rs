//! What happens when both ends act at once: pure functions with the RFC's rule above each (RFC 7296 2.8,
//! 2.8.1, 2.8.2, 2.25; C24, C25).

use std::time::Duration;

use ike_wire::v2::NotifyType;

use super::child::Life;

/// What we are doing with the IKE SA ourselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Situation {
    /// Our request to delete it is out or queued.
    pub closing: bool,
    /// Our request to rekey it is out.
    pub rekeying: bool,
    /// It has a successor: it is kept only until its deletion.
    pub superseded: bool,
    /// We create, rekey or close one of its child SAs.
    pub child_exchange: bool,
}

/// A request to create or rekey a child SA.
///
/// 2.25.2: "If a peer receives a request to create or rekey a Child SA when it is currently rekeying the
/// IKE SA, it SHOULD reply with TEMPORARY_FAILURE", the same when it is closing it.
/// 2.25.1: rekeying "a Child SA that it is currently trying to close": TEMPORARY_FAILURE; one "that does
/// not exist": CHILD_SA_NOT_FOUND; one "that it is currently rekeying": reply as usual.
///
/// `rekeyed` is the life of the child SA to be rekeyed: `None` for a new one, `Some(None)` when there is no
/// such child SA.
///
/// # Errors
/// The notify to answer with.
pub(super) fn child_request(
    now: Situation,
    rekeyed: Option<Option<Life>>,
) -> Result<(), NotifyType> {
    if now.closing || now.rekeying || now.superseded {
        return Err(NotifyType::TEMPORARY_FAILURE);
    }
    match rekeyed {
        None | Some(Some(Life::Live | Life::Rekeying)) => Ok(()),
        Some(None) => Err(NotifyType::CHILD_SA_NOT_FOUND),
        Some(Some(Life::Superseded(_) | Life::Deleting)) => Err(NotifyType::TEMPORARY_FAILURE),
    }
}

/// A request to rekey the IKE SA.
///
/// 2.25.1: TEMPORARY_FAILURE "when it is currently creating, rekeying, or closing a Child SA of that IKE
/// SA"; 2.25.2: and when it is closing it. 2.8.2: the same from a peer that has already rekeyed it. While it
/// is only rekeying it itself: reply as usual.
///
/// # Errors
/// The notify to answer with.
pub(super) fn rekey_ike_request(now: Situation) -> Result<(), NotifyType> {
    match now.closing || now.superseded || now.child_exchange {
        true => Err(NotifyType::TEMPORARY_FAILURE),
        false => Ok(()),
    }
}

/// How long the peer may take to delete what it lost in a collision, before we delete the old SA all the
/// same: time for it to repeat its request and have our answer again. A peer that hears of the end of the old
/// SA before it has our answer to its own request takes that as lost, and leaves us with an SA that it does
/// not know.
pub(super) const ANSWER_FIRST: Duration = Duration::from_secs(10);

/// The fate of two SAs that replace one, and who sees to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Survivor {
    /// Ours stays: we delete the old SA, the peer deletes its own.
    Ours,
    /// The peer's stays: we delete ours, the peer deletes the old one.
    Theirs,
}

/// 2.8.1: "the SA created with the lowest of the four nonces used in the two exchanges SHOULD be closed by
/// the endpoint that created it"; nonces are compared octet by octet, and one that is the beginning of the
/// other is the lower.
#[must_use]
pub(super) fn survivor(our_lowest: &[u8], their_lowest: &[u8]) -> Survivor {
    match our_lowest < their_lowest {
        true => Survivor::Theirs,
        false => Survivor::Ours,
    }
}

/// The lower nonce of one exchange.
#[must_use]
pub(super) fn lowest<'a>(nonce_i: &'a [u8], nonce_r: &'a [u8]) -> &'a [u8] {
    nonce_i.min(nonce_r)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    const CALM: Situation = Situation {
        closing: false,
        rekeying: false,
        superseded: false,
        child_exchange: false,
    };

    /// RFC 7296 2.25.1.
    #[test]
    fn a_child_request_is_answered_by_the_life_of_the_child() {
        let dying = Life::Superseded(Timestamp(0));
        for (rekeyed, expected) in [
            (None, Ok(())),
            (Some(Some(Life::Live)), Ok(())),
            (Some(Some(Life::Rekeying)), Ok(())),
            (
                Some(Some(Life::Deleting)),
                Err(NotifyType::TEMPORARY_FAILURE),
            ),
            (Some(Some(dying)), Err(NotifyType::TEMPORARY_FAILURE)),
            (Some(None), Err(NotifyType::CHILD_SA_NOT_FOUND)),
        ] {
            assert_eq!(child_request(CALM, rekeyed), expected, "{rekeyed:?}");
        }
    }

    /// RFC 7296 2.25.2.
    #[test]
    fn nothing_new_is_made_under_an_ike_sa_that_changes() {
        let busy = |change: fn(&mut Situation)| {
            let mut now = CALM;
            change(&mut now);
            (child_request(now, None), rekey_ike_request(now))
        };
        let wait = Err(NotifyType::TEMPORARY_FAILURE);
        assert_eq!(busy(|s| s.closing = true), (wait, wait));
        assert_eq!(busy(|s| s.superseded = true), (wait, wait));
        assert_eq!(busy(|s| s.rekeying = true), (wait, Ok(())));
        assert_eq!(busy(|s| s.child_exchange = true), (Ok(()), wait));
    }

    /// RFC 7296 2.8.1: both ends come to the same SA, whatever the nonces.
    #[test]
    fn both_ends_keep_the_same_sa() {
        for (ours, theirs) in [
            (&[1u8, 2][..], &[1u8, 3][..]),
            (&[9], &[1, 1]),
            (&[5, 5], &[5, 5, 0]),
        ] {
            assert_ne!(survivor(ours, theirs), survivor(theirs, ours));
        }
        assert_eq!(survivor(&[1, 2], &[1, 3]), Survivor::Theirs);
        assert_eq!(lowest(&[5, 5, 0], &[5, 5]), &[5, 5]);
    }
}
