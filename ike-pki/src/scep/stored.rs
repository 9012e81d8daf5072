//! A pending transaction on disk, so that it survives a restart: JSON without
//! any private key. The request inside holds the challenge password, so the
//! file is for its owner alone.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::{
    certificate::Certificate,
    name::Name,
    pkcs10::Csr,
    scep::{Algorithms, Fault, ScepError, Step, Transaction, cipher_name, hash_name},
};

/// Version of the format; a reader refuses a newer one.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    renewal: bool,
    id: String,
    request: String,
    ca_name: String,
    recipient: String,
    digest: String,
    cipher: String,
    nonce: String,
    polling: bool,
}

impl Transaction {
    /// The transaction as octets to be stored. They hold the challenge
    /// password of the request.
    pub fn to_bytes(&self) -> Vec<u8> {
        let stored = Stored {
            version: VERSION,
            renewal: self.renewal,
            id: self.id.clone(),
            request: BASE64.encode(self.request.der()),
            ca_name: BASE64.encode(self.ca_name.der()),
            recipient: BASE64.encode(self.recipient.der()),
            digest: hash_name(self.algorithms.digest).to_owned(),
            cipher: cipher_name(self.algorithms.cipher).to_owned(),
            nonce: BASE64.encode(&self.nonce),
            polling: self.polling,
        };
        // Strings and numbers only: cannot fail.
        serde_json::to_vec_pretty(&stored).unwrap_or_default()
    }

    /// Reads what [`Transaction::to_bytes`] wrote.
    ///
    /// # Errors
    /// Damaged, or written by a newer program.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, ScepError> {
        let damaged = |problem: String| Fault::Damaged(problem).at(Step::Stored);
        let stored: Stored =
            serde_json::from_slice(octets).map_err(|error| damaged(error.to_string()))?;
        if stored.version > VERSION {
            return Err(damaged(format!("format version {}", stored.version)));
        }
        let octets = |text: &String| {
            let read = BASE64.decode(text.as_bytes());
            read.map_err(|error| damaged(error.to_string()))
        };
        let algorithms = Algorithms::named(&stored.digest, &stored.cipher);
        Ok(Self {
            renewal: stored.renewal,
            request: Csr::from_der(octets(&stored.request)?)
                .map_err(|error| damaged(error.to_string()))?,
            ca_name: Name::from_der(octets(&stored.ca_name)?)
                .map_err(|error| damaged(error.to_string()))?,
            recipient: Certificate::from_der(octets(&stored.recipient)?)
                .map_err(|error| damaged(error.to_string()))?,
            algorithms: algorithms.ok_or_else(|| damaged("unknown algorithm".to_owned()))?,
            nonce: octets(&stored.nonce)?,
            polling: stored.polling,
            id: stored.id,
        })
    }
}
