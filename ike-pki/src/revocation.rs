//! Revocation by lists (RFC 5280 6.3): which lists speak about a certificate,
//! whether they are current and signed by one who may, and what they say.
//! Delta lists, indirect lists and lists by reason or scope are understood.
//! What is not at hand is looked for in the evidence, or wanted.

use std::sync::Arc;

use crate::{
    anchor::{Anchor, RevocationMethod},
    certificate::Certificate,
    chain::Unchecked,
    crl::Crl,
    crl_entry::Listed,
    crl_scope::{in_scope, is_delta_of},
    evidence::{Evidence, Source, Word},
    extensions::{DistributionPoint, KeyUsage},
    path::{require, weak_hash},
    refusal::Refusal,
    search::{Purpose, Search},
};

/// Reason bits 1 to 8 (RFC 5280 4.2.1.13).
const ALL_REASONS: u16 = 0x7f80;
/// Levels of lists vouching for signers of lists.
const MAX_LEVELS: u8 = 2;

/// The outcome of one method.
pub(crate) enum Status {
    Good,
    Revoked,
    /// No verdict, and why.
    Unknown(String),
}

impl Status {
    pub(crate) fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown(why.into())
    }
}

/// Checks the certificates of one path.
pub(crate) struct Revocation<'s, 'a> {
    pub(crate) search: &'s mut Search<'a>,
    pub(crate) anchor: &'a Anchor,
    path: &'s [&'a Certificate],
}

