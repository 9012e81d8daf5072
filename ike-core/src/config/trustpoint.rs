//! The sub-mode of `crypto pki trustpoint` (G-061).
use super::codes;
use super::grammar::{Args, Command, Fault};
use super::interface::address_or_interface;
use super::isakmp::hash_by_name;
use super::model::*;
use super::trustpoint_checks as checks;
use super::value;

type Run = Result<(), Fault>;

/// `crypto pki trustpoint`.
pub(super) const TRUSTPOINT: &[Command<TrustpointConfig>] = &[
    Command {
        patterns: ENROLLMENT,
        run: enrollment,
    },
    Command {
        patterns: &["serial-number", "serial-number {none}"],
        run: serial_number,
    },
    Command {
        patterns: &["fqdn {none}", "fqdn <word>"],
        run: fqdn,
    },
    Command {
        patterns: &["ip-address {none}", "ip-address <ip>", "ip-address <if>"],
        run: ip_address,
    },
    Command {
        patterns: &["subject-name <line>"],
        run: subject_name,
    },
    Command {
        patterns: &["subject-alt-name <line>"],
        run: subject_alt_name,
    },
    Command {
        patterns: RSA_KEY,
        run: rsakeypair,
    },
    Command {
        patterns: &["eckeypair <word>"],
        run: eckeypair,
    },
    Command {
        patterns: REVOCATION,
        run: revocation_check,
    },
    Command {
        patterns: &["hash {md5|sha1|sha256|sha384|sha512}"],
        run: hash,
    },
    Command {
        patterns: &["fingerprint <line>"],
        run: fingerprint,
    },
    Command {
        patterns: &["enrollment mode ra"],
        run: enrollment_mode,
    },
    Command {
        patterns: &["enrollment retry count <1-100>"],
        run: retry_count,
    },
    Command {
        patterns: &["enrollment retry period <1-60>"],
        run: retry_period,
    },
    Command {
        patterns: AUTO_ENROLL,
        run: auto_enroll,
    },
    Command {
        patterns: &["regenerate"],
        run: regenerate,
    },
    Command {
        patterns: &["password <line>"],
        run: password,
    },
    Command {
        patterns: &["source interface <if>"],
        run: source_interface,
    },
    Command {
        patterns: &["usage {ike|ssl-client|ssl-server}+"],
        run: usage,
    },
    Command {
        patterns: checks::CHAIN,
        run: checks::chain_validation,
    },
    Command {
        patterns: checks::CRL_CACHE,
        run: checks::crl_cache,
    },
    Command {
        patterns: &["crl query <word>"],
        run: checks::crl_query,
    },
    Command {
        patterns: &["ocsp url <word>"],
        run: checks::ocsp_url,
    },
    Command {
        patterns: &["ocsp disable-nonce"],
        run: checks::ocsp_disable_nonce,
    },
    Command {
        patterns: checks::MATCH,
        run: checks::match_certificate,
    },
    Command {
        patterns: KEPT,
        run: keep,
    },
];

const ENROLLMENT: &[&str] = &[
    "enrollment {url} <word>",
    "enrollment {terminal}",
    "enrollment {terminal} pem",
    "enrollment {selfsigned}",
    "enrollment {profile} <word>",
    "enrollment {pkcs12}",
];
const RSA_KEY: &[&str] = &[
    "rsakeypair <word>",
    "rsakeypair <word> <360-8192>",
    "rsakeypair <word> <360-8192> <360-8192>",
];
const REVOCATION: &[&str] = &[
    "revocation-check {crl|none|ocsp}",
    "revocation-check {crl|none|ocsp} {crl|none|ocsp}",
    "revocation-check {crl|none|ocsp} {crl|none|ocsp} {crl|none|ocsp}",
];
const AUTO_ENROLL: &[&str] = &[
    "auto-enroll",
    "auto-enroll <1-100>",
    "auto-enroll <1-100> {regenerate}",
    "auto-enroll {regenerate}",
];
/// Known commands that are kept as typed.
const KEPT: &[&str] = &["{primary}", "{storage} <line>", "{vrf} <word>"];

