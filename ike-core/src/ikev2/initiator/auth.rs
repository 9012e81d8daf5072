//! IKE_AUTH as the initiator: our proof and child SA out, the responder's in (S-072 to S-075, W-069).

use bytes::Bytes;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v2::{
    Auth, Body, CertRequest, Chain, ConfigAttribute, ConfigAttributeType, ConfigType,
    Configuration, NotifyType, Payload,
};

use super::proof::{failed, first_child};
use super::{Initiator, Step};
use crate::config::Ikev2Auth;
use crate::ikev2::child_offer;
use crate::ikev2::configuration as settings;
use crate::ikev2::context::Context;
use crate::ikev2::established::{Established, Proofs, Wish};
use crate::ikev2::init::{self, Material};
use crate::ikev2::judge::{self, Claim, Judging, Proven};
use crate::ikev2::notify;
use crate::ikev2::ppk;
use crate::ikev2::prove::{self, OwnProof};
use crate::ikev2::reauth::{self, Validity};
use crate::ikev2::redirect;
use crate::ikev2::shell::{Shell, names};
use crate::ikev2::table;
use crate::ikev2::verdict;
use crate::policy::ikev2::childless::FirstChild;
use crate::policy::ikev2::esp;
use crate::policy::protection::Protection;
use crate::policy::{Decision, Subject, ikev2};
use crate::sa::action::JobId;
use crate::sa::job::JobOutcome;
use crate::sa::record::CertificateRequests;
use crate::trace::Ikev2Trace;

/// IKE_AUTH is out.
pub(crate) struct AuthSent {
    pub(super) material: Material,
    own: OwnProof,
    /// Our child SA's protection and inbound SPI.
    child: Option<(Protection, u32)>,
}

/// The responder's AUTH is being verified.
pub(crate) struct Verifying {
    material: Material,
    own: OwnProof,
    child: Option<(Protection, u32)>,
    answer: Chain,
    claim: Claim,
    job: JobId,
}

/// Sends IKE_AUTH (S-072).
pub(super) fn send(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    mut material: Material,
    own: OwnProof,
    auth: Auth,
) -> Step {
    let childless = first_child(shell, ctx, &material) == Ok(FirstChild::Later);
    let wanted = shell.protection.clone().filter(|_| !childless);
    let protection = wanted.and_then(|name| ctx.protection(&name).cloned());
    let child = protection.map(|p| (p, ctx.entropy.esp_spi()));
    let mut payloads = payloads(shell, ctx, &own, auth, child.as_ref());
    payloads.extend(ppk::name(&material));
    let sent = shell.request(ctx, &mut material.sk, ExchangeType::IKE_AUTH, &payloads);
    if sent.is_none() {
        return failed(shell, ctx, "IKE_AUTH could not be sent");
    }
    Step::Stay(Initiator::AuthSent(Box::new(AuthSent {
        material,
        own,
        child,
    })))
}

/// `VID IDi CERT CERTREQ N(HTTP) AUTH CFG SA TSi TSr N...` (S-072).
fn payloads(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    own: &OwnProof,
    auth: Auth,
    child: Option<&(Protection, u32)>,
) -> Vec<Payload> {
    let mut out: Vec<Payload> = vec![
        Body::Vendor(prove::vendor(shell, ctx)).into(),
        Body::IdI(own.id.clone()).into(),
    ];
    let certificates = own.certificates.iter().cloned();
    out.extend(certificates.map(|c| Payload::from(Body::Cert(c))));
    out.extend(certificate_request(shell, ctx));
    out.push(Body::Auth(auth).into());
    out.extend(configuration(shell, ctx));
    let mut transport = false;
    if let Some((protection, spi)) = child {
        let (sa, selectors) = child_offer::offer(shell, ctx, protection, *spi, false);
        out.push(sa);
        out.extend(selectors);
        transport = esp::wants_transport(protection);
    }
    out.extend(child_offer::notifies(ctx, transport, shell.first_contact));
    out
}

