//! A report in a real browser: opened, a message unfolded, the verdict read, pictures kept in `target/report`.
#![allow(clippy::unwrap_used)]

mod browser;

use std::path::{Path, PathBuf};
use std::process::Command;

use browser::Browser;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The report of a lab.
fn report(lab: &str) -> PathBuf {
    let folder = root().join("target/report");
    std::fs::create_dir_all(&folder).unwrap();
    let page = folder.join(format!("{lab}.html"));
    let output = Command::new(env!("CARGO_BIN_EXE_ikd"))
        .arg("report")
        .arg(root().join("config/labs").join(lab))
        .arg("-o")
        .arg(&page)
        .output()
        .unwrap();
    assert!(
        output.status.code() < Some(2),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    page.canonicalize().unwrap()
}

/// The tech note's failure: a reader sees verdict and line at once, and finds CA2 as the first request of MM4.
#[test]
fn a_reader_finds_the_cause_in_mm4() {
    if !Browser::there() {
        return;
    }
    let page = report("t-02");
    let mut browser = Browser::open(&page, 1000, 1200);
    let verdict = browser.text("#verdict");
    assert!(verdict.contains("FAILS at MM5 on R1"), "{verdict}");
    assert!(
        verdict.contains("r1.cfg:27:3 ca trust-point IOSCA1"),
        "{verdict}"
    );
    assert_eq!(browser.text("#m4 summary b"), "MM4");
    assert_eq!(browser.value("document.querySelector('#m4').open"), false);
    browser.click("#m4 > summary");
    assert_eq!(browser.value("document.querySelector('#m4').open"), true);
    let inside = browser.text("#m4 .inside");
    let first = inside.find("Certificate Request").unwrap();
    assert!(inside[first..].contains("cn=CA2"), "{inside}");
    browser.screenshot(&page.with_file_name("t-02-light.png"));
}

/// On a phone nothing sticks out, and the dark page is dark.
#[test]
fn a_phone_shows_the_whole_page() {
    if !Browser::there() {
        return;
    }
    let page = report("t-58");
    let mut browser = Browser::open(&page, 390, 844);
    browser.prefer("dark");
    let wide = "Math.max(0, ...[...document.querySelectorAll('body *')].filter(e => !e.closest('.picture, pre')) \
                .map(e => e.getBoundingClientRect().right)) <= window.innerWidth + 1";
    assert_eq!(browser.value(wide), true);
    let ground = browser.value("getComputedStyle(document.body).backgroundColor");
    assert_eq!(ground, "rgb(13, 17, 23)");
    browser.prefer("light");
    let ground = browser.value("getComputedStyle(document.body).backgroundColor");
    assert_eq!(ground, "rgb(255, 255, 255)");
    browser.prefer("dark");
    browser.screenshot(&page.with_file_name("t-58-phone-dark.png"));
}

/// The picture is a file of its own that a browser draws.
#[test]
fn the_picture_is_sound() {
    if !Browser::there() {
        return;
    }
    let page = report("t-01");
    let picture = page.with_extension("svg");
    let lab = root().join("config/labs/t-01");
    let status = Command::new(env!("CARGO_BIN_EXE_ikd"))
        .arg("report")
        .arg(&lab)
        .arg("-o")
        .arg(&picture)
        .status();
    assert!(status.unwrap().success());
    let mut browser = Browser::open(&picture, 960, 600);
    assert_eq!(browser.value("document.documentElement.tagName"), "svg");
    assert_eq!(
        browser.value("document.querySelector('parsererror') === null"),
        true
    );
    assert!(
        browser
            .value("document.querySelectorAll('polygon').length")
            .as_u64()
            > Some(8)
    );
}

/// The picture of README and the lines of its first screen are what comes out today; IKD_UPDATE=1 draws it anew.
#[test]
fn the_first_screen_of_the_readme_is_true() {
    let ikd = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ikd"));
        command
            .args(words)
            .current_dir(root().join("config/labs/t-02"));
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let drawn = ikd(&["report", ".", "--format", "svg"]);
    let picture = root().join("docs/images/t-02.svg");
    if std::env::var_os("IKD_UPDATE").is_some() {
        std::fs::write(&picture, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&picture).unwrap();
    assert_eq!(kept, drawn, "IKD_UPDATE=1 draws it anew");
    let said = ikd(&["predict", "r1.cfg", "r2.cfg"]);
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let block = readme.split("```").nth(1).unwrap();
    for line in block.lines().skip(2) {
        assert!(
            said.contains(line),
            "README has `{line}`, predict says:\n{said}"
        );
    }
}
