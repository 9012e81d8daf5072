//! `show crypto ikev2 proposal [NAME]` (O-023) with the smart default of G-045.

use ike_core::config::{Ikev2Encryption, Ikev2Integrity, Ikev2Prf, Ikev2Proposal};
use ike_core::policy::ikev2::proposals::built_in;
use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Proposals {
    ikev2_proposals: Vec<Proposal>,
}

#[derive(Serialize)]
struct Proposal {
    name: String,
    encryption: Vec<String>,
    integrity: Vec<&'static str>,
    prf: Vec<&'static str>,
    /// IANA numbers.
    groups: Vec<u16>,
    /// IANA numbers.
    additional_ke: Vec<u16>,
}

/// The configured proposals, then the built-in ones unless they are replaced or removed.
pub(super) fn view(now: &Snapshot<'_>, name: Option<&str>) -> Proposals {
    let config = now.config;
    let configured = &config.ikev2_proposals;
    let replaced = configured.iter().any(|p| p.name == DEFAULT);
    let hidden = replaced || !config.ikev2.default_proposal;
    let built_in = built_in(config.ikev2.mode);
    let defaults = built_in.iter().filter(|_| !hidden);
    let all = configured.iter().chain(defaults);
    let wanted = all.filter(|p| name.is_none_or(|name| name == p.name));
    Proposals {
        ikev2_proposals: wanted.map(proposal).collect(),
    }
}

const DEFAULT: &str = "default";

fn proposal(proposal: &Ikev2Proposal) -> Proposal {
    let implied = proposal.integrity.iter().map(|i| i.prf());
    let prfs: Vec<Ikev2Prf> = match proposal.prf.as_slice() {
        [] => implied.collect(),
        prfs => prfs.to_vec(),
    };
    Proposal {
        name: proposal.name.clone(),
        encryption: proposal.encryption.iter().map(|e| encryption(*e)).collect(),
        integrity: proposal.integrity.iter().map(|i| integrity(*i)).collect(),
        prf: prfs.iter().map(|p| prf(*p)).collect(),
        groups: proposal.groups.clone(),
        additional_ke: proposal.additional_ke.clone(),
    }
}

impl View for Proposals {
    fn text(&self) -> String {
        let mut out = Lines::default();
        self.ikev2_proposals.iter().for_each(|p| p.lines(&mut out));
        out.0
    }
}

impl Proposal {
    /// With the blank that IOS prints behind the name.
    fn lines(&self, out: &mut Lines) {
        out.line(format!(" IKEv2 proposal: {} ", self.name));
        let mut value = |label: &str, words: &[String]| {
            let words = words.join(" ");
            let words = if words.is_empty() { "none" } else { &words };
            out.line(format!("     {label:<11}: {words}"));
        };
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        value("Encryption", &self.encryption);
        value("Integrity", &owned(&self.integrity));
        value("PRF", &owned(&self.prf));
        let groups: Vec<String> = self.groups.iter().map(|g| group(*g)).collect();
        value("DH Group", &groups);
        if !self.additional_ke.is_empty() {
            let methods: Vec<String> = self.additional_ke.iter().map(|m| method(*m)).collect();
            value("Addl. KE 1", &methods);
        }
    }
}

fn encryption(cipher: Ikev2Encryption) -> String {
    let combined = |mode: &str, bits: u16, icv: u8| match icv {
        16 => format!("AES-{mode}-{bits}"),
        icv => format!("AES-{mode}-{bits}-ICV{icv}"),
    };
    match cipher {
        Ikev2Encryption::Des => "DES".to_owned(),
        Ikev2Encryption::TripleDes => "3DES".to_owned(),
        Ikev2Encryption::AesCbc(bits) => format!("AES-CBC-{bits}"),
        Ikev2Encryption::AesCtr(bits) => format!("AES-CTR-{bits}"),
        Ikev2Encryption::AesGcm { bits, icv } => combined("GCM", bits, icv),
        Ikev2Encryption::AesCcm { bits, icv } => combined("CCM", bits, icv),
        Ikev2Encryption::ChaCha20Poly1305 => "CHACHA20-POLY1305".to_owned(),
    }
}

