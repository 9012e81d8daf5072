//! Dear work: Diffie-Hellman, signing, verifying. It leaves the engine as a value and comes
//! back as a value; [`run`] does it, on a worker thread in the daemon, in line in the simulator.

use std::sync::Arc;

use bytes::Bytes;
use ike_crypto::{CryptoError, Group, Kem, PrivateKey, PublicKey, Secret, SignatureScheme};
use ike_pki::{
    Anchor, Attempt, Certificate, CertificateError, ChainPolicy, Crl, Evidence, Judgement, Source,
    ValidatedChain, ValidationError,
};

/// Work to do.
#[derive(Clone, Debug)]
pub enum Job {
    /// Our public value for a private one.
    Public {
        /// Group.
        group: Group,
        /// Private value.
        private: Secret,
    },
    /// The shared secret.
    Agree {
        /// Group.
        group: Group,
        /// Private value.
        private: Secret,
        /// The peer's public value.
        peer: Bytes,
    },
    /// Public value and shared secret together: the responder's way.
    PublicAndAgree {
        /// Group.
        group: Group,
        /// Private value.
        private: Secret,
        /// The peer's public value.
        peer: Bytes,
    },
    /// Our encapsulation key (FIPS 203).
    KemPublic {
        /// Method.
        kem: Kem,
        /// Seed of the key pair.
        seed: Secret,
    },
    /// Ciphertext and shared secret for the peer's encapsulation key.
    KemEncapsulate {
        /// Method.
        kem: Kem,
        /// Randomness for this once.
        message: Secret,
        /// The peer's encapsulation key.
        public: Bytes,
    },
    /// The shared secret in the peer's ciphertext.
    KemDecapsulate {
        /// Method.
        kem: Kem,
        /// Seed of the key pair.
        seed: Secret,
        /// The peer's ciphertext.
        ciphertext: Bytes,
    },
    /// Sign HASH_I or HASH_R with a stored key (W-019).
    Sign {
        /// Label of the key pair.
        key_label: String,
        /// The hash.
        hash: Vec<u8>,
    },
    /// Sign the octets of an AUTH payload with a stored key (RFC 7296 2.15).
    SignOctets {
        /// Label of the key pair.
        key_label: String,
        /// How to sign.
        scheme: SignatureScheme,
        /// What to sign; hashed by the scheme.
        octets: Vec<u8>,
    },
    /// Validate the peer's chain and check its signature. A host that can fetch drives [`verify`]
    /// itself; [`run`] does with what is at hand.
    Verify(Box<VerifyJob>),
    /// Fetch what a URL names, by HTTP, without following it elsewhere. Not for [`run`]: the host does it.
    Fetch {
        /// The URL; its host and path were allowed by the configuration.
        url: String,
    },
}

/// Octets that are fetched at most; more is an error (B15).
pub const FETCH_LIMIT: usize = 65_536;

/// The peer's claim and what it is held against.
#[derive(Clone, Debug)]
pub struct VerifyJob {
    /// DER certificates as they came, leaf first.
    pub certificates: Vec<Bytes>,
    /// Trust anchors (S-050).
    pub anchors: Vec<Anchor>,
    /// Limits.
    pub policy: ChainPolicy,
    /// Seconds since 1970 UTC. A host that fetches sets it anew for each round: a list that a CA makes
    /// when it is asked for is younger than the job.
    pub at: i64,
    /// What the peer signed, as we compute it.
    pub claim: SignatureClaim,
    /// The peer's SIG or AUTH payload.
    pub signature: Bytes,
}

/// What a signature is over.
#[derive(Clone, Debug)]
pub enum SignatureClaim {
    /// HASH_I or HASH_R of IKEv1, without DigestInfo (W-019).
    Ikev1Hash(Vec<u8>),
    /// Octets of an IKEv2 AUTH payload; any of the schemes may have been used (RFC 7296 2.15:
    /// method 1 does not name its hash).
    Octets {
        /// Schemes that count, tried in order.
        schemes: Vec<SignatureScheme>,
        /// The signed octets.
        octets: Vec<u8>,
    },
}

