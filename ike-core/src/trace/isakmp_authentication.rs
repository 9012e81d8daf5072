//! `debug crypto isakmp`: the lines about identities, certificates and keys.

use super::{IsakmpTrace, escaped};
use crate::policy::identity::Identity;

impl IsakmpTrace {
    /// Lines about identities, certificates and keys.
    pub(super) fn authentication_text(&self, n: u32) -> String {
        match self {
            Self::ConstructingCertReq(issuer) => {
                format!("ISAKMP ({n}): constructing CERT_REQ for issuer {issuer}")
            }
            Self::PeerWantsCert => format!("ISAKMP:({n}): peer wants a CT_X509_SIGNATURE cert"),
            Self::PeerWantsIssuer(issuer) => {
                format!("ISAKMP:({n}): peer wants cert issued by {issuer}")
            }
            Self::ExaminingProfileList(tp) => {
                format!("ISAKMP: Examining profile list for trustpoint {tp}")
            }
            Self::FoundMatchingProfile(tp) => format!("ISAKMP: Found matching profile for {tp}"),
            Self::PayloadType(ty) => format!("ISAKMP:received payload type {ty}"),
            Self::NatHashMismatch { here: true } => {
                format!("ISAKMP ({n}): NAT found, both nodes inside NAT or this node inside NAT")
            }
            Self::NatHashMismatch { here: false } => {
                format!("ISAKMP ({n}): His hash no match - this node outside NAT")
            }
            Self::NoNat => format!("ISAKMP ({n}): No NAT Found for self or peer"),
            Self::SendInitialContact => format!("ISAKMP:({n}):Send initial contact"),
            Self::RsaAuthentication { id_type } => {
                format!(
                    "ISAKMP:({n}):SA is doing RSA signature authentication using id type {id_type}"
                )
            }
            Self::PresharedAuthentication { id_type } => {
                format!(
                    "ISAKMP:({n}):SA is doing pre-shared key authentication using id type {id_type}"
                )
            }
            Self::NoPresharedKey(peer) => {
                format!("ISAKMP:({n}):No pre-shared key with {peer}!")
            }
            Self::FoundPresharedKey(peer) => {
                format!("ISAKMP:({n}):found peer pre-shared key matching {peer}")
            }
            Self::IdPayload {
                next_payload,
                identity,
                protocol,
                port,
                length,
            } => format!(
                "ISAKMP ({n}): ID payload\n  next-payload : {next_payload}\n  type          : {}\n  \
                 {} : {}\n  protocol      : {protocol}\n  port          : {port}\n  length        : {length}",
                identity.type_number(),
                id_label(identity),
                escaped(&identity.to_string())
            ),
            Self::TotalPayloadLength(length) => {
                format!("ISAKMP:({n}):Total payload length: {length}")
            }
            Self::Pki {
                call,
                asked,
                role,
                state,
                peer,
            } => format!(
                "ISAKMP:({n}): {} {} state ({role}) {state} (peer {peer})",
                if *asked { "IKE->PKI" } else { "PKI->IKE" },
                call.words(*asked)
            ),
            Self::ConstructingCert(subject) => {
                format!("ISAKMP ({n}): constructing CERT payload for {subject}")
            }
            Self::SigningWith(tp) => {
                format!("ISAKMP:({n}): using the {tp} trustpoint's keypair to sign")
            }
            Self::UnableToSign(why) => format!(
                "ISAKMP:({n}): Unable to get router cert or routerdoes not have a cert: {why}"
            ),
            Self::PeerMatches(Some(profile)) => {
                format!("ISAKMP:(0):: peer matches {profile} profile")
            }
            Self::PeerMatches(None) => {
                "ISAKMP:(0):: peer matches *none* of the profiles".to_owned()
            }
            Self::ProcessingCert => format!("ISAKMP:({n}): processing a CT_X509_SIGNATURE cert"),
            Self::CertificateMapMatches(profile) => {
                format!("ISAKMP:({n}): certificate map matches {profile} profile")
            }
            Self::RevalidateByProfile => {
                format!("ISAKMP:({n}): Trying to re-validate CERT using new profile")
            }
            Self::PubkeyNotCached => format!("ISAKMP:({n}): peer's pubkey isn't cached"),
            Self::ProfileHasNoKeyring => {
                format!("ISAKMP:({n}):Profile has no keyring, aborting key search")
            }
            Self::ValidationList(list) => {
                let names: String = list.iter().map(|tp| format!("{tp}, ")).collect();
                format!(
                    "ISAKMP:(0): Creating CERT validation list: {}",
                    names.trim_end()
                )
            }
            Self::CertValidationError(code) => {
                format!("ISAKMP:({n}): Unknown error in cert validation, {code}")
            }
            Self::SignatureError => format!("ISAKMP:({n}): signature invalid!"),
            Self::HashMismatch => format!("ISAKMP:({n}): Hash payload is incorrect"),
            Self::Authenticated => {
                format!("ISAKMP:({n}):SA authentication status:\n        authenticated")
            }
            Self::AuthenticatedWith(peer) => {
                format!("ISAKMP:({n}):SA has been authenticated with {peer}")
            }
            Self::InitialContact => format!(
                "ISAKMP:({n}):Process initial contact,\nbring down existing phase 1 and 2 SA's"
            ),
            other => format!("ISAKMP:({n}): {other:?}"),
        }
    }
}

fn id_label(identity: &Identity) -> &'static str {
    match identity {
        Identity::Ipv4(_) | Identity::Ipv6(_) => "address      ",
        Identity::Fqdn(_) => "FQDN name    ",
        Identity::UserFqdn(_) => "USER FQDN    ",
        Identity::Dn(_) => "Dist. name   ",
        Identity::KeyId(_) => "group id     ",
        Identity::Other(..) => "unknown      ",
    }
}
