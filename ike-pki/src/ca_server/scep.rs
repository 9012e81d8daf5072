//! The operations of SCEP at the CA (RFC 8894 sections 3 and 4).
//!
//! What cannot be read or is not signed by the certificate it brings gets an
//! HTTP status and no signature of ours; what is wrong behind that gets a
//! CertRep. A wrong padding and wrong content are one answer, badMessageCheck.

use bytes::Bytes;
use ike_crypto::Cipher;

use crate::{
    ca_server::{
        CaServer,
        policy::{Asked, Refused},
        target::Target,
    },
    certificate::Certificate,
    cms::{SignedData, Signing, cipher_of, normal, open, pkcs7_of, pkcs7_with_lists, seal, sign},
    der::{Reader, required, tag},
    http::{HttpReply, HttpRequest, Method},
    name::Name,
    pkcs10::Csr,
    scep::{Capabilities, FailInfo, Incoming, MessageType, NONCE, Outgoing, PkiStatus, media},
};

/// What a CertRep brings, in the clear.
type Outcome = Result<(PkiStatus, Option<Vec<u8>>), Refused>;

const UNREADABLE: Refused = (FailInfo::BadMessageCheck, "the content cannot be read");

impl CaServer {
    /// Answers one operation.
    pub(super) fn operation(
        &mut self,
        operation: &str,
        target: &Target,
        request: &HttpRequest,
        now: i64,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> HttpReply {
        match operation {
            "GetCACaps" => HttpReply::ok("text/plain", self.capabilities().text()),
            "GetCACert" => self.ca_certificates(),
            "GetNextCACert" => self.next_ca_certificate(),
            "PKIOperation" => {
                let octets = match request.method {
                    Method::Post => Some(request.body.clone()),
                    Method::Get => target.message_octets().map(Bytes::from),
                };
                let octets = octets.unwrap_or_default();
                self.pki_operation(&octets, now, random)
                    .unwrap_or_else(|text| HttpReply::refusal(400, &text))
            }
            _ => HttpReply::refusal(400, "an operation that SCEP does not have"),
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            get_next_ca: self.next_ca.is_some(),
            ..self.options.capabilities
        }
    }

    /// One certificate, or PKCS#7 with RA or chain (RFC 8894 4.2.1).
    fn ca_certificates(&self) -> HttpReply {
        let ca = self.certificate();
        let ra = self.ra.as_ref().map(|ra| &ra.certificate);
        let all: Vec<&Certificate> = ra.into_iter().chain([ca]).chain(&self.chain).collect();
        match all.as_slice() {
            [_] => HttpReply::ok(media::CA_CERT, ca.der().clone()),
            all => HttpReply::ok(media::CA_RA_CERT, pkcs7_of(all)),
        }
    }

    /// The next certificate in PKCS#7, signed by the CA of now (RFC 8894
    /// 4.7.1).
    fn next_ca_certificate(&self) -> HttpReply {
        let Some(next) = &self.next_ca else {
            return HttpReply::refusal(404, "no next CA certificate yet");
        };
        let signing = self.signing(self.options.hash);
        match sign(&signing, Some(&pkcs7_of(&[next])), Vec::new()) {
            Ok(der) => HttpReply::ok(media::NEXT_CA_CERT, der),
            Err(error) => HttpReply::refusal(500, &error.to_string()),
        }
    }

    /// Reads, decides, answers. The error is for what deserves no CertRep.
    fn pki_operation(
        &mut self,
        octets: &Bytes,
        now: i64,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<HttpReply, String> {
        let read = Incoming::read(octets).map_err(|error| error.to_string())?;
        let signer = signer(&read.data)?;
        if read.sender_nonce.is_empty() {
            return Err("no senderNonce".to_owned());
        }
        let sealed = read.data.content.clone().unwrap_or_default();
        let sealed = normal(&sealed).map_err(|error| error.to_string())?;
        let cipher = cipher_of(&sealed).map_err(|error| error.to_string())?;
        let outcome = self.decide(&read, signer, &sealed, cipher, now);
        self.cert_rep(&read, signer, cipher, outcome, random)
    }

    fn decide(
        &mut self,
        read: &Incoming,
        signer: &Certificate,
        sealed: &[u8],
        cipher: Cipher,
        now: i64,
    ) -> Outcome {
        let digest = read.data.signer.as_ref().map(|signer| signer.digest);
        self.check_algorithms(digest.unwrap_or(self.options.hash), cipher)?;
        let (certificate, key) = self.service();
        let content = open(sealed, certificate, key).map_err(|_| UNREADABLE)?;
        match read.message_type() {
            Some(kind @ (MessageType::PkcsReq | MessageType::RenewalReq)) => {
                let request = Csr::from_der(content.to_vec()).map_err(|_| UNREADABLE)?;
                let asked = Asked {
                    transaction: &read.transaction,
                    request,
                    renewal: kind == MessageType::RenewalReq,
                    signer,
                };
                self.enrol(asked, now).map(granted)
            }
            Some(MessageType::GetCertInitial) => self.poll(read, &content).map(granted),
            Some(MessageType::GetCert) => self.certificate_of(&content),
            Some(MessageType::GetCrl) => self.list_for(&content, now),
            Some(MessageType::CertRep) | None => {
                Err((FailInfo::BadRequest, "a messageType that is not served"))
            }
        }
    }

    /// GetCertInitial: the fate of the transaction's request.
    fn poll(
        &self,
        read: &Incoming,
        content: &[u8],
    ) -> Result<(PkiStatus, Option<Certificate>), Refused> {
        let (issuer, subject) = names(content).ok_or(UNREADABLE)?;
        let known = self.ledger.of_transaction(&read.transaction);
        let known = known.filter(|known| {
            known.request.subject().matches(&subject)
                && self.certificate().subject().matches(&issuer)
        });
        let known = known.ok_or((FailInfo::BadCertId, "no such request"))?;
        self.fate(known)
    }

    /// GetCert: a certificate of ours by issuer and serial number.
    fn certificate_of(&self, content: &[u8]) -> Outcome {
        let serial = self.ours(content)?;
        let ca = self.certificate();
        let found = match ca.serial() == serial && ca.is_self_issued() {
            true => Some(ca),
            false => self.ledger.by_serial(&serial),
        };
        let found = found.ok_or((FailInfo::BadCertId, "no such certificate"))?;
        Ok((PkiStatus::Success, Some(pkcs7_of(&[found]))))
    }

    /// GetCRL: the list, for any certificate of ours.
    fn list_for(&mut self, content: &[u8], now: i64) -> Outcome {
        self.ours(content)?;
        let list = self.current_crl(now);
        let list = list.map_err(|_| (FailInfo::BadRequest, "the CA cannot sign its list"))?;
        Ok((PkiStatus::Success, Some(pkcs7_with_lists(&[], &[&list]))))
    }

    /// The serial number, when the issuer is this CA.
    fn ours(&self, content: &[u8]) -> Result<Vec<u8>, Refused> {
        let (issuer, serial) = serial_number(content).ok_or(UNREADABLE)?;
        match issuer.matches(self.certificate().subject()) {
            true => Ok(serial),
            false => Err((FailInfo::BadCertId, "another issuer")),
        }
    }

    /// Who decrypts and signs: the RA, if there is one.
    fn service(&self) -> (&Certificate, &ike_crypto::PrivateKey) {
        match &self.ra {
            Some(ra) => (&ra.certificate, &ra.key),
            None => (self.ca.certificate(), self.ca.key()),
        }
    }

    fn signing(&self, digest: ike_crypto::Hash) -> Signing<'_> {
        let (certificate, key) = self.service();
        Signing {
            certificate,
            key,
            digest,
            certificates: &[],
        }
    }

    /// CertRep, with the digest and the cipher of the request (P-026): what
    /// the router used it can read.
    fn cert_rep(
        &self,
        read: &Incoming,
        signer: &Certificate,
        cipher: Cipher,
        outcome: Outcome,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<HttpReply, String> {
        let (status, content) = outcome
            .unwrap_or_else(|(info, text)| (PkiStatus::Failure(info, Some(text.to_owned())), None));
        let sealed = content.map(|content| seal(&content, signer, cipher, random));
        let sealed = sealed.transpose().map_err(|error| error.to_string())?;
        let mut nonce = [0; NONCE];
        random(&mut nonce);
        let outgoing = Outgoing {
            kind: MessageType::CertRep,
            transaction: &read.transaction,
            sender_nonce: &nonce,
            recipient_nonce: Some(&read.sender_nonce),
            status: Some(status),
            content: sealed.as_deref(),
        };
        let digest = read.data.signer.as_ref().map(|signer| signer.digest);
        let mut signing = self.signing(digest.unwrap_or(self.options.hash));
        let own = [signing.certificate];
        signing.certificates = &own;
        let der = outgoing.sign(&signing).map_err(|error| error.to_string())?;
        Ok(HttpReply::ok(media::PKI_MESSAGE, der))
    }
}

/// The certificate that came with the message and verifies it.
fn signer(data: &SignedData) -> Result<&Certificate, String> {
    let signer = data.signer_certificate();
    let signer = signer.ok_or("the signer's certificate is not in the message")?;
    data.verify(signer).map_err(|error| error.to_string())?;
    Ok(signer)
}

fn granted(
    (status, certificate): (PkiStatus, Option<Certificate>),
) -> (PkiStatus, Option<Vec<u8>>) {
    (
        status,
        certificate.map(|certificate| pkcs7_of(&[&certificate])),
    )
}

/// IssuerAndSubject (RFC 8894 3.3.3).
fn names(content: &[u8]) -> Option<(Name, Name)> {
    let whole = Reader::new(content).check().ok()?;
    let order = [tag::SEQUENCE, tag::SEQUENCE];
    let [issuer, subject] = whole.reader().fields(order, "the end").ok()?;
    let name = |field| Name::from_der(required(field, &whole, "Name").ok()?.raw).ok();
    Some((name(issuer)?, name(subject)?))
}

/// IssuerAndSerialNumber.
fn serial_number(content: &[u8]) -> Option<(Name, Vec<u8>)> {
    let whole = Reader::new(content).check().ok()?;
    let order = [tag::SEQUENCE, tag::INTEGER];
    let [issuer, serial] = whole.reader().fields(order, "the end").ok()?;
    let issuer = required(issuer, &whole, "Name").ok()?;
    let serial = required(serial, &whole, "serial number").ok()?;
    Some((Name::from_der(issuer.raw).ok()?, serial.content.to_vec()))
}
