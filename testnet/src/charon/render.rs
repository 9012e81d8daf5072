//! strongswan.conf and swanctl.conf as text. Every value is quoted, so none can end its line.

use std::fmt::Write;
use std::path::Path;

use super::description::{
    Authentication, Child, Connection, Description, IkeVersion, Secret, SecretKind, Setting,
};

/// Plugins in an order that has 3DES, MD5 and MODP-1024 as well, ESP through a TUN device, and no
/// other configuration than what swanctl loads.
const PLUGINS: &str = "aesni aes rc2 sha2 sha1 md5 mgf1 random nonce x509 revocation constraints pubkey pkcs1 pkcs7 \
pkcs8 pkcs12 pgp dnskey sshkey pem openssl gcrypt fips-prf gmp curve25519 chapoly xcbc cmac hmac kdf ctr ccm gcm drbg ml curl files \
kernel-libipsec kernel-netlink socket-default vici updown eap-identity eap-md5 eap-mschapv2 xauth-generic xauth-eap unity counters";

/// strongswan.conf: logs into `log`; charon and swanctl meet at `socket`; `included` is read before.
pub(super) fn strongswan_conf(
    description: &Description,
    log: &Path,
    socket: &Path,
    included: Option<&Path>,
) -> String {
    let mut text = Text::default();
    if let Some(file) = included {
        text.line(&format!("include {}", file.display()));
    }
    let socket = format!("unix://{}", socket.display());
    text.open("swanctl");
    text.set("socket", &socket);
    text.close();
    text.open("charon-systemd");
    text.set("load_modular", "no");
    text.set("load", PLUGINS);
    text.set("plugins.vici.socket", &socket);
    text.open("filelog");
    text.open("file");
    text.set("path", &log.display().to_string());
    for (group, level) in [
        ("default", "1"),
        ("cfg", "2"),
        ("ike", "2"),
        ("enc", "1"),
        ("net", "1"),
    ] {
        text.set(group, level);
    }
    text.set("flush_line", "yes");
    text.set("time_format", "%T");
    text.set("time_add_ms", "yes");
    text.close();
    text.close();
    text.set("journal.default", "-1");
    text.set("port", "500");
    text.set("port_nat_t", "4500");
    text.settings(&description.settings);
    text.close();
    text.0
}

/// The settings alone, for whichever charon there is: charon-systemd looks into this section, too.
pub(super) fn daemon_conf(description: &Description) -> String {
    let mut text = Text::default();
    text.open("charon");
    text.settings(&description.settings);
    text.close();
    text.0
}

/// swanctl.conf: connections, secrets and pools.
pub(super) fn swanctl_conf(description: &Description) -> String {
    let mut text = Text::default();
    text.open("authorities");
    for authority in &description.authorities {
        text.open(&authority.name);
        text.set("cacert", &authority.cacert);
        text.settings(&authority.settings);
        text.close();
    }
    text.close();
    text.open("connections");
    description
        .connections
        .iter()
        .for_each(|c| connection(&mut text, c));
    text.close();
    text.open("secrets");
    for (number, secret) in description.secrets.iter().enumerate() {
        shared_secret(&mut text, number, secret);
    }
    text.close();
    text.open("pools");
    for pool in &description.pools {
        text.open(&pool.name);
        text.set("addrs", &pool.addrs);
        text.settings(&pool.settings);
        text.close();
    }
    text.close();
    text.0
}

fn connection(text: &mut Text, connection: &Connection) {
    text.open(&connection.name);
    text.set(
        "version",
        match connection.version {
            IkeVersion::One => "1",
            IkeVersion::Two => "2",
        },
    );
    text.list("local_addrs", &connection.local_addrs);
    text.list("remote_addrs", &connection.remote_addrs);
    text.list("proposals", &connection.proposals);
    text.settings(&connection.settings);
    authentication(text, "local", &connection.local);
    authentication(text, "remote", &connection.remote);
    for (section, round) in &connection.rounds {
        authentication(text, section, round);
    }
    text.open("children");
    connection.children.iter().for_each(|c| child(text, c));
    text.close();
    text.close();
}

