//! Which keys belong to an IKEv2 peer (G-042, G-043; RFC 8784 for post-quantum ones).

use std::net::IpAddr;

use ike_crypto::Secret;

use super::matching::{of_network, rank};
use crate::config::{Ikev2Auth, Ikev2Peer, Ikev2Ppk, Ikev2Profile, RunningConfig};
use crate::policy::identity::Identity;
use crate::policy::profile::Specificity;
use crate::policy::{Candidate, Decision, Subject};

/// The entry for a peer in the profile's keyring. A known identity goes before the address
/// (responder, and initiator once IDr is there), as does a host name where there is none yet; the
/// longer mask goes before the shorter, the earlier entry before a later one.
#[must_use]
pub fn for_peer<'a>(
    config: &'a RunningConfig,
    profile: &Ikev2Profile,
    peer: IpAddr,
    identity: Option<&Identity>,
) -> Option<&'a Ikev2Peer> {
    let name = profile.keyring.as_deref()?;
    find(config, name, peer, identity, |_| true)
}

/// The key we prove ourselves with: that of `authentication local`, else of the keyring.
#[must_use]
pub fn local_key<'a>(
    config: &'a RunningConfig,
    profile: &'a Ikev2Profile,
    peer: IpAddr,
    identity: Option<&Identity>,
) -> Option<&'a Secret> {
    let own = in_line(profile.auth_local.as_ref());
    own.or_else(|| {
        for_peer(config, profile, peer, identity)?
            .key_local
            .as_ref()
    })
}

/// The key the peer proves itself with: that of `authentication remote`, else of the keyring.
#[must_use]
pub fn remote_key<'a>(
    config: &'a RunningConfig,
    profile: &'a Ikev2Profile,
    peer: IpAddr,
    identity: Option<&Identity>,
) -> Option<&'a Secret> {
    let own = profile
        .auth_remote
        .iter()
        .find_map(|method| in_line(Some(method)));
    own.or_else(|| {
        for_peer(config, profile, peer, identity)?
            .key_remote
            .as_ref()
    })
}

/// The post-quantum key for a peer, in the profile's `keyring ppk` (RFC 8784 3).
#[must_use]
pub fn ppk_for_peer<'a>(
    config: &'a RunningConfig,
    profile: &Ikev2Profile,
    peer: IpAddr,
    identity: Option<&Identity>,
) -> Option<&'a Ikev2Ppk> {
    let name = profile.ppk_keyring.as_deref()?;
    find(config, name, peer, identity, |entry| entry.ppk.is_some())?
        .ppk
        .as_ref()
}

/// The post-quantum key that a peer names by its PPK_ID (RFC 8784 3).
#[must_use]
pub fn ppk_by_id<'a>(
    config: &'a RunningConfig,
    profile: &Ikev2Profile,
    id: &[u8],
) -> Option<&'a Ikev2Ppk> {
    let keyring = config.ikev2_keyring(profile.ppk_keyring.as_deref()?)?;
    let mut ppks = keyring.peers.iter().filter_map(|entry| entry.ppk.as_ref());
    ppks.find(|ppk| ppk.id.as_bytes() == id)
}

