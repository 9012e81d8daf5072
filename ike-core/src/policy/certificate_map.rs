//! Certificate maps (G-062): whether the fields of a certificate are as the lines of a map say.
//!
//! The lines of one sequence are ANDed, the sequences of a label ORed. Text is compared without
//! regard to case in the form IOS prints; blanks around `=`, `,` and `+` do not count. A line that
//! cannot be read matches nothing.

use ike_pki::{Certificate, Name};

use super::candidate::{MAX_STEPS, MAX_TEXT, Step, clipped};
use crate::config::{CertificateMap, RunningConfig};

/// Whether one sequence of the map of that label fits.
#[must_use]
pub fn matches(config: &RunningConfig, label: &str, certificate: &Certificate) -> bool {
    any_matches(&config.certificate_maps, label, certificate)
}

/// Whether one of `maps` has that label and fits.
#[must_use]
pub fn any_matches(maps: &[CertificateMap], label: &str, certificate: &Certificate) -> bool {
    let mut of_label = maps.iter().filter(|map| map.label == label);
    of_label.any(|map| fits(map, certificate))
}

/// The lines of the map of that label, each held against the certificate.
pub(crate) fn steps(config: &RunningConfig, label: &str, certificate: &Certificate) -> Vec<Step> {
    let maps = config.certificate_maps.iter();
    let lines = maps.filter(|map| map.label == label).flat_map(|map| {
        let numbered = move |rule| (map.sequence, rule);
        map.rules.iter().map(numbered)
    });
    let step = |(sequence, rule): (u32, &String)| Step {
        what: clipped(format!("{label} {sequence}: {rule}"), MAX_TEXT),
        passed: holds(rule, certificate),
    };
    lines.take(MAX_STEPS).map(step).collect()
}

/// A sequence without lines fits nothing.
fn fits(map: &CertificateMap, certificate: &Certificate) -> bool {
    !map.rules.is_empty() && map.rules.iter().all(|rule| holds(rule, certificate))
}

/// `FIELD OPERATOR VALUE`.
fn holds(rule: &str, certificate: &Certificate) -> bool {
    let mut words = rule.splitn(3, ' ');
    let (Some(field), Some(operator), Some(value)) = (words.next(), words.next(), words.next())
    else {
        return false;
    };
    match field {
        "valid-start" => at_time(operator, certificate.not_before(), value),
        "expires-on" => at_time(operator, certificate.not_after(), value),
        "serial-number" => serial(operator, &certificate.serial_hex(), value),
        field => {
            texts(field, certificate).is_some_and(|values| text(operator, &values, &folded(value)))
        }
    }
}

/// What a field says, as folded text; `name` is any of the names.
fn texts(field: &str, certificate: &Certificate) -> Option<Vec<String>> {
    let printed = |name: &Name| folded(&name.to_string());
    let subject = || vec![printed(certificate.subject())];
    let hostname = || {
        certificate
            .subject()
            .fqdn()
            .iter()
            .map(|n| folded(n))
            .collect()
    };
    let alternatives = || {
        let mut all = certificate.dns_names();
        all.extend(certificate.email_addresses());
        all.extend(certificate.ip_addresses().iter().map(ToString::to_string));
        all.iter().map(|name| folded(name)).collect::<Vec<_>>()
    };
    Some(match field {
        "subject-name" => subject(),
        "issuer-name" => vec![printed(certificate.issuer())],
        "unstructured-subject-name" => hostname(),
        "alt-subject-name" => alternatives(),
        "name" => [subject(), hostname(), alternatives()].concat(),
        _ => return None,
    })
}

/// Lower case, without blanks around separators.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blanks = 0;
    for c in text.trim().chars().flat_map(char::to_lowercase) {
        if c == ' ' {
            blanks += 1;
            continue;
        }
        let after = out.ends_with(SEPARATORS);
        if blanks > 0 && !after && !SEPARATORS.contains(&c) {
            out.extend(std::iter::repeat_n(' ', blanks));
        }
        blanks = 0;
        out.push(c);
    }
    out
}

const SEPARATORS: [char; 3] = ['=', ',', '+'];

/// `ne` and `nc` hold when no value of the field is or contains the text.
fn text(operator: &str, values: &[String], wanted: &str) -> bool {
    let equal = || values.iter().any(|value| value == wanted);
    let contained = || values.iter().any(|value| value.contains(wanted));
    match operator {
        "eq" => equal(),
        "ne" => !equal(),
        "co" => contained(),
        "nc" => !contained(),
        _ => false,
    }
}

