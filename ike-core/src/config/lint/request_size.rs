//! Certificate requests against the MTU (S-013, S-014, W-002).
use ike_crypto::Group;
use ike_pki::{Certificate, predefined};

use super::Lint;
use super::authorities::{distinct, signs_in_phase_1};
use crate::config::codes;
use crate::config::diagnostic::Severity;
use crate::config::model::*;

/// Octets of a CERT_REQ before the name: generic header and certificate type.
const REQUEST: usize = 5;
/// Octets of one with the tech note's `cn=CA1,o=cisco,o=com` (W-002): the guess for a CA whose name is only in the store.
const GUESS: usize = 51;
/// IPv4, UDP and ISAKMP headers, nonce 24, and MM4's Unity, DPD, IOS and XAUTH vendor IDs (section 2.1, W-013).
const FIXED: usize = 20 + 8 + 28 + 24 + 20 + 20 + 20 + 12;
/// Octets of a packet on Ethernet.
const MTU: usize = 1500;

/// MM4 as a responder sends it, the longer of the two: MM3 lacks one vendor ID.
struct Mm4 {
    requests: usize,
    guessed: usize,
    octets: usize,
}

impl Lint<'_> {
    /// All findings of this file.
    pub(super) fn request_size(&mut self) {
        let config = &self.parsed.config;
        // G-027: with it MM4 goes in fragments of IKE, which firewalls pass.
        if config.isakmp.fragmentation || !signs_in_phase_1(config) {
            return;
        }
        let mtus = config.interfaces.iter().filter(|i| i.tunnel.is_none());
        let mtu = mtus.filter_map(|i| i.mtu).map(usize::from).min();
        let mtu = mtu.unwrap_or(MTU);
        let longest = |policy: &&IsakmpPolicy| public_value(policy.group) + 2 * digest(policy.hash);
        let Some(policy) = config.isakmp_policies.iter().max_by_key(longest) else {
            return;
        };
        let message = mm4(config, policy);
        if message.octets > mtu {
            self.too_long(policy, &message, mtu);
        }
    }

    fn too_long(&mut self, policy: &IsakmpPolicy, message: &Mm4, mtu: usize) {
        let Mm4 {
            requests,
            guessed,
            octets,
        } = message;
        let text = format!(
            "MM4 with {requests} certificate requests is {octets} octets, the MTU is {mtu}"
        );
        let guess = match guessed {
            0 => String::new(),
            n => format!(", {n} of them taken as {GUESS} octets"),
        };
        let help =
            format!("W-002{guess}: `crypto isakmp fragmentation` on both ends splits it above IP");
        let block = format!("crypto isakmp policy {}", policy.priority);
        let code = codes::REQUESTS_TOO_LONG;
        self.at(Severity::Warning, code, "", &block, text, Some(help));
    }
}

/// S-012, S-013: every CA once, and the predefined ones unless they were removed.
fn mm4(config: &RunningConfig, policy: &IsakmpPolicy) -> Mm4 {
    let own: Vec<Option<usize>> = distinct(config)
        .into_iter()
        .map(|trustpoint| name_length(config, &trustpoint.name))
        .collect();
    let pool = predefined().into_iter().filter(|_| !config.trustpool_clean);
    let pool: Vec<usize> = pool.map(|name| REQUEST + name.der().len()).collect();
    let guess = |length: &Option<usize>| length.map_or(GUESS, |length| REQUEST + length);
    let sizes: usize = own.iter().map(guess).chain(pool.iter().copied()).sum();
    let nat_d = 2 * (4 + digest(policy.hash));
    Mm4 {
        requests: own.len() + pool.len(),
        guessed: own.iter().filter(|length| length.is_none()).count(),
        octets: FIXED + 4 + public_value(policy.group) + nat_d + sizes,
    }
}

/// Octets of the CA's name, when its certificate is in the text (G-063).
fn name_length(config: &RunningConfig, trustpoint: &str) -> Option<usize> {
    let mut chains = config.certificate_chains.iter();
    let chain = chains.find(|chain| chain.trustpoint == trustpoint)?;
    let mut certificates = chain.certificates.iter();
    let ca = certificates.find(|c| c.kind == ChainCertificateKind::Ca)?;
    let ChainCertificateSource::Der(der) = &ca.source else {
        return None;
    };
    let ca = Certificate::from_der(der.clone()).ok()?;
    Some(ca.subject().der().len())
}

/// Octets of a KE payload's value; group 24 of RFC 5114 is read and not computed here.
fn public_value(group: u16) -> usize {
    Group::from_iana(group).map_or(256, Group::public_len)
}

/// Octets of a NAT-D digest (W-014).
fn digest(hash: IsakmpHash) -> usize {
    match hash {
        IsakmpHash::Md5 => 16,
        IsakmpHash::Sha => 20,
        IsakmpHash::Sha256 => 32,
        IsakmpHash::Sha384 => 48,
        IsakmpHash::Sha512 => 64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    const SEED: &str = include_str!("../fixtures/r1-ikev1.cfg");

    fn routers_mm4(text: &str) -> Mm4 {
        let config = parse("r1.cfg", text).config;
        mm4(&config, &config.isakmp_policies[0])
    }

    /// W-002 and section 2.1: seven requests of 431 octets make a frame of 755.
    #[test]
    fn the_tech_notes_mm4_is_755_octets() {
        let seed = routers_mm4(SEED);
        assert_eq!((seed.requests, seed.guessed, seed.octets), (7, 2, 755));
        let bare = routers_mm4("crypto isakmp policy 1\n hash md5\n group 2\n");
        assert_eq!(755 - bare.octets, 2 * 51);
        let empty = routers_mm4(
            "crypto isakmp policy 1\n hash md5\n group 2\n!\ncrypto pki trustpool clean\n",
        );
        assert_eq!(755 - empty.octets, 431);
    }

    fn many(count: usize, more: &str) -> String {
        let trustpoint = |n| format!("crypto pki trustpoint T{n}\n enrollment url http://ca{n}\n");
        let all: String = (0..count).map(trustpoint).collect();
        format!("{all}crypto isakmp policy 1\n encr aes\n hash md5\n group 2\n{more}")
    }

    fn told(text: &str) -> Option<String> {
        let parsed = parse("r1.cfg", text);
        let mut all = parsed.diagnostics.into_iter();
        all.find(|found| found.code == codes::REQUESTS_TOO_LONG)
            .map(|found| found.message)
    }

    /// 653 octets and 51 for each: sixteen fit 1500, seventeen do not.
    #[test]
    fn requests_beyond_one_packet_are_told_with_their_sum() {
        assert_eq!(told(&many(16, "")), None);
        let expected = "MM4 with 22 certificate requests is 1520 octets, the MTU is 1500";
        assert_eq!(told(&many(17, "")).as_deref(), Some(expected));
        assert_eq!(told(&many(17, "crypto isakmp fragmentation\n")), None);
        let narrow = "interface Ethernet0/0\n ip address 10.0.0.1 255.0.0.0\n ip mtu 700\n";
        assert!(told(&many(2, narrow)).is_some());
    }

    #[test]
    fn two_trustpoints_of_one_ca_ask_once() {
        let twice = "crypto pki trustpoint A\n enrollment url http://ca\ncrypto pki trustpoint B\n enrollment url http://ca\n";
        let text = format!("{twice}crypto isakmp policy 1\n group 2\n");
        assert_eq!(routers_mm4(&text).requests, 6);
    }
}
