//! `monitor capture` (O-088) in both its forms, and its pages. They see the packets of IKE, which the
//! daemon keeps anyway.

use super::node::Action::Monitor as Run;
use super::node::{Node, Token};
use super::show::Page;
use super::show::monitor::Part;

/// What a line of `monitor capture` does; what it names is in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Monitor {
    Buffer,
    ClearBuffer,
    ExportBuffer,
    Point,
    Associate,
    Disassociate,
    StartPoint,
    StopPoint,
    Both,
    Start,
    Stop,
    Clear,
    Export,
}

/// `monitor ...`.
pub(super) const MONITOR: &[Node] = &[Node::group(
    "capture",
    "Capture data",
    &[
        Node::group(
            "buffer",
            "Control Capture Buffers",
            &[named("Name of the Capture Buffer", Monitor::Buffer).then(BUFFER)],
        ),
        Node::group("point", "Control Capture Points", POINT),
        named("Name of the Capture", Monitor::Both).then(&[
            Node::run("clear", "Clear Buffer", Run(Monitor::Clear)),
            Node::group(
                "export",
                "Export Buffer",
                &[named("Location to dump buffer", Monitor::Export)],
            ),
            Node::group("interface", "Interface", INTERFACE),
            Node::group("match", "Describe filters inline", MATCH),
            Node::run("start", "Enable Capture", Run(Monitor::Start)),
            Node::run("stop", "Disable Capture", Run(Monitor::Stop)),
        ]),
    ],
)];

/// `no monitor ...`.
pub(super) const NO_MONITOR: &[Node] = &[Node::group(
    "capture",
    "Capture data",
    &[
        Node::group(
            "buffer",
            "Control Capture Buffers",
            &[named("Name of the Capture Buffer", Monitor::Buffer)],
        ),
        Node::group(
            "point",
            "Control Capture Points",
            &[
                Node::group("ip", "IPv4", &[CEF]),
                Node::group("ipv6", "IPv6", &[CEF]),
            ],
        ),
        named("Name of the Capture", Monitor::Both),
    ],
)];

/// `show monitor ...`.
pub(super) const SHOW_MONITOR: &[Node] = &[Node::group(
    "capture",
    "Information about capture",
    &[
        Node::group(
            "buffer",
            "Capture Buffer information",
            &[page("Capture buffer name", Part::Buffer).then(PARTS)],
        ),
        Node::group(
            "point",
            "Capture Point information",
            &[page("Capture point name", Part::Point)],
        ),
        page("Name of the Capture", Part::Parameters).then(&[
            Node::show(
                "buffer",
                "Contents of the Capture Buffer",
                Page::Monitor(Part::Buffer),
            )
            .then(&[Node::show(
                "dump",
                "Hex Dump of captured packets",
                Page::Monitor(Part::Dump),
            )]),
            Node::show(
                "parameter",
                "Parameters of the Capture",
                Page::Monitor(Part::Parameters),
            ),
        ]),
    ],
)];

const PARTS: &[Node] = &[
    Node::show(
        "dump",
        "Hex Dump of captured packets",
        Page::Monitor(Part::Dump),
    ),
    Node::show(
        "parameters",
        "Parameters of the Capture Buffer",
        Page::Monitor(Part::Parameters),
    ),
];

const BUFFER: &[Node] = &[
    Node::run("circular", "Circular Buffer", Run(Monitor::Buffer)).then(SIZES),
    Node::run(
        "clear",
        "Clear contents of Capture Buffer",
        Run(Monitor::ClearBuffer),
    ),
    Node::group(
        "export",
        "Export in Pcap format",
        &[named("Location to dump buffer", Monitor::ExportBuffer)],
    ),
    Node::run("linear", "Linear Buffer", Run(Monitor::Buffer)).then(SIZES),
    Node::group(
        "max-size",
        "Maximum size of element in the buffer (in bytes)",
        &[number(Monitor::Buffer).then(KINDS)],
    ),
    Node::group(
        "size",
        "Packet Dump buffer size (in Kbytes)",
        &[number(Monitor::Buffer).then(&[
            KIND_CIRCULAR,
            KIND_LINEAR,
            Node::group(
                "max-size",
                "Maximum size of element in the buffer (in bytes)",
                &[number(Monitor::Buffer).then(KINDS)],
            ),
        ])],
    ),
];

