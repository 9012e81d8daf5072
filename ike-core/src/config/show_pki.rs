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
    show_enrollment(trustpoint, out);
    show_subject(trustpoint, out);
    show_checks(trustpoint, out);
    show_keys(trustpoint, out);
    trustpoint
        .kept
        .iter()
        .for_each(|line| out.line(format_args!(" {line}")));
    out.end();
}

fn show_enrollment(trustpoint: &TrustpointConfig, out: &mut Text) {
    let count = trustpoint.enrollment_retry_count;
    out.value(" enrollment retry count", count);
    let period = trustpoint.enrollment_retry_period;
    out.value(" enrollment retry period", period);
    out.when(trustpoint.enrollment_mode_ra, " enrollment mode ra");
    match &trustpoint.enrollment {
        Some(Enrollment::Url(url)) => out.line(format_args!(" enrollment url {url}")),
        Some(Enrollment::Profile(name)) => out.line(format_args!(" enrollment profile {name}")),
        Some(Enrollment::Terminal) => out.line(format_args!(" enrollment terminal")),
        Some(Enrollment::SelfSigned) => out.line(format_args!(" enrollment selfsigned")),
        Some(Enrollment::Pkcs12) => out.line(format_args!(" enrollment pkcs12")),
        None => {}
    }
    let usage = |usage: &TrustpointUsage| match usage {
        TrustpointUsage::Ike => "ike",
        TrustpointUsage::SslClient => "ssl-client",
        TrustpointUsage::SslServer => "ssl-server",
    };
    let usage: Vec<&str> = trustpoint.usage.iter().map(usage).collect();
    out.value(" usage", words(&usage));
}

fn show_subject(trustpoint: &TrustpointConfig, out: &mut Text) {
    out.when(trustpoint.serial_number, " serial-number");
    let fqdn = trustpoint.fqdn.as_ref();
    out.value(" fqdn", fqdn.map(|name| name.as_deref().unwrap_or("none")));
    let address = |which: &Option<AddressOrInterface>| {
        which
            .as_ref()
            .map_or("none".to_owned(), ToString::to_string)
    };
    out.value(" ip-address", trustpoint.ip_address.as_ref().map(address));
    let password = trustpoint.password.as_ref();
    out.value(" password", password.map(|password| &password.0));
    out.value(" subject-name", trustpoint.subject_name.as_ref());
    out.value(" subject-alt-name", trustpoint.subject_alt_name.as_ref());
    out.value(" fingerprint", trustpoint.fingerprint.as_ref());
}

fn show_checks(trustpoint: &TrustpointConfig, out: &mut Text) {
    match &trustpoint.chain_validation {
        ChainValidation::Stop => {}
        ChainValidation::Continue(parent) => {
            let parent = parent.as_ref().map(|name| format!(" {name}"));
            let parent = parent.unwrap_or_default();
            out.line(format_args!(" chain-validation continue{parent}"));
        }
    }
    out.value(" crl query", trustpoint.crl_query.as_ref());
    match trustpoint.crl_cache {
        CrlCacheTime::NextUpdate => {}
        CrlCacheTime::None => out.line(format_args!(" crl cache none")),
        CrlCacheTime::DeleteAfter(minutes) => {
            out.line(format_args!(" crl cache delete-after {minutes}"));
        }
    }
    let methods: Vec<&str> = trustpoint.revocation_check.iter().map(revocation).collect();
    out.value(" revocation-check", words(&methods));
    out.value(" ocsp url", trustpoint.ocsp_url.as_ref());
    out.when(trustpoint.ocsp_disable_nonce, " ocsp disable-nonce");
    for line in &trustpoint.match_certificate {
        let effect = match line.effect {
            MatchEffect::Accept => "",
            MatchEffect::AllowExpired => " allow expired-certificate",
            MatchEffect::SkipRevocation => " skip revocation-check",
            MatchEffect::SkipAuthorization => " skip authorization-check",
        };
        out.line(format_args!(" match certificate {}{effect}", line.map));
    }
    out.value(" source interface", trustpoint.source_interface.as_ref());
}

fn show_keys(trustpoint: &TrustpointConfig, out: &mut Text) {
    let size = |size: &Option<u32>| size.map(|size| format!(" {size}")).unwrap_or_default();
    let pair = trustpoint.rsakeypair.as_ref();
    let pair = pair.map(|(label, bits)| format!("{label}{}", size(bits)));
    out.value(" rsakeypair", pair);
    out.value(" eckeypair", trustpoint.eckeypair.as_ref());
    if let Some(auto) = trustpoint.auto_enroll {
        let regenerate = if auto.regenerate { " regenerate" } else { "" };
        let percent = size(&auto.percent);
        out.line(format_args!(" auto-enroll{percent}{regenerate}"));
    }
    out.when(trustpoint.regenerate, " regenerate");
    let hash = |hash| match hash {
        IsakmpHash::Sha => "sha1",
        other => hash_name(other),
    };
    out.value(" hash", trustpoint.hash.map(hash));
}

fn words(words: &[&str]) -> Option<String> {
    Some(words.join(" ")).filter(|text| !text.is_empty())
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
