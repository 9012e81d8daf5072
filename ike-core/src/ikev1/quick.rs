//! What both ends of Quick Mode share: selectors on the wire, hashes, the message shell
//! (RFC 2409 5.5; W-018, W-045).

use std::net::IpAddr;

use bytes::Bytes;
use ike_crypto::{Group, Secret, ct_eq};
use ike_wire::Flags;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v1::{Body, Chain, IdValue, Identification, Payload, encode_chain};

use super::children::{Child, Outbound};
use super::context::Context;
use super::established::Established;
use super::shell::Shell;
use crate::policy::Subject;
use crate::policy::address::{mask_v4, mask_v6, prefix_of};
use crate::policy::ipsec::AgreedChild;
use crate::policy::protection::{Protection, Selector};
use crate::sa::Role;
use crate::sa::action::Transmit;
use crate::sa::child::ChildSpec;

/// The selector an ID payload stands for; only addresses and subnets are proxy identities
/// (C19).
#[must_use]
pub(super) fn selector(id: &Identification) -> Option<Selector> {
    let (network, prefix) = match id.value() {
        IdValue::Ipv4(address) => (IpAddr::V4(address), 32),
        IdValue::Ipv4Subnet(network, mask) => (network.into(), prefix_of(mask.into())?),
        IdValue::Ipv6(address) => (IpAddr::V6(address), 128),
        IdValue::Ipv6Subnet(network, mask) => (network.into(), prefix_of(mask.into())?),
        _ => return None,
    };
    Some(Selector {
        network,
        prefix,
        protocol: id.protocol,
        port: id.port,
    })
}

/// The ID payload of a selector (W-045).
#[must_use]
pub(super) fn identification(selector: Selector) -> Identification {
    let Selector { protocol, port, .. } = selector;
    match selector.network {
        IpAddr::V4(host) if selector.is_host() => Identification::ipv4(host, protocol, port),
        IpAddr::V6(host) if selector.is_host() => Identification::ipv6(host, protocol, port),
        IpAddr::V4(network) => {
            Identification::ipv4_subnet(network, mask_v4(selector.prefix), protocol, port)
        }
        IpAddr::V6(network) => {
            Identification::ipv6_subnet(network, mask_v6(selector.prefix), protocol, port)
        }
    }
}

/// HASH payload over `before` and all other payloads, then the payloads themselves: the
/// shape of QM1, QM2 and every Informational.
#[must_use]
pub(super) fn with_hash(
    established: &Established,
    before: &[&[u8]],
    payloads: Vec<Payload>,
) -> Vec<Payload> {
    let rest = encode_chain(&payloads)
        .map(|(_, octets)| octets)
        .unwrap_or_default();
    let parts: Vec<&[u8]> = before.iter().copied().chain([&rest[..]]).collect();
    let hash = established.material.keys.phase2_hash(&parts);
    std::iter::once(Body::Hash(hash.into()).into())
        .chain(payloads)
        .collect()
}

/// The HASH payload stands first and covers `before` and everything behind it (C17: this is
/// asked before anything else of the message is looked at).
#[must_use]
pub(super) fn hash_is_right(established: &Established, before: &[&[u8]], chain: &Chain) -> bool {
    let Some((0, Body::Hash(theirs))) = chain.find(PayloadType::HASH) else {
        return false;
    };
    let rest = chain.after(0);
    let parts: Vec<&[u8]> = before.iter().copied().chain([&rest[..]]).collect();
    ct_eq(theirs, &established.material.keys.phase2_hash(&parts))
}

/// An encrypted Quick Mode message and the IV behind it.
pub(super) fn seal(
    shell: &Shell,
    ctx: &mut Context<'_>,
    established: &Established,
    message_id: u32,
    iv: &[u8],
    payloads: &[Payload],
) -> Option<(Transmit, Vec<u8>)> {
    let header = shell.header(ExchangeType::QUICK, Flags::ENCRYPTED, message_id);
    let (bytes, next) = shell.sealed(ctx, &header, &established.material.keys, iv, payloads)?;
    Some((shell.transmit(bytes), next))
}

/// Nonce and KE of a Quick Mode message (D8).
#[must_use]
pub(super) fn nonce_and_key(chain: &Chain) -> Option<(Bytes, Option<Bytes>)> {
    let Some((_, Body::Nonce(nonce))) = chain.find(PayloadType::NONCE) else {
        return None;
    };
    let key = match chain.find(PayloadType::KEY_EXCHANGE) {
        Some((_, Body::KeyExchange(key))) => Some(key.clone()),
        _ => None,
    };
    (8..=256)
        .contains(&nonce.len())
        .then(|| (nonce.clone(), key))
}

