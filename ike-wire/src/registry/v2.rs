//! IKEv2 numbers outside transforms and notifications (RFC 7296 3, the IANA registry "IKEv2 Parameters").
pub use super::v2_notify::*;
pub use super::v2_transform::*;

registry! {
    /// Protocol identifiers (RFC 7296 3.3.1, RFC 4595).
    ProtocolId(u8) {
        /// Notifications that concern no SA.
        NONE = 0 "NONE",
        IKE = 1 "IKE",
        AH = 2 "AH",
        ESP = 3 "ESP",
        FC_ESP_HEADER = 4 "FC_ESP_HEADER",
        FC_CT_AUTHENTICATION = 5 "FC_CT_AUTHENTICATION",
        GIKE_UPDATE = 6 "GIKE_UPDATE",
    }
}

registry! {
    /// Identification types (RFC 7296 3.5, RFC 4595, RFC 7619).
    IdType(u8) {
        IPV4_ADDR = 1 "IPV4_ADDR",
        FQDN = 2 "FQDN",
        RFC822_ADDR = 3 "RFC822_ADDR",
        IPV6_ADDR = 5 "IPV6_ADDR",
        DER_ASN1_DN = 9 "DER_ASN1_DN",
        DER_ASN1_GN = 10 "DER_ASN1_GN",
        KEY_ID = 11 "KEY_ID",
        FC_NAME = 12 "FC_NAME",
        NULL = 13 "NULL",
    }
}

registry! {
    /// Certificate encodings (RFC 7296 3.6, RFC 4806, RFC 7670).
    CertEncoding(u8) {
        PKCS7_X509 = 1 "PKCS #7 wrapped X.509 certificate",
        PGP = 2 "PGP Certificate",
        DNS_SIGNED_KEY = 3 "DNS Signed Key",
        X509_SIGNATURE = 4 "X.509 Certificate - Signature",
        KERBEROS = 6 "Kerberos Token",
        CRL = 7 "Certificate Revocation List (CRL)",
        ARL = 8 "Authority Revocation List (ARL)",
        SPKI = 9 "SPKI Certificate",
        X509_ATTRIBUTE = 10 "X.509 Certificate - Attribute",
        RAW_RSA_KEY = 11 "Raw RSA Key (deprecated)",
        HASH_AND_URL = 12 "Hash and URL of X.509 certificate",
        HASH_AND_URL_BUNDLE = 13 "Hash and URL of X.509 bundle",
        OCSP = 14 "OCSP Content",
        RAW_PUBLIC_KEY = 15 "Raw Public Key",
    }
}

registry! {
    /// Authentication methods (RFC 7296 3.8, RFC 4754, RFC 6467, RFC 7619, RFC 7427).
    AuthMethod(u8) {
        RSA = 1 "RSA Digital Signature",
        SHARED_KEY = 2 "Shared Key Message Integrity Code",
        DSS = 3 "DSS Digital Signature",
        ECDSA_P256 = 9 "ECDSA with SHA-256 on the P-256 curve",
        ECDSA_P384 = 10 "ECDSA with SHA-384 on the P-384 curve",
        ECDSA_P521 = 11 "ECDSA with SHA-512 on the P-521 curve",
        SECURE_PASSWORD = 12 "Generic Secure Password Authentication Method",
        NULL = 13 "NULL Authentication",
        DIGITAL_SIGNATURE = 14 "Digital Signature",
    }
}

registry! {
    /// Hash algorithms of SIGNATURE_HASH_ALGORITHMS (RFC 7427 7, RFC 8420, RFC 9385).
    HashAlgorithm(u16) {
        SHA1 = 1 "SHA1",
        SHA2_256 = 2 "SHA2-256",
        SHA2_384 = 3 "SHA2-384",
        SHA2_512 = 4 "SHA2-512",
        IDENTITY = 5 "Identity",
        STREEBOG_256 = 6 "STREEBOG_256",
        STREEBOG_512 = 7 "STREEBOG_512",
    }
}

