//! Code, rule, example and fix of each page of an error, in the order of [`ALL`](super::ALL).
use super::*;

/// In the order of [`ALL`].
pub(super) const PAGES: &[(&str, &str, &str, &str)] = &[
    (
        UNKNOWN_COMMAND,
        "IOS-FACTS section 3: the command tables of each mode",
        "crypto isakmp profile P\n\
         \x20self-identiy fqdn",
        "take the word beside the caret, or see what the mode knows in docs/ios-rules.md",
    ),
    (
        INCOMPLETE,
        "section 3",
        "crypto isakmp policy",
        "add the words that the help beside the caret lists",
    ),
    (
        AMBIGUOUS,
        "section 3: keywords may be cut as long as one fits",
        "crypto i",
        "write one letter more",
    ),
    (
        UNEXPECTED_WORD,
        "section 3",
        "crypto isakmp polcy 10",
        "take the word beside the caret",
    ),
    (
        BAD_VALUE,
        "section 3: ranges of each command",
        "crypto isakmp policy 10\n\
         \x20lifetime 5",
        "give a value of the form and range beside the caret",
    ),
    (
        WRONG_MODE,
        "section 3: sub-modes",
        "encr 3des",
        "put the line below the one that opens its mode, here `crypto isakmp policy 10`",
    ),
    (
        UNSUPPORTED,
        "ARCHITECTURE.md: what is not built",
        "crypto keyring K vrf V",
        "leave the word out, or run one daemon per VRF in a namespace of its own",
    ),
    (
        TRANSFORM_COMBINATION,
        "G-080",
        "crypto ipsec transform-set T esp-des esp-3des",
        "one cipher and one authentication: `esp-aes esp-sha256-hmac`",
    ),
    (
        UNKNOWN_TRANSFORM,
        "G-080",
        "crypto ipsec transform-set T esp-aes esp-sha265-hmac",
        "take the transform beside the caret",
    ),
    (
        BAD_CERTIFICATE,
        "G-063",
        "crypto pki certificate chain A\n\
         \x20certificate 01\n\
         \x20 zz",
        "copy the whole block from `show running-config`, down to its `quit`",
    ),
    (
        NO_TRUSTPOINT,
        "G-061",
        "crypto isakmp profile P\n\
         \x20match identity host a\n\
         \x20ca trust-point NOWHERE",
        "define it with `crypto pki trustpoint NOWHERE`, or correct the name; case counts",
    ),
    (
        NO_ISAKMP_PROFILE,
        "G-032, G-081",
        "crypto ipsec profile P\n\
         \x20set isakmp-profile NOWHERE",
        "define it with `crypto isakmp profile NOWHERE`, or correct the name",
    ),
    (
        NO_TRANSFORM_SET,
        "G-080, G-081",
        "crypto ipsec profile P\n\
         \x20set transform-set NOWHERE",
        "define it with `crypto ipsec transform-set NOWHERE ...`, or correct the name",
    ),
    (
        NO_KEYRING,
        "G-031, G-032",
        "crypto isakmp profile P\n\
         \x20match identity host a\n\
         \x20keyring NOWHERE",
        "define it with `crypto keyring NOWHERE`, or correct the name",
    ),
    (
        NO_IPSEC_PROFILE,
        "G-081, G-086",
        "interface Tunnel1\n\
         \x20tunnel protection ipsec profile NOWHERE",
        "define it with `crypto ipsec profile NOWHERE`, or correct the name",
    ),
    (
        NO_CRYPTO_MAP,
        "G-083, G-085",
        "interface Ethernet0/0\n\
         \x20crypto map NOWHERE",
        "define it with `crypto map NOWHERE 10 ipsec-isakmp`, or correct the name",
    ),
    (
        NO_ACCESS_LIST,
        "G-083, G-084",
        "crypto map M 1 ipsec-isakmp\n\
         \x20match address NOWHERE",
        "define it with `ip access-list extended NOWHERE`, or correct the name",
    ),
    (
        NO_CERTIFICATE_MAP,
        "G-062",
        "crypto isakmp profile P\n\
         \x20match certificate NOWHERE",
        "define it with `crypto pki certificate map NOWHERE 10`, or correct the name",
    ),
    (
        NO_IKEV2_PROFILE,
        "G-043, G-081",
        "crypto ipsec profile P\n\
         \x20set ikev2-profile NOWHERE",
        "define it with `crypto ikev2 profile NOWHERE`, or correct the name",
    ),
    (
        NO_IKEV2_PROPOSAL,
        "G-040, G-041",
        "crypto ikev2 policy P\n\
         \x20proposal NOWHERE",
        "define it with `crypto ikev2 proposal NOWHERE`, or correct the name",
    ),
    (
        NO_AUTHORIZATION,
        "G-043",
        "crypto ikev2 profile P\n\
         \x20aaa authorization group cert list default NOWHERE",
        "define it with `crypto ikev2 authorization policy NOWHERE`, or correct the name",
    ),
    (
        NO_POOL,
        "G-043",
        "crypto ikev2 authorization policy P\n\
         \x20pool NOWHERE",
        "define it with `ip local pool NOWHERE FIRST LAST`; an IPv6 pool with `ipv6 local pool`",
    ),
];
