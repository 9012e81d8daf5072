//! A path from a leaf to an anchor, and which trustpoint judges which of its
//! certificates (P-040).

use crate::{anchor::Anchor, certificate::Certificate};

/// A path under construction, and the trustpoints that judge its parts.
pub(crate) struct Path<'a> {
    /// Leaf first.
    pub(crate) certificates: Vec<&'a Certificate>,
    /// Each anchor that was reached, with the number of certificates up to
    /// it: it judges those that no earlier one does (P-040). The CA
    /// certificate of one that continues is in the path.
    pub(crate) judges: Vec<(&'a Anchor, usize)>,
}

impl<'a> Path<'a> {
    /// The trustpoint that was reached first.
    pub(crate) fn trustpoint(&self) -> &str {
        let first = self.judges.first();
        first.map_or("", |(anchor, _)| anchor.trustpoint.as_str())
    }

    /// The certificates from the anchor down, each with its judge and its
    /// issuer; the last is the leaf.
    pub(crate) fn down(&self, root: &'a Certificate) -> Vec<Link<'a>> {
        let issuers = self.certificates.iter().copied().skip(1).chain([root]);
        let links = self.certificates.iter().zip(issuers).enumerate();
        let judge = |index| self.judges.iter().find(|(_, upto)| index < *upto);
        let mut down: Vec<Link<'a>> = links
            .filter_map(|(index, (certificate, issuer))| {
                Some(Link {
                    certificate,
                    issuer,
                    judge: judge(index)?.0,
                    is_leaf: index == 0,
                })
            })
            .collect();
        down.reverse();
        down
    }
}

/// One certificate of a path.
#[derive(Clone, Copy)]
pub(crate) struct Link<'a> {
    pub(crate) certificate: &'a Certificate,
    pub(crate) issuer: &'a Certificate,
    pub(crate) judge: &'a Anchor,
    pub(crate) is_leaf: bool,
}
