//! The entries of a revocation list: where each one is, sorted by serial
//! number, so that a million of them take four megabytes beside the list and
//! one is found by halving (F9).

use bytes::Bytes;

use crate::{
    certificate_form::check_extensions,
    crl::CrlError,
    crl_form::{Extension, extension},
    der::{DerError, Reader, Tlv, required, tag},
    general_name::{GeneralName, general_names},
    name::Name,
    oid, time,
};

/// Entries of one serial number that are looked at: an indirect list has one
/// for each certificate issuer.
const MAX_SAME_SERIAL: usize = 64;

/// What a list says about one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    No,
    Revoked,
    /// removeFromCRL of a delta.
    Removed,
}

/// Where the entries of a list are.
#[derive(Clone, Default)]
pub(crate) struct Entries {
    /// Offsets of entries in the list, by serial number.
    sorted: Vec<u32>,
    /// Offset of an entry that names a certificate issuer, which holds until
    /// the next one does (RFC 5280 5.3.3), ascending.
    issuers: Vec<u32>,
}

/// One entry, read.
struct Entry<'a> {
    removed: bool,
    /// GeneralNames of its certificateIssuer.
    issuer: Option<Reader<'a>>,
}

impl Entries {
    /// Reads and sorts the entries of `whole`.
    pub(crate) fn read(whole: &Bytes, list: Option<&Tlv<'_>>) -> Result<Self, CrlError> {
        let mut out = Self::default();
        let mut rest = match list {
            Some(list) => list.reader(),
            None => return Ok(out),
        };
        while !rest.is_empty() {
            let tlv = rest.expect(tag::SEQUENCE, "a revoked certificate")?;
            let start = tlv.at + tlv.content.len() - tlv.raw.len();
            let start = u32::try_from(start).map_err(|_| CrlError::TooLarge(whole.len()))?;
            let entry = entry(&tlv)?;
            if let Some(names) = entry.issuer {
                directory(names)?;
                out.issuers.push(start);
            }
            out.sorted.push(start);
        }
        out.sorted.shrink_to_fit();
        out.sorted.sort_by_key(|at| serial_at(whole, *at));
        let repeated = |window: &[u32]| match window {
            [first, .., last] => serial_at(whole, *first) == serial_at(whole, *last),
            _ => false,
        };
        match out.sorted.windows(MAX_SAME_SERIAL).any(repeated) {
            true => Err(CrlError::RepeatedSerial),
            false => Ok(out),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// What the entries of `whole`, a list of `own`, say about a certificate.
    pub(crate) fn listed(&self, whole: &Bytes, own: &Name, issuer: &Name, serial: &[u8]) -> Listed {
        let start = self
            .sorted
            .partition_point(|at| serial_at(whole, *at) < Some(serial));
        let candidates = self.sorted.iter().skip(start).take(MAX_SAME_SERIAL);
        for at in candidates.take_while(|at| serial_at(whole, **at) == Some(serial)) {
            let named = self.issuer_at(whole, *at);
            if !named.as_ref().unwrap_or(own).matches(issuer) {
                continue;
            }
            return match entry_at(whole, *at).is_some_and(|entry| entry.removed) {
                true => Listed::Removed,
                false => Listed::Revoked,
            };
        }
        Listed::No
    }

    /// The certificate issuer that holds for the entry at `at`, if one was
    /// named.
    fn issuer_at(&self, whole: &Bytes, at: u32) -> Option<Name> {
        let behind = self.issuers.partition_point(|known| *known <= at);
        let named = self.issuers.get(behind.checked_sub(1)?)?;
        directory(entry_at(whole, *named)?.issuer?).ok()
    }
}

/// An entry and the extensions that change what it means; a critical one that
/// is not understood refuses the list (RFC 5280 5.3).
fn entry<'a>(tlv: &Tlv<'a>) -> Result<Entry<'a>, CrlError> {
    let order = [tag::INTEGER, tag::TIME, tag::SEQUENCE];
    let fields = tlv.reader();
    let [serial, date, extensions] = fields.fields(order, "the end of the revoked certificate")?;
    required(serial, tlv, "serial number")?;
    let mut out = Entry {
        removed: false,
        issuer: None,
    };
    time::decode(&required(date, tlv, "revocationDate")?)?;
    let Some(list) = extensions else {
        return Ok(out);
    };
    check_extensions(&list, CrlError::DuplicateExtension)?;
    let mut rest = list.reader();
    while !rest.is_empty() {
        out.take(extension(&mut rest)?)?;
    }
    Ok(out)
}

