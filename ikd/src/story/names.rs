//! Secrets by names: a trace is mailed around, and still has to tell whether two routers have the same key.

use crate::secrets::replaced;

/// The names that were given so far.
#[derive(Default)]
pub(crate) struct Names(Vec<String>);

impl Names {
    /// A configuration with `key-1`, `key-2` in the place of its secrets; equal secrets have equal names.
    pub(crate) fn hide(&mut self, config: &str) -> String {
        let line = |line: &str| match line.trim().is_empty() {
            true => line.to_owned(),
            false => {
                let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
                indent + &replaced(line, |kind, secret| self.name(kind, secret))
            }
        };
        let lines: Vec<String> = config.lines().map(line).collect();
        lines.join("\n") + "\n"
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
}
