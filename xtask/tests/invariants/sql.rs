//! SQL stands where one looks for it: in `db.rs` of a feature folder, or under `store/`.
//!
//! So that a question about a table has one answer, and a page or a handler can be read without
//! knowing the schema.

use crate::assert_none;
use crate::source::{self, Source};

const STATEMENTS: [&str; 4] = ["SELECT", "INSERT INTO", "UPDATE", "DELETE FROM"];

/// Files that hold SQL for a database that is not ours, each with the reason.
const ELSEWHERE: [(&str, &str); 3] = [
    (
        "crates/gonogo-readiness/src/destructive.rs",
        "names statements in runbooks that destroy something",
    ),
    (
        "crates/gonogo-server/src/fleets/inventory.rs",
        "puts a package's query into one that can only read, for a team's list of domains",
    ),
    (
        "crates/gonogo-server/src/reconcile/postgres.rs",
        "puts a package's query into one that can only read, for a team's own database",
    ),
];

#[test]
fn sql_stands_only_in_db_files_and_the_store() {
    let sources = source::all();
    let violations: Vec<String> = sources
        .iter()
        .filter(|source| source.is_shipped_rust() && !may_hold_sql(source))
        .flat_map(Source::shipped_lines)
        .filter(|line| has_statement(line.text))
        .map(|line| line.show())
        .collect();
    assert_none(
        &violations,
        "SQL outside the store. Move the statement into the feature's db.rs, or under store/:",
    );
}

#[test]
fn every_exception_is_still_needed() {
    let sources = source::all();
    let stale: Vec<String> = ELSEWHERE
        .iter()
        .filter(|(path, _)| {
            !sources.iter().any(|source| {
                source.path == *path && source.shipped_lines().any(|line| has_statement(line.text))
            })
        })
        .map(|(path, why)| format!("{path} ({why})"))
        .collect();
    assert_none(&stale, "No SQL there any more. Take it out of ELSEWHERE:");
}

fn may_hold_sql(source: &Source) -> bool {
    source.is_named("db.rs")
        || source.path.contains("/store/")
        || ELSEWHERE.iter().any(|(path, _)| source.path == *path)
}

/// A statement's first words, followed by a space or by the end of a line.
fn has_statement(code: &str) -> bool {
    STATEMENTS.iter().any(|statement| {
        code.match_indices(statement).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            let after = code[at + statement.len()..].chars().next();
            !before.is_some_and(char::is_alphanumeric) && after.is_none_or(char::is_whitespace)
        })
    })
}

#[test]
fn a_statement_is_told_from_a_word() {
    assert!(has_statement("query(\"SELECT 1\")"));
    assert!(has_statement("  UPDATE"));
    assert!(has_statement("\"insert\"; \"INSERT INTO journal\""));
    assert!(!has_statement("Kind::SELECTED"));
    assert!(!has_statement("const UPDATE: u8"));
    assert!(!has_statement("select the row"));
}
