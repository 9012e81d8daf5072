//! The state names of IOS (O-002, O-003).

use std::fmt;

/// A state as `show crypto isakmp sa` prints it (O-002).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaState {
    /// MM1 sent, or failed.
    MmNoState,
    /// Policy agreed.
    MmSaSetup,
    /// Keys made, peer not authenticated.
    MmKeyExch,
    /// Up.
    QmIdle,
}

impl fmt::Display for SaState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::MmNoState => "MM_NO_STATE",
            Self::MmSaSetup => "MM_SA_SETUP",
            Self::MmKeyExch => "MM_KEY_EXCH",
            Self::QmIdle => "QM_IDLE",
        })
    }
}

/// A state of the finite state machine as debug prints it (O-003).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsm {
    /// IKE_READY.
    Ready,
    /// IKE_I_MM1..6.
    Initiator(u8),
    /// IKE_R_MM1..6.
    Responder(u8),
    /// IKE_P1_COMPLETE.
    Complete,
    /// IKE_DEST_SA.
    Destroyed,
    /// IKE_QM_READY.
    QuickReady,
    /// IKE_QM_I_QM1.
    QuickInitiator1,
    /// IKE_QM_SPI_STARVE.
    QuickSpiStarve,
    /// IKE_QM_R_QM2.
    QuickResponder2,
    /// IKE_QM_IPSEC_INSTALL_AWAIT.
    QuickInstall,
    /// IKE_QM_PHASE2_COMPLETE.
    QuickComplete,
}

impl fmt::Display for Fsm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("IKE_READY"),
            Self::Initiator(n) => write!(f, "IKE_I_MM{n}"),
            Self::Responder(n) => write!(f, "IKE_R_MM{n}"),
            Self::Complete => f.write_str("IKE_P1_COMPLETE"),
            Self::Destroyed => f.write_str("IKE_DEST_SA"),
            Self::QuickReady => f.write_str("IKE_QM_READY"),
            Self::QuickInitiator1 => f.write_str("IKE_QM_I_QM1"),
            Self::QuickSpiStarve => f.write_str("IKE_QM_SPI_STARVE"),
            Self::QuickResponder2 => f.write_str("IKE_QM_R_QM2"),
            Self::QuickInstall => f.write_str("IKE_QM_IPSEC_INSTALL_AWAIT"),
            Self::QuickComplete => f.write_str("IKE_QM_PHASE2_COMPLETE"),
        }
    }
}

/// The input of a transition, in the seed's spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// IKE_MSG_FROM_PEER, IKE_MM_EXCH.
    MainModeMessage,
    /// IKE_MSG_INTERNAL, IKE_PROCESS_MAIN_MODE.
    ProcessMainMode,
    /// IKE_MSG_INTERNAL, IKE_PROCESS_COMPLETE.
    ProcessComplete,
    /// IKE_MSG_INTERNAL, IKE_PROCESS_ERROR.
    ProcessError,
    /// IKE_MSG_INTERNAL, IKE_PHASE1_DEL.
    Phase1Delete,
    /// IKE_MSG_FROM_IPSEC, IKE_SA_REQ_MM.
    RequestMainMode,
    /// IKE_MSG_INTERNAL, IKE_INIT_QM.
    InitQuick,
    /// IKE_MSG_FROM_PEER, IKE_QM_EXCH.
    QuickMessage,
    /// IKE_MSG_INTERNAL, IKE_GOT_SPI.
    GotSpi,
    /// IKE_MSG_FROM_PEER, IKE_INFO_NOTIFY.
    InfoNotify,
    /// IKE_MSG_FROM_PEER, IKE_INFO_DELETE.
    InfoDelete,
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MainModeMessage => "IKE_MSG_FROM_PEER, IKE_MM_EXCH",
            Self::ProcessMainMode => "IKE_MSG_INTERNAL, IKE_PROCESS_MAIN_MODE",
            Self::ProcessComplete => "IKE_MSG_INTERNAL, IKE_PROCESS_COMPLETE",
            Self::ProcessError => "IKE_MSG_INTERNAL, IKE_PROCESS_ERROR",
            Self::Phase1Delete => "IKE_MSG_INTERNAL, IKE_PHASE1_DEL",
            Self::RequestMainMode => "IKE_MSG_FROM_IPSEC, IKE_SA_REQ_MM",
            Self::InitQuick => "IKE_MSG_INTERNAL, IKE_INIT_QM",
            Self::QuickMessage => "IKE_MSG_FROM_PEER, IKE_QM_EXCH",
            Self::GotSpi => "IKE_MSG_INTERNAL, IKE_GOT_SPI",
            Self::InfoNotify => "IKE_MSG_FROM_PEER, IKE_INFO_NOTIFY",
            Self::InfoDelete => "IKE_MSG_FROM_PEER, IKE_INFO_DELETE",
        })
    }
}
