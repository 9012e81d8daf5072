//! What `swanctl --list-sas --pretty` says, as values: the raw message with one key a line, so
//! that identities with blanks keep their borders.

use std::collections::BTreeMap;

/// An IKE SA in charon's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerSa {
    /// Name of its connection.
    pub connection: String,
    /// Its keys, e.g. `state`, `version`, `remote-id`, `initiator-spi`.
    pub values: BTreeMap<String, String>,
    /// Its child SAs.
    pub children: Vec<PeerChild>,
}

/// A child SA in charon's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerChild {
    /// Its keys, e.g. `name`, `state`, `spi-in`, `bytes-out`; lists are joined by commas.
    pub values: BTreeMap<String, String>,
}

impl PeerSa {
    /// A key's value; empty when there is none.
    pub fn get(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    /// Whether the SA is established.
    pub fn established(&self) -> bool {
        self.get("state") == "ESTABLISHED"
    }

    /// Child SAs that carry traffic.
    pub fn installed(&self) -> impl Iterator<Item = &PeerChild> {
        self.children
            .iter()
            .filter(|child| child.get("state") == "INSTALLED")
    }
}

impl PeerChild {
    /// A key's value; empty when there is none.
    pub fn get(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }
}

/// The SAs of an answer; lines that are not understood are passed over.
pub(super) fn sas(text: &str) -> Vec<PeerSa> {
    let root = Section::read(&mut text.lines());
    let events = root
        .sections
        .into_iter()
        .filter(|(name, _)| name == "list-sa event");
    events
        .flat_map(|(_, event)| event.sections)
        .map(|(name, section)| ike_sa(name, section))
        .collect()
}

fn ike_sa(connection: String, section: Section) -> PeerSa {
    let children = section
        .sections
        .into_iter()
        .filter(|(name, _)| name == "child-sas");
    PeerSa {
        connection,
        values: section.values,
        children: children
            .flat_map(|(_, list)| list.sections)
            .map(|(_, child)| PeerChild {
                values: child.values,
            })
            .collect(),
    }
}

#[derive(Default)]
struct Section {
    values: BTreeMap<String, String>,
    sections: Vec<(String, Section)>,
}

impl Section {
    /// Reads up to the brace that closes it, or the end.
    fn read<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Self {
        let mut section = Self::default();
        while let Some(line) = lines.next().map(str::trim) {
            if line == "}" {
                break;
            }
            if let Some(name) = line.strip_suffix('{') {
                section
                    .sections
                    .push((name.trim().to_owned(), Self::read(lines)));
            } else if let Some((key, value)) = line.split_once(" = ") {
                let value = if value == "[" {
                    list(lines)
                } else {
                    value.to_owned()
                };
                section.values.insert(key.to_owned(), value);
            }
        }
        section
    }
}

fn list<'a>(lines: &mut impl Iterator<Item = &'a str>) -> String {
    let items: Vec<&str> = lines
        .map(str::trim)
        .take_while(|line| *line != "]")
        .collect();
    items.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "list-sa event {\n  c {\n    uniqueid = 1\n    state = ESTABLISHED\n    remote-id = O=lab, CN=R1\n    \
child-sas {\n      k-1 {\n        name = k\n        state = INSTALLED\n        local-ts = [\n          10.2.0.0/16\n          10.3.0.0/16\n        ]\n      \
}\n      k-2 {\n        name = k\n        state = REKEYED\n      }\n    }\n  }\n}\nlist-sas reply {\n}\n";

    #[test]
    fn sas_and_their_children_are_read() {
        let [sa] = sas(ANSWER).try_into().expect("one SA");
        assert!(sa.established());
        assert_eq!(
            (sa.connection.as_str(), sa.get("remote-id")),
            ("c", "O=lab, CN=R1")
        );
        assert_eq!(sa.children.len(), 2);
        let installed: Vec<&PeerChild> = sa.installed().collect();
        assert_eq!(installed.len(), 1);
        assert_eq!(installed[0].get("local-ts"), "10.2.0.0/16,10.3.0.0/16");
    }

    #[test]
    fn cut_or_foreign_text_gives_what_there_is() {
        for end in 0..ANSWER.len() {
            let _ = sas(&ANSWER[..end]);
        }
        assert!(sas("list-sas reply {\n}\n").is_empty());
        assert!(sas("error: connecting failed").is_empty());
    }
}
