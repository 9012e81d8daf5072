//! IKE_SA_INIT: the payloads of both directions, what the peer's message tells, and the keys that
//! follow (RFC 7296 1.2; S-070, S-071, W-060 to W-068).

use bytes::Bytes;
use ike_crypto::{Hash, Prf, Secret};
use ike_wire::registry::PayloadType;
use ike_wire::v2::{
    Body, CertRequest, Chain, HashAlgorithm, KeyExchange, NotifyType, Payload, SecurityAssociation,
};

use super::context::Context;
use super::intermediate::Additional;
use super::keymat::{self, Contributions, Keys};
use super::notify::{self, notify};
use super::ppk::{self, Mixing};
use super::redirect;
use super::shell::Shell;
use super::sk::Sk;
use crate::config::{Ikev2Mode, Ikev2Proposal};
use crate::policy::ikev2::suite::{self, IkeSuite};
use crate::policy::{Subject, ikev2};
use crate::sa::natt::{self, Nat};
use crate::sa::record::CertificateRequests;
use crate::trace::Ikev2Trace;

/// Vendor IDs of 15.3T, plain text (W-061).
const VENDORS: [&[u8]; 2] = [b"CISCO-DELETE-REASON", b"FLEXVPN-SUPPORTED"];

/// The name of the smart default (G-045).
const DEFAULT_POLICY: &str = "default";

/// What a peer can do beyond RFC 7296's minimum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Hashes it verifies in AUTH method 14, in its order (RFC 7427 4).
    pub hashes: Vec<HashAlgorithm>,
    /// IKE fragments, and we do them too (RFC 7383).
    pub fragmentation: bool,
    /// An IKE SA without child SA (RFC 6023).
    pub childless: bool,
    /// Method of the additional key exchange that is in the keys (RFC 9370).
    pub additional_ke: Option<u16>,
    /// It sent USE_PPK (RFC 8784), and so did we.
    pub ppk: bool,
    /// It tells when its address changes, and we do as it says (RFC 4555); agreed in IKE_AUTH.
    pub mobike: bool,
}

/// What IKE_SA_INIT leaves behind for IKE_AUTH.
pub(super) struct Material {
    /// Algorithms and keys.
    pub sk: Sk,
    /// Ni.
    pub nonce_i: Bytes,
    /// Nr.
    pub nonce_r: Bytes,
    /// The IKE_SA_INIT request as it was sent last (RFC 7296 2.15, C7).
    pub message_i: Bytes,
    /// The IKE_SA_INIT response.
    pub message_r: Bytes,
    /// What the peer can do.
    pub abilities: Abilities,
    /// Hashes of the authorities the peer asked for; `None` without CERTREQ.
    pub requests: Option<Vec<[u8; 20]>>,
    /// The additional key exchange (RFC 9370).
    pub additional: Additional,
    /// The post-quantum key in use (RFC 8784).
    pub ppk: Option<Mixing>,
}

/// Both sides' parts of the key exchange, before the shared secret is known.
pub(super) struct Halves {
    /// Chosen algorithms.
    pub suite: IkeSuite,
    /// Ni.
    pub nonce_i: Bytes,
    /// Nr.
    pub nonce_r: Bytes,
}

impl Halves {
    /// The keys of the new IKE SA (RFC 7296 2.14).
    #[must_use]
    pub(super) fn keys(&self, shell: &Shell, shared: &Secret) -> Sk {
        let seed = keymat::skeyseed(self.suite.prf, &self.nonce_i, &self.nonce_r, shared);
        let from = Contributions {
            nonce_i: &self.nonce_i,
            nonce_r: &self.nonce_r,
            spi_i: shell.spi_i,
            spi_r: shell.spi_r,
        };
        Sk::new(
            self.suite,
            Keys::derive(&self.suite, &seed, from),
            shell.role,
        )
    }
}

/// W-063, D8: 20 octets with MD5 and SHA-1, 32 otherwise: never less than half the PRF's key.
#[must_use]
pub(super) fn nonce_len(proposals: &[Ikev2Proposal]) -> usize {
    let prfs = proposals.iter().flat_map(|p| {
        let implied = p.integrity.iter().map(|i| i.prf());
        p.prf
            .iter()
            .copied()
            .chain(implied.filter(|_| p.prf.is_empty()))
    });
    let short = |prf| matches!(suite::prf(prf), Prf::Hmac(Hash::Md5 | Hash::Sha1));
    if prfs.into_iter().all(short) { 20 } else { 32 }
}

/// The payloads of the request, in the order of IOS (S-070); a cookie goes first (RFC 7296 2.6).
pub(super) fn request(
    shell: &Shell,
    ctx: &Context<'_>,
    offer: SecurityAssociation,
    exchange: KeyExchange,
    nonce: &Bytes,
    cookie: Option<&Bytes>,
) -> Vec<Payload> {
    let mut out: Vec<Payload> = cookie
        .map(|c| notify(NotifyType::COOKIE, c.clone()))
        .into_iter()
        .collect();
    out.extend(common(shell, offer, exchange, nonce));
    out.extend(extensions(ctx, true));
    out.extend(ppk::ask(shell, ctx));
    out.extend(redirect::supported(shell, ctx));
    out
}

