//! Certificate maps, certificates in the text, and the global PKI commands (G-061 to G-064).
use super::grammar::{Args, Command, Fault};
use super::model::*;
use super::state::{Mode, PendingCertificate, State, enter, enter_sorted};
use super::value;

type Run = Result<(), Fault>;

/// Octets of one certificate in the text.
const MAX_CERTIFICATE: usize = 65_536;

/// Global commands.
pub(super) const COMMANDS: &[Command<State>] = &[
    Command {
        patterns: &[
            "crypto pki trustpoint <word>",
            "crypto ca trustpoint <word>",
        ],
        run: trustpoint,
    },
    Command {
        patterns: MAP_LINE,
        run: certificate_map,
    },
    Command {
        patterns: CHAIN_LINE,
        run: certificate_chain,
    },
    Command {
        patterns: &["crypto pki trustpool clean"],
        run: trustpool_clean,
    },
];

const MAP_LINE: &[&str] = &[
    "crypto pki certificate map <word> <1-65535>",
    "crypto ca certificate map <word> <1-65535>",
];
const CHAIN_LINE: &[&str] = &[
    "crypto pki certificate chain <word>",
    "crypto ca certificate chain <word>",
];

/// `crypto pki certificate map` (G-062).
pub(super) const MAP: &[Command<CertificateMap>] = &[Command {
    patterns: RULE,
    run: rule,
}];

const RULE: &[&str] = &[
    "{subject-name|issuer-name|unstructured-subject-name|alt-subject-name|name|serial-number|valid-start|expires-on} {eq|ne|co|nc|lt|ge} <line>",
];

/// `crypto pki certificate chain`.
pub(super) const CHAIN: &[Command<State>] = &[Command {
    patterns: CERTIFICATE,
    run: certificate,
}];

const CERTIFICATE: &[&str] = &[
    "certificate <hex>",
    "certificate <hex> <word>",
    "certificate {self-signed|ca} <hex>",
    "certificate {self-signed|ca} <hex> <word>",
];

fn trustpoint(state: &mut State, args: &Args) -> Run {
    let name = args.text(0);
    if !args.sets() {
        // P-003: its certificates go with it.
        state
            .config
            .trustpoints
            .retain(|trustpoint| trustpoint.name != name);
        state
            .config
            .certificate_chains
            .retain(|chain| chain.trustpoint != name);
        return Ok(());
    }
    let new = || TrustpointConfig {
        name: name.clone(),
        ..TrustpointConfig::default()
    };
    state.mode = Mode::Trustpoint(enter(
        &mut state.config.trustpoints,
        |known| known.name == name,
        new,
    ));
    Ok(())
}

fn certificate_map(state: &mut State, args: &Args) -> Run {
    let (label, sequence) = (args.text(0), args.number(1));
    let maps = &mut state.config.certificate_maps;
    if !args.sets() {
        maps.retain(|map| {
            map.label != label || sequence.is_some_and(|sequence| map.sequence != sequence)
        });
        return Ok(());
    }
    let key = (label, sequence.unwrap_or_default());
    let new = || CertificateMap {
        label: key.0.clone(),
        sequence: key.1,
        rules: Vec::new(),
    };
    state.mode = Mode::CertificateMap(enter_sorted(
        maps,
        &key,
        |map| (map.label.clone(), map.sequence),
        new,
    ));
    Ok(())
}

fn rule(map: &mut CertificateMap, args: &Args) -> Run {
    let rule = args.values.join(" ");
    if args.sets() {
        super::state::add(&mut map.rules, rule);
    } else {
        map.rules
            .retain(|known| *known != rule && !known.starts_with(&format!("{rule} ")));
    }
    Ok(())
}

fn certificate_chain(state: &mut State, args: &Args) -> Run {
    let trustpoint = args.text(0);
    let chains = &mut state.config.certificate_chains;
    if !args.sets() {
        chains.retain(|chain| chain.trustpoint != trustpoint);
        return Ok(());
    }
    let new = || CertificateChain {
        trustpoint: trustpoint.clone(),
        certificates: Vec::new(),
    };
    state.mode = Mode::Chain(enter(chains, |chain| chain.trustpoint == trustpoint, new));
    Ok(())
}

fn certificate(state: &mut State, args: &Args) -> Run {
    let (kind, values) = match args.get(0) {
        Some("ca") => (ChainCertificateKind::Ca, args.values.get(1..)),
        Some("self-signed") => (ChainCertificateKind::SelfSigned, args.values.get(1..)),
        _ => (ChainCertificateKind::Router, args.values.get(0..)),
    };
    let values = values.unwrap_or_default();
    let serial = values.first().cloned().unwrap_or_default();
    if !args.sets() {
        let other = |known: &ChainCertificate| (known.kind, &known.serial) != (kind, &serial);
        chain(state)
            .into_iter()
            .for_each(|chain| chain.certificates.retain(other));
        return Ok(());
    }
    match values.get(1) {
        Some(file) => put_certificate(
            state,
            kind,
            serial,
            ChainCertificateSource::File(file.clone()),
        ),
        None => {
            state.certificate = Some(PendingCertificate {
                kind,
                serial,
                digits: String::new(),
            })
        }
    }
    Ok(())
}

fn chain(state: &mut State) -> Option<&mut CertificateChain> {
    match state.mode {
        Mode::Chain(index) => state.config.certificate_chains.get_mut(index),
        _ => None,
    }
}

fn put_certificate(
    state: &mut State,
    kind: ChainCertificateKind,
    serial: String,
    source: ChainCertificateSource,
) {
    let new = ChainCertificate {
        kind,
        serial,
        source,
    };
    let Some(chain) = chain(state) else { return };
    match chain
        .certificates
        .iter_mut()
        .find(|known| (known.kind, &known.serial) == (new.kind, &new.serial))
    {
        Some(known) => *known = new,
        None => chain.certificates.push(new),
    }
}

/// A line below `certificate SERIAL`: hexadecimal digits or `quit`. Error: why it is neither; the certificate is dropped.
pub(super) fn certificate_line(state: &mut State, line: &str) -> Result<(), String> {
    let Some(mut pending) = state.certificate.take() else {
        return Ok(());
    };
    let text: String = line.split_whitespace().collect();
    if text.eq_ignore_ascii_case("quit") {
        let der = value::hex(&pending.digits).filter(|der| !der.is_empty());
        let der = der.ok_or_else(|| {
            format!(
                "certificate {} has an odd number of digits, or none",
                pending.serial
            )
        })?;
        put_certificate(
            state,
            pending.kind,
            pending.serial,
            ChainCertificateSource::Der(der),
        );
        return Ok(());
    }
    if !text.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err(format!(
            "not hexadecimal: digits or `quit` expected in certificate {}",
            pending.serial
        ));
    }
    pending.digits.push_str(&text);
    if pending.digits.len() > 2 * MAX_CERTIFICATE {
        return Err(format!(
            "certificate {} is too long: at most {MAX_CERTIFICATE} octets expected",
            pending.serial
        ));
    }
    state.certificate = Some(pending);
    Ok(())
}

fn trustpool_clean(state: &mut State, args: &Args) -> Run {
    state.config.trustpool_clean = args.sets();
    Ok(())
}
