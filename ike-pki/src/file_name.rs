//! Names of certificate files as IOS gives them (P-008).

use crate::certificate::Certificate;

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
