//! The pure crates have no clock, no thread, no luck and no order that changes by itself.
//!
//! Each crate's `clippy.toml` bans the same by path; this also catches what a lint cannot see: code
//! behind a feature, inside a macro, or under an `allow`.

use crate::assert_none;
use crate::source::{self, Source, has_word};

const PURE: [&str; 3] = [
    "crates/gonogo-engine/",
    "crates/gonogo-model/",
    "crates/gonogo-readiness/",
];

const BANNED: [&str; 8] = [
    "Instant::now",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "HashMap",
    "HashSet",
    "thread::",
    "rand::",
];

#[test]
fn the_pure_crates_are_deterministic() {
    let sources = source::all();
    let pure: Vec<&Source> = sources
        .iter()
        .filter(|source| source.is_shipped_rust())
        .filter(|source| PURE.iter().any(|folder| source.path.starts_with(folder)))
        .collect();
    assert!(!pure.is_empty(), "the pure crates are where PURE says");
    let violations: Vec<String> = pure
        .into_iter()
        .flat_map(Source::shipped_lines)
        .filter(|line| BANNED.iter().any(|word| has_word(line.text, word)))
        .map(|line| line.show())
        .collect();
    assert_none(
        &violations,
        "Time and luck are arguments here. Take `now` or a seed from the caller; use BTreeMap and \
         BTreeSet, whose order is always the same:",
    );
}

#[test]
fn what_is_banned_everywhere_is_banned_in_the_pure_crates() {
    let sources = source::all();
    let missing: Vec<String> = PURE
        .iter()
        .flat_map(|folder| {
            let here = banned_paths(&sources, &format!("{folder}clippy.toml"));
            let missing = banned_paths(&sources, "clippy.toml")
                .into_iter()
                .filter(move |path| !here.contains(path));
            missing.map(move |path| format!("{path} in {folder}clippy.toml"))
        })
        .collect();
    assert_none(
        &missing,
        "A crate's clippy.toml replaces the root's. Repeat the ban there:",
    );
}

fn banned_paths<'a>(sources: &'a [Source], file: &str) -> Vec<&'a str> {
    let config = sources.iter().find(|source| source.path == file);
    let paths: Vec<&str> = config
        .into_iter()
        .flat_map(|source| source.text.split("path = \"").skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(!paths.is_empty(), "{file} bans something");
    paths
}
