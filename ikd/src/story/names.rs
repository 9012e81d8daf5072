//! Secrets by names: a trace is mailed around, and still has to tell whether two routers have the same key.

use std::collections::{BTreeMap, BTreeSet};

use ike_core::config::{Parsed, Place, is_without_effect, parse};

use crate::secrets::{censored, replaced};

/// The names that were given so far.
#[derive(Default)]
pub(crate) struct Names(Vec<String>);

/// The lines of a configuration by their numbers, as they were read.
struct Known<'a> {
    places: BTreeMap<usize, &'a Place>,
    /// Lines that are only kept, and what opens blocks of them.
    kept: BTreeSet<&'a str>,
}

impl Names {
    /// A configuration with `key-1`, `key-2` in the place of its secrets; equal secrets have equal names.
    ///
    /// Secrets are found in lines with their keywords in full, however they were typed. Nobody knows whether there
    /// are any in a comment, and in a line that was not understood or is not acted on: an empty line stands there.
    pub(crate) fn hide(&mut self, config: &str) -> String {
        let parsed = parse("", config);
        let known = Known::of(&parsed);
        let mut in_certificate = false;
        let lines = config.lines().zip(1..).map(|(line, number)| {
            let place = known.places.get(&number);
            in_certificate = match place {
                Some(place) => place.command.starts_with("certificate "),
                None => in_certificate && is_hex(line),
            };
            match place {
                Some(place) if known.acts(place) => self.line(line, &place.command),
                None if in_certificate || is_punctuation(line) => line.to_owned(),
                _ => "!".to_owned(),
            }
        });
        lines.map(|line| line + "\n").collect()
    }

    /// The line as it was typed, or where it has a secret as it was understood.
    fn line(&mut self, typed: &str, command: &str) -> String {
        match censored(command) == command {
            true => typed.to_owned(),
            false => {
                let indent = typed.chars().take_while(|c| c.is_whitespace());
                let shown = replaced(command, |kind, secret| self.name(kind, secret));
                indent.chain(shown.chars()).collect()
            }
        }
    }

    fn name(&mut self, kind: &str, secret: &str) -> String {
        let known = self.0.iter().position(|s| s == secret);
        let place = known.unwrap_or_else(|| {
            self.0.push(secret.to_owned());
            self.0.len() - 1
        });
        match kind {
            // It has to read back.
            "hex" => format!("{:032x}", place + 1),
            _ => format!("key-{}", place + 1),
        }
    }
}

impl<'a> Known<'a> {
    fn of(parsed: &'a Parsed) -> Self {
        Self {
            places: parsed.places.iter().map(|p| (p.line, p)).collect(),
            kept: parsed.config.kept.iter().map(|k| k.line.as_str()).collect(),
        }
    }

    fn acts(&self, place: &Place) -> bool {
        match place.block.as_str() {
            "" => !self.kept.contains(&*place.command) && !is_without_effect(&place.command),
            block => !self.kept.contains(block),
        }
    }
}

/// A line of a certificate.
fn is_hex(line: &str) -> bool {
    line.chars().all(|c| c.is_ascii_hexdigit() || c == ' ')
}

/// What ends a block, and says nothing.
fn is_punctuation(line: &str) -> bool {
    ["", "!", "exit", "end", "quit"].contains(&line.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I6: no secret, but whether it is the same.
    #[test]
    fn equal_secrets_have_equal_names() {
        let mut names = Names::default();
        let r1 = names.hide("hostname R1\ncrypto isakmp key hunter2 address 10.0.0.2\n!\n");
        let r2 = names.hide(
            "crypto ikev2 keyring K\n peer P\n  pre-shared-key hunter2\n  address 10.0.0.1\n",
        );
        let other = names.hide("crypto isakmp key hunter3 address 10.0.0.2\n");
        assert_eq!(
            r1,
            "hostname R1\ncrypto isakmp key key-1 address 10.0.0.2\n!\n"
        );
        assert!(r2.contains("  pre-shared-key key-1\n"), "{r2}");
        assert!(other.contains("key key-2 address"), "{other}");
    }

    /// I6: IOS takes `pre` for `pre-shared-key`, and a secret may stand where nobody looks for it.
    #[test]
    fn no_way_of_writing_a_secret_gets_it_into_a_trace() {
        let config = "! the key is hunter2
hostname R1
cry isa key hunter2 addr 10.0.0.2
crypto ikev2 keyring K
 peer P
  address 10.0.0.2
  pre hunter2
  ppk man id X key hunter2 req
crypto pki trustpoint CA
 pass hunter2 hunter2
 enrollment url http://10.0.0.9
crypto ikev2 profile P
 match identity remote any
 authentication remote pre-share k hunter2
 authentication local pre-share
 keyring local K
username admin password 0 hunter2
snmp-server community hunter2 RO
ntp authentication-key 1 md5 hunter2
crypto pki server S
 database archive pem pass hunter2
end
";
        let hidden = Names::default().hide(config);
        assert!(!hidden.contains("hunter2"), "{hidden}");
        assert_eq!(hidden.lines().count(), config.lines().count());
        let (before, after) = (parse("", config).config, parse("", &hidden).config);
        let required = |config: &ike_core::config::RunningConfig| {
            let peer = &config.ikev2_keyrings[0].peers[0];
            peer.ppk.as_ref().map(|ppk| ppk.required)
        };
        assert_eq!(required(&before), Some(true), "{hidden}");
        assert_eq!(required(&after), Some(true), "{hidden}");
        assert_eq!(after.isakmp_keys.len(), before.isakmp_keys.len());
        assert_eq!(
            before.trustpoints[0].enrollment,
            after.trustpoints[0].enrollment
        );
    }
}
