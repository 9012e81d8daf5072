//! Names of certificate files as IOS gives them (P-008).

use std::sync::Arc;

use crate::{
    certificate::Certificate,
    store::{RecordKind, Store},
};

impl Store {
    /// P-008, made unique; the same certificate keeps one file (P-005).
    pub(crate) fn new_file_name(
        &mut self,
        certificate: &Arc<Certificate>,
        kind: RecordKind,
    ) -> String {
        if kind == RecordKind::SelfSigned && self.file_of(certificate).is_none() {
            self.self_signed += 1;
        }
        let name = match kind {
            RecordKind::SelfSigned => of_self_signed(certificate, self.self_signed),
            _ => of_certificate(certificate, kind == RecordKind::Ca),
        };
        self.free_file_name(certificate, name)
    }

    /// The file that a certificate has, else that name, else the next one that is free.
    pub(crate) fn free_file_name(&self, certificate: &Arc<Certificate>, name: String) -> String {
        if let Some(same) = self.file_of(certificate) {
            return same;
        }
        let taken = |name: &String| self.files().any(|(_, file)| file == name);
        let candidates = (2..).map(|count| numbered(&name, count));
        std::iter::once(name.clone())
            .chain(candidates)
            .find(|name| !taken(name))
            .unwrap_or(name)
    }

    fn file_of(&self, certificate: &Arc<Certificate>) -> Option<String> {
        let mut files = self.files();
        let same = files.find(|(known, _)| *known == certificate);
        same.map(|(_, file)| file.clone())
    }

    /// Every certificate that is kept, with its file.
    fn files(&self) -> impl Iterator<Item = (&Arc<Certificate>, &String)> {
        let records = self.records.iter().map(|r| (&r.certificate, &r.file_name));
        let held = self.pool.iter().chain(self.next_cas.values());
        records.chain(held.map(|ca| (&ca.certificate, &ca.file_name)))
    }
}

/// `CA1#2.cer`, `CA1#1CA.cer`: the first 12 characters of the issuer's CN
/// without blanks, `#`, the serial number in upper-case hex without leading
/// zeros (its last four digits when longer), `CA` for a CA certificate.
/// Characters that are special in a path become `_`.
pub(crate) fn of_certificate(certificate: &Certificate, ca: bool) -> String {
    let digits = certificate.serial_hex();
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let last_four = digits
        .get(digits.len().saturating_sub(4)..)
        .unwrap_or(digits);
    named(certificate, last_four, if ca { "CA" } else { "" })
}

/// Self-signed files carry a running number instead of the serial (P-008).
pub(crate) fn of_self_signed(certificate: &Certificate, number: u64) -> String {
    named(certificate, &number.to_string(), "")
}

/// Another name for the same file when `name` is taken: `CA1#2_2.cer`.
pub(crate) fn numbered(name: &str, count: usize) -> String {
    let stem = name.strip_suffix(".cer").unwrap_or(name);
    format!("{stem}_{count}.cer")
}

fn named(certificate: &Certificate, number: &str, kind: &str) -> String {
    let issuer = certificate.issuer();
    let cn = issuer
        .common_name()
        .or_else(|| issuer.fqdn())
        .unwrap_or_else(|| "cert".to_owned());
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let short: String = cn
        .chars()
        .filter(|c| *c != ' ')
        .take(12)
        .map(safe)
        .collect();
    format!("{short}#{number}{kind}.cer")
}
