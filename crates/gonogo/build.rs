//! Puts the packages that ship into the program, so that it can show and copy them anywhere.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages");
    println!("cargo::rerun-if-changed={}", packages.display());
    let mut out = String::from(
        "/// Packages that ship: name, and each file's path and text.\npub static PACKAGES: &[(&str, &[(&str, &str)])] = &[\n",
    );
    let mut names: Vec<PathBuf> = entries(&packages);
    names.retain(|p| p.is_dir());
    for package in names {
        let _ = writeln!(out, "  ({:?}, &[", name(&package));
        let mut files = Vec::new();
        walk(&package, &mut files);
        for file in files {
            let path = file
                .strip_prefix(&package)
                .unwrap_or(&file)
                .display()
                .to_string();
            println!("cargo::rerun-if-changed={}", file.display());
            let full = file.canonicalize().unwrap_or(file);
            let _ = writeln!(
                out,
                "    ({path:?}, include_str!({:?})),",
                full.display().to_string()
            );
        }
        out.push_str("  ]),\n");
    }
    out.push_str("];\n");
    let target = PathBuf::from(std::env::var("OUT_DIR").unwrap_or_default()).join("packages.rs");
    if let Err(error) = std::fs::write(&target, out) {
        panic!("cannot write {}: {error}", target.display());
    }
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in entries(dir) {
        if entry.is_dir() {
            walk(&entry, files);
        } else {
            files.push(entry);
        }
    }
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path());
    let mut entries: Vec<PathBuf> = listed.filter(|p| !name(p).starts_with('.')).collect();
    entries.sort();
    entries
}

fn name(path: &Path) -> String {
    path.file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}
