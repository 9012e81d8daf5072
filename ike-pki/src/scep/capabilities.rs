//! What a CA can do (RFC 8894 3.5), and the algorithms that follow (P-022,
//! P-026).

use std::fmt;

use ike_crypto::{Cipher, Hash};

use crate::http::HttpReply;

/// Cipher of the encrypted part.
pub use ike_crypto::Cipher as ContentCipher;

/// Longest answer that is read, octets.
const MAX_TEXT: usize = 4096;

/// The capabilities a CA announces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// POSTPKIOperation: messages may be posted.
    pub post: bool,
    /// Renewal: RenewalReq is understood.
    pub renewal: bool,
    /// SHA-1.
    pub sha1: bool,
    /// SHA-256.
    pub sha256: bool,
    /// SHA-512.
    pub sha512: bool,
    /// DES3.
    pub des3: bool,
    /// AES.
    pub aes: bool,
    /// GetNextCACert.
    pub get_next_ca: bool,
    /// SCEPStandard: RFC 8894 as a whole; implies AES, SHA-256 and POST.
    pub scep_standard: bool,
}

impl Capabilities {
    /// Reads the text, one word in each line, in any case; unknown lines are
    /// passed over.
    pub fn parse(text: &str) -> Self {
        let mut out = Self::default();
        for line in text.lines() {
            match line.trim().to_ascii_lowercase().as_str() {
                "postpkioperation" => out.post = true,
                "renewal" => out.renewal = true,
                "sha-1" => out.sha1 = true,
                "sha-256" => out.sha256 = true,
                "sha-512" => out.sha512 = true,
                "des3" => out.des3 = true,
                "aes" => out.aes = true,
                "getnextcacert" => out.get_next_ca = true,
                "scepstandard" => out.scep_standard = true,
                _ => {}
            }
        }
        if out.scep_standard {
            (out.aes, out.sha256, out.post) = (true, true, true);
        }
        out
    }

    /// Reads a reply. A server that does not know the question has none of
    /// them (RFC 8894 3.5.2).
    pub fn from_reply(reply: &HttpReply) -> Self {
        let text = reply.body.get(..MAX_TEXT).unwrap_or(&reply.body);
        match reply.status {
            200 => Self::parse(&String::from_utf8_lossy(text)),
            _ => Self::default(),
        }
    }

    /// The text of a GetCACaps reply.
    pub fn text(&self) -> String {
        let words = [
            (self.post, "POSTPKIOperation"),
            (self.renewal, "Renewal"),
            (self.sha1, "SHA-1"),
            (self.sha256, "SHA-256"),
            (self.sha512, "SHA-512"),
            (self.des3, "DES3"),
            (self.aes, "AES"),
            (self.get_next_ca, "GetNextCACert"),
            (self.scep_standard, "SCEPStandard"),
        ];
        let words = words.into_iter().filter(|(has, _)| *has);
        words.map(|(_, word)| format!("{word}\n")).collect()
    }
}

impl fmt::Display for Capabilities {
    /// P-021: the words of IOS's log, of which four are known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            (self.post, "CA_CAP_POST_ACCEPTED"),
            (self.renewal, "CA_CAP_RENEWAL"),
            (self.sha1, "CA_CAP_SHA_1"),
            (self.sha256, "CA_CAP_SHA_256"),
        ];
        let words = words.into_iter().filter(|(has, _)| *has);
        let words: Vec<_> = words.map(|(_, word)| word).collect();
        f.write_str(&words.join(" "))
    }
}

/// Digest and cipher of the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Algorithms {
    /// Hash of the signature.
    pub digest: Hash,
    /// Cipher of the encrypted part.
    pub cipher: ContentCipher,
}

impl Algorithms {
    /// The best that is offered: SHA-256 before SHA-1 before MD5 (P-022),
    /// AES-128 before 3DES before DES (P-026).
    pub fn by(offered: &Capabilities) -> Self {
        let digest = match () {
            () if offered.sha256 => Hash::Sha256,
            () if offered.sha512 => Hash::Sha512,
            () if offered.sha1 => Hash::Sha1,
            () => Hash::Md5,
        };
        let cipher = match () {
            () if offered.aes => Cipher::Aes128Cbc,
            () if offered.des3 => Cipher::TripleDesCbc,
            () => Cipher::DesCbc,
        };
        Self { digest, cipher }
    }

