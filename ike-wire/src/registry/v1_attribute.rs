//! IKEv1 attribute classes and their values: phase 1 (RFC 2409 appendix A), IPsec (RFC 2407 4.5), configuration mode.

registry! {
    /// Phase 1 attribute classes (RFC 2409 appendix A).
    OakleyAttribute(u16) {
        ENCRYPTION = 1 "Encryption-Algorithm",
        HASH = 2 "Hash-Algorithm",
        AUTHENTICATION = 3 "Authentication-Method",
        GROUP = 4 "Group-Description",
        GROUP_TYPE = 5 "Group-Type",
        LIFE_TYPE = 11 "Life-Type",
        LIFE_DURATION = 12 "Life-Duration",
        PRF = 13 "PRF",
        KEY_LENGTH = 14 "Key-Length",
        FIELD_SIZE = 15 "Field-Size",
        GROUP_ORDER = 16 "Group-Order",
    }
}

registry! {
    /// Phase 1 encryption algorithms.
    EncryptionId(u16) {
        DES_CBC = 1 "DES-CBC",
        IDEA_CBC = 2 "IDEA-CBC",
        BLOWFISH_CBC = 3 "BLOWFISH-CBC",
        RC5_CBC = 4 "RC5-R16-B64-CBC",
        TRIPLE_DES_CBC = 5 "3DES-CBC",
        CAST_CBC = 6 "CAST-CBC",
        AES_CBC = 7 "AES-CBC",
        CAMELLIA_CBC = 8 "CAMELLIA-CBC",
    }
}

registry! {
    /// Phase 1 hash algorithms (RFC 2409, RFC 4868).
    HashId(u16) {
        MD5 = 1 "MD5",
        SHA = 2 "SHA",
        TIGER = 3 "TIGER",
        SHA2_256 = 4 "SHA2-256",
        SHA2_384 = 5 "SHA2-384",
        SHA2_512 = 6 "SHA2-512",
    }
}

registry! {
    /// Phase 1 authentication methods (RFC 2409, RFC 4754, draft-ietf-ipsec-isakmp-xauth).
    AuthMethod(u16) {
        PRE_SHARED_KEY = 1 "Pre-shared key",
        DSS_SIGNATURES = 2 "DSS signatures",
        RSA_SIGNATURES = 3 "RSA signatures",
        RSA_ENCRYPTION = 4 "Encryption with RSA",
        REVISED_RSA_ENCRYPTION = 5 "Revised encryption with RSA",
        ECDSA_P256 = 9 "ECDSA with SHA-256 on the P-256 curve",
        ECDSA_P384 = 10 "ECDSA with SHA-384 on the P-384 curve",
        ECDSA_P521 = 11 "ECDSA with SHA-512 on the P-521 curve",
        HYBRID_INIT_RSA = 64221 "HybridInitRSA",
        XAUTH_INIT_PRE_SHARED = 65001 "XAUTHInitPreShared",
        XAUTH_RESP_PRE_SHARED = 65002 "XAUTHRespPreShared",
        XAUTH_INIT_RSA = 65005 "XAUTHInitRSA",
        XAUTH_RESP_RSA = 65006 "XAUTHRespRSA",
    }
}

registry! {
    /// Diffie-Hellman groups, also of phase 2 (RFC 2409 6, RFC 3526, RFC 5903, RFC 5114).
    GroupId(u16) {
        MODP_768 = 1 "Default 768-bit MODP group",
        MODP_1024 = 2 "Alternate 1024-bit MODP group",
        MODP_1536 = 5 "1536 bit MODP group",
        MODP_2048 = 14 "2048 bit MODP group",
        MODP_3072 = 15 "3072 bit MODP group",
        MODP_4096 = 16 "4096 bit MODP group",
        MODP_6144 = 17 "6144 bit MODP group",
        MODP_8192 = 18 "8192 bit MODP group",
        ECP_256 = 19 "256-bit random ECP group",
        ECP_384 = 20 "384-bit random ECP group",
        ECP_521 = 21 "521-bit random ECP group",
        MODP_2048_S256 = 24 "2048-bit MODP Group with 256-bit Prime Order Subgroup",
    }
}

