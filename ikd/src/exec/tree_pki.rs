//! The exec commands of the PKI: those that change it (O-087, G-060, G-064) and its pages. `noconfirm` is our own (P-033).

use super::node::Action::Pki as Run;
use super::node::{Node, Pki};
use super::show::Page;
use super::show::keys::Which;

/// Below `crypto`.
pub(super) const CRYPTO: &[Node] = &[
    Node::group("key", "Long term key operations", KEY),
    Node::group("pki", "Public Key components", PKI),
];

/// Below `show crypto key`.
pub(super) const SHOW_KEY: &[Node] = &[Node::group(
    "mypubkey",
    "Show public keys associated with this router",
    &[
        Node::show("all", "Show all public keys", Page::Keys(Which::All)),
        Node::show("ec", "Show EC public keys", Page::Keys(Which::Ec)),
        Node::show("rsa", "Show RSA public keys", Page::Keys(Which::Rsa)),
    ],
)];

/// Below `show crypto pki`.
pub(super) const SHOW_PKI: &[Node] =
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
        Node::show("counters", "Show PKI counters", Page::PkiCounters),
        Node::show("crls", "Show Certificate Revocation Lists", Page::Crls),
        Node::show("timers", "Show PKI timers", Page::PkiTimers),
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
        Node::show(
            "trustpool",
            "Show CA certificates of the trustpool",
            Page::Trustpool,
        ),
    ];

const VERBOSE: Page = Page::Certificates { verbose: true };

const PKI: &[Node] = &[
    Node::group(
        "authenticate",
        "Get the CA certificate",
        &[
            Node::object(TRUSTPOINT, Pki::Authenticate { confirm: true })
                .then(&[noconfirm(Pki::Authenticate { confirm: false })]),
        ],
    ),
    Node::group(
        "crl",
        "Actions on certificate revocation lists",
        &[Node::group(
            "request",
            "Request a CRL from the CA server",
            &[Node::object(TRUSTPOINT, Pki::RequestCrl)],
        )],
    ),
    Node::group(
        "enroll",
        "Request a certificate from a CA",
        &[Node::object(TRUSTPOINT, Pki::Enroll { confirm: true })
            .then(&[noconfirm(Pki::Enroll { confirm: false })])],
    ),
    Node::group(
        "export",
        "Export certificate or PKCS12 file",
        &[Node::word(TRUSTPOINT, EXPORT)],
    ),
    Node::group(
        "import",
        "Import certificate or PKCS12 file",
        &[Node::word(TRUSTPOINT, IMPORT)],
    ),
    Node::group(
        "trustpool",
        "Manage the CA certificates of the trustpool",
        TRUSTPOOL,
    ),
];

const TRUSTPOINT: &str = "CA Server Name";
const PASSPHRASE: &str = "Passphrase used to protect the file";

const fn noconfirm(what: Pki) -> Node {
    Node::run(
        "noconfirm",
        "Ask nothing: the configuration says everything",
        Run(what),
    )
}

const EXPORT: &[Node] = &[
    Node::group(
        "pem",
        "Export certificates in PEM format",
        &[
            Node::run("terminal", TO_TERMINAL, Run(Pki::ExportPem)).then(&[Node::group(
                "password",
                "Export the key too, under a passphrase",
                &[Node::object(PASSPHRASE, Pki::ExportPem)],
            )]),
        ],
    ),
    Node::group(
        "pkcs12",
        "Export certificates and key in PKCS12 format",
        &[Node::group(
            "terminal",
            TO_TERMINAL,
            &[Node::group(
                "password",
                "Specify passphrase",
                &[Node::object(PASSPHRASE, Pki::ExportPkcs12)],
            )],
        )],
    ),
];

const TO_TERMINAL: &str = "Write it to the terminal (`ikd pki export` writes files)";
const MAY_LEAVE: &str = "The key may leave the router again";
const FROM_TERMINAL: &str = "Read it from the terminal (`ikd pki import` reads files)";

