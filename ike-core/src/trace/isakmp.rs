//! `debug crypto isakmp`: the lines of the seed's transcripts and of O-082.
//!
//! IOS has two spellings of its tag and this keeps both as the seed prints them (O-081):
//! `ISAKMP:(N):` and `ISAKMP (N):`, with or without a blank behind.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::escaped;
use super::state::{Fsm, Input, SaState};
use crate::policy::identity::Identity;
use crate::sa::Role;

/// What the state machine tells.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "each variant is the line that `text` prints for it"
)]
pub enum IsakmpTrace {
    RequestProfile(Option<String>),
    PeerCreated(SocketAddrV4),
    LocalPorts {
        local: u16,
        remote: u16,
    },
    NewNode(u32),
    Inserted,
    NoAggressive,
    ConstructedNatT(&'static str),
    BeginMainMode,
    Sending {
        remote: SocketAddrV4,
        my_port: u16,
        role: Role,
        state: SaState,
    },
    Received {
        remote: SocketAddrV4,
        my_port: u16,
        role: Option<Role>,
        state: Option<SaState>,
    },
    Transition {
        input: Input,
        old: Fsm,
        new: Fsm,
    },
    Processing {
        payload: &'static str,
        message_id: u32,
    },
    ProcessingVendor,
    VendorMismatch {
        major: u8,
    },
    Vendor(&'static str),
    AnotherIos,
    FragmentationNotEnabled,
    CheckingTransform {
        number: u8,
        priority: u32,
    },
    CheckingIpsecProposal {
        number: u8,
    },
    TransformLines(Vec<TransformLine>),
    OfferedMismatch(&'static str),
    AttsAcceptable {
        next: u8,
    },
    AttsNotAcceptable {
        next: u8,
    },
    NoOffersAccepted,
    Phase1PolicyNotAcceptable {
        local: Ipv4Addr,
        remote: Ipv4Addr,
    },
    Phase2PolicyNotAcceptable {
        local: Ipv4Addr,
        remote: Ipv4Addr,
    },
    IpsecPolicyInvalidated {
        error: u32,
    },
    LifetimeTimer(u32),
    ConstructingCertReq(String),
    PeerWantsCert,
    PeerWantsIssuer(String),
    ExaminingProfileList(String),
    FoundMatchingProfile(String),
    PayloadType(u8),
    NatHashMismatch {
        here: bool,
    },
    NoNat,
    SendInitialContact,
    RsaAuthentication {
        id_type: &'static str,
    },
    PresharedAuthentication {
        id_type: &'static str,
    },
    NoPresharedKey(Ipv4Addr),
    FoundPresharedKey(Ipv4Addr),
    IdPayload {
        next_payload: u8,
        identity: Identity,
        protocol: u8,
        port: u16,
        length: usize,
    },
    TotalPayloadLength(usize),
    Pki {
        call: PkiCall,
        asked: bool,
        role: Role,
        state: SaState,
        peer: Ipv4Addr,
    },
    ConstructingCert(String),
    SigningWith(String),
    UnableToSign(String),
    PeerMatches(Option<String>),
    ProcessingCert,
    PubkeyNotCached,
    ProfileHasNoKeyring,
    ValidationList(Vec<String>),
    CertValidationError(i32),
    SignatureError,
    HashMismatch,
    Authenticated,
    AuthenticatedWith(Ipv4Addr),
    InitialContact,
    Retransmitting {
        what: &'static str,
        state: SaState,
    },
    ErrorCounter {
        attempt: u32,
        of: u32,
        phase: u8,
    },
    Duplicate {
        phase: u8,
    },
    RetransmitDue {
        phase: u8,
    },
    RetransmissionSkipped {
        phase: u8,
        milliseconds: u128,
    },
    DeletingSa {
        reason: String,
        role: Role,
        state: SaState,
        peer: Ipv4Addr,
    },
    BeginQuickMode(u32),
    SpiInitiator,
    AskingSpi,
    CreatingIpsecSas {
        local: Ipv4Addr,
        remote: Ipv4Addr,
        spi_in: u32,
        spi_out: u32,
    },
    DeletingNode {
        message_id: u32,
        reason: &'static str,
    },
    Notify {
        name: String,
        protocol: u8,
        message_id: u32,
    },
    DeleteReceived {
        protocol: u8,
        spi: u32,
    },
    DpdSent {
        sequence: u32,
    },
    DpdReceived {
        sequence: u32,
        ack: bool,
    },
    PeerDead(Ipv4Addr),
    Floated {
        remote: SocketAddrV4,
    },
}

/// One attribute of a checked transform.
#[derive(Clone, Debug)]
pub struct TransformLine(pub String);

/// A question to the PKI process and its answer (S-051).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PkiCall {
    /// Get / Got CertificateChain to be sent to peer.
    OwnChain,
    /// Add / Added peer's certificate.
    AddPeer,
    /// Get / Got PeerCertificateChain.
    PeerChain,
    /// Validate certificate chain.
    Validate,
}

impl PkiCall {
    fn words(self, asked: bool) -> &'static str {
        match (self, asked) {
            (Self::OwnChain, true) => "Get CertificateChain to be sent to peer",
            (Self::OwnChain, false) => "Got CertificateChain to be sent to peer",
            (Self::AddPeer, true) => "Add peer's certificate",
            (Self::AddPeer, false) => "Added peer's certificate",
            (Self::PeerChain, true) => "Get PeerCertificateChain",
            (Self::PeerChain, false) => "Got PeerCertificateChain",
            (Self::Validate, _) => "Validate certificate chain",
        }
    }
}

impl IsakmpTrace {
    /// The line, for SA number `n`.
    pub(super) fn text(&self, n: u32) -> String {
        if let Some(text) = self.exchange_text(n) {
            return text;
        }
        self.authentication_text(n)
    }

