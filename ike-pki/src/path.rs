//! The checks of RFC 5280 section 6.1 over a path whose signatures are
//! verified already, from the anchor down to the leaf.

use ike_crypto::{Hash, KeySpec, SignatureScheme};

use crate::{
    certificate::Certificate,
    chain::ChainPolicy,
    constraints::Constraints,
    extensions::KeyUsage,
    link::{Link, Path},
    oid,
    policy_tree::PolicyState,
    profile::{self, Place},
    refusal::{Refusal, ValidationError},
    revocation::Revocation,
    search::{Purpose, Search},
};

impl<'a> Search<'a> {
    /// RFC 5280 6.1.2 to 6.1.5 over a path whose signatures are verified.
    /// Revocation comes last: what is refused anyway is not worth a fetch
    /// (B15).
    pub(crate) fn check(
        &mut self,
        path: &Path<'a>,
        root: &'a Certificate,
    ) -> Result<(), ValidationError> {
        let blame = |certificate: &'a Certificate| {
            move |refusal| ValidationError::new(certificate, refusal)
        };
        let pinned = path.certificates == [root];
        self.check_anchor(root, pinned).map_err(blame(root))?;
        let links = path.down(root);
        let mut walk = Walk::new(root, links.len());
        for link in &links {
            self.check_certificate(link)
                .and_then(|()| walk.step(link.certificate, link.is_leaf))
                .map_err(blame(link.certificate))?;
        }
        for link in &links {
            Revocation::new(self, link.judge, &path.certificates)
                .check(link.certificate, link.issuer)
                .map_err(blame(link.certificate))?;
        }
        Ok(())
    }

    fn check_anchor(&self, root: &Certificate, pinned: bool) -> Result<(), Refusal> {
        self.check_dates(root)?;
        self.check_key(root)?;
        if let Some(oid) = root.unknown_critical_extensions().first() {
            return Err(Refusal::UnknownCritical(oid.clone()));
        }
        // The peer's certificate is itself the anchor: it issues nothing.
        if pinned {
            return Ok(());
        }
        // E12: version 1, or an old version 3 without basicConstraints, is an
        // anchor because the operator made it one; a stated "not a CA" holds.
        let denies = root.extensions.has_basic_constraints && !root.is_ca();
        let modern = self.policy.strict && root.version() == 3;
        if denies || modern && !root.is_ca() {
            return Err(Refusal::NotCa);
        }
        if modern {
            profile::check(root, Place::Anchor)?;
        }
        require(root, KeyUsage::KEY_CERT_SIGN, "keyCertSign")
    }

    /// What does not depend on the rest of the path.
    fn check_certificate(&self, link: &Link<'a>) -> Result<(), Refusal> {
        let (certificate, last) = (link.certificate, link.is_leaf);
        let rules = link.judge.rules_for(certificate);
        if last && self.purpose == Purpose::Authenticate && !rules.accepted {
            return Err(Refusal::NoCertificateMap(link.judge.trustpoint.clone()));
        }
        if !rules.allow_expired {
            self.check_dates(certificate)?;
        }
        self.check_form(certificate)?;
        if self.policy.strict {
            profile::check(
                certificate,
                if last {
                    Place::Leaf
                } else {
                    Place::Intermediate
                },
            )?;
        }
        match (last, self.purpose) {
            (false, _) => check_ca(certificate),
            (true, Purpose::SignCrl { .. }) => require(certificate, KeyUsage::CRL_SIGN, "cRLSign"),
            (true, Purpose::Authenticate) => self.check_leaf(certificate),
        }
    }

    /// Hash, key and extensions are ones that count.
    pub(crate) fn check_form(&self, certificate: &Certificate) -> Result<(), Refusal> {
        self.check_hash(certificate)?;
        self.check_key(certificate)?;
        match certificate.unknown_critical_extensions().first() {
            Some(oid) => Err(Refusal::UnknownCritical(oid.clone())),
            None => Ok(()),
        }
    }

    /// P-041.
    pub(crate) fn check_dates(&self, certificate: &Certificate) -> Result<(), Refusal> {
        let (now, not_before, not_after) =
            (self.now, certificate.not_before(), certificate.not_after());
        match () {
            () if now < not_before => Err(Refusal::NotYetValid { not_before, now }),
            () if now > not_after => Err(Refusal::Expired { not_after, now }),
            () => Ok(()),
        }
    }

    fn check_hash(&self, certificate: &Certificate) -> Result<(), Refusal> {
        match weak_hash(certificate.signature_scheme(), self.policy) {
            Some(hash) => Err(Refusal::WeakHash(hash)),
            None => Ok(()),
        }
    }

    fn check_key(&self, certificate: &Certificate) -> Result<(), Refusal> {
        let key = certificate
            .public_key()
            .map_err(|error| Refusal::BadKey(error.to_string()))?;
        match (key.kind(), self.policy.min_rsa_bits) {
            (KeySpec::Rsa { bits }, minimum) if bits < minimum => {
                Err(Refusal::WeakKey { bits, minimum })
            }
            _ => Ok(()),
        }
    }

    /// E11: keyUsage must allow signing; RFC 4945 5.1.3.2 takes either bit.
    fn check_leaf(&self, leaf: &Certificate) -> Result<(), Refusal> {
        let signs = |usage: KeyUsage| {
            usage.contains(KeyUsage::DIGITAL_SIGNATURE) || usage.contains(KeyUsage::NON_REPUDIATION)
        };
        if leaf.key_usage().is_some_and(|usage| !signs(usage)) {
            return Err(Refusal::KeyUsage("digitalSignature"));
        }
        let ike = |usage: &Vec<u8>| {
            [oid::ANY_EKU, oid::EKU_IPSEC_IKE, oid::EKU_IKE_INTERMEDIATE]
                .contains(&usage.as_slice())
        };
        let usages = leaf
            .extensions
            .eku
            .as_ref()
            .filter(|_| self.policy.check_eku);
        match usages.is_some_and(|usages| !usages.iter().any(ike)) {
            true => Err(Refusal::ExtendedKeyUsage),
            false => Ok(()),
        }
    }
}

