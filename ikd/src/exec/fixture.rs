//! What the tests show: R1 of the seed, with SAs, counters and records made by hand.

use ike_core::config::{RunningConfig, parse};
use ike_core::engine::Counters;
use ike_core::engine::view::{ChildView, IsakmpSaView, SuiteView};
use ike_core::engine::view_ikev2::{EstablishedView, Ikev2SaView, Ikev2SuiteView};
use ike_core::ikev2::{Stats, Tally};
use ike_core::policy::protection::{Protection, compile};
use ike_core::sa::record::{CertificateRequests, Explained, Record};
use ike_core::sa::{Role, SaId};
use ike_core::sim::enrol::{Enrollee, LabCas};
use ike_crypto::{KeySpec, PrivateKey};
use ike_pki::Store;

use super::{Outcome, Snapshot, run};
use crate::dataplane::config::{Direction, Mode};
use crate::dataplane::counters::{self, SaCounters, TunnelCounters};
use crate::dataplane::suite::{EspCipher, EspIntegrity, EspSuite};
use crate::pki::Counts;

const CONFIG: &str = "hostname R1
ip domain name cisco.com
crypto pki trustpoint IOSCA1
 enrollment url http://192.168.0.3:80
 subject-name CN=R1,OU=IT,O=cisco,O=com
crypto pki trustpoint IOSCA2
 enrollment url http://192.168.0.4:80
 subject-name CN=R1,OU=IT,O=cisco,O=com
crypto isakmp policy 10
 encr 3des
 hash md5
 group 2
crypto isakmp profile prof1
 self-identity fqdn
 ca trust-point IOSCA1
 match identity host R2.cisco.com
crypto ipsec transform-set TS esp-aes esp-sha256-hmac
 mode tunnel
crypto ipsec profile prof1
 set transform-set TS
 set isakmp-profile prof1
interface Ethernet0/0
 ip address 192.168.0.1 255.255.255.0
interface Tunnel1
 ip address 10.0.0.1 255.255.255.0
 tunnel source Ethernet0/0
 tunnel destination 192.168.0.2
 tunnel protection ipsec profile prof1
";

/// Seconds since 1970 UTC of 17 June 2013.
const NOW: i64 = 1_371_470_000;

/// The router of the seed.
pub(crate) struct R1 {
    pub(crate) config: RunningConfig,
    pub(crate) protections: Vec<Protection>,
    pub(crate) store: Store,
    text: String,
}

impl R1 {
    /// Without certificates.
    pub(crate) fn new() -> Self {
        let config = parse("R1.cfg", CONFIG).config;
        Self {
            protections: compile(&config),
            config,
            store: Store::default(),
            text: CONFIG.to_owned(),
        }
    }

    /// Enrolled with IOSCA1 and then with IOSCA2.
    pub(crate) fn enrolled() -> Self {
        let mut out = Self::new();
        let key = || PrivateKey::generate(KeySpec::EcP256).unwrap();
        let mut cas = LabCas::default();
        for (number, url) in LabCas::urls(&[&out.config]).iter().enumerate() {
            cas.add(url, number + 1, key(), NOW).unwrap();
        }
        let public = key().public();
        let enrollee = Enrollee {
            config: &out.config,
            serial: "100",
            public: &public,
            key_label: "R1.cisco.com",
            order: None,
            at: NOW,
        };
        out.store = cas.enrol(&enrollee).unwrap();
        out
    }

    /// Reads more configuration.
    pub(crate) fn read(&mut self, more: &str) {
        self.text.push_str(more);
        self.config = parse("R1.cfg", &self.text).config;
    }

    /// Nothing negotiated yet.
    pub(crate) fn snapshot(&self) -> Snapshot<'_> {
        Snapshot {
            config: &self.config,
            startup: &self.config,
            protections: &self.protections,
            store: &self.store,
            keys: &[],
            pki: Counts::default(),
            isakmp: Vec::new(),
            ikev2: Vec::new(),
            ikev2_stats: Stats::default(),
            ikev2_tally: Tally::default(),
            children: Vec::new(),
            records: Vec::new(),
            counters: Counters::default(),
            traffic: None,
            capture: None,
            logging: String::new(),
            wall: NOW,
        }
    }
}

