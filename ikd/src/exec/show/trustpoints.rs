//! `show crypto pki trustpoints [status]` (O-043).

use ike_core::config::{Enrollment, TrustpointConfig};
use ike_crypto::Hash;
use ike_pki::{Record, fingerprint};
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
    scep_url: Option<String>,
    key_label: Option<String>,
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
    let trustpoint = |tp: &TrustpointConfig| {
        let identity = now.store.identity(&tp.name);
        Trustpoint {
            name: tp.name.clone(),
            ca: now.store.ca(&tp.name).map(Installed::of),
            identity: identity.map(Installed::of),
            scep_url: scep_url(tp),
            key_label: identity.and_then(|record| record.key_label.clone()),
        }
    };
    Trustpoints {
        trustpoints: now.config.trustpoints.iter().map(trustpoint).collect(),
        status,
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
    let Some((scheme, rest)) = url.split_once("://") else {
        return Some(url.clone());
    };
    let (host, path) = rest
        .split_once('/')
        .map_or((rest, ""), |(host, path)| (host, path));
    let port = if host.contains(':') || scheme != "http" {
        ""
    } else {
        ":80"
    };
    let path = if path.is_empty() { "cgi-bin" } else { path };
    Some(format!("{scheme}://{host}{port}/{path}"))
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
        configured(
            "Router General Purpose certificate",
            self.identity.as_ref(),
            out,
        );
        let generated = if self.key_label.is_some() {
            "Yes (General Purpose, non-exportable)"
        } else {
            "No"
        };
        let yes = |is: bool| if is { "Yes" } else { "No" };
        out.line("  State:");
        out.line(format!("    Keys generated ............. {generated}"));
        out.line(format!(
            "    Issuing CA authenticated ....... {}",
            yes(self.ca.is_some())
        ));
        let requested = if self.identity.is_some() {
            "Yes"
        } else {
            "None"
        };
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
    use crate::exec::fixture::{R1, json, shown};

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
        let now = world.snapshot();
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
