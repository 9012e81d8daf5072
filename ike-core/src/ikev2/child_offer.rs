//! Negotiating a child SA: the payloads of an offer, what a responder makes of one, what an initiator
//! makes of the answer (RFC 7296 1.2, 1.3, 2.9; S-072, S-073, S-093, W-069, W-072, W-073).

use bytes::Bytes;
use ike_wire::registry::PayloadType;
use ike_wire::v2::{Body, Chain, NotifyType, Payload, SecurityAssociation, TrafficSelectors};

use super::child::{Agreement, Children};
use super::configuration;
use super::context::Context;
use super::init;
use super::notify::{self, notify};
use super::shell::Shell;
use crate::policy::Subject;
use crate::policy::ikev2::esp;
use crate::policy::ikev2::selectors;
use crate::policy::protection::{Protection, Selector};
use crate::trace::{Ikev2Trace, IpsecTrace, Trace};

/// Why a responder refuses a child SA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The notify to answer with.
    pub notify: NotifyType,
    /// Its data: the wanted group of INVALID_KE_PAYLOAD.
    pub data: Vec<u8>,
    /// One sentence for the record.
    pub because: String,
}

impl Refusal {
    /// The rule behind the notify, where no decision has told it.
    pub(super) fn rule(&self) -> &'static str {
        match self.notify {
            NotifyType::TS_UNACCEPTABLE => "S-093",
            NotifyType::NO_PROPOSAL_CHOSEN => "W-069",
            _ => "RFC 7296 2.21.2",
        }
    }

    /// A refusal without data.
    pub(super) fn new(notify: NotifyType, because: impl Into<String>) -> Self {
        Self {
            notify,
            data: Vec::new(),
            because: because.into(),
        }
    }
}

/// SA, TSi and TSr of our own offer. In IKE_AUTH `exchange` is false: no group (RFC 7296 1.2).
pub(super) fn offer(
    shell: &Shell,
    ctx: &mut Context<'_>,
    protection: &Protection,
    spi: u32,
    exchange: bool,
) -> (Payload, [Payload; 2]) {
    let sa = esp::offer(protection, spi, exchange);
    tell_proposals(shell, ctx, &sa);
    let ours = selectors::to_wire(&protection.local_selector);
    let theirs = selectors::to_wire(&protection.remote_selector);
    (
        Body::Sa(sa).into(),
        [Body::TsI(ours).into(), Body::TsR(theirs).into()],
    )
}

/// The notifies behind the traffic selectors, in the order of IOS (S-072, S-073, W-073).
pub(super) fn notifies(ctx: &Context<'_>, transport: bool, initial_contact: bool) -> Vec<Payload> {
    let empty = |ty| notify(ty, Bytes::new());
    let mut out = Vec::new();
    if initial_contact {
        out.push(empty(NotifyType::INITIAL_CONTACT));
    }
    if transport {
        out.push(empty(NotifyType::USE_TRANSPORT_MODE));
    }
    let window = ctx.config.ikev2.window.to_be_bytes().to_vec();
    out.push(notify(NotifyType::SET_WINDOW_SIZE, window));
    out.extend(child_notifies(false));
    out
}

/// The notifies of every child SA.
pub(super) fn child_notifies(transport: bool) -> Vec<Payload> {
    let empty = |ty| notify(ty, Bytes::new());
    let mut out = Vec::new();
    if transport {
        out.push(empty(NotifyType::USE_TRANSPORT_MODE));
    }
    out.push(empty(NotifyType::ESP_TFC_PADDING_NOT_SUPPORTED));
    out.push(empty(NotifyType::NON_FIRST_FRAGMENTS_ALSO));
    out
}

/// What a responder makes of a peer's offer. `exchange`: CREATE_CHILD_SA, where a group may be asked for.
/// `rekeyed`: the protection of the child SA that is rekeyed.
///
/// # Errors
/// A refusal to answer with; the IKE SA lives on.
pub(super) fn consider(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    chain: &Chain,
    children: &Children,
    exchange: bool,
    rekeyed: Option<&str>,
) -> Result<Agreement, Refusal> {
    let (Some(offered), Some((theirs, ours))) = (init::security_association(chain), traffic(chain))
    else {
        return Err(Refusal::new(
            NotifyType::INVALID_SYNTAX,
            "SA, TSi or TSr is missing",
        ));
    };
    tell_proposals(shell, ctx, offered);
    let (protection, local, remote) = narrow(shell, ctx, ours, theirs, rekeyed)?;
    let spi = children.fresh_spi(ctx);
    let Some(chosen) = esp::choose(offered, &protection, spi, exchange) else {
        ctx.out.trace(
            Some(shell.id),
            shell.tunnel,
            Trace::Ipsec(IpsecTrace::TransformNotSupported),
        );
        shell.trace(ctx, Ikev2Trace::NoChildProposal);
        let decision = esp::refusal(offered, &protection, exchange);
        shell.why(ctx, "no transform set fits", &decision);
        let because = decision.because;
        return Err(Refusal::new(NotifyType::NO_PROPOSAL_CHOSEN, because));
    };
    check_group(chain, chosen.group.map(ike_crypto::Group::iana))?;
    let asked = notify::find(chain, NotifyType::USE_TRANSPORT_MODE).is_some();
    let transport = chosen.transport && asked;
    Ok(Agreement {
        protection,
        chosen,
        spi,
        local,
        remote,
        transport,
    })
}

