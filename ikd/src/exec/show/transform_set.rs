//! `show crypto ipsec transform-set` (O-062).

use ike_core::config::{EspAuthentication, TransformSet};
use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct TransformSets {
    transform_sets: Vec<Set>,
}

/// A transform set in IOS's words; profiles and maps show it too.
#[derive(Serialize)]
pub(super) struct Set {
    pub(super) name: String,
    /// `esp-aes esp-sha256-hmac`.
    pub(super) transforms: String,
    mode: &'static str,
}

pub(super) fn view(now: &Snapshot<'_>) -> TransformSets {
    TransformSets {
        transform_sets: now.config.transform_sets.iter().map(Set::of).collect(),
    }
}

impl Set {
    pub(super) fn of(set: &TransformSet) -> Self {
        let words = ike_core::show::transform_set(set);
        let esp = words
            .rsplit_once(" (")
            .map_or(words.as_str(), |(names, _)| names);
        let names = set
            .ah
            .map(ah)
            .into_iter()
            .chain((!esp.is_empty()).then_some(esp));
        Self {
            name: set.name.clone(),
            transforms: names.collect::<Vec<_>>().join(" "),
            mode: if set.transport { "Transport" } else { "Tunnel" },
        }
    }
}

fn ah(integrity: EspAuthentication) -> &'static str {
    match integrity {
        EspAuthentication::Md5 => "ah-md5-hmac",
        EspAuthentication::Sha => "ah-sha-hmac",
        EspAuthentication::Sha256 => "ah-sha256-hmac",
        EspAuthentication::Sha384 => "ah-sha384-hmac",
        EspAuthentication::Sha512 => "ah-sha512-hmac",
    }
}

impl View for TransformSets {
    /// With the trailing blanks IOS prints.
    fn text(&self) -> String {
        let mut out = Lines::default();
        for set in &self.transform_sets {
            out.line(format!(
                "Transform set {}: {{ {}  }} ",
                set.name, set.transforms
            ));
            out.line(format!("   will negotiate = {{ {},  }}, ", set.mode));
            out.blank();
        }
        out.0
    }
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, shown};

    /// O-062, trailing blanks included.
    #[test]
    fn sets_show_with_their_mode() {
        let world = R1::new();
        assert_eq!(
            shown("show crypto ipsec transform-set", &world.snapshot()),
            "Transform set TS: { esp-aes esp-sha256-hmac  } \n   will negotiate = { Tunnel,  }, \n\n"
        );
    }

    /// G-080: AH stands before ESP; key lengths stand where IOS has them.
    #[test]
    fn long_keys_and_ah_have_their_names() {
        use ike_core::config::{EspAuthentication, EspEncryption};
        let mut world = R1::new();
        let set = &mut world.config.transform_sets[0];
        set.cipher = Some(EspEncryption::Aes(256));
        set.ah = Some(EspAuthentication::Sha);
        set.transport = true;
        assert_eq!(
            shown("show crypto ipsec transform-set", &world.snapshot()),
            "Transform set TS: { ah-sha-hmac esp-256-aes esp-sha256-hmac  } \n   will negotiate = { Transport,  }, \n\n"
        );
    }
}
