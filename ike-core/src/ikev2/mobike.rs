//! MOBIKE as the responder: the peer changes its address and keeps its SAs (RFC 4555; an extension that IOS
//! 15.3T lacks; H6).
//!
//! An authentic UPDATE_SA_ADDRESSES moves the IKE SA at once; the traffic of its child SAs moves when the
//! peer has shown that it receives at the new address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::Bytes;
use ike_crypto::{Hash, ct_eq};
use ike_wire::v2::{Chain, NotifyType, Payload};

use super::context::Context;
use super::established::{Established, Wish};
use super::notify::{self, notify};
use super::shell::{Path, Shell};
use crate::sa::natt::{self, Nat};
use crate::trace::Ikev2Trace;

/// Octets of our return routability cookies; the peer's may have 8 to 64 (RFC 4555 4.2.5).
const COOKIE: usize = 16;

/// Where an IKE SA is and was.
#[derive(Clone, Copy, Debug)]
pub struct Mobility {
    /// The addresses it was made with, ours first: those the configuration knows it by.
    pub(super) home: (IpAddr, IpAddr),
    /// Endpoints of the child SAs while the peer has not shown that it receives at those of the IKE SA.
    pub(super) traffic: Option<Path>,
    /// Message ID of the newest update.
    updated: Option<u32>,
}

impl Mobility {
    /// An SA at its first endpoints.
    pub(super) fn new((local, remote): Path) -> Self {
        Self {
            home: (local.ip(), remote.ip()),
            traffic: None,
            updated: None,
        }
    }

    /// That of the SA which takes the place of a rekeyed one: message IDs begin anew.
    pub(super) fn inherited(self) -> Self {
        Self {
            updated: None,
            ..self
        }
    }
}

/// RFC 4555 3.1: both say so in IKE_AUTH, the responder only after the initiator.
pub(super) fn agreed(ctx: &Context<'_>, request: &Chain) -> bool {
    ctx.config.ikev2.mobike && notify::find(request, NotifyType::MOBIKE_SUPPORTED).is_some()
}

/// RFC 4555 3.9: an initiator that allows no NAT says from where to where it sent the request.
///
/// # Errors
/// UNEXPECTED_NAT_DETECTED: it came another way.
pub(super) fn check_path(request: &Chain, (local, remote): Path) -> Result<(), NotifyType> {
    let Some(sent) = notify::find(request, NotifyType::NO_NATS_ALLOWED) else {
        return Ok(());
    };
    let octets = |ip: IpAddr| match ip {
        IpAddr::V4(a) => a.octets().to_vec(),
        IpAddr::V6(a) => a.octets().to_vec(),
    };
    let came = [
        octets(remote.ip()),
        octets(local.ip()),
        remote.port().to_be_bytes().to_vec(),
        local.port().to_be_bytes().to_vec(),
    ]
    .concat();
    match came == sent.data {
        true => Ok(()),
        false => Err(NotifyType::UNEXPECTED_NAT_DETECTED),
    }
}

/// What an INFORMATIONAL request of a peer with MOBIKE is answered with (RFC 4555 3.5, 3.7, 3.8).
pub(super) fn serve(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    id: u32,
    request: &Chain,
) -> Vec<Payload> {
    if !sa.abilities.mobike {
        return Vec::new();
    }
    let path = shell.incoming.path(id).unwrap_or(shell.path());
    let mut answer = Vec::new();
    if notify::find(request, NotifyType::UPDATE_SA_ADDRESSES).is_some()
        && let Err(ty) = update(shell, ctx, sa, id, request, path)
    {
        answer.push(notify(ty, Bytes::new()));
    }
    if notify::find(request, NotifyType::NAT_DETECTION_SOURCE_IP).is_some() {
        answer.extend(nat_detection(shell, path));
    }
    if let Some(cookie) = notify::find(request, NotifyType::COOKIE2).filter(|n| n.data.len() <= 64)
    {
        answer.push(notify(NotifyType::COOKIE2, cookie.data.clone()));
    }
    answer
}

/// RFC 4555 3.5: the addresses are those the request came from and to, never what it says.
fn update(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    id: u32,
    request: &Chain,
    path: Path,
) -> Result<(), NotifyType> {
    // Requests inside a window may come in any order: an older one changes nothing any more.
    if shell.mobility.updated.is_some_and(|newest| newest > id) {
        return Ok(());
    }
    shell.mobility.updated = Some(id);
    check_path(request, path)?;
    acceptable(shell, sa, path)?;
    let before = shell.path();
    (shell.local, shell.remote) = path;
    detect_nat(shell, request, path);
    if before != path {
        shell.trace(ctx, Ikev2Trace::Moved(path.1));
        shell.mobility.traffic.get_or_insert(before);
    }
    keep_alive(shell, ctx, sa);
    match shell.mobility.traffic {
        Some(shown) if shown != path => sa.wish(ctx, Wish::CheckPath),
        _ => settle(shell, ctx, sa),
    }
    Ok(())
}

