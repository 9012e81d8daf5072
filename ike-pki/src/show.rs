//! `show crypto pki certificates` (O-040, O-042): the same view as text in
//! IOS form and as values for `--json`.

use std::fmt::Write;

use ike_crypto::{Hash, KeySpec};
use serde::Serialize;

use crate::{
    certificate::Certificate,
    extensions::KeyUsage,
    pending::Pending,
    store::{Record, RecordKind, Store},
    time::IosTime,
};

/// One certificate as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateView {
    /// `Certificate`, `CA Certificate` or `Router Self-Signed Certificate`.
    pub title: &'static str,
    /// `Available`.
    pub status: &'static str,
    /// Upper-case hex.
    pub serial: String,
    /// `General Purpose`, `Signature` or `Encryption`.
    pub usage: &'static str,
    /// One RDN per element, last first.
    pub issuer: Vec<String>,
    /// unstructuredName of the subject.
    pub name: Option<String>,
    /// unstructuredAddress of the subject.
    pub ip_address: Option<String>,
    /// serialNumber of the subject.
    pub serial_number: Option<String>,
    /// One RDN per element, last first.
    pub subject: Vec<String>,
    /// URIs.
    pub crl_distribution_points: Vec<String>,
    /// `13:25:01 UTC Jun 17 2013`.
    pub start_date: String,
    /// As `start_date`.
    pub end_date: String,
    /// Every trustpoint that uses it, newest first (P-005).
    pub trustpoints: Vec<String>,
    /// `nvram:CA1#2.cer`, once saved (T-84).
    pub storage: Option<String>,
    /// What `verbose` adds.
    pub details: Details,
}

/// What `show crypto pki certificates verbose` adds (O-042).
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
    /// When it was installed.
    pub install_time: String,
    /// Label of the key pair.
    pub key_label: Option<String>,
}

impl Store {
    /// What `show crypto pki certificates [TRUSTPOINT]` shows, newest first;
    /// a certificate of several trustpoints once.
    pub fn certificate_views(&self, trustpoint: Option<&str>) -> Vec<CertificateView> {
        let mut shown: Vec<&Record> = Vec::new();
        let listing = self.listing();
        for record in &listing {
            let wanted = trustpoint.is_none_or(|name| name == record.trustpoint);
            if wanted
                && !shown
                    .iter()
                    .any(|known| known.certificate == record.certificate)
            {
                shown.push(record);
            }
        }
        shown
            .into_iter()
            .map(|record| view(record, &listing))
            .collect()
    }

