//! `show crypto explain [last]`: every negotiation with its decisions and the rule behind
//! each. Ours; IOS has nothing like it.

use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;
use crate::explain::{self, Negotiation};

#[derive(Serialize)]
pub(super) struct Negotiations {
    negotiations: Vec<Negotiation>,
}

pub(super) fn view(now: &Snapshot<'_>, last: bool) -> Negotiations {
    let mut negotiations = explain::numbered(&now.records);
    if last {
        negotiations.drain(..negotiations.len().saturating_sub(1));
    }
    Negotiations { negotiations }
}

impl View for Negotiations {
    fn text(&self) -> String {
        let mut out = Lines::default();
        if self.negotiations.is_empty() {
            out.line("No negotiation yet");
        }
        out.apart(&self.negotiations, |negotiation, out| {
            explain::text(negotiation)
                .lines()
                .for_each(|line| out.line(line));
        });
        out.0
    }
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, json, record, record_of_ikev2, shown};

    const FAILED: &str = "Negotiation 2 of IKEv1 with 192.168.0.2 as responder: failed at MM5: certificate not trusted by \\x1b[1m
  Certificate requests in our MM4:
    cn=CA2,o=cisco,o=com
    cn=CA1,o=cisco,o=com
  Signed with: (none)
  Profile: prof1
  Phase 1: not complete
  Decisions:
    S-041  profile prof1
           because only prof1 matches R2.cisco.com
    S-050  validate with IOSCA1
           because prof1 names it
";

    /// Each decision with its rule and its reason; peer text is escaped.
    #[test]
    fn the_last_negotiation_explains_itself() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.records = vec![record(true), record(false)];
        assert_eq!(shown("show crypto explain last", &now), FAILED);
    }

    /// IKEv2 speaks of its own messages and of the IKE SA.
    #[test]
    fn a_negotiation_of_ikev2_explains_itself() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.records = vec![record_of_ikev2(false)];
        assert_eq!(
            shown("show crypto explain", &now),
            "Negotiation 1 of IKEv2 with 192.168.0.2 as responder: failed at IKE_AUTH: Validation of certificate chain FAILED
  Certificate requests in our IKE_SA_INIT:
    cn=CA2,o=cisco,o=com
    cn=CA1,o=cisco,o=com
  Signed with: TP1
  Profile: profile1
  IKE SA: not established
  Decisions:
    S-041  profile prof1
           because only prof1 matches R2.cisco.com
"
        );
    }

    /// All of them, oldest first, numbered.
    #[test]
    fn all_negotiations_show_in_order() {
        let world = R1::new();
        let mut now = world.snapshot();
        assert_eq!(shown("show crypto explain", &now), "No negotiation yet\n");
        now.records = vec![record(true), record(false)];
        let text = shown("show crypto explain", &now);
        assert!(
            text.starts_with("Negotiation 1 of IKEv1 with 192.168.0.2 as initiator: up\n"),
            "{text}"
        );
        assert!(text.ends_with(&format!("\n\n{FAILED}")), "{text}");
        let value = json("show crypto explain", &now);
        assert_eq!(value["negotiations"][1]["decisions"][1]["rule"], "S-050");
        assert_eq!(value["negotiations"][1]["number"], 2);
    }
}