/// IOS names SHA-1 and MD5 by the bits that are left.
fn integrity(algorithm: Ikev2Integrity) -> &'static str {
    match algorithm {
        Ikev2Integrity::Md5 => "MD596",
        Ikev2Integrity::Sha1 => "SHA96",
        Ikev2Integrity::Sha256 => "SHA256",
        Ikev2Integrity::Sha384 => "SHA384",
        Ikev2Integrity::Sha512 => "SHA512",
        Ikev2Integrity::AesXcbc => "AES-XCBC96",
        Ikev2Integrity::AesCmac => "AES-CMAC96",
    }
}

fn prf(algorithm: Ikev2Prf) -> &'static str {
    match algorithm {
        Ikev2Prf::Md5 => "MD5",
        Ikev2Prf::Sha1 => "SHA1",
        Ikev2Prf::Sha256 => "SHA256",
        Ikev2Prf::Sha384 => "SHA384",
        Ikev2Prf::Sha512 => "SHA512",
        Ikev2Prf::AesXcbc => "AES-XCBC128",
        Ikev2Prf::AesCmac => "AES-CMAC128",
    }
}

fn group(number: u16) -> String {
    let name = match number {
        1 => "768_MODP",
        2 => "1024_MODP",
        5 => "1536_MODP",
        14 => "2048_MODP",
        15 => "3072_MODP",
        16 => "4096_MODP",
        17 => "6144_MODP",
        18 => "8192_MODP",
        19 => "256_ECP",
        20 => "384_ECP",
        21 => "521_ECP",
        24 => "2048_256_MODP",
        31 => "CURVE25519",
        _ => return format!("Group {number}"),
    };
    format!("DH_GROUP_{name}/Group {number}")
}

fn method(number: u16) -> String {
    let name = match number {
        35 => "ML-KEM-512",
        36 => "ML-KEM-768",
        37 => "ML-KEM-1024",
        _ => return number.to_string(),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, json, shown};

    const DEFAULT: &str = " IKEv2 proposal: default 
     Encryption : AES-CBC-256 AES-CBC-192 AES-CBC-128
     Integrity  : SHA512 SHA384 SHA256 SHA96 MD596
     PRF        : SHA512 SHA384 SHA256 SHA1 MD5
     DH Group   : DH_GROUP_1536_MODP/Group 5 DH_GROUP_1024_MODP/Group 2
";
    const SEED: &str = " IKEv2 proposal: prop-1 
     Encryption : 3DES
     Integrity  : MD596
     PRF        : MD5
     DH Group   : DH_GROUP_1024_MODP/Group 2
";

    /// O-023, W-064.
    #[test]
    fn the_default_proposal_prints_as_ios_prints_it() {
        let mut world = R1::new();
        assert_eq!(
            shown("show crypto ikev2 proposal", &world.snapshot()),
            DEFAULT
        );
        world.read("no crypto ikev2 proposal default\n");
        assert_eq!(shown("show crypto ikev2 proposal", &world.snapshot()), "");
    }

    /// O-023: the seed's proposal, whose PRF is that of its integrity algorithm.
    #[test]
    fn configured_proposals_come_before_the_default_one() {
        let mut world = R1::new();
        world.read("crypto ikev2 proposal prop-1\n encryption 3des\n integrity md5\n group 2\n");
        let now = world.snapshot();
        let all = shown("show crypto ikev2 proposal", &now);
        assert_eq!(all, format!("{SEED}{DEFAULT}"));
        assert_eq!(shown("show crypto ikev2 proposal default", &now), DEFAULT);
        assert_eq!(shown("show crypto ikev2 proposal prop-1", &now), SEED);
        assert_eq!(shown("show crypto ikev2 proposal prop", &now), "");
        let value = json("show crypto ikev2 proposal prop-1", &now);
        assert_eq!(value["ikev2_proposals"][0]["groups"][0], 2);
    }

    /// G-045: a configured default stands for the built-in one.
    #[test]
    fn a_changed_default_replaces_the_built_in_one() {
        let mut world = R1::new();
        world.read(
            "crypto ikev2 proposal default\n encryption aes-gcm-256 aes-gcm-128-icv8\n no integrity\n prf sha384\n group 20 31\n additional-ke 1 mlkem768\n",
        );
        assert_eq!(
            shown("show crypto ikev2 proposal", &world.snapshot()),
            " IKEv2 proposal: default 
     Encryption : AES-GCM-256 AES-GCM-128-ICV8
     Integrity  : none
     PRF        : SHA384
     DH Group   : DH_GROUP_384_ECP/Group 20 DH_GROUP_CURVE25519/Group 31
     Addl. KE 1 : ML-KEM-768
"
        );
    }
}
