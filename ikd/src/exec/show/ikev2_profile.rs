//! `show crypto ikev2 profile [NAME]` (O-022), the newest profile first: the order in which equal
//! matches are decided (S-091).

use ike_core::config::{
    Ikev2Auth, Ikev2AuthorizationBy, Ikev2Dpd, Ikev2LocalIdentity, Ikev2Profile, RunningConfig,
    TrustpointUse,
};
use serde::Serialize;

use super::ikev2_policy::fvrf;
use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Profiles {
    ikev2_profiles: Vec<Profile>,
}

#[derive(Serialize)]
struct Profile {
    name: String,
    /// One for itself and one for each use in the configuration.
    references: usize,
    fvrf: String,
    /// Addresses and interfaces; empty = any.
    local: Vec<String>,
    identities: Vec<String>,
    certificate_maps: Vec<String>,
    local_identity: Option<String>,
    local_authentication: Option<&'static str>,
    remote_authentication: Vec<&'static str>,
    eap_query_identity: bool,
    keyring: Option<String>,
    ppk_keyring: Option<String>,
    /// With `(sign)` or `(verify)` where that is all they are for.
    trustpoints: Vec<String>,
    lifetime: u32,
    reauth: Option<u32>,
    dpd: Option<String>,
    nat_keepalive: Option<u32>,
    ivrf: Option<String>,
    group_authorization: Option<String>,
    shutdown: bool,
    /// Has what it needs to be selected (G-043).
    complete: bool,
}

pub(super) fn view(now: &Snapshot<'_>, name: Option<&str>) -> Profiles {
    let newest_first = now.config.ikev2_profiles.iter().rev();
    let wanted = newest_first.filter(|p| name.is_none_or(|name| name == p.name));
    Profiles {
        ikev2_profiles: wanted.map(|p| profile(now.config, p)).collect(),
    }
}

fn profile(config: &RunningConfig, p: &Ikev2Profile) -> Profile {
    Profile {
        name: p.name.clone(),
        references: 1 + references(config, &p.name),
        fvrf: fvrf(&p.fvrf),
        local: p.match_local.iter().map(ToString::to_string).collect(),
        identities: p.match_identity.iter().map(ToString::to_string).collect(),
        certificate_maps: p.match_certificate.clone(),
        local_identity: p.identity_local.as_ref().map(identity),
        local_authentication: p.auth_local.as_ref().map(Ikev2Auth::keyword),
        remote_authentication: p.auth_remote.iter().map(Ikev2Auth::keyword).collect(),
        eap_query_identity: p.eap_query_identity,
        keyring: p.keyring.clone(),
        ppk_keyring: p.ppk_keyring.clone(),
        trustpoints: p.trustpoints.iter().map(trustpoint).collect(),
        lifetime: p.lifetime,
        reauth: p.reauth,
        dpd: p.dpd.map(dpd),
        nat_keepalive: p.nat_keepalive,
        ivrf: p.ivrf.clone(),
        group_authorization: group_authorization(p),
        shutdown: p.shutdown,
        complete: p.is_complete(),
    }
}

fn references(config: &RunningConfig, name: &str) -> usize {
    let is = |used: &Option<String>| used.as_deref() == Some(name);
    let ipsec = config.ipsec_profiles.iter().map(|p| &p.ikev2_profile);
    let maps = config.crypto_maps.iter().map(|map| &map.ikev2_profile);
    let tunnels = config.interfaces.iter().filter_map(|i| i.tunnel.as_ref());
    let protections = tunnels.filter_map(|tunnel| tunnel.protection.as_ref());
    let named = protections.map(|protection| &protection.ikev2_profile);
    ipsec
        .chain(maps)
        .chain(named)
        .filter(|used| is(used))
        .count()
}

fn identity(identity: &Ikev2LocalIdentity) -> String {
    match identity {
        Ikev2LocalIdentity::Address(address) => format!("address {address}"),
        Ikev2LocalIdentity::Dn => "DN".to_owned(),
        Ikev2LocalIdentity::Fqdn(name) => format!("fqdn {name}"),
        Ikev2LocalIdentity::Email(address) => format!("email {address}"),
        Ikev2LocalIdentity::KeyId(id) => format!("key-id {id}"),
    }
}

