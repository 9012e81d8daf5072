//! The parts of Main Mode that initiator and responder build and read alike.

use bytes::Bytes;
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Attribute, Body, Chain, OakleyAttribute, Payload, Transform, encode_chain};

use super::context::Context;
use super::material::Material;
use super::requests;
use super::shell::Shell;
use super::table::{self, Message};
use super::vendor::{self, Abilities};
use crate::config::{IsakmpAuthentication, IsakmpPolicy};
use crate::policy::isakmp::{self, Mismatch, Suite};
use crate::policy::{Decision, preshared};
use crate::sa::Role;
use crate::sa::job::JobOutcome;
use crate::sa::natt::{self, Nat};
use crate::trace::{Fsm, Input, IsakmpTrace, Syslog, TransformLine};

/// Octets of our nonces (W-006).
pub(super) const NONCE_LEN: usize = 20;

/// The body of the first payload as it goes over the wire: SAi_b.
#[must_use]
pub(super) fn body_of(payloads: &[Payload]) -> Bytes {
    encode_chain(payloads)
        .map(|(_, octets)| octets.slice(4.min(octets.len())..))
        .unwrap_or_default()
}

/// MM3 or MM4 (W-012, W-013).
pub(super) fn key_payloads(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    suite: &Suite,
    public: &Bytes,
    nonce: &Bytes,
    peer: Abilities,
) -> Vec<Payload> {
    let mut out: Vec<Payload> = vec![
        Body::KeyExchange(public.clone()).into(),
        Body::Nonce(nonce.clone()).into(),
    ];
    if suite.authentication != IsakmpAuthentication::PreShare {
        out.extend(requests::construct(shell, ctx));
    }
    out.extend(vendor::key_message(shell, ctx));
    if peer.natt {
        // W-014: the destination's hash first, then our own.
        for endpoint in [shell.remote, shell.local] {
            let hash = natt::hash(suite.hash, shell.cookie_i, shell.cookie_r, endpoint);
            out.push(Body::nat_d(hash).into());
        }
    }
    out
}

/// Takes MM3 or MM4 for the state `fsm` and returns KE and nonce; `None` after telling why it is
/// dropped.
pub(super) fn take_key_message(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    chain: &Chain,
    datagram: &[u8],
    fsm: Fsm,
) -> Option<(Bytes, Bytes)> {
    let found = key_exchange(chain)
        .map_err(|reason| shell.dropped(ctx, reason))
        .ok()?;
    shell.transition(ctx, Input::MainModeMessage, fsm);
    for payload in ["KE", "NONCE"] {
        shell.trace(
            ctx,
            IsakmpTrace::Processing {
                payload,
                message_id: 0,
            },
        );
    }
    shell.accept(datagram);
    Some(found)
}

/// KE and nonce of MM3 or MM4, sizes checked (D8: 8 to 256 octets, RFC 2409 5).
///
/// # Errors
/// A sentence for the drop.
fn key_exchange(chain: &Chain) -> Result<(Bytes, Bytes), String> {
    table::check(Message::MainKe, chain)?;
    let (Some((_, Body::KeyExchange(public))), Some((_, Body::Nonce(nonce)))) = (
        chain.find(PayloadType::KEY_EXCHANGE),
        chain.find(PayloadType::NONCE),
    ) else {
        return Err("KE or Nonce does not decode".to_owned());
    };
    if !(8..=256).contains(&nonce.len()) {
        return Err(format!(
            "nonce of {} octets, 8 to 256 expected",
            nonce.len()
        ));
    }
    Ok((public.clone(), nonce.clone()))
}

/// Reads what stands beside KE and nonce: certificate requests, vendor IDs, NAT-D. Returns
/// the trustpoint that signs for us.
pub(super) fn read_key_message(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: &mut Material,
    chain: &Chain,
    first: Abilities,
) -> Option<String> {
    let trustpoint = match material.suite.authentication {
        IsakmpAuthentication::PreShare => None,
        _ => requests::choose(shell, ctx, &requests::read(chain)),
    };
    let abilities = vendor::process(shell, ctx, chain);
    material.peer_dpd = first.dpd || abilities.dpd;
    material.nat = if first.natt {
        detect_nat(shell, ctx, material, chain)
    } else {
        Nat::default()
    };
    trustpoint
}

