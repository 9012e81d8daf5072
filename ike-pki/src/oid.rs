//! Object identifiers by their encoded content, and their dotted form.

macro_rules! oids {
    ($($name:ident = $octets:literal;)*) => {
        $(pub(crate) const $name: &[u8] = $octets;)*
    };
}

oids! {
    // Attribute types (X.520, RFC 4519, RFC 2985).
    CN = b"\x55\x04\x03";
    SURNAME = b"\x55\x04\x04";
    SERIAL_NUMBER = b"\x55\x04\x05";
    COUNTRY = b"\x55\x04\x06";
    LOCALITY = b"\x55\x04\x07";
    STATE = b"\x55\x04\x08";
    STREET = b"\x55\x04\x09";
    ORGANIZATION = b"\x55\x04\x0a";
    UNIT = b"\x55\x04\x0b";
    TITLE = b"\x55\x04\x0c";
    EMAIL = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01";
    UNSTRUCTURED_NAME = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02";
    UNSTRUCTURED_ADDRESS = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x08";
    DOMAIN_COMPONENT = b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19";
    USER_ID = b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01";
    // Signature algorithms (RFC 3279, 4055, 5758, 8410).
    RSA_MD5 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04";
    RSA_SHA1 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05";
    RSA_SHA256 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
    RSA_SHA384 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c";
    RSA_SHA512 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d";
    RSA_PSS = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
    MGF1 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08";
    ECDSA_SHA1 = b"\x2a\x86\x48\xce\x3d\x04\x01";
    ECDSA_SHA256 = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
    ECDSA_SHA384 = b"\x2a\x86\x48\xce\x3d\x04\x03\x03";
    ECDSA_SHA512 = b"\x2a\x86\x48\xce\x3d\x04\x03\x04";
    ED25519 = b"\x2b\x65\x70";
    // Key transport and content encryption (RFC 3370, RFC 3565).
    RSA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
    DES_CBC = b"\x2b\x0e\x03\x02\x07";
    DES_EDE3_CBC = b"\x2a\x86\x48\x86\xf7\x0d\x03\x07";
    AES128_CBC = b"\x60\x86\x48\x01\x65\x03\x04\x01\x02";
    AES192_CBC = b"\x60\x86\x48\x01\x65\x03\x04\x01\x16";
    AES256_CBC = b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a";
    // Content types and attributes of CMS (RFC 5652).
    DATA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    SIGNED_DATA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
    ENVELOPED_DATA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
    CONTENT_TYPE = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03";
    MESSAGE_DIGEST = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
    // Attributes of a certificate request (RFC 2985 5.4).
    CHALLENGE_PASSWORD = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07";
    EXTENSION_REQUEST = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e";
    // Attributes of SCEP (RFC 8894 3.2.1).
    SCEP_MESSAGE_TYPE = b"\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x02";
    SCEP_PKI_STATUS = b"\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x03";
    SCEP_FAIL_INFO = b"\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x04";
    SCEP_SENDER_NONCE = b"\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x05";
    SCEP_RECIPIENT_NONCE = b"\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x06";
    SCEP_TRANSACTION_ID = b"\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x07";
    SCEP_FAIL_INFO_TEXT = b"\x2b\x06\x01\x05\x05\x07\x18\x01";
    // Hash functions (RFC 1321, RFC 4055).
    MD5 = b"\x2a\x86\x48\x86\xf7\x0d\x02\x05";
    SHA1 = b"\x2b\x0e\x03\x02\x1a";
    SHA256 = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";
    SHA384 = b"\x60\x86\x48\x01\x65\x03\x04\x02\x02";
    SHA512 = b"\x60\x86\x48\x01\x65\x03\x04\x02\x03";
    // Extensions (RFC 5280 4.2, 5.2).
    SUBJECT_KEY_ID = b"\x55\x1d\x0e";
    KEY_USAGE = b"\x55\x1d\x0f";
    SUBJECT_ALT_NAME = b"\x55\x1d\x11";
    ISSUER_ALT_NAME = b"\x55\x1d\x12";
    BASIC_CONSTRAINTS = b"\x55\x1d\x13";
    CRL_NUMBER = b"\x55\x1d\x14";
    CRL_REASON = b"\x55\x1d\x15";
    INVALIDITY_DATE = b"\x55\x1d\x18";
    DELTA_CRL = b"\x55\x1d\x1b";
    ISSUING_DISTRIBUTION_POINT = b"\x55\x1d\x1c";
    CERTIFICATE_ISSUER = b"\x55\x1d\x1d";
    NAME_CONSTRAINTS = b"\x55\x1d\x1e";
    CRL_DISTRIBUTION_POINTS = b"\x55\x1d\x1f";
    CERTIFICATE_POLICIES = b"\x55\x1d\x20";
    ANY_POLICY = b"\x55\x1d\x20\x00";
    POLICY_MAPPINGS = b"\x55\x1d\x21";
    AUTHORITY_KEY_ID = b"\x55\x1d\x23";
    POLICY_CONSTRAINTS = b"\x55\x1d\x24";
    EXTENDED_KEY_USAGE = b"\x55\x1d\x25";
    INHIBIT_ANY_POLICY = b"\x55\x1d\x36";
    // Access to the CA (RFC 5280 4.2.2.1).
    AUTHORITY_INFO_ACCESS = b"\x2b\x06\x01\x05\x05\x07\x01\x01";
    // Extended key usages (RFC 5280 4.2.1.12, RFC 4945 5.1.3.12).
    ANY_EKU = b"\x55\x1d\x25\x00";
    EKU_IKE_INTERMEDIATE = b"\x2b\x06\x01\x05\x05\x08\x02\x02";
    EKU_IPSEC_IKE = b"\x2b\x06\x01\x05\x05\x07\x03\x11";
    EKU_OCSP_SIGNING = b"\x2b\x06\x01\x05\x05\x07\x03\x09";
    // OCSP (RFC 6960).
    OCSP = b"\x2b\x06\x01\x05\x05\x07\x30\x01";
    OCSP_BASIC = b"\x2b\x06\x01\x05\x05\x07\x30\x01\x01";
    OCSP_NONCE = b"\x2b\x06\x01\x05\x05\x07\x30\x01\x02";
    OCSP_NO_CHECK = b"\x2b\x06\x01\x05\x05\x07\x30\x01\x05";
}

