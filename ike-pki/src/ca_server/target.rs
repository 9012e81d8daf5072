//! The target of an HTTP request: path, and the two parameters of SCEP.

use std::borrow::Cow;

use data_encoding::BASE64;

/// A target that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) path: String,
    pub(super) operation: Option<String>,
    /// `message`, percent-decoded.
    pub(super) message: Option<Vec<u8>>,
}

impl Target {
    /// Reads path and query; `None` for octets that do not belong there.
    pub(super) fn read(target: &str) -> Option<Self> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut out = Self {
            path: String::from_utf8(decode(path)?.into_owned()).ok()?,
            operation: None,
            message: None,
        };
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value)?.into_owned();
            match name {
                "operation" => out.operation = String::from_utf8(value).ok(),
                "message" => out.message = Some(value),
                _ => {}
            }
        }
        Some(out)
    }

    /// What follows `prefix` in the path, as base64.
    pub(super) fn path_octets(&self, prefix: &str) -> Option<Vec<u8>> {
        BASE64
            .decode(self.path.strip_prefix(prefix)?.as_bytes())
            .ok()
    }

    /// `message` as base64, with the blanks that some senders leave in it.
    pub(super) fn message_octets(&self) -> Option<Vec<u8>> {
        let text = self.message.as_ref()?.iter().copied();
        let text: Vec<u8> = text.filter(|octet| !octet.is_ascii_whitespace()).collect();
        BASE64.decode(&text).ok()
    }
}

/// Percent-decoding (RFC 3986 2.1). `+` stays: senders forget to escape that of
/// base64.
fn decode(text: &str) -> Option<Cow<'_, [u8]>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text.as_bytes()));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        out.push(match octet {
            b'%' => digit(rest.next()?)? << 4 | digit(rest.next()?)?,
            _ => octet,
        });
    }
    Some(Cow::Owned(out))
}

fn digit(octet: u8) -> Option<u8> {
    let value = char::from(octet).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_plus_stays() {
        let read = Target::read("/cgi-bin/pkiclient.exe?operation=PKIOperation&message=a%2Bb+%3D");
        let read = read.unwrap();
        assert_eq!(read.path, "/cgi-bin/pkiclient.exe");
        assert_eq!(read.operation.as_deref(), Some("PKIOperation"));
        assert_eq!(read.message.as_deref(), Some(&b"a+b+="[..]));
        assert_eq!(Target::read("/x").unwrap().operation, None);
        for bad in ["/%", "/%4", "/%zz", "/%ff", "/?message=%e"] {
            assert_eq!(Target::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn base64_may_have_lines() {
        let of = |text: &str| Target::read(text).unwrap().message_octets();
        assert_eq!(of("/?message=AQID%0D%0ABA%3D%3D").unwrap(), [1, 2, 3, 4]);
        assert_eq!(of("/?message=A*"), None);
        assert_eq!(of("/"), None);
    }
}
