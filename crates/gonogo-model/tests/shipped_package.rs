//! The packages that ship load without a single diagnostic, warnings included.

#![expect(
    clippy::disallowed_methods,
    reason = "what ships is read from the checkout"
)]

use std::path::{Path, PathBuf};

use gonogo_model::{PackageText, load};

#[test]
fn the_integrations_platform_package_has_no_diagnostics() {
    let loaded = load(&read("integrations-platform"));
    let found: Vec<String> = loaded
        .diagnostics
        .iter()
        .map(|d| {
            let place = d.span.map_or(String::new(), |s| {
                format!("{}:{}:{}: ", loaded.package.path(s.file), s.line, s.column)
            });
            format!("{place}{} [{}] {}", d.message, d.code, d.help.join("; "))
        })
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    assert!(!loaded.package.components.is_empty());
}

fn read(name: &str) -> PackageText {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../packages")
        .join(name);
    let mut text = PackageText::default();
    let mut open: Vec<PathBuf> = vec![root.clone()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).expect("a package directory can be listed") {
            let path = entry.expect("a directory entry can be read").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let inside = path
                .strip_prefix(&root)
                .expect("a file lies under its package");
            let inside = inside.to_string_lossy().replace('\\', "/");
            let content = std::fs::read_to_string(&path).expect("a package file is text");
            text.files.insert(inside, content);
        }
    }
    text
}
