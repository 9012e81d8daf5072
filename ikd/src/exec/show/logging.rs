//! `show logging`: the buffer of the log.

use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Logging {
    lines: Vec<String>,
}

pub(super) fn view(now: &Snapshot<'_>) -> Logging {
    Logging {
        lines: now.logging.lines().map(str::to_owned).collect(),
    }
}

impl View for Logging {
    fn text(&self) -> String {
        let mut out = Lines::default();
        out.line("Syslog logging: enabled");
        out.line("    Console logging: level debugging");
        // A message begins with the star of its time stamp, or is a JSON object.
        let logged = self
            .lines
            .iter()
            .filter(|line| line.starts_with(['*', '{']))
            .count();
        out.line(format!(
            "    Buffer logging:  level debugging, {logged} messages in the buffer"
        ));
        out.blank();
        out.line("Log Buffer:");
        out.blank();
        self.lines.iter().for_each(|line| out.line(line));
        out.0
    }
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, shown};

    /// O-080: lines as they were logged, continuation lines not counted.
    #[test]
    fn the_buffer_shows_as_it_was_logged() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.logging =
            "*Jun 20 13:00:37.609: ISAKMP (1010): ID payload\n  type          : 2\n".into();
        assert_eq!(
            shown("show logging", &now),
            "Syslog logging: enabled
    Console logging: level debugging
    Buffer logging:  level debugging, 1 messages in the buffer

Log Buffer:

*Jun 20 13:00:37.609: ISAKMP (1010): ID payload
  type          : 2
"
        );
    }
}
