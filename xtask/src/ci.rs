//! `cargo xtask ci`: the gate that every change passes.
//!
//! `.ci/run` starts this and nothing more, so the gate is the same on a laptop. Invariant: every
//! stage runs even when one before it failed, so one run shows all that is wrong; the tests come
//! last.

use crate::chore::{self, cargo};
use crate::{deny, test};
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// One thing that must hold.
pub struct Stage {
    name: &'static str,
    run: fn() -> Result<()>,
}

/// What every change passes.
pub const GATE: [Stage; 4] = [
    Stage {
        name: "format",
        run: || chore::run(cargo().args(["fmt", "--all", "--check"])),
    },
    Stage {
        name: "lints",
        run: || {
            chore::run(
                cargo()
                    .args(["clippy", "--workspace", "--all-targets", "--locked"])
                    .args(["--", "-D", "warnings"]),
            )
        },
    },
    Stage {
        name: "licences, bans and sources",
        run: || deny::check(&["licenses", "bans", "sources"]),
    },
    Stage {
        name: "tests",
        run: || test::run(&test::Options::EVERYTHING),
    },
];

/// Not part of the gate: a new advisory must not fail a change that has nothing to do with it, and
/// the database comes over the network.
pub const ADVISORIES: [Stage; 1] = [Stage {
    name: "advisories",
    run: || deny::check(&["advisories"]),
}];

/// Runs every stage, printing its name and how long it took; fails when one failed.
pub fn run(stages: &[Stage]) -> Result<()> {
    let mut failed = Vec::new();
    for Stage { name, run } in stages {
        println!("== {name}");
        let started = Instant::now();
        let outcome = run();
        let took = seconds(started.elapsed());
        match outcome {
            Ok(()) => println!("== {name}: ok in {took}\n"),
            Err(error) => {
                println!("== {name}: FAILED in {took}: {error:#}\n");
                failed.push(*name);
            }
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn a_failed_stage_does_not_hide_the_next_one() {
        static REACHED: AtomicBool = AtomicBool::new(false);
        let stages = [
            Stage {
                name: "first",
                run: || bail!("no"),
            },
            Stage {
                name: "second",
                run: || {
                    REACHED.store(true, Ordering::Relaxed);
                    Ok(())
                },
            },
        ];
        let error = run(&stages).unwrap_err();
        assert_eq!(error.to_string(), "failed: first");
        assert!(REACHED.load(Ordering::Relaxed));
    }

    #[test]
    fn the_tests_come_last() {
        assert_eq!(GATE.last().map(|stage| stage.name), Some("tests"));
    }
}
