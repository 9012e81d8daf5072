//! `ikd pki order`: the order of certificate requests, and what another one would change.

use clap::Args;
use ike_pki::Store;
use serde::Serialize;

use super::{Answer, Outcome, StoreArgs, numbered, plain, reordered};
use crate::keystore::Access;

/// Arguments of `ikd pki order`.
#[derive(Debug, Args)]
pub struct OrderArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Trustpoints, the first asked for first; those not named come behind.
    #[arg(long, value_delimiter = ',', value_name = "TP1,TP2")]
    set: Vec<String>,
    /// Write the new order; without it nothing changes.
    #[arg(long, requires = "set")]
    commit: bool,
    /// JSON in place of text.
    #[arg(long)]
    json: bool,
}

/// Both orders.
#[derive(Debug, Serialize)]
pub(super) struct Orders {
    /// CAs a peer is asked for.
    pub(super) certificate_requests: Vec<String>,
    /// The same with the new order, when it differs.
    pub(super) would_become: Option<Vec<String>>,
    /// Trustpoints as `show crypto pki certificates` lists them.
    pub(super) listing: Vec<String>,
    /// The same with the new order, when it differs.
    pub(super) listing_would_become: Option<Vec<String>>,
    /// Whether the new order was written.
    pub(super) written: bool,
}

pub(super) fn run(args: &OrderArgs) -> Outcome {
    let access = match args.commit {
        true => Access::Write,
        false => Access::Read,
    };
    let mut keystore = args.store.open(access)?;
    let after = with_order(&keystore.store, &args.set)?;
    let mut orders = orders(&keystore.store, &after);
    if args.commit {
        keystore.commit(&after, &[]).map_err(|e| e.to_string())?;
        orders.written = true;
    }
    Ok(Answer::of(args.json, &orders, || text(&orders)))
}

/// The store with these trustpoints in front.
///
/// # Errors
/// One of them has nothing in the store; those that have are named.
pub(super) fn with_order(store: &Store, set: &[String]) -> Result<Store, String> {
    let known = trustpoints(store);
    if let Some(unknown) = set.iter().find(|name| !known.contains(name)) {
        return Err(format!(
            "trustpoint {} has no certificate in this store; there are: {}",
            plain(unknown),
            plain(&known.join(", "))
        ));
    }
    let mut after = store.clone();
    let names: Vec<&str> = set.iter().map(String::as_str).collect();
    if !names.is_empty() {
        after.set_order(&names);
    }
    Ok(after)
}

pub(super) fn orders(before: &Store, after: &Store) -> Orders {
    let changed = |old: &Vec<String>, new: Vec<String>| (*old != new).then_some(new);
    let certificate_requests = before.certificate_request_order();
    let listing = trustpoints(before);
    Orders {
        would_become: changed(&certificate_requests, after.certificate_request_order()),
        listing_would_become: changed(&listing, trustpoints(after)),
        certificate_requests,
        listing,
        written: false,
    }
}

/// Each trustpoint once, newest first.
fn trustpoints(store: &Store) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for record in store.listing() {
        if !names.contains(&record.trustpoint) {
            names.push(record.trustpoint.clone());
        }
    }
    names
}

fn text(orders: &Orders) -> String {
    let mut out = format!(
        "Peers are asked for:\n{}",
        numbered(&orders.certificate_requests)
    );
    if let Some(after) = &orders.would_become {
        out += &reordered(&orders.certificate_requests, after);
    }
    if let Some(after) = &orders.listing_would_become {
        let (before, after) = (orders.listing.join(", "), after.join(", "));
        out += &format!(
            "The listing of certificates changes, from {} to {}.\n",
            plain(&before),
            plain(&after)
        );
    }
    let changes = orders.would_become.is_some() || orders.listing_would_become.is_some();
    match (changes, orders.written) {
        (true, true) => out += "Written.\n",
        (true, false) => out += "Nothing is written; add --commit.\n",
        (false, _) => {}
    }
    out
}
