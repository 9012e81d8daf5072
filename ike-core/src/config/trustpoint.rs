//! The sub-mode of `crypto pki trustpoint` (G-061).
use super::codes;
use super::grammar::{Args, Command, Fault};
use super::interface::address_or_interface;
use super::isakmp::hash_by_name;
use super::model::*;
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
/// Known commands that are kept as typed.
const KEPT: &[&str] = &[
    "{auto-enroll}",
    "{auto-enroll} <1-100>",
    "{auto-enroll} <1-100> {regenerate}",
    "{auto-enroll} {regenerate}",
    "{chain-validation} {stop}",
    "{chain-validation} {continue}",
    "{chain-validation} {continue} <word>",
    "{crl} {cache} {none}",
    "{crl} {cache} {delete-after} <1-43200>",
    "{crl} {query} <word>",
    "{enrollment} {mode} {ra}",
    "{enrollment} {retry} {count} <1-100>",
    "{enrollment} {retry} {period} <1-60>",
    "{match} {certificate} <word>",
    "{match} {certificate} <word> {allow} {expired-certificate}",
    "{match} {certificate} <word> {skip} {revocation-check|authorization-check}",
    "{ocsp} {disable-nonce}",
    "{ocsp} {url} <word>",
    "{password} <line>",
    "{primary}",
    "{regenerate}",
    "{source} {interface} <if>",
    "{storage} <line>",
    "{usage} {ike|ssl-client|ssl-server}",
    "{vrf} <word>",
];

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
    if args.sets()
        && !octets
            .as_ref()
            .is_some_and(|octets| [16, 20].contains(&octets.len()))
    {
        let message = "not a fingerprint: 32 or 40 hexadecimal digits expected".to_owned();
        return Err(Fault {
            value: 0,
            code: codes::BAD_VALUE,
            message,
            help: None,
        });
    }
    trustpoint.fingerprint = args.sets().then(|| args.text(0));
    Ok(())
}

fn keep(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    let line = args.values.join(" ");
    // A single-valued command replaces: its words up to the value say which one it is.
    let words = args.values.len().saturating_sub(1).max(1);
    let key = args.values.get(..words).unwrap_or_default().join(" ");
    let repeats = args.get(0) == Some("match");
    let same = |known: &String| {
        known == &line || (!repeats && (known == &key || known.starts_with(&format!("{key} "))))
    };
    trustpoint.kept.retain(|known| !same(known));
    if args.sets() {
        trustpoint.kept.push(line);
    }
    Ok(())
}
