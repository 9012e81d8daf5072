//! What is pasted at a terminal: base64 and PEM, as IOS takes it.

use ike_pki::{Certificate, certificates_from_pem};
use zeroize::Zeroizing;

use super::PkiError;
use crate::control::Talk;

/// What ends a paste.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// An empty line after the first, or `quit`.
    Blank,
    /// `quit` alone: an encrypted key has an empty line in it, a bundle many.
    Quit,
}

/// Octets of one paste: a bundle of CAs is the largest.
const LIMIT: usize = 1 << 20;

/// Lines until the end; what is typed is shown.
pub(super) async fn lines(talk: &mut Talk, end: End) -> Result<String, PkiError> {
    let mut text = String::new();
    loop {
        let line = talk.ask("").await?;
        if is_end(&line, end, text.is_empty()) {
            return Ok(text);
        }
        push(&mut text, &line)?;
    }
}

/// The same for a private key: it is not shown while it is typed, and wiped.
pub(super) async fn secret_lines(talk: &mut Talk) -> Result<Zeroizing<String>, PkiError> {
    // No growth beyond this leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(LIMIT + 2));
    loop {
        let line = talk.ask_secret("").await?;
        if is_end(line.trim(), End::Quit, false) {
            return Ok(text);
        }
        push(&mut text, line.trim_end())?;
    }
}

fn is_end(line: &str, end: End, first: bool) -> bool {
    line.eq_ignore_ascii_case("quit") || end == End::Blank && line.is_empty() && !first
}

fn push(text: &mut String, line: &str) -> Result<(), PkiError> {
    if text.len() + line.len() > LIMIT {
        return Err(PkiError::new(
            "% More than 1 MB: these are no certificates. Nothing was changed.",
        ));
    }
    text.push_str(line);
    text.push('\n');
    Ok(())
}

/// PEM, PKCS#7 too, or the base64 of a certificate alone as IOS takes it.
pub(super) fn certificates_of_text(text: &str) -> Result<Vec<Certificate>, PkiError> {
    let read = certificates_from_pem(&armoured(text));
    let all = read.map_err(|e| PkiError::new(format!("% Error in certificate: {e}")))?;
    match all.is_empty() {
        false => Ok(all),
        true => Err(PkiError::new(
            "% Error in certificate: there is none in the text; paste it as PEM or base64.",
        )),
    }
}

/// Base64 alone gets the lines around it.
pub(super) fn armoured(text: &str) -> String {
    match text.trim() {
        "" => String::new(),
        bare if !bare.contains("-----BEGIN") => {
            format!("-----BEGIN CERTIFICATE-----\n{bare}\n-----END CERTIFICATE-----\n")
        }
        _ => text.to_owned(),
    }
}

/// Base64 in lines of 64 characters.
pub(super) fn base64_lines(octets: &[u8]) -> String {
    let text = data_encoding::BASE64.encode(octets);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    lines.join("\n")
}
