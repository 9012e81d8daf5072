//! `show crypto ikev2 sa [detailed] [local A | remote A]` (O-020, O-021). The block of one SA is part of
//! `show crypto ikev2 session` too.

use std::net::IpAddr;

use ike_core::engine::view_ikev2::{EstablishedView, Ikev2SaView, Ikev2SuiteView};
use serde::Serialize;

use super::{Lines, Side, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Ikev2Sas {
    ikev2_sas: Vec<Ikev2SaView>,
    #[serde(skip)]
    detail: bool,
}

/// Oldest first, as IOS lists them; `name` is the address that the line names.
pub(super) fn view(now: &Snapshot<'_>, detail: bool, side: Side, name: Option<&str>) -> Ikev2Sas {
    let address: Option<IpAddr> = name.and_then(|n| n.parse().ok());
    let wanted = |sa: &&Ikev2SaView| match side {
        Side::Any => true,
        Side::Local => Some(sa.local.ip()) == address,
        Side::Remote => Some(sa.remote.ip()) == address,
    };
    Ikev2Sas {
        ikev2_sas: now.ikev2.iter().filter(wanted).cloned().collect(),
        detail,
    }
}

impl View for Ikev2Sas {
    fn text(&self) -> String {
        let mut out = Lines::default();
        let mut family = |title: &str, v6: bool| {
            out.line(title);
            out.blank();
            for sa in self.ikev2_sas.iter().filter(|sa| sa.remote.is_ipv6() == v6) {
                block(sa, self.detail, &mut out);
                out.blank();
            }
        };
        family(" IPv4 Crypto IKEv2  SA", false);
        family(" IPv6 Crypto IKEv2  SA", true);
        out.0
    }
}

/// Heading, endpoints, algorithms and times of one SA; `detail` adds the rest.
pub(super) fn block(sa: &Ikev2SaView, detail: bool, out: &mut Lines) {
    endpoints(sa, out);
    let established = sa.established.as_ref();
    let methods = established.map_or(("Unknown - 0", "Unknown - 0"), |e| {
        (e.own_method.as_str(), e.peer_method.as_str())
    });
    let quantum = established.is_some_and(|e| e.quantum_resistance);
    out.line(format!(
        "      {}, Auth sign: {}, Auth verify: {}{}",
        algorithms(sa.suite.as_ref()),
        methods.0,
        methods.1,
        if quantum { ", QR" } else { "" }
    ));
    let (lifetime, active) = established.map_or((LIFETIME, 0), |e| (e.lifetime, e.active));
    out.line(format!("      Life/Active Time: {lifetime}/{active} sec"));
    if detail {
        identity(sa, established, out);
        counters(sa, out);
        abilities(sa, established, out);
    }
}

/// What an SA lives when no profile says otherwise (G-043).
const LIFETIME: u32 = 86_400;

/// IPv6 addresses are too long for the columns.
fn endpoints(sa: &Ikev2SaView, out: &mut Lines) {
    let end = |e: std::net::SocketAddr| format!("{}/{}", e.ip(), e.port());
    let (tunnel, local, remote) = (sa.tunnel, end(sa.local), end(sa.remote));
    let (vrf, status) = ("none/none", &sa.status);
    if sa.remote.is_ipv4() {
        out.line(format!(
            "{:<10}{:<22}{:<22}{:<21}Status",
            "Tunnel-id", "Local", "Remote", "fvrf/ivrf"
        ));
        out.line(format!(
            "{tunnel:<10}{local:<22}{remote:<22}{vrf:<21}{status}"
        ));
    } else {
        out.line("Tunnel-id    fvrf/ivrf              Status");
        out.line(format!("{tunnel:<11}{vrf:<23}{status}"));
        out.line(format!("Local  {local}"));
        out.line(format!("Remote {remote}"));
    }
}

/// `Encr: AES-CBC, keysize: 256, PRF: SHA1, Hash: SHA96, DH Grp:14`; ciphers of one key length show none.
fn algorithms(suite: Option<&Ikev2SuiteView>) -> String {
    let Some(suite) = suite else {
        return "Encr: Unknown - 0, PRF: Unknown - 0, Hash: None, DH Grp:0".to_owned();
    };
    let hash = suite.integrity.as_deref().unwrap_or("None");
    format!(
        "{}, PRF: {}, Hash: {hash}, DH Grp:{}",
        encryption(&suite.encryption, suite.key_bits),
        suite.prf,
        suite.group
    )
}

/// `Encr: AES-CBC, keysize: 256`.
pub(super) fn encryption(name: &str, key_bits: Option<u16>) -> String {
    match key_bits {
        Some(bits) => format!("Encr: {name}, keysize: {bits}"),
        None => format!("Encr: {name}"),
    }
}

fn identity(sa: &Ikev2SaView, established: Option<&EstablishedView>, out: &mut Lines) {
    let none = || "(none)".to_owned();
    // The first crypto engine numbers from 1001 (G1).
    out.line(format!(
        "      CE id: {}, Session-id: {}",
        1000 + sa.tunnel,
        sa.session
    ));
    out.line(format!("      Status Description: {}", description(sa)));
    out.line(format!(
        "      Local spi: {}       Remote spi: {}",
        sa.local_spi.to_uppercase(),
        sa.remote_spi.to_uppercase()
    ));
    out.line(format!(
        "      Local id: {}",
        established.map_or_else(none, |e| e.local_id.clone())
    ));
    out.line(format!(
        "      Remote id: {}",
        established.map_or_else(none, |e| e.remote_id.clone())
    ));
}

fn description(sa: &Ikev2SaView) -> &'static str {
    let answered = sa.remote_spi.chars().any(|c| c != '0');
    match (sa.status.as_str(), sa.initiator) {
        ("READY", _) => "Negotiation done",
        ("DELETE", _) => "Deleting IKE SA",
        (_, true) if answered => "Initiator waiting for AUTH response",
        (_, true) => "Initiator waiting for INIT response",
        (_, false) => "Responder waiting for AUTH message",
    }
}