/// The payloads of the response, in the order of IOS (S-071): CERTREQ for every global trustpoint, since
/// no profile is known yet.
pub(super) fn response(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    answer: SecurityAssociation,
    exchange: KeyExchange,
    nonce: &Bytes,
) -> Vec<Payload> {
    let mut out = common(shell, answer, exchange, nonce);
    out.extend(certificate_request(shell, ctx));
    out.extend(extensions(ctx, false));
    out
}

fn common(
    shell: &Shell,
    sa: SecurityAssociation,
    exchange: KeyExchange,
    nonce: &Bytes,
) -> Vec<Payload> {
    let hash = |endpoint| natt::hash(Hash::Sha1, shell.spi_i, shell.spi_r, endpoint);
    let mut out: Vec<Payload> = vec![
        Body::Sa(sa).into(),
        Body::KeyExchange(exchange).into(),
        Body::Nonce(nonce.clone()).into(),
    ];
    out.extend(VENDORS.map(|v| Body::Vendor(Bytes::from_static(v)).into()));
    // W-062: source first.
    out.push(notify(
        NotifyType::NAT_DETECTION_SOURCE_IP,
        hash(shell.local),
    ));
    out.push(notify(
        NotifyType::NAT_DETECTION_DESTINATION_IP,
        hash(shell.remote),
    ));
    out
}

/// The lines that a first exchange without a good answer goes back to: a refusal is about proposals.
pub(super) fn subjects(shell: &Shell, ctx: &Context<'_>, refused: bool) -> Vec<Subject> {
    let proposals = ikev2::proposals::for_local(ctx.config, shell.local.ip());
    match refused {
        true => proposals.about,
        false => shell.subjects(ctx),
    }
}

fn certificate_request(shell: &mut Shell, ctx: &mut Context<'_>) -> Vec<Payload> {
    let asked = ikev2::certreq::init_response(ctx.store, !ctx.config.trustpool_clean);
    if asked.value.is_empty() {
        return Vec::new();
    }
    let issuers: Vec<String> = asked.value.iter().map(|ca| ca.name.clone()).collect();
    shell.why(ctx, format!("asks for {}", issuers.join(", ")), &asked);
    shell.record.certreq = Some(CertificateRequests {
        message: "IKE_SA_INIT".to_owned(),
        issuers,
    });
    let hashes = asked.value.iter().map(|ca| ca.hash);
    let mut out: Vec<Payload> = vec![Body::CertReq(CertRequest::from_hashes(hashes)).into()];
    out.extend(http_lookup(ctx));
    out
}

/// G-044: `crypto ikev2 http-url cert` is on by default; it follows a CERTREQ (S-071, S-072).
pub(super) fn http_lookup(ctx: &Context<'_>) -> Option<Payload> {
    ctx.config
        .ikev2
        .http_url_cert
        .then(|| notify(NotifyType::HTTP_CERT_LOOKUP_SUPPORTED, Bytes::new()))
}

/// Extensions that 15.3T does not have; none of them in its mode (W-074, W-077).
fn extensions(ctx: &Context<'_>, request: bool) -> Vec<Payload> {
    let mut out = Vec::new();
    if fragmentation(ctx).is_some() {
        out.push(notify(
            NotifyType::IKEV2_FRAGMENTATION_SUPPORTED,
            Bytes::new(),
        ));
    }
    if digital_signature(ctx) {
        let hashes: Vec<u8> = OWN_HASHES.iter().flat_map(|h| h.0.to_be_bytes()).collect();
        out.push(notify(NotifyType::SIGNATURE_HASH_ALGORITHMS, hashes));
    }
    if ctx.config.ikev2.childless.is_some() && !request {
        out.push(notify(NotifyType::CHILDLESS_IKEV2_SUPPORTED, Bytes::new()));
    }
    out
}

/// Hashes this build verifies in AUTH method 14; SHA-1 is not among them (C12).
const OWN_HASHES: [HashAlgorithm; 4] = [
    HashAlgorithm::SHA2_256,
    HashAlgorithm::SHA2_384,
    HashAlgorithm::SHA2_512,
    HashAlgorithm::IDENTITY,
];

/// RFC 7427 is used: on in modern mode, off in that of 15.3T (W-074).
pub(super) fn digital_signature(ctx: &Context<'_>) -> bool {
    let modern = ctx.config.ikev2.mode == Ikev2Mode::Modern;
    ctx.config.ikev2.digital_signature.unwrap_or(modern)
}

/// Octets of the largest IP packet that carries IKE where fragments are agreed (G-044, RFC 7383 2.5.1).
pub(super) fn fragmentation(ctx: &Context<'_>) -> Option<u16> {
    let modern = ctx.config.ikev2.mode == Ikev2Mode::Modern;
    ctx.config.ikev2.fragmentation.or(modern.then_some(1280))
}

