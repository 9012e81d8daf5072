//! Captures made by others, on disk: data under their own licences, beside the project and not part of it.
use std::fs;
use std::path::{Path, PathBuf};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors")
}

/// The captures of both collections; those of strongSwan lie one folder deeper. None, with a line that says so, where the
/// collections are missing.
pub(crate) fn captures() -> Vec<PathBuf> {
    if !vectors().is_dir() {
        println!("skipped: ../shared not present");
    }
    let charon = entries(&vectors().join("strongswan"));
    let mut files = entries(&vectors().join("pcaps"));
    files.extend(charon.iter().flat_map(|folder| entries(folder)));
    files.retain(|path| is_capture(path));
    files
}

/// Lines of the manifest that promise sound packets (`mal` 0, no word of fuzzing or malformation), and what strongSwan sent.
pub(crate) fn is_sound(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let manifest = fs::read_to_string(vectors().join("pcaps/MANIFEST.md")).unwrap_or_default();
    let Some(line) = manifest
        .lines()
        .find(|line| line.starts_with(&format!("| {name} |")))
    else {
        return path.starts_with(vectors().join("strongswan"));
    };
    let well_formed = line.split('|').nth(8).map(str::trim) == Some("0");
    well_formed
        && !["FUZZED", "MALFORMED"]
            .iter()
            .any(|word| line.contains(word))
        // Its identity of type IPV4_ADDR has one octet (THREATS A14).
        && name != "tcpdump_ikev2-id-normal.pcap"
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    paths
}

fn is_capture(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        ["pcap", "pcapng", "cap"]
            .iter()
            .any(|known| extension == *known)
    })
}
