//! SHA-1 of a CA's SubjectPublicKeyInfo: how an IKEv2 certificate request names
//! a CA (RFC 7296 3.7, W-065).

use ike_crypto::Hash;

use crate::{
    certificate::Certificate,
    name::Name,
    search::key_id_fits,
    store::{GlobalCa, Record, RecordKind, Store},
};

/// Octets of a hash.
pub const KEY_HASH: usize = 20;

/// The predefined CAs whose keys are known, as IOS prints their names (W-066).
/// The other three are not asked for in IKEv2 (W-067).
const PREDEFINED_HASHES: [(&str, [u8; KEY_HASH]); 2] = [
    (
        "cn=Cisco Manufacturing CA,o=Cisco Systems",
        [
            0xd0, 0xc5, 0x22, 0x26, 0xab, 0x4f, 0x46, 0x60, 0xec, 0xae, 0x05, 0x91, 0xc7, 0xdc,
            0x5a, 0xd1, 0xb0, 0x47, 0xf7, 0x6c,
        ],
    ),
    (
        "cn=Cisco Root CA 2048,o=Cisco Systems",
        [
            0x27, 0xf3, 0xc8, 0x15, 0x1e, 0x6e, 0x9a, 0x02, 0x09, 0x16, 0xad, 0x2b, 0xa0, 0x89,
            0x60, 0x5f, 0xda, 0x7b, 0x2f, 0xaa,
        ],
    ),
];

impl Certificate {
    /// SHA-1 of the SubjectPublicKeyInfo.
    pub fn key_hash(&self) -> [u8; KEY_HASH] {
        let digest = Hash::Sha1.digest(&[self.spki_der()]);
        let mut out = [0; KEY_HASH];
        out.iter_mut()
            .zip(digest.iter())
            .for_each(|(to, from)| *to = *from);
        out
    }
}

impl Store {
    /// The hash of a CA of [`Store::global_list`]: of its trustpoint's CA
    /// certificate, or known beforehand. `None` when the key is not known.
    pub fn key_hash(&self, ca: &GlobalCa) -> Option<[u8; KEY_HASH]> {
        match &ca.trustpoint {
            Some(trustpoint) => Some(self.anchor_certificate(trustpoint)?.key_hash()),
            None => predefined_key_hash(&ca.name),
        }
    }

    /// Every own certificate whose CA's key is known, with the hash of that key,
    /// newest first (S-022, P-007); then the same certificates with the keys of the
    /// CAs above, up to which a peer can validate them (RFC 7296 3.7).
    pub fn identities_by_key_hash(&self) -> Vec<([u8; KEY_HASH], &Record)> {
        let own = self.identities();
        let hashed = |record: &&'_ Record| {
            let ca = self.anchor_certificate(&record.trustpoint)?;
            Some(ca.key_hash())
        };
        let mut found: Vec<([u8; KEY_HASH], &Record)> = own
            .iter()
            .filter_map(|record| Some((hashed(record)?, *record)))
            .collect();
        for record in own {
            for ca in self.above(&record.trustpoint) {
                let pair = (ca.key_hash(), record);
                if !found.contains(&pair) {
                    found.push(pair);
                }
            }
        }
        found
    }

    /// The CA certificates here that issued the subordinate CAs of a trustpoint's
    /// identity.
    fn above(&self, trustpoint: &str) -> Vec<&Certificate> {
        let below = self.chain(trustpoint).into_iter().skip(1);
        let issuers = below.flat_map(|ca| {
            let issued = move |r: &&Record| {
                r.kind == RecordKind::Ca
                    && r.certificate.subject().matches(ca.issuer())
                    && key_id_fits(ca, &r.certificate)
            };
            self.records.iter().filter(issued)
        });
        issuers.map(|record| &*record.certificate).collect()
    }
}

fn predefined_key_hash(name: &Name) -> Option<[u8; KEY_HASH]> {
    let name = name.to_string();
    let known = PREDEFINED_HASHES.iter().find(|(known, _)| *known == name);
    known.map(|(_, hash)| *hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W-066, W-067: two of the five predefined CAs can be asked for by hash.
    #[test]
    fn two_predefined_cas_have_known_keys() {
        let store = Store::default();
        let list = store.global_list(true);
        let known = list.iter().filter_map(|ca| store.key_hash(ca));
        let hex = |hash: [u8; KEY_HASH]| hash.iter().map(|o| format!("{o:02x}")).collect();
        assert_eq!(
            known.map(hex).collect::<Vec<String>>(),
            [
                "d0c52226ab4f4660ecae0591c7dc5ad1b047f76c",
                "27f3c8151e6e9a020916ad2ba089605fda7b2faa",
            ]
        );
    }
}
