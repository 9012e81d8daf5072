//! `ikd convert --to swanctl`: charon with the folder that it writes of the other router, untouched.

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Failed;

use super::certificates::{OURS, PEER};
use super::{Bench, Row, both};
use crate::pair::{NEGOTIATION, Pair, Setup, Side};
use crate::peer::Peer;
use crate::pki::{Ca, Identity, RSA, Trustpoints};
use crate::router::Router;

/// The child of the only tunnel, and its connection.
const TUNNEL: &str = "Tunnel1";

pub(super) fn rows() -> Vec<Vec<Row>> {
    vec![
        both(
            "converted-psk",
            "R2 converted: IKEv2 with a pre-shared key",
            psk,
        ),
        both(
            "converted-psk-v1",
            "R2 converted: main mode with a pre-shared key",
            psk_v1,
        ),
        both("converted-rsa", "R2 converted: RSA, one CA", one_ca),
        both("converted-rsa-2", "R2 converted: RSA, two CAs", two_cas),
        both(
            "converted-rsa-v1",
            "R2 converted: main mode with RSA, two CAs",
            two_cas_v1,
        ),
    ]
}

fn psk(bench: &Bench) -> Result<(), Failed> {
    comes_up(bench, Router::ikev2(), None)
}

fn psk_v1(bench: &Bench) -> Result<(), Failed> {
    comes_up(bench, Router::ikev1(), None)
}

fn one_ca(bench: &Bench) -> Result<(), Failed> {
    let router = signing()
        .trustpoint("TP1", "")
        .profile("pki trustpoint TP1");
    comes_up(bench, router, Some(enrolled(&["TP1"])?))
}

fn two_cas(bench: &Bench) -> Result<(), Failed> {
    let router = signing()
        .trustpoint("TP1", "")
        .trustpoint("TP2", "")
        .profile("pki trustpoint TP1\npki trustpoint TP2");
    comes_up(bench, router, Some(enrolled(&["TP1", "TP2"])?))
}

fn two_cas_v1(bench: &Bench) -> Result<(), Failed> {
    let router = Router::ikev1()
        .suite("encryption aes\nhash sha\nauthentication rsa-sig\ngroup 14")
        .trustpoint("TP1", "")
        .trustpoint("TP2", "");
    comes_up(bench, router, Some(enrolled(&["TP1", "TP2"])?))
}

fn signing() -> Router {
    Router::ikev2().local("rsa-sig").remote("rsa-sig")
}

/// Both routers in a CA for each trustpoint: R1's certificates, then R2's.
fn enrolled(trustpoints: &[&str]) -> Result<[Trustpoints; 2], Failed> {
    let mut both = [Trustpoints::default(), Trustpoints::default()];
    for name in trustpoints {
        let mut ca = Ca::root(&name.replace("TP", "CA"), RSA)?;
        let identities = [
            ca.issue(&format!("r1-{name}"), RSA, OURS)?,
            ca.issue(&format!("r2-{name}"), RSA, PEER)?,
        ];
        let enrol = |(store, own): (Trustpoints, &Identity)| store.enrol(name, &mut ca, Some(own));
        let done: Vec<Trustpoints> = both
            .into_iter()
            .zip(&identities)
            .map(enrol)
            .collect::<Result<_, _>>()?;
        both = done.try_into().map_err(|_| "two routers were enrolled")?;
    }
    Ok(both)
}

/// R1 as ours and R2, its mirror, as charon: up, pings both ways, a delete that leaves nothing.
fn comes_up(
    bench: &Bench,
    router: Router,
    certificates: Option<[Trustpoints; 2]>,
) -> Result<(), Failed> {
    let (ours, theirs) = match certificates {
        Some([ours, theirs]) => (ours, Some(theirs)),
        None => (Trustpoints::default(), None),
    };
    let folder = converted(&bench.dir, &mirrored(&router.text()), theirs)?;
    let setup = Setup::new(router, Peer::ikev2()).enrolled(ours);
    let pair = Pair::start_with(bench, &setup, &folder)?;
    match bench.role.starter() {
        Side::Ours => pair.up(Side::Ours)?,
        Side::Peer => {
            let said = pair.charon.initiate(TUNNEL, NEGOTIATION)?;
            if !said.ok {
                return Err(format!("charon did not bring it up: {}", said.text).into());
            }
            pair.both_up(1)?;
        }
    }
    pair.pings()?;
    match bench.role.starter() {
        Side::Ours => pair.delete(Side::Ours)?,
        Side::Peer => pair.said(&["--terminate", "--ike", TUNNEL])?,
    }
    pair.nothing_left()?;
    pair.end()?.all_opened()
}

/// The configuration of the router at the other end.
fn mirrored(text: &str) -> String {
    let swaps = [
        ("192.168.0.1", "192.168.0.2"),
        ("10.1.0.", "10.2.0."),
        ("10.0.0.1", "10.0.0.2"),
        ("hostname R1", "hostname R2"),
    ];
    swaps.iter().fold(text.to_owned(), |text, (here, there)| {
        let aside = text.replace(here, "\0").replace(there, here);
        aside.replace('\0', there)
    })
}

/// The folder that `ikd convert` makes of R2.
fn converted(dir: &Path, text: &str, enrolled: Option<Trustpoints>) -> Result<PathBuf, Failed> {
    let (config, state, out) = (
        dir.join("R2.cfg"),
        dir.join("R2.state"),
        dir.join("swanctl"),
    );
    std::fs::write(&config, text)?;
    let _ = std::fs::remove_dir_all(&out);
    let mut command = Command::new(env!("CARGO_BIN_EXE_ikd"));
    command.args(["convert", "--to", "swanctl", "--out"]);
    command.arg(&out).arg(&config);
    if let Some(enrolled) = enrolled {
        enrolled.write(&state)?;
        command.arg("--state").arg(&state);
    }
    let output = command.output()?;
    std::fs::write(
        dir.join("convert.txt"),
        [output.stdout, output.stderr].concat(),
    )?;
    match output.status.success() {
        true => Ok(out),
        false => Err(std::fs::read_to_string(dir.join("convert.txt"))?.into()),
    }
}
