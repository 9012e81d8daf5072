//! PKI: trustpoints, maps, chains (G-061..G-063).

use super::{AddressOrInterface, IsakmpHash};

/// `crypto pki trustpoint TP` (G-061).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustpointConfig {
    /// Name.
    pub name: String,
    /// `enrollment ...`.
    pub enrollment: Option<Enrollment>,
    /// `serial-number` in the subject.
    pub serial_number: bool,
    /// `fqdn NAME`; `Some(None)` for `fqdn none`.
    pub fqdn: Option<Option<String>>,
    /// `ip-address A|IF`; `Some(None)` for `ip-address none`.
    pub ip_address: Option<Option<AddressOrInterface>>,
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
    /// `hash`.
    pub hash: Option<IsakmpHash>,
    /// `fingerprint HEX`.
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
