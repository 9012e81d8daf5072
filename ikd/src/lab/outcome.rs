//! What came of a case, and whether it is what the folder expects.

use std::collections::BTreeMap;

use ike_core::sa::record::Record;
use ike_core::verdict::{self, Verdict};

use super::case::Case;
use super::file::Expectation;
use super::{key_hashes, packets};

/// The five predefined CAs in the order of S-013, as IOS prints them.
const PREDEFINED: [&str; 5] = [
    "ou=Class 3 Public Primary Certification Authority,o=VeriSign, Inc.,c=US",
    "cn=Cisco SSCA2,o=Cisco Systems",
    "cn=Cisco Manufacturing CA,o=Cisco Systems",
    "cn=Cisco Root CA 2048,o=Cisco Systems",
    "cn=Cisco Root CA M1,o=Cisco",
];

/// What came of a case.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// The router on which it was decided.
    pub decided_on: Option<String>,
    /// IP lengths of the datagrams on UDP 500, in order.
    pub ip_lengths: Vec<usize>,
    /// CAs that the octets of the responder's IKE_SA_INIT ask for.
    pub asked: Vec<String>,
    /// Log of each router.
    pub logs: BTreeMap<String, String>,
    /// The newest record of each router that has one.
    pub records: BTreeMap<String, Record>,
    /// What came otherwise in the steps, one sentence each.
    pub missteps: Vec<String>,
}

impl Outcome {
    /// From the newest records of the initiator and the responder.
    pub fn new(case: &Case, initiator: Option<&Record>, responder: Option<&Record>) -> Self {
        let names = [&case.initiator().name, &case.responder().name];
        let verdict = verdict::compose((names[0], initiator), (names[1], responder));
        let ended = |record: &Record| {
            verdict.stopped_at.is_some()
                && record.stopped_at == verdict.stopped_at
                && record.reason == verdict.reason
        };
        let records = [initiator, responder].into_iter().zip(names);
        let decided_on = records
            .clone()
            .find(|(record, _)| record.is_some_and(ended));
        Self {
            decided_on: decided_on.map(|(_, name)| name.clone()),
            verdict,
            ip_lengths: Vec::new(),
            asked: Vec::new(),
            logs: BTreeMap::new(),
            records: records
                .filter_map(|(record, name)| Some((name.clone(), record?.clone())))
                .collect(),
            missteps: Vec::new(),
        }
    }

    /// Where it was decided: the message and the router that processed it.
    pub fn place(&self) -> String {
        match (&self.verdict.stopped_at, &self.decided_on) {
            (Some(message), Some(router)) => format!("{message} on {router}"),
            (Some(message), None) => message.clone(),
            (None, _) if self.verdict.up => match self.verdict.version.as_str() {
                "ikev2" => "IKE_AUTH".to_owned(),
                _ => "QM3".to_owned(),
            },
            (None, _) => "-".to_owned(),
        }
    }

    /// How it differs from what the case expects, one sentence each; empty = as expected.
    pub fn differences(&self, case: &Case) -> Vec<String> {
        case.expect.as_ref().map_or_else(Vec::new, |expected| {
            let mut out = self.missteps.clone();
            out.extend(self.compare(expected));
            out.extend(self.compare_payloads(case, expected));
            out
        })
    }

    /// The payload lists of IKEv2, message by message.
    fn compare_payloads(&self, case: &Case, expected: &Expectation) -> Vec<String> {
        let log = |name: &str| self.logs.get(name).map_or("", String::as_str);
        let sent = case.routers.each_ref().map(|r| packets::sent(log(&r.name)));
        let mut out = Vec::new();
        for (exchange, wanted) in &expected.payloads {
            let found = packets::conversation(case, &sent, exchange);
            for n in 0..wanted.len().max(found.len()) {
                let (wanted, found) = (wanted.get(n), found.get(n));
                if wanted != found {
                    let shown = |list: Option<&String>| match list {
                        Some(list) => format!("`{list}`"),
                        None => "no message".to_owned(),
                    };
                    let (wanted, found) = (shown(wanted), shown(found));
                    out.push(format!(
                        "message {} of {exchange}: expected {wanted}, got {found}",
                        n + 1
                    ));
                }
            }
        }
        out
    }

