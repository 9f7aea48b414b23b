//! cargo-deny: licences, banned crates, sources and advisories, as `deny.toml` says.
//!
//! Invariant: the version is the one named here, on every machine, kept between checkouts in the
//! user's cache folder.

use crate::chore::{self, cache_dir, cargo};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

const VERSION: &str = "0.20.2";

/// Runs `cargo deny check` for the named checks, installing cargo-deny first where it is missing.
pub fn check(checks: &[&str]) -> Result<()> {
    let program = installed()?;
    chore::run(
        Command::new(program)
            .current_dir(chore::root())
            .args(["--locked", "check", "--hide-inclusion-graph"])
            .args(checks),
    )
}

fn installed() -> Result<PathBuf> {
    let root = cache_dir().join(format!("cargo-deny-{VERSION}"));
    let program = root.join("bin").join("cargo-deny");
    if program.is_file() {
        return Ok(program);
    }
    println!(
        "Installing cargo-deny {VERSION} from crates.io into {} (about a minute).",
        root.display()
    );
    // Unoptimised: it builds in two thirds of the time and still checks the lock file in seconds.
    chore::run(
        cargo()
            .env_remove("CARGO_TARGET_DIR")
            .args(["install", "cargo-deny", "--locked", "--debug", "--quiet"])
            .args(["--version", VERSION, "--root"])
            .arg(&root),
    )
    .context("could not install cargo-deny")?;
    Ok(program)
}
