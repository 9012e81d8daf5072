//! Certificates, revocation lists and private keys, in the order in which charon has to load them.
//!
//! charon asks for the CA loaded last first, as IOS asks for the newest first (S-020): CAs go in the
//! order of enrolment. IKEv1 signs with the certificate loaded last: of those that may sign the
//! preferred one is last.

use ike_core::config::RevocationMethod;
use ike_pki::{Record, RecordKind};
use testnet::charon::{Credential, CredentialKind, Setting};

use super::Source;
use super::remarks::Remarks;
use super::settings::set;

/// Every credential; own certificates only of `signers`, the preferred one first.
pub(super) fn in_load_order(
    source: &Source<'_>,
    signers: &[String],
    remarks: &mut Remarks<'_>,
) -> Vec<Credential> {
    let mut out = Vec::new();
    for record in source.store.listing().into_iter().rev() {
        if record.kind == RecordKind::Ca {
            out.push(certificate(record, CredentialKind::Ca));
            out.extend(crl(source, record));
        }
    }
    let own: Vec<&Record> = signers
        .iter()
        .rev()
        .filter_map(|tp| source.store.identity(tp))
        .collect();
    let used = |label: &str| own.iter().any(|r| r.key_label.as_deref() == Some(label));
    for (label, der) in source.keys.iter().filter(|(label, _)| used(label)) {
        out.push(Credential {
            kind: CredentialKind::PrivateKey,
            name: format!("{}.der", file_name(label)),
            octets: der.expose().to_vec(),
        });
    }
    out.extend(
        own.iter()
            .map(|record| certificate(record, CredentialKind::Certificate)),
    );
    note_unused(source, signers, remarks);
    out
}

/// The trustpoints of a list that have an own certificate, in its order; an empty list stands for
/// all, newest first.
pub(super) fn enrolled<'a>(
    source: &Source<'_>,
    listed: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    let listed: Vec<&str> = listed.collect();
    if listed.is_empty() {
        let all = source.store.identities().into_iter();
        return all.map(|record| record.trustpoint.clone()).collect();
    }
    let has = |tp: &&str| source.store.identity(tp).is_some();
    listed.into_iter().filter(has).map(str::to_owned).collect()
}

/// File names of the own certificates of trustpoints; none where no certificate is shown.
pub(super) fn names(source: &Source<'_>, trustpoints: &[String], none: bool) -> Vec<String> {
    let records = trustpoints
        .iter()
        .filter_map(|tp| source.store.identity(tp));
    records.filter(|_| !none).map(file_of).collect()
}

/// File names of the CA certificates that alone are believed; none where every one is.
pub(super) fn ca_names(
    source: &Source<'_>,
    trustpoints: &[String],
    restricted: bool,
) -> Vec<String> {
    let records = trustpoints.iter().filter_map(|tp| source.store.ca(tp));
    records.filter(|_| restricted).map(file_of).collect()
}

/// `revocation-check`: strict where every trustpoint that vouches demands a list (P-041).
pub(super) fn revocation(source: &Source<'_>, trustpoints: &[String]) -> Vec<Setting> {
    let demands = |name: &String| {
        let mut all = source.config.trustpoints.iter();
        let methods = all.find(|t| t.name == *name).map(|t| &t.revocation_check);
        // The default is `crl`.
        methods.is_some_and(|m| !m.contains(&RevocationMethod::None))
    };
    let strict = !trustpoints.is_empty() && trustpoints.iter().all(demands);
    vec![set("revocation", if strict { "strict" } else { "relaxed" })]
}

fn certificate(record: &Record, kind: CredentialKind) -> Credential {
    Credential {
        kind,
        name: file_of(record),
        octets: record.certificate.der().to_vec(),
    }
}

fn crl(source: &Source<'_>, record: &Record) -> Option<Credential> {
    let crl = source.store.crl_for(&record.trustpoint)?;
    Some(Credential {
        kind: CredentialKind::Crl,
        name: format!("{}.crl", file_name(&record.trustpoint)),
        octets: crl.der().to_vec(),
    })
}

fn file_of(record: &Record) -> String {
    format!("{}.der", file_name(&record.trustpoint))
}

/// A name that is one file; characters that could make it another are replaced by their numbers.
fn file_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut out = String::new();
    for (index, c) in name.char_indices() {
        match c {
            c if plain(c) || (c == '.' && index > 0) => out.push(c),
            c => out.push_str(&format!("={:x}=", u32::from(c))),
        }
    }
    out
}

fn note_unused(source: &Source<'_>, signers: &[String], remarks: &mut Remarks<'_>) {
    for trustpoint in &source.config.trustpoints {
        let name = &trustpoint.name;
        let command = format!("crypto pki trustpoint {name}");
        match source.store.identity(name) {
            Some(_) if !signers.contains(name) => {
                remarks.unneeded("", &command, "no connection signs with its certificate");
            }
            None if source.store.ca(name).is_none() => {
                remarks.unneeded("", &command, "it is not enrolled");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// J7: a trustpoint's name cannot lead out of the folder, and no two names make one file.
    #[test]
    fn a_name_is_one_file_of_its_own() {
        assert_eq!(file_name("R2.cisco.com"), "R2.cisco.com");
        assert_eq!(file_name("../x"), "=2e=.=2f=x");
        assert_ne!(file_name("a/b"), file_name("a_b"));
        assert_ne!(file_name("a,b"), file_name("a;b"));
    }
}
