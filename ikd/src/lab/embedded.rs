//! The lab folders of `config/labs`, part of the binary so that `ikd lab demo` needs no files.

/// One embedded folder.
pub(super) struct Embedded {
    /// Its name.
    pub folder: &'static str,
    /// Its `lab.toml`.
    pub toml: &'static str,
    /// Its `r1.cfg`.
    pub r1: &'static str,
    /// Its `r2.cfg`.
    pub r2: &'static str,
}

/// The tech note's own cases and their counterparts, in its order: IKEv1 from both sides, with the other
/// order of enrolment, and once more octet by octet; IKEv2 with certificates from both sides and with
/// overlapping profiles.
pub(super) const DEMO: [&str; 13] = [
    "t-01", "t-02", "t-03", "t-38-r1", "t-38-r2", "t-58", "t-59", "t-50", "t-51", "t-56",
    "t-52-r1", "t-52", "t-53",
];

macro_rules! labs {
    ($($folder:literal)*) => {
        &[$(Embedded {
            folder: $folder,
            toml: include_str!(concat!("../../../config/labs/", $folder, "/lab.toml")),
            r1: include_str!(concat!("../../../config/labs/", $folder, "/r1.cfg")),
            r2: include_str!(concat!("../../../config/labs/", $folder, "/r2.cfg")),
        }),*]
    };
}

/// Every folder, in the order of their names.
pub(super) const ALL: &[Embedded] = labs!(
    "ipv6-gre-v1" "ipv6-inside-v1" "ipv6-outside-v1" "ipv6-outside-v2" "renewal-order" "sub-ca" "sub-ca-anchor" "sub-ca-no-parent"
    "t-01" "t-02" "t-03" "t-04" "t-05" "t-06" "t-07" "t-08" "t-09" "t-11" "t-13" "t-15" "t-16" "t-17"
    "t-18" "t-20" "t-28-r1" "t-28-r2" "t-29" "t-29-none" "t-30" "t-30-cdp" "t-30-ocsp" "t-31-r1" "t-31-r2" "t-33" "t-33-v2" "t-35" "t-35-v2"
    "t-36" "t-38-r1" "t-38-r2" "t-39"
    "t-50" "t-51" "t-52" "t-52-r1" "t-53" "t-55" "t-56" "t-58" "t-59" "t-61" "t-62" "t-64" "t-65" "t-67" "t-68" "t-69"
    "t-70" "t-71" "t-80" "t-82" "t-83" "t-84" "t-85" "t-87" "t-88" "t-89" "t-90" "t-93" "t-96"
);

/// The names of all folders.
pub(crate) fn folders() -> Vec<&'static str> {
    ALL.iter().map(|lab| lab.folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is not listed here would never be shown.
    #[test]
    fn every_folder_on_disk_is_embedded() {
        let labs = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/labs");
        let entries = std::fs::read_dir(labs).unwrap().map(|e| e.unwrap());
        let folders = entries
            .filter(|e| e.path().is_dir())
            .map(|e| e.file_name().into_string().unwrap());
        let mut found: Vec<String> = folders.collect();
        found.sort();
        let listed: Vec<&str> = ALL.iter().map(|l| l.folder).collect();
        assert_eq!(listed, found);
        assert!(DEMO.iter().all(|name| listed.contains(name)));
    }
}
