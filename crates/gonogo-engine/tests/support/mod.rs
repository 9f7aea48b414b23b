//! What the engine's tests have in common: a small package and ways to change it.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod stage;

use gonogo_model::PackageText;

/// The shop's package: a region, a database in it, and surfaces with an owner each.
pub fn shop() -> PackageText {
    let files = [
        ("ops.yaml", include_str!("shop.yaml")),
        (
            "comms/templates/investigating.md",
            include_str!("investigating.md"),
        ),
        (
            "comms/templates/identified.md",
            include_str!("identified.md"),
        ),
        ("comms/templates/resolved.md", include_str!("resolved.md")),
    ];
    PackageText {
        files: files
            .into_iter()
            .map(|(path, text)| (path.to_string(), text.to_string()))
            .collect(),
    }
}

/// The package with one piece of text replaced; the piece has to be there once.
pub fn replaced(mut text: PackageText, piece: &str, with: &str) -> PackageText {
    let mut found = 0;
    for content in text.files.values_mut() {
        found += content.matches(piece).count();
        *content = content.replace(piece, with);
    }
    assert_eq!(found, 1, "`{piece}` stands in the package {found} times");
    text
}

/// The package with one file more.
pub fn with_file(mut text: PackageText, path: &str, content: &str) -> PackageText {
    text.files.insert(path.to_string(), content.to_string());
    text
}

/// The package without one line; the line has to be there once.
pub fn without_line(text: PackageText, begins: &str) -> PackageText {
    let ops = &text.files["ops.yaml"];
    let lines: Vec<&str> = ops
        .lines()
        .filter(|l| l.trim_start().starts_with(begins))
        .collect();
    assert_eq!(lines.len(), 1, "`{begins}` begins {} lines", lines.len());
    let line = format!("{}\n", lines[0]);
    replaced(text, &line, "")
}
