//! Writes a PKCS#12 file: certificates in one safe, encrypted, the key in
//! another, and a MAC over both, as `openssl pkcs12 -export` does.

use ike_crypto::{Hash, Secret};

use super::{
    PKCS12_RANDOM, Pkcs12, Pkcs12Error, Pkcs12Form,
    mac::Mac,
    oid,
    pbe::{MAX_ITERATIONS, Scheme},
};
use crate::{
    certificate::Certificate,
    der::tag,
    private_key,
    writer::{self, sequence, tlv},
};

pub(super) fn write(
    file: &Pkcs12,
    passphrase: &str,
    form: Pkcs12Form,
    iterations: u32,
    random: &[u8; PKCS12_RANDOM],
) -> Result<Vec<u8>, Pkcs12Error> {
    // What is written can be read again: five derivations at most.
    if iterations == 0 || iterations > MAX_ITERATIONS / 8 {
        return Err(Pkcs12Error::Iterations(iterations));
    }
    let mut octets = random.chunks(16);
    let mut next = || octets.next().unwrap_or_default();
    let scheme = |salt: &[u8], iv: &[u8]| match form {
        Pkcs12Form::Modern => Scheme::modern(salt, iterations, iv),
        Pkcs12Form::Legacy => Scheme::TripleDes {
            salt: salt.iter().copied().take(8).collect(),
            iterations,
        },
    };
    let certificates = scheme(next(), next());
    let key = scheme(next(), next());
    let safes = sequence(&[
        &certificate_safe(file, passphrase, &certificates)?,
        &key_safe(file, passphrase, &key)?,
    ]);
    let (hash, salt_len) = match form {
        Pkcs12Form::Modern => (Hash::Sha256, 16),
        Pkcs12Form::Legacy => (Hash::Sha1, 8),
    };
    let mac = Mac {
        hash,
        salt: next().get(..salt_len).unwrap_or_default(),
        iterations,
    };
    let mac = mac.write(passphrase, &safes);
    Ok(sequence(&[&writer::unsigned(&[3]), &data(&safes), &mac]))
}

/// ContentInfo of type data.
fn data(octets: &[u8]) -> Vec<u8> {
    let content = tlv(tag::OCTET_STRING, &[octets]);
    sequence(&[
        &writer::oid(oid::DATA),
        &tlv(tag::constructed(0), &[&content]),
    ])
}

/// ContentInfo of type encryptedData.
fn certificate_safe(
    file: &Pkcs12,
    passphrase: &str,
    scheme: &Scheme,
) -> Result<Vec<u8>, Pkcs12Error> {
    let own = certificate_bag(&file.certificate, &attributes(file));
    let others = file.authorities.iter();
    let others: Vec<Vec<u8>> = others.map(|ca| certificate_bag(ca, &[])).collect();
    let plain = sequence(&[&own, &others.concat()]);
    let octets = scheme.encrypt(passphrase, &plain)?;
    let content = sequence(&[
        &writer::oid(oid::DATA),
        &scheme.write(),
        &tlv(tag::context(0), &[&octets]),
    ]);
    let encrypted = sequence(&[&writer::unsigned(&[0]), &content]);
    let content = tlv(tag::constructed(0), &[&encrypted]);
    Ok(sequence(&[&writer::oid(oid::ENCRYPTED_DATA), &content]))
}

/// ContentInfo of type data with a shrouded key in it.
fn key_safe(file: &Pkcs12, passphrase: &str, scheme: &Scheme) -> Result<Vec<u8>, Pkcs12Error> {
    let plain: Secret = file.key.to_pkcs8_der()?;
    let shrouded = private_key::encrypted(plain.expose(), passphrase, scheme)?;
    let bag = bag(oid::SHROUDED_KEY_BAG, &shrouded, &attributes(file));
    Ok(data(&sequence(&[&bag])))
}

fn certificate_bag(certificate: &Certificate, attributes: &[u8]) -> Vec<u8> {
    let octets = tlv(tag::OCTET_STRING, &[certificate.der()]);
    let value = sequence(&[
        &writer::oid(oid::X509_CERTIFICATE),
        &tlv(tag::constructed(0), &[&octets]),
    ]);
    bag(oid::CERT_BAG, &value, attributes)
}

fn bag(kind: &[u8], value: &[u8], attributes: &[u8]) -> Vec<u8> {
    let value = tlv(tag::constructed(0), &[value]);
    sequence(&[&writer::oid(kind), &value, attributes])
}

/// localKeyId, which ties key and certificate together, and the name.
fn attributes(file: &Pkcs12) -> Vec<u8> {
    let id = Hash::Sha1.digest(&[file.certificate.der()]);
    let mut all = vec![attribute(oid::LOCAL_KEY_ID, tag::OCTET_STRING, &id)];
    if let Some(name) = &file.name {
        let units = name.encode_utf16().flat_map(u16::to_be_bytes);
        let text: Vec<u8> = units.collect();
        all.push(attribute(oid::FRIENDLY_NAME, tag::BMP_STRING, &text));
    }
    writer::set_of(all)
}

fn attribute(kind: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
    let values = writer::set_of(vec![tlv(tag, &[value])]);
    sequence(&[&writer::oid(kind), &values])
}
