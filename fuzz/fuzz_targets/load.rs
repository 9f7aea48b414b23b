//! Any text as a file of a package: it loads or says why not, and is checked, without a panic.
#![no_main]

use gonogo_model::PackageText;
use gonogo_readiness::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut package = PackageText::default();
    package.files.insert("gonogo.yaml".into(), text.into());
    let first = check(&package, Vec::new());
    let again = check(&package, Vec::new());
    assert_eq!(
        format!("{:?}", first.diagnostics),
        format!("{:?}", again.diagnostics),
        "the same text says the same"
    );
});
