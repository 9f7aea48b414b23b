//! Every snapshot belongs to a test file that still exists, and none waits for review.
//!
//! `cargo xtask test` also fails on a snapshot that no assertion asked for; this finds the common
//! case, a moved or deleted test file, without running anything.

use crate::assert_none;
use crate::source::{self, Source, root};

#[test]
fn every_snapshot_has_its_test_file() {
    let sources = source::all();
    let orphans: Vec<String> = sources
        .iter()
        .filter(|source| source.path.ends_with(".snap"))
        .filter_map(orphan)
        .collect();
    assert_none(
        &orphans,
        "Snapshots without their test. Delete them, or run the tests with INSTA_UPDATE=always to \
         write them anew:",
    );
}

#[test]
fn no_snapshot_waits_for_review() {
    let sources = source::all();
    let pending: Vec<String> = sources
        .iter()
        .filter(|source| {
            source.path.ends_with(".snap.new") || source.path.ends_with(".pending-snap")
        })
        .map(|source| source.path.clone())
        .collect();
    assert_none(
        &pending,
        "Changed output that nobody accepted. Look at each, then rename it over the .snap or \
         delete it:",
    );
}

/// Why the snapshot belongs to nobody, if it does not.
fn orphan(snapshot: &Source) -> Option<String> {
    let header = |key| {
        snapshot
            .text
            .lines()
            .skip(1)
            .take_while(|line| *line != "---")
            .find_map(|line| line.strip_prefix(key))
            .map(|value| value.trim().trim_matches('"'))
    };
    let path = &snapshot.path;
    let Some(test) = header("source:") else {
        return Some(format!("{path}: names no source"));
    };
    [Some(test), header("input_file:")]
        .into_iter()
        .flatten()
        .find(|file| !root().join(file).is_file())
        .map(|file| format!("{path}: {file} does not exist"))
}

#[test]
fn a_snapshot_of_a_deleted_test_is_an_orphan() {
    let snapshot = |text: &str| Source {
        path: "x.snap".to_owned(),
        text: text.to_owned(),
    };
    let alive = "---\nsource: xtask/tests/invariants/snapshots.rs\n---\nbody";
    let deleted = "---\nsource: xtask/tests/deleted.rs\nexpression: x\n---\nbody";
    let lost_input = "---\nsource: xtask/src/main.rs\ninput_file: xtask/deleted.yaml\n---\nbody";
    assert_eq!(orphan(&snapshot(alive)), None);
    assert!(orphan(&snapshot(deleted)).is_some());
    assert!(orphan(&snapshot(lost_input)).is_some());
    assert!(orphan(&snapshot("no header")).is_some());
}
