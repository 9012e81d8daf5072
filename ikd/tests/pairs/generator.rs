//! Pairs of configurations and stores from a seed: most of them nearly right, as those of engineers are.

use std::collections::BTreeMap;

use super::dice::Dice;
use super::plan::ENCRYPTIONS;
use super::plan::{GROUPS, HASHES, Identity, MODES, Plan, Proof, TRANSFORMS};
use super::profiles;

/// Two routers, ready to be predicted and run.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    /// It makes the same pair again.
    pub seed: u64,
    /// The configurations of R1 and R2.
    pub configs: [String; 2],
    /// What is enrolled, newest first.
    pub orders: BTreeMap<String, Vec<String>>,
    /// The CA that stands below another, and that one, as a lab names them.
    pub below: BTreeMap<String, String>,
    /// Index of the router that starts in a single run.
    pub initiator: usize,
}

/// A trustpoint and the CA it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Trustpoint {
    pub name: String,
    ca: usize,
}

impl Pair {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let plan = Plan::new(&mut dice);
        let mut orders = BTreeMap::new();
        let mut cas = Vec::new();
        let configs = [1, 2].map(|number| {
            let trustpoints = trustpoints(&plan, number, &mut dice);
            cas.extend(trustpoints.iter().map(|tp| tp.ca));
            let order = order(&trustpoints, &mut dice);
            if !order.is_empty() {
                orders.insert(format!("R{number}"), order);
            }
            config(&plan, number, &trustpoints, &mut dice)
        });
        Self {
            seed,
            configs,
            orders,
            below: below(&plan, &cas),
            initiator: dice.below(2),
        }
    }
}

/// Labs number CAs by the order in which they come in the configurations; one that nobody names is not there.
fn below(plan: &Plan, cas: &[usize]) -> BTreeMap<String, String> {
    let mut known: Vec<usize> = Vec::new();
    for ca in cas {
        if !known.contains(ca) {
            known.push(*ca);
        }
    }
    let name = |ca: usize| {
        let index = known.iter().position(|known| *known == ca)?;
        Some(format!("CA{}", index + 1))
    };
    let pair = plan.below.and_then(|(ca, above)| name(ca).zip(name(above)));
    pair.into_iter().collect()
}

/// One for most CAs, now and then two for one; names and order of definition are their own.
fn trustpoints(plan: &Plan, number: usize, dice: &mut Dice) -> Vec<Trustpoint> {
    if plan.proof == Proof::Key && !dice.percent(10) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for ca in 1..=plan.cas {
        // Nobody is left without any.
        let last_chance = all.is_empty() && ca == plan.cas;
        // With a hierarchy it matters who knows which end of it.
        let left_out = if plan.below.is_some() { 35 } else { 12 };
        if dice.percent(left_out) && !last_chance {
            continue;
        }
        let name = format!("IOSCA{ca}");
        all.push(Trustpoint { name, ca });
        if dice.percent(6) {
            let name = format!("R{number}OLD{ca}");
            all.push(Trustpoint { name, ca });
        }
    }
    dice.shuffle(&mut all);
    all
}

/// Some or all of them, in any order.
fn order(trustpoints: &[Trustpoint], dice: &mut Dice) -> Vec<String> {
    let mut order: Vec<String> = trustpoints.iter().map(|tp| tp.name.clone()).collect();
    dice.shuffle(&mut order);
    if order.len() > 1 && dice.percent(10) {
        order.pop();
    }
    order
}

fn config(plan: &Plan, number: usize, trustpoints: &[Trustpoint], dice: &mut Dice) -> String {
    let mut text = format!("hostname R{number}\nip domain name cisco.com\n");
    if dice.percent(15) {
        text += "crypto pki trustpool clean\n";
    }
    for tp in trustpoints {
        text += &trustpoint(tp, number, dice);
        text += &chain(plan, tp, trustpoints, dice);
    }
    // Now and then one end is of another mind.
    let v2 = plan.v2 != dice.percent(2);
    let proof = dice.mostly(&plan.proof, 3, &[Proof::Rsa, Proof::Key]);
    text += &if v2 {
        proposals(plan, dice)
    } else {
        policies(plan, proof, dice)
    };
    let names: Vec<&str> = trustpoints.iter().map(|tp| tp.name.as_str()).collect();
    let mut profiles = profiles::Profiles {
        plan,
        number,
        trustpoints: &names,
        proof,
        dice,
    };
    let (above, name) = if v2 {
        profiles.of_ikev2()
    } else {
        profiles.of_phase_1()
    };
    text += &above;
    let set = name.map(|name| match v2 {
        true => format!(" set ikev2-profile {name}\n"),
        false => format!(" set isakmp-profile {name}\n"),
    });
    text + &ipsec(plan, number, &set.unwrap_or_default(), dice)
}

fn trustpoint(tp: &Trustpoint, number: usize, dice: &mut Dice) -> String {
    let Trustpoint { name, ca } = tp;
    let check = dice.pick(&["crl", "crl", "crl", "none", "none", "crl none"]);
    let subject = match dice.below(10) {
        0 => format!(" fqdn none\n subject-name CN=R{number}\n"),
        1 => String::new(),
        _ => format!(
            " serial-number\n fqdn R{number}.cisco.com\n ip-address 192.168.0.{number}\n subject-name CN=R{number},OU=IT,O=cisco\n"
        ),
    };
    format!(
        "crypto pki trustpoint {name}\n enrollment url http://192.168.0.{}:80\n{subject} revocation-check {check}\n",
        ca + 2
    )
}

