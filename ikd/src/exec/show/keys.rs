//! `show crypto key mypubkey {rsa|ec|all}` (O-045): public keys, never the others.

use data_encoding::HEXUPPER;
use ike_crypto::KeySpec;
use ike_pki::IosTime;
use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;
use crate::keystore::KeyView;

/// Which keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::exec) enum Which {
    All,
    Rsa,
    Ec,
}

#[derive(Serialize)]
pub(super) struct Keys {
    keys: Vec<Key>,
}

#[derive(Serialize)]
struct Key {
    name: String,
    /// `RSA` or `EC`.
    kind: &'static str,
    bits: u32,
    /// `null` = not known.
    generated_at: Option<String>,
    exportable: bool,
    /// SubjectPublicKeyInfo, upper-case hex.
    data: String,
}

pub(super) fn view(now: &Snapshot<'_>, which: Which) -> Keys {
    let fits = |key: &Key| match which {
        Which::All => true,
        Which::Rsa => key.kind == "RSA",
        Which::Ec => key.kind == "EC",
    };
    Keys {
        keys: now.keys.iter().map(Key::of).filter(fits).collect(),
    }
}

impl Key {
    fn of(key: &KeyView) -> Self {
        let (kind, bits) = match key.kind {
            KeySpec::Rsa { bits } => ("RSA", bits),
            KeySpec::EcP256 | KeySpec::Ed25519 => ("EC", 256),
            KeySpec::EcP384 => ("EC", 384),
            KeySpec::EcP521 => ("EC", 521),
        };
        Self {
            name: ike_core::trace::escaped(&key.label).to_string(),
            kind,
            bits,
            generated_at: (key.generated_at != 0).then(|| IosTime(key.generated_at).to_string()),
            exportable: key.exportable,
            data: HEXUPPER.encode(&key.spki),
        }
    }

    fn print(&self, out: &mut Lines) {
        let at = self.generated_at.as_deref().unwrap_or("(not known)");
        out.line(format!("% Key pair was generated at: {at}"));
        out.line(format!("Key name: {}", self.name));
        out.line(format!("Key type: {} KEYS", self.kind));
        out.line(" Storage Device: private-config");
        // An elliptic curve enciphers nothing.
        out.line(match self.kind {
            "EC" => " Usage: Signature Key",
            _ => " Usage: General Purpose Key",
        });
        let not = if self.exportable { "" } else { "not " };
        out.line(format!(" Key is {not}exportable."));
        out.line(" Key Data:");
        let digits: Vec<char> = self.data.chars().collect();
        let groups: Vec<String> = digits.chunks(8).map(|g| g.iter().collect()).collect();
        for line in groups.chunks(8) {
            out.line(format!("  {} ", line.join(" ")));
        }
    }
}

impl View for Keys {
    fn text(&self) -> String {
        let mut out = Lines::default();
        self.keys.iter().for_each(|key| key.print(&mut out));
        out.0
    }
}

#[cfg(test)]
mod tests {
    use ike_crypto::KeySpec;

    use crate::exec::fixture::{R1, json, shown};
    use crate::keystore::KeyView;

    fn key(label: &str, kind: KeySpec, exportable: bool) -> KeyView {
        KeyView {
            label: label.into(),
            kind,
            exportable,
            generated_at: 1_371_470_000,
            spki: (0..40).collect(),
        }
    }

    /// O-045, T-86: label, time, usage, whether it may leave, and the public key in hex.
    #[test]
    fn public_keys_are_printed_as_ios_prints_them() {
        let world = R1::new();
        let keys = [
            key("R1.cisco.com", KeySpec::Rsa { bits: 2048 }, false),
            key("EC", KeySpec::EcP256, true),
        ];
        let mut now = world.snapshot();
        now.keys = &keys;
        assert_eq!(
            shown("show crypto key mypubkey rsa", &now),
            "% Key pair was generated at: 11:53:20 UTC Jun 17 2013
Key name: R1.cisco.com
Key type: RSA KEYS
 Storage Device: private-config
 Usage: General Purpose Key
 Key is not exportable.
 Key Data:
  00010203 04050607 08090A0B 0C0D0E0F 10111213 14151617 18191A1B 1C1D1E1F 
  20212223 24252627 
"
        );
        let text = shown("show crypto key mypubkey ec", &now);
        assert!(text.contains("Key name: EC\nKey type: EC KEYS\n"), "{text}");
        assert!(
            text.contains(" Usage: Signature Key\n Key is exportable.\n"),
            "{text}"
        );
        let value = json("show crypto key mypubkey all", &now);
        assert_eq!(value["keys"][0]["bits"], 2048);
        assert_eq!(value["keys"].as_array().unwrap().len(), 2);
    }
}
