//! `show crypto pki certificates [TP] [verbose]` (O-040, O-042); `ike-pki` has the text.

use ike_pki::CertificateView;
use serde::Serialize;

use super::View;
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Certificates {
    certificates: Vec<CertificateView>,
    #[serde(skip)]
    text: String,
}

pub(super) fn view(now: &Snapshot<'_>, trustpoint: Option<&str>, verbose: bool) -> Certificates {
    Certificates {
        certificates: now.store.certificate_views(trustpoint),
        text: now.store.show_certificates(trustpoint, verbose),
    }
}

impl View for Certificates {
    fn text(&self) -> String {
        self.text.clone()
    }
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, json, shown};

    /// O-040, P-004: newest enrolment first, identity before its CA; a name filters.
    #[test]
    fn certificates_list_newest_first_and_by_trustpoint() {
        let world = R1::enrolled();
        let now = world.snapshot();
        let text = shown("show crypto pki certificates", &now);
        let order: Vec<&str> = text
            .lines()
            .filter_map(|l| l.trim().strip_prefix("Associated Trustpoints: "))
            .collect();
        assert_eq!(order, ["IOSCA2", "IOSCA2", "IOSCA1", "IOSCA1"]);
        assert!(
            text.starts_with("Certificate\n  Status: Available\n"),
            "{text}"
        );
        assert_eq!(
            shown("sh cry pki cert IOSCA1", &now)
                .matches("Status: Available")
                .count(),
            2
        );
        assert_eq!(
            shown("sh cry pki cert iosca1", &now),
            "",
            "names are case-sensitive"
        );
    }

    /// O-042: `verbose` before and behind the name is the same.
    #[test]
    fn verbose_stands_on_either_side_of_the_name() {
        let world = R1::enrolled();
        let now = world.snapshot();
        let text = shown("show crypto pki certificates verbose IOSCA1", &now);
        assert_eq!(
            text,
            shown("show crypto pki certificates IOSCA1 verbose", &now)
        );
        assert!(text.contains("  Fingerprint MD5: "), "{text}");
        let value = json("show crypto pki certificates", &now);
        assert_eq!(value["certificates"][0]["trustpoints"][0], "IOSCA2");
    }
}
