//! Questions beside an enrolment: the CA's revocation list by GetCRL, for a
//! certificate without distribution point (P-025).

use ike_crypto::Hash;

use crate::{
    crl::Crl,
    der::tag,
    http::HttpReply,
    name::Name,
    scep::{
        Algorithms, CaCertificates, Fault, MessageType, PkiOperation, PkiStatus, ScepError, Signer,
        Step,
        exchange::{Asking, cert_rep, content},
    },
    writer::{sequence, tlv},
};

/// A question that was sent, to hold its reply against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    message: PkiOperation,
    issuer: Name,
    id: String,
    nonce: Vec<u8>,
}

impl Query {
    /// What is to be sent.
    pub fn message(&self) -> &PkiOperation {
        &self.message
    }
}

/// Asks for the list on which the certificate `serial` (content octets) of
/// `issuer` would be (GetCRL, P-025).
///
/// # Errors
/// The signer cannot sign or decrypt, or is not valid at `at`.
pub fn get_crl(
    signer: &Signer<'_>,
    ca: &CaCertificates,
    issuer: &Name,
    serial: &[u8],
    algorithms: Algorithms,
    at: i64,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<Query, ScepError> {
    let wanted = sequence(&[issuer.der(), &tlv(tag::INTEGER, &[serial])]);
    let digest = Hash::Md5.digest(&[signer.certificate.der(), &wanted]);
    let id: String = digest.iter().map(|octet| format!("{octet:02X}")).collect();
    let asking = Asking {
        kind: MessageType::GetCrl,
        step: Step::GetCrl,
        transaction: &id,
        algorithms,
        recipient: ca.recipient(),
        content: &wanted,
    };
    let (message, nonce) = asking.message(signer, at, random)?;
    Ok(Query {
        message,
        issuer: issuer.clone(),
        id,
        nonce,
    })
}

/// The list in the reply to a query: of the wanted issuer, signed by the CA,
/// current at `at`.
///
/// # Errors
/// Anything else, and the server's refusal.
pub fn crl_answer(
    query: &Query,
    reply: &HttpReply,
    signer: &Signer<'_>,
    ca: &CaCertificates,
    at: i64,
) -> Result<Crl, ScepError> {
    let step = Step::GetCrl;
    let read = cert_rep(reply, step, &query.id, &query.nonce, ca)?;
    match read.pki_status() {
        Some(PkiStatus::Success) => {}
        Some(PkiStatus::Failure(info, text)) => return Err(Fault::Refused(info, text).at(step)),
        _ => return Err(Fault::UnexpectedStatus(read.status).at(step)),
    }
    let lists = content(&read, step, signer)?.lists;
    let mut lists = lists.into_iter();
    let list = lists.find(|list| list.issuer().matches(&query.issuer));
    let list = list.ok_or(Fault::NoCrl.at(step))?;
    let key = ca
        .ca
        .public_key()
        .map_err(|error| Fault::Crypto(error).at(step))?;
    list.verify(&key)
        .map_err(|error| Fault::Crl(error).at(step))?;
    match list.is_current(at) {
        true => Ok(list),
        false => Err(Fault::NotValidNow.at(step)),
    }
}