/// The proxy identities of a message, the initiator's first; without them the endpoints
/// themselves (RFC 2409 5.5).
#[must_use]
pub(super) fn proxies(shell: &Shell, chain: &Chain) -> Option<(Selector, Selector)> {
    let ids: Vec<Option<Selector>> = chain
        .all(PayloadType::ID)
        .map(|(_, body)| match body {
            Body::Id(id) => selector(id),
            _ => None,
        })
        .collect();
    let ours = Selector::host(shell.local.ip());
    let theirs = Selector::host(shell.remote.ip());
    match ids.as_slice() {
        [] if shell.role == Role::Initiator => Some((ours, theirs)),
        [] => Some((theirs, ours)),
        [Some(initiator), Some(responder)] => Some((*initiator, *responder)),
        _ => None,
    }
}

/// Everything a child SA is made of, once Quick Mode has agreed it.
pub(super) struct Ingredients<'a> {
    /// The protection it serves.
    pub protection: &'a Protection,
    /// What was agreed.
    pub agreed: AgreedChild,
    /// Our inbound SPI.
    pub spi_in: u32,
    /// Ni_b and Nr_b.
    pub nonces: (Bytes, Bytes),
    /// The second shared secret, with PFS.
    pub pfs: Option<Secret>,
    /// We started this Quick Mode.
    pub initiator: bool,
}

/// Derives the keys of both directions and describes the pair.
#[must_use]
pub(super) fn child(
    shell: &Shell,
    ctx: &Context<'_>,
    established: &Established,
    from: Ingredients<'_>,
) -> Child {
    let Ingredients {
        protection,
        agreed,
        spi_in,
        nonces,
        pfs,
        initiator,
    } = from;
    let keys = |spi| {
        established.material.keys.child_keys(
            agreed.suite,
            spi,
            (&nonces.0, &nonces.1),
            pfs.as_ref(),
        )
    };
    let spec = ChildSpec {
        protection: protection.name.clone(),
        interface: protection.interface.clone(),
        local: shell.local,
        remote: shell.remote,
        spi_in,
        spi_out: agreed.peer_spi,
        suite: agreed.suite,
        keys_in: keys(spi_in),
        keys_out: keys(agreed.peer_spi),
        encapsulation: agreed.encapsulation,
        local_selector: protection.local_selector,
        remote_selector: protection.remote_selector,
        lifetime_seconds: agreed.lifetime_seconds,
        lifetime_kilobytes: agreed.lifetime_kilobytes,
        replay_window: protection.replay_window,
        watched: established.dpd.checks().is_some(),
        pfs: agreed.pfs.map(Group::iana),
    };
    Child {
        spec,
        initiator,
        complete: false,
        outbound: Outbound::Absent,
        created: ctx.now.mono,
        replaced: false,
        connection: shell.connection,
    }
}

/// The lines that a refused phase 2 goes back to.
pub(super) fn subjects(ctx: &Context<'_>, protection: &str) -> Vec<Subject> {
    let origin = ctx.protection(protection).map(|p| &p.origin);
    let lines = origin.map(|origin| [origin.transform_sets(), origin.selectors()].concat());
    lines.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2407 4.6.2.1, 4.6.2.2, 4.6.2.5, 4.6.2.7: hosts and networks of both families have an
    /// ID type each and read back.
    #[test]
    fn selectors_of_both_families_go_over_the_wire() {
        let network = |text: &str, prefix| Selector {
            prefix,
            ..Selector::host(text.parse().unwrap())
        };
        for (selector, id_type, octets) in [
            (Selector::gre([192, 168, 0, 1].into()), 1, 4),
            (Selector::ANY_V4, 4, 8),
            (Selector::gre("2001:db8::1".parse().unwrap()), 5, 16),
            (Selector::ANY_V6, 6, 32),
            (network("2001:db8:a::", 48), 6, 32),
        ] {
            let id = identification(selector);
            assert_eq!(
                (id.id_type.0, id.data.len()),
                (id_type, octets),
                "{selector}"
            );
            assert_eq!(super::selector(&id), Some(selector));
        }
    }

    /// C19: a mask with holes is no network.
    #[test]
    fn masks_with_holes_are_refused() {
        let holes = "ffff::ffff".parse().unwrap();
        let id = Identification::ipv6_subnet("2001:db8::".parse().unwrap(), holes, 0, 0);
        assert_eq!(selector(&id), None);
    }
}
