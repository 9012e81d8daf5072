//! One request and its reply: what ties them together is checked here, for
//! every kind of message.

use bytes::Bytes;
use ike_crypto::Hash;

use crate::{
    certificate::Certificate,
    cms::{Pkcs7, Signing, normal, open, seal},
    http::HttpReply,
    scep::{
        Algorithms, CaCertificates, Fault, Incoming, MessageType, NONCE, Outgoing, PkiOperation,
        ScepError, Signer, Step, ca_certificates::success, error::harmless, media,
    },
};

/// What is sent.
pub(crate) struct Asking<'a> {
    pub(crate) kind: MessageType,
    pub(crate) step: Step,
    pub(crate) transaction: &'a str,
    pub(crate) algorithms: Algorithms,
    /// Whom the content is encrypted for.
    pub(crate) recipient: &'a Certificate,
    pub(crate) content: &'a [u8],
}

impl Asking<'_> {
    /// The message, and the nonce its reply must repeat.
    pub(crate) fn message(
        &self,
        signer: &Signer<'_>,
        at: i64,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<(PkiOperation, Vec<u8>), ScepError> {
        signer.check(self.step, at)?;
        let mut nonce = vec![0; NONCE];
        random(&mut nonce);
        let fail = |error| Fault::Message(error).at(self.step);
        let cipher = self.algorithms.cipher;
        let sealed = seal(self.content, self.recipient, cipher, random).map_err(fail)?;
        let outgoing = Outgoing {
            kind: self.kind,
            transaction: self.transaction,
            sender_nonce: &nonce,
            recipient_nonce: None,
            status: None,
            content: Some(&sealed),
        };
        let der = outgoing
            .sign(&signing(signer, self.algorithms.digest))
            .map_err(fail)?;
        Ok((PkiOperation::new(der), nonce))
    }
}

fn signing<'a>(signer: &'a Signer<'a>, digest: Hash) -> Signing<'a> {
    Signing {
        certificate: signer.certificate,
        key: signer.key,
        digest,
        certificates: std::slice::from_ref(&signer.certificate),
    }
}

/// Reads a CertRep: signed by the CA or its RA, for this transaction, with the
/// nonce that was sent (RFC 8894 3.3.2).
pub(crate) fn cert_rep(
    reply: &HttpReply,
    step: Step,
    transaction: &str,
    nonce: &[u8],
    ca: &CaCertificates,
) -> Result<Incoming, ScepError> {
    success(reply, step)?;
    if reply.media_type() != media::PKI_MESSAGE {
        return Err(Fault::ContentType(harmless(reply.content_type.as_bytes())).at(step));
    }
    let read = Incoming::read(&reply.body);
    let read = read.map_err(|error| Fault::Message(error).at(step))?;
    ca.verify(&read.data).map_err(|fault| fault.at(step))?;
    match () {
        () if read.message_type() != Some(MessageType::CertRep) => {
            Err(Fault::NotCertRep(read.kind).at(step))
        }
        () if read.transaction != transaction => {
            Err(Fault::OtherTransaction(harmless(read.transaction.as_bytes())).at(step))
        }
        () if nonce.is_empty() || read.recipient_nonce != nonce => Err(Fault::OtherNonce.at(step)),
        () => Ok(read),
    }
}

/// The certificates and lists of a CertRep that says success.
pub(crate) fn content(
    read: &Incoming,
    step: Step,
    signer: &Signer<'_>,
) -> Result<Pkcs7, ScepError> {
    let fail = |error| Fault::Envelope(error).at(step);
    let sealed = read.data.content.clone().unwrap_or_default();
    let sealed = normal(&sealed).map_err(fail)?;
    let opened = open(&sealed, signer.certificate, signer.key).map_err(fail)?;
    Pkcs7::read(&Bytes::copy_from_slice(&opened)).map_err(fail)
}
