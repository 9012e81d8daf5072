//! What a trustpoint asks its CA for: names, key pair and hash (P-023, G-060, G-061, W-021).

use std::net::IpAddr;

use ike_crypto::{Hash, KeySpec};
use ike_pki::{Name, SubjectNameError};

use crate::config::{IsakmpHash, RunningConfig, TrustpointConfig};

/// Bits of an RSA key pair where nothing says otherwise (G-060, U-14).
pub const DEFAULT_BITS: u32 = 2048;

/// What the operator adds to the configuration in the dialogue of `crypto pki enroll` (P-031).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Additions {
    /// The chassis serial number goes into the subject though `serial-number` is not configured.
    pub serial_number: bool,
    /// An address for the subject though `ip-address` is not configured.
    pub address: Option<IpAddr>,
}

/// What goes into a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// RDNs of `subject-name`, then the device's (W-021).
    pub subject: Name,
    /// `subject-name` as typed; empty without one.
    pub typed: String,
    /// Name of the router, unless `fqdn none`.
    pub fqdn: Option<String>,
    /// Chassis serial number, when it is included.
    pub serial: Option<String>,
    /// Addresses of `ip-address`.
    pub addresses: Vec<IpAddr>,
    /// `subject-alt-name`.
    pub dns_names: Vec<String>,
    /// Label of the key pair.
    pub key_label: String,
    /// Type of the key pair, should it have to be made.
    pub key: KeySpec,
    /// Hash of signatures.
    pub hash: Hash,
}

/// What `trustpoint` asks for on a router with that chassis serial number.
///
/// # Errors
/// `subject-name` does not parse.
pub fn wish(
    config: &RunningConfig,
    trustpoint: &TrustpointConfig,
    serial: &str,
    additions: &Additions,
) -> Result<Wish, SubjectNameError> {
    let included = trustpoint.serial_number || additions.serial_number;
    let serial = included.then(|| serial.to_owned());
    let mut addresses = addresses(config, trustpoint);
    addresses.extend(additions.address);
    let fqdn = fqdn(config, trustpoint);
    let typed = trustpoint.subject_name.clone().unwrap_or_default();
    // The attribute unstructuredAddress of IOS has an IPv4 address.
    let in_subject = addresses.iter().find_map(|address| match address {
        IpAddr::V4(address) => Some(*address),
        IpAddr::V6(_) => None,
    });
    let subject = Name::router_subject(&typed, serial.as_deref(), in_subject, fqdn.as_deref())?;
    let (key_label, key) = key(config, trustpoint);
    Ok(Wish {
        subject,
        typed,
        fqdn,
        serial,
        addresses,
        dns_names: trustpoint.subject_alt_name.iter().cloned().collect(),
        key_label,
        key,
        hash: hash(trustpoint),
    })
}

/// `fqdn`; a trustpoint without it names the router.
#[must_use]
pub fn fqdn(config: &RunningConfig, trustpoint: &TrustpointConfig) -> Option<String> {
    match &trustpoint.fqdn {
        None => Some(config.fqdn()),
        Some(name) => name.clone(),
    }
}

/// `ip-address`.
fn addresses(config: &RunningConfig, trustpoint: &TrustpointConfig) -> Vec<IpAddr> {
    let which = trustpoint.ip_address.as_ref().and_then(Option::as_ref);
    which.map_or_else(Vec::new, |which| config.resolve(which))
}

/// `rsakeypair` or `eckeypair`; otherwise the router's own pair, labelled with its name (G-060).
#[must_use]
pub fn key(config: &RunningConfig, trustpoint: &TrustpointConfig) -> (String, KeySpec) {
    if let Some(label) = &trustpoint.eckeypair {
        return (label.clone(), KeySpec::EcP256);
    }
    match &trustpoint.rsakeypair {
        Some((label, bits)) => {
            let bits = bits.unwrap_or(DEFAULT_BITS);
            (label.clone(), KeySpec::Rsa { bits })
        }
        None => (config.fqdn(), KeySpec::Rsa { bits: DEFAULT_BITS }),
    }
}

/// G-061: SHA-1 in 15.3T mode unless configured.
#[must_use]
pub fn hash(trustpoint: &TrustpointConfig) -> Hash {
    match trustpoint.hash {
        Some(IsakmpHash::Md5) => Hash::Md5,
        None | Some(IsakmpHash::Sha) => Hash::Sha1,
        Some(IsakmpHash::Sha256) => Hash::Sha256,
        Some(IsakmpHash::Sha384) => Hash::Sha384,
        Some(IsakmpHash::Sha512) => Hash::Sha512,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn wished(lines: &str, additions: &Additions) -> Wish {
        let text = format!(
            "hostname R1\nip domain name cisco.com\ncrypto pki trustpoint T\n{lines}\ninterface Ethernet0/0\n ip address 192.168.0.1 255.255.255.0\n"
        );
        let config = parse("r1.cfg", &text).config;
        wish(&config, &config.trustpoints[0], "100", additions).unwrap()
    }

    /// W-021: the seed's trustpoint; T-88 has the octets.
    #[test]
    fn the_subject_of_the_seed_has_the_device_in_its_first_rdn() {
        let lines = " serial-number\n fqdn R1.cisco.com\n ip-address 192.168.0.1\n subject-name CN=R1,OU=IT,O=cisco,O=com";
        let wish = wished(lines, &Additions::default());
        assert_eq!(
            wish.subject.to_string(),
            "serialNumber=100+ipaddress=192.168.0.1+hostname=R1.cisco.com,cn=R1,ou=IT,o=cisco,o=com"
        );
        assert_eq!(wish.key_label, "R1.cisco.com");
        assert_eq!(wish.key, KeySpec::Rsa { bits: 2048 });
        assert_eq!(wish.hash, Hash::Sha1);
    }

    /// P-031: what the dialogue adds is as if it were configured.
    #[test]
    fn additions_of_the_operator_go_into_the_subject() {
        let additions = Additions {
            serial_number: true,
            address: Some([192, 168, 0, 9].into()),
        };
        let wish = wished(" fqdn none", &additions);
        assert_eq!(
            wish.subject.to_string(),
            "serialNumber=100+ipaddress=192.168.0.9"
        );
        let bare = wished(" ip-address Ethernet0/0", &Additions::default());
        assert_eq!(
            bare.subject.to_string(),
            "ipaddress=192.168.0.1+hostname=R1.cisco.com"
        );
    }

    /// G-061: key pairs by label and size.
    #[test]
    fn the_key_pair_is_that_of_the_trustpoint() {
        let none = Additions::default();
        let wish = wished(" rsakeypair VPN 1024", &none);
        assert_eq!(
            (wish.key_label.as_str(), wish.key),
            ("VPN", KeySpec::Rsa { bits: 1024 })
        );
        let wish = wished(" eckeypair EC\n hash sha256", &none);
        assert_eq!((wish.key_label.as_str(), wish.key), ("EC", KeySpec::EcP256));
        assert_eq!(wish.hash, Hash::Sha256);
    }
}
