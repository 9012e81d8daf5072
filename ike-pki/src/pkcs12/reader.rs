//! Reads a PKCS#12 file: the MAC first, then the safes, then what belongs
//! together.

use std::sync::Arc;

use ike_crypto::{PrivateKey, Secret};

use super::{
    MAX_PKCS12, Pkcs12, Pkcs12Error,
    mac::Mac,
    oid,
    pbe::{Budget, Scheme},
};
use crate::{
    certificate::Certificate,
    der::{Reader, Tlv, tag},
    private_key,
};

/// Safes, and bags in one of them, that are read.
const MAX_SAFES: usize = 8;
const MAX_BAGS: usize = 32;

pub(super) fn read(der: &[u8], passphrase: &str) -> Result<Pkcs12, Pkcs12Error> {
    if der.len() > MAX_PKCS12 {
        return Err(Pkcs12Error::TooLarge(der.len()));
    }
    let mut budget = Budget::default();
    let safes = authenticated(der, passphrase, &mut budget)?;
    let mut found = Found::default();
    let mut list = Reader::new(safes).sequence("list of safes")?;
    for _ in 0..MAX_SAFES {
        if list.is_empty() {
            break;
        }
        let safe = list.expect(tag::SEQUENCE, "safe")?;
        found.safe(&safe, passphrase, &mut budget)?;
    }
    list.end("at most 8 safes")?;
    found.whole()
}

/// The content that the MAC protects (RFC 7292 4: PFX).
fn authenticated<'a>(
    der: &'a [u8],
    passphrase: &str,
    budget: &mut Budget,
) -> Result<&'a [u8], Pkcs12Error> {
    let mut outer = Reader::new(der);
    let mut pfx = outer.sequence("PKCS#12 file")?;
    outer.end("the end of the file")?;
    let version = pfx.expect(tag::INTEGER, "version")?;
    if version.content != [3] {
        return Err(version.error("version 3").into());
    }
    let mut content = pfx.sequence("contents")?;
    match content.oid()? {
        oid::DATA => {}
        oid::SIGNED_DATA => return Err(Pkcs12Error::unsupported("a signature in place of a MAC")),
        _ => return Err(content.error("contents of type data").into()),
    }
    let data = content.expect(tag::constructed(0), "contents")?;
    let data = data.reader().expect(tag::OCTET_STRING, "contents")?;
    if pfx.is_empty() {
        return Err(Pkcs12Error::unsupported("a file without MAC"));
    }
    let (mac, found) = Mac::read(pfx.sequence("MAC data")?)?;
    pfx.end("the end of the file")?;
    mac.check(passphrase, data.content, found, budget)?;
    Ok(data.content)
}

/// Keys and certificates in the order of the file, with their names.
#[derive(Default)]
struct Found {
    keys: Vec<(Arc<PrivateKey>, Option<String>)>,
    certificates: Vec<(Certificate, Option<String>)>,
}

impl Found {
    /// A ContentInfo with SafeContents, plain or encrypted.
    fn safe(
        &mut self,
        safe: &Tlv<'_>,
        passphrase: &str,
        budget: &mut Budget,
    ) -> Result<(), Pkcs12Error> {
        let mut reader = safe.reader();
        let kind = reader.oid()?;
        let content = reader.expect(tag::constructed(0), "content of the safe")?;
        match kind {
            oid::DATA => {
                let octets = content.reader().expect(tag::OCTET_STRING, "safe")?;
                self.bags(octets.content, passphrase, budget)
            }
            oid::ENCRYPTED_DATA => {
                let plain = decrypted(&content, passphrase, budget)?;
                self.bags(plain.expose(), passphrase, budget)
            }
            oid::ENVELOPED_DATA => Err(Pkcs12Error::unsupported("encryption to a public key")),
            _ => Err(safe.error("a safe of type data or encryptedData").into()),
        }
    }