fn authentication(text: &mut Text, side: &str, proof: &Authentication) {
    text.open(side);
    text.set("auth", &proof.auth);
    if let Some(id) = &proof.id {
        text.set("id", id);
    }
    text.list("certs", &proof.certs);
    text.list("cacerts", &proof.cacerts);
    text.settings(&proof.settings);
    text.close();
}

fn child(text: &mut Text, child: &Child) {
    text.open(&child.name);
    text.list("local_ts", &child.local_ts);
    text.list("remote_ts", &child.remote_ts);
    text.list("esp_proposals", &child.esp_proposals);
    text.settings(&child.settings);
    text.close();
}

fn shared_secret(text: &mut Text, number: usize, secret: &Secret) {
    let kind = match secret.kind {
        SecretKind::Ike => "ike",
        SecretKind::Ppk => "ppk",
        SecretKind::Eap => "eap",
    };
    text.open(&format!("{kind}-{number}"));
    let mut hex = "0x".to_owned();
    for octet in &secret.octets {
        let _ = write!(hex, "{octet:02x}");
    }
    text.set("secret", &hex);
    for (number, id) in secret.ids.iter().enumerate() {
        text.set(&format!("id-{number}"), id);
    }
    text.close();
}

/// Sections and settings, indented.
#[derive(Default)]
struct Text(String, usize);

impl Text {
    fn open(&mut self, section: &str) {
        self.line(&format!("{section} {{"));
        self.1 += 1;
    }

    fn close(&mut self) {
        self.1 = self.1.saturating_sub(1);
        self.line("}");
    }

    /// `a.b.c` is setting `c` of section `a { b { … } }`.
    fn set(&mut self, key: &str, value: &str) {
        let (sections, key) = key
            .rsplit_once('.')
            .map_or(("", key), |(path, key)| (path, key));
        let sections: Vec<&str> = sections.split('.').filter(|s| !s.is_empty()).collect();
        sections.iter().for_each(|section| self.open(section));
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        self.line(&format!("{key} = \"{value}\""));
        sections.iter().for_each(|_| self.close());
    }

    fn list(&mut self, key: &str, values: &[String]) {
        if !values.is_empty() {
            self.set(key, &values.join(","));
        }
    }

    fn settings(&mut self, settings: &[Setting]) {
        settings
            .iter()
            .for_each(|(key, value)| self.set(key, value));
    }

    fn line(&mut self, line: &str) {
        for _ in 0..self.1 {
            self.0.push_str("  ");
        }
        self.0.push_str(line);
        self.0.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_end_its_line_or_section() {
        let connection = Connection {
            name: "c".to_owned(),
            local: Authentication {
                auth: "psk".to_owned(),
                id: Some("O=lab, CN=\"a\"}".to_owned()),
                ..Authentication::default()
            },
            ..Connection::default()
        };
        let description = Description {
            connections: vec![connection],
            ..Description::default()
        };
        let text = swanctl_conf(&description);
        assert!(
            text.contains("      id = \"O=lab, CN=\\\"a\\\"}\"\n"),
            "{text}"
        );
        assert_eq!(text.matches('{').count(), text.matches('}').count() - 1);
    }

    #[test]
    fn a_secret_is_hexadecimal_and_a_dotted_key_a_section() {
        let description = Description {
            settings: vec![("plugins.revocation.enable_ocsp".to_owned(), "no".to_owned())],
            secrets: vec![Secret {
                kind: SecretKind::Ike,
                octets: b"a#}".to_vec(),
                ids: vec!["R1".to_owned()],
            }],
            ..Description::default()
        };
        assert!(
            swanctl_conf(&description)
                .contains("ike-0 {\n    secret = \"0x61237d\"\n    id-0 = \"R1\"")
        );
        let text = strongswan_conf(&description, Path::new("/l"), Path::new("/s"), None);
        assert!(
            text.contains("revocation {\n      enable_ocsp = \"no\""),
            "{text}"
        );
    }
}
