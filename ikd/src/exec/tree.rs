//! The exec commands (O-001..O-008, O-020..O-026, O-040..O-043, O-060..O-062, O-080, O-086) as one tree;
//! those of the PKI that do something (O-087) are in `tree_pki`, those of a session in `tree_session`.
//! `show crypto explain` and `show crypto counters` and `debug crypto why` are our own.

use ike_core::sa::action::Cleared;

use super::node::Action::{Clear, ClearStatistics, Debug, Pki as PkiAction, Show};
use super::node::{By, Clearing, Node, Pki};
use super::show::{Page, Side};
use super::tree_monitor::{MONITOR, NO_MONITOR, SHOW_MONITOR};
use super::{tree_pki, tree_session};
use crate::log::Switch;

/// Every exec command.
pub(super) static EXEC: &[Node] = &[
    Node::group("clear", "Reset functions", CLEAR),
    Node::group(
        "configure",
        "Enter configuration mode",
        tree_session::CONFIGURE,
    ),
    Node::group("copy", "Copy from one file to another", tree_session::COPY),
    Node::group("crypto", "Encryption related commands.", tree_pki::CRYPTO),
    Node::group("debug", "Debugging functions (see also 'undebug')", DEBUG),
    tree_session::DISABLE,
    tree_session::ENABLE,
    tree_session::EXIT,
    tree_session::LOGOUT,
    Node::group("monitor", "Monitoring different system events", MONITOR),
    Node::group("no", "Disable debugging functions", NO).negating(),
    Node::group("show", "Show running system information", SHOW),
    Node::group(
        "terminal",
        "Set terminal line parameters",
        tree_session::TERMINAL,
    ),
    Node::group(
        "undebug",
        "Disable debugging functions (see also 'debug')",
        DEBUG,
    )
    .negating(),
    Node::group(
        "write",
        "Write running configuration to memory",
        tree_session::WRITE,
    ),
];

const NO: &[Node] = &[
    Node::group("debug", "Debugging functions", DEBUG),
    Node::group("monitor", "Monitoring different system events", NO_MONITOR),
];

const CLEAR: &[Node] = &[Node::group(
    "crypto",
    "Encryption subsystem",
    &[
        Node::group("ikev2", "Clear IKEv2", CLEAR_IKEV2),
        Node::run("isakmp", "Clear all ISAKMP SAs", Clear(ISAKMP)).then(&[Node::number(
            "connection id of SA",
            Clear(ISAKMP.by(By::Number)),
        )]),
        Node::group(
            "pki",
            "Clear PKI",
            &[Node::run(
                "crls",
                "Clear the cache of revocation lists",
                PkiAction(Pki::ClearCrls),
            )],
        ),
        Node::run("sa", "Clear all crypto SAs", Clear(PAIRS)).then(&[Node::group(
            "peer",
            "Clear all SAs for a given crypto peer",
            &[Node::address("Peer address", Clear(PAIRS.by(By::Remote)))],
        )]),
        Node::run("session", "Clear all crypto sessions", Clear(SESSIONS)).then(&[
            Node::group(
                "local",
                "Clear crypto sessions for a local crypto endpoint",
                &[Node::address(LOCAL, Clear(SESSIONS.by(By::Local)))],
            ),
            Node::group(
                "remote",
                "Clear crypto sessions for a remote IKE peer",
                &[Node::address(REMOTE, Clear(SESSIONS.by(By::Remote)))],
            ),
        ]),
    ],
)];

const ISAKMP: Clearing = Clearing::all(Some(1), Cleared::Ike);
const PAIRS: Clearing = Clearing::all(None, Cleared::Children);
const SESSIONS: Clearing = Clearing::all(None, Cleared::Session);
const IKEV2: Clearing = Clearing::all(Some(2), Cleared::Session);
const LOCAL: &str = "Local address";
const REMOTE: &str = "Remote address";

