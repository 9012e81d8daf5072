//! Where the payloads of a chain lie in the octets it was read from: the same for both versions.
use crate::generic;
use bytes::Bytes;
use std::ops::Range;

/// Octets, and where each payload lies in them, generic header included.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Spans {
    octets: Bytes,
    ranges: Vec<Range<usize>>,
}

impl Spans {
    /// No payload of `octets` yet.
    pub(crate) fn new(octets: Bytes) -> Self {
        Self {
            octets,
            ranges: Vec::new(),
        }
    }

    /// The next payload lies there.
    pub(crate) fn push(&mut self, range: Range<usize>) {
        self.ranges.push(range);
    }

    /// Payload `index` with its generic header; empty when there is no such payload.
    pub(crate) fn raw(&self, index: usize) -> Bytes {
        self.range(index)
            .map_or_else(Bytes::new, |range| self.cut(range))
    }

    /// Payload `index` without its generic header; empty when there is no such payload.
    pub(crate) fn body(&self, index: usize) -> Bytes {
        self.range(index).map_or_else(Bytes::new, |range| {
            self.cut(range.start.saturating_add(generic::LEN)..range.end)
        })
    }

    /// Where payload `index` lies.
    pub(crate) fn range(&self, index: usize) -> Option<Range<usize>> {
        self.ranges.get(index).cloned()
    }

    /// Where the last payload lies.
    pub(crate) fn last(&self) -> Option<Range<usize>> {
        self.ranges.last().cloned()
    }

    /// The end of the last payload.
    pub(crate) fn end(&self) -> usize {
        self.last().map_or(0, |range| range.end)
    }

    /// All octets.
    pub(crate) fn octets(&self) -> &Bytes {
        &self.octets
    }

    /// Part of the octets; empty when it is not there.
    pub(crate) fn cut(&self, range: Range<usize>) -> Bytes {
        self.octets
            .get(range)
            .map_or_else(Bytes::new, |part| self.octets.slice_ref(part))
    }

    /// The length of each payload.
    pub(crate) fn lengths(&self) -> impl Iterator<Item = usize> {
        self.ranges.iter().map(ExactSizeIterator::len)
    }
}
