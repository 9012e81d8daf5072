//! The numbers of IKE as named constants, with the names of the registries (as `tshark` prints them).
//!
//! Each registry is a newtype over the wire's integer, so that unknown numbers survive decoding and encoding. Numbers that both
//! versions share live here, those with a different meaning per version in [`v1`] and [`v2`].

/// Declares one registry: a newtype, its named numbers, `name()` and `Display`.
macro_rules! registry {
    ($(#[$meta:meta])* $name:ident($int:ty) { $($(#[$item:meta])* $constant:ident = $value:literal $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $int);

        impl $name {
            $(
                #[doc = concat!("`", $text, "`: ", stringify!($value), ".")]
                $(#[$item])*
                pub const $constant: Self = Self($value);
            )*

            /// The registry's name for the number, `None` for a number without one.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)*
                    _ => None,
                }
            }
        }

        impl From<$name> for $int {
            fn from(number: $name) -> Self {
                number.0
            }
        }

        impl std::fmt::Display for $name {
            /// The name, or `unknown-N` for a number without one.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => write!(f, "unknown-{}", self.0),
                }
            }
        }
    };
}

pub mod v1;
mod v1_attribute;
pub mod v2;
mod v2_notify;
mod v2_transform;

registry! {
    /// Next payload types. IKEv1 uses 0-21 and drafts' private numbers (RFC 2408 3.1, RFC 3947), IKEv2 33-54 (RFC 7296 3.2), here
    /// with the abbreviations of the RFC and of IOS.
    PayloadType(u8) {
        NONE = 0 "NONE",
        SA = 1 "Security Association",
        PROPOSAL = 2 "Proposal",
        TRANSFORM = 3 "Transform",
        KEY_EXCHANGE = 4 "Key Exchange",
        ID = 5 "Identification",
        CERT = 6 "Certificate",
        CERT_REQ = 7 "Certificate Request",
        HASH = 8 "Hash",
        SIG = 9 "Signature",
        NONCE = 10 "Nonce",
        NOTIFY = 11 "Notification",
        DELETE = 12 "Delete",
        VENDOR = 13 "Vendor ID",
        ATTRIBUTES = 14 "Config Mode Attributes",
        NAT_D_DRAFT = 15 "NAT-D (draft 03-08)",
        NAT_OA_DRAFT = 16 "NAT-OA (draft 03-08)",
        NAT_D = 20 "NAT-D (RFC 3947)",
        NAT_OA = 21 "NAT-OA (RFC 3947)",
        V2_SA = 33 "SA",
        V2_KEY_EXCHANGE = 34 "KE",
        V2_ID_INITIATOR = 35 "IDi",
        V2_ID_RESPONDER = 36 "IDr",
        V2_CERT = 37 "CERT",
        V2_CERT_REQ = 38 "CERTREQ",
        V2_AUTH = 39 "AUTH",
        V2_NONCE = 40 "N",
        V2_NOTIFY = 41 "NOTIFY",
        V2_DELETE = 42 "DELETE",
        V2_VENDOR = 43 "VID",
        V2_TS_INITIATOR = 44 "TSi",
        V2_TS_RESPONDER = 45 "TSr",
        V2_ENCRYPTED = 46 "SK",
        V2_CONFIGURATION = 47 "CFG",
        V2_EAP = 48 "EAP",
        V2_SECURE_PASSWORD = 49 "GSPM",
        V2_ID_GROUP = 50 "IDg",
        V2_GROUP_SA = 51 "GSA",
        V2_KEY_DOWNLOAD = 52 "KD",
        V2_ENCRYPTED_FRAGMENT = 53 "SKF",
        V2_PUZZLE_SOLUTION = 54 "PS",
        NAT_D_OLD = 130 "NAT-D (draft 00-02)",
        NAT_OA_OLD = 131 "NAT-OA (draft 00-02)",
        FRAGMENT = 132 "Cisco Fragmentation",
    }
}

registry! {
    /// Exchange types (RFC 2408 3.1, RFC 2409 appendix A, RFC 7296 3.1, RFC 5723, RFC 9242, RFC 9370).
    ExchangeType(u8) {
        NONE = 0 "NONE",
        BASE = 1 "Base",
        /// RFC 2408 calls it Identity Protection.
        MAIN = 2 "Identity Protection (Main Mode)",
        AUTH_ONLY = 3 "Authentication Only",
        AGGRESSIVE = 4 "Aggressive",
        INFORMATIONAL = 5 "Informational",
        TRANSACTION = 6 "Transaction (Config Mode)",
        QUICK = 32 "Quick Mode",
        NEW_GROUP = 33 "New Group Mode",
        IKE_SA_INIT = 34 "IKE_SA_INIT",
        IKE_AUTH = 35 "IKE_AUTH",
        CREATE_CHILD_SA = 36 "CREATE_CHILD_SA",
        V2_INFORMATIONAL = 37 "INFORMATIONAL",
        IKE_SESSION_RESUME = 38 "IKE_SESSION_RESUME",
        GSA_AUTH = 39 "GSA_AUTH",
        GSA_REGISTRATION = 40 "GSA_REGISTRATION",
        GSA_REKEY = 41 "GSA_REKEY",
        GSA_INBAND_REKEY = 42 "GSA_INBAND_REKEY",
        IKE_INTERMEDIATE = 43 "IKE_INTERMEDIATE",
        IKE_FOLLOWUP_KE = 44 "IKE_FOLLOWUP_KE",
    }
}

registry! {
    /// Domains of interpretation (RFC 2408 2.1, RFC 2407 4).
    Doi(u32) {
        ISAKMP = 0 "ISAKMP",
        IPSEC = 1 "IPSEC",
        GDOI = 2 "GDOI",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers_have_names_and_unknown_ones_survive() {
        assert_eq!(PayloadType::CERT_REQ.to_string(), "Certificate Request");
        assert_eq!(PayloadType(99).to_string(), "unknown-99");
        assert_eq!(
            (PayloadType(99).name(), u8::from(PayloadType(99))),
            (None, 99)
        );
        assert_eq!(ExchangeType(2), ExchangeType::MAIN);
    }
}
