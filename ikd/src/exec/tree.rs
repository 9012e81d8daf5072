//! The exec commands (O-001..O-008, O-022, O-023, O-040..O-043, O-060..O-062, O-080, O-086) as one tree.
//! `show crypto explain` and `show crypto counters` and `debug crypto why` are our own.

use super::node::Action::{Clear, Debug};
use super::node::Node;
use super::show::Page;
use crate::log::Switch;

/// Every exec command.
pub(super) static EXEC: &[Node] = &[
    Node::group("clear", "Reset functions", CLEAR),
    Node::group("debug", "Debugging functions (see also 'undebug')", DEBUG),
    Node::group("no", "Disable debugging functions", NO).negating(),
    Node::group("show", "Show running system information", SHOW),
    Node::group(
        "undebug",
        "Disable debugging functions (see also 'debug')",
        DEBUG,
    )
    .negating(),
];

const NO: &[Node] = &[Node::group("debug", "Debugging functions", DEBUG)];

const CLEAR: &[Node] = &[Node::group(
    "crypto",
    "Encryption subsystem",
    &[
        Node::run("isakmp", "Clear all ISAKMP SAs", Clear),
        Node::run("sa", "Clear all crypto SAs", Clear),
        Node::run("session", "Clear all crypto sessions", Clear),
    ],
)];

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
            Debug(Some(Switch::Pki), "Crypto PKI Msg"),
        ),
        Node::run(
            "transactions",
            "PKI Transactions",
            Debug(Some(Switch::Pki), "Crypto PKI Trans"),
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
    Node::show(
        "logging",
        "Show the contents of logging buffers",
        Page::Logging,
    ),
    Node::show(
        "running-config",
        "Current operating configuration",
        Page::Running,
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
    Node::show("map", "Crypto maps", Page::CryptoMap),
    Node::group("pki", "Show PKI", SHOW_PKI),
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
    Node::show("policy", "Show IKEv2 policies", Page::Ikev2Policy)
        .then(&[Node::name("IKEv2 policy name", Page::Ikev2Policy)]),
    Node::show("profile", "Show IKEv2 profiles", Page::Ikev2Profile)
        .then(&[Node::name("IKEv2 profile name", Page::Ikev2Profile)]),
    Node::show("proposal", "Show IKEv2 proposals", Page::Ikev2Proposal)
        .then(&[Node::name("IKEv2 proposal name", Page::Ikev2Proposal)]),
];

const SHOW_IPSEC: &[Node] = &[
    Node::show(
        "profile",
        "Show ipsec profile information",
        Page::IpsecProfile,
    ),
    Node::show("sa", "IPSEC SA table", Page::IpsecSa),
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

const SHOW_PKI: &[Node] =
    &[
        Node::show(
            "certificates",
            "Show certificates",
            Page::Certificates { verbose: false },
        )
        .then(&[
            Node::show("verbose", "Show certificates in verbose mode", VERBOSE)
                .then(&[Node::name("Trustpoint Name", VERBOSE)]),
            Node::name("Trustpoint Name", Page::Certificates { verbose: false }).then(&[
                Node::show("verbose", "Show certificates in verbose mode", VERBOSE),
            ]),
        ]),
        Node::show(
            "trustpoints",
            "Show trustpoints",
            Page::Trustpoints { status: false },
        )
        .then(&[Node::show(
            "status",
            "Trustpoint status",
            Page::Trustpoints { status: true },
        )]),
    ];

const VERBOSE: Page = Page::Certificates { verbose: true };
