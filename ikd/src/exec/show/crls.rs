//! `show crypto pki crls` (O-044): the lists that are kept, newest first.

use ike_pki::{CachedCrl, CrlOrigin, IosTime};
use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Crls {
    crls: Vec<List>,
}

#[derive(Serialize)]
struct List {
    issuer: String,
    last_update: String,
    /// `null` = the list says nothing.
    next_update: Option<String>,
    /// Nobody answers for revocations after `next_update`.
    expired: bool,
    /// Upper-case hex.
    number: Option<String>,
    /// Revoked certificates.
    entries: usize,
    /// URL of the distribution point; `null` = by SCEP or by hand.
    distribution_point: Option<String>,
    /// Trustpoint it came for; `null` with a distribution point.
    trustpoint: Option<String>,
    by_scep: bool,
    retrieved_at: String,
    octets: usize,
}

pub(super) fn view(now: &Snapshot<'_>) -> Crls {
    let lists = now.store.crls.entries();
    Crls {
        crls: lists.map(|cached| List::of(cached, now.wall)).collect(),
    }
}

impl List {
    fn of(cached: &CachedCrl, now: i64) -> Self {
        let crl = &cached.crl;
        let time = |seconds: i64| IosTime(seconds).to_string();
        Self {
            issuer: crl.issuer().to_string(),
            last_update: time(crl.this_update()),
            next_update: crl.next_update().map(time),
            expired: crl.next_update().is_some_and(|next| next < now),
            number: crl.number_hex(),
            entries: crl.len(),
            distribution_point: match &cached.origin {
                CrlOrigin::Url(url) => Some(ike_core::trace::escaped(url).to_string()),
                _ => None,
            },
            trustpoint: cached.origin.trustpoint().map(str::to_owned),
            by_scep: matches!(cached.origin, CrlOrigin::Scep(_)),
            retrieved_at: time(cached.retrieved_at),
            octets: crl.der().len(),
        }
    }

    fn source(&self) -> String {
        match (&self.distribution_point, self.by_scep) {
            (Some(url), _) => format!("      {url}"),
            (None, true) => "      ** CDP Not Published - Retrieved via SCEP".to_owned(),
            (None, false) => "      ** CDP Not Published - Installed by hand".to_owned(),
        }
    }
}

impl View for Crls {
    fn text(&self) -> String {
        let mut out = Lines::default();
        out.apart(&self.crls, |list, out| {
            out.line("CRL Issuer Name: ");
            out.line(format!("    {}", list.issuer));
            out.line(format!("    LastUpdate: {}", list.last_update));
            let next = list.next_update.as_deref().unwrap_or("(none)");
            out.line(format!("    NextUpdate: {next}"));
            out.line("    Retrieved from CRL Distribution Point: ");
            out.line(list.source());
            out.blank();
            out.line(format!(" CRL DER is {} bytes", list.octets));
            out.line(" CRL is stored in parsed CRL cache");
        });
        if !self.crls.is_empty() {
            let total: usize = self.crls.iter().map(|list| list.octets).sum();
            out.blank();
            out.line(format!(" Parsed CRL cache current size is {total} bytes"));
        }
        out.0
    }
}

#[cfg(test)]
mod tests {
    use ike_crypto::{KeySpec, PrivateKey};
    use ike_pki::{CrlOrigin, LabCa, Name};

    use crate::exec::fixture::{R1, json, shown};

    /// O-044: where a list came from is told in IOS's words.
    #[test]
    fn lists_say_where_they_came_from() {
        let mut world = R1::new();
        let name = Name::from_subject_name("cn=CA1,o=cisco,o=com").unwrap();
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
        let mut ca = LabCa::new(&name, key, 1, 0, 2_000_000_000).unwrap();
        let crl = ca.crl(1_371_470_000, 1_371_556_400).unwrap();
        let octets = crl.der().len();
        let scep = CrlOrigin::Scep("IOSCA1".into());
        world.store.crls.put(scep, crl.clone(), 1_371_470_001);
        let text = shown("show crypto pki crls", &world.snapshot());
        assert_eq!(
            text,
            format!(
                "CRL Issuer Name: 
    cn=CA1,o=cisco,o=com
    LastUpdate: 11:53:20 UTC Jun 17 2013
    NextUpdate: 11:53:20 UTC Jun 18 2013
    Retrieved from CRL Distribution Point: 
      ** CDP Not Published - Retrieved via SCEP

 CRL DER is {octets} bytes
 CRL is stored in parsed CRL cache

 Parsed CRL cache current size is {octets} bytes
"
            )
        );
        let url = CrlOrigin::Url("http://192.168.0.3/CA1.crl\u{1b}".into());
        world.store.crls.put(url, crl, 1_371_470_002);
        let now = world.snapshot();
        let value = json("show crypto pki crls", &now);
        assert_eq!(
            value["crls"][0]["distribution_point"],
            "http://192.168.0.3/CA1.crl\\x1b"
        );
        assert_eq!(value["crls"][1]["trustpoint"], "IOSCA1");
        assert_eq!(value["crls"][0]["expired"], false);
        assert!(!shown("show crypto pki crls", &now).contains('\u{1b}'));
    }

    /// Nothing kept, nothing shown.
    #[test]
    fn without_lists_the_page_is_empty() {
        assert_eq!(shown("sh cry pki crls", &R1::new().snapshot()), "");
    }
}
