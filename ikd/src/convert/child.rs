//! A protected flow as a child SA.

use ike_core::config::{RunningConfig, TransformSet, TunnelMode};
use ike_core::policy::ipsec::suite_of;
use ike_core::policy::protection::{Protection, Selector};
use testnet::charon::Child;

use super::algorithms;
use super::remarks::Remarks;
use super::settings::{before, seconds};

const NO_TRANSPORT: &str =
    "kernel-libipsec has no transport mode; write `mode tunnel` at both ends";
const NO_GRE: &str = "charon makes the SAs, but nothing puts its packets into GRE; for traffic write `tunnel mode ipsec ipv4` at both ends";

/// The block of the configuration that a protection comes from.
pub(super) fn block(protection: &Protection) -> String {
    match protection.name.split_once('/') {
        Some((map, sequence)) => format!("crypto map {map} {sequence}"),
        None => format!("interface {}", protection.name),
    }
}

/// The child called `name`; `None` when none of its transform sets can be carried.
pub(super) fn of(
    config: &RunningConfig,
    protection: &Protection,
    name: String,
    remarks: &mut Remarks<'_>,
) -> Option<Child> {
    let esp_proposals = proposals(protection, remarks);
    if esp_proposals.is_empty() {
        return None;
    }
    let block = block(protection);
    note_gre(config, protection, &block, remarks);
    let kilobytes = u64::from(protection.lifetime_kilobytes);
    let octets = kilobytes * 1024;
    let life = protection.lifetime_seconds;
    let settings = [
        ("life_time", seconds(life)),
        ("rekey_time", seconds(before(life))),
        ("rand_time", seconds(0)),
        ("life_bytes", octets.to_string()),
        ("rekey_bytes", (octets - octets / 10).to_string()),
        ("rand_bytes", "0".to_owned()),
        ("replay_window", protection.replay_window.to_string()),
    ];
    Some(Child {
        name,
        local_ts: vec![selector(&protection.local_selector)],
        remote_ts: vec![selector(&protection.remote_selector)],
        esp_proposals,
        settings: settings.map(|(key, value)| (key.to_owned(), value)).into(),
    })
}

/// A proposal for each transform set that charon can carry, in order.
fn proposals(protection: &Protection, remarks: &mut Remarks<'_>) -> Vec<String> {
    let pfs = protection.pfs.and_then(algorithms::group);
    let mut out = Vec::new();
    for set in &protection.transform_sets {
        match refused(set) {
            Some((command, reason)) => {
                let block = format!("crypto ipsec transform-set {}", set.name);
                remarks.lost(&block, command, reason);
            }
            None => out.extend(suite_of(set).map(|suite| algorithms::esp(suite, pfs))),
        }
    }
    out
}

/// Why a transform set is not offered: the line below it that says so, and the reason.
fn refused(set: &TransformSet) -> Option<(&'static str, &'static str)> {
    if set.transport {
        return Some(("mode transport", NO_TRANSPORT));
    }
    let unusable =
        "left out, as this daemon leaves it out: AH, GMAC, or a cipher without integrity";
    suite_of(set).is_none().then_some(("", unusable))
}

/// G-086: GRE is the default mode of a tunnel.
fn note_gre(
    config: &RunningConfig,
    protection: &Protection,
    block: &str,
    remarks: &mut Remarks<'_>,
) {
    let tunnel = config
        .interface(&protection.name)
        .and_then(|i| i.tunnel.as_ref());
    if let Some(TunnelMode::GreIp | TunnelMode::GreIpv6) = tunnel.map(|t| t.mode) {
        remarks.lost(block, "tunnel mode", NO_GRE);
    }
}

/// `192.168.0.0/16`, `192.168.0.1/32[gre]`.
fn selector(selector: &Selector) -> String {
    let Selector {
        network, prefix, ..
    } = selector;
    match selector.protocol {
        0 => format!("{network}/{prefix}"),
        47 => format!("{network}/{prefix}[gre]"),
        protocol => format!("{network}/{prefix}[{protocol}]"),
    }
}
