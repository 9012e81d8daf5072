//! `show crypto isakmp sa [detail]` (O-001, O-005).

use std::net::IpAddr;

use ike_core::engine::view::IsakmpSaView;
use ike_core::sa::Role;
use serde::Serialize;

use super::{Lines, View, hms};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct IsakmpSas {
    isakmp_sas: Vec<Row>,
    #[serde(skip)]
    detail: bool,
}

#[derive(Serialize)]
struct Row {
    destination: IpAddr,
    source: IpAddr,
    #[serde(flatten)]
    sa: IsakmpSaView,
}

pub(super) fn view(now: &Snapshot<'_>, detail: bool) -> IsakmpSas {
    let row = |sa: &IsakmpSaView| {
        let role = if sa.role == "I" {
            Role::Initiator
        } else {
            Role::Responder
        };
        let (destination, source) = role.destination_first(sa.local, sa.remote);
        Row {
            destination,
            source,
            sa: sa.clone(),
        }
    };
    IsakmpSas {
        isakmp_sas: now.isakmp.iter().map(row).collect(),
        detail,
    }
}

impl View for IsakmpSas {
    fn text(&self) -> String {
        let mut out = Lines::default();
        if self.detail {
            self.detailed(&mut out);
        } else {
            self.brief(&mut out);
        }
        out.line("IPv6 Crypto ISAKMP SA");
        out.blank();
        for row in self.of(IpAddr::is_ipv6) {
            row.v6_lines(self.detail, &mut out);
        }
        out.0
    }
}

impl Row {
    /// IPv6 addresses are too long for columns.
    fn v6_lines(&self, detail: bool, out: &mut Lines) {
        let sa = &self.sa;
        out.line(format!(" dst: {}", self.destination));
        out.line(format!(" src: {}", self.source));
        if !detail {
            out.line(format!(
                " state: {:<16}conn-id:{:>7} status: {}",
                sa.state, sa.connection, sa.status
            ));
            return out.blank();
        }
        let (encryption, hash, method, group) = suite(sa);
        let lifetime = lifetime(sa);
        out.line(format!(
            " conn-id: {}   I-VRF:        Status: {} Encr: {encryption} Hash: {hash} Auth: {method}",
            sa.connection, sa.status
        ));
        out.line(format!(
            " DH: {group} Lifetime: {lifetime} Cap: {}",
            sa.capabilities
        ));
        out.line(format!(" Engine-id:Conn-id =  SW:{}", engine_number(sa)));
        out.blank();
    }
}

impl IsakmpSas {
    /// The rows whose peer is of one family.
    fn of(&self, family: fn(&IpAddr) -> bool) -> impl Iterator<Item = &Row> {
        self.isakmp_sas
            .iter()
            .filter(move |row| family(&row.sa.remote))
    }

    fn brief(&self, out: &mut Lines) {
        out.line("IPv4 Crypto ISAKMP SA");
        out.line("dst             src             state          conn-id status");
        for Row {
            destination,
            source,
            sa,
        } in self.of(IpAddr::is_ipv4)
        {
            let (to, from) = (destination.to_string(), source.to_string());
            out.line(format!(
                "{to:<15} {from:<15} {:<14}{:>8} {}",
                sa.state, sa.connection, sa.status
            ));
        }
        out.blank();
    }

    fn detailed(&self, out: &mut Lines) {
        out.line("Codes: C - IKE configuration mode, D - Dead Peer Detection");
        out.line("       K - Keepalives, N - NAT-traversal");
        out.line("       T - cTCP encapsulation, X - IKE Extended Authentication");
        out.line("       psk - Preshared key, rsig - RSA signature");
        out.line("       renc - RSA encryption");
        out.line("IPv4 Crypto ISAKMP SA");
        out.blank();
        out.line(
            "C-id  Local           Remote          I-VRF  Status Encr Hash   Auth DH Lifetime Cap.",
        );
        out.blank();
        self.of(IpAddr::is_ipv4)
            .for_each(|row| detailed_row(&row.sa, out));
    }
}

fn detailed_row(sa: &IsakmpSaView, out: &mut Lines) {
    let (status, deleted) = sa.status.split_once(' ').unwrap_or((&sa.status, ""));
    let (encryption, hash, method, group) = suite(sa);
    let lifetime = lifetime(sa);
    let (local, remote) = (sa.local.to_string(), sa.remote.to_string());
    out.line(format!(
        "{:<5} {local:<15} {remote:<15} {:<6} {status:<6} {encryption:<4} {hash:<6} {method:<4} {group:<2} {lifetime:<8} {:<4}",
        sa.connection, "", sa.capabilities
    ));
    let engine = format!(
        "       Engine-id:Conn-id =  SW:{} {deleted}",
        engine_number(sa)
    );
    out.line(engine.trim_end());
    out.blank();
}

