//! Our router's configuration, as IOS writes it, from a few choices.
//!
//! A VTI from 192.168.0.1 to 192.168.0.2 that carries 10.1.0.0/16 to 10.2.0.0/16, over IPv6 with
//! fd01::/16 and fd02::/16 as well.

use std::fmt::Write;

use testnet::charon::IkeVersion;

use crate::network::Wiring;

/// The pre-shared key of every row that has one.
pub(crate) const KEY: &str = "cisco123cisco123";

/// A router of ours.
#[derive(Clone, Debug)]
pub(crate) struct Router {
    version: IkeVersion,
    wiring: Wiring,
    globals: String,
    suite: String,
    profile: String,
    local: String,
    remote: String,
    transform: String,
    ipsec: String,
    afterwards: String,
}

impl Router {
    pub(crate) fn ikev2() -> Self {
        let key = format!("pre-share key {KEY}");
        Self {
            version: IkeVersion::Two,
            wiring: Wiring::default(),
            globals: String::new(),
            suite: "encryption aes-cbc-128\nintegrity sha256\ngroup 14".to_owned(),
            profile: String::new(),
            local: key.clone(),
            remote: key,
            transform: "esp-aes 128 esp-sha256-hmac".to_owned(),
            ipsec: String::new(),
            afterwards: String::new(),
        }
    }

    pub(crate) fn ikev1() -> Self {
        Self {
            version: IkeVersion::One,
            suite: "encryption aes\nhash sha\nauthentication pre-share\ngroup 14".to_owned(),
            globals: format!("crypto isakmp key {KEY} address 0.0.0.0\n"),
            ..Self::ikev2()
        }
    }

    /// The wires it hangs on decide about its addresses.
    pub(crate) fn on(mut self, wiring: Wiring) -> Self {
        self.wiring = wiring;
        self
    }

    /// Lines of global configuration.
    pub(crate) fn global(mut self, lines: &str) -> Self {
        self.globals.push_str(lines);
        self.globals.push_str("\n!\n");
        self
    }