fn detect_nat(shell: &Shell, ctx: &mut Context<'_>, material: &Material, chain: &Chain) -> Nat {
    let hashes: Vec<Bytes> = chain
        .bodies()
        .filter_map(|(_, body)| match body {
            Body::NatD { hash, .. } => Some(hash.clone()),
            _ => None,
        })
        .collect();
    let hash = |endpoint| {
        natt::hash(
            material.suite.hash,
            shell.cookie_i,
            shell.cookie_r,
            endpoint,
        )
    };
    let nat = Nat::detect(&hashes, &hash(shell.local), &hash(shell.remote));
    for _ in hashes.iter().take(1) {
        shell.trace(ctx, IsakmpTrace::PayloadType(PayloadType::NAT_D.0));
        shell.trace(ctx, IsakmpTrace::NatHashMismatch { here: nat.here });
        shell.trace(ctx, IsakmpTrace::PayloadType(PayloadType::NAT_D.0));
    }
    if !nat.found() {
        shell.trace(ctx, IsakmpTrace::NoNat);
    }
    nat
}

/// Holds a transform against a policy and tells it line by line (O-082, W-053).
///
/// # Errors
/// The first attribute that does not fit.
pub(super) fn compare(
    shell: &Shell,
    ctx: &mut Context<'_>,
    transform: &Transform,
    policy: &IsakmpPolicy,
) -> Result<Suite, Mismatch> {
    let (number, priority) = (transform.number, policy.priority);
    shell.trace(ctx, IsakmpTrace::CheckingTransform { number, priority });
    shell.trace(ctx, IsakmpTrace::TransformLines(lines(transform)));
    let result = isakmp::compare(transform, policy);
    match result {
        Ok(_) => shell.trace(ctx, IsakmpTrace::AttsAcceptable { next: 0 }),
        Err(mismatch) => {
            shell.trace(ctx, IsakmpTrace::OfferedMismatch(mismatch_name(mismatch)));
            shell.trace(ctx, IsakmpTrace::AttsNotAcceptable { next: 0 });
        }
    }
    result
}

fn mismatch_name(mismatch: Mismatch) -> &'static str {
    match mismatch {
        Mismatch::Encryption => "Encryption algorithm",
        Mismatch::Hash => "Hash algorithm",
        Mismatch::Authentication => "Authentication method",
        Mismatch::Group => "Diffie-Hellman group",
        Mismatch::KeyLength => "Proposed key length",
        Mismatch::Unusable => "Transform",
    }
}

/// The attribute lines of a phase 1 transform in IOS's words.
fn lines(transform: &Transform) -> Vec<TransformLine> {
    transform
        .attributes
        .iter()
        .map(|a| TransformLine(line(a)))
        .collect()
}

fn line(attribute: &Attribute) -> String {
    let value = attribute.as_u64().unwrap_or(u64::MAX);
    match OakleyAttribute(attribute.ty) {
        OakleyAttribute::ENCRYPTION => match value {
            1 => "encryption DES-CBC".to_owned(),
            5 => "encryption 3DES-CBC".to_owned(),
            7 => "encryption AES-CBC".to_owned(),
            n => format!("encryption... What? {n}?"),
        },
        OakleyAttribute::KEY_LENGTH => format!("keylength of {value}"),
        OakleyAttribute::HASH => match value {
            1 => "hash MD5".to_owned(),
            2 => "hash SHA".to_owned(),
            4 => "hash SHA256".to_owned(),
            5 => "hash SHA384".to_owned(),
            6 => "hash SHA512".to_owned(),
            n => format!("hash algorithm... What? {n}?"),
        },
        OakleyAttribute::GROUP => format!("default group {value}"),
        OakleyAttribute::AUTHENTICATION => match value {
            1 => "auth pre-share".to_owned(),
            3 => "auth RSA sig".to_owned(),
            9..=11 => "auth ECDSA sig".to_owned(),
            n => format!("auth... What? {n}?"),
        },
        OakleyAttribute::LIFE_TYPE => "life type in seconds".to_owned(),
        OakleyAttribute::LIFE_DURATION => duration(attribute, value),
        other => format!("unknown attribute {other}"),
    }
}