fn trustpoint((name, used): &(String, TrustpointUse)) -> String {
    match used {
        TrustpointUse::Both => name.clone(),
        TrustpointUse::Sign => format!("{name} (sign)"),
        TrustpointUse::Verify => format!("{name} (verify)"),
    }
}

fn dpd(dpd: Ikev2Dpd) -> String {
    let kind = if dpd.periodic {
        "periodic"
    } else {
        "on-demand"
    };
    format!(
        "interval {}, retry-interval {}, {kind}",
        dpd.interval, dpd.retry
    )
}

fn group_authorization(profile: &Ikev2Profile) -> Option<String> {
    let policy = profile.authorization_policy.as_ref()?;
    let by = match profile.authorization_by {
        Ikev2AuthorizationBy::Certificate => "cert",
        Ikev2AuthorizationBy::PreShare => "psk",
        Ikev2AuthorizationBy::Eap => "eap",
    };
    Some(format!("{by} list default {policy}"))
}

impl View for Profiles {
    fn text(&self) -> String {
        let mut out = Lines::default();
        out.apart(&self.ikev2_profiles, Profile::lines);
        out.0
    }
}

impl Profile {
    /// With the blanks that IOS prints behind a label that a list follows.
    fn lines(&self, out: &mut Lines) {
        let or_none = |text: &Option<String>| text.as_deref().unwrap_or("none").to_owned();
        out.line(format!("IKEv2 profile: {}", self.name));
        out.line(format!(" Ref Count: {}", self.references));
        self.match_lines(out);
        out.line(format!(
            " Local identity: {}",
            or_none(&self.local_identity)
        ));
        out.line(" Remote identity: none");
        let local = self.local_authentication.unwrap_or("none");
        out.line(format!(" Local authentication method: {local}"));
        let remote = match self.remote_authentication.as_slice() {
            [] => "none".to_owned(),
            methods => methods.join(" "),
        };
        out.line(format!(" Remote authentication method(s): {remote}"));
        let eap = if self.eap_query_identity {
            "query-identity"
        } else {
            "none"
        };
        out.line(format!(" EAP options: {eap}"));
        out.line(format!(" Keyring: {}", or_none(&self.keyring)));
        if let Some(keyring) = &self.ppk_keyring {
            out.line(format!(" PPK keyring: {keyring}"));
        }
        list(out, " Trustpoint(s): ", "  ", &self.trustpoints);
        self.time_lines(out);
        out.line(format!(" Ivrf: {}", or_none(&self.ivrf)));
        out.line(" Virtual-template: none");
        out.line(" AAA EAP authentication mlist: none");
        out.line(" AAA Accounting: none");
        let group = or_none(&self.group_authorization);
        out.line(format!(" AAA group authorization: {group}"));
        out.line(" AAA user authorization: none");
    }

    fn match_lines(&self, out: &mut Lines) {
        out.line(" Match criteria: ");
        out.line(format!("  Fvrf: {}", self.fvrf));
        list(out, "  Local address/interface: ", "   ", &self.local);
        list(out, "  Identities: ", "   ", &self.identities);
        list(out, "  Certificate maps: ", "   ", &self.certificate_maps);
    }

    fn time_lines(&self, out: &mut Lines) {
        out.line(format!(" Lifetime: {} seconds", self.lifetime));
        if let Some(seconds) = self.reauth {
            out.line(format!(" Reauthentication: {seconds} seconds"));
        }
        let dpd = self.dpd.as_deref().unwrap_or("disabled");
        out.line(format!(" DPD: {dpd}"));
        let keepalive = match self.nat_keepalive {
            Some(seconds) => format!("{seconds} seconds"),
            None => "disabled".to_owned(),
        };
        out.line(format!(" NAT-keepalive: {keepalive}"));
    }
}