    /// The text of `show crypto pki certificates [verbose] [TRUSTPOINT]`.
    pub fn show_certificates(&self, trustpoint: Option<&str>, verbose: bool) -> String {
        let views = self.certificate_views(trustpoint);
        // A request that waits comes last (O-041, T-83).
        let waiting = self.all_pending().iter();
        let waiting = waiting.filter(|r| trustpoint.is_none_or(|name| name == r.trustpoint));
        views
            .iter()
            .map(|view| text(view, verbose))
            .chain(waiting.map(Pending::text))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

fn view(record: &Record, listing: &[&Record]) -> CertificateView {
    let certificate = &*record.certificate;
    let subject = certificate.subject();
    let same = listing
        .iter()
        .filter(|other| other.certificate == record.certificate);
    let escaped = |text: String| crate::name_value::escaped(&text);
    CertificateView {
        title: match record.kind {
            RecordKind::Ca => "CA Certificate",
            RecordKind::Identity => "Certificate",
            RecordKind::SelfSigned => "Router Self-Signed Certificate",
        },
        status: "Available",
        serial: certificate.serial_hex(),
        usage: usage(certificate),
        issuer: certificate.issuer().rdn_lines(),
        name: subject.fqdn(),
        ip_address: subject.ip().map(|ip| ip.to_string()),
        serial_number: subject.serial_number(),
        subject: subject.rdn_lines(),
        crl_distribution_points: certificate
            .crl_distribution_points()
            .into_iter()
            .map(escaped)
            .collect(),
        start_date: IosTime(certificate.not_before()).to_string(),
        end_date: IosTime(certificate.not_after()).to_string(),
        trustpoints: same.map(|other| other.trustpoint.clone()).collect(),
        storage: record.saved.then(|| format!("nvram:{}", record.file_name)),
        details: details(record),
    }
}

fn details(record: &Record) -> Details {
    let certificate = &*record.certificate;
    let der: &[u8] = certificate.der();
    Details {
        version: certificate.version(),
        public_key: public_key(certificate),
        signature_algorithm: signature_algorithm(certificate),
        fingerprint_md5: fingerprint(Hash::Md5, der),
        fingerprint_sha1: fingerprint(Hash::Sha1, der),
        key_usage: certificate
            .key_usage()
            .map(|usage| format!("{:04X}0000", usage.0)),
        install_time: IosTime(record.installed_at).to_string(),
        key_label: record.key_label.clone(),
    }
}

/// Groups of eight upper-case hex digits, as IOS prints fingerprints (P-030).
pub fn fingerprint(hash: Hash, octets: &[u8]) -> String {
    let digest = hash.digest(&[octets]);
    let group = |four: &[u8]| {
        four.iter()
            .map(|octet| format!("{octet:02X}"))
            .collect::<String>()
    };
    digest.chunks(4).map(group).collect::<Vec<_>>().join(" ")
}

fn usage(certificate: &Certificate) -> &'static str {
    let Some(bits) = certificate.key_usage() else {
        return "General Purpose";
    };
    let signs = bits.contains(KeyUsage::DIGITAL_SIGNATURE);
    let enciphers = bits.contains(KeyUsage::KEY_ENCIPHERMENT);
    match (signs, enciphers, certificate.is_ca()) {
        (true, false, _) | (false, false, true) => "Signature",
        (false, true, false) => "Encryption",
        _ => "General Purpose",
    }
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

/// O-040, with the trailing blanks IOS prints.
fn text(view: &CertificateView, verbose: bool) -> String {
    let mut out = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{text}");
    };
    line(format_args!("{}", view.title));
    line(format_args!("  Status: {}", view.status));
    if verbose {
        line(format_args!("  Version: {}", view.details.version));
    }
    line(format_args!(
        "  Certificate Serial Number (hex): {}",
        view.serial
    ));
    line(format_args!("  Certificate Usage: {}", view.usage));
    line(format_args!("  Issuer: "));
    view.issuer
        .iter()
        .for_each(|rdn| line(format_args!("    {rdn}")));
    line(format_args!("  Subject:"));
    let named = [
        ("Name", &view.name),
        ("IP Address", &view.ip_address),
        ("Serial Number", &view.serial_number),
    ];
    for (label, value) in named {
        if let Some(value) = value {
            line(format_args!("    {label}: {value}"));
        }
    }
    view.subject
        .iter()
        .for_each(|rdn| line(format_args!("    {rdn}")));
    if !view.crl_distribution_points.is_empty() {
        line(format_args!("  CRL Distribution Points: "));
        view.crl_distribution_points
            .iter()
            .for_each(|uri| line(format_args!("    {uri}")));
    }
    line(format_args!("  Validity Date: "));
    line(format_args!("    start date: {}", view.start_date));
    line(format_args!("    end   date: {}", view.end_date));
    if verbose {
        verbose_lines(&view.details, &mut line);
    }
    line(format_args!(
        "  Associated Trustpoints: {} ",
        view.trustpoints.join(" ")
    ));
    if let Some(storage) = &view.storage {
        line(format_args!("  Storage: {storage}"));
    }
    if let Some(label) = view.details.key_label.as_ref().filter(|_| verbose) {
        line(format_args!("  Key Label: {label}"));
    }
    out
}

fn verbose_lines(details: &Details, line: &mut impl FnMut(std::fmt::Arguments<'_>)) {
    let (algorithm, size) = details
        .public_key
        .split_once(' ')
        .unwrap_or((&details.public_key, ""));
    line(format_args!("  Subject Key Info:"));
    line(format_args!("    Public Key Algorithm: {algorithm}"));
    line(format_args!("    Public Key: {size}"));
    line(format_args!(
        "  Signature Algorithm: {}",
        details.signature_algorithm
    ));
    line(format_args!(
        "  Fingerprint MD5: {} ",
        details.fingerprint_md5
    ));
    line(format_args!(
        "  Fingerprint SHA1: {} ",
        details.fingerprint_sha1
    ));
    if let Some(usage) = &details.key_usage {
        line(format_args!("  X509v3 extensions:"));
        line(format_args!("    X509v3 Key Usage: {usage}"));
    }
    line(format_args!(
        "  Cert install time: {}",
        details.install_time
    ));
}