/// Whether an extension of this type is read at all.
pub(crate) fn is_known_extension(kind: &[u8]) -> bool {
    const KNOWN: [&[u8]; 19] = [
        SUBJECT_KEY_ID,
        KEY_USAGE,
        SUBJECT_ALT_NAME,
        ISSUER_ALT_NAME,
        BASIC_CONSTRAINTS,
        CRL_NUMBER,
        CRL_REASON,
        INVALIDITY_DATE,
        DELTA_CRL,
        ISSUING_DISTRIBUTION_POINT,
        CERTIFICATE_ISSUER,
        NAME_CONSTRAINTS,
        CRL_DISTRIBUTION_POINTS,
        CERTIFICATE_POLICIES,
        POLICY_MAPPINGS,
        AUTHORITY_KEY_ID,
        POLICY_CONSTRAINTS,
        EXTENDED_KEY_USAGE,
        INHIBIT_ANY_POLICY,
    ];
    KNOWN.contains(&kind)
}

/// Dotted text of the content of an OBJECT IDENTIFIER; arcs above 64 bits show
/// as `?`.
pub(crate) fn dotted(content: &[u8]) -> String {
    let mut arcs = content.split_inclusive(|octet| octet & 0x80 == 0).map(arc);
    let mut out = match arcs.next().flatten() {
        Some(first) => {
            let top = (first / 40).min(2);
            format!("{top}.{}", first - top * 40)
        }
        None => "?".to_owned(),
    };
    for arc in arcs {
        out.push('.');
        out.push_str(&arc.map_or_else(|| "?".to_owned(), |arc| arc.to_string()));
    }
    out
}

/// Content of an OBJECT IDENTIFIER from dotted text.
pub(crate) fn from_dotted(text: &str) -> Option<Vec<u8>> {
    let arcs: Vec<u64> = text
        .split('.')
        .map(|arc| arc.parse().ok())
        .collect::<Option<_>>()?;
    let [top @ 0..=2, second, rest @ ..] = arcs.as_slice() else {
        return None;
    };
    if *top < 2 && *second > 39 {
        return None;
    }
    let first = (top * 40).checked_add(*second)?;
    Some(
        std::iter::once(first)
            .chain(rest.iter().copied())
            .flat_map(base_128)
            .collect(),
    )
}

fn arc(octets: &[u8]) -> Option<u64> {
    octets.iter().try_fold(0_u64, |value, octet| {
        (value >> 57 == 0).then(|| value << 7 | u64::from(octet & 0x7f))
    })
}

fn base_128(value: u64) -> Vec<u8> {
    let mut octets = vec![(value & 0x7f) as u8];
    let mut rest = value >> 7;
    while rest > 0 {
        octets.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    octets.reverse();
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_text_and_content_agree() {
        for (content, text) in [
            (CN, "2.5.4.3"),
            (UNSTRUCTURED_NAME, "1.2.840.113549.1.9.2"),
            (DOMAIN_COMPONENT, "0.9.2342.19200300.100.1.25"),
            (SHA256, "2.16.840.1.101.3.4.2.1"),
        ] {
            assert_eq!(dotted(content), text);
            assert_eq!(from_dotted(text).unwrap(), content);
        }
        assert_eq!(dotted(&[0xff; 30]), "?");
        assert_eq!(from_dotted("1.40"), None);
        assert_eq!(from_dotted("cn"), None);
    }
}
