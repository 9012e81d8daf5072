//! The CFG payload: addresses and settings for a peer that asks, and what a peer tells us (RFC 7296 2.19,
//! 3.15; W-070, S-073, H10).
//!
//! What we are told is kept for `show` and goes nowhere else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ike_wire::registry::PayloadType;
use ike_wire::v2::{
    Body, Chain, ConfigAttribute, ConfigAttributeType as A, ConfigType, Configuration, Payload,
};

use super::context::Context;
use super::shell::Shell;
use crate::policy::address;
use crate::policy::identity::Identity;
use crate::policy::ikev2::authorization;
use crate::policy::protection::Protection;
use crate::policy::{Decision, Subject};

/// Attributes of a peer that are kept (H10).
const MAX_ATTRIBUTES: usize = 32;
/// Octets of one of them.
const MAX_OCTETS: usize = 1024;

/// What both sides have told each other about addresses and settings.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Addresses of our pools that the peer holds, each with the length of its prefix.
    pub(super) leased: Vec<(IpAddr, u8)>,
    /// What the peer told us.
    received: Vec<ConfigAttribute>,
}

impl Settings {
    /// Addresses of our pools that the peer holds.
    pub fn leased(&self) -> impl ExactSizeIterator<Item = IpAddr> {
        self.leased.iter().map(|(address, _)| *address)
    }

    /// What the peer told us, as text.
    #[must_use]
    pub fn received(&self) -> Vec<String> {
        self.received.iter().filter_map(text).collect()
    }
}

/// What the responder of IKE_AUTH makes of the request's CFG payload.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// What it says in its response.
    pub payload: Option<Payload>,
    /// An address was asked for and there is none left: INTERNAL_ADDRESS_FAILURE (3.15.4).
    pub exhausted: bool,
}

fn configuration(chain: &Chain) -> Option<&Configuration> {
    match chain.find(PayloadType::V2_CONFIGURATION)?.1 {
        Body::Config(configuration) => Some(configuration),
        _ => None,
    }
}

/// Answers the CFG payload of an IKE_AUTH request; the peer is proven.
pub(super) fn serve(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    (identity, certificate): (&Identity, bool),
    request: &Chain,
) -> Answer {
    let Some(asked) = configuration(request) else {
        return Answer::default();
    };
    if asked.ty != ConfigType::REQUEST {
        let payload = acknowledge(shell, ctx, asked);
        return Answer {
            payload,
            exhausted: false,
        };
    }
    let Some(policy) = shell
        .profile(ctx.config)
        .and_then(|p| authorization::policy(ctx.config, p, certificate))
    else {
        tell_ignored(shell, ctx, asked, "no authorization policy is for it");
        return Answer::default();
    };
    let pools = authorization::pools(ctx.config, policy, asked);
    if pools.is_empty() {
        let why = format!("authorization policy {} has no pool for it", policy.name);
        tell_ignored(shell, ctx, asked, &why);
    }
    let leased: Vec<(IpAddr, u8)> = pools
        .iter()
        .filter_map(|(pool, wanted)| ctx.leases.take(pool, *wanted, identity, shell.id))
        .collect();
    for (address, _) in &leased {
        let because = format!("authorization policy {} names its pool", policy.name);
        let block = format!("crypto ikev2 authorization policy {}", policy.name);
        let block = Subject::block(block);
        let decision = Decision::new(*address, "W-070", because);
        let decision = decision.about([block.line("pool"), block.line("ipv6 pool"), block]);
        shell.why(ctx, format!("the peer gets {address}"), &decision);
    }
    shell.settings.leased.clone_from(&leased);
    let exhausted = leased.is_empty() && !pools.is_empty();
    let told = authorization::answer(policy, asked, &leased);
    Answer {
        payload: reply(told).filter(|_| !exhausted),
        exhausted,
    }
}

/// RFC 7296 3.15.4: where no addresses are configured the request for one is ignored, and it is the peer
/// that decides whether it can do without.
fn tell_ignored(shell: &mut Shell, ctx: &mut Context<'_>, asked: &Configuration, why: &str) {
    let addresses = [A::INTERNAL_IP4_ADDRESS, A::INTERNAL_IP6_ADDRESS];
    let wants = |a: &ConfigAttribute| addresses.contains(&a.attribute_type());
    if asked.attributes.iter().any(wants) {
        let profile = shell.profile.as_deref().map(Subject::ikev2_profile);
        let decision = Decision::new((), "W-070", why).about(profile);
        shell.why(
            ctx,
            "the peer's request for an address is ignored",
            &decision,
        );
    }
}

