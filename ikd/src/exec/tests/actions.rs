//! Lines that do something: `clear`, `debug` and its opposites.

use ike_core::sa::action::{Clear, Cleared, Command};

use super::action;
use crate::exec::fixture::{R1, shown};
use crate::exec::parse::Failure;
use crate::exec::{Outcome, run};
use crate::log::Switch;

/// O-086: which SAs each line means, and what of them goes.
#[test]
fn clear_lines_say_which_sas_go() {
    let peer = Some([192, 168, 0, 2].into());
    let session = Clear::default();
    let (isakmp, ikev2, pairs) = (
        Clear {
            version: Some(1),
            what: Cleared::Ike,
            ..session
        },
        Clear {
            version: Some(2),
            ..session
        },
        Clear {
            what: Cleared::Children,
            ..session
        },
    );
    for (line, wanted) in [
        ("clear crypto session", session),
        (
            "cle cry ses rem 192.168.0.2",
            Clear {
                remote: peer,
                ..session
            },
        ),
        (
            "cle cry ses local 192.168.0.2",
            Clear {
                local: peer,
                ..session
            },
        ),
        ("cle cry isa", isakmp),
        (
            "clear crypto isakmp 1001",
            Clear {
                number: Some(1001),
                ..isakmp
            },
        ),
        ("clear crypto sa", pairs),
        (
            "clear crypto sa peer 192.168.0.2",
            Clear {
                remote: peer,
                ..pairs
            },
        ),
        (
            "clear crypto sa peer 2001:db8::2",
            Clear {
                remote: "2001:db8::2".parse().ok(),
                ..pairs
            },
        ),
        ("clear crypto ikev2 sa", ikev2),
        (
            "cle cry ike sa fast",
            Clear {
                silent: true,
                ..ikev2
            },
        ),
        (
            "cle cry ike sa remote 192.168.0.2",
            Clear {
                remote: peer,
                ..ikev2
            },
        ),
        (
            "cle cry ike sa local 192.168.0.2",
            Clear {
                local: peer,
                ..ikev2
            },
        ),
        (
            "cle cry ike sa psh 3",
            Clear {
                number: Some(3),
                ..ikev2
            },
        ),
    ] {
        let outcome = run(line, false, &R1::new().snapshot());
        let Ok(Outcome::Act(Command::Clear(found))) = outcome else {
            panic!("{line}: {outcome:?}");
        };
        assert_eq!(found, wanted, "{line}");
    }
    let outcome = run("clear crypto ikev2 stat", false, &R1::new().snapshot());
    assert!(matches!(
        outcome,
        Ok(Outcome::Act(Command::ClearStatistics))
    ));
    assert_eq!(action("clear crypto s"), Err(Failure::Ambiguous));
    assert_eq!(action("clear crypto sa peer"), Err(Failure::Incomplete));
    // A word that is no address must not delete everything.
    for wrong in [
        "peer R2",
        "peer 192.168.0",
        "peer 192.168.0.2 now",
        "192.168.0.2",
    ] {
        let line = format!("clear crypto sa {wrong}");
        assert!(
            matches!(action(&line), Err(Failure::Invalid { .. })),
            "{line}"
        );
    }
    assert!(matches!(
        action("clear crypto isakmp 0"),
        Err(Failure::Invalid { .. })
    ));
    assert_eq!(
        shown("clear crypto sa peer ?", &R1::new().snapshot()),
        "  A.B.C.D or X:X:X:X::X  Peer address\n"
    );
}

/// O-080: switches, their opposites, and what IOS says.
#[test]
fn debug_lines_turn_switches() {
    for (line, wanted, wanted_on, says) in [
        (
            "debug crypto isakmp",
            Some(Switch::Isakmp),
            true,
            "Crypto ISAKMP debugging is on",
        ),
        (
            "deb cry isa err",
            Some(Switch::Drops),
            true,
            "Crypto ISAKMP Error debugging is on",
        ),
        (
            "debug crypto ipsec",
            Some(Switch::Ipsec),
            true,
            "Crypto IPSEC debugging is on",
        ),
        (
            "debug crypto pki",
            Some(Switch::Pki),
            true,
            "Crypto PKI Validation Path debugging is on",
        ),
        (
            "debug crypto pki mes",
            Some(Switch::PkiMessages),
            true,
            "Crypto PKI Msg debugging is on",
        ),
        (
            "debug crypto pki tr",
            Some(Switch::PkiTransactions),
            true,
            "Crypto PKI Trans debugging is on",
        ),
        (
            "debug crypto pki val",
            Some(Switch::Pki),
            true,
            "Crypto PKI Validation Path debugging is on",
        ),
        (
            "debug crypto why",
            Some(Switch::Why),
            true,
            "Crypto decision debugging is on",
        ),
        (
            "deb cry ike",
            Some(Switch::Ikev2),
            true,
            "IKEv2 default debugging is on",
        ),
        (
            "deb cry ikev2 pac",
            Some(Switch::Ikev2Packet),
            true,
            "IKEv2 packet debugging is on",
        ),
        (
            "undeb cry ikev2 int",
            Some(Switch::Ikev2Internal),
            false,
            "IKEv2 internal debugging is off",
        ),
        (
            "no deb cry ikev2 e",
            Some(Switch::Ikev2Error),
            false,
            "IKEv2 error debugging is off",
        ),
        (
            "undebug crypto isakmp",
            Some(Switch::Isakmp),
            false,
            "Crypto ISAKMP debugging is off",
        ),
        (
            "no debug crypto ipsec",
            Some(Switch::Ipsec),
            false,
            "Crypto IPSEC debugging is off",
        ),
        (
            "u all",
            None,
            false,
            "All possible debugging has been turned off",
        ),
        (
            "no deb all",
            None,
            false,
            "All possible debugging has been turned off",
        ),
        (
            "debug all",
            None,
            true,
            "All possible debugging has been turned on",
        ),
    ] {
        let Ok(Outcome::Debug { switch, on, text }) = run(line, false, &R1::new().snapshot())
        else {
            panic!("{line} is no debug line");
        };
        assert_eq!(
            (switch, on, text.as_str()),
            (wanted, wanted_on, says),
            "{line}"
        );
    }
}
