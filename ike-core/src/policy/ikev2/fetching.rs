//! Which certificates a peer may have us fetch (RFC 7296 3.6; an extension: IOS announces it and says no
//! more; F7, B16).

/// Octets of a URL.
const MAX_URL: usize = 512;

/// Whether a peer's URL may be fetched: it stands below one of the configured prefixes, and every part of
/// it is what it looks like.
#[must_use]
pub fn may_fetch(prefixes: &[String], url: &str) -> bool {
    let plain = |c: u8| c.is_ascii_graphic() && !b"\\@#<>\"{}|^`".contains(&c);
    let clean = url.len() <= MAX_URL && url.bytes().all(plain);
    // Dots, however written, would lead out of the prefix.
    let decoded = url
        .to_ascii_lowercase()
        .replace("%2e", ".")
        .replace("%2f", "/");
    let inside = !decoded.split('/').any(|part| part == ".." || part == ".");
    let below = |prefix: &String| {
        let rest = url.strip_prefix(prefix.as_str());
        rest.is_some_and(|rest| prefix.ends_with('/') || rest.starts_with('/'))
    };
    url.starts_with("http://") && clean && inside && prefixes.iter().any(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// B16: no other host, no other scheme, no way out of the prefix.
    #[test]
    fn only_what_stands_below_a_prefix_is_fetched() {
        let slash = ["http://certs.cisco.com/ike/".to_owned()];
        let bare = ["http://certs.cisco.com".to_owned()];
        assert!(may_fetch(&slash, "http://certs.cisco.com/ike/r2.cer"));
        assert!(may_fetch(&bare, "http://certs.cisco.com/r2.cer?x=1"));
        for url in [
            "http://certs.cisco.com/r2.cer",
            "http://certs.cisco.com/ike/../r2.cer",
            "http://certs.cisco.com/ike/%2E%2e/r2.cer",
            "http://certs.cisco.com/ike/a%2f..%2fb",
            "http://certs.cisco.com/ike/./r2.cer",
            "https://certs.cisco.com/ike/r2.cer",
            "file:///etc/passwd",
            "http://certs.cisco.com/ike/r2 .cer",
            "http://certs.cisco.com/ike/r2\r\nHost: x",
            "http://certs.cisco.com/ike/\\r2",
            "http://certs.cisco.com/ike/x@127.0.0.1/",
            "",
        ] {
            assert!(!may_fetch(&slash, url), "{url}");
        }
        for url in [
            "http://certs.cisco.com.evil.com/r2.cer",
            "http://certs.cisco.com:8080/r2.cer",
            "http://certs.cisco.com@evil.com/r2.cer",
            "http://certs.cisco.comx/",
        ] {
            assert!(!may_fetch(&bare, url), "{url}");
        }
        assert!(!may_fetch(&[], "http://certs.cisco.com/ike/r2.cer"));
        let long = format!("http://certs.cisco.com/ike/{}", "x".repeat(MAX_URL));
        assert!(!may_fetch(&slash, &long));
        let odd = ["ftp://x/".to_owned()];
        assert!(!may_fetch(&odd, "ftp://x/y"));
    }
}