/// Reads what the peer's IKE_SA_INIT says besides SA, KE and nonce.
pub(super) fn abilities(ctx: &Context<'_>, chain: &Chain) -> Abilities {
    let has = |ty| notify::find(chain, ty).is_some();
    let hashes = notify::find(chain, NotifyType::SIGNATURE_HASH_ALGORITHMS)
        .filter(|_| digital_signature(ctx))
        .map(|n| {
            n.data
                .as_chunks::<2>()
                .0
                .iter()
                .map(|octets| HashAlgorithm(u16::from_be_bytes(*octets)))
                .collect()
        });
    Abilities {
        hashes: hashes.unwrap_or_default(),
        fragmentation: fragmentation(ctx).is_some()
            && has(NotifyType::IKEV2_FRAGMENTATION_SUPPORTED),
        childless: has(NotifyType::CHILDLESS_IKEV2_SUPPORTED),
        additional_ke: None,
        ppk: has(NotifyType::USE_PPK),
        mobike: false,
    }
}

/// NAT detection (RFC 7296 2.23): the peer's destination hash is about us, one of its source hashes
/// about itself.
pub(super) fn detect_nat(shell: &mut Shell, ctx: &mut Context<'_>, chain: &Chain) {
    let of = |ty| {
        notify::notifies(chain)
            .filter(move |n| n.ty == ty)
            .map(|n| n.data.clone())
    };
    let hashes: Vec<Bytes> = of(NotifyType::NAT_DETECTION_DESTINATION_IP)
        .take(1)
        .chain(of(NotifyType::NAT_DETECTION_SOURCE_IP))
        .collect();
    // The request's hashes are over a zero SPIr (W-062).
    let spi_r = match shell.role {
        crate::sa::Role::Initiator => shell.spi_r,
        crate::sa::Role::Responder => ike_wire::Spi::ZERO,
    };
    let hash = |endpoint| natt::hash(Hash::Sha1, shell.spi_i, spi_r, endpoint);
    shell.trace(ctx, Ikev2Trace::CheckingNat);
    shell.nat = Nat::detect(&hashes, &hash(shell.local), &hash(shell.remote));
    let Nat { here, there } = shell.nat;
    shell.trace(ctx, Ikev2Trace::NatFound { here, there });
}

/// W-076: the policy that serves the local address, as IOS tells it.
pub(super) fn tell_policy(shell: &Shell, ctx: &mut Context<'_>) {
    let decision = ikev2::proposals::policy_for(ctx.config, shell.local.ip());
    if let Some(policy) = decision.value {
        if policy.name == DEFAULT_POLICY {
            shell.trace(ctx, Ikev2Trace::UsingDefaultPolicy);
        }
        shell.trace(ctx, Ikev2Trace::FoundPolicy(policy.name));
    }
}

/// O-083: the proposals of our SA payload.
pub(super) fn tell_proposals(shell: &Shell, ctx: &mut Context<'_>, payloads: &[Payload]) {
    for payload in payloads {
        let Body::Sa(sa) = &payload.body else {
            continue;
        };
        for proposal in &sa.proposals {
            let transforms = proposal.transforms.iter();
            let trace = Ikev2Trace::IkeProposal {
                number: proposal.number,
                spi: proposal.spi.len(),
                transforms: transforms.map(crate::show::ikev2_transform).collect(),
                initial: true,
            };
            shell.trace(ctx, trace);
        }
    }
}

/// Sets the size of our fragments once both sides do them: the IP packet less IP, UDP and the non-ESP
/// marker.
pub(super) fn agree_fragmentation(shell: &mut Shell, ctx: &Context<'_>, abilities: &Abilities) {
    let ip = if shell.remote.is_ipv4() { 20 } else { 40 };
    shell.mtu = fragmentation(ctx)
        .filter(|_| abilities.fragmentation)
        .map(|mtu| usize::from(mtu).saturating_sub(ip + 8 + 4));
}

/// The hashes of all CERTREQ payloads in packet order; `None` when there is none.
pub(super) fn certificate_requests(chain: &Chain) -> Option<Vec<[u8; 20]>> {
    let requests: Vec<&CertRequest> = chain
        .all(PayloadType::V2_CERT_REQ)
        .filter_map(|(_, body)| match body {
            Body::CertReq(request) => Some(request),
            _ => None,
        })
        .collect();
    (!requests.is_empty()).then(|| requests.iter().flat_map(|r| r.hashes()).collect())
}

/// The KE payload of a message.
pub(super) fn key_exchange(chain: &Chain) -> Option<&KeyExchange> {
    match chain.find(PayloadType::V2_KEY_EXCHANGE)?.1 {
        Body::KeyExchange(exchange) => Some(exchange),
        _ => None,
    }
}

/// The SA payload of a message.
pub(super) fn security_association(chain: &Chain) -> Option<&SecurityAssociation> {
    match chain.find(PayloadType::V2_SA)?.1 {
        Body::Sa(sa) => Some(sa),
        _ => None,
    }
}