const CLEAR_IKEV2: &[Node] = &[
    Node::run("sa", "Clear all IKEv2 SAs", Clear(IKEV2)).then(&[
        Node::run(
            "fast",
            "Clear IKEv2 SAs without telling the peers",
            Clear(IKEV2.silently()),
        ),
        Node::group(
            "local",
            "Clear IKEv2 SAs by local address",
            &[Node::address(LOCAL, Clear(IKEV2.by(By::Local)))],
        ),
        Node::group(
            "psh",
            "Clear IKEv2 SA by its number",
            &[Node::number("Tunnel-id", Clear(IKEV2.by(By::Number)))],
        ),
        Node::group(
            "remote",
            "Clear IKEv2 SAs by remote address",
            &[Node::address(REMOTE, Clear(IKEV2.by(By::Remote)))],
        ),
    ]),
    Node::run("stat", "Clear IKEv2 SA statistics", ClearStatistics),
];

const DEBUG: &[Node] = &[
    Node::run("all", "Every switch", Debug(None, "")),
    Node::group("crypto", "Cryptographic subsystem", DEBUG_CRYPTO),
];

const DEBUG_CRYPTO: &[Node] = &[
    Node::run(
        "ikev2",
        "IKEv2 debugging",
        Debug(Some(Switch::Ikev2), "IKEv2 default"),
    )
    .then(&[
        Node::run(
            "error",
            "IKEv2 Error debugging",
            Debug(Some(Switch::Ikev2Error), "IKEv2 error"),
        ),
        Node::run(
            "internal",
            "IKEv2 Internal debugging",
            Debug(Some(Switch::Ikev2Internal), "IKEv2 internal"),
        ),
        Node::run(
            "packet",
            "IKEv2 Packet debugging",
            Debug(Some(Switch::Ikev2Packet), "IKEv2 packet"),
        ),
    ]),
    Node::run(
        "ipsec",
        "IPSEC processing",
        Debug(Some(Switch::Ipsec), "Crypto IPSEC"),
    ),
    Node::run(
        "isakmp",
        "ISAKMP Key Management",
        Debug(Some(Switch::Isakmp), "Crypto ISAKMP"),
    )
    .then(&[Node::run(
        "error",
        "Dropped datagrams",
        Debug(Some(Switch::Drops), "Crypto ISAKMP Error"),
    )]),
    Node::run("pki", "PKI Client", Debug(Some(Switch::Pki), VALIDATION)).then(&[
        Node::run(
            "messages",
            "PKI Input/Output Messages",
            Debug(Some(Switch::PkiMessages), "Crypto PKI Msg"),
        ),
        Node::run(
            "transactions",
            "PKI Transactions",
            Debug(Some(Switch::PkiTransactions), "Crypto PKI Trans"),
        ),
        Node::run(
            "validation",
            "PKI Validation Path",
            Debug(Some(Switch::Pki), VALIDATION),
        ),
    ]),
    Node::run(
        "why",
        "The rule behind each decision",
        Debug(Some(Switch::Why), "Crypto decision"),
    ),
];

const VALIDATION: &str = "Crypto PKI Validation Path";

const SHOW: &[Node] = &[
    Node::group("crypto", "Encryption module", SHOW_CRYPTO),
    Node::show(
        "debugging",
        "State of each debugging option",
        Page::Debugging,
    ),
    tree_session::HISTORY,
    Node::show(
        "logging",
        "Show the contents of logging buffers",
        Page::Logging,
    ),
    Node::group(
        "monitor",
        "Monitoring different system events",
        SHOW_MONITOR,
    ),
    Node::show(
        "running-config",
        "Current operating configuration",
        Page::Running { startup: false },
    ),
    Node::show(
        "startup-config",
        "Configuration with the file names of saved certificates",
        Page::Running { startup: true },
    ),
    Node::show(
        "version",
        "System hardware and software status",
        Page::Version,
    ),
];

const SHOW_CRYPTO: &[Node] = &[
    Node::show(
        "counters",
        "Show what was dropped, by cause",
        Page::Counters,
    ),
    Node::show(
        "explain",
        "Show negotiations with every decision and its rule",
        Page::Explain { last: false },
    )
    .then(&[Node::show(
        "last",
        "Only the newest negotiation",
        Page::Explain { last: true },
    )]),
    Node::group("ikev2", "Show IKEv2", SHOW_IKEV2),
    Node::group("ipsec", "Show IPSEC policy", SHOW_IPSEC),
    Node::group("isakmp", "Show ISAKMP", SHOW_ISAKMP),
    Node::group("key", "Show long term public keys", tree_pki::SHOW_KEY),
    Node::show("map", "Crypto maps", Page::CryptoMap),
    Node::group("pki", "Show PKI", tree_pki::SHOW_PKI),
    Node::show(
        "session",
        "Show crypto sessions (tunnels)",
        Page::Session { detail: false },
    )
    .then(&[Node::show(
        "detail",
        "Detailed sessions",
        Page::Session { detail: true },
    )]),
];

