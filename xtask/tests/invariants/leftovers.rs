//! Nothing half-done is committed, and no test is switched off.

use crate::assert_none;
use crate::source;

/// In Rust files. Written in halves so that this file does not contain them itself.
const IN_RUST: [&str; 5] = [
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("db", "g!("),
    concat!("#[ig", "nore"),
    concat!("#[should_", "panic"),
];

/// In every file.
const ANYWHERE: [&str; 1] = [concat!("FIX", "ME")];

#[test]
fn nothing_half_done_is_left() {
    let sources = source::all();
    let mut violations = Vec::new();
    for source in &sources {
        let is_rust = source.path.ends_with(".rs");
        violations.extend(
            source
                .lines()
                .filter(|line| {
                    ANYWHERE.iter().any(|word| line.text.contains(word))
                        || (is_rust && IN_RUST.iter().any(|word| line.text.contains(word)))
                })
                .map(|line| line.show()),
        );
    }
    assert_none(
        &violations,
        "Left half-done or switched off. Finish it, delete it, or open an issue; return an error \
         where the code cannot go on, and assert on that error in its test:",
    );
}
