//! The stable codes of diagnostics, for `ikd errors CODE` and for tests. A code is never given a second meaning.
mod pages;
mod table;
mod warnings;

pub use pages::{Page, page};

/// A command of a crypto mode that does not exist.
pub const UNKNOWN_COMMAND: &str = "E0201";
/// A command that ends too early.
pub const INCOMPLETE: &str = "E0202";
/// An abbreviation that fits several keywords.
pub const AMBIGUOUS: &str = "E0203";
/// A word where another one, or none, is expected.
pub const UNEXPECTED_WORD: &str = "E0204";
/// A value of the wrong form or out of range.
pub const BAD_VALUE: &str = "E0205";
/// A command of one mode given in another.
pub const WRONG_MODE: &str = "E0206";
/// A known command that cannot be carried out here.
pub const UNSUPPORTED: &str = "E0207";
/// A set of transforms that does not go together.
pub const TRANSFORM_COMBINATION: &str = "E0210";
/// A transform that does not exist.
pub const UNKNOWN_TRANSFORM: &str = "E0213";
/// A certificate in the text that is not hexadecimal, or does not end with `quit`.
pub const BAD_CERTIFICATE: &str = "E0214";
/// A reference to a trustpoint that is not defined.
pub const NO_TRUSTPOINT: &str = "E0230";
/// A reference to an ISAKMP profile that is not defined.
pub const NO_ISAKMP_PROFILE: &str = "E0231";
/// A reference to a transform set that is not defined.
pub const NO_TRANSFORM_SET: &str = "E0232";
/// A reference to a keyring that is not defined.
pub const NO_KEYRING: &str = "E0233";
/// A reference to an IPsec profile that is not defined.
pub const NO_IPSEC_PROFILE: &str = "E0234";
/// A reference to a crypto map that is not defined.
pub const NO_CRYPTO_MAP: &str = "E0235";
/// A reference to an access list that is not defined.
pub const NO_ACCESS_LIST: &str = "E0236";
/// A reference to a certificate map that is not defined.
pub const NO_CERTIFICATE_MAP: &str = "E0237";
/// A reference to an IKEv2 profile that is not defined.
pub const NO_IKEV2_PROFILE: &str = "E0238";
/// A reference to an IKEv2 proposal that is not defined.
pub const NO_IKEV2_PROPOSAL: &str = "E0239";
/// A reference to an IKEv2 authorization policy that is not defined.
pub const NO_AUTHORIZATION: &str = "E0240";
/// A reference to an address pool that is not defined.
pub const NO_POOL: &str = "E0241";
/// A line outside crypto that is not understood and is left out.
pub const IGNORED_LINE: &str = "W0101";
/// A letter `l` where an interface number belongs.
pub const LETTER_L: &str = "W0102";
/// A reference to an interface that is not defined.
pub const NO_INTERFACE: &str = "W0103";
/// A transform set or profile without what it needs to take part in a negotiation.
pub const INCOMPLETE_OBJECT: &str = "W0104";
/// A profile without `match` statements is never selected (G-032).
pub const NO_MATCH: &str = "W0106";
/// Several profiles match the same identity (S-095).
pub const SAME_MATCH: &str = "W0107";
/// A policy that relies on the default group 1 (G-021).
pub const DEFAULT_GROUP: &str = "W0108";
/// A profile that signs and names no trustpoint cannot initiate (S-075).
pub const NO_SIGNER: &str = "W0109";
/// An IKEv2 policy behind another one that fits the same local address (G-041).
pub const HIDDEN_POLICY: &str = "W0110";
/// A URL about revocation that is never fetched (G-061).
pub const NOT_HTTP: &str = "W0111";
/// A `ca trust-point` that MM4 does not heed (S-012).
pub const NOT_IN_MM4: &str = "W0112";
/// Two routers whose trustpoints let a tunnel come up from one side only (S-060, S-079).
pub const ASYMMETRIC: &str = "W0113";
/// Certificate requests that do not fit one packet (W-002).
pub const REQUESTS_TOO_LONG: &str = "W0114";
/// A tunnel on a profile that a later one hides (S-093, S-094).
pub const LOSING_PROFILE: &str = "W0115";
/// An interface that cannot do what another line wants of it (G-085, G-086).
pub const BAD_INTERFACE: &str = "W0116";
/// A static route that leads nowhere, or a tunnel's packets into itself (G-004).
pub const BAD_ROUTE: &str = "W0117";
/// Two routers without a policy or proposal of phase 1 in common (S-082).
pub const NO_COMMON_OFFER: &str = "W0118";
/// Two routers that speak different versions of IKE with each other (G-081).
pub const TWO_VERSIONS: &str = "W0119";
/// Two routers without a transform set in common (G-080).
pub const OTHER_TRANSFORMS: &str = "W0120";
/// An entry of an access list without its mirror on the peer (G-084).
pub const NOT_MIRRORED: &str = "W0121";
/// A block that is kept and printed back, not acted on.
pub const KEPT: &str = "N0301";
/// An algorithm that is weak by today's measure.
pub const WEAK: &str = "N0302";
/// A line that has no effect here.
pub const NO_EFFECT: &str = "N0303";
/// A profile that believes every CA the router knows (S-050, S-076).
pub const TRUSTS_ALL: &str = "N0304";
/// A profile whose match covers another's (S-096).
pub const OVERLAP: &str = "N0305";

