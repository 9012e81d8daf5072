//! What a sub-mode is called in a prompt, and which lines it has.
use super::grammar::Command;
use super::state::{Mode, State};
use super::{crypto_map, ikev2, interface, ipsec, isakmp, keyring, pki, profile, trustpoint};

/// The patterns of each command of a table.
pub(super) type Patterns = Vec<&'static [&'static str]>;

/// Every mode, of the first object each.
const ALL: [Mode; 18] = [
    Mode::Global,
    Mode::Policy(0),
    Mode::Keyring(0),
    Mode::Profile(0),
    Mode::Trustpoint(0),
    Mode::CertificateMap(0),
    Mode::Chain(0),
    Mode::TransformSet(0),
    Mode::IpsecProfile(0),
    Mode::CryptoMap(0),
    Mode::AccessList(0),
    Mode::Interface(0),
    Mode::Ikev2Proposal(0),
    Mode::Ikev2Policy(0),
    Mode::Ikev2Keyring(0),
    Mode::Ikev2Peer(0, 0),
    Mode::Ikev2Profile(0),
    Mode::Ikev2Authorization(0),
];

impl Mode {
    /// The mode that a prompt names, of the first object of its kind.
    pub(super) fn named(prompt: &str) -> Option<Self> {
        ALL.into_iter().find(|mode| mode.prompt() == prompt)
    }

    /// What IOS writes between the host's name and `#`.
    pub(super) fn prompt(self) -> &'static str {
        match self {
            Self::Global | Self::Kept(_) | Self::Skipped => "config",
            Self::Policy(_) => "config-isakmp",
            Self::Keyring(_) => "conf-keyring",
            Self::Profile(_) => "conf-isa-prof",
            Self::Trustpoint(_) => "ca-trustpoint",
            Self::CertificateMap(_) => "ca-certificate-map",
            Self::Chain(_) => "config-cert-chain",
            Self::TransformSet(_) => "cfg-crypto-trans",
            Self::IpsecProfile(_) => "ipsec-profile",
            Self::CryptoMap(_) => "config-crypto-map",
            Self::AccessList(_) => "config-ext-nacl",
            Self::Interface(_) => "config-if",
            Self::Ikev2Proposal(_) => "config-ikev2-proposal",
            Self::Ikev2Policy(_) => "config-ikev2-policy",
            Self::Ikev2Keyring(_) => "config-ikev2-keyring",
            Self::Ikev2Peer(..) => "config-ikev2-keyring-peer",
            Self::Ikev2Profile(_) => "config-ikev2-profile",
            Self::Ikev2Authorization(_) => "config-ikev2-author-policy",
        }
    }

    /// The lines of the sub-mode; none where there is no table.
    pub(super) fn patterns(self) -> Patterns {
        match self {
            Self::Global | Self::Kept(_) | Self::Skipped => Vec::new(),
            Self::Policy(_) => patterns(isakmp::POLICY),
            Self::Keyring(_) => patterns(keyring::KEYRING),
            Self::Profile(_) => patterns(profile::PROFILE),
            Self::Trustpoint(_) => patterns(trustpoint::TRUSTPOINT),
            Self::CertificateMap(_) => patterns(pki::MAP),
            Self::Chain(_) => patterns(pki::CHAIN),
            Self::TransformSet(_) => patterns(ipsec::SET),
            Self::IpsecProfile(_) => patterns(ipsec::PROFILE),
            Self::CryptoMap(_) => patterns(crypto_map::MAP),
            Self::AccessList(_) => patterns(crypto_map::ACCESS_LIST),
            Self::Interface(_) => patterns(interface::INTERFACE),
            Self::Ikev2Proposal(_) => patterns(ikev2::proposal::PROPOSAL),
            Self::Ikev2Policy(_) => patterns(ikev2::proposal::POLICY),
            Self::Ikev2Keyring(_) => patterns(ikev2::keyring::KEYRING),
            Self::Ikev2Peer(..) => {
                let around = patterns(ikev2::keyring::KEYRING);
                patterns(ikev2::keyring::PEER)
                    .into_iter()
                    .chain(around)
                    .collect()
            }
            Self::Ikev2Profile(_) => patterns(ikev2::profile::PROFILE),
            Self::Ikev2Authorization(_) => patterns(ikev2::authorization::POLICY),
        }
    }
}

/// The global lines.
pub(super) fn global_patterns() -> Patterns {
    let commands: Vec<&'static Command<State>> = super::attempt::global_commands();
    commands.iter().map(|command| command.patterns).collect()
}

/// The patterns of a table.
pub(super) fn patterns<T>(table: &'static [Command<T>]) -> Patterns {
    table.iter().map(|command| command.patterns).collect()
}