/// Why a peer has no key here, or another one (G-042): every entry of the profile's keyring, never what its key is.
#[must_use]
pub fn refusal(
    config: &RunningConfig,
    profile: &Ikev2Profile,
    peer: IpAddr,
    identity: Option<&Identity>,
    (rule, because): (&'static str, String),
) -> Decision<()> {
    let own = Subject::ikev2_profile(&profile.name);
    if profile
        .auth_remote
        .iter()
        .any(|a| in_line(Some(a)).is_some())
    {
        let line = own.line("authentication remote pre-share");
        return Decision::new((), rule, because).about([line]);
    }
    let Some(keyring) = profile.keyring.as_deref() else {
        return Decision::new((), rule, because).about([own]);
    };
    let block = format!("crypto ikev2 keyring {keyring}");
    let chosen = for_peer(config, profile, peer, identity);
    let who = identity.map_or_else(|| peer.to_string(), ToString::to_string);
    let candidate = |entry: &Ikev2Peer| {
        let subject = Subject::block(format!("{block} peer {}", entry.name));
        let candidate = Candidate::new(
            format!("peer {}", entry.name),
            Some(subject.line("pre-shared-key")),
        );
        match chosen {
            Some(chosen) if std::ptr::eq(chosen, entry) => candidate.chosen(),
            _ => candidate.rejected("G-042", rejected(config, entry, peer, identity, &who)),
        }
    };
    let entries = config.ikev2_keyring(keyring).into_iter();
    let entries = entries.flat_map(|keyring| &keyring.peers);
    let key = chosen.map(|entry| {
        let entry = Subject::block(format!("{block} peer {}", entry.name));
        entry.line("pre-shared-key")
    });
    let lines = [own.line("keyring"), Subject::block(block.as_str())];
    let decision = Decision::new((), rule, because).about(key).about(lines);
    decision.among(entries.map(candidate))
}

fn rejected(
    config: &RunningConfig,
    entry: &Ikev2Peer,
    peer: IpAddr,
    identity: Option<&Identity>,
    who: &str,
) -> String {
    let named = identity.zip(entry.identity.as_ref());
    let by_name = named.is_some_and(|(peer, own)| rank(own, peer).is_some());
    let mut networks = entry.addresses.iter();
    let by_address = networks.any(|(network, bits)| of_network(*network, *bits, peer).is_some());
    match by_name || by_address || has_host_name(config, entry, peer) {
        true => "another entry fits better".to_owned(),
        false => format!("neither identity nor address is that of {who} at {peer}"),
    }
}

fn find<'a>(
    config: &'a RunningConfig,
    keyring: &str,
    peer: IpAddr,
    identity: Option<&Identity>,
    wanted: impl Fn(&Ikev2Peer) -> bool,
) -> Option<&'a Ikev2Peer> {
    let entries = || {
        let keyring = config.ikev2_keyring(keyring).into_iter();
        keyring
            .flat_map(|keyring| &keyring.peers)
            .filter(|entry| wanted(entry))
    };
    let named = match identity {
        Some(identity) => best(entries(), |entry| rank(entry.identity.as_ref()?, identity)),
        None => entries().find(|entry| has_host_name(config, entry, peer)),
    };
    let by_address = |entry: &Ikev2Peer| {
        let networks = entry.addresses.iter();
        networks
            .filter_map(|(network, bits)| of_network(*network, *bits, peer))
            .max()
    };
    let later = || entries().find(|entry| has_host_name(config, entry, peer));
    named.or_else(|| best(entries(), by_address)).or_else(later)
}

/// The first among the highest.
fn best<'a>(
    entries: impl Iterator<Item = &'a Ikev2Peer>,
    rank: impl Fn(&Ikev2Peer) -> Option<Specificity>,
) -> Option<&'a Ikev2Peer> {
    let ranked = entries.filter_map(|entry| Some((rank(entry)?, entry)));
    ranked
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, entry)| entry)
}

/// G-003: `ip host` says which address a name has.
fn has_host_name(config: &RunningConfig, entry: &Ikev2Peer, peer: IpAddr) -> bool {
    let Some(name) = &entry.hostname else {
        return false;
    };
    let mut hosts = config.hosts.iter();
    hosts.any(|(host, address)| host.eq_ignore_ascii_case(name) && *address == peer)
}