impl<'a> Entry<'a> {
    fn take(&mut self, mut extension: Extension<'a>) -> Result<(), CrlError> {
        let value = &mut extension.value;
        match extension.oid {
            oid::CRL_REASON => {
                let reason = value.expect(tag::ENUMERATED, "CRLReason")?;
                match reason.content {
                    [0..=6 | 8..=10] => self.removed = reason.content == [8],
                    _ => return Err(reason.error("a CRLReason").into()),
                }
            }
            oid::CERTIFICATE_ISSUER => self.issuer = Some(value.sequence("GeneralNames")?),
            oid::INVALIDITY_DATE => {
                time::decode(&value.expect(tag::GENERALIZED_TIME, "a date")?)?;
            }
            other if extension.critical => {
                return Err(CrlError::UnknownCritical(oid::dotted(other)));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The directoryName among the names of a certificateIssuer.
fn directory(names: Reader<'_>) -> Result<Name, DerError> {
    let found = general_names(names)?
        .into_iter()
        .find_map(|name| match name {
            GeneralName::Directory(name) => Some(name),
            _ => None,
        });
    found.ok_or_else(|| names.error("a directoryName"))
}

/// The entry at an offset, which was read before.
fn entry_at(whole: &Bytes, at: u32) -> Option<Entry<'_>> {
    let octets = whole.get(usize::try_from(at).ok()?..)?;
    entry(&Reader::new(octets).any().ok()?).ok()
}

fn serial_at(whole: &Bytes, at: u32) -> Option<&[u8]> {
    let octets = whole.get(usize::try_from(at).ok()?..)?;
    let entry = Reader::new(octets).any().ok()?;
    Some(entry.reader().any().ok()?.content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ca_extensions,
        writer::{self, sequence, tlv},
    };

    /// Why the library does not read entries: it takes one whose extensions
    /// it cannot read as one without, and removeFromCRL and the certificate's
    /// issuer would be lost.
    #[test]
    fn an_entry_with_unreadable_extensions_is_refused_not_bare() {
        use x509_parser::{prelude::FromDer, revocation_list::RevokedCertificate};
        let (serial, date) = (writer::unsigned(&[3]), time::encode(0));
        let with = |extension: &[u8]| sequence(&[&serial, &date, &sequence(&[extension])]);
        let broken = with(&tlv(tag::NULL, &[]));
        let (_, theirs) = RevokedCertificate::from_der(&broken).unwrap();
        assert!(theirs.extensions().is_empty());
        let read = |der: &[u8]| entry(&Reader::new(der).any().unwrap()).map(|entry| entry.removed);
        assert!(read(&broken).is_err());
        let reason = |code| {
            let value = tlv(tag::ENUMERATED, &[&[code]]);
            with(&ca_extensions::extension(oid::CRL_REASON, false, &value))
        };
        assert_eq!(read(&reason(8)), Ok(true));
        assert_eq!(read(&reason(1)), Ok(false));
        assert!(read(&reason(7)).is_err(), "not used");
    }

    fn list(entries: &[Vec<u8>]) -> Result<(Bytes, Entries), CrlError> {
        let whole = Bytes::from(sequence(&[&entries.concat()]));
        let tlv = Reader::new(&whole).any().unwrap();
        Entries::read(&whole, Some(&tlv)).map(|entries| (whole.clone(), entries))
    }

    fn plain(serial: u16) -> Vec<u8> {
        sequence(&[&writer::unsigned(&serial.to_be_bytes()), &time::encode(0)])
    }

    fn of(name: &Name, serial: u16) -> Vec<u8> {
        let names = sequence(&[&tlv(tag::constructed(4), &[name.der()])]);
        let issuer = ca_extensions::extension(oid::CERTIFICATE_ISSUER, true, &names);
        let serial = writer::unsigned(&serial.to_be_bytes());
        sequence(&[&serial, &time::encode(0), &sequence(&[&issuer])])
    }

    /// RFC 5280 5.3.3: an issuer holds until another is named, in the order
    /// of the list, whatever the order of serial numbers.
    #[test]
    fn an_entry_belongs_to_the_issuer_named_last() {
        let name = |cn: &str| Name::from_subject_name(&format!("cn={cn}")).unwrap();
        let (own, a, b) = (name("own"), name("A"), name("B"));
        let entries = [plain(900), of(&a, 500), plain(7), of(&b, 500), plain(3)];
        let (whole, entries) = list(&entries).unwrap();
        let listed = |issuer: &Name, serial: u16| {
            let raw = writer::unsigned(&serial.to_be_bytes());
            let content = Reader::new(&raw).any().unwrap().content;
            entries.listed(&whole, &own, issuer, content) == Listed::Revoked
        };
        assert!(listed(&own, 900) && listed(&a, 500) && listed(&a, 7));
        assert!(listed(&b, 500) && listed(&b, 3));
        assert!(!listed(&own, 500) && !listed(&b, 7) && !listed(&a, 3) && !listed(&a, 4));
    }

    #[test]
    fn one_serial_number_is_not_repeated_without_end() {
        let few: Vec<_> = (1..64).map(|_| plain(5)).collect();
        assert!(list(&few).is_ok());
        let many: Vec<_> = (0..64).map(|_| plain(5)).collect();
        assert_eq!(list(&many).err(), Some(CrlError::RepeatedSerial));
    }
}
