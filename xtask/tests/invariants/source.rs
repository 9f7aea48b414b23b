//! The repository's files, and the part of a Rust file that ships.
//!
//! Files come from git, uncommitted ones included and ignored ones not, so a violation shows before
//! it is committed and a build folder is never read.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// One text file of the repository.
pub struct Source {
    /// Relative to the repository's root, with forward slashes.
    pub path: String,
    /// Everything in it.
    pub text: String,
}

/// A line of a file, as a violation names it.
pub struct Line<'a> {
    path: &'a str,
    number: usize,
    /// What stands on it.
    pub text: &'a str,
}

impl Line<'_> {
    /// `path:line: text`, as an editor can jump to it.
    pub fn show(&self) -> String {
        format!("{}:{}: {}", self.path, self.number, self.text.trim())
    }
}

impl Source {
    /// Every line.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.text.lines().enumerate().map(|(index, text)| Line {
            path: &self.path,
            number: index + 1,
            text,
        })
    }

    /// The lines of code that ship: comments left out, and nothing from the unit tests on, which
    /// stand last in a file.
    pub fn shipped_lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.lines()
            .take_while(|line| !line.text.trim_start().starts_with("#[cfg(test)]"))
            .map(|line| Line {
                text: without_comment(line.text),
                ..line
            })
    }

    /// Whether this is Rust that ships: under some crate's `src`, and no file of tests.
    pub fn is_shipped_rust(&self) -> bool {
        self.path.starts_with("crates/")
            && self.path.ends_with(".rs")
            && self.path.contains("/src/")
            && !self.path.contains("/tests/")
            && !self.path.ends_with("/tests.rs")
    }

    /// Whether the file is named `name`.
    pub fn is_named(&self, name: &str) -> bool {
        self.path.rsplit('/').next() == Some(name)
    }
}

/// Every text file of the repository.
pub fn all() -> Vec<Source> {
    let output = Command::new("git")
        .current_dir(root())
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .output()
        .expect("git is installed: `cargo xtask test` sees to it");
    assert!(
        output.status.success(),
        "the invariants need a git checkout: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let listing = String::from_utf8(output.stdout).expect("file names are UTF-8");
    let sources: Vec<Source> = listing
        .split_terminator('\0')
        .filter_map(|path| {
            // Binary files and files that were deleted but not yet committed have no text.
            let text = fs::read_to_string(root().join(path)).ok()?;
            Some(Source {
                path: path.to_owned(),
                text,
            })
        })
        .collect();
    assert!(
        sources.iter().any(|source| source.path == "Cargo.toml"),
        "git listed no Cargo.toml, so nothing would be checked"
    );
    sources
}

/// The repository's root.
pub fn root() -> PathBuf {
    // As cargo says it now: several checkouts may share one build folder.
    let xtask = env::var("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").to_owned());
    Path::new(&xtask)
        .parent()
        .expect("xtask is a folder of the repository")
        .to_owned()
}

/// Whether `word` stands in `text` and is not the end of a longer identifier.
pub fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        !text[..at]
            .chars()
            .next_back()
            .is_some_and(|before| before.is_alphanumeric() || before == '_')
    })
}

fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with("//") {
        return "";
    }
    // The space keeps the slashes of an address in a string.
    line.split_once(" // ").map_or(line, |(code, _)| code)
}

#[test]
fn only_code_that_ships_is_looked_at() {
    let source = Source {
        path: "crates/x/src/x.rs".to_owned(),
        text:
            "//! SystemTime\nlet a = 1; // SystemTime\nlet u = \"a://b\";\n#[cfg(test)]\nSystemTime"
                .to_owned(),
    };
    let shipped: Vec<&str> = source.shipped_lines().map(|line| line.text).collect();
    assert_eq!(shipped, ["", "let a = 1;", "let u = \"a://b\";"]);
}

#[test]
fn a_word_is_not_found_inside_another() {
    assert!(has_word("use std::thread::spawn", "thread::"));
    assert!(has_word("rand::random()", "rand::"));
    assert!(!has_word("operand::new()", "rand::"));
}
