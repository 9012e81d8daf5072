//! `debug crypto isakmp`: the lines about messages, proposals and states.

use super::IsakmpTrace;

impl IsakmpTrace {
    /// Lines about messages, proposals and states.
    pub(super) fn exchange_text(&self, n: u32) -> Option<String> {
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
                 ISAKMP:({n}):Sending an IKE {} Packet.",
                remote.ip(),
                remote.port(),
                if remote.is_ipv4() { "IPv4" } else { "IPv6" }
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
            Self::Fragmentation(enabled) => {
                let not = if *enabled { "" } else { "not " };
                format!("ISAKMP: Support for IKE Fragmentation {not}enabled")
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
            Self::Transaction { peer, message_id } => format!(
                "ISAKMP:({n}):processing transaction payload from {peer}. message ID = {message_id}"
            ),
            Self::ConfigPayload(ty) => {
                let name = ty.to_string();
                let name = name.strip_prefix("ISAKMP_CFG_").unwrap_or(&name);
                format!("ISAKMP: Config payload {name}")
            }
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
}
