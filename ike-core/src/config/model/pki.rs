//! PKI: trustpoints, maps, chains (G-061..G-063).

use super::{AddressOrInterface, IsakmpHash};

/// `crypto pki trustpoint TP` (G-061).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustpointConfig {
    /// Name.
    pub name: String,
    /// `enrollment ...`.
    pub enrollment: Option<Enrollment>,
    /// `enrollment mode ra`: requests go to a registration authority.
    pub enrollment_mode_ra: bool,
    /// `enrollment retry count N`; default 10.
    pub enrollment_retry_count: Option<u32>,
    /// `enrollment retry period MINUTES`; default 1.
    pub enrollment_retry_period: Option<u32>,
    /// `usage ...`; empty = every use.
    pub usage: Vec<TrustpointUsage>,
    /// `serial-number` in the subject.
    pub serial_number: bool,
    /// `fqdn NAME`; `Some(None)` for `fqdn none`.
    pub fqdn: Option<Option<String>>,
    /// `ip-address A|IF`; `Some(None)` for `ip-address none`.
    pub ip_address: Option<Option<AddressOrInterface>>,
    /// `password S`: the challenge password of enrolment.
    pub password: Option<EnrollmentPassword>,
    /// `subject-name X500` as typed (W-022).
    pub subject_name: Option<String>,
    /// `subject-alt-name`.
    pub subject_alt_name: Option<String>,
    /// `rsakeypair LABEL [SIZE]`.
    pub rsakeypair: Option<(String, Option<u32>)>,
    /// `eckeypair LABEL`.
    pub eckeypair: Option<String>,
    /// `revocation-check M1 [M2 [M3]]`; empty = default `crl`.
    pub revocation_check: Vec<RevocationMethod>,
    /// `chain-validation`.
    pub chain_validation: ChainValidation,
    /// `crl cache`.
    pub crl_cache: CrlCacheTime,
    /// `crl query URL`.
    pub crl_query: Option<String>,
    /// `ocsp url URL`.
    pub ocsp_url: Option<String>,
    /// `ocsp disable-nonce`.
    pub ocsp_disable_nonce: bool,
    /// `match certificate MAP ...`, in the order they were given.
    pub match_certificate: Vec<CertificateMatch>,
    /// `source interface IF`: where requests to the CA start.
    pub source_interface: Option<String>,
    /// `auto-enroll [PERCENT] [regenerate]`.
    pub auto_enroll: Option<AutoEnroll>,
    /// `regenerate`: a new key pair with each enrolment.
    pub regenerate: bool,
    /// `hash`.
    pub hash: Option<IsakmpHash>,
    /// `fingerprint HEX`: MD5 or SHA-1, and SHA-256 as an extension.
    pub fingerprint: Option<String>,
    /// Every other accepted sub-command, kept as typed.
    pub kept: Vec<String>,
}

/// How a trustpoint enrols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enrollment {
    /// `enrollment url URL`.
    Url(String),
    /// `enrollment terminal [pem]`.
    Terminal,
    /// `enrollment selfsigned`.
    SelfSigned,
    /// `enrollment profile P`.
    Profile(String),
    /// `enrollment pkcs12`.
    Pkcs12,
}

/// What the certificates of a trustpoint are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustpointUsage {
    /// IKE.
    Ike,
    /// TLS as the one who starts it.
    SslClient,
    /// TLS as the one who answers.
    SslServer,
}

/// A challenge password as typed; never in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrollmentPassword(pub String);

impl std::fmt::Debug for EnrollmentPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EnrollmentPassword(<{} octets>)", self.0.len())
    }
}

/// How far up a chain is validated (P-040).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ChainValidation {
    /// The trustpoint's own CA certificate is trusted.
    #[default]
    Stop,
    /// It has to be issued by the CA of another trustpoint: the one named, or
    /// any.
    Continue(Option<String>),
}

/// How long a fetched revocation list counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CrlCacheTime {
    /// Until its nextUpdate.
    #[default]
    NextUpdate,
    /// `crl cache none`.
    None,
    /// `crl cache delete-after MINUTES`.
    DeleteAfter(u32),
}

/// `match certificate MAP` of a trustpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateMatch {
    /// Label of the map.
    pub map: String,
    /// What holds for the certificates that fit it.
    pub effect: MatchEffect,
}

/// What a certificate map of a trustpoint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchEffect {
    /// No word: only certificates that fit such a map are accepted.
    Accept,
    /// `allow expired-certificate`.
    AllowExpired,
    /// `skip revocation-check`.
    SkipRevocation,
    /// `skip authorization-check`: nothing here authorises by certificate.
    SkipAuthorization,
}

/// `auto-enroll`: a new certificate before the old one ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutoEnroll {
    /// Percent of the validity after which it starts; none = at its end.
    pub percent: Option<u32>,
    /// With a new key pair.
    pub regenerate: bool,
}

/// One `revocation-check` method (P-041).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationMethod {
    /// Certificate revocation list.
    Crl,
    /// Accept without a check.
    None,
    /// OCSP.
    Ocsp,
}

/// `crypto pki certificate map LABEL SEQ` (G-062).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateMap {
    /// Label.
    pub label: String,
    /// Sequence number.
    pub sequence: u32,
    /// Lines as typed, ANDed.
    pub rules: Vec<String>,
}

/// `crypto pki certificate chain TP` (G-063).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateChain {
    /// Trustpoint.
    pub trustpoint: String,
    /// Its certificates.
    pub certificates: Vec<ChainCertificate>,
}

/// One certificate of a chain block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainCertificate {
    /// `ca`, `self-signed`, or neither.
    pub kind: ChainCertificateKind,
    /// Serial as typed.
    pub serial: String,
    /// `nvram:FILE`, or the DER octets.
    pub source: ChainCertificateSource,
}

/// Kind of a chain certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainCertificateKind {
    /// The router's own.
    Router,
    /// The CA's.
    Ca,
    /// Self-signed.
    SelfSigned,
}

/// Where a chain certificate's octets are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainCertificateSource {
    /// A file of the store.
    File(String),
    /// In the text, as DER.
    Der(Vec<u8>),
}
