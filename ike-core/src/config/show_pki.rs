//! Trustpoints and certificates in `show running-config`.
use super::model::*;
use super::show::Text;
use super::show_isakmp::hash_name;

/// Trustpoints, certificate maps, certificates.
pub(super) fn pki(config: &RunningConfig, out: &mut Text) {
    out.when(config.trustpool_clean, "crypto pki trustpool clean");
    config
        .trustpoints
        .iter()
        .for_each(|trustpoint| show_trustpoint(trustpoint, out));
    for map in &config.certificate_maps {
        out.line(format_args!(
            "crypto pki certificate map {} {}",
            map.label, map.sequence
        ));
        map.rules
            .iter()
            .for_each(|rule| out.line(format_args!(" {rule}")));
        out.end();
    }
    config
        .certificate_chains
        .iter()
        .for_each(|chain| show_chain(chain, out));
}

fn show_trustpoint(trustpoint: &TrustpointConfig, out: &mut Text) {
    out.line(format_args!("crypto pki trustpoint {}", trustpoint.name));
    match &trustpoint.enrollment {
        Some(Enrollment::Url(url)) => out.line(format_args!(" enrollment url {url}")),
        Some(Enrollment::Profile(name)) => out.line(format_args!(" enrollment profile {name}")),
        Some(Enrollment::Terminal) => out.line(format_args!(" enrollment terminal")),
        Some(Enrollment::SelfSigned) => out.line(format_args!(" enrollment selfsigned")),
        Some(Enrollment::Pkcs12) => out.line(format_args!(" enrollment pkcs12")),
        None => {}
    }
    out.when(trustpoint.serial_number, " serial-number");
    out.value(
        " fqdn",
        trustpoint
            .fqdn
            .as_ref()
            .map(|name| name.as_deref().unwrap_or("none")),
    );
    let address = |which: &Option<AddressOrInterface>| {
        which
            .as_ref()
            .map_or("none".to_owned(), ToString::to_string)
    };
    out.value(" ip-address", trustpoint.ip_address.as_ref().map(address));
    out.value(" subject-name", trustpoint.subject_name.as_ref());
    out.value(" subject-alt-name", trustpoint.subject_alt_name.as_ref());
    out.value(" fingerprint", trustpoint.fingerprint.as_ref());
    let methods: Vec<&str> = trustpoint.revocation_check.iter().map(revocation).collect();
    out.value(
        " revocation-check",
        Some(methods.join(" ")).filter(|text| !text.is_empty()),
    );
    let size = |size: &Option<u32>| size.map(|size| format!(" {size}")).unwrap_or_default();
    out.value(
        " rsakeypair",
        trustpoint
            .rsakeypair
            .as_ref()
            .map(|(label, bits)| format!("{label}{}", size(bits))),
    );
    out.value(" eckeypair", trustpoint.eckeypair.as_ref());
    out.value(
        " hash",
        trustpoint.hash.map(|hash| {
            if hash == IsakmpHash::Sha {
                "sha1"
            } else {
                hash_name(hash)
            }
        }),
    );
    trustpoint
        .kept
        .iter()
        .for_each(|line| out.line(format_args!(" {line}")));
    out.end();
}

fn revocation(method: &RevocationMethod) -> &'static str {
    match method {
        RevocationMethod::Crl => "crl",
        RevocationMethod::None => "none",
        RevocationMethod::Ocsp => "ocsp",
    }
}

fn show_chain(chain: &CertificateChain, out: &mut Text) {
    out.line(format_args!(
        "crypto pki certificate chain {}",
        chain.trustpoint
    ));
    for certificate in &chain.certificates {
        let kind = match certificate.kind {
            ChainCertificateKind::Router => "",
            ChainCertificateKind::Ca => "ca ",
            ChainCertificateKind::SelfSigned => "self-signed ",
        };
        let serial = &certificate.serial;
        match &certificate.source {
            ChainCertificateSource::File(file) => {
                out.line(format_args!(" certificate {kind}{serial} {file}"))
            }
            ChainCertificateSource::Der(der) => {
                out.line(format_args!(" certificate {kind}{serial}"));
                put_hex(der, out);
            }
        }
    }
    out.end();
}

/// Groups of eight digits, nine to a line, two leading blanks, then `quit` (G-063).
fn put_hex(der: &[u8], out: &mut Text) {
    for line in der.chunks(36) {
        let group = |octets: &[u8]| {
            octets
                .iter()
                .map(|octet| format!("{octet:02X}"))
                .collect::<String>()
        };
        let groups: Vec<String> = line.chunks(4).map(group).collect();
        out.line(format_args!("  {}", groups.join(" ")));
    }
    out.line(format_args!("  \tquit"));
}
