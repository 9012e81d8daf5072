//! The pages of warnings and notes, as `table` has those of errors.
use super::*;

/// In the order of [`ALL`].
pub(super) const PAGES: &[(&str, &str, &str, &str)] = &[
    (
        IGNORED_LINE,
        "section 3: what is no part of IKE is left out",
        "router ospf 1",
        "nothing, if IKE does not depend on it",
    ),
    (
        LETTER_L,
        "section 3, the tech note's R2",
        "interface Tunnell",
        "write the digit: `interface Tunnel1`",
    ),
    (
        NO_INTERFACE,
        "G-086",
        "interface Tunnel1\n\
         \x20tunnel source Ethernet0/0",
        "define `interface Ethernet0/0` with an address",
    ),
    (
        INCOMPLETE_OBJECT,
        "G-040, G-041, G-043, G-083, G-086",
        "crypto map M 1 ipsec-isakmp",
        "give what the help beside the mark lists",
    ),
    (
        NO_MATCH,
        "G-032",
        "crypto isakmp profile P\n\
         \x20self-identity fqdn",
        "add `match identity ...` for the peers it is for",
    ),
    (
        SAME_MATCH,
        "S-091, S-095",
        "crypto isakmp profile A\n\
         \x20match identity host x\n\
         crypto isakmp profile B\n\
         \x20match identity host x",
        "give each profile a match of its own, or use the one created last for the tunnel",
    ),
    (
        DEFAULT_GROUP,
        "G-021",
        "crypto isakmp policy 1\n\
         \x20encr aes",
        "add `group 14` or higher, on both routers",
    ),
    (
        NO_SIGNER,
        "S-075",
        "crypto ikev2 profile P\n\
         \x20match identity remote any\n\
         \x20authentication local rsa-sig\n\
         \x20authentication remote rsa-sig",
        "add `pki trustpoint TP`, or let the peer start",
    ),
    (
        HIDDEN_POLICY,
        "G-041",
        "crypto ikev2 policy A\n\
         \x20proposal default\n\
         crypto ikev2 policy B\n\
         \x20proposal default",
        "tell them apart with `match address local`, or remove the second",
    ),
    (
        NOT_HTTP,
        "G-061",
        "crypto pki trustpoint A\n\
         \x20crl query ldap://ca/cn=CA",
        "give an http:// URL",
    ),
    (
        NOT_IN_MM4,
        "S-012, S-050, S-053",
        "crypto pki trustpoint A\n\
         \x20enrollment url http://a\n\
         crypto pki trustpoint B\n\
         \x20enrollment url http://b\n\
         crypto isakmp profile P\n\
         \x20match identity host x\n\
         \x20ca trust-point A",
        "S-063: no `ca trust-point` on a responder with several profiles, or the same trustpoints on both sides",
    ),
    (
        ASYMMETRIC,
        "S-060, S-063, S-079, S-080; needs both files: `ikd check A.cfg B.cfg`",
        "hostname R1\n\
         crypto pki trustpoint A\n\
         \x20enrollment url http://a\n\
         crypto pki trustpoint B\n\
         \x20enrollment url http://b\n\
         crypto isakmp profile P\n\
         \x20match identity host R2\n\
         \x20ca trust-point A\n\
         crypto ipsec profile P\n\
         \x20set isakmp-profile P\n\
         interface Ethernet0/0\n\
         \x20ip address 10.0.0.1 255.0.0.0\n\
         interface Tunnel1\n\
         \x20tunnel source Ethernet0/0\n\
         \x20tunnel destination 10.0.0.2\n\
         \x20tunnel protection ipsec profile P\n\
         ---\n\
         hostname R2\n\
         crypto pki trustpoint A\n\
         \x20enrollment url http://a\n\
         crypto pki trustpoint B\n\
         \x20enrollment url http://b\n\
         crypto isakmp profile P\n\
         \x20match identity host R1\n\
         crypto ipsec profile P\n\
         \x20set isakmp-profile P\n\
         interface Ethernet0/0\n\
         \x20ip address 10.0.0.2 255.0.0.0\n\
         interface Tunnel1\n\
         \x20tunnel source Ethernet0/0\n\
         \x20tunnel destination 10.0.0.1\n\
         \x20tunnel protection ipsec profile P",
        "name the same trustpoints in both profiles, or none on the router that answers",
    ),
    (
        REQUESTS_TOO_LONG,
        "S-013, S-014, W-002",
        "crypto pki trustpoint T1\n\
         crypto pki trustpoint T2\n\
         crypto pki trustpoint T3\n\
         crypto pki trustpoint T4\n\
         crypto pki trustpoint T5\n\
         crypto pki trustpoint T6\n\
         crypto pki trustpoint T7\n\
         crypto pki trustpoint T8\n\
         interface Ethernet0/0\n\
         \x20ip address 10.0.0.1 255.0.0.0\n\
         \x20ip mtu 1000\n\
         crypto isakmp policy 10\n\
         \x20hash md5\n\
         \x20group 2",
        "`crypto isakmp fragmentation` on both routers, `crypto pki trustpool clean`, or fewer trustpoints",
    ),
    (
        LOSING_PROFILE,
        "S-093, S-094, S-095",
        "crypto isakmp profile A\n\
         \x20match identity host x\n\
         crypto isakmp profile B\n\
         \x20match identity host x\n\
         crypto ipsec profile P\n\
         \x20set isakmp-profile A\n\
         interface Ethernet0/0\n\
         \x20ip address 10.0.0.1 255.0.0.0\n\
         interface Tunnel1\n\
         \x20tunnel source Ethernet0/0\n\
         \x20tunnel destination 10.0.0.2\n\
         \x20tunnel protection ipsec profile P",
        "let the tunnel use the profile that wins, or give the profiles different matches",
    ),
    (
        BAD_INTERFACE,
        "G-085, G-086",
        "interface Ethernet0/0\n\
         \x20shutdown\n\
         interface Tunnel1\n\
         \x20tunnel source Ethernet0/0\n\
         \x20tunnel destination 10.0.0.2",
        "`no shutdown` and an address on the source; one address on one interface",
    ),
    (
        BAD_ROUTE,
        "G-004",
        "interface Ethernet0/0\n\
         \x20ip address 10.0.0.1 255.255.255.0\n\
         ip route 192.168.200.0 255.255.255.0 172.16.0.1",
        "a next hop on a connected network; a route to the tunnel's destination outside the tunnel",
    ),
    (
        NO_COMMON_OFFER,
        "S-082, G-021, G-040; needs both files",
        "hostname R1\n\
         crypto isakmp policy 10\n\
         \x20hash md5\n\
         \x20group 14\n\
         crypto ipsec transform-set T esp-aes esp-sha-hmac\n\
         crypto ipsec profile P\n\
         \x20set transform-set T\n\
         interface Ethernet0/0\n\
         \x20ip address 10.0.0.1 255.0.0.0\n\
         interface Tunnel1\n\
         \x20tunnel source Ethernet0/0\n\
         \x20tunnel destination 10.0.0.2\n\
         \x20tunnel protection ipsec profile P\n\
         ---\n\
         hostname R2\n\
         crypto isakmp policy 10\n\
         \x20hash sha\n\
         \x20group 14\n\
         crypto ipsec transform-set T esp-aes esp-sha-hmac\n\
         crypto ipsec profile P\n\
         \x20set transform-set T\n\
         interface Ethernet0/0\n\
         \x20ip address 10.0.0.2 255.0.0.0\n\
         interface Tunnel1\n\
         \x20tunnel source Ethernet0/0\n\
         \x20tunnel destination 10.0.0.1\n\
         \x20tunnel protection ipsec profile P",
        "take the line of the peer that the message names, or add a policy or proposal that is alike on both",
    ),
    (
        TWO_VERSIONS,
        "G-081; needs both files",
        "hostname R1\n\
         crypto ikev2 profile V\n\
         \x20match identity remote any\n\
         \x20authentication local pre-share key k\n\
         \x20authentication remote pre-share key k\n\
         crypto ipsec transform-set T esp-aes esp-sha-hmac\n\
         crypto ipsec profile P\n\
         \x20set transform-set T\n\
         \x20set ikev2-profile V\n\
         interface Ethernet0/0\n\
         \x20ip address 10.0.0.1 255.0.0.0\n\
         interface Tunnel1\n\
         \x20tunnel source Ethernet0/0\n\
         \x20tunnel destination 10.0.0.2\n\
         \x20tunnel protection ipsec profile P\n\
         ---\n\
         hostname R2\n\
         crypto ipsec transform-set T esp-aes esp-sha-hmac\n\
         crypto ipsec profile P\n\
         \x20set transform-set T\n\
         interface Ethernet0/0\n\
         \x20ip address 10.0.0.2 255.0.0.0\n\
         interface Tunnel1\n\
         \x20tunnel source Ethernet0/0\n\
         \x20tunnel destination 10.0.0.1\n\
         \x20tunnel protection ipsec profile P",
        "`set ikev2-profile` on both ends, or on none",
    ),
    (
        OTHER_TRANSFORMS,
        "G-080; needs both files",
        "hostname R1\n\
         crypto ipsec transform-set T esp-aes esp-sha-hmac\n\
         crypto ipsec profile P\n\
         \x20set transform-set T\n\
         interface Ethernet0/0\n\
         \x20ip address 10.0.0.1 255.0.0.0\n\
         interface Tunnel1\n\
         \x20tunnel source Ethernet0/0\n\
         \x20tunnel destination 10.0.0.2\n\
         \x20tunnel protection ipsec profile P\n\
         ---\n\
         hostname R2\n\
         crypto ipsec transform-set T esp-3des esp-sha-hmac\n\
         crypto ipsec profile P\n\
         \x20set transform-set T\n\
         interface Ethernet0/0\n\
         \x20ip address 10.0.0.2 255.0.0.0\n\
         interface Tunnel1\n\
         \x20tunnel source Ethernet0/0\n\
         \x20tunnel destination 10.0.0.1\n\
         \x20tunnel protection ipsec profile P",
        "write the same transforms on both, or name a second set",
    ),
    (
        NOT_MIRRORED,
        "G-084; needs both files",
        "hostname R1\n\
         crypto ipsec transform-set T esp-aes esp-sha-hmac\n\
         crypto map M 10 ipsec-isakmp\n\
         \x20set peer 10.0.0.2\n\
         \x20set transform-set T\n\
         \x20match address A\n\
         ip access-list extended A\n\
         \x20permit ip host 10.1.0.1 host 10.1.0.2\n\
         interface Ethernet0/0\n\
         \x20ip address 10.0.0.1 255.0.0.0\n\
         \x20crypto map M\n\
         ---\n\
         hostname R2\n\
         crypto ipsec transform-set T esp-aes esp-sha-hmac\n\
         crypto map M 10 ipsec-isakmp\n\
         \x20set peer 10.0.0.1\n\
         \x20set transform-set T\n\
         \x20match address A\n\
         ip access-list extended A\n\
         \x20permit ip host 10.1.0.3 host 10.1.0.1\n\
         interface Ethernet0/0\n\
         \x20ip address 10.0.0.2 255.0.0.0\n\
         \x20crypto map M",
        "give the peer the same entry with source and destination in each other's place",
    ),
    (
        KEPT,
        "section 3",
        "crypto pki server CA",
        "nothing; the block is printed back by `show running-config`",
    ),
    (
        WEAK,
        "RFC 8247, RFC 8221",
        "crypto isakmp policy 1\n\
         \x20encr 3des\n\
         \x20group 14",
        "aes 256, sha256 and group 14 or higher, on both routers",
    ),
    (
        NO_EFFECT,
        "the rule in the message",
        "crypto ikev2 profile P\n\
         \x20match identity remote any\n\
         \x20authentication local pre-share key k\n\
         \x20authentication remote pre-share key k\n\
         \x20ivrf V",
        "leave the line out, or leave it as it is",
    ),
    (
        TRUSTS_ALL,
        "S-050, S-063, S-076",
        "crypto pki trustpoint A\n\
         \x20enrollment url http://a\n\
         crypto pki trustpoint B\n\
         \x20enrollment url http://b\n\
         crypto isakmp profile P\n\
         \x20match identity host x",
        "`ca trust-point TP` (IKEv1) or `pki trustpoint TP` (IKEv2) in the profile, the same on both sides",
    ),
    (
        OVERLAP,
        "S-095, S-096, S-097",
        "crypto isakmp profile A\n\
         \x20match identity host r1.cisco.com\n\
         crypto isakmp profile B\n\
         \x20match identity host domain cisco.com",
        "nothing, if the more specific profile is meant for those peers",
    ),
];
