//! Names from configuration text: `subject-name CN=R1,OU=IT,O=cisco,O=com`
//! (W-022) and the subject IOS builds around it (W-021).

use std::{fmt, net::Ipv4Addr};

use crate::{
    der::tag,
    name::{Name, type_of},
    oid, writer,
};

/// What is wrong with a subject-name, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectNameError {
    /// Column of the offending character, counted from 1.
    pub column: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl fmt::Display for SubjectNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "subject-name, column {}: expected {}",
            self.column, self.expected
        )
    }
}

impl std::error::Error for SubjectNameError {}

impl Name {
    /// Reads an RFC 2253 string such as `CN=R1,OU=IT,O=cisco,O=com`: the
    /// leftmost element becomes the last RDN (W-022). Values are
    /// PrintableString where the alphabet allows it, else UTF8String;
    /// hostname, e and dc are IA5String.
    ///
    /// # Errors
    /// The column and what was expected there.
    pub fn from_subject_name(text: &str) -> Result<Self, SubjectNameError> {
        let mut rdns = Parser::new(text).rdns()?;
        rdns.reverse();
        Ok(Self::written(writer::sequence(&[&rdns.concat()])))
    }

    /// The subject of a router's certificate: `subject_name`, then one RDN
    /// with the parts that are given: serialNumber, unstructuredAddress,
    /// unstructuredName (W-021). An empty `subject_name` leaves only the
    /// latter.
    ///
    /// # Errors
    /// As [`Name::from_subject_name`].
    pub fn router_subject(
        subject_name: &str,
        serial: Option<&str>,
        ip: Option<Ipv4Addr>,
        fqdn: Option<&str>,
    ) -> Result<Self, SubjectNameError> {
        let mut rdns = Parser::new(subject_name).rdns()?;
        rdns.reverse();
        let device = [
            serial.map(|serial| attribute(oid::SERIAL_NUMBER, serial)),
            ip.map(|ip| attribute(oid::UNSTRUCTURED_ADDRESS, &ip.to_string())),
            fqdn.map(|fqdn| attribute(oid::UNSTRUCTURED_NAME, fqdn)),
        ];
        let device: Vec<_> = device.into_iter().flatten().collect();
        if !device.is_empty() {
            rdns.push(writer::set_of(device));
        }
        Ok(Self::written(writer::sequence(&[&rdns.concat()])))
    }
}

/// AttributeTypeAndValue with the string type usual for the attribute.
fn attribute(oid: &[u8], value: &str) -> Vec<u8> {
    let ia5 = [oid::UNSTRUCTURED_NAME, oid::EMAIL, oid::DOMAIN_COMPONENT].contains(&oid);
    let value = match ia5 && value.is_ascii() {
        true => writer::tlv(tag::IA5_STRING, &[value.as_bytes()]),
        false => writer::text(value),
    };
    writer::sequence(&[&writer::oid(oid), &value])
}

struct Parser<'a> {
    characters: std::iter::Peekable<std::iter::Enumerate<std::str::Chars<'a>>>,
    column: usize,
}