    /// The lines of the IKEv2 proposal or the ISAKMP policy.
    pub(crate) fn suite(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.suite);
        self
    }

    /// More lines of the IKEv2 or ISAKMP profile.
    pub(crate) fn profile(mut self, lines: &str) -> Self {
        self.profile.push_str(lines);
        self.profile.push('\n');
        self
    }

    /// `authentication local` of the IKEv2 profile.
    pub(crate) fn local(mut self, method: &str) -> Self {
        method.clone_into(&mut self.local);
        self
    }

    /// `authentication remote` of the IKEv2 profile.
    pub(crate) fn remote(mut self, method: &str) -> Self {
        method.clone_into(&mut self.remote);
        self
    }

    /// A trustpoint; the profile does not name it.
    pub(crate) fn trustpoint(self, name: &str, lines: &str) -> Self {
        self.global(&format!(
            "crypto pki trustpoint {name}\nenrollment url http://{}.lab:80\nrevocation-check none\n{lines}",
            name.to_lowercase()
        ))
    }

    /// The transform set.
    pub(crate) fn transform(mut self, transforms: &str) -> Self {
        transforms.clone_into(&mut self.transform);
        self
    }

    /// More lines of the IPsec profile.
    pub(crate) fn ipsec(mut self, lines: &str) -> Self {
        self.ipsec.push_str(lines);
        self.ipsec.push('\n');
        self
    }

    /// Global configuration behind the profile.
    pub(crate) fn afterwards(mut self, lines: &str) -> Self {
        self.afterwards.push_str(lines);
        self.afterwards.push('\n');
        self
    }

    /// The configuration.
    pub(crate) fn text(&self) -> String {
        let mut text = "hostname R1\nip domain name lab\n!\n".to_owned();
        text.push_str(&self.globals);
        text.push_str("!\n");
        match self.version {
            IkeVersion::One => self.isakmp(&mut text),
            IkeVersion::Two => self.ikev2_lines(&mut text),
        }
        text.push_str(&self.afterwards);
        self.ipsec_lines(&mut text);
        self.interfaces(&mut text);
        text
    }

    fn isakmp(&self, text: &mut String) {
        let peer = self.wiring.peer_address();
        section(text, "crypto isakmp policy 10", &self.suite);
        let matches =
            format!("match identity address {peer} 255.255.255.255\nmatch identity host cha.lab\n");
        section(
            text,
            "crypto isakmp profile prof",
            &(matches + &self.profile),
        );
    }

    fn ikev2_lines(&self, text: &mut String) {
        section(text, "crypto ikev2 proposal prop", &self.suite);
        section(
            text,
            "crypto ikev2 policy pol",
            "match fvrf any\nproposal prop",
        );
        let mask = if self.wiring.ipv6() {
            "/128"
        } else {
            " 255.255.255.255"
        };
        let (peer, own) = (self.wiring.peer_address(), self.wiring.own_address());
        let mut lines = format!(
            "match identity remote address {peer}{mask}\nmatch identity remote fqdn cha.lab\n"
        );
        if !self.profile.contains("identity local") {
            let _ = writeln!(lines, "identity local address {own}");
        }
        let _ = writeln!(
            lines,
            "authentication remote {}\nauthentication local {}",
            self.remote, self.local
        );
        section(text, "crypto ikev2 profile prof", &(lines + &self.profile));
    }

    fn ipsec_lines(&self, text: &mut String) {
        section(
            text,
            &format!("crypto ipsec transform-set ts {}", self.transform),
            "mode tunnel",
        );
        let profile = match self.version {
            IkeVersion::One => "set isakmp-profile prof",
            IkeVersion::Two => "set ikev2-profile prof",
        };
        let lines = format!("set transform-set ts\n{profile}\n{}", self.ipsec);
        section(text, "crypto ipsec profile ipp", &lines);
    }

    fn interfaces(&self, text: &mut String) {
        let v6 = self.wiring.ipv6();
        let inner = |v4: &str, inner_v6: &str| match v6 {
            true => format!("ip address {v4}\nipv6 address {inner_v6}"),
            false => format!("ip address {v4}"),
        };
        section(
            text,
            "interface Loopback0",
            &inner("10.1.0.1 255.255.255.255", "fd01::1/128"),
        );
        let mode = match (v6, self.wiring.ipv6_inside()) {
            (true, true) => "ipv6",
            (true, false) => "ipv6 v4-overlay",
            (false, _) => "ipv4",
        };
        let tunnel = format!(
            "{}\ntunnel source Ethernet0/0\ntunnel mode ipsec {mode}\ntunnel destination {}\ntunnel protection ipsec profile ipp",
            inner("10.0.0.1 255.255.255.0", "fd00::1/64"),
            self.wiring.peer_address()
        );
        section(text, "interface Tunnel1", &tunnel);
        let own = self.wiring.own_address();
        let wire = match v6 {
            true => format!("ipv6 address {own}/64"),
            false => format!("ip address {own} 255.255.255.0"),
        };
        section(text, "interface Ethernet0/0", &wire);
        text.push_str(
            "ip route 10.2.0.0 255.255.0.0 Tunnel1\nip route 10.3.0.0 255.255.0.0 Tunnel1\nip route 10.4.0.0 255.255.0.0 Tunnel1\n",
        );
        if v6 {
            text.push_str("ipv6 route fd02::/16 Tunnel1\n");
        }
        if let Some(gateway) = self.wiring.gateway_of_ours() {
            let _ = writeln!(text, "ip route 0.0.0.0 0.0.0.0 {gateway}");
        }
    }
}

/// A section; blank lines of `lines` are left out, the others indented.
fn section(text: &mut String, title: &str, lines: &str) {
    text.push_str(title);
    text.push('\n');
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let _ = writeln!(text, " {line}");
    }
    text.push_str("!\n");
}
