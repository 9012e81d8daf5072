//! Doors for the fuzz targets, in their builds alone (`cfg(fuzzing)`): behind
//! a signature that no fuzzer can make lie the readers of what is encrypted.

use bytes::Bytes;

use crate::{
    certificate::Certificate,
    cms::{Signing, cipher_of, normal, open, seal},
    scep::{Algorithms, MessageType, NONCE, Outgoing, PkiOperation, Signer},
};

/// Opens an EnvelopedData for the signer.
pub fn envelope(octets: &Bytes, signer: &Signer<'_>) {
    let Ok(der) = normal(octets) else { return };
    let _ = cipher_of(&der);
    let _ = open(&der, signer.certificate, signer.key);
}

/// A well signed and encrypted message with any content for `recipient`.
pub fn operation(
    kind: u8,
    content: &[u8],
    signer: &Signer<'_>,
    recipient: &Certificate,
    algorithms: Algorithms,
) -> Option<PkiOperation> {
    let kinds = [
        MessageType::PkcsReq,
        MessageType::RenewalReq,
        MessageType::GetCertInitial,
        MessageType::GetCert,
        MessageType::GetCrl,
    ];
    let kind = *kinds.get(usize::from(kind) % kinds.len())?;
    let random = &mut |out: &mut [u8]| out.fill(7);
    let sealed = seal(content, recipient, algorithms.cipher, random).ok()?;
    let outgoing = Outgoing {
        kind,
        transaction: "1",
        sender_nonce: &[1; NONCE],
        recipient_nonce: None,
        status: None,
        content: Some(&sealed),
    };
    let signing = Signing {
        certificate: signer.certificate,
        key: signer.key,
        digest: algorithms.digest,
        certificates: &[signer.certificate],
    };
    Some(PkiOperation::new(outgoing.sign(&signing).ok()?))
}