/// A KE payload must be of the chosen group (RFC 7296 1.3, A5).
fn check_group(chain: &Chain, chosen: Option<u16>) -> Result<(), Refusal> {
    let sent = init::key_exchange(chain).map(|ke| ke.group);
    match chosen {
        Some(group) if sent != Some(group) => Err(Refusal {
            data: group.to_be_bytes().to_vec(),
            ..Refusal::new(
                NotifyType::INVALID_KE_PAYLOAD,
                format!("the KE payload is not of group {group}"),
            )
        }),
        _ => Ok(()),
    }
}

fn narrow(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    ours: &TrafficSelectors,
    theirs: &TrafficSelectors,
    rekeyed: Option<&str>,
) -> Result<(Protection, Selector, Selector), Refusal> {
    let mut protections: Vec<Protection> = match rekeyed {
        Some(name) => ctx.protection(name).into_iter().cloned().collect(),
        None => ctx.protections.to_vec(),
    };
    for protection in &mut protections {
        configuration::restrict(protection, &shell.settings.leased);
    }
    let endpoints = shell.mobility.home;
    let profile = shell.profile.clone();
    match selectors::for_selectors(&protections, profile.as_deref(), endpoints, ours, theirs) {
        Ok(decision) => {
            let what = format!("the child SA belongs to {}", decision.value.protection.name);
            shell.why(ctx, what, &decision);
            let found = decision.value;
            let name = found.protection.name.clone();
            shell.record.protection.get_or_insert(name);
            Ok((found.protection.clone(), found.local, found.remote))
        }
        Err(refusal) => {
            tell_no_map(shell, ctx, refusal.profile_did_not_match);
            let decision = refusal.decision;
            shell.why(ctx, "no protection fits the traffic selectors", &decision);
            let because = decision.because;
            Err(Refusal::new(NotifyType::TS_UNACCEPTABLE, because))
        }
    }
}

/// The lines of S-093.
fn tell_no_map(shell: &Shell, ctx: &mut Context<'_>, profile: bool) {
    let mut ipsec = Vec::new();
    if profile {
        ipsec.push(IpsecTrace::ProfileDidNotMatch);
    }
    ipsec.push(IpsecTrace::NoMatchingMap);
    ipsec.push(IpsecTrace::ProxyNotSupported);
    for trace in ipsec {
        ctx.out
            .trace(Some(shell.id), shell.tunnel, Trace::Ipsec(trace));
    }
    shell.trace(ctx, Ikev2Trace::NoIpsecPolicy);
    shell.trace(ctx, Ikev2Trace::SendingTsUnacceptable);
}

/// The lines that a refused child SA goes back to.
pub(super) fn subjects(protection: &Protection) -> Vec<Subject> {
    let origin = &protection.origin;
    let profile = origin.profile("set ikev2-profile");
    [origin.transform_sets(), profile, origin.selectors()].concat()
}

/// SA, TSi and TSr of an answer.
pub(super) fn answer(agreement: &Agreement) -> [Payload; 3] {
    let sa = SecurityAssociation::new(vec![agreement.chosen.answer.clone()]);
    [
        Body::Sa(sa).into(),
        Body::TsI(selectors::to_wire(&agreement.remote)).into(),
        Body::TsR(selectors::to_wire(&agreement.local)).into(),
    ]
}

/// What an initiator makes of the answer to its offer.
///
/// # Errors
/// It is not a choice from the offer, or its selectors are wider than ours (H11).
pub(super) fn accept(
    chain: &Chain,
    protection: &Protection,
    spi: u32,
    exchange: bool,
) -> Result<Agreement, String> {
    let answer = init::security_association(chain).ok_or("no SA payload")?;
    let chosen = esp::check_answer(answer, protection, spi, exchange)
        .ok_or("the answer is not a choice from our transform sets")?;
    let (ours, theirs) = traffic(chain).ok_or("TSi or TSr is missing")?;
    let inside = |own: &Selector, answered: &TrafficSelectors| {
        let all = answered
            .selectors
            .iter()
            .all(|ts| selectors::covers(own, ts));
        selectors::narrow(own, answered).filter(|_| all)
    };
    let local = inside(&protection.local_selector, ours).ok_or("TSi is wider than our offer")?;
    let remote =
        inside(&protection.remote_selector, theirs).ok_or("TSr is wider than our offer")?;
    let transport = esp::wants_transport(protection)
        && notify::find(chain, NotifyType::USE_TRANSPORT_MODE).is_some();
    Ok(Agreement {
        protection: protection.clone(),
        chosen,
        spi,
        local,
        remote,
        transport,
    })
}

/// TSi and TSr.
fn traffic(chain: &Chain) -> Option<(&TrafficSelectors, &TrafficSelectors)> {
    let of = |ty| match chain.find(ty)?.1 {
        Body::TsI(ts) | Body::TsR(ts) => Some(ts),
        _ => None,
    };
    Some((
        of(PayloadType::V2_TS_INITIATOR)?,
        of(PayloadType::V2_TS_RESPONDER)?,
    ))
}

fn tell_proposals(shell: &Shell, ctx: &mut Context<'_>, sa: &SecurityAssociation) {
    for proposal in &sa.proposals {
        let transforms = proposal
            .transforms
            .iter()
            .map(crate::show::ikev2_transform)
            .collect();
        shell.trace(
            ctx,
            Ikev2Trace::EspProposal {
                number: proposal.number,
                transforms,
            },
        );
    }
}
