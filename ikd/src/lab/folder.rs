//! Where cases come from: a folder with a `lab.toml`, one that is part of the binary, or two
//! configuration files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ike_core::config::{Enrollment, Parsed, Severity, TrustpointConfig, parse};

use super::case::{Case, Overrides, RouterCase, Software, allowed_interval};
use super::embedded;
use super::error::LabError;
use super::file::{self, Interval, LabFile, StopWhen};

impl Case {
    /// Reads a folder with a `lab.toml`.
    ///
    /// # Errors
    /// Something in it is missing or wrong; the text names file and line.
    pub fn open(folder: &Path) -> Result<Self, LabError> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).map_err(|e| {
                LabError::config(format!(
                    "{}: {e}; a lab folder holds lab.toml and two configurations",
                    path.display()
                ))
            })
        };
        let lab = file::parse(
            &folder.join("lab.toml").display().to_string(),
            &read("lab.toml")?,
        )?;
        let name = folder.file_name().map_or_else(
            || lab.id.to_lowercase(),
            |n| n.to_string_lossy().into_owned(),
        );
        Self::from_file(name, lab, |file| {
            Ok((folder.join(file).display().to_string(), read(file)?))
        })
    }

    /// A folder that is part of the binary, by folder name or case number (any case).
    ///
    /// # Errors
    /// There is no such case; the text lists those there are.
    pub fn embedded(name: &str) -> Result<Self, LabError> {
        let wanted = name.to_lowercase();
        let lab = embedded::ALL
            .iter()
            .find(|l| l.folder == wanted)
            .ok_or_else(|| {
                let known = embedded::folders().join(" ");
                LabError::usage(format!("there is no case {name}; there are: {known}"))
            })?;
        let file = file::parse(&format!("{}/lab.toml", lab.folder), lab.toml)?;
        Self::from_file(lab.folder.to_owned(), file, |name| {
            let text = if name == "r1.cfg" { lab.r1 } else { lab.r2 };
            Ok((format!("{}/{name}", lab.folder), text.to_owned()))
        })
    }

    fn from_file(
        folder: String,
        lab: LabFile,
        read: impl Fn(&str) -> Result<(String, String), LabError>,
    ) -> Result<Self, LabError> {
        let texts = lab
            .routers
            .values()
            .map(|file| read(file))
            .collect::<Result<Vec<_>, _>>()?;
        let mut case = Self::from_texts(folder, texts)?;
        case.take(lab)
            .map_err(|e| LabError::config(format!("{}/lab.toml: {e}", case.folder)))?;
        Ok(case)
    }

    /// Everything but the routers.
    fn take(&mut self, lab: LabFile) -> Result<(), LabError> {
        for (name, router) in lab.routers.keys().zip(&self.routers) {
            if *name != router.name {
                let found = &router.name;
                return Err(LabError::config(format!(
                    "[routers] says {name}, its configuration says hostname {found}"
                )));
            }
        }
        self.id = lab.id;
        self.title = lab.title;
        self.story = lab.story;
        self.latency = lab.latency.unwrap_or(0);
        self.stop_when = lab.stop_when;
        self.half_open = lab.half_open;
        self.nat = lab.nat;
        self.faults = lab.fault;
        self.negotiates = lab.initiator.is_some();
        if self.negotiates && lab.expect.up.is_none() {
            return Err(LabError::config("[expect] says nothing of `up`"));
        }
        if let Some(name) = lab.ca.keys().find(|name| !self.has_ca(name)) {
            return Err(LabError::config(format!(
                "[ca.{name}]: there is no such CA; the first enrolment URL is CA1"
            )));
        }
        let below = lab.ca.iter();
        let below = below.filter_map(|(name, ca)| Some((name.clone(), ca.below.clone()?)));
        self.place_below(&below.collect())?;
        self.cas = lab.ca;
        for step in lab.step {
            let (at_end, step) = step.read(self)?;
            let list = if at_end {
                &mut self.at_end
            } else {
                &mut self.before
            };
            list.push(step);
        }
        self.expect = Some(lab.expect);
        for (name, serial) in lab.serials {
            let index = self.index_of(&name)?;
            self.routers[index].serial = serial;
        }
        match lab.retransmit_interval {
            None => {}
            Some(Interval::Both(seconds)) => self.retransmit = [allowed_interval(seconds)?; 2],
            Some(Interval::Each(routers)) => {
                for (name, seconds) in routers {
                    let index = self.index_of(&name)?;
                    self.retransmit[index] = allowed_interval(seconds)?;
                }
            }
        }
        if let Some(nat) = &self.nat {
            self.index_of(&nat.router)?;
        }
        self.apply(&Overrides {
            initiate: lab.initiator,
            order: lab.order,
            enrolled: lab.enrolled,
            key_bits: lab.key_bits,
            ..Overrides::default()
        })?;
        Ok(())
    }

    /// Two configuration files.
    ///
    /// # Errors
    /// One cannot be read or is wrong; the text is that of `ikd check`.
    pub fn from_configs(paths: &[PathBuf; 2]) -> Result<Self, LabError> {
        let read = |path: &PathBuf| {
            let name = path.display().to_string();
            std::fs::read_to_string(path)
                .map(|text| (name.clone(), text))
                .map_err(|e| LabError::config(format!("{name}: {e}")))
        };
        let texts = paths.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Self::from_texts("lab".to_owned(), texts)
    }

    /// A case of configurations by the names of their files.
    ///
    /// # Errors
    /// One has errors, or there are not two of them.
    pub(crate) fn from_texts(
        folder: String,
        texts: Vec<(String, String)>,
    ) -> Result<Self, LabError> {
        let count = texts.len();
        let routers = texts
            .into_iter()
            .enumerate()
            .map(|(n, (name, text))| router(n, &name, text));
        let routers: [RouterCase; 2] =
            routers
                .collect::<Result<Vec<_>, _>>()?
                .try_into()
                .map_err(|_| {
                    LabError::config(format!("{folder}: a lab has two routers, not {count}"))
                })?;
        if routers[0].name == routers[1].name {
            return Err(LabError::config(format!(
                "both routers are called {}; give them different hostnames",
                routers[0].name
            )));
        }
        Ok(Self {
            id: format!("{}-{}", routers[0].name, routers[1].name),
            folder,
            title: format!("{} and {}", routers[0].name, routers[1].name),
            story: String::new(),
            routers,
            initiator: 0,
            negotiates: true,
            key_bits: 2048,
            retransmit: [Duration::from_secs(10); 2],
            latency: 0,
            stop_when: StopWhen::default(),
            until_given_up: false,
            half_open: 0,
            nat: None,
            faults: Vec::new(),
            cas: BTreeMap::new(),
            above: BTreeMap::new(),
            before: Vec::new(),
            at_end: Vec::new(),
            expect: None,
        })
    }
}

