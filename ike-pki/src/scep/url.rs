//! The URL of `enrollment url`, and what is asked there (P-020).

use std::fmt;

/// Longest URL that is read, octets.
const MAX_URL: usize = 1024;
/// The path of a URL that has none (P-020).
const DEFAULT_PATH: &str = "/cgi-bin";
const PROGRAM: &str = "pkiclient.exe";

/// Where a CA answers SCEP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScepUrl {
    /// Host name or address, without the brackets of IPv6.
    pub host: String,
    /// TCP port, 80 by default.
    pub port: u16,
    /// Absolute path without its program, `/cgi-bin` by default; or with it,
    /// when the URL names one.
    pub path: String,
    /// The path is the program, whatever its name: for a CA that knows no
    /// `pkiclient.exe` (RFC 8894 4.1 leaves the path to the server).
    pub bare: bool,
}

/// What is wrong with an enrollment URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScepUrlError {
    /// The URL, escaped.
    pub url: String,
    /// What is wrong, and what was expected.
    pub problem: &'static str,
}

impl fmt::Display for ScepUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "enrollment url {}: {}", self.url, self.problem)
    }
}

impl std::error::Error for ScepUrlError {}

impl ScepUrl {
    /// Reads `http://host[:port][/path]`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(url: &str) -> Result<Self, ScepUrlError> {
        read(url).map_err(|problem| ScepUrlError {
            url: url
                .chars()
                .take(200)
                .flat_map(char::escape_default)
                .collect(),
            problem,
        })
    }

    /// Path and query of an operation: `/cgi-bin/pkiclient.exe?operation=…`;
    /// `message` is escaped as a URL needs it.
    pub fn target(&self, operation: &str, message: Option<&str>) -> String {
        let path = match self.bare || program_of(&self.path) {
            true => self.path.clone(),
            false => format!("{}/{PROGRAM}", self.path),
        };
        let message = message.map(|text| format!("&message={}", escape(text)));
        format!(
            "{path}?operation={operation}{}",
            message.unwrap_or_default()
        )
    }

    /// Host and port, as `Host:` and connecting want them.
    pub fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for ScepUrl {
    /// As IOS prints it: `http://10.1.255.12:80/cgi-bin` (P-020).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority(), self.path)
    }
}

fn read(url: &str) -> Result<ScepUrl, &'static str> {
    if url.len() > MAX_URL {
        return Err("longer than 1024 characters");
    }
    if !url.bytes().all(|octet| octet.is_ascii_graphic()) {
        return Err("blanks and characters outside of ASCII do not belong in a URL");
    }
    let (scheme, rest) = url
        .split_once("://")
        .ok_or("expected http://host[:port][/path]")?;
    match scheme.to_ascii_lowercase().as_str() {
        "http" => {}
        "https" => {
            return Err("https is not supported; SCEP protects its messages itself, use http");
        }
        _ => return Err("only http is supported"),
    }
    if rest.contains(['?', '#', '@', '\\']) {
        return Err("a user, query or fragment does not belong in it");
    }
    let start = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(start).unwrap_or((rest, ""));
    let (host, port) = host_and_port(authority)?;
    let path = match path.trim_end_matches('/') {
        "" => DEFAULT_PATH,
        path => path,
    };
    Ok(ScepUrl {
        host: host.to_owned(),
        port,
        path: path.to_owned(),
        bare: false,
    })
}

fn host_and_port(authority: &str) -> Result<(&str, u16), &'static str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or("expected ] after the address")?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err("expected an IPv6 address between [ and ]");
            }
            (host, port)
        }
        None => {
            let end = authority.find(':').unwrap_or(authority.len());
            let parts = authority.split_at_checked(end);
            let (host, port) = parts.unwrap_or((authority, ""));
            let fits = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
            if host.is_empty() || !host.bytes().all(fits) {
                return Err("expected a host name or an address");
            }
            (host, port)
        }
    };
    let port = match port {
        "" => 80,
        text => text
            .strip_prefix(':')
            .and_then(|digits| digits.parse().ok())
            .filter(|port| *port != 0)
            .ok_or("expected a port between 1 and 65535 after the host")?,
    };
    Ok((host, port))
}

/// Whether the path names its program, as `/cgi-bin/pkiclient.exe` does.
fn program_of(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".exe")
}

/// RFC 3986 2.1: everything but the unreserved characters.
fn escape(text: &str) -> String {
    let one = |octet: u8| match octet {
        b'-' | b'.' | b'_' | b'~' => char::from(octet).to_string(),
        _ if octet.is_ascii_alphanumeric() => char::from(octet).to_string(),
        _ => format!("%{octet:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P-020: `/cgi-bin/pkiclient.exe` when the URL has no path.
    #[test]
    fn a_url_without_path_gets_the_one_of_ios() {
        for url in [
            "http://192.168.0.3:80",
            "http://192.168.0.3/",
            "HTTP://192.168.0.3",
        ] {
            let url = ScepUrl::parse(url).unwrap();
            assert_eq!(url.authority(), "192.168.0.3:80");
            assert_eq!(url.to_string(), "http://192.168.0.3:80/cgi-bin");
            assert_eq!(
                url.target("GetCACert", Some("IOS CA1&x=")),
                "/cgi-bin/pkiclient.exe?operation=GetCACert&message=IOS%20CA1%26x%3D"
            );
        }
    }

    #[test]
    fn a_url_that_names_its_program_is_used_as_it_is() {
        let of = |url: &str| ScepUrl::parse(url).unwrap().target("PKIOperation", None);
        assert_eq!(
            of("http://ca/scep/pkiclient.exe"),
            "/scep/pkiclient.exe?operation=PKIOperation"
        );
        assert_eq!(of("http://ca/x.EXE"), "/x.EXE?operation=PKIOperation");
        assert_eq!(
            of("http://ca/certsrv/mscep/mscep.dll"),
            "/certsrv/mscep/mscep.dll/pkiclient.exe?operation=PKIOperation"
        );
    }

    #[test]
    fn an_ipv6_host_has_brackets_again() {
        let url = ScepUrl::parse("http://[2001:db8::3]:8080/ca").unwrap();
        assert_eq!((url.host.as_str(), url.port), ("2001:db8::3", 8080));
        assert_eq!(url.authority(), "[2001:db8::3]:8080");
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said() {
        for (url, problem) in [
            ("192.168.0.3", "expected http://"),
            ("https://ca", "https is not supported"),
            ("ftp://ca", "only http"),
            ("http://", "expected a host name"),
            ("http://u@ca", "user"),
            ("http://ca:0", "port"),
            ("http://ca:x", "port"),
            ("http://ca:70000", "port"),
            ("http://[::1/x", "expected ]"),
            ("http://[ca]", "IPv6"),
            ("http://ca/a b", "blanks"),
            ("http://ca/\r\nX: y", "blanks"),
            ("http://ca/p?x=y", "query"),
        ] {
            let error = ScepUrl::parse(url).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
        assert!(ScepUrl::parse(&format!("http://{}", "a".repeat(1100))).is_err());
    }
}
