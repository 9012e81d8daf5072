//! `show crypto ikev2 session [detailed]` (O-024): the IKE SAs that replaced each other, and the child SAs
//! they carry.

use ike_core::engine::view::ChildView;
use ike_core::engine::view_ikev2::Ikev2SaView;
use serde::Serialize;

use super::ikev2_sa::{block, encryption};
use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Sessions {
    ikev2_sessions: Vec<Session>,
    #[serde(skip)]
    detail: bool,
}

#[derive(Serialize)]
struct Session {
    session: u32,
    status: &'static str,
    ikev2_sas: Vec<Ikev2SaView>,
}

pub(super) fn view(now: &Snapshot<'_>, detail: bool) -> Sessions {
    let mut sessions: Vec<Session> = Vec::new();
    for sa in &now.ikev2 {
        match sessions.iter_mut().find(|s| s.session == sa.session) {
            Some(session) => session.ikev2_sas.push(sa.clone()),
            None => sessions.push(Session {
                session: sa.session,
                status: "",
                ikev2_sas: vec![sa.clone()],
            }),
        }
    }
    for session in &mut sessions {
        session.status = status(&session.ikev2_sas);
    }
    Sessions {
        ikev2_sessions: sessions,
        detail,
    }
}

fn status(sas: &[Ikev2SaView]) -> &'static str {
    let any = |status: &str| sas.iter().any(|sa| sa.status == status);
    let carries = sas.iter().any(|sa| children(sa).next().is_some());
    match (any("READY"), carries) {
        (true, true) => "UP-ACTIVE",
        (true, false) => "UP-IDLE",
        (false, _) if any("IN-NEG") => "DOWN-NEGOTIATING",
        (false, _) => "DOWN",
    }
}

fn children(sa: &Ikev2SaView) -> impl Iterator<Item = &ChildView> {
    sa.established.iter().flat_map(|e| &e.children)
}

impl View for Sessions {
    fn text(&self) -> String {
        let mut out = Lines::default();
        let mut family = |title: &str, v6: bool| {
            out.line(title);
            out.blank();
            let of = |s: &&Session| s.ikev2_sas.iter().any(|sa| sa.remote.is_ipv6() == v6);
            for session in self.ikev2_sessions.iter().filter(of) {
                session.lines(self.detail, &mut out);
                out.blank();
            }
        };
        family(" IPv4 Crypto IKEv2 Session", false);
        family(" IPv6 Crypto IKEv2 Session", true);
        out.0
    }
}

impl Session {
    fn lines(&self, detail: bool, out: &mut Lines) {
        let pairs: Vec<&ChildView> = self.ikev2_sas.iter().flat_map(children).collect();
        out.line(format!(
            "Session-id:{}, Status:{}, IKE count:{}, CHILD count:{}",
            self.session,
            self.status,
            self.ikev2_sas.len(),
            pairs.len()
        ));
        out.blank();
        for sa in &self.ikev2_sas {
            block(sa, detail, out);
        }
        pairs.iter().for_each(|pair| child(pair, detail, out));
    }
}

fn child(pair: &ChildView, detail: bool, out: &mut Lines) {
    let (local, remote) = (&pair.local_range, &pair.remote_range);
    out.line(format!("Child sa: local selector  {local}"));
    out.line(format!("          remote selector {remote}"));
    out.line(format!(
        "          ESP spi in/out: {:#x}/{:#x}",
        pair.spi_in, pair.spi_out
    ));
    if !detail {
        return;
    }
    out.line("          AH spi in/out: 0x0/0x0");
    out.line("          CPI in/out: 0x0/0x0");
    out.line(format!(
        "          {}, esp_hmac: {}",
        encryption(&pair.encryption, pair.key_bits),
        pair.hmac.as_deref().unwrap_or("None")
    ));
    let mode = if pair.mode.starts_with("Transport") {
        "transport"
    } else {
        "tunnel"
    };
    out.line(format!(
        "          ah_hmac: None, comp: IPCOMP_NONE, mode {mode}"
    ));
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, child_of_ikev2, ikev2_sa, json, shown};

    /// O-024: one IKE SA, one child SA.
    #[test]
    fn the_session_of_the_seed() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.ikev2 = vec![ikev2_sa(1)];
        now.ikev2[0].established.as_mut().unwrap().children = vec![child_of_ikev2()];
        let expected = " IPv4 Crypto IKEv2 Session

Session-id:1, Status:UP-ACTIVE, IKE count:1, CHILD count:1

Tunnel-id Local                 Remote                fvrf/ivrf            Status
1         192.168.0.1/500       192.168.0.2/500       none/none            READY
      Encr: 3DES, PRF: MD5, Hash: MD596, DH Grp:2, Auth sign: RSA, Auth verify: RSA
      Life/Active Time: 86400/20 sec
Child sa: local selector  192.168.0.1/0 - 192.168.0.1/65535
          remote selector 192.168.0.2/0 - 192.168.0.2/65535
          ESP spi in/out: 0x6c0f3a3d/0x24c6c5a2

 IPv6 Crypto IKEv2 Session

";
        assert_eq!(shown("show crypto ikev2 session", &now), expected);
        let detail = shown("sh cry ikev2 ses det", &now);
        assert!(
            detail.contains(
                "          ESP spi in/out: 0x6c0f3a3d/0x24c6c5a2
          AH spi in/out: 0x0/0x0
          CPI in/out: 0x0/0x0
          Encr: 3DES, esp_hmac: SHA96
          ah_hmac: None, comp: IPCOMP_NONE, mode tunnel
"
            ),
            "{detail}"
        );
        assert!(
            detail.contains("      Initiator of SA : Yes\nChild sa:"),
            "{detail}"
        );
    }

    /// O-024: a rekeyed IKE SA and its successor are one session; the status follows from both.
    #[test]
    fn ike_sas_that_replace_each_other_are_one_session() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.ikev2 = vec![ikev2_sa(1), ikev2_sa(2), ikev2_sa(3)];
        now.ikev2[0].status = "DELETE".into();
        now.ikev2[1].session = 1;
        now.ikev2[2].status = "IN-NEG".into();
        now.ikev2[2].established = None;
        let text = shown("show crypto ikev2 session", &now);
        assert!(
            text.contains("Session-id:1, Status:UP-IDLE, IKE count:2, CHILD count:0\n"),
            "{text}"
        );
        assert!(
            text.contains("Session-id:3, Status:DOWN-NEGOTIATING, IKE count:1, CHILD count:0\n"),
            "{text}"
        );
        let value = json("show crypto ikev2 session", &now);
        assert_eq!(value["ikev2_sessions"][0]["ikev2_sas"][1]["tunnel"], 2);
    }
}