/// The text of a line.
pub(crate) fn shown(line: &str, now: &Snapshot<'_>) -> String {
    match run(line, false, now) {
        Ok(Outcome::Text(text)) => text,
        other => panic!("{line}: {other:?}"),
    }
}

/// The JSON of a line.
pub(crate) fn json(line: &str, now: &Snapshot<'_>) -> serde_json::Value {
    match run(line, true, now) {
        Ok(Outcome::Text(text)) => serde_json::from_str(&text).unwrap(),
        other => panic!("{line}: {other:?}"),
    }
}

/// An established SA with R2.
pub(crate) fn isakmp_sa(connection: u32, role: &str) -> IsakmpSaView {
    IsakmpSaView {
        connection,
        state: "QM_IDLE".into(),
        status: "ACTIVE".into(),
        role: role.into(),
        local: [192, 168, 0, 1].into(),
        local_port: 500,
        remote: [192, 168, 0, 2].into(),
        remote_port: 500,
        initiator_cookie: "0123456789abcdef".into(),
        responder_cookie: "fedcba9876543210".into(),
        profile: Some("prof1".into()),
        phase1_id: Some("R2.cisco.com".into()),
        validated_by: Some("IOSCA1".into()),
        suite: Some(SuiteView {
            encryption: "3des".into(),
            hash: "md5".into(),
            authentication: "rsig".into(),
            group: 2,
        }),
        lifetime: Some(86_341),
        active: Some(59),
        capabilities: String::new(),
    }
}

/// An established IKE SA of the seed's IKEv2 half with R2, started here; no child SA.
pub(crate) fn ikev2_sa(tunnel: u32) -> Ikev2SaView {
    Ikev2SaView {
        tunnel,
        session: tunnel,
        status: "READY".into(),
        over: false,
        local: ([192, 168, 0, 1], 500).into(),
        remote: ([192, 168, 0, 2], 500).into(),
        initiator: true,
        local_spi: "0123456789abcdef".into(),
        remote_spi: "fedcba9876543210".into(),
        profile: Some("profile1".into()),
        suite: Some(Ikev2SuiteView {
            encryption: "3DES".into(),
            key_bits: None,
            prf: "MD5".into(),
            integrity: Some("MD596".into()),
            group: 2,
        }),
        established: Some(EstablishedView {
            own_method: "RSA".into(),
            peer_method: "RSA".into(),
            local_id: "192.168.0.1".into(),
            remote_id: "192.168.0.2".into(),
            validated_by: Some("TP1".into()),
            lifetime: 86_400,
            active: 20,
            dpd: None,
            additional_ke: None,
            quantum_resistance: false,
            leased: Vec::new(),
            settings: Vec::new(),
            mobike: false,
            children: Vec::new(),
        }),
        nat: (false, false),
        message_ids: (2, 0),
        windows: (5, 5),
        fragmentation: None,
    }
}

/// The ESP SA pair of Tunnel1, made by IKEv2 with the seed's transform set.
pub(crate) fn child_of_ikev2() -> ChildView {
    ChildView {
        version: 2,
        transform: "esp-3des esp-sha-hmac".into(),
        encryption: "3DES".into(),
        key_bits: None,
        hmac: Some("SHA96".into()),
        iv_octets: 8,
        connection: 1,
        ..child()
    }
}

