//! What the reader knows between two lines: the configuration so far and the open sub-mode.
use super::model::*;

/// The mode that a line is read in. Numbers are indices into the lists of [`RunningConfig`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    #[default]
    Global,
    Policy(usize),
    Keyring(usize),
    Profile(usize),
    Trustpoint(usize),
    CertificateMap(usize),
    Chain(usize),
    TransformSet(usize),
    IpsecProfile(usize),
    CryptoMap(usize),
    AccessList(usize),
    Interface(usize),
    Ikev2Proposal(usize),
    Ikev2Policy(usize),
    Ikev2Keyring(usize),
    /// A keyring and a peer of it.
    Ikev2Peer(usize, usize),
    Ikev2Profile(usize),
    Ikev2Authorization(usize),
    Kept(usize),
    /// Below a line that was not understood: indented lines belong to it.
    Skipped,
}

impl Mode {
    /// The mode that `exit` leads to.
    pub(super) fn parent(self) -> Self {
        match self {
            Self::Ikev2Peer(keyring, _) => Self::Ikev2Keyring(keyring),
            _ => Self::Global,
        }
    }

    /// Whether wrong lines are errors here.
    pub(super) fn is_crypto(self) -> bool {
        !matches!(
            self,
            Self::Global | Self::AccessList(_) | Self::Interface(_) | Self::Kept(_) | Self::Skipped
        )
    }
}

/// The reader's state.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) config: RunningConfig,
    pub(super) mode: Mode,
    /// The certificate whose hexadecimal lines are being read (G-063).
    pub(super) certificate: Option<PendingCertificate>,
    /// The block just opened is kept and not acted on; the driver says so once.
    pub(super) kept_note: bool,
}

/// A certificate between its first line and `quit`.
#[derive(Clone, Debug)]
pub(super) struct PendingCertificate {
    pub(super) kind: ChainCertificateKind,
    pub(super) serial: String,
    pub(super) digits: String,
}

impl State {
    /// The canonical text of the line that opened the current sub-mode; empty in global mode.
    pub(super) fn block(&self) -> String {
        self.block_of(self.mode)
    }

    /// The text that [`block`](Self::block) has in a mode.
    pub(super) fn block_of(&self, mode: Mode) -> String {
        self.opening_line(mode).unwrap_or_default()
    }

    fn opening_line(&self, mode: Mode) -> Option<String> {
        let config = &self.config;
        Some(match mode {
            Mode::Global | Mode::Skipped => String::new(),
            Mode::Policy(i) => format!(
                "crypto isakmp policy {}",
                config.isakmp_policies.get(i)?.priority
            ),
            Mode::Keyring(i) => format!("crypto keyring {}", config.keyrings.get(i)?.name),
            Mode::Profile(i) => format!(
                "crypto isakmp profile {}",
                config.isakmp_profiles.get(i)?.name
            ),
            Mode::Trustpoint(i) => {
                format!("crypto pki trustpoint {}", config.trustpoints.get(i)?.name)
            }
            Mode::CertificateMap(i) => {
                let map = config.certificate_maps.get(i)?;
                format!("crypto pki certificate map {} {}", map.label, map.sequence)
            }
            Mode::Chain(i) => format!(
                "crypto pki certificate chain {}",
                config.certificate_chains.get(i)?.trustpoint
            ),
            Mode::TransformSet(i) => format!(
                "crypto ipsec transform-set {}",
                config.transform_sets.get(i)?.name
            ),
            Mode::IpsecProfile(i) => format!(
                "crypto ipsec profile {}",
                config.ipsec_profiles.get(i)?.name
            ),
            Mode::CryptoMap(i) => {
                let map = config.crypto_maps.get(i)?;
                format!("crypto map {} {}", map.name, map.sequence)
            }
            Mode::AccessList(i) => format!(
                "ip access-list extended {}",
                config.access_lists.get(i)?.name
            ),
            Mode::Interface(i) => format!("interface {}", config.interfaces.get(i)?.name),
            Mode::Kept(i) => config.kept.get(i)?.line.clone(),
            ikev2 => return self.ikev2_block(ikev2),
        })
    }

    fn ikev2_block(&self, mode: Mode) -> Option<String> {
        let config = &self.config;
        let (kind, name) = match mode {
            Mode::Ikev2Proposal(i) => ("proposal", &config.ikev2_proposals.get(i)?.name),
            Mode::Ikev2Policy(i) => ("policy", &config.ikev2_policies.get(i)?.name),
            Mode::Ikev2Keyring(i) => ("keyring", &config.ikev2_keyrings.get(i)?.name),
            Mode::Ikev2Profile(i) => ("profile", &config.ikev2_profiles.get(i)?.name),
            Mode::Ikev2Authorization(i) => {
                let policy = config.ikev2_authorization_policies.get(i)?;
                ("authorization policy", &policy.name)
            }
            Mode::Ikev2Peer(i, j) => {
                let keyring = config.ikev2_keyrings.get(i)?;
                let (name, peer) = (&keyring.name, &keyring.peers.get(j)?.name);
                return Some(format!("crypto ikev2 keyring {name} peer {peer}"));
            }
            _ => return None,
        };
        Some(format!("crypto ikev2 {kind} {name}"))
    }
}

/// The index of the item that `same` describes, or of a new one at the end.
pub(super) fn enter<T>(
    list: &mut Vec<T>,
    same: impl Fn(&T) -> bool,
    new: impl FnOnce() -> T,
) -> usize {
    if let Some(index) = list.iter().position(same) {
        return index;
    }
    list.push(new());
    list.len() - 1
}

/// The same for a list in ascending order of `key`.
pub(super) fn enter_sorted<T, K: Ord>(
    list: &mut Vec<T>,
    key: &K,
    of: impl Fn(&T) -> K,
    new: impl FnOnce() -> T,
) -> usize {
    list.binary_search_by(|item| of(item).cmp(key))
        .unwrap_or_else(|index| {
            list.insert(index, new());
            index
        })
}

/// Appends an item unless the list has it.
pub(super) fn add<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}