/// What became of a job.
#[derive(Clone, Debug)]
pub enum JobOutcome {
    /// Of [`Job::Public`] and [`Job::KemPublic`].
    Public(Result<Bytes, CryptoError>),
    /// Of [`Job::Agree`] and [`Job::KemDecapsulate`].
    Shared(Result<Secret, CryptoError>),
    /// Of [`Job::PublicAndAgree`], and of [`Job::KemEncapsulate`] with the ciphertext for a public value.
    PublicAndShared(Result<(Bytes, Secret), CryptoError>),
    /// Of [`Job::Sign`].
    Signature(Result<Bytes, SignError>),
    /// Of [`Job::Verify`].
    Verified(Result<PeerVerified, VerifyError>),
    /// Of [`Job::Fetch`].
    Fetched(Result<Bytes, FetchError>),
}

/// Why nothing was fetched, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchError(pub String);

impl std::fmt::Display for FetchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why nothing was signed.
#[derive(Clone, Debug)]
pub enum SignError {
    /// The store has no key of that label.
    NoKey(String),
    /// The library refused.
    Crypto(CryptoError),
}

/// Why a peer was refused.
#[derive(Clone, Debug)]
pub enum VerifyError {
    /// A certificate does not decode.
    Certificate(CertificateError),
    /// The chain does not validate.
    Chain(Box<RefusedChain>),
    /// The chain is good, the signature is not.
    Signature(CryptoError),
    /// The host gave up between two rounds of [`verify`].
    Incomplete,
}

/// A chain that does not validate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedChain {
    /// What is wrong with the path that came furthest.
    pub error: ValidationError,
    /// What each trustpoint says.
    pub judgements: Vec<Judgement>,
}

/// Proof that a chain was validated *and* its key made the signature (C9, C10). Only
/// [`verify`] makes one.
#[derive(Clone, Debug)]
pub struct PeerVerified {
    chain: Arc<ValidatedChain>,
    judgements: Arc<[Judgement]>,
}

impl PeerVerified {
    /// The validated chain.
    #[must_use]
    pub fn chain(&self) -> &ValidatedChain {
        &self.chain
    }

    /// What each trustpoint makes of it.
    #[must_use]
    pub fn judgements(&self) -> &[Judgement] {
        &self.judgements
    }
}

/// Where private keys are. They never enter the engine.
pub trait PrivateKeys {
    /// The key pair of that label.
    fn key(&self, label: &str) -> Option<Arc<PrivateKey>>;
}

/// Does the work.
#[must_use]
pub fn run(job: Job, keys: &dyn PrivateKeys) -> JobOutcome {
    match job {
        Job::Public { group, private } => {
            JobOutcome::Public(ike_crypto::dh_public(group, &private).map(Bytes::from))
        }
        Job::Agree {
            group,
            private,
            peer,
        } => JobOutcome::Shared(ike_crypto::dh_agree(group, &private, &peer)),
        Job::PublicAndAgree {
            group,
            private,
            peer,
        } => {
            JobOutcome::PublicAndShared(ike_crypto::dh_agree(group, &private, &peer).and_then(
                |shared| Ok((Bytes::from(ike_crypto::dh_public(group, &private)?), shared)),
            ))
        }
        Job::KemPublic { kem, seed } => {
            JobOutcome::Public(ike_crypto::kem_public(kem, &seed).map(Bytes::from))
        }
        Job::KemEncapsulate {
            kem,
            message,
            public,
        } => JobOutcome::PublicAndShared(
            ike_crypto::kem_encapsulate(kem, &message, &public)
                .map(|(ciphertext, shared)| (Bytes::from(ciphertext), shared)),
        ),
        Job::KemDecapsulate {
            kem,
            seed,
            ciphertext,
        } => JobOutcome::Shared(ike_crypto::kem_decapsulate(kem, &seed, &ciphertext)),
        Job::Sign { key_label, hash } => JobOutcome::Signature(sign(&key_label, &hash, keys)),
        Job::SignOctets {
            key_label,
            scheme,
            octets,
        } => JobOutcome::Signature(key(&key_label, keys).and_then(|key| {
            key.sign(scheme, &octets)
                .map(Bytes::from)
                .map_err(SignError::Crypto)
        })),
        Job::Verify(job) => with_what_is_at_hand(&job),
        Job::Fetch { .. } => {
            let why = "this host fetches nothing".to_owned();
            JobOutcome::Fetched(Err(FetchError(why)))
        }
    }
}