/// Our address stays; transport mode has the peer's address in its selectors (RFC 4555 1.2).
fn acceptable(shell: &Shell, sa: &Established, (local, remote): Path) -> Result<(), NotifyType> {
    let (ours, _) = shell.mobility.home;
    let nobody = match remote.ip() {
        IpAddr::V4(a) => a.is_unspecified() || a.is_multicast() || a == Ipv4Addr::BROADCAST,
        IpAddr::V6(a) => a == Ipv6Addr::UNSPECIFIED || a.is_multicast(),
    };
    let transport = sa.children.iter().any(|c| c.spec.is_transport());
    match local.ip() != ours || nobody || remote.port() == 0 || transport {
        true => Err(NotifyType::UNACCEPTABLE_ADDRESSES),
        false => Ok(()),
    }
}

/// RFC 4555 3.8: both ends may have come behind a NAT or left it.
fn detect_nat(shell: &mut Shell, request: &Chain, (local, remote): Path) {
    let of = |ty| {
        let all = notify::notifies(request).filter(move |n| n.ty == ty);
        all.map(|n| n.data.clone())
    };
    let hashes: Vec<Bytes> = of(NotifyType::NAT_DETECTION_DESTINATION_IP)
        .take(1)
        .chain(of(NotifyType::NAT_DETECTION_SOURCE_IP))
        .collect();
    if !hashes.is_empty() {
        let hash = |endpoint| natt::hash(Hash::Sha1, shell.spi_i, shell.spi_r, endpoint);
        shell.nat = Nat::detect(&hashes, &hash(local), &hash(remote));
    }
}

fn nat_detection(shell: &Shell, (local, remote): Path) -> [Payload; 2] {
    let hash = |endpoint| natt::hash(Hash::Sha1, shell.spi_i, shell.spi_r, endpoint);
    [
        notify(NotifyType::NAT_DETECTION_SOURCE_IP, hash(local)),
        notify(NotifyType::NAT_DETECTION_DESTINATION_IP, hash(remote)),
    ]
}

/// Only the end behind a NAT keeps its mapping alive (RFC 3948 4).
fn keep_alive(shell: &Shell, ctx: &Context<'_>, sa: &mut Established) {
    match shell.nat.here {
        false => sa.keepalive_at = None,
        true if sa.keepalive_at.is_none() => {
            sa.keepalive_at = super::pump::next_keepalive(shell, ctx);
        }
        true => {}
    }
}

/// The return routability check: who answers with the cookie receives at its address (RFC 4555 3.7).
#[derive(Clone, Debug)]
pub(super) struct Check {
    cookie: Bytes,
    /// Where it was sent.
    path: Path,
}

/// Draws a cookie for the present endpoints.
pub(super) fn check(shell: &Shell, ctx: &mut Context<'_>) -> (Payload, Check) {
    let cookie: Bytes = ctx.entropy.bytes(COOKIE).into();
    let check = Check {
        cookie: cookie.clone(),
        path: shell.path(),
    };
    (notify(NotifyType::COOKIE2, cookie), check)
}

/// The answer to a check. RFC 4555 3.7: a wrong cookie ends the IKE SA; if the peer has moved again meanwhile,
/// the check was repeated to its new address and says nothing.
pub(super) fn checked(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    check: &Check,
    answer: &Chain,
) {
    let echoed = notify::find(answer, NotifyType::COOKIE2);
    if !echoed.is_some_and(|n| ct_eq(&n.data, &check.cookie)) {
        let reason = "the return routability check failed".to_owned();
        shell.trace(ctx, Ikev2Trace::NegotiationFailed(reason.clone()));
        sa.wish(ctx, Wish::DeleteIke(reason));
    } else if check.path == shell.path() {
        settle(shell, ctx, sa);
    } else if shell.mobility.traffic.is_some() {
        sa.wish(ctx, Wish::CheckPath);
    }
}

/// The child SAs follow the IKE SA (RFC 4555 3.5).
fn settle(shell: &mut Shell, ctx: &mut Context<'_>, sa: &mut Established) {
    shell.mobility.traffic = None;
    sa.children.relocate(ctx, shell.path(), shell.nat.found());
}

/// Where the traffic of child SAs goes.
pub(super) fn traffic(shell: &Shell) -> Path {
    shell.mobility.traffic.unwrap_or(shell.path())
}
