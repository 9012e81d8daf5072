//! `show crypto pki trustpoints [status]` (O-043).

use ike_core::config::{Enrollment, TrustpointConfig};
use ike_core::policy::enrolment;
use ike_crypto::Hash;
use ike_pki::scep::ScepUrl;
use ike_pki::{IosTime, Pending, Record, RecordKind, fingerprint};
use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Trustpoints {
    trustpoints: Vec<Trustpoint>,
    #[serde(skip)]
    status: bool,
}

#[derive(Serialize)]
struct Trustpoint {
    name: String,
    ca: Option<Installed>,
    identity: Option<Installed>,
    /// The own certificate is signed by itself.
    self_signed: bool,
    pending: Option<Requested>,
    scep_url: Option<String>,
    /// The key pair that the trustpoint uses, or will use, if it is there.
    key_label: Option<String>,
    key_exportable: Option<bool>,
}

/// A request that its CA has not decided.
#[derive(Serialize)]
struct Requested {
    /// One RDN per element, last first.
    subject: Vec<String>,
    fingerprint_md5: String,
    fingerprint_sha1: String,
    /// `null` = the certificate comes by hand.
    next_poll: Option<String>,
}

#[derive(Serialize)]
struct Installed {
    /// One RDN per element, last first.
    subject: Vec<String>,
    /// Upper-case hex.
    serial: String,
    fingerprint_md5: String,
    fingerprint_sha1: String,
}

pub(super) fn view(now: &Snapshot<'_>, status: bool) -> Trustpoints {
    let all = now.config.trustpoints.iter();
    Trustpoints {
        trustpoints: all.map(|tp| trustpoint(now, tp)).collect(),
        status,
    }
}

fn trustpoint(now: &Snapshot<'_>, tp: &TrustpointConfig) -> Trustpoint {
    let identity = now.store.identity(&tp.name);
    let pending = now.store.pending(&tp.name);
    let label = identity.and_then(|record| record.key_label.clone());
    let label = label.or_else(|| pending.map(|pending| pending.key_label.clone()));
    let label = label.unwrap_or_else(|| enrolment::key(now.config, tp).0);
    let key = now.keys.iter().find(|key| key.label == label);
    Trustpoint {
        name: tp.name.clone(),
        ca: now.store.ca(&tp.name).map(Installed::of),
        identity: identity.map(Installed::of),
        self_signed: identity.is_some_and(|record| record.kind == RecordKind::SelfSigned),
        pending: pending.map(Requested::of),
        scep_url: scep_url(tp),
        key_label: key.map(|key| key.label.clone()),
        key_exportable: key.map(|key| key.exportable),
    }
}

impl Requested {
    fn of(pending: &Pending) -> Self {
        let print = |hash| fingerprint(hash, &pending.request_der);
        let polled = !pending.transaction.is_empty();
        Self {
            subject: pending.subject.rdn_lines(),
            fingerprint_md5: print(Hash::Md5),
            fingerprint_sha1: print(Hash::Sha1),
            next_poll: polled.then(|| IosTime(pending.next_poll_at).to_string()),
        }
    }

    fn print(&self, out: &mut Lines) {
        out.line("  Router General Purpose certificate pending:");
        out.line("    Requested Subject Name:");
        out.line(format!("     {}", self.subject.join(",")));
        out.line(format!(
            "    Request Fingerprint MD5: {} ",
            self.fingerprint_md5
        ));
        out.line(format!(
            "    Request Fingerprint SHA1: {} ",
            self.fingerprint_sha1
        ));
        if let Some(at) = &self.next_poll {
            out.line(format!("    Next poll: {at}"));
        }
    }
}

impl Installed {
    fn of(record: &Record) -> Self {
        let certificate = &record.certificate;
        Self {
            subject: certificate.subject().rdn_lines(),
            serial: certificate.serial_hex(),
            fingerprint_md5: fingerprint(Hash::Md5, certificate.der()),
            fingerprint_sha1: fingerprint(Hash::Sha1, certificate.der()),
        }
    }
}

/// The enrolment URL as SCEP uses it: port 80 and `/cgi-bin` unless it says otherwise (P-020).
fn scep_url(tp: &TrustpointConfig) -> Option<String> {
    let Some(Enrollment::Url(url)) = &tp.enrollment else {
        return None;
    };
    // One that cannot be asked is shown as it was typed.
    Some(ScepUrl::parse(url).map_or_else(|_| url.clone(), |url| url.to_string()))
}

impl View for Trustpoints {
    fn text(&self) -> String {
        let mut out = Lines::default();
        out.apart(&self.trustpoints, |trustpoint, out| {
            out.line(format!("Trustpoint {}:", trustpoint.name));
            if self.status {
                trustpoint.status(out);
            } else {
                trustpoint.brief(out);
            }
        });
        out.0
    }
}

impl Trustpoint {
    fn brief(&self, out: &mut Lines) {
        if let Some(ca) = &self.ca {
            out.line("    Subject Name: ");
            ca.subject
                .iter()
                .for_each(|rdn| out.line(format!("    {rdn}")));
            out.line(format!("          Serial Number (hex): {}", ca.serial));
            out.line("    Certificate configured.");
        }
        self.scep_url
            .iter()
            .for_each(|url| out.line(format!("    SCEP URL: {url}")));
    }