/// The ESP SA pair of Tunnel1.
pub(crate) fn child() -> ChildView {
    ChildView {
        version: 1,
        protection: "Tunnel1".into(),
        interface: "Tunnel1".into(),
        local: [192, 168, 0, 1].into(),
        remote: [192, 168, 0, 2].into(),
        remote_port: 500,
        local_selector: "192.168.0.1/255.255.255.255/47/0".into(),
        remote_selector: "192.168.0.2/255.255.255.255/47/0".into(),
        local_range: "192.168.0.1/0 - 192.168.0.1/65535".into(),
        remote_range: "192.168.0.2/0 - 192.168.0.2/65535".into(),
        spi_in: 0x6C0F_3A3D,
        spi_out: 0x24C6_C5A2,
        transform: "esp-aes esp-sha256-hmac".into(),
        encryption: "AES-CBC".into(),
        key_bits: Some(128),
        hmac: Some("SHA256".into()),
        mode: "Tunnel".into(),
        pfs: None,
        seconds: 3599,
        kilobytes: 4_608_000,
        iv_octets: 16,
        replaced: false,
        complete: true,
        connection: 1001,
    }
}

/// Five packets out, four in, one kilobyte used inbound.
pub(crate) fn traffic() -> counters::Counters {
    let tunnel = TunnelCounters {
        encaps: 5,
        decaps: 4,
        replay_failures: 2,
        no_sa_drops: 1,
        ..Default::default()
    };
    let inbound = SaCounters {
        tunnel: "Tunnel1".into(),
        direction: Direction::Inbound,
        spi: 0x6C0F_3A3D,
        local: [192, 168, 0, 1].into(),
        remote: [192, 168, 0, 2].into(),
        mode: Mode::Tunnel,
        encap: None,
        suite: EspSuite {
            cipher: EspCipher::Aes128Cbc,
            integrity: Some(EspIntegrity::HmacSha256_128),
        },
        packets: 4,
        octets: 400,
        sequence: 4,
        replay_failures: 2,
        auth_failures: 0,
        remaining_seconds: Some(3599),
        remaining_kilobytes: Some(4_607_999),
    };
    let outbound = SaCounters {
        direction: Direction::Outbound,
        spi: 0x24C6_C5A2,
        remaining_kilobytes: Some(4_608_000),
        ..inbound.clone()
    };
    counters::Counters {
        tunnels: [("Tunnel1".to_owned(), tunnel)].into(),
        sas: vec![inbound, outbound],
        unknown_spi: 3,
    }
}

/// A negotiation that came up as initiator, or failed at MM5 as responder.
pub(crate) fn record(up: bool) -> Record {
    let decision =
        |rule: &str, decision: &str, because: &str| Explained::new(rule, decision, because);
    let role = if up { Role::Initiator } else { Role::Responder };
    let mut out = Record::new(SaId(u64::from(!up)), role, "192.168.0.2".into());
    out.profile = Some("prof1".into());
    out.decisions = vec![
        decision("S-041", "profile prof1", "only prof1 matches R2.cisco.com"),
        decision("S-050", "validate with IOSCA1", "prof1 names it"),
    ];
    if up {
        (out.up, out.phase1) = (true, true);
        out.signed_with = Some("IOSCA1".into());
    } else {
        let issuers = vec!["cn=CA2,o=cisco,o=com".into(), "cn=CA1,o=cisco,o=com".into()];
        out.certreq = Some(CertificateRequests {
            message: "MM4".into(),
            issuers,
        });
        out.stop("MM5", "certificate not trusted by \u{1b}[1m");
    }
    out
}

/// A negotiation of IKEv2 that came up as initiator, or failed in IKE_AUTH as responder.
pub(crate) fn record_of_ikev2(up: bool) -> Record {
    let mut out = record(up);
    out.version = 2;
    out.profile = Some("profile1".into());
    out.signed_with = Some("TP1".into());
    out.decisions.truncate(1);
    if !up {
        let issuers = vec!["cn=CA2,o=cisco,o=com".into(), "cn=CA1,o=cisco,o=com".into()];
        out.certreq = Some(CertificateRequests {
            message: "IKE_SA_INIT".into(),
            issuers,
        });
        out.stopped_at = Some("IKE_AUTH".into());
        out.reason = Some("Validation of certificate chain FAILED".into());
    }
    out
}
