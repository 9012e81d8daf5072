//! What of the configuration a decision goes back to, and where that stands.

use serde::{Deserialize, Serialize};

use crate::config::Place;

/// An object of the configuration, as its line names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// `crypto isakmp profile NAME`.
    IsakmpProfile {
        /// Its name.
        name: String,
    },
    /// `crypto ikev2 profile NAME`.
    Ikev2Profile {
        /// Its name.
        name: String,
    },
    /// `crypto pki trustpoint NAME`.
    Trustpoint {
        /// Its name.
        name: String,
    },
    /// A line below another object: `ca trust-point IOSCA1` of a profile.
    Line {
        /// The block it stands in, as its first line in full: `crypto isakmp profile prof1`.
        block: String,
        /// How the line begins, in full words.
        command: String,
    },
    /// An object that is one line, or a block without a kind of its own, by its first line in full.
    Block {
        /// How it begins: `crypto isakmp policy 10`.
        command: String,
    },
}

impl Subject {
    /// `crypto isakmp profile NAME`.
    #[must_use]
    pub fn isakmp_profile(name: &str) -> Self {
        let name = name.to_owned();
        Self::IsakmpProfile { name }
    }

    /// `crypto ikev2 profile NAME`.
    #[must_use]
    pub fn ikev2_profile(name: &str) -> Self {
        let name = name.to_owned();
        Self::Ikev2Profile { name }
    }

    /// `crypto pki trustpoint NAME`.
    #[must_use]
    pub fn trustpoint(name: &str) -> Self {
        let name = name.to_owned();
        Self::Trustpoint { name }
    }

    /// A block, or a line outside blocks, that begins like this.
    #[must_use]
    pub fn block(command: impl Into<String>) -> Self {
        let command = command.into();
        Self::Block { command }
    }

    /// A line below another object, that begins like this.
    #[must_use]
    pub fn line(&self, command: impl Into<String>) -> Self {
        Self::Line {
            block: self.opening(),
            command: command.into(),
        }
    }

    /// The first line of the object; of a line, the line.
    #[must_use]
    pub fn opening(&self) -> String {
        match self {
            Self::IsakmpProfile { name } => format!("crypto isakmp profile {name}"),
            Self::Ikev2Profile { name } => format!("crypto ikev2 profile {name}"),
            Self::Trustpoint { name } => format!("crypto pki trustpoint {name}"),
            Self::Line { command, .. } | Self::Block { command } => command.clone(),
        }
    }

    /// Where it stands: the places of [`Parsed::places`](crate::config::Parsed::places) that it names, in their
    /// order. None for what is built in, or was left out.
    #[must_use]
    pub fn places<'a>(&self, places: &'a [Place]) -> Vec<&'a Place> {
        let block = match self {
            Self::Line { block, .. } => block.as_str(),
            _ => "",
        };
        let opening = self.opening();
        let named = |place: &&Place| place.block == block && begins(&place.command, &opening);
        places.iter().filter(named).collect()
    }
}

/// The command is `opening`, or goes on after it with another word.
fn begins(command: &str, opening: &str) -> bool {
    let rest = command.strip_prefix(opening);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::Subject;
    use crate::config;

    const TEXT: &str = "crypto pki trustpoint TP1
  revocation-check none
crypto pki trustpoint TP10
  revocation-check crl
crypto isakmp policy 10
  group 2
crypto isakmp profile prof1
   match identity address 192.168.0.2 255.255.255.255
   ca trust TP1
   ca trust-point TP10
crypto map MAP 10 ipsec-isakmp
  set peer 192.168.0.2
";

    fn lines(subject: &Subject) -> Vec<usize> {
        let parsed = config::parse("r1.cfg", TEXT);
        let places = subject.places(&parsed.places);
        places.into_iter().map(|place| place.line).collect()
    }

    /// A name that only begins alike is another object.
    #[test]
    fn an_object_is_found_by_its_whole_name() {
        assert_eq!(lines(&Subject::trustpoint("TP1")), [1]);
        assert_eq!(lines(&Subject::trustpoint("TP10")), [3]);
        assert_eq!(lines(&Subject::trustpoint("TP2")), [0; 0]);
        assert_eq!(lines(&Subject::isakmp_profile("prof1")), [7]);
    }

    /// Keywords are compared in full, however they were typed.
    #[test]
    fn a_line_is_found_below_its_block_alone() {
        let profile = Subject::isakmp_profile("prof1");
        assert_eq!(lines(&profile.line("ca trust-point TP1")), [9]);
        assert_eq!(lines(&profile.line("ca trust-point")), [9, 10]);
        assert_eq!(lines(&profile.line("match identity")), [8]);
        let other = Subject::trustpoint("TP10");
        assert_eq!(lines(&other.line("revocation-check")), [4]);
        assert_eq!(lines(&Subject::block("revocation-check")), [0; 0]);
    }

    #[test]
    fn a_block_without_a_kind_is_found_by_its_first_line() {
        assert_eq!(lines(&Subject::block("crypto isakmp policy 10")), [5]);
        let map = Subject::block("crypto map MAP 10");
        assert_eq!(lines(&map), [11]);
        assert_eq!(lines(&map.line("set peer")), [12]);
    }
}
