//! OpenSSL as the judge of what this crate writes, and as another maker.

use std::{
    io::Write,
    process::{Command, Stdio},
};

/// The output of `openssl` as text; see [`openssl_with_files`].
pub(crate) fn openssl(arguments: &[&str], input: &[u8]) -> Option<String> {
    let out = openssl_with_files(arguments, input, &[])?;
    Some(String::from_utf8_lossy(&out).into_owned())
}

/// Standard output and error of `openssl` in a folder with `files`; it must
/// succeed. `None`, and a line that says so, where it is not installed, unless
/// IKD_REQUIRE_ALL is set.
pub(crate) fn openssl_with_files(
    arguments: &[&str],
    input: &[u8],
    files: &[(&str, Vec<u8>)],
) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, octets) in files {
        std::fs::write(folder.path().join(name), octets).unwrap();
    }
    let mut command = Command::new("openssl");
    command.args(arguments).current_dir(folder.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = command.stderr(Stdio::piped()).spawn() else {
        assert!(
            std::env::var_os("IKD_REQUIRE_ALL").is_none(),
            "openssl is not installed"
        );
        eprintln!("skipped: openssl is not installed, it would judge {arguments:?}");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::Builder::new().spawn(move || drop(stdin.write_all(&input)));
    let out = child.wait_with_output().unwrap();
    writer.unwrap().join().unwrap();
    let error = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "openssl {arguments:?}: {error}");
    Some(out.stdout)
}
