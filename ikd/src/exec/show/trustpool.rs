//! `show crypto pki trustpool` (O-044, G-064); `ike-pki` has the text.

use ike_pki::PoolView;
use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Trustpool {
    trustpool: Vec<PoolView>,
}

pub(super) fn view(now: &Snapshot<'_>) -> Trustpool {
    Trustpool {
        trustpool: now.store.trustpool_views(!now.config.trustpool_clean),
    }
}

impl View for Trustpool {
    fn text(&self) -> String {
        let mut out = Lines::default();
        out.apart(&self.trustpool, |ca, out| out.0.push_str(&ca.text()));
        out.0
    }
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, json, shown};

    /// O-044: the five, until `crypto pki trustpool clean` in either place.
    #[test]
    fn the_built_in_cas_show_until_they_are_removed() {
        let mut world = R1::new();
        let text = shown("show crypto pki trustpool", &world.snapshot());
        assert_eq!(text.matches("  Trustpool: Built-In\n").count(), 5, "{text}");
        assert!(
            text.contains("  Associated Trustpoints: Trustpool \n"),
            "{text}"
        );
        world.read("crypto pki trustpool clean\n");
        assert_eq!(shown("show crypto pki trustpool", &world.snapshot()), "");
        let mut world = R1::new();
        world.store.clean_trustpool();
        let value = json("show crypto pki trustpool", &world.snapshot());
        assert_eq!(value["trustpool"].as_array().unwrap().len(), 0);
    }
}
