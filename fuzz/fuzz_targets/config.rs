//! Any text as a configuration: never a panic, diagnostics print, and what was understood is shown and read back the same.
#![no_main]
use ike_core::config::{parse, show};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let parsed = parse("fuzz", text);
    let printed: String = parsed.diagnostics.iter().map(|found| format!("{found}\n")).collect();
    assert!(printed.chars().all(|c| c == '\n' || !c.is_control()));
    let shown = show(&parsed.config);
    assert_eq!(parse("shown", &shown).config, parsed.config, "{shown}");
});
