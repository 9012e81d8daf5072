//! Reading of the known-answer files next to the workspace, when present.

#![allow(dead_code)]

use std::{fs, io::Read, path::Path};

use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors/kat");

/// The JSON file `kat/<name>` (gzip when it ends so); `None`, with a line
/// printed, when the vectors are not there.
pub(crate) fn vectors(name: &str) -> Option<Value> {
    let Ok(raw) = fs::read(Path::new(ROOT).join(name)) else {
        println!("skipped: ../shared not present ({name})");
        return None;
    };
    let mut text = Vec::new();
    match name.ends_with(".gz") {
        true => drop(
            flate2::read::GzDecoder::new(&raw[..])
                .read_to_end(&mut text)
                .unwrap(),
        ),
        false => text = raw,
    }
    Some(serde_json::from_slice(&text).unwrap())
}

/// The tests of all groups of a Wycheproof file, each with its group.
pub(crate) fn wycheproof(name: &str) -> Vec<(Value, Value)> {
    let Some(file) = vectors(&format!("wycheproof/{name}.json.gz")) else {
        return Vec::new();
    };
    let groups = file["testGroups"].as_array().unwrap().clone();
    let with_group = |mut group: Value| {
        // Taken out, so that no test carries a copy of all the others.
        let tests = group["tests"].take().as_array().unwrap().clone();
        tests.into_iter().map(move |test| (group.clone(), test))
    };
    groups.into_iter().flat_map(with_group).collect()
}

/// The Wycheproof files that are there, by the name [`wycheproof`] takes.
pub(crate) fn wycheproof_names() -> Vec<String> {
    let Ok(folder) = fs::read_dir(Path::new(ROOT).join("wycheproof")) else {
        println!("skipped: ../shared not present (wycheproof)");
        return Vec::new();
    };
    let files = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    files
        .filter_map(|file| file.strip_suffix(".json.gz").map(str::to_owned))
        .collect()
}

/// Octets of a hex string; an odd number of digits gets a leading zero.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let even = if text.len() % 2 == 1 {
        format!("0{text}")
    } else {
        text.to_owned()
    };
    let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    even.as_bytes().chunks(2).map(octet).collect()
}

/// The octets of field `name`.
pub(crate) fn field(test: &Value, name: &str) -> Vec<u8> {
    hex(test[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {test}")))
}

/// `octets` with zeros in front, `len` octets in all.
pub(crate) fn left_padded(octets: &[u8], len: usize) -> Vec<u8> {
    let mut out = vec![0; len - octets.len()];
    out.extend(octets);
    out
}
