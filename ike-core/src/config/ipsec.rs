//! Transform sets, IPsec profiles and global IPsec commands (G-080 to G-082).
use super::codes;
use super::grammar::{Args, Command, Fault, is_name};
use super::model::*;
use super::state::{Mode, State, enter};

type Run = Result<(), Fault>;

/// Global commands.
pub(super) const COMMANDS: &[Command<State>] = &[
    Command {
        patterns: TRANSFORM_SET,
        run: transform_set,
    },
    Command {
        patterns: &["crypto ipsec profile <word>"],
        run: profile,
    },
    Command {
        patterns: &[
            "crypto ipsec security-association lifetime {seconds} <120-2592000>",
            "crypto ipsec security-association lifetime {kilobytes} <2560-4294967295>",
        ],
        run: lifetime,
    },
    Command {
        patterns: &["crypto ipsec security-association replay window-size {64|128|256|512|1024}"],
        run: replay,
    },
    Command {
        patterns: &["crypto ipsec nat-transparency udp-encapsulation"],
        run: nat_transparency,
    },
    Command {
        patterns: &["crypto ipsec df-bit {clear|copy|set}"],
        run: df_bit,
    },
];

/// `crypto ipsec transform-set`.
pub(super) const SET: &[Command<TransformSet>] = &[Command {
    patterns: &["mode {tunnel|transport}"],
    run: mode,
}];

/// `crypto ipsec profile`.
pub(super) const PROFILE: &[Command<IpsecProfile>] = &[
    Command {
        patterns: &["set transform-set <line>"],
        run: |profile, args| set_list(&mut profile.transform_sets, args),
    },
    Command {
        patterns: &["set isakmp-profile <word>"],
        run: |profile, args| set(&mut profile.isakmp_profile, args),
    },
    Command {
        patterns: &["set ikev2-profile <word>"],
        run: |profile, args| set(&mut profile.ikev2_profile, args),
    },
    Command {
        patterns: PFS,
        run: |profile, args| set_pfs(&mut profile.pfs, args),
    },
    Command {
        patterns: LIFETIME,
        run: |profile, args| {
            set_lifetime(
                &mut profile.lifetime_seconds,
                &mut profile.lifetime_kilobytes,
                args,
            )
        },
    },
    Command {
        patterns: &["responder-only"],
        run: responder_only,
    },
    Command {
        patterns: &["description <line>"],
        run: |profile, args| set(&mut profile.description, args),
    },
];

pub(super) const PFS: &[&str] = &[
    "set pfs",
    "set pfs {group1|group2|group5|group14|group15|group16|group19|group20|group21|group24|group31}",
];
pub(super) const LIFETIME: &[&str] = &[
    "set security-association lifetime {seconds} <120-2592000>",
    "set security-association lifetime {kilobytes} <2560-4294967295>",
];
/// One to three transforms, of which AES forms may have a key length: six words at most.
const TRANSFORM_SET: &[&str] = &[
    "crypto ipsec transform-set <word> <transform>",
    "crypto ipsec transform-set <word> <transform> {128|192|256}",
    "crypto ipsec transform-set <word> <transform> <transform>",
    "crypto ipsec transform-set <word> <transform> {128|192|256} <transform>",
    "crypto ipsec transform-set <word> <transform> <transform> {128|192|256}",
    "crypto ipsec transform-set <word> <transform> <transform> <transform>",
    "crypto ipsec transform-set <word> <transform> {128|192|256} <transform> <transform>",
    "crypto ipsec transform-set <word> <transform> <transform> {128|192|256} <transform>",
    "crypto ipsec transform-set <word> <transform> <transform> <transform> {128|192|256}",
];