/// All codes with one sentence each, in ascending order within their letter.
pub const ALL: &[(&str, &str)] = &[
    (
        UNKNOWN_COMMAND,
        "The command does not exist in this mode. Look at the suggestion, or at `?`.",
    ),
    (
        INCOMPLETE,
        "The command needs more words than the line has.",
    ),
    (
        AMBIGUOUS,
        "The abbreviation fits several keywords; write one more letter.",
    ),
    (
        UNEXPECTED_WORD,
        "The command is known, this word of it is not.",
    ),
    (
        BAD_VALUE,
        "A number out of range, an address or a mask that is none, or a name of the wrong form.",
    ),
    (
        WRONG_MODE,
        "The command belongs into a sub-mode that is not open; check the line that opens it.",
    ),
    (
        UNSUPPORTED,
        "IOS knows this command; this daemon cannot do what it asks.",
    ),
    (
        TRANSFORM_COMBINATION,
        "A transform set holds at most one ESP cipher, one ESP authentication and one AH transform.",
    ),
    (UNKNOWN_TRANSFORM, "The transform does not exist."),
    (
        BAD_CERTIFICATE,
        "A certificate in the text is hexadecimal digits up to a line `quit`.",
    ),
    (NO_TRUSTPOINT, "The trustpoint is used but not defined."),
    (
        NO_ISAKMP_PROFILE,
        "The ISAKMP profile is used but not defined.",
    ),
    (
        NO_TRANSFORM_SET,
        "The transform set is used but not defined.",
    ),
    (NO_KEYRING, "The keyring is used but not defined."),
    (
        NO_IPSEC_PROFILE,
        "The IPsec profile is used but not defined.",
    ),
    (NO_CRYPTO_MAP, "The crypto map is used but not defined."),
    (NO_ACCESS_LIST, "The access list is used but not defined."),
    (
        NO_CERTIFICATE_MAP,
        "The certificate map is used but not defined.",
    ),
    (
        NO_IKEV2_PROFILE,
        "The IKEv2 profile is used but not defined.",
    ),
    (
        NO_IKEV2_PROPOSAL,
        "The IKEv2 proposal is used but not defined.",
    ),
    (
        NO_AUTHORIZATION,
        "The IKEv2 authorization policy is used but not defined.",
    ),
    (NO_POOL, "The address pool is used but not defined."),
    (
        IGNORED_LINE,
        "The line is not understood and has no effect; it is not part of IKE or IPsec.",
    ),
    (
        LETTER_L,
        "The interface number is written with the letter l; it is read as the digit 1.",
    ),
    (NO_INTERFACE, "The interface is used but not defined."),
    (
        INCOMPLETE_OBJECT,
        "The object lacks a command without which it is never used.",
    ),
    (
        NO_MATCH,
        "A profile without match statements is deemed incomplete and never selected.",
    ),
    (
        SAME_MATCH,
        "Profiles with the same match: the one created last is used (S-095).",
    ),
    (
        DEFAULT_GROUP,
        "The policy has no group command; the default is group 1, 768 bits.",
    ),
    (
        NO_SIGNER,
        "With certificates an IKEv2 initiator signs only with a trustpoint its profile names (S-075).",
    ),
    (
        HIDDEN_POLICY,
        "Several IKEv2 policies fit one local address; the first one is used (G-041).",
    ),
    (
        NOT_HTTP,
        "A list or an OCSP responder is asked by plain HTTP alone; another URL is never asked.",
    ),
    (
        NOT_IN_MM4,
        "An IKEv1 responder asks for every CA: the profile is bound at MM5, after its MM4.",
    ),
    (
        ASYMMETRIC,
        "One router may sign with a CA that the other one does not believe; who starts decides.",
    ),
    (
        REQUESTS_TOO_LONG,
        "MM3 or MM4 with all certificate requests exceeds the MTU and is fragmented by IP.",
    ),
    (
        LOSING_PROFILE,
        "Peers are bound to another profile than the tunnel's, and the tunnel is refused.",
    ),
    (
        BAD_INTERFACE,
        "The interface lacks what another line wants of it, or shares an address.",
    ),
    (
        BAD_ROUTE,
        "The route's next hop cannot be reached, or the tunnel carries its own packets.",
    ),
    (
        NO_COMMON_OFFER,
        "The two routers have no policy or proposal in common: phase 1 or IKE_SA_INIT is refused.",
    ),
    (
        TWO_VERSIONS,
        "One end of the tunnel speaks IKEv2, the other IKEv1; neither understands the other.",
    ),
    (
        OTHER_TRANSFORMS,
        "The two routers have no transform set in common: the tunnel is refused.",
    ),
    (
        NOT_MIRRORED,
        "The peer has no entry with source and destination in each other's place.",
    ),
    (
        KEPT,
        "The block is kept and printed back; nothing acts on it yet.",
    ),
    (
        WEAK,
        "The algorithm is weak by today's measure; peers with current defaults refuse it.",
    ),
    (NO_EFFECT, "The line is understood and has no effect here."),
    (
        TRUSTS_ALL,
        "The profile names no trustpoint: a certificate of any CA the router knows is believed.",
    ),
    (
        OVERLAP,
        "Two profiles match some peers both; the more specific match wins (S-096).",
    ),
];

/// The sentence that explains a code.
#[must_use]
pub fn explain(code: &str) -> Option<&'static str> {
    ALL.iter()
        .find(|(known, _)| *known == code)
        .map(|(_, text)| *text)
}
