//! Replies that are not the CA's answer to what was asked: each is refused for
//! what is wrong with it.

use super::*;
use crate::{
    Certificate,
    cms::{Signing, seal},
    http::HttpReply,
    pkcs7_of,
    test_support::drawn,
};

/// What a forger says, right in everything by default.
struct Forgery<'a> {
    kind: MessageType,
    transaction: &'a str,
    nonce: Vec<u8>,
    status: Option<PkiStatus>,
    certificate: Certificate,
    signer: (&'a Certificate, &'a PrivateKey),
    recipient: &'a Certificate,
}

impl Forgery<'_> {
    fn reply(&self) -> HttpReply {
        let content = pkcs7_of(&[&self.certificate]);
        let sealed = seal(&content, self.recipient, Cipher::Aes128Cbc, &mut drawn(5)).unwrap();
        let outgoing = Outgoing {
            kind: self.kind,
            transaction: self.transaction,
            sender_nonce: &[1; NONCE],
            recipient_nonce: Some(&self.nonce),
            status: self.status.clone(),
            content: Some(&sealed),
        };
        let signing = Signing {
            certificate: self.signer.0,
            key: self.signer.1,
            digest: Hash::Sha256,
            certificates: &[self.signer.0],
        };
        HttpReply::ok(media::PKI_MESSAGE, outgoing.sign(&signing).unwrap())
    }
}

/// A transaction that was answered, and what is needed to forge.
struct Scene {
    world: World,
    transaction: Transaction,
    issued: Certificate,
}

fn scene() -> Scene {
    let mut world = World::new(CaOptions::default());
    let mut transaction = world.transaction();
    let issued = own(world.ask(&mut transaction));
    Scene {
        world,
        transaction,
        issued,
    }
}

impl Scene {
    fn forgery(&self) -> Forgery<'_> {
        Forgery {
            kind: MessageType::CertRep,
            transaction: self.transaction.id(),
            nonce: self.transaction.nonce.clone(),
            status: Some(PkiStatus::Success),
            certificate: self.issued.clone(),
            signer: (&self.world.ca.ca, &self.world.ca_key),
            recipient: &self.world.temporary,
        }
    }

    fn read(&self, reply: &HttpReply) -> Result<Answer, ScepError> {
        let signer = self.world.signer();
        self.transaction.answer(reply, &signer, &self.world.ca, NOW)
    }

    fn fault(&self, forgery: &Forgery<'_>) -> Fault {
        self.read(&forgery.reply()).unwrap_err().fault
    }
}

#[test]
fn the_right_reply_is_granted() {
    let scene = scene();
    assert_eq!(own(scene.read(&scene.forgery().reply())), scene.issued);
}

#[test]
fn a_reply_for_another_transaction_is_refused() {
    let scene = scene();
    let mut forgery = scene.forgery();
    forgery.transaction = "0123";
    assert_eq!(
        scene.fault(&forgery),
        Fault::OtherTransaction("0123".into())
    );
}

#[test]
fn a_replayed_reply_is_refused() {
    let mut scene = scene();
    let first = scene.world.send(&mut scene.transaction);
    assert!(scene.read(&first).is_ok());
    scene.world.send(&mut scene.transaction);
    assert_eq!(scene.read(&first).unwrap_err().fault, Fault::OtherNonce);
    let mut forgery = scene.forgery();
    forgery.nonce = Vec::new();
    assert_eq!(scene.fault(&forgery), Fault::OtherNonce);
    // Nothing was sent: nothing is an answer.
    let fresh = scene.world.transaction();
    let signer = scene.world.signer();
    let error = fresh.answer(&first, &signer, &scene.world.ca, NOW);
    assert_eq!(error.unwrap_err().fault, Fault::OtherNonce);
}

#[test]
fn a_reply_signed_by_another_is_refused() {
    let scene = scene();
    let mut forgery = scene.forgery();
    forgery.signer = (&scene.world.temporary, &scene.world.key);
    assert_eq!(scene.fault(&forgery), Fault::UnknownSigner);
    // The CA's name and number with another key.
    let key = rsa(1024);
    let impostor = lab_ca(&key).certificate().clone();
    forgery.signer = (&impostor, &key);
    let fault = scene.fault(&forgery);
    assert_eq!(fault, Fault::Message(crate::CmsError::Signature));
    // A certificate that the CA issued does not speak for it.
    forgery.signer = (&scene.issued, &scene.world.key);
    assert_eq!(scene.fault(&forgery), Fault::UnknownSigner);
}

#[test]
fn a_message_that_is_no_reply_is_refused() {
    let scene = scene();
    let mut forgery = scene.forgery();
    forgery.kind = MessageType::PkcsReq;
    assert_eq!(scene.fault(&forgery), Fault::NotCertRep("19".into()));
    let mut forgery = scene.forgery();
    forgery.status = None;
    assert_eq!(scene.fault(&forgery), Fault::UnexpectedStatus("".into()));
}

#[test]
fn a_certificate_for_another_key_is_refused() {
    let scene = scene();
    let mut forgery = scene.forgery();
    forgery.certificate = scene.world.ca.ca.clone();
    assert_eq!(scene.fault(&forgery), Fault::OtherKey);
    // Our key, but our own signature in place of the CA's.
    forgery.certificate = scene.world.temporary.clone();
    assert_eq!(scene.fault(&forgery), Fault::NotIssuedByCa);
}

#[test]
fn a_certificate_that_has_expired_is_refused() {
    let scene = scene();
    let reply = scene.forgery().reply();
    let signer = scene.world.signer();
    let late = NOW + 2 * YEAR;
    let answer = scene
        .transaction
        .answer(&reply, &signer, &scene.world.ca, late);
    assert_eq!(answer.unwrap_err().fault, Fault::NotValidNow);
}

#[test]
fn a_reply_for_another_reader_is_refused() {
    let scene = scene();
    let mut forgery = scene.forgery();
    forgery.recipient = &scene.world.ca.ca;
    let fault = scene.fault(&forgery);
    assert_eq!(fault, Fault::Envelope(crate::CmsError::NotForUs));
}

/// Cut or changed at any octet, a reply is refused or is the same answer.
#[test]
fn every_truncation_and_alteration_is_refused() {
    let scene = scene();
    let whole = scene.forgery().reply();
    for at in 0..whole.body.len() {
        let cut = HttpReply::ok(media::PKI_MESSAGE, whole.body.slice(..at));
        assert!(scene.read(&cut).is_err(), "cut at {at}");
        for bit in [1, 0x80] {
            let mut body = whole.body.to_vec();
            body[at] ^= bit;
            let altered = HttpReply::ok(media::PKI_MESSAGE, body);
            let answer = scene.read(&altered);
            assert!(
                answer.is_err() || answer == Ok(Answer::Granted(vec![scene.issued.clone()])),
                "altered at {at}"
            );
        }
    }
}

#[test]
fn other_media_types_and_statuses_are_refused() {
    let scene = scene();
    let mut reply = scene.forgery().reply();
    reply.content_type = "text/html".into();
    let error = scene.read(&reply).unwrap_err().to_string();
    assert!(error.starts_with("SCEP PKIOperation PKCSReq: the server sent \"text/html\""));
    reply.status = 500;
    let error = scene.read(&reply).unwrap_err().to_string();
    assert_eq!(error, "SCEP PKIOperation PKCSReq: HTTP status 500");
}
