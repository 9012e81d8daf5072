//! Vendor IDs of Main Mode: which we send, and what IOS prints of those it gets (W-010..W-013,
//! W-030..W-033).

use bytes::Bytes;
use ike_wire::registry::PayloadType;
use ike_wire::v1::vendor::{self, KnownVendor};
use ike_wire::v1::{Body, Chain, Payload};

use super::context::Context;
use super::shell::Shell;
use crate::sa::Role;
use crate::trace::IsakmpTrace;

/// What the peer can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Abilities {
    /// RFC 3947 NAT traversal.
    pub natt: bool,
    /// RFC 3706 dead peer detection.
    pub dpd: bool,
    /// Fragments, which we join too (G-027).
    pub fragments: bool,
}

/// The vendor IDs of MM1, in the order of IOS (W-010).
const NAT_T_OFFER: [KnownVendor; 4] = [
    KnownVendor::NatTRfc3947,
    KnownVendor::NatT07,
    KnownVendor::NatT03,
    KnownVendor::NatT02,
];

/// Flags behind the vendor ID of fragmentation: Main and Aggressive Mode.
const MAIN_MODE: [u8; 4] = [0x80, 0, 0, 0];

/// Vendor payloads of MM1, told as they are made.
pub(super) fn first_message(shell: &Shell, ctx: &mut Context<'_>) -> Vec<Payload> {
    let mut out = Vec::new();
    for v in NAT_T_OFFER {
        if let Some(name) = v.constructed_name() {
            shell.trace(ctx, IsakmpTrace::ConstructedNatT(name));
        }
        out.push(known(v));
    }
    out.extend(ctx.config.isakmp.fragmentation.then(fragmentation));
    out
}

/// The vendor payloads of MM2: the best NAT-T version both know (W-011), and fragments if both join them.
pub(super) fn second_message(
    shell: &Shell,
    ctx: &mut Context<'_>,
    peer: Abilities,
) -> Vec<Payload> {
    let mut out = Vec::new();
    if peer.natt {
        shell.trace(ctx, IsakmpTrace::ConstructedNatT("vendor-rfc3947"));
        out.push(known(KnownVendor::NatTRfc3947));
    }
    out.extend(peer.fragments.then(fragmentation));
    out
}

/// The vendor payloads of MM3 (W-012) and MM4 (W-013: Unity first).
pub(super) fn key_message(shell: &Shell, ctx: &mut Context<'_>) -> Vec<Payload> {
    let random = ctx.entropy.octets8();
    let ios = vendor::ios_vid(shell.own_cookie(), random);
    let ios = Payload::from(Body::Vendor(Bytes::copy_from_slice(&ios)));
    let unity = (shell.role == Role::Responder).then(|| known(KnownVendor::Unity));
    unity
        .into_iter()
        .chain([known(KnownVendor::Dpd), ios, known(KnownVendor::Xauth)])
        .collect()
}

fn known(vendor: KnownVendor) -> Payload {
    Payload::from(Body::Vendor(vendor.bytes()))
}

/// With the flags that stand for Main Mode.
fn fragmentation() -> Payload {
    let body = [KnownVendor::Fragmentation.body(), &MAIN_MODE].concat();
    Payload::from(Body::Vendor(body.into()))
}

/// Microsoft sends no flags and means all exchanges.
fn joins_main_mode(body: &[u8]) -> bool {
    let flags = body.get(KnownVendor::Fragmentation.body().len()..);
    flags.is_none_or(|f| f.first().is_none_or(|first| first & MAIN_MODE[0] != 0))
}

/// Reads every vendor ID of a message and tells what IOS tells (W-031..W-033).
pub(super) fn process(shell: &Shell, ctx: &mut Context<'_>, chain: &Chain) -> Abilities {
    let mut abilities = Abilities::default();
    for (index, body) in chain.all(PayloadType::VENDOR) {
        let Body::Vendor(data) = body else { continue };
        shell.trace(ctx, IsakmpTrace::ProcessingVendor);
        let known = vendor::identify(data);
        if vendor::is_ios_vid(data, shell.peer_cookie()) {
            shell.trace(ctx, IsakmpTrace::AnotherIos);
            continue;
        }
        if known == Some(KnownVendor::Fragmentation) {
            let enabled = ctx.config.isakmp.fragmentation;
            shell.trace(ctx, IsakmpTrace::Fragmentation(enabled));
            abilities.fragments |= enabled && joins_main_mode(data);
            continue;
        }
        major_mismatch(shell, ctx, chain, index, known);
        match known {
            Some(KnownVendor::NatTRfc3947) => abilities.natt = true,
            Some(KnownVendor::Dpd) => abilities.dpd = true,
            _ => {}
        }
        if let Some(known) = known {
            shell.trace(ctx, IsakmpTrace::Vendor(known.name()));
        }
    }
    abilities
}

/// W-032: IOS reads octet 14 of the body as a version, even past the end of a short one.
fn major_mismatch(
    shell: &Shell,
    ctx: &mut Context<'_>,
    chain: &Chain,
    index: usize,
    known: Option<KnownVendor>,
) {
    if matches!(known, Some(KnownVendor::Dpd | KnownVendor::Unity)) {
        return;
    }
    if let Some(major) = chain.octet_from_body(index, 14) {
        shell.trace(ctx, IsakmpTrace::VendorMismatch { major });
    }
}
