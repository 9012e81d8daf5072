//! Profiles, keyrings and certificate maps of one router.

use super::dice::Dice;
use super::generator::called;
use super::plan::{Identity, Plan, Proof};

/// What profiles of a router are made from.
pub(crate) struct Profiles<'a> {
    pub plan: &'a Plan,
    pub number: usize,
    pub trustpoints: &'a [&'a str],
    pub proof: Proof,
    pub dice: &'a mut Dice,
}

impl Profiles<'_> {
    fn peer(&self) -> usize {
        3 - self.number
    }

    /// The identity that the peer means to have.
    fn theirs(&self) -> Identity {
        self.plan.identities[self.peer() - 1]
    }

    fn mine(&self) -> Identity {
        self.plan.identities[self.number - 1]
    }

    /// Profiles with what they need above them, and the name of the one to use.
    pub(crate) fn of_phase_1(&mut self) -> (String, Option<String>) {
        let mut text = self.keys();
        text += &self.map();
        if self.dice.percent(6) {
            return (text, None);
        }
        let extra = self.dice.percent(20);
        let names = if extra { &["P1", "P2"][..] } else { &["P1"] };
        for name in names {
            text += &self.phase_1(name);
        }
        let name = if extra && self.dice.percent(50) {
            "P2"
        } else {
            "P1"
        };
        (text, Some(name.to_owned()))
    }

    fn phase_1(&mut self, name: &str) -> String {
        let own = match self.mine() {
            Identity::Fqdn => " self-identity fqdn\n",
            Identity::Address => " self-identity address\n",
            Identity::Dn => " self-identity fqdn\n",
            Identity::Unsaid => "",
        };
        let list = self.list(" ca trust-point ", false);
        let ring = match self.proof {
            Proof::Key if self.dice.percent(50) => " keyring KEYS\n",
            _ => "",
        };
        let matches = self.match_phase_1();
        format!("crypto isakmp profile {name}\n{ring}{own}{list}{matches}")
    }

    fn match_phase_1(&mut self) -> String {
        let peer = self.peer();
        if self.proof == Proof::Rsa && self.dice.percent(7) {
            return " match certificate MAP\n".to_owned();
        }
        if self.dice.percent(6) {
            return " match identity host other.cisco.com\n".to_owned();
        }
        match self.theirs() {
            Identity::Fqdn | Identity::Dn if self.dice.percent(20) => {
                " match identity host domain cisco.com\n".to_owned()
            }
            Identity::Fqdn | Identity::Dn => format!(" match identity host R{peer}.cisco.com\n"),
            Identity::Address | Identity::Unsaid if self.dice.percent(20) => {
                " match identity address 192.168.0.0 255.255.255.0\n".to_owned()
            }
            Identity::Address | Identity::Unsaid => {
                format!(" match identity address 192.168.0.{peer} 255.255.255.255\n")
            }
        }
    }

    /// None, one, or all of the trustpoints; now and then for one use alone.
    fn list(&mut self, word: &str, uses: bool) -> String {
        let mut names = self.trustpoints.to_vec();
        self.dice.shuffle(&mut names);
        // Both routers mean the same CA more often than not.
        if self.dice.percent(60) {
            names.sort_unstable();
        }
        let none = if uses { 3 } else { 35 };
        let count = match self.dice.below(100) {
            n if n < none => 0,
            n if n < 65 => 1,
            _ => 3,
        };
        let chosen = names.into_iter().take(count);
        let lines = chosen.map(|name| {
            let only = match self.dice.below(25) {
                0 if uses => " sign",
                1 if uses => " verify",
                _ => "",
            };
            format!("{word}{name}{only}\n")
        });
        lines.collect()
    }

    /// The key for the peer, in a keyring or global; now and then another key or address.
    fn keys(&mut self) -> String {
        if self.proof == Proof::Rsa {
            return String::new();
        }
        let peer = self.peer();
        let key = if self.dice.percent(6) {
            "other"
        } else {
            "secret"
        };
        let to = if self.dice.percent(5) { 7 } else { peer };
        let ring =
            format!("crypto keyring KEYS\n pre-shared-key address 192.168.0.{to} key {key}\n");
        if self.dice.percent(30) {
            return format!("{ring}crypto isakmp key {key} address 192.168.0.{peer}\n");
        }
        ring
    }

    /// A map that fits the certificates of the peer, or does not.
    fn map(&mut self) -> String {
        let peer = self.peer();
        let wanted = if self.dice.percent(80) { peer } else { 7 };
        format!("crypto pki certificate map MAP 10\n subject-name co cn = r{wanted}\n")
    }

    /// As [`of_phase_1`](Self::of_phase_1).
    pub(crate) fn of_ikev2(&mut self) -> (String, Option<String>) {
        let peer = self.peer();
        let key = if self.dice.percent(6) {
            "other"
        } else {
            "secret"
        };
        let to = if self.dice.percent(5) { 7 } else { peer };
        let mut text = format!(
            "crypto ikev2 keyring KEYS\n peer P\n  address 192.168.0.{to}\n  pre-shared-key {key}\n"
        );
        text += &self.map();
        let extra = self.dice.percent(20);
        let names = if extra { &["P1", "P2"][..] } else { &["P1"] };
        for name in names {
            text += &self.ikev2(name);
        }
        let name = if extra && self.dice.percent(50) {
            "P2"
        } else {
            "P1"
        };
        (text, Some(name.to_owned()))
    }

    fn ikev2(&mut self, name: &str) -> String {
        let number = self.number;
        let own = match self.mine() {
            Identity::Fqdn => format!(" identity local fqdn R{number}.cisco.com\n"),
            Identity::Address => format!(" identity local address 192.168.0.{number}\n"),
            Identity::Dn => " identity local dn\n".to_owned(),
            Identity::Unsaid => String::new(),
        };
        let local = self.method();
        let remote = self.method();
        let list = self.list(" pki trustpoint ", true);
        let matches = self.match_ikev2();
        format!(
            "crypto ikev2 profile {name}\n{matches}{own} authentication remote {remote}\n authentication local {local}\n \
             keyring local KEYS\n{list}"
        )
    }

    fn method(&mut self) -> &'static str {
        let slip = self.dice.percent(3);
        match (self.proof, slip) {
            (Proof::Rsa, false) | (Proof::Key, true) => "rsa-sig",
            _ => "pre-share",
        }
    }

    fn match_ikev2(&mut self) -> String {
        let peer = self.peer();
        if self.dice.percent(6) {
            return " match identity remote fqdn other.cisco.com\n".to_owned();
        }
        if self.proof == Proof::Rsa && self.dice.percent(7) {
            return " match certificate MAP\n".to_owned();
        }
        // RFC 7296 3.5: who says nothing says its address with a key, its subject with a certificate.
        let unnamed = self.theirs() == Identity::Unsaid && self.proof == Proof::Rsa;
        match called(self.theirs(), peer).filter(|_| !unnamed) {
            None if self.dice.percent(50) => " match certificate MAP\n".to_owned(),
            None => " match identity remote any\n".to_owned(),
            Some(_) if self.dice.percent(8) => " match identity remote any\n".to_owned(),
            Some(name) if name.contains("cisco") && self.dice.percent(20) => {
                " match identity remote fqdn domain cisco.com\n".to_owned()
            }
            Some(name) if name.contains("cisco") => format!(" match identity remote fqdn {name}\n"),
            Some(_) if self.dice.percent(20) => {
                " match identity remote address 192.168.0.0 255.255.255.0\n".to_owned()
            }
            Some(address) => format!(" match identity remote address {address} 255.255.255.255\n"),
        }
    }
}
