//! Our half of MM5 and MM6: identity, certificate, signature or hash (S-034, S-042, W-015, W-016).

use super::context::Context;
use super::material::Material;
use super::pki;
use super::shell::Shell;
use crate::config::IsakmpAuthentication;
use crate::policy::identity::{self, Identity};
use crate::sa::action::JobId;
use crate::sa::job::Job;
use crate::trace::{IsakmpTrace, PkiCall};
use bytes::Bytes;
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Body, Certificate, Identification, Notify, NotifyType, Payload};

/// Our half of the proof, waiting for its signature.
#[derive(Clone, Debug)]
pub(super) struct OwnProof {
    /// ID payload.
    pub id: Identification,
    /// Our certificate and those above it; none with a pre-shared key.
    pub certificates: Vec<Certificate>,
    /// HASH_I or HASH_R.
    pub hash: Vec<u8>,
}

/// How our proof comes about.
pub(super) enum Proving {
    /// With a pre-shared key the hash is the proof.
    Done(OwnProof),
    /// A signature is being made.
    Signing(OwnProof, JobId),
    /// We cannot: no usable identity.
    Impossible(String),
}

/// Makes ID, certificate and hash, and starts the signature (S-034, S-042).
pub(super) fn prove(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: &Material,
    trustpoint: Option<&str>,
) -> Proving {
    let preshared = material.suite.authentication == IsakmpAuthentication::PreShare;
    let record = trustpoint.and_then(|tp| ctx.store.identity(tp)).cloned();
    let subject = record.as_ref().map(|r| r.certificate.subject().clone());
    let profile = shell.profile(ctx.config);
    let identity = identity::to_present(ctx.config, profile, shell.local.ip(), subject.as_ref());
    let port = if material.nat.found() { 0 } else { 500 };
    let id = identity.to_wire(port);
    tell_own_identity(shell, ctx, &identity, &id, preshared);
    let hash = material.hash(shell, shell.role, &id_body(&id));
    if preshared {
        return Proving::Done(OwnProof {
            id,
            certificates: Vec::new(),
            hash,
        });
    }
    let Some(record) = record else {
        return Proving::Impossible(trustpoint.map_or_else(
            || "no certificate request could be answered".to_owned(),
            |tp| format!("trustpoint {tp} has no identity certificate"),
        ));
    };
    let Some(key_label) = record.key_label.clone() else {
        return Proving::Impossible(format!("trustpoint {} has no key pair", record.trustpoint));
    };
    pki::tell(shell, ctx, PkiCall::OwnChain);
    // A peer that anchors at the root has none of the CAs between (RFC 4945 3.3).
    let chain = ctx.store.chain(&record.trustpoint);
    for certificate in &chain {
        let subject = certificate.subject().to_string();
        shell.trace(ctx, IsakmpTrace::ConstructingCert(subject));
    }
    shell.trace(ctx, IsakmpTrace::SigningWith(record.trustpoint.clone()));
    let certificates = chain
        .iter()
        .map(|c| Certificate::x509(c.der().clone()))
        .collect();
    let job = ctx.run(
        shell.id,
        Job::Sign {
            key_label,
            hash: hash.clone(),
        },
    );
    Proving::Signing(
        OwnProof {
            id,
            certificates,
            hash,
        },
        job,
    )
}

/// The payloads of MM5 (W-015) or MM6 (W-016). `signature` is `None` with a pre-shared key.
#[must_use]
pub(super) fn payloads(shell: &Shell, proof: &OwnProof, signature: Option<Bytes>) -> Vec<Payload> {
    let mut out: Vec<Payload> = vec![Body::Id(proof.id.clone()).into()];
    let certificates = proof.certificates.iter().cloned();
    out.extend(certificates.map(|c| Payload::from(Body::Cert(c))));
    out.push(match signature {
        Some(signature) => Body::Sig(signature).into(),
        None => Body::Hash(proof.hash.clone().into()).into(),
    });
    if shell.first_contact {
        let notify = Notify::isakmp(
            NotifyType::INITIAL_CONTACT,
            shell.cookie_i,
            shell.cookie_r,
            Bytes::new(),
        );
        out.push(Body::Notify(notify).into());
    }
    out
}

fn id_body(id: &Identification) -> Vec<u8> {
    let mut body = vec![id.id_type.0, id.protocol];
    body.extend(id.port.to_be_bytes());
    body.extend_from_slice(&id.data);
    body
}

fn tell_own_identity(
    shell: &Shell,
    ctx: &mut Context<'_>,
    identity: &Identity,
    id: &Identification,
    preshared: bool,
) {
    if shell.first_contact {
        shell.trace(ctx, IsakmpTrace::SendInitialContact);
    }
    let id_type = id_type_name(identity);
    shell.trace(
        ctx,
        match preshared {
            true => IsakmpTrace::PresharedAuthentication { id_type },
            false => IsakmpTrace::RsaAuthentication { id_type },
        },
    );
    let next_payload = if preshared {
        PayloadType::HASH.0
    } else {
        PayloadType::CERT.0
    };
    let length = id.data.len() + 8;
    shell.trace(
        ctx,
        IsakmpTrace::IdPayload {
            next_payload,
            identity: identity.clone(),
            protocol: id.protocol,
            port: id.port,
            length,
        },
    );
    shell.trace(ctx, IsakmpTrace::TotalPayloadLength(length));
}

fn id_type_name(identity: &Identity) -> &'static str {
    match identity {
        Identity::Ipv4(_) => "ID_IPV4_ADDR",
        Identity::Ipv6(_) => "ID_IPV6_ADDR",
        Identity::Fqdn(_) => "ID_FQDN",
        Identity::UserFqdn(_) => "ID_USER_FQDN",
        Identity::Dn(_) => "ID_DER_ASN1_DN",
        Identity::KeyId(_) => "ID_KEY_ID",
        Identity::Other(..) => "ID_UNKNOWN",
    }
}
