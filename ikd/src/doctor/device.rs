//! The files of one router: its configuration and its store.

use std::path::{Path, PathBuf};

use super::{DoctorArgs, Finding};
use crate::check;
use crate::keystore::{Passphrase, inspect};
use crate::pki_cli::about_certificates;
use crate::system::wall;

/// What is wrong with them; nothing is looked at that was not named.
pub(super) fn findings(args: &DoctorArgs) -> Vec<Finding> {
    let config = args.config.as_deref().map(configuration);
    let usual = |name: &String| Path::new("/var/lib/ikd").join(name);
    let dir: Option<PathBuf> = args.state.clone().or(args.device.as_ref().map(usual));
    let mut out: Vec<Finding> = config.into_iter().collect();
    out.extend(dir.iter().flat_map(|dir| store(dir)));
    out
}

pub(super) fn configuration(path: &Path) -> Finding {
    let about = "configuration";
    let remedy = format!("ikd check {}", path.display());
    match check::file(path) {
        Err(why) => Finding::bad(about, why, "name the file: -c FILE"),
        Ok(checked) if checked.has_errors() => Finding::bad(about, "it has errors", remedy),
        Ok(checked) if !checked.report(false).is_empty() => {
            Finding::note(about, "it can be run; there are warnings", remedy)
        }
        Ok(_) => Finding::good(about, format!("{}: no errors", path.display())),
    }
}

pub(super) fn store(dir: &Path) -> Vec<Finding> {
    let about = "store";
    if !dir.exists() {
        let remedy = "ikd exec -d NAME crypto pki authenticate TRUSTPOINT    makes it";
        return vec![Finding::note(
            about,
            format!("{}: not there yet", dir.display()),
            remedy,
        )];
    }
    let inspected = Passphrase::find(None).and_then(|found| inspect(dir, found.as_ref()));
    let (keystore, mut found) = match inspected {
        Ok(inspected) => inspected,
        Err(e) => {
            let remedy = format!("ikd pki verify --state {} --repair", dir.display());
            return vec![Finding::bad(about, e.to_string(), remedy)];
        }
    };
    found.extend(about_certificates(&keystore, wall()));
    if found.is_empty() {
        let count = keystore.store.listing().len();
        let dir = dir.display();
        return vec![Finding::good(
            about,
            format!("{dir}: {count} certificates, all whole and valid"),
        )];
    }
    let told = |f: crate::keystore::Finding| {
        Finding::bad(about, format!("{}: {}", f.about, f.problem), f.remedy)
    };
    found.into_iter().map(told).collect()
}
