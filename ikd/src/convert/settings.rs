//! Settings that do not belong to one child: those of the daemon, times, dead peer detection.

use ike_core::config::{Ikev2Auth, Ikev2Mode, RevocationMethod, RunningConfig};
use testnet::charon::Setting;

/// Priority of a table that is looked up after the kernel's own, main (32766) and default (32767).
const AFTER_MAIN: &str = "32800";

/// What charon makes of `periodic` probes.
pub(super) const PERIODIC: &str =
    "charon probes a silent peer only, and repeats by timers of its own";

/// A duration as charon writes it.
pub(super) fn seconds(seconds: u32) -> String {
    format!("{seconds}s")
}

/// When an SA of that lifetime is replaced: a tenth of it is left.
pub(super) fn before(lifetime: u32) -> u32 {
    lifetime - lifetime / 10
}

/// The lifetime of an IKE SA: `rekey_time` and `over_time` together.
pub(super) fn lifetime(lifetime: u32) -> Vec<Setting> {
    vec![
        set("rekey_time", &seconds(before(lifetime))),
        set("over_time", &seconds(lifetime / 10)),
        set("rand_time", "0s"),
    ]
}

/// Dead peer detection every so many seconds; IKEv2 gives up by retransmission, IKEv1 after a time.
pub(super) fn dpd(interval: Option<u32>, timeout: Option<u32>) -> Vec<Setting> {
    let mut out = vec![set("dpd_delay", &seconds(interval.unwrap_or(0)))];
    out.extend(timeout.map(|limit| set("dpd_timeout", &seconds(limit))));
    out
}

pub(super) fn set(key: &str, value: &str) -> Setting {
    (key.to_owned(), value.to_owned())
}

pub(super) fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// The section of the daemon in strongswan.conf.
pub(super) fn of_daemon(config: &RunningConfig, tunnels: bool) -> Vec<Setting> {
    let (v1, v2) = (&config.isakmp, &config.ikev2);
    let mut out = Vec::new();
    if tunnels {
        // kernel-libipsec makes a route for every policy. Those of the router go first: a policy for
        // everything would swallow IKE, and GRE goes between the very addresses of IKE.
        out.push(set("routing_table_prio", AFTER_MAIN));
        out.push(set("plugins.kernel-libipsec.allow_peer_ts", "yes"));
    }
    out.push(set(
        "signature_authentication",
        yes_or_no(digital_signatures(config)),
    ));
    let cookies = v2.cookie_challenge.unwrap_or(0).to_string();
    out.push(set("cookie_threshold", &cookies));
    out.push(set(
        "follow_redirects",
        yes_or_no(v2.redirect_client.is_some()),
    ));
    let keepalive = v2.nat_keepalive.or(v1.nat_keepalive);
    out.extend(keepalive.map(|every| set("keep_alive", &seconds(every))));
    out.extend(fragment_size(config).map(|mtu| set("fragment_size", &mtu.to_string())));
    let limit = [v1.max_sa, v2.max_sa].into_iter().flatten().min();
    out.extend(limit.map(|sas| set("ikesa_limit", &sas.to_string())));
    let asks = |m: &RevocationMethod| *m == RevocationMethod::Ocsp;
    let ocsp = config
        .trustpoints
        .iter()
        .any(|t| t.revocation_check.iter().any(asks));
    out.push(set("plugins.revocation.enable_ocsp", yes_or_no(ocsp)));
    out
}

/// RFC 7427 is for the whole daemon: on when the configuration or a profile asks for it (W-074).
fn digital_signatures(config: &RunningConfig) -> bool {
    let asked = |auth: &Ikev2Auth| *auth == Ikev2Auth::DigitalSignature;
    let mut profiles = config.ikev2_profiles.iter();
    let modern = config.ikev2.mode == Ikev2Mode::Modern;
    config.ikev2.digital_signature.unwrap_or(modern)
        || profiles.any(|p| p.auth_local.iter().chain(&p.auth_remote).any(asked))
}

/// Octets of the largest IP packet where fragments are agreed (G-044); `None` = no fragments.
pub(super) fn fragment_size(config: &RunningConfig) -> Option<u16> {
    let modern = config.ikev2.mode == Ikev2Mode::Modern;
    config.ikev2.fragmentation.or(modern.then_some(1280))
}
