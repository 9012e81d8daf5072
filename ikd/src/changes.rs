//! What a new configuration changes: lines that go and come under their block, without secrets, and what becomes of
//! the SAs that are up.

use ike_core::config::{Interface, RunningConfig, show};
use ike_core::policy::protection_change::{Changed, Fate};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::secrets::censored;

/// What is said when nothing changes.
pub(crate) const NOTHING: &str = "Nothing changes.";

/// A line and the lines below it that are indented deeper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Block {
    line: String,
    body: Vec<Block>,
}

/// The difference as lines: `-` goes, `+` comes, a blank in front of the lines that say where. Empty when nothing
/// changes. Secrets are `<removed>`: a key that alone changes is a pair of equal lines.
#[must_use]
pub(crate) fn difference(before: &RunningConfig, after: &RunningConfig) -> String {
    of_text(&show(before), &show(after))
}

/// The difference of two texts, in form too: every line but separators.
#[must_use]
pub(crate) fn of_text(before: &str, after: &str) -> String {
    let mut out = String::new();
    walk(&blocks(before), &blocks(after), 0, &mut out);
    out
}

/// The text as a tree by indentation; separators are no lines.
fn blocks(text: &str) -> Vec<Block> {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !matches!(line.trim(), "" | "!" | "end"))
        .collect();
    tree(&lines)
}

fn tree(lines: &[&str]) -> Vec<Block> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let Some(top) = lines.first().map(|line| depth(line)) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let mut rest = lines;
    while let Some((line, below)) = rest.split_first() {
        let count = below.iter().take_while(|l| depth(l) > top).count();
        let (body, after) = below.split_at(count);
        out.push(Block {
            line: line.trim_start().to_owned(),
            body: tree(body),
        });
        rest = after;
    }
    out
}

fn walk(before: &[Block], after: &[Block], depth: usize, out: &mut String) {
    let lines =
        |blocks: &[Block]| -> Vec<String> { blocks.iter().map(|b| b.line.clone()).collect() };
    for op in capture_diff_slices(Algorithm::Myers, &lines(before), &lines(after)) {
        match op {
            DiffOp::Equal {
                old_index,
                new_index,
                len,
            } => {
                for (old, new) in before[old_index..]
                    .iter()
                    .zip(&after[new_index..])
                    .take(len)
                {
                    if old.body != new.body {
                        put(' ', &new.line, depth, out);
                        walk(&old.body, &new.body, depth + 1, out);
                    }
                }
            }
            op => {
                before[op.old_range()]
                    .iter()
                    .for_each(|b| whole('-', b, depth, out));
                after[op.new_range()]
                    .iter()
                    .for_each(|b| whole('+', b, depth, out));
            }
        }
    }
}

/// A block that goes or comes as a whole. The digits of a certificate say nothing to anybody.
fn whole(sign: char, block: &Block, depth: usize, out: &mut String) {
    put(sign, &block.line, depth, out);
    let digits = block.line.starts_with("certificate ");
    for inner in block.body.iter().filter(|_| !digits) {
        whole(sign, inner, depth + 1, out);
    }
}

fn put(sign: char, line: &str, depth: usize, out: &mut String) {
    let line = ike_core::trace::escaped(&censored(line));
    out.push_str(&format!("{sign}{}{line}\n", " ".repeat(depth)));
}

/// What becomes of SAs, a line for each protection that has some: `up` says which do.
#[must_use]
pub(crate) fn fates(changed: &[Changed], up: impl Fn(&str) -> bool) -> Vec<String> {
    let with_sas = changed.iter().filter(|changed| up(&changed.name));
    let told = |Changed { name, fate }: &Changed| match fate {
        Fate::Stays | Fate::New => format!("{name}: its SAs stay"),
        Fate::NextTime(what) => format!(
            "{name}: its SAs stay; the next negotiation reads {}",
            what.join(", ")
        ),
        Fate::Ends(what) => format!("{name}: its SAs are deleted: {}", what.join(", ")),
    };
    with_sas.map(told).collect()
}

/// Interfaces and routes that the daemon makes when it starts, and only then.
#[must_use]
pub(crate) fn at_next_start(before: &RunningConfig, after: &RunningConfig) -> Option<String> {
    let all = before.interfaces.iter().chain(&after.interfaces);
    let mut names: Vec<&str> = all.map(|interface| interface.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let device = |config: &RunningConfig, name: &str| config.interface(name).map(as_device);
    names.retain(|name| device(before, name) != device(after, name));
    if before.routes != after.routes {
        names.push("static routes");
    }
    let names = names.join(", ");
    (!names.is_empty()).then(|| {
        format!("Addresses, tunnel devices and routes are made when the daemon starts: {names} wait for that.")
    })
}

/// The part of an interface that a device is made from.
fn as_device(interface: &Interface) -> (Interface, bool) {
    let mut device = interface.clone();
    (device.description, device.crypto_map) = (None, None);
    device.kept.clear();
    let protection = device
        .tunnel
        .as_mut()
        .and_then(|tunnel| tunnel.protection.take());
    (device, protection.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ike_core::config::parse;

    const BEFORE: &str = "hostname R1
crypto isakmp policy 10
 encr aes
crypto ikev2 keyring K
 peer P
  address 192.168.0.2
  pre-shared-key secret1
 peer Q
  address 192.168.0.3
interface Tunnel1
 ip address 10.0.0.1 255.255.255.0
";

    fn changed(from: &str, to: &str) -> (RunningConfig, RunningConfig) {
        assert!(BEFORE.contains(from), "{from}");
        let read = |text: &str| parse("R1.cfg", text).config;
        (read(BEFORE), read(&BEFORE.replace(from, to)))
    }

    fn told(from: &str, to: &str) -> String {
        let (before, after) = changed(from, to);
        difference(&before, &after)
    }

    /// A line stands under its block, however deep, and blocks without a change are not told.
    #[test]
    fn lines_stand_under_their_block() {
        assert_eq!(
            told("encr aes", "encr aes 256"),
            " crypto isakmp policy 10\n- encr aes\n+ encr aes 256\n"
        );
        assert_eq!(
            told("  address 192.168.0.3\n", "  address 192.168.0.4\n"),
            " crypto ikev2 keyring K\n  peer Q\n-  address 192.168.0.3\n+  address 192.168.0.4\n"
        );
        let block = "crypto isakmp policy 20\n hash md5\nhostname R1";
        let new = told("hostname R1", block);
        assert!(new.starts_with("+crypto isakmp policy 20\n+ "), "{new}");
        assert_eq!(told("R1", "R1"), "");
    }

    /// I6: neither the old key nor the new one is told; that there is another one is.
    #[test]
    fn secrets_are_not_told() {
        let text = told("secret1", "secret2");
        assert!(!text.contains("secret"), "{text}");
        assert!(text.contains("-  pre-shared-key"), "{text}");
        assert!(text.contains("+  pre-shared-key"), "{text}");
    }

    /// What the running daemon cannot make is said.
    #[test]
    fn devices_wait_for_the_next_start() {
        let waits = |from: &str, to: &str| {
            let (before, after) = changed(from, to);
            at_next_start(&before, &after)
        };
        assert_eq!(
            waits("interface Tunnel1\n", "interface Tunnel1\n description x\n"),
            None
        );
        let text = waits("10.0.0.1", "10.0.0.9").unwrap();
        assert!(text.contains(": Tunnel1 wait"), "{text}");
        let text = waits("hostname R1", "ip route 10.0.0.0 255.0.0.0 Tunnel1").unwrap();
        assert!(text.contains("static routes"), "{text}");
    }
}