/// W-041: TLV durations are printed octet by octet, TV ones as a number.
fn duration(attribute: &Attribute, value: u64) -> String {
    match &attribute.value {
        ike_wire::v1::AttributeValue::Long(octets) => {
            let hex: Vec<String> = octets.iter().take(8).map(|o| format!("{o:#X}")).collect();
            format!("life duration (VPI) of  {}", hex.join(" "))
        }
        ike_wire::v1::AttributeValue::Short(_) => format!("life duration (basic) of {value}"),
    }
}

/// The key for the peer when the suite wants one, `None` when it wants signatures.
///
/// # Errors
/// There is no key for the peer: the reason for the record.
pub(super) fn preshared_key(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    suite: &Suite,
) -> Result<Option<Vec<u8>>, String> {
    if suite.authentication != IsakmpAuthentication::PreShare {
        return Ok(None);
    }
    let peer = shell.remote.ip();
    let profile = match shell.role {
        Role::Initiator => shell.profile(ctx.config),
        Role::Responder => None,
    };
    match preshared::for_address(ctx.config, profile, shell.local.ip(), peer) {
        Some(key) => {
            shell.trace(ctx, IsakmpTrace::FoundPresharedKey(peer));
            Ok(Some(key.key.clone()))
        }
        None => {
            shell.trace(ctx, IsakmpTrace::NoPresharedKey(peer));
            let why = ("G-023", format!("no pre-shared key for {peer}"));
            let decision = key_refusal(shell, ctx, why);
            shell.why(ctx, "the peer has no key here", &decision);
            Err(decision.because)
        }
    }
}

/// The keys of Main Mode are made with the pre-shared key (RFC 2409 5.4), so that with another one nothing decrypts;
/// nobody may answer it (D17), and the end is by repetition.
pub(super) fn suspect_key(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: &Material,
    message: &str,
) {
    if material.suite.authentication == IsakmpAuthentication::PreShare {
        let why = format!("{message} does not decrypt: the pre-shared keys may differ");
        let decision = key_refusal(shell, ctx, ("RFC 2409 5.4", why));
        shell.why(ctx, "the peer may have another key", &decision);
    }
}

/// The keys that were looked at for a peer that has none, or another.
pub(super) fn key_refusal(
    shell: &Shell,
    ctx: &Context<'_>,
    why: (&'static str, String),
) -> Decision<()> {
    let profile = shell
        .profile(ctx.config)
        .filter(|_| shell.role == Role::Initiator);
    let (local, peer) = (shell.local.ip(), shell.remote.ip());
    preshared::refusal(ctx.config, profile, local, peer, why)
}

/// Ends the negotiation: record, syslog, deletion (W-054).
pub(super) fn end<T>(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    message: &str,
    reason: impl Into<String>,
    then: T,
) -> T {
    let reason = reason.into();
    let peer = shell.remote.ip();
    shell.syslog(ctx, Syslog::ModeFailure { mode: "Main", peer });
    shell.ends(
        ctx,
        message,
        Decision::new((), "RFC 2409 5", reason.clone()),
    );
    shell.kill(ctx, &reason);
    then
}

/// The error inside an outcome, as text.
#[must_use]
pub(super) fn crypto_error(outcome: &JobOutcome) -> String {
    match outcome {
        JobOutcome::Public(Err(e))
        | JobOutcome::Shared(Err(e))
        | JobOutcome::PublicAndShared(Err(e)) => e.to_string(),
        JobOutcome::Signature(Err(crate::sa::job::SignError::NoKey(label))) => {
            format!("the store holds no key pair {label}")
        }
        JobOutcome::Signature(Err(crate::sa::job::SignError::Crypto(e))) => e.to_string(),
        _ => "a job of another kind came back".to_owned(),
    }
}
