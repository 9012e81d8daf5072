//! The trustpool (G-064): the five predefined CAs, known by their names alone, and
//! the CA certificates that an operator imports. An imported one is an anchor that
//! comes after every trustpoint, and is asked for there too (S-013).

use std::{fmt::Write, sync::Arc};

use serde::Serialize;

use crate::{
    certificate::Certificate,
    file_name,
    predefined::predefined,
    show::CertificateView,
    store::{Record, RecordKind, Store},
};

/// Certificates that are kept at most.
pub const MAX_TRUSTPOOL: usize = 256;

/// A CA certificate of the trustpool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolCa {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub installed_at: i64,
    /// The certificate.
    pub certificate: Arc<Certificate>,
    /// File name in `nvram/` (P-008).
    pub file_name: String,
}

/// One CA of `show crypto pki trustpool` (O-044).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PoolView {
    /// One RDN per element, last first.
    pub subject: Vec<String>,
    /// `Built-In` or `Downloaded`.
    pub origin: &'static str,
    /// What is known of a certificate that was imported; nothing of a built-in one.
    pub certificate: Option<CertificateView>,
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolImported {
    /// New certificates.
    pub taken: usize,
    /// Those that were there already.
    pub known: usize,
    /// Those that are no CA's, or beyond [`MAX_TRUSTPOOL`].
    pub refused: usize,
}

impl Store {
    /// Adds CA certificates to the trustpool; no new sequence number (P-002).
    /// What is no CA certificate has no place there.
    pub fn import_trustpool(&mut self, certificates: Vec<Certificate>, at: i64) -> PoolImported {
        let mut done = PoolImported::default();
        for certificate in certificates {
            if self.pool.iter().any(|ca| *ca.certificate == certificate) {
                done.known += 1;
            } else if !certificate.is_ca() || self.pool.len() >= MAX_TRUSTPOOL {
                done.refused += 1;
            } else {
                self.put_into_pool(certificate, at);
                done.taken += 1;
            }
        }
        done
    }

    /// `crypto pki trustpool clean` (G-064): built-in and imported CAs go.
    pub fn clean_trustpool(&mut self) {
        self.set_trustpool_clean(true);
        self.pool.clear();
    }

    /// What was imported, oldest first.
    pub fn trustpool(&self) -> &[PoolCa] {
        &self.pool
    }

    /// The anchor names of imported CAs, `Trustpool1` and so on, newest first.
    pub(crate) fn pool_names(&self) -> Vec<String> {
        let numbers = (1..=self.pool.len()).rev();
        numbers.map(|number| format!("{POOL}{number}")).collect()
    }

    /// The certificate behind one of [`Store::pool_names`].
    pub(crate) fn pool_certificate(&self, name: &str) -> Option<&Arc<Certificate>> {
        let number: usize = name.strip_prefix(POOL)?.parse().ok()?;
        let ca = self.pool.get(number.checked_sub(1)?)?;
        Some(&ca.certificate)
    }

    /// The CAs of `show crypto pki trustpool`, imported ones first; `builtin` =
    /// the configuration leaves the predefined ones in place.
    pub fn trustpool_views(&self, builtin: bool) -> Vec<PoolView> {
        let imported = self.pool.iter().rev().map(|ca| self.pool_view(ca));
        let builtin = builtin && !self.is_trustpool_clean();
        let named = predefined().into_iter().filter(|_| builtin);
        let named = named.map(|name| PoolView {
            subject: name.rdn_lines(),
            origin: "Built-In",
            certificate: None,
        });
        imported.chain(named).collect()
    }

    fn pool_view(&self, ca: &PoolCa) -> PoolView {
        let record = Record {
            sequence: 0,
            installed_at: ca.installed_at,
            trustpoint: POOL.to_owned(),
            kind: RecordKind::Ca,
            certificate: Arc::clone(&ca.certificate),
            key_label: None,
            file_name: ca.file_name.clone(),
            saved: false,
        };
        let view = crate::show::view(&record, &[&record]);
        PoolView {
            subject: view.subject.clone(),
            origin: "Downloaded",
            certificate: Some(view),
        }
    }

    fn put_into_pool(&mut self, certificate: Certificate, at: i64) {
        let certificate = Arc::new(certificate);
        let name = file_name::of_certificate(&certificate, true);
        let file_name = self.free_file_name(&certificate, name);
        self.pool.push(PoolCa {
            installed_at: at,
            certificate,
            file_name,
        });
    }
}