/// How far up that trustpoint looks; that of a sub-CA mostly further than to itself.
fn chain(plan: &Plan, tp: &Trustpoint, all: &[Trustpoint], dice: &mut Dice) -> String {
    let sub = plan.below.filter(|(sub, _)| *sub == tp.ca);
    let above = sub.and_then(|(_, above)| all.iter().find(|tp| tp.ca == above));
    match (dice.below(25), above) {
        (2..10, Some(above)) => format!(" chain-validation continue {}\n", above.name),
        (10..15, _) if sub.is_some() => " chain-validation continue\n".to_owned(),
        (0, _) => " chain-validation continue\n".to_owned(),
        (1, _) => " chain-validation stop\n".to_owned(),
        _ => String::new(),
    }
}

fn policies(plan: &Plan, proof: Proof, dice: &mut Dice) -> String {
    let mut text = String::new();
    let count = if dice.percent(20) { 2 } else { 1 };
    for priority in 1..=count {
        let right = priority == count;
        let slip = if right { 1 } else { 60 };
        let encryption = dice.mostly(&plan.encryption, slip, &ENCRYPTIONS);
        let hash = dice.mostly(&plan.hash, slip, &HASHES);
        let group = dice.mostly(&plan.group, slip, &GROUPS);
        let authentication = match proof {
            Proof::Rsa => "rsa-sig",
            Proof::Key => "pre-share",
        };
        text += &format!(
            "crypto isakmp policy {priority}0\n encr {encryption}\n hash {hash}\n authentication {authentication}\n group {group}\n"
        );
    }
    text
}

fn proposals(plan: &Plan, dice: &mut Dice) -> String {
    let encryption = dice.mostly(&plan.encryption, 2, &ENCRYPTIONS);
    let cipher = |name| match name {
        "3des" => "3des",
        "aes 256" => "aes-cbc-256",
        _ => "aes-cbc-128",
    };
    let integrity = |name| match name {
        "sha" => "sha1",
        other => other,
    };
    let first = integrity(dice.mostly(&plan.hash, 2, &HASHES));
    let more = match dice.pick(&HASHES) {
        "sha" if first != "sha1" && dice.percent(30) => " sha1",
        _ => "",
    };
    let group = dice.mostly(&plan.group, 2, &GROUPS);
    let groups = if group != "5" && dice.percent(20) {
        " 5"
    } else {
        ""
    };
    format!(
        "crypto ikev2 proposal PROP\n encryption {}\n integrity {first}{more}\n group {group}{groups}\n\
         crypto ikev2 policy POL\n match fvrf any\n proposal PROP\n",
        cipher(encryption)
    )
}

fn ipsec(plan: &Plan, number: usize, set: &str, dice: &mut Dice) -> String {
    let transform = dice.mostly(&plan.transform, 3, &TRANSFORMS);
    let mut text = format!("crypto ipsec transform-set TS {transform}\n mode tunnel\n");
    let mut sets = "TS".to_owned();
    if dice.percent(10) {
        let other = dice.pick(&TRANSFORMS);
        text += &format!("crypto ipsec transform-set TS2 {other}\n mode tunnel\n");
        sets = "TS2 TS".to_owned();
    }
    let pfs = match plan.pfs {
        Some(_) if dice.percent(15) => " set pfs group1\n".to_owned(),
        Some(group) if dice.percent(85) => format!(" set pfs {group}\n"),
        _ => String::new(),
    };
    let set = if dice.percent(4) { "" } else { set };
    let common = format!(" set transform-set {sets}\n{pfs}{set}");
    text += &if plan.map {
        crypto_map(number, &common, dice)
    } else {
        tunnel(plan, number, &common, dice)
    };
    text + &format!("interface Loopback0\n ip address 192.168.{number}00.1 255.255.255.0\n")
}

fn tunnel(plan: &Plan, number: usize, common: &str, dice: &mut Dice) -> String {
    let peer = 3 - number;
    let to = if dice.percent(1) { 9 } else { peer };
    let mode = dice.mostly(&plan.mode, 3, &MODES);
    format!(
        "crypto ipsec profile VPN\n{common}interface Ethernet0/0\n ip address 192.168.0.{number} 255.255.255.0\n\
         interface Tunnel1\n ip address 10.0.0.{number} 255.255.255.0\n tunnel source Ethernet0/0\n \
         tunnel destination 192.168.0.{to}\n{mode} tunnel protection ipsec profile VPN\n\
         ip route 192.168.{peer}00.0 255.255.255.0 10.0.0.{peer}\n"
    )
}

fn crypto_map(number: usize, common: &str, dice: &mut Dice) -> String {
    let peer = 3 - number;
    let net = if dice.percent(5) {
        peer * 100 + 1
    } else {
        peer * 100
    };
    format!(
        "crypto map VPN 10 ipsec-isakmp\n set peer 192.168.0.{peer}\n{common} match address LAN\n\
         interface Ethernet0/0\n ip address 192.168.0.{number} 255.255.255.0\n crypto map VPN\n\
         ip route 192.168.{peer}00.0 255.255.255.0 192.168.0.{peer}\n\
         ip access-list extended LAN\n permit ip 192.168.{number}00.0 0.0.0.255 192.168.{net}.0 0.0.0.255\n"
    )
}

/// How a router is known by that identity to its peer.
pub(crate) fn called(identity: Identity, number: usize) -> Option<String> {
    match identity {
        Identity::Fqdn => Some(format!("R{number}.cisco.com")),
        Identity::Address | Identity::Unsaid => Some(format!("192.168.0.{number}")),
        Identity::Dn => None,
    }
}
