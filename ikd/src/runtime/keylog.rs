//! The key log: tables that Wireshark reads. Written only where `--keylog` says so (I6), into
//! files of mode 0600 that are created anew and never follow a link (J2).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ike_core::config::{EspAuthentication, EspEncryption};
use ike_core::decrypt::Table;
use ike_core::decrypt::tables::{ikev1_line, ikev2_lines};
use ike_core::engine::view::KeyView;
use ike_core::engine::view_ikev2::Ikev2KeyView;
use ike_core::policy::ipsec::EspSuite;
use ike_core::sa::child::{ChildSpec, Direction};

/// The open tables.
pub(super) struct KeyLog {
    ike: BTreeMap<Table, File>,
    esp: File,
    seen: BTreeSet<String>,
}

impl KeyLog {
    /// Makes the folder and its tables.
    ///
    /// # Errors
    /// A file cannot be made; the text names it.
    pub(super) fn create(dir: &Path) -> Result<Self, String> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|e| format!("{}: {e}", dir.display()))?;
        let open = |name: &str| table(dir.join(name));
        let ike = Table::ALL.map(|table| Ok((table, open(table.file())?)));
        Ok(Self {
            ike: ike.into_iter().collect::<Result<_, String>>()?,
            esp: open("esp_sa")?,
            seen: BTreeSet::new(),
        })
    }

    /// Adds the ISAKMP SAs that are not there yet.
    pub(super) fn isakmp(&mut self, keys: &[KeyView]) {
        for key in keys {
            if self.seen.insert(key.initiator_cookie.clone()) {
                self.write(Table::Ikev1, &ikev1_line(key));
            }
        }
    }

    /// Adds the IKE SAs of IKEv2 that are not there yet.
    pub(super) fn ikev2(&mut self, keys: &[Ikev2KeyView]) {
        for (table, line) in keys.iter().flat_map(ikev2_lines) {
            // After IKE_INTERMEDIATE the same SA has other keys (RFC 9370 2.2.2).
            let digest = ike_crypto::Hash::Sha256.digest(&[line.as_bytes()]);
            if self.seen.insert(format!("{table:?} {}", hex(&digest))) {
                self.write(table, &line);
            }
        }
    }

    fn write(&mut self, table: Table, line: &str) {
        if let Some(file) = self.ike.get_mut(&table) {
            // A key log that cannot be written must not stop the daemon.
            let _ = writeln!(file, "{line}");
        }
    }

    /// Adds one ESP SA in the form of Wireshark's `esp_sa`, where Wireshark knows its cipher.
    pub(super) fn esp(&mut self, direction: Direction, spec: &ChildSpec) {
        let (from, to, spi, keys) = match direction {
            Direction::Inbound => (spec.remote, spec.local, spec.spi_in, &spec.keys_in),
            Direction::Outbound => (spec.local, spec.remote, spec.spi_out, &spec.keys_out),
        };
        let line = esp_line(
            from.ip(),
            to.ip(),
            spi,
            spec.suite,
            keys.cipher.expose(),
            keys.integrity.expose(),
        );
        if let Some(line) = line {
            let _ = writeln!(self.esp, "{line}");
        }
    }
}

fn table(path: PathBuf) -> Result<File, String> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(nix::fcntl::OFlag::O_NOFOLLOW.bits())
        .open(&path)
        .map_err(|e| format!("{}: {e}", path.display()))
}

fn esp_line(
    from: IpAddr,
    to: IpAddr,
    spi: u32,
    suite: EspSuite,
    cipher: &[u8],
    integrity: &[u8],
) -> Option<String> {
    let (cipher_name, integrity_name) = (cipher_name(suite)?, integrity_name(suite));
    let family = if from.is_ipv4() { "IPv4" } else { "IPv6" };
    Some(format!(
        "\"{family}\",\"{from}\",\"{to}\",\"{spi:#010x}\",\"{cipher_name}\",\"0x{}\",\"{integrity_name}\",\"0x{}\"",
        hex(cipher),
        hex(integrity)
    ))
}

/// Wireshark's name of an ESP cipher; it has none for ChaCha20-Poly1305.
fn cipher_name(suite: EspSuite) -> Option<&'static str> {
    Some(match suite.cipher {
        EspEncryption::Null => "NULL",
        EspEncryption::Des => "DES-CBC [RFC2405]",
        EspEncryption::TripleDes => "TripleDES-CBC [RFC2451]",
        EspEncryption::Aes(_) => "AES-CBC [RFC3602]",
        EspEncryption::Gcm(_) | EspEncryption::Gmac(_) => "AES-GCM with 16 octet ICV [RFC4106]",
        EspEncryption::ChaCha20Poly1305 => return None,
    })
}

