//! `debug crypto isakmp`: the lines of the seed's transcripts and of O-082.
//!
//! IOS has two spellings of its tag and this keeps both as the seed prints them (O-081):
//! `ISAKMP:(N):` and `ISAKMP (N):`, with or without a blank behind.

use std::net::{IpAddr, SocketAddr};

use ike_wire::v1::ConfigType;

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
    PeerCreated(SocketAddr),
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
        remote: SocketAddr,
        my_port: u16,
        role: Role,
        state: SaState,
    },
    Received {
        remote: SocketAddr,
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
    Fragmentation(bool),
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
        local: IpAddr,
        remote: IpAddr,
    },
    Phase2PolicyNotAcceptable {
        local: IpAddr,
        remote: IpAddr,
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
    NoPresharedKey(IpAddr),
    FoundPresharedKey(IpAddr),
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
        peer: IpAddr,
    },
    ConstructingCert(String),
    SigningWith(String),
    UnableToSign(String),
    PeerMatches(Option<String>),
    ProcessingCert,
    CertificateMapMatches(String),
    RevalidateByProfile,
    PubkeyNotCached,
    ProfileHasNoKeyring,
    ValidationList(Vec<String>),
    CertValidationError(i32),
    SignatureError,
    HashMismatch,
    Authenticated,
    AuthenticatedWith(IpAddr),
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
        peer: IpAddr,
    },
    BeginQuickMode(u32),
    SpiInitiator,
    AskingSpi,
    CreatingIpsecSas {
        local: IpAddr,
        remote: IpAddr,
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
    PeerDead(IpAddr),
    Transaction {
        peer: IpAddr,
        message_id: u32,
    },
    ConfigPayload(ConfigType),
    Floated {
        remote: SocketAddr,
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
    pub(super) fn words(self, asked: bool) -> &'static str {
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
}