const SIZES: &[Node] = &[
    Node::group(
        "max-size",
        "Maximum size of element in the buffer (in bytes)",
        &[number(Monitor::Buffer)],
    ),
    Node::group(
        "size",
        "Packet Dump buffer size (in Kbytes)",
        &[number(Monitor::Buffer).then(&[Node::group(
            "max-size",
            "Maximum size of element in the buffer (in bytes)",
            &[number(Monitor::Buffer)],
        )])],
    ),
];

const KIND_CIRCULAR: Node = Node::run("circular", "Circular Buffer", Run(Monitor::Buffer));
const KIND_LINEAR: Node = Node::run("linear", "Linear Buffer", Run(Monitor::Buffer));
const KINDS: &[Node] = &[KIND_CIRCULAR, KIND_LINEAR];

const POINT: &[Node] = &[
    Node::group(
        "associate",
        "Associate capture point with capture buffer",
        &[Node::word(
            "Name of the Capture Point",
            &[named("Name of the Capture Buffer", Monitor::Associate)],
        )],
    ),
    Node::group(
        "disassociate",
        "Dis-associate capture point from capture buffer",
        &[named("Name of the Capture Point", Monitor::Disassociate)],
    ),
    Node::group("ip", "IPv4", &[CEF]),
    Node::group("ipv6", "IPv6", &[CEF]),
    Node::group(
        "start",
        "Enable Capture Point",
        &[named(
            "Name of the Capture Point, or all",
            Monitor::StartPoint,
        )],
    ),
    Node::group(
        "stop",
        "Disable Capture Point",
        &[named(
            "Name of the Capture Point, or all",
            Monitor::StopPoint,
        )],
    ),
];

const CEF: Node = Node::group(
    "cef",
    "CEF/Fast switched packets",
    &[Node::word(
        "Name of the Capture Point",
        &[Node::word(
            "Interface, or all",
            &[
                Node::run("both", "Inbound and outbound", Run(Monitor::Point)),
                Node::run("in", "Inbound", Run(Monitor::Point)),
                Node::run("out", "Outbound", Run(Monitor::Point)),
            ],
        )],
    )],
);

const INTERFACE: &[Node] = &[Node::word(
    "Interface, or all",
    &[
        Node::run("both", "Inbound and outbound", Run(Monitor::Both)).then(AND_MATCH),
        Node::run("in", "Inbound", Run(Monitor::Both)).then(AND_MATCH),
        Node::run("out", "Outbound", Run(Monitor::Both)).then(AND_MATCH),
    ],
)];

const AND_MATCH: &[Node] = &[Node::group("match", "Describe filters inline", MATCH)];

/// All of them mean the same: nothing but IKE is captured here.
const MATCH: &[Node] = &[
    Node::run("any", "All packets", Run(Monitor::Both)),
    Node::group("ipv4", "IPv4 packets only", ANY_ANY),
    Node::group("ipv6", "IPv6 packets only", ANY_ANY),
];

const ANY_ANY: &[Node] = &[
    Node::group("any", "Any source prefix", &[ANY]),
    Node::group(
        "protocol",
        "Protocols",
        &[Node::group(
            "udp",
            "UDP",
            &[Node::group("any", "Any source prefix", &[ANY])],
        )],
    ),
];

const ANY: Node = Node::run("any", "Any destination prefix", Run(Monitor::Both));

const fn named(help: &'static str, what: Monitor) -> Node {
    Node::free(Token::Name, help, Run(what))
}

const fn number(what: Monitor) -> Node {
    Node::free(Token::Number, "Number", Run(what))
}

const fn page(help: &'static str, part: Part) -> Node {
    Node::name(help, Page::Monitor(part))
}
