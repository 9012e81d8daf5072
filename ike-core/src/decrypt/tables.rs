//! Wireshark's key tables, written and read: `ikev1_decryption_table`, `ikev2_decryption_table`, and a
//! table of our own in the same form for what Wireshark has no name for.

use std::collections::BTreeMap;
use std::fmt;

use ike_crypto::{Group, Hash, Prf, Secret};
use ike_wire::{Hex, Spi};

use super::names;
use crate::engine::view::KeyView;
use crate::engine::view_ikev2::Ikev2KeyView;
use crate::policy::ikev2::suite::IkeSuite;

/// One of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// `COOKIE,KEY`
    Ikev1,
    /// `SPIi,SPIr,SK_ei,SK_er,"CIPHER",SK_ai,SK_ar,"INTEGRITY"`
    Ikev2,
    /// The same with names of our own; Wireshark does not read it.
    Ikev2Other,
}

/// A line that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableError {
    /// The table.
    pub table: Table,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong; no key is in it.
    pub what: &'static str,
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.table.file(), self.line, self.what)
    }
}

impl std::error::Error for TableError {}

/// The keys of a capture. Cleared when dropped.
#[derive(Clone, Default)]
pub struct Tables {
    pub(super) ikev1: BTreeMap<Spi, Vec<Secret>>,
    pub(super) ikev2: BTreeMap<(Spi, Spi), Vec<Ikev2KeyView>>,
}

impl Table {
    /// Every table there is.
    pub const ALL: [Self; 3] = [Self::Ikev1, Self::Ikev2, Self::Ikev2Other];

    /// The name of its file; of the first two it is Wireshark's.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::Ikev1 => "ikev1_decryption_table",
            Self::Ikev2 => "ikev2_decryption_table",
            Self::Ikev2Other => "ikev2_other_ciphers",
        }
    }

    /// The table whose file has that name.
    #[must_use]
    pub fn of(file: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.file() == file)
    }
}

/// The line of an ISAKMP SA: hex without quotes.
#[must_use]
pub fn ikev1_line(key: &KeyView) -> String {
    format!("{},{}", key.initiator_cookie, hex(key.message_key.expose()))
}

/// The lines of an IKE SA: Wireshark's where it knows the cipher, and ours where it does not know cipher
/// or integrity algorithm. A line with a wrong name makes it refuse the whole table.
#[must_use]
pub fn ikev2_lines(key: &Ikev2KeyView) -> Vec<(Table, String)> {
    let (cipher, known) = names::encryption(key.suite.encryption);
    let (integrity, checked) = names::integrity(key.suite.integrity);
    let [ei, er, ai, ar] = [&key.ei, &key.er, &key.ai, &key.ar].map(|k| hex(k.expose()));
    let (spi_i, spi_r) = (&key.spi_i, &key.spi_r);
    let line = |ai: &str, ar: &str, integrity: &str| {
        format!("{spi_i},{spi_r},{ei},{er},\"{cipher}\",{ai},{ar},\"{integrity}\"")
    };
    let mut out = Vec::new();
    match (known, checked) {
        (true, true) => out.push((Table::Ikev2, line(&ai, &ar, integrity))),
        // It wants no key for what it does not compute.
        (true, false) => out.push((Table::Ikev2, line("", "", names::UNCHECKED))),
        (false, _) => {}
    }
    if !known || !checked {
        out.push((Table::Ikev2Other, line(&ai, &ar, integrity)));
    }
    out
}

impl Tables {
    /// Adds the lines of a table and gives those that are none, which are passed over. Empty ones and
    /// comments (`#`) count for nothing, and neither do those that leave integrity unchecked.
    pub fn read(&mut self, table: Table, text: &str) -> Vec<TableError> {
        let lines = text.lines().map(str::trim).zip(1..);
        let lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
        let wrong = lines.filter_map(|(text, line)| {
            let what = self.line(table, text).err()?;
            Some(TableError { table, line, what })
        });
        wrong.collect()
    }

    /// Adds one line.
    ///
    /// # Errors
    /// What is wrong with it; no key is in the text.
    pub fn line(&mut self, table: Table, line: &str) -> Result<(), &'static str> {
        match table {
            Table::Ikev1 => self.ikev1(line),
            Table::Ikev2 | Table::Ikev2Other => self.ikev2(line),
        }
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ikev1.is_empty() && self.ikev2.is_empty()
    }

    fn ikev1(&mut self, line: &str) -> Result<(), &'static str> {
        let fields = fields(line);
        let &[cookie, key] = fields.as_slice() else {
            return Err("COOKIE,KEY expected");
        };
        let (cookie, key) = (spi(cookie)?, secret(key)?);
        let keys = self.ikev1.entry(cookie).or_default();
        add(keys, key, PartialEq::eq)
    }

    fn ikev2(&mut self, line: &str) -> Result<(), &'static str> {
        let fields = fields(line);
        let &[i, r, ei, er, cipher, ai, ar, integrity] = fields.as_slice() else {
            return Err("SPIi,SPIr,SK_ei,SK_er,\"CIPHER\",SK_ai,SK_ar,\"INTEGRITY\" expected");
        };
        // What cannot be checked cannot be told from garbage; the NULL cipher hides nothing.
        if integrity == names::UNCHECKED || cipher.starts_with("NULL") {
            return Ok(());
        }
        let suite = suite(cipher, integrity)?;
        let view = Ikev2KeyView {
            spi_i: spi(i)?.to_string(),
            spi_r: spi(r)?.to_string(),
            suite,
            ei: secret(ei)?,
            er: secret(er)?,
            ai: secret(ai)?,
            ar: secret(ar)?,
        };
        let cipher = suite.encryption.key_len();
        let check = suite.integrity.map_or(0, |i| i.key_len());
        let fits = [
            (&view.ei, cipher),
            (&view.er, cipher),
            (&view.ai, check),
            (&view.ar, check),
        ];
        if fits.iter().any(|(key, length)| key.len() != *length) {
            return Err("a key has not the length of its algorithm");
        }
        let keys = self.ikev2.entry((spi(i)?, spi(r)?)).or_default();
        add(keys, view, |a, b| {
            a.ei == b.ei && a.er == b.er && a.ai == b.ai && a.ar == b.ar
        })
    }
}

