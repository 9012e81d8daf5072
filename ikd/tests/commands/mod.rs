//! The commands of a lab and of its routers, as a person types them.

use std::path::Path;
use std::process::Output;
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;
use serde_json::Value;
use testnet::pcapng;

use super::{ikd, ikd_at, labs, skipped, text};

/// Usage, configuration and unknown names.
pub(crate) fn mistakes_are_told() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let (good, bad) = (labs().join("t-01/r1.cfg"), dir.path().join("bad.cfg"));
    std::fs::write(
        &bad,
        "hostname R2\ncrypto ipsec transform-set TS esp-aes esp-sha265-hmac\n",
    )?;
    let told = |arguments: &[&str], paths: &[&Path], code: i32, part: &str| -> Result<(), Failed> {
        let output = ikd(arguments, paths)?;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(part), "{said}");
        Ok(())
    };
    told(&["lab", "run"], &[&good, &bad], 3, "bad.cfg:2")?;
    told(
        &["lab", "run"],
        &[&good, &good],
        3,
        "both routers are called R1",
    )?;
    told(&["lab", "run"], &[dir.path()], 3, "lab.toml")?;
    told(&["lab", "run"], &[&good], 2, "two routers")?;
    told(&["lab", "run"], &[], 2, "lab folder")?;
    told(&["lab", "demo", "t-00"], &[], 2, "there is no case t-00")?;
    let folder = labs().join("t-01");
    told(
        &["lab", "run", "--simulate", "--initiate", "R3"],
        &[&folder],
        2,
        "no router R3",
    )?;
    told(
        &["lab", "run", "--simulate", "--order", "R1=NOPE"],
        &[&folder],
        2,
        "no trustpoint NOPE",
    )?;
    // Turned round, T-01 is T-02: it differs from what the folder says.
    let output = ikd(
        &["lab", "run", "--simulate", "--initiate", "R2"],
        &[&folder],
    )?;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("differs: tunnel: expected up, got not up"));
    Ok(())
}

/// `up`, `status`, `ping`, `exec`, `capture`, `down` on the embedded case.
pub(crate) fn a_lab_is_left_up() -> Result<(), Failed> {
    let output = ikd(&["lab", "up"], &[])?;
    if skipped(&output)? {
        return Ok(());
    }
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let used = use_lab();
    let down = ikd(&["lab", "down"], &[])?;
    used?;
    assert_eq!(down.status.code(), Some(0), "{}", text(&down.stderr));
    assert_eq!(
        ikd(&["lab", "ping", "R1", "R2"], &[])?.status.code(),
        Some(4)
    );
    Ok(())
}

fn use_lab() -> Result<(), Failed> {
    let said = |arguments: &[&str]| -> Result<(i32, String), Failed> {
        let output = ikd(arguments, &[])?;
        Ok((
            output.status.code().unwrap_or(-1),
            text(&output.stdout) + &text(&output.stderr),
        ))
    };
    let ensure = |what: &str, ok: bool, got: &dyn std::fmt::Debug| -> Result<(), Failed> {
        // An assertion here would leave the lab up.
        if ok {
            Ok(())
        } else {
            Err(format!("{what}: {got:?}").into())
        }
    };
    let up = said(&["up", "-d", "R1", "Tunnel1"])?;
    ensure("up", up.0 == 0, &up)?;
    let status = said(&["lab", "status"])?;
    ensure(
        "status",
        status.0 == 0 && status.1.matches("1 ESP SA pairs").count() == 2,
        &status,
    )?;
    let why = said(&["explain", "-d", "R1", "Tunnel1"])?;
    ensure(
        "explain",
        why.0 == 0 && why.1.contains("as initiator: up") && why.1.contains("* trustpoint IOSCA1"),
        &why,
    )?;
    let json = said(&["explain", "-d", "R2", "--json"])?;
    let value: Value = serde_json::from_str(&json.1).unwrap_or(Value::Null);
    ensure("explain in JSON", value["protection"] == "Tunnel1", &json)?;
    let nobody = said(&["explain", "-d", "R1", "Tunnel9"])?;
    ensure(
        "explain of a stranger",
        nobody.0 == 2 && nobody.1.contains("1  Tunnel1"),
        &nobody,
    )?;
    let both = said(&["lab", "report", "-o", "/dev/stdout"])?;
    ensure(
        "a report of both ends",
        both.0 == 0 && both.1.contains("R1: MM3 asks for ") && both.1.contains("R2: MM4 asks for "),
        &both,
    )?;
    let half = said(&["report", "-d", "R2", "--negotiation", "Tunnel1"])?;
    ensure(
        "a report of one end",
        half.0 == 0
            && half
                .1
                .contains("encrypted: Identification, Certificate, Signature"),
        &half,
    )?;
    let dir = tempfile::tempdir()?;
    let folder = dir.path().join("bundle").display().to_string();
    let bundle = said(&["support-bundle", "-d", "R1", "-o", &folder])?;
    ensure(
        "a bundle",
        bundle.0 == 0 && bundle.1.contains(": 21 files"),
        &bundle,
    )?;
    let ping = said(&["lab", "ping", "R2", "R1", "--count", "2"])?;
    ensure(
        "ping",
        ping.0 == 0 && ping.1.contains("2 of 2 answered"),
        &ping,
    )?;
    let exec = said(&[
        "lab",
        "exec",
        "R1",
        "--",
        "sh",
        "-c",
        "cat /proc/net/dev; exit 7",
    ])?;
    ensure("exec", exec.0 == 7 && exec.1.contains("Tunnel1:"), &exec)?;
    let exec = said(&["lab", "exec", "CA1", "--", "cat", "/proc/net/dev"])?;
    ensure(
        "exec on a CA",
        exec.0 == 0 && exec.1.contains("eth0:"),
        &exec,
    )?;
    let folder = status
        .1
        .lines()
        .find_map(|line| line.strip_prefix("CA1 answers at http://192.168.0.3:80: "));
    let list = said(&["pki", "ca", "list", folder.unwrap_or("nowhere")])?;
    ensure(
        "certificates that CA1 issued over HTTP",
        list.0 == 0 && list.1.matches("valid").count() == 2,
        &list,
    )?;
    ensure(
        "exec on a stranger",
        said(&["lab", "exec", "R3", "true"])?.0 == 2,
        &(),
    )?;
    ensure("one lab at a time", said(&["lab", "up"])?.0 == 2, &())?;
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("lab.pcapng");
    let capture = ikd(&["lab", "capture", "-o"], &[&file])?;
    ensure("capture", capture.status.success(), &capture)?;
    let records = pcapng::read(&std::fs::read(&file)?)?;
    ensure(
        "packets in the capture",
        records.len() >= 13,
        &records.len(),
    )
}