const IMPORT: &[Node] = &[
    Node::run(
        "certificate",
        "Import a certificate that the CA granted by hand",
        Run(Pki::ImportCertificate),
    ),
    Node::group(
        "pem",
        "Import CA certificate, private key and certificate in PEM format",
        &[
            Node::run("terminal", FROM_TERMINAL, Run(Pki::ImportPem)).then(&[
                Node::run("exportable", MAY_LEAVE, Run(Pki::ImportPem)),
                Node::group(
                    "password",
                    "Passphrase of an encrypted key",
                    &[Node::object(PASSPHRASE, Pki::ImportPem).then(&[Node::run(
                        "exportable",
                        MAY_LEAVE,
                        Run(Pki::ImportPem),
                    )])],
                ),
            ]),
        ],
    ),
    Node::group(
        "pkcs12",
        "Import certificates and key in PKCS12 format",
        &[Node::group(
            "terminal",
            FROM_TERMINAL,
            &[Node::group(
                "password",
                "Specify passphrase",
                &[
                    Node::object(PASSPHRASE, Pki::ImportPkcs12).then(&[Node::run(
                        "exportable",
                        MAY_LEAVE,
                        Run(Pki::ImportPkcs12),
                    )]),
                ],
            )],
        )],
    ),
];

const TRUSTPOOL: &[Node] = &[
    Node::run(
        "clean",
        "Remove the built-in and imported CA certificates",
        Run(Pki::CleanTrustpool),
    ),
    Node::group(
        "import",
        "Import CA certificates",
        &[Node::run(
            "terminal",
            FROM_TERMINAL,
            Run(Pki::ImportTrustpool),
        )],
    ),
];

const KEY: &[Node] = &[
    Node::group(
        "generate",
        "Generate new keys",
        &[
            Node::group("ec", "Generate EC keys", EC),
            Node::run("rsa", "Generate RSA keys", Run(Pki::GenerateRsa)).then(&[
                Node::run(
                    "general-keys",
                    "One pair for signing and encryption",
                    Run(Pki::GenerateRsa),
                )
                .then(RSA),
                RSA_LABEL,
                RSA_MODULUS,
                RSA_EXPORTABLE,
            ]),
        ],
    ),
    Node::group(
        "zeroize",
        "Remove keys",
        &[
            Node::group("ec", "Remove an EC key pair", &[KEY_NAME]),
            Node::group("rsa", "Remove an RSA key pair", &[KEY_NAME]),
        ],
    ),
];

const KEY_NAME: Node = Node::object("Label of the key pair", Pki::ZeroizeKeys);
const RSA: &[Node] = &[RSA_LABEL, RSA_MODULUS, RSA_EXPORTABLE];
const RSA_LABEL: Node = Node::group(
    "label",
    "Provide a label",
    &[Node::object("Label", Pki::GenerateRsa).then(&[RSA_MODULUS, RSA_EXPORTABLE])],
);
const RSA_MODULUS: Node = Node::group(
    "modulus",
    "Provide number of modulus bits on the command line",
    &[
        Node::number("size of the key modulus [360-8192]", Run(Pki::GenerateRsa))
            .then(&[RSA_EXPORTABLE]),
    ],
);
const RSA_EXPORTABLE: Node = Node::run(
    "exportable",
    "Allow the key to be exported",
    Run(Pki::GenerateRsa),
);

const EC: &[Node] = &[Node::group(
    "keysize",
    "Bits of the curve",
    &[
        Node::group("256", "Curve P-256", EC_LABEL),
        Node::group("384", "Curve P-384", EC_LABEL),
        Node::group("521", "Curve P-521", EC_LABEL),
    ],
)];

const EC_LABEL: &[Node] = &[Node::group(
    "label",
    "Provide a label",
    &[Node::object("Label", Pki::GenerateEc)],
)];