/// Hexadecimal digits, compared as numbers.
fn serial(operator: &str, printed: &str, value: &str) -> bool {
    let digits = |text: &str| {
        let text: String = text.split_whitespace().collect();
        let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit());
        plain.then(|| text.trim_start_matches('0').to_ascii_uppercase())
    };
    let (Some(own), Some(wanted)) = (digits(printed), digits(value)) else {
        return false;
    };
    match operator {
        "co" => own.contains(&wanted),
        "nc" => !own.contains(&wanted),
        _ => compare(operator, (own.len(), own), (wanted.len(), wanted)),
    }
}

fn at_time(operator: &str, own: i64, value: &str) -> bool {
    seconds(value).is_some_and(|wanted| compare(operator, own, wanted))
}

/// `lt` below, `ge` not below.
fn compare<T: PartialOrd>(operator: &str, own: T, wanted: T) -> bool {
    match operator {
        "eq" => own == wanted,
        "ne" => own != wanted,
        "lt" => own < wanted,
        "ge" => own >= wanted,
        _ => false,
    }
}

/// `Jan 1 2020 [12:00:00]`, `1 1 2020 [12:00:00]` (day, month), or as certificates are shown:
/// `12:00:00 UTC Jan 1 2020`. Always UTC. Seconds since 1970.
fn seconds(text: &str) -> Option<i64> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.retain(|word| !["utc", "gmt"].contains(&word.to_ascii_lowercase().as_str()));
    let (clocks, date): (Vec<&str>, Vec<&str>) = words.iter().partition(|w| w.contains(':'));
    let clock = match clocks.as_slice() {
        [] => 0,
        [clock] => time_of_day(clock)?,
        _ => return None,
    };
    let [first, second, year] = date.as_slice() else {
        return None;
    };
    let (month, day) = match month(first) {
        Some(month) => (month, *second),
        None => (month(second).or_else(|| second.parse().ok())?, *first),
    };
    Some(days(year.parse().ok()?, month, day.parse().ok()?)? * 86_400 + clock)
}

fn month(name: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let known = MONTHS
        .iter()
        .zip(1..)
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.map(|(_, number)| number)
}