/// All transforms by keyword; the key length of AES forms is the default one.
pub(super) const TRANSFORMS: &[(&str, Transform)] = &[
    ("esp-des", Transform::Cipher(EspEncryption::Des)),
    ("esp-3des", Transform::Cipher(EspEncryption::TripleDes)),
    ("esp-aes", Transform::Cipher(EspEncryption::Aes(128))),
    ("esp-gcm", Transform::Cipher(EspEncryption::Gcm(128))),
    ("esp-gmac", Transform::Cipher(EspEncryption::Gmac(128))),
    ("esp-null", Transform::Cipher(EspEncryption::Null)),
    (
        "esp-chacha20-poly1305",
        Transform::Cipher(EspEncryption::ChaCha20Poly1305),
    ),
    ("esp-md5-hmac", Transform::Esp(EspAuthentication::Md5)),
    ("esp-sha-hmac", Transform::Esp(EspAuthentication::Sha)),
    ("esp-sha256-hmac", Transform::Esp(EspAuthentication::Sha256)),
    ("esp-sha384-hmac", Transform::Esp(EspAuthentication::Sha384)),
    ("esp-sha512-hmac", Transform::Esp(EspAuthentication::Sha512)),
    ("ah-md5-hmac", Transform::Ah(EspAuthentication::Md5)),
    ("ah-sha-hmac", Transform::Ah(EspAuthentication::Sha)),
    ("ah-sha256-hmac", Transform::Ah(EspAuthentication::Sha256)),
    ("ah-sha384-hmac", Transform::Ah(EspAuthentication::Sha384)),
    ("ah-sha512-hmac", Transform::Ah(EspAuthentication::Sha512)),
];

/// One transform of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transform {
    Cipher(EspEncryption),
    Esp(EspAuthentication),
    Ah(EspAuthentication),
}

/// Whether a word names a transform.
pub(super) fn is_transform(word: &str) -> bool {
    TRANSFORMS
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case(word))
}

fn transform_set(state: &mut State, args: &Args) -> Run {
    let name = args.text(0);
    let sets = &mut state.config.transform_sets;
    if !args.sets() {
        sets.retain(|set| set.name != name);
        return Ok(());
    }
    let transport = sets.iter().any(|set| set.name == name && set.transport);
    let mut new = TransformSet {
        name: name.clone(),
        cipher: None,
        integrity: None,
        ah: None,
        transport,
    };
    for (index, word) in args.values.iter().enumerate().skip(1) {
        put_transform(&mut new, word).map_err(|(code, message)| Fault {
            value: index,
            code,
            message,
            help: None,
        })?;
    }
    let index = enter(sets, |set| set.name == name, || new.clone());
    if let Some(set) = sets.get_mut(index) {
        *set = new;
    }
    state.mode = Mode::TransformSet(index);
    Ok(())
}

/// Adds a transform, or the key length of the cipher before it.
fn put_transform(set: &mut TransformSet, word: &str) -> Result<(), (&'static str, String)> {
    if let Ok(bits) = word.parse::<u16>() {
        let cipher = set.cipher.and_then(|cipher| with_key_length(cipher, bits));
        let message = || format!("the transform before `{word}` has no key length");
        set.cipher = Some(cipher.ok_or_else(|| (codes::TRANSFORM_COMBINATION, message()))?);
        return Ok(());
    }
    let transform = TRANSFORMS
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, transform)| *transform);
    let taken = match transform {
        Some(Transform::Cipher(cipher)) => set.cipher.replace(cipher).is_some(),
        Some(Transform::Esp(integrity)) => set.integrity.replace(integrity).is_some(),
        Some(Transform::Ah(integrity)) => set.ah.replace(integrity).is_some(),
        None => false,
    };
    if taken {
        return Err((
            codes::TRANSFORM_COMBINATION,
            format!("`{word}` and a transform before it exclude each other"),
        ));
    }
    Ok(())
}

