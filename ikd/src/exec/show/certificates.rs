//! `show crypto pki certificates [TP] [verbose]` (O-040, O-042); `ike-pki` has the text.

use ike_core::policy::renewal::{self, Due};
use ike_crypto::Hash;
use ike_pki::{CertificateView, IosTime, Pending, fingerprint};
use serde::Serialize;

use super::View;
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Certificates {
    certificates: Vec<CertificateView>,
    pending: Vec<Waiting>,
    #[serde(skip)]
    text: String,
}

/// A request that its CA has not decided (O-041).
#[derive(Serialize)]
struct Waiting {
    trustpoint: String,
    subject: String,
    key_label: String,
    polls: u32,
    requested_at: String,
    fingerprint_md5: String,
    fingerprint_sha1: String,
}

impl Waiting {
    fn of(pending: &Pending) -> Self {
        let print = |hash| fingerprint(hash, &pending.request_der);
        Self {
            trustpoint: pending.trustpoint.clone(),
            subject: pending.subject.to_string(),
            key_label: pending.key_label.clone(),
            polls: pending.polls,
            requested_at: IosTime(pending.requested_at).to_string(),
            fingerprint_md5: print(Hash::Md5),
            fingerprint_sha1: print(Hash::Sha1),
        }
    }
}

pub(super) fn view(now: &Snapshot<'_>, trustpoint: Option<&str>, verbose: bool) -> Certificates {
    let mut certificates = now.store.certificate_views(trustpoint);
    renewals(now, &mut certificates);
    let waiting = now.store.all_pending().iter();
    let waiting = waiting.filter(|p| trustpoint.is_none_or(|name| name == p.trustpoint));
    let pending = waiting.map(Waiting::of).collect();
    let store = now.store;
    Certificates {
        text: store.certificates_text(&certificates, trustpoint, verbose),
        certificates,
        pending,
    }
}

/// G-061: an own certificate that is renewed says when.
fn renewals(now: &Snapshot<'_>, certificates: &mut [CertificateView]) {
    let timers = renewal::timers(now.config, now.store, now.wall);
    let renew = |name: &String| {
        let mut due = timers.iter().filter(|timer| timer.due == Due::Renew);
        let timer = due.find(|timer| timer.trustpoint == *name)?;
        Some(IosTime(timer.at).to_string())
    };
    for own in certificates.iter_mut().filter(|c| c.title == "Certificate") {
        own.renew_date = own.trustpoints.iter().find_map(renew);
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

    /// G-061: with `auto-enroll` the date of the renewal follows the end.
    #[test]
    fn a_renewal_has_its_date() {
        let mut world = R1::enrolled();
        let line = "sh cry pki cert IOSCA1";
        assert!(!shown(line, &world.snapshot()).contains("renew date"));
        world.read("crypto pki trustpoint IOSCA1\n auto-enroll 70\n");
        let text = shown(line, &world.snapshot());
        assert_eq!(text.matches("\n    renew date: ").count(), 1, "{text}");
        let (own, _) = text.split_once("CA Certificate").unwrap();
        assert!(own.contains("renew date"), "{text}");
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
