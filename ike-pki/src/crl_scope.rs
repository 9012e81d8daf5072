//! Which lists speak about a certificate: their scope, and whose delta one is
//! (RFC 5280 5.2.4, 5.2.5, 6.3.3).

use std::sync::Arc;

use crate::{
    certificate::Certificate,
    crl::{Crl, at_least},
    extensions::{DistributionPoint, PointName},
    general_name::GeneralName,
    name::Name,
};

/// RFC 5280 6.3.3 (b): the list speaks about this certificate at this point.
pub(crate) fn in_scope(
    crl: &Arc<Crl>,
    certificate: &Certificate,
    point: &DistributionPoint,
) -> bool {
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
pub(crate) fn is_delta_of(delta: &Crl, base: &Crl) -> bool {
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
