//! A router and a CA in memory, for the tests of both ends of SCEP.

use ike_crypto::{Hash, PrivateKey};

use crate::{
    ca::LabCa,
    ca_server::{CaOptions, CaServer},
    certificate::Certificate,
    http::HttpReply,
    name::Name,
    pkcs10::{Csr, CsrSpec},
    scep::{
        Algorithms, Answer, CaCertificates, Capabilities, PkiOperation, ScepError, ScepUrl, Signer,
        Transaction, get_ca_caps, get_ca_cert, temporary_certificate,
    },
    test_support::{NOW, YEAR, drawn, rsa, subject},
};

type Random = Box<dyn FnMut(&mut [u8])>;

pub(crate) struct World {
    pub(crate) server: CaServer,
    /// The CA's key once more, to forge with.
    pub(crate) ca_key: PrivateKey,
    pub(crate) url: ScepUrl,
    pub(crate) capabilities: Capabilities,
    pub(crate) ca: CaCertificates,
    pub(crate) key: PrivateKey,
    pub(crate) temporary: Certificate,
    pub(crate) random: Random,
}

/// The same key once more.
pub(crate) fn copy(key: &PrivateKey) -> PrivateKey {
    PrivateKey::from_pkcs8_der(key.to_pkcs8_der().unwrap().expose()).unwrap()
}

pub(crate) fn lab_ca(key: &PrivateKey) -> LabCa {
    let name = Name::from_subject_name("cn=CA1,o=cisco,o=com").unwrap();
    LabCa::new(&name, copy(key), 1, NOW - YEAR, NOW + 10 * YEAR).unwrap()
}

impl World {
    /// A CA without RA.
    pub(crate) fn new(options: CaOptions) -> Self {
        let ca_key = rsa(1024);
        let server = CaServer::new(lab_ca(&ca_key), "CA1", options).unwrap();
        Self::of(server, ca_key)
    }

    /// A router at a CA, which it has authenticated.
    pub(crate) fn of(mut server: CaServer, ca_key: PrivateKey) -> Self {
        let url = ScepUrl::parse("http://192.168.0.3:80").unwrap();
        let mut random = drawn(9);
        let caps = server.handle(&get_ca_caps(&url, "IOSCA1"), NOW, &mut random);
        let certificates = server.handle(&get_ca_cert(&url, "IOSCA1"), NOW, &mut random);
        let key = rsa(1024);
        Self {
            server,
            ca_key,
            url,
            capabilities: Capabilities::from_reply(&caps),
            ca: CaCertificates::from_reply(&certificates).unwrap(),
            temporary: temporary_certificate("R1.cisco.com", &key, NOW).unwrap(),
            key,
            random: Box::new(random),
        }
    }

    pub(crate) fn algorithms(&self) -> Algorithms {
        Algorithms::by(&self.capabilities)
    }

    pub(crate) fn request(&self, password: Option<&str>) -> Csr {
        let mut spec = CsrSpec::new(subject(), Hash::Sha256);
        spec.challenge_password = password;
        Csr::build(&spec, &self.key).unwrap()
    }

    pub(crate) fn transaction(&self) -> Transaction {
        Transaction::enrol(self.request(None), &self.ca, self.algorithms())
    }

    pub(crate) fn signer(&self) -> Signer<'_> {
        Signer {
            certificate: &self.temporary,
            key: &self.key,
        }
    }

    /// Carries a message to the CA and its reply back.
    pub(crate) fn carry(&mut self, message: &PkiOperation) -> HttpReply {
        let request = message.request(&self.url, &self.capabilities);
        self.server.handle(&request, NOW, &mut self.random)
    }

    /// Sends the first message of a transaction; its reply.
    pub(crate) fn send(&mut self, transaction: &mut Transaction) -> HttpReply {
        let message = {
            let signer = Signer {
                certificate: &self.temporary,
                key: &self.key,
            };
            transaction.message(&signer, NOW, &mut self.random)
        };
        self.carry(&message.unwrap())
    }

    /// Sends the first message and reads the answer.
    pub(crate) fn ask(&mut self, transaction: &mut Transaction) -> Result<Answer, ScepError> {
        let reply = self.send(transaction);
        transaction.answer(&reply, &self.signer(), &self.ca, NOW)
    }

    /// Polls and reads the answer.
    pub(crate) fn poll(&mut self, transaction: &mut Transaction) -> Result<Answer, ScepError> {
        let message = {
            let signer = Signer {
                certificate: &self.temporary,
                key: &self.key,
            };
            transaction.poll(&signer, NOW, &mut self.random)
        };
        let reply = self.carry(&message.unwrap());
        transaction.answer(&reply, &self.signer(), &self.ca, NOW)
    }

    /// Enrols; the own certificate.
    pub(crate) fn enrolled(&mut self) -> Certificate {
        let mut transaction = self.transaction();
        own(self.ask(&mut transaction))
    }
}

/// The own certificate of an answer that grants.
pub(crate) fn own(answer: Result<Answer, ScepError>) -> Certificate {
    match answer {
        Ok(Answer::Granted(certificates)) => certificates[0].clone(),
        other => panic!("not granted: {other:?}"),
    }
}