    /// What 15.3T can: SHA-1 and 3DES at most (P-026).
    pub fn ios_15_3t(offered: &Capabilities) -> Self {
        let best = Self::by(offered);
        Self {
            digest: best.digest.min(Hash::Sha1),
            cipher: best.cipher.min(Cipher::TripleDesCbc),
        }
    }
}

const HASHES: [(&str, Hash); 5] = [
    ("md5", Hash::Md5),
    ("sha1", Hash::Sha1),
    ("sha256", Hash::Sha256),
    ("sha384", Hash::Sha384),
    ("sha512", Hash::Sha512),
];

const CIPHERS: [(&str, Cipher); 5] = [
    ("des", Cipher::DesCbc),
    ("3des", Cipher::TripleDesCbc),
    ("aes128", Cipher::Aes128Cbc),
    ("aes192", Cipher::Aes192Cbc),
    ("aes256", Cipher::Aes256Cbc),
];

/// The word a hash is stored by.
pub(crate) fn hash_name(hash: Hash) -> &'static str {
    name(&HASHES, hash)
}

/// The word a cipher is stored by.
pub(crate) fn cipher_name(cipher: Cipher) -> &'static str {
    name(&CIPHERS, cipher)
}

impl Algorithms {
    /// Both from their words.
    pub(crate) fn named(digest: &str, cipher: &str) -> Option<Self> {
        Some(Self {
            digest: HASHES.iter().find(|(word, _)| *word == digest)?.1,
            cipher: CIPHERS.iter().find(|(word, _)| *word == cipher)?.1,
        })
    }
}

fn name<T: Copy + PartialEq>(all: &[(&'static str, T)], wanted: T) -> &'static str {
    let known = all.iter().find(|(_, one)| *one == wanted);
    known.map_or("", |(word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P-021: the line of IOS's log.
    #[test]
    fn capabilities_are_read_and_printed_as_ios_prints_them() {
        let text = "POSTPKIOperation\r\nrenewal\nSHA-1\n SHA-256 \nFuture\n\n";
        let read = Capabilities::parse(text);
        assert_eq!(
            read.to_string(),
            "CA_CAP_POST_ACCEPTED CA_CAP_RENEWAL CA_CAP_SHA_1 CA_CAP_SHA_256"
        );
        assert!(!read.aes && !read.des3);
        assert_eq!(Capabilities::parse(&read.text()), read);
        let standard = Capabilities::parse("SCEPStandard");
        assert!(standard.aes && standard.sha256 && standard.post && !standard.renewal);
    }

    #[test]
    fn a_server_that_does_not_know_the_question_has_none() {
        let page = HttpReply::refusal(404, "AES");
        assert_eq!(Capabilities::from_reply(&page), Capabilities::default());
        let long = HttpReply::ok("text/plain", format!("{}\nAES", "x\n".repeat(4096)));
        assert!(!Capabilities::from_reply(&long).aes);
    }

    /// P-022, P-026.
    #[test]
    fn algorithms_follow_the_capabilities() {
        let of = |text: &str| {
            let offered = Capabilities::parse(text);
            (Algorithms::by(&offered), Algorithms::ios_15_3t(&offered))
        };
        let pair = |digest, cipher| Algorithms { digest, cipher };
        let (best, old) = of("SHA-1\nSHA-256\nSHA-512\nDES3\nAES");
        assert_eq!(best, pair(Hash::Sha256, Cipher::Aes128Cbc));
        assert_eq!(old, pair(Hash::Sha1, Cipher::TripleDesCbc));
        let (best, old) = of("SHA-1\nDES3");
        assert_eq!(best, old);
        let none = pair(Hash::Md5, Cipher::DesCbc);
        assert_eq!(of(""), (none, none));
        for cipher in CIPHERS {
            let read = Algorithms::named("sha384", cipher_name(cipher.1));
            assert_eq!(read, Some(pair(Hash::Sha384, cipher.1)));
        }
        assert_eq!(Algorithms::named("sha3", "des"), None);
    }
}