registry! {
    /// Traffic selector types (RFC 7296 3.13.1, RFC 4595, RFC 9478).
    TsType(u8) {
        IPV4_ADDR_RANGE = 7 "TS_IPV4_ADDR_RANGE",
        IPV6_ADDR_RANGE = 8 "TS_IPV6_ADDR_RANGE",
        FC_ADDR_RANGE = 9 "TS_FC_ADDR_RANGE",
        SECLABEL = 10 "TS_SECLABEL",
    }
}

registry! {
    /// Configuration payload types (RFC 7296 3.15).
    ConfigType(u8) {
        REQUEST = 1 "CFG_REQUEST",
        REPLY = 2 "CFG_REPLY",
        SET = 3 "CFG_SET",
        ACK = 4 "CFG_ACK",
    }
}

registry! {
    /// Configuration attribute types (RFC 7296 3.15.1 and later; Unity numbers of IOS, W-070).
    ConfigAttributeType(u16) {
        INTERNAL_IP4_ADDRESS = 1 "INTERNAL_IP4_ADDRESS",
        INTERNAL_IP4_NETMASK = 2 "INTERNAL_IP4_NETMASK",
        INTERNAL_IP4_DNS = 3 "INTERNAL_IP4_DNS",
        INTERNAL_IP4_NBNS = 4 "INTERNAL_IP4_NBNS",
        INTERNAL_IP4_DHCP = 6 "INTERNAL_IP4_DHCP",
        APPLICATION_VERSION = 7 "APPLICATION_VERSION",
        INTERNAL_IP6_ADDRESS = 8 "INTERNAL_IP6_ADDRESS",
        INTERNAL_IP6_DNS = 10 "INTERNAL_IP6_DNS",
        INTERNAL_IP6_DHCP = 12 "INTERNAL_IP6_DHCP",
        INTERNAL_IP4_SUBNET = 13 "INTERNAL_IP4_SUBNET",
        SUPPORTED_ATTRIBUTES = 14 "SUPPORTED_ATTRIBUTES",
        INTERNAL_IP6_SUBNET = 15 "INTERNAL_IP6_SUBNET",
        MIP6_HOME_PREFIX = 16 "MIP6_HOME_PREFIX",
        INTERNAL_IP6_LINK = 17 "INTERNAL_IP6_LINK",
        INTERNAL_IP6_PREFIX = 18 "INTERNAL_IP6_PREFIX",
        HOME_AGENT_ADDRESS = 19 "HOME_AGENT_ADDRESS",
        P_CSCF_IP4_ADDRESS = 20 "P_CSCF_IP4_ADDRESS",
        P_CSCF_IP6_ADDRESS = 21 "P_CSCF_IP6_ADDRESS",
        FTT_KAT = 22 "FTT_KAT",
        EXTERNAL_SOURCE_IP4_NAT_INFO = 23 "EXTERNAL_SOURCE_IP4_NAT_INFO",
        LIVENESS_TIMEOUT = 24 "TIMEOUT_PERIOD_FOR_LIVENESS_CHECK",
        INTERNAL_DNS_DOMAIN = 25 "INTERNAL_DNS_DOMAIN",
        INTERNAL_DNSSEC_TA = 26 "INTERNAL_DNSSEC_TA",
        ENCDNS_IP4 = 27 "ENCDNS_IP4",
        ENCDNS_IP6 = 28 "ENCDNS_IP6",
        ENCDNS_DIGEST_INFO = 29 "ENCDNS_DIGEST_INFO",
        UNITY_BANNER = 28672 "UNITY_BANNER",
        UNITY_SAVE_PASSWORD = 28673 "UNITY_SAVE_PASSWD",
        UNITY_DEF_DOMAIN = 28674 "UNITY_DEF_DOMAIN",
        UNITY_SPLIT_DNS = 28675 "UNITY_SPLITDNS_NAME",
        UNITY_SPLIT_INCLUDE = 28676 "UNITY_SPLIT_INCLUDE",
        UNITY_BACKUP_GATEWAY = 28681 "UNITY_BACKUP_SERVERS",
        UNITY_CONFIG_URL = 28692 "UNITY_CONFIG_URL",
    }
}
