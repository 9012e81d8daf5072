//! Lines of a trustpoint that say how certificates are validated (G-061, P-040, P-041).
use super::grammar::{Args, Fault};
use super::model::*;

type Run = Result<(), Fault>;

pub(super) const CHAIN: &[&str] = &[
    "chain-validation {stop}",
    "chain-validation {continue}",
    "chain-validation {continue} <word>",
];
pub(super) const CRL_CACHE: &[&str] = &["crl cache {none}", "crl cache {delete-after} <1-43200>"];
pub(super) const MATCH: &[&str] = &[
    "match certificate <word>",
    "match certificate <word> {allow} expired-certificate",
    "match certificate <word> {skip} {revocation-check|authorization-check}",
];

pub(super) fn chain_validation(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.chain_validation = match args.get(0).filter(|_| args.sets()) {
        Some("continue") => ChainValidation::Continue(args.get(1).map(str::to_owned)),
        _ => ChainValidation::Stop,
    };
    Ok(())
}

pub(super) fn crl_cache(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.crl_cache = match (args.get(0).filter(|_| args.sets()), args.number(1)) {
        (Some("none"), _) => CrlCacheTime::None,
        (Some(_), Some(minutes)) => CrlCacheTime::DeleteAfter(minutes),
        _ => CrlCacheTime::NextUpdate,
    };
    Ok(())
}

pub(super) fn crl_query(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.crl_query = args.sets().then(|| args.text(0));
    Ok(())
}

pub(super) fn ocsp_url(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.ocsp_url = args.sets().then(|| args.text(0));
    Ok(())
}

pub(super) fn ocsp_disable_nonce(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    trustpoint.ocsp_disable_nonce = args.sets();
    Ok(())
}

/// Several lines stand beside each other; `no` with a map alone takes each of its lines.
pub(super) fn match_certificate(trustpoint: &mut TrustpointConfig, args: &Args) -> Run {
    let effect = match (args.get(1), args.get(2)) {
        (Some("allow"), _) => MatchEffect::AllowExpired,
        (Some(_), Some("revocation-check")) => MatchEffect::SkipRevocation,
        (Some(_), _) => MatchEffect::SkipAuthorization,
        (None, _) => MatchEffect::Accept,
    };
    let map = args.text(0);
    let lines = &mut trustpoint.match_certificate;
    if args.sets() {
        super::state::add(lines, CertificateMatch { map, effect });
    } else {
        let whole = args.get(1).is_none();
        let other = |line: &CertificateMatch| line.map != map || !(whole || line.effect == effect);
        lines.retain(|line| !map.is_empty() && other(line));
    }
    Ok(())
}
