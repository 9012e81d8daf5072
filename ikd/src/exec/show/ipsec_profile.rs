//! `show crypto ipsec profile` (O-062).

use ike_core::config::{IpsecProfile, RunningConfig};
use serde::Serialize;

use super::transform_set::Set;
use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Profiles {
    ipsec_profiles: Vec<Profile>,
}

#[derive(Serialize)]
struct Profile {
    name: String,
    isakmp_profile: Option<String>,
    ikev2_profile: Option<String>,
    #[serde(flatten)]
    terms: Terms,
}

/// What profiles and crypto maps say about their SAs in the same lines.
#[derive(Serialize)]
pub(super) struct Terms {
    pub(super) seconds: u32,
    pub(super) kilobytes: u32,
    pub(super) responder_only: bool,
    /// Oakley group number.
    pub(super) pfs: Option<u16>,
    pub(super) transform_sets: Vec<Set>,
}

pub(super) fn view(now: &Snapshot<'_>) -> Profiles {
    let profile = |p: &IpsecProfile| Profile {
        name: p.name.clone(),
        isakmp_profile: p.isakmp_profile.clone(),
        ikev2_profile: p.ikev2_profile.clone(),
        terms: Terms {
            seconds: p
                .lifetime_seconds
                .unwrap_or(now.config.ipsec.lifetime_seconds),
            kilobytes: p
                .lifetime_kilobytes
                .unwrap_or(now.config.ipsec.lifetime_kilobytes),
            responder_only: p.responder_only,
            pfs: p.pfs,
            transform_sets: sets(now.config, &p.transform_sets),
        },
    };
    Profiles {
        ipsec_profiles: now.config.ipsec_profiles.iter().map(profile).collect(),
    }
}

/// The transform sets of these names, unknown ones left out.
pub(super) fn sets(config: &RunningConfig, names: &[String]) -> Vec<Set> {
    names
        .iter()
        .filter_map(|name| config.transform_set(name))
        .map(Set::of)
        .collect()
}

impl View for Profiles {
    fn text(&self) -> String {
        let mut out = Lines::default();
        for profile in &self.ipsec_profiles {
            out.line(format!("IPSEC profile {}", profile.name));
            profile
                .isakmp_profile
                .iter()
                .for_each(|p| out.line(format!("\tISAKMP Profile: {p}")));
            profile
                .ikev2_profile
                .iter()
                .for_each(|p| out.line(format!("\tIKEv2 Profile: {p}")));
            profile.terms.lines(&mut out);
            out.blank();
        }
        out.0
    }
}

impl Terms {
    /// The lines, indented by a tab, with the trailing blanks IOS prints.
    pub(super) fn lines(&self, out: &mut Lines) {
        let yes = |is: bool| if is { "Y" } else { "N" };
        let (kilobytes, seconds) = (self.kilobytes, self.seconds);
        out.line(format!(
            "\tSecurity association lifetime: {kilobytes} kilobytes/{seconds} seconds"
        ));
        out.line(format!(
            "\tResponder-Only (Y/N): {}",
            yes(self.responder_only)
        ));
        out.line(format!("\tPFS (Y/N): {}", yes(self.pfs.is_some())));
        self.pfs
            .iter()
            .for_each(|group| out.line(format!("\tDH group:  group{group}")));
        out.line("\tTransform sets={ ");
        for set in &self.transform_sets {
            out.line(format!("\t\t{}:  {{ {}  }} , ", set.name, set.transforms));
        }
        out.line("\t}");
    }
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, shown};

    /// O-062, G-081: defaults of G-082 where the profile says nothing.
    #[test]
    fn the_profile_of_the_seed() {
        let mut world = R1::new();
        assert_eq!(
            shown("show crypto ipsec profile", &world.snapshot()),
            "IPSEC profile prof1
\tISAKMP Profile: prof1
\tSecurity association lifetime: 4608000 kilobytes/3600 seconds
\tResponder-Only (Y/N): N
\tPFS (Y/N): N
\tTransform sets={ 
\t\tTS:  { esp-aes esp-sha256-hmac  } , 
\t}

"
        );
        world.config.ipsec_profiles[0].pfs = Some(14);
        let text = shown("show crypto ipsec profile", &world.snapshot());
        assert!(
            text.contains("\tPFS (Y/N): Y\n\tDH group:  group14\n"),
            "{text}"
        );
    }
}