fn counters(sa: &Ikev2SaView, out: &mut Lines) {
    let (own, peer) = sa.message_ids;
    let (window, peer_window) = sa.windows;
    let mut pair = |label: &str, own: u32, peer: u32| {
        let (local, remote) = (format!("Local {label}:"), format!("Remote {label}:"));
        out.line(format!("      {local:<19}{own:<15}{remote:<20}{peer}"));
    };
    pair("req msg id", own, peer);
    pair("next msg id", own, peer);
    pair("req queued", own, peer);
    pair("window", window, peer_window);
}

fn abilities(sa: &Ikev2SaView, established: Option<&EstablishedView>, out: &mut Lines) {
    let (interval, retry) = established.and_then(|e| e.dpd).unwrap_or_default();
    out.line(format!(
        "      DPD configured for {interval} seconds, retry {retry}"
    ));
    match sa.fragmentation {
        None => out.line("      Fragmentation not  configured."),
        Some(mtu) => {
            out.line("      IETF Std Fragmentation  enabled.");
            out.line(format!(
                "      IETF Std Fragmentation MTU in use: {mtu} bytes."
            ));
        }
    }
    if established.is_some_and(|e| e.quantum_resistance) {
        out.line("      Quantum Resistance Enabled");
    }
    // RFC 9370: ours, IOS has no word for it.
    if let Some(method) = established.and_then(|e| e.additional_ke) {
        out.line(format!("      Additional key exchange method: {method}"));
    }
    // RFC 4555: ours too.
    if established.is_some_and(|e| e.mobike) {
        out.line("      MOBIKE Enabled");
    }
    out.line("      Extended Authentication not configured.");
    out.line(format!(
        "      NAT-T is {}",
        match sa.nat {
            (false, false) => "not detected",
            (true, false) => "detected inside",
            (false, true) => "detected outside",
            (true, true) => "detected inside and outside",
        }
    ));
    for address in established.into_iter().flat_map(|e| &e.leased) {
        out.line(format!("      Assigned host addr: {address}"));
    }
    // H10: in the peer's words, which the engine has escaped.
    for setting in established.into_iter().flat_map(|e| &e.settings) {
        out.line(format!("      Told by the peer: {setting}"));
    }
    out.line("      Cisco Trust Security SGT is disabled");
    let initiator = if sa.initiator { "Yes" } else { "No" };
    out.line(format!("      Initiator of SA : {initiator}"));
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, ikev2_sa, json, shown};

    const SEED: &str = " IPv4 Crypto IKEv2  SA