fn enrollment(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.enrollment = match args.get(0).filter(|_| args.sets()) {
        Some("url") => Some(Enrollment::Url(args.text(1))),
        Some("terminal") => Some(Enrollment::Terminal),
        Some("selfsigned") => Some(Enrollment::SelfSigned),
        Some("profile") => Some(Enrollment::Profile(args.text(1))),
        Some(_) => Some(Enrollment::Pkcs12),
        None => None,
    };
    Ok(())
}

fn serial_number(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.serial_number = args.sets() && args.get(0).is_none();
    Ok(())
}

fn fqdn(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    let name = args
        .get(0)
        .filter(|name| *name != "none")
        .map(str::to_owned);
    trustpoint.fqdn = args.sets().then_some(name);
    Ok(())
}

fn ip_address(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    let which = args.get(0).and_then(address_or_interface);
    trustpoint.ip_address = args.sets().then_some(which);
    Ok(())
}

fn subject_name(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.subject_name = args.sets().then(|| args.text(0));
    Ok(())
}

fn subject_alt_name(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.subject_alt_name = args.sets().then(|| args.text(0));
    Ok(())
}

fn rsakeypair(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.rsakeypair = args.sets().then(|| (args.text(0), args.number(1)));
    Ok(())
}

fn eckeypair(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.eckeypair = args.sets().then(|| args.text(0));
    Ok(())
}

fn revocation_check(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    let method = |name: &String| match name.as_str() {
        "crl" => RevocationMethod::Crl,
        "ocsp" => RevocationMethod::Ocsp,
        _ => RevocationMethod::None,
    };
    trustpoint.revocation_check = args
        .values
        .iter()
        .filter(|_| args.sets())
        .map(method)
        .collect();
    Ok(())
}

fn hash(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.hash = args.get(0).filter(|_| args.sets()).and_then(hash_by_name);
    Ok(())
}

fn fingerprint(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    let octets = args.get(0).and_then(value::hex);
    let known = |octets: &Vec<u8>| [16, 20, 32].contains(&octets.len());
    if args.sets() && !octets.as_ref().is_some_and(known) {
        let message =
            "not a fingerprint: 32 or 40 hexadecimal digits expected (MD5, SHA-1), or 64 (SHA-256)";
        return Err(Fault {
            value: 0,
            code: codes::BAD_VALUE,
            message: message.to_owned(),
            help: None,
        });
    }
    trustpoint.fingerprint = args.sets().then(|| args.text(0));
    Ok(())
}

fn enrollment_mode(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.enrollment_mode_ra = args.sets();
    Ok(())
}

fn retry_count(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.enrollment_retry_count = args.number(0).filter(|_| args.sets());
    Ok(())
}

fn retry_period(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.enrollment_retry_period = args.number(0).filter(|_| args.sets());
    Ok(())
}

fn auto_enroll(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.auto_enroll = args.sets().then(|| AutoEnroll {
        percent: args.number(0),
        regenerate: args.values.iter().any(|word| word == "regenerate"),
    });
    Ok(())
}

fn regenerate(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.regenerate = args.sets();
    Ok(())
}

fn password(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.password = args.sets().then(|| EnrollmentPassword(args.text(0)));
    Ok(())
}

fn source_interface(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.source_interface = args.get(0).filter(|_| args.sets()).map(str::to_owned);
    Ok(())
}

fn usage(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    let word = |word: &String| match word.as_str() {
        "ike" => TrustpointUsage::Ike,
        "ssl-client" => TrustpointUsage::SslClient,
        _ => TrustpointUsage::SslServer,
    };
    let words = args.values.iter().filter(|_| args.sets());
    trustpoint.usage = words.map(word).collect();
    trustpoint.usage.dedup();
    Ok(())
}

fn keep(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    let line = args.values.join(" ");
    // Each is single-valued: its first word says which one it is.
    let key = args.text(0);
    let same = |known: &String| *known == key || known.starts_with(&format!("{key} "));
    trustpoint.kept.retain(|known| !same(known));
    if args.sets() {
        trustpoint.kept.push(line);
    }
    Ok(())
}