    fn bags(
        &mut self,
        octets: &[u8],
        passphrase: &str,
        budget: &mut Budget,
    ) -> Result<(), Pkcs12Error> {
        let mut bags = Reader::new(octets).sequence("safe contents")?;
        for _ in 0..MAX_BAGS {
            if bags.is_empty() {
                break;
            }
            let mut bag = bags.sequence("bag")?;
            let kind = bag.oid()?;
            let value = bag.expect(tag::constructed(0), "value of the bag")?;
            let name = match bag.optional(tag::SET)? {
                Some(attributes) => friendly_name(&attributes)?,
                None => None,
            };
            self.bag(kind, &value, name, passphrase, budget)?;
        }
        Ok(bags.end("at most 32 bags")?)
    }

    /// Lists, secrets and nested safes are passed over.
    fn bag(
        &mut self,
        kind: &[u8],
        value: &Tlv<'_>,
        name: Option<String>,
        passphrase: &str,
        budget: &mut Budget,
    ) -> Result<(), Pkcs12Error> {
        match kind {
            oid::KEY_BAG => {
                let key = PrivateKey::from_pkcs8_der(value.content)?;
                self.keys.push((Arc::new(key), name));
            }
            oid::SHROUDED_KEY_BAG => {
                let key = private_key::decrypted(value.content, passphrase, budget)?;
                self.keys.push((Arc::new(key), name));
            }
            oid::CERT_BAG => {
                let mut bag = value.reader().sequence("certificate bag")?;
                if bag.oid()? == oid::X509_CERTIFICATE {
                    let octets = bag.expect(tag::constructed(0), "certificate")?;
                    let octets = octets.reader().expect(tag::OCTET_STRING, "certificate")?;
                    let certificate = Certificate::from_der(octets.content.to_vec())?;
                    self.certificates.push((certificate, name));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The one key, its certificate, and the others.
    fn whole(mut self) -> Result<Pkcs12, Pkcs12Error> {
        let (key, key_name) = self.keys.pop().ok_or(Pkcs12Error::NoKey)?;
        if !self.keys.is_empty() {
            return Err(Pkcs12Error::ManyKeys);
        }
        let public = key.public();
        let own = |(certificate, _): &(Certificate, _)| certificate.spki_der() == public.spki_der();
        let position = self.certificates.iter().position(own);
        let position = position.ok_or(Pkcs12Error::NoCertificate)?;
        let (certificate, name) = self.certificates.remove(position);
        let authorities = self.certificates.into_iter();
        Ok(Pkcs12 {
            key,
            certificate,
            authorities: authorities.map(|(certificate, _)| certificate).collect(),
            name: key_name.or(name),
        })
    }
}

/// EncryptedData (RFC 5652 8) with its content in one piece.
fn decrypted(
    content: &Tlv<'_>,
    passphrase: &str,
    budget: &mut Budget,
) -> Result<Secret, Pkcs12Error> {
    let mut data = content.reader().sequence("encrypted data")?;
    data.expect(tag::INTEGER, "version of the encrypted data")?;
    let mut info = data.sequence("encrypted content")?;
    if info.oid()? != oid::DATA {
        return Err(info.error("encrypted content of type data").into());
    }
    let algorithm = info.expect(tag::SEQUENCE, "encryption algorithm")?;
    let scheme = Scheme::read(&algorithm)?;
    let octets = info.expect(tag::context(0), "encrypted octets in one piece")?;
    scheme.decrypt(passphrase, octets.content, budget)
}

/// The text of friendlyName, control characters removed.
fn friendly_name(attributes: &Tlv<'_>) -> Result<Option<String>, Pkcs12Error> {
    let mut all = attributes.reader();
    while !all.is_empty() {
        let mut attribute = all.sequence("attribute")?;
        if attribute.oid()? != oid::FRIENDLY_NAME {
            continue;
        }
        let mut values = attribute.expect(tag::SET, "attribute value")?.reader();
        let text = values.expect(tag::BMP_STRING, "BMPString")?;
        let units = text.content.chunks_exact(2).map(|pair| match pair {
            [high, low] => u16::from_be_bytes([*high, *low]),
            _ => 0,
        });
        let text = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
        return Ok(Some(text.filter(|c| !c.is_control()).take(128).collect()));
    }
    Ok(None)
}
