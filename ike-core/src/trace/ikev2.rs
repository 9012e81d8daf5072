//! `debug crypto ikev2`: the lines of the seed's transcripts and of O-083.
//!
//! 15.3T tags a line with `IKEv2:(SA ID = n):`; the number is that of `show crypto ikev2 sa`. A line
//! that belongs to no SA has `IKEv2:` alone. The typing errors are IOS's own.

use std::net::{IpAddr, SocketAddr};

use ike_wire::Spi;

use crate::policy::identity::Identity;

/// What IKEv2 tells.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "each variant is the line that `text` prints for it"
)]
pub enum Ikev2Trace {
    Packet(Box<Packet>),
    /// What goes into the SK payload.
    BuildingForEncryption(Vec<String>),
    Processing(&'static str),
    UsingDefaultPolicy,
    FoundPolicy(String),
    IkeProposal {
        number: u8,
        spi: usize,
        transforms: Vec<String>,
        initial: bool,
    },
    EspProposal {
        number: u8,
        transforms: Vec<String>,
    },
    CheckingNat,
    NatFound {
        here: bool,
        there: bool,
    },
    RetrievingTrustpoints,
    RetrievedTrustpoints(Vec<String>),
    GettingChain(String),
    GotChain(bool),
    CertificatePayloadFailed,
    SearchingPolicy(Identity),
    FoundProfile(String),
    NoProfile,
    PeerMethod,
    PeerMethodIs(&'static str),
    Validating,
    Validated(bool),
    Verified(bool),
    SendingAuthenticationFailure,
    NoIpsecPolicy,
    SendingTsUnacceptable,
    NoChildProposal,
    GenerateAuth,
    OwnMethod(&'static str),
    ConstructingId {
        initiator: bool,
        identity: Identity,
    },
    SaCreated(u32),
    SessionUp {
        peer: Identity,
        own: Identity,
    },
    InitialContact,
    Retransmitting(u32),
    RetransmissionsExhausted,
    QueueingDelete(String),
    Deleting,
    ReceivedNotify(String),
    Liveness,
    NegotiationFailed(String),
    Moved(SocketAddr),
    Fetching(String),
    Reauthenticating,
    Redirected(IpAddr),
}

/// A message on the wire.
#[derive(Clone, Debug)]
pub struct Packet {
    /// We send it.
    pub sending: bool,
    /// Our endpoint.
    pub local: SocketAddr,
    /// The peer's endpoint.
    pub remote: SocketAddr,
    /// SPIi.
    pub initiator: Spi,
    /// SPIr.
    pub responder: Spi,
    /// Message ID.
    pub message_id: u32,
    /// `IKE_SA_INIT` and the like.
    pub exchange: String,
    /// A response.
    pub response: bool,
    /// Payload names as IOS prints them.
    pub payloads: Vec<String>,
}

impl Ikev2Trace {
    /// A message or its parts: all that `debug crypto ikev2 packet` shows.
    #[must_use]
    pub fn is_packet(&self) -> bool {
        matches!(
            self,
            Self::Packet(_)
                | Self::BuildingForEncryption(_)
                | Self::IkeProposal { .. }
                | Self::EspProposal { .. }
        )
    }

    /// Something failed: shown with `debug crypto ikev2 error` too.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::GotChain(false)
                | Self::CertificatePayloadFailed
                | Self::NoProfile
                | Self::Validated(false)
                | Self::Verified(false)
                | Self::SendingAuthenticationFailure
                | Self::NoIpsecPolicy
                | Self::SendingTsUnacceptable
                | Self::NoChildProposal
                | Self::RetransmissionsExhausted
                | Self::NegotiationFailed(_)
        )
    }

    #[expect(clippy::too_many_lines, reason = "one line of text for each variant")]
    pub(super) fn text(&self, sa: u32) -> String {
        let tag = match sa {
            0 => "IKEv2:".to_owned(),
            _ => format!("IKEv2:(SA ID = {sa}):"),
        };
        let tagged = |text: &str| format!("{tag}{text}");
        let passed = |ok: bool| if ok { "PASSED" } else { "FAILED" };
        match self {
            Self::Packet(packet) => packet.text(&tag),
            Self::BuildingForEncryption(payloads) => format!(
                "{tag}Building packet for encryption. \nPayload contents: \n {}",
                payloads.join(" ")
            ),
            Self::Processing(message) => format!("{tag}Processing {message} message"),
            Self::UsingDefaultPolicy => "IKEv2:Using the Default Policy for Proposal".to_owned(),
            Self::FoundPolicy(name) => format!("IKEv2:Found Policy '{name}'"),
            Self::IkeProposal {
                number,
                spi,
                transforms,
                initial,
            } => {
                let negotiation = if *initial { "initial" } else { "rekey" };
                format!(
                    "{tag}IKE Proposal: {number}, SPI size: {spi} ({negotiation} negotiation), \nNum. transforms: {}\n   {}",
                    transforms.len(),
                    transforms.join("   ")
                )
            }
            Self::EspProposal { number, transforms } => format!(
                "{tag}ESP Proposal: {number}, SPI size: 4 (IPSec negotiation), \nNum. transforms: {}\n   {}",
                transforms.len(),
                transforms.join("   ")
            ),
            Self::CheckingNat => tagged("Checking NAT discovery"),
            Self::NatFound { here, there } => tagged(match (here, there) {
                (false, false) => "NAT not found",
                (true, false) => "NAT INSIDE found",
                (false, true) => "NAT OUTSIDE found",
                (true, true) => "NAT INSIDE and OUTSIDE found",
            }),
            Self::RetrievingTrustpoints => {
                tagged("[IKEv2 -> PKI] Retrieving trustpoint(s) from received certificate hash(es)")
            }
            Self::RetrievedTrustpoints(names) => {
                let names: Vec<String> = names.iter().map(|n| format!("'{n}'")).collect();
                let names = if names.is_empty() {
                    "NONE".to_owned()
                } else {
                    names.join(" ")
                };
                format!("{tag}[PKI -> IKEv2] Retrieved trustpoint(s): {names}")
            }
            Self::GettingChain(tp) => {
                format!("{tag}[IKEv2 -> PKI] Getting cert chain for the trustpoint {tp}")
            }
            Self::GotChain(ok) => format!(
                "{tag}[PKI -> IKEv2] Getting of cert chain for the trustpoint {}",
                passed(*ok)
            ),
            Self::CertificatePayloadFailed => tagged("Failed to build certificate payload"),
            Self::SearchingPolicy(identity) => format!(
                "{tag}Searching policy based on peer's identity '{}' of type '{}'",
                printed(identity),
                kind(identity)
            ),
            Self::FoundProfile(name) => format!("IKEv2:found matching IKEv2 profile '{name}'"),
            Self::NoProfile => {
                tagged("Failed to locate an item in the database: no matching IKEv2 profile")
            }
            Self::PeerMethod => tagged("Get peer's authentication method"),
            Self::PeerMethodIs(method) => {
                format!("{tag}Peer's authentication method is '{method}'")
            }
            Self::Validating => tagged("[IKEv2 -> PKI] Validating certificate chain"),
            Self::Validated(ok) => format!(
                "{tag}[PKI -> IKEv2] Validation of certificate chain {}",
                passed(*ok)
            ),
            Self::Verified(true) => tagged("Verification of peer's authenctication data PASSED"),
            Self::Verified(false) => tagged("Verification of peer's authentication data FAILED"),
            Self::SendingAuthenticationFailure => tagged("Sending authentication failure notify"),
            Self::NoIpsecPolicy => tagged("There was no IPSEC policy found for received TS"),
            Self::SendingTsUnacceptable => format!("{tag}\n{tag}Sending TS unacceptable notify"),
            Self::NoChildProposal => tagged("Failed to find a matching policy for the child SA"),
            Self::GenerateAuth => tagged("Generate my authentication data"),
            Self::OwnMethod(method) => format!("{tag}My authentication method is '{method}'"),
            Self::ConstructingId {
                initiator,
                identity,
            } => format!(
                "{tag}Constructing {} payload: '{}' of type '{}'",
                if *initiator { "IDi" } else { "IDr" },
                printed(identity),
                kind(identity)
            ),
            Self::SaCreated(lifetime) => format!(
                "{tag}IKEV2 SA created; inserting SA into database. SA lifetime timer ({lifetime} sec) started"
            ),
            Self::SessionUp { peer, own } => format!(
                "{tag}Session with IKE ID PAIR ({}, {}) is UP",
                printed(peer),
                printed(own)
            ),
            Self::InitialContact => tagged("Processing INITIAL_CONTACT"),
            // An answer has no attempts: it goes out as often as its request comes.
            Self::Retransmitting(0) => tagged("Retransmitting packet"),
            Self::Retransmitting(attempt) => {
                format!("{tag}Retransmitting packet (attempt {attempt})")
            }
            Self::RetransmissionsExhausted => tagged("Maximum number of retransmissions reached"),
            Self::QueueingDelete(reason) => {
                format!("{tag}Queuing IKE SA delete request reason: {reason}")
            }
            Self::Deleting => tagged("Deleting SA"),
            Self::ReceivedNotify(name) => format!("{tag}Received notify {name}"),
            Self::Liveness => tagged("Sending DPD/liveness query"),
            Self::NegotiationFailed(reason) => format!("{tag}Negotiation failed: {reason}"),
            Self::Moved(remote) => format!("{tag}Peer moved to {remote}"),
            Self::Fetching(url) => {
                format!("{tag}Fetching certificate from {}", super::escaped(url))
            }
            Self::Redirected(gateway) => format!("{tag}Redirected to {gateway}"),
            Self::Reauthenticating => tagged("Starting reauthentication"),
        }
    }
}

impl Packet {
    fn text(&self, tag: &str) -> String {
        let (verb, first, second) = match self.sending {
            true => ("Sending", self.remote, self.local),
            false => ("Received", self.local, self.remote),
        };
        let direction = match self.sending {
            true => format!("[To {first}/From {second}/VRF i0:f0]"),
            false => format!("[From {second}/To {first}/VRF i0:f0]"),
        };
        format!(
            "{tag}{verb} Packet {direction} \nInitiator SPI : {} - Responder SPI : {} Message id: {} \nIKEv2 {} Exchange {} \nPayload contents: \n {}",
            self.initiator.to_string().to_uppercase(),
            self.responder.to_string().to_uppercase(),
            self.message_id,
            self.exchange,
            if self.response { "RESPONSE" } else { "REQUEST" },
            self.payloads.join(" ")
        )
    }
}

fn printed(identity: &Identity) -> String {
    super::escaped(&identity.to_string())
}

/// IOS's name of an identity's type.
fn kind(identity: &Identity) -> &'static str {
    match identity {
        Identity::Ipv4(_) => "IPv4 address",
        Identity::Ipv6(_) => "IPv6 address",
        Identity::Fqdn(_) => "FQDN",
        Identity::UserFqdn(_) => "RFC822",
        Identity::Dn(_) => "DER ASN1 DN",
        Identity::KeyId(_) => "key ID",
        Identity::Other(..) => "unknown",
    }
}
