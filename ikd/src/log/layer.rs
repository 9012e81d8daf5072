//! The `tracing_subscriber` layer that prints IOS debug lines (O-080).

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::io::Write;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// `*Jun 20 13:00:37.609: ISAKMP:(1010): ...`
    #[default]
    Ios,
    /// A JSON object for each event.
    Json,
}

/// How a line of its own begins inside a message of several.
const TAGS: [&str; 3] = ["ISAKMP", "IKEv2:", "CRYPTO_PKI"];
/// Octets of `logging buffered` (G-006).
const BUFFER: usize = 256 * 1024;

/// Where lines go: a writer and the buffer that `show logging` prints.
#[derive(Clone)]
pub struct Sink {
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    buffer: Arc<Mutex<(VecDeque<String>, usize)>>,
}

impl Sink {
    /// A sink that writes to `writer` too.
    pub fn new(writer: Box<dyn Write + Send>) -> Self {
        Self {
            writer: Arc::new(Mutex::new(writer)),
            buffer: Arc::default(),
        }
    }

    /// The buffered lines, oldest first.
    pub fn buffered(&self) -> String {
        let Ok(guard) = self.buffer.lock() else {
            return String::new();
        };
        guard.0.iter().map(String::as_str).collect()
    }

    fn line(&self, line: String) {
        if let Ok(mut writer) = self.writer.lock() {
            // A log that cannot be written must not stop the daemon.
            let _ = writer
                .write_all(line.as_bytes())
                .and_then(|()| writer.flush());
        }
        if let Ok(mut guard) = self.buffer.lock() {
            let (lines, octets) = &mut *guard;
            *octets += line.len();
            lines.push_back(line);
            while *octets > BUFFER {
                let Some(oldest) = lines.pop_front() else {
                    break;
                };
                *octets -= oldest.len();
            }
        }
    }
}

/// The layer.
pub struct IosLayer {
    sink: Sink,
    format: Format,
}

impl IosLayer {
    /// A layer that prints to a sink.
    pub fn new(sink: Sink, format: Format) -> Self {
        Self { sink, format }
    }
}

impl<S: Subscriber> Layer<S> for IosLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let now = Timestamp::now();
        let text = match self.format {
            Format::Ios => ios_lines(now, &fields.message),
            Format::Json => json_line(now, event.metadata().target(), &fields),
        };
        self.sink.line(text);
    }
}

/// The first line gets a stamp, and every other that begins with a tag of its own; the rest
/// continue the one before. The star says that the clock is not synchronised by NTP, as in the seed.
fn ios_lines(now: Timestamp, message: &str) -> String {
    let stamp = now
        .to_zoned(TimeZone::UTC)
        .strftime("*%b %e %H:%M:%S%.3f: ")
        .to_string();
    let mut out = String::new();
    for (number, line) in message.lines().enumerate() {
        if number == 0 || TAGS.iter().any(|tag| line.starts_with(tag)) {
            out.push_str(&stamp);
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

fn json_line(now: Timestamp, target: &str, fields: &Fields) -> String {
    let mut object = serde_json::Map::new();
    object.insert("time".into(), now.to_string().into());
    object.insert("target".into(), target.into());
    object.insert("message".into(), fields.message.clone().into());
    for (name, value) in &fields.others {
        object.insert((*name).into(), value.clone());
    }
    let mut line = serde_json::Value::Object(object).to_string();
    line.push('\n');
    line
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, serde_json::Value)>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else {
            self.others
                .push((field.name(), format!("{value:?}").into()));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.others.push((field.name(), value.into()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.others.push((field.name(), value.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// O-080: star, month, day, time with milliseconds; continuation lines carry no stamp.
    #[test]
    fn lines_look_like_those_of_the_seed() {
        let at = Timestamp::from_microsecond(1_371_733_237_609_000).unwrap();
        let text = ios_lines(
            at,
            "ISAKMP (1010): ID payload\n  type          : 2\nISAKMP:(1010):done",
        );
        assert_eq!(
            text,
            "*Jun 20 13:00:37.609: ISAKMP (1010): ID payload\n  type          : 2\n*Jun 20 13:00:37.609: ISAKMP:(1010):done\n"
        );
    }

    /// The seed's packets of IKEv2: what stands below the first line carries no stamp, a line with
    /// the tag does (S-078, S-093).
    #[test]
    fn packets_of_ikev2_have_one_stamp() {
        let at = Timestamp::from_microsecond(1_374_084_544_554_000).unwrap();
        let text = ios_lines(
            at,
            "IKEv2:(SA ID = 1):Building packet for encryption. \nPayload contents: \n NOTIFY(AUTHENTICATION_FAILED)",
        );
        assert_eq!(
            text,
            "*Jul 17 18:09:04.554: IKEv2:(SA ID = 1):Building packet for encryption. \nPayload contents: \n NOTIFY(AUTHENTICATION_FAILED)\n"
        );
        let two = ios_lines(at, "IKEv2:(SA ID = 1):\nIKEv2:(SA ID = 1):Sending");
        assert_eq!(two.matches("*Jul 17").count(), 2);
    }

    /// A message with quotes and newlines stays one JSON object on one line.
    #[test]
    fn json_lines_are_whole_objects() {
        let fields = Fields {
            message: "a \"b\"\nc".into(),
            others: vec![("rule", "S-030".into()), ("sa", 7.into())],
        };
        let line = json_line(Timestamp::UNIX_EPOCH, "why", &fields);
        assert_eq!(line.matches('\n').count(), 1);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["rule"], "S-030");
        assert_eq!(value["sa"], 7);
        assert_eq!(value["message"], "a \"b\"\nc");
    }
}
