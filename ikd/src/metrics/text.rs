//! A snapshot as a page of metrics (OpenMetrics text).

use ike_core::policy::protection::Protection;
use ike_pki::RecordKind;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::dataplane::counters::TunnelCounters;
use crate::exec::Snapshot;

/// The media type of the page.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Label names and values.
type Labels = Vec<(String, String)>;
/// Series of one name.
type Gauges = Family<Labels, Gauge>;
type Counters = Family<Labels, Counter>;

/// Everything that is measured, at one moment.
pub(crate) fn page(now: &Snapshot<'_>) -> String {
    let mut registry = Registry::with_prefix("ikd");
    about(now, &mut registry);
    tunnels(now, &mut registry);
    traffic(now, &mut registry);
    sas(now, &mut registry);
    dropped(now, &mut registry);
    certificates(now, &mut registry);
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = encode(&mut text, &registry);
    text
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn gauges(registry: &mut Registry, name: &str, help: &str) -> Gauges {
    let family = Gauges::default();
    registry.register(name, help, family.clone());
    family
}

fn counters(registry: &mut Registry, name: &str, help: &str) -> Counters {
    let family = Counters::default();
    registry.register(name, help, family.clone());
    family
}

fn about(now: &Snapshot<'_>, registry: &mut Registry) {
    let build = gauges(registry, "build", "The daemon that answers");
    let hostname = now.config.hostname.as_deref().unwrap_or("Router");
    let version = env!("CARGO_PKG_VERSION");
    build
        .get_or_create(&labels(&[("version", version), ("hostname", hostname)]))
        .set(1);
}

/// Every protection that is configured, up or not.
fn tunnels(now: &Snapshot<'_>, registry: &mut Registry) {
    let up = gauges(
        registry,
        "tunnel_up",
        "1: a pair of ESP SAs carries the tunnel or crypto map entry, 0: it is down",
    );
    let ike = gauges(
        registry,
        "tunnel_ike_up",
        "1: an IKE SA with its peer is established",
    );
    for protection in now.protections {
        let of = of_tunnel(protection);
        let carried =
            |c: &&ike_core::engine::view::ChildView| c.protection == protection.name && c.complete;
        up.get_or_create(&of)
            .set(now.children.iter().any(|c| carried(&c)).into());
        ike.get_or_create(&of)
            .set(established(now, protection).into());
    }
}

fn of_tunnel(protection: &Protection) -> Labels {
    let (version, profile) = match (&protection.ikev2_profile, &protection.isakmp_profile) {
        (Some(profile), _) => ("2", profile.as_str()),
        (None, Some(profile)) => ("1", profile.as_str()),
        (None, None) => ("1", ""),
    };
    labels(&[
        ("tunnel", &protection.name),
        ("interface", &protection.interface),
        ("peer", &protection.peer.to_string()),
        ("ike", version),
        ("profile", profile),
    ])
}

fn established(now: &Snapshot<'_>, protection: &Protection) -> bool {
    let ends = (protection.local, protection.peer);
    match protection.ikev2_profile {
        Some(_) => now
            .ikev2
            .iter()
            .any(|sa| (sa.local.ip(), sa.remote.ip()) == ends && sa.status == "READY"),
        None => now
            .isakmp
            .iter()
            .any(|sa| (sa.local, sa.remote) == ends && sa.status == "ACTIVE" && sa.suite.is_some()),
    }
}

/// Counters of tunnel interfaces; none without a data plane.
fn traffic(now: &Snapshot<'_>, registry: &mut Registry) {
    let packets = counters(registry, "tunnel_packets", "Packets through the tunnel");
    let octets = counters(registry, "tunnel_octets", "Octets of them, in clear");
    let drops = counters(registry, "tunnel_drops", "Packets that went no further");
    let Some(traffic) = &now.traffic else { return };
    for (name, counted) in &traffic.tunnels {
        let way = |direction| labels(&[("interface", name), ("direction", direction)]);
        packets.get_or_create(&way("out")).inc_by(counted.encaps);
        packets.get_or_create(&way("in")).inc_by(counted.decaps);
        octets.get_or_create(&way("out")).inc_by(counted.octets_out);
        octets.get_or_create(&way("in")).inc_by(counted.octets_in);
        for (reason, count) in reasons(counted) {
            let of = labels(&[("interface", name), ("reason", reason)]);
            drops.get_or_create(&of).inc_by(count);
        }
    }
}

fn reasons(counted: &TunnelCounters) -> [(&'static str, u64); 6] {
    [
        ("replay", counted.replay_failures),
        ("wrong_icv", counted.auth_failures),
        ("malformed", counted.malformed),
        ("other_selectors", counted.policy_failures),
        ("no_sa", counted.no_sa_drops),
        ("not_sent", counted.io_errors),
    ]
}

fn sas(now: &Snapshot<'_>, registry: &mut Registry) {
    let ike = gauges(registry, "ike_sas", "IKE SAs by version and state");
    let count = |version, state, sas: usize| {
        let of = labels(&[("ike", version), ("state", state)]);
        ike.get_or_create(&of)
            .set(i64::try_from(sas).unwrap_or(i64::MAX));
    };
    let alive = || now.isakmp.iter().filter(|sa| sa.status == "ACTIVE");
    let up = alive().filter(|sa| sa.suite.is_some()).count();
    count("1", "established", up);
    count("1", "negotiating", alive().count() - up);
    let ready = now.ikev2.iter().filter(|sa| sa.status == "READY").count();
    count("2", "established", ready);
    count("2", "negotiating", now.ikev2.len() - ready);
    let pairs = gauges(registry, "esp_sa_pairs", "Pairs of ESP SAs");
    pairs
        .get_or_create(&Vec::new())
        .set(i64::try_from(now.children.len()).unwrap_or(i64::MAX));
}

/// What came and was not taken, by cause.
fn dropped(now: &Snapshot<'_>, registry: &mut Registry) {
    let drops = counters(registry, "ike_drops", "IKE datagrams that were not taken");
    let (v1, v2) = (now.counters, now.ikev2_stats);
    for (version, reason, count) in [
        ("1", "malformed", v1.malformed),
        ("1", "no_sa", v1.no_sa),
        ("1", "admission", v1.admission),
        ("1", "unsupported", v1.unsupported),
        ("2", "malformed", v2.malformed),
        ("2", "no_sa", v2.no_sa),
        ("2", "admission", v2.rejected),
        ("2", "refused", v2.refused),
        ("2", "wrong_cookie", v2.cookies_wrong),
    ] {
        let of = labels(&[("ike", version), ("reason", reason)]);
        drops.get_or_create(&of).inc_by(count);
    }
}

/// When certificates end: what is to be renewed is seen before it is missing.
fn certificates(now: &Snapshot<'_>, registry: &mut Registry) {
    let ends = gauges(
        registry,
        "certificate_not_after_timestamp_seconds",
        "End of validity",
    );
    for record in now.store.listing() {
        let kind = match record.kind {
            RecordKind::Ca => "ca",
            _ => "identity",
        };
        let of = labels(&[("trustpoint", &record.trustpoint), ("kind", kind)]);
        ends.get_or_create(&of).set(record.certificate.not_after());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::fixture::{R1, child, isakmp_sa, traffic};

    /// USERS-ASK 28: a tunnel that is down has its series.
    #[test]
    fn a_tunnel_that_is_down_is_measured() {
        let world = R1::enrolled();
        let mut now = world.snapshot();
        let tunnel = "tunnel=\"Tunnel1\",interface=\"Tunnel1\",peer=\"192.168.0.2\",ike=\"1\",profile=\"prof1\"";
        let down = page(&now);
        assert!(
            down.contains(&format!("ikd_tunnel_up{{{tunnel}}} 0\n")),
            "{down}"
        );
        now.isakmp = vec![isakmp_sa(1001, "I")];
        now.children = vec![child()];
        now.traffic = Some(traffic());
        let up = page(&now);
        for line in [
            &format!("ikd_tunnel_up{{{tunnel}}} 1"),
            &format!("ikd_tunnel_ike_up{{{tunnel}}} 1"),
            "ikd_tunnel_packets_total{interface=\"Tunnel1\",direction=\"out\"} 5",
            "ikd_tunnel_drops_total{interface=\"Tunnel1\",reason=\"replay\"} 2",
            "ikd_ike_sas{ike=\"1\",state=\"established\"} 1",
            "ikd_certificate_not_after_timestamp_seconds{trustpoint=\"IOSCA1\",kind=\"identity\"}",
        ] {
            assert!(up.contains(line), "{line}: {up}");
        }
        assert!(up.ends_with("# EOF\n"), "{up}");
    }
}