registry! {
    /// Life types of both phases.
    LifeType(u16) {
        SECONDS = 1 "Seconds",
        KILOBYTES = 2 "Kilobytes",
    }
}

registry! {
    /// IPsec SA attribute classes (RFC 2407 4.5, RFC 4304).
    IpsecAttribute(u16) {
        LIFE_TYPE = 1 "SA-Life-Type",
        LIFE_DURATION = 2 "SA-Life-Duration",
        GROUP = 3 "Group-Description",
        ENCAPSULATION = 4 "Encapsulation-Mode",
        AUTHENTICATION = 5 "Authentication-Algorithm",
        KEY_LENGTH = 6 "Key-Length",
        KEY_ROUNDS = 7 "Key-Rounds",
        EXTENDED_SEQUENCE = 11 "Extended-Sequence-Number",
    }
}

registry! {
    /// Encapsulation modes (RFC 2407 4.5, RFC 3947 5.1).
    Encapsulation(u16) {
        TUNNEL = 1 "Tunnel",
        TRANSPORT = 2 "Transport",
        UDP_TUNNEL = 3 "UDP-Encapsulated-Tunnel",
        UDP_TRANSPORT = 4 "UDP-Encapsulated-Transport",
        UDP_TUNNEL_DRAFT = 61443 "UDP-Encapsulated-Tunnel (draft)",
        UDP_TRANSPORT_DRAFT = 61444 "UDP-Encapsulated-Transport (draft)",
    }
}

registry! {
    /// Authentication algorithms of IPsec SAs (RFC 2407 4.5, RFC 4868).
    IpsecAuth(u16) {
        HMAC_MD5 = 1 "HMAC-MD5",
        HMAC_SHA1 = 2 "HMAC-SHA",
        HMAC_SHA2_256 = 5 "HMAC-SHA2-256",
        HMAC_SHA2_384 = 6 "HMAC-SHA2-384",
        HMAC_SHA2_512 = 7 "HMAC-SHA2-512",
    }
}

registry! {
    /// Configuration attributes (draft-dukes-ike-mode-cfg 3.4, draft-beaulieu-ike-xauth 5, Unity).
    ConfigAttribute(u16) {
        INTERNAL_IP4_ADDRESS = 1 "INTERNAL_IP4_ADDRESS",
        INTERNAL_IP4_NETMASK = 2 "INTERNAL_IP4_NETMASK",
        INTERNAL_IP4_DNS = 3 "INTERNAL_IP4_DNS",
        INTERNAL_IP4_NBNS = 4 "INTERNAL_IP4_NBNS",
        INTERNAL_ADDRESS_EXPIRY = 5 "INTERNAL_ADDRESS_EXPIRY",
        APPLICATION_VERSION = 7 "APPLICATION_VERSION",
        INTERNAL_IP4_SUBNET = 13 "INTERNAL_IP4_SUBNET",
        XAUTH_TYPE = 16520 "XAUTH-TYPE",
        XAUTH_USER_NAME = 16521 "XAUTH-USER-NAME",
        XAUTH_USER_PASSWORD = 16522 "XAUTH-USER-PASSWORD",
        XAUTH_MESSAGE = 16524 "XAUTH-MESSAGE",
        XAUTH_STATUS = 16527 "XAUTH-STATUS",
        UNITY_BANNER = 28672 "UNITY_BANNER",
        UNITY_SAVE_PASSWORD = 28673 "UNITY_SAVE_PASSWD",
        UNITY_DEF_DOMAIN = 28674 "UNITY_DEF_DOMAIN",
        UNITY_SPLITDNS_NAME = 28675 "UNITY_SPLITDNS_NAME",
        UNITY_SPLIT_INCLUDE = 28676 "UNITY_SPLIT_INCLUDE",
    }
}
