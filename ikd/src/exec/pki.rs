//! What a line of the PKI asks for, with what it names.

use ike_core::policy::enrolment::DEFAULT_BITS;
use ike_crypto::KeySpec;
use zeroize::Zeroizing;

use super::node::Pki;
use super::parse::Matched;
use crate::pki::{Action, Form};

/// The request of a line that the tree has accepted.
pub(super) fn action(what: Pki, line: &Matched) -> Action {
    let trustpoint = line.name().unwrap_or_default().to_owned();
    let passphrase = || Zeroizing::new(line.after("password").unwrap_or_default().to_owned());
    let optional = || line.after("password").map(|_| passphrase());
    match what {
        Pki::Authenticate { confirm } => Action::Authenticate {
            trustpoint,
            confirm,
        },
        Pki::Enroll { confirm } => Action::Enroll {
            trustpoint,
            confirm,
        },
        Pki::ImportCertificate => Action::ImportCertificate { trustpoint },
        Pki::ImportPem => Action::Import {
            trustpoint,
            form: Form::Pem(optional()),
            exportable: line.has("exportable"),
        },
        Pki::ImportPkcs12 => Action::Import {
            trustpoint,
            form: Form::Pkcs12(passphrase()),
            exportable: line.has("exportable"),
        },
        Pki::ExportPem => Action::Export {
            trustpoint,
            form: Form::Pem(optional()),
        },
        Pki::ExportPkcs12 => Action::Export {
            trustpoint,
            form: Form::Pkcs12(passphrase()),
        },
        Pki::RequestCrl => Action::RequestCrl { trustpoint },
        Pki::ClearCrls => Action::ClearCrls,
        Pki::CleanTrustpool => Action::CleanTrustpool,
        Pki::ImportTrustpool => Action::ImportTrustpool,
        Pki::GenerateRsa | Pki::GenerateEc => generate(line),
        Pki::ZeroizeKeys => Action::ZeroizeKeys { label: trustpoint },
    }
}

/// `crypto key generate` (G-060).
fn generate(line: &Matched) -> Action {
    let bits = line.after("modulus").and_then(|bits| bits.parse().ok());
    let spec = if line.has("256") {
        KeySpec::EcP256
    } else if line.has("384") {
        KeySpec::EcP384
    } else if line.has("521") {
        KeySpec::EcP521
    } else {
        KeySpec::Rsa {
            bits: bits.unwrap_or(DEFAULT_BITS),
        }
    };
    Action::GenerateKeys {
        label: line.after("label").map(str::to_owned),
        spec,
        exportable: line.has("exportable"),
    }
}