/// Cipher, hash, method and group, as far as agreed.
fn suite(sa: &IsakmpSaView) -> (&str, &str, &str, u16) {
    match &sa.suite {
        // The column has four places; the key length is in the JSON.
        Some(s) => (
            first_word(&s.encryption),
            s.hash.as_str(),
            s.authentication.as_str(),
            s.group,
        ),
        None => ("", "", "", 0),
    }
}

fn lifetime(sa: &IsakmpSaView) -> String {
    sa.lifetime.map_or_else(|| "0".to_owned(), hms)
}

fn engine_number(sa: &IsakmpSaView) -> u32 {
    sa.connection.saturating_sub(1000)
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, isakmp_sa, shown};

    /// O-001: the responder is dst, the initiator src, whichever of them we are.
    #[test]
    fn rows_name_the_responder_first() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.isakmp = vec![isakmp_sa(1001, "R"), isakmp_sa(29188, "I")];
        now.isakmp[1].state = "MM_NO_STATE".into();
        now.isakmp[1].status = "ACTIVE (deleted)".into();
        assert_eq!(
            shown("show crypto isakmp sa", &now),
            "IPv4 Crypto ISAKMP SA
dst             src             state          conn-id status
192.168.0.1     192.168.0.2     QM_IDLE           1001 ACTIVE
192.168.0.2     192.168.0.1     MM_NO_STATE      29188 ACTIVE (deleted)

IPv6 Crypto ISAKMP SA

"
        );
    }

    /// O-001: titles stand without SAs too.
    #[test]
    fn no_sas_leave_the_titles() {
        let world = R1::new();
        assert_eq!(
            shown("show crypto isakmp sa", &world.snapshot()),
            "IPv4 Crypto ISAKMP SA\ndst             src             state          conn-id status\n\nIPv6 Crypto ISAKMP SA\n\n"
        );
    }

    /// SAs with IPv6 peers stand below their own title, one value a line.
    #[test]
    fn ipv6_peers_have_a_part_of_their_own() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.isakmp = vec![isakmp_sa(1001, "R"), isakmp_sa(1002, "I")];
        now.isakmp[1].local = "2001:db8::1".parse().unwrap();
        now.isakmp[1].remote = "2001:db8::2".parse().unwrap();
        assert_eq!(
            shown("show crypto isakmp sa", &now),
            "IPv4 Crypto ISAKMP SA
dst             src             state          conn-id status
192.168.0.1     192.168.0.2     QM_IDLE           1001 ACTIVE

IPv6 Crypto ISAKMP SA

 dst: 2001:db8::2
 src: 2001:db8::1
 state: QM_IDLE         conn-id:   1002 status: ACTIVE

"
        );
        let detail = shown("show crypto isakmp sa detail", &now);
        let part = detail.split_once("IPv6 Crypto ISAKMP SA\n").unwrap().1;
        assert_eq!(
            part,
            "
 dst: 2001:db8::2
 src: 2001:db8::1
 conn-id: 1002   I-VRF:        Status: ACTIVE Encr: 3des Hash: md5 Auth: rsig
 DH: 2 Lifetime: 23:59:01 Cap: 
 Engine-id:Conn-id =  SW:2

"
        );
    }

    /// O-005: legend, columns, engine line; a key length does not move the columns.
    #[test]
    fn detail_has_the_legend_and_the_suite() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.isakmp = vec![isakmp_sa(1009, "I"), isakmp_sa(1010, "I")];
        now.isakmp[0].suite.as_mut().unwrap().encryption = "aes 256".into();
        now.isakmp[0].capabilities = "DN".into();
        now.isakmp[1].suite = None;
        now.isakmp[1].lifetime = None;
        now.isakmp[1].status = "ACTIVE (deleted)".into();
        let expected = "Codes: C - IKE configuration mode, D - Dead Peer Detection
       K - Keepalives, N - NAT-traversal
       T - cTCP encapsulation, X - IKE Extended Authentication
       psk - Preshared key, rsig - RSA signature
       renc - RSA encryption
IPv4 Crypto ISAKMP SA

C-id  Local           Remote          I-VRF  Status Encr Hash   Auth DH Lifetime Cap.

1009  192.168.0.1     192.168.0.2            ACTIVE aes  md5    rsig 2  23:59:01 DN  
       Engine-id:Conn-id =  SW:9

1010  192.168.0.1     192.168.0.2            ACTIVE                  0  0            
       Engine-id:Conn-id =  SW:10 (deleted)

IPv6 Crypto ISAKMP SA

";
        assert_eq!(shown("show crypto isakmp sa detail", &now), expected);
    }
}