    /// Lines about messages, proposals and states.
    fn exchange_text(&self, n: u32) -> Option<String> {
        Some(match self {
            Self::RequestProfile(profile) => {
                format!(
                    "ISAKMP:({n}): SA request profile is {}",
                    profile.as_deref().unwrap_or("(NULL)")
                )
            }
            Self::PeerCreated(peer) => {
                format!(
                    "ISAKMP: Created a peer struct for {}, peer port {}",
                    peer.ip(),
                    peer.port()
                )
            }
            Self::LocalPorts { local, remote } => {
                format!("ISAKMP: local port {local}, remote port {remote}")
            }
            Self::NewNode(id) => format!("ISAKMP: set new node {id} to QM_IDLE"),
            Self::Inserted => format!("ISAKMP:({n}):insert sa successfully"),
            Self::NoAggressive => {
                format!("ISAKMP:({n}):Can not start Aggressive mode, trying Main mode.")
            }
            Self::ConstructedNatT(name) => format!("ISAKMP:({n}): constructed NAT-T {name} ID"),
            Self::BeginMainMode => format!("ISAKMP:({n}): beginning Main Mode exchange"),
            Self::Sending {
                remote,
                my_port,
                role,
                state,
            } => format!(
                "ISAKMP:({n}): sending packet to {} my_port {my_port} peer_port {} ({role}) {state}\n\
                 ISAKMP:({n}):Sending an IKE IPv4 Packet.",
                remote.ip(),
                remote.port()
            ),
            Self::Received {
                remote,
                my_port,
                role,
                state,
            } => {
                let state = match (role, state) {
                    (Some(role), Some(state)) => format!("({role}) {state}"),
                    _ => "(N) NEW SA".to_owned(),
                };
                format!(
                    "ISAKMP ({n}): received packet from {} dport {my_port} sport {} Global {state}",
                    remote.ip(),
                    remote.port()
                )
            }
            Self::Transition { input, old, new } => {
                format!(
                    "ISAKMP:({n}):Input = {input}\nISAKMP:({n}):Old State = {old} New State = {new}"
                )
            }
            Self::Processing {
                payload,
                message_id,
            } => {
                format!("ISAKMP:({n}): processing {payload} payload. message ID = {message_id}")
            }
            Self::ProcessingVendor => format!("ISAKMP:({n}): processing vendor id payload"),
            Self::VendorMismatch { major } => {
                format!("ISAKMP:({n}): vendor ID seems Unity/DPD but major {major} mismatch")
            }
            Self::Vendor(name) => format!("ISAKMP:({n}): vendor ID is {name}"),
            Self::AnotherIos => format!("ISAKMP:({n}): speaking to another IOS box!"),
            Self::FragmentationNotEnabled => {
                "ISAKMP: Support for IKE Fragmentation not enabled".to_owned()
            }
            Self::CheckingTransform { number, priority } => {
                format!(
                    "ISAKMP:({n}):Checking ISAKMP transform {number} against priority {priority} policy"
                )
            }
            Self::CheckingIpsecProposal { number } => {
                format!("ISAKMP:({n}):Checking IPSec proposal {number}")
            }
            Self::TransformLines(lines) => lines
                .iter()
                .map(|l| format!("ISAKMP:      {}", l.0))
                .collect::<Vec<_>>()
                .join("\n"),
            Self::OfferedMismatch(what) => {
                format!("ISAKMP:({n}):{what} offered does not match policy!")
            }
            Self::AttsAcceptable { next } => {
                format!("ISAKMP:({n}):atts are acceptable. Next payload is {next}")
            }
            Self::AttsNotAcceptable { next } => {
                format!("ISAKMP:({n}):atts are not acceptable. Next payload is {next}")
            }
            Self::NoOffersAccepted => format!("ISAKMP:({n}):no offers accepted!"),
            Self::Phase1PolicyNotAcceptable { local, remote } => {
                format!(
                    "ISAKMP:({n}): phase 1 SA policy not acceptable! (local {local} remote {remote})"
                )
            }
            Self::Phase2PolicyNotAcceptable { local, remote } => {
                format!(
                    "ISAKMP:({n}): phase 2 SA policy not acceptable! (local {local} remote {remote})"
                )
            }
            Self::IpsecPolicyInvalidated { error } => {
                format!("ISAKMP:({n}): IPSec policy invalidated proposal with error {error}")
            }
            Self::LifetimeTimer(seconds) => {
                format!("ISAKMP:({n})::Started lifetime timer: {seconds}.")
            }
            Self::Retransmitting { what, state } => {
                format!("ISAKMP:({n}): retransmitting {what} {state}...")
            }
            Self::ErrorCounter { attempt, of, phase } => format!(
                "ISAKMP ({n}): incrementing error counter on sa, attempt {attempt} of {of}: retransmit phase {phase}"
            ),
            Self::Duplicate { phase } => {
                format!("ISAKMP:({n}): phase {phase} packet is a duplicate of a previous packet.")
            }
            Self::RetransmitDue { phase } => {
                format!("ISAKMP:({n}): retransmitting due to retransmit phase {phase}")
            }
            Self::RetransmissionSkipped {
                phase,
                milliseconds,
            } => format!(
                "ISAKMP:({n}): retransmission skipped for phase {phase} (time since last transmission {milliseconds})"
            ),
            Self::DeletingSa {
                reason,
                role,
                state,
                peer,
            } => {
                format!(
                    "ISAKMP:({n}):deleting SA reason \"{reason}\" state ({role}) {state} (peer {peer})"
                )
            }
            Self::BeginQuickMode(id) => {
                format!("ISAKMP:({n}):beginning Quick Mode exchange, M-ID of {id}")
            }
            Self::SpiInitiator => format!("ISAKMP:({n}):QM Initiator gets spi"),
            Self::AskingSpi => format!("ISAKMP:({n}):QM Responder gets spi"),
            Self::CreatingIpsecSas {
                local,
                remote,
                spi_in,
                spi_out,
            } => format!(
                "ISAKMP:({n}): Creating IPSec SAs\n        inbound SA from {remote} to {local} (f/i)  0/ 0\n        \
                 has spi {spi_in:#X} and conn_id 0\n        outbound SA from {local} to {remote} (f/i) 0/0\n        \
                 has spi  {spi_out:#X} and conn_id 0"
            ),
            Self::DeletingNode { message_id, reason } => {
                format!("ISAKMP:({n}):deleting node {message_id} error FALSE reason \"{reason}\"")
            }
            Self::Notify {
                name,
                protocol,
                message_id,
            } => format!(
                "ISAKMP:({n}): processing NOTIFY {name} protocol {protocol}\n        spi 0, message ID = {message_id}"
            ),
            Self::DeleteReceived { protocol, spi } => format!(
                "ISAKMP:({n}): processing DELETE payload. protocol {protocol}, spi {spi:#x}"
            ),
            Self::DpdSent { sequence } => {
                format!("ISAKMP:({n}):DPD/R_U_THERE sent to peer, sequence {sequence:#x}")
            }
            Self::DpdReceived { sequence, ack } => format!(
                "ISAKMP:({n}):DPD/R_U_THERE{} received from peer, sequence {sequence:#x}",
                if *ack { "_ACK" } else { "" }
            ),
            Self::PeerDead(peer) => format!("ISAKMP:({n}):peer {peer} not responding!"),
            Self::Floated { remote } => {
                format!(
                    "ISAKMP:({n}): NAT found, floating to port {} of {}",
                    remote.port(),
                    remote.ip()
                )
            }
            _ => return None,
        })
    }

    /// Lines about identities, certificates and keys.
    fn authentication_text(&self, n: u32) -> String {
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
        Identity::Ipv4(_) => "address      ",
        Identity::Fqdn(_) => "FQDN name    ",
        Identity::UserFqdn(_) => "USER FQDN    ",
        Identity::Dn(_) => "Dist. name   ",
        Identity::KeyId(_) => "group id     ",
        Identity::Other(..) => "unknown      ",
    }
}