/// O-020, O-024, O-086: the commands of IKEv2 on a running pair of routers.
pub(crate) fn ikev2_by_command() -> Result<(), Failed> {
    let sockets = tempfile::tempdir()?;
    let ask = |arguments: &[&str], paths: &[&Path]| ikd_at(sockets.path(), arguments, paths);
    let output = ask(&["lab", "up"], &[&labs().join("t-50")])?;
    if skipped(&output)? {
        return Ok(());
    }
    let said = text(&output.stdout);
    let used = if said.contains("'show crypto ikev2 sa'") {
        operate(&|arguments| ask(arguments, &[]))
    } else {
        Err(format!("no hint at IKEv2: {said}{}", text(&output.stderr)).into())
    };
    ask(&["lab", "down"], &[])?;
    used
}

pub(crate) type Ask<'a> = &'a dyn Fn(&[&str]) -> Result<Output, Failed>;

fn operate(ask: Ask<'_>) -> Result<(), Failed> {
    let exec = |line: &str| -> Result<Value, Failed> {
        let mut arguments = vec!["exec", "-d", "R1", "--json"];
        arguments.extend(line.split(' '));
        let output = ask(&arguments)?;
        Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
    };
    let sas = || exec("show crypto ikev2 sa");
    let pair = |sas: &Value| sas["ikev2_sas"][0]["established"]["children"][0]["spi_in"].as_u64();
    done(ask, &["up", "-d", "R1", "Tunnel1"])?;
    let first = sas()?;
    let spi = pair(&first);
    done(ask, &["rekey", "-d", "R1", "Tunnel1"])?;
    let rekeyed = eventually(sas, &|now| pair(now).is_some() && pair(now) != spi)?;
    done(ask, &["rekey", "-d", "R1", "Tunnel1", "--ike"])?;
    let replaced = eventually(sas, &|now| {
        let only = now["ikev2_sas"]
            .as_array()
            .is_some_and(|all| all.len() == 1);
        only && now["ikev2_sas"][0]["tunnel"] == 2
    })?;
    // RFC 7296 2.8: the new IKE SA has inherited the child SA; the session stays.
    assert_eq!(pair(&replaced), pair(&rekeyed));
    assert_eq!(replaced["ikev2_sas"][0]["session"], 1);
    done(ask, &["lab", "ping", "R1", "R2", "--count", "1"])?;
    let clear = [
        "exec",
        "-d",
        "R1",
        "clear",
        "crypto",
        "sa",
        "peer",
        "192.168.0.2",
    ];
    done(ask, &clear)?;
    let ready = |now: &Value| now["ikev2_sas"][0]["status"] == "READY";
    eventually(sas, &|now| ready(now) && pair(now).is_none())?;
    done(ask, &["exec", "-d", "R1", "clear", "crypto", "ikev2", "sa"])?;
    eventually(sas, &|now| {
        now["ikev2_sas"].as_array().is_some_and(Vec::is_empty)
    })?;
    Ok(())
}

pub(crate) fn done(ask: Ask<'_>, arguments: &[&str]) -> Result<(), Failed> {
    let output = ask(arguments)?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{arguments:?}: {}", text(&output.stderr)).into()),
    }
}

/// Asks until the answer is as wanted, for at most five seconds.
fn eventually(
    ask: impl Fn() -> Result<Value, Failed>,
    wanted: &dyn Fn(&Value) -> bool,
) -> Result<Value, Failed> {
    for _ in 0..100 {
        let now = ask()?;
        if wanted(&now) {
            return Ok(now);
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err(format!("not in five seconds: {:#}", ask()?).into())
}
