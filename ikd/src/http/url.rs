//! A URL in its parts.

/// Host without the brackets of IPv6, port and target of a URL, as policy reads it.
pub fn parts(url: &str) -> Option<(&str, u16, &str)> {
    let (host, port, target) = ike_pki::url_parts(url).ok()?;
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    Some((bare.unwrap_or(host), port, target))
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
