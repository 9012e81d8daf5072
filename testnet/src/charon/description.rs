//! What a charon is to be: the sections of swanctl.conf(5) as values.
//!
//! What most peers set has a field; everything else goes into `settings`, key and value as
//! swanctl.conf and strongswan.conf name them.

/// Key and value of a setting.
pub type Setting = (String, String);

/// Everything one charon is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Settings of the daemon: section `charon-systemd` of strongswan.conf. A key may name
    /// subsections with dots, e.g. `plugins.revocation.enable_ocsp`.
    pub settings: Vec<Setting>,
    /// Certificates, private keys and revocation lists, in the order in which they are loaded.
    pub credentials: Vec<Credential>,
    /// Shared secrets.
    pub secrets: Vec<Secret>,
    /// Address pools.
    pub pools: Vec<Pool>,
    /// What is known about CAs.
    pub authorities: Vec<Authority>,
    /// Connections.
    pub connections: Vec<Connection>,
}

/// Version of IKE that a connection speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IkeVersion {
    /// IKEv1 (RFC 2409).
    One,
    /// IKEv2 (RFC 7296).
    #[default]
    Two,
}

/// A connection: who talks to whom and how they prove it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// Its name.
    pub name: String,
    /// Version of IKE.
    pub version: IkeVersion,
    /// Addresses of its own; empty = any.
    pub local_addrs: Vec<String>,
    /// Addresses of the peer; empty = any.
    pub remote_addrs: Vec<String>,
    /// Proposals for the IKE SA, e.g. `aes128-sha256-modp2048`.
    pub proposals: Vec<String>,
    /// How it proves who it is.
    pub local: Authentication,
    /// How the peer has to.
    pub remote: Authentication,
    /// Further rounds by the name of their section, e.g. `local-xauth`.
    pub rounds: Vec<(String, Authentication)>,
    /// Child SAs.
    pub children: Vec<Child>,
    /// Further settings, e.g. `dpd_delay`.
    pub settings: Vec<Setting>,
}

/// One side's proof.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authentication {
    /// `psk`, `pubkey`, `ike:rsa/pss-sha256`, …
    pub auth: String,
    /// Identity; `None` = charon's own choice.
    pub id: Option<String>,
    /// File names of certificates (see [`Credential::name`]).
    pub certs: Vec<String>,
    /// File names of CA certificates to trust, and to ask for.
    pub cacerts: Vec<String>,
    /// Further settings, e.g. `revocation`.
    pub settings: Vec<Setting>,
}

/// A child SA.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Child {
    /// Its name.
    pub name: String,
    /// Local traffic selectors.
    pub local_ts: Vec<String>,
    /// Remote traffic selectors.
    pub remote_ts: Vec<String>,
    /// Proposals for ESP, e.g. `aes128-sha256`.
    pub esp_proposals: Vec<String>,
    /// Further settings, e.g. `rekey_time`.
    pub settings: Vec<Setting>,
}

/// A shared secret and the identities that it belongs to (none = everyone's).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// What it is for.
    pub kind: SecretKind,
    /// Its octets.
    pub octets: Vec<u8>,
    /// Identities.
    pub ids: Vec<String>,
}

/// What a secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// Pre-shared key.
    Ike,
    /// Post-quantum pre-shared key (RFC 8784).
    Ppk,
    /// EAP or XAUTH password.
    Eap,
}

/// What is known about a CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Its name.
    pub name: String,
    /// File name of its certificate (see [`Credential::name`]).
    pub cacert: String,
    /// Settings, e.g. `cert_uri_base`.
    pub settings: Vec<Setting>,
}

/// Addresses for peers that ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// Range or network.
    pub addrs: String,
    /// What else it hands out, e.g. `dns`.
    pub settings: Vec<Setting>,
}

/// A credential as a file that swanctl loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// What it is.
    pub kind: CredentialKind,
    /// File name.
    pub name: String,
    /// DER or PEM; private keys as PKCS#8.
    pub octets: Vec<u8>,
}

/// What a credential is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    /// A CA certificate.
    Ca,
    /// A certificate of its own, or of a peer.
    Certificate,
    /// A certificate revocation list.
    Crl,
    /// A private key.
    PrivateKey,
}

impl Description {
    /// Connections, secrets and pools as the text of a swanctl.conf(5). Secrets are in it.
    pub fn swanctl_conf(&self) -> String {
        super::render::swanctl_conf(self)
    }

    /// The settings of the daemon as a file that strongswan.conf(5) includes.
    pub fn daemon_conf(&self) -> String {
        super::render::daemon_conf(self)
    }
}

impl CredentialKind {
    /// Its folder below SWANCTL_DIR.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Ca => "x509ca",
            Self::Certificate => "x509",
            Self::Crl => "x509crl",
            Self::PrivateKey => "pkcs8",
        }
    }
}

impl Connection {
    /// The same with one more setting.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.settings.push((key.to_owned(), value.to_owned()));
        self
    }
}