    fn status(&self, out: &mut Lines) {
        configured("Issuing CA certificate", self.ca.as_ref(), out);
        let own = match self.self_signed {
            true => "Router Self-Signed certificate",
            false => "Router General Purpose certificate",
        };
        configured(own, self.identity.as_ref(), out);
        self.pending.iter().for_each(|pending| pending.print(out));
        let generated = match self.key_exportable {
            Some(true) => "Yes (General Purpose, exportable)",
            Some(false) => "Yes (General Purpose, non-exportable)",
            None => "No",
        };
        let authenticated = if self.ca.is_some() { "Yes" } else { "No" };
        let requested = match (&self.pending, &self.identity) {
            (Some(_), _) => "Pending",
            (None, Some(_)) => "Yes",
            (None, None) => "None",
        };
        out.line("  State:");
        out.line(format!("    Keys generated ............. {generated}"));
        out.line(format!(
            "    Issuing CA authenticated ....... {authenticated}"
        ));
        out.line(format!("    Certificate request(s) ..... {requested}"));
    }
}

fn configured(what: &str, certificate: Option<&Installed>, out: &mut Lines) {
    let Some(certificate) = certificate else {
        return;
    };
    out.line(format!("  {what} configured:"));
    out.line("    Subject Name:");
    out.line(format!("     {}", certificate.subject.join(",")));
    out.line(format!(
        "    Fingerprint MD5: {} ",
        certificate.fingerprint_md5
    ));
    out.line(format!(
        "    Fingerprint SHA1: {} ",
        certificate.fingerprint_sha1
    ));
}

#[cfg(test)]
mod tests {
    use ike_crypto::KeySpec;

    use crate::exec::fixture::{R1, json, shown};
    use crate::keystore::KeyView;

    fn key(exportable: bool) -> KeyView {
        KeyView {
            label: "R1.cisco.com".into(),
            kind: KeySpec::EcP256,
            exportable,
            generated_at: 0,
            spki: Vec::new(),
        }
    }

    /// O-043: whether the key may leave is in the key table, and without one there is none.
    #[test]
    fn status_knows_the_key_pair() {
        let world = R1::new();
        let keys = [key(true)];
        let mut now = world.snapshot();
        let line = "show crypto pki trustpoints status";
        let text = shown(line, &now);
        assert!(
            text.contains("    Keys generated ............. No\n"),
            "{text}"
        );
        assert!(
            text.contains("    Certificate request(s) ..... None\n"),
            "{text}"
        );
        now.keys = &keys;
        assert!(shown(line, &now).contains("Yes (General Purpose, exportable)"));
    }

    /// O-043: a request that waits has its fingerprints and its next poll.
    #[test]
    fn status_shows_a_pending_request() {
        let mut world = R1::new();
        world.store.set_pending(ike_pki::Pending {
            trustpoint: "IOSCA1".into(),
            subject: ike_pki::Name::from_subject_name("CN=R1,O=cisco").unwrap(),
            request_der: vec![1, 2, 3],
            key_label: "R1.cisco.com".into(),
            transaction: vec![1],
            polls: 0,
            requested_at: 0,
            next_poll_at: 60,
        });
        let now = world.snapshot();
        let text = shown("show crypto pki trustpoints status", &now);
        for part in [
            "  Router General Purpose certificate pending:\n    Requested Subject Name:\n     cn=R1,o=cisco\n    Request Fingerprint MD5: 5289DF73 ",
            "    Next poll: 00:01:00 UTC Jan 1 1970\n",
            "    Certificate request(s) ..... Pending\n",
        ] {
            assert!(text.contains(part), "{part} not in {text}");
        }
        assert!(shown("show crypto pki certificates", &now).contains("   Status: Pending\n"));
        let value = json("show crypto pki certificates", &now);
        assert_eq!(value["pending"][0]["trustpoint"], "IOSCA1");
    }

    /// O-043: name of the CA, its serial number and the URL with port and path (P-020).
    #[test]
    fn trustpoints_show_their_ca() {
        let world = R1::enrolled();
        assert_eq!(
            shown("show crypto pki trustpoints", &world.snapshot()),
            "Trustpoint IOSCA1:
    Subject Name: 
    cn=CA1
    o=cisco
    o=com
          Serial Number (hex): 01
    Certificate configured.
    SCEP URL: http://192.168.0.3:80/cgi-bin

Trustpoint IOSCA2:
    Subject Name: 
    cn=CA2
    o=cisco
    o=com
          Serial Number (hex): 01
    Certificate configured.
    SCEP URL: http://192.168.0.4:80/cgi-bin
"
        );
    }

    /// A trustpoint without certificates shows its URL alone.
    #[test]
    fn unauthenticated_trustpoints_show_their_url() {
        let text = shown("show crypto pki trustpoints", &R1::new().snapshot());
        assert!(
            text.starts_with("Trustpoint IOSCA1:\n    SCEP URL: http://192.168.0.3:80/cgi-bin\n"),
            "{text}"
        );
    }

    /// O-043 `status`: fingerprints as `ike-pki` prints them, then the state.
    #[test]
    fn status_says_what_is_installed() {
        let world = R1::enrolled();
        let keys = [key(false)];
        let mut now = world.snapshot();
        now.keys = &keys;
        let text = shown("show crypto pki trustpoints status", &now);
        let value = json("show crypto pki trustpoints", &now);
        let md5 = value["trustpoints"][0]["ca"]["fingerprint_md5"]
            .as_str()
            .unwrap();
        let head = format!(
            "Trustpoint IOSCA1:
  Issuing CA certificate configured:
    Subject Name:
     cn=CA1,o=cisco,o=com
    Fingerprint MD5: {md5} 
"
        );
        assert!(text.starts_with(&head), "{text}");
        assert!(
            text.ends_with(
                "  State:
    Keys generated ............. Yes (General Purpose, non-exportable)
    Issuing CA authenticated ....... Yes
    Certificate request(s) ..... Yes
"
            ),
            "{text}"
        );
    }
}
