//! `ikd pki verify`: files, keys, modes, validity, chain, revocation lists.

use clap::Args;
use ike_pki::{IosTime, Record, RecordKind, is_issued_by};

use super::{Answer, Outcome, StoreArgs, plain};
use crate::cli::complain;
use crate::keystore::{Finding, Keystore, inspect, repair};
use crate::system::wall;

/// Arguments of `ikd pki verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Mend modes, restore a damaged index from its copy, move damaged files into quarantine/.
    #[arg(long)]
    repair: bool,
    /// JSON in place of text.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &VerifyArgs) -> Outcome {
    let (dir, passphrase) = (args.store.existing()?, args.store.passphrase()?);
    if args.repair {
        let done = repair(&dir, passphrase.as_ref()).map_err(|e| e.to_string())?;
        done.iter().for_each(|line| complain(line));
    }
    let inspected = inspect(&dir, passphrase.as_ref());
    let (keystore, mut findings) = inspected.map_err(|e| e.to_string())?;
    findings.extend(certificates(&keystore, wall()));
    let answer = Answer::of(args.json, &findings, || text(&keystore, &findings));
    Ok(Answer {
        well: findings.is_empty(),
        ..answer
    })
}

fn text(keystore: &Keystore, findings: &[Finding]) -> String {
    if findings.is_empty() {
        let count = keystore.store.listing().len();
        let keys = keystore.key_table().keys.len();
        let looked = match keystore.is_locked() {
            true => " (keys by their hashes only: no passphrase was given)",
            false => "",
        };
        return format!("{count} certificates and {keys} key pairs are whole{looked}\n");
    }
    let lines = findings.iter().map(|f| {
        let Finding {
            about,
            problem,
            remedy,
        } = f;
        format!("{}: {}; {}\n", plain(about), plain(problem), plain(remedy))
    });
    lines.collect()
}

/// What the files' hashes do not tell.
pub(crate) fn certificates(keystore: &Keystore, now: i64) -> Vec<Finding> {
    let store = &keystore.store;
    let records = store.listing().into_iter();
    let mut findings: Vec<Finding> = records.flat_map(|r| of_record(keystore, r, now)).collect();
    for trustpoint in store.ca_trustpoints() {
        let stale = store
            .crl_for(&trustpoint)
            .filter(|crl| !crl.is_current(now));
        if let Some(crl) = stale {
            let until = crl
                .next_update()
                .map_or("now".to_owned(), |t| IosTime(t).to_string());
            findings.push(finding(
                &trustpoint,
                format!("its revocation list was good until {until}"),
                format!("crypto pki crl request {trustpoint}"),
            ));
        }
    }
    findings
}

fn of_record(keystore: &Keystore, record: &Record, now: i64) -> Vec<Finding> {
    let certificate = &record.certificate;
    let trustpoint = &record.trustpoint;
    let mut findings = Vec::new();
    let mut tell = |problem: String, remedy: &str| {
        let about = format!("{trustpoint} (nvram/{})", record.file_name);
        findings.push(finding(&about, problem, remedy.to_owned()));
    };
    let again = match record.kind {
        RecordKind::Ca => "crypto pki authenticate again",
        _ => "crypto pki enroll again",
    };
    if certificate.not_after() < now {
        tell(
            format!("expired on {}", IosTime(certificate.not_after())),
            again,
        );
    }
    if certificate.not_before() > now {
        let from = IosTime(certificate.not_before());
        tell(format!("is not valid before {from}"), "check the clock");
    }
    if record.kind != RecordKind::Ca && !keystore.can_sign(record) {
        let label = record.key_label.as_deref().unwrap_or("(none)");
        let problem = format!("its key pair {label} is missing or another one");
        tell(
            problem,
            "import the key with ikd pki import, or enroll again",
        );
    }
    if record.kind == RecordKind::Identity {
        match keystore.store.ca(trustpoint) {
            None => tell("its CA is not there".to_owned(), "crypto pki authenticate"),
            Some(ca) if !is_issued_by(certificate, &ca.certificate) => {
                tell(
                    "is not signed by the CA of its trustpoint".to_owned(),
                    again,
                );
            }
            Some(_) => {}
        }
    }
    findings
}

fn finding(about: &str, problem: String, remedy: String) -> Finding {
    Finding {
        about: about.to_owned(),
        problem,
        remedy,
    }
}