impl PoolView {
    /// Its block (O-044). A built-in CA is known by its name alone.
    pub fn text(&self) -> String {
        let mut out = match &self.certificate {
            Some(certificate) => certificate.text(false),
            None => self.name_alone(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  Trustpool: {}", self.origin);
        out
    }

    fn name_alone(&self) -> String {
        let rdns: Vec<String> = self
            .subject
            .iter()
            .map(|rdn| format!("    {rdn}\n"))
            .collect();
        format!(
            "CA Certificate\n  Status: Available\n  Subject:\n{}  Associated Trustpoints: {POOL} \n",
            rdns.concat()
        )
    }
}

/// What IOS calls the pool where a trustpoint's name stands.
const POOL: &str = "Trustpool";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LabCa, Name};
    use ike_crypto::{KeySpec, PrivateKey};

    fn ca(cn: &str) -> Certificate {
        let name = Name::from_subject_name(&format!("cn={cn}")).unwrap();
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
        LabCa::new(&name, key, 1, 0, 1_000_000)
            .unwrap()
            .certificate()
            .clone()
    }

    /// G-064, S-013, S-050: behind the trustpoints, before the predefined names.
    #[test]
    fn imported_cas_are_asked_for_and_believed_last() {
        let mut store = Store::default();
        store.authenticate("TP", ca("Own"), 1);
        let done = store.import_trustpool(vec![ca("A"), ca("B")], 5);
        assert_eq!((done.taken, done.known, done.refused), (2, 0, 0));
        let list = store.global_list(true);
        let names: Vec<String> = list.iter().take(4).map(|ca| ca.name.to_string()).collect();
        assert_eq!(names[..3], ["cn=Own", "cn=B", "cn=A"]);
        assert!(names[3].contains("VeriSign"), "{names:?}");
        assert_eq!(store.global_list(false).len(), 3);
        assert_eq!(store.ca_trustpoints(), ["TP", "Trustpool2", "Trustpool1"]);
        let anchors = store.all_anchors();
        assert_eq!(anchors[1].certificate, store.trustpool()[1].certificate);
        assert!(store.key_hash(&list[1]).is_some(), "IKEv2 can ask for it");
    }

    /// P-002: an import is no enrolment; a router's certificate is no CA's.
    #[test]
    fn the_same_again_and_what_is_no_ca_change_nothing() {
        let (a, mut store) = (ca("A"), Store::default());
        store.import_trustpool(vec![a.clone()], 5);
        let before = store.clone();
        let router = crate::test_support::Lab::new().router();
        let done = store.import_trustpool(vec![a, router], 6);
        assert_eq!((done.taken, done.known, done.refused), (0, 1, 1));
        assert_eq!(store, before);
    }

    /// The pool is in the image; an image without it is one of version 2.
    #[test]
    fn the_pool_survives_the_image_and_clean_empties_it() {
        let mut store = Store::default();
        store.authenticate("TP", ca("A"), 1);
        let version = |store: &Store| {
            let index: serde_json::Value =
                serde_json::from_slice(&store.image()[crate::INDEX]).unwrap();
            index["version"].as_u64()
        };
        assert_eq!(version(&store), Some(2));
        store.import_trustpool(vec![ca("A"), ca("B")], 5);
        assert_eq!(version(&store), Some(3));
        assert_eq!(Store::from_image(&store.image()).unwrap(), store);
        let mut image = store.image();
        let file = format!("nvram/{}", store.trustpool()[0].file_name);
        image.insert(file, b"damaged".to_vec());
        let damaged = Store::from_image(&image).unwrap_err();
        assert_eq!(damaged.damage.len(), 1);
        assert_eq!(damaged.intact.trustpool().len(), 1);
        store.clean_trustpool();
        assert!(store.trustpool().is_empty());
        assert_eq!(store.global_list(true).len(), 1);
    }

    /// O-044: blocks with the pool in the place of a trustpoint.
    #[test]
    fn the_page_says_what_is_built_in_and_what_was_imported() {
        let mut store = Store::default();
        store.import_trustpool(vec![ca("A")], 5);
        let views = store.trustpool_views(true);
        assert_eq!(views.len(), 6);
        let text = views[0].text();
        assert!(
            text.starts_with("CA Certificate\n  Status: Available\n"),
            "{text}"
        );
        let end = "  Associated Trustpoints: Trustpool \n  Trustpool: Downloaded\n";
        assert!(text.ends_with(end), "{text}");
        assert_eq!(
            views[2].text(),
            "CA Certificate\n  Status: Available\n  Subject:\n    cn=Cisco SSCA2\n    o=Cisco Systems\n  Associated Trustpoints: Trustpool \n  Trustpool: Built-In\n"
        );
        assert_eq!(store.trustpool_views(false).len(), 1);
    }
}
