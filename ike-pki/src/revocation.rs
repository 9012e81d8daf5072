//! Revocation by lists (RFC 5280 6.3): which lists speak about a certificate,
//! whether they are current and signed by one who may, and what they say.
//! Delta lists, indirect lists and lists by reason or scope are understood.

use std::sync::Arc;

use crate::{
    certificate::Certificate,
    chain::{Anchor, RevocationMethod},
    crl::{Crl, at_least},
    crl_entry::Listed,
    extensions::{DistributionPoint, KeyUsage, PointName},
    general_name::GeneralName,
    name::Name,
    path::{require, weak_hash},
    refusal::Refusal,
    search::{Purpose, Search},
};

/// Reason bits 1 to 8 (RFC 5280 4.2.1.13).
const ALL_REASONS: u16 = 0x7f80;
/// Levels of lists vouching for signers of lists.
const MAX_LEVELS: u8 = 2;

/// The outcome of one method.
enum Status {
    Good,
    Revoked,
    Unknown(&'static str),
}

/// Checks the certificates of one path.
pub(crate) struct Revocation<'s, 'a> {
    search: &'s mut Search<'a>,
    anchor: &'a Anchor,
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
    /// (G-061, P-041).
    pub(crate) fn check(
        &mut self,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<(), Refusal> {
        let mut why = "no method gave a verdict";
        let methods: &[_] = match self.anchor.revocation.as_slice() {
            [] => &[RevocationMethod::Crl],
            methods => methods,
        };
        for method in methods {
            let status = match method {
                RevocationMethod::None => Status::Good,
                RevocationMethod::Ocsp => Status::Unknown("OCSP gave no answer"),
                RevocationMethod::Crl => self.by_lists(certificate, issuer)?,
            };
            match status {
                Status::Good => return Ok(()),
                Status::Revoked => {
                    return Err(Refusal::Revoked {
                        serial: certificate.serial_hex(),
                    });
                }
                Status::Unknown(reason) => why = reason,
            }
        }
        Err(Refusal::CrlUnavailable(why))
    }

    /// RFC 5280 6.3.3 over every distribution point, then over lists of the
    /// issuer that no point names.
    fn by_lists(
        &mut self,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<Status, Refusal> {
        let unnamed = [DistributionPoint::default()];
        let points = certificate
            .extensions
            .distribution_points
            .iter()
            .chain(&unnamed);
        let (mut covered, mut why) = (0, "no revocation list of the issuer");
        for point in points {
            for crl in self
                .anchor
                .crls
                .iter()
                .filter(|crl| crl.delta_base.is_none())
            {
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
                if self.listed(crl, certificate, issuer)? {
                    return Ok(Status::Revoked);
                }
                covered |= reasons;
                why = "revocation lists do not cover every reason";
            }
        }
        Ok(if covered == ALL_REASONS {
            Status::Good
        } else {
            Status::Unknown(why)
        })
    }

    /// What the list says, corrected by a newer delta to it.
    fn listed(
        &mut self,
        crl: &Crl,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<bool, Refusal> {
        let base = crl.listed(certificate.issuer(), certificate.serial());
        for delta in self
            .anchor
            .crls
            .iter()
            .filter(|delta| is_delta_of(delta, crl))
        {
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
        crl: &Crl,
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
            return Ok(Ok(()));
        }
        for other in self.signers(crl, issuer) {
            if self.signed(crl, other)? && self.is_trusted(other) {
                return Ok(Ok(()));
            }
        }
        Ok(Err("revocation list is not signed by its issuer"))
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
        let trusted = own.run(signer).is_ok();
        search.budget = own.budget;
        trusted
    }
}

/// RFC 5280 6.3.3 (b): the list speaks about this certificate at this point.
fn in_scope(crl: &Arc<Crl>, certificate: &Certificate, point: &DistributionPoint) -> bool {
    let scope = crl.scope.clone().unwrap_or_default();
    let issuer_fits = match point.crl_issuer.as_slice() {
        [] => crl.issuer().matches(certificate.issuer()),
        issuers => scope.indirect && names(issuers).any(|name| name.matches(crl.issuer())),
    };
    let other_kind = if certificate.is_ca() {
        scope.only_user
    } else {
        scope.only_ca
    };
    let kind_fits = !other_kind && !scope.only_attribute;
    issuer_fits && kind_fits && point_fits(crl, &scope.name, point)
}

/// The list's distribution point, if it has one, is the certificate's.
fn point_fits(crl: &Crl, scope: &PointName, point: &DistributionPoint) -> bool {
    let wanted = full_names(scope, crl.issuer());
    let offered = match &point.name {
        PointName::Absent => point.crl_issuer.clone(),
        name => full_names(
            name,
            names(&point.crl_issuer).next().unwrap_or(crl.issuer()),
        ),
    };
    let same = |a: &GeneralName, b: &GeneralName| match (a, b) {
        (GeneralName::Directory(a), GeneralName::Directory(b)) => a.matches(b),
        _ => a == b,
    };
    *scope == PointName::Absent || wanted.iter().any(|a| offered.iter().any(|b| same(a, b)))
}

fn full_names(name: &PointName, issuer: &Name) -> Vec<GeneralName> {
    match name {
        PointName::Absent => Vec::new(),
        PointName::Full(names) => names.clone(),
        PointName::Relative(rdn) => issuer
            .with_rdn(rdn)
            .map(GeneralName::Directory)
            .into_iter()
            .collect(),
    }
}

fn names(names: &[GeneralName]) -> impl Iterator<Item = &Name> {
    names.iter().filter_map(|name| match name {
        GeneralName::Directory(name) => Some(name),
        _ => None,
    })
}

/// RFC 5280 5.2.4: same issuer and scope, and the base is not older than the
/// one the delta was made for.
fn is_delta_of(delta: &Crl, base: &Crl) -> bool {
    let (Some(from), Some(number)) = (&delta.delta_base, &base.number) else {
        return false;
    };
    let newer = delta
        .number
        .as_ref()
        .is_some_and(|own| at_least(own, number));
    delta.issuer().matches(base.issuer())
        && delta.scope == base.scope
        && at_least(number, from)
        && newer
}
