//! What must hold of the whole repository, as tests.
//!
//! Each invariant is one file here. A failure lists every place that breaks it and says what to do
//! about it, so nobody has to know the rule beforehand.

mod dependencies;
mod determinism;
mod leftovers;
mod links;
mod machine_paths;
mod snapshots;
mod source;
mod sql;

/// Fails with every violation and the way out.
#[track_caller]
fn assert_none(violations: &[String], what_to_do: &str) {
    assert!(
        violations.is_empty(),
        "{what_to_do}\n  {}",
        violations.join("\n  ")
    );
}
