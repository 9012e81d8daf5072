//! `ikd pki protect`, `unprotect`, `delete`.

use std::path::PathBuf;

use clap::Args;
use ike_pki::Store;

use super::{Answer, Outcome, StoreArgs, plain, reordered, wanted};
use crate::keystore::{Access, ITERATIONS, KeyChange};

/// Arguments of `ikd pki protect`.
#[derive(Debug, Args)]
pub struct ProtectArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// File with the passphrase the keys get (mode 0600).
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: PathBuf,
    /// Iterations of PBKDF2; more is slower to open and to guess.
    #[arg(long, default_value_t = ITERATIONS, value_parser = clap::value_parser!(u32).range(1..=2_000_000))]
    iterations: u32,
}

/// Arguments of `ikd pki unprotect`.
#[derive(Debug, Args)]
pub struct UnprotectArgs {
    #[command(flatten)]
    store: StoreArgs,
}

/// Arguments of `ikd pki delete`.
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// The trustpoint.
    trustpoint: String,
    #[command(flatten)]
    store: StoreArgs,
    /// Its key pair, too, unless another trustpoint uses it.
    #[arg(long)]
    with_key: bool,
    /// Do it; without it is only shown what would go.
    #[arg(long)]
    yes: bool,
}

pub(super) fn protect(args: &ProtectArgs) -> Outcome {
    let new = wanted(Some(&args.new_passphrase_file), "--new-passphrase-file")?;
    let mut keystore = args.store.open(Access::Write)?;
    let done = keystore.protect(&new, args.iterations);
    done.map_err(|e| e.to_string())?;
    let count = keystore.key_table().keys.len();
    Ok(Answer::well(format!(
        "{count} key pairs are encrypted now; the daemon needs --key-passphrase-file \
         or the systemd credential ikd-key-passphrase from now on"
    )))
}

pub(super) fn unprotect(args: &UnprotectArgs) -> Outcome {
    let mut keystore = args.store.open(Access::Write)?;
    if keystore.key_table().protection.is_none() {
        return Ok(Answer::well(
            "the key pairs are not encrypted; nothing to do",
        ));
    }
    keystore.unprotect().map_err(|e| e.to_string())?;
    let count = keystore.key_table().keys.len();
    Ok(Answer::well(format!(
        "{count} key pairs are stored without passphrase now, readable by their owner only"
    )))
}

/// P-003: deleting a trustpoint deletes its certificates; IOS keeps the key pair.
pub(super) fn delete(args: &DeleteArgs) -> Outcome {
    let access = if args.yes {
        Access::Write
    } else {
        Access::Read
    };
    let mut keystore = args.store.open(access)?;
    let name = &args.trustpoint;
    let before = &keystore.store;
    let records = before.listing().into_iter();
    let count = records.filter(|r| r.trustpoint == *name).count();
    if count == 0 && before.pending(name).is_none() {
        return Err(format!(
            "trustpoint {} has nothing in this store; see ikd pki list",
            plain(name)
        ));
    }
    let mut after = before.clone();
    after.remove_trustpoint(name);
    let orders = [before, &after].map(Store::certificate_request_order);
    let keys = unused_keys(before, &after).into_iter();
    let keys: Vec<String> = keys.filter(|_| args.with_key).collect();
    let mut text = reordered(&orders[0], &orders[1]);
    let shown = plain(name);
    if args.yes {
        let changes = keys.into_iter().map(|label| KeyChange::Remove { label });
        let changes: Vec<KeyChange> = changes.collect();
        let gone = changes.len();
        keystore
            .commit(&after, &changes)
            .map_err(|e| e.to_string())?;
        text += &format!("{count} certificates of {shown} and {gone} key pairs are deleted\n");
    } else {
        let keys = match keys.is_empty() {
            true => "no key pair".to_owned(),
            false => format!("key pair {}", plain(&keys.join(", "))),
        };
        text += &format!("{count} certificates of {shown} and {keys} would go; add --yes\n");
    }
    Ok(Answer::well(text))
}

/// Labels that only the deleted trustpoint uses.
fn unused_keys(before: &Store, after: &Store) -> Vec<String> {
    let still = after.key_labels();
    let all = before.key_labels().into_iter();
    all.filter(|label| !still.contains(label))
        .map(str::to_owned)
        .collect()
}
