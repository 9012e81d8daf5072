//! Names within a domain (S-096).

/// Octets of the domain when the name lies in it; names compare without case. A suffix counts only on a border, `.` of
/// host names or `@` of users: `evilcisco.com` is not in `cisco.com` (E15).
#[must_use]
pub fn in_domain(name: &str, domain: &str, border: char) -> Option<usize> {
    let domain = domain.trim_start_matches(border).to_ascii_lowercase();
    let name = name.to_ascii_lowercase();
    let host = name.strip_suffix(&domain)?;
    (host.ends_with(border) && host.len() > 1).then_some(domain.len())
}