fn integrity_name(suite: EspSuite) -> &'static str {
    match suite.integrity {
        None => "NULL",
        Some(EspAuthentication::Md5) => "HMAC-MD5-96 [RFC2403]",
        Some(EspAuthentication::Sha) => "HMAC-SHA-1-96 [RFC2404]",
        Some(EspAuthentication::Sha256) => "HMAC-SHA-256-128 [RFC4868]",
        Some(EspAuthentication::Sha384) => "HMAC-SHA-384-192 [RFC4868]",
        Some(EspAuthentication::Sha512) => "HMAC-SHA-512-256 [RFC4868]",
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|o| format!("{o:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use ike_core::policy::ikev2::suite::{Encryption, IkeSuite};
    use ike_crypto::{Aead, Cipher, Group, Hash, Integrity, Prf, Secret, TagLen};

    use super::*;

    fn key(encryption: Encryption, integrity: Option<Integrity>) -> Ikev2KeyView {
        let suite = IkeSuite {
            encryption,
            prf: Prf::Hmac(Hash::Md5),
            integrity,
            group: Group::Modp1024,
        };
        let fill = |octet: u8, len: usize| Secret::from(vec![octet; len]);
        let (cipher, check) = (encryption.key_len(), integrity.map_or(0, |i| i.key_len()));
        Ikev2KeyView {
            spi_i: "0102030405060708".into(),
            spi_r: "1112131415161718".into(),
            suite,
            ei: fill(0xe1, cipher),
            er: fill(0xe2, cipher),
            ai: fill(0xa1, check),
            ar: fill(0xa2, check),
        }
    }

    /// What Wireshark reads of a key.
    fn ikev2_line(key: &Ikev2KeyView) -> Option<String> {
        let lines = ikev2_lines(key).into_iter();
        let mut lines = lines.filter(|(table, _)| *table == Table::Ikev2);
        Some(lines.next()?.1)
    }

    /// The seed's suite, and a combined mode: hex without quotes, names with them.
    #[test]
    fn lines_are_what_wireshark_reads() {
        let seed = key(
            Encryption::Cbc(Cipher::TripleDesCbc),
            Some(Integrity::Hmac(Hash::Md5)),
        );
        let (e, a) = (|o: &str| o.repeat(24), |o: &str| o.repeat(16));
        assert_eq!(
            ikev2_line(&seed).unwrap(),
            format!(
                "0102030405060708,1112131415161718,{},{},\"3DES [RFC2451]\",{},{},\"HMAC_MD5_96 [RFC2403]\"",
                e("e1"),
                e("e2"),
                a("a1"),
                a("a2")
            )
        );
        let combined = ikev2_line(&key(
            Encryption::Aead(Aead::Aes256Gcm, TagLen::Sixteen),
            None,
        ))
        .unwrap();
        assert!(
            combined.ends_with(",\"AES-GCM-256 with 16 octet ICV [RFC5282]\",,,\"NONE [RFC4306]\""),
            "{combined}"
        );
        for unknown in [
            Encryption::Cbc(Cipher::DesCbc),
            Encryption::Aead(Aead::ChaCha20Poly1305, TagLen::Sixteen),
        ] {
            assert_eq!(ikev2_line(&key(unknown, None)), None);
        }
    }

    /// An SA is written once, however often it is looked at; the file is for its owner alone.
    #[test]
    fn a_table_has_each_sa_once() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let mut log = KeyLog::create(dir.path()).unwrap();
        let keys = [key(
            Encryption::Aead(Aead::Aes128Gcm, TagLen::Sixteen),
            None,
        )];
        log.ikev2(&keys);
        log.ikev2(&keys);
        let path = dir.path().join("ikev2_decryption_table");
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
        // RFC 9370 2.2.2: the second keys of an SA are keys too.
        let mut again = keys.clone();
        again[0].ei = Secret::from(vec![9; 20]);
        log.ikev2(&again);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn esp_sas_of_ciphers_that_wireshark_lacks_are_left_out() {
        let line = |cipher| {
            let suite = EspSuite {
                cipher,
                integrity: None,
                esn: false,
            };
            let end = IpAddr::from([192, 0, 2, 1]);
            esp_line(end, end, 256, suite, &[0xc1; 20], &[])
        };
        let gcm = line(EspEncryption::Gcm(128)).unwrap();
        assert!(gcm.contains("AES-GCM with 16 octet ICV"), "{gcm}");
        assert_eq!(line(EspEncryption::ChaCha20Poly1305), None);
    }

    /// tshark takes a table only when it knows every name in it.
    #[test]
    fn tshark_knows_every_name() {
        if Command::new("tshark").arg("--version").output().is_err() {
            assert!(
                std::env::var_os("IKD_REQUIRE_ALL").is_none(),
                "tshark is not installed"
            );
            eprintln!("skipped: tshark is not installed");
            return;
        }
        let mut keys: Vec<Ikev2KeyView> = Encryption::every()
            .map(|encryption| {
                let integrity = (!encryption.is_aead()).then_some(Integrity::Hmac(Hash::Sha1));
                key(encryption, integrity)
            })
            .collect();
        let triple = Encryption::Cbc(Cipher::TripleDesCbc);
        let checks = (0..20).filter_map(Integrity::from_iana);
        keys.extend(checks.map(|integrity| key(triple, Some(integrity))));
        let mut command = Command::new("tshark");
        let lines: Vec<String> = keys.iter().filter_map(ikev2_line).collect();
        for line in &lines {
            command.args(["-o", &format!("uat:ikev2_decryption_table:{line}")]);
        }
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let said = command.args(["-r", file]).output().unwrap();
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        // The file is no capture; the tables are read before that is found out.
        assert!(!said.contains("decryption_table"), "{said}");
        // All but DES and ChaCha20-Poly1305.
        assert_eq!(lines.len(), keys.len() - 2);
    }
}
