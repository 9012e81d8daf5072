//! The key log: tables that Wireshark reads. Written only where `--keylog` says so (I6), into
//! files of mode 0600 that are created anew and never follow a link (J2).

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ike_core::config::{EspAuthentication, EspEncryption};
use ike_core::engine::view::KeyView;
use ike_core::policy::ipsec::EspSuite;
use ike_core::sa::child::{ChildSpec, Direction};

/// The open tables.
pub(super) struct KeyLog {
    ikev1: File,
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
        Ok(Self {
            ikev1: open("ikev1_decryption_table")?,
            esp: open("esp_sa")?,
            seen: BTreeSet::new(),
        })
    }

    /// Adds the ISAKMP SAs that are not there yet: `COOKIE,KEY` without quotes.
    pub(super) fn isakmp(&mut self, keys: &[KeyView]) {
        for key in keys {
            if self.seen.insert(key.initiator_cookie.clone()) {
                // A key log that cannot be written must not stop the daemon.
                let _ = writeln!(
                    self.ikev1,
                    "{},{}",
                    key.initiator_cookie,
                    hex(key.message_key.expose())
                );
            }
        }
    }

    /// Adds one ESP SA in the form of Wireshark's `esp_sa`.
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
        let _ = writeln!(self.esp, "{line}");
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
) -> String {
    let (cipher_name, integrity_name) = (cipher_name(suite), integrity_name(suite));
    let family = if from.is_ipv4() { "IPv4" } else { "IPv6" };
    format!(
        "\"{family}\",\"{from}\",\"{to}\",\"{spi:#010x}\",\"{cipher_name}\",\"0x{}\",\"{integrity_name}\",\"0x{}\"",
        hex(cipher),
        hex(integrity)
    )
}

fn cipher_name(suite: EspSuite) -> &'static str {
    match suite.cipher {
        EspEncryption::Null => "NULL",
        EspEncryption::Des => "DES-CBC [RFC2405]",
        EspEncryption::TripleDes => "TripleDES-CBC [RFC2451]",
        EspEncryption::Aes(_) => "AES-CBC [RFC3602]",
        EspEncryption::Gcm(_) | EspEncryption::Gmac(_) => "AES-GCM with 16 octet ICV [RFC4106]",
    }
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