fn time_of_day(text: &str) -> Option<i64> {
    let parts: Vec<i64> = text
        .split(':')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    match parts.as_slice() {
        [hour @ 0..24, minute @ 0..60, second @ 0..60] => Some(hour * 3600 + minute * 60 + second),
        _ => None,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=longest).contains(&day) || !(1950..=9999).contains(&year) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = (month + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use ike_crypto::{KeySpec, PrivateKey};
    use ike_pki::{CertRequestSpec, LabCa};

    /// 13:25:01 UTC Jun 17 2013.
    const START: i64 = 1_371_475_501;

    /// The router certificate of the seed, serial 02.
    fn certificate() -> Certificate {
        let key = || PrivateKey::generate(KeySpec::EcP256).unwrap();
        let ca = Name::from_subject_name("CN=CA1,O=cisco,O=com").unwrap();
        let end = START + 365 * 86_400;
        let mut ca = LabCa::new(&ca, key(), 1, START - 60, end).unwrap();
        let (address, host) = ([192, 168, 0, 1].into(), "R1.cisco.com");
        let subject = "CN=R1,OU=IT,O=cisco,O=com";
        let subject =
            Name::router_subject(subject, Some("100"), Some(address), Some(host)).unwrap();
        let public = key().public();
        ca.issue(&CertRequestSpec::router(subject, &public, START, end))
            .unwrap()
    }

    fn holds_each(certificate: &Certificate, rules: &[(&str, bool)]) {
        for (rule, expected) in rules {
            let text = format!("crypto pki certificate map M 10\n {rule}\n");
            let config = parse("test.cfg", &text).config;
            assert_eq!(matches(&config, "M", certificate), *expected, "{rule}");
        }
    }

    /// G-062: text as IOS prints it, without regard to case and to blanks at separators.
    #[test]
    fn names_are_compared_as_ios_prints_them() {
        let rules = [
            ("issuer-name eq cn=CA1,o=cisco,o=com", true),
            ("issuer-name eq CN = ca1, O = cisco, O = com", true),
            ("issuer-name eq cn=CA1", false),
            ("issuer-name ne cn=CA2", true),
            ("subject-name co ou = it", true),
            ("subject-name co ou=hr", false),
            ("subject-name nc ou=hr", true),
            ("subject-name nc ou=it", false),
            ("subject-name lt z", false),
            ("unstructured-subject-name eq r1.cisco.com", true),
            ("alt-subject-name co cisco", false),
            ("alt-subject-name nc cisco", true),
            ("name co r1.cisco.com", true),
            ("serial-number eq 02", true),
            ("serial-number eq 2", true),
            ("serial-number ge 0A", false),
            ("serial-number lt 0A", true),
            ("serial-number eq xyz", false),
        ];
        holds_each(&certificate(), &rules);
    }

    /// G-062: dates in each spelling, to the second.
    #[test]
    fn dates_are_compared_as_instants() {
        let rules = [
            ("valid-start eq 13:25:01 UTC Jun 17 2013", true),
            ("valid-start eq Jun 17 2013 13:25:01", true),
            ("valid-start lt Jun 17 2013 13:25:01", false),
            ("valid-start ge Jun 17 2013", true),
            ("valid-start lt 18 6 2013", true),
            ("expires-on ge Jun 17 2014 13:25:01", true),
            ("expires-on ge Jun 17 2014 13:25:02", false),
            ("expires-on lt Feb 29 2015", false),
            ("expires-on ge Feb 30 2012", false),
            ("expires-on ge tomorrow", false),
            ("expires-on co 2014", false),
        ];
        holds_each(&certificate(), &rules);
    }

    /// G-062: lines are ANDed, sequences ORed, labels apart.
    #[test]
    fn lines_are_and_and_sequences_are_or() {
        let config = |text: &str| parse("test.cfg", text).config;
        let (yes, no) = ("issuer-name co ca1", "issuer-name co ca2");
        let certificate = certificate();
        let both = config(&format!("crypto pki certificate map M 10\n {yes}\n {no}"));
        assert!(!matches(&both, "M", &certificate));
        let either = format!(
            "crypto pki certificate map M 10\n {no}\ncrypto pki certificate map M 20\n {yes}"
        );
        assert!(matches(&config(&either), "M", &certificate));
        assert!(!matches(&config(&either), "N", &certificate));
        assert!(!matches(
            &config("crypto pki certificate map M 10"),
            "M",
            &certificate
        ));
    }

    /// The calendar here and that of certificates are the same.
    #[test]
    fn every_day_is_read_as_it_is_printed() {
        for day in (-7305..2_932_896).step_by(101) {
            let at = i64::from(day) * 86_400 + 4711;
            assert_eq!(seconds(&ike_pki::IosTime(at).to_string()), Some(at));
        }
    }

    /// U-10: the newest profile with a map that fits; it needs no identity.
    #[test]
    fn a_certificate_selects_the_newest_profile_whose_map_fits() {
        let profile = |name: &str, map: &str| {
            format!(
                "crypto ikev2 profile {name}\n match certificate {map}\n authentication local rsa-sig\n authentication remote rsa-sig\n"
            )
        };
        let text = format!(
            "crypto pki certificate map M 10\n issuer-name co ca1\ncrypto pki certificate map N 10\n issuer-name co ca2\n{}{}{}",
            profile("A", "M"),
            profile("B", "M"),
            profile("C", "N")
        );
        let config = parse("test.cfg", &text).config;
        let local = [192, 168, 0, 1].into();
        let found = crate::policy::ikev2::profile::for_certificate(&certificate(), local, &config);
        assert_eq!((found.value.as_deref(), found.rule.0), (Some("B"), "S-095"));
    }

    /// Each line of the map with its result.
    #[test]
    fn the_lines_of_a_map_are_told_one_by_one() {
        let text = "crypto pki certificate map M 10\n issuer-name co ca1\n subject-name co r9\n";
        let config = parse("test.cfg", text).config;
        let told = steps(&config, "M", &certificate());
        let told: Vec<_> = told.iter().map(|s| (s.what.as_str(), s.passed)).collect();
        let lines = [
            ("M 10: issuer-name co ca1", true),
            ("M 10: subject-name co r9", false),
        ];
        assert_eq!(told, lines);
    }
}
