//! A URL in its parts.

/// Host, port and path of a URL.
pub fn parts(url: &str) -> Option<(&str, u16, &str)> {
    let rest = url.strip_prefix("http://")?;
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, 80),
    };
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let host = bare.unwrap_or(host);
    (!host.is_empty()).then_some((host, port, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_host_port_and_path() {
        let cases = [
            ("http://a.b/c/d", Some(("a.b", 80, "/c/d"))),
            ("http://a.b:8080/c", Some(("a.b", 8080, "/c"))),
            ("http://[2001:db8::1]/c", Some(("2001:db8::1", 80, "/c"))),
            ("http://[2001:db8::1]:81/c", Some(("2001:db8::1", 81, "/c"))),
            ("http://a.b", Some(("a.b", 80, "/"))),
            ("ftp://a.b/", None),
        ];
        for (url, expected) in cases {
            assert_eq!(parts(url), expected, "{url}");
        }
    }
}
