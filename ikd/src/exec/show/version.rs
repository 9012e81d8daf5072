//! `show version`: ours, because we are not IOS.

use serde::Serialize;

use super::View;
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Version {
    name: &'static str,
    version: &'static str,
    behaves_as: &'static str,
    hostname: String,
}

pub(super) fn view(now: &Snapshot<'_>) -> Version {
    Version {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        behaves_as: "Cisco IOS 15.3T",
        hostname: now
            .config
            .hostname
            .clone()
            .unwrap_or_else(|| "Router".to_owned()),
    }
}

impl View for Version {
    fn text(&self) -> String {
        format!(
            "{} {}: an IKE daemon that behaves as {}\nHostname: {}\n",
            self.name, self.version, self.behaves_as, self.hostname
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, shown};

    /// The version is that of the package.
    #[test]
    fn the_version_is_that_of_the_package() {
        let text = shown("sh ver", &R1::new().snapshot());
        assert!(
            text.starts_with(concat!("ikd ", env!("CARGO_PKG_VERSION"), ":")),
            "{text}"
        );
        assert!(text.ends_with("Hostname: R1\n"), "{text}");
    }
}