/// Keys of one SA: IKE_INTERMEDIATE gives it others up to seven times (RFC 9370 2.2.2).
const MAX_KEYS: usize = 16;

fn add<T>(keys: &mut Vec<T>, key: T, same: impl Fn(&T, &T) -> bool) -> Result<(), &'static str> {
    if keys.iter().any(|known| same(known, &key)) {
        return Ok(());
    }
    if keys.len() >= MAX_KEYS {
        return Err("more than 16 keys for one SA");
    }
    keys.push(key);
    Ok(())
}

/// The algorithms of two names. PRF and group are not in a table and open nothing.
fn suite(cipher: &str, integrity: &str) -> Result<IkeSuite, &'static str> {
    let encryption = names::encryption_of(cipher).ok_or("the cipher is not known here")?;
    let integrity =
        names::integrity_of(integrity).ok_or("the integrity algorithm is not known here")?;
    if encryption.is_aead() != integrity.is_none() {
        return Err("a combined mode has no integrity algorithm, every other cipher has one");
    }
    Ok(IkeSuite {
        encryption,
        prf: Prf::Hmac(Hash::Sha256),
        integrity,
        group: Group::Modp2048,
    })
}

/// Fields between commas, quotes around them removed: no name has a comma in it.
fn fields(line: &str) -> Vec<&str> {
    line.split(',')
        .map(|field| field.trim().trim_matches('"'))
        .collect()
}

fn spi(text: &str) -> Result<Spi, &'static str> {
    let octets = octets(text)?;
    octets
        .try_into()
        .map(Spi)
        .map_err(|_| "an SPI of 16 hexadecimal digits expected")
}

fn secret(text: &str) -> Result<Secret, &'static str> {
    octets(text).map(Secret::from)
}

fn octets(text: &str) -> Result<Vec<u8>, &'static str> {
    const WRONG: &str = "pairs of hexadecimal digits expected";
    let text = text.strip_prefix("0x").unwrap_or(text);
    if !text.len().is_multiple_of(2) || !text.bytes().all(|c| c.is_ascii_hexdigit()) {
        return Err(WRONG);
    }
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| {
            let pair = text.get(at..at + 2).ok_or(WRONG)?;
            u8::from_str_radix(pair, 16).map_err(|_| WRONG)
        })
        .collect()
}

fn hex(octets: &[u8]) -> String {
    Hex(octets).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPIS: &str = "0102030405060708,1112131415161718";

    /// Wireshark's own file has comments, hex without quotes and lines that nobody can check.
    #[test]
    fn lines_that_are_none_are_named_and_the_others_count() {
        let mut tables = Tables::default();
        let good = format!(
            "{SPIS},{k},{k},\"AES-CBC-128 [RFC3602]\",{a},{a},\"HMAC_SHA1_96 [RFC2404]\"",
            k = "0a".repeat(16),
            a = "0b".repeat(20)
        );
        let short = good.replace("0a0a0a", "0a0a");
        let unchecked = good.replace("HMAC_SHA1_96 [RFC2404]", names::UNCHECKED);
        let mixed = good.replace("HMAC_SHA1_96 [RFC2404]", names::NONE);
        let text = [
            "# made by hand",
            &short,
            "",
            &unchecked,
            &mixed,
            "x,y",
            &good,
            &good,
        ]
        .join("\n");
        let wrong = tables.read(Table::Ikev2, &text);
        let lines: Vec<usize> = wrong.iter().map(|e| e.line).collect();
        assert_eq!(lines, [2, 5, 6]);
        assert!(
            wrong[0]
                .to_string()
                .starts_with("ikev2_decryption_table:2: a key has not")
        );
        assert_eq!(tables.ikev2.len(), 1);
        assert_eq!(tables.ikev2.values().map(Vec::len).sum::<usize>(), 1);
        for bad in [
            "0102030405060708",
            "01,02",
            "0102030405060708,0",
            "0102030405060708,0\u{e9}",
        ] {
            assert_eq!(tables.read(Table::Ikev1, bad).len(), 1, "{bad}");
        }
        assert!(
            tables
                .read(Table::Ikev1, "0102030405060708,0x00ff")
                .is_empty()
        );
    }

    /// B9: an SA has a bounded number of keys, however many lines name it.
    #[test]
    fn keys_of_one_sa_are_bounded() {
        let mut tables = Tables::default();
        let text: String = (0..40)
            .map(|n| format!("0102030405060708,{n:02x}\n"))
            .collect();
        assert_eq!(tables.read(Table::Ikev1, &text).len(), 40 - MAX_KEYS);
    }
}