fn with_what_is_at_hand(job: &VerifyJob) -> JobOutcome {
    match verify(job, &Evidence::none()) {
        Verification::Done { outcome, .. } => outcome,
        // Nothing is wanted of evidence that is closed.
        Verification::Wanted(_) => JobOutcome::Verified(Err(VerifyError::Incomplete)),
    }
}

fn key(label: &str, keys: &dyn PrivateKeys) -> Result<Arc<PrivateKey>, SignError> {
    keys.key(label)
        .ok_or_else(|| SignError::NoKey(label.to_owned()))
}

fn sign(label: &str, hash: &[u8], keys: &dyn PrivateKeys) -> Result<Bytes, SignError> {
    key(label, keys)?
        .sign_ikev1_hash(hash)
        .map(Bytes::from)
        .map_err(SignError::Crypto)
}

/// What a verification comes to with the evidence there is.
#[derive(Clone, Debug)]
pub enum Verification {
    /// A verdict.
    Done {
        /// For [`crate::sa::action::Event::JobDone`].
        outcome: JobOutcome,
        /// Lists of the evidence that were found good, with where they came from: for the cache.
        believed: Vec<(Source, Arc<Crl>)>,
    },
    /// The chain and the signature are good; these sources have to be asked about revocation. Each
    /// of them is to be in the evidence of the next call, if only as failed.
    Wanted(Vec<Source>),
}

impl Verification {
    fn done(result: Result<PeerVerified, VerifyError>) -> Self {
        Self::Done {
            outcome: JobOutcome::Verified(result),
            believed: Vec::new(),
        }
    }
}

/// One round of a verification. The host fetches what is wanted, as far as
/// [`ike_pki::may_fetch`] allows, puts it into the evidence and calls again; it is over after
/// [`ike_pki::MAX_SOURCES`] sources. Nothing is wanted for a peer that has not proven its key
/// (B15).
#[must_use]
pub fn verify(job: &VerifyJob, evidence: &Evidence) -> Verification {
    let chain = job.certificates.iter();
    let chain: Result<Vec<_>, _> = chain
        .map(|der| Certificate::from_der(der.clone()))
        .collect();
    let chain = match chain {
        Ok(chain) => chain,
        Err(error) => return Verification::done(Err(VerifyError::Certificate(error))),
    };
    let seen = ike_pki::examine(&chain, &job.anchors, evidence, job.at, &job.policy);
    let verdict = match seen.attempt {
        Attempt::Valid(chain) => signed(chain.leaf(), job).map(|()| PeerVerified {
            chain: Arc::new(chain),
            judgements: seen.judgements.into(),
        }),
        Attempt::Refused(error) => {
            let judgements = seen.judgements;
            Err(VerifyError::Chain(Box::new(RefusedChain {
                error,
                judgements,
            })))
        }
        Attempt::Wanted(sources) => match chain.first().map_or(Ok(()), |leaf| signed(leaf, job)) {
            Ok(()) => return Verification::Wanted(sources),
            Err(error) => Err(error),
        },
    };
    let sourced = |crl: Arc<Crl>| Some((evidence.source_of(&crl)?.clone(), crl));
    Verification::Done {
        outcome: JobOutcome::Verified(verdict),
        believed: seen.believed.into_iter().filter_map(sourced).collect(),
    }
}

/// Whether the key of the leaf made the signature. In [`verify`] that leaf is the validated one,
/// or one that is good but for revocation (C9).
fn signed(leaf: &Certificate, job: &VerifyJob) -> Result<(), VerifyError> {
    let key = leaf.public_key().map_err(VerifyError::Signature)?;
    check(&key, &job.claim, &job.signature).map_err(VerifyError::Signature)
}

fn check(key: &PublicKey, claim: &SignatureClaim, signature: &[u8]) -> Result<(), CryptoError> {
    match claim {
        SignatureClaim::Ikev1Hash(hash) => key.verify_ikev1_hash(hash, signature),
        SignatureClaim::Octets { schemes, octets } => {
            let mut verdict = Err(CryptoError::SchemeMismatch);
            for scheme in schemes {
                verdict = key.verify(*scheme, octets, signature);
                if verdict.is_ok() {
                    break;
                }
            }
            verdict
        }
    }
}