impl RouterCase {
    /// The same router with another configuration. It has enrolled what it had before; a trustpoint that is new is the
    /// newest (P-001).
    ///
    /// # Errors
    /// The text has an error; it is that of `ikd check`.
    pub(crate) fn with_text(&self, text: String) -> Result<Self, LabError> {
        let mut changed = router(0, &self.file, text)?;
        let known = |name: &String| self.config.trustpoints.iter().any(|tp| tp.name == *name);
        let kept = self
            .order
            .iter()
            .filter(|name| changed.order.contains(name));
        let new = changed.order.iter().filter(|name| !known(name));
        changed.order = new.chain(kept).cloned().collect();
        changed.serial.clone_from(&self.serial);
        changed.software = self.software;
        Ok(changed)
    }
}

fn router(number: usize, file: &str, text: String) -> Result<RouterCase, LabError> {
    let Parsed {
        config,
        diagnostics,
        places,
    } = parse(file, &text);
    let errors: String = diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| format!("{d}\n"))
        .collect();
    if !errors.is_empty() {
        return Err(LabError::config(errors));
    }
    let name = config.hostname.clone().ok_or_else(|| {
        LabError::config(format!(
            "{file}: add a `hostname`: it names the router in the lab"
        ))
    })?;
    // P-001: the last defined is the newest. Without a URL there is no CA in the lab to ask.
    let with_url = |t: &&TrustpointConfig| matches!(t.enrollment, Some(Enrollment::Url(_)));
    let order = config
        .trustpoints
        .iter()
        .rev()
        .filter(with_url)
        .map(|t| t.name.clone())
        .collect();
    Ok(RouterCase {
        name,
        text,
        config,
        order,
        serial: (100 + number).to_string(),
        file: file.to_owned(),
        places,
        software: Software::Ikd,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_folder_can_be_read() {
        for lab in embedded::ALL {
            let case = Case::embedded(lab.folder).unwrap_or_else(|e| panic!("{}: {e}", lab.folder));
            assert_eq!(case.folder, lab.folder);
            assert!(case.expect.is_some());
        }
        assert!(Case::embedded("T-01").is_ok(), "the number will do");
        assert!(Case::embedded("t-00").unwrap_err().text.contains("t-01"));
    }

    #[test]
    fn a_folder_that_contradicts_itself_is_a_configuration_error() {
        let dir = tempfile::tempdir().unwrap();
        let lab = embedded::ALL.first().unwrap();
        std::fs::write(dir.path().join("r1.cfg"), lab.r1).unwrap();
        std::fs::write(dir.path().join("r2.cfg"), lab.r2).unwrap();
        for (from, to, part) in [
            ("initiator = \"R1\"", "initiator = \"R7\"", "no router R7"),
            (
                "R1 = \"r1.cfg\"",
                "R1 = \"r2.cfg\"",
                "both routers are called R2",
            ),
            ("R1 = \"r1.cfg\"", "R0 = \"r1.cfg\"", "[routers] says R0"),
            ("\"IOSCA2\"", "\"NOPE\"", "no trustpoint NOPE"),
        ] {
            let text = lab.toml.replace(from, to);
            std::fs::write(dir.path().join("lab.toml"), text).unwrap();
            let error = Case::open(dir.path()).unwrap_err();
            assert_eq!(error.code, 3);
            assert!(error.text.contains(part), "{error}");
        }
    }
}
