//! `cargo xtask bench`: the performance targets, measured.
//!
//! Invariant: a ratio is printed only when both of its sides were measured in this run, on this
//! machine, in release mode.

use crate::chore::{self, cargo, root};
use anyhow::{Result, bail};

const EXAMPLE: &str = "crates/gonogo-server/examples/bench";

/// Builds and runs the server's `bench` example; `args` go to it as they are.
pub fn run(args: &[&str]) -> Result<()> {
    let exists = [format!("{EXAMPLE}.rs"), format!("{EXAMPLE}/main.rs")]
        .iter()
        .any(|path| root().join(path).is_file());
    if !exists {
        bail!("there is nothing to measure yet: no {EXAMPLE}.rs");
    }
    chore::run(
        cargo()
            .args(["run", "--release", "--locked", "-p", "gonogo-server"])
            .args(["--example", "bench", "--"])
            .args(args),
    )
}
