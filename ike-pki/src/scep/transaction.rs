//! One enrolment or renewal, from its request over polls to its end (P-022 to
//! P-024). It holds no private key and can be stored while it is pending.

use std::fmt;

use ike_crypto::Hash;

use crate::{
    certificate::Certificate,
    cms::Pkcs7,
    http::HttpReply,
    name::Name,
    pkcs10::Csr,
    scep::{
        Algorithms, CaCertificates, FailInfo, Fault, MessageType, PkiOperation, PkiStatus,
        ScepError, Signer, Step,
        ca_certificates::issued,
        exchange::{Asking, cert_rep, content},
    },
    writer::sequence,
};

/// How the CA answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The own certificate first, then what came with it.
    Granted(Vec<Certificate>),
    /// Poll later.
    Pending,
    /// The request is refused.
    Rejected {
        /// Why, by the number of the RFC.
        fail_info: FailInfo,
        /// Why, in the server's words, escaped.
        text: Option<String>,
    },
}

/// One enrolment (PKCSReq) or renewal (RenewalReq) with its polling.
#[derive(Clone, PartialEq, Eq)]
pub struct Transaction {
    pub(super) renewal: bool,
    pub(super) id: String,
    pub(super) request: Csr,
    pub(super) ca_name: Name,
    pub(super) recipient: Certificate,
    pub(super) algorithms: Algorithms,
    /// Nonce of the last message; empty before the first.
    pub(super) nonce: Vec<u8>,
    /// The last message was a poll.
    pub(super) polling: bool,
}

impl Transaction {
    /// A first enrolment. The transactionID is the MD5 of the public key, so
    /// that a router that forgot its request asks for the same one (P-022).
    pub fn enrol(request: Csr, ca: &CaCertificates, algorithms: Algorithms) -> Self {
        let id = hex_of(&[request.public_key().spki_der()]);
        Self::new(false, id, request, ca, algorithms)
    }

    /// A renewal of `existing`, which signs it together with its RSA key; the
    /// request may have a new key. Its transactionID depends on `existing`
    /// too: with the same key it is another transaction. A certificate for a
    /// key on a curve cannot be renewed this way (see [`Signer`]); enrol again.
    pub fn renew(
        request: Csr,
        existing: &Certificate,
        ca: &CaCertificates,
        algorithms: Algorithms,
    ) -> Self {
        let id = hex_of(&[request.public_key().spki_der(), existing.der()]);
        Self::new(true, id, request, ca, algorithms)
    }

    fn new(
        renewal: bool,
        id: String,
        request: Csr,
        ca: &CaCertificates,
        algorithms: Algorithms,
    ) -> Self {
        Self {
            renewal,
            id,
            request,
            ca_name: ca.ca.subject().clone(),
            recipient: ca.recipient().clone(),
            algorithms,
            nonce: Vec::new(),
            polling: false,
        }
    }

    /// The transactionID, 32 upper-case hex digits (P-022).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The certificate request inside.
    pub fn request(&self) -> &Csr {
        &self.request
    }

    /// Whether a certificate is renewed.
    pub fn is_renewal(&self) -> bool {
        self.renewal
    }

    /// The first message: PKCSReq or RenewalReq. Sent again when no answer
    /// came, it gets the same answer.
    ///
    /// # Errors
    /// The signer cannot sign or decrypt, or is not valid at `at`.
    pub fn message(
        &mut self,
        signer: &Signer<'_>,
        at: i64,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<PkiOperation, ScepError> {
        let kind = match self.renewal {
            true => MessageType::RenewalReq,
            false => MessageType::PkcsReq,
        };
        self.polling = false;
        let content = self.request.der().to_vec();
        self.ask(kind, &content, signer, at, random)
    }

    /// A poll: GetCertInitial with the names of CA and subject (P-024).
    ///
    /// # Errors
    /// As [`Transaction::message`].
    pub fn poll(
        &mut self,
        signer: &Signer<'_>,
        at: i64,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<PkiOperation, ScepError> {
        self.polling = true;
        let content = sequence(&[self.ca_name.der(), self.request.subject().der()]);
        self.ask(MessageType::GetCertInitial, &content, signer, at, random)
    }

    /// Reads the reply to the last message.
    ///
    /// # Errors
    /// Anything that is not the CA's answer to exactly this: other nonce,
    /// transaction or signer, what cannot be decrypted, a certificate for
    /// another key or of another issuer.
    pub fn answer(
        &self,
        reply: &HttpReply,
        signer: &Signer<'_>,
        ca: &CaCertificates,
        at: i64,
    ) -> Result<Answer, ScepError> {
        let step = self.step();
        let read = cert_rep(reply, step, &self.id, &self.nonce, ca)?;
        match read.pki_status() {
            Some(PkiStatus::Success) => {
                let granted = content(&read, step, signer)?;
                self.granted(granted, ca, at)
                    .map_err(|fault| fault.at(step))
            }
            Some(PkiStatus::Pending) => Ok(Answer::Pending),
            Some(PkiStatus::Failure(fail_info, text)) => Ok(Answer::Rejected { fail_info, text }),
            None => Err(Fault::UnexpectedStatus(read.status).at(step)),
        }
    }

    fn ask(
        &mut self,
        kind: MessageType,
        content: &[u8],
        signer: &Signer<'_>,
        at: i64,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<PkiOperation, ScepError> {
        let asking = Asking {
            kind,
            step: self.step(),
            transaction: &self.id,
            algorithms: self.algorithms,
            recipient: &self.recipient,
            content,
        };
        let (message, nonce) = asking.message(signer, at, random)?;
        self.nonce = nonce;
        Ok(message)
    }

    fn step(&self) -> Step {
        match (self.polling, self.renewal) {
            (true, _) => Step::GetCertInitial,
            (false, true) => Step::RenewalReq,
            (false, false) => Step::PkcsReq,
        }
    }

    /// The certificate for our key comes first, and is the CA's.
    fn granted(&self, reply: Pkcs7, ca: &CaCertificates, at: i64) -> Result<Answer, Fault> {
        let ours = |certificate: &Certificate| {
            certificate.spki_der() == self.request.public_key().spki_der()
        };
        let (own, others): (Vec<_>, Vec<_>) = reply.certificates.into_iter().partition(ours);
        let newest = own.into_iter().max_by_key(Certificate::not_before);
        let newest = newest.ok_or(Fault::OtherKey)?;
        match () {
            () if !issued(&ca.ca, &newest) => Err(Fault::NotIssuedByCa),
            () if newest.not_after() < at => Err(Fault::NotValidNow),
            () => Ok(Answer::Granted([vec![newest], others].concat())),
        }
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transaction({} {:?})", self.id, self.request)
    }
}

fn hex_of(parts: &[&[u8]]) -> String {
    let digest = Hash::Md5.digest(parts);
    digest.iter().map(|octet| format!("{octet:02X}")).collect()
}
