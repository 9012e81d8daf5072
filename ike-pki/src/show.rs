//! `show crypto pki certificates` (O-040, O-042): the same view as text in
//! IOS form and as values for `--json`.

use std::fmt::Write;

use ike_crypto::Hash;
use serde::Serialize;

use crate::{
    certificate::Certificate,
    extensions::KeyUsage,
    pending::Pending,
    show_details::Details,
    store::{Record, RecordKind, Store},
    time::IosTime,
};

/// One certificate as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateView {
    /// `Certificate`, `CA Certificate`, `Router Self-Signed Certificate` or `CA Certificate
    /// (Rollover)`.
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
    /// When `auto-enroll` asks for the next one; the caller knows (G-061).
    pub renew_date: Option<String>,
    /// Every trustpoint that uses it, newest first (P-005).
    pub trustpoints: Vec<String>,
    /// `nvram:CA1#2.cer`, once saved (T-84).
    pub storage: Option<String>,
    /// What `verbose` adds.
    pub details: Details,
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
        let listed = shown.into_iter().map(|record| view(record, &listing));
        let next = self.next_records(trustpoint);
        let next = next.iter().map(|record| CertificateView {
            title: "CA Certificate (Rollover)",
            ..view(record, &[record])
        });
        listed.chain(next).collect()
    }

    /// The text of `show crypto pki certificates [verbose] [TRUSTPOINT]`.
    pub fn show_certificates(&self, trustpoint: Option<&str>, verbose: bool) -> String {
        let views = self.certificate_views(trustpoint);
        self.certificates_text(&views, trustpoint, verbose)
    }

    /// The same of views that the caller has added to.
    pub fn certificates_text(
        &self,
        views: &[CertificateView],
        trustpoint: Option<&str>,
        verbose: bool,
    ) -> String {
        // A request that waits comes last (O-041, T-83).
        let waiting = self.all_pending().iter();
        let waiting = waiting.filter(|r| trustpoint.is_none_or(|name| name == r.trustpoint));
        views
            .iter()
            .map(|view| view.text(verbose))
            .chain(waiting.map(Pending::text))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl CertificateView {
    /// Its block of `show crypto pki certificates [verbose]`.
    pub fn text(&self, verbose: bool) -> String {
        text(self, verbose)
    }
}

pub(crate) fn view(record: &Record, listing: &[&Record]) -> CertificateView {
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
        renew_date: None,
        trustpoints: same.map(|other| other.trustpoint.clone()).collect(),
        storage: record.saved.then(|| format!("nvram:{}", record.file_name)),
        details: Details::of(record),
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
    if let Some(date) = &view.renew_date {
        line(format_args!("    renew date: {date}"));
    }
    if verbose {
        view.details
            .lines()
            .into_iter()
            .for_each(|text| line(format_args!("{text}")));
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