fn with_key_length(cipher: EspEncryption, bits: u16) -> Option<EspEncryption> {
    match cipher {
        EspEncryption::Aes(_) => Some(EspEncryption::Aes(bits)),
        EspEncryption::Gcm(_) => Some(EspEncryption::Gcm(bits)),
        EspEncryption::Gmac(_) => Some(EspEncryption::Gmac(bits)),
        EspEncryption::Null
        | EspEncryption::Des
        | EspEncryption::TripleDes
        | EspEncryption::ChaCha20Poly1305 => None,
    }
}

fn mode(set: &mut TransformSet, args: &Args) -> Run {
    set.transport = args.sets() && args.get(0) == Some("transport");
    Ok(())
}

fn profile(state: &mut State, args: &Args) -> Run {
    let name = args.text(0);
    let profiles = &mut state.config.ipsec_profiles;
    if !args.sets() {
        profiles.retain(|profile| profile.name != name);
        return Ok(());
    }
    let new = || IpsecProfile {
        name: name.clone(),
        ..IpsecProfile::default()
    };
    state.mode = Mode::IpsecProfile(enter(profiles, |profile| profile.name == name, new));
    Ok(())
}

fn responder_only(profile: &mut IpsecProfile, args: &Args) -> Run {
    profile.responder_only = args.sets();
    Ok(())
}

/// A single-valued command: the value, or nothing.
pub(super) fn set(slot: &mut Option<String>, args: &Args) -> Run {
    *slot = args.get(0).filter(|_| args.sets()).map(str::to_owned);
    Ok(())
}

/// A command with up to six names, which replaces the list.
pub(super) fn set_list(list: &mut Vec<String>, args: &Args) -> Run {
    let text = args.text(0);
    let names: Vec<&str> = text.split_whitespace().filter(|_| args.sets()).collect();
    if names.len() > 6 || !names.iter().all(|name| is_name(name)) {
        let message = "not a list of transform sets: 1 to 6 names expected".to_owned();
        return Err(Fault {
            value: 0,
            code: codes::BAD_VALUE,
            message,
            help: None,
        });
    }
    *list = names.into_iter().map(str::to_owned).collect();
    Ok(())
}

/// `set pfs [groupN]`; group 1 without a group.
pub(super) fn set_pfs(slot: &mut Option<u16>, args: &Args) -> Run {
    let group = args
        .get(0)
        .and_then(|group| group.strip_prefix("group")?.parse().ok());
    *slot = args.sets().then_some(group.unwrap_or(1));
    Ok(())
}

/// `set security-association lifetime …`.
pub(super) fn set_lifetime(
    seconds: &mut Option<u32>,
    kilobytes: &mut Option<u32>,
    args: &Args,
) -> Run {
    let value = args.number(1).filter(|_| args.sets());
    match args.get(0) {
        Some("seconds") => *seconds = value,
        Some(_) => *kilobytes = value,
        None => (*seconds, *kilobytes) = (None, None),
    }
    Ok(())
}

fn lifetime(state: &mut State, args: &Args) -> Run {
    let (ipsec, default) = (&mut state.config.ipsec, IpsecGlobal::default());
    let value = args.number(1).filter(|_| args.sets());
    if args.get(0) != Some("kilobytes") {
        ipsec.lifetime_seconds = value.unwrap_or(default.lifetime_seconds);
    }
    if args.get(0) != Some("seconds") {
        ipsec.lifetime_kilobytes = value.unwrap_or(default.lifetime_kilobytes);
    }
    Ok(())
}

fn replay(state: &mut State, args: &Args) -> Run {
    let default = IpsecGlobal::default().replay_window;
    state.config.ipsec.replay_window = args.number(0).filter(|_| args.sets()).unwrap_or(default);
    Ok(())
}

fn nat_transparency(state: &mut State, args: &Args) -> Run {
    state.config.ipsec.nat_transparency = !args.no;
    Ok(())
}

fn df_bit(state: &mut State, args: &Args) -> Run {
    state.config.ipsec.df_bit = args.get(0).filter(|_| args.sets()).map(str::to_owned);
    Ok(())
}
