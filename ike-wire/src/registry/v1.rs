//! IKEv1 numbers outside attributes: protocols, transforms, identities, certificates, notifications.
pub use super::v1_attribute::*;

registry! {
    /// Protocol identifiers (RFC 2407 4.4.1).
    ProtocolId(u8) {
        NONE = 0 "RESERVED",
        ISAKMP = 1 "ISAKMP",
        AH = 2 "IPSEC_AH",
        ESP = 3 "IPSEC_ESP",
        IPCOMP = 4 "IPCOMP",
    }
}

registry! {
    /// ISAKMP transform identifiers (RFC 2407 4.4.2).
    IsakmpTransform(u8) {
        KEY_IKE = 1 "KEY_IKE",
    }
}

registry! {
    /// ESP transform identifiers (RFC 2407 4.4.4, RFC 3602, RFC 4106, RFC 4543).
    EspTransform(u8) {
        DES = 2 "DES",
        TRIPLE_DES = 3 "3DES",
        NULL = 11 "NULL",
        AES_CBC = 12 "AES-CBC",
        AES_CTR = 13 "AES-CTR",
        AES_GCM_8 = 18 "AES-GCM with 8 octet ICV",
        AES_GCM_12 = 19 "AES-GCM with 12 octet ICV",
        AES_GCM_16 = 20 "AES-GCM with 16 octet ICV",
        NULL_AUTH_AES_GMAC = 23 "NULL_AUTH_AES-GMAC",
    }
}

registry! {
    /// AH transform identifiers (RFC 2407 4.4.3, RFC 4868).
    AhTransform(u8) {
        MD5 = 2 "AH_MD5",
        SHA = 3 "AH_SHA",
        SHA2_256 = 5 "AH_SHA2-256",
        SHA2_384 = 6 "AH_SHA2-384",
        SHA2_512 = 7 "AH_SHA2-512",
    }
}

registry! {
    /// Identification types (RFC 2407 4.6.2.1).
    IdType(u8) {
        IPV4_ADDR = 1 "IPV4_ADDR",
        FQDN = 2 "FQDN",
        USER_FQDN = 3 "USER_FQDN",
        IPV4_ADDR_SUBNET = 4 "IPV4_ADDR_SUBNET",
        IPV6_ADDR = 5 "IPV6_ADDR",
        IPV6_ADDR_SUBNET = 6 "IPV6_ADDR_SUBNET",
        IPV4_ADDR_RANGE = 7 "IPV4_ADDR_RANGE",
        IPV6_ADDR_RANGE = 8 "IPV6_ADDR_RANGE",
        DER_ASN1_DN = 9 "DER_ASN1_DN",
        DER_ASN1_GN = 10 "DER_ASN1_GN",
        KEY_ID = 11 "KEY_ID",
    }
}

registry! {
    /// Certificate encodings (RFC 2408 3.9).
    CertEncoding(u8) {
        NONE = 0 "NONE",
        PKCS7_X509 = 1 "PKCS #7 wrapped X.509 certificate",
        PGP = 2 "PGP Certificate",
        DNS_SIGNED_KEY = 3 "DNS Signed Key",
        X509_SIGNATURE = 4 "X.509 Certificate - Signature",
        X509_KEY_EXCHANGE = 5 "X.509 Certificate - Key Exchange",
        KERBEROS = 6 "Kerberos Tokens",
        CRL = 7 "Certificate Revocation List (CRL)",
        ARL = 8 "Authority Revocation List (ARL)",
        SPKI = 9 "SPKI Certificate",
        X509_ATTRIBUTE = 10 "X.509 Certificate - Attribute",
    }
}

registry! {
    /// Notify message types: errors below 8192, states below 16384 (RFC 2408 3.14.1), DOI states (RFC 2407 4.6.3, RFC 3706).
    NotifyType(u16) {
        INVALID_PAYLOAD_TYPE = 1 "INVALID-PAYLOAD-TYPE",
        DOI_NOT_SUPPORTED = 2 "DOI-NOT-SUPPORTED",
        SITUATION_NOT_SUPPORTED = 3 "SITUATION-NOT-SUPPORTED",
        INVALID_COOKIE = 4 "INVALID-COOKIE",
        INVALID_MAJOR_VERSION = 5 "INVALID-MAJOR-VERSION",
        INVALID_MINOR_VERSION = 6 "INVALID-MINOR-VERSION",
        INVALID_EXCHANGE_TYPE = 7 "INVALID-EXCHANGE-TYPE",
        INVALID_FLAGS = 8 "INVALID-FLAGS",
        INVALID_MESSAGE_ID = 9 "INVALID-MESSAGE-ID",
        INVALID_PROTOCOL_ID = 10 "INVALID-PROTOCOL-ID",
        INVALID_SPI = 11 "INVALID-SPI",
        INVALID_TRANSFORM_ID = 12 "INVALID-TRANSFORM-ID",
        ATTRIBUTES_NOT_SUPPORTED = 13 "ATTRIBUTES-NOT-SUPPORTED",
        NO_PROPOSAL_CHOSEN = 14 "NO-PROPOSAL-CHOSEN",
        BAD_PROPOSAL_SYNTAX = 15 "BAD-PROPOSAL-SYNTAX",
        PAYLOAD_MALFORMED = 16 "PAYLOAD-MALFORMED",
        INVALID_KEY_INFORMATION = 17 "INVALID-KEY-INFORMATION",
        INVALID_ID_INFORMATION = 18 "INVALID-ID-INFORMATION",
        INVALID_CERT_ENCODING = 19 "INVALID-CERT-ENCODING",
        INVALID_CERTIFICATE = 20 "INVALID-CERTIFICATE",
        CERT_TYPE_UNSUPPORTED = 21 "CERT-TYPE-UNSUPPORTED",
        INVALID_CERT_AUTHORITY = 22 "INVALID-CERT-AUTHORITY",
        INVALID_HASH_INFORMATION = 23 "INVALID-HASH-INFORMATION",
        AUTHENTICATION_FAILED = 24 "AUTHENTICATION-FAILED",
        INVALID_SIGNATURE = 25 "INVALID-SIGNATURE",
        ADDRESS_NOTIFICATION = 26 "ADDRESS-NOTIFICATION",
        NOTIFY_SA_LIFETIME = 27 "NOTIFY-SA-LIFETIME",
        CERTIFICATE_UNAVAILABLE = 28 "CERTIFICATE-UNAVAILABLE",
        UNSUPPORTED_EXCHANGE_TYPE = 29 "UNSUPPORTED-EXCHANGE-TYPE",
        UNEQUAL_PAYLOAD_LENGTHS = 30 "UNEQUAL-PAYLOAD-LENGTHS",
        CONNECTED = 16384 "CONNECTED",
        RESPONDER_LIFETIME = 24576 "RESPONDER-LIFETIME",
        REPLAY_STATUS = 24577 "REPLAY-STATUS",
        INITIAL_CONTACT = 24578 "INITIAL-CONTACT",
        R_U_THERE = 36136 "R-U-THERE",
        R_U_THERE_ACK = 36137 "R-U-THERE-ACK",
        UNITY_HEARTBEAT = 40500 "HEARTBEAT",
    }
}

registry! {
    /// Configuration message types (draft-dukes-ike-mode-cfg 3.2).
    ConfigType(u8) {
        REQUEST = 1 "ISAKMP_CFG_REQUEST",
        REPLY = 2 "ISAKMP_CFG_REPLY",
        SET = 3 "ISAKMP_CFG_SET",
        ACK = 4 "ISAKMP_CFG_ACK",
    }
}
