//! A certificate behind its length of two octets, and the text of a certificate map: never a panic, and a line and its
//! opposite do not both hold.
#![no_main]
use ike_core::config::parse;
use ike_core::policy::certificate_map::matches;
use ike_pki::Certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Some((length, rest)) = octets.split_first_chunk::<2>() else { return };
    let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
    let (der, text) = rest.split_at(length);
    let Ok(certificate) = Certificate::from_der(der.to_vec()) else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let lines = |text: &str| parse("fuzz", &format!("crypto pki certificate map M 10\n {text}\n")).config;
    let config = lines(text);
    let _ = matches(&config, "M", &certificate);
    for (operator, opposite) in [(" eq ", " ne "), (" co ", " nc "), (" lt ", " ge ")] {
        let line = text.lines().next().unwrap_or_default();
        if line.contains(operator) {
            let [one, other] = [line.to_owned(), line.replacen(operator, opposite, 1)].map(|line| lines(&line));
            let kept = |config: &ike_core::config::RunningConfig| config.certificate_maps.iter().map(|map| map.rules.len()).sum::<usize>();
            if kept(&one) == 1 && kept(&other) == 1 {
                assert!(!(matches(&one, "M", &certificate) && matches(&other, "M", &certificate)), "{line}");
            }
        }
    }
});