impl<'s, 'a> Revocation<'s, 'a> {
    pub(crate) fn new(
        search: &'s mut Search<'a>,
        anchor: &'a Anchor,
        path: &'s [&'a Certificate],
    ) -> Self {
        Self {
            search,
            anchor,
            path,
        }
    }

    /// Tries the methods of the trustpoint in order until one gives a verdict
    /// (G-061, P-041). Without refusal either the certificate is good or the
    /// search wants something.
    pub(crate) fn check(
        &mut self,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<(), Refusal> {
        let mut why = "no method gave a verdict".to_owned();
        let methods: &[_] = match self.anchor.revocation.as_slice() {
            _ if self.anchor.rules_for(certificate).skip_revocation => return Ok(()),
            [] => &[RevocationMethod::Crl],
            methods => methods,
        };
        let before = self.search.wanted.len();
        for method in methods {
            let status = match method {
                RevocationMethod::None => Status::Good,
                RevocationMethod::Ocsp => self.by_ocsp(certificate, issuer)?,
                RevocationMethod::Crl => self.by_crl(certificate, issuer)?,
            };
            match status {
                Status::Unknown(_) if self.search.wanted.len() > before => return Ok(()),
                Status::Unknown(reason) => why = reason,
                Status::Good => {
                    self.search.wanted.truncate(before);
                    return Ok(());
                }
                Status::Revoked => {
                    return Err(Refusal::Revoked {
                        serial: certificate.serial_hex(),
                    });
                }
            }
        }
        Err(Refusal::CrlUnavailable {
            trustpoint: self.anchor.trustpoint.clone(),
            why,
        })
    }

    /// Lists at hand, then one source after the other (P-025).
    pub(crate) fn by_crl(
        &mut self,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<Status, Refusal> {
        let mut status = self.by_lists(certificate, issuer)?;
        if !matches!(status, Status::Unknown(_)) {
            return Ok(status);
        }
        for source in self.list_sources(certificate) {
            match self.ask(&source) {
                Word::Ask => {
                    self.search.wanted.push(source);
                    break;
                }
                Word::Failed(why) => status = self.done_without(&source, &why),
                Word::List | Word::Answer(_) => {}
            }
        }
        Ok(status)
    }

    /// `crl query`, else the distribution points of the certificate, else
    /// SCEP.
    fn list_sources(&self, certificate: &Certificate) -> Vec<Source> {
        let asks = &self.anchor.asks;
        let crl = |url: String| Source::Crl { url };
        if let Some(url) = &asks.crl_query {
            return vec![crl(url.clone())];
        }
        let points = certificate.crl_distribution_points();
        if points.is_empty() && certificate.extensions.distribution_points.is_empty() && asks.scep {
            return vec![Source::ScepCrl {
                trustpoint: self.anchor.trustpoint.clone(),
                issuer: certificate.issuer().clone(),
                serial: certificate.serial().to_vec(),
            }];
        }
        points
            .into_iter()
            .filter(|url| is_http(url))
            .map(crl)
            .collect()
    }

    /// What the evidence says about a source.
    pub(crate) fn ask(&self, source: &Source) -> Word {
        match self.search.evidence {
            Some(_) if self.search.wanted.contains(source) => Word::Ask,
            Some(evidence) => evidence.ask(source, self.search.wanted.len()),
            None => Word::Failed("it was not fetched".to_owned()),
        }
    }

    /// A source gave nothing: noted for the operator (O-084).
    pub(crate) fn done_without(&mut self, source: &Source, why: &str) -> Status {
        let why = format!("{source}: {why}");
        let note = Unchecked {
            trustpoint: self.anchor.trustpoint.clone(),
            source: source.clone(),
            why: why.clone(),
        };
        if !self.search.unchecked.contains(&note) {
            self.search.unchecked.push(note);
        }
        Status::Unknown(why)
    }

    /// Every list that could speak, the newest first (F4).
    fn lists(&self) -> Vec<Arc<Crl>> {
        let fetched = self.search.evidence.into_iter().flat_map(Evidence::lists);
        let mut lists: Vec<Arc<Crl>> = self.anchor.crls.iter().chain(fetched).cloned().collect();
        lists.sort_by_key(|crl| std::cmp::Reverse(crl.this_update()));
        lists
    }

    /// RFC 5280 6.3.3 over every distribution point, then over lists of the
    /// issuer that no point names.
    fn by_lists(
        &mut self,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<Status, Refusal> {
        let unnamed = [DistributionPoint::default()];
        let lists = self.lists();
        let points = certificate
            .extensions
            .distribution_points
            .iter()
            .chain(&unnamed);
        let (mut covered, mut why) = (0, "no revocation list of the issuer");
        for point in points {
            for crl in lists.iter().filter(|crl| crl.delta_base.is_none()) {
                if !in_scope(crl, certificate, point) {
                    continue;
                }
                let scope = crl.scope.as_ref().and_then(|scope| scope.reasons);
                let reasons =
                    ALL_REASONS & point.reasons.unwrap_or(u16::MAX) & scope.unwrap_or(u16::MAX);
                if reasons & !covered == 0 {
                    continue;
                }
                if let Err(reason) = self.usable(crl, issuer)? {
                    why = reason;
                    continue;
                }
                if self.listed(crl, &lists, certificate, issuer)? {
                    return Ok(Status::Revoked);
                }
                covered |= reasons;
                why = "revocation lists do not cover every reason";
            }
        }
        Ok(if covered == ALL_REASONS {
            Status::Good
        } else {
            Status::unknown(why)
        })
    }

    /// What the list says, corrected by a newer delta to it.
    fn listed(
        &mut self,
        crl: &Crl,
        lists: &[Arc<Crl>],
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<bool, Refusal> {
        let base = crl.listed(certificate.issuer(), certificate.serial());
        for delta in lists.iter().filter(|delta| is_delta_of(delta, crl)) {
            if self.usable(delta, issuer)?.is_err() {
                continue;
            }
            match delta.listed(certificate.issuer(), certificate.serial()) {
                Listed::Revoked => return Ok(true),
                Listed::Removed => return Ok(false),
                Listed::No => {}
            }
        }
        Ok(base == Listed::Revoked)
    }

    /// Current, and signed by a key that may sign lists for this path's
    /// anchor. The inner error says why not.
    fn usable(
        &mut self,
        crl: &Arc<Crl>,
        issuer: &Certificate,
    ) -> Result<Result<(), &'static str>, Refusal> {
        if !crl.is_current(self.search.now) {
            return Ok(Err("revocation list is out of date"));
        }
        if self.search.policy.strict && crl.number.is_none() {
            return Ok(Err("revocation list has no number (RFC 5280 5.2.3)"));
        }
        if weak_hash(crl.signature_scheme(), self.search.policy).is_some() {
            return Ok(Err(
                "revocation list is signed with a hash that is not allowed",
            ));
        }
        if issuer.subject().matches(crl.issuer()) && self.signed(crl, issuer)? {
            return Ok(self.believe(crl));
        }
        for other in self.signers(crl, issuer) {
            if self.signed(crl, other)? && self.is_trusted(other) {
                return Ok(self.believe(crl));
            }
        }
        Ok(Err("revocation list is not signed by its issuer"))
    }

    fn believe(&mut self, crl: &Arc<Crl>) -> Result<(), &'static str> {
        if !self.search.believed.contains(crl) {
            self.search.believed.push(Arc::clone(crl));
        }
        Ok(())
    }

    /// Other certificates that bear the name of the list's issuer.
    fn signers(&self, crl: &Crl, issuer: &Certificate) -> Vec<&'a Certificate> {
        let anchor: &'a Certificate = &self.anchor.certificate;
        let all = self
            .search
            .pool
            .iter()
            .chain(self.path.iter().copied())
            .chain([anchor]);
        let mut found: Vec<&Certificate> = Vec::new();
        for other in all.filter(|c| *c != issuer && c.subject().matches(crl.issuer())) {
            if !found.contains(&other) {
                found.push(other);
            }
        }
        found
    }

    fn signed(&mut self, crl: &Crl, signer: &Certificate) -> Result<bool, Refusal> {
        if require(signer, KeyUsage::CRL_SIGN, "cRLSign").is_err() {
            return Ok(false);
        }
        let Ok(key) = signer.public_key() else {
            return Ok(false);
        };
        self.search.spend()?;
        Ok(crl.verify(&key).is_ok())
    }

    /// A separate path from the same anchor to a signer of lists.
    fn is_trusted(&mut self, signer: &'a Certificate) -> bool {
        if *signer == *self.anchor.certificate {
            return true;
        }
        let depth = match self.search.purpose {
            Purpose::Authenticate => 1,
            Purpose::SignCrl { depth } => depth + 1,
        };
        if depth > MAX_LEVELS {
            return false;
        }
        let anchors = std::slice::from_ref(self.anchor);
        let search = &mut self.search;
        let mut own = Search::new(
            search.pool,
            anchors,
            search.now,
            search.policy,
            Purpose::SignCrl { depth },
        );
        own.budget = search.budget;
        own.evidence = search.evidence;
        let trusted = own.run(signer).is_ok();
        search.budget = own.budget;
        search.wanted.append(&mut own.wanted);
        search.believed.append(&mut own.believed);
        trusted
    }
}

/// LDAP and the rest are not fetched.
pub(crate) fn is_http(url: &str) -> bool {
    let scheme = url.get(..7).unwrap_or_default();
    scheme.eq_ignore_ascii_case("http://")
}
