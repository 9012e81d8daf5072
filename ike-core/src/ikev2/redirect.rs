//! Being sent to another gateway, as the initiator (RFC 5685; H5). Without `crypto ikev2 redirect client`
//! nothing of it is sent and nothing is obeyed.

use std::net::IpAddr;

use bytes::Bytes;
use ike_crypto::ct_eq;
use ike_wire::v2::{Chain, NotifyType, Payload};

use super::context::{Context, FollowUp};
use super::established::{Established, Wish};
use super::notify::{self, notify};
use super::shell::Shell;
use crate::config::RunningConfig;
use crate::policy::Decision;
use crate::trace::Ikev2Trace;

/// Gateway identities (RFC 5685 8.2): addresses of both families, a name.
const IPV4: u8 = 1;
const IPV6: u8 = 2;
const FQDN: u8 = 3;

/// What the IKE_SA_INIT request says: that we may be redirected, or who has redirected us, which says both
/// (RFC 5685 3, 4).
pub(super) fn supported(shell: &Shell, ctx: &Context<'_>) -> Option<Payload> {
    ctx.config.ikev2.redirect_client?;
    Some(match shell.redirected_from {
        None => notify(NotifyType::REDIRECT_SUPPORTED, Bytes::new()),
        Some(gateway) => notify(NotifyType::REDIRECTED_FROM, encoded(gateway)),
    })
}

fn encoded(gateway: IpAddr) -> Vec<u8> {
    let (ty, octets) = match gateway {
        IpAddr::V4(a) => (IPV4, a.octets().to_vec()),
        IpAddr::V6(a) => (IPV6, a.octets().to_vec()),
    };
    let length = u8::try_from(octets.len()).unwrap_or(0);
    [vec![ty, length], octets].concat()
}

/// REDIRECT in the response to IKE_SA_INIT: not authentic, but it has our nonce in it (RFC 5685 4, 9).
pub(super) fn in_init(
    shell: &Shell,
    ctx: &Context<'_>,
    answer: &Chain,
    nonce: &[u8],
) -> Option<IpAddr> {
    let (gateway, echoed) = target(shell, ctx, answer)?;
    ct_eq(echoed, nonce).then_some(gateway)
}

/// REDIRECT in an authentic message (RFC 5685 5, 6).
pub(super) fn authentic(shell: &Shell, ctx: &Context<'_>, message: &Chain) -> Option<IpAddr> {
    let (gateway, _) = target(shell, ctx, message)?;
    Some(gateway)
}

/// The gateway of a REDIRECT that we may follow, and what stands behind it.
fn target<'m>(shell: &Shell, ctx: &Context<'_>, chain: &'m Chain) -> Option<(IpAddr, &'m [u8])> {
    ctx.config.ikev2.redirect_client?;
    let data = &notify::find(chain, NotifyType::REDIRECT)?.data;
    let (&[ty, length], rest) = data.split_first_chunk::<2>()?;
    let (identity, nonce) = rest.split_at_checked(usize::from(length))?;
    let gateway = match ty {
        IPV4 => IpAddr::from(<[u8; 4]>::try_from(identity).ok()?),
        IPV6 => IpAddr::from(<[u8; 16]>::try_from(identity).ok()?),
        FQDN => named(ctx.config, identity)?,
        _ => return None,
    };
    let same_family = gateway.is_ipv4() == shell.local.is_ipv4();
    let nobody = gateway.is_unspecified() || gateway.is_multicast();
    let elsewhere = gateway != shell.remote.ip() && gateway != shell.local.ip();
    (same_family && !nobody && elsewhere).then_some((gateway, nonce))
}

/// G-003: names are those of `ip host`.
fn named(config: &RunningConfig, name: &[u8]) -> Option<IpAddr> {
    let name = std::str::from_utf8(name).ok()?;
    let mut hosts = config.hosts.iter();
    let found = hosts.find(|(host, _)| host.eq_ignore_ascii_case(name))?;
    Some(found.1.into())
}

/// This IKE SA comes to nothing: the negotiation starts anew with the other gateway.
pub(super) fn follow(shell: &mut Shell, ctx: &mut Context<'_>, gateway: IpAddr) {
    shell.trace(ctx, Ikev2Trace::Redirected(gateway));
    ctx.follow_ups.push(FollowUp::Redirect {
        from: shell.id,
        to: gateway,
    });
}

/// RFC 5685 6: the peer is proven and sends us away; the IKE SA with it has no use.
pub(super) fn leave(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    gateway: IpAddr,
) {
    follow(shell, ctx, gateway);
    let reason = format!("redirected to {gateway}");
    let ended = Decision::new((), "RFC 5685 6", reason.clone());
    shell.ends(ctx, "IKE_AUTH", ended);
    sa.wish(ctx, Wish::DeleteIke(reason));
}

/// RFC 5685 5: the gateway sends an established peer away. The SA with it stays until the other one serves.
pub(super) fn informed(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &Established,
    request: &Chain,
) {
    if !shell.record.initiator || sa.is_ending() {
        return;
    }
    if let Some(gateway) = authentic(shell, ctx, request) {
        follow(shell, ctx, gateway);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5685 8.3.
    #[test]
    fn gateways_are_told_with_type_and_length() {
        let v4: IpAddr = [192, 0, 2, 1].into();
        assert_eq!(encoded(v4), [1, 4, 192, 0, 2, 1]);
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        assert_eq!(encoded(v6)[..4], [2, 16, 0x20, 1]);
        assert_eq!(encoded(v6).len(), 18);
    }
}