/// `LABEL none`, or the label and a line for each word.
fn list(out: &mut Lines, label: &str, indent: &str, words: &[String]) {
    if words.is_empty() {
        out.line(format!("{label}none"));
        return;
    }
    out.line(label);
    words
        .iter()
        .for_each(|word| out.line(format!("{indent}{word}")));
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, json, shown};

    const SEED: &str = "crypto ikev2 profile profile1
 match identity remote address 192.168.0.2 255.255.255.255
 identity local address 192.168.0.1
 authentication remote rsa-sig
 authentication local rsa-sig
 pki trustpoint TP1
crypto ipsec profile profile1
 set ikev2-profile profile1
";

    /// O-022 with the seed's profile1: itself and the IPsec profile refer to it.
    #[test]
    fn the_ikev2_profile_of_the_seed() {
        let mut world = R1::new();
        world.read(SEED);
        assert_eq!(
            shown("show crypto ikev2 profile", &world.snapshot()),
            "IKEv2 profile: profile1
 Ref Count: 2
 Match criteria: 
  Fvrf: global
  Local address/interface: none
  Identities: 
   address 192.168.0.2 255.255.255.255
  Certificate maps: none
 Local identity: address 192.168.0.1
 Remote identity: none
 Local authentication method: rsa-sig
 Remote authentication method(s): rsa-sig
 EAP options: none
 Keyring: none
 Trustpoint(s): 
  TP1
 Lifetime: 86400 seconds
 DPD: disabled
 NAT-keepalive: disabled
 Ivrf: none
 Virtual-template: none
 AAA EAP authentication mlist: none
 AAA Accounting: none
 AAA group authorization: none
 AAA user authorization: none
"
        );
    }

    /// S-091: the order to consult; a name filters.
    #[test]
    fn the_newest_profile_is_shown_first() {
        let mut world = R1::new();
        world.read(SEED);
        world.read("crypto ikev2 profile profile2\ncrypto ikev2 profile profile3\n");
        let now = world.snapshot();
        let names = |line: &str| -> Vec<String> {
            let text = shown(line, &now);
            let heads = text
                .lines()
                .filter_map(|l| l.strip_prefix("IKEv2 profile: "));
            heads.map(str::to_owned).collect()
        };
        let all = ["profile3", "profile2", "profile1"];
        assert_eq!(names("show crypto ikev2 profile"), all);
        assert_eq!(names("show crypto ikev2 profile profile2"), ["profile2"]);
        let value = json("show crypto ikev2 profile", &now);
        assert_eq!(value["ikev2_profiles"][0]["complete"], false);
        assert_eq!(value["ikev2_profiles"][2]["complete"], true);
    }

    /// I6: what is configured shows, keys do not.
    #[test]
    fn every_criterion_shows_and_no_key() {
        let mut world = R1::new();
        world.read(
            "crypto ikev2 profile P
 match fvrf any
 match address local interface Ethernet0/0
 match identity remote fqdn domain cisco.com
 match identity remote any
 match certificate M
 identity local dn
 authentication local pre-share key hunter2
 authentication remote pre-share key hunter2
 authentication remote rsa-sig
 keyring local K
 pki trustpoint A sign
 lifetime 3600
 dpd 10 2 on-demand
 nat keepalive 20
 aaa authorization group psk list default AP
",
        );
        let now = world.snapshot();
        let text = shown("show crypto ikev2 profile P", &now);
        for part in [
            "\n  Fvrf: any\n  Local address/interface: \n   Ethernet0/0\n",
            "\n  Identities: \n   fqdn domain cisco.com\n   any\n  Certificate maps: \n   M\n",
            "\n Local identity: DN\n",
            "\n Remote authentication method(s): pre-share rsa-sig\n",
            "\n Keyring: K\n Trustpoint(s): \n  A (sign)\n Lifetime: 3600 seconds\n",
            "\n DPD: interval 10, retry-interval 2, on-demand\n NAT-keepalive: 20 seconds\n",
            "\n AAA group authorization: psk list default AP\n",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let value = json("show crypto ikev2 profile", &now).to_string();
        assert!(!text.contains("hunter2") && !value.contains("hunter2"));
    }
}