fn in_line(method: Option<&Ikev2Auth>) -> Option<&Secret> {
    match method {
        Some(Ikev2Auth::PreShare(key)) => key.as_ref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    const KEYRING: &str = "ip host R9.cisco.com 192.168.0.9
crypto ikev2 keyring K
 peer ANY
  address 0.0.0.0 0.0.0.0
  pre-shared-key any
 peer NET
  address 192.168.0.0 255.255.255.0
  pre-shared-key local ours
  pre-shared-key remote theirs
  ppk manual id PPK-NET key quantum
 peer HOST
  address 192.168.0.1
  pre-shared-key host
 peer NAMED
  identity fqdn R1.cisco.com
  pre-shared-key named
 peer SIX
  address 2001:db8::/32
  pre-shared-key six
 peer NINE
  hostname r9.cisco.com
  pre-shared-key nine
crypto ikev2 profile P
 keyring local K
 keyring ppk K
 authentication local pre-share
 authentication remote pre-share
";

    fn config() -> RunningConfig {
        parse("test.cfg", KEYRING).config
    }

    fn entry(peer: &str, identity: Option<&Identity>) -> Option<String> {
        let config = config();
        let peer = peer.parse().unwrap();
        for_peer(&config, &config.ikev2_profiles[0], peer, identity).map(|entry| entry.name.clone())
    }

    /// G-042: the longest mask; the other family has entries of its own.
    #[test]
    fn the_longest_mask_that_holds_the_peer_wins() {
        assert_eq!(entry("192.168.0.1", None).as_deref(), Some("HOST"));
        assert_eq!(entry("192.168.0.7", None).as_deref(), Some("NET"));
        assert_eq!(entry("10.0.0.1", None).as_deref(), Some("ANY"));
        assert_eq!(entry("2001:db8::1", None).as_deref(), Some("SIX"));
        assert_eq!(entry("2001:db9::1", None), None);
    }

    /// G-042: identity before address, and a host name where no identity is known.
    #[test]
    fn an_identity_or_a_host_name_goes_before_the_address() {
        let (r1, r2) = ("R1.cisco.com", "R2.cisco.com");
        let fqdn = |name: &str| Identity::Fqdn(name.to_owned());
        assert_eq!(
            entry("192.168.0.1", Some(&fqdn(r1))).as_deref(),
            Some("NAMED")
        );
        assert_eq!(
            entry("192.168.0.1", Some(&fqdn(r2))).as_deref(),
            Some("HOST")
        );
        assert_eq!(entry("192.168.0.9", None).as_deref(), Some("NINE"));
        assert_eq!(
            entry("192.168.0.9", Some(&fqdn(r2))).as_deref(),
            Some("NET")
        );
    }

    /// G-043: a key in the profile goes before the keyring; each direction has its own.
    #[test]
    fn each_direction_has_its_key() {
        let mut config = config();
        let peer = [192, 168, 0, 7].into();
        let keys = |config: &RunningConfig| {
            let profile = &config.ikev2_profiles[0];
            let local = local_key(config, profile, peer, None).cloned();
            (local, remote_key(config, profile, peer, None).cloned())
        };
        let secret = |text: &str| Some(Secret::from(text.as_bytes()));
        assert_eq!(keys(&config), (secret("ours"), secret("theirs")));
        config.ikev2_profiles[0].auth_local = Some(Ikev2Auth::PreShare(secret("line")));
        assert_eq!(keys(&config), (secret("line"), secret("theirs")));
        config.ikev2_profiles[0].keyring = None;
        assert_eq!(keys(&config), (secret("line"), None));
    }

    /// RFC 8784 3: by peer for the initiator, by PPK_ID for the responder.
    #[test]
    fn post_quantum_keys_are_found_by_peer_and_by_identifier() {
        let config = config();
        let profile = &config.ikev2_profiles[0];
        let peer = |address: [u8; 4]| ppk_for_peer(&config, profile, address.into(), None);
        let id = |ppk: Option<&Ikev2Ppk>| ppk.map(|ppk| ppk.id.clone());
        assert_eq!(
            id(peer([192, 168, 0, 1])).as_deref(),
            Some("PPK-NET"),
            "HOST has none"
        );
        assert_eq!(id(peer([10, 0, 0, 1])), None);
        assert!(ppk_by_id(&config, profile, b"PPK-NET").is_some());
        assert!(ppk_by_id(&config, profile, b"PPK-NE").is_none());
        let without = Ikev2Profile::new("Q");
        assert!(ppk_by_id(&config, &without, b"PPK-NET").is_none());
    }

    /// G-042: every entry is told, and no key.
    #[test]
    fn a_refused_key_is_told_without_it() {
        let config = config();
        let profile = config.ikev2_profile("P").unwrap();
        let peer = [192, 168, 0, 1].into();
        let why = ("RFC 7296 2.15", "the pre-shared keys differ".to_owned());
        let decision = refusal(&config, profile, peer, None, why);
        let another = Some("another entry fits better");
        let stranger = Some("neither identity nor address is that of 192.168.0.1 at 192.168.0.1");
        assert_eq!(
            decision.told(),
            [
                ("peer ANY", false, another),
                ("peer NET", false, another),
                ("peer HOST", true, None),
                ("peer NAMED", false, stranger),
                ("peer SIX", false, stranger),
                ("peer NINE", false, stranger),
            ]
        );
        let entry = Subject::block("crypto ikev2 keyring K peer HOST");
        assert_eq!(decision.about[0], entry.line("pre-shared-key"));
        let shown = format!("{decision:?}");
        for key in ["ours", "theirs", "\"host\"", "quantum"] {
            assert!(!shown.contains(key), "{key} in {shown}");
        }
    }
}
