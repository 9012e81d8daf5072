//! The next certificate of a trustpoint's CA (RFC 8894 4.7): fetched while the one of now still
//! counts, kept beside it, believed for nothing until it takes its place.

use std::sync::Arc;

use crate::{
    certificate::Certificate,
    file_name,
    store::{Record, RecordKind, Store},
    trustpool::PoolCa,
};

impl Store {
    /// Keeps the next certificate of a trustpoint's CA. It has no place in the
    /// order, is no anchor and is not asked for.
    pub fn set_next_ca(&mut self, trustpoint: &str, certificate: Certificate, at: i64) {
        let certificate = Arc::new(certificate);
        let name = file_name::of_certificate(&certificate, true);
        let file_name = self.free_file_name(&certificate, name);
        let next = PoolCa {
            installed_at: at,
            certificate,
            file_name,
        };
        self.next_cas.insert(trustpoint.to_owned(), next);
    }

    /// The next certificate of a trustpoint's CA, if it is known.
    pub fn next_ca(&self, trustpoint: &str) -> Option<&Arc<Certificate>> {
        Some(&self.next_cas.get(trustpoint)?.certificate)
    }

    /// The next certificate takes the place of the one of now, as an
    /// authentication does (P-002); `false` = there is none.
    pub fn roll_over(&mut self, trustpoint: &str, at: i64) -> bool {
        let next = self.next_cas.remove(trustpoint);
        let Some(next) = next else {
            return false;
        };
        self.authenticate(trustpoint, next.certificate, at);
        true
    }

    /// As records that are shown, not listed.
    pub(crate) fn next_records(&self, trustpoint: Option<&str>) -> Vec<Record> {
        let wanted = |name: &&String| trustpoint.is_none_or(|wanted| wanted == name.as_str());
        let named = self.next_cas.iter().filter(|(name, _)| wanted(name));
        named
            .map(|(name, next)| Record {
                sequence: 0,
                installed_at: next.installed_at,
                trustpoint: name.clone(),
                kind: RecordKind::Ca,
                certificate: Arc::clone(&next.certificate),
                key_label: None,
                file_name: next.file_name.clone(),
                saved: false,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LabCa, Name};
    use ike_crypto::{KeySpec, PrivateKey};

    fn ca() -> Certificate {
        let name = Name::from_subject_name("cn=CA1").unwrap();
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
        let ca = LabCa::new(&name, key, 1, 0, 1_000_000).unwrap();
        ca.certificate().clone()
    }

    /// P-002: what comes next counts for nothing before it takes its place.
    #[test]
    fn the_next_ca_waits_beside_the_one_of_now() {
        let (now, next) = (ca(), ca());
        let mut store = Store::default();
        store.authenticate("TP", now.clone(), 1);
        let before = store.clone();
        store.set_next_ca("TP", next.clone(), 2);
        assert_eq!(store.listing(), before.listing());
        assert_eq!(store.all_anchors().len(), 1);
        assert_eq!(
            store.certificate_request_order(),
            before.certificate_request_order()
        );
        let views = store.certificate_views(None);
        let titles: Vec<&str> = views.iter().map(|view| view.title).collect();
        assert_eq!(titles, ["CA Certificate", "CA Certificate (Rollover)"]);
        assert_eq!(Store::from_image(&store.image()).unwrap(), store);
        assert!(store.roll_over("TP", 3));
        assert_eq!(*store.ca("TP").unwrap().certificate, next);
        assert!(store.next_ca("TP").is_none() && !store.roll_over("TP", 4));
        store.set_next_ca("TP", now, 5);
        store.remove_trustpoint("TP");
        assert!(store.next_ca("TP").is_none());
    }
}
