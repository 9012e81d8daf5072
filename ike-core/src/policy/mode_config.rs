//! What a peer gets that asks for mode config or XAUTH, neither of which is carried out: the answer that
//! ends its exchange at once, so that it need not repeat itself (draft-dukes-ike-mode-cfg 3.2,
//! draft-beaulieu-ike-xauth 5; W-053).

use ike_wire::v1::{
    Attribute, AuthMethod, ConfigAttribute, ConfigType, ModeConfig, NotifyType, OakleyAttribute,
    SecurityAssociation,
};

use super::decision::Decision;

const XAUTH: &str = "draft-beaulieu-ike-xauth 5";
const MODE_CONFIG: &str = "draft-dukes-ike-mode-cfg 3.2";
/// Value of XAUTH-STATUS.
const FAIL: u16 = 0;

/// An offer no policy fits may want XAUTH, or hybrid authentication which goes on with it: then that is the
/// reason, before any algorithm.
#[must_use]
pub fn wanted_in_phase1(offer: &SecurityAssociation) -> Option<Decision<NotifyType>> {
    let transforms = offer.proposals.iter().flat_map(|p| &p.transforms);
    let mut methods = transforms
        .filter_map(|t| t.attribute(OakleyAttribute::AUTHENTICATION)?.as_u64())
        .filter_map(|n| u16::try_from(n).ok());
    let method =
        methods.find(|n| (64_221..=64_224).contains(n) || (65_001..=65_010).contains(n))?;
    Some(Decision::new(
        NotifyType::NO_PROPOSAL_CHOSEN,
        "W-053",
        format!(
            "the peer wants XAUTH ({}), which is not carried out",
            AuthMethod(method)
        ),
    ))
}

/// The answer to what an authenticated peer says in a transaction exchange; `None`: none is due.
#[must_use]
pub fn answer(asked: &ModeConfig) -> Decision<Option<ModeConfig>> {
    let says = |ty, attributes| {
        Some(ModeConfig {
            ty,
            reserved: 0,
            identifier: asked.identifier,
            attributes,
        })
    };
    let status = ConfigAttribute::XAUTH_STATUS;
    match asked.ty {
        ConfigType::REQUEST if asked.attributes.iter().any(is_xauth) => Decision::new(
            says(ConfigType::REPLY, vec![Attribute::short(status, FAIL)]),
            XAUTH,
            "the peer wants XAUTH, which is not carried out: XAUTH-STATUS FAIL",
        ),
        ConfigType::REQUEST => Decision::new(
            says(ConfigType::REPLY, Vec::new()),
            MODE_CONFIG,
            "IKEv1 has no addresses or settings to give: an empty reply",
        ),
        ConfigType::SET => {
            // The verdict of XAUTH is taken note of; nothing else is accepted.
            let verdict = asked.attributes.iter().filter(|a| a.ty == status.0);
            let taken = verdict.map(|_| Attribute::long(status, &[][..])).take(1);
            Decision::new(
                says(ConfigType::ACK, taken.collect()),
                MODE_CONFIG,
                "settings of a peer are not taken in IKEv1: none is acknowledged",
            )
        }
        _ => Decision::new(None, MODE_CONFIG, "we asked for nothing"),
    }
}

/// XAUTH-TYPE to XAUTH-ANSWER.
fn is_xauth(attribute: &Attribute) -> bool {
    (16_520..=16_529).contains(&attribute.ty)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(ty: ConfigType, attributes: Vec<Attribute>) -> (Option<ModeConfig>, &'static str) {
        let decision = answer(&ModeConfig {
            ty,
            reserved: 0,
            identifier: 77,
            attributes,
        });
        (decision.value, decision.rule.0)
    }

    fn empty(ty: ConfigAttribute) -> Attribute {
        Attribute::long(ty, &[][..])
    }

    /// draft-beaulieu-ike-xauth 5: a reply with XAUTH-STATUS says FAIL and nothing else.
    #[test]
    fn xauth_is_answered_with_a_failure() {
        let asked = vec![
            Attribute::short(ConfigAttribute::XAUTH_TYPE, 0u16),
            empty(ConfigAttribute::XAUTH_USER_NAME),
            empty(ConfigAttribute::XAUTH_USER_PASSWORD),
        ];
        let (reply, rule) = told(ConfigType::REQUEST, asked);
        let reply = reply.expect("a reply");
        assert_eq!((reply.ty, reply.identifier), (ConfigType::REPLY, 77));
        let fail = Attribute::short(ConfigAttribute::XAUTH_STATUS, 0u16);
        assert_eq!((reply.attributes, rule), (vec![fail], XAUTH));
    }

    /// draft-dukes-ike-mode-cfg 3.2: what is not given is left out, what is not taken is not acknowledged.
    #[test]
    fn requests_and_settings_get_empty_answers() {
        let address = || vec![empty(ConfigAttribute::INTERNAL_IP4_ADDRESS)];
        for (asked, answered) in [
            (ConfigType::REQUEST, ConfigType::REPLY),
            (ConfigType::SET, ConfigType::ACK),
        ] {
            let (answer, _) = told(asked, address());
            let answer = answer.expect("an answer");
            assert_eq!((answer.ty, answer.attributes), (answered, vec![]));
        }
        for ty in [ConfigType::REPLY, ConfigType::ACK, ConfigType(9)] {
            assert_eq!(told(ty, address()).0, None);
        }
    }

    /// draft-beaulieu-ike-xauth 6.2: the verdict is acknowledged.
    #[test]
    fn the_verdict_of_xauth_is_acknowledged() {
        let verdict = vec![Attribute::short(ConfigAttribute::XAUTH_STATUS, 1u16)];
        let ack = told(ConfigType::SET, verdict).0.expect("an answer");
        assert_eq!(ack.ty, ConfigType::ACK);
        assert_eq!(ack.attributes, [empty(ConfigAttribute::XAUTH_STATUS)]);
    }
}
