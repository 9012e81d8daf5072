//! A new configuration under a tunnel that carries packets.

use std::fs::File;
use std::path::Path;
use std::process::{Output, Stdio};
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;

use super::{ikd_at, ikd_command, labs, skipped, text};

/// The seed's tunnel, by IKEv1 and by IKEv2.
const CASES: [&str; 2] = ["t-01", "t-50"];

/// An unrelated change keeps the SAs while packets go on, by `configure terminal` and by `reload`; a change of the
/// tunnel ends them on both sides and says so.
pub(crate) fn a_new_configuration_keeps_sas() -> Result<(), Failed> {
    for case in CASES {
        let sockets = tempfile::tempdir()?;
        let lab = Lab(sockets.path());
        let output = ikd_at(lab.0, &["lab", "up"], &[&labs().join(case)])?;
        if skipped(&output)? {
            return Ok(());
        }
        let used = lab.use_it();
        lab.run(&["lab", "down"])?;
        used.map_err(|e| format!("{case}: {}", e.message().unwrap_or_default()))?;
    }
    Ok(())
}

struct Lab<'a>(&'a Path);

impl Lab<'_> {
    fn use_it(&self) -> Result<(), Failed> {
        self.run(&["up", "-d", "R1", "Tunnel1"])?;
        let before = [self.spis("R1")?, self.spis("R2")?];
        ensure(
            "SAs on both sides",
            before.iter().all(|spis| !spis.is_empty()),
            &before,
        )?;
        let pings = ["lab", "ping", "R1", "R2", "--count", "10"];
        let pings = ikd_command(self.0)
            .args(pings)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let unrelated =
            "crypto ipsec security-association lifetime seconds 7200\ncrypto isakmp policy 77\n";
        let said = self.edit(unrelated)?;
        let stays = "Tunnel1: its SAs stay; the next negotiation reads lifetimes";
        ensure("what stays", said.contains(stays), &said)?;
        // The file has not been written: reading it again takes the change back.
        let said = self.run(&["reload", "-d", "R1"])?;
        let back = said.contains("-crypto isakmp policy 77") && said.contains(stays);
        ensure("the difference of a reload", back, &said)?;
        let pings = pings.wait_with_output()?;
        let answered = text(&pings.stdout);
        ensure("pings", answered.contains("10 of 10 answered"), &answered)?;
        let after = [self.spis("R1")?, self.spis("R2")?];
        ensure("the same SAs", after == before, &(before, after))?;
        let said = self.edit("interface Tunnel1\nshutdown\n")?;
        let ends = "Tunnel1: its SAs are deleted: nothing protects it any more";
        ensure("what ends", said.contains(ends), &said)?;
        for _ in 0..100 {
            if [self.spis("R1")?, self.spis("R2")?]
                .iter()
                .all(String::is_empty)
            {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("not deleted: {}", self.spis("R2")?).into())
    }

    /// Types lines in R1's configuration mode.
    fn edit(&self, lines: &str) -> Result<String, Failed> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), format!("conf t\n{lines}end\n"))?;
        let mut command = ikd_command(self.0);
        let console = command
            .args(["cli", "-d", "R1"])
            .stdin(File::open(file.path())?);
        said(&console.output()?)
    }

    /// The lines with SPIs of a router's ESP SAs.
    fn spis(&self, router: &str) -> Result<String, Failed> {
        self.run(&[
            "exec",
            "-d",
            router,
            "show crypto ipsec sa | include ^ *spi:",
        ])
    }

    fn run(&self, arguments: &[&str]) -> Result<String, Failed> {
        said(&ikd_at(self.0, arguments, &[])?)
    }
}

fn said(output: &Output) -> Result<String, Failed> {
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(format!("{}{}", text(&output.stdout), text(&output.stderr)).into()),
    }
}

fn ensure(what: &str, ok: bool, got: &dyn std::fmt::Debug) -> Result<(), Failed> {
    // An assertion here would leave the lab up.
    match ok {
        true => Ok(()),
        false => Err(format!("{what}: {got:?}").into()),
    }
}
