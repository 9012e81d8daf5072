//! The responder of the lab CA (RFC 6960 4.2): answers for what its CA
//! issued, with the CA's own key or as its delegate.

use ike_crypto::{Hash, KeySpec, PrivateKey, SignatureScheme};

use crate::{
    algorithm,
    ca::LabCa,
    ca_crl::RevocationReason,
    ca_extensions::key_id,
    certificate::Certificate,
    der::tag,
    ocsp::{
        CertId, CertStatus,
        request::{self, Asked},
    },
    oid, time,
    writer::{self, sequence, tlv},
};

/// Who signs answers.
#[derive(Debug)]
pub struct OcspSigner<'a> {
    /// Its key.
    pub key: &'a PrivateKey,
    /// Its certificate: the CA's, or one of a delegate with id-kp-OCSPSigning.
    pub certificate: &'a Certificate,
    /// Whether the certificate goes along, as a delegate's must.
    pub send_certificate: bool,
    /// Hash of the signature; ignored for an Ed25519 key.
    pub hash: Hash,
    /// Seconds until nextUpdate; `None` = newer answers are always to be had.
    pub valid_for: Option<i64>,
}

/// Answers a DER OCSPRequest at `now` (seconds since 1970-01-01T00:00:00Z).
/// The nonce of the request is repeated. What cannot be read gets the unsigned
/// `malformedRequest`, what cannot be signed `internalError`.
pub fn respond(
    request: &[u8],
    status: &dyn Fn(&CertId) -> CertStatus,
    signer: &OcspSigner<'_>,
    now: i64,
) -> Vec<u8> {
    let Ok(asked) = request::read(request) else {
        return declined(1);
    };
    signed(&data(&asked, status, signer, now), signer).unwrap_or_else(|| declined(2))
}

impl LabCa {
    /// Answers a DER OCSPRequest with the CA's own key and SHA-256: revoked as
    /// on its lists, good for every other certificate of its own, unknown for
    /// those of others. `valid_for` seconds until nextUpdate.
    pub fn answer_ocsp(&self, request: &[u8], valid_for: Option<i64>, now: i64) -> Vec<u8> {
        let signer = OcspSigner {
            key: &self.key,
            certificate: &self.certificate,
            send_certificate: false,
            hash: Hash::Sha256,
            valid_for,
        };
        respond(request, &|id| self.ocsp_status(id), &signer, now)
    }

    /// What the CA says about a certificate, for a delegate that signs it.
    pub fn ocsp_status(&self, id: &CertId) -> CertStatus {
        if !id.is_of(&self.certificate) {
            return CertStatus::Unknown;
        }
        let mut revoked = self.revoked.iter();
        match revoked.find(|entry| entry.serial == id.serial) {
            Some(entry) => CertStatus::Revoked {
                at: entry.at,
                reason: entry.reason,
            },
            None => CertStatus::Good,
        }
    }
}

/// A response without an answer: `tryLater` is 3, `unauthorized` 6.
fn declined(code: u8) -> Vec<u8> {
    sequence(&[&tlv(tag::ENUMERATED, &[&[code]])])
}

fn data(
    asked: &Asked,
    status: &dyn Fn(&CertId) -> CertStatus,
    signer: &OcspSigner<'_>,
    now: i64,
) -> Vec<u8> {
    let single = |id: &CertId| single(id, status(id), signer, now);
    let answers: Vec<u8> = asked.cert_ids.iter().flat_map(single).collect();
    let nonce = asked.nonce.as_deref().map_or(Vec::new(), |octets| {
        let extensions = sequence(&[&request::nonce(octets)]);
        tlv(tag::constructed(1), &[&extensions])
    });
    let key = tlv(tag::OCTET_STRING, &[&key_id(signer.certificate.spki_der())]);
    sequence(&[
        &tlv(tag::constructed(2), &[&key]),
        &time::encode_generalized(now),
        &sequence(&[&answers]),
        &nonce,
    ])
}

fn single(id: &CertId, status: CertStatus, signer: &OcspSigner<'_>, now: i64) -> Vec<u8> {
    let status = match status {
        CertStatus::Good => tlv(tag::context(0), &[]),
        CertStatus::Revoked { at, reason } => revoked(at, reason),
        CertStatus::Unknown => tlv(tag::context(2), &[]),
    };
    let next = signer.valid_for.map_or(Vec::new(), |seconds| {
        let at = time::encode_generalized(now.saturating_add(seconds));
        tlv(tag::constructed(0), &[&at])
    });
    sequence(&[&id.encode(), &status, &time::encode_generalized(now), &next])
}

/// RFC 6960 4.2.1: RevokedInfo.
fn revoked(at: i64, reason: Option<RevocationReason>) -> Vec<u8> {
    let reason = reason.map_or(Vec::new(), |reason| {
        let number = tlv(tag::ENUMERATED, &[&[reason.number()]]);
        tlv(tag::constructed(0), &[&number])
    });
    tlv(
        tag::constructed(1),
        &[&time::encode_generalized(at), &reason],
    )
}

fn signed(data: &[u8], signer: &OcspSigner<'_>) -> Option<Vec<u8>> {
    let scheme = match signer.key.public().kind() {
        KeySpec::Rsa { .. } => SignatureScheme::RsaPkcs1(signer.hash),
        KeySpec::Ed25519 => SignatureScheme::Ed25519,
        _ => SignatureScheme::Ecdsa(signer.hash),
    };
    let certificates = match signer.send_certificate {
        true => {
            let list = sequence(&[signer.certificate.der()]);
            tlv(tag::constructed(0), &[&list])
        }
        false => Vec::new(),
    };
    let basic = sequence(&[
        data,
        &algorithm::identifier(scheme)?,
        &writer::bit_string(&signer.key.sign(scheme, data).ok()?),
        &certificates,
    ]);
    let bytes = sequence(&[
        &writer::oid(oid::OCSP_BASIC),
        &tlv(tag::OCTET_STRING, &[&basic]),
    ]);
    let successful = tlv(tag::ENUMERATED, &[&[0]]);
    Some(sequence(&[
        &successful,
        &tlv(tag::constructed(0), &[&bytes]),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Name, OcspRequest, OcspResponse};

    /// RFC 6960 4.2.1: an answer says why a certificate is revoked, where the
    /// CA knows.
    #[test]
    fn an_answer_says_why_a_certificate_is_revoked() {
        let name = Name::from_subject_name("CN=CA1").unwrap();
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
        let mut ca = LabCa::new(&name, key, 1, 0, 1000).unwrap();
        for (serial, reason) in [(7, None), (8, Some(RevocationReason::Superseded))] {
            ca.revoke_serial(&[serial], 500, reason);
            let mut cert_id = CertId::new(&ca.certificate, &ca.certificate);
            cert_id.serial = vec![serial];
            let nonce = None;
            let request = OcspRequest { cert_id, nonce }.to_der();
            let answer = OcspResponse::from_der(ca.answer_ocsp(&request, None, 600)).unwrap();
            let said = answer.answers.iter().map(|one| one.status);
            let revoked = CertStatus::Revoked { at: 500, reason };
            assert_eq!(said.collect::<Vec<_>>(), [revoked]);
        }
    }
}
