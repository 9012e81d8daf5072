//! Arguments that several lab commands share.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ike_core::config::Enrollment;

use super::case::{Case, Overrides, RouterCase, Software};
use super::error::LabError;
use crate::cli::complain;

/// Which two routers, and how.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct CaseArgs {
    /// A lab folder, or the configurations of two routers.
    #[arg(value_name = "FOLDER | A.cfg B.cfg", num_args = 0..=2)]
    pub paths: Vec<PathBuf>,
    /// The router that starts [default: the folder's, or the first file's].
    #[arg(long, value_name = "HOST")]
    pub initiate: Option<String>,
    /// What the second router runs: `strongswan` is charon with the translation of its configuration.
    #[arg(long, value_name = "SOFTWARE", value_enum, default_value_t)]
    pub peer: Software,
    #[command(flatten)]
    pub stores: StoreArgs,
    /// Bits of the routers' RSA keys; 512 is the exact replica of the tech note's captures.
    #[arg(long, value_name = "N")]
    pub key_bits: Option<u32>,
    /// Seconds between phase 1 retransmissions [default: 10, as IOS].
    #[arg(long, value_name = "S")]
    pub retransmit_interval: Option<f64>,
}

/// What the routers have enrolled, and in which order.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct StoreArgs {
    /// Listing order of a router's trustpoints, newest first [default: the last defined is newest].
    #[arg(long, value_name = "HOST=TP,TP", value_parser = assignment)]
    pub order: Vec<(String, Vec<String>)>,
    /// Enrol only these trustpoints of a router.
    #[arg(long, value_name = "HOST=TP,TP", value_parser = assignment)]
    pub enrolled: Vec<(String, Vec<String>)>,
    /// The CA of an enrolment URL stands below another: CA1 is that of the first URL in the two configurations, and so on.
    #[arg(long, value_name = "CA2=CA1", value_parser = place)]
    pub below: Vec<(String, String)>,
}

impl StoreArgs {
    /// What they change in a case.
    pub(crate) fn overrides(&self) -> Overrides {
        let map =
            |pairs: &[(String, Vec<String>)]| pairs.iter().cloned().collect::<BTreeMap<_, _>>();
        Overrides {
            order: map(&self.order),
            enrolled: map(&self.enrolled),
            below: self.below.iter().cloned().collect(),
            ..Overrides::default()
        }
    }
}

impl CaseArgs {
    /// The case they stand for; `fallback` is the embedded folder when no path is given.
    ///
    /// # Errors
    /// A file, name or number is wrong.
    pub(super) fn case(&self, fallback: Option<&str>) -> Result<Case, LabError> {
        let mut case = match (self.paths.as_slice(), fallback) {
            ([], Some(folder)) => Case::embedded(folder),
            ([], None) => Err(LabError::usage(
                "give a lab folder, or the configurations of two routers",
            )),
            ([folder], _) if folder.is_dir() => Case::open(folder),
            ([file], _) if file.is_file() => Err(LabError::usage(format!(
                "{} is one configuration; a lab has two routers: give the other one too",
                file.display()
            ))),
            // Case::open says what is missing.
            ([folder], _) => Case::open(folder),
            ([a, b, ..], _) => Case::from_configs(&[a.clone(), b.clone()]),
        }?;
        case.apply(&self.overrides())?;
        for router in &case.routers {
            note_unenrolled(router);
        }
        Ok(case)
    }

    fn overrides(&self) -> Overrides {
        Overrides {
            initiate: self.initiate.clone(),
            key_bits: self.key_bits,
            retransmit_interval: self.retransmit_interval,
            peer: self.peer,
            ..self.stores.overrides()
        }
    }
}

/// Says which trustpoints stay without a certificate for want of a CA.
pub(crate) fn note_unenrolled(router: &RouterCase) {
    for trustpoint in &router.config.trustpoints {
        if !matches!(trustpoint.enrollment, Some(Enrollment::Url(_))) {
            let (name, host) = (&trustpoint.name, &router.name);
            complain(&format!(
                "note: {host} trustpoint {name} has no `enrollment url`, the lab does not enrol it"
            ));
        }
    }
}

/// `R1=IOSCA2,IOSCA1`.
fn assignment(text: &str) -> Result<(String, Vec<String>), String> {
    let (host, list) = text
        .split_once('=')
        .filter(|(host, list)| !host.is_empty() && !list.is_empty())
        .ok_or_else(|| {
            format!("`{text}`: write HOST=TRUSTPOINT,TRUSTPOINT, for example R1=IOSCA2,IOSCA1")
        })?;
    Ok((
        host.to_owned(),
        list.split(',').map(|t| t.trim().to_owned()).collect(),
    ))
}

/// `CA2=CA1`: the first below the second.
fn place(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=');
    let pair = pair.filter(|(ca, above)| !ca.is_empty() && !above.is_empty());
    pair.map(|(ca, above)| (ca.to_owned(), above.to_owned()))
        .ok_or_else(|| {
            format!("`{text}`: write CA=CA, for example CA2=CA1: CA1 issues CA2's certificate")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_host_and_its_trustpoints() {
        assert_eq!(
            assignment("R1=A,B").unwrap(),
            ("R1".to_owned(), vec!["A".to_owned(), "B".to_owned()])
        );
        for bad in ["R1", "R1=", "=A"] {
            assert!(
                assignment(bad).unwrap_err().contains("R1=IOSCA2,IOSCA1"),
                "{bad}"
            );
        }
    }
}