/// S-073: nothing is said where nothing is configured.
fn reply(attributes: Vec<ConfigAttribute>) -> Option<Payload> {
    let any = !attributes.is_empty();
    any.then(|| Body::Config(Configuration::new(ConfigType::REPLY, attributes)).into())
}

/// Answers the CFG payload of an INFORMATIONAL request: settings without an address (2.20, 3.15).
pub(super) fn inform(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    certificate: bool,
    request: &Chain,
) -> Option<Payload> {
    let asked = configuration(request)?;
    if asked.ty != ConfigType::REQUEST {
        return acknowledge(shell, ctx, asked);
    }
    let profile = shell.profile(ctx.config)?;
    let policy = authorization::policy(ctx.config, profile, certificate)?;
    reply(authorization::answer(policy, asked, &[]))
}

/// CFG_SET: accepted where configured; each attribute that is taken comes back empty (3.15).
fn acknowledge(shell: &mut Shell, ctx: &Context<'_>, told: &Configuration) -> Option<Payload> {
    let accepts = shell
        .profile(ctx.config)
        .is_some_and(|p| p.config_exchange_set_accept);
    if told.ty != ConfigType::SET || !accepts {
        return None;
    }
    keep(shell, told);
    let taken = shell.settings.received.iter().map(|a| ConfigAttribute {
        value: bytes::Bytes::new(),
        ..a.clone()
    });
    Some(Body::Config(Configuration::new(ConfigType::ACK, taken.collect())).into())
}

/// CFG_REPLY: kept if we asked for it (3.15).
pub(super) fn replied(shell: &mut Shell, ctx: &Context<'_>, answer: &Chain) {
    let asked = shell
        .profile(ctx.config)
        .is_some_and(|p| p.config_exchange_request);
    if let Some(told) = configuration(answer).filter(|c| asked && c.ty == ConfigType::REPLY) {
        keep(shell, told);
    }
}

/// Keeps what can be read, within limits (H10); an older story of the peer is forgotten.
fn keep(shell: &mut Shell, told: &Configuration) {
    let readable = |a: &&ConfigAttribute| a.value.len() <= MAX_OCTETS && text(a).is_some();
    let all = told.attributes.iter().filter(readable);
    // A copy: the attribute must not keep its whole datagram alive.
    let own = |a: &ConfigAttribute| ConfigAttribute {
        ty: a.attribute_type().0,
        value: bytes::Bytes::copy_from_slice(&a.value),
    };
    shell.settings.received = all.take(MAX_ATTRIBUTES).map(own).collect();
}

/// An attribute with a value, as text; `None` for what is not known or not of its form.
fn text(attribute: &ConfigAttribute) -> Option<String> {
    let (ty, value) = (attribute.attribute_type(), attribute.value.as_ref());
    let v4 = |octets: &[u8]| Some(Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?));
    let v6 = |octets: &[u8]| Some(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?));
    let pair = |at| value.split_at_checked(at);
    let shown = match ty {
        A::INTERNAL_IP4_ADDRESS
        | A::INTERNAL_IP4_NETMASK
        | A::INTERNAL_IP4_DNS
        | A::INTERNAL_IP4_NBNS => v4(value)?.to_string(),
        A::INTERNAL_IP4_SUBNET => {
            let (network, mask) = pair(4)?;
            format!("{} {}", v4(network)?, v4(mask)?)
        }
        A::INTERNAL_IP6_DNS => v6(value)?.to_string(),
        A::INTERNAL_IP6_ADDRESS | A::INTERNAL_IP6_SUBNET => {
            let (address, length) = pair(16)?;
            let [length] = length else { return None };
            format!("{}/{length}", v6(address)?)
        }
        A::APPLICATION_VERSION
        | A::UNITY_BANNER
        | A::UNITY_DEF_DOMAIN
        | A::UNITY_SPLIT_DNS
        | A::UNITY_BACKUP_GATEWAY
        | A::UNITY_CONFIG_URL
        | A::INTERNAL_DNS_DOMAIN
            if !value.is_empty() =>
        {
            crate::trace::escaped(&String::from_utf8_lossy(value))
        }
        _ => return None,
    };
    Some(format!("{ty} {shown}"))
}