type Parsed<T> = Result<T, SubjectNameError>;

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            characters: text.chars().enumerate().peekable(),
            column: 1,
        }
    }

    /// Encoded RDNs in the order of the text.
    fn rdns(&mut self) -> Parsed<Vec<Vec<u8>>> {
        let mut rdns = Vec::new();
        self.blanks();
        if self.peek().is_none() {
            return Ok(rdns);
        }
        loop {
            rdns.push(self.rdn()?);
            match self.next() {
                None => return Ok(rdns),
                Some(',' | ';') => {}
                Some(_) => return Err(self.error("',' or the end")),
            }
        }
    }

    fn rdn(&mut self) -> Parsed<Vec<u8>> {
        let mut attributes = vec![self.attribute()?];
        while self.peek() == Some('+') {
            self.next();
            attributes.push(self.attribute()?);
        }
        Ok(writer::set_of(attributes))
    }

    fn attribute(&mut self) -> Parsed<Vec<u8>> {
        self.blanks();
        let first = if self.peek().is_some() {
            self.column
        } else {
            self.column + 1
        };
        let mut label = String::new();
        while let Some(c) = self.peek().filter(|c| !"=,+;".contains(*c)) {
            label.push(c);
            self.next();
        }
        let unknown = SubjectNameError {
            column: first,
            expected: "an attribute such as CN, OU, O",
        };
        let oid = type_of(label.trim()).ok_or(unknown)?;
        if self.next() != Some('=') {
            return Err(self.error("'=' after the attribute"));
        }
        Ok(attribute(&oid, &self.value()?))
    }

    fn value(&mut self) -> Parsed<String> {
        self.blanks();
        let quoted = self.peek() == Some('"');
        let value = if quoted {
            self.quoted()?
        } else {
            self.plain()?
        };
        self.blanks();
        match value.is_empty() {
            true => Err(SubjectNameError {
                column: self.column,
                expected: "a value after '='",
            }),
            false => Ok(value),
        }
    }

    fn plain(&mut self) -> Parsed<String> {
        let mut value = String::new();
        // Length up to the last character that is not an unescaped blank.
        let mut kept = 0;
        while let Some(c) = self.peek().filter(|c| !",+;".contains(*c)) {
            self.next();
            match c {
                '\\' => {
                    value.push(self.escaped()?);
                    kept = value.len();
                }
                '"' => return Err(self.error("no quote inside a value")),
                ' ' => value.push(c),
                _ => {
                    value.push(c);
                    kept = value.len();
                }
            }
        }
        value.truncate(kept);
        Ok(value)
    }

    fn quoted(&mut self) -> Parsed<String> {
        self.next();
        let mut value = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(value),
                Some('\\') => value.push(self.escaped()?),
                Some(c) => value.push(c),
                None => return Err(self.error("a closing quote")),
            }
        }
    }

    /// After a backslash: a special character, or two hex digits below 80.
    fn escaped(&mut self) -> Parsed<char> {
        let expected = "an escaped character or two hex digits";
        let first = self.next().ok_or_else(|| self.error(expected))?;
        let Some(high) = first.to_digit(16) else {
            return Ok(first);
        };
        let low = self
            .next()
            .and_then(|c| c.to_digit(16))
            .ok_or_else(|| self.error(expected))?;
        char::from_u32(high * 16 + low)
            .filter(char::is_ascii)
            .ok_or_else(|| self.error(expected))
    }

    fn blanks(&mut self) {
        while self.peek() == Some(' ') {
            self.next();
        }
    }

    fn peek(&mut self) -> Option<char> {
        let (index, c) = self.characters.peek()?;
        self.column = index + 1;
        Some(*c)
    }

    fn next(&mut self) -> Option<char> {
        match self.characters.next() {
            Some((index, c)) => {
                self.column = index + 1;
                Some(c)
            }
            None => {
                self.column += 1;
                None
            }
        }
    }

    fn error(&self, expected: &'static str) -> SubjectNameError {
        SubjectNameError {
            column: self.column,
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W-022, W-023: the leftmost element is the last RDN.
    #[test]
    fn ca1_of_the_seed_has_the_der_of_w_023() {
        let name = Name::from_subject_name("cn=CA1,o=cisco,o=com").unwrap();
        let hex: String = name
            .der()
            .iter()
            .map(|octet| format!("{octet:02x}"))
            .collect();
        let expected = "302c310c300a060355040a1303636f6d310e300c060355040a1305636973636f\
                        310c300a06035504031303434131";
        assert_eq!(hex, expected);
        assert_eq!(name.to_string(), "cn=CA1,o=cisco,o=com");
    }

    /// W-021: the subject of R1.
    #[test]
    fn the_router_subject_of_the_seed_is_built() {
        let name = Name::router_subject(
            "CN=R1,OU=IT,O=cisco,O=com",
            Some("100"),
            Some(Ipv4Addr::new(192, 168, 0, 1)),
            Some("R1.cisco.com"),
        )
        .unwrap();
        assert_eq!(
            name.to_string(),
            "serialNumber=100+ipaddress=192.168.0.1+hostname=R1.cisco.com,cn=R1,ou=IT,o=cisco,o=com"
        );
        assert_eq!(name.der().len(), 125);
        assert_eq!(Name::from_der(name.der()).unwrap(), name);
        let bare = Name::router_subject("", None, None, Some("R1")).unwrap();
        assert_eq!(bare.to_string(), "hostname=R1");
        assert!(
            Name::router_subject("", None, None, None)
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn escapes_quotes_blanks_and_multi_valued_elements_are_read() {
        let text = r#" CN = a\,b\2b + OU="x, y" , O=VeriSign\, Inc. ,1.2.3=z"#;
        let name = Name::from_subject_name(text).unwrap();
        assert_eq!(name.to_string(), "cn=a,b++ou=x, y,o=VeriSign, Inc.,1.2.3=z");
        assert!(
            Name::from_subject_name("O=Käse")
                .unwrap()
                .to_string()
                .ends_with("Käse")
        );
    }

    #[test]
    fn errors_name_the_column() {
        for (text, column) in [
            ("CN=R1,XX=1", 7),
            ("CN", 3),
            ("CN=R1,", 7),
            ("CN=,O=a", 4),
            ("CN=\"abc", 8),
            ("CN=a\\", 6),
            ("=x", 1),
        ] {
            let error = Name::from_subject_name(text).unwrap_err();
            assert_eq!(error.column, column, "{text}: {error}");
        }
    }
}
