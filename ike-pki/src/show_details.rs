//! What `show crypto pki certificates verbose` adds (O-042): key, algorithms,
//! fingerprints, and the extensions with IOS's words for them.

use ike_crypto::{Hash, KeySpec};
use serde::Serialize;

use crate::{
    certificate::Certificate, extensions::KeyUsage, name_value::escaped, show::fingerprint,
    store::Record, time::IosTime,
};

/// What `verbose` adds to a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Details {
    /// 1, 2 or 3.
    pub version: u8,
    /// `rsaEncryption (2048 bit)`.
    pub public_key: String,
    /// `SHA256 with RSA Encryption`, or the dotted OID.
    pub signature_algorithm: String,
    /// MD5 of the DER, groups of eight hex digits.
    pub fingerprint_md5: String,
    /// SHA-1 of the DER, groups of eight hex digits.
    pub fingerprint_sha1: String,
    /// keyUsage bits as eight hex digits, if present.
    pub key_usage: Option<String>,
    /// The names of those bits.
    pub key_usage_names: Vec<&'static str>,
    /// Identifier of its own key, groups of eight hex digits.
    pub subject_key_id: Option<String>,
    /// `CA:TRUE`: basicConstraints of a CA.
    pub ca: bool,
    /// Names and addresses of subjectAltName.
    pub alternative_names: Vec<String>,
    /// Identifier of the issuer's key, groups of eight hex digits.
    pub authority_key_id: Option<String>,
    /// URLs of responders (authorityInfoAccess).
    pub ocsp_urls: Vec<String>,
    /// Names of extendedKeyUsage, or dotted OIDs.
    pub extended_key_usage: Vec<String>,
    /// When it was installed.
    pub install_time: String,
    /// Label of the key pair.
    pub key_label: Option<String>,
}

impl Details {
    pub(crate) fn of(record: &Record) -> Self {
        let certificate = &*record.certificate;
        let der: &[u8] = certificate.der();
        let usage = certificate.key_usage();
        let usages = certificate.eku().unwrap_or_default();
        let escape_all = |texts: Vec<String>| texts.iter().map(|text| escaped(text)).collect();
        Self {
            version: certificate.version(),
            public_key: public_key(certificate),
            signature_algorithm: signature_algorithm(certificate),
            fingerprint_md5: fingerprint(Hash::Md5, der),
            fingerprint_sha1: fingerprint(Hash::Sha1, der),
            key_usage: usage.map(|usage| format!("{:04X}0000", usage.0)),
            key_usage_names: usage.map(usage_names).unwrap_or_default(),
            subject_key_id: certificate.subject_key_id().map(grouped),
            ca: certificate.is_ca(),
            alternative_names: escape_all(alternative_names(certificate)),
            authority_key_id: certificate.authority_key_id().map(grouped),
            ocsp_urls: escape_all(certificate.ocsp_responders().to_vec()),
            extended_key_usage: usages.iter().map(|oid| purpose(oid)).collect(),
            install_time: IosTime(record.installed_at).to_string(),
            key_label: record.key_label.clone(),
        }
    }

    /// From `Subject Key Info` to `Cert install time`, in the order of IOS.
    pub(crate) fn lines(&self) -> Vec<String> {
        let (algorithm, size) = self
            .public_key
            .split_once(' ')
            .unwrap_or((&self.public_key, ""));
        let mut out = vec![
            "  Subject Key Info:".to_owned(),
            format!("    Public Key Algorithm: {algorithm}"),
            format!("    Public Key: {size}"),
            format!("  Signature Algorithm: {}", self.signature_algorithm),
            format!("  Fingerprint MD5: {} ", self.fingerprint_md5),
            format!("  Fingerprint SHA1: {} ", self.fingerprint_sha1),
        ];
        let extensions = self.extensions();
        if !extensions.is_empty() {
            out.push("  X509v3 extensions:".to_owned());
            out.extend(extensions);
        }
        out.push(format!("  Cert install time: {}", self.install_time));
        out
    }

    fn extensions(&self) -> Vec<String> {
        let mut out = Vec::new();
        if let Some(usage) = &self.key_usage {
            out.push(format!("    X509v3 Key Usage: {usage}"));
            out.extend(
                self.key_usage_names
                    .iter()
                    .map(|name| format!("      {name}")),
            );
        }
        if let Some(id) = &self.subject_key_id {
            out.push(format!("    X509v3 Subject Key ID: {id} "));
        }
        if self.ca {
            out.push("    X509v3 Basic Constraints:".to_owned());
            out.push("        CA: TRUE".to_owned());
        }
        let mut list = |title: &str, entries: &[String]| {
            if !entries.is_empty() {
                out.push(format!("    {title}:"));
                out.extend(entries.iter().map(|entry| format!("        {entry}")));
            }
        };
        list("X509v3 Subject Alternative Name", &self.alternative_names);
        let urls: Vec<String> = self
            .ocsp_urls
            .iter()
            .map(|url| format!("OCSP URL: {url}"))
            .collect();
        list("Authority Info Access", &urls);
        list("Extended Key Usage", &self.extended_key_usage);
        if let Some(id) = &self.authority_key_id {
            out.push(format!("    X509v3 Authority Key ID: {id} "));
        }
        out
    }
}

