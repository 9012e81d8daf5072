//! Every command of the configuration language: whether charon is told, and if not, why.
//!
//! A command that is in no table is remarked as unknown, so that none gets lost in silence. Lines
//! that begin with `no` or `default` are the absence of something.

use ike_core::config::Place;

use super::remarks::{Effect, Remarks, starts_with};

/// What becomes of a command.
enum Verdict {
    /// It is translated, or plays its part in the compiled policy, the enrolment or the host.
    Told,
    Lost(&'static str),
    Unneeded(&'static str),
}

use Verdict::{Lost, Told, Unneeded};

/// Commands of one kind of block, by how both begin.
type Table = (&'static str, &'static [(&'static str, Verdict)]);

/// Remarks on the lines that no decision below depends on.
pub(super) fn go_through(places: &[Place], remarks: &mut Remarks<'_>) {
    for place in places {
        if ["no ", "default "]
            .iter()
            .any(|w| place.command.starts_with(w))
        {
            continue;
        }
        match verdict(place) {
            Some(Told) => {}
            Some(Lost(reason)) => remarks.about(place, Effect::Lost, reason),
            Some(Unneeded(reason)) => remarks.about(place, Effect::Unneeded, reason),
            None => remarks.about(place, Effect::Lost, "nothing of charon corresponds to it"),
        }
    }
}

/// The first command that fits in the first table that fits.
fn verdict(place: &Place) -> Option<&'static Verdict> {
    let mut tables = TABLES.iter();
    let fits = |block: &str| match block {
        "" => place.block.is_empty(),
        block => starts_with(&place.block, block),
    };
    let (_, commands) = tables.find(|(block, _)| fits(block))?;
    let mut commands = commands.iter();
    let found = commands.find(|(command, _)| starts_with(&place.command, command));
    found.map(|(_, verdict)| verdict)
}

const TABLES: &[Table] = &[
    ("", GLOBAL),
    ("crypto isakmp policy", ISAKMP_POLICY),
    ("crypto isakmp profile", ISAKMP_PROFILE),
    ("crypto keyring", KEYRING),
    ("crypto ikev2 proposal", IKEV2_PROPOSAL),
    ("crypto ikev2 policy", IKEV2_POLICY),
    ("crypto ikev2 keyring", IKEV2_KEYRING),
    ("crypto ikev2 profile", IKEV2_PROFILE),
    ("crypto ikev2 authorization policy", AUTHORIZATION),
    ("crypto pki trustpoint", TRUSTPOINT),
    ("crypto pki certificate map", MAP_OF_CERTIFICATES),
    ("crypto pki certificate chain", &[("", Unneeded(ENROLMENT))]),
    ("crypto ipsec transform-set", &[("mode", Told)]),
    ("crypto ipsec profile", IPSEC_PROFILE),
    ("crypto map", CRYPTO_MAP),
    ("ip access-list", &[("deny", Lost(DENY)), ("", Told)]),
    ("interface", INTERFACE),
];

const ENROLMENT: &str = "certificates come with the enrolment";
const LOGGING: &str = "charon has a log of its own";
const NOT_IKE: &str = "it is not about IKE";
const VRF: &str = "charon has no VRFs";
const DENY: &str = "a traffic selector says what is protected, never what is not";
const EACH_TUNNEL: &str = "charon has a connection for each tunnel, which says who its peer is";
const MAP: &str = "charon matches an identity, not the fields of a certificate; write `match identity` for what the certificate names";
const HALF_OPEN: &str =
    "charon counts half-open SAs of both versions and directions together (init_limit_half_open)";

const GLOBAL: &[(&str, Verdict)] = &[
    ("hostname", Told),
    ("ip domain", Told),
    ("ip domain-name", Told),
    ("ip host", Told),
    ("ip route", Told),
    ("ipv6 route", Told),
    ("ipv6 unicast-routing", Told),
    ("ip local pool", Told),
    (
        "ipv6 local pool",
        Lost("charon hands out single addresses of it, not prefixes"),
    ),
    ("ip access-list", Told),
    ("access-list", Told),
    ("interface", Told),
    ("pki-order", Told),
    ("profile-selection", Lost(EACH_TUNNEL)),
    ("crypto isakmp enable", Told),
    ("crypto isakmp default policy", Told),
    ("crypto isakmp policy", Told),
    ("crypto isakmp key", Told),
    ("crypto isakmp identity", Told),
    ("crypto isakmp keepalive", Told),
    ("crypto isakmp nat keepalive", Told),
    ("crypto isakmp fragmentation", Told),
    ("crypto isakmp profile", Told),
    (
        "crypto isakmp invalid-spi-recovery",
        Lost("charon starts nothing for an SPI that it does not know"),
    ),
    (
        "crypto isakmp aggressive-mode disable",
        Unneeded("charon takes aggressive mode only where it is told to"),
    ),
    ("crypto keyring", Told),
    ("crypto call admission limit ike sa", Told),
    ("crypto call admission limit", Lost(HALF_OPEN)),
    ("crypto logging", Unneeded(LOGGING)),
    ("crypto ikev2 proposal", Told),
    ("crypto ikev2 policy", Told),
    ("crypto ikev2 keyring", Told),
    ("crypto ikev2 profile", Told),
    ("crypto ikev2 authorization", Told),
    ("crypto ikev2 dpd", Told),
    ("crypto ikev2 nat keepalive", Told),
    ("crypto ikev2 cookie-challenge", Told),
    ("crypto ikev2 fragmentation", Told),
    (
        "crypto ikev2 redirect client max-redirects",
        Lost("charon follows redirects without a number"),
    ),
    ("crypto ikev2 redirect client", Told),
    ("crypto ikev2 mode", Told),
    ("crypto ikev2 digital-signature", Told),
    ("crypto ikev2 mobike", Told),
    ("crypto ikev2 childless", Told),
    ("crypto ikev2 limit max-sa", Told),
    ("crypto ikev2 limit", Lost(HALF_OPEN)),
    (
        "crypto ikev2 window",
        Lost("charon has a window of one request"),
    ),
    (
        "crypto ikev2 http-url",
        Lost("charon is not told to fetch certificates (hash_and_url)"),
    ),
    (
        "crypto ikev2 certificate-cache",
        Unneeded("charon caches what it has verified"),
    ),
    ("crypto ikev2 diagnose error", Unneeded(LOGGING)),
    ("crypto pki trustpoint", Told),
    ("crypto pki certificate map", Told),
    ("crypto pki certificate chain", Told),
    (
        "crypto pki trustpool clean",
        Unneeded("charon asks for no predefined CA"),
    ),
    (
        "crypto pki trustpool",
        Lost("charon has no trust pool; write a trustpoint"),
    ),
    ("crypto pki", Lost("charon does not enrol and is no CA")),
    (
        "crypto key",
        Unneeded("the key pair comes with the enrolment"),
    ),
    ("crypto ipsec transform-set", Told),
    ("crypto ipsec profile", Told),
    ("crypto ipsec security-association", Told),
    ("crypto ipsec nat-transparency", Told),
    (
        "crypto ipsec df-bit",
        Lost("kernel-libipsec sends every packet in UDP as the kernel likes"),
    ),
    ("crypto map", Told),
    ("clock", Unneeded(NOT_IKE)),
    ("logging", Unneeded(NOT_IKE)),
    ("ntp", Unneeded(NOT_IKE)),
    ("service", Unneeded(NOT_IKE)),
];

const ISAKMP_POLICY: &[(&str, Verdict)] = &[
    ("encryption", Told),
    ("hash", Told),
    (
        "authentication rsa-encr",
        Lost("charon has no RSA encryption"),
    ),
    ("authentication", Told),
    ("group 24", Lost("left out, as this daemon leaves it out")),
    ("group", Told),
    ("lifetime", Told),
];

const ISAKMP_PROFILE: &[(&str, Verdict)] = &[
    ("match identity", Told),
    ("match certificate", Lost(MAP)),
    ("self-identity", Told),
    ("ca trust-point", Told),
    ("keyring", Told),
    ("keepalive", Told),
    ("local-address", Unneeded(EACH_TUNNEL)),
    ("initiate mode aggressive", Told),
    ("vrf", Lost(VRF)),
    ("description", Told),
];

const KEYRING: &[(&str, Verdict)] = &[
    ("pre-shared-key", Told),
    ("local-address", Told),
    ("description", Told),
];

const IKEV2_PROPOSAL: &[(&str, Verdict)] = &[
    ("encryption", Told),
    ("integrity", Told),
    ("prf", Told),
    ("group", Told),
    ("additional-ke", Told),
];

const IKEV2_POLICY: &[(&str, Verdict)] = &[
    ("match address", Told),
    ("match fvrf any", Told),
    ("match fvrf", Lost(VRF)),
    ("proposal", Told),
];

const IKEV2_KEYRING: &[(&str, Verdict)] = &[
    ("peer", Told),
    ("address", Told),
    ("hostname", Told),
    ("identity", Told),
    ("pre-shared-key", Told),
    ("ppk", Told),
    ("description", Told),
];

const IKEV2_PROFILE: &[(&str, Verdict)] = &[
    ("match identity remote", Told),
    ("match certificate", Lost(MAP)),
    ("match fvrf any", Told),
    ("match fvrf", Lost(VRF)),
    ("match address local", Unneeded(EACH_TUNNEL)),
    ("identity local", Told),
    (
        "authentication remote eap query-identity",
        Lost("EAP is not translated: this daemon refuses it"),
    ),
    ("authentication", Told),
    ("pki trustpoint", Told),
    ("keyring", Told),
    ("lifetime", Told),
    ("reauth", Told),
    ("dpd", Told),
    (
        "nat keepalive",
        Lost("charon has one interval for all connections (keep_alive)"),
    ),
    (
        "initial-contact force",
        Unneeded("charon says INITIAL_CONTACT with its first SA"),
    ),
    ("ivrf", Lost(VRF)),
    ("shutdown", Told),
    (
        "config-exchange",
        Unneeded("charon asks for configuration where it wants an address"),
    ),
    ("aaa authorization group", Told),
    ("description", Told),
];

const AUTHORIZATION: &[(&str, Verdict)] = &[
    ("pool", Told),
    ("ipv6 pool", Told),
    ("dns", Told),
    ("route set remote", Told),
    (
        "def-domain",
        Lost("a pool of charon has no attribute for it"),
    ),
    ("banner", Lost("a pool of charon has no attribute for it")),
    (
        "netmask",
        Lost("charon gives every address alone, without a mask"),
    ),
];

const TRUSTPOINT: &[(&str, Verdict)] = &[
    ("revocation-check", Told),
    (
        "ocsp",
        Lost("charon asks OCSP at the address that the certificate names"),
    ),
    (
        "match certificate",
        Lost("charon has no exceptions for single certificates"),
    ),
    (
        "chain-validation",
        Lost("charon validates up to a CA that it trusts"),
    ),
    ("crl", Lost("charon keeps the lists that it is given")),
    ("vrf", Lost(VRF)),
    ("usage", Unneeded(NOT_IKE)),
    // What is left says how to enrol.
    ("", Told),
];

const MAP_OF_CERTIFICATES: &[(&str, Verdict)] = &[("", Lost(MAP))];

const IPSEC_PROFILE: &[(&str, Verdict)] = &[
    ("set transform-set", Told),
    ("set isakmp-profile", Told),
    ("set ikev2-profile", Told),
    ("set pfs", Told),
    ("set security-association", Told),
    (
        "responder-only",
        Unneeded("charon starts nothing by itself"),
    ),
    ("description", Told),
];

const CRYPTO_MAP: &[(&str, Verdict)] = &[
    ("set", Told),
    ("match address", Told),
    ("reverse-route", Told),
    ("description", Told),
];

const INTERFACE: &[(&str, Verdict)] = &[
    ("description", Told),
    ("ip address", Told),
    ("ipv6 address", Told),
    ("ipv6 enable", Told),
    ("shutdown", Told),
    ("crypto map", Told),
    (
        "ip mtu",
        Lost("kernel-libipsec gives its device an MTU of 1400"),
    ),
    ("tunnel key", Lost("nothing puts charon's packets into GRE")),
    ("tunnel", Told),
    ("", Unneeded("the wire of a lab has nothing of the kind")),
];