const SHOW_IKEV2: &[Node] = &[
    Node::group(
        "diagnose",
        "Show IKEv2 diagnostic",
        &[Node::show(
            "error",
            "Show IKEv2 error diagnostic",
            Page::Ikev2Errors,
        )],
    ),
    Node::show("policy", "Show IKEv2 policies", Page::Ikev2Policy)
        .then(&[Node::name("IKEv2 policy name", Page::Ikev2Policy)]),
    Node::show("profile", "Show IKEv2 profiles", Page::Ikev2Profile)
        .then(&[Node::name("IKEv2 profile name", Page::Ikev2Profile)]),
    Node::show("proposal", "Show IKEv2 proposals", Page::Ikev2Proposal)
        .then(&[Node::name("IKEv2 proposal name", Page::Ikev2Proposal)]),
    Node::show("sa", "Show IKEv2 SAs", ikev2_sas(false, Side::Any)).then(&[
        Node::show("detailed", DETAILED, ikev2_sas(true, Side::Any)).then(&[
            Node::group("local", "Local address", &[local(true)]),
            Node::group("remote", "Remote address", &[remote(true)]),
        ]),
        Node::group(
            "local",
            "Local address",
            &[local(false).then(&[Node::show(
                "detailed",
                DETAILED,
                ikev2_sas(true, Side::Local),
            )])],
        ),
        Node::group(
            "remote",
            "Remote address",
            &[remote(false).then(&[Node::show(
                "detailed",
                DETAILED,
                ikev2_sas(true, Side::Remote),
            )])],
        ),
    ]),
    Node::show(
        "session",
        "Show IKEv2 active session",
        Page::Ikev2Session { detail: false },
    )
    .then(&[Node::show(
        "detailed",
        DETAILED,
        Page::Ikev2Session { detail: true },
    )]),
    Node::show("stats", "Show IKEv2 SA statistics", Page::Ikev2Stats).then(&[Node::show(
        "exchange",
        "Show IKEv2 exchange and notify statistics",
        Page::Ikev2Exchanges { detail: false },
    )
    .then(&[Node::show(
        "detailed",
        DETAILED,
        Page::Ikev2Exchanges { detail: true },
    )])]),
];

const DETAILED: &str = "Detailed information";

const fn ikev2_sas(detail: bool, side: Side) -> Page {
    Page::Ikev2Sa { detail, side }
}

const fn local(detail: bool) -> Node {
    Node::address("Local address", Show(ikev2_sas(detail, Side::Local)))
}

const fn remote(detail: bool) -> Node {
    Node::address("Remote address", Show(ikev2_sas(detail, Side::Remote)))
}

const SHOW_IPSEC: &[Node] = &[
    Node::show(
        "profile",
        "Show ipsec profile information",
        Page::IpsecProfile,
    ),
    Node::show("sa", "IPSEC SA table", Page::IpsecSa { detail: false }).then(&[Node::show(
        "detail",
        "show counter detail",
        Page::IpsecSa { detail: true },
    )]),
    Node::show("transform-set", "Crypto transform sets", Page::TransformSet),
];

const SHOW_ISAKMP: &[Node] = &[
    Node::group(
        "default",
        "Show ISAKMP default policy",
        &[Node::show(
            "policy",
            "Show ISAKMP default protection suite policy",
            Page::Policy { default: true },
        )],
    ),
    Node::show("peers", "Show ISAKMP peer structures", Page::Peers),
    Node::show(
        "policy",
        "Show ISAKMP protection suite policy",
        Page::Policy { default: false },
    ),
    Node::show("profile", "Show ISAKMP profiles", Page::Profile),
    Node::show(
        "sa",
        "Show ISAKMP Security Associations",
        Page::IsakmpSa { detail: false },
    )
    .then(&[Node::show(
        "detail",
        "Show ISAKMP SA detail",
        Page::IsakmpSa { detail: true },
    )]),
];