/// The words of IOS, highest bit first (RFC 5280 4.2.1.3).
fn usage_names(usage: KeyUsage) -> Vec<&'static str> {
    const NAMES: [(u16, &str); 9] = [
        (0x8000, "Digital Signature"),
        (0x4000, "Non Repudiation"),
        (0x2000, "Key Encipherment"),
        (0x1000, "Data Encipherment"),
        (0x0800, "Key Agreement"),
        (0x0400, "Key Cert Sign"),
        (0x0200, "CRL Signature"),
        (0x0100, "Encipher Only"),
        (0x0080, "Decipher Only"),
    ];
    let set = NAMES.iter().filter(|(bit, _)| usage.0 & bit != 0);
    set.map(|(_, name)| *name).collect()
}

fn alternative_names(certificate: &Certificate) -> Vec<String> {
    let addresses = certificate.ip_addresses().into_iter();
    let mut names = certificate.dns_names();
    names.extend(certificate.email_addresses());
    names.extend(addresses.map(|address| format!("IP Address : {address}")));
    names
}

/// RFC 5280 4.2.1.12.
fn purpose(oid: &str) -> String {
    let name = match oid {
        "1.3.6.1.5.5.7.3.1" => "Server Auth",
        "1.3.6.1.5.5.7.3.2" => "Client Auth",
        "1.3.6.1.5.5.7.3.3" => "Code Signing",
        "1.3.6.1.5.5.7.3.5" => "IPSEC End System",
        "1.3.6.1.5.5.7.3.6" => "IPSEC Tunnel",
        "1.3.6.1.5.5.7.3.7" => "IPSEC User",
        "1.3.6.1.5.5.7.3.9" => "OCSP Signing",
        "1.3.6.1.5.5.7.3.17" => "IPSEC IKE",
        _ => oid,
    };
    name.to_owned()
}

/// Groups of eight upper-case hex digits.
fn grouped(octets: &[u8]) -> String {
    let groups = octets
        .chunks(4)
        .map(|four| data_encoding::HEXUPPER.encode(four));
    groups.collect::<Vec<_>>().join(" ")
}

fn public_key(certificate: &Certificate) -> String {
    match certificate.public_key().map(|key| key.kind()) {
        Ok(KeySpec::Rsa { bits }) => format!("rsaEncryption ({bits} bit)"),
        Ok(KeySpec::EcP256) => "ecEncryption (256 bit)".to_owned(),
        Ok(KeySpec::EcP384) => "ecEncryption (384 bit)".to_owned(),
        Ok(KeySpec::EcP521) => "ecEncryption (521 bit)".to_owned(),
        Ok(KeySpec::Ed25519) => "ed25519 (256 bit)".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn signature_algorithm(certificate: &Certificate) -> String {
    use ike_crypto::SignatureScheme as S;
    match certificate.signature_scheme() {
        Some(S::RsaPkcs1(hash)) => format!("{} with RSA Encryption", hash_name(hash)),
        Some(S::RsaPss(hash)) => format!("{} with RSA-PSS", hash_name(hash)),
        Some(S::Ecdsa(hash) | S::EcdsaFixed(hash)) => {
            format!("{} with ECDSA", hash_name(hash))
        }
        Some(S::Ed25519) => "Ed25519".to_owned(),
        None => certificate.signature_algorithm().to_owned(),
    }
}

/// The name IOS prints for a hash function.
fn hash_name(hash: Hash) -> &'static str {
    match hash {
        Hash::Md5 => "MD5",
        Hash::Sha1 => "SHA1",
        Hash::Sha256 => "SHA256",
        Hash::Sha384 => "SHA384",
        Hash::Sha512 => "SHA512",
    }
}

#[cfg(test)]
mod tests {
    use crate::{store::Store, test_support::Lab};

    /// O-042: the extensions of a router's certificate and of its CA's, by name.
    #[test]
    fn extensions_are_told_in_words() {
        let mut lab = Lab::new();
        let router = lab.router();
        let mut store = Store::default();
        store.authenticate("TP", lab.ca.certificate().clone(), 1);
        store.enroll("TP", router, "R1", 2);
        let text = store.show_certificates(Some("TP"), true);
        let (own, ca) = text.split_once("CA Certificate").unwrap();
        assert!(
            own.contains(
                "    X509v3 Key Usage: A0000000\n      Digital Signature\n      Key Encipherment\n"
            ),
            "{own}"
        );
        assert!(own.contains("    X509v3 Authority Key ID: "), "{own}");
        assert!(
            ca.contains("    X509v3 Basic Constraints:\n        CA: TRUE\n"),
            "{ca}"
        );
        assert!(
            ca.contains("      Key Cert Sign\n      CRL Signature\n"),
            "{ca}"
        );
        assert!(ca.contains("    X509v3 Subject Key ID: "), "{ca}");
    }
}
