//! What is changed before a negotiation is run again.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use ike_core::config::parse;

use super::case_of;
use crate::lab::{Case, LabError, Overrides};
use crate::story::{Party, Story};

/// Changes.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Edits {
    /// HOST:trustpoint=TP,TP its profiles name these alone; HOST:enrolled=TP,TP it has no others;
    /// HOST:config=FILE it has another configuration.
    #[arg(long, value_name = "HOST:WHAT=VALUE", value_parser = setting)]
    pub(super) set: Vec<Setting>,
    /// A router enrolled in the opposite order, or in this one, newest first.
    #[arg(long, value_name = "HOST[=TP,TP]", value_parser = reordering)]
    pub(super) reorder: Vec<(String, Option<Vec<String>>)>,
    /// The router that starts [default: as recorded].
    #[arg(long, value_name = "HOST")]
    pub(super) initiate: Option<String>,
}

/// One `--set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    host: String,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Trustpoints(Vec<String>),
    Enrolled(Vec<String>),
    Config(PathBuf),
}

/// How blocks begin that name trustpoints, and the line that does.
const PROFILES: [(&str, &str); 2] = [
    ("crypto isakmp profile ", "ca trust-point "),
    ("crypto ikev2 profile ", "pki trustpoint "),
];

fn setting(text: &str) -> Result<Setting, String> {
    const WANTED: &str = "write HOST:WHAT=VALUE, for example R1:trustpoint=IOSCA2, R1:enrolled=IOSCA1 or R1:config=R1.cfg";
    let wrong = || format!("`{text}`: {WANTED}");
    let (host, rest) = text.split_once(':').ok_or_else(wrong)?;
    let (what, value) = rest.split_once('=').ok_or_else(wrong)?;
    if host.is_empty() || value.is_empty() {
        return Err(wrong());
    }
    let what = match what {
        "trustpoint" => What::Trustpoints(names(value)),
        "enrolled" => What::Enrolled(names(value)),
        "config" => What::Config(value.into()),
        _ => return Err(wrong()),
    };
    let host = host.to_owned();
    Ok(Setting { host, what })
}

fn reordering(text: &str) -> Result<(String, Option<Vec<String>>), String> {
    match text.split_once('=') {
        None if !text.is_empty() => Ok((text.to_owned(), None)),
        Some((host, list)) if !host.is_empty() && !list.is_empty() => {
            Ok((host.to_owned(), Some(names(list))))
        }
        _ => Err(format!(
            "`{text}`: write HOST or HOST=TRUSTPOINT,TRUSTPOINT"
        )),
    }
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_owned()).collect()
}

impl Edits {
    /// Each in a line, for people.
    pub(super) fn said(&self) -> Vec<String> {
        let sets = self.set.iter().map(|s| match &s.what {
            What::Trustpoints(names) => format!("{} names {} alone", s.host, names.join(", ")),
            What::Enrolled(names) => format!("{} has {} alone", s.host, names.join(", ")),
            What::Config(path) => format!("{} has {}", s.host, path.display()),
        });
        let orders = self.reorder.iter().map(|(host, order)| match order {
            None => format!("{host} enrolled in the opposite order"),
            Some(order) => format!("{host} enrolled, newest first: {}", order.join(", ")),
        });
        let starts = self.initiate.iter().map(|host| format!("{host} starts"));
        sets.chain(orders).chain(starts).collect()
    }

    /// The case of a story with these changes.
    ///
    /// # Errors
    /// A router, trustpoint or file is named that there is not, or a configuration has errors.
    pub(super) fn case(&self, story: &Story) -> Result<Case, LabError> {
        let texts = story.parties.iter().map(|party| self.text(party));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        if let Some((file, _)) = texts.iter().find(|(_, text)| text.is_empty()) {
            return Err(LabError::usage(format!(
                "the trace does not have the configuration of {file}; give it: --set HOST:config=FILE"
            )));
        }
        let mut case = case_of(story, texts)?;
        let order = |party: &Party| (party.name.clone(), party.order.clone());
        let mut overrides = Overrides {
            order: story.parties.iter().map(order).collect(),
            initiate: self.initiate.clone(),
            ..Overrides::default()
        };
        // What another configuration does not have any more is not enrolled.
        for router in &case.routers {
            let has = |name: &String| router.config.trustpoints.iter().any(|t| t.name == *name);
            if let Some(order) = overrides.order.get_mut(&router.name) {
                order.retain(has);
            }
        }
        self.stores(&mut overrides)?;
        case.apply(&overrides)?;
        Ok(case)
    }

    fn stores(&self, overrides: &mut Overrides) -> Result<(), LabError> {
        for (host, wanted) in &self.reorder {
            let order = known(&mut overrides.order, host)?;
            match wanted {
                None => order.reverse(),
                Some(wanted) => order.clone_from(wanted),
            }
        }
        for setting in &self.set {
            known(&mut overrides.order, &setting.host)?;
            if let What::Enrolled(names) = &setting.what {
                overrides
                    .enrolled
                    .insert(setting.host.clone(), names.clone());
            }
        }
        Ok(())
    }

    /// The file and the text of a router.
    fn text(&self, party: &Party) -> Result<(String, String), LabError> {
        let mut out = (party.file.clone(), party.config.clone());
        for setting in self.set.iter().filter(|s| s.host == party.name) {
            match &setting.what {
                What::Config(path) => {
                    let name = path.display().to_string();
                    let text = std::fs::read_to_string(path);
                    let text = text.map_err(|e| LabError::config(format!("{name}: {e}")))?;
                    out = (name, text);
                }
                What::Trustpoints(names) => out.1 = naming(&out, names),
                What::Enrolled(_) => {}
            }
        }
        Ok(out)
    }
}

fn known<'a>(
    orders: &'a mut BTreeMap<String, Vec<String>>,
    host: &str,
) -> Result<&'a mut Vec<String>, LabError> {
    let routers: Vec<&str> = orders.keys().map(String::as_str).collect();
    let wrong = format!(
        "there is no router {host}; there are {}",
        routers.join(" and ")
    );
    orders.get_mut(host).ok_or_else(|| LabError::usage(wrong))
}

/// The text with these trustpoints, and no others, in every profile.
fn naming((file, text): &(String, String), trustpoints: &[String]) -> String {
    let parsed = parse(file, text);
    let profile = |opening: &str| {
        PROFILES
            .iter()
            .find(|(begins, _)| opening.starts_with(begins))
    };
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        let place = parsed.places.iter().find(|p| p.line == number + 1);
        let names = place.is_some_and(|p| {
            profile(&p.block).is_some_and(|(_, chooses)| p.command.starts_with(chooses))
        });
        if !names {
            // Writing into a String does not fail.
            let _ = writeln!(out, "{line}");
        }
        let opened = place
            .filter(|p| p.block.is_empty())
            .and_then(|p| profile(&p.command));
        for name in opened.iter().flat_map(|_| trustpoints) {
            let chooses = opened.map_or("", |(_, chooses)| chooses);
            let _ = writeln!(out, " {chooses}{name}");
        }
    }
    out
}