/// State that travels down the path.
struct Walk<'a> {
    constraints: Constraints<'a>,
    policies: PolicyState,
    /// Non-self-issued CAs that may still follow.
    path_len: Option<u32>,
}

impl<'a> Walk<'a> {
    fn new(root: &'a Certificate, length: usize) -> Self {
        let mut constraints = Constraints::default();
        constraints.add(root);
        Self {
            constraints,
            policies: PolicyState::new(length),
            path_len: root.path_len(),
        }
    }

    fn step(&mut self, certificate: &'a Certificate, last: bool) -> Result<(), Refusal> {
        let ext = &certificate.extensions;
        let self_issued = certificate.is_self_issued();
        if last || !self_issued {
            self.constraints.check(certificate)?;
        }
        let mut acceptable = self.policies.certificate(ext, self_issued, last);
        if last {
            acceptable = acceptable && self.policies.wrap_up(ext);
        } else {
            acceptable = acceptable && self.policies.prepare_next(ext, self_issued);
            self.constraints.add(certificate);
            self.lengthen(certificate, self_issued)?;
        }
        if acceptable {
            Ok(())
        } else {
            Err(Refusal::Policy)
        }
    }

    /// RFC 5280 6.1.4 (l), (m).
    fn lengthen(&mut self, ca: &Certificate, self_issued: bool) -> Result<(), Refusal> {
        if !self_issued {
            self.path_len = match self.path_len {
                Some(left) => Some(left.checked_sub(1).ok_or(Refusal::PathLength)?),
                None => None,
            };
        }
        self.path_len = match (self.path_len, ca.path_len()) {
            (Some(left), Some(own)) => Some(left.min(own)),
            (left, own) => left.or(own),
        };
        Ok(())
    }
}

/// E10, E12: an issuer is version 3, says CA, and may sign certificates.
fn check_ca(certificate: &Certificate) -> Result<(), Refusal> {
    if certificate.version() != 3 || !certificate.is_ca() {
        return Err(Refusal::NotCa);
    }
    require(certificate, KeyUsage::KEY_CERT_SIGN, "keyCertSign")
}

/// keyUsage, when present, has the bit.
pub(crate) fn require(
    certificate: &Certificate,
    bit: KeyUsage,
    name: &'static str,
) -> Result<(), Refusal> {
    match certificate.key_usage() {
        Some(usage) if !usage.contains(bit) => Err(Refusal::KeyUsage(name)),
        _ => Ok(()),
    }
}

/// The hash of the scheme, when the policy does not allow it.
pub(crate) fn weak_hash(
    scheme: Option<SignatureScheme>,
    policy: &ChainPolicy,
) -> Option<&'static str> {
    use SignatureScheme as S;
    match scheme? {
        S::RsaPkcs1(hash) | S::RsaPss(hash) | S::Ecdsa(hash) | S::EcdsaFixed(hash) => match hash {
            Hash::Md5 if !policy.allow_md5 => Some("MD5"),
            Hash::Sha1 if !policy.allow_sha1 => Some("SHA-1"),
            _ => None,
        },
        S::Ed25519 => None,
    }
}
