//! What an IKEv2 router presents itself as (G-043).

use std::net::IpAddr;

use ike_pki::Name;

use crate::config::{Ikev2LocalIdentity, Ikev2Profile};
use crate::policy::identity::Identity;
use crate::policy::{Decision, Subject};

/// The identity of our ID payload: `identity local`, else the subject of our certificate where
/// one proves us, else our address (G-043). `subject` is that of the certificate that signs;
/// without one the address stands in for the name.
#[must_use]
pub fn to_present(
    profile: &Ikev2Profile,
    local: IpAddr,
    subject: Option<&Name>,
) -> Decision<Identity> {
    let name = &profile.name;
    let own = Subject::ikev2_profile(name);
    let dn = || subject.cloned().map(Identity::Dn);
    let configured = match &profile.identity_local {
        Some(Ikev2LocalIdentity::Address(address)) => Some(Identity::from(*address)),
        Some(Ikev2LocalIdentity::Dn) => dn(),
        Some(Ikev2LocalIdentity::Fqdn(name)) => Some(Identity::Fqdn(name.clone())),
        Some(Ikev2LocalIdentity::Email(address)) => Some(Identity::UserFqdn(address.clone())),
        Some(Ikev2LocalIdentity::KeyId(id)) => Some(Identity::KeyId(id.clone().into_bytes())),
        None => None,
    };
    if let Some(identity) = configured {
        return Decision::new(
            identity,
            "G-043",
            format!("identity local of profile {name}"),
        )
        .about([own.line("identity local")]);
    }
    let signs = profile
        .auth_local
        .as_ref()
        .is_some_and(|a| a.is_certificate());
    match dn().filter(|_| signs && profile.identity_local.is_none()) {
        Some(identity) => {
            let because = format!("profile {name} signs: the subject of its certificate");
            Decision::new(identity, "G-043", because).about([own])
        }
        None => {
            let because = format!("profile {name} names no identity: the local address");
            Decision::new(local.into(), "G-043", because).about([own])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn presented(lines: &str, subject: Option<&Name>) -> String {
        let text = format!("crypto ikev2 profile P\n{lines}");
        let config = parse("test.cfg", &text).config;
        let local = [192, 168, 0, 1].into();
        let identity = to_present(&config.ikev2_profiles[0], local, subject).value;
        format!("{} {identity}", identity.type_number())
    }

    /// G-043: what is configured, else the subject for signatures, else the address.
    #[test]
    fn a_signer_is_its_subject_and_a_key_holder_its_address() {
        let name = Name::from_subject_name("CN=R1,O=cisco").unwrap();
        let subject = Some(&name);
        let (dn, address) = ("9 cn=R1,o=cisco", "1 192.168.0.1");
        for (lines, expected) in [
            (" authentication local rsa-sig\n", dn),
            (" authentication local ecdsa-sig\n", dn),
            (" authentication local pre-share\n", address),
            (" identity local dn\n authentication local pre-share\n", dn),
            (
                " identity local address 10.0.0.9\n authentication local rsa-sig\n",
                "1 10.0.0.9",
            ),
            (" identity local address 2001:db8::1\n", "5 2001:db8::1"),
            (" identity local fqdn R1.cisco.com\n", "2 R1.cisco.com"),
            (" identity local email r1@cisco.com\n", "3 r1@cisco.com"),
            (" identity local key-id R1\n", "11 R1"),
        ] {
            assert_eq!(presented(lines, subject), expected, "{lines}");
        }
        assert_eq!(presented(" authentication local rsa-sig\n", None), address);
        assert_eq!(presented(" identity local dn\n", None), address);
    }
}
