//! `show running-config` and `show startup-config` (G-033, G-063): the configuration with the
//! `crypto pki certificate chain` blocks of the installed certificates, in hex or by file name. The text holds pre-shared keys as they were typed, as IOS
//! prints them; the JSON has `<removed>` in their place, as IOS prints them for others' eyes.

use ike_core::config::RunningConfig;
use ike_pki::{Record, RecordKind};
use serde::Serialize;

use super::View;
use crate::exec::Snapshot;
use crate::secrets::censored;
use crate::transfer::chain_of;

#[derive(Serialize)]
pub(super) struct Running {
    blocks: Vec<Block>,
    #[serde(skip)]
    text: String,
}

/// A global line and the lines of its sub-mode, without indentation.
#[derive(Serialize)]
struct Block {
    line: String,
    body: Vec<String>,
}

pub(super) fn view(now: &Snapshot<'_>, startup: bool) -> Running {
    let mut text = ike_core::config::show(&with_chains(now, startup));
    let mut blocks: Vec<Block> = Vec::new();
    for line in text
        .lines()
        .filter(|line| !matches!(line.trim(), "" | "!" | "end"))
    {
        let censored = censored(line);
        match blocks.last_mut() {
            Some(block) if line.starts_with(' ') => block.body.push(censored),
            _ => blocks.push(Block {
                line: censored,
                body: Vec::new(),
            }),
        }
    }
    if !startup {
        text.insert_str(0, &heading(text.len()));
    }
    Running { blocks, text }
}

/// What IOS prints while it builds the text, and the octets it has.
fn heading(octets: usize) -> String {
    format!("Building configuration...\n\nCurrent configuration : {octets} bytes\n")
}

/// G-063: what is installed stands in the place of what was typed; a block whose certificates are
/// not in the store stays.
fn with_chains(now: &Snapshot<'_>, startup: bool) -> RunningConfig {
    let shown = if startup { now.startup } else { now.config };
    let mut config = shown.clone();
    for tp in &shown.trustpoints {
        let all = now.store.listing().into_iter();
        let mut records: Vec<&Record> = all.filter(|r| r.trustpoint == tp.name).collect();
        records.sort_by_key(|record| record.kind == RecordKind::Ca);
        if records.is_empty() {
            continue;
        }
        let chain = chain_of(&tp.name, &records, startup);
        let chains = &mut config.certificate_chains;
        match chains.iter_mut().find(|known| known.trustpoint == tp.name) {
            Some(known) => *known = chain,
            None => chains.push(chain),
        }
    }
    config
}

impl View for Running {
    fn text(&self) -> String {
        self.text.clone()
    }
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, json, shown};

    /// G-033: what is shown reads back to the same configuration.
    #[test]
    fn the_text_reads_back() {
        let world = R1::new();
        let text = shown("show running-config", &world.snapshot());
        assert_eq!(ike_core::config::parse("again", &text).config, world.config);
    }

    /// G-063: hex in the running configuration, file names in the startup one once they were saved;
    /// the hex reads back to the same octets.
    #[test]
    fn installed_certificates_are_part_of_the_configuration() {
        let mut world = R1::enrolled();
        let text = shown("show running-config", &world.snapshot());
        assert!(
            text.contains("crypto pki certificate chain IOSCA1\n certificate "),
            "{text}"
        );
        assert!(text.contains("\n certificate ca 01\n  3"), "{text}");
        let again = ike_core::config::parse("again", &text);
        assert_eq!(
            again.config.certificate_chains.len(),
            2,
            "{:?}",
            again.diagnostics
        );
        let ca = &world.store.ca("IOSCA1").unwrap().certificate;
        let read = &again.config.certificate_chains[0].certificates[1];
        assert_eq!(
            read.source,
            ike_core::config::ChainCertificateSource::Der(ca.der().to_vec())
        );
        let startup = shown("show startup-config", &world.snapshot());
        let (_, body) = text.split_once("bytes\n").unwrap();
        assert_eq!(startup, body, "nothing is saved yet");
        world.store.mark_saved();
        let startup = shown("show startup-config", &world.snapshot());
        assert!(
            startup.contains("\n certificate ca 01 nvram:CA1#1CA.cer\n"),
            "{startup}"
        );
        assert_eq!(shown("show running-config", &world.snapshot()), text);
    }

    /// Filters see configuration lines: the usual way to read one profile.
    #[test]
    fn sections_of_the_configuration() {
        let text = shown(
            "show run | section crypto isakmp profile",
            &R1::new().snapshot(),
        );
        assert!(
            text.starts_with("crypto isakmp profile prof1\n   "),
            "{text}"
        );
        assert_eq!(text.matches("\n").count(), 4, "{text}");
    }

    /// I6: keys are in the text, as on IOS, and never in the JSON.
    #[test]
    fn json_holds_no_key() {
        let mut world = R1::new();
        world.read(
            "crypto isakmp key hunter2 address 192.168.0.2
crypto keyring K
  pre-shared-key address 10.0.0.1 key hunter2
crypto ikev2 keyring K2
 peer P
  pre-shared-key local hunter2
crypto pki trustpoint IOSCA1
 password hunter2
",
        );
        let now = world.snapshot();
        assert!(shown("show run", &now).contains("hunter2"));
        let value = json("show run", &now).to_string();
        assert!(!value.contains("hunter2"), "{value}");
        assert!(
            value.contains("crypto isakmp key <removed> address 192.168.0.2"),
            "{value}"
        );
    }
}