Tunnel-id Local                 Remote                fvrf/ivrf            Status
1         192.168.0.1/500       192.168.0.2/500       none/none            READY
      Encr: 3DES, PRF: MD5, Hash: MD596, DH Grp:2, Auth sign: RSA, Auth verify: RSA
      Life/Active Time: 86400/20 sec

 IPv6 Crypto IKEv2  SA

";

    /// O-020: the seed's suite, without a key size.
    #[test]
    fn the_ikev2_sa_of_the_seed() {
        let world = R1::new();
        let mut now = world.snapshot();
        assert_eq!(
            shown("show crypto ikev2 sa", &now),
            " IPv4 Crypto IKEv2  SA\n\n IPv6 Crypto IKEv2  SA\n\n"
        );
        now.ikev2 = vec![ikev2_sa(1)];
        assert_eq!(shown("show crypto ikev2 sa", &now), SEED);
        assert_eq!(shown("sh cry ikev2 sa remote 192.168.0.2", &now), SEED);
        assert_eq!(shown("sh cry ikev2 sa local 192.168.0.1", &now), SEED);
        let none = shown("sh cry ikev2 sa local 192.168.0.2", &now);
        assert!(!none.contains("READY"), "{none}");
    }

    /// O-020, O-021: what `detailed` adds, with key size and a DN.
    #[test]
    fn detail_adds_identities_message_ids_and_abilities() {
        let world = R1::new();
        let mut now = world.snapshot();
        let mut sa = ikev2_sa(3);
        let suite = sa.suite.as_mut().unwrap();
        (suite.encryption, suite.key_bits) = ("AES-CBC".into(), Some(256));
        (suite.prf, suite.integrity) = ("SHA1".into(), Some("SHA96".into()));
        suite.group = 14;
        sa.session = 1;
        sa.established.as_mut().unwrap().remote_id = "hostname=R2.cisco.com,cn=R2".into();
        now.ikev2 = vec![sa];
        let text = shown("show crypto ikev2 sa detail", &now);
        let expected = "3         192.168.0.1/500       192.168.0.2/500       none/none            READY
      Encr: AES-CBC, keysize: 256, PRF: SHA1, Hash: SHA96, DH Grp:14, Auth sign: RSA, Auth verify: RSA
      Life/Active Time: 86400/20 sec
      CE id: 1003, Session-id: 1
      Status Description: Negotiation done
      Local spi: 0123456789ABCDEF       Remote spi: FEDCBA9876543210
      Local id: 192.168.0.1
      Remote id: hostname=R2.cisco.com,cn=R2
      Local req msg id:  2              Remote req msg id:  0
      Local next msg id: 2              Remote next msg id: 0
      Local req queued:  2              Remote req queued:  0
      Local window:      5              Remote window:      5
      DPD configured for 0 seconds, retry 0
      Fragmentation not  configured.
      Extended Authentication not configured.
      NAT-T is not detected
      Cisco Trust Security SGT is disabled
      Initiator of SA : Yes

";
        assert!(text.contains(expected), "{text}");
        assert_eq!(shown("sh cry ikev2 sa det local 192.168.0.1", &now), text);
        assert_eq!(shown("sh cry ikev2 sa loc 192.168.0.1 det", &now), text);
    }

    /// O-020: an SA under negotiation says what it waits for.
    #[test]
    fn a_negotiation_shows_what_is_known() {
        let world = R1::new();
        let mut now = world.snapshot();
        let mut sa = ikev2_sa(1);
        (sa.established, sa.suite) = (None, None);
        sa.status = "IN-NEG".into();
        sa.remote_spi = "0".repeat(16);
        sa.nat = (true, false);
        sa.fragmentation = Some(1272);
        now.ikev2 = vec![sa];
        let text = shown("show crypto ikev2 sa detailed", &now);
        for line in [
            "none/none            IN-NEG\n      Encr: Unknown - 0, PRF: Unknown - 0, Hash: None, DH Grp:0, Auth sign: Unknown - 0, Auth verify: Unknown - 0\n      Life/Active Time: 86400/0 sec\n",
            "      Status Description: Initiator waiting for INIT response\n",
            "      Remote id: (none)\n",
            "      IETF Std Fragmentation MTU in use: 1272 bytes.\n",
            "      NAT-T is detected inside\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        now.ikev2[0].remote_spi = "1".repeat(16);
        let text = shown("show crypto ikev2 sa detailed", &now);
        assert!(
            text.contains("Initiator waiting for AUTH response"),
            "{text}"
        );
    }

    /// W-077 and the extensions: pre-shared postquantum key, additional key exchange, leased address.
    #[test]
    fn extensions_show_only_where_they_are_in_use() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.ikev2 = vec![ikev2_sa(1)];
        let established = now.ikev2[0].established.as_mut().unwrap();
        established.quantum_resistance = true;
        established.additional_ke = Some(36);
        established.leased = vec![[10, 9, 0, 1].into()];
        let text = shown("show crypto ikev2 sa detailed", &now);
        for line in [
            "Auth sign: RSA, Auth verify: RSA, QR\n",
            "      Quantum Resistance Enabled\n      Additional key exchange method: 36\n",
            "      Assigned host addr: 10.9.0.1\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }

    /// RFC 4555, RFC 7296 3.15: what was agreed about addresses, and what the peer told about its network.
    #[test]
    fn mobike_and_the_peers_settings_show_where_they_are_known() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.ikev2 = vec![ikev2_sa(1)];
        let without = shown("show crypto ikev2 sa detailed", &now);
        let words = ["MOBIKE", "Told by the peer"];
        assert!(!words.iter().any(|w| without.contains(w)), "{without}");
        let established = now.ikev2[0].established.as_mut().unwrap();
        established.mobike = true;
        let told = ["INTERNAL_IP4_DNS 10.0.0.53", "UNITY_BANNER welcome"];
        established.settings = told.map(str::to_owned).to_vec();
        let text = shown("show crypto ikev2 sa detailed", &now);
        let lines = [
            "      MOBIKE Enabled\n",
            "      Told by the peer: INTERNAL_IP4_DNS 10.0.0.53\n      Told by the peer: UNITY_BANNER welcome\n",
        ];
        assert!(lines.iter().all(|l| text.contains(l)), "{text}");
        let brief = shown("show crypto ikev2 sa", &now);
        assert!(!words.iter().any(|w| brief.contains(w)), "{brief}");
        let value = json("show crypto ikev2 sa detailed", &now);
        let established = &value["ikev2_sas"][0]["established"];
        assert_eq!(established["mobike"], true);
        assert_eq!(established["settings"][1], told[1]);
    }

    /// IPv6 peers have a part of their own, one address a line.
    #[test]
    fn ipv6_peers_stand_below_their_own_title() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.ikev2 = vec![ikev2_sa(1), ikev2_sa(2)];
        now.ikev2[1].local = "[2001:db8::1]:500".parse().unwrap();
        now.ikev2[1].remote = "[2001:db8::2]:500".parse().unwrap();
        let text = shown("show crypto ikev2 sa", &now);
        let part = text.split_once(" IPv6 Crypto IKEv2  SA\n\n").unwrap().1;
        assert!(
            part.starts_with("Tunnel-id    fvrf/ivrf              Status\n2          none/none              READY\nLocal  2001:db8::1/500\nRemote 2001:db8::2/500\n      Encr: 3DES"),
            "{part}"
        );
        let value = json("show crypto ikev2 sa remote 2001:db8::2", &now);
        assert_eq!(value["ikev2_sas"].as_array().map(Vec::len), Some(1));
        assert_eq!(value["ikev2_sas"][0]["suite"]["encryption"], "3DES");
        assert_eq!(
            value["ikev2_sas"][0]["established"]["remote_id"],
            "192.168.0.2"
        );
    }
}