/// The initiator asks for the CAs of its verify list, if it wants a certificate at all.
fn certificate_request(shell: &mut Shell, ctx: &mut Context<'_>) -> Vec<Payload> {
    let Some(profile) = shell.profile(ctx.config) else {
        return Vec::new();
    };
    let wants = |a: &Ikev2Auth| !matches!(a, Ikev2Auth::PreShare(_) | Ikev2Auth::Eap);
    if !profile.auth_remote.iter().any(wants) {
        return Vec::new();
    }
    let asked = ikev2::certreq::auth_request(Some(profile), ctx.store);
    let issuers: Vec<String> = asked.value.iter().map(|ca| ca.name.clone()).collect();
    shell.why(ctx, format!("asks for {}", issuers.join(", ")), &asked);
    shell.record.certreq = Some(CertificateRequests {
        message: "IKE_AUTH".to_owned(),
        issuers,
    });
    let hashes = asked.value.iter().map(|ca| ca.hash);
    let mut out: Vec<Payload> = vec![Body::CertReq(CertRequest::from_hashes(hashes)).into()];
    out.extend(init::http_lookup(ctx));
    out
}

/// W-070: the attributes of IOS, empty but for the version.
fn configuration(shell: &Shell, ctx: &Context<'_>) -> Option<Payload> {
    let wanted = shell
        .profile(ctx.config)
        .is_some_and(|p| p.config_exchange_request);
    let empty = |ty| ConfigAttribute::new(ty, Bytes::new());
    let attributes = vec![
        ConfigAttribute::new(ConfigAttributeType::APPLICATION_VERSION, VERSION),
        empty(ConfigAttributeType::UNITY_SPLIT_DNS),
        empty(ConfigAttributeType::UNITY_BANNER),
        empty(ConfigAttributeType::UNITY_CONFIG_URL),
        empty(ConfigAttributeType::UNITY_BACKUP_GATEWAY),
        empty(ConfigAttributeType::UNITY_DEF_DOMAIN),
    ];
    wanted.then(|| Body::Config(Configuration::new(ConfigType::REQUEST, attributes)).into())
}

/// What APPLICATION_VERSION says of us.
const VERSION: &[u8] = b"ikd, as Cisco IOS 15.3T";

impl AuthSent {
    /// The answer to IKE_AUTH: an error, or the responder's proof.
    pub(super) fn answer(self, shell: &mut Shell, ctx: &mut Context<'_>, chain: &Chain) -> Step {
        let payloads = names(&chain.payloads);
        shell.trace(ctx, Ikev2Trace::Processing("IKE_AUTH"));
        let proof = chain.find(PayloadType::V2_AUTH).is_some();
        if let Some(error) = notify::error(chain).filter(|_| !proof) {
            // E-5: no further packet; the responder has deleted its side.
            shell.trace(ctx, Ikev2Trace::ReceivedNotify(error.ty.to_string()));
            let why = format!("the peer answers {}", error.ty);
            tell_refused(shell, ctx, &why);
            shell.fail(ctx, "IKE_AUTH", &why);
            return Step::Ended;
        }
        if chain.find(PayloadType::V2_EAP).is_some() {
            return refuse(shell, ctx, self, judge::eap_refused(chain));
        }
        if let Err(why) = table::check(table::Message::AuthResponse, chain) {
            shell.fail(ctx, "IKE_AUTH", &format!("{why} ({})", payloads.join(" ")));
            return Step::Ended;
        }
        super::fetch::begin(shell, ctx, self, chain.clone())
    }

    /// The answer has all its certificates: is the responder who it says?
    pub(super) fn judged(
        mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        chain: &Chain,
    ) -> Step {
        if let Err(why) = ppk::answered(shell, ctx, &mut self.material, chain) {
            return refuse(shell, ctx, self, &why);
        }
        match judge::judge(shell, ctx, &self.material, chain) {
            Judging::Proven(proven) => {
                shell.trace(ctx, Ikev2Trace::Verified(true));
                establish(shell, ctx, self, proven, chain)
            }
            Judging::Verifying(claim, job) => {
                Step::Stay(Initiator::Verifying(Box::new(Verifying {
                    material: self.material,
                    own: self.own,
                    child: self.child,
                    answer: chain.clone(),
                    claim,
                    job,
                })))
            }
            Judging::Refused(why) => refuse(shell, ctx, self, &why),
        }
    }
}

