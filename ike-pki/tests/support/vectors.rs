//! Reading of the known-answer files next to the workspace, when present.

#![allow(dead_code, clippy::unwrap_used, clippy::disallowed_methods)]

use std::{fs, io::Read, path::Path};

use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors/kat");

/// A gzipped JSON file of the vectors.
pub(crate) fn read(name: &str) -> Option<Value> {
    let Ok(raw) = fs::read(Path::new(ROOT).join(name)) else {
        println!("skipped: ../shared not present ({name})");
        return None;
    };
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&raw[..])
        .read_to_end(&mut text)
        .unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

/// The tests of all groups of a Wycheproof file, each with its group.
pub(crate) fn wycheproof(name: &str) -> Vec<(Value, Value)> {
    let Some(file) = read(&format!("wycheproof/{name}.json.gz")) else {
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

/// The octets of a field in hex.
pub(crate) fn field(value: &Value, name: &str) -> Vec<u8> {
    let text = value[name].as_str().unwrap().to_ascii_uppercase();
    data_encoding::HEXUPPER.decode(text.as_bytes()).unwrap()
}