    fn compare(&self, expected: &Expectation) -> Vec<String> {
        let got = &self.verdict;
        let mut out = Vec::new();
        let mut differ = |what: &str, wanted: String, found: String| {
            if wanted != found {
                out.push(format!("{what}: expected {wanted}, got {found}"));
            }
        };
        if let Some(wanted) = expected.up {
            differ("tunnel", up(wanted), up(got.up));
        }
        if expected.up == Some(true) && got.up {
            differ(
                "answered pings",
                got.ping.sent.to_string(),
                got.ping.received.to_string(),
            );
        }
        if let Some(message) = &expected.stopped_at {
            differ(
                "stopped at",
                message.clone(),
                or_none(got.stopped_at.as_ref()),
            );
        }
        if let Some(part) = &expected.reason {
            let reason = or_none(got.reason.as_ref());
            if !reason.contains(part.as_str()) {
                differ("reason", format!("`{part}` in it"), reason);
            }
        }
        for (message, names) in &expected.certreq {
            let found = got
                .certreq
                .iter()
                .find(|c| c.message == *message)
                .map(|c| c.issuers.clone());
            differ(
                &format!("CERT_REQ of {message}"),
                list(&expand(message, names)),
                list(&found.unwrap_or_default()),
            );
            if message == "IKE_SA_INIT" {
                let what = format!("CERTREQ octets of {message}");
                differ(&what, list(&expand(message, names)), list(&self.asked));
            }
        }
        compare_maps(
            "signs with",
            &expected.signed_with,
            &got.signed_with,
            &mut differ,
        );
        compare_maps("profile", &expected.profile, &got.profile, &mut differ);
        let seen = self.ip_lengths.len().min(expected.ip_lengths.len());
        differ(
            "IP lengths",
            format!("{:?}", expected.ip_lengths),
            format!("{:?}", &self.ip_lengths[..seen]),
        );
        for (router, lines) in &expected.log {
            let log = self.logs.get(router).map_or("", String::as_str);
            out.extend(
                missing_line(log, lines)
                    .map(|line| format!("log of {router}: `{line}` is not there, or too early")),
            );
        }
        out
    }
}

fn compare_maps(
    what: &str,
    expected: &BTreeMap<String, String>,
    got: &BTreeMap<String, String>,
    differ: &mut impl FnMut(&str, String, String),
) {
    for (router, wanted) in expected {
        differ(
            &format!("{router} {what}"),
            wanted.clone(),
            or_none(got.get(router)),
        );
    }
}

/// The first of `lines` that does not follow the one before it.
pub(super) fn missing_line<'a>(log: &str, lines: &'a [String]) -> Option<&'a str> {
    let mut rest = log;
    for line in lines {
        match rest.find(line.as_str()) {
            Some(at) => rest = &rest[at + line.len()..],
            None => return Some(line),
        }
    }
    None
}

fn up(up: bool) -> String {
    if up { "up" } else { "not up" }.to_owned()
}

fn or_none(text: Option<&String>) -> String {
    text.map_or_else(|| "none".to_owned(), Clone::clone)
}

fn list(names: &[String]) -> String {
    format!("[{}]", shorten(names).join(" "))
}

/// `CA1` stands for `cn=CA1,o=cisco,o=com`, `P5` for the predefined five; in a message of IKEv2 for
/// the two of them whose keys are known (W-067).
fn expand(message: &str, names: &[String]) -> Vec<String> {
    names
        .iter()
        .flat_map(|name| match name.as_str() {
            "P5" if message.starts_with("IKE_") => {
                key_hashes::PREDEFINED.map(str::to_owned).to_vec()
            }
            "P5" => PREDEFINED.map(str::to_owned).to_vec(),
            whole if whole.contains('=') => vec![whole.to_owned()],
            short => vec![format!("cn={short},o=cisco,o=com")],
        })
        .collect()
}

/// The reverse of the short names, for tables.
pub(crate) fn shorten(names: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = names;
    while let Some((first, tail)) = rest.split_first() {
        let pools = [&PREDEFINED[..], &key_hashes::PREDEFINED[..]];
        if let Some(after) = pools.iter().find_map(|pool| behind(rest, pool)) {
            out.push("P5".to_owned());
            rest = after;
            continue;
        }
        let short = first
            .strip_prefix("cn=")
            .and_then(|n| n.strip_suffix(",o=cisco,o=com"));
        out.push(short.map_or_else(|| format!("\"{first}\""), str::to_owned));
        rest = tail;
    }
    out
}

