//! IPsec in `show running-config`.
use super::ipsec::{TRANSFORMS, Transform};
use super::model::*;
use super::show::Text;

/// Transform sets, IPsec profiles, crypto maps, global IPsec lines.
pub(super) fn ipsec(config: &RunningConfig, out: &mut Text) {
    show_ipsec_global(&config.ipsec, out);
    config
        .transform_sets
        .iter()
        .for_each(|set| show_set(set, out));
    for profile in &config.ipsec_profiles {
        out.line(format_args!("crypto ipsec profile {}", profile.name));
        out.value(" description", profile.description.as_ref());
        show_lifetimes(profile.lifetime_seconds, profile.lifetime_kilobytes, out);
        show_list(" set transform-set", &profile.transform_sets, out);
        out.value(" set pfs", profile.pfs.map(|group| format!("group{group}")));
        out.value(" set isakmp-profile", profile.isakmp_profile.as_ref());
        out.value(" set ikev2-profile", profile.ikev2_profile.as_ref());
        out.when(profile.responder_only, " responder-only");
        out.end();
    }
    config.crypto_maps.iter().for_each(|map| show_map(map, out));
}

fn show_ipsec_global(ipsec: &IpsecGlobal, out: &mut Text) {
    let default = IpsecGlobal::default();
    let prefix = "crypto ipsec security-association";
    let seconds =
        Some(ipsec.lifetime_seconds).filter(|seconds| *seconds != default.lifetime_seconds);
    out.value(&format!("{prefix} lifetime seconds"), seconds);
    let kilobytes =
        Some(ipsec.lifetime_kilobytes).filter(|kilobytes| *kilobytes != default.lifetime_kilobytes);
    out.value(&format!("{prefix} lifetime kilobytes"), kilobytes);
    let window = Some(ipsec.replay_window).filter(|window| *window != default.replay_window);
    out.value(&format!("{prefix} replay window-size"), window);
    out.when(
        !ipsec.nat_transparency,
        "no crypto ipsec nat-transparency udp-encapsulation",
    );
    out.value("crypto ipsec df-bit", ipsec.df_bit.as_ref());
}

fn show_set(set: &TransformSet, out: &mut Text) {
    let transforms = [
        set.ah.map(|ah| keyword(Transform::Ah(ah)).to_owned()),
        set.cipher.map(cipher_words),
        set.integrity
            .map(|integrity| keyword(Transform::Esp(integrity)).to_owned()),
    ];
    let transforms: Vec<String> = transforms.into_iter().flatten().collect();
    out.line(format_args!(
        "crypto ipsec transform-set {} {}",
        set.name,
        transforms.join(" ")
    ));
    out.when(set.transport, " mode transport");
    out.end();
}

fn cipher_words(cipher: EspEncryption) -> String {
    let (base, bits) = match cipher {
        EspEncryption::Aes(bits) => (EspEncryption::Aes(128), bits),
        EspEncryption::Gcm(bits) => (EspEncryption::Gcm(128), bits),
        EspEncryption::Gmac(bits) => (EspEncryption::Gmac(128), bits),
        other @ (EspEncryption::Null
        | EspEncryption::Des
        | EspEncryption::TripleDes
        | EspEncryption::ChaCha20Poly1305) => (other, 128),
    };
    let size = if bits == 128 {
        String::new()
    } else {
        format!(" {bits}")
    };
    format!("{}{size}", keyword(Transform::Cipher(base)))
}

/// The keyword of a transform, without a key length.
fn keyword(transform: Transform) -> &'static str {
    TRANSFORMS
        .iter()
        .find(|(_, known)| *known == transform)
        .map_or("esp-null", |(name, _)| name)
}

fn show_map(map: &CryptoMap, out: &mut Text) {
    out.line(format_args!(
        "crypto map {} {} ipsec-isakmp",
        map.name, map.sequence
    ));
    map.peers
        .iter()
        .for_each(|peer| out.line(format_args!(" set peer {peer}")));
    show_lifetimes(map.lifetime_seconds, map.lifetime_kilobytes, out);
    show_list(" set transform-set", &map.transform_sets, out);
    out.value(" set pfs", map.pfs.map(|group| format!("group{group}")));
    out.value(" set isakmp-profile", map.isakmp_profile.as_ref());
    out.value(" set ikev2-profile", map.ikev2_profile.as_ref());
    out.value(" match address", map.access_list.as_ref());
    out.when(map.reverse_route, " reverse-route");
    out.end();
}

fn show_lifetimes(seconds: Option<u32>, kilobytes: Option<u32>, out: &mut Text) {
    out.value(" set security-association lifetime seconds", seconds);
    out.value(" set security-association lifetime kilobytes", kilobytes);
}

fn show_list(prefix: &str, names: &[String], out: &mut Text) {
    out.value(
        prefix,
        Some(names.join(" ")).filter(|names| !names.is_empty()),
    );
}