/// RFC 7296 2.19: a peer that holds an address or a prefix of ours sends from there: the selectors of its
/// side are cut to it, where they are all addresses of a network that has it.
pub(super) fn restrict(protection: &mut Protection, leased: &[(IpAddr, u8)]) {
    let selector = &mut protection.remote_selector;
    if selector.is_host() || selector.protocol != 0 {
        return;
    }
    let inside = |(address, bits): &&(IpAddr, u8)| {
        *bits >= selector.prefix && address::contains(selector.network, selector.prefix, *address)
    };
    if let Some((address, bits)) = leased.iter().find(inside) {
        selector.network = address::first(*address, *bits);
        selector.prefix = *bits;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7296 2.19, H11: what is left is inside both what was leased and what was configured.
    #[test]
    fn selectors_are_cut_to_what_the_peer_holds() {
        use crate::policy::protection::{Selector, compile};
        let text = "crypto ipsec transform-set t esp-aes esp-sha-hmac
crypto ipsec profile q
 set transform-set t
interface Tunnel1
 tunnel source 192.168.0.2
 tunnel destination 192.168.0.1
 tunnel protection ipsec profile q
";
        let config = crate::config::parse("test.cfg", text).config;
        let gre = compile(&config).remove(0);
        let leased: [(IpAddr, u8); 2] = [
            ([10, 9, 0, 4].into(), 32),
            ("2001:db8:9:7::1".parse().unwrap(), 64),
        ];
        let cut = |selector: Selector| {
            let mut protection = gre.clone();
            protection.remote_selector = selector;
            restrict(&mut protection, &leased);
            let left = protection.remote_selector;
            format!("{}/{}/{}", left.network, left.prefix, left.protocol)
        };
        assert_eq!(cut(Selector::ANY_V4), "10.9.0.4/32/0");
        assert_eq!(cut(Selector::ANY_V6), "2001:db8:9:7::/64/0");
        assert_eq!(cut(gre.remote_selector), "192.168.0.1/32/47");
        let elsewhere = Selector {
            network: [172, 16, 0, 0].into(),
            prefix: 12,
            ..Selector::ANY_V4
        };
        assert_eq!(cut(elsewhere), "172.16.0.0/12/0");
    }

    fn shown(ty: A, value: &[u8]) -> Option<String> {
        text(&ConfigAttribute::new(ty, value.to_vec()))
    }

    /// RFC 7296 3.15.1, J4: every known attribute in its form, nothing else, and no control characters.
    #[test]
    fn attributes_are_read_in_their_form_alone() {
        let told = |ty, value: &[u8]| shown(ty, value).unwrap_or_default();
        assert_eq!(
            told(A::INTERNAL_IP4_ADDRESS, &[10, 9, 0, 1]),
            "INTERNAL_IP4_ADDRESS 10.9.0.1"
        );
        assert_eq!(
            told(A::INTERNAL_IP4_SUBNET, &[10, 1, 0, 0, 255, 255, 0, 0]),
            "INTERNAL_IP4_SUBNET 10.1.0.0 255.255.0.0"
        );
        let mut v6 = vec![0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 64];
        assert_eq!(
            told(A::INTERNAL_IP6_ADDRESS, &v6),
            "INTERNAL_IP6_ADDRESS 2001:db8::1/64"
        );
        v6.pop();
        assert_eq!(
            told(A::INTERNAL_IP6_DNS, &v6),
            "INTERNAL_IP6_DNS 2001:db8::1"
        );
        assert_eq!(
            told(A::UNITY_BANNER, b"a\x1b[2Jb"),
            "UNITY_BANNER a\\x1b[2Jb"
        );
        for (ty, lengths) in [
            (A::INTERNAL_IP4_ADDRESS, [0, 3, 5]),
            (A::INTERNAL_IP4_SUBNET, [4, 7, 9]),
            (A::INTERNAL_IP6_ADDRESS, [0, 16, 18]),
            (A::INTERNAL_IP6_SUBNET, [4, 16, 18]),
            (A::INTERNAL_IP6_DNS, [4, 15, 17]),
            (A(0x7abc), [0, 4, 9]),
        ] {
            for length in lengths {
                assert_eq!(shown(ty, &vec![1; length]), None, "{ty} {length}");
            }
        }
        assert_eq!(shown(A::UNITY_BANNER, b""), None);
    }
}
