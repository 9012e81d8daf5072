//! What both routers of a pair mean to have alike; each then slips now and then.

use super::dice::Dice;

/// Which IKE, and how it proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    Rsa,
    Key,
}

/// How a router calls itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    Fqdn,
    Address,
    Dn,
    /// Nothing is said: the default.
    Unsaid,
}

/// What two routers agree on.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub v2: bool,
    pub proof: Proof,
    /// CAs, at addresses from 192.168.0.3 on.
    pub cas: usize,
    pub encryption: &'static str,
    pub hash: &'static str,
    pub group: &'static str,
    pub transform: &'static str,
    pub pfs: Option<&'static str>,
    /// A crypto map in place of tunnels.
    pub map: bool,
    pub mode: &'static str,
    pub identities: [Identity; 2],
    /// A CA and the one that issued its certificate, by number.
    pub below: Option<(usize, usize)>,
}

pub(crate) const ENCRYPTIONS: [&str; 3] = ["aes", "3des", "aes 256"];
pub(crate) const HASHES: [&str; 3] = ["sha", "md5", "sha256"];
/// Small ones are quick.
pub(crate) const GROUPS: [&str; 8] = ["1", "1", "1", "1", "2", "2", "2", "5"];
pub(crate) const TRANSFORMS: [&str; 4] = [
    "esp-aes esp-sha-hmac",
    "esp-3des esp-md5-hmac",
    "esp-aes esp-sha256-hmac",
    "esp-aes 256 esp-sha-hmac",
];
pub(crate) const MODES: [&str; 2] = ["", " tunnel mode ipsec ipv4\n"];
const IDENTITIES: [Identity; 14] = [
    Identity::Fqdn,
    Identity::Fqdn,
    Identity::Fqdn,
    Identity::Fqdn,
    Identity::Fqdn,
    Identity::Address,
    Identity::Address,
    Identity::Address,
    Identity::Address,
    Identity::Address,
    Identity::Address,
    Identity::Address,
    Identity::Dn,
    Identity::Unsaid,
];

impl Plan {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let proof = if dice.percent(80) {
            Proof::Rsa
        } else {
            Proof::Key
        };
        let cas = dice.pick(&[1, 2, 2, 2, 3]);
        let has_sub_ca = proof == Proof::Rsa && cas > 1 && dice.percent(7);
        let below = has_sub_ca.then(|| {
            let mut all: Vec<usize> = (1..=cas).collect();
            dice.shuffle(&mut all);
            (all[0], all[1])
        });
        Self {
            v2: dice.percent(45),
            proof,
            cas,
            below,
            encryption: dice.pick(&ENCRYPTIONS),
            hash: dice.pick(&HASHES),
            group: dice.pick(&GROUPS),
            transform: dice.pick(&TRANSFORMS),
            pfs: dice.percent(10).then_some("group2"),
            map: dice.percent(10),
            mode: dice.pick(&MODES),
            identities: [(); 2].map(|()| dice.pick(&IDENTITIES)),
        }
    }
}