/// What follows `pool` in `names`, if they begin with all of it.
fn behind<'a>(names: &'a [String], pool: &[&str]) -> Option<&'a [String]> {
    let (head, tail) = names.split_at_checked(pool.len())?;
    head.iter().zip(pool).all(|(a, b)| a == b).then_some(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome() -> Outcome {
        let case = Case::embedded("t-01").unwrap();
        let mut outcome = Outcome::new(&case, None, None);
        outcome.verdict.certreq.push(verdict::CertReq {
            message: "MM4".to_owned(),
            from: "R2".to_owned(),
            issuers: expand("MM4", &["CA1".to_owned(), "P5".to_owned()]),
        });
        outcome.ip_lengths = vec![192, 132, 355, 755];
        outcome
    }

    #[test]
    fn what_differs_is_said_and_what_is_not_expected_is_not_looked_at() {
        let outcome = outcome();
        assert_eq!(
            outcome.compare(&Expectation::default()),
            Vec::<String>::new()
        );
        let expected = Expectation {
            up: Some(true),
            stopped_at: Some("MM5".to_owned()),
            certreq: BTreeMap::from([("MM4".to_owned(), vec!["CA2".to_owned(), "P5".to_owned()])]),
            signed_with: BTreeMap::from([("R1".to_owned(), "IOSCA1".to_owned())]),
            ip_lengths: vec![192, 132, 735],
            ..Expectation::default()
        };
        assert_eq!(
            outcome.compare(&expected),
            [
                "tunnel: expected up, got not up",
                "stopped at: expected MM5, got none",
                "CERT_REQ of MM4: expected [CA2 P5], got [CA1 P5]",
                "R1 signs with: expected IOSCA1, got none",
                "IP lengths: expected [192, 132, 735], got [192, 132, 355]",
            ]
        );
    }

    #[test]
    fn log_lines_must_come_in_order() {
        let lines = ["two".to_owned(), "three".to_owned()];
        assert_eq!(missing_line("one\ntwo\nthree\n", &lines), None);
        assert_eq!(missing_line("three\ntwo\n", &lines), Some("three"));
    }

    /// S-013, W-067: the predefined ones are one word only when they are complete and in order; in
    /// IKEv2 they are the two whose keys are known.
    #[test]
    fn the_predefined_ones_are_one_word() {
        let short = ["CA2".to_owned(), "P5".to_owned(), "cn=X".to_owned()];
        let names = expand("MM4", &short);
        assert_eq!(names.len(), 7);
        assert_eq!(shorten(&names), ["CA2", "P5", "\"cn=X\""]);
        assert_eq!(shorten(&names[..4]).len(), 4);
        let names = expand("IKE_SA_INIT", &short);
        assert_eq!(names.len(), 4);
        assert_eq!(shorten(&names), ["CA2", "P5", "\"cn=X\""]);
    }

    /// S-070, S-078: each message of an exchange, and none too many.
    #[test]
    fn payload_lists_are_compared_message_by_message() {
        let mut case = Case::embedded("t-50").unwrap();
        let mut outcome = Outcome::new(&case, None, None);
        let log = "IKEv2:Sending Packet [To 192.168.0.2:500/From 192.168.0.1:500/VRF i0:f0] \nIKEv2 IKE_SA_INIT Exchange REQUEST \nPayload contents: \n SA KE N\n";
        outcome.logs.insert("R1".to_owned(), log.to_owned());
        let payloads = |lists: &[&str]| {
            let lists = lists.iter().map(|l| (*l).to_owned()).collect();
            Some(Expectation {
                payloads: BTreeMap::from([("IKE_SA_INIT".to_owned(), lists)]),
                ..Expectation::default()
            })
        };
        case.expect = payloads(&["SA KE N"]);
        assert_eq!(outcome.differences(&case), Vec::<String>::new());
        case.expect = payloads(&["SA KE N", "SA"]);
        assert_eq!(
            outcome.differences(&case),
            ["message 2 of IKE_SA_INIT: expected `SA`, got no message"]
        );
        case.expect = payloads(&[]);
        assert_eq!(
            outcome.differences(&case),
            ["message 1 of IKE_SA_INIT: expected no message, got `SA KE N`"]
        );
    }
}