/// E-5: what the responder cannot believe is what we presented.
fn tell_refused(shell: &mut Shell, ctx: &mut Context<'_>, why: &str) {
    let own = shell.profile.as_deref().map(Subject::ikev2_profile);
    let signer = shell.record.signed_with.as_deref().map(|trustpoint| {
        let line = own
            .as_ref()
            .map(|own| own.line(format!("pki trustpoint {trustpoint}")));
        line.into_iter().chain([Subject::trustpoint(trustpoint)])
    });
    let identity = own.as_ref().map(|own| own.line("identity local"));
    let about: Vec<Subject> = signer
        .into_iter()
        .flatten()
        .chain(identity)
        .chain(own)
        .collect();
    let decision = Decision::new((), "E-5", why).about(about);
    shell.why(ctx, "the peer does not believe us", &decision);
}

impl Verifying {
    pub(super) fn job(&self) -> JobId {
        self.job
    }

    pub(super) fn verified(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        outcome: JobOutcome,
    ) -> Step {
        let verdict = verdict::verdict(shell, ctx, self.claim, outcome);
        let sent = AuthSent {
            material: self.material,
            own: self.own,
            child: self.child,
        };
        match verdict {
            Ok(proven) => establish(shell, ctx, sent, proven, &self.answer),
            Err(why) => refuse(shell, ctx, sent, &why),
        }
    }
}

/// RFC 7296 2.21.2: the responder believes the SA to be up; it is told that we do not.
pub(super) fn refuse(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    mut sent: AuthSent,
    why: &str,
) -> Step {
    let refusal = notify::notify(NotifyType::AUTHENTICATION_FAILED, Bytes::new());
    let information = ExchangeType::V2_INFORMATIONAL;
    let _ = shell.request(ctx, &mut sent.material.sk, information, &[refusal]);
    shell.fail(ctx, "IKE_AUTH", why);
    Step::Ended
}

/// The responder is proven: C5 wants its identity to be one the profile matches.
fn establish(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sent: AuthSent,
    proven: Proven,
    answer: &Chain,
) -> Step {
    if let Some(profile) = shell.profile(ctx.config)
        && !ikev2::profile::matches(
            ctx.config,
            profile,
            &proven.identity,
            judge::leaf(answer).as_ref(),
        )
    {
        let why = format!(
            "the peer presents {}, which profile {} does not match",
            crate::trace::escaped(&proven.identity.to_string()),
            profile.name
        );
        let own = Subject::ikev2_profile(&profile.name);
        let lines = [own.line("match identity remote"), own];
        let decision = Decision::new((), "G-043", why.clone()).about(lines);
        shell.why(ctx, "the peer is another", &decision);
        return refuse(shell, ctx, sent, &why);
    }
    let AuthSent {
        material,
        own,
        child,
    } = sent;
    if let Some(window) = notify::window(answer) {
        shell.outgoing.set_window(window);
    }
    settings::replied(shell, ctx, answer);
    let proofs = Proofs {
        own: own.identity.clone(),
        own_method: own.method_name(),
        peer: proven,
        ppk: material.ppk.is_some(),
        validity: Validity::agreed(shell, ctx, Some(answer)),
    };
    let (nonce_i, nonce_r) = (material.nonce_i.clone(), material.nonce_r.clone());
    let mut established = Established::new(shell, ctx, material, proofs);
    if let Some(gateway) = redirect::authentic(shell, ctx, answer) {
        redirect::leave(shell, ctx, &mut established, gateway);
    } else if let Some((protection, spi)) = child {
        match child_answer(answer, &protection, spi) {
            Ok(agreement) => {
                let child = agreement.child(
                    shell,
                    ctx,
                    &established.sk,
                    true,
                    (&nonce_i, &nonce_r),
                    None,
                );
                established.install(shell, ctx, child);
            }
            Err(why) => established.first_child_failed(shell, ctx, spi, &why),
        }
    } else if let Some(name) = shell.protection.clone() {
        established.wish(ctx, Wish::NewChild(name));
    }
    reauth::established(shell, ctx, &mut established);
    Step::Established(Box::new(established))
}

fn child_answer(
    answer: &Chain,
    protection: &Protection,
    spi: u32,
) -> Result<crate::ikev2::child::Agreement, String> {
    if let Some(error) = notify::error(answer) {
        return Err(format!("the peer answers {}", error.ty));
    }
    match table::child_in_auth(answer)? {
        true => child_offer::accept(answer, protection, spi, false),
        false => Err("the peer made no child SA".to_owned()),
    }
}
